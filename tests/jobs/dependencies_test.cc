// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/jobs/dependencies.h, rule by rule. Random sequences are compared
// with an obvious model in dependencies_model_test.cc.
#include "lib/jobs/dependencies.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/jobs/job_stories.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr JobDependency kSelfSequential = {JobId(),
                                           DependencyType::kSequential};

class DependenciesTest : public testing::Test, protected JobStories {
 protected:
  // "OK", or the message of a kInvalidArgument.
  std::string Checked(const std::vector<JobDependency>& dependencies,
                      int32_t array_size = 0,
                      const Limits& limits = kAwsLimits) {
    const absl::Status status =
        CheckDependencies(table, dependencies, array_size, limits);
    if (status.ok()) return "OK";
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  }

  JobKey AddDependent(const std::vector<JobDependency>& dependencies,
                      int32_t array_size = 0) {
    const JobKey job = Add("dependent", array_size);
    AddDependencies(table, job.slot, dependencies);
    return job;
  }

  void ResolveAllPaired(JobKey array) {
    while (FirstPaired(table, array.slot) != kNoIndex) {
      ResolveFirstPaired(table, array.slot);
    }
  }

  void DropDependencies(JobKey job) {
    while (DropDependency(table, job.slot)) {
    }
  }

  // The jobs of the edges that wait for `job`, taken out one by one.
  std::vector<uint32_t> PopAll(JobKey job) {
    std::vector<uint32_t> slots;
    while (HasDependents(table, job)) {
      const uint32_t edge = PopDependent(table, job);
      if (edge == kNoIndex) continue;  // its job is gone
      EXPECT_TRUE(table.edges()[edge].resolved);
      slots.push_back(table.edges()[edge].dependent);
    }
    return slots;
  }
};

// --- What may be submitted --------------------------------------------------

TEST_F(DependenciesTest, AJobMayWaitForJobsArraysAndChildren) {
  const JobId single = Id(Add("single"));
  const JobId array = Id(AddArray(3));
  EXPECT_EQ(Checked({}), "OK");
  EXPECT_EQ(Checked({{single}, {array}, {array.Child(2)}, {single}}), "OK");
  EXPECT_EQ(Checked({{single, DependencyType::kSequential},
                     {array, DependencyType::kSequential}}),
            "OK");
}

TEST_F(DependenciesTest, AnArrayMayWaitForItselfAndChildForChild) {
  const JobId array = Id(AddArray(3));
  EXPECT_EQ(Checked({kSelfSequential}, 5), "OK");
  EXPECT_EQ(Checked({{array, DependencyType::kNToN}, kSelfSequential}, 3),
            "OK");
}

TEST_F(DependenciesTest, WhatTheRulesForbidIsRefusedByItsPlace) {
  const JobId single = Id(Add("single"));
  const JobId array = Id(AddArray(3));
  const JobKey gone = Add("gone");
  const JobId gone_id = Id(gone);
  Succeed(gone);
  table.Remove(gone.slot);
  const struct {
    JobDependency dependency;
    int32_t array_size;
    std::string want;
  } kCases[] = {
      {{}, 0, "depends_on[1] names no job"},
      {{JobId(), DependencyType::kNToN}, 3, "depends_on[1] names no job"},
      {kSelfSequential, 0,
       "depends_on[1] is SEQUENTIAL without a job; only an array job can "
       "depend on itself"},
      {{gone_id},
       0,
       absl::StrCat("depends_on[1] names slot ", gone_id.slot,
                    ", generation 1, child -1; there is no such job (any "
                    "more)")},
      {{JobId{77, 3, 5}},
       0,
       "depends_on[1] names slot 77, generation 3, child 5; there is no such "
       "job (any more)"},
      {{array.Child(3)},
       0,
       absl::StrCat("depends_on[1] names slot ", array.slot,
                    ", generation 1, child 3; there is no such job (any "
                    "more)")},
      {{single.Child(0)},
       0,
       absl::StrCat("depends_on[1] names slot ", single.slot,
                    ", generation 1, child 0; there is no such job (any "
                    "more)")},
      {{array, static_cast<DependencyType>(3)},
       3,
       "depends_on[1] has the type 3; must be N_TO_N, SEQUENTIAL or none"},
      {{array, DependencyType::kNToN},
       0,
       "depends_on[1] is N_TO_N from 0 to 3 children; both jobs must be arrays "
       "of the same size"},
      {{array, DependencyType::kNToN},
       4,
       "depends_on[1] is N_TO_N from 4 to 3 children; both jobs must be arrays "
       "of the same size"},
      {{single, DependencyType::kNToN},
       3,
       "depends_on[1] is N_TO_N from 3 to 0 children; both jobs must be arrays "
       "of the same size"},
      {{single, DependencyType::kNToN},
       0,
       "depends_on[1] is N_TO_N from 0 to 0 children; both jobs must be arrays "
       "of the same size"},
      {{array.Child(0), DependencyType::kNToN},
       3,
       "depends_on[1] is N_TO_N from 3 to 0 children; both jobs must be arrays "
       "of the same size"},
  };
  for (const auto& [dependency, array_size, want] : kCases) {
    EXPECT_EQ(Checked({{single}, dependency}, array_size), want);
  }
}

TEST_F(DependenciesTest, AJobHasAtMostTwenty) {
  const JobId single = Id(Add("single"));
  std::vector<JobDependency> dependencies(19, {single});
  dependencies.push_back(kSelfSequential);
  EXPECT_EQ(Checked(dependencies, 3), "OK");
  dependencies.push_back({single});
  EXPECT_EQ(Checked(dependencies, 3),
            "depends_on has 21 entries; must have at most 20");
  EXPECT_EQ(Checked(dependencies, 3, kUnlimitedLimits), "OK");
}

// --- Hanging up and taking down ---------------------------------------------

TEST_F(DependenciesTest, EntriesComeBackAsSubmitted) {
  const JobId single = Id(Add("single"));
  const JobId array = Id(AddArray(2));
  const std::vector<JobDependency> dependencies = {
      {single, DependencyType::kSequential},
      kSelfSequential,
      {array, DependencyType::kNToN},
      {array.Child(1)},
      {single}};
  const JobKey job = AddDependent(dependencies, 2);
  EXPECT_EQ(SubmittedDependencies(table, job.slot), dependencies);
  EXPECT_THAT(SubmittedDependencies(table, single.slot), IsEmpty());
}

TEST_F(DependenciesTest, EachEntryOnAnUnfinishedJobIsOneUnmet) {
  const JobKey single = Add("single");
  const JobKey array = AddArray(2);
  const JobKey job = AddDependent({{Id(single)},
                                   {Id(single), DependencyType::kSequential},
                                   {Id(array)},
                                   {Id(array).Child(0)},
                                   {Id(array), DependencyType::kNToN},
                                   kSelfSequential},
                                  2);
  EXPECT_EQ(table.record(job.slot).unmet, 4u);
  EXPECT_TRUE(table.array(job.slot).sequential);
  EXPECT_EQ(table.array(job.slot).paired, 1u);
  EXPECT_FALSE(table.record(job.slot).dependency_failed);
}

TEST_F(DependenciesTest, WhatHasEndedAlreadyIsPinned) {
  const JobKey good = Add("good");
  const JobKey bad = Add("bad");
  const JobKey array = AddArray(2);
  Succeed(good);
  Fail(bad);
  Succeed(Child(array, 0));
  Fail(Child(array, 1));
  const JobKey met =
      AddDependent({{Id(good)}, {Id(array).Child(0)}, {Id(array)}});
  EXPECT_EQ(table.record(met.slot).unmet, 1u);  // the array has not ended
  EXPECT_FALSE(table.record(met.slot).dependency_failed);
  for (const JobId& failed : {Id(bad), Id(array).Child(1)}) {
    const JobKey job = AddDependent({{failed}, {Id(good)}});
    EXPECT_EQ(table.record(job.slot).unmet, 0u);
    EXPECT_TRUE(table.record(job.slot).dependency_failed);
  }
  EXPECT_THAT(PopAll(good), IsEmpty());
  EXPECT_THAT(PopAll(Child(array, 0)), IsEmpty());
}

TEST_F(DependenciesTest, DependentsHearInTheOrderOfSubmission) {
  const JobKey single = Add("single");
  const JobKey array = AddArray(2);
  const JobKey a = AddDependent({{Id(array)}, {Id(single)}});
  const JobKey b = AddDependent({{Id(array).Child(1)}, {Id(single)}});
  const JobKey c = AddDependent({{Id(single)}, {Id(array)}, {Id(single)}});
  EXPECT_THAT(PopAll(single), ElementsAre(a.slot, b.slot, c.slot, c.slot));
  EXPECT_THAT(PopAll(Child(array, 0)), IsEmpty());
  EXPECT_THAT(PopAll(Child(array, 1)), ElementsAre(b.slot));
  EXPECT_THAT(PopAll(array), ElementsAre(a.slot, c.slot));
  EXPECT_THAT(PopAll(single), IsEmpty());
}

TEST_F(DependenciesTest, ADependentThatIsGoneHearsNothing) {
  const JobKey single = Add("single");
  const JobKey first = AddDependent({{Id(single)}});
  const JobKey stays = AddDependent({{Id(single)}});
  const JobKey last = AddDependent({{Id(single)}});
  for (JobKey job : {first, last}) {
    Change(job, JobTrigger::kEndedByCaller);
    DropDependencies(job);
    table.Remove(job.slot);
  }
  EXPECT_EQ(table.edges().size(), 3u);  // until they are popped
  EXPECT_THAT(PopAll(single), ElementsAre(stays.slot));
  DropDependencies(stays);
  EXPECT_EQ(table.edges().size(), 0u);
}

// --- Child for child --------------------------------------------------------

TEST_F(DependenciesTest, AChildIsReadyOnceItsArrayIsReleased) {
  const JobKey job = AddArray(2);
  EXPECT_EQ(ReadinessOf(table, Child(job, 1)), ChildReadiness::kWaits);
  table.record(job.slot).released = true;
  EXPECT_EQ(ReadinessOf(table, Child(job, 0)), ChildReadiness::kReady);
  EXPECT_EQ(ReadinessOf(table, Child(job, 1)), ChildReadiness::kReady);
}

TEST_F(DependenciesTest, InASequenceAChildWaitsForTheOneBefore) {
  const JobKey job = AddDependent({kSelfSequential}, 4);
  table.record(job.slot).released = true;
  const auto readiness = [&](int32_t child) {
    return ReadinessOf(table, Child(job, child));
  };
  EXPECT_EQ(readiness(0), ChildReadiness::kReady);
  EXPECT_EQ(readiness(1), ChildReadiness::kWaits);
  Release(Child(job, 0));
  EXPECT_EQ(readiness(1), ChildReadiness::kWaits);
  RunAttempt(Child(job, 0), ExitsWith(0));
  EXPECT_EQ(readiness(1), ChildReadiness::kReady);
  EXPECT_EQ(readiness(2), ChildReadiness::kWaits);
  Fail(Child(job, 1));
  EXPECT_EQ(readiness(2), ChildReadiness::kDependencyFailed);
  EXPECT_EQ(readiness(3), ChildReadiness::kWaits);
}

TEST_F(DependenciesTest, NToNPairsChildWithChild) {
  const JobKey other = AddArray(3);
  const JobKey job = AddDependent({{Id(other), DependencyType::kNToN}}, 3);
  table.record(job.slot).released = true;
  EXPECT_TRUE(AllChildrenWait(table, job.slot));
  Succeed(Child(other, 1));
  EXPECT_FALSE(AllChildrenWait(table, job.slot));
  Fail(Child(other, 2));
  EXPECT_EQ(ReadinessOf(table, Child(job, 0)), ChildReadiness::kWaits);
  EXPECT_EQ(ReadinessOf(table, Child(job, 1)), ChildReadiness::kReady);
  EXPECT_EQ(ReadinessOf(table, Child(job, 2)),
            ChildReadiness::kDependencyFailed);
  table.record(job.slot).released = false;
  EXPECT_EQ(ReadinessOf(table, Child(job, 1)), ChildReadiness::kWaits);
  EXPECT_EQ(ReadinessOf(table, Child(job, 2)),
            ChildReadiness::kDependencyFailed);
}

TEST_F(DependenciesTest, SeveralNToNMustAllSucceed) {
  const JobKey a = AddArray(2);
  const JobKey b = AddArray(2);
  const JobKey job = AddDependent(
      {{Id(a), DependencyType::kNToN}, {Id(b), DependencyType::kNToN}}, 2);
  table.record(job.slot).released = true;
  Succeed(Child(a, 0));
  EXPECT_EQ(ReadinessOf(table, Child(job, 0)), ChildReadiness::kWaits);
  EXPECT_TRUE(AllChildrenWait(table, job.slot));
  Succeed(Child(b, 0));
  EXPECT_EQ(ReadinessOf(table, Child(job, 0)), ChildReadiness::kReady);
  EXPECT_FALSE(AllChildrenWait(table, job.slot));
}

// Its failures have reached the dependent before; its record may go.
TEST_F(DependenciesTest, AnArrayThatEndedIsNotAskedAgain) {
  const JobKey other = AddArray(2);
  const JobKey job = AddDependent({{Id(other), DependencyType::kNToN}}, 2);
  table.record(job.slot).released = true;
  Succeed(Child(other, 0));
  Fail(Child(other, 1));
  EndParent(other);
  EXPECT_EQ(ReadinessOf(table, Child(job, 1)),
            ChildReadiness::kDependencyFailed);
  ResolveAllPaired(other);
  table.Remove(other.slot);
  EXPECT_EQ(ReadinessOf(table, Child(job, 0)), ChildReadiness::kReady);
  EXPECT_EQ(ReadinessOf(table, Child(job, 1)), ChildReadiness::kReady);
  EXPECT_FALSE(AllChildrenWait(table, job.slot));
}

// An array that waits for one that had ended before asks it, and then does not
// wait for it, wherever it stands among those that wait.
TEST_F(DependenciesTest, OneNToNEdgeCanBeResolvedAlone) {
  for (size_t alone = 0; alone < 3; ++alone) {
    const JobKey other = AddArray(2);
    Succeed(Child(other, 0));
    Succeed(Child(other, 1));
    EndParent(other);
    std::vector<JobKey> waiting;
    for (int i = 0; i < 3; ++i) {
      waiting.push_back(AddDependent({{Id(other), DependencyType::kNToN}}, 2));
    }
    const auto edge_of = [this](JobKey job) {
      return table.record(job.slot).dependencies.first;
    };
    ResolvePaired(table, edge_of(waiting[alone]));
    ResolvePaired(table, edge_of(waiting[alone]));  // changes nothing
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(table.edges()[edge_of(waiting[i])].resolved, i == alone);
      EXPECT_TRUE(table.edges()[edge_of(waiting[i])].linked);
    }
    const JobKey late = AddDependent({{Id(other), DependencyType::kNToN}}, 2);
    ResolveAllPaired(other);
    waiting.push_back(late);
    for (JobKey job : waiting) {
      EXPECT_TRUE(table.edges()[edge_of(job)].resolved);
      EXPECT_FALSE(table.edges()[edge_of(job)].linked);
    }
    EXPECT_TRUE(table.array(other.slot).paired_dependents.empty());
  }
}

}  // namespace
}  // namespace embatch
