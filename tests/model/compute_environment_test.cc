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
  return options;
}

TEST(ComputeEnvironmentTest, KeepsWhatItWasGiven) {
  ComputeEnvironmentOptions options = Good();
  options.compute_resources->min_vcpus = 4;
  options.compute_resources->instance_types = {"optimal", "c5", "m5.large"};
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
  const auto environment = ComputeEnvironment::Create(options);
  ASSERT_EQ(Answer(environment), "OK");
  EXPECT_FALSE(environment->managed());
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
       "which is 256"},
      {[](auto& o) { o.compute_resources->min_vcpus = -1; },
       "compute_resources.min_vcpus is -1; must be between 0 and max_vcpus, "
       "which is 256"},
      {[](auto& o) {
         o.compute_resources->min_vcpus = std::numeric_limits<int64_t>::max();
       },
       "compute_resources.min_vcpus is 9223372036854775807; must be between 0 "
       "and max_vcpus, which is 256"},
      {[](auto& o) {
         o.compute_resources->instance_types = {"c5", ""};
       },
       "compute_resources.instance_types[1] is empty; must be a type, a family "
       "or \"optimal\""},
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
