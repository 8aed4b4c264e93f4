// SPDX-License-Identifier: Apache-2.0
//
// The words of a World, each once, so that a word that does nothing is found
// here and not by a test that passes for the wrong reason.
#include "tests/support/world.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kStraight[] = "SUBMITTED RUNNABLE STARTING RUNNING SUCCEEDED";

class WorldTest : public ::testing::Test {
 protected:
  World world_;
};

TEST_F(WorldTest, JobRunsInTheDefaultWorld) {
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Seconds(10));
  EXPECT_THAT(
      world_.LogOf(a),
      ElementsAre("0 a SUBMITTED -> RUNNABLE",
                  "1m a RUNNABLE -> STARTING attempt 1",
                  "1m1s a STARTING -> RUNNING attempt 1",
                  "1m11s a RUNNING -> SUCCEEDED attempt 1: Essential container "
                  "in task exited"));
}

TEST_F(WorldTest, AttemptsExitAsTold) {
  const JobId a = world_.Submit("a", Attempts(3), Exits(7, 0),
                                RunsFor(absl::Seconds(1), absl::Seconds(2)));
  world_.RunUntilIdle();

  const std::vector<AttemptView> attempts = world_.AttemptsOf(a);
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].exit_code, 7);
  EXPECT_EQ(attempts[1].exit_code, 0);
  EXPECT_EQ(attempts[0].stopped_at - *attempts[0].started_at, absl::Seconds(1));
  EXPECT_EQ(attempts[1].stopped_at - *attempts[1].started_at, absl::Seconds(2));
}

TEST_F(WorldTest, StartsFailAsOftenAsTold) {
  const JobId a = world_.Submit(
      "a", Attempts(2), StartFails("CannotPullContainerError: none", 1));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a),
            "SUBMITTED RUNNABLE STARTING RUNNABLE STARTING RUNNING SUCCEEDED");
  EXPECT_EQ(world_.AttemptsOf(a)[0].reason, "CannotPullContainerError: none");
  EXPECT_EQ(world_.AttemptsOf(a)[1].reason, "");
}

TEST_F(WorldTest, DependentJobWaits) {
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", DependsOn(a));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(b),
            "SUBMITTED PENDING RUNNABLE STARTING RUNNING SUCCEEDED");
  EXPECT_GE(world_.StartTimeOf(b), world_.StopTimeOf(a));
}

TEST_F(WorldTest, ChildrenOfAnArrayMayDiffer) {
  const JobId a =
      world_.Submit("a", Array(3), WithReason("told"), Child(1, Exits(2)));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world_.StatusesOf(a.Child(0)),
            "PENDING RUNNABLE STARTING RUNNING SUCCEEDED");
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kFailed);
  EXPECT_EQ(world_.Describe(a.Child(1)).exit_code, 2);
  EXPECT_EQ(world_.Describe(a.Child(2)).reason, "told");
}

TEST_F(WorldTest, ArraysWaitChildByChild) {
  const JobId a = world_.Submit("a", Array(2), Child(1, Exits(1)));
  const JobId b = world_.Submit("b", Array(2), NToN(a));
  const JobId c =
      world_.Submit("c", Array(3), Sequential(), Child(1, Exits(1)));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(b.Child(0)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusesOf(b.Child(1)), "PENDING FAILED");
  EXPECT_EQ(world_.StatusOf(c.Child(0)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusesOf(c.Child(2)), "PENDING FAILED");
  EXPECT_GE(world_.StartTimeOf(c.Child(1)), world_.StopTimeOf(c.Child(0)));
}

TEST_F(WorldTest, TimedOutJobIsStopped) {
  const JobId a = world_.Submit("a", TimesOutAfter(absl::Minutes(2)),
                                RunsForever(), IgnoresStop());
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.Describe(a).exit_code, 137);
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a),
            absl::Minutes(2) + absl::Seconds(30));
}

TEST_F(WorldTest, JobsAreCancelledAndTerminated) {
  const JobId a = world_.Submit("a", RunsForever());
  const JobId b = world_.Submit("b", NeverStarts());
  const JobId c = world_.Submit("c");
  world_.Cancel(c, "changed my mind");
  world_.RunFor(absl::Minutes(5));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kStarting);
  world_.Terminate(a);
  world_.Terminate(b);
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.Describe(a).exit_code, 143);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kFailed);
  EXPECT_EQ(world_.StatusesOf(c), "SUBMITTED FAILED");
  EXPECT_EQ(world_.ReasonOf(c), "changed my mind");
}

TEST_F(WorldTest, EnvironmentsAreAsTold) {
  world_.Managed("small", MinVcpus(0), MaxVcpus(4), Offers("tiny", 2, 4096),
                 Offers("big", 8, 65536), UsesTypes("tiny"),
                 BootsIn(absl::Seconds(30)), HasOnly(1, "tiny"));
  world_.Queue("small", {"small"});
  const JobId a = world_.Submit("a", InQueue("small"), Needs(2, 1024));
  const JobId b = world_.Submit("b", InQueue("small"), Needs(2, 1024));
  world_.RunFor(absl::Seconds(35));

  EXPECT_EQ(world_.LogOf(a)[1], "30s a RUNNABLE -> STARTING attempt 1");
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  ASSERT_EQ(world_.provider("small").Instances().size(), 1u);
  EXPECT_EQ(world_.provider("small").Instances()[0].instance_type, "tiny");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
}

TEST_F(WorldTest, RefusedLaunchesLeaveTheJobRunnable) {
  world_.Managed("closed", RefusesLaunches(LaunchFailure::kPermission));
  world_.Queue("queue", {"closed"});
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE");
  EXPECT_GT(world_.provider("closed").counts().launches_failed, 0u);
}

TEST_F(WorldTest, InstancesJoinAndAreLost) {
  world_.Unmanaged("rack");
  world_.Queue("queue", {"rack"});
  world_.Join("rack", 4, 8192);
  const JobId a = world_.Submit("a", RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  world_.LoseInstance("rack");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_THAT(world_.ReasonOf(a), HasSubstr("host-1"));
}

TEST_F(WorldTest, InterruptedInstanceTakesNoMoreJobs) {
  world_.Unmanaged("rack");
  world_.Queue("queue", {"rack"});
  world_.Join("rack", 4, 8192);
  world_.Settle();
  world_.InterruptInstance("rack");
  world_.Settle();
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE");
}

TEST_F(WorldTest, SubmissionMayFail) {
  EXPECT_EQ(world_.TrySubmit("a", InQueue("nowhere")).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace embatch
