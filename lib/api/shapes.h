// SPDX-License-Identifier: Apache-2.0
// The schema as the JSON codec and the validation read it: the descriptors of
// batch.proto and their options, looked up once and laid side by side.
#ifndef EMBATCH_LIB_API_SHAPES_H_
#define EMBATCH_LIB_API_SHAPES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace embatch {
namespace api {

// What a message stands for. A list and a map are messages with one repeated
// field, so that absent and empty differ (batch.proto).
enum class ShapeKind { kStructure, kList, kMap };

// AWS's words for the values of an enum.
struct EnumWords {
  std::vector<std::string> words;  // in the order of the schema
  std::vector<int> numbers;        // of the same
  // The word of a value; null when it has none.
  const std::string* Word(int number) const;
  std::optional<int> Number(absl::string_view word,
                            bool any_case = false) const;
};

struct Bounds {
  std::optional<int64_t> min;
  std::optional<int64_t> max;
};

struct Shape;

// A member of a structure, an item of a list, or a value of a map.
struct Member {
  const google::protobuf::FieldDescriptor* field;
  // To ask the field each time would cost as much as the access itself.
  google::protobuf::FieldDescriptor::CppType type;
  std::string name;         // as in JSON
  std::string quoted_name;  // "name":
  const Shape* shape;       // of a message, else null
  const EnumWords* words;   // of an enum, else null
  bool required;
  std::optional<Bounds> count;
  std::optional<Bounds> length;
  std::optional<Bounds> key_length;
  std::optional<Bounds> range;
  std::string refusal;  // AWS's answer to an unknown word; "": has none
  bool any_case;        // words are taken in any case, printed in lower case
};

struct Shape {
  ShapeKind kind;
  // Likewise: of the messages of this shape, and of a map's entries.
  const google::protobuf::Reflection* reflection;
  const google::protobuf::Reflection* entry_reflection;
  // A structure's members in the order of the schema. Of a list or a map the
  // only one is what it holds: `items`, or the value of an entry.
  std::vector<Member> members;
  // A structure's members by the name in JSON.
  absl::flat_hash_map<absl::string_view, const Member*> by_name;
  // A list's `items`, a map's `entries`.
  const google::protobuf::FieldDescriptor* repeated;
  // The key of a map's entry.
  const google::protobuf::FieldDescriptor* key;
  // Whether there is anything for the validation to look at, here or below.
  bool has_rules;
};

// Tells which members of a structure are set, all at once: one by one costs
// several times as much. It keeps its memory for the next message.
class SetFields {
 public:
  using List = std::vector<const google::protobuf::FieldDescriptor*>;

  // In the order of the schema. A list holds until Done(), which is to be
  // called for the latest one: messages are within messages.
  const List& Of(const Shape& shape, const google::protobuf::Message& message);
  void Done() { --depth_; }

 private:
  std::deque<List> lists_;
  size_t depth_ = 0;
};

// The shape of a message of batch.proto; null for any other message, and for
// one that was not made by the generated code.
const Shape* FindShape(const google::protobuf::Message& message);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SHAPES_H_
