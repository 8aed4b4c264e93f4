// SPDX-License-Identifier: Apache-2.0
// What is told, as EventBridge has it, when a share takes back what it lent.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embatch/sim/simulated_service.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using ::nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kAcross[] =
    "Cross-share preemption triggered to reclaim borrowed capacity";

// A service of 4 instances, of which "red" and "blue" have 2 each; both lend,
// and red borrows. Jobs run for 100 s, start for 1 s, and take 5 s to stop.
struct PreemptionEventsTest : testing::Test {
  PreemptionEventsTest() : service(Fates()) {
    world.Call("CreateSchedulingPolicy", R"({"name":"quota","quotaSharePolicy":
        {"idleResourceAssignmentStrategy":"FIFO"}})");
    world.Call("CreateServiceEnvironment", R"({"serviceEnvironmentName":"train",
        "serviceEnvironmentType":"SAGEMAKER_TRAINING",
        "capacityLimits":[{"maxCapacity":4,"capacityUnit":"ml.m5.large"}]})");
    world.Advance();
    EXPECT_TRUE(world.scheduler.AttachServiceProvider("train", &service).ok());
    json queue = json::parse(R"({"jobQueueName":"queue","priority":1,
        "jobQueueType":"SAGEMAKER_TRAINING","serviceEnvironmentOrder":[
          {"order":1,"serviceEnvironment":"train"}]})");
    queue["schedulingPolicyArn"] =
        absl::StrCat(kArnPrefix, "scheduling-policy/quota");
    world.Call("CreateJobQueue", queue.dump());
    world.Advance();
    CreateShare("red", {{"strategy", "LEND_AND_BORROW"}});
    CreateShare("blue", {{"strategy", "LEND"}});
  }

  static SimulatedServiceOptions Fates() {
    SimulatedServiceOptions options;
    options.default_fate.run_time = absl::Seconds(100);
    options.default_fate.stop_delay = absl::Seconds(5);
    return options;
  }

  void CreateShare(const std::string& name, const json& sharing) {
    json share = json::parse(R"({"jobQueue":"queue",
        "capacityLimits":[{"maxCapacity":2,"capacityUnit":"ml.m5.large"}],
        "preemptionConfiguration":{"inSharePreemption":"ENABLED"}})");
    share["quotaShareName"] = name;
    share["resourceSharingConfiguration"] = sharing;
    world.Call("CreateQuotaShare", share.dump());
    world.Advance();
  }

  // A job of two instances; the answer is its ARN.
  std::string Submit(const std::string& share, json more = json::object()) {
    more["jobName"] = share;
    more["jobQueue"] = "queue";
    more["quotaShareName"] = share;
    more["serviceJobType"] = "SAGEMAKER_TRAINING";
    more["serviceRequestPayload"] =
        R"({"ResourceConfig":{"InstanceType":"ml.m5.large",)"
        R"("InstanceCount":2}})";
    return world.Call("SubmitServiceJob", more.dump())["jobArn"];
  }

  // The events of the next so many seconds.
  std::vector<json> EventsOf(int seconds) {
    std::vector<json> events;
    const absl::Time until = world.now + absl::Seconds(seconds);
    for (;;) {
      const Step step = world.scheduler.Advance(world.now);
      EXPECT_TRUE(step.status.ok()) << step.status;
      world.service.PrintEvents(step, [&events](absl::string_view event) {
        events.push_back(json::parse(std::string(event)));
      });
      if (step.next > until) break;
      world.now = step.next;
    }
    world.now = until;
    return events;
  }

  static std::vector<json> OfPreemption(const std::vector<json>& events) {
    std::vector<json> found;
    for (const json& event : events) {
      const std::string type = event["detail-type"];
      if (type.find("Preemption") != std::string::npos) found.push_back(event);
    }
    return found;
  }

  ApiWorld world;
  SimulatedService service;
};

// Source: §21; guide "Service job preemption events".
TEST_F(PreemptionEventsTest, StartAndCompletionAreTold) {
  Submit("red");
  EXPECT_THAT(OfPreemption(EventsOf(5)), IsEmpty());
  const std::string borrower = Submit("red");
  EXPECT_THAT(OfPreemption(EventsOf(5)), IsEmpty());
  Submit("blue");

  std::vector<json> events = OfPreemption(EventsOf(4));
  ASSERT_EQ(events.size(), 1);
  EXPECT_EQ(events[0]["detail-type"], "Batch Service Job Preemption Started");
  EXPECT_EQ(events[0]["resources"], json({borrower}));
  EXPECT_EQ(events[0]["time"], "2026-01-01T00:00:10Z");
  EXPECT_EQ(
      events[0]["detail"],
      json({{"statusReason", absl::StrCat("PREEMPTION_IN_PROGRESS: ", kAcross)},
            {"preemptedJobArn", borrower},
            {"status", "RUNNING"}}));

  events = OfPreemption(EventsOf(6));
  ASSERT_EQ(events.size(), 1);
  EXPECT_EQ(events[0]["detail-type"], "Batch Service Job Preemption Completed");
  EXPECT_EQ(events[0]["resources"], json({borrower}));
  EXPECT_EQ(events[0]["time"], "2026-01-01T00:00:15Z");
  EXPECT_EQ(events[0]["detail"]["preemptedJobArn"], borrower);
  EXPECT_EQ(events[0]["detail"]["status"], "RUNNABLE");
  json summary = events[0]["detail"]["preemptionSummary"];
  const json id = summary["recentPreemptedAttempts"][0]["serviceResourceId"];
  EXPECT_EQ(id["name"], "TrainingJobArn");
  summary["recentPreemptedAttempts"][0].erase("serviceResourceId");
  EXPECT_EQ(summary, json({{"preemptedAttemptCount", 1},
                           {"recentPreemptedAttempts",
                            {{{"startedAt", 1767225606000},
                              {"stoppedAt", 1767225615000},
                              {"statusReason", kAcross}}}}}));
}

// The end of the attempt is a change of status too, with an id of its own.
TEST_F(PreemptionEventsTest, CompletionComesBesideTheChangeOfStatus) {
  Submit("red");
  EventsOf(5);
  const std::string borrower = Submit("red");
  EventsOf(5);
  Submit("blue");
  std::vector<std::pair<std::string, std::string>> told;
  std::set<std::string> ids;
  for (const json& event : EventsOf(10)) {
    EXPECT_TRUE(ids.insert(event["id"]).second) << event;
    if (event["resources"][0] != borrower) continue;
    told.emplace_back(event["detail-type"], event["detail"]["status"]);
  }
  using Told = std::pair<std::string, std::string>;
  EXPECT_THAT(
      told,
      ElementsAre(Told("Batch Service Job Preemption Started", "RUNNING"),
                  Told("Batch Service Job State Change", "RUNNABLE"),
                  Told("Batch Service Job Preemption Completed", "RUNNABLE")));
}

TEST_F(PreemptionEventsTest, WhoMayNotBePreemptedFails) {
  Submit("red");
  EventsOf(5);
  const std::string borrower =
      Submit("red", {{"preemptionConfiguration",
                      {{"preemptionRetriesBeforeTermination", 0}}}});
  EventsOf(5);
  Submit("blue");
  const std::vector<json> events = OfPreemption(EventsOf(10));
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[1]["detail-type"], "Batch Service Job Preemption Completed");
  EXPECT_EQ(events[1]["detail"]["status"], "FAILED");
  EXPECT_EQ(events[1]["detail"]["preemptionSummary"]["preemptedAttemptCount"],
            1);
}

TEST_F(PreemptionEventsTest, PreemptionWithinAShareHasItsOwnReason) {
  Submit("red");
  EventsOf(5);
  Submit("blue");
  EventsOf(5);
  const std::string urgent = Submit("blue", {{"schedulingPriority", 9}});
  const std::vector<json> events = OfPreemption(EventsOf(10));
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[0]["detail"]["statusReason"],
            "PREEMPTION_IN_PROGRESS: In-share preemption triggered by higher "
            "priority job");
  EXPECT_NE(events[0]["resources"][0], urgent);
  EXPECT_EQ(events[1]["detail"]["preemptionSummary"]["recentPreemptedAttempts"]
                  [0]["statusReason"],
            "In-share preemption triggered by higher priority job");
}

}  // namespace
}  // namespace api
}  // namespace embatch
