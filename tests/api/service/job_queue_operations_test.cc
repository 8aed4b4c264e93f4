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

std::string ArnOfOne(absl::string_view resource) {
  return absl::StrCat(kArnPrefix, resource);
}

struct JobQueuesTest : testing::Test {
  JobQueuesTest() {
    world.AddEnvironment("machines");
    world.AddEnvironment("more");
    world.AddEnvironment("fargate", ComputeResourceType::kFargate);
  }
  json Create(const json& request) {
    const json answer = world.Call("CreateJobQueue", request.dump());
    world.Advance();
    return answer;
  }
  std::string Refused(const json& request) {
    return world.Refusal("CreateJobQueue", request.dump());
  }
  json Describe(absl::string_view name) {
    const json answer = world.Call(
        "DescribeJobQueues", absl::StrCat(R"({"jobQueues":[")", name, "\"]}"));
    const json& found = answer["jobQueues"];
    return found.empty() ? json() : found[0];
  }

  ApiWorld world;
  json plain = json::parse(R"({"jobQueueName":"q","priority":7,
      "computeEnvironmentOrder":[{"order":1,"computeEnvironment":"machines"}]})");
};

TEST_F(JobQueuesTest, CreationAnswersNameAndArn) {
  EXPECT_EQ(Create(plain), json({{"jobQueueName", "q"},
                                 {"jobQueueArn", ArnOfOne("job-queue/q")}}));
}

TEST_F(JobQueuesTest, EveryMemberComesBack) {
  world.Call("CreateSchedulingPolicy", R"({"name":"fair"})");
  json request = json::parse(R"({"jobQueueName":"q","priority":7,
      "state":"DISABLED","jobQueueType":"ECS","tags":{"a":"b"},
      "computeEnvironmentOrder":[{"order":5,"computeEnvironment":"more"},
                                 {"order":2,"computeEnvironment":"machines"}],
      "jobStateTimeLimitActions":[{"reason":
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT","state":"RUNNABLE",
        "maxTimeSeconds":600,"action":"CANCEL"}]})");
  request["schedulingPolicyArn"] = ArnOfOne("scheduling-policy/fair");
  request["computeEnvironmentOrder"][0]["computeEnvironment"] =
      ArnOfOne("compute-environment/more");
  Create(request);
  json expected = request;
  expected["computeEnvironmentOrder"] = {
      {{"order", 2},
       {"computeEnvironment", ArnOfOne("compute-environment/machines")}},
      {{"order", 5},
       {"computeEnvironment", ArnOfOne("compute-environment/more")}}};
  expected["jobQueueArn"] = ArnOfOne("job-queue/q");
  expected["status"] = "VALID";
  expected["statusReason"] = "JobQueue Healthy";
  EXPECT_EQ(Describe("q"), expected);
}

TEST_F(JobQueuesTest, WhatIsNotGivenIsAbsent) {
  Create(plain);
  EXPECT_EQ(
      Describe(ArnOfOne("job-queue/q")),
      json::parse(absl::StrCat(
          R"({"jobQueueName":"q","jobQueueArn":")", kArnPrefix,
          R"(job-queue/q","state":"ENABLED","status":"VALID","statusReason":)",
          R"("JobQueue Healthy","priority":7,"computeEnvironmentOrder":[)",
          R"({"order":1,"computeEnvironment":")", kArnPrefix,
          R"(compute-environment/machines"}],"jobQueueType":"ECS",)",
          R"("tags":{},"jobStateTimeLimitActions":[]})")));
}

TEST_F(JobQueuesTest, TypeFollowsTheEnvironment) {
  plain["computeEnvironmentOrder"][0]["computeEnvironment"] = "fargate";
  Create(plain);
  EXPECT_EQ(Describe("q")["jobQueueType"], "ECS_FARGATE");
  plain["jobQueueName"] = "other";
  plain["jobQueueType"] = "ECS";
  EXPECT_THAT(Refused(plain), StartsWith("jobQueueType is ECS; must be ECS_F"));
}

TEST_F(JobQueuesTest, CreationIsRefusedInAwsWords) {
  Create(plain);
  EXPECT_EQ(Refused(plain), "Job queue q already exists");
  plain["jobQueueName"] = "job_queue";  // looks like a member's name
  Create(plain);
  EXPECT_EQ(Refused(plain), "Job queue job_queue already exists");
  plain["jobQueueName"] = "r";
  const auto with = [this](const char* member, json value) {
    json changed = plain;
    changed[member] = std::move(value);
    return Refused(changed);
  };
  EXPECT_THAT(with("computeEnvironmentOrder", json::array()),
              HasSubstr("At least 1 compute environment must be provided"));
  EXPECT_THAT(with("computeEnvironmentOrder", nullptr),
              HasSubstr("At least 1 compute environment must be provided"));
  EXPECT_THAT(with("priority", nullptr), StartsWith("priority is absent"));
  EXPECT_THAT(with("priority", 1001), StartsWith("priority is 1001"));
  EXPECT_THAT(with("jobQueueName", ""), StartsWith("jobQueueName is \"\""));
  EXPECT_THAT(with("schedulingPolicyArn", "fair"),
              StartsWith("schedulingPolicyArn is \"fair\"; must be an ARN"));
  EXPECT_THAT(with("schedulingPolicyArn", ArnOfOne("scheduling-policy/none")),
              StartsWith("schedulingPolicyArn is \"none\""));
  EXPECT_THAT(with("computeEnvironmentOrder",
                   {{{"order", 1}, {"computeEnvironment", "none"}}}),
              HasSubstr("\"none\"; there is no compute environment"));
  EXPECT_THAT(with("computeEnvironmentOrder",
                   {{{"order", 1}, {"computeEnvironment", "machines"}},
                    {{"order", 1}, {"computeEnvironment", "more"}}}),
              HasSubstr("computeEnvironmentOrder.order is 1 twice"));
  EXPECT_THAT(with("jobStateTimeLimitActions",
                   {{{"reason", "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"},
                     {"state", "RUNNABLE"},
                     {"maxTimeSeconds", 599},
                     {"action", "CANCEL"}}}),
              HasSubstr("jobStateTimeLimitActions.maxTimeSeconds is 9m59s"));
}

TEST_F(JobQueuesTest, UpdateChangesWhatItGives) {
  Create(plain);
  EXPECT_EQ(
      world.Call("UpdateJobQueue", R"({"jobQueue":"q","priority":1})"),
      json({{"jobQueueName", "q"}, {"jobQueueArn", ArnOfOne("job-queue/q")}}));
  EXPECT_EQ(Describe("q")["status"], "UPDATING");
  EXPECT_THAT(world.Refusal("UpdateJobQueue", R"({"jobQueue":"q"})"),
              HasSubstr("Cannot update, resource is being modified"));
  world.Advance();
  json update = json::parse(R"({"state":"DISABLED","computeEnvironmentOrder":[
      {"order":1,"computeEnvironment":"more"}],"jobStateTimeLimitActions":[
      {"reason":"MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT","state":"RUNNABLE",
       "maxTimeSeconds":86400,"action":"CANCEL"}]})");
  update["jobQueue"] = ArnOfOne("job-queue/q");
  world.Call("UpdateJobQueue", update.dump());
  world.Advance();
  const json detail = Describe("q");
  EXPECT_EQ(detail["priority"], 1);
  EXPECT_EQ(detail["state"], "DISABLED");
  EXPECT_EQ(detail["computeEnvironmentOrder"][0]["computeEnvironment"],
            ArnOfOne("compute-environment/more"));
  EXPECT_EQ(detail["jobStateTimeLimitActions"],
            update["jobStateTimeLimitActions"]);
}

TEST_F(JobQueuesTest, PolicyIsReplacedAndNeverAdded) {
  world.Call("CreateSchedulingPolicy", R"({"name":"a"})");
  world.Call("CreateSchedulingPolicy", R"({"name":"b"})");
  Create(plain);
  const auto update = [](absl::string_view queue, absl::string_view policy) {
    return json({{"jobQueue", std::string(queue)},
                 {"schedulingPolicyArn",
                  ArnOfOne(absl::StrCat("scheduling-policy/", policy))}})
        .dump();
  };
  EXPECT_THAT(world.Refusal("UpdateJobQueue", update("q", "a")),
              HasSubstr("schedulingPolicyArn"));
  plain["jobQueueName"] = "fair";
  plain["schedulingPolicyArn"] = ArnOfOne("scheduling-policy/a");
  Create(plain);
  world.Call("UpdateJobQueue", update("fair", "b"));
  EXPECT_EQ(Describe("fair")["schedulingPolicyArn"],
            ArnOfOne("scheduling-policy/b"));
}

TEST_F(JobQueuesTest, DeletionNeedsADisabledQueue) {
  Create(plain);
  EXPECT_THAT(world.Refusal("DeleteJobQueue", R"({"jobQueue":"q"})"),
              HasSubstr("must be DISABLED"));
  EXPECT_THAT(world.Refusal("DeleteComputeEnvironment",
                            R"({"computeEnvironment":"machines"})"),
              HasSubstr("computeEnvironment is \"machines\""));
  world.Call("UpdateJobQueue", R"({"jobQueue":"q","state":"DISABLED"})");
  world.Advance();
  EXPECT_EQ(world.Call("DeleteJobQueue", R"({"jobQueue":"q"})"),
            json::object());
  EXPECT_EQ(Describe("q")["status"], "DELETING");
  world.Advance();
  EXPECT_TRUE(Describe("q").is_null());
  EXPECT_EQ(world.Call("DeleteJobQueue", R"({"jobQueue":"q"})"),
            json::object());
}

TEST_F(JobQueuesTest, PagesGoByName) {
  for (const char* name : {"c", "a", "b"}) {
    plain["jobQueueName"] = name;
    Create(plain);
  }
  json page = world.Call("DescribeJobQueues", R"({"maxResults":2})");
  EXPECT_EQ(page["jobQueues"].size(), 2u);
  page = world.Call("DescribeJobQueues",
                    json({{"nextToken", page["nextToken"]}}).dump());
  ASSERT_EQ(page["jobQueues"].size(), 1u);
  EXPECT_EQ(page["jobQueues"][0]["jobQueueName"], "c");
  EXPECT_FALSE(page.contains("nextToken"));
  EXPECT_THAT(world.Refusal("DescribeJobQueues",
                            json({{"jobQueues", json(101, "x")}}).dump()),
              StartsWith("jobQueues has 101 items"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
