// SPDX-License-Identifier: Apache-2.0
//
// Source: API CreateComputeEnvironment, CreateJobQueue; §2.3, §13.1.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;

ComputeEnvironment Hosts(std::string name) {
  ComputeEnvironmentOptions options;
  options.compute_environment_name = std::move(name);
  options.type = ComputeEnvironmentType::kUnmanaged;
  return ComputeEnvironment::Create(options).value();
}

JobQueue QueueOver(std::string name, std::string environment) {
  JobQueueOptions options;
  options.job_queue_name = std::move(name);
  options.compute_environment_order = {{1, std::move(environment)}};
  return JobQueue::Create(options).value();
}

class ConfigurationTest : public ::testing::Test {
 protected:
  Scheduler scheduler_;
  const absl::Time now_ = absl::FromUnixSeconds(1000);
};

TEST_F(ConfigurationTest, WhatIsCreatedIsValidAfterTheNextAdvance) {
  ASSERT_TRUE(scheduler_.CreateComputeEnvironment(Hosts("e"), now_).ok());
  EXPECT_EQ(scheduler_.DescribeComputeEnvironment("e")->status,
            ResourceStatus::kCreating);
  scheduler_.Advance(now_);
  EXPECT_EQ(scheduler_.DescribeComputeEnvironment("e")->status,
            ResourceStatus::kValid);
  EXPECT_EQ(scheduler_.DescribeComputeEnvironment("e")->status_reason,
            "ComputeEnvironment Healthy");
  ASSERT_TRUE(scheduler_.CreateJobQueue(QueueOver("q", "e"), now_).ok());
  EXPECT_EQ(scheduler_.DescribeJobQueue("q")->status,
            ResourceStatus::kCreating);
  scheduler_.Advance(now_);
  EXPECT_EQ(scheduler_.DescribeJobQueue("q")->status, ResourceStatus::kValid);
  EXPECT_EQ(scheduler_.DescribeJobQueue("q")->status_reason,
            "JobQueue Healthy");
}

TEST_F(ConfigurationTest, QueueNeedsValidEnvironments) {
  ASSERT_TRUE(scheduler_.CreateComputeEnvironment(Hosts("e"), now_).ok());
  EXPECT_EQ(scheduler_.CreateJobQueue(QueueOver("q", "e"), now_).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(scheduler_.CreateJobQueue(QueueOver("q", "none"), now_).code(),
            absl::StatusCode::kNotFound);
  EXPECT_TRUE(scheduler_.ListJobQueues().empty());
}

TEST_F(ConfigurationTest, QueueWithoutEnvironmentsIsRefused) {
  JobQueueOptions options;
  options.job_queue_name = "q";
  const absl::Status status = JobQueue::Create(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("At least 1 compute environment must be provided"));
  EXPECT_EQ(scheduler_.CreateJobQueue(JobQueue(), now_).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ConfigurationTest, NamesAreUnique) {
  ASSERT_TRUE(scheduler_.CreateComputeEnvironment(Hosts("e"), now_).ok());
  EXPECT_EQ(scheduler_.CreateComputeEnvironment(Hosts("e"), now_).message(),
            "A compute environment already exists with the name e");
  scheduler_.Advance(now_);
  ASSERT_TRUE(scheduler_.CreateJobQueue(QueueOver("q", "e"), now_).ok());
  EXPECT_EQ(scheduler_.CreateJobQueue(QueueOver("q", "e"), now_).message(),
            "Job queue q already exists");
}

TEST_F(ConfigurationTest, ThereAreFiftyOfEachAtMost) {
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(
        scheduler_
            .CreateComputeEnvironment(Hosts("e" + std::to_string(i)), now_)
            .ok());
  }
  EXPECT_EQ(scheduler_.CreateComputeEnvironment(Hosts("more"), now_).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(ConfigurationTest, JobsAreTakenByValidQueuesOnly) {
  ASSERT_TRUE(scheduler_.CreateComputeEnvironment(Hosts("e"), now_).ok());
  scheduler_.Advance(now_);
  ASSERT_TRUE(scheduler_.CreateJobQueue(QueueOver("q", "e"), now_).ok());
  SubmitJobRequest request;
  request.job_name = "a";
  request.job_queue = "q";
  request.job_definition = "d";
  EXPECT_EQ(scheduler_.SubmitJob(request, now_).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ConfigurationTest, DisabledQueueTakesNoJobs) {
  ASSERT_TRUE(scheduler_.CreateComputeEnvironment(Hosts("e"), now_).ok());
  scheduler_.Advance(now_);
  JobQueueOptions options = QueueOver("q", "e").options();
  options.state = ResourceState::kDisabled;
  ASSERT_TRUE(
      scheduler_.CreateJobQueue(JobQueue::Create(options).value(), now_).ok());
  scheduler_.Advance(now_);
  SubmitJobRequest request;
  request.job_name = "a";
  request.job_queue = "q";
  request.job_definition = "d";
  const absl::Status status = scheduler_.SubmitJob(request, now_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("DISABLED"));
}

TEST_F(ConfigurationTest, PluginsNeedAnEnvironmentAndARuntime) {
  EXPECT_EQ(scheduler_.AttachPlugins("none", {}).code(),
            absl::StatusCode::kNotFound);
  ASSERT_TRUE(scheduler_.CreateComputeEnvironment(Hosts("e"), now_).ok());
  SimulatedProvider provider;
  EXPECT_EQ(scheduler_.AttachPlugins("e", {&provider, nullptr}).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace embatch
