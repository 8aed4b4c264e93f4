// SPDX-License-Identifier: Apache-2.0
//
// The loop around the state: time, the log, replay and forks.
// Source: design, "The laws of Advance", law 1; "Durable".
#include "embatch/scheduler.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/vocabulary.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1767225600);

JobDefinition Definition() {
  JobDefinitionOptions options;
  options.job_definition_name = "d";
  options.container_properties.image = "image";
  options.container_properties.resources = Resources::Of(1, 512);
  return *JobDefinition::Create(options);
}

ComputeEnvironment Environment() {
  ComputeEnvironmentOptions options;
  options.compute_environment_name = "e";
  options.type = ComputeEnvironmentType::kUnmanaged;
  return *ComputeEnvironment::Create(options);
}

// Fails from some call on.
class FailingLog : public InputLog {
 public:
  absl::Status Append(absl::string_view) noexcept override {
    return appends ? absl::OkStatus() : absl::UnavailableError("disk full");
  }
  absl::Status Commit() noexcept override {
    return commits ? absl::OkStatus() : absl::UnavailableError("no power");
  }
  bool appends = true;
  bool commits = true;
};

// --- Time
// ----------------------------------------------------------------------

TEST(SchedulerTimeTest, NowIsRoundedDownToANanosecond) {
  Scheduler scheduler;
  const absl::Duration part = absl::Nanoseconds(1) / 4;
  ASSERT_TRUE(
      scheduler.Advance(kStart + absl::Nanoseconds(5) + 3 * part).status.ok());
  EXPECT_EQ(scheduler.now(), kStart + absl::Nanoseconds(5));
}

TEST(SchedulerTimeTest, EarlierNowOfACommandCountsAsTheLast) {
  World world;
  world.RunFor(absl::Hours(1));
  const JobId a = world.Submit("a");
  world.RunFor(absl::Hours(1));
  Scheduler& scheduler = world.scheduler();
  SubmitJobRequest request;
  request.job_name = "late";
  request.job_queue = "queue";
  request.job_definition = "job";
  const absl::StatusOr<JobId> late =
      scheduler.SubmitJob(request, world.now() - absl::Hours(1));
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(scheduler.DescribeJob(*late)->created_at, world.now());
  EXPECT_EQ(world.Describe(a).created_at, world.now() - absl::Hours(1));
}

TEST(SchedulerTimeTest, LastMomentOfTheYear2199IsTaken) {
  Scheduler scheduler;
  const absl::Time end = absl::FromUnixSeconds(7258118400);
  EXPECT_TRUE(scheduler.Advance(end - absl::Nanoseconds(1)).status.ok());
  EXPECT_TRUE(scheduler.Advance(end).status.ok());
  const Step step = scheduler.Advance(end + absl::Nanoseconds(1));
  EXPECT_EQ(step.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(step.events.empty());
  EXPECT_EQ(scheduler.now(), end);
}

// Long before Unix, a time is as good as any other.
TEST(SchedulerTimeTest, InfinitePastIsATimeToBeginWith) {
  Scheduler scheduler;
  ASSERT_TRUE(
      scheduler.CreateComputeEnvironment(Environment(), absl::InfinitePast())
          .ok());
  ASSERT_TRUE(scheduler.Advance(absl::InfinitePast()).status.ok());
  ASSERT_TRUE(
      scheduler.RegisterJobDefinition(Definition(), absl::InfinitePast()).ok());
  EXPECT_TRUE(scheduler.Advance(kStart).status.ok());
  EXPECT_EQ(scheduler.now(), kStart);
}

TEST(SchedulerTimeTest, EmptySchedulerHasNothingToWaitFor) {
  Scheduler scheduler;
  EXPECT_EQ(scheduler.Advance(kStart).next, absl::InfiniteFuture());
}

TEST(SchedulerTimeTest, EventsAreNumberedInARow) {
  World world;
  world.Submit("a");
  world.RunUntilIdle();
  const std::unique_ptr<Scheduler> fork = world.scheduler().Fork();
  SubmitJobRequest request;
  request.job_name = "b";
  request.job_queue = "queue";
  request.job_definition = "job";
  ASSERT_TRUE(fork->SubmitJob(request, world.now()).ok());
  const Step step = fork->Advance(world.now());
  EXPECT_EQ(step.first_sequence, world.events().size());
  EXPECT_FALSE(step.events.empty());
}

// --- The log
// --------------------------------------------------------------------

TEST(SchedulerLogTest, FailedCommitStopsAllButReads) {
  FailingLog log;
  SchedulerOptions options;
  options.log = &log;
  Scheduler scheduler(options);
  ASSERT_TRUE(scheduler.RegisterJobDefinition(Definition(), kStart).ok());
  log.commits = false;
  const Step step = scheduler.Advance(kStart);
  EXPECT_EQ(step.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(step.status.message(), "the input log failed: no power");
  log.commits = true;
  EXPECT_EQ(scheduler.Advance(kStart).status.code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(scheduler.CreateComputeEnvironment(Environment(), kStart).code(),
            absl::StatusCode::kDataLoss);
  EXPECT_TRUE(scheduler.DescribeJobDefinition("d").ok());
}

TEST(SchedulerLogTest, CommandThatCannotBeLoggedIsDataLoss) {
  FailingLog log;
  log.appends = false;
  SchedulerOptions options;
  options.log = &log;
  Scheduler scheduler(options);
  const absl::Status status =
      scheduler.RegisterJobDefinition(Definition(), kStart).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "the input log failed: disk full");
  EXPECT_EQ(scheduler.Advance(kStart).status.code(),
            absl::StatusCode::kDataLoss);
}

// --- Replay
// ----------------------------------------------------------------------

TEST(SchedulerReplayTest, TruncatedInputsAreDataLossAndChangeNothing) {
  World world;
  world.Submit("a", Array(3));
  world.RunUntilIdle();
  Scheduler scheduler;
  for (const std::string& input : world.log().inputs()) {
    const std::string before = scheduler.EncodeState();
    for (size_t size = 0; size < input.size(); ++size) {
      const Step step = scheduler.Replay(input.substr(0, size));
      ASSERT_EQ(step.status.code(), absl::StatusCode::kDataLoss) << size;
    }
    ASSERT_TRUE(scheduler.EncodeState() == before);
    ASSERT_TRUE(scheduler.Replay(input).status.ok());
  }
}

TEST(SchedulerReplayTest, InputOutOfItsOrderIsDataLoss) {
  World world;
  world.Submit("a");
  world.RunUntilIdle();
  const std::vector<std::string>& inputs = world.log().inputs();
  Scheduler scheduler;
  for (const std::string& input : inputs) {
    ASSERT_TRUE(scheduler.Replay(input).status.ok());
  }
  const Step step = scheduler.Replay(inputs.front());
  EXPECT_EQ(step.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(step.status.message(),
            "this input is not the next one: its time is out of order");
}

// A log holds only what was accepted; one that holds more is another's.
TEST(SchedulerReplayTest, LoggedCommandThatIsRefusedIsDataLoss) {
  MemoryInputLog log;
  SchedulerOptions options;
  options.log = &log;
  Scheduler scheduler(options);
  ASSERT_TRUE(scheduler.CreateComputeEnvironment(Environment(), kStart).ok());
  Scheduler other;
  ASSERT_TRUE(other.CreateComputeEnvironment(Environment(), kStart).ok());
  const std::string before = other.EncodeState();
  const Step step = other.Replay(log.inputs().front());
  EXPECT_EQ(step.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(step.status.message(),
            "a logged command is refused: A compute environment already exists "
            "with the name e");
  EXPECT_TRUE(other.EncodeState() == before);
}

// --- Forks
// -----------------------------------------------------------------------

TEST(SchedulerForkTest, OriginalGoesItsOwnWayToo) {
  World world;
  const JobId a = world.Submit("a");
  world.Settle();
  const std::unique_ptr<Scheduler> fork = world.scheduler().Fork();
  const std::string before = fork->EncodeState();
  world.RunUntilIdle();
  EXPECT_EQ(world.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kRunnable);
  EXPECT_TRUE(fork->EncodeState() == before);
}

TEST(SchedulerForkTest, ForkWritesNoLog) {
  World world;
  world.Submit("a");
  world.Settle();
  const size_t inputs = world.log().inputs().size();
  const std::unique_ptr<Scheduler> fork = world.scheduler().Fork();
  fork->Advance(world.now() + absl::Hours(1));
  EXPECT_EQ(world.log().inputs().size(), inputs);
  EXPECT_EQ(fork->options().log, nullptr);
}

TEST(SchedulerMoveTest, MovedSchedulerGoesOn) {
  Scheduler first;
  ASSERT_TRUE(first.RegisterJobDefinition(Definition(), kStart).ok());
  Scheduler second = std::move(first);
  EXPECT_TRUE(second.DescribeJobDefinition("d").ok());
  EXPECT_TRUE(second.Advance(kStart).status.ok());
}

}  // namespace
}  // namespace embatch
