// SPDX-License-Identifier: Apache-2.0
// Reads JSON straight into a message: the tokens come from nlohmann_json's SAX
// parser, which keeps no tree and does not call itself for what is nested.
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "embatch/api/json.h"
#include "lib/api/json_text.h"
#include "lib/api/shapes.h"
#include "nlohmann/json.hpp"

namespace embatch {
namespace api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What a member holds, in the words of an error.
const char* Expected(const Member& member) {
  switch (member.type) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return "an integer";
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "a number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_STRING:
      return "a string";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return member.shape->kind == ShapeKind::kList ? "a list" : "an object";
  }
  return "";
}

// The parser calls the methods that are named as its interface names them; each
// answers whether to go on.
class JsonReader {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  JsonReader(const JsonLimits& limits, const Shape& shape, Message& message)
      : depth_max_(limits.depth_max), root_shape_(shape), root_(message) {}

  const absl::Status& status() const { return status_; }

  bool null() {
    const Target target = Next();
    if (target.member == nullptr) return Scalar(target, "null");
    switch (top().shape->kind) {
      case ShapeKind::kStructure:
        top().shape->reflection->ClearField(target.message,
                                            target.member->field);
        return true;
      case ShapeKind::kList:
        return WrongType(*target.member, "null");
      case ShapeKind::kMap:
        return true;
    }
    return true;
  }

  bool boolean(bool value) {
    const Target target = Next();
    const char* text = value ? "true" : "false";
    if (target.member == nullptr) return Scalar(target, text);
    if (target.member->type != FieldDescriptor::CPPTYPE_BOOL) {
      return WrongType(*target.member, text);
    }
    const Place place = Holder(target);
    place.reflection->SetBool(place.message, target.member->field, value);
    return true;
  }

  bool number_integer(number_integer_t value) {
    const Target target = Next();
    if (target.member == nullptr) return Scalar(target, "a number");
    return Integer(target, value);
  }

  bool number_unsigned(number_unsigned_t value) {
    const Target target = Next();
    if (target.member == nullptr) return Scalar(target, "a number");
    if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Integer(target, static_cast<int64_t>(value));
    }
    return Real(target, static_cast<double>(value), absl::StrCat(value));
  }

  bool number_float(number_float_t value, const string_t& text) {
    const Target target = Next();
    if (target.member == nullptr) return Scalar(target, "a number");
    return Real(target, value, text);
  }

  bool string(string_t& value) {
    const Target target = Next();
    if (target.member == nullptr) return Scalar(target, "a string");
    const Member& member = *target.member;
    if (member.words != nullptr) return Word(target, value);
    if (member.type != FieldDescriptor::CPPTYPE_STRING) {
      return WrongType(member, Quote(value));
    }
    const Place place = Holder(target);
    if (member.field->is_repeated()) {
      place.reflection->AddString(place.message, member.field,
                                  std::move(value));
    } else {
      place.reflection->SetString(place.message, member.field,
                                  std::move(value));
    }
    return true;
  }

  bool binary(binary_t& /*value*/) { return true; }  // JSON has none.

  bool start_object(size_t /*size*/) { return Start(false); }
  bool start_array(size_t /*size*/) { return Start(true); }

  bool key(string_t& name) {
    if (skipped_ > 0) return true;
    Frame& frame = top();
    if (frame.shape->kind == ShapeKind::kMap) {
      frame.key = std::move(name);
      return true;
    }
    const auto it = frame.shape->by_name.find(name);
    frame.member = it == frame.shape->by_name.end() ? nullptr : it->second;
    return true;
  }

  bool end_object() { return End(); }
  bool end_array() { return End(); }

  bool parse_error(size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) {
    // 406: a number that no double is as large as.
    if (error.id == 406) {
      const Target target = Next();
      std::string path = Path();
      if (path.empty()) path = "a number";
      return Fail(absl::StrCat(target.member == nullptr ? "a number" : path,
                               " is ", Shorten(last_token),
                               "; no number may be so large"));
    }
    return Fail(absl::StrCat(
        "Could not parse the request body into JSON: unexpected text at byte ",
        position));
  }

 private:
  // An object or list that is open.
  struct Frame {
    const Shape* shape;
    Message* message;
    const Member* member;  // structure: of the value to come; null: unknown
    std::string key;       // map: of the value to come
    int index;             // list: of the value that came last
  };

  // Where a value belongs. Without a member it belongs nowhere.
  struct Target {
    Message* message;
    const Member* member;
  };

  Frame& top() { return frames_[depth_ - 1]; }

  // Where the value that begins now belongs.
  Target Next() {
    if (skipped_ > 0 || depth_ == 0) return {nullptr, nullptr};
    Frame& frame = top();
    switch (frame.shape->kind) {
      case ShapeKind::kStructure:
        return {frame.message, frame.member};
      case ShapeKind::kList:
        ++frame.index;
        return {frame.message, frame.shape->members.data()};
      case ShapeKind::kMap:
        return {frame.message, frame.shape->members.data()};
    }
    return {nullptr, nullptr};
  }

  // A message, and how to change it.
  struct Place {
    Message* message;
    const Reflection* reflection;
  };

  // The message that the value is set in: that of the target, or a new entry of
  // a map. Only for a value that is known to fit.
  Place Holder(const Target& target) {
    Frame& frame = top();
    const Shape& shape = *frame.shape;
    if (shape.kind != ShapeKind::kMap) {
      return {target.message, shape.reflection};
    }
    Message* entry =
        shape.reflection->AddMessage(target.message, shape.repeated);
    shape.entry_reflection->SetString(entry, shape.key, frame.key);
    return {entry, shape.entry_reflection};
  }

  // A value that is neither object nor list, and has no member.
  bool Scalar(const Target& /*target*/, absl::string_view text) {
    if (depth_ > 0) return true;
    return Fail(
        absl::StrCat("The request body is ", text, "; must be an object"));
  }

  bool Integer(const Target& target, int64_t value) {
    const Member& member = *target.member;
    const FieldDescriptor* field = member.field;
    switch (member.type) {
      case FieldDescriptor::CPPTYPE_INT32: {
        using Limits = std::numeric_limits<int32_t>;
        if (value < Limits::min() || value > Limits::max()) {
          return OutOfRange(absl::StrCat(value), Limits::min(), Limits::max());
        }
        const Place place = Holder(target);
        place.reflection->SetInt32(place.message, field,
                                   static_cast<int32_t>(value));
        return true;
      }
      case FieldDescriptor::CPPTYPE_INT64: {
        const Place place = Holder(target);
        place.reflection->SetInt64(place.message, field, value);
        return true;
      }
      case FieldDescriptor::CPPTYPE_FLOAT:
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Real(target, static_cast<double>(value), absl::StrCat(value));
      case FieldDescriptor::CPPTYPE_UINT32:
      case FieldDescriptor::CPPTYPE_UINT64:
      case FieldDescriptor::CPPTYPE_BOOL:
      case FieldDescriptor::CPPTYPE_ENUM:
      case FieldDescriptor::CPPTYPE_STRING:
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return WrongType(member, absl::StrCat(value));
    }
    return true;
  }

  bool Real(const Target& target, double value, const std::string& text) {
    const Member& member = *target.member;
    const FieldDescriptor* field = member.field;
    switch (member.type) {
      case FieldDescriptor::CPPTYPE_FLOAT: {
        // Rounding may take one to infinity, and float can't hold that.
        const float narrow = Narrow(value);
        if (!std::isfinite(narrow)) {
          using Limits = std::numeric_limits<float>;
          return OutOfRange(text, Limits::lowest(), Limits::max());
        }
        const Place place = Holder(target);
        place.reflection->SetFloat(place.message, field, narrow);
        return true;
      }
      case FieldDescriptor::CPPTYPE_DOUBLE: {
        const Place place = Holder(target);
        place.reflection->SetDouble(place.message, field, value);
        return true;
      }
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_INT64:
        return WholeNumber(target, value, text);
      case FieldDescriptor::CPPTYPE_UINT32:
      case FieldDescriptor::CPPTYPE_UINT64:
      case FieldDescriptor::CPPTYPE_BOOL:
      case FieldDescriptor::CPPTYPE_ENUM:
      case FieldDescriptor::CPPTYPE_STRING:
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return WrongType(member, Shorten(text));
    }
    return true;
  }

  // 2.0 and 1e3 are integers too, as far as a double has them all.
  bool WholeNumber(const Target& target, double value,
                   const std::string& text) {
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (value != std::trunc(value)) {
      return WrongType(*target.member, Shorten(text));
    }
    if (std::fabs(value) <= kExact) {
      return Integer(target, static_cast<int64_t>(value));
    }
    if (target.member->type == FieldDescriptor::CPPTYPE_INT32) {
      using Limits = std::numeric_limits<int32_t>;
      return OutOfRange(text, Limits::min(), Limits::max());
    }
    using Limits = std::numeric_limits<int64_t>;
    return OutOfRange(text, Limits::min(), Limits::max());
  }

  // A conversion of what float can't hold is not defined in C++.
  static float Narrow(double value) {
    constexpr double kMax = std::numeric_limits<float>::max();
    if (std::fabs(value) > kMax) return std::numeric_limits<float>::infinity();
    return static_cast<float>(value);
  }

  bool Word(const Target& target, const std::string& value) {
    const Member& member = *target.member;
    const std::optional<int> number =
        member.words->Number(value, member.any_case);
    if (!number.has_value()) {
      status_ = absl::OutOfRangeError(
          !member.refusal.empty()
              ? member.refusal
              : absl::StrCat(Path(), " is ", Quote(value), "; must be one of ",
                             absl::StrJoin(member.words->words, ", ")));
      return false;
    }
    const Place place = Holder(target);
    if (member.field->is_repeated()) {
      place.reflection->AddEnumValue(place.message, member.field, *number);
    } else {
      place.reflection->SetEnumValue(place.message, member.field, *number);
    }
    return true;
  }

  // An object or a list begins.
  bool Start(bool list) {
    if (depth_ + skipped_ >= depth_max_) {
      return Fail(absl::StrCat("The request body is nested more than ",
                               depth_max_, " deep; must be at most ",
                               depth_max_));
    }
    const char* text = list ? "a list" : "an object";
    if (depth_ == 0) {
      if (list) return Scalar({}, text);
      Push(&root_shape_, &root_);
      return true;
    }
    const Target target = Next();
    if (target.member == nullptr) {
      ++skipped_;
      return true;
    }
    const Member& member = *target.member;
    if (member.shape == nullptr ||
        (member.shape->kind == ShapeKind::kList) != list) {
      return WrongType(member, text);
    }
    const auto [holder, reflection] = Holder(target);
    if (member.field->is_repeated()) {
      Push(member.shape, reflection->AddMessage(holder, member.field));
      return true;
    }
    // A member that comes once more begins anew.
    if (reflection->HasField(*holder, member.field)) {
      reflection->ClearField(holder, member.field);
    }
    Push(member.shape, reflection->MutableMessage(holder, member.field));
    return true;
  }

  bool End() {
    if (skipped_ > 0) {
      --skipped_;
    } else {
      --depth_;
    }
    return true;
  }

  // A frame once used keeps the memory of its key.
  void Push(const Shape* shape, Message* message) {
    if (depth_ == static_cast<int>(frames_.size())) frames_.emplace_back();
    Frame& frame = frames_[depth_++];
    frame.shape = shape;
    frame.message = message;
    frame.member = nullptr;
    frame.index = -1;
  }

  // The value that comes, by its path: containerOverrides.environment[1].name.
  std::string Path() const {
    std::string path;
    for (int i = 0; i < depth_; ++i) {
      const Frame& frame = frames_[i];
      switch (frame.shape->kind) {
        case ShapeKind::kStructure:
          if (frame.member == nullptr) return path;
          absl::StrAppend(&path, path.empty() ? "" : ".", frame.member->name);
          break;
        case ShapeKind::kList:
          absl::StrAppend(&path, "[", frame.index, "]");
          break;
        case ShapeKind::kMap:
          absl::StrAppend(&path, "[", Quote(frame.key), "]");
          break;
      }
    }
    return path;
  }

  static std::string Shorten(const std::string& number) {
    constexpr size_t kShown = 40;
    if (number.size() <= kShown) return number;
    return absl::StrCat(number.substr(0, kShown), "... (", number.size(),
                        " bytes)");
  }

  bool WrongType(const Member& member, absl::string_view value) {
    return Fail(
        absl::StrCat(Path(), " is ", value, "; must be ", Expected(member)));
  }

  template <typename Number>
  bool OutOfRange(const std::string& text, Number min, Number max) {
    return Fail(absl::StrCat(Path(), " is ", Shorten(text),
                             "; must be between ", min, " and ", max));
  }

  bool Fail(const std::string& message) {
    status_ = absl::InvalidArgumentError(message);
    return false;
  }

  const int depth_max_;
  const Shape& root_shape_;
  Message& root_;
  std::vector<Frame> frames_;
  int depth_ = 0;
  int skipped_ = 0;  // objects and lists open within what is not read
  absl::Status status_;
};

}  // namespace

absl::Status ParseJson(absl::string_view text, const JsonLimits& limits,
                       Message& message) {
  message.Clear();
  const Shape* shape = FindShape(message);
  if (shape == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(message.GetDescriptor()->full_name()),
                     " is not a shape of AWS Batch"));
  }
  if (text.size() > limits.bytes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("The request body has ", text.size(),
                     " bytes; must be at most ", limits.bytes_max));
  }
  if (text.empty()) return absl::OkStatus();
  JsonReader reader(limits, *shape, message);
  nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &reader);
  return reader.status();
}

}  // namespace api
}  // namespace embatch
