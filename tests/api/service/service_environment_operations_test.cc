// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using ::nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string EnvironmentArn(absl::string_view name) {
  return absl::StrCat(kArnPrefix, "service-environment/", name);
}

struct ServiceEnvironmentsTest : testing::Test {
  void Create(const char* name) {
    world.Call("CreateServiceEnvironment",
               json({{"serviceEnvironmentName", name},
                     {"serviceEnvironmentType", "SAGEMAKER_TRAINING"},
                     {"capacityLimits", limits}})
                   .dump());
    world.Advance();
  }
  json Describe(absl::string_view name) {
    const json answer =
        world.Call("DescribeServiceEnvironments",
                   json({{"serviceEnvironments", {std::string(name)}}}).dump());
    const json& found = answer["serviceEnvironments"];
    return found.empty() ? json() : found[0];
  }

  json limits = {{{"maxCapacity", 5}, {"capacityUnit", "NUM_INSTANCES"}}};
  ApiWorld world;
};

TEST_F(ServiceEnvironmentsTest, EveryMemberComesBack) {
  json request = json::parse(R"({"serviceEnvironmentName":"train",
      "serviceEnvironmentType":"SAGEMAKER_TRAINING","state":"DISABLED",
      "capacityLimits":[{"maxCapacity":5,"capacityUnit":"ml.m5.large"},
                        {"maxCapacity":1,"capacityUnit":"ml.g5.xlarge"}],
      "tags":{"a":"b"}})");
  EXPECT_EQ(world.Call("CreateServiceEnvironment", request.dump()),
            json({{"serviceEnvironmentName", "train"},
                  {"serviceEnvironmentArn", EnvironmentArn("train")}}));
  EXPECT_EQ(Describe("train")["status"], "CREATING");
  world.Advance();
  request["serviceEnvironmentArn"] = EnvironmentArn("train");
  request["status"] = "VALID";
  EXPECT_EQ(Describe("train"), request);
  EXPECT_EQ(Describe(EnvironmentArn("train")), request);
}

TEST_F(ServiceEnvironmentsTest, CreationIsRefused) {
  const auto refused = [this](const json& of) {
    return world.Refusal("CreateServiceEnvironment",
                         json({{"serviceEnvironmentName", "train"},
                               {"serviceEnvironmentType", "SAGEMAKER_TRAINING"},
                               {"capacityLimits", of}})
                             .dump());
  };
  EXPECT_EQ(refused({{{"maxCapacity", 1}}}),
            "capacityLimits[0].capacityUnit is absent; it is required");
  EXPECT_EQ(refused({{{"capacityUnit", "x"}}}),
            "capacityLimits[0].maxCapacity is absent; it is required");
  EXPECT_THAT(refused(json::array()), StartsWith("capacityLimits has 0"));
  EXPECT_THAT(refused({limits[0], limits[0]}), HasSubstr("twice"));
  EXPECT_THAT(
      refused({{{"maxCapacity", -1}, {"capacityUnit", "NUM_INSTANCES"}}}),
      StartsWith("capacityLimits.maxCapacity is -1"));
  Create("train");
  EXPECT_THAT(refused(limits), HasSubstr("already exists"));
}

TEST_F(ServiceEnvironmentsTest, UpdateChangesWhatItGives) {
  Create("train");
  EXPECT_EQ(world.Call("UpdateServiceEnvironment",
                       R"({"serviceEnvironment":"train","state":"DISABLED"})"),
            json({{"serviceEnvironmentName", "train"},
                  {"serviceEnvironmentArn", EnvironmentArn("train")}}));
  world.Advance();
  EXPECT_EQ(Describe("train")["state"], "DISABLED");
  EXPECT_EQ(Describe("train")["capacityLimits"], limits);
  limits[0]["maxCapacity"] = 9;
  world.Call("UpdateServiceEnvironment",
             json({{"serviceEnvironment", EnvironmentArn("train")},
                   {"capacityLimits", limits}})
                 .dump());
  world.Advance();
  EXPECT_EQ(Describe("train")["capacityLimits"], limits);
}

TEST_F(ServiceEnvironmentsTest, UpdateIsRefused) {
  const auto refused = [this](absl::string_view more) {
    return world.Refusal(
        "UpdateServiceEnvironment",
        absl::StrCat(R"({"serviceEnvironment":"train")", more, "}"));
  };
  EXPECT_THAT(refused(""), HasSubstr("\"train\""));
  Create("train");
  EXPECT_EQ(refused(R"(,"capacityLimits":[])"),
            "capacityLimits is empty; must have at least 1 item");
  EXPECT_EQ(refused(R"(,"capacityLimits":[{}])"),
            "capacityLimits[0].maxCapacity is absent; it is required");
}

TEST_F(ServiceEnvironmentsTest, DeletionNeedsADisabledOne) {
  Create("train");
  EXPECT_THAT(world.Refusal("DeleteServiceEnvironment",
                            R"({"serviceEnvironment":"train"})"),
              HasSubstr("DISABLED"));
  world.Call("UpdateServiceEnvironment",
             R"({"serviceEnvironment":"train","state":"DISABLED"})");
  world.Advance();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(world.Call("DeleteServiceEnvironment",
                         R"({"serviceEnvironment":"train"})"),
              json::object());
    world.Advance();
  }
  EXPECT_TRUE(Describe("train").is_null());
}

TEST_F(ServiceEnvironmentsTest, PagesGoByName) {
  for (const char* name : {"b", "a", "c"}) Create(name);
  json page = world.Call("DescribeServiceEnvironments", R"({"maxResults":2})");
  ASSERT_EQ(page["serviceEnvironments"].size(), 2u);
  EXPECT_EQ(page["serviceEnvironments"][0]["serviceEnvironmentName"], "a");
  page = world.Call("DescribeServiceEnvironments",
                    json({{"nextToken", page["nextToken"]}}).dump());
  ASSERT_EQ(page["serviceEnvironments"].size(), 1u);
  EXPECT_FALSE(page.contains("nextToken"));
  EXPECT_THAT(
      world.Refusal("DescribeServiceEnvironments",
                    json({{"serviceEnvironments", json(101, "x")}}).dump()),
      StartsWith("serviceEnvironments has 101 items"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
