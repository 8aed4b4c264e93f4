// SPDX-License-Identifier: Apache-2.0
// Requests and responses that real people and AWS's own documents wrote: each
// is read, and printed as it was, but for the order of members and for what no
// shape of AWS knows.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "embatch/api/json.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/api/real_files.h"

namespace embatch {
namespace api {
namespace {

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

void ExpectComesThrough(const RealFile& file) {
  SCOPED_TRACE(file.path.string());
  const std::string text = file.Text();
  const std::unique_ptr<Message> message(file.prototype().New());

  const absl::Status status = ParseJson(text, {}, *message);

  ASSERT_TRUE(status.ok()) << status;
  const std::string printed = PrintJson(*message);
  EXPECT_EQ(json::parse(printed),
            Known(json::parse(text), message->GetDescriptor()));
  // And what was printed reads back as the same.
  const std::unique_ptr<Message> again(file.prototype().New());
  ASSERT_TRUE(ParseJson(printed, {}, *again).ok());
  EXPECT_EQ(PrintJson(*again), printed);
}

int ReadAllBelow(const std::filesystem::path& root) {
  const std::vector<RealFile> files = RealFilesBelow(root);
  for (const RealFile& file : files) ExpectComesThrough(file);
  return static_cast<int>(files.size());
}

TEST(RealJsonTest, TestDataComesThrough) {
  EXPECT_EQ(ReadAllBelow(ShippedFiles()), 12);
}

TEST(RealJsonTest, CollectionComesThrough) {
  if (!std::filesystem::is_directory(CollectedFiles())) {
    GTEST_SKIP() << "There is no " << CollectedFiles();
  }
  EXPECT_GE(ReadAllBelow(CollectedFiles()), 40);
}

}  // namespace
}  // namespace api
}  // namespace embatch
