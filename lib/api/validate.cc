// SPDX-License-Identifier: Apache-2.0
#include "embatch/api/validate.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/api/json_text.h"
#include "lib/api/shapes.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string Between(const Bounds& bounds) {
  if (!bounds.max.has_value()) {
    return absl::StrCat("must be at least ", *bounds.min);
  }
  if (!bounds.min.has_value()) {
    return absl::StrCat("must be at most ", *bounds.max);
  }
  return absl::StrCat("must be between ", *bounds.min, " and ", *bounds.max);
}

bool Within(const std::optional<Bounds>& bounds, int64_t value) {
  if (!bounds.has_value()) return true;
  return (!bounds->min.has_value() || value >= *bounds->min) &&
         (!bounds->max.has_value() || value <= *bounds->max);
}

// Walks a message and stops at the first finding. It calls itself for a message
// within, and so never goes deeper than the schema.
class Validator {
 public:
  bool Check(const Shape& shape, const Message& message) {
    if (!shape.has_rules) return true;
    switch (shape.kind) {
      case ShapeKind::kStructure:
        return CheckStructure(shape, message);
      case ShapeKind::kList:
        return CheckList(shape, message);
      case ShapeKind::kMap:
        return CheckMap(shape, message);
    }
    return true;
  }

  absl::Status status() const { return status_; }

 private:
  bool CheckStructure(const Shape& shape, const Message& message) {
    const SetFields::List& set = set_fields_.Of(shape, message);
    auto next = set.begin();
    steps_.emplace_back();
    for (const Member& member : shape.members) {
      const bool is_set = next != set.end() && *next == member.field;
      if (is_set) ++next;
      if (!is_set && !member.required) continue;
      steps_.back() = {&member, 0, {}};
      if (!is_set) return Fail("is absent; it is required");
      if (!CheckValue(member, *shape.reflection, message)) return false;
    }
    steps_.pop_back();
    set_fields_.Done();
    return true;
  }

  bool CheckList(const Shape& shape, const Message& message) {
    const Member& item = shape.members[0];
    const Reflection& reflection = *shape.reflection;
    const int size = reflection.FieldSize(message, item.field);
    if (!Within(item.count, size)) {
      return Fail(absl::StrCat("has ", size, " items; ", Between(*item.count)));
    }
    steps_.emplace_back();
    for (int i = 0; i < size; ++i) {
      steps_.back() = {nullptr, i, {}};
      if (!CheckItem(item, reflection, message, i)) return false;
    }
    steps_.pop_back();
    return true;
  }

  bool CheckItem(const Member& item, const Reflection& reflection,
                 const Message& list, int index) {
    if (item.shape != nullptr) {
      return Check(*item.shape,
                   reflection.GetRepeatedMessage(list, item.field, index));
    }
    if (item.words != nullptr) {
      return CheckWord(*item.words, reflection.GetRepeatedEnumValue(
                                        list, item.field, index));
    }
    return CheckText(item.length, reflection.GetRepeatedStringReference(
                                      list, item.field, index, &scratch_));
  }

  bool CheckMap(const Shape& shape, const Message& message) {
    const Member& value = shape.members[0];
    const int size = shape.reflection->FieldSize(message, shape.repeated);
    if (!Within(value.count, size)) {
      return Fail(
          absl::StrCat("has ", size, " entries; ", Between(*value.count)));
    }
    std::string unused;  // A key is always held as a string.
    for (int i = 0; i < size; ++i) {
      const Message& entry =
          shape.reflection->GetRepeatedMessage(message, shape.repeated, i);
      const std::string& key =
          shape.entry_reflection->GetStringReference(entry, shape.key, &unused);
      const int64_t key_length = CountCharacters(key);
      if (!Within(value.key_length, key_length)) {
        return Fail(absl::StrCat("has the key ", Quote(key), " of ", key_length,
                                 " characters; ", Between(*value.key_length)));
      }
      steps_.push_back({nullptr, kNoIndex, key});
      if (!CheckValue(value, *shape.entry_reflection, entry)) return false;
      steps_.pop_back();
    }
    return true;
  }

  bool CheckValue(const Member& member, const Reflection& reflection,
                  const Message& message) {
    const FieldDescriptor* field = member.field;
    if (member.shape != nullptr) {
      if (!member.shape->has_rules) return true;
      return Check(*member.shape, reflection.GetMessage(message, field));
    }
    if (member.words != nullptr) {
      return CheckWord(*member.words, reflection.GetEnumValue(message, field));
    }
    if (member.length.has_value()) {
      return CheckText(member.length, reflection.GetStringReference(
                                          message, field, &scratch_));
    }
    if (member.range.has_value()) {
      const bool wide = member.type == FieldDescriptor::CPPTYPE_INT64;
      const int64_t value = wide ? reflection.GetInt64(message, field)
                                 : reflection.GetInt32(message, field);
      if (!Within(member.range, value)) {
        return Fail(absl::StrCat("is ", value, "; ", Between(*member.range)));
      }
    }
    return true;
  }

  bool CheckText(const std::optional<Bounds>& bounds, const std::string& text) {
    if (!bounds.has_value()) return true;
    const int64_t length = CountCharacters(text);
    if (Within(bounds, length)) return true;
    return Fail(absl::StrCat("has ", length, " characters: ", Quote(text), "; ",
                             Between(*bounds)));
  }

  // A number without a name can come by Protobuf alone.
  bool CheckWord(const EnumWords& words, int number) {
    if (words.Word(number) != nullptr) return true;
    return Fail(absl::StrCat("is the number ", number, "; must be one of ",
                             absl::StrJoin(words.words, ", ")));
  }

  bool Fail(absl::string_view what) {
    status_ = absl::InvalidArgumentError(absl::StrCat(Path(), " ", what));
    return false;
  }

  // Where the finding is: containerOverrides.environment[1].name.
  std::string Path() const {
    std::string path;
    for (const Step& step : steps_) {
      if (step.member != nullptr) {
        absl::StrAppend(&path, path.empty() ? "" : ".", step.member->name);
      } else if (step.index != kNoIndex) {
        absl::StrAppend(&path, "[", step.index, "]");
      } else {
        absl::StrAppend(&path, "[", Quote(step.key), "]");
      }
    }
    return path;
  }

  // One step of the way: to a member, else to an item, else to an entry.
  static constexpr int kNoIndex = -1;
  struct Step {
    const Member* member;
    int index;
    absl::string_view key;
  };

  std::vector<Step> steps_;
  SetFields set_fields_;
  std::string scratch_;
  absl::Status status_;
};

}  // namespace

absl::Status Validate(const Message& message) {
  const Shape* shape = FindShape(message);
  if (shape == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(message.GetDescriptor()->full_name()),
                     " is not a shape of AWS Batch"));
  }
  Validator validator;
  validator.Check(*shape, message);
  return validator.status();
}

}  // namespace api
}  // namespace embatch
