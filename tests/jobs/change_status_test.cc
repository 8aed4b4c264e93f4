// SPDX-License-Identifier: Apache-2.0
//
// Tests of the one writer of statuses, JobTable::Change(), on single jobs: what
// it stamps, what it says. Children of arrays are in array_children_test.cc.
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/jobs/job_table.h"
#include "tests/jobs/job_stories.h"

namespace embatch {
namespace {

class ChangeStatusTest : public testing::Test, protected JobStories {
 protected:
  const JobDetails& Details(JobKey job) { return *table.FindDetails(job); }

  // A job that stands in `status`.
  JobKey JobIn(JobStatus status) {
    const JobKey job = Add("job");
    switch (status) {
      case JobStatus::kSubmitted:
        break;
      case JobStatus::kPending:
        Change(job, JobTrigger::kDependenciesOutstanding);
        break;
      case JobStatus::kRunnable:
        Release(job);
        break;
      case JobStatus::kScheduled:
        Release(job);
        table.BeginAttempt(job);
        Change(job, JobTrigger::kDispatched);
        break;
      case JobStatus::kStarting:
        Release(job);
        Place(job);
        break;
      case JobStatus::kRunning:
        Release(job);
        Place(job);
        Start(job, 5);
        break;
      case JobStatus::kSucceeded:
        Succeed(job);
        break;
      case JobStatus::kFailed:
        Fail(job);
        break;
    }
    EXPECT_EQ(table.StatusOf(job), status);
    return job;
  }
};

TEST_F(ChangeStatusTest, FollowsTheTableAndListsTheJobByItsStatus) {
  for (int from = 0; from < kJobStatusCount; ++from) {
    for (int trigger = 0; trigger < kJobTriggerCount; ++trigger) {
      const JobStatus before = static_cast<JobStatus>(from);
      const std::optional<JobStatus> after =
          NextStatus(before, static_cast<JobTrigger>(trigger));
      if (!after.has_value()) continue;
      const JobKey job = JobIn(before);
      journal = Journal();
      Change(job, static_cast<JobTrigger>(trigger));
      EXPECT_EQ(table.StatusOf(job), *after);
      for (int status = 0; status < kJobStatusCount; ++status) {
        EXPECT_EQ(table.ByStatus(0, static_cast<JobStatus>(status))
                      .Contains(table.record(job.slot).sequence),
                  static_cast<JobStatus>(status) == *after);
      }
      ASSERT_EQ(journal.events.size(), 1u);
      EXPECT_EQ(journal.events[0].from, before);
      EXPECT_EQ(journal.events[0].to, *after);
      EXPECT_EQ(journal.transitions_left, -1);
    }
  }
}

using ChangeStatusDeathTest = ChangeStatusTest;

TEST_F(ChangeStatusDeathTest, WhatIsNotInTheTableIsOurOwnMistake) {
  const JobKey job = JobIn(JobStatus::kSucceeded);
  EXPECT_DEATH(Change(job, JobTrigger::kRetry), "check failed");
}

TEST_F(ChangeStatusTest, AnEventSaysWhoWhenAndWhy) {
  const JobKey job = JobIn(JobStatus::kRunnable);
  const TextIndex why = table.InternText("blocked for a reason");
  journal = Journal();
  journal.now_ns = 42;
  Change(job, JobTrigger::kBlocked, why, /*at_ns=*/7);
  Event want;
  want.time_ns = 42;
  want.job = Id(job);
  want.reason = why;
  want.from = want.to = JobStatus::kRunnable;
  EXPECT_THAT(journal.events, testing::ElementsAre(want));
}

TEST_F(ChangeStatusTest, AnEventNamesTheAttemptItIsAbout) {
  const JobKey job = JobIn(JobStatus::kRunnable);
  RunAttempt(job, ExitsWith(1), /*retry=*/true);
  RunAttempt(job, ExitsWith(0));
  std::vector<std::string> shown;
  for (const Event& event : journal.events) {
    shown.push_back(absl::StrCat(JobStatusName(event.to), event.attempt));
  }
  EXPECT_THAT(shown, testing::ElementsAre("RUNNABLE0", "STARTING1", "RUNNING1",
                                          "RUNNABLE1", "STARTING2", "RUNNING2",
                                          "SUCCEEDED2"));
}

TEST_F(ChangeStatusTest, AnEndHasItsTimeAndReason) {
  const JobKey job = JobIn(JobStatus::kRunnable);
  AttemptEnd end = ExitsWith(3);
  end.started_ns = 100;
  end.stopped_ns = 250;
  RunAttempt(job, end);
  EXPECT_EQ(table.StatusOf(job), JobStatus::kFailed);
  EXPECT_EQ(Details(job).started_ns, 100);
  EXPECT_EQ(Details(job).stopped_ns, 250);
  EXPECT_EQ(Details(job).status_reason, kEssentialContainerExited);
}

TEST_F(ChangeStatusTest, AJobThatNeverRanStopsWhenItFailed) {
  const JobKey job = JobIn(JobStatus::kPending);
  Change(job, JobTrigger::kDependencyFailed, kDependentJobFailed, 99);
  EXPECT_EQ(Details(job).started_ns, kNoTime);
  EXPECT_EQ(Details(job).stopped_ns, 99);
  EXPECT_EQ(Details(job).status_reason, kDependentJobFailed);
}

TEST_F(ChangeStatusTest, AJobThatWaitsAgainShowsNoStartAndNoReason) {
  const JobKey job = JobIn(JobStatus::kRunnable);
  RunAttempt(job, ExitsWith(1), /*retry=*/true);
  EXPECT_EQ(table.StatusOf(job), JobStatus::kRunnable);
  EXPECT_EQ(Details(job).started_ns, kNoTime);
  EXPECT_EQ(Details(job).stopped_ns, 3000000);  // since when it waits
  EXPECT_EQ(Details(job).status_reason, kNoReason);
  EXPECT_EQ(table.RetryClassOf(job), kRetriedClass);
}

TEST_F(ChangeStatusTest, BeingPlacedClearsABlockedReason) {
  const JobKey job = JobIn(JobStatus::kRunnable);
  const TextIndex why = table.InternText("no capacity");
  Change(job, JobTrigger::kBlocked, why);
  table.ReleaseText(why);
  table.ForgetReleased();
  EXPECT_EQ(table.Text(Details(job).status_reason), "no capacity");
  Place(job);
  EXPECT_EQ(Details(job).status_reason, kNoReason);
  table.ForgetReleased();
  EXPECT_EQ(table.Text(why), "");
}

TEST_F(ChangeStatusTest, AReasonCanBeSetSilently) {
  const JobKey job = JobIn(JobStatus::kRunnable);
  const size_t events = journal.events.size();
  table.SetReasonSilently(job, kBlockedInvalid);
  EXPECT_EQ(Details(job).status_reason, kBlockedInvalid);
  table.SetReasonSilently(job, kNoReason);
  EXPECT_EQ(Details(job).status_reason, kNoReason);
  EXPECT_EQ(journal.events.size(), events);
}

}  // namespace
}  // namespace embatch
