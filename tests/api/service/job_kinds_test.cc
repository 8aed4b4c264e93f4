// SPDX-License-Identifier: Apache-2.0
// Arrays, dependencies, tasks, pods and multi-node jobs over AWS's API.
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/api/service/job_world.h"

namespace embatch {
namespace api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct JobKindsTest : testing::Test {
  void Register(absl::string_view name, absl::string_view members,
                absl::string_view type = "container") {
    world.Call("RegisterJobDefinition",
               absl::StrCat(R"({"jobDefinitionName":")", name, R"(","type":")",
                            type, "\",", members, "}"));
  }
  JobWorld world;
};

TEST_F(JobKindsTest, ArrayShowsItsChildren) {
  const std::string id = world.Submit(R"(,"arrayProperties":{"size":3})");
  world.Advance(5);
  json array = world.Describe(id)["arrayProperties"];
  EXPECT_EQ(array["size"], 3);
  EXPECT_EQ(array["statusSummaryLastUpdatedAt"], 1767225605000);
  EXPECT_EQ(array["statusSummary"], json({{"SUBMITTED", 0},
                                          {"PENDING", 0},
                                          {"RUNNABLE", 0},
                                          {"STARTING", 0},
                                          {"RUNNING", 3},
                                          {"SUCCEEDED", 0},
                                          {"FAILED", 0}}));
  EXPECT_EQ(world.Describe(id)["status"], "PENDING");
  world.Advance(60);
  const json child = world.Describe(id + ":1");
  EXPECT_EQ(child["arrayProperties"], json({{"index", 1}}));
  EXPECT_EQ(child["jobId"], id + ":1");
  EXPECT_EQ(child["jobArn"], ArnOf("job/" + id + ":1"));
  EXPECT_EQ(child["status"], "SUCCEEDED");
  EXPECT_EQ(world.Describe(id)["arrayProperties"]["statusSummary"]["SUCCEEDED"],
            3);
}

TEST_F(JobKindsTest, ChildrenAreListedByTheirArray) {
  const std::string id = world.Submit(R"(,"arrayProperties":{"size":2})");
  world.Advance(5);
  const std::string of_array = absl::StrCat(R"({"arrayJobId":")", id, "\"");
  EXPECT_THAT(world.List(of_array + "}"), ElementsAre(id + ":0", id + ":1"));
  EXPECT_THAT(world.List(of_array + R"(,"jobStatus":"FAILED"})"),
              ElementsAre());
  const json summary = world.Call("ListJobs", of_array + R"(,"maxResults":1})");
  EXPECT_EQ(summary["jobSummaryList"][0]["arrayProperties"],
            json({{"index", 0}}));
  const json parent =
      world.Call("ListJobs", R"({"jobQueue":"queue","jobStatus":"PENDING"})");
  EXPECT_EQ(parent["jobSummaryList"][0]["arrayProperties"]["size"], 2);
  EXPECT_EQ(parent["jobSummaryList"][0]["arrayProperties"]["statusSummary"]
                  ["RUNNING"],
            2);
}

TEST_F(JobKindsTest, ArraySizeHasLimits) {
  for (const char* size : {"1", "10001"}) {
    EXPECT_THAT(world.Refusal("SubmitJob", JobWorld::Submission(absl::StrCat(
                                               R"(,"arrayProperties":{"size":)",
                                               size, "}"))),
                HasSubstr(absl::StrCat("arrayProperties.size is ", size,
                                       "; must be between 2 and 10000")));
  }
}

TEST_F(JobKindsTest, DependenciesAreShownAsSubmitted) {
  const std::string array = world.Submit(R"(,"arrayProperties":{"size":2})");
  const std::string depends =
      absl::StrCat(R"([{"jobId":")", array, R"("},{"jobId":")", array,
                   R"(","type":"N_TO_N"},{"type":"SEQUENTIAL"}])");
  const std::string id = world.Submit(
      absl::StrCat(R"(,"arrayProperties":{"size":2},"dependsOn":)", depends));
  EXPECT_EQ(world.Describe(id)["dependsOn"], json::parse(depends));
  // The array's child is a job of its own.
  const std::string on_child =
      absl::StrCat(R"([{"jobId":")", array, R"(:1"}])");
  EXPECT_EQ(world.Describe(world.Submit(
                absl::StrCat(R"(,"dependsOn":)", on_child)))["dependsOn"],
            json::parse(on_child));
}

// Choice: D4.
TEST_F(JobKindsTest, DependencyOnNothingIsRefused) {
  EXPECT_EQ(world.Refusal("SubmitJob", JobWorld::Submission(
                                           R"(,"dependsOn":[{"jobId":"x"}])")),
            "dependsOn[0].jobId is \"x\"; there is no such job (any more)");
  JobWorld other(SchedulerOptions{});
  const std::string elsewhere = other.Submit();
  EXPECT_EQ(world.Refusal("SubmitJob", JobWorld::Submission(absl::StrCat(
                                           R"(,"dependsOn":[{"jobId":")",
                                           elsewhere, "\"}]"))),
            absl::StrCat("dependsOn[0].jobId is \"", elsewhere,
                         "\"; there is no such job (any more)"));
}

TEST_F(JobKindsTest, FailedDependencyFailsTheDependent) {
  world.fate.exit_code = 1;
  const std::string first = world.Submit();
  const std::string second =
      world.Submit(absl::StrCat(R"(,"dependsOn":[{"jobId":")", first, "\"}]"));
  world.Advance(0);
  EXPECT_EQ(world.Describe(second)["status"], "PENDING");
  world.Advance(60);
  EXPECT_EQ(world.Describe(second)["status"], "FAILED");
  EXPECT_EQ(world.Describe(second)["statusReason"], "Dependent Job failed");
  EXPECT_FALSE(world.Describe(second).contains("startedAt"));
}

TEST_F(JobKindsTest, TaskShowsEachContainer) {
  Register("task", R"("ecsProperties":{"taskProperties":[{
    "taskRoleArn": "arn:aws:iam::123456789012:role/t", "containers": [
      {"name": "main", "image": "a",
       "environment": [{"name": "A", "value": "1"}],
       "resourceRequirements": [{"type": "VCPU", "value": "1"},
                                {"type": "MEMORY", "value": "64"}]},
      {"name": "side", "image": "b", "essential": false,
       "resourceRequirements": [{"type": "VCPU", "value": "1"},
                                {"type": "MEMORY", "value": "32"}]}]}]})");
  const std::string id = world.Submit(
      R"(,"ecsPropertiesOverride":{"taskProperties":[{"containers":[
          {"name":"main","command":["x"],
           "environment":[{"name":"B","value":"2"}],
           "resourceRequirements":[{"type":"MEMORY","value":"128"}]}]}]})",
      "task");
  world.Advance(60);

  const json job = world.Describe(id);
  EXPECT_EQ(job["status"], "SUCCEEDED");
  // Source: API JobDetail.container.
  EXPECT_EQ(job["container"], json::object());
  const json& task = job["ecsProperties"]["taskProperties"][0];
  EXPECT_EQ(task["taskRoleArn"], "arn:aws:iam::123456789012:role/t");
  const std::string arn = task["taskArn"];
  const std::string task_id = arn.substr(arn.find('/') + 1);
  EXPECT_EQ(task["containers"][0],
            json({{"name", "main"},
                  {"image", "a"},
                  {"essential", true},
                  {"command", {"x"}},
                  {"environment",
                   {{{"name", "A"}, {"value", "1"}},
                    {{"name", "B"}, {"value", "2"}}}},
                  {"resourceRequirements",
                   {{{"type", "VCPU"}, {"value", "1"}},
                    {{"type", "MEMORY"}, {"value", "128"}}}},
                  {"exitCode", 0},
                  {"logStreamName", "task/main/" + task_id},
                  {"networkInterfaces", json::array()}}));
  EXPECT_EQ(task["containers"][1]["essential"], false);
  const json& attempt = job["attempts"][0];
  EXPECT_EQ(attempt["taskProperties"][0]["taskArn"], arn);
  EXPECT_EQ(attempt["taskProperties"][0]["containers"][0]["logStreamName"],
            "task/main/" + task_id);
  EXPECT_EQ(attempt["taskProperties"][0]["containers"][1]["name"], "side");
}

TEST_F(JobKindsTest, PodShowsItsContainers) {
  Register("pod", R"("eksProperties":{"podProperties":{
    "metadata": {"labels": {"l": "1"}},
    "initContainers": [{"name": "first", "image": "i"}],
    "containers": [{"image": "a", "command": ["run"], "args": ["Ref::n"],
      "resources": {"limits": {"cpu": "1", "memory": "64Mi"},
                    "requests": {"cpu": "0.5"}}}]}},
    "parameters": {"n": "7"})");
  const std::string id = world.Submit(
      R"(,"eksPropertiesOverride":{"podProperties":{
          "metadata":{"labels":{"m":"2"}},
          "containers":[{"env":[{"name":"E","value":"e"}],
            "resources":{"limits":{"memory":"128Mi"}}}]}})",
      "pod");
  world.Advance(60);

  const json job = world.Describe(id);
  EXPECT_EQ(job["status"], "SUCCEEDED");
  EXPECT_FALSE(job.contains("container"));
  EXPECT_FALSE(job.contains("attempts"));
  const json& pod = job["eksProperties"]["podProperties"];
  EXPECT_EQ(pod["metadata"]["labels"], json({{"l", "1"}, {"m", "2"}}));
  EXPECT_EQ(pod["podName"].get<std::string>().substr(0, 10), "aws-batch.");
  EXPECT_EQ(pod["containers"][0],
            json({{"name", "Default"},
                  {"image", "a"},
                  {"command", {"run"}},
                  {"args", {"7"}},
                  {"env", {{{"name", "E"}, {"value", "e"}}}},
                  {"exitCode", 0},
                  {"resources",
                   {{"limits", {{"cpu", "1"}, {"memory", "128Mi"}}},
                    {"requests", {{"cpu", "0.5"}}}}}}));
  EXPECT_EQ(pod["initContainers"][0]["exitCode"], 0);
  const json& attempt = job["eksAttempts"][0];
  EXPECT_EQ(attempt["containers"][0]["exitCode"], 0);
  EXPECT_EQ(attempt["initContainers"][0]["name"], "first");
  EXPECT_EQ(attempt["podName"], pod["podName"]);
  const json list =
      world.Call("ListJobs", R"({"jobQueue":"queue","jobStatus":"SUCCEEDED"})");
  EXPECT_EQ(list["jobSummaryList"][0]["capacityUsage"][0]["capacityUnit"],
            "cpu");
}

TEST_F(JobKindsTest, MultiNodeJobShowsItsNodes) {
  Register("mpi", R"("nodeProperties":{"numNodes": 2, "mainNode": 0,
    "nodeRangeProperties": [
      {"targetNodes": "0:", "container": {"image": "worker",
        "resourceRequirements": [{"type": "VCPU", "value": "1"},
                                 {"type": "MEMORY", "value": "64"}]}},
      {"targetNodes": "0", "container": {"image": "leader",
        "resourceRequirements": [{"type": "VCPU", "value": "1"},
                                 {"type": "MEMORY", "value": "64"}]}}]})",
           "multinode");
  const std::string id = world.Submit(
      R"(,"nodeOverrides":{"numNodes":3,"nodePropertyOverrides":[
          {"targetNodes":"0:","containerOverrides":{"command":["x"]}}]})",
      "mpi");
  world.Advance(5);
  const std::string of_job = absl::StrCat(R"({"multiNodeJobId":")", id, "\"}");
  EXPECT_THAT(world.List(of_job), ElementsAre(id + "#0", id + "#1", id + "#2"));
  EXPECT_EQ(
      world.Call("ListJobs", of_job)["jobSummaryList"][0]["nodeProperties"],
      json({{"isMainNode", true}, {"nodeIndex", 0}, {"numNodes", 3}}));
  world.Advance(60);

  const json job = world.Describe(id);
  EXPECT_EQ(job["status"], "SUCCEEDED");
  EXPECT_EQ(job["nodeProperties"]["numNodes"], 3);
  const json& ranges = job["nodeProperties"]["nodeRangeProperties"];
  EXPECT_EQ(ranges[0]["container"]["command"], json({"x"}));
  EXPECT_EQ(ranges[1]["container"]["command"], json::array());
  EXPECT_EQ(job["attempts"].size(), 1);
  EXPECT_FALSE(job.contains("container"));
  const json leader = world.Describe(id + "#0");
  EXPECT_EQ(leader["nodeDetails"],
            json({{"nodeIndex", 0}, {"isMainNode", true}}));
  EXPECT_EQ(leader["container"]["image"], "leader");
  EXPECT_EQ(leader["attempts"][0]["container"]["taskArn"],
            job["attempts"][0]["container"]["taskArn"]);
  const json worker = world.Describe(id + "#2");
  EXPECT_EQ(worker["nodeDetails"],
            json({{"nodeIndex", 2}, {"isMainNode", false}}));
  EXPECT_EQ(worker["container"]["image"], "worker");
  EXPECT_EQ(worker["container"]["command"], json({"x"}));
  EXPECT_EQ(world.Refusal("TerminateJob",
                          absl::StrCat(R"({"reason":"r","jobId":")",
                                       world.Submit("", "mpi"), "#0\"}")),
            "jobId is node 0 of a multi-node job; must be the job itself");
}

TEST_F(JobKindsTest, NodeOverridesMustNameARange) {
  Register("mpi", R"("nodeProperties":{"numNodes": 2, "mainNode": 0,
    "nodeRangeProperties": [{"targetNodes": "0:1", "container": {"image": "w",
        "vcpus": 1, "memory": 64}}]})",
           "multinode");
  EXPECT_EQ(world.Refusal("SubmitJob",
                          JobWorld::Submission(
                              R"(,"nodeOverrides":{"nodePropertyOverrides":[)"
                              R"({"targetNodes":"0:0"}]})",
                              "mpi")),
            "NodeOverride targets should match job definition. Non matching "
            "targets - 0:0");
}

// Among the two nodes of the definition these are one range.
TEST_F(JobKindsTest, OverridesOfARangeAreShownHoweverItIsWritten) {
  world.Call("CreateConsumableResource",
             R"({"consumableResourceName":"cr","totalQuantity":100})");
  Register("mpi", R"("nodeProperties":{"numNodes":2,"mainNode":0,
    "nodeRangeProperties":[{"targetNodes":"0:","consumableResourceProperties":
      {"consumableResourceList":[{"consumableResource":"cr","quantity":1}]},
      "container":{"image":"w","vcpus":1,"memory":64}}]})",
           "multinode");
  const json three = json::parse(R"({"consumableResourceList":[
      {"consumableResource":"cr","quantity":3}]})");
  for (const int nodes : {2, 3}) {
    for (const char* text : {"0:", "0:1", ":", ":1"}) {
      json change = {{"targetNodes", text},
                     {"instanceTypes", {"m5.xlarge"}},
                     {"consumableResourcePropertiesOverride", three}};
      change["containerOverrides"]["instanceType"] = "m5.xlarge";
      json overrides = {{"numNodes", nodes}};
      overrides["nodePropertyOverrides"].push_back(change);
      const std::string id = world.Submit(
          absl::StrCat(",\"nodeOverrides\":", overrides.dump()), "mpi");
      const json job = world.Describe(id);
      EXPECT_EQ(job["nodeProperties"]["numNodes"], nodes);
      const json& range = job["nodeProperties"]["nodeRangeProperties"][0];
      EXPECT_EQ(range["targetNodes"], "0:");
      EXPECT_EQ(range["instanceTypes"], json({"m5.xlarge"})) << text;
      EXPECT_EQ(range["container"]["instanceType"], "m5.xlarge") << text;
      EXPECT_EQ(range["consumableResourceProperties"], three) << text;
      const json node = world.Describe(id + "#1");
      EXPECT_EQ(node["container"]["instanceType"], "m5.xlarge") << text;
      EXPECT_EQ(node["consumableResourceProperties"], three) << text;
    }
  }
}

// 30 KiB of JSON may be given, though the scheduler keeps the overrides of pods
// and of nodes as a document beside its own form.
TEST_F(JobKindsTest, OverridesDoNotCountTwice) {
  Register("mpi", R"("nodeProperties":{"numNodes":1,"mainNode":0,
    "nodeRangeProperties":[{"targetNodes":":",
      "container":{"image":"w","vcpus":1,"memory":64}}]})",
           "multinode");
  Register("pod", R"("eksProperties":{"podProperties":{"containers":[
      {"image":"a","resources":{"limits":{"cpu":"1","memory":"64Mi"}}}]}})");
  const auto nodes = [](size_t bytes) {
    json change = {{"targetNodes", ":"}};
    change["containerOverrides"]["environment"] = {
        {{"name", "A"}, {"value", std::string(bytes, 'x')}}};
    json overrides;
    overrides["nodePropertyOverrides"].push_back(change);
    return absl::StrCat(",\"nodeOverrides\":", overrides.dump());
  };
  const auto pod = [](size_t bytes) {
    json container;
    container["env"] = {{{"name", "A"}, {"value", std::string(bytes, 'x')}}};
    json overrides;
    overrides["podProperties"]["containers"].push_back(container);
    return absl::StrCat(",\"eksPropertiesOverride\":", overrides.dump());
  };
  world.Submit(nodes(30000), "mpi");
  world.Submit(pod(30000), "pod");
  for (const std::string& submission :
       {JobWorld::Submission(nodes(30800), "mpi"),
        JobWorld::Submission(pod(30800), "pod")}) {
    EXPECT_THAT(world.Refusal("SubmitJob", submission),
                HasSubstr(" bytes; must have at most 30720"));
  }
}

// The definition's amounts are shown as they stand, and what a submission
// replaces as it wrote it.
TEST_F(JobKindsTest, PodKeepsLimitsApartFromRequests) {
  const char resources[] =
      R"({"limits":{"cpu":"2.0","memory":"512Mi"},"requests":{"cpu":"1.0"}})";
  Register("pod", absl::StrCat(R"("eksProperties":{"podProperties":{)"
                               R"("containers":[{"image":"a","resources":)",
                               resources, "}]}}"));
  const auto shown = [this](absl::string_view more) {
    return world.Describe(world.Submit(
        more,
        "pod"))["eksProperties"]["podProperties"]["containers"][0]["resources"];
  };
  EXPECT_EQ(shown(""), json::parse(resources));
  EXPECT_EQ(shown(R"(,"eksPropertiesOverride":{"podProperties":{"containers":[
                      {"resources":{"limits":{"cpu":"4"},
                                    "requests":{"cpu":"3"}}}]}})"),
            json::parse(R"({"limits":{"cpu":"4","memory":"512Mi"},
                            "requests":{"cpu":"3"}})"));
}

TEST_F(JobKindsTest, PodKeepsEntrypointApartFromArguments) {
  Register("args", R"("eksProperties":{"podProperties":{"containers":[
      {"image":"a","args":["Ref::x"],
       "resources":{"limits":{"cpu":"1","memory":"64Mi"}}}]}},
      "parameters":{"x":"y"})");
  Register("both", R"("eksProperties":{"podProperties":{"containers":[
      {"image":"a","command":["sh","Ref::x"],"args":["z"],
       "resources":{"limits":{"cpu":"1","memory":"64Mi"}}}]}},
      "parameters":{"x":"y"})");
  const auto container = [this](absl::string_view definition,
                                absl::string_view more) {
    return world.Describe(world.Submit(
        more, definition))["eksProperties"]["podProperties"]["containers"][0];
  };
  const char command[] = R"(,"eksPropertiesOverride":{"podProperties":
      {"containers":[{"command":["bash","-c"]}]}})";
  EXPECT_EQ(container("args", "")["args"], json({"y"}));
  EXPECT_FALSE(container("args", "").contains("command"));
  EXPECT_EQ(container("args", command)["command"], json({"bash", "-c"}));
  EXPECT_EQ(container("args", command)["args"], json({"y"}));
  EXPECT_EQ(container("both", "")["command"], json({"sh", "y"}));
  EXPECT_EQ(container("both", command)["command"], json({"bash", "-c"}));
  EXPECT_EQ(container("both", command)["args"], json({"z"}));
}

TEST_F(JobKindsTest, NodesMayBePods) {
  Register("pods", R"("nodeProperties":{"numNodes":2,"mainNode":0,
      "nodeRangeProperties":[{"targetNodes":"0:1","eksProperties":{
        "podProperties":{"containers":[{"image":"a","command":["c"],
          "resources":{"limits":{"cpu":"1","memory":"64Mi"}}}]}}}]})",
           "multinode");
  const std::string id = world.Submit(
      R"(,"nodeOverrides":{"nodePropertyOverrides":[{"targetNodes":"0:1",
          "instanceTypes":["m5.xlarge"],
          "eksPropertiesOverride":{"podProperties":{
            "metadata":{"labels":{"l":"1"}},
            "containers":[{"args":["x"]}]}}}]})",
      "pods");
  world.Advance(60);

  const json job = world.Describe(id);
  ASSERT_EQ(job["status"], "SUCCEEDED") << job;
  EXPECT_EQ(job["eksAttempts"].size(), 1);
  EXPECT_FALSE(job.contains("attempts"));
  EXPECT_FALSE(job.contains("propagateTags"));
  EXPECT_FALSE(job.contains("platformCapabilities"));
  const json& range = job["nodeProperties"]["nodeRangeProperties"][0];
  EXPECT_EQ(range["instanceTypes"], json({"m5.xlarge"}));
  const json& asked = range["eksProperties"]["podProperties"];
  EXPECT_EQ(asked["containers"][0]["args"], json({"x"}));
  EXPECT_EQ(asked["metadata"]["labels"], json({{"l", "1"}}));
  const json node = world.Describe(id + "#1");
  const json& pod = node["eksProperties"]["podProperties"];
  EXPECT_EQ(pod["containers"][0]["args"], json({"x"}));
  EXPECT_EQ(pod["metadata"]["labels"], json({{"l", "1"}}));
  EXPECT_TRUE(pod.contains("podName"));
  EXPECT_EQ(
      world.Call("ListJobs", R"({"jobQueue":"queue","jobStatus":"SUCCEEDED"})")
          ["jobSummaryList"][0]["capacityUsage"][0]["capacityUnit"],
      "cpu");
  EXPECT_EQ(world.Call(
                "DescribeJobDefinitions",
                R"({"jobDefinitions":["pods"]})")["jobDefinitions"][0]
                                                 ["containerOrchestrationType"],
            "EKS");
}

TEST_F(JobKindsTest, OverridesOfTasksOfNodesAreShown) {
  Register("tasks", R"("nodeProperties":{"numNodes":2,"mainNode":0,
      "nodeRangeProperties":[{"targetNodes":"0:1","ecsProperties":{
        "taskProperties":[{"containers":[{"name":"m","image":"a",
          "resourceRequirements":[{"type":"VCPU","value":"1"},
                                  {"type":"MEMORY","value":"64"}]}]}]}}]})",
           "multinode");
  const std::string id = world.Submit(
      R"(,"nodeOverrides":{"nodePropertyOverrides":[{"targetNodes":"0:1",
          "ecsPropertiesOverride":{"taskProperties":[{"containers":[
            {"name":"m","command":["x"]}]}]}}]})",
      "tasks");
  const auto command = [](const json& ecs) {
    return ecs["ecsProperties"]["taskProperties"][0]["containers"][0]
              ["command"];
  };
  EXPECT_EQ(
      command(world.Describe(id)["nodeProperties"]["nodeRangeProperties"][0]),
      json({"x"}));
  EXPECT_EQ(command(world.Describe(id + "#0")), json({"x"}));
}

// As a sample of AWS's has it.
TEST_F(JobKindsTest, LegacyAmountsAreShownAlone) {
  Register("legacy", R"("containerProperties":{"image":"a","vcpus":1,
                        "memory":128})");
  const auto container = [this](absl::string_view more) {
    return world.Describe(world.Submit(more, "legacy"))["container"];
  };
  EXPECT_EQ(container("")["vcpus"], 1);
  EXPECT_EQ(container("")["memory"], 128);
  EXPECT_EQ(container("")["resourceRequirements"], json::array());
  const json changed =
      container(R"(,"containerOverrides":{"vcpus":2,"memory":256})");
  EXPECT_EQ(changed["vcpus"], 2);
  EXPECT_EQ(changed["memory"], 256);
}

TEST_F(JobKindsTest, FargateJobsHaveNoInstance) {
  world.AddEnvironment("fargate", ComputeResourceType::kFargate);
  world.AddQueue("serverless", "fargate");
  Register("task", R"("platformCapabilities":["FARGATE"],
      "containerProperties":{"image":"a","executionRoleArn":"r",
        "resourceRequirements":[{"type":"VCPU","value":"0.25"},
                                {"type":"MEMORY","value":"512"}]})");
  const std::string id =
      world.Call("SubmitJob", R"({"jobName":"j","jobQueue":"serverless",
                                  "jobDefinition":"task"})")["jobId"];
  world.Advance(60);
  const json job = world.Describe(id);
  ASSERT_EQ(job["status"], "SUCCEEDED");
  EXPECT_FALSE(job["container"].contains("containerInstanceArn"));
  EXPECT_TRUE(job["container"].contains("taskArn"));
  EXPECT_FALSE(
      job["attempts"][0]["container"].contains("containerInstanceArn"));
}

// A definition may name both platforms: where the job ran is told by its queue.
TEST_F(JobKindsTest, JobsOfEitherPlatformHaveAnInstanceOnEc2Alone) {
  world.AddEnvironment("fargate", ComputeResourceType::kFargate);
  world.AddQueue("serverless", "fargate");
  Register("either", R"("platformCapabilities":["EC2","FARGATE"],
      "containerProperties":{"image":"a","executionRoleArn":"r",
        "resourceRequirements":[{"type":"VCPU","value":"1"},
                                {"type":"MEMORY","value":"2048"}]})");
  for (const bool on_ec2 : {true, false}) {
    const json request = {{"jobName", "j"},
                          {"jobQueue", on_ec2 ? "queue" : "serverless"},
                          {"jobDefinition", "either"}};
    const std::string id = world.Call("SubmitJob", request.dump())["jobId"];
    world.Advance(60);
    const json job = world.Describe(id);
    ASSERT_EQ(job["status"], "SUCCEEDED") << job;
    EXPECT_TRUE(job["container"].contains("taskArn"));
    EXPECT_EQ(job["container"].contains("containerInstanceArn"), on_ec2);
    EXPECT_EQ(job["attempts"][0]["container"].contains("containerInstanceArn"),
              on_ec2);
  }
}

// §4, the order of checks.
TEST_F(JobKindsTest, FirstFaultIsNamed) {
  const char bad[] = R"(,"containerOverrides":{"resourceRequirements":[)"
                     R"({"type":"MEMORY","value":"x"}]})";
  EXPECT_EQ(world.Refusal("SubmitJob", JobWorld::Submission(bad)),
            "container memory limit must be greater than 4");
  EXPECT_EQ(world.Refusal("SubmitJob", JobWorld::Submission(bad, "none")),
            "Job definition none does not exist");
  EXPECT_EQ(world.Refusal("SubmitJob",
                          JobWorld::Submission(
                              R"(,"dependsOn":[{"jobId":"x"}])", "none")),
            "Job definition none does not exist");
}

TEST_F(JobKindsTest, FirstFaultIsNamedThoughNamesAreEmptyOrUnreadable) {
  constexpr char kElsewhere[] =
      "arn:aws:batch:us-east-1:123456789012:job-queue/queue";
  const auto refusal = [this](absl::string_view name, absl::string_view queue,
                              absl::string_view definition,
                              bool with_bad_amount = true) {
    json request = {{"jobName", std::string(name)},
                    {"jobQueue", std::string(queue)},
                    {"jobDefinition", std::string(definition)}};
    if (with_bad_amount) {
      request["containerOverrides"]["resourceRequirements"] = {
          {{"type", "VCPU"}, {"value", "x"}}};
    }
    return world.Refusal("SubmitJob", request.dump());
  };
  const std::string pattern = "Job name should match valid pattern";
  for (const char* queue : {"", "none", "queue", kElsewhere}) {
    for (const char* definition : {"", "none", "resize", "arn:none"}) {
      EXPECT_THAT(refusal("", queue, definition), HasSubstr(pattern))
          << queue << " " << definition;
    }
  }
  EXPECT_EQ(refusal("j", "", ""), "Job queue  does not exist");
  EXPECT_EQ(refusal("j", "", "arn:none"), "Job queue  does not exist");
  EXPECT_EQ(refusal("j", "none", "arn:none"), "Job queue none does not exist");
  EXPECT_EQ(refusal("j", kElsewhere, ""),
            absl::StrCat("jobQueue is \"", kElsewhere,
                         "\"; must be a job queue of 123456789012 in "
                         "eu-central-1"));
  EXPECT_EQ(refusal("j", "queue", ""), "Job definition  does not exist");
  EXPECT_THAT(refusal("j", "queue", "arn:none"),
              HasSubstr("jobDefinition: \"arn:none\" is not an ARN"));
  EXPECT_EQ(refusal("j", "queue", "resize"),
            "container vcpus limit must be greater than 0");
  EXPECT_EQ(refusal("j", "", "arn:none", false), "Job queue  does not exist");
}

// Source: API SubmitJob.eksPropertiesOverride ("only for jobs that are run on
// Amazon EKS resources"), CreateJobQueue.jobQueueType.
TEST_F(JobKindsTest, PodsRunOnEksAndOtherContainersOnEcs) {
  const auto create = [this](absl::string_view name, absl::string_view more) {
    world.Call(
        "CreateComputeEnvironment",
        absl::StrCat(R"({"computeEnvironmentName":")", name, R"(",)", more,
                     R"("type":"MANAGED","computeResources":{"type":"EC2",)",
                     R"("allocationStrategy":"BEST_FIT_PROGRESSIVE",)",
                     R"("maxvCpus":8,"instanceTypes":["optimal"],)",
                     R"("subnets":["s"],"instanceRole":"r"}})"));
    world.Attach(name);
    world.Advance();
  };
  create("ecs", "");
  create("eks", R"("eksConfiguration":{"eksClusterArn":"c",)"
                R"("kubernetesNamespace":"n"},)");
  const auto queue = [](absl::string_view name, absl::string_view environments,
                        absl::string_view type) {
    std::string request =
        absl::StrCat(R"({"jobQueueName":")", name, R"(","priority":1)");
    if (!type.empty()) {
      absl::StrAppend(&request, R"(,"jobQueueType":")", type, "\"");
    }
    absl::StrAppend(&request, R"(,"computeEnvironmentOrder":[)", environments,
                    "]}");
    return request;
  };
  constexpr char kEcs[] = R"({"order":1,"computeEnvironment":"ecs"})";
  constexpr char kEks[] = R"({"order":2,"computeEnvironment":"eks"})";
  EXPECT_EQ(world.Refusal("CreateJobQueue",
                          queue("both", absl::StrCat(kEcs, ",", kEks), "")),
            "computeEnvironmentOrder.computeEnvironment is \"eks\", beside one "
            "of another orchestration; must be all ECS or all EKS");
  EXPECT_EQ(world.Refusal("CreateJobQueue", queue("ecs", kEcs, "EKS")),
            "jobQueueType is EKS; must be ECS for these environments");
  EXPECT_EQ(world.Refusal("CreateJobQueue", queue("eks", kEks, "ECS")),
            "jobQueueType is ECS; must be EKS for these environments");
  world.Call("CreateJobQueue", queue("ecs", kEcs, "ECS"));
  world.Call("CreateJobQueue", queue("eks", kEks, ""));
  world.Advance();
  EXPECT_EQ(
      world.Call("DescribeJobQueues",
                 R"({"jobQueues":["eks"]})")["jobQueues"][0]["jobQueueType"],
      "EKS");

  Register("pod", R"("eksProperties":{"podProperties":{"containers":[
      {"image":"a","resources":{"limits":{"cpu":"1","memory":"64Mi"}}}]}})");
  Register("pods", R"("nodeProperties":{"numNodes":1,"mainNode":0,
      "nodeRangeProperties":[{"targetNodes":"0","eksProperties":
      {"podProperties":{"containers":[{"image":"a","resources":{"limits":
      {"cpu":"1","memory":"64Mi"}}}]}}}]})",
           "multinode");
  const auto submission = [](absl::string_view definition,
                             absl::string_view to) {
    return absl::StrCat(R"({"jobName":"j","jobQueue":")", to,
                        R"(","jobDefinition":")", definition, "\"}");
  };
  const std::string refusal =
      "Job Queue is attached to Compute Environment that can not run Jobs with "
      "capability ";
  for (const char* pod : {"pod", "pods"}) {
    EXPECT_EQ(world.Refusal("SubmitJob", submission(pod, "ecs")),
              refusal + "EKS.");
    world.Call("SubmitJob", submission(pod, "eks"));
  }
  EXPECT_EQ(world.Refusal("SubmitJob", submission("resize", "eks")),
            refusal + "ECS.");
  world.Call("SubmitJob", submission("resize", "ecs"));
}

// Definition and submission may each name a resource by name or by ARN.
TEST_F(JobKindsTest, NodesNameAConsumableOnce) {
  world.Call("CreateConsumableResource",
             R"({"consumableResourceName":"cr","totalQuantity":10})");
  const std::string arn = ArnOf("consumable-resource/cr");
  const auto list = [](absl::string_view resource, int quantity) {
    return absl::StrCat(R"({"consumableResourceList":[{"consumableResource":")",
                        resource, R"(","quantity":)", quantity, "}]}");
  };
  for (const bool by_arn : {false, true}) {
    const std::string definition = absl::StrCat("nodes", by_arn ? "1" : "0");
    Register(
        definition,
        absl::StrCat(R"("nodeProperties":{"numNodes":2,"mainNode":0,)",
                     R"("nodeRangeProperties":[{"targetNodes":"0:",)",
                     R"("consumableResourceProperties":)",
                     list(by_arn ? arn : "cr", 1),
                     R"(,"container":{"image":"i","vcpus":1,"memory":64}}]})"),
        "multinode");
    const std::string id = world.Submit(
        absl::StrCat(R"(,"nodeOverrides":{"nodePropertyOverrides":[{)",
                     R"("targetNodes":"0:",)",
                     R"("consumableResourcePropertiesOverride":)",
                     list(by_arn ? "cr" : arn, 3), "}]}"),
        definition);
    EXPECT_EQ(world.Describe(id)["nodeProperties"]["nodeRangeProperties"][0]
                                ["consumableResourceProperties"],
              json::parse(list("cr", 3)));
    EXPECT_EQ(world.Describe(id + "#1")["consumableResourceProperties"],
              json::parse(list("cr", 3)));
  }
}

TEST_F(JobKindsTest, ListShowsTheCapacityOfAllNodes) {
  Register("nodes", R"("nodeProperties":{"numNodes":3,"mainNode":0,
      "nodeRangeProperties":[
      {"targetNodes":"0:0","container":{"image":"i","vcpus":1,"memory":64}},
      {"targetNodes":"1:","container":{"image":"i","vcpus":2,"memory":64}}]})",
           "multinode");
  const std::string id = world.Submit("", "nodes");
  world.Advance(5);
  const auto capacity = [this](absl::string_view request) {
    json amounts = json::array();
    const json list = world.Call("ListJobs", request);
    for (const json& job : list["jobSummaryList"]) {
      amounts.push_back(job["capacityUsage"][0]["quantity"]);
    }
    return amounts;
  };
  EXPECT_EQ(capacity(R"({"jobQueue":"queue"})"), json({5}));
  EXPECT_EQ(capacity(absl::StrCat(R"({"multiNodeJobId":")", id, "\"}")),
            json({1, 2, 2}));
}

}  // namespace
}  // namespace api
}  // namespace embatch
