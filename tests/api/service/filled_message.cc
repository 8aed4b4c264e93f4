// SPDX-License-Identifier: Apache-2.0
#include "tests/api/service/filled_message.h"

#include <memory>

#include "embatch/api/json.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::json;

constexpr int kNumber = 60;
constexpr char kText[] = "a";

void Fill(Message& message);

void FillRepeated(const FieldDescriptor* field, Message& message) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      Fill(*reflection->AddMessage(&message, field));
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection->AddEnumValue(&message, field, 1);
      return;
    default:
      reflection->AddString(&message, field, kText);
  }
}

void FillOne(const FieldDescriptor* field, Message& message) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      Fill(*reflection->MutableMessage(&message, field));
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection->SetEnumValue(&message, field, 1);
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection->SetBool(&message, field, true);
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection->SetInt32(&message, field, kNumber);
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      reflection->SetInt64(&message, field, kNumber);
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      reflection->SetFloat(&message, field, kNumber);
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      reflection->SetDouble(&message, field, kNumber);
      return;
    default:
      reflection->SetString(&message, field, kText);
  }
}

// Calls itself for messages within; no shape contains itself.
void Fill(Message& message) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->is_repeated()) {
      FillRepeated(field, message);
    } else {
      FillOne(field, message);
    }
  }
}

void AddPaths(const json& value, const std::string& path,
              std::set<std::string>& paths) {
  if (value.is_array()) {
    for (const json& item : value) AddPaths(item, path, paths);
    return;
  }
  if (!path.empty()) paths.insert(path);
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.items()) {
    if (name == kText) continue;  // a map's key
    AddPaths(member, path.empty() ? name : path + "." + name, paths);
  }
}

void AddLost(const json& given, const json& described, const std::string& path,
             std::set<std::string>& lost) {
  if (given.is_object() && described.is_object()) {
    for (const auto& [name, member] : given.items()) {
      const std::string below = path.empty() ? name : path + "." + name;
      const auto found = described.find(name);
      if (found == described.end()) {
        lost.insert(below);
      } else {
        AddLost(member, *found, below, lost);
      }
    }
    return;
  }
  if (given.is_array() && described.is_array() &&
      given.size() == described.size()) {
    for (size_t i = 0; i < given.size(); ++i) {
      AddLost(given[i], described[i], path, lost);
    }
    return;
  }
  if (given != described) lost.insert(path);
}

}  // namespace

json Filled(const Message& prototype) {
  const std::unique_ptr<Message> message(prototype.New());
  Fill(*message);
  return json::parse(PrintJson(*message));
}

json Changed(json value, const Changes& changes) {
  for (const auto& [path, to] : changes) {
    const json::json_pointer pointer(path);
    if (!to.is_null()) {
      value[pointer] = to;
    } else if (json& parent = value[pointer.parent_pointer()];
               parent.is_object()) {
      parent.erase(pointer.back());
    } else {
      parent.erase(std::stoul(pointer.back()));
    }
  }
  return value;
}

std::set<std::string> PathsOf(const json& value) {
  std::set<std::string> paths;
  AddPaths(value, "", paths);
  return paths;
}

std::set<std::string> Lost(const json& given, const json& described) {
  std::set<std::string> lost;
  AddLost(given, described, "", lost);
  return lost;
}

}  // namespace api
}  // namespace embatch
