// SPDX-License-Identifier: Apache-2.0
//
// An invariant that never fails checks nothing: each is shown something false.
#include "tests/support/invariants.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

Event Change(JobId job, JobStatus from, JobStatus to, uint16_t attempt = 0) {
  Event event;
  event.time_ns = 1;
  event.job = job;
  event.from = from;
  event.to = to;
  event.attempt = attempt;
  return event;
}

TEST(InvariantsTest, TransitionsAreThoseOfTheReference) {
  // Rows: from; columns: to. S is SUBMITTED, P PENDING, R RUNNABLE, D
  // SCHEDULED, T STARTING, N RUNNING, + SUCCEEDED, - FAILED. STARTING to
  // STARTING and RUNNING to RUNNING: a preemption began.
  struct Table {
    JobKind kind;
    const char* rows[kJobStatusCount];
  };
  const Table kTables[] = {
      {JobKind::kSingle,
       {".PR....-", "..R....-", "..R.T..-", "........", "..R.TN.-", "..R..N+-",
        "........", "........"}},
      {JobKind::kChild,
       {"........", "..R....-", "..R.T..-", "........", "..R.TN.-", "..R..N+-",
        "........", "........"}},
      {JobKind::kArray,
       {".P.....-", "......+-", "........", "........", "........", "........",
        "........", "........"}},
      {JobKind::kService,
       {"..R....-", "........", "..RD...-", "..RDT..-", "..R.TN.-", "..R..N+-",
        "........", "........"}},
  };
  for (const Table& table : kTables) {
    for (int from = 0; from < kJobStatusCount; ++from) {
      for (int to = 0; to < kJobStatusCount; ++to) {
        EXPECT_EQ(IsTransition(table.kind, static_cast<JobStatus>(from),
                               static_cast<JobStatus>(to)),
                  table.rows[from][to] != '.')
            << static_cast<JobStatus>(from) << " -> "
            << static_cast<JobStatus>(to);
      }
    }
  }
}

// Feeds false events about a job that really exists.
class FalseEventTest : public ::testing::Test {
 protected:
  FalseEventTest() { job_ = world_.Submit("a"); }

  void Observe(const Event& event) {
    checker_.Observe(world_.scheduler(), event);
  }

  World world_;
  JobId job_;
  InvariantChecker checker_;
};

TEST_F(FalseEventTest, ChangeThatDoesNotExistIsFound) {
  EXPECT_NONFATAL_FAILURE(
      Observe(Change(job_, JobStatus::kSubmitted, JobStatus::kSucceeded)),
      "no such change");
}

TEST_F(FalseEventTest, ChangeFromElsewhereIsFound) {
  Observe(Change(job_, JobStatus::kSubmitted, JobStatus::kPending));
  EXPECT_NONFATAL_FAILURE(
      Observe(Change(job_, JobStatus::kSubmitted, JobStatus::kFailed)),
      "last seen elsewhere");
}

TEST_F(FalseEventTest, TimeThatGoesBackIsFound) {
  Observe(Change(job_, JobStatus::kSubmitted, JobStatus::kRunnable));
  Event event = Change(job_, JobStatus::kRunnable, JobStatus::kFailed);
  event.time_ns = 0;
  EXPECT_NONFATAL_FAILURE(Observe(event), "time went back");
}

TEST_F(FalseEventTest, BlockedJobWithoutReasonIsFound) {
  Observe(Change(job_, JobStatus::kSubmitted, JobStatus::kRunnable));
  EXPECT_NONFATAL_FAILURE(
      Observe(Change(job_, JobStatus::kRunnable, JobStatus::kRunnable)),
      "says why");
}

TEST_F(FalseEventTest, JobBlockedTwiceForOneReasonIsFound) {
  world_.Cancel(job_, "so that there is a text");
  world_.RunUntilIdle();
  Event event = Change(job_, JobStatus::kRunnable, JobStatus::kRunnable);
  event.reason = world_.EventsOf(job_).back().event.reason;
  Observe(Change(job_, JobStatus::kSubmitted, JobStatus::kRunnable));
  Observe(event);
  EXPECT_NONFATAL_FAILURE(Observe(event), "twice");
}

TEST_F(FalseEventTest, WrongNumberOfAnAttemptIsFound) {
  Observe(Change(job_, JobStatus::kSubmitted, JobStatus::kRunnable));
  EXPECT_NONFATAL_FAILURE(
      Observe(Change(job_, JobStatus::kRunnable, JobStatus::kStarting, 2)),
      "event.attempt");
}

TEST_F(FalseEventTest, JobThatDoesNotWaitForItsDependencyIsFound) {
  const JobId b = world_.Submit("b", DependsOn(job_));
  EXPECT_NONFATAL_FAILURE(
      Observe(Change(b, JobStatus::kSubmitted, JobStatus::kRunnable)),
      "has not ended as it must");
}

TEST_F(FalseEventTest, StatusThatWasNeverReachedIsFound) {
  Observe(Change(job_, JobStatus::kSubmitted, JobStatus::kPending));
  EXPECT_NONFATAL_FAILURE(checker_.Check(world_.scheduler(), {}),
                          "view.status");
}

TEST(InvariantsTest, OverfullInstanceAndEnvironmentAreFound) {
  World world;
  world.Managed("machines", MaxVcpus(2), Offers("tiny", 2, 4096));
  const JobId a = world.Submit("a", Needs(2, 1024), RunsForever());
  world.RunFor(absl::Minutes(5));
  ASSERT_EQ(world.StatusOf(a), JobStatus::kRunning);

  InvariantChecker checker;
  for (const WorldEvent& event : world.events()) {
    checker.Observe(world.scheduler(), event.event);
  }
  InstancesByEnvironment instances;
  instances["machines"] = world.provider("machines").Instances();
  checker.Check(world.scheduler(), instances);
  instances["machines"][0].resources = Resources::Of(1, 4096);
  EXPECT_NONFATAL_FAILURE(checker.Check(world.scheduler(), instances), "holds");
}

}  // namespace
}  // namespace embatch
