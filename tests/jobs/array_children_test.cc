// SPDX-License-Identifier: Apache-2.0
//
// Tests of the children of arrays: changes one by one and many at once, their
// counts, and how they keep why and when they ended.
#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/jobs/job_table.h"
#include "tests/jobs/job_stories.h"

namespace embatch {
namespace {

class ArrayChildrenTest : public testing::Test, protected JobStories {
 protected:
  const StatusSummary& Counts(JobKey array) {
    return table.array(array.slot).counts;
  }

  // What a child shows, wherever it is kept.
  TextIndex ReasonOf(JobKey child) {
    if (const JobDetails* details = table.FindDetails(child)) {
      return details->status_reason;
    }
    switch (table.array(child.slot).states.Get(child.child).bulk_reason()) {
      case BulkReason::kNone:
        return kNoReason;
      case BulkReason::kDependencyFailed:
        return kDependentJobFailed;
      case BulkReason::kQueueDeleted:
        return kJobQueueDeleted;
      case BulkReason::kEndedByCaller:
        return table.record(child.slot).details.request_reason;
    }
    return kNoReason;
  }
  int64_t StoppedOf(JobKey child) {
    if (const JobDetails* details = table.FindDetails(child)) {
      return details->stopped_ns;
    }
    const ArrayRecord& array = table.array(child.slot);
    return array.bulk_stopped_ns[static_cast<int>(
        array.states.Get(child.child).bulk_reason())];
  }
};

TEST_F(ArrayChildrenTest, AChildsChangeIsCountedAndToldAsItsOwn) {
  const JobKey array = AddArray(3);
  Release(Child(array, 1));
  EXPECT_EQ(Counts(array), (StatusSummary{0, 2, 1, 0, 0, 0, 0, 0}));
  RunAttempt(Child(array, 1), ExitsWith(0));
  EXPECT_EQ(Counts(array), (StatusSummary{0, 2, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(table.array(array.slot).ended(), 1);
  EXPECT_EQ(table.StatusOf(array), JobStatus::kSubmitted);
  for (const Event& event : journal.events) {
    EXPECT_EQ(event.job, Id(array).Child(1));
    EXPECT_EQ(event.count, 1u);
  }
}

TEST_F(ArrayChildrenTest, ManyChildrenMakeOneEvent) {
  const JobKey array = AddArray(10);
  journal.now_ns = 42;
  ChangeChildren(array, 2, 9, JobTrigger::kDependenciesMet);
  Event want;
  want.time_ns = 42;
  want.job = Id(array).Child(2);
  want.count = 7;
  want.from = JobStatus::kPending;
  want.to = JobStatus::kRunnable;
  EXPECT_THAT(journal.events, testing::ElementsAre(want));
  EXPECT_EQ(Counts(array), (StatusSummary{0, 3, 7, 0, 0, 0, 0, 0}));
  for (int32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(table.StatusOf(Child(array, i)),
              i >= 2 && i < 9 ? JobStatus::kRunnable : JobStatus::kPending);
  }
}

// A block of states holds 65,536 children.
TEST_F(ArrayChildrenTest, ARunCrossesTheBordersOfBlocks) {
  const JobKey array = AddArray(200000);
  ChangeChildren(array, 65535, 196609, JobTrigger::kDependenciesMet);
  for (int32_t i : {0, 65534, 196609, 199999}) {
    EXPECT_EQ(table.StatusOf(Child(array, i)), JobStatus::kPending) << i;
  }
  for (int32_t i : {65535, 65536, 131071, 131072, 196607, 196608}) {
    EXPECT_EQ(table.StatusOf(Child(array, i)), JobStatus::kRunnable) << i;
  }
  EXPECT_EQ(Counts(array), (StatusSummary{0, 68926, 131074, 0, 0, 0, 0, 0}));
  ChangeChildren(array, 65536, 131073, JobTrigger::kEndedByCaller);
  EXPECT_EQ(Counts(array), (StatusSummary{0, 68926, 65537, 0, 0, 0, 0, 65537}));
  EXPECT_EQ(table.StatusOf(Child(array, 65535)), JobStatus::kRunnable);
  EXPECT_EQ(table.StatusOf(Child(array, 131072)), JobStatus::kFailed);
  EXPECT_EQ(table.StatusOf(Child(array, 131073)), JobStatus::kRunnable);
}

TEST_F(ArrayChildrenTest, ChildrenThatFailTogetherKeepTheirReasonInTheirByte) {
  const JobKey array = AddArray(4);
  const TextIndex why = table.InternText("why");
  table.SetRequest(array, /*terminate=*/false, why);
  journal.now_ns = 5;
  ChangeChildren(array, 0, 2, JobTrigger::kDependencyFailed,
                 kDependentJobFailed);
  journal.now_ns = 6;
  ChangeChildren(array, 2, 4, JobTrigger::kEndedByCaller, why);
  for (int32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(table.FindDetails(Child(array, i)), nullptr);
    EXPECT_EQ(ReasonOf(Child(array, i)), i < 2 ? kDependentJobFailed : why);
    EXPECT_EQ(StoppedOf(Child(array, i)), i < 2 ? 5 : 6);
  }
}

TEST_F(ArrayChildrenTest, AChildThatFailsAtAnotherTimeKeepsItsOwn) {
  const JobKey array = AddArray(3);
  Change(Child(array, 0), JobTrigger::kDependencyFailed, kDependentJobFailed,
         5);
  Change(Child(array, 1), JobTrigger::kDependencyFailed, kDependentJobFailed,
         6);
  Change(Child(array, 2), JobTrigger::kDependencyFailed, kDependentJobFailed,
         5);
  EXPECT_EQ(StoppedOf(Child(array, 0)), 5);
  EXPECT_EQ(StoppedOf(Child(array, 1)), 6);
  EXPECT_EQ(StoppedOf(Child(array, 2)), 5);
  EXPECT_EQ(ReasonOf(Child(array, 1)), kDependentJobFailed);
}

TEST_F(ArrayChildrenTest, AnArrayKnowsWhenTheLastOfItsChildrenEnded) {
  const JobKey array = AddArray(5);
  const auto last_end = [&] { return table.array(array.slot).last_stopped_ns; };
  EXPECT_EQ(last_end(), kNoTime);
  AttemptEnd end = ExitsWith(0);
  end.stopped_ns = 7000000;
  Release(Child(array, 0));
  EXPECT_EQ(last_end(), kNoTime);
  RunAttempt(Child(array, 0), end);
  EXPECT_EQ(last_end(), 7000000);
  Succeed(Child(array, 1));  // earlier
  EXPECT_EQ(last_end(), 7000000);
  journal.now_ns = 8000000;
  ChangeChildren(array, 2, 4, JobTrigger::kDependencyFailed,
                 kDependentJobFailed);
  EXPECT_EQ(last_end(), 8000000);
}

TEST_F(ArrayChildrenTest, ABlockedChildShowsWhyUntilItIsPlaced) {
  const JobKey array = AddArray(2);
  Release(Child(array, 0));
  Change(Child(array, 0), JobTrigger::kBlocked, kBlockedInvalid);
  EXPECT_EQ(ReasonOf(Child(array, 0)), kBlockedInvalid);
  Place(Child(array, 0));
  EXPECT_EQ(ReasonOf(Child(array, 0)), kNoReason);
  EXPECT_EQ(table.AttemptsOf(Child(array, 0)), 1);
}

TEST_F(ArrayChildrenTest, NoReasonSetSilentlyTakesNoRoom) {
  const JobKey array = AddArray(1);
  table.SetReasonSilently(Child(array, 0), kNoReason);
  EXPECT_EQ(table.FindDetails(Child(array, 0)), nullptr);
  table.SetReasonSilently(Child(array, 0), kBlockedInvalid);
  EXPECT_EQ(ReasonOf(Child(array, 0)), kBlockedInvalid);
}

// What a child is expected to show.
struct PlainChild {
  JobStatus status = JobStatus::kPending;
  TextIndex reason = kNoReason;
  int64_t stopped_ns = kNoTime;
};

// Children that wait fail, one by one and in runs, for three reasons and at
// random times; what each shows is what it was told.
TEST_F(ArrayChildrenTest, AgreeWithAPlainVector) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const int32_t size = 1 + static_cast<int32_t>(random() % 40);
    const JobKey array = AddArray(size);
    std::vector<PlainChild> want(static_cast<size_t>(size));
    const TextIndex all = table.InternText("all of you");
    const TextIndex one = table.InternText("you alone");
    if (random() % 2 == 0) table.SetRequest(array, false, all);
    for (int step = 0; step < 60; ++step) {
      journal.now_ns = static_cast<int64_t>(random() % 3);
      const int32_t first = static_cast<int32_t>(random() % size);
      const JobStatus from = want[first].status;
      if (IsTerminal(from)) continue;
      // Whoever has a story of its own is changed on its own.
      const auto plain = [&](int32_t i) {
        return want[i].status == from &&
               table.FindDetails(Child(array, i)) == nullptr;
      };
      int32_t last = first;
      while (last < size && plain(last)) ++last;
      const bool run = last > first && random() % 2 == 0;
      if (!run) last = first + 1;
      const int action = static_cast<int>(random() % 6);
      JobTrigger trigger = JobTrigger::kDependenciesMet;
      TextIndex reason = kNoReason;
      if (action == 0) {
        trigger = JobTrigger::kEndedByCaller;
        reason = table.record(array.slot).details.ended_by_caller() ? all : one;
      } else if (from == JobStatus::kRunnable) {
        if (run) continue;
        trigger = JobTrigger::kBlocked;
        reason = action < 3 ? one : kBlockedInvalid;
      } else if (action == 1) {
        trigger = JobTrigger::kDependencyFailed;
        reason = kDependentJobFailed;
      }
      if (run) {
        ChangeChildren(array, first, last, trigger, reason);
      } else {
        Change(Child(array, first), trigger, reason, journal.now_ns);
      }
      for (int32_t i = first; i < last; ++i) {
        want[i].status = *NextStatus(from, trigger);
        want[i].reason = reason;
        if (IsTerminal(want[i].status)) want[i].stopped_ns = journal.now_ns;
      }
      StatusSummary counts{};
      for (int32_t i = 0; i < size; ++i) {
        ++counts[static_cast<int>(want[i].status)];
        ASSERT_EQ(table.StatusOf(Child(array, i)), want[i].status) << i;
        ASSERT_EQ(ReasonOf(Child(array, i)), want[i].reason) << i;
        ASSERT_EQ(StoppedOf(Child(array, i)), want[i].stopped_ns) << i;
      }
      ASSERT_EQ(Counts(array), counts);
    }
  }
}

}  // namespace
}  // namespace embatch
