// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/str_cat.h"
#include "embatch/job_definition.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using ::nlohmann::json;

// An environment with room for one job of 256 vCPUs.
struct SnapshotTest : testing::Test {
  SnapshotTest() {
    world.AddEnvironment();
    JobDefinitionOptions options;
    options.job_definition_name = "big";
    options.container_properties.image = "busybox";
    options.container_properties.resources = Resources::Of(2, 512);
    EXPECT_TRUE(
        world.scheduler
            .RegisterJobDefinition(
                JobDefinition::Create(std::move(options)).value(), world.now)
            .ok());
    world.Call("CreateConsumableResource",
               R"({"consumableResourceName":"seat","totalQuantity":1})");
  }
  void AddQueue(const char* policy) {
    json queue = json::parse(R"({"jobQueueName":"queue","priority":1,
        "computeEnvironmentOrder":[
          {"order":1,"computeEnvironment":"machines"}]})");
    if (*policy != '\0') {
      queue["schedulingPolicyArn"] =
          absl::StrCat(kArnPrefix, "scheduling-policy/", policy);
    }
    world.Call("CreateJobQueue", queue.dump());
    world.Advance();
  }
  // Only one of these can run at a time.
  std::string Submit(SubmitJobRequest request = {}) {
    request.job_name = "j";
    request.job_queue = "queue";
    request.job_definition = "big";
    request.consumable_resource_properties_override.consumable_resource_list = {
        {"seat", 1}};
    const auto job = world.scheduler.SubmitJob(request, world.now);
    EXPECT_TRUE(job.ok()) << job.status();
    return absl::StrCat(kArnPrefix, "job/", world.scheduler.JobIdText(*job));
  }
  json Snapshot() {
    return world.Call("GetJobQueueSnapshot", R"({"jobQueue":"queue"})");
  }
  ApiWorld world;
};

TEST_F(SnapshotTest, OfAnEmptyQueueIsEmpty) {
  AddQueue("");
  EXPECT_EQ(Snapshot(), json::parse(R"({
      "frontOfQueue":{"jobs":[],"lastUpdatedAt":1767225600000},
      "queueUtilization":{"totalCapacityUsage":[
          {"capacityUnit":"VCPU","quantity":0.0}],
        "lastUpdatedAt":1767225600000}})"));
}

TEST_F(SnapshotTest, OfAQueueShowsItsFrontAndUse) {
  AddQueue("");
  Submit();
  const std::string second = Submit();
  world.Advance(2);
  EXPECT_EQ(
      Snapshot(),
      json::parse(absl::StrCat(
          R"({"frontOfQueue":{"jobs":[{"jobArn":")", second,
          R"(","earliestTimeAtPosition":1767225600000}],)",
          R"("lastUpdatedAt":1767225602000},"queueUtilization":{)",
          R"("totalCapacityUsage":[{"capacityUnit":"VCPU","quantity":2.0}],)",
          R"("lastUpdatedAt":1767225602000}})")));
}

TEST_F(SnapshotTest, OfFairSharesShowsWhatTheyUse) {
  world.Call("CreateSchedulingPolicy", R"({"name":"fair"})");
  AddQueue("fair");
  SubmitJobRequest request;
  request.share_identifier = "red";
  Submit(request);
  world.Advance(2);
  EXPECT_EQ(Snapshot()["queueUtilization"]["fairshareUtilization"],
            json::parse(R"({"activeShareCount":1,"topCapacityUtilization":[
                {"shareIdentifier":"red","capacityUsage":[
                  {"capacityUnit":"VCPU","quantity":2.0}]}]})"));
  EXPECT_FALSE(Snapshot().contains("frontOfQuotaShares"));
}

TEST_F(SnapshotTest, OfQuotaSharesShowsTheirFront) {
  world.Call("CreateSchedulingPolicy", R"({"name":"quota","quotaSharePolicy":
      {"idleResourceAssignmentStrategy":"FIFO"}})");
  AddQueue("quota");
  for (const char* name : {"idle", "busy"}) {
    world.Call(
        "CreateQuotaShare",
        json({{"quotaShareName", name},
              {"jobQueue", "queue"},
              {"capacityLimits",
               {{{"maxCapacity", 8}, {"capacityUnit", "VCPU"}}}},
              {"resourceSharingConfiguration", {{"strategy", "RESERVE"}}},
              {"preemptionConfiguration", {{"inSharePreemption", "DISABLED"}}}})
            .dump());
    world.Advance();
  }
  SubmitJobRequest request;
  request.quota_share_name = "busy";
  Submit(request);
  const std::string second = Submit(request);
  world.Advance(2);
  const json snapshot = Snapshot();
  EXPECT_EQ(snapshot["frontOfQuotaShares"],
            json::parse(absl::StrCat(
                R"({"quotaShares":{"idle":[],"busy":[{"jobArn":")", second,
                R"(","earliestTimeAtPosition":1767225600000}]},)",
                R"("lastUpdatedAt":1767225602000})")));
  EXPECT_EQ(snapshot["queueUtilization"]["quotaShareUtilization"],
            json::parse(R"({"topCapacityUtilization":[
                {"quotaShareName":"busy","capacityUsage":[
                  {"capacityUnit":"VCPU","quantity":2.0}]}]})"));
  EXPECT_FALSE(snapshot["queueUtilization"].contains("fairshareUtilization"));
}

TEST_F(SnapshotTest, OfNoQueueIsRefused) {
  EXPECT_EQ(world.Refusal("GetJobQueueSnapshot", R"({"jobQueue":"none"})"),
            "Job queue none does not exist");
}

}  // namespace
}  // namespace api
}  // namespace embatch
