// SPDX-License-Identifier: Apache-2.0
//
// Dependencies on another end than success: this library's own, beyond AWS.
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scenario/plain_site.h"
#include "tests/scenario/scenario.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;

constexpr DependencyCondition kSuccess = DependencyCondition::kSuccess;
constexpr DependencyCondition kFailure = DependencyCondition::kFailure;
constexpr DependencyCondition kCompletion = DependencyCondition::kCompletion;

JobWord Depends(JobDependency dependency) {
  return [=](JobPlan& plan) { plan.request.depends_on.push_back(dependency); };
}
JobWord On(JobId job, DependencyCondition condition) {
  return Depends({job, DependencyType::kPlain, condition});
}
JobWord PairedWith(JobId job, DependencyCondition condition) {
  return Depends({job, DependencyType::kNToN, condition});
}
JobWord InTurn(DependencyCondition condition) {
  return Depends({JobId(), DependencyType::kSequential, condition});
}

class ConditionTest : public ScenarioTest {
 protected:
  explicit ConditionTest(WorldOptions options = {})
      : ScenarioTest(std::move(options)) {
    Hosts({8});
  }

  // How the children of an array ended: S, F, or D for a dependency that was
  // not met.
  std::string EndsOf(JobId array) {
    std::string ends;
    for (int32_t i = 0; i < world_.Describe(array).array_size; ++i) {
      const JobId child = array.Child(i);
      if (world_.StatusOf(child) == JobStatus::kSucceeded) {
        ends += 'S';
      } else if (world_.ReasonOf(child) == "Dependent Job failed") {
        ends += 'D';
      } else {
        ends += world_.StatusOf(child) == JobStatus::kFailed ? 'F' : '?';
      }
    }
    return ends;
  }
};

TEST_F(ConditionTest, PlainOnesOnEachEnd) {
  for (const int exit_code : {0, 1}) {
    SCOPED_TRACE(exit_code);
    const JobId a = world_.Submit("a", Exits(exit_code));
    const JobId on_success = world_.Submit("b", On(a, kSuccess));
    const JobId on_failure = world_.Submit("c", On(a, kFailure));
    const JobId on_completion = world_.Submit("d", On(a, kCompletion));
    world_.RunUntilIdle();
    const auto want = [](bool met) {
      return met ? JobStatus::kSucceeded : JobStatus::kFailed;
    };
    EXPECT_EQ(world_.StatusOf(on_success), want(exit_code == 0));
    EXPECT_EQ(world_.StatusOf(on_failure), want(exit_code != 0));
    EXPECT_EQ(world_.StatusOf(on_completion), want(true));
    const JobId unmet = exit_code == 0 ? on_failure : on_success;
    EXPECT_EQ(world_.StatusesOf(unmet), "SUBMITTED PENDING FAILED");
    EXPECT_EQ(world_.ReasonOf(unmet), "Dependent Job failed");
  }
}

// The array that failed is forgotten while all children of the third still wait
// for the second: it can't be what they wait for any more.
TEST(ConditionRetentionTest,
     AnArrayIsForgottenWhileItsPairedOneWaitsForAnother) {
  WorldOptions options;
  options.scheduler.finished_job_retention = absl::Minutes(1);
  World world(options);
  const JobId failed = world.Submit("x", Array(2), Child(1, Exits(1)));
  const JobId stuck = world.Submit("w", Array(2), Needs(1000, 512));
  const JobId paired =
      world.Submit("y", Array(2), PairedWith(failed, kCompletion),
                   PairedWith(stuck, kSuccess));
  world.RunFor(absl::Hours(1));
  EXPECT_FALSE(world.scheduler().DescribeJob(failed).ok());
  EXPECT_EQ(world.StatusOf(stuck.Child(0)), JobStatus::kRunnable);
  EXPECT_EQ(world.StatusOf(paired.Child(0)), JobStatus::kPending);
}

// The reference scheduler hears of what the world submits, and of nothing that
// the test submits by itself.
class LateConditionTest : public ConditionTest {
 protected:
  LateConditionTest() : ConditionTest(WithoutTwin()) {}
  static WorldOptions WithoutTwin() {
    WorldOptions options;
    options.check_twin = false;
    return options;
  }
};

// An array is submitted at the end of another one's retention, so that it
// arrives in the very turn in which that one is to be forgotten.
TEST_F(LateConditionTest, ChildWithChildAtTheEndOfRetention) {
  for (const DependencyCondition condition :
       {kSuccess, kFailure, kCompletion}) {
    SCOPED_TRACE(static_cast<int>(condition));
    const JobId a = world_.Submit("a", Array(3));
    world_.RunUntilIdle();
    const absl::Time end = world_.StopTimeOf(a) + absl::Hours(24);
    world_.RunUntil(end - absl::Nanoseconds(1));
    SubmitJobRequest request;
    request.job_name = "b";
    request.job_queue = "queue";
    request.job_definition = "job";
    request.array_size = 3;
    request.depends_on = {{a, DependencyType::kNToN, condition}};
    const JobId b = world_.scheduler().SubmitJob(request, end).value();
    world_.RunUntil(end);
    EXPECT_FALSE(world_.scheduler().DescribeJob(a).ok());
    world_.RunUntilIdle();
    EXPECT_EQ(EndsOf(b), condition == kFailure ? "DDD" : "SSS");
  }
}

// Whenever an array is submitted between two turns in which the other one ends.
// The shorter the turns are, the more consequences are left over by them.
TEST(ConditionTurnsTest, ChildWithChildAtAnyMoment) {
  for (int max_transitions = 1; max_transitions <= 12; ++max_transitions) {
    SCOPED_TRACE(max_transitions);
    SchedulerOptions options;
    options.max_transitions = max_transitions;
    PlainSite site(4, options);
    JobDefinitionOptions definition;
    definition.job_definition_name = "job";
    site.Define(definition);
    SubmitJobRequest request;
    request.job_name = "job";
    request.job_queue = "queue";
    request.job_definition = "job";
    request.array_size = 3;
    const JobId a = site.scheduler().SubmitJob(request, site.now()).value();
    std::vector<JobId> on_failure;
    std::vector<JobId> on_success;
    site.RunUntilIdle([&](const Event& event) {
      if (event.job.Parent() != a) return;
      const auto submit = [&](DependencyCondition condition) {
        request.depends_on = {{a, DependencyType::kNToN, condition}};
        return site.scheduler().SubmitJob(request, site.now()).value();
      };
      on_failure.push_back(submit(kFailure));
      on_success.push_back(submit(kSuccess));
    });
    const auto status = [&site](JobId job) {
      return site.scheduler().DescribeJob(job).value().status;
    };
    EXPECT_EQ(status(a), JobStatus::kSucceeded);
    EXPECT_GT(on_failure.size(), 10u);
    for (size_t i = 0; i < on_failure.size(); ++i) {
      SCOPED_TRACE(i);
      EXPECT_EQ(status(on_success[i]), JobStatus::kSucceeded);
      for (int32_t child = 0; child < 3; ++child) {
        EXPECT_EQ(status(on_failure[i].Child(child)), JobStatus::kFailed);
      }
    }
  }
}

TEST_F(ConditionTest, WhatHasEndedAlreadyCounts) {
  const JobId good = world_.Submit("good");
  const JobId bad = world_.Submit("bad", Exits(1));
  world_.RunUntilIdle();
  const JobId a = world_.Submit("a", On(good, kFailure));
  const JobId b = world_.Submit("b", On(bad, kFailure), On(good, kCompletion));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED FAILED");
  EXPECT_EQ(world_.StatusesOf(b), kStraight);
}

// A failure that is only of one attempt is none.
TEST_F(ConditionTest, FailureIsThatOfTheLastAttempt) {
  const JobId a = world_.Submit("a", Attempts(2), Exits(1, 0));
  const JobId b = world_.Submit("b", On(a, kFailure));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kFailed);
}

// a fails -> b, which wanted success, fails -> c, which wants that, runs.
TEST_F(ConditionTest, UnmetConditionIsAFailureForOthers) {
  const JobId a = world_.Submit("a", Exits(1));
  const JobId b = world_.Submit("b", On(a, kSuccess));
  const JobId c = world_.Submit("c", On(b, kFailure));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kFailed);
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kSucceeded);
}

TEST_F(ConditionTest, CancelledJobHasFailed) {
  const JobId a = world_.Submit("a", RunsForever());
  const JobId b = world_.Submit("b", On(a, kFailure));
  world_.RunFor(absl::Seconds(5));
  world_.Terminate(a);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
}

TEST_F(ConditionTest, OnArraysAndOnOneChild) {
  const JobId a = world_.Submit("a", Array(3), Child(1, Exits(1)));
  const JobId whole = world_.Submit("b", On(a, kFailure));
  const JobId child = world_.Submit("c", On(a.Child(1), kFailure));
  const JobId other = world_.Submit("d", On(a.Child(0), kFailure));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(whole), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(child), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(other), JobStatus::kFailed);
}

TEST_F(ConditionTest, ChildWithChild) {
  const JobId a =
      world_.Submit("a", Array(4), Child(1, Exits(1)), Child(3, Exits(1)));
  const JobId on_failure =
      world_.Submit("b", Array(4), PairedWith(a, kFailure));
  const JobId on_completion =
      world_.Submit("c", Array(4), PairedWith(a, kCompletion));
  world_.RunUntilIdle();
  EXPECT_EQ(EndsOf(a), "SFSF");
  EXPECT_EQ(EndsOf(on_failure), "DSDS");
  EXPECT_EQ(EndsOf(on_completion), "SSSS");
}

TEST_F(ConditionTest, ChildWithChildOfAnArrayThatHasEnded) {
  const JobId a = world_.Submit("a", Array(3), Child(1, Exits(1)));
  const JobId good = world_.Submit("good", Array(3));
  world_.RunUntilIdle();
  const JobId b = world_.Submit("b", Array(3), PairedWith(a, kFailure));
  const JobId c = world_.Submit("c", Array(3), PairedWith(good, kFailure));
  world_.RunUntilIdle();
  EXPECT_EQ(EndsOf(b), "DSD");
  EXPECT_EQ(EndsOf(c), "DDD");
}

// All children of a end at once, by the caller's wish: one event.
TEST_F(ConditionTest, ChildWithChildrenThatFailTogether) {
  const JobId blocker = world_.Submit("blocker", Needs(8, 100), RunsForever());
  const JobId a = world_.Submit("a", Array(5));
  const JobId b = world_.Submit("b", Array(5), PairedWith(a, kFailure));
  world_.RunFor(absl::Seconds(5));
  world_.Cancel(a);
  world_.Terminate(blocker);
  world_.RunUntilIdle();
  EXPECT_EQ(EndsOf(a), "FFFFF");
  EXPECT_EQ(EndsOf(b), "SSSSS");
}

TEST_F(ConditionTest, ChildAfterChild) {
  const JobId on_failure = world_.Submit("a", Array(5), InTurn(kFailure),
                                         Exits(1), Child(2, Exits(0)));
  const JobId on_completion = world_.Submit("b", Array(4), InTurn(kCompletion),
                                            Exits(0), Child(1, Exits(1)));
  world_.RunUntilIdle();
  // The third succeeds, so the fourth does not run, and the fifth does.
  EXPECT_EQ(EndsOf(on_failure), "FFSDF");
  EXPECT_EQ(EndsOf(on_completion), "SFSS");
}

TEST_F(ConditionTest, AreReadAsSubmitted) {
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", On(a, kCompletion));
  const auto dependencies = world_.scheduler().DescribeDependencies(b);
  ASSERT_TRUE(dependencies.ok());
  EXPECT_EQ(dependencies->at(0).condition, kCompletion);
  world_.RunUntilIdle();
}

TEST_F(ConditionTest, RefusesWhatIsNone) {
  const JobId a = world_.Submit("a");
  const auto refusal = [this](JobWord first, JobWord second) {
    const absl::Status status =
        world_.TrySubmit("b", Array(2), first, second).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(
      refusal(On(a, static_cast<DependencyCondition>(3)), On(a, kSuccess)),
      HasSubstr("depends_on[0] has the condition 3; must be success, "
                "failure or completion"));
  EXPECT_THAT(refusal(InTurn(kSuccess), InTurn(kFailure)),
              HasSubstr("depends_on[1] is SEQUENTIAL with another condition"));
}

}  // namespace
}  // namespace embatch
