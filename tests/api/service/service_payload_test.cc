// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/service_payload.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ServicePayloadTest, HasOneTypeOfInstance) {
  const auto usage = CapacityUsageOf(R"({"TrainingJobName":"t",
      "ResourceConfig":{"InstanceType":"ml.m5.large","InstanceCount":2,
                        "VolumeSizeInGB":1}})");
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_THAT(*usage, ElementsAre(CapacityUsage{"ml.m5.large", 2}));
}

TEST(ServicePayloadTest, GroupsOfATypeAreSummed) {
  const auto usage = CapacityUsageOf(R"({"ResourceConfig":{"InstanceGroups":[
      {"InstanceType":"b","InstanceCount":1,"InstanceGroupName":"x"},
      {"InstanceType":"a","InstanceCount":2},
      {"InstanceType":"b","InstanceCount":3}]}})");
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_THAT(*usage,
              ElementsAre(CapacityUsage{"b", 4}, CapacityUsage{"a", 2}));
}

TEST(ServicePayloadTest, AnythingElseIsRefused) {
  for (const char* payload :
       {"", "{", "[]", "1", "{}", R"({"ResourceConfig":[]})",
        R"({"ResourceConfig":{"InstanceCount":1}})",
        R"({"ResourceConfig":{"InstanceType":1,"InstanceCount":1}})",
        R"({"ResourceConfig":{"InstanceType":"a"}})",
        R"({"ResourceConfig":{"InstanceType":"a","InstanceCount":1.5}})",
        R"({"ResourceConfig":{"InstanceType":"a","InstanceCount":0}})",
        R"({"ResourceConfig":{"InstanceType":"a","InstanceCount":-1}})",
        R"({"ResourceConfig":{"InstanceType":"a","InstanceCount":2147483648}})",
        R"({"ResourceConfig":{"InstanceType":"a",
            "InstanceCount":18446744073709551615}})",
        R"({"ResourceConfig":{"InstanceGroups":[1]}})",
        R"({"ResourceConfig":{"InstanceGroups":[{}]}})"}) {
    const auto usage = CapacityUsageOf(payload);
    EXPECT_EQ(usage.status().code(), absl::StatusCode::kInvalidArgument)
        << payload;
    EXPECT_THAT(std::string(usage.status().message()),
                HasSubstr("serviceRequestPayload "));
  }
}

TEST(ServicePayloadTest, DepthIsNoDanger) {
  const std::string deep =
      absl::StrCat(std::string(10000, '['), std::string(10000, ']'));
  EXPECT_FALSE(CapacityUsageOf(deep).ok());
}

}  // namespace
}  // namespace api
}  // namespace embatch
