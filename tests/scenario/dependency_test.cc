// SPDX-License-Identifier: Apache-2.0
//
// Source: guide "Job dependencies"; §9. Choice: D3 to D6, D54.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scenario/scenario.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;

class DependencyTest : public ::testing::Test {
 protected:
  World world_;
};

// a ---> b      b waits for a; a fails once, then succeeds.
TEST_F(DependencyTest, WaitsForTheLastAttemptOfItsParent) {
  const JobId a = world_.Submit("a", Attempts(2), Exits(1, 0));
  const JobId b = world_.Submit("b", DependsOn(a));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(b),
            "SUBMITTED PENDING RUNNABLE STARTING RUNNING SUCCEEDED");
  EXPECT_GE(world_.StartTimeOf(b), world_.StopTimeOf(a));
}

// a ---> c <--- b
TEST_F(DependencyTest, FailsAtOnceWithTheFirstFailure) {
  const JobId a = world_.Submit("a", Exits(1));
  const JobId b = world_.Submit("b", RunsFor(absl::Hours(1)));
  const JobId c = world_.Submit("c", DependsOn(a, b));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(c), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world_.ReasonOf(c), "Dependent Job failed");
  EXPECT_EQ(world_.StopTimeOf(c), world_.StopTimeOf(a));
  EXPECT_TRUE(world_.AttemptsOf(c).empty());
}

TEST_F(DependencyTest, FailureCascades) {
  const JobId first = world_.Submit("first", Exits(1));
  JobId last = first;
  for (int i = 0; i < 1000; ++i) last = world_.Submit("next", DependsOn(last));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(last), JobStatus::kFailed);
  EXPECT_EQ(world_.StopTimeOf(last), world_.StopTimeOf(first));
}

TEST_F(DependencyTest, WhatHasSucceededAlreadyCountsAsMet) {
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();
  const JobId b = world_.Submit("b", DependsOn(a));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(b),
            "SUBMITTED RUNNABLE STARTING RUNNING SUCCEEDED");
}

TEST_F(DependencyTest, WhatHasFailedAlreadyFailsTheNewJob) {
  const JobId a = world_.Submit("a", Exits(1));
  world_.RunUntilIdle();
  const JobId b = world_.Submit("b", DependsOn(a));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(b), "SUBMITTED FAILED");
  EXPECT_EQ(world_.ReasonOf(b), "Dependent Job failed");
}

TEST_F(DependencyTest, UnknownJobIsRefused) {
  const absl::Status status =
      world_.TrySubmit("b", DependsOn(JobId{77, 1, -1})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("depends_on[0]"));
}

TEST_F(DependencyTest, WaitsForEveryChildOfAnArray) {
  const JobId a =
      world_.Submit("a", Array(3), Child(2, RunsFor(absl::Minutes(10))));
  const JobId b = world_.Submit("b", DependsOn(a));
  world_.RunUntilIdle();

  EXPECT_GE(world_.StartTimeOf(b), world_.StopTimeOf(a.Child(2)));
}

TEST_F(DependencyTest, WaitsForOneChild) {
  const JobId a =
      world_.Submit("a", Array(3), Child(2, RunsFor(absl::Minutes(10))));
  const JobId b = world_.Submit("b", DependsOn(a.Child(0)));
  world_.RunUntilIdle();

  EXPECT_GE(world_.StartTimeOf(b), world_.StopTimeOf(a.Child(0)));
  EXPECT_LT(world_.StartTimeOf(b), world_.StopTimeOf(a.Child(2)));
}

// A SEQUENTIAL entry that names a job is a plain one, also on a single job.
TEST_F(DependencyTest, SequentialWithAJobIsPlain) {
  const JobId a = world_.Submit("a", Array(2));
  const JobId b = world_.Submit("b", [a](JobPlan& plan) {
    plan.request.depends_on.push_back({a, DependencyType::kSequential});
  });
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
  EXPECT_GE(world_.StartTimeOf(b), world_.StopTimeOf(a));
}

TEST_F(DependencyTest, SequentialWithoutAJobNeedsAnArray) {
  EXPECT_EQ(world_.TrySubmit("a", Sequential()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DependencyTest, SequentialChildrenRunOneAfterTheOther) {
  const JobId a = world_.Submit("a", Array(4), Sequential());
  world_.RunUntilIdle();

  for (int i = 1; i < 4; ++i) {
    EXPECT_GE(world_.StartTimeOf(a.Child(i)),
              world_.StopTimeOf(a.Child(i - 1)));
    // Choice: D49.
    EXPECT_EQ(world_.Describe(a.Child(i)).created_at,
              world_.StopTimeOf(a.Child(i - 1)));
  }
}

TEST_F(DependencyTest, SequentialChildrenBehindAFailureFail) {
  const JobId a =
      world_.Submit("a", Array(5), Sequential(), Child(1, Exits(1)));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kSucceeded);
  for (int i = 2; i < 5; ++i) {
    EXPECT_EQ(world_.StatusesOf(a.Child(i)), "PENDING FAILED");
    EXPECT_EQ(world_.ReasonOf(a.Child(i)), "Dependent Job failed");
  }
  EXPECT_EQ(world_.ReasonOf(a), "Array Child Job failed");
}

TEST_F(DependencyTest, NToNPairsChildWithChild) {
  const JobId a = world_.Submit("a", Array(3), Child(0, Exits(1)),
                                Child(2, RunsFor(absl::Minutes(10))));
  const JobId b = world_.Submit("b", Array(3), NToN(a));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(b.Child(0)), "PENDING FAILED");
  EXPECT_EQ(world_.ReasonOf(b.Child(0)), "Dependent Job failed");
  EXPECT_LT(world_.StartTimeOf(b.Child(1)), world_.StopTimeOf(a.Child(2)));
  EXPECT_GE(world_.StartTimeOf(b.Child(2)), world_.StopTimeOf(a.Child(2)));
  EXPECT_EQ(world_.ReasonOf(b), "Array Child Job failed");
}

TEST_F(DependencyTest, NToNOnAnArrayThatHasEnded) {
  const JobId a = world_.Submit("a", Array(3), Child(1, Exits(1)));
  world_.RunUntilIdle();
  const JobId b = world_.Submit("b", Array(3), NToN(a));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(b.Child(0)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusesOf(b.Child(1)), "PENDING FAILED");
  EXPECT_EQ(world_.StatusOf(b.Child(2)), JobStatus::kSucceeded);
}

TEST_F(DependencyTest, NToNNeedsTwoArraysOfOneSize) {
  const JobId single = world_.Submit("single");
  const JobId array = world_.Submit("array", Array(3));
  for (const absl::Status& status :
       {world_.TrySubmit("b", Array(3), NToN(single)).status(),
        world_.TrySubmit("b", Array(4), NToN(array)).status(),
        world_.TrySubmit("b", NToN(array)).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("same size"));
  }
}

// AWS's JobD: plain and SEQUENTIAL in one submission.
TEST_F(DependencyTest, KindsCombine) {
  const JobId a = world_.Submit("a", RunsFor(absl::Minutes(5)));
  const JobId b = world_.Submit("b", Array(2));
  const JobId c =
      world_.Submit("c", Array(2), DependsOn(a), NToN(b), Sequential());
  world_.RunUntilIdle();

  EXPECT_GE(world_.StartTimeOf(c.Child(0)), world_.StopTimeOf(a));
  EXPECT_GE(world_.StartTimeOf(c.Child(1)), world_.StopTimeOf(c.Child(0)));
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kSucceeded);
}

TEST_F(DependencyTest, ArrayFailsWholeWithAPlainDependency) {
  const JobId a = world_.Submit("a", Exits(1));
  const JobId b = world_.Submit("b", Array(3), DependsOn(a));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(b), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world_.ReasonOf(b), "Dependent Job failed");
  EXPECT_EQ(world_.ReasonOf(b.Child(2)), "Dependent Job failed");
}

TEST_F(DependencyTest, IsDescribedAsSubmitted) {
  const JobId a = world_.Submit("a", Array(2));
  const JobId b = world_.Submit("b", Array(2), NToN(a), Sequential());
  const auto dependencies = world_.scheduler().DescribeDependencies(b);
  ASSERT_TRUE(dependencies.ok());
  ASSERT_EQ(dependencies->size(), 2u);
  EXPECT_EQ((*dependencies)[0].job, a);
  EXPECT_EQ((*dependencies)[0].type, DependencyType::kNToN);
  EXPECT_TRUE((*dependencies)[1].job.is_null());
}

class DependencyOnHostsTest : public ScenarioTest {
 protected:
  DependencyOnHostsTest() { Hosts({8}); }

  bool IsKnown(JobId job) { return world_.scheduler().DescribeJob(job).ok(); }
  void ExpectDependentFailed(JobId job) {
    EXPECT_EQ(world_.StatusOf(job), JobStatus::kFailed) << job;
    EXPECT_EQ(world_.ReasonOf(job), "Dependent Job failed") << job;
    EXPECT_TRUE(world_.AttemptsOf(job).empty()) << job;
  }
};

TEST_F(DependencyOnHostsTest, SameJobNamedTwiceIsWaitedForOnce) {
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", DependsOn(a, a));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
}

TEST_F(DependencyOnHostsTest, CrossesQueues) {
  world_.Queue("other", {"hosts"});
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", InQueue("other"), DependsOn(a));
  world_.RunUntilIdle();
  EXPECT_GT(world_.StartTimeOf(b), world_.StopTimeOf(a));
}

TEST_F(DependencyOnHostsTest, ChildOfAJobWithoutChildrenIsRefused) {
  const JobId a = world_.Submit("a");
  EXPECT_EQ(world_.TrySubmit("b", DependsOn(a.Child(0))).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world_.TrySubmit("b", DependsOn(JobId())).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DependencyOnHostsTest, FailureOfTheNamedChildAloneCounts) {
  const JobId a = world_.Submit("a", Array(2), Child(0, Exits(1)));
  const JobId b = world_.Submit("b", DependsOn(a.Child(0)));
  const JobId c = world_.Submit("c", DependsOn(a.Child(1)));
  world_.RunUntilIdle();
  ExpectDependentFailed(b);
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kSucceeded);
}

TEST_F(DependencyOnHostsTest, ReasonOfAParentSaysWhichDependencyFailed) {
  const JobId a = world_.Submit("a", Exits(1));
  const JobId b = world_.Submit("b", Array(2), Exits(1));
  const JobId plain = world_.Submit("plain", Array(2), DependsOn(a));
  const JobId paired = world_.Submit("paired", Array(2), NToN(b));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.ReasonOf(plain), "Dependent Job failed");
  EXPECT_EQ(world_.ReasonOf(paired), "Array Child Job failed");
}

// The paired array has failed already, and something else is still to be
// waited for: that makes no difference to the child whose counterpart failed.
TEST_F(DependencyOnHostsTest, FailedCounterpartFailsAtOnceThoughTheArrayWaits) {
  const JobId a = world_.Submit("a", Array(2), Child(0, Exits(1)));
  world_.RunUntilIdle();
  const JobId other = world_.Submit("other", RunsFor(absl::Hours(30)));
  const JobId b = world_.Submit("b", Array(2), NToN(a), DependsOn(other));
  world_.RunFor(absl::Minutes(1));
  ExpectDependentFailed(b.Child(0));
  EXPECT_EQ(world_.StatusOf(b.Child(1)), JobStatus::kPending);
  // After a day the record of `a` is gone. What it said is not.
  world_.RunUntilIdle();
  EXPECT_FALSE(IsKnown(a));
  EXPECT_EQ(world_.StatusOf(b.Child(1)), JobStatus::kSucceeded);
}

// The array's record is due to go when a paired one arrives.
TEST_F(DependencyOnHostsTest, FailedCounterpartIsHeardOfAtTheLastMoment) {
  const JobId a = world_.Submit("a", Array(2), Child(0, Exits(1)));
  world_.RunUntilIdle();
  const absl::Time end = world_.StopTimeOf(a) + absl::Hours(24);
  world_.RunUntil(end - absl::Seconds(1));
  const JobId b = world_.Submit("b", Array(2), NToN(a));
  // Nobody advances before the end of the retention.
  ASSERT_TRUE(world_.scheduler().CancelJob(JobId{9, 9, -1}, "none", end).ok());
  world_.RunUntilIdle();
  EXPECT_FALSE(IsKnown(a));
  ExpectDependentFailed(b.Child(0));
  EXPECT_EQ(world_.StatusOf(b.Child(1)), JobStatus::kSucceeded);
}

// a ---> c, b ---> c; the record of a goes while b still runs.
TEST_F(DependencyOnHostsTest, OutcomeOutlivesTheRecord) {
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", RunsFor(absl::Hours(30)));
  const JobId c = world_.Submit("c", DependsOn(a, b));
  world_.RunFor(absl::Hours(29));
  EXPECT_FALSE(IsKnown(a));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kSucceeded);
}

// The same, but c fails with a, and its own record goes before b ends.
TEST_F(DependencyOnHostsTest, DependentsRecordMayGoFirst) {
  const JobId a = world_.Submit("a", Exits(1));
  const JobId b = world_.Submit("b", RunsFor(absl::Hours(30)));
  const JobId c = world_.Submit("c", DependsOn(a, b));
  const JobId d = world_.Submit("d", DependsOn(b));
  world_.RunFor(absl::Hours(29));
  EXPECT_FALSE(IsKnown(c));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(d), JobStatus::kSucceeded);
}

}  // namespace
}  // namespace embatch
