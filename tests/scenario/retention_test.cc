// SPDX-License-Identifier: Apache-2.0
//
// Finished jobs are remembered for a while. Source: §20.7. Choice: D1, D62.
#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

WorldOptions Remembers(absl::Duration retention) {
  WorldOptions options;
  options.scheduler.finished_job_retention = retention;
  return options;
}

class RetentionTest : public ScenarioTest {
 protected:
  explicit RetentionTest(WorldOptions options = {})
      : ScenarioTest(std::move(options)) {
    Hosts({2});
  }
  bool IsKnown(JobId job) { return world_.scheduler().DescribeJob(job).ok(); }
};

TEST_F(RetentionTest, FinishedJobGoesAfterADayToTheNanosecond) {
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();
  const absl::Time end = world_.StopTimeOf(a) + absl::Hours(24);
  world_.RunUntil(end - absl::Nanoseconds(1));
  EXPECT_TRUE(IsKnown(a));
  world_.RunUntil(end);
  EXPECT_FALSE(IsKnown(a));
}

TEST_F(RetentionTest, RestAsksToBeCalledAtTheEndOfIt) {
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  EXPECT_EQ(fork->Advance(world_.now()).next,
            world_.StopTimeOf(a) + absl::Hours(24));
}

TEST_F(RetentionTest, ArrayGoesAsAWhole) {
  const JobId a = world_.Submit("a", Array(2), RunsFor(absl::Seconds(5)),
                                Child(1, RunsFor(absl::Hours(20))));
  world_.RunUntilIdle();
  world_.RunFor(absl::Hours(10));
  EXPECT_TRUE(IsKnown(a.Child(0)));
  world_.RunFor(absl::Hours(15));
  EXPECT_FALSE(IsKnown(a.Child(0)));
  EXPECT_FALSE(IsKnown(a));
}

TEST_F(RetentionTest, IdOfAForgottenJobNeverNamesAnother) {
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Hours(30));
  for (int i = 0; i < 5; ++i) {
    const JobId b = world_.Submit("b");
    EXPECT_NE(b, a);
    EXPECT_FALSE(IsKnown(a));
  }
}

TEST_F(RetentionTest, ForgottenJobCannotBeDependedOn) {
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Hours(30));
  EXPECT_EQ(world_.TrySubmit("b", DependsOn(a)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(RetentionTest, JobThatIsNotOverStays) {
  const JobId a = world_.Submit("a", Needs(9, 512));
  world_.RunFor(absl::Hours(1000));
  EXPECT_TRUE(IsKnown(a));
}

class NoRetentionTest : public RetentionTest {
 protected:
  NoRetentionTest() : RetentionTest(Remembers(absl::ZeroDuration())) {}
};

TEST_F(NoRetentionTest, FinishedJobGoesInTheSameMoment) {
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", DependsOn(a));
  world_.RunUntilIdle();
  EXPECT_FALSE(IsKnown(a));
  EXPECT_FALSE(IsKnown(b));
  EXPECT_EQ(world_.StatusesOf(b),
            "SUBMITTED PENDING RUNNABLE STARTING RUNNING SUCCEEDED");
}

class EndlessRetentionTest : public RetentionTest {
 protected:
  EndlessRetentionTest() : RetentionTest(Remembers(absl::InfiniteDuration())) {}
};

TEST_F(EndlessRetentionTest, FinishedJobStaysForEver) {
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();
  world_.RunFor(absl::Hours(24 * 365 * 100));
  EXPECT_TRUE(IsKnown(a));
}

// One transition a turn.
class ForgettingTest : public RetentionTest {
 protected:
  ForgettingTest() : RetentionTest(InSmallTurns()) {}
  static WorldOptions InSmallTurns() {
    WorldOptions options;
    options.scheduler.max_transitions = 1;
    return options;
  }
};

// An array's memory goes in many turns, and in each of them the state is as
// good as any other.
TEST_F(ForgettingTest, AnArrayIsForgottenInPortions) {
  const JobId a = world_.Submit("a", Array(5000), RunsFor(absl::Seconds(1)),
                                Child(3, Exits(1)), Child(4999, Exits(1)));
  world_.RunFor(absl::Hours(2));
  const absl::Time end = world_.StopTimeOf(a) + absl::Hours(24);
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  int turns = 0;
  for (absl::Time next = end; next == end; ++turns) {
    const std::unique_ptr<Scheduler> other = fork->Fork();
    EXPECT_EQ(other->EncodeState(), fork->EncodeState());
    next = fork->Advance(end).next;
    other->Advance(end);
    EXPECT_EQ(other->EncodeState(), fork->EncodeState());
  }
  // That the time has come; the job; two blocks of children and the rest.
  EXPECT_GE(turns, 4);
  EXPECT_FALSE(fork->DescribeJob(a).ok());
  world_.RunUntil(end);
  EXPECT_FALSE(IsKnown(a));
}

// Many jobs are to be forgotten before another one's time is up, and nobody
// calls until long after: it is stopped all the same.
TEST_F(ForgettingTest, ATimeoutBehindManyThatAreForgottenIsNotLost) {
  for (int i = 0; i < 20; ++i) {
    world_.Submit("short", RunsFor(absl::Seconds(1)));
  }
  world_.RunFor(absl::Minutes(5));
  const JobId a = world_.Submit("a", RunsFor(absl::Hours(90)),
                                TimesOutAfter(absl::Hours(25)));
  world_.RunFor(absl::Minutes(5));
  ASSERT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  // Nobody answers the request to stop.
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  const absl::Time late = world_.now() + absl::Hours(30);
  for (const absl::Time now : {late, late + absl::Hours(1)}) {
    EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kRunning);
    while (fork->Advance(now).next == now) {
    }
  }
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kFailed);
}

}  // namespace
}  // namespace embatch
