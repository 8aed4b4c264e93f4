// SPDX-License-Identifier: Apache-2.0
//
// Source: API CancelJob, TerminateJob; §10, the table row by row.
// Choice: D2, D55 to D57, D70.
#include <string>

#include "gtest/gtest.h"
#include "tests/scenario/scenario.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

class CancelTest : public ::testing::Test {
 protected:
  World world_;
};

TEST_F(CancelTest, SubmittedJobFailsWithoutBecomingRunnable) {
  const JobId a = world_.Submit("a");
  world_.Cancel(a, "no longer wanted");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED FAILED");
  EXPECT_EQ(world_.ReasonOf(a), "no longer wanted");
  EXPECT_TRUE(world_.Describe(a).is_cancelled);
  EXPECT_FALSE(world_.Describe(a).is_terminated);
}

TEST_F(CancelTest, RunnableJobFails) {
  const JobId a = world_.Submit("a");
  world_.Settle();
  world_.Terminate(a, "stop");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE FAILED");
  EXPECT_TRUE(world_.Describe(a).is_terminated);
}

TEST_F(CancelTest, PendingJobFailsWhenItsDependenciesHaveSucceeded) {
  const JobId a = world_.Submit("a", RunsFor(absl::Minutes(10)));
  const JobId b = world_.Submit("b", DependsOn(a));
  world_.Settle();
  world_.Cancel(b, "not needed");
  world_.RunFor(absl::Minutes(5));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kPending);
  EXPECT_TRUE(world_.Describe(b).is_cancelled);
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(b), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world_.ReasonOf(b), "not needed");
  EXPECT_EQ(world_.StopTimeOf(b), world_.StopTimeOf(a));
}

TEST_F(CancelTest, PendingJobKeepsTheCallersReasonIfADependencyFails) {
  const JobId a = world_.Submit("a", Exits(1));
  const JobId b = world_.Submit("b", DependsOn(a));
  world_.Settle();
  world_.Terminate(b, "not needed");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.ReasonOf(b), "not needed");
}

TEST(CancelOptionTest, PendingJobFailsAtOnceIfSoOptioned) {
  WorldOptions options;
  options.scheduler.cancel_pending_immediately = true;
  World world(options);
  const JobId a = world.Submit("a", RunsFor(absl::Minutes(10)));
  const JobId b = world.Submit("b", DependsOn(a));
  const JobId c = world.Submit("c", Array(3), DependsOn(a));
  world.Settle();
  world.Cancel(b, "now");
  world.Cancel(c, "now");
  world.Settle();

  EXPECT_EQ(world.StatusesOf(b), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world.StatusesOf(c), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world.ReasonOf(c.Child(1)), "now");
}

TEST_F(CancelTest, CancellingWhatHasStartedDoesNothing) {
  const JobId a = world_.Submit("a", RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Minutes(5));
  ASSERT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  world_.Cancel(a);
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_FALSE(world_.Describe(a).is_cancelled);
}

TEST_F(CancelTest, TerminatedRunningJobIsStoppedAndNotRetried) {
  const JobId a = world_.Submit("a", Attempts(5), RunsForever(),
                                StopsAfter(absl::Seconds(7)));
  world_.RunFor(absl::Minutes(5));
  world_.Terminate(a, "enough");
  const absl::Time asked = world_.now();
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "enough");
  EXPECT_EQ(world_.Describe(a).exit_code, 143);
  EXPECT_EQ(world_.StopTimeOf(a) - asked, absl::Seconds(7));
  EXPECT_EQ(world_.AttemptsOf(a)[0].status_reason, "enough");
}

TEST_F(CancelTest, ContainerThatIgnoresThePoliteSignalIsKilled) {
  const JobId a = world_.Submit("a", RunsForever(), IgnoresStop());
  world_.RunFor(absl::Minutes(5));
  world_.Terminate(a);
  const absl::Time asked = world_.now();
  world_.RunUntilIdle();

  EXPECT_EQ(world_.Describe(a).exit_code, 137);
  EXPECT_EQ(world_.StopTimeOf(a) - asked, absl::Seconds(30));
}

TEST_F(CancelTest, TerminatedInStartingEndsAtOnce) {
  const JobId a = world_.Submit("a", NeverStarts());
  world_.RunFor(absl::Minutes(5));
  ASSERT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  world_.Terminate(a, "enough");
  world_.Settle();

  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE STARTING FAILED");
  const std::vector<AttemptView> attempts = world_.AttemptsOf(a);
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_FALSE(attempts[0].started_at.has_value());
  EXPECT_FALSE(attempts[0].exit_code.has_value());
  EXPECT_EQ(attempts[0].status_reason, "enough");
}

TEST_F(CancelTest, WhatIsOverStaysAsItIs) {
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();
  world_.Cancel(a);
  world_.Terminate(a);
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_FALSE(world_.Describe(a).is_terminated);
}

TEST_F(CancelTest, UnknownJobIsNoError) {
  world_.Submit("a");
  EXPECT_TRUE(world_.scheduler()
                  .CancelJob(JobId{99, 3, -1}, "reason", world_.now())
                  .ok());
}

TEST_F(CancelTest, JobAndReasonAreRequired) {
  const JobId a = world_.Submit("a");
  Scheduler& scheduler = world_.scheduler();
  EXPECT_EQ(scheduler.CancelJob(JobId(), "r", world_.now()).message(),
            "'jobId' is a required field (cannot be an empty string)");
  EXPECT_EQ(scheduler.TerminateJob(a, "", world_.now()).message(),
            "'reason' is a required field (cannot be an empty string)");
  EXPECT_TRUE(
      scheduler.CancelJob(a, std::string(1024, 'r'), world_.now()).ok());
  std::string accents;  // a character of two bytes each
  for (int i = 0; i < 1024; ++i) accents += "\xc3\xa9";
  EXPECT_TRUE(scheduler.CancelJob(a, accents, world_.now()).ok());
  EXPECT_EQ(scheduler.CancelJob(a, std::string(1025, 'r'), world_.now()).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(CancelTest, FirstReasonStaysAndBothFlagsAreSet) {
  const JobId a = world_.Submit("a");
  world_.Cancel(a, "first");
  world_.Terminate(a, "second");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.ReasonOf(a), "first");
  EXPECT_TRUE(world_.Describe(a).is_cancelled);
  EXPECT_TRUE(world_.Describe(a).is_terminated);
}

TEST_F(CancelTest, TerminateAfterATimeoutLeavesTheTimeoutsReason) {
  const JobId a = world_.Submit("a", TimesOutAfter(absl::Seconds(60)),
                                RunsForever(), IgnoresStop());
  world_.RunFor(absl::Minutes(2) + absl::Seconds(10));
  ASSERT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  world_.Terminate(a, "too late");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.ReasonOf(a), "Job attempt duration exceeded timeout");
}

TEST_F(CancelTest, CancelledArrayLetsStartedChildrenRunOn) {
  world_.Managed("two", MaxVcpus(2), Offers("small", 2, 4096));
  world_.Queue("queue", {"two"});
  const JobId a = world_.Submit("a", Array(5), RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Minutes(5));
  world_.Cancel(a, "enough");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kSucceeded);
  for (int i = 2; i < 5; ++i) {
    EXPECT_EQ(world_.StatusesOf(a.Child(i)), "PENDING RUNNABLE FAILED");
    EXPECT_EQ(world_.ReasonOf(a.Child(i)), "enough");
  }
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "enough");
}

TEST_F(CancelTest, ArrayWhoseChildrenHaveAllStartedSucceedsAllTheSame) {
  const JobId a = world_.Submit("a", Array(2), RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Minutes(5));
  world_.Cancel(a);
  // Not started, so the parent takes the request.
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_TRUE(world_.Describe(a).is_cancelled);
}

TEST_F(CancelTest, TerminatedArrayEndsAllChildren) {
  world_.Managed("two", MaxVcpus(2), Offers("small", 2, 4096));
  world_.Queue("queue", {"two"});
  const JobId a = world_.Submit("a", Array(4), RunsForever());
  world_.RunFor(absl::Minutes(5));
  world_.Terminate(a, "enough");
  world_.RunUntilIdle();

  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(world_.StatusOf(a.Child(i)), JobStatus::kFailed);
    EXPECT_EQ(world_.ReasonOf(a.Child(i)), "enough");
  }
  EXPECT_EQ(world_.Describe(a.Child(0)).exit_code, 143);
  EXPECT_EQ(world_.ReasonOf(a), "enough");
}

TEST_F(CancelTest, OneChildAlone) {
  const JobId a = world_.Submit("a", Array(3));
  world_.Settle();
  world_.Cancel(a.Child(1), "this one");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a.Child(1)), "PENDING RUNNABLE FAILED");
  EXPECT_EQ(world_.ReasonOf(a.Child(1)), "this one");
  EXPECT_EQ(world_.StatusOf(a.Child(2)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.ReasonOf(a), "Array Child Job failed");
}

TEST_F(CancelTest, ChildOfASequentialArrayFailsInItsTurn) {
  const JobId a = world_.Submit("a", Array(4), Sequential());
  world_.Settle();
  world_.Cancel(a.Child(2), "skip");
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.ReasonOf(a.Child(2)), "skip");
  EXPECT_EQ(world_.StopTimeOf(a.Child(2)), world_.StopTimeOf(a.Child(1)));
  EXPECT_EQ(world_.ReasonOf(a.Child(3)), "Dependent Job failed");
}

class CancelOnHostsTest : public ScenarioTest {
 protected:
  CancelOnHostsTest() { Hosts({2}); }

  void ExpectEnded(JobId job, absl::string_view reason) {
    EXPECT_EQ(world_.StatusOf(job), JobStatus::kFailed) << job;
    EXPECT_EQ(world_.ReasonOf(job), reason) << job;
  }
};

TEST_F(CancelOnHostsTest, SubmittedJobWithDependenciesFailsAtOnce) {
  const JobId other = world_.Submit("other", RunsFor(absl::Hours(1)));
  const JobId a = world_.Submit("a", DependsOn(other));
  world_.Cancel(a, "enough");
  world_.Settle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED FAILED");
}

TEST_F(CancelOnHostsTest, NothingEndsBeforeTheNextAdvance) {
  const JobId a = world_.Submit("a", Needs(9, 512));
  world_.Settle();
  world_.Cancel(a, "enough");
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_TRUE(world_.Describe(a).is_cancelled);
  world_.Settle();
  ExpectEnded(a, "enough");
  EXPECT_TRUE(world_.AttemptsOf(a).empty());
  EXPECT_EQ(world_.StopTimeOf(a), world_.now());
}

TEST_F(CancelOnHostsTest, RoomOfATerminatedStartIsFreeAtOnce) {
  const JobId a = world_.Submit("a", NeverStarts());
  const JobId b = world_.Submit("b", Needs(2, 1000));
  world_.Settle();
  world_.Terminate(a, "enough");
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kStarting);
}

TEST_F(CancelOnHostsTest, ExitZeroAfterTerminateIsFailure) {
  const JobId a = world_.Submit("a", RunsFor(absl::Seconds(20)), IgnoresStop());
  world_.RunFor(absl::Seconds(10));
  world_.Terminate(a, "enough");
  world_.RunUntilIdle();
  ExpectEnded(a, "enough");
  EXPECT_EQ(world_.Describe(a).exit_code, 0);
}

// The containers have exited, but nobody has heard of it when TerminateJob
// comes.
TEST_F(CancelOnHostsTest, ExitZeroHeardOfAfterTerminateIsFailure) {
  const absl::Time end = world_.now() + absl::Seconds(11);
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", Array(2));
  world_.RunUntil(end - absl::Seconds(1));
  Scheduler& scheduler = world_.scheduler();
  ASSERT_TRUE(scheduler.TerminateJob(a, "enough", end).ok());
  ASSERT_TRUE(scheduler.TerminateJob(b, "enough", end).ok());
  world_.RunUntilIdle();
  ExpectEnded(a, "enough");
  EXPECT_EQ(world_.Describe(a).exit_code, 0);
  ExpectEnded(b, "enough");
  ExpectEnded(b.Child(0), "enough");
}

TEST_F(CancelOnHostsTest, UnknownChildrenAreNoError) {
  const JobId single = world_.Submit("single");
  const JobId array = world_.Submit("array", Array(2));
  for (const JobId& job : {single.Child(0), array.Child(2), array.Child(-7),
                           JobId{single.slot, single.generation + 1, -1}}) {
    world_.Cancel(job);
    world_.Terminate(job);
  }
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(single), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(array), JobStatus::kSucceeded);
}

TEST_F(CancelOnHostsTest, SubmittedArrayFailsWithAllItsChildren) {
  const JobId a = world_.Submit("a", Array(3));
  world_.Cancel(a, "enough");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED FAILED");
  ExpectEnded(a, "enough");
  EXPECT_EQ(world_.StatusesOf(a.Child(2)), "PENDING FAILED");
  ExpectEnded(a.Child(2), "enough");
}

TEST_F(CancelOnHostsTest, WaitingArrayEndsWhenItsDependenciesHave) {
  const JobId other = world_.Submit("other", RunsFor(absl::Hours(1)));
  const JobId a = world_.Submit("a", Array(3), DependsOn(other));
  world_.Settle();
  world_.Cancel(a, "enough");
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kPending);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED PENDING FAILED");
  ExpectEnded(a, "enough");
  EXPECT_EQ(world_.StopTimeOf(a), world_.StopTimeOf(other));
}

TEST_F(CancelOnHostsTest, CancelledSequentialArrayEndsBehindWhatRuns) {
  const JobId a = world_.Submit("a", Array(3), Sequential());
  world_.RunFor(absl::Seconds(5));
  world_.Cancel(a, "enough");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kSucceeded);
  ExpectEnded(a.Child(1), "enough");
  ExpectEnded(a.Child(2), "enough");
  ExpectEnded(a, "enough");
}

TEST_F(CancelOnHostsTest, ChildThatWaitsForItsNextAttemptIsCancelled) {
  const JobId a = world_.Submit("a", Array(2), Attempts(2), Exits(1, 0));
  const JobId b = world_.Submit("b", Needs(2, 1000), RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(5));
  world_.LoseInstance("hosts");
  world_.Settle();
  ASSERT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kRunnable);
  world_.Cancel(a.Child(1), "enough");
  world_.Join("hosts", 2, 2000);
  world_.RunUntilIdle();
  ExpectEnded(a.Child(1), "enough");
  EXPECT_EQ(world_.AttemptsOf(a.Child(1)).size(), 1u);
  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
}

TEST_F(CancelOnHostsTest, RunningChildIsStoppedAlone) {
  const JobId a = world_.Submit("a", Array(2), RunsForever(),
                                Child(1, RunsFor(absl::Minutes(1))));
  world_.RunFor(absl::Seconds(5));
  world_.Terminate(a.Child(0), "enough");
  world_.RunUntilIdle();
  ExpectEnded(a.Child(0), "enough");
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kSucceeded);
  EXPECT_FALSE(world_.Describe(a.Child(1)).is_terminated);
  EXPECT_FALSE(world_.Describe(a).is_terminated);
}

}  // namespace
}  // namespace embatch
