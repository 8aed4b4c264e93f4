// SPDX-License-Identifier: Apache-2.0
// Holds the schema against AWS's service model, in both directions: what the
// one states and the other does not is a failure.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "embatch/api/batch.pb.h"
#include "embatch/api/operation.h"
#include "embatch/api/options.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace embatch {
namespace api {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using nlohmann::json;
using ::testing::IsEmpty;

const FileDescriptor* BatchFile() {
  return ClientException::descriptor()->file();
}

json ReadModel() {
  std::ifstream file(EMBATCH_API_TEST_DIR "/aws-batch-shapes.json");
  return json::parse(file);
}

// Compares a model with the schema and collects what differs, a sentence each.
class Comparison {
 public:
  explicit Comparison(const json& model)
      : operations_(model.at("operations")), shapes_(model.at("shapes")) {
    CollectFile(BatchFile());
    CompareOperations();
    CompareShapes();
  }

  const std::vector<std::string>& differences() const { return differences_; }

 private:
  // What the files of the schema declare, but for that of the options.
  void CollectFile(const FileDescriptor* file) {
    if (file->package() != "embatch.api") return;
    if (!files_.insert(file).second) return;
    for (int i = 0; i < file->message_type_count(); ++i) {
      messages_[file->message_type(i)->name()] = file->message_type(i);
    }
    for (int i = 0; i < file->enum_type_count(); ++i) {
      enums_[file->enum_type(i)->name()] = file->enum_type(i);
    }
    for (int i = 0; i < file->dependency_count(); ++i) {
      CollectFile(file->dependency(i));
    }
  }

  void CompareOperations() {
    const ServiceDescriptor* service = BatchFile()->service(0);
    for (const auto& [name, operation] : operations_.items()) {
      const MethodDescriptor* method = service->FindMethodByName(name);
      if (method == nullptr) {
        Differ(name, "operation is not in the schema");
        continue;
      }
      Same(name, "input", operation.at("input").at("shape"),
           method->input_type()->name());
      Same(name, "output", operation.at("output").at("shape"),
           method->output_type()->name());
      const model::Http http = method->options().GetExtension(model::http);
      Same(name, "method", operation.at("http").at("method"), http.method());
      Same(name, "path", operation.at("http").at("requestUri"), http.path());
      for (const json& error : operation.at("errors")) {
        Same(name, "error", messages_.count(error.at("shape")) > 0, true);
      }
    }
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string name = service->method(i)->name();
      if (!operations_.contains(name)) Differ(name, "operation is not AWS's");
    }
  }

  void CompareShapes() {
    std::set<std::string> messages;
    std::set<std::string> enums;
    for (const auto& [name, shape] : shapes_.items()) {
      const std::string type = shape.at("type");
      if (shape.contains("enum")) {
        enums.insert(name);
        CompareEnum(name, shape);
      } else if (type == "structure" || type == "list" || type == "map") {
        messages.insert(name);
        const auto message = messages_.find(name);
        if (message == messages_.end()) {
          Differ(name, "shape is not in the schema");
        } else {
          CompareMessage(name, shape, message->second);
        }
      }
    }
    for (const auto& [name, message] : messages_) {
      if (messages.count(name) == 0) Differ(name, "message is not AWS's");
    }
    for (const auto& [name, type] : enums_) {
      if (enums.count(name) == 0) Differ(name, "enum is not AWS's");
    }
  }

  void CompareMessage(const std::string& name, const json& shape,
                      const Descriptor* message) {
    const std::string type = shape.at("type");
    if (type == "structure") {
      CompareStructure(name, shape, message);
      return;
    }
    // A list or a map has one repeated field, so that absent and empty differ.
    if (message->field_count() != 1 || !message->field(0)->is_repeated()) {
      Differ(name, "is not a message with one repeated field");
      return;
    }
    const FieldDescriptor* field = message->field(0);
    const auto& options = field->options();
    Same(name, "count", LimitsOf(shape), options.GetExtension(model::count));
    if (type == "list") {
      Same(name, "field's name", "items", field->name());
      CompareType(absl::StrCat(name, "[]"), shape.at("member").at("shape"),
                  field, options);
      return;
    }
    Same(name, "field's name", "entries", field->name());
    if (!field->is_map()) {
      Differ(name, "is not a map");
      return;
    }
    const FieldDescriptor* key = field->message_type()->map_key();
    Same(name, "key's type", FieldDescriptor::TYPE_STRING, key->type());
    Same(name, "key_length",
         LimitsOf(shapes_.at(shape.at("key").at("shape").get<std::string>())),
         options.GetExtension(model::key_length));
    CompareType(absl::StrCat(name, "{}"), shape.at("value").at("shape"),
                field->message_type()->map_value(), options);
  }

  void CompareStructure(const std::string& name, const json& shape,
                        const Descriptor* message) {
    std::map<std::string, const FieldDescriptor*> fields;
    for (int i = 0; i < message->field_count(); ++i) {
      fields[message->field(i)->json_name()] = message->field(i);
    }
    std::set<std::string> required;
    if (shape.contains("required")) {
      for (const json& member : shape.at("required")) required.insert(member);
    }
    for (const auto& [member, reference] : shape.at("members").items()) {
      const std::string path = absl::StrCat(name, ".", member);
      const auto found = fields.find(member);
      if (found == fields.end()) {
        Differ(path, "member is not in the schema");
        continue;
      }
      const FieldDescriptor* field = found->second;
      const auto& options = field->options();
      Same(path, "presence", field->has_presence(), true);
      Same(path, "required", required.count(member) > 0,
           options.GetExtension(model::required));
      Same(path, "location", LocationOf(reference),
           options.GetExtension(model::location));
      Same(path, "idempotency_token", reference.contains("idempotencyToken"),
           options.GetExtension(model::idempotency_token));
      CompareType(path, reference.at("shape"), field, options);
    }
    for (const auto& [member, field] : fields) {
      if (!shape.at("members").contains(member)) {
        Differ(absl::StrCat(name, ".", member), "member is not AWS's");
      }
    }
    const int status = shape.contains("error")
                           ? shape.at("error").at("httpStatusCode").get<int>()
                           : 0;
    Same(name, "http_status", status,
         message->options().GetExtension(model::http_status));
  }

  // What a member, an item or a value is: its type, and the limits of its
  // shape.
  void CompareType(const std::string& path, const std::string& name,
                   const FieldDescriptor* field,
                   const google::protobuf::FieldOptions& options) {
    const json& shape = shapes_.at(name);
    const std::string type = shape.at("type");
    model::Limits length;
    model::Limits range;
    if (type == "structure" || type == "list" || type == "map") {
      Same(path, "type", name,
           field->message_type() == nullptr ? "a scalar"
                                            : field->message_type()->name());
    } else if (shape.contains("enum")) {
      Same(path, "type", name,
           field->enum_type() == nullptr ? "no enum"
                                         : field->enum_type()->name());
    } else {
      static const std::map<std::string, FieldDescriptor::Type> types = {
          {"string", FieldDescriptor::TYPE_STRING},
          {"integer", FieldDescriptor::TYPE_INT32},
          {"long", FieldDescriptor::TYPE_INT64},
          {"boolean", FieldDescriptor::TYPE_BOOL},
          {"float", FieldDescriptor::TYPE_FLOAT},
          {"double", FieldDescriptor::TYPE_DOUBLE}};
      Same(path, "type", types.at(type), field->type());
      (type == "string" ? length : range) = LimitsOf(shape);
    }
    Same(path, "length", length, options.GetExtension(model::length));
    Same(path, "range", range, options.GetExtension(model::range));
  }

  // A value is named for its enum and AWS's word, which stands in the option
  // where the name can't tell it.
  void CompareEnum(const std::string& name, const json& shape) {
    const auto found = enums_.find(name);
    if (found == enums_.end()) {
      Differ(name, "enum is not in the schema");
      return;
    }
    const EnumDescriptor* type = found->second;
    const std::string zero = type->value(0)->name();
    const size_t suffix = zero.rfind("UNSPECIFIED");
    if (suffix == std::string::npos || type->value(0)->number() != 0) {
      Differ(name, "has no value *_UNSPECIFIED = 0");
      return;
    }
    const std::string prefix = zero.substr(0, suffix);
    std::string letters = absl::AsciiStrToUpper(name);
    std::string prefix_letters = prefix;
    prefix_letters.erase(
        std::remove(prefix_letters.begin(), prefix_letters.end(), '_'),
        prefix_letters.end());
    Same(name, "prefix", letters, prefix_letters);
    std::set<std::string> words;
    for (int i = 1; i < type->value_count(); ++i) {
      const std::string& value = type->value(i)->name();
      Same(name, "prefix of a value", prefix, value.substr(0, prefix.size()));
      const std::string word =
          type->value(i)->options().GetExtension(model::word);
      words.insert(word.empty() ? value.substr(prefix.size()) : word);
    }
    Same(name, "values", shape.at("enum").get<std::set<std::string>>(), words);
  }

  static model::Limits LimitsOf(const json& shape) {
    model::Limits limits;
    if (shape.contains("min")) limits.set_min(shape.at("min"));
    if (shape.contains("max")) limits.set_max(shape.at("max"));
    return limits;
  }

  static model::Location LocationOf(const json& reference) {
    const std::string location = reference.value("location", "");
    if (location == "uri") return model::LOCATION_PATH;
    if (location == "querystring") return model::LOCATION_QUERY;
    return model::LOCATION_BODY;
  }

  void Same(const std::string& path, const std::string& what,
            const model::Limits& want, const model::Limits& is) {
    Same(path, what, want.ShortDebugString(), is.ShortDebugString());
  }

  template <typename Want, typename Is>
  void Same(const std::string& path, const std::string& what, const Want& want,
            const Is& is) {
    if (want == is) return;
    Differ(path,
           absl::StrCat(what, " should be ", ::testing::PrintToString(want),
                        ", is ", ::testing::PrintToString(is)));
  }

  void Differ(const std::string& path, const std::string& what) {
    differences_.push_back(absl::StrCat(path, ": ", what));
  }

  const json& operations_;
  const json& shapes_;
  std::set<const FileDescriptor*> files_;
  std::map<std::string, const Descriptor*> messages_;
  std::map<std::string, const EnumDescriptor*> enums_;
  std::vector<std::string> differences_;
};

TEST(SchemaTest, IsAwsServiceModel) {
  const json model = ReadModel();
  EXPECT_THAT(Comparison(model).differences(), IsEmpty());
}

TEST(SchemaTest, ModelHasAllOperationsAndShapes) {
  const json model = ReadModel();
  EXPECT_EQ(model.at("operations").size(), 45);
  EXPECT_EQ(model.at("shapes").size(), 358);
}

// Proof that the comparison can fail: each change of the model is found.
TEST(SchemaTest, EachDifferenceIsFound) {
  struct Case {
    const char* pointer;
    const char* value;  // JSON; "" takes what is there away
    const char* want;
  };
  const Case kCases[] = {
      {"/operations/SubmitJob", "", "SubmitJob: operation is not AWS's"},
      {"/operations/CancelJob/http/method", "\"PUT\"", "CancelJob: method"},
      {"/operations/CancelJob/http/requestUri", "\"/v2\"", "CancelJob: path"},
      {"/shapes/Ulimit/members/name", "", "Ulimit.name: member is not AWS's"},
      {"/shapes/Ulimit/members/novel", "{\"shape\": \"String\"}",
       "Ulimit.novel: member is not in the schema"},
      {"/shapes/Ulimit/members/name/shape", "\"Integer\"", "Ulimit.name: type"},
      {"/shapes/JobDetail/members/container/shape", "\"JobTimeout\"",
       "JobDetail.container: type"},
      {"/shapes/Ulimit/required", "[\"name\", \"hardLimit\"]",
       "Ulimit.softLimit: required"},
      {"/shapes/CEState/enum", "[\"ENABLED\"]", "CEState: values"},
      {"/shapes/CEState/enum/2", "\"PAUSED\"", "CEState: values"},
      {"/shapes/JobStatus", "{\"type\": \"string\"}",
       "JobStatus: enum is not AWS's"},
      {"/shapes/Novel", "{\"type\": \"structure\", \"members\": {}}",
       "Novel: shape is not in the schema"},
      {"/shapes/TagrisTagsMap/max", "51", "TagrisTagsMap: count"},
      {"/shapes/TagKey/max", "129", "TagrisTagsMap: key_length"},
      {"/shapes/TagValue/max", "257", "TagrisTagsMap{}: length"},
      {"/shapes/JobExecutionTimeoutMinutes/max", "361",
       "UpdatePolicy.jobExecutionTimeoutMinutes: range"},
      {"/shapes/ClientException/error/httpStatusCode", "404",
       "ClientException: http_status"},
      {"/shapes/TagResourceRequest/members/resourceArn/location", "",
       "TagResourceRequest.resourceArn: location"},
  };
  const json model = ReadModel();
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.pointer);
    json changed = model;
    const json::json_pointer pointer(c.pointer);
    if (*c.value == '\0') {
      changed.at(pointer.parent_pointer()).erase(pointer.back());
    } else {
      changed[pointer] = json::parse(c.value);
    }
    EXPECT_THAT(Comparison(changed).differences(),
                ::testing::Contains(::testing::StartsWith(c.want)));
  }
}

// The codec and the validation call themselves for a message within a message;
// that is bounded only if no shape contains itself.
int DepthOf(const Descriptor* message, int limit) {
  if (limit == 0) return 1;
  int deepest = 0;
  for (int i = 0; i < message->field_count(); ++i) {
    const Descriptor* within = message->field(i)->message_type();
    if (within == nullptr) continue;
    if (message->field(i)->is_map()) {
      within = within->map_value()->message_type();
      if (within == nullptr) continue;
    }
    deepest = std::max(deepest, DepthOf(within, limit - 1));
  }
  return deepest + 1;
}

TEST(SchemaTest, NoShapeContainsItself) {
  for (const Operation& operation : Operations()) {
    EXPECT_LE(DepthOf(operation.request->GetDescriptor(), 64), 16);
    EXPECT_LE(DepthOf(operation.response->GetDescriptor(), 64), 16);
  }
}

// Which members are set is told in the order of their numbers, and taken for
// that of the schema.
void ExpectNumbersRise(const FileDescriptor* file) {
  if (file->package() != "embatch.api") return;
  for (int i = 0; i < file->message_type_count(); ++i) {
    const Descriptor* message = file->message_type(i);
    for (int field = 1; field < message->field_count(); ++field) {
      EXPECT_LT(message->field(field - 1)->number(),
                message->field(field)->number())
          << message->field(field)->full_name();
    }
  }
  for (int i = 0; i < file->dependency_count(); ++i) {
    ExpectNumbersRise(file->dependency(i));
  }
}

TEST(SchemaTest, NumbersRiseInTheOrderOfMembers) {
  ExpectNumbersRise(BatchFile());
}

}  // namespace
}  // namespace api
}  // namespace embatch
