// SPDX-License-Identifier: Apache-2.0
// Requests and responses that real people and AWS's own documents wrote: each
// is read, and printed as it was, but for the order of members and for what no
// shape of AWS knows.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "embatch/api/json.h"
#include "embatch/api/operation.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace embatch {
namespace api {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;

// What of `value` the shape has members for.
json Known(const json& value, const Descriptor* shape) {
  const bool plain =
      shape->field_count() == 1 && shape->field(0)->is_repeated();
  json known = value.is_array() ? json::array() : json::object();
  if (plain && value.is_array()) {
    const Descriptor* item = shape->field(0)->message_type();
    for (const json& element : value) {
      known.push_back(item == nullptr ? element : Known(element, item));
    }
    return known;
  }
  if (plain) return value;  // a map of texts
  for (int i = 0; i < shape->field_count(); ++i) {
    const FieldDescriptor* field = shape->field(i);
    const auto member = value.find(field->json_name());
    if (member == value.end() || member->is_null()) continue;
    known[field->json_name()] = field->message_type() == nullptr
                                    ? *member
                                    : Known(*member, field->message_type());
  }
  return known;
}

void ExpectComesThrough(const fs::path& path, const Message& prototype) {
  SCOPED_TRACE(path.string());
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::unique_ptr<Message> message(prototype.New());

  const absl::Status status = ParseJson(text, {}, *message);

  ASSERT_TRUE(status.ok()) << status;
  const std::string printed = PrintJson(*message);
  EXPECT_EQ(json::parse(printed),
            Known(json::parse(text), message->GetDescriptor()));
  // And what was printed reads back as the same.
  const std::unique_ptr<Message> again(prototype.New());
  ASSERT_TRUE(ParseJson(printed, {}, *again).ok());
  EXPECT_EQ(PrintJson(*again), printed);
}

// create-job-queue becomes CreateJobQueue.
std::string OperationNamed(const std::string& kebab) {
  std::string name;
  const std::vector<std::string> words = absl::StrSplit(kebab, '-');
  for (std::string word : words) {
    if (word.empty() || (word[0] >= '0' && word[0] <= '9')) continue;
    word[0] = static_cast<char>(std::toupper(word[0]));
    name += word;
  }
  return name;
}

// The message that a file holds, by its name and folder; null when neither
// tells.
const Message* PrototypeOf(const fs::path& path) {
  const std::string name = path.stem().string();
  const std::string rest = name.substr(std::min(name.find("--"), name.size()));
  const std::vector<std::string> parts =
      absl::StrSplit(rest.substr(std::min<size_t>(2, rest.size())), '-');
  if (const Operation* operation = FindOperation(parts[0])) {
    return parts.back() == "input" ? operation->request : operation->response;
  }
  const std::string folder = path.parent_path().filename().string();
  std::string wanted;
  if (folder == "response") {
    const Operation* operation = FindOperation(OperationNamed(rest));
    return operation == nullptr ? nullptr : operation->response;
  }
  if (folder == "compute-environment") wanted = "CreateComputeEnvironment";
  if (folder == "job-queue") wanted = "CreateJobQueue";
  if (folder == "job-definition") wanted = "RegisterJobDefinition";
  if (folder == "submit-job") wanted = "SubmitJob";
  const Operation* operation = FindOperation(wanted);
  return operation == nullptr ? nullptr : operation->request;
}

int ReadAllBelow(const fs::path& root) {
  int files = 0;
  for (const fs::directory_entry& entry :
       fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".json") continue;
    const Message* prototype = PrototypeOf(entry.path());
    EXPECT_NE(prototype, nullptr) << entry.path();
    if (prototype == nullptr) continue;
    ExpectComesThrough(entry.path(), *prototype);
    ++files;
  }
  return files;
}

TEST(RealJsonTest, TestDataComesThrough) {
  EXPECT_EQ(ReadAllBelow(EMBATCH_API_TEST_DIR "/testdata"), 11);
}

TEST(RealJsonTest, CollectionComesThrough) {
  const fs::path collection = EMBATCH_WORKLOADS "/aws-json";
  if (!fs::is_directory(collection)) {
    GTEST_SKIP() << "There is no " << collection;
  }
  EXPECT_GE(ReadAllBelow(collection), 40);
}

}  // namespace
}  // namespace api
}  // namespace embatch
