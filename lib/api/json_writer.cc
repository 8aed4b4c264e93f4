// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "embatch/api/json.h"
#include "lib/api/json_text.h"
#include "lib/api/shapes.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Writes one message. It calls itself for a message within, and so never goes
// deeper than the schema.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void Write(const Shape& shape, const Message& message) {
    switch (shape.kind) {
      case ShapeKind::kStructure:
        WriteStructure(shape, message);
        return;
      case ShapeKind::kList:
        WriteList(shape, message);
        return;
      case ShapeKind::kMap:
        WriteMap(shape, message);
        return;
    }
  }

 private:
  void WriteStructure(const Shape& shape, const Message& message) {
    const Reflection& reflection = *shape.reflection;
    out_ += '{';
    const size_t start = out_.size();
    for (const FieldDescriptor* field : set_fields_.Of(shape, message)) {
      const Member& member = shape.members[field->index()];
      const size_t before = out_.size();
      if (before != start) out_ += ',';
      out_ += member.quoted_name;
      if (!WriteValue(member, reflection, message)) out_.resize(before);
    }
    set_fields_.Done();
    out_ += '}';
  }

  void WriteList(const Shape& shape, const Message& message) {
    const Member& item = shape.members[0];
    const Reflection& reflection = *shape.reflection;
    const int size = reflection.FieldSize(message, item.field);
    out_ += '[';
    const size_t start = out_.size();
    for (int i = 0; i < size; ++i) {
      const size_t before = out_.size();
      if (before != start) out_ += ',';
      if (!WriteItem(item, reflection, message, i)) out_.resize(before);
      if (i == 0) ReserveForItems(size - 1, out_.size() - before);
    }
    out_ += ']';
  }

  // The items of a long list are about as long as its first one.
  void ReserveForItems(int items, size_t item_bytes) {
    constexpr int kMany = 16;
    if (items < kMany) return;
    const size_t wanted = out_.size() + items * (item_bytes + item_bytes / 8);
    if (wanted > out_.capacity()) out_.reserve(wanted);
  }

  // By key, because a map has no order; of equal keys the last holds, as it
  // does for those who read the map as such.
  void WriteMap(const Shape& shape, const Message& message) {
    const Reflection& reflection = *shape.reflection;
    const int size = reflection.FieldSize(message, shape.repeated);
    absl::InlinedVector<Entry, 8> entries;
    entries.reserve(size);
    std::string unused;  // A key is always held as a string.
    for (int i = 0; i < size; ++i) {
      const Message& entry =
          reflection.GetRepeatedMessage(message, shape.repeated, i);
      entries.push_back({shape.entry_reflection->GetStringReference(
                             entry, shape.key, &unused),
                         i, &entry});
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) {
                return std::tie(a.key, a.index) < std::tie(b.key, b.index);
              });
    out_ += '{';
    const size_t start = out_.size();
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i + 1 < entries.size() && entries[i].key == entries[i + 1].key) {
        continue;
      }
      const size_t before = out_.size();
      if (before != start) out_ += ',';
      AppendJsonString(entries[i].key, out_);
      out_ += ':';
      if (!WriteValue(shape.members[0], *shape.entry_reflection,
                      *entries[i].message)) {
        out_.resize(before);
      }
    }
    out_ += '}';
  }

  // These two answer whether JSON has a form for the value.

  bool WriteValue(const Member& member, const Reflection& reflection,
                  const Message& message) {
    const FieldDescriptor* field = member.field;
    switch (member.type) {
      case FieldDescriptor::CPPTYPE_STRING:
        AppendJsonString(
            reflection.GetStringReference(message, field, &scratch_), out_);
        return true;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Write(*member.shape, reflection.GetMessage(message, field));
        return true;
      case FieldDescriptor::CPPTYPE_INT32:
        WriteInteger(reflection.GetInt32(message, field));
        return true;
      case FieldDescriptor::CPPTYPE_INT64:
        WriteInteger(reflection.GetInt64(message, field));
        return true;
      case FieldDescriptor::CPPTYPE_FLOAT:
        return WriteNumber(reflection.GetFloat(message, field));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return WriteNumber(reflection.GetDouble(message, field));
      case FieldDescriptor::CPPTYPE_BOOL:
        out_ += reflection.GetBool(message, field) ? "true" : "false";
        return true;
      case FieldDescriptor::CPPTYPE_ENUM:
        return WriteWord(*member.words,
                         reflection.GetEnumValue(message, field));
      case FieldDescriptor::CPPTYPE_UINT32:
      case FieldDescriptor::CPPTYPE_UINT64:
        return false;  // AWS has no such type.
    }
    return false;
  }

  void WriteInteger(int64_t number) {
    char digits[20];
    const std::to_chars_result result =
        std::to_chars(digits, digits + sizeof digits, number);
    out_.append(digits, result.ptr - digits);
  }

  // Lists hold texts, enums and structures.
  bool WriteItem(const Member& item, const Reflection& reflection,
                 const Message& list, int index) {
    if (item.shape != nullptr) {
      Write(*item.shape,
            reflection.GetRepeatedMessage(list, item.field, index));
      return true;
    }
    if (item.words != nullptr) {
      return WriteWord(*item.words, reflection.GetRepeatedEnumValue(
                                        list, item.field, index));
    }
    AppendJsonString(reflection.GetRepeatedStringReference(list, item.field,
                                                           index, &scratch_),
                     out_);
    return true;
  }

  template <typename Number>
  bool WriteNumber(Number number) {
    if (!std::isfinite(number)) return false;
    AppendJsonNumber(number, out_);
    return true;
  }

  bool WriteWord(const EnumWords& words, int number) {
    const std::string* word = words.Word(number);
    if (word == nullptr) return false;
    AppendJsonString(*word, out_);
    return true;
  }

  // An entry of a map.
  struct Entry {
    absl::string_view key;
    int index;
    const Message* message;
  };

  std::string& out_;
  std::string scratch_;
  SetFields set_fields_;
};

}  // namespace

void AppendJson(const Message& message, std::string& out) {
  const Shape* shape = FindShape(message);
  if (shape == nullptr) {
    out += "{}";
    return;
  }
  JsonWriter(out).Write(*shape, message);
}

std::string PrintJson(const Message& message) {
  std::string out;
  AppendJson(message, out);
  return out;
}

}  // namespace api
}  // namespace embatch
