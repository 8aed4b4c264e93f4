// SPDX-License-Identifier: Apache-2.0
// Requests that real people and AWS's own documents wrote, carried out: each is
// accepted, described as it was written, and its jobs run; or it is refused for
// the reason that AWS would have.
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embatch/api/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/api/real_files.h"
#include "tests/api/service/api_world.h"
#include "tests/api/service/filled_message.h"

namespace embatch {
namespace api {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// From a file's name to what its request was refused with.
using Refusals = std::map<std::string, std::string>;

struct RealRequestsTest : testing::Test {
  // Carries out the requests of an operation, by file name.
  Refusals CarryOut(const std::string& operation,
                    const std::vector<RealFile>& files) {
    Refusals refusals;
    for (const RealFile& file : files) {
      if (!file.is_request || file.operation->name != operation) continue;
      const Answer answer =
          world.service.CallJson(operation, file.Text(), world.now);
      world.Advance();
      if (answer.http_status == 200) {
        accepted[operation].push_back(Known(file));
        continue;
      }
      EXPECT_EQ(answer.http_status, 400) << file.path;
      refusals.emplace(file.name(), answer.error->message);
    }
    return refusals;
  }

  // The request without what no shape of AWS has.
  static json Known(const RealFile& file) {
    const std::unique_ptr<google::protobuf::Message> message(
        file.prototype().New());
    EXPECT_TRUE(ParseJson(file.Text(), {}, *message).ok());
    return json::parse(PrintJson(*message));
  }

  json Described(const std::string& operation, const std::string& members,
                 const std::string& name) {
    const json answer = world.Call(operation, json{{members, {name}}}.dump());
    EXPECT_EQ(answer[members].size(), 1) << name;
    return answer[members].empty() ? json() : answer[members][0];
  }

  // Registers nothing: a job of the definition, on the queue that can run it.
  json Run(const json& definition) {
    const std::string name = definition["jobDefinitionName"];
    const json platforms =
        definition.value("platformCapabilities", json::array());
    const bool on_fargate = platforms == json::array({"FARGATE"});
    const std::string id = world.Call(
        "SubmitJob", json{{"jobName", name},
                          {"jobQueue", on_fargate ? "fargate" : "ec2"},
                          {"jobDefinition", name}}
                         .dump())["jobId"];
    world.Advance(60);
    return world.Call("DescribeJobs", json{{"jobs", {id}}}.dump())["jobs"][0];
  }

  // Every definition that was accepted is described as it was written, and a
  // job of it succeeds.
  void ExpectDefinitionsWork() {
    world.AddEnvironment("fargate_machines", ComputeResourceType::kFargate);
    world.AddQueue("fargate", "fargate_machines");
    AddGpuQueue("ec2");
    for (const json& definition : accepted["RegisterJobDefinition"]) {
      const std::string name = definition["jobDefinitionName"];
      SCOPED_TRACE(name);
      EXPECT_THAT(Lost(definition, Described("DescribeJobDefinitions",
                                             "jobDefinitions", name)),
                  IsEmpty());
      const json job = Run(definition);
      EXPECT_EQ(job["status"], "SUCCEEDED") << job;
      EXPECT_EQ(job["container"]["image"],
                definition["containerProperties"]["image"]);
    }
  }

  // Machines of all types, with GPUs too.
  void AddGpuQueue(const std::string& name) {
    world.Call("CreateComputeEnvironment",
               json{{"computeEnvironmentName", name},
                    {"type", "MANAGED"},
                    {"computeResources",
                     {{"type", "EC2"},
                      {"minvCpus", 0},
                      {"maxvCpus", 256},
                      {"instanceTypes", {"optimal", "p3"}},
                      {"subnets", {"s"}},
                      {"securityGroupIds", {"g"}},
                      {"instanceRole", "r"}}}}
                   .dump());
    world.Attach(name);
    world.Advance();
    world.AddQueue(name, name);
  }

  void ExpectDescribed(const std::string& operation, const std::string& request,
                       const std::string& members, const std::string& name,
                       const std::set<std::string>& otherwise) {
    for (const json& thing : accepted[request]) {
      EXPECT_EQ(Lost(thing, Described(operation, members, thing[name])),
                otherwise);
    }
  }

  ApiWorld world;
  std::map<std::string, std::vector<json>> accepted;
};

// Its author left the names for a script to fill in.
// Source: API RegisterJobDefinitionRequest.jobDefinitionName.
constexpr char kNameIsEmpty[] =
    "jobDefinitionName is \"\"; must be 1 to 128 letters, digits, hyphens and "
    "underscores";

TEST_F(RealRequestsTest, TestDataIsCarriedOut) {
  const std::vector<RealFile> files = RealFilesBelow(ShippedFiles());
  EXPECT_THAT(CarryOut("CreateComputeEnvironment", files), IsEmpty());
  EXPECT_THAT(CarryOut("CreateJobQueue", files), IsEmpty());
  EXPECT_THAT(CarryOut("RegisterJobDefinition", files),
              ElementsAre(Pair("rnzsgh--RegisterJobDefinition-0-input.json",
                               kNameIsEmpty)));
  // No file registers sleep60.
  EXPECT_THAT(CarryOut("SubmitJob", files),
              ElementsAre(Pair("botocore--SubmitJob-0-input.json",
                               "Job definition sleep60 does not exist")));
  EXPECT_THAT(CarryOut("ListJobs", files), IsEmpty());
  // Nobody knows that job, and so it is not there to be cancelled.
  EXPECT_THAT(CarryOut("CancelJob", files), IsEmpty());

  ExpectDescribed("DescribeComputeEnvironments", "CreateComputeEnvironment",
                  "computeEnvironments", "computeEnvironmentName", {});
  // Environments come back as ARNs.
  ExpectDescribed("DescribeJobQueues", "CreateJobQueue", "jobQueues",
                  "jobQueueName",
                  {"computeEnvironmentOrder.computeEnvironment"});
  ExpectDefinitionsWork();
}

TEST_F(RealRequestsTest, SubmissionIsAcceptedOnceItsDefinitionIsThere) {
  const std::vector<RealFile> files = RealFilesBelow(ShippedFiles());
  CarryOut("CreateComputeEnvironment", files);
  CarryOut("CreateJobQueue", files);
  CarryOut("RegisterJobDefinition", files);
  for (json definition : accepted["RegisterJobDefinition"]) {
    if (definition["jobDefinitionName"] != "sleep10") continue;
    definition["jobDefinitionName"] = "sleep60";
    world.Call("RegisterJobDefinition", definition.dump());
  }
  EXPECT_THAT(CarryOut("SubmitJob", files), IsEmpty());
  EXPECT_EQ(accepted["SubmitJob"].size(), 1);
}

TEST_F(RealRequestsTest, CollectionIsCarriedOut) {
  if (!std::filesystem::is_directory(CollectedFiles())) {
    GTEST_SKIP() << "There is no " << CollectedFiles();
  }
  const std::vector<RealFile> files = RealFilesBelow(CollectedFiles());
  EXPECT_THAT(CarryOut("CreateComputeEnvironment", files), IsEmpty());
  // Their author left the ARNs to be filled in.
  const std::string author = "pulp-analytics+horror-analysis-infrastructure--";
  const std::string member = "computeEnvironmentOrder.computeEnvironment is ";
  const std::string rule = "; there is no compute environment of that name";
  EXPECT_THAT(
      CarryOut("CreateJobQueue", files),
      UnorderedElementsAre(
          Pair(author + "job-queue.json",
               member + "\"REPLACE_WITH_COMPUTE_ENVIRONMENT_ARN\"" + rule),
          Pair(author + "job-queue-metrics.json",
               member + "\"REPLACE_WITH_METRICS_COMPUTE_ENVIRONMENT_ARN\"" +
                   rule)));
  EXPECT_THAT(CarryOut("RegisterJobDefinition", files),
              ElementsAre(Pair("rnzsgh+aws-batch-sample-job-python--"
                               "batch-job-definition.json",
                               kNameIsEmpty)));
  EXPECT_THAT(CarryOut("SubmitJob", files),
              ElementsAre(Pair("botocore--SubmitJob-0-input.json",
                               "Job definition sleep60 does not exist")));
  EXPECT_THAT(CarryOut("ListJobs", files), IsEmpty());
  EXPECT_THAT(CarryOut("CancelJob", files), IsEmpty());
  EXPECT_THAT(CarryOut("TerminateJob", files), IsEmpty());
  EXPECT_THAT(CarryOut("DescribeJobs", files), IsEmpty());
  // No file creates a queue of that name.
  EXPECT_THAT(CarryOut("UpdateJobQueue", files),
              ElementsAre(Pair("botocore--UpdateJobQueue-0-input.json",
                               "Job queue GPGPU does not exist")));
  ExpectDefinitionsWork();
}

}  // namespace
}  // namespace api
}  // namespace embatch
