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

std::string PolicyArn(absl::string_view name) {
  return absl::StrCat(kArnPrefix, "scheduling-policy/", name);
}

struct SchedulingPoliciesTest : testing::Test {
  json Describe(absl::string_view name) {
    const json answer = world.Call("DescribeSchedulingPolicies",
                                   json({{"arns", {PolicyArn(name)}}}).dump());
    const json& found = answer["schedulingPolicies"];
    return found.empty() ? json() : found[0];
  }
  ApiWorld world;
};

TEST_F(SchedulingPoliciesTest, FairShareComesBack) {
  json request = json::parse(R"({"name":"fair","tags":{"a":"b"},
      "fairsharePolicy":{"shareDecaySeconds":604800,"computeReservation":99,
        "shareDistribution":[{"shareIdentifier":"red*","weightFactor":0.1},
                             {"shareIdentifier":"a","weightFactor":999.9999},
                             {"shareIdentifier":"b","weightFactor":0.0001}]}})");
  EXPECT_EQ(world.Call("CreateSchedulingPolicy", request.dump()),
            json({{"name", "fair"}, {"arn", PolicyArn("fair")}}));
  const Answer answer = world.service.CallJson(
      "DescribeSchedulingPolicies",
      json({{"arns", {PolicyArn("fair")}}}).dump(), world.now);
  EXPECT_EQ(answer.body,
            absl::StrCat(R"({"schedulingPolicies":[{"name":"fair","arn":")",
                         PolicyArn("fair"),
                         R"(","fairsharePolicy":{"shareDecaySeconds":604800,)",
                         R"("computeReservation":99,"shareDistribution":[)",
                         R"({"shareIdentifier":"red*","weightFactor":0.1},)",
                         R"({"shareIdentifier":"a","weightFactor":999.9999},)",
                         R"({"shareIdentifier":"b","weightFactor":1e-04}]},)",
                         R"("tags":{"a":"b"}}]})"));
}

TEST_F(SchedulingPoliciesTest, QuotaSharesComeBack) {
  world.Call("CreateSchedulingPolicy", R"({"name":"quota","quotaSharePolicy":
      {"idleResourceAssignmentStrategy":"FIFO"}})");
  EXPECT_EQ(Describe("quota"),
            json::parse(absl::StrCat(
                R"({"name":"quota","arn":")", PolicyArn("quota"),
                R"(","quotaSharePolicy":{"idleResourceAssignmentStrategy":)",
                R"("FIFO"},"tags":{}})")));
}

TEST_F(SchedulingPoliciesTest, WeightIsOneUnlessGiven) {
  world.Call("CreateSchedulingPolicy", R"({"name":"fair","fairsharePolicy":{
      "shareDistribution":[{"shareIdentifier":"a"}]}})");
  EXPECT_EQ(
      Describe(
          "fair")["fairsharePolicy"]["shareDistribution"][0]["weightFactor"],
      1.0);
}

TEST_F(SchedulingPoliciesTest, CreationIsRefused) {
  const auto refused = [this](absl::string_view fairshare) {
    return world.Refusal(
        "CreateSchedulingPolicy",
        absl::StrCat(R"({"name":"x","fairsharePolicy":)", fairshare, "}"));
  };
  EXPECT_THAT(refused(R"({"shareDecaySeconds":604801})"),
              StartsWith("fairsharePolicy.shareDecaySeconds is "));
  EXPECT_THAT(refused(R"({"shareDecaySeconds":-1})"),
              HasSubstr("must be between 0 and 604800"));
  EXPECT_EQ(refused(R"({"computeReservation":100})"),
            "fairsharePolicy.computeReservation is 100; must be between 0 and "
            "99");
  for (const char* weight : {"0", "0.00001", "1000", "-1", "1e30"}) {
    EXPECT_THAT(
        refused(absl::StrCat(R"({"shareDistribution":[{"shareIdentifier":"a",)",
                             "\"weightFactor\":", weight, "}]}")),
        HasSubstr("must be between 0.0001 and 999.9999"))
        << weight;
  }
  EXPECT_THAT(refused(R"({"shareDistribution":[{"shareIdentifier":"a*"},
                          {"shareIdentifier":"ab"}]})"),
              HasSubstr("must not overlap"));
  EXPECT_THAT(refused(R"({"shareDistribution":[{"weightFactor":1}]})"),
              HasSubstr("shareIdentifier is absent"));
  EXPECT_THAT(world.Refusal("CreateSchedulingPolicy", R"({"name":"x",
                  "fairsharePolicy":{},"quotaSharePolicy":
                  {"idleResourceAssignmentStrategy":"FIFO"}})"),
              StartsWith("fairsharePolicy and quotaSharePolicy are both"));
  world.Call("CreateSchedulingPolicy", R"({"name":"x"})");
  EXPECT_THAT(world.Refusal("CreateSchedulingPolicy", R"({"name":"x"})"),
              HasSubstr("already exists"));
}

TEST_F(SchedulingPoliciesTest, UpdateReplacesThePolicy) {
  world.Call("CreateSchedulingPolicy", R"({"name":"fair","tags":{"a":"b"},
      "fairsharePolicy":{"computeReservation":5}})");
  const auto update = [](absl::string_view more) {
    return absl::StrCat(R"({"arn":")", PolicyArn("fair"), "\"", more, "}");
  };
  EXPECT_EQ(
      world.Call("UpdateSchedulingPolicy",
                 update(R"(,"fairsharePolicy":{"shareDecaySeconds":60})")),
      json::object());
  EXPECT_EQ(Describe("fair")["fairsharePolicy"],
            json::parse(R"({"shareDecaySeconds":60,"computeReservation":0,
                            "shareDistribution":[]})"));
  EXPECT_EQ(Describe("fair")["tags"], json({{"a", "b"}}));
  world.Call("UpdateSchedulingPolicy", update(""));
  EXPECT_EQ(Describe("fair")["fairsharePolicy"]["shareDecaySeconds"], 60);
  EXPECT_EQ(
      world.Refusal("UpdateSchedulingPolicy", update(R"(,"quotaSharePolicy":
                           {"idleResourceAssignmentStrategy":"FIFO"})")),
      absl::StrCat("arn is \"", PolicyArn("fair"),
                   "\", which has a fairsharePolicy; the kind of a scheduling "
                   "policy can't be changed"));
  EXPECT_THAT(world.Refusal("UpdateSchedulingPolicy",
                            json({{"arn", PolicyArn("none")}}).dump()),
              StartsWith(absl::StrCat("arn is \"", PolicyArn("none"), "\"; ")));
  EXPECT_THAT(world.Refusal("UpdateSchedulingPolicy", R"({"arn":"fair"})"),
              StartsWith("arn is \"fair\"; must be an ARN"));
}

TEST_F(SchedulingPoliciesTest, DeletionOfOneInUseIsRefused) {
  world.AddEnvironment();
  world.Call("CreateSchedulingPolicy", R"({"name":"fair"})");
  world.Call("CreateJobQueue",
             json({{"jobQueueName", "q"},
                   {"priority", 1},
                   {"schedulingPolicyArn", PolicyArn("fair")},
                   {"computeEnvironmentOrder",
                    {{{"order", 1}, {"computeEnvironment", "machines"}}}}})
                 .dump());
  const std::string request = json({{"arn", PolicyArn("fair")}}).dump();
  EXPECT_EQ(world.Refusal("DeleteSchedulingPolicy", request),
            absl::StrCat("arn is \"", PolicyArn("fair"),
                         "\", which job queue \"q\" uses; a scheduling policy "
                         "that is used can't be deleted"));
  EXPECT_EQ(world.Call("DeleteSchedulingPolicy",
                       json({{"arn", PolicyArn("none")}}).dump()),
            json::object());
}

TEST_F(SchedulingPoliciesTest, ListGoesByName) {
  for (const char* name : {"b", "c", "a"}) {
    world.Call("CreateSchedulingPolicy", json({{"name", name}}).dump());
  }
  json page = world.Call("ListSchedulingPolicies", R"({"maxResults":2})");
  EXPECT_EQ(page["schedulingPolicies"],
            json({{{"arn", PolicyArn("a")}}, {{"arn", PolicyArn("b")}}}));
  page = world.Call("ListSchedulingPolicies",
                    json({{"nextToken", page["nextToken"]}}).dump());
  EXPECT_EQ(page, json({{"schedulingPolicies", {{{"arn", PolicyArn("c")}}}}}));
  EXPECT_THAT(world.Refusal("ListSchedulingPolicies", R"({"maxResults":101})"),
              StartsWith("maxResults is 101"));
  EXPECT_THAT(world.Refusal("ListSchedulingPolicies", R"({"nextToken":"J:a"})"),
              StartsWith("nextToken is \"J:a\""));
  world.Call("DeleteSchedulingPolicy", json({{"arn", PolicyArn("a")}}).dump());
  EXPECT_TRUE(Describe("a").is_null());
  EXPECT_THAT(world.Refusal("DescribeSchedulingPolicies",
                            json({{"arns", json(101, "x")}}).dump()),
              StartsWith("arns has 101 items"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
