// SPDX-License-Identifier: Apache-2.0
//
// The life of service environments.
// Source: §2.3, §19. Choice: D42.
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServiceEnvironmentTest : public ScenarioTest {
 protected:
  absl::Status Create(const std::string& name) {
    ServiceEnvironmentOptions options;
    options.service_environment_name = name;
    options.capacity_limits = {{50, kUnitInstances}};
    return world_.scheduler().CreateServiceEnvironment(
        *ServiceEnvironment::Create(options), world_.now());
  }
  absl::Status Update(const UpdateServiceEnvironmentRequest& request) {
    return world_.scheduler().UpdateServiceEnvironment(request, world_.now());
  }
  absl::Status Disable(const std::string& name) {
    UpdateServiceEnvironmentRequest request;
    request.service_environment = name;
    request.state = ResourceState::kDisabled;
    return Update(request);
  }
  absl::Status Delete(const std::string& name) {
    return world_.scheduler().DeleteServiceEnvironment(name, world_.now());
  }
  ResourceStatus StatusOf(const std::string& name) {
    const auto view = world_.scheduler().DescribeServiceEnvironment(name);
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? view->status : ResourceStatus::kInvalid;
  }
};

TEST_F(ServiceEnvironmentTest, IsCreatedUpdatedAndDeletedStepByStep) {
  ASSERT_TRUE(Create("training").ok());
  EXPECT_EQ(StatusOf("training"), ResourceStatus::kCreating);
  world_.Settle();
  EXPECT_EQ(StatusOf("training"), ResourceStatus::kValid);
  EXPECT_THAT(world_.scheduler().ListServiceEnvironments(),
              ElementsAre("training"));

  UpdateServiceEnvironmentRequest request;
  request.service_environment = "training";
  request.state = ResourceState::kDisabled;
  request.capacity_limits = {{5, "ml.m5.large"}};
  ASSERT_TRUE(Update(request).ok());
  EXPECT_EQ(StatusOf("training"), ResourceStatus::kUpdating);
  world_.Settle();
  EXPECT_EQ(StatusOf("training"), ResourceStatus::kValid);
  EXPECT_TRUE(world_.scheduler()
                  .DescribeServiceEnvironment("training")
                  ->service_environment->is_quota_managed());

  ASSERT_TRUE(Delete("training").ok());
  EXPECT_EQ(StatusOf("training"), ResourceStatus::kDeleting);
  world_.Settle();
  EXPECT_THAT(world_.scheduler().ListServiceEnvironments(), IsEmpty());
  EXPECT_TRUE(Create("training").ok()) << "its name is free again";
}

TEST_F(ServiceEnvironmentTest, WhatIsRefused) {
  ASSERT_TRUE(Create("training").ok());
  UpdateServiceEnvironmentRequest unknown;
  unknown.service_environment = "none";
  const absl::Status too_early = Disable("training");
  world_.Settle();
  UpdateServiceEnvironmentRequest mixed;
  mixed.service_environment = "training";
  mixed.capacity_limits = {{1, kUnitInstances}, {1, "ml.m5.large"}};
  const absl::Status enabled = Delete("training");
  const absl::Status twice = Create("training");
  const absl::Status wrong = Update(mixed);
  ASSERT_TRUE(Disable("training").ok());
  const struct {
    absl::Status status;
    absl::StatusCode code;
    std::string message;
  } cases[] = {
      {too_early, absl::StatusCode::kFailedPrecondition, "CREATING"},
      {enabled, absl::StatusCode::kFailedPrecondition, "ENABLED"},
      {twice, absl::StatusCode::kAlreadyExists, "training already exists"},
      {wrong, absl::StatusCode::kInvalidArgument, "capacity_limits"},
      {Update(unknown), absl::StatusCode::kNotFound,
       "service_environment: Service environment \"none\" does not exist"},
      {Delete("training"), absl::StatusCode::kFailedPrecondition, "UPDATING"},
      {world_.scheduler().DescribeServiceEnvironment("none").status(),
       absl::StatusCode::kNotFound, "does not exist"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(one.status.code(), one.code) << one.status;
    EXPECT_THAT(std::string(one.status.message()), HasSubstr(one.message));
  }
  EXPECT_TRUE(Delete("none").ok());
}

TEST_F(ServiceEnvironmentTest, ThereMayBeFiftyOfThem) {
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(Create("s" + std::to_string(i)).ok());
  }
  const absl::Status status = Create("more");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("at most 50"));
}

}  // namespace
}  // namespace embatch
