// SPDX-License-Identifier: Apache-2.0
#include "lib/api/shapes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "embatch/api/operation.h"
#include "embatch/api/options.pb.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldOptions;
using google::protobuf::Message;
using google::protobuf::MessageFactory;

// EFSTransitEncryption has values that begin with EFS_TRANSIT_ENCRYPTION_: the
// name of the first, *_UNSPECIFIED, tells how AWS's name was split.
std::string PrefixOf(const EnumDescriptor* type) {
  const std::string first(type->value(0)->name());
  return first.substr(0, first.rfind('_') + 1);
}

EnumWords ReadWords(const EnumDescriptor* type) {
  EnumWords words;
  const size_t prefix = PrefixOf(type).size();
  for (int i = 1; i < type->value_count(); ++i) {
    const EnumValueDescriptor* value = type->value(i);
    const std::string word = value->options().GetExtension(model::word);
    words.words.push_back(
        word.empty() ? std::string(value->name()).substr(prefix) : word);
    words.numbers.push_back(value->number());
  }
  return words;
}

ShapeKind KindOf(const Descriptor* type) {
  if (type->field_count() != 1 || !type->field(0)->is_repeated()) {
    return ShapeKind::kStructure;
  }
  return type->field(0)->is_map() ? ShapeKind::kMap : ShapeKind::kList;
}

std::optional<Bounds> ReadBounds(const model::Limits& limits) {
  Bounds bounds;
  if (limits.has_min()) bounds.min = limits.min();
  if (limits.has_max()) bounds.max = limits.max();
  if (!bounds.min.has_value() && !bounds.max.has_value()) return std::nullopt;
  return bounds;
}

// Source: API EvaluateOnExit.action ("The values aren't case sensitive"). It is
// the only one of its kind, and the only one that holds such words.
bool IsOfAnyCase(const FieldDescriptor* field) {
  return field->full_name() == "embatch.api.EvaluateOnExit.action";
}

// All shapes that operations reach. They refer to each other, so they stay
// where they are.
class ShapeTable {
 public:
  ShapeTable() {
    for (const Operation& operation : Operations()) {
      Read(operation.request->GetDescriptor());
      Read(operation.response->GetDescriptor());
    }
  }

  const Shape* Find(const Descriptor* type) const {
    const auto it = shapes_.find(type);
    return it == shapes_.end() ? nullptr : it->second.get();
  }

 private:
  // AWS's shapes do not contain themselves, so neither this nor what walks a
  // message goes deeper than the schema; a test sees to it.
  const Shape* Read(const Descriptor* type) {
    const auto known = shapes_.find(type);
    if (known != shapes_.end()) return known->second.get();
    auto shape = std::make_unique<Shape>();
    shape->kind = KindOf(type);
    shape->reflection = MessageFactory::generated_factory()
                            ->GetPrototype(type)
                            ->GetReflection();
    shape->entry_reflection = nullptr;
    shape->repeated = nullptr;
    shape->key = nullptr;
    if (shape->kind == ShapeKind::kStructure) {
      for (int i = 0; i < type->field_count(); ++i) {
        const FieldDescriptor* field = type->field(i);
        shape->members.push_back(ReadMember(field, field->options()));
      }
    } else {
      const FieldDescriptor* field = type->field(0);
      shape->repeated = field;
      const bool map = shape->kind == ShapeKind::kMap;
      if (map) {
        shape->key = field->message_type()->map_key();
        shape->entry_reflection = MessageFactory::generated_factory()
                                      ->GetPrototype(field->message_type())
                                      ->GetReflection();
      }
      shape->members.push_back(ReadMember(
          map ? field->message_type()->map_value() : field, field->options()));
    }
    shape->has_rules = false;
    for (const Member& member : shape->members) {
      shape->by_name.emplace(member.name, &member);
      shape->has_rules |= member.required || member.count.has_value() ||
                          member.length.has_value() ||
                          member.key_length.has_value() ||
                          member.range.has_value() || member.words != nullptr ||
                          (member.shape != nullptr && member.shape->has_rules);
    }
    return shapes_.emplace(type, std::move(shape)).first->second.get();
  }

  Member ReadMember(const FieldDescriptor* field, const FieldOptions& options) {
    Member member;
    member.field = field;
    member.type = field->cpp_type();
    member.name = std::string(field->json_name());
    member.quoted_name = absl::StrCat("\"", member.name, "\":");
    member.shape = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
                       ? Read(field->message_type())
                       : nullptr;
    member.words = field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM
                       ? WordsOf(field->enum_type(), IsOfAnyCase(field))
                       : nullptr;
    member.required = options.GetExtension(model::required);
    member.count = ReadBounds(options.GetExtension(model::count));
    member.length = ReadBounds(options.GetExtension(model::length));
    member.key_length = ReadBounds(options.GetExtension(model::key_length));
    member.range = ReadBounds(options.GetExtension(model::range));
    member.refusal = options.GetExtension(model::refusal);
    member.any_case = IsOfAnyCase(field);
    return member;
  }

  const EnumWords* WordsOf(const EnumDescriptor* type, bool any_case) {
    std::unique_ptr<EnumWords>& words = words_[type];
    if (words == nullptr) {
      words = std::make_unique<EnumWords>(ReadWords(type));
      // Source: §6.3; clients compare what they are told with what they gave.
      for (std::string& word : words->words) {
        if (any_case) absl::AsciiStrToLower(&word);
      }
    }
    return words.get();
  }

  absl::flat_hash_map<const Descriptor*, std::unique_ptr<Shape>> shapes_;
  absl::flat_hash_map<const EnumDescriptor*, std::unique_ptr<EnumWords>> words_;
};

}  // namespace

const std::string* EnumWords::Word(int number) const {
  const auto it = std::find(numbers.begin(), numbers.end(), number);
  return it == numbers.end() ? nullptr : &words[it - numbers.begin()];
}

std::optional<int> EnumWords::Number(absl::string_view word,
                                     bool any_case) const {
  const auto it =
      std::find_if(words.begin(), words.end(), [&](const std::string& known) {
        return any_case ? absl::EqualsIgnoreCase(known, word) : known == word;
      });
  if (it == words.end()) return std::nullopt;
  return numbers[it - words.begin()];
}

// The numbers of fields rise in the order of the schema; a test sees to it.
const SetFields::List& SetFields::Of(const Shape& shape,
                                     const Message& message) {
  if (depth_ == lists_.size()) lists_.emplace_back();
  List& list = lists_[depth_++];
  shape.reflection->ListFields(message, &list);
  return list;
}

const Shape* FindShape(const Message& message) {
  static const auto* const table = new ShapeTable;
  const Shape* shape = table->Find(message.GetDescriptor());
  if (shape == nullptr || shape->reflection != message.GetReflection()) {
    return nullptr;
  }
  return shape;
}

}  // namespace api
}  // namespace embatch
