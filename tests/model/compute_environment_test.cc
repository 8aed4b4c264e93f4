// SPDX-License-Identifier: Apache-2.0
//
// Tests of ComputeEnvironment::Create().
#include "embatch/compute_environment.h"

#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

ComputeEnvironmentOptions Good() {
  ComputeEnvironmentOptions options;
  options.compute_environment_name = "machines";
  options.compute_resources = ComputeResources{};
  options.compute_resources->max_vcpus = 256;
  options.compute_resources->instance_types = {"optimal"};
  return options;
}

ComputeEnvironmentOptions GoodFargate() {
  ComputeEnvironmentOptions options;
  options.compute_environment_name = "tasks";
  options.compute_resources = ComputeResources{};
  options.compute_resources->type = ComputeResourceType::kFargate;
  options.compute_resources->max_vcpus = 256;
  return options;
}

TEST(ComputeEnvironmentTest, KeepsWhatItWasGiven) {
  ComputeEnvironmentOptions options = Good();
  options.compute_resources->min_vcpus = 4;
  options.compute_resources->instance_types = {"optimal", "c5", "m5.large"};
  options.compute_resources->type = ComputeResourceType::kSpot;
  options.compute_resources->document = Document("{\"imageId\":\"i\"}");
  options.state = ResourceState::kDisabled;
  options.tags = {{"team", "blue"}};
  options.document = Document("{}");
  const auto environment = ComputeEnvironment::Create(options);
  ASSERT_EQ(Answer(environment), "OK");
  EXPECT_EQ(environment->compute_environment_name(), "machines");
  EXPECT_TRUE(environment->managed());
  EXPECT_TRUE(environment->options() == options);
}

TEST(ComputeEnvironmentTest, UnmanagedHasNoComputeResources) {
  ComputeEnvironmentOptions options = Good();
  options.type = ComputeEnvironmentType::kUnmanaged;
  EXPECT_EQ(Answer(ComputeEnvironment::Create(options)),
            "compute_resources is given; must be absent when type is "
            "UNMANAGED");
  options.compute_resources.reset();
  options.unmanaged_vcpus = 64;
  const auto environment = ComputeEnvironment::Create(options);
  ASSERT_EQ(Answer(environment), "OK");
  EXPECT_FALSE(environment->managed());
  options.unmanaged_vcpus = -1;
  EXPECT_EQ(Answer(ComputeEnvironment::Create(options)),
            "unmanaged_vcpus is -1; must be between 0 and 1099511627");
}

TEST(ComputeEnvironmentTest, FargateTakesNothingOfInstances) {
  const auto environment = ComputeEnvironment::Create(GoodFargate());
  ASSERT_EQ(Answer(environment), "OK");
  EXPECT_TRUE(environment->is_fargate());
  using Change = std::function<void(ComputeResources&)>;
  const struct {
    Change change;
    std::string member;
    std::string name;
  } kCases[] = {
      {[](auto& r) { r.allocation_strategy = AllocationStrategy::kBestFit; },
       "allocation_strategy", "allocationStrategy"},
      {[](auto& r) { r.min_vcpus = 1; }, "min_vcpus", "minvCpus"},
      {[](auto& r) { r.desired_vcpus = 0; }, "desired_vcpus", "desiredvCpus"},
      {[](auto& r) { r.instance_types = {"c5"}; }, "instance_types",
       "instanceTypes"},
      {[](auto& r) { r.bid_percentage = 50; }, "bid_percentage",
       "bidPercentage"},
      {[](auto& r) { r.min_scale_down_delay_minutes = 20; },
       "min_scale_down_delay_minutes", "scalingPolicy"},
  };
  for (const auto& [change, member, name] : kCases) {
    for (ComputeResourceType type :
         {ComputeResourceType::kFargate, ComputeResourceType::kFargateSpot}) {
      ComputeEnvironmentOptions options = GoodFargate();
      options.compute_resources->type = type;
      change(*options.compute_resources);
      EXPECT_EQ(Answer(ComputeEnvironment::Create(std::move(options))),
                "compute_resources." + member + " is given; " + name +
                    " is not applicable for Fargate.");
    }
  }
}

// Source: API CreateComputeEnvironment.eksConfiguration; §16.5.
TEST(ComputeEnvironmentTest, EksHasManagedInstances) {
  ComputeEnvironmentOptions good = Good();
  good.container_orchestration_type = OrchestrationType::kEks;
  const std::string best_fit =
      "compute_resources.allocation_strategy is BEST_FIT; must be another one "
      "when container_orchestration_type is EKS";
  EXPECT_EQ(Answer(ComputeEnvironment::Create(good)), best_fit);
  good.compute_resources->allocation_strategy =
      AllocationStrategy::kBestFitProgressive;
  EXPECT_EQ(Answer(ComputeEnvironment::Create(good)), "OK");

  const std::string kind =
      "container_orchestration_type is EKS; type must be MANAGED and "
      "compute_resources.type EC2 or SPOT then";
  ComputeEnvironmentOptions fargate = GoodFargate();
  fargate.container_orchestration_type = OrchestrationType::kEks;
  EXPECT_EQ(Answer(ComputeEnvironment::Create(fargate)), kind);
  ComputeEnvironmentOptions unmanaged = good;
  unmanaged.type = ComputeEnvironmentType::kUnmanaged;
  unmanaged.compute_resources.reset();
  EXPECT_EQ(Answer(ComputeEnvironment::Create(unmanaged)), kind);

  fargate.container_orchestration_type = OrchestrationType::kEcs;
  EXPECT_EQ(Answer(ComputeEnvironment::Create(fargate)), "OK");
  fargate.container_orchestration_type = static_cast<OrchestrationType>(2);
  EXPECT_EQ(Answer(ComputeEnvironment::Create(fargate)),
            "container_orchestration_type is 2; must be ECS or EKS");
}

TEST(ComputeEnvironmentTest, EveryMemberIsChecked) {
  using Change = std::function<void(ComputeEnvironmentOptions&)>;
  const struct {
    Change change;
    std::string want;
  } kCases[] = {
      {[](auto& o) { o.compute_environment_name = "a/b"; },
       "compute_environment_name is \"a/b\"; must be 1 to 128 letters, digits, "
       "hyphens and underscores"},
      {[](auto& o) { o.compute_resources.reset(); },
       "compute_resources is missing; must be given when type is MANAGED"},
      {[](auto& o) { o.type = static_cast<ComputeEnvironmentType>(2); },
       "type is 2 and state 0; must be values of their enumerations"},
      {[](auto& o) { o.state = static_cast<ResourceState>(9); },
       "type is 0 and state 9; must be values of their enumerations"},
      {[](auto& o) {
         o.compute_resources->instance_types = {"c5", ""};
       },
       "compute_resources.instance_types[1] is empty; must be a type, a family "
       "or \"optimal\""},
      {[](auto& o) { o.update_policy.emplace(); }, "OK"},
      {[](auto& o) {
         o.update_policy.emplace().job_execution_timeout_minutes = 360;
       },
       "OK"},
      {[](auto& o) {
         o.update_policy.emplace().job_execution_timeout_minutes = 361;
       },
       "update_policy.job_execution_timeout_minutes is 361; must be between 1 "
       "and 360"},
      {[](auto& o) {
         o.update_policy.emplace().job_execution_timeout_minutes = 0;
       },
       "update_policy.job_execution_timeout_minutes is 0; must be between 1 "
       "and 360"},
      {[](auto& o) { o.compute_resources->max_vcpus = 1; }, "OK"},
      {[](auto& o) { o.compute_resources->max_vcpus = 1099511627; }, "OK"},
      {[](auto& o) { o.compute_resources->max_vcpus = 0; },
       "compute_resources.max_vcpus is 0; must be between 1 and 1099511627"},
      {[](auto& o) { o.compute_resources->max_vcpus = 1099511628; },
       "compute_resources.max_vcpus is 1099511628; must be between 1 and "
       "1099511627"},
      {[](auto& o) { o.compute_resources->min_vcpus = 256; }, "OK"},
      {[](auto& o) { o.compute_resources->min_vcpus = 257; },
       "compute_resources.min_vcpus is 257; must be between 0 and max_vcpus, "
       "which is 256: maxVCpus must be greater than minvCpus"},
      {[](auto& o) { o.compute_resources->min_vcpus = -1; },
       "compute_resources.min_vcpus is -1; must be between 0 and max_vcpus, "
       "which is 256: maxVCpus must be greater than minvCpus"},
      {[](auto& o) {
         o.compute_resources->min_vcpus = std::numeric_limits<int64_t>::max();
       },
       "compute_resources.min_vcpus is 9223372036854775807; must be between 0 "
       "and max_vcpus, which is 256: maxVCpus must be greater than minvCpus"},
      {[](auto& o) {
         o.compute_resources->instance_types = {"c5", ""};
       },
       "compute_resources.instance_types[1] is empty; must be a type, a family "
       "or \"optimal\""},
      {[](auto& o) { o.compute_resources->instance_types.clear(); },
       "compute_resources.instance_types is empty; At least 1 instance type "
       "must be provided"},
      {[](auto& o) {
         o.compute_resources->instance_types = {"default_arm64", "optimal"};
       },
       "compute_resources.instance_types holds bundles of arm64 and of x86_64; "
       "all must be of one architecture"},
      {[](auto& o) {
         o.compute_resources->instance_types = {"default_x86_64", "optimal"};
       },
       "OK"},
      {[](auto& o) {
         o.compute_resources->type = static_cast<ComputeResourceType>(4);
       },
       "compute_resources.type is 4; must be EC2, SPOT, FARGATE or "
       "FARGATE_SPOT"},
      {[](auto& o) {
         o.compute_resources->allocation_strategy =
             static_cast<AllocationStrategy>(4);
       },
       "compute_resources.allocation_strategy is 4; must be one of AWS's four"},
      {[](auto& o) {
         o.compute_resources->allocation_strategy =
             AllocationStrategy::kBestFitProgressive;
       },
       "OK"},
      {[](auto& o) {
         o.compute_resources->allocation_strategy =
             AllocationStrategy::kSpotCapacityOptimized;
       },
       "compute_resources.allocation_strategy is for SPOT, and "
       "compute_resources.type is EC2"},
      {[](auto& o) {
         o.compute_resources->type = ComputeResourceType::kSpot;
         o.compute_resources->allocation_strategy =
             AllocationStrategy::kSpotPriceCapacityOptimized;
       },
       "OK"},
      {[](auto& o) { o.compute_resources->bid_percentage = 1; }, "OK"},
      {[](auto& o) { o.compute_resources->bid_percentage = 100; }, "OK"},
      {[](auto& o) { o.compute_resources->bid_percentage = 0; },
       "compute_resources.bid_percentage is 0; must be between 1 and 100"},
      {[](auto& o) { o.compute_resources->bid_percentage = 101; },
       "compute_resources.bid_percentage is 101; must be between 1 and 100"},
      {[](auto& o) { o.compute_resources->desired_vcpus = 256; }, "OK"},
      {[](auto& o) { o.compute_resources->desired_vcpus = 257; },
       "compute_resources.desired_vcpus is 257; must be between 0 and 256"},
      {[](auto& o) {
         o.compute_resources->min_vcpus = 4;
         o.compute_resources->desired_vcpus = 3;
       },
       "compute_resources.desired_vcpus is 3; must be between 4 and 256"},
      {[](auto& o) { o.compute_resources->min_scale_down_delay_minutes = 20; },
       "OK"},
      {[](auto& o) {
         o.compute_resources->min_scale_down_delay_minutes = 10080;
       },
       "OK"},
      {[](auto& o) { o.compute_resources->min_scale_down_delay_minutes = 19; },
       "compute_resources.min_scale_down_delay_minutes is 19; must be between "
       "20 and 10080"},
      {[](auto& o) {
         o.compute_resources->min_scale_down_delay_minutes = 10081;
       },
       "compute_resources.min_scale_down_delay_minutes is 10081; must be "
       "between 20 and 10080"},
      {[](auto& o) { o.unmanaged_vcpus = 4; },
       "unmanaged_vcpus is given; must be absent when type is MANAGED"},
      {[](auto& o) { o.tags[std::string(128, 'k')] = ""; }, "OK"},
      {[](auto& o) { o.tags[""] = ""; },
       "tags has the key \"\" of 0 characters; must have 1 to 128"},
  };
  for (const auto& [change, want] : kCases) {
    ComputeEnvironmentOptions options = Good();
    change(options);
    EXPECT_EQ(Answer(ComputeEnvironment::Create(std::move(options))), want);
  }
}

TEST(ComputeEnvironmentTest, StatusesHaveAwssNames) {
  EXPECT_EQ(ResourceStatusName(ResourceStatus::kCreating), "CREATING");
  EXPECT_EQ(ResourceStatusName(ResourceStatus::kUpdating), "UPDATING");
  EXPECT_EQ(ResourceStatusName(ResourceStatus::kDeleting), "DELETING");
  EXPECT_EQ(ResourceStatusName(ResourceStatus::kDeleted), "DELETED");
  EXPECT_EQ(ResourceStatusName(ResourceStatus::kValid), "VALID");
  EXPECT_EQ(ResourceStatusName(ResourceStatus::kInvalid), "INVALID");
}

}  // namespace
}  // namespace embatch
