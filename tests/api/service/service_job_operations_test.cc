// SPDX-License-Identifier: Apache-2.0
#include <string>

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
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kPayload[] =
    R"({"ResourceConfig":{"InstanceType":"ml.m5.large","InstanceCount":2}})";

// A queue "queue" on a service that has each job wait for 1 s, start for 1 s
// and run for 10 s.
struct ServiceJobsTest : testing::Test {
  ServiceJobsTest() : service(Fates()) {
    world.Call("CreateServiceEnvironment", R"({"serviceEnvironmentName":"train",
        "serviceEnvironmentType":"SAGEMAKER_TRAINING","capacityLimits":
        [{"maxCapacity":4,"capacityUnit":"NUM_INSTANCES"}]})");
    world.Advance();
    EXPECT_TRUE(world.scheduler.AttachServiceProvider("train", &service).ok());
    CreateQueue("queue");
  }
  static SimulatedServiceOptions Fates() {
    SimulatedServiceOptions options;
    options.default_fate.capacity_delay = absl::Seconds(1);
    return options;
  }
  void CreateQueue(const char* name, json more = json::object()) {
    more["jobQueueName"] = name;
    more["priority"] = 1;
    more["serviceEnvironmentOrder"] = {
        {{"order", 1}, {"serviceEnvironment", "train"}}};
    world.Call("CreateJobQueue", more.dump());
    world.Advance();
  }
  std::string Submit() {
    const json answer = world.Call("SubmitServiceJob", request.dump());
    return answer["jobId"];
  }
  json Describe(const std::string& job) {
    return world.Call("DescribeServiceJob", json({{"jobId", job}}).dump());
  }
  json List(json of) {
    of["jobQueue"] = "queue";
    return world.Call("ListServiceJobs", of.dump())["jobSummaryList"];
  }

  ApiWorld world;
  SimulatedService service;
  json request = {{"jobName", "j"},
                  {"jobQueue", "queue"},
                  {"serviceRequestPayload", kPayload},
                  {"serviceJobType", "SAGEMAKER_TRAINING"}};
};

TEST_F(ServiceJobsTest, QueueShowsItsServiceEnvironment) {
  const json queue = world.Call("DescribeJobQueues", "{}")["jobQueues"][0];
  EXPECT_EQ(queue["jobQueueType"], "SAGEMAKER_TRAINING");
  EXPECT_EQ(queue["computeEnvironmentOrder"], json::array());
  EXPECT_EQ(queue["serviceEnvironmentOrder"],
            json({{{"order", 1},
                   {"serviceEnvironment",
                    absl::StrCat(kArnPrefix, "service-environment/train")}}}));
}

TEST_F(ServiceJobsTest, SubmissionAnswersIdNameAndArn) {
  const json answer = world.Call("SubmitServiceJob", request.dump());
  const std::string id = answer["jobId"];
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(answer,
            json({{"jobId", id},
                  {"jobName", "j"},
                  {"jobArn", absl::StrCat(kArnPrefix, "service-job/", id)}}));
}

TEST_F(ServiceJobsTest, EveryMemberComesBack) {
  request.update(json::parse(R"({"retryStrategy":{"attempts":3,
      "evaluateOnExit":[{"action":"EXIT","onStatusReason":"Bad*"},
                        {"action":"RETRY","onStatusReason":"*"}]},
      "schedulingPriority":9,"timeoutConfig":{"attemptDurationSeconds":60},
      "preemptionConfiguration":{"preemptionRetriesBeforeTermination":2},
      "tags":{"a":"b"},"clientToken":"t"})"));
  const std::string id = Submit();
  json expected = request;
  expected.erase("clientToken");
  expected["jobQueue"] = absl::StrCat(kArnPrefix, "job-queue/queue");
  expected["jobArn"] = absl::StrCat(kArnPrefix, "service-job/", id);
  expected["jobId"] = id;
  expected["status"] = "SUBMITTED";
  expected["createdAt"] = 1767225600000;
  expected["isTerminated"] = false;
  expected["attempts"] = json::array();
  expected["capacityUsage"] = {
      {{"capacityUnit", "ml.m5.large"}, {"quantity", 2.0}}};
  EXPECT_EQ(Describe(id), expected);
  EXPECT_EQ(Describe(absl::StrCat(kArnPrefix, "service-job/", id)), expected);
}

TEST_F(ServiceJobsTest, RunsAndIsDescribed) {
  const std::string id = Submit();
  world.Advance(0.5);
  EXPECT_EQ(Describe(id)["status"], "SCHEDULED");
  EXPECT_EQ(Describe(id)["scheduledAt"], 1767225600000);
  EXPECT_FALSE(Describe(id).contains("startedAt"));
  world.Advance(60);
  const json job = Describe(id);
  EXPECT_EQ(job["status"], "SUCCEEDED");
  EXPECT_EQ(job["statusReason"], "Received status from SageMaker: Completed");
  EXPECT_EQ(job["startedAt"], 1767225602000);
  EXPECT_EQ(job["stoppedAt"], 1767225612000);
  ASSERT_EQ(job["attempts"].size(), 1u);
  const json resource = job["latestAttempt"]["serviceResourceId"];
  EXPECT_EQ(resource["name"], "TrainingJobArn");
  EXPECT_EQ(job["attempts"][0], json({{"serviceResourceId", resource},
                                      {"startedAt", 1767225602000},
                                      {"stoppedAt", 1767225612000},
                                      {"statusReason", job["statusReason"]}}));
  EXPECT_FALSE(job.contains("preemptionSummary"));
}

TEST_F(ServiceJobsTest, SubmissionIsRefused) {
  const auto with = [this](const char* member, const json& value) {
    json changed = request;
    changed[member] = value;
    return world.Refusal("SubmitServiceJob", changed.dump());
  };
  EXPECT_THAT(with("jobQueue", "none"), HasSubstr("none"));
  EXPECT_THAT(with("jobName", ""), StartsWith("jobName is \"\""));
  EXPECT_THAT(with("serviceRequestPayload", "{}"),
              StartsWith("serviceRequestPayload has no ResourceConfig"));
  EXPECT_THAT(with("serviceRequestPayload", nullptr),
              StartsWith("serviceRequestPayload is absent"));
  EXPECT_THAT(with("serviceRequestPayload",
                   absl::StrCat(kPayload, std::string(10 << 10, ' '))),
              HasSubstr("must have 1 to 10240"));
  EXPECT_THAT(with("retryStrategy", json::object()),
              StartsWith("retryStrategy.attempts is absent"));
  EXPECT_THAT(with("retryStrategy", {{"attempts", 11}}),
              StartsWith("retryStrategy.attempts is 11"));
  EXPECT_EQ(with("retryStrategy",
                 {{"attempts", 1}, {"evaluateOnExit", {json::object()}}}),
            "retryStrategy.evaluateOnExit[0].action is absent; it is required");
  EXPECT_THAT(with("schedulingPriority", 10000),
              StartsWith("schedulingPriority is 10000"));
  EXPECT_THAT(with("timeoutConfig", {{"attemptDurationSeconds", 59}}),
              HasSubstr("attemptDurationSeconds is 59s"));
  EXPECT_THAT(with("shareIdentifier", "a"), HasSubstr("shareIdentifier"));
  EXPECT_THAT(with("quotaShareName", "a"), HasSubstr("quotaShareName"));
  EXPECT_THAT(with("clientToken", std::string(65, 't')),
              StartsWith("clientToken has 65 characters"));
  json tags;
  for (int i = 0; i < 50; ++i) {
    tags[absl::StrCat(i, std::string(120, 'k'))] = std::string(256, 'v');
  }
  request["serviceRequestPayload"] =
      absl::StrCat(kPayload, std::string(9 << 10, '\n'));
  EXPECT_THAT(with("tags", tags), HasSubstr("must have at most 30720"));
}

TEST_F(ServiceJobsTest, SameTokenIsRefused) {
  request["clientToken"] = "t";
  Submit();
  EXPECT_THAT(world.Refusal("SubmitServiceJob", request.dump()),
              StartsWith("clientToken is \"t\""));
}

TEST_F(ServiceJobsTest, PriorityIsUpdated) {
  const std::string id = Submit();
  const std::string update =
      json({{"jobId", id}, {"schedulingPriority", 5}}).dump();
  EXPECT_EQ(world.Call("UpdateServiceJob", update),
            json({{"jobId", id},
                  {"jobName", "j"},
                  {"jobArn", absl::StrCat(kArnPrefix, "service-job/", id)}}));
  EXPECT_EQ(Describe(id)["schedulingPriority"], 5);
  EXPECT_THAT(
      world.Refusal("UpdateServiceJob",
                    json({{"jobId", id}, {"schedulingPriority", -1}}).dump()),
      StartsWith("schedulingPriority is -1"));
  world.Advance(60);
  EXPECT_THAT(world.Refusal("UpdateServiceJob", update),
              StartsWith("jobId is SUCCEEDED"));
}

TEST_F(ServiceJobsTest, UnknownOnesAreNamed) {
  EXPECT_EQ(world.Refusal("DescribeServiceJob", R"({"jobId":"x"})"),
            "jobId is \"x\"; there is no such service job");
  EXPECT_EQ(world.Refusal("UpdateServiceJob",
                          R"({"jobId":"x","schedulingPriority":1})"),
            "jobId is \"x\"; there is no such service job");
  EXPECT_THAT(world.Refusal("DescribeServiceJob",
                            absl::StrCat(R"({"jobId":")", kArnPrefix,
                                         "job-queue/queue\"}")),
              StartsWith("jobId is \"arn:"));
}

TEST_F(ServiceJobsTest, TerminationGivesItsReason) {
  const std::string id = Submit();
  world.Advance(5);
  EXPECT_EQ(world.Call("TerminateServiceJob",
                       json({{"jobId", id}, {"reason", "enough"}}).dump()),
            json::object());
  world.Advance(5);
  const json job = Describe(id);
  EXPECT_EQ(job["status"], "FAILED");
  EXPECT_EQ(job["statusReason"], "enough");
  EXPECT_EQ(job["isTerminated"], true);
  EXPECT_EQ(world.Call("TerminateServiceJob",
                       R"({"jobId":"unknown","reason":"enough"})"),
            json::object());
  EXPECT_EQ(
      world.Refusal("TerminateServiceJob", R"({"jobId":"","reason":"a"})"),
      "'jobId' is a required field (cannot be an empty string)");
  EXPECT_EQ(world.Refusal("TerminateServiceJob",
                          json({{"jobId", id}, {"reason", ""}}).dump()),
            "'reason' is a required field (cannot be an empty string)");
}

TEST_F(ServiceJobsTest, ListShowsRunningOnesUnlessAsked) {
  const std::string id = Submit();
  world.Advance(3);
  const json running = List({});
  ASSERT_EQ(running.size(), 1u);
  EXPECT_EQ(
      running[0],
      json::parse(absl::StrCat(
          R"({"jobId":")", id, R"(","jobName":"j","jobArn":")", kArnPrefix,
          "service-job/", id,
          R"(","serviceJobType":"SAGEMAKER_TRAINING","status":"RUNNING",)",
          R"("createdAt":1767225600000,"scheduledAt":1767225600000,)",
          R"("startedAt":1767225602000,"capacityUsage":[)",
          R"({"capacityUnit":"ml.m5.large","quantity":2.0}],)",
          R"("latestAttempt":)", running[0]["latestAttempt"].dump(), "}")));
  EXPECT_EQ(List({{"jobStatus", "RUNNABLE"}}), json::array());
}

TEST_F(ServiceJobsTest, ListIsFilteredAndPaged) {
  for (const char* name : {"one", "two", "other"}) {
    request["jobName"] = name;
    Submit();
    world.Advance(1);
  }
  const auto filter = [](const char* name, const char* value) {
    return json({{"filters", {{{"name", name}, {"values", {value}}}}}});
  };
  EXPECT_EQ(List(filter("JOB_NAME", "o*")).size(), 2u);
  EXPECT_EQ(List(filter("BEFORE_CREATED_AT", "1767225601000")).size(), 1u);
  EXPECT_EQ(List(filter("AFTER_CREATED_AT", "1767225600000")).size(), 2u);
  EXPECT_EQ(List(filter("SHARE_IDENTIFIER", "a")).size(), 0u);
  EXPECT_EQ(List(filter("QUOTA_SHARE_NAME", "a")).size(), 0u);
  json of = filter("JOB_NAME", "*");
  of["jobQueue"] = absl::StrCat(kArnPrefix, "job-queue/queue");
  of["maxResults"] = 2;
  json page = world.Call("ListServiceJobs", of.dump());
  ASSERT_EQ(page["jobSummaryList"].size(), 2u);
  of["nextToken"] = page["nextToken"];
  page = world.Call("ListServiceJobs", of.dump());
  EXPECT_EQ(page["jobSummaryList"].size(), 1u);
  EXPECT_FALSE(page.contains("nextToken"));
}

TEST_F(ServiceJobsTest, ListIsRefused) {
  const auto refused = [this](absl::string_view of) {
    return world.Refusal("ListServiceJobs", of);
  };
  EXPECT_EQ(refused("{}"), "jobQueue is absent; it is required");
  EXPECT_THAT(refused(R"({"jobQueue":"none"})"), HasSubstr("none"));
  EXPECT_THAT(refused(R"({"jobQueue":"queue","maxResults":101})"),
              StartsWith("maxResults is 101"));
  EXPECT_THAT(refused(R"({"jobQueue":"queue","nextToken":"x"})"),
              StartsWith("nextToken is \"x\""));
  EXPECT_THAT(refused(R"({"jobQueue":"queue","filters":[{"name":"NAME"}]})"),
              StartsWith("filters.name is \"NAME\"; must be JOB_NAME"));
  EXPECT_THAT(refused(R"({"jobQueue":"queue","filters":[{},{}]})"),
              StartsWith("filters has 2 items"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
