// SPDX-License-Identifier: Apache-2.0
// Numbers at and past what 32 bits hold, in every member that has so many: in
// all requests, and in what is shown of the scheduler's 64 bits.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embatch/api/json.h"
#include "embatch/api/operation.h"
#include "embatch/compute_environment.h"
#include "embatch/job_definition.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "lib/api/arn.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/job_arns.h"
#include "tests/api/service/api_world.h"
#include "tests/api/service/filled_message.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
constexpr int64_t kMin = std::numeric_limits<int32_t>::min();

// Where the members of 32 bits are in a message with all members, and what an
// error calls them.
struct Place {
  std::string pointer;
  std::string path;
};

// Calls itself for messages within; no shape contains itself.
void AddPlaces(const Descriptor* message, const Place& at,
               std::vector<Place>& places) {
  const FieldDescriptor* first = message->field(0);
  if (message->field_count() == 1 && first->is_repeated()) {
    // A list; or a map, of texts to texts or to counts that no request has.
    if (first->is_map() || first->message_type() == nullptr) return;
    AddPlaces(first->message_type(),
              {absl::StrCat(at.pointer, "/0"), absl::StrCat(at.path, "[0]")},
              places);
    return;
  }
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    const std::string& name = field->json_name();
    const Place below = {
        absl::StrCat(at.pointer, "/", name),
        at.path.empty() ? name : absl::StrCat(at.path, ".", name)};
    if (field->message_type() != nullptr) {
      AddPlaces(field->message_type(), below, places);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
      places.push_back(below);
    }
  }
}

TEST(IntegersTest, PastThirtyTwoBitsAreRefusedInEveryMember) {
  ApiWorld world;
  int tried = 0;
  for (const Operation& operation : Operations()) {
    std::vector<Place> places;
    if (operation.request->GetDescriptor()->field_count() > 0) {
      AddPlaces(operation.request->GetDescriptor(), {}, places);
    }
    const json all = Filled(*operation.request);
    for (const Place& place : places) {
      for (const char* value :
           {"2147483648", "-2147483649", "4294967296", "9223372036854775807",
            "-9223372036854775808", "9223372036854775808", "1e300"}) {
        const json request =
            Changed(all, {{place.pointer, json::parse(value)}});
        const Answer answer =
            world.service.CallJson(operation.name, request.dump(), world.now);
        EXPECT_EQ(answer.http_status, 400) << operation.name << answer.body;
        EXPECT_THAT(answer.body, HasSubstr(absl::StrCat("\"message\":\"",
                                                        place.path, " is ")));
        EXPECT_THAT(answer.body, HasSubstr("; must be between -2147483648 and "
                                           "2147483647"));
      }
      ++tried;
    }
  }
  EXPECT_GT(tried, 100);
}

// What is refused then is refused for another reason.
TEST(IntegersTest, AtThirtyTwoBitsAreRead) {
  for (const Operation& operation : Operations()) {
    std::vector<Place> places;
    if (operation.request->GetDescriptor()->field_count() > 0) {
      AddPlaces(operation.request->GetDescriptor(), {}, places);
    }
    const json all = Filled(*operation.request);
    for (const Place& place : places) {
      for (const int64_t value : {kMin, kMax}) {
        const json request = Changed(all, {{place.pointer, value}});
        const std::unique_ptr<google::protobuf::Message> message(
            operation.request->New());
        ASSERT_TRUE(ParseJson(request.dump(), {}, *message).ok());
        EXPECT_EQ(json::parse(PrintJson(*message)), request);
      }
    }
  }
}

TEST(IntegersTest, NearestThatThirtyTwoBitsCanSay) {
  EXPECT_EQ(ToInt32(0), 0);
  EXPECT_EQ(ToInt32(kMax), kMax);
  EXPECT_EQ(ToInt32(kMax + 1), kMax);
  EXPECT_EQ(ToInt32(std::numeric_limits<int64_t>::max()), kMax);
  EXPECT_EQ(ToInt32(kMin), kMin);
  EXPECT_EQ(ToInt32(kMin - 1), kMin);
  EXPECT_EQ(ToInt32(std::numeric_limits<int64_t>::min()), kMin);
}

// The scheduler's own interface takes more than AWS can show.
TEST(IntegersTest, MoreThanThirtyTwoBitsAreShownAsTheMost) {
  ApiWorld world;
  JobDefinitionOptions options;
  options.job_definition_name = "long";
  options.container_properties.image = "i";
  options.container_properties.resources = Resources::Of(1, 64);
  options.timeout = embatch::JobTimeout{absl::Seconds(kMax + 1)};
  auto definition = JobDefinition::Create(options);
  ASSERT_TRUE(definition.ok()) << definition.status();
  ASSERT_TRUE(
      world.scheduler.RegisterJobDefinition(*std::move(definition), world.now)
          .ok());
  EXPECT_EQ(world.Call(
                "DescribeJobDefinitions",
                "{}")["jobDefinitions"][0]["timeout"]["attemptDurationSeconds"],
            kMax);
}

// A number of 64 bits, in a UUID.
TEST(IntegersTest, ArnsOfInstancesHoldTheirNumbers) {
  const absl::StatusOr<ArnScope> scope =
      MakeArnScope("eu-central-1", "123456789012");
  ASSERT_TRUE(scope.ok());
  constexpr char kPrefix[] =
      "arn:aws:ecs:eu-central-1:123456789012:container-instance/";
  EXPECT_EQ(InstanceArn(*scope, {1}),
            absl::StrCat(kPrefix, "00000000-0000-8000-8000-000000000001"));
  EXPECT_EQ(InstanceArn(*scope, {(uint64_t{1} << 48) - 1}),
            absl::StrCat(kPrefix, "00000000-0000-8000-8000-ffffffffffff"));
  EXPECT_EQ(InstanceArn(*scope, {uint64_t{1} << 48}),
            absl::StrCat(kPrefix, "00000000-0001-8000-8000-000000000000"));
  EXPECT_EQ(InstanceArn(*scope, {std::numeric_limits<uint64_t>::max()}),
            absl::StrCat(kPrefix, "00000000-ffff-8000-8000-ffffffffffff"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
