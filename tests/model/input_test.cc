// SPDX-License-Identifier: Apache-2.0
//
// Tests of embatch/input.h: what is written comes back, and nothing that is
// read can harm.
#include "embatch/input.h"

#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

ComputeEnvironment SomeEnvironment() {
  ComputeEnvironmentOptions options;
  options.compute_environment_name = "machines";
  options.state = ResourceState::kDisabled;
  options.compute_resources = ComputeResources{2, 300, {"c5", "m5.large"}};
  options.tags = {{"a", "b"}};
  options.document = Document("e");
  return *ComputeEnvironment::Create(std::move(options));
}

JobQueue SomeQueue() {
  JobQueueOptions options;
  options.job_queue_name = "render";
  options.priority = 500;
  options.compute_environment_order = {{-3, "spot"}, {200, "machines"}};
  options.scheduling_policy = "teams";
  return *JobQueue::Create(std::move(options));
}

UpdateJobQueueRequest SomeQueueUpdate() {
  UpdateJobQueueRequest request;
  request.job_queue = "render";
  request.priority = 3;
  request.state = ResourceState::kDisabled;
  request.compute_environment_order = {{1, "machines"}};
  request.scheduling_policy = "other";
  request.job_state_time_limit_actions = {
      {"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", absl::Minutes(10)}};
  request.document = Document("{}");
  return request;
}

JobDefinition SomeDefinition() {
  JobDefinitionOptions options;
  options.job_definition_name = "resize";
  options.container_properties.image = "image";
  options.container_properties.command = {"a", "Ref::b"};
  options.container_properties.environment = {{"K", "v"}};
  options.container_properties.resources = {250, 4096, 2};
  options.parameters = {{"b", "c"}};
  options.retry_strategy = RetryStrategy{3};
  options.timeout = JobTimeout{absl::Seconds(90)};
  options.scheduling_priority = 9;
  options.propagate_tags = true;
  return *JobDefinition::Create(std::move(options));
}

SubmitJobRequest SomeSubmission() {
  SubmitJobRequest request;
  request.job_name = "j";
  request.job_queue = "render";
  request.job_definition = "resize:3";
  request.array_size = 1000;
  request.depends_on = {{JobId{300, 1, -1}, DependencyType::kNToN},
                        {JobId{5, 7, 2}},
                        {JobId(), DependencyType::kSequential}};
  request.container_overrides.command = {"x"};
  request.container_overrides.environment = {{"K", ""}};
  request.container_overrides.vcpu_milli = 500;
  request.container_overrides.memory_mib = 64;
  request.container_overrides.gpus = 0;
  request.parameters = {{"b", "d"}};
  request.retry_strategy = RetryStrategy{2};
  request.timeout = JobTimeout{absl::Hours(1)};
  request.share_identifier = "s";
  request.scheduling_priority_override = 4;
  request.propagate_tags = false;
  request.tags = {{"t", "u"}};
  request.document = Document("");
  return request;
}

SchedulingPolicy SomePolicy() {
  SchedulingPolicyOptions options;
  options.name = "teams";
  options.fairshare_policy.emplace();
  options.fairshare_policy->share_decay = absl::Hours(3);
  options.fairshare_policy->compute_reservation = 30;
  options.fairshare_policy->share_distribution = {{"red", 5000},
                                                  {"in*", 123456}};
  options.tags = {{"a", "b"}};
  return *SchedulingPolicy::Create(std::move(options));
}

SchedulingPolicy SomeQuotaPolicy() {
  SchedulingPolicyOptions options;
  options.name = "quotas";
  options.quota_share_policy.emplace();
  return *SchedulingPolicy::Create(std::move(options));
}

Turn SomeTurn() {
  const absl::Time time = absl::FromUnixNanos(1234567891);
  const ContainerId container = {{{9, 2, 77}, 3}, 0};
  Turn turn;
  turn.instance_reports = {
      InstanceReport::Catalogue(time, {{"c5.large", {2000, 3800, 1}, 85000}}),
      InstanceReport::Ready(time, InstanceId::Joined(4), "i-4",
                            Resources::Of(2, 3800)),
      InstanceReport::LaunchFailed(time, InstanceId{300},
                                   LaunchFailure::kPermission, "no"),
      InstanceReport::Interruption(time, InstanceId{5}),
      InstanceReport::Lost(time, InstanceId{5}),
  };
  turn.instance_reports[0].compute_environment = "machines";
  turn.container_reports = {
      ContainerReport::Started(time, container),
      ContainerReport::Exited(time, container, -9, "OutOfMemoryError"),
      ContainerReport::StartFailed(time, container, "CannotPull"),
  };
  return turn;
}

QuotaShare SomeQuotaShare() {
  QuotaShareOptions options;
  options.quota_share_name = "research";
  options.job_queue = "training";
  options.capacity_limits = {{64, "VCPU"}, {2, "GPU"}};
  options.resource_sharing = {ResourceSharingStrategy::kLendAndBorrow, 50};
  options.in_share_preemption = InSharePreemption::kEnabled;
  options.state = ResourceState::kDisabled;
  options.tags = {{"a", "b"}};
  return *QuotaShare::Create(std::move(options));
}

UpdateQuotaShareRequest SomeQuotaShareUpdate() {
  UpdateQuotaShareRequest request;
  request.job_queue = "training";
  request.quota_share_name = "research";
  request.capacity_limits = {{32, "VCPU"}};
  request.resource_sharing =
      ResourceSharing{ResourceSharingStrategy::kLend, std::nullopt};
  request.in_share_preemption = InSharePreemption::kDisabled;
  request.state = ResourceState::kEnabled;
  return request;
}

ServiceEnvironment SomeServiceEnvironment() {
  ServiceEnvironmentOptions options;
  options.service_environment_name = "training";
  options.state = ResourceState::kDisabled;
  options.capacity_limits = {{50, "NUM_INSTANCES"}};
  options.tags = {{"a", "b"}};
  return *ServiceEnvironment::Create(std::move(options));
}

// One of each kind, every member of it given.
std::vector<Input> SomeInputs() {
  return {
      {0, CreateComputeEnvironmentCommand{SomeEnvironment()}},
      {1000000007, CreateJobQueueCommand{SomeQueue()}},
      {-5, RegisterJobDefinitionCommand{SomeDefinition()}},
      {1, DeregisterJobDefinitionCommand{"resize:3"}},
      {2, SomeSubmission()},
      {3, EndJobCommand{{4, 1, 0}, true, "why not"}},
      {4, SomeQueueUpdate()},
      {5, DeleteJobQueueCommand{"render"}},
      {6, CreateConsumableResourceCommand{*ConsumableResource::Create(
              {"licence",
               5,
               ConsumableResourceType::kNonReplenishable,
               {{"k", "v"}}})}},
      {7,
       UpdateConsumableResourceRequest{
           "licence", ConsumableResourceOperation::kRemove, 3, "token"}},
      {8, DeleteConsumableResourceCommand{"licence"}},
      {9, TagResourceRequest{ResourceName::Job({4, 1, -1}), {{"k", "v"}}}},
      {10, UntagResourceRequest{ResourceName::JobQueue("render"), {"k"}}},
      {std::numeric_limits<int64_t>::max(), SomeTurn()},
      {3, CreateSchedulingPolicyCommand{SomePolicy()}},
      {3, UpdateSchedulingPolicyCommand{SomeQuotaPolicy()}},
      {3, DeleteSchedulingPolicyCommand{"teams"}},
      {3, CreateQuotaShareCommand{SomeQuotaShare()}},
      {3, SomeQuotaShareUpdate()},
      {3, DeleteQuotaShareCommand{"training", "research"}},
      {3, CreateServiceEnvironmentCommand{SomeServiceEnvironment()}},
      {3,
       UpdateServiceEnvironmentRequest{
           "training", ResourceState::kDisabled, {{5, "ml.m5.large"}}}},
      {3, DeleteServiceEnvironmentCommand{"training"}},
  };
}

TEST(InputTest, RoundTrips) {
  std::vector<Input> inputs = SomeInputs();
  inputs.push_back({});
  inputs.push_back({std::numeric_limits<int64_t>::min(), Turn()});
  inputs.push_back({7, SubmitJobRequest()});
  for (const Input& input : inputs) {
    SCOPED_TRACE(input.command.index());
    const std::string bytes = EncodeInput(input);
    const absl::StatusOr<Input> decoded = DecodeInput(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(*decoded == input);
    EXPECT_EQ(EncodeInput(*decoded), bytes);
  }
}

TEST(InputTest, DifferentInputsHaveDifferentBytes) {
  std::vector<Input> inputs = SomeInputs();
  Input changed = inputs[4];
  absl::get<SubmitJobRequest>(changed.command).document = Document();
  inputs.push_back(changed);
  changed = inputs[5];
  absl::get<EndJobCommand>(changed.command).terminate = false;
  inputs.push_back(changed);
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_NE(EncodeInput(inputs[i]), EncodeInput(inputs[j]))
          << i << " " << j;
    }
  }
}

// Whatever is accepted is what its value is written as; all else is an error.
bool IsSafe(const std::string& bytes) {
  const absl::StatusOr<Input> decoded = DecodeInput(bytes);
  if (decoded.ok()) return EncodeInput(*decoded) == bytes;
  return absl::IsDataLoss(decoded.status()) &&
         absl::StartsWith(decoded.status().message(),
                          "these bytes are no input: ");
}

TEST(InputTest, NoPrefixIsAnInput) {
  for (const Input& input : SomeInputs()) {
    const std::string bytes = EncodeInput(input);
    for (size_t length = 0; length < bytes.size(); ++length) {
      const std::string prefix = bytes.substr(0, length);
      EXPECT_FALSE(DecodeInput(prefix).ok()) << length;
      EXPECT_TRUE(IsSafe(prefix)) << length;
    }
  }
}

TEST(InputTest, NothingMayFollow) {
  for (const Input& input : SomeInputs()) {
    for (char last : {'\0', '\x01', '\xff'}) {
      EXPECT_FALSE(DecodeInput(EncodeInput(input) + last).ok());
    }
  }
}

TEST(InputTest, AnySingleChangedByteIsSafe) {
  for (const Input& input : SomeInputs()) {
    const std::string bytes = EncodeInput(input);
    std::string changed = bytes;
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (int value = 0; value < 256; ++value) {
        changed[i] = static_cast<char>(value);
        ASSERT_TRUE(IsSafe(changed))
            << input.command.index() << " byte " << i << " is " << value;
      }
      changed[i] = bytes[i];
    }
  }
}

TEST(InputTest, DroppedAndDoubledBytesAreSafe) {
  for (const Input& input : SomeInputs()) {
    const std::string bytes = EncodeInput(input);
    for (size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_TRUE(IsSafe(bytes.substr(0, i) + bytes.substr(i + 1)));
      EXPECT_TRUE(IsSafe(bytes.substr(0, i + 1) + bytes.substr(i)));
    }
  }
}

TEST(InputTest, RandomBytesAreSafe) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 40, '\0');
    // Small numbers pass more checks than large ones.
    for (char& byte : bytes) {
      byte = static_cast<char>(random() % (random() % 2 == 0 ? 256 : 8));
    }
    ASSERT_TRUE(IsSafe(bytes));
  }
}

}  // namespace
}  // namespace embatch
