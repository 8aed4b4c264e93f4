// SPDX-License-Identifier: Apache-2.0
// What is said of bad requests. Good requests of every kind are spoilt in one
// place after the other; no answer is a 5xx, and each message speaks of members
// that the request has, in AWS's words.
#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "embatch/api/operation.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "tests/api/service/api_world.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::Descriptor;
using nlohmann::json;

// --- Which words are AWS's ---------------------------------------------------

// Without values, which stand between quotation marks.
std::string WithoutValues(absl::string_view message) {
  std::string without;
  bool quoted = false;
  for (size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '"') quoted = !quoted;
    if (quoted && message[i] == '\\') ++i;
    if (!quoted || message[i] == '"') without += message[i];
  }
  return without;
}

// Messages that differ in numbers and values only are one.
std::string KindOf(absl::string_view message) {
  std::string kind;
  for (const char c : WithoutValues(message)) {
    const bool digit = absl::ascii_isdigit(c);
    if (!digit || kind.empty() || kind.back() != '0') kind += digit ? '0' : c;
  }
  return kind;
}

// Whether a message of the schema has what `names` lead to. What a map holds
// may have any name; and so may amounts, which the scheduler has counted
// together from definition and submission.
bool Has(const Descriptor* message, std::vector<std::string> names) {
  for (const std::string& name : names) {
    if (name == "resourceRequirements") return true;
    if (message == nullptr) return false;
    if (message->field_count() == 1 && message->field(0)->is_repeated()) {
      if (message->field(0)->is_map()) return true;
      message = message->field(0)->message_type();
      if (message == nullptr) return false;
    }
    const google::protobuf::FieldDescriptor* found = nullptr;
    for (int i = 0; i < message->field_count(); ++i) {
      if (message->field(i)->json_name() == name) found = message->field(i);
    }
    if (found == nullptr) return false;
    message = found->message_type();
  }
  return true;
}

bool IsOfPath(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '[' || c == ']';
}

// The path that a message begins with, without places in lists; empty when it
// begins with a word, or a capital.
std::vector<std::string> PathOf(absl::string_view message) {
  size_t size = 0;
  while (size < message.size() && IsOfPath(message[size])) ++size;
  const absl::string_view rest = message.substr(size);
  const bool is_member =
      size > 0 && absl::ascii_islower(message[0]) &&
      (absl::StrContains(message.substr(0, size), '.') ||
       absl::StartsWith(rest, " is ") || absl::StartsWith(rest, " has ") ||
       absl::StartsWith(rest, ":"));
  if (!is_member) return {};
  std::vector<std::string> names = absl::StrSplit(message.substr(0, size), '.');
  for (std::string& name : names)
    name.resize(std::min(name.find('['), name.size()));
  return names;
}

// What is no word of AWS's in a message about such a request.
std::string ForeignWord(absl::string_view message, const Descriptor* request) {
  // AWS's own text names a member without its path. Source: §22.
  if (absl::EndsWith(message, " is not applicable for Fargate.")) return "";
  const std::vector<std::string> path = PathOf(message);
  if (!Has(request, path)) return absl::StrJoin(path, ".");
  // C++'s way to write a member, outside of a value.
  static const std::regex kMember(R"re(\b[a-z0-9]+(_[a-z0-9]+)+\b)re");
  const std::string text = WithoutValues(message);
  for (std::sregex_iterator i(text.begin(), text.end(), kMember), end; i != end;
       ++i) {
    if (!absl::EndsWith(i->str(), "x86_64")) return i->str();
  }
  for (const char* word : {"slot ", "generation ", "Advance", "nullptr"}) {
    if (absl::StrContains(text, word)) return word;
  }
  return "";
}

TEST(ForeignWordTest, IsFound) {
  const auto of = [](absl::string_view message) {
    return ForeignWord(message,
                       FindOperation("SubmitJob")->request->GetDescriptor());
  };
  EXPECT_EQ(of("jobName is \"a_b.c\\\"d_e\"; must be"), "");
  EXPECT_EQ(of("dependsOn[0].jobId is \"x\"; must be"), "");
  EXPECT_EQ(of("must be of arm64 and of x86_64"), "");
  EXPECT_EQ(of("Job queue a.b does not exist"), "");
  EXPECT_EQ(of("job_name is \"\""), "job_name");
  EXPECT_EQ(of("jobName is \"\"; as job_name"), "job_name");
  EXPECT_EQ(of("dependsOn[0].job is 1"), "dependsOn.job");
  EXPECT_EQ(of("array is 1"), "array");
  EXPECT_EQ(of("dependsOn.items[0].jobId is 1"), "dependsOn.items.jobId");
  EXPECT_EQ(of("jobName names slot 3"), "slot ");
}

// --- Requests, and how they are spoilt ---------------------------------------

struct Good {
  const char* operation;
  const char* request;
};

// Carried out in this order; where a member holds a name or an id that others
// refer to, they come behind it.
constexpr Good kGood[] = {
    {"CreateComputeEnvironment", R"({"computeEnvironmentName":"ec2",
      "type":"MANAGED","state":"ENABLED","computeResources":{"type":"EC2",
      "allocationStrategy":"BEST_FIT_PROGRESSIVE","minvCpus":0,"maxvCpus":16,
      "desiredvCpus":0,"instanceTypes":["optimal"],"subnets":["s"],
      "securityGroupIds":["g"],"instanceRole":"r",
      "scalingPolicy":{"minScaleDownDelayMinutes":20}},"tags":{"a":"b"}})"},
    {"CreateComputeEnvironment", R"({"computeEnvironmentName":"spot",
      "type":"MANAGED","computeResources":{"type":"SPOT","bidPercentage":50,
      "minvCpus":0,"maxvCpus":16,"instanceTypes":["m5"],"subnets":["s"],
      "securityGroupIds":["g"],"instanceRole":"r","spotIamFleetRole":"f"}})"},
    {"CreateComputeEnvironment", R"({"computeEnvironmentName":"fargate",
      "type":"MANAGED","computeResources":{"type":"FARGATE","maxvCpus":16,
      "subnets":["s"],"securityGroupIds":["g"]}})"},
    {"CreateComputeEnvironment", R"({"computeEnvironmentName":"eks",
      "type":"MANAGED","eksConfiguration":{"eksClusterArn":"c",
      "kubernetesNamespace":"n"},"computeResources":{"type":"EC2",
      "allocationStrategy":"BEST_FIT_PROGRESSIVE","minvCpus":0,"maxvCpus":16,
      "instanceTypes":["optimal"],"subnets":["s"],"securityGroupIds":["g"],
      "instanceRole":"r"}})"},
    {"CreateComputeEnvironment", R"({"computeEnvironmentName":"own",
      "type":"UNMANAGED","unmanagedvCpus":4})"},
    {"CreateSchedulingPolicy", R"({"name":"fair","fairsharePolicy":{
      "shareDecaySeconds":60,"computeReservation":10,"shareDistribution":[
      {"shareIdentifier":"a","weightFactor":0.5}]}})"},
    {"CreateSchedulingPolicy", R"({"name":"quota","quotaSharePolicy":
      {"idleResourceAssignmentStrategy":"FIFO"}})"},
    {"CreateServiceEnvironment", R"({"serviceEnvironmentName":"train",
      "serviceEnvironmentType":"SAGEMAKER_TRAINING","capacityLimits":[
      {"maxCapacity":4,"capacityUnit":"ml"}]})"},
    {"CreateConsumableResource", R"({"consumableResourceName":"licence",
      "totalQuantity":3,"resourceType":"REPLENISHABLE"})"},
    {"CreateJobQueue", R"({"jobQueueName":"ec2","priority":1,
      "state":"ENABLED","computeEnvironmentOrder":[
      {"order":1,"computeEnvironment":"ec2"}],"jobStateTimeLimitActions":[
      {"reason":"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY","state":"RUNNABLE",
       "maxTimeSeconds":600,"action":"CANCEL"}]})"},
    {"CreateJobQueue", R"({"jobQueueName":"fair","priority":1,
      "schedulingPolicyArn":
        "arn:aws:batch:eu-central-1:123456789012:scheduling-policy/fair",
      "computeEnvironmentOrder":[{"order":1,"computeEnvironment":"ec2"}]})"},
    {"CreateJobQueue", R"({"jobQueueName":"fargate","priority":1,
      "computeEnvironmentOrder":[{"order":1,"computeEnvironment":"fargate"}]})"},
    {"CreateJobQueue", R"({"jobQueueName":"eks","priority":1,
      "jobQueueType":"EKS",
      "computeEnvironmentOrder":[{"order":1,"computeEnvironment":"eks"}]})"},
    {"CreateJobQueue", R"({"jobQueueName":"train","priority":1,
      "jobQueueType":"SAGEMAKER_TRAINING","schedulingPolicyArn":
        "arn:aws:batch:eu-central-1:123456789012:scheduling-policy/quota",
      "serviceEnvironmentOrder":[{"order":1,"serviceEnvironment":"train"}]})"},
    {"CreateQuotaShare", R"({"quotaShareName":"red","jobQueue":"train",
      "capacityLimits":[{"maxCapacity":2,"capacityUnit":"ml"}],
      "resourceSharingConfiguration":{"strategy":"LEND_AND_BORROW",
      "borrowLimit":100},"preemptionConfiguration":
      {"inSharePreemption":"ENABLED"}})"},
    {"RegisterJobDefinition", R"({"jobDefinitionName":"plain",
      "type":"container","containerProperties":{"image":"i",
      "command":["a","Ref::p"],"environment":[{"name":"A","value":"b"}],
      "resourceRequirements":[{"type":"VCPU","value":"1"},
      {"type":"MEMORY","value":"64"},{"type":"GPU","value":"1"}],
      "linuxParameters":{"swappiness":1},
      "runtimePlatform":{"operatingSystemFamily":"LINUX",
      "cpuArchitecture":"X86_64"}},"parameters":{"p":"q"},
      "retryStrategy":{"attempts":2,"evaluateOnExit":[
      {"onExitCode":"1","onReason":"a","onStatusReason":"b",
       "action":"RETRY"}]},"timeout":{"attemptDurationSeconds":60},
      "schedulingPriority":1,"consumableResourceProperties":
      {"consumableResourceList":[{"consumableResource":"licence",
      "quantity":1}]}})"},
    {"RegisterJobDefinition", R"({"jobDefinitionName":"old",
      "type":"container","containerProperties":{"image":"i","vcpus":1,
      "memory":64}})"},
    {"RegisterJobDefinition", R"({"jobDefinitionName":"fargate",
      "type":"container","platformCapabilities":["FARGATE"],
      "containerProperties":{"image":"i","executionRoleArn":"r",
      "resourceRequirements":[{"type":"VCPU","value":"1"},
      {"type":"MEMORY","value":"2048"}],"ephemeralStorage":{"sizeInGiB":30},
      "networkConfiguration":{"assignPublicIp":"ENABLED"}}})"},
    {"RegisterJobDefinition", R"({"jobDefinitionName":"task",
      "type":"container","ecsProperties":{"taskProperties":[{"containers":[
      {"name":"a","image":"i","essential":true,"resourceRequirements":[
       {"type":"VCPU","value":"1"},{"type":"MEMORY","value":"64"}],
       "dependsOn":[{"containerName":"b","condition":"SUCCESS"}]},
      {"name":"b","image":"i","essential":false,"resourceRequirements":[
       {"type":"VCPU","value":"1"},{"type":"MEMORY","value":"64"}]}]}]}})"},
    {"RegisterJobDefinition", R"({"jobDefinitionName":"fargate-task",
      "type":"container","platformCapabilities":["FARGATE"],"ecsProperties":
      {"taskProperties":[{"executionRoleArn":"r","containers":[
      {"name":"a","image":"i","resourceRequirements":[
       {"type":"VCPU","value":"1"},{"type":"MEMORY","value":"2048"}]}]}]}})"},
    {"RegisterJobDefinition", R"({"jobDefinitionName":"pod",
      "type":"container","eksProperties":{"podProperties":{"containers":[
      {"name":"a","image":"i","command":["c"],"env":[{"name":"A","value":"b"}],
       "resources":{"limits":{"cpu":"2","memory":"64Mi","nvidia.com/gpu":"1"},
       "requests":{"cpu":"1","memory":"64Mi","nvidia.com/gpu":"1"}}}],
      "initContainers":[{"name":"b","image":"i"}]}}})"},
    {"RegisterJobDefinition", R"({"jobDefinitionName":"nodes",
      "type":"multinode","nodeProperties":{"numNodes":2,"mainNode":0,
      "nodeRangeProperties":[{"targetNodes":"0:","container":{"image":"i",
      "instanceType":"m5.large","resourceRequirements":[
      {"type":"VCPU","value":"1"},{"type":"MEMORY","value":"64"}]}}]},
      "parameters":{"p":"q"},"propagateTags":true,"tags":{"a":"b"},
      "retryStrategy":{"attempts":2,"evaluateOnExit":[
      {"onExitCode":"1","action":"RETRY"}]},
      "timeout":{"attemptDurationSeconds":60},"schedulingPriority":1})"},
    {"RegisterJobDefinition", R"({"jobDefinitionName":"pods",
      "type":"multinode","nodeProperties":{"numNodes":2,"mainNode":0,
      "nodeRangeProperties":[{"targetNodes":":","eksProperties":
      {"podProperties":{"containers":[{"image":"a","resources":
      {"limits":{"cpu":"1","memory":"64Mi"}}}]}}}]},"propagateTags":false})"},
    {"SubmitJob", R"({"jobName":"j","jobQueue":"ec2","jobDefinition":"plain",
      "arrayProperties":{"size":2},"parameters":{"p":"q"},
      "containerOverrides":{"command":["a"],
      "environment":[{"name":"A","value":"b"}],
      "resourceRequirements":[{"type":"VCPU","value":"2"},
      {"type":"MEMORY","value":"128"},{"type":"GPU","value":"1"}]},
      "dependsOn":[{"type":"SEQUENTIAL"}],"retryStrategy":{"attempts":2,
      "evaluateOnExit":[{"onExitCode":"1","action":"EXIT"}]},
      "timeout":{"attemptDurationSeconds":60},"tags":{"a":"b"},
      "consumableResourcePropertiesOverride":{"consumableResourceList":[
      {"consumableResource":"licence","quantity":1}]}})"},
    {"SubmitJob", R"({"jobName":"j","jobQueue":"ec2","jobDefinition":"old",
      "containerOverrides":{"vcpus":2,"memory":128}})"},
    {"SubmitJob", R"({"jobName":"j","jobQueue":"fair","jobDefinition":"plain",
      "shareIdentifier":"a","schedulingPriorityOverride":3})"},
    {"SubmitJob", R"({"jobName":"j","jobQueue":"fargate",
      "jobDefinition":"fargate","containerOverrides":{"resourceRequirements":[
      {"type":"VCPU","value":"1"},{"type":"MEMORY","value":"3072"}]}})"},
    {"SubmitJob", R"({"jobName":"j","jobQueue":"fargate",
      "jobDefinition":"fargate-task","ecsPropertiesOverride":{
      "taskProperties":[{"containers":[{"name":"a","resourceRequirements":[
      {"type":"VCPU","value":"1"},{"type":"MEMORY","value":"3072"}]}]}]}})"},
    {"SubmitJob", R"({"jobName":"j","jobQueue":"ec2","jobDefinition":"task",
      "ecsPropertiesOverride":{"taskProperties":[{"containers":[{"name":"a",
      "command":["c"],"environment":[{"name":"A","value":"b"}],
      "resourceRequirements":[{"type":"VCPU","value":"1"},
      {"type":"MEMORY","value":"64"},{"type":"GPU","value":"1"}]}]}]}})"},
    {"SubmitJob", R"({"jobName":"j","jobQueue":"eks","jobDefinition":"pod",
      "eksPropertiesOverride":{"podProperties":{"containers":[{"name":"a",
      "image":"i","command":["c"],"args":["d"],"env":[{"name":"A"}],
      "resources":{"limits":{"cpu":"2","memory":"64Mi","nvidia.com/gpu":"1"},
      "requests":{"cpu":"1","memory":"64Mi","nvidia.com/gpu":"1"}}}]}}})"},
    {"SubmitJob", R"({"jobName":"j","jobQueue":"ec2","jobDefinition":"nodes",
      "nodeOverrides":{"numNodes":3,"nodePropertyOverrides":[
      {"targetNodes":"0:","containerOverrides":{"command":["c"],
       "resourceRequirements":[{"type":"VCPU","value":"1"},
       {"type":"MEMORY","value":"64"}]}}]},"propagateTags":true,
      "retryStrategy":{"attempts":2,"evaluateOnExit":[
      {"onExitCode":"1","action":"EXIT"}]},"parameters":{"p":"q"},
      "timeout":{"attemptDurationSeconds":60},"tags":{"a":"b"}})"},
    {"SubmitJob", R"({"jobName":"j","jobQueue":"eks","jobDefinition":"pods",
      "nodeOverrides":{"nodePropertyOverrides":[{"targetNodes":"0:",
      "eksPropertiesOverride":{"podProperties":{"containers":[
      {"command":["c"]}]}}}]},"retryStrategy":{"attempts":2},
      "timeout":{"attemptDurationSeconds":60}})"},
    {"SubmitServiceJob", R"({"jobName":"j","jobQueue":"train",
      "quotaShareName":"red","serviceJobType":"SAGEMAKER_TRAINING",
      "serviceRequestPayload":"{\"ResourceConfig\":{\"InstanceType\":\"ml\",
      \"InstanceCount\":1}}","schedulingPriority":1,"retryStrategy":
      {"attempts":2,"evaluateOnExit":[{"action":"EXIT",
      "onStatusReason":"a"}]},"timeoutConfig":{"attemptDurationSeconds":60},
      "preemptionConfiguration":{"preemptionRetriesBeforeTermination":1},
      "clientToken":"t"})"},
    {"UpdateComputeEnvironment", R"({"computeEnvironment":"ec2",
      "state":"ENABLED","computeResources":{"minvCpus":0,"maxvCpus":32,
      "desiredvCpus":0,"allocationStrategy":"BEST_FIT_PROGRESSIVE",
      "instanceTypes":["m5"]},"updatePolicy":{"terminateJobsOnUpdate":false,
      "jobExecutionTimeoutMinutes":30}})"},
    {"UpdateComputeEnvironment", R"({"computeEnvironment":"own",
      "unmanagedvCpus":8})"},
    {"UpdateJobQueue", R"({"jobQueue":"ec2","priority":2,"state":"ENABLED",
      "computeEnvironmentOrder":[{"order":1,"computeEnvironment":"ec2"}]})"},
    {"UpdateSchedulingPolicy", R"({"arn":
      "arn:aws:batch:eu-central-1:123456789012:scheduling-policy/fair",
      "fairsharePolicy":{"shareDecaySeconds":60,"shareDistribution":[
      {"shareIdentifier":"a","weightFactor":2}]}})"},
    {"UpdateServiceEnvironment", R"({"serviceEnvironment":"train",
      "state":"ENABLED","capacityLimits":[{"maxCapacity":5,
      "capacityUnit":"ml"}]})"},
    {"UpdateQuotaShare",
     R"({"quotaShareArn":"arn:aws:batch:eu-central-1:)"
     R"(123456789012:job-queue/train/quota-share/red","state":"ENABLED",
      "capacityLimits":[{"maxCapacity":3,"capacityUnit":"ml"}],
      "resourceSharingConfiguration":{"strategy":"LEND_AND_BORROW",
      "borrowLimit":50}})"},
    {"UpdateConsumableResource", R"({"consumableResource":"licence",
      "operation":"SET","quantity":4,"clientToken":"t"})"},
    {"ListJobs", R"({"jobQueue":"ec2","maxResults":10,
      "jobStatus":"RUNNING"})"},
    {"ListJobs", R"({"jobQueue":"ec2","filters":[
      {"name":"JOB_NAME","values":["a*"]}]})"},
    {"ListJobs", R"({"jobQueue":"ec2","filters":[
      {"name":"AFTER_CREATED_AT","values":["1"]}]})"},
    {"ListServiceJobs", R"({"jobQueue":"train","maxResults":10,"filters":[
      {"name":"JOB_NAME","values":["a*"]}]})"},
    {"ListConsumableResources", R"({"maxResults":10,"filters":[
      {"name":"CONSUMABLE_RESOURCE_NAME","values":["a*"]}]})"},
    {"ListJobsByConsumableResource", R"({"consumableResource":"licence",
      "maxResults":10,"filters":[{"name":"JOB_STATUS",
      "values":["RUNNABLE"]}]})"},
    {"ListSchedulingPolicies", R"({"maxResults":10})"},
    {"ListQuotaShares", R"({"jobQueue":"train","maxResults":10})"},
    {"DescribeComputeEnvironments", R"({"maxResults":10,
      "computeEnvironments":["ec2"]})"},
    {"DescribeJobQueues", R"({"maxResults":10,"jobQueues":["ec2"]})"},
    {"DescribeJobDefinitions", R"({"maxResults":10,"status":"ACTIVE",
      "jobDefinitionName":"plain"})"},
    {"DescribeJobDefinitions", R"({"jobDefinitions":["plain:1"]})"},
    {"DescribeSchedulingPolicies", R"({"arns":[
      "arn:aws:batch:eu-central-1:123456789012:scheduling-policy/fair"]})"},
    {"DescribeServiceEnvironments", R"({"maxResults":10,
      "serviceEnvironments":["train"]})"},
    {"DescribeConsumableResource", R"({"consumableResource":"licence"})"},
    {"DescribeJobs", R"({"jobs":["a"]})"},
    {"CancelJob", R"({"jobId":"a","reason":"r"})"},
    {"TerminateJob", R"({"jobId":"a","reason":"r"})"},
    {"TerminateServiceJob", R"({"jobId":"a","reason":"r"})"},
    {"GetJobQueueSnapshot", R"({"jobQueue":"ec2"})"},
    {"TagResource", R"({"resourceArn":
      "arn:aws:batch:eu-central-1:123456789012:job-queue/ec2",
      "tags":{"a":"b"}})"},
    {"UntagResource", R"({"resourceArn":
      "arn:aws:batch:eu-central-1:123456789012:job-queue/ec2",
      "tagKeys":["a"]})"},
    {"ListTagsForResource", R"({"resourceArn":
      "arn:aws:batch:eu-central-1:123456789012:job-queue/ec2"})"},
    {"DeregisterJobDefinition", R"({"jobDefinition":"old:1"})"},
    {"DeleteQuotaShare", R"({"quotaShareArn":"arn:aws:batch:eu-central-1:)"
                         R"(123456789012:job-queue/train/quota-share/red"})"},
    {"DeleteJobQueue", R"({"jobQueue":"ec2"})"},
    {"DeleteComputeEnvironment", R"({"computeEnvironment":"ec2"})"},
    {"DeleteSchedulingPolicy", R"({"arn":
      "arn:aws:batch:eu-central-1:123456789012:scheduling-policy/fair"})"},
    {"DeleteServiceEnvironment", R"({"serviceEnvironment":"train"})"},
};

// What each member is changed to, one after the other.
std::vector<json> Spoilt(const json& value) {
  if (value.is_array()) {
    std::vector<json> values = {json::array(), 7};
    for (const size_t size : {2, 6, 101}) {
      values.push_back(json(size, value.empty() ? json("x") : value[0]));
    }
    return values;
  }
  if (value.is_object()) return {json::object(), json::array(), {{"x y", "z"}}};
  const std::string text = value.is_string() ? value : "x";
  return {"",
          "-",
          " ",
          "x y",
          "none",
          "*",
          "a*b",
          "é",
          "Ref::none",
          "AWS-BATCH",
          "arn:aws:batch:eu-central-1:123456789012:job-queue/none",
          "arn:none",
          "0",
          "-1",
          "0.1",
          "0.3",
          "1.5",
          "3",
          "7Mi",
          "1Mi",
          "2048",
          "99999999",
          "99999999999999999999",
          "#3",
          "3:1",
          "99:",
          text + text,
          std::string(300, 'x'),
          std::string(20000, 'x'),
          "BEST_FIT",
          "SPOT",
          "FARGATE",
          "UNMANAGED",
          "DISABLED",
          "N_TO_N",
          "WINDOWS_SERVER_2022_CORE",
          "ARM64",
          "LEND",
          "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED",
          "COMPLETE",
          -1,
          0,
          1,
          5,
          1.5,
          101,
          2147483647,
          99999999999,
          true,
          json::object()};
}

struct MessagesTest : testing::Test {
  // Those that are there already are not made again.
  void CarryOutAll() {
    for (const Good& good : kGood) {
      if (absl::StartsWith(good.operation, "De")) break;
      world.Call(good.operation, RequestOf(good).dump());
      world.Advance();
    }
  }
  // A payload goes over two lines here.
  static json RequestOf(const Good& good) {
    std::string text = good.request;
    text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
    return json::parse(text);
  }
  void Look(const char* operation, const json& request) {
    const Answer answer =
        world.service.CallJson(operation, request.dump(), world.now);
    if (answer.http_status == 200) return;
    ++refused;
    EXPECT_EQ(answer.http_status, 400) << answer.body;
    const std::string& message = answer.error->message;
    EXPECT_FALSE(message.empty()) << operation << " " << request.dump();
    // One of a kind is enough.
    if (!seen.insert(absl::StrCat(operation, KindOf(message))).second) return;
    EXPECT_EQ(ForeignWord(message,
                          FindOperation(operation)->request->GetDescriptor()),
              "")
        << operation << ": " << message;
  }

  ApiWorld world;
  int refused = 0;
  std::set<std::string> seen;
};

TEST_F(MessagesTest, SpeakOfMembersInWordsOfAws) {
  CarryOutAll();
  for (const Good& good : kGood) {
    const json request = RequestOf(good);
    std::vector<std::string> pointers;
    const json flat = request.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      // The member itself, and all that it is in.
      for (std::string at = pointer; !at.empty(); at.resize(at.rfind('/'))) {
        pointers.push_back(at);
      }
    }
    std::sort(pointers.begin(), pointers.end());
    pointers.erase(std::unique(pointers.begin(), pointers.end()),
                   pointers.end());
    for (const std::string& pointer : pointers) {
      const json::json_pointer at(pointer);
      for (const json& value : Spoilt(request[at])) {
        json changed = request;
        changed[at] = value;
        Look(good.operation, changed);
      }
      json changed = request;
      json& parent = changed[at.parent_pointer()];
      if (parent.is_object()) {
        parent.erase(at.back());
        Look(good.operation, changed);
      }
    }
  }
  EXPECT_GT(refused, 5000);
  EXPECT_GT(seen.size(), 300u);
}

}  // namespace
}  // namespace api
}  // namespace embatch
