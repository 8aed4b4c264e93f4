// SPDX-License-Identifier: Apache-2.0
// Events as EventBridge has them.
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/api/service/job_world.h"

namespace embatch {
namespace api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

struct EventsTest : testing::Test {
  // What one turn tells; the world's clock then stands where the next is due.
  std::vector<json> Turn() {
    std::vector<json> events;
    const Step step = world.scheduler.Advance(world.now);
    EXPECT_TRUE(step.status.ok()) << step.status;
    world.service.PrintEvents(step, [&events](absl::string_view event) {
      events.push_back(json::parse(std::string(event)));
    });
    if (step.next != absl::InfiniteFuture()) world.now = step.next;
    return events;
  }
  // All until so many turns are done.
  std::vector<json> Turns(int turns) {
    std::vector<json> events;
    for (int i = 0; i < turns; ++i) {
      for (json& event : Turn()) events.push_back(std::move(event));
    }
    return events;
  }
  static std::vector<std::string> Statuses(const std::vector<json>& events) {
    std::vector<std::string> statuses;
    for (const json& event : events) {
      statuses.push_back(event["detail"]["status"]);
    }
    return statuses;
  }

  JobWorld world;
};

TEST_F(EventsTest, EveryChangeOfStatusIsOne) {
  const std::string id = world.Submit();

  const std::vector<json> events = Turns(8);

  EXPECT_THAT(Statuses(events),
              ElementsAre("RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"));
  std::set<std::string> ids;
  for (const json& event : events) {
    EXPECT_EQ(event["version"], "0");
    EXPECT_EQ(event["source"], "aws.batch");
    EXPECT_EQ(event["account"], "123456789012");
    EXPECT_EQ(event["region"], "eu-central-1");
    EXPECT_EQ(event["detail-type"], "Batch Job State Change");
    EXPECT_EQ(event["resources"], json({ArnOf("job/" + id)}));
    EXPECT_EQ(event["detail"]["jobId"], id);
    EXPECT_EQ(event["detail"]["jobQueue"], ArnOf("job-queue/queue"));
    EXPECT_EQ(event.size(), 9);
    ids.insert(event["id"].get<std::string>());
    EXPECT_EQ(event["id"].get<std::string>().size(), 36);
  }
  EXPECT_EQ(ids.size(), events.size());
  EXPECT_EQ(events.front()["time"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(events.back()["time"], "2026-01-01T00:00:11Z");
  EXPECT_FALSE(events.front()["detail"].contains("statusReason"));
  EXPECT_EQ(events.back()["detail"]["statusReason"],
            "Essential container in task exited");
  EXPECT_EQ(events.back()["detail"]["attempts"].size(), 1);
}

TEST_F(EventsTest, MillisecondsAreThereWhereTheyAreNotZero) {
  world.fate.start_delay = absl::Milliseconds(1250);
  world.Submit();
  const std::vector<json> events = Turns(8);
  ASSERT_EQ(events.size(), 4);
  EXPECT_EQ(events[2]["time"], "2026-01-01T00:00:01.250Z");
}

TEST_F(EventsTest, ChildrenOfAnArrayHaveEventsOfTheirOwn) {
  const std::string id = world.Submit(R"(,"arrayProperties":{"size":3})");
  const std::vector<json> events = Turn();
  std::vector<std::string> runnable;
  std::set<std::string> ids;
  for (const json& event : events) {
    ids.insert(event["id"].get<std::string>());
    if (event["detail"]["status"] != "RUNNABLE") continue;
    runnable.push_back(event["detail"]["jobId"]);
    EXPECT_EQ(event["resources"], json({ArnOf("job/" + runnable.back())}));
  }
  EXPECT_THAT(runnable, ElementsAre(id + ":0", id + ":1", id + ":2"));
  EXPECT_EQ(ids.size(), events.size());
}

TEST_F(EventsTest, BlockedQueueIsTold) {
  const std::string id =
      world.Submit(R"(,"containerOverrides":{"resourceRequirements":[)"
                   R"({"type":"VCPU","value":"1000"}]})");
  const std::vector<json> events = Turns(3);
  ASSERT_EQ(events.size(), 2);
  const json& blocked = events[1];
  EXPECT_EQ(blocked["detail-type"], "Batch Job Queue Blocked");
  EXPECT_EQ(blocked["resources"],
            json({ArnOf("job/" + id), ArnOf("job-queue/queue")}));
  EXPECT_EQ(blocked["detail"]["status"], "RUNNABLE");
  EXPECT_EQ(blocked["detail"]["statusReason"].get<std::string>().substr(0, 16),
            "MISCONFIGURATION");
}

TEST_F(EventsTest, ServiceJobsAreShownWithoutTagsAndPayload) {
  world.Call("CreateServiceEnvironment",
             R"({"serviceEnvironmentName":"train",
                 "serviceEnvironmentType":"SAGEMAKER_TRAINING",
                 "capacityLimits":[{"maxCapacity":5,
                                    "capacityUnit":"NUM_INSTANCES"}]})");
  world.Advance();
  world.Call("CreateJobQueue",
             R"({"jobQueueName":"training","priority":1,
                 "jobQueueType":"SAGEMAKER_TRAINING",
                 "serviceEnvironmentOrder":[{"order":1,
                                             "serviceEnvironment":"train"}]})");
  world.Advance();
  const std::string id =
      world.Call("SubmitServiceJob",
                 R"({"jobName":"t","jobQueue":"training","tags":{"a":"1"},
          "serviceJobType":"SAGEMAKER_TRAINING",
          "serviceRequestPayload":"{\"ResourceConfig\":{\"InstanceType\":)"
                 R"(\"ml.m5.large\",\"InstanceCount\":1}}"})")["jobId"];

  const std::vector<json> events = Turn();

  ASSERT_FALSE(events.empty());
  const json& event = events.front();
  EXPECT_EQ(event["detail-type"], "Batch Service Job State Change");
  EXPECT_EQ(event["resources"], json({ArnOf("service-job/" + id)}));
  EXPECT_EQ(event["detail"]["jobId"], id);
  EXPECT_EQ(event["detail"]["status"], "RUNNABLE");
  EXPECT_FALSE(event["detail"].contains("tags"));
  EXPECT_FALSE(event["detail"].contains("serviceRequestPayload"));
}

TEST_F(EventsTest, AreTheSameAgain) {
  world.Submit();
  const Step step = world.scheduler.Advance(world.now);
  std::vector<std::string> first;
  std::vector<std::string> second;
  world.service.PrintEvents(
      step, [&](absl::string_view event) { first.emplace_back(event); });
  world.service.PrintEvents(
      step, [&](absl::string_view event) { second.emplace_back(event); });
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(first, second);
}

TEST_F(EventsTest, JobThatIsGoneIsStillNamed) {
  SchedulerOptions options;
  options.finished_job_retention = absl::ZeroDuration();
  JobWorld forgetful(options);
  const std::string id = forgetful.Submit();
  forgetful.Call("CancelJob",
                 absl::StrCat(R"({"jobId":")", id, R"(","reason":"bye"})"));
  std::vector<json> events;
  const Step step = forgetful.scheduler.Advance(forgetful.now);
  forgetful.service.PrintEvents(step, [&events](absl::string_view event) {
    events.push_back(json::parse(std::string(event)));
  });
  ASSERT_EQ(events.size(), 1);
  EXPECT_EQ(events[0]["detail"]["jobId"], id);
  EXPECT_EQ(events[0]["detail"]["status"], "FAILED");
  EXPECT_EQ(events[0]["detail"]["statusReason"], "bye");
}

}  // namespace
}  // namespace api
}  // namespace embatch
