// SPDX-License-Identifier: Apache-2.0
// Jobs over AWS's API: submitted, described, listed, ended.
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/api/service/job_world.h"

namespace embatch {
namespace api {
namespace {

struct JobsTest : testing::Test {
  JobsTest() {
    world.AddQueue();
    world.Call("RegisterJobDefinition", R"({
      "jobDefinitionName": "resize", "type": "container",
      "containerProperties": {
        "image": "imagemagick", "command": ["convert", "Ref::name"],
        "environment": [{"name": "A", "value": "1"}],
        "jobRoleArn": "arn:aws:iam::123456789012:role/r",
        "resourceRequirements": [{"type": "VCPU", "value": "2"},
                                 {"type": "MEMORY", "value": "512"}]},
      "parameters": {"name": "x"}})");
  }

  // The id of a job of "resize" that is submitted with more members.
  std::string Submit(absl::string_view more = "") {
    return world
        .Call("SubmitJob", absl::StrCat(R"({"jobName":"j","jobQueue":"queue",)"
                                        R"("jobDefinition":"resize")",
                                        more, "}"))
        .at("jobId");
  }
  nlohmann::json Describe(const std::string& id) {
    return world.Call("DescribeJobs", absl::StrCat(R"({"jobs":[")", id, "\"]}"))
        .at("jobs")
        .at(0);
  }

  ApiWorld world;
};

TEST_F(JobsTest, SubmissionAnswersNameIdAndArn) {
  const nlohmann::json answer = world.Call(
      "SubmitJob",
      R"({"jobName":"j","jobQueue":"queue","jobDefinition":"resize"})");

  EXPECT_EQ(answer.size(), 3);
  EXPECT_EQ(answer["jobName"], "j");
  EXPECT_EQ(answer["jobId"].get<std::string>().size(), 36);
  EXPECT_EQ(answer["jobArn"], absl::StrCat(kArnPrefix, "job/",
                                           answer["jobId"].get<std::string>()));
}

TEST_F(JobsTest, NewJobIsDescribedWhole) {
  const std::string id = Submit();

  nlohmann::json expected = nlohmann::json::parse(R"({
    "attempts": [],
    "container": {
      "command": ["convert", "x"],
      "environment": [{"name": "A", "value": "1"}],
      "image": "imagemagick",
      "jobRoleArn": "arn:aws:iam::123456789012:role/r",
      "mountPoints": [], "networkInterfaces": [], "secrets": [],
      "ulimits": [], "volumes": [],
      "resourceRequirements": [{"type": "VCPU", "value": "2"},
                               {"type": "MEMORY", "value": "512"}]},
    "createdAt": 1767225600000,
    "dependsOn": [],
    "isCancelled": false,
    "isTerminated": false,
    "jobName": "j",
    "parameters": {"name": "x"},
    "platformCapabilities": [],
    "propagateTags": false,
    "retryStrategy": {"attempts": 1, "evaluateOnExit": []},
    "status": "SUBMITTED",
    "tags": {}})");
  expected["jobId"] = id;
  expected["jobArn"] = absl::StrCat(kArnPrefix, "job/", id);
  expected["jobQueue"] = absl::StrCat(kArnPrefix, "job-queue/queue");
  expected["jobDefinition"] =
      absl::StrCat(kArnPrefix, "job-definition/resize:1");
  EXPECT_EQ(Describe(id), expected);
}

TEST_F(JobsTest, EndedJobShowsItsAttempt) {
  const std::string id = Submit();

  world.Advance(60);

  const nlohmann::json job = Describe(id);
  EXPECT_EQ(job["status"], "SUCCEEDED");
  EXPECT_EQ(job["statusReason"], "Essential container in task exited");
  EXPECT_EQ(job["startedAt"], 1767225601000);
  EXPECT_EQ(job["stoppedAt"], 1767225611000);
  EXPECT_EQ(job["container"]["exitCode"], 0);
  const std::string task = job["container"]["taskArn"];
  const std::string task_id = task.substr(task.find('/') + 1);
  EXPECT_EQ(task, "arn:aws:ecs:eu-central-1:123456789012:task/" + task_id);
  EXPECT_EQ(job["container"]["logStreamName"], "resize/default/" + task_id);
  ASSERT_EQ(job["attempts"].size(), 1);
  EXPECT_EQ(job["attempts"][0],
            nlohmann::json(
                {{"container",
                  {{"containerInstanceArn",
                    "arn:aws:ecs:eu-central-1:123456789012:container-instance/"
                    "00000000-0000-8000-8000-000000000001"},
                   {"exitCode", 0},
                   {"logStreamName", "resize/default/" + task_id},
                   {"networkInterfaces", nlohmann::json::array()},
                   {"taskArn", task}}},
                 {"startedAt", 1767225601000},
                 {"statusReason", "Essential container in task exited"},
                 {"stoppedAt", 1767225611000}}));
}

TEST_F(JobsTest, ListShowsASummary) {
  const std::string id = Submit();
  world.Advance(60);

  const nlohmann::json list =
      world.Call("ListJobs", R"({"jobQueue":"queue","jobStatus":"SUCCEEDED"})");

  nlohmann::json expected = nlohmann::json::parse(R"({
    "capacityUsage": [{"capacityUnit": "VCPU", "quantity": 2}],
    "container": {"exitCode": 0},
    "createdAt": 1767225600000,
    "jobName": "j",
    "startedAt": 1767225601000,
    "status": "SUCCEEDED",
    "statusReason": "Essential container in task exited",
    "stoppedAt": 1767225611000})");
  expected["jobId"] = id;
  expected["jobArn"] = absl::StrCat(kArnPrefix, "job/", id);
  expected["jobDefinition"] =
      absl::StrCat(kArnPrefix, "job-definition/resize:1");
  EXPECT_EQ(list, nlohmann::json({{"jobSummaryList", {expected}}}));
}

TEST_F(JobsTest, UnknownJobsAreLeftOut) {
  EXPECT_EQ(world.Call("DescribeJobs", R"({"jobs":["x"]})").dump(),
            R"({"jobs":[]})");
}

TEST_F(JobsTest, JobsAreEndedWithAReason) {
  const std::string cancelled = Submit();
  world.Call("CancelJob",
             absl::StrCat(R"({"reason":"bye","jobId":")", cancelled, "\"}"));
  world.Advance(0);
  EXPECT_EQ(Describe(cancelled)["status"], "FAILED");
  EXPECT_EQ(Describe(cancelled)["statusReason"], "bye");
  EXPECT_EQ(Describe(cancelled)["isCancelled"], true);
  const std::string running = Submit();
  world.Advance(5);
  world.Call("TerminateJob",
             absl::StrCat(R"({"reason":"enough","jobId":")", running, "\"}"));
  world.Advance(60);
  EXPECT_EQ(Describe(running)["statusReason"], "enough");
  EXPECT_EQ(Describe(running)["isTerminated"], true);
  EXPECT_EQ(Describe(running)["container"]["exitCode"], 143);
}

TEST_F(JobsTest, EndingNothingIsNoError) {
  world.Call("CancelJob", R"({"jobId":"none","reason":"bye"})");
  world.Call("TerminateJob", R"({"jobId":"none","reason":"bye"})");
  EXPECT_EQ(world.Refusal("CancelJob", R"({"jobId":"","reason":"bye"})"),
            "'jobId' is a required field (cannot be an empty string)");
  EXPECT_EQ(world.Refusal("TerminateJob", R"({"jobId":"none","reason":""})"),
            "'reason' is a required field (cannot be an empty string)");
}

// What is checked before the overrides is named first, and nothing else is.
// Source: §4, §22.
TEST_F(JobsTest, OverridesThatCanNotBeReadAreNamedInTheirPlace) {
  world.Call("RegisterJobDefinition", R"({"jobDefinitionName":"nodes",
      "type":"multinode","nodeProperties":{"numNodes":2,"mainNode":0,
      "nodeRangeProperties":[{"targetNodes":"0:","container":
        {"image":"i","vcpus":1,"memory":64}}]}})");
  world.Call("RegisterJobDefinition", R"({"jobDefinitionName":"ref",
      "type":"container","containerProperties":{"image":"i","vcpus":1,
      "memory":64,"command":["Ref::x"]}})");
  const std::string bad = R"("resourceRequirements":[)"
                          R"({"type":"VCPU","value":"x"}])";
  const std::string fault = "container vcpus limit must be greater than 0";
  const auto refused = [this](absl::string_view more,
                              absl::string_view definition) {
    return world.Refusal("SubmitJob", JobWorld::Submission(more, definition));
  };
  EXPECT_EQ(
      refused(absl::StrCat(R"(,"nodeOverrides":{"nodePropertyOverrides":[)",
                           R"({"targetNodes":"0:","containerOverrides":{)", bad,
                           "}}]}"),
              "nodes"),
      fault);
  const std::string with_command =
      absl::StrCat(R"(,"containerOverrides":{"command":["y"],)", bad, "}");
  EXPECT_EQ(refused(with_command, "ref"), fault);
  EXPECT_EQ(refused(with_command, "none"),
            "Job definition none does not exist");
  EXPECT_EQ(refused(with_command + R"(,"arrayProperties":{"size":1})", "ref"),
            "arrayProperties.size is 1; must be between 2 and 10000");
  EXPECT_EQ(refused(with_command + R"(,"retryStrategy":{})", "ref"), fault);
}

TEST_F(JobsTest, MissingConsumablesAreNamedWhereTheyStand) {
  world.Call("RegisterJobDefinition", R"({"jobDefinitionName":"needy",
      "type":"container","containerProperties":{"image":"i","vcpus":1,
      "memory":64},"consumableResourceProperties":{"consumableResourceList":[
      {"consumableResource":"seat","quantity":1}]}})");
  world.Call("RegisterJobDefinition", R"({"jobDefinitionName":"nodes",
      "type":"multinode","nodeProperties":{"numNodes":2,"mainNode":0,
      "nodeRangeProperties":[{"targetNodes":"0:","container":
        {"image":"i","vcpus":1,"memory":64}}]}})");
  constexpr char kList[] = R"({"consumableResourceList":[
      {"consumableResource":"nocr","quantity":1}]})";
  const std::string is_none =
      " is \"nocr\"; there is no consumable resource of that name";
  EXPECT_EQ(
      world.Refusal("SubmitJob",
                    JobWorld::Submission(absl::StrCat(
                        R"(,"consumableResourcePropertiesOverride":)", kList))),
      "consumableResourcePropertiesOverride.consumableResourceList[0]."
      "consumableResource" +
          is_none);
  EXPECT_EQ(
      world.Refusal(
          "SubmitJob",
          JobWorld::Submission(
              absl::StrCat(R"(,"nodeOverrides":{"nodePropertyOverrides":[)",
                           R"({"targetNodes":"0:",)",
                           R"("consumableResourcePropertiesOverride":)", kList,
                           "}]}"),
              "nodes")),
      "nodeOverrides.nodePropertyOverrides[0]."
      "consumableResourcePropertiesOverride.consumableResourceList[0]."
      "consumableResource" +
          is_none);
  EXPECT_EQ(world.Refusal("SubmitJob", JobWorld::Submission("", "needy")),
            "jobDefinition needs a consumable resource: \"seat\"; there is no "
            "consumable resource of that name");
}

}  // namespace
}  // namespace api
}  // namespace embatch
