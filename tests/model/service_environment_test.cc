// SPDX-License-Identifier: Apache-2.0
//
// Tests of ServiceEnvironment::Create().
#include "embatch/service_environment.h"

#include <functional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/refused.h"

namespace embatch {
namespace {

ServiceEnvironmentOptions Good() {
  ServiceEnvironmentOptions options;
  options.service_environment_name = "training";
  options.capacity_limits = {{50, kUnitInstances}};
  return options;
}

TEST(ServiceEnvironmentTest, KeepsWhatItWasGiven) {
  ServiceEnvironmentOptions options = Good();
  options.state = ResourceState::kDisabled;
  options.tags = {{"team", "blue"}};
  options.document = Document("{}");
  const auto environment = ServiceEnvironment::Create(options);
  ASSERT_EQ(Answer(environment), "OK");
  EXPECT_TRUE(environment->options() == options);
  EXPECT_FALSE(environment->is_quota_managed());
}

TEST(ServiceEnvironmentTest, LimitsInInstanceTypesAreForQuotas) {
  ServiceEnvironmentOptions options = Good();
  options.capacity_limits = {{5, "ml.m5.large"}, {2, "ml.p4d.24xlarge"}};
  const auto environment = ServiceEnvironment::Create(options);
  ASSERT_EQ(Answer(environment), "OK");
  EXPECT_TRUE(environment->is_quota_managed());
}

TEST(ServiceEnvironmentTest, EveryMemberIsChecked) {
  using Change = std::function<void(ServiceEnvironmentOptions&)>;
  const struct {
    Change change;
    std::string want;
  } kCases[] = {
      {[](auto& o) { o.service_environment_name = ""; },
       "service_environment_name"},
      {[](auto& o) { o.type = static_cast<ServiceEnvironmentType>(7); },
       "type is 7; must be SAGEMAKER_TRAINING"},
      {[](auto& o) { o.state = static_cast<ResourceState>(7); },
       "state is 7; must be ENABLED or DISABLED"},
      {[](auto& o) { o.capacity_limits.clear(); },
       "capacity_limits has 0 entries; must have 1 to 5"},
      {[](auto& o) { o.capacity_limits.resize(6); },
       "capacity_limits has 6 entries; must have 1 to 5"},
      {[](auto& o) { o.capacity_limits[0].max_capacity = -1; },
       "capacity_limits.max_capacity is -1"},
      {[](auto& o) {
         o.capacity_limits.push_back({1, "ml.m5.large"});
       },
       "capacity_limits has 2 entries, one of them in NUM_INSTANCES; that one "
       "must stand alone"},
      {[](auto& o) {
         o.capacity_limits = {{1, "a"}, {2, "a"}};
       },
       "capacity_limits.capacity_unit is \"a\" twice"},
      {[](auto& o) {
         o.tags = {{"", "x"}};
       },
       "tags"},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.want);
    ServiceEnvironmentOptions options = Good();
    one.change(options);
    const auto environment = ServiceEnvironment::Create(options);
    EXPECT_EQ(environment.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(environment.status().message()),
                ::testing::HasSubstr(one.want));
  }
}

}  // namespace
}  // namespace embatch
