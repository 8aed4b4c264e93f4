// SPDX-License-Identifier: Apache-2.0
//
// Time, the input log, copies, and plug-ins that misbehave.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1000000);

JobDefinition Definition() {
  JobDefinitionOptions options;
  options.job_definition_name = "d";
  options.container_properties.image = "image";
  options.container_properties.resources = Resources::Of(1, 512);
  return JobDefinition::Create(options).value();
}

class FailingLog : public InputLog {
 public:
  absl::Status Append(absl::string_view) noexcept override {
    return ok ? absl::OkStatus() : absl::UnavailableError("disk full");
  }
  absl::Status Commit() noexcept override { return absl::OkStatus(); }
  bool ok = true;
};

TEST(LogTest, FailedLogStopsAllButReads) {
  FailingLog log;
  SchedulerOptions options;
  options.log = &log;
  Scheduler scheduler(options);
  ASSERT_TRUE(scheduler.RegisterJobDefinition(Definition(), kStart).ok());
  log.ok = false;
  EXPECT_EQ(scheduler.Advance(kStart).status.code(),
            absl::StatusCode::kDataLoss);
  log.ok = true;
  EXPECT_EQ(scheduler.Advance(kStart).status.code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(
      scheduler.RegisterJobDefinition(Definition(), kStart).status().code(),
      absl::StatusCode::kDataLoss);
  EXPECT_TRUE(scheduler.DescribeJobDefinition("d").ok());
}

TEST(LogTest, RefusedCommandsAreNotLogged) {
  MemoryInputLog log;
  SchedulerOptions options;
  options.log = &log;
  Scheduler scheduler(options);
  EXPECT_FALSE(scheduler.RegisterJobDefinition(JobDefinition(), kStart).ok());
  EXPECT_TRUE(log.inputs().empty());
}

TEST(LogTest, ReplayRefusesWhatIsNoInput) {
  Scheduler scheduler;
  EXPECT_EQ(scheduler.Replay("garbage").status.code(),
            absl::StatusCode::kDataLoss);
}

TEST(TimeTest, EarlierNowCountsAsTheLast) {
  Scheduler scheduler;
  scheduler.Advance(kStart);
  EXPECT_TRUE(scheduler.Advance(kStart - absl::Hours(1)).status.ok());
  EXPECT_EQ(scheduler.now(), kStart);
}

TEST(TimeTest, YearPast2200IsRefused) {
  Scheduler scheduler;
  scheduler.Advance(kStart);
  const absl::Time late = absl::FromUnixSeconds(7258118401);
  EXPECT_EQ(scheduler.Advance(late).status.code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(scheduler.Advance(absl::InfiniteFuture()).status.code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(scheduler.RegisterJobDefinition(Definition(), late).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(scheduler.now(), kStart);
}

TEST(ForkTest, GoesItsOwnWay) {
  World world;
  const JobId a = world.Submit("a");
  world.Settle();
  const std::unique_ptr<Scheduler> fork = world.scheduler().Fork();
  EXPECT_EQ(fork->EncodeState(), world.scheduler().EncodeState());
  ASSERT_TRUE(fork->CancelJob(a, "only here", world.now()).ok());
  fork->Advance(world.now());
  world.RunUntilIdle();

  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kFailed);
  EXPECT_EQ(world.StatusOf(a), JobStatus::kSucceeded);
}

// Calls its scheduler back from inside.
class MeddlingRuntime : public ContainerRuntime {
 public:
  void Start(const ContainerSpec&) noexcept override {}
  void Stop(ContainerId, absl::Duration) noexcept override {}
  void Poll(absl::Time now, int,
            std::vector<ContainerReport>&) noexcept override {
    seen.push_back(scheduler->Advance(now).status);
    seen.push_back(
        scheduler->RegisterJobDefinition(Definition(), now).status());
  }
  Scheduler* scheduler = nullptr;
  std::vector<absl::Status> seen;
};

TEST(PluginTest, CallingBackIsRefused) {
  Scheduler scheduler;
  ComputeEnvironmentOptions options;
  options.compute_environment_name = "e";
  options.type = ComputeEnvironmentType::kUnmanaged;
  ASSERT_TRUE(scheduler
                  .CreateComputeEnvironment(
                      ComputeEnvironment::Create(options).value(), kStart)
                  .ok());
  MeddlingRuntime runtime;
  runtime.scheduler = &scheduler;
  ASSERT_TRUE(scheduler.AttachPlugins("e", {nullptr, &runtime}).ok());
  EXPECT_TRUE(scheduler.Advance(kStart).status.ok());
  ASSERT_EQ(runtime.seen.size(), 2u);
  for (const absl::Status& status : runtime.seen) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(
        status.message(),
        "called from inside Advance(): a plug-in must not call its scheduler");
  }
}

}  // namespace
}  // namespace embatch
