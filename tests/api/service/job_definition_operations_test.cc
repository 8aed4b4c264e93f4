// SPDX-License-Identifier: Apache-2.0
// Job definitions over AWS's API.
#include <string>

#include "absl/strings/str_cat.h"
#include "embatch/job_definition.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/api/service/job_world.h"

namespace embatch {
namespace api {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kPlainContainer[] =
    R"("containerProperties":{"image":"busybox","resourceRequirements":[)"
    R"({"type":"VCPU","value":"1"},{"type":"MEMORY","value":"64"}]})";

std::string Definition(absl::string_view members,
                       absl::string_view type = "container") {
  return absl::StrCat(R"({"jobDefinitionName":"d","type":")", type, "\",",
                      members, "}");
}

struct DefinitionsTest : testing::Test {
  json Register(absl::string_view members,
                absl::string_view type = "container") {
    return world.Call("RegisterJobDefinition", Definition(members, type));
  }
  std::string Refused(absl::string_view members,
                      absl::string_view type = "container") {
    return world.Refusal("RegisterJobDefinition", Definition(members, type));
  }
  json Described(absl::string_view request = "{}") {
    return world.Call("DescribeJobDefinitions", request).at("jobDefinitions");
  }

  ApiWorld world;
};

TEST_F(DefinitionsTest, RegistrationAnswersTheRevision) {
  EXPECT_EQ(Register(kPlainContainer),
            json({{"jobDefinitionName", "d"},
                  {"jobDefinitionArn", ArnOf("job-definition/d:1")},
                  {"revision", 1}}));
  EXPECT_EQ(Register(kPlainContainer)["revision"], 2);
}

// Source: the bodies that AWS's clients are given (empty lists are there).
TEST_F(DefinitionsTest, LegacyAmountsAreShownAsGiven) {
  world.Call("RegisterJobDefinition",
             R"({"jobDefinitionName":"jd1","type":"container",
                 "parameters":{"word":"hi"},
                 "containerProperties":{"image":"busybox","vcpus":1,
                   "memory":128,"command":["echo","Ref::word"]},
                 "retryStrategy":{"attempts":3},
                 "timeout":{"attemptDurationSeconds":60}})");

  EXPECT_EQ(Described(R"({"jobDefinitionName":"jd1"})"), json::parse(R"([{
    "jobDefinitionArn":
        "arn:aws:batch:eu-central-1:123456789012:job-definition/jd1:1",
    "jobDefinitionName": "jd1", "revision": 1, "status": "ACTIVE",
    "type": "container", "containerOrchestrationType": "ECS",
    "parameters": {"word": "hi"}, "tags": {},
    "retryStrategy": {"attempts": 3},
    "timeout": {"attemptDurationSeconds": 60},
    "containerProperties": {
      "image": "busybox", "vcpus": 1, "memory": 128,
      "command": ["echo", "Ref::word"], "resourceRequirements": [],
      "secrets": [], "environment": [], "mountPoints": [], "ulimits": [],
      "volumes": []}}])"));
}

TEST_F(DefinitionsTest, WhatTheSchedulerDoesNotReadComesBack) {
  const std::string container = R"({
    "image": "busybox", "command": [], "environment": [], "secrets": [],
    "resourceRequirements": [{"type": "GPU", "value": "1"},
        {"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
    "jobRoleArn": "arn:aws:iam::123456789012:role/r", "user": "nobody",
    "privileged": true, "readonlyRootFilesystem": true,
    "volumes": [{"name": "data", "host": {"sourcePath": "/data"}}],
    "mountPoints": [{"sourceVolume": "data", "containerPath": "/in"}],
    "ulimits": [{"name": "nofile", "hardLimit": 9, "softLimit": 8}],
    "linuxParameters": {"sharedMemorySize": 64},
    "logConfiguration": {"logDriver": "awslogs", "options": {"a": "b"}}})";
  Register(absl::StrCat(
      R"("propagateTags":true,"schedulingPriority":7,"tags":{"team":"blue"},)"
      R"("platformCapabilities":["EC2"],"consumableResourceProperties":)"
      R"({"consumableResourceList":[{"consumableResource":"licence",)"
      R"("quantity":2}]},"containerProperties":)",
      container));

  const json definition = Described().at(0);
  EXPECT_EQ(definition["containerProperties"], json::parse(container));
  EXPECT_EQ(definition["propagateTags"], true);
  EXPECT_EQ(definition["schedulingPriority"], 7);
  EXPECT_EQ(definition["tags"], json({{"team", "blue"}}));
  EXPECT_EQ(definition["platformCapabilities"], json({"EC2"}));
  EXPECT_EQ(definition["consumableResourceProperties"].dump(),
            R"({"consumableResourceList":[{"consumableResource":"licence",)"
            R"("quantity":2}]})");
}

TEST_F(DefinitionsTest, TagsAreThoseOfNow) {
  Register(absl::StrCat(R"("tags":{"a":"1"},)", kPlainContainer));
  world.Call("TagResource", absl::StrCat(R"({"tags":{"b":"2"},"resourceArn":")",
                                         ArnOf("job-definition/d:1"), "\"}"));
  EXPECT_EQ(Described().at(0)["tags"], json({{"a", "1"}, {"b", "2"}}));
}

TEST_F(DefinitionsTest, TasksOfSeveralContainersComeBack) {
  const std::string ecs = R"({"taskProperties": [{"ipcMode": "task",
    "containers": [
      {"name": "main", "image": "a", "essential": true, "stopTimeout": 5,
       "resourceRequirements": [{"type": "VCPU", "value": "1"},
                                {"type": "MEMORY", "value": "64"}],
       "dependsOn": [{"containerName": "side", "condition": "SUCCESS"}]},
      {"name": "side", "image": "b", "essential": false,
       "mountPoints": [{"containerPath": "/x"}]}]}]})";
  Register(absl::StrCat(R"("ecsProperties":)", ecs));
  EXPECT_EQ(Described().at(0)["ecsProperties"], json::parse(ecs));
  EXPECT_FALSE(Described().at(0).contains("containerProperties"));
}

TEST_F(DefinitionsTest, PodsComeBack) {
  const std::string eks = R"({"podProperties": {
    "serviceAccountName": "s", "metadata": {"labels": {"l": "1"}},
    "initContainers": [{"name": "i", "image": "b", "command": ["c"]}],
    "containers": [{"image": "a", "args": ["x"],
      "env": [{"name": "N", "value": "v"}],
      "resources": {"limits": {"cpu": "0.5", "memory": "64Mi"}}}]}})";
  Register(absl::StrCat(R"("eksProperties":)", eks));
  EXPECT_EQ(Described().at(0)["eksProperties"], json::parse(eks));
  EXPECT_EQ(Described().at(0)["containerOrchestrationType"], "EKS");
}

TEST_F(DefinitionsTest, NodesComeBack) {
  const std::string nodes = R"({"numNodes": 3, "mainNode": 0,
    "nodeRangeProperties": [{"targetNodes": "0:", "container": {
      "image": "mpi", "command": [], "environment": [], "mountPoints": [],
      "secrets": [], "ulimits": [], "volumes": [],
      "resourceRequirements": [{"type": "VCPU", "value": "1"},
                               {"type": "MEMORY", "value": "64"}]}}]})";
  Register(absl::StrCat(R"("nodeProperties":)", nodes), "multinode");
  EXPECT_EQ(Described().at(0)["nodeProperties"], json::parse(nodes));
  EXPECT_EQ(Described().at(0)["type"], "multinode");
}

// Whoever uses the scheduler itself writes no document.
TEST_F(DefinitionsTest, MadeWithoutTheApiIsShownAsFarAsItIsKnown) {
  JobDefinitionOptions options;
  options.job_definition_name = "core";
  options.container_properties.image = "busybox";
  options.container_properties.resources = Resources{250, 64, 0};
  options.retry_strategy = embatch::RetryStrategy{2};
  options.timeout = embatch::JobTimeout{absl::Seconds(60)};
  options.tags = {{"a", "1"}};
  ASSERT_TRUE(world.scheduler
                  .RegisterJobDefinition(embatch::JobDefinition::Create(
                                             options, LimitsProfile::kUnlimited)
                                             .value(),
                                         world.now)
                  .ok());
  const json definition = Described().at(0);
  EXPECT_EQ(definition["containerProperties"]["image"], "busybox");
  EXPECT_EQ(definition["containerProperties"]["resourceRequirements"].dump(),
            R"([{"type":"VCPU","value":"0.25"},{"type":"MEMORY",)"
            R"("value":"64"}])");
  EXPECT_EQ(definition["retryStrategy"]["attempts"], 2);
  EXPECT_EQ(definition["timeout"]["attemptDurationSeconds"], 60);
  EXPECT_EQ(definition["tags"], json({{"a", "1"}}));
}

// Nor need it be this API's own document.
TEST_F(DefinitionsTest, StrangeDocumentsAreNotTrusted) {
  JobDefinitionOptions options;
  options.job_definition_name = "d";
  options.container_properties.image = "busybox";
  options.container_properties.resources = Resources::Of(1, 64);
  options.document = Document(
      R"({"jobDefinitionName":"d","ecsProperties":{"taskProperties":[]}})");
  ASSERT_TRUE(
      world.scheduler
          .RegisterJobDefinition(
              embatch::JobDefinition::Create(options).value(), world.now)
          .ok());
  EXPECT_EQ(Described().at(0)["containerProperties"]["image"], "busybox");
  world.AddQueue();
  const json job = world.Call("SubmitJob", JobWorld::Submission("", "d"));
  EXPECT_EQ(world.Call("DescribeJobs",
                       absl::StrCat(R"({"jobs":[)", job["jobId"].dump(),
                                    "]}"))["jobs"][0]["container"]["image"],
            "busybox");
}

TEST_F(DefinitionsTest, AreDescribedByNameRevisionAndArn) {
  for (int i = 0; i < 3; ++i) Register(kPlainContainer);
  const json found =
      Described(absl::StrCat(R"({"jobDefinitions":["d:2","none:1",")",
                             ArnOf("job-definition/d:1"), R"(","d"]})"));
  ASSERT_EQ(found.size(), 3);
  EXPECT_EQ(found[0]["revision"], 2);
  EXPECT_EQ(found[1]["revision"], 1);
  EXPECT_EQ(found[2]["revision"], 3);
}

TEST_F(DefinitionsTest, RevisionsAreNotPassedOver) {
  Register(kPlainContainer);
  Register(kPlainContainer);
  const std::string arn = ArnOf("job-definition/d:1");
  EXPECT_EQ(
      world.Refusal("DescribeJobDefinitions",
                    absl::StrCat(R"({"jobDefinitionName":")", arn, "\"}")),
      absl::StrCat("jobDefinitionName is \"", arn,
                   "\"; must name no revision"));
  for (const char* other : {"d:+1", "d: 1", "d:01", "d:1 ", "d:", "d:0"}) {
    world.Call("DeregisterJobDefinition",
               json({{"jobDefinition", other}}).dump());
    EXPECT_EQ(Described(json({{"jobDefinitions", {other}}}).dump()).size(), 0)
        << other;
  }
  EXPECT_EQ(Described(R"({"status":"ACTIVE"})").size(), 2);
}

TEST_F(DefinitionsTest, DeregisteredOnesAreInactive) {
  Register(kPlainContainer);
  Register(kPlainContainer);
  world.Call("DeregisterJobDefinition", R"({"jobDefinition":"d:1"})");
  world.Call("DeregisterJobDefinition", R"({"jobDefinition":"none:1"})");
  const json active = Described(R"({"status":"ACTIVE"})");
  ASSERT_EQ(active.size(), 1);
  EXPECT_EQ(active[0]["revision"], 2);
  const json inactive =
      Described(absl::StrCat(R"({"status":"INACTIVE","jobDefinitionName":")",
                             ArnOf("job-definition/d"), "\"}"));
  ASSERT_EQ(inactive.size(), 1);
  EXPECT_EQ(inactive[0]["status"], "INACTIVE");
  EXPECT_THAT(
      world.Refusal("DeregisterJobDefinition", R"({"jobDefinition":"d"})"),
      HasSubstr("jobDefinition is \"d\""));
}

TEST_F(DefinitionsTest, ComeInPages) {
  for (int i = 0; i < 3; ++i) Register(kPlainContainer);
  const json first =
      world.Call("DescribeJobDefinitions", R"({"maxResults":2})");
  ASSERT_EQ(first["jobDefinitions"].size(), 2);
  const json second = world.Call("DescribeJobDefinitions",
                                 absl::StrCat(R"({"maxResults":2,"nextToken":)",
                                              first["nextToken"].dump(), "}"));
  ASSERT_EQ(second["jobDefinitions"].size(), 1);
  EXPECT_EQ(second["jobDefinitions"][0]["revision"], 3);
  EXPECT_FALSE(second.contains("nextToken"));
  EXPECT_THAT(world.Refusal("DescribeJobDefinitions", R"({"nextToken":"x"})"),
              HasSubstr("nextToken is \"x\""));
  EXPECT_THAT(world.Refusal("DescribeJobDefinitions", R"({"maxResults":101})"),
              HasSubstr("maxResults is 101"));
}

TEST_F(DefinitionsTest, ListOfNamesStandsAlone) {
  EXPECT_EQ(world.Refusal("DescribeJobDefinitions",
                          R"({"jobDefinitions":["d:1"],"status":"ACTIVE"})"),
            "jobDefinitions is given; must be the only member then");
  std::string many = R"({"jobDefinitions":["d:1")";
  for (int i = 0; i < 99; ++i) many += ",\"d:1\"";
  EXPECT_EQ(Described(many + "]}").size(), 0);
  EXPECT_EQ(world.Refusal("DescribeJobDefinitions", many + ",\"d:1\"]}"),
            "jobDefinitions has 101 items; must have at most 100");
  EXPECT_EQ(world.Refusal("DescribeJobDefinitions", R"({"status":"active"})"),
            "status is \"active\"; must be ACTIVE or INACTIVE");
}

// Clients compare what they are told with what they gave. Source: §6.3.
TEST_F(DefinitionsTest, RetryActionsComeBackInLowerCase) {
  for (const char* action : {"retry", "RETRY", "Retry"}) {
    const std::string rules = absl::StrCat(
        R"("retryStrategy":{"attempts":2,"evaluateOnExit":[{"onReason":"*",)",
        R"("action":")", action, "\"}]}");
    Register(absl::StrCat(rules, ",", kPlainContainer));
    EXPECT_EQ(Described(R"({"jobDefinitions":["d"]})")[0]["retryStrategy"],
              json::parse(R"({"attempts":2,"evaluateOnExit":[
                  {"onReason":"*","action":"retry"}]})"));
  }
  world.AddQueue();
  const json job = world.Call("SubmitJob", JobWorld::Submission("", "d"));
  const json described = world.Call(
      "DescribeJobs", absl::StrCat(R"({"jobs":[)", job["jobId"].dump(), "]}"));
  EXPECT_EQ(
      described["jobs"][0]["retryStrategy"]["evaluateOnExit"][0]["action"],
      "retry");
}

// §3.2: an empty container is one of the kinds as well. Else what the scheduler
// does not read of the other kind would be lost.
TEST_F(DefinitionsTest, HaveOneKindOfProperties) {
  constexpr char kTask[] = R"("ecsProperties":{"taskProperties":[{
      "taskRoleArn":"r","containers":[{"image":"a","privileged":true}]}]})";
  constexpr char kPod[] = R"("eksProperties":{"podProperties":{
      "serviceAccountName":"s","containers":[{"image":"a"}]}})";
  const std::string container = R"("containerProperties":{},)";
  const std::string kinds =
      " of containerProperties, ecsProperties, eksProperties and "
      "nodeProperties are given; must be exactly one";
  EXPECT_EQ(Refused(container + kTask), "2" + kinds);
  EXPECT_EQ(Refused(container + kPod), "2" + kinds);
  EXPECT_EQ(Refused(absl::StrCat(container, kTask, ",", kPod)), "3" + kinds);
  const auto nodes = [](absl::string_view members) {
    return absl::StrCat(R"("nodeProperties":{"numNodes":1,"mainNode":0,)",
                        R"("nodeRangeProperties":[{"targetNodes":"0:",)",
                        members, "}]}");
  };
  const std::string range = nodes(
      R"("container":{"image":"a","vcpus":1,"memory":64,"jobRoleArn":"r"})");
  EXPECT_EQ(Refused(container + range, "multinode"), "2" + kinds);
  EXPECT_EQ(
      Refused(nodes(absl::StrCat(R"("container":{},)", kTask)), "multinode"),
      "nodeProperties.nodeRangeProperties[0] has 2 of container, "
      "ecsProperties and eksProperties; must have exactly one");
  EXPECT_EQ(Described().size(), 0);
}

TEST_F(DefinitionsTest, NodesAreAllPodsOrNone) {
  EXPECT_EQ(
      Refused(R"("nodeProperties":{"numNodes":2,"mainNode":0,
          "nodeRangeProperties":[
          {"targetNodes":"0","container":{"image":"a","vcpus":1,"memory":64}},
          {"targetNodes":"1","eksProperties":{"podProperties":{"containers":[
           {"image":"a","resources":{"limits":
            {"cpu":"1","memory":"64Mi"}}}]}}}]})",
              "multinode"),
      "nodeProperties.nodeRangeProperties[1].eksProperties is given; must be "
      "given in all groups or in none");
}

// §22.
TEST_F(DefinitionsTest, AreRefusedInTheWordsOfAws) {
  EXPECT_EQ(Refused(R"("parameters":{})"),
            "containerProperties must contain image");
  EXPECT_EQ(Refused(kPlainContainer, "other"),
            "type must be one of ('container', 'multinode')");
  EXPECT_EQ(Refused(absl::StrCat(R"("retryStrategy":{},)", kPlainContainer)),
            "RetryAttempts must be provided with retry strategy");
  EXPECT_EQ(Refused(R"("containerProperties":{"image":"a","vcpus":0})"),
            "container vcpus limit must be greater than 0");
  EXPECT_EQ(Refused(R"("containerProperties":{"image":"a","memory":3})"),
            "container memory limit must be greater than 4");
  EXPECT_EQ(Refused(R"("containerProperties":{"image":"a",)"
                    R"("resourceRequirements":[{"type":"MEMORY",)"
                    R"("value":"3"}]})"),
            "container memory limit must be greater than 4");
  EXPECT_EQ(Refused(R"("containerProperties":{"image":"a","command":[""]})"),
            "Command field cannot have empty strings");
  EXPECT_EQ(Refused(R"("containerProperties":{"image":"a",)"
                    R"("networkConfiguration":{}})"),
            "networkConfiguration not applicable for EC2.");
  EXPECT_EQ(Refused(R"("platformCapabilities":["FARGATE"],)"
                    R"("containerProperties":{"image":"a",)"
                    R"("executionRoleArn":"r","privileged":true})"),
            "privileged is not applicable for Fargate.");
  EXPECT_EQ(Refused(R"("platformCapabilities":["FARGATE"],)"
                    R"("containerProperties":{"image":"a","vcpus":1,)"
                    R"("executionRoleArn":"r"})"),
            "vcpus is not applicable for Fargate.");
}

TEST_F(DefinitionsTest, FargateNeedsARole) {
  EXPECT_THAT(Refused(absl::StrCat(R"("platformCapabilities":["FARGATE"],)",
                                   kPlainContainer)),
              HasSubstr("containerProperties.executionRoleArn is missing"));
}

TEST_F(DefinitionsTest, LimitsNameMemberValueAndLimit) {
  EXPECT_THAT(Refused(absl::StrCat(R"("retryStrategy":{"attempts":11},)",
                                   kPlainContainer)),
              HasSubstr("retryStrategy.attempts is 11; must be between 1 and "
                        "10"));
  EXPECT_THAT(
      Refused(absl::StrCat(R"("timeout":{"attemptDurationSeconds":59},)",
                           kPlainContainer)),
      HasSubstr("timeout.attemptDurationSeconds is 59"));
  EXPECT_THAT(Refused(R"("containerProperties":{"image":"a",)"
                      R"("linuxParameters":{"swappiness":101}})"),
              HasSubstr("containerProperties.linuxParameters.swappiness is "
                        "101; must be between 0 and 100"));
  EXPECT_THAT(Refused(R"("containerProperties":{"image":"a",)"
                      R"("resourceRequirements":[{"type":"VCPU",)"
                      R"("value":"1"},{"type":"VCPU","value":"1"}]})"),
              HasSubstr("containerProperties.resourceRequirements[1].type is "
                        "VCPU; each type may be given once"));
  EXPECT_THAT(Refused(R"("eksProperties":{"podProperties":{"containers":[)"
                      R"({"image":"a","resources":{"limits":)"
                      R"({"memory":"1Gi"}}}]}})"),
              HasSubstr("eksProperties.podProperties.containers[0].resources."
                        "limits.memory is \"1Gi\"; must be a whole number of "
                        "MiB, followed by Mi"));
}

// API ResourceRequirement ("can be specified in several places"): they are
// missed when a job has none. §22.
TEST_F(DefinitionsTest, AmountsAreMissedAtSubmission) {
  world.AddQueue();
  Register(R"("containerProperties":{"image":"a"})");
  const auto refused = [this](absl::string_view more) {
    return world.Refusal("SubmitJob", JobWorld::Submission(more, "d"));
  };
  EXPECT_EQ(refused(""), "container vcpus limit must be greater than 0");
  EXPECT_EQ(refused(R"(,"containerOverrides":{"resourceRequirements":[
                       {"type":"VCPU","value":"1"}]})"),
            "container memory limit must be greater than 4");
}

// 24 KiB of JSON may be given, though the scheduler keeps it as a document
// beside its own form.
TEST_F(DefinitionsTest, DocumentDoesNotCountTwice) {
  const auto with = [](size_t bytes) {
    return absl::StrCat(R"("containerProperties":{"image":"a","command":[")",
                        std::string(bytes, 'x'), "\"]}");
  };
  Register(with(20 * 1024));
  EXPECT_THAT(Refused(with(25 * 1024)), HasSubstr("24576"));
}

}  // namespace
}  // namespace api
}  // namespace embatch
