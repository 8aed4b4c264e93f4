// SPDX-License-Identifier: Apache-2.0
// Members of all but definitions and jobs.
#include "tests/api/service/all_members.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace embatch {
namespace api {
namespace {

using ::nlohmann::json;

TEST_F(AllMembersTest, OfComputeEnvironments) {
  const Changes spot = {
      {"/computeEnvironmentName", "spot"},
      {"/unmanagedvCpus", nullptr},
      {"/computeResources/type", "SPOT"},
      {"/computeResources/launchTemplate/launchTemplateId", nullptr},
      {"/computeResources/launchTemplate/overrides/0/launchTemplateId",
       nullptr},
      {"/computeResources/ec2Configuration/0/batchImageStatus", nullptr},
      {"/computeResources/allocationStrategy", "SPOT_CAPACITY_OPTIMIZED"}};
  const Changes other = {
      {"/computeEnvironmentName", "ec2"},
      {"/unmanagedvCpus", nullptr},
      {"/eksConfiguration", nullptr},
      {"/computeResources/launchTemplate/launchTemplateName", nullptr},
      {"/computeResources/launchTemplate/overrides/0/launchTemplateName",
       nullptr},
      {"/computeResources/ec2Configuration/0/batchImageStatus", nullptr}};
  const Changes unmanaged = {{"/type", "UNMANAGED"},
                             {"/computeResources", nullptr},
                             {"/eksConfiguration", nullptr}};
  // batchImageStatus is AWS's to say.
  Try("CreateComputeEnvironment", {spot, other, unmanaged},
      [this](const json& request, const json&) {
        return CallWith(
            "DescribeComputeEnvironments",
            {{"computeEnvironments",
              {request["computeEnvironmentName"]}}})["computeEnvironments"][0];
      },
      {}, {"computeResources.ec2Configuration.batchImageStatus"});
}

TEST_F(AllMembersTest, OfJobQueues) {
  world.AddEnvironment();
  CallWith("CreateSchedulingPolicy", {{"name", "fair"}});
  CallWith("CreateServiceEnvironment",
           json::parse(R"({"serviceEnvironmentName":"train",
               "serviceEnvironmentType":"SAGEMAKER_TRAINING","capacityLimits":
               [{"maxCapacity":4,"capacityUnit":"NUM_INSTANCES"}]})"));
  world.Advance();
  const std::string machines =
      absl::StrCat(kArnPrefix, "compute-environment/machines");
  const std::string train =
      absl::StrCat(kArnPrefix, "service-environment/train");
  const std::string fair = absl::StrCat(kArnPrefix, "scheduling-policy/fair");
  const std::string reason = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY";
  const Changes jobs = {
      {"/jobQueueName", "jobs"},
      {"/jobQueueType", "ECS"},
      {"/schedulingPolicyArn", fair},
      {"/computeEnvironmentOrder/0/computeEnvironment", machines},
      {"/serviceEnvironmentOrder", nullptr},
      {"/jobStateTimeLimitActions/0/reason", reason},
      {"/jobStateTimeLimitActions/0/maxTimeSeconds", 600}};
  const Changes service = {
      {"/jobQueueName", "services"},
      {"/jobQueueType", "SAGEMAKER_TRAINING"},
      {"/schedulingPolicyArn", fair},
      {"/serviceEnvironmentOrder/0/serviceEnvironment", train},
      {"/computeEnvironmentOrder", nullptr},
      {"/jobStateTimeLimitActions/0/reason", reason},
      {"/jobStateTimeLimitActions/0/action", "TERMINATE"},
      {"/jobStateTimeLimitActions/0/maxTimeSeconds", 600}};
  Try("CreateJobQueue", {jobs, service},
      [this](const json& request, const json&) {
        return CallWith(
            "DescribeJobQueues",
            {{"jobQueues", {request["jobQueueName"]}}})["jobQueues"][0];
      });
}

TEST_F(AllMembersTest, OfSchedulingPolicies) {
  Try("CreateSchedulingPolicy",
      {{{"/name", "fair"}, {"/quotaSharePolicy", nullptr}},
       {{"/name", "quota"}, {"/fairsharePolicy", nullptr}}},
      [this](const json&, const json& answer) {
        return CallWith("DescribeSchedulingPolicies",
                        {{"arns", {answer["arn"]}}})["schedulingPolicies"][0];
      });
}

TEST_F(AllMembersTest, OfQuotaShares) {
  world.AddEnvironment();
  CallWith("CreateSchedulingPolicy",
           json::parse(R"({"name":"quota","quotaSharePolicy":
               {"idleResourceAssignmentStrategy":"FIFO"}})"));
  CallWith("CreateJobQueue",
           {{"jobQueueName", "a"},
            {"priority", 1},
            {"schedulingPolicyArn",
             absl::StrCat(kArnPrefix, "scheduling-policy/quota")},
            {"computeEnvironmentOrder",
             {{{"order", 1}, {"computeEnvironment", "machines"}}}}});
  world.Advance();
  // jobQueueArn says which queue it is.
  Try("CreateQuotaShare",
      {{{"/resourceSharingConfiguration/strategy", "LEND_AND_BORROW"},
        {"/capacityLimits/0/capacityUnit", "VCPU"}}},
      [this](const json&, const json& answer) {
        return CallWith("DescribeQuotaShare",
                        {{"quotaShareArn", answer["quotaShareArn"]}});
      },
      {"jobQueue"});
}

TEST_F(AllMembersTest, OfConsumableResources) {
  Try("CreateConsumableResource", {{{"/resourceType", "NON_REPLENISHABLE"}}},
      [this](const json&, const json&) {
        return CallWith("DescribeConsumableResource",
                        {{"consumableResource", "a"}});
      });
}

TEST_F(AllMembersTest, OfServiceEnvironments) {
  Try("CreateServiceEnvironment", {{}}, [this](const json&, const json&) {
    return CallWith("DescribeServiceEnvironments",
                    json::object())["serviceEnvironments"][0];
  });
}

TEST_F(AllMembersTest, OfServiceJobs) {
  for (const char* kind : {"fair", "quota"}) {
    const bool is_fair = absl::string_view(kind) == "fair";
    CallWith("CreateSchedulingPolicy",
             is_fair ? json{{"name", kind}}
                     : json{{"name", kind},
                            {"quotaSharePolicy",
                             {{"idleResourceAssignmentStrategy", "FIFO"}}}});
    CallWith("CreateServiceEnvironment",
             {{"serviceEnvironmentName", kind},
              {"serviceEnvironmentType", "SAGEMAKER_TRAINING"},
              {"capacityLimits",
               {{{"maxCapacity", 4},
                 {"capacityUnit", is_fair ? "NUM_INSTANCES" : "m"}}}}});
    world.Advance();
    CallWith("CreateJobQueue",
             {{"jobQueueName", kind},
              {"priority", 1},
              {"schedulingPolicyArn",
               absl::StrCat(kArnPrefix, "scheduling-policy/", kind)},
              {"serviceEnvironmentOrder",
               {{{"order", 1}, {"serviceEnvironment", kind}}}}});
    world.Advance();
  }
  CallWith("CreateQuotaShare",
           json::parse(R"({"quotaShareName":"a","jobQueue":"quota",
               "capacityLimits":[{"maxCapacity":8,"capacityUnit":"m"}],
               "resourceSharingConfiguration":{"strategy":"RESERVE"},
               "preemptionConfiguration":{"inSharePreemption":"ENABLED"}})"));
  world.Advance();
  const Changes both = {
      {"/serviceRequestPayload",
       R"({"ResourceConfig":{"InstanceType":"m","InstanceCount":1}})"},
      {"/retryStrategy/attempts", 2}};
  Changes fair = both;
  fair.insert(fair.end(),
              {{"/jobQueue", "fair"}, {"/quotaShareName", nullptr}});
  Changes quota = both;
  quota.insert(quota.end(),
               {{"/jobQueue", "quota"}, {"/shareIdentifier", nullptr}});
  // jobQueue comes back as an ARN; the token is for the request alone.
  Try("SubmitServiceJob", {fair, quota},
      [this](const json&, const json& answer) {
        return CallWith("DescribeServiceJob", {{"jobId", answer["jobId"]}});
      },
      {"jobQueue", "clientToken"});
}

}  // namespace
}  // namespace api
}  // namespace embatch
