// SPDX-License-Identifier: Apache-2.0
//
// Source: guide "Automated job retries", "Job timeouts"; §6, §7.
// Choice: D17, D18, D21.
#include "gtest/gtest.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

class AttemptsTest : public ::testing::Test {
 protected:
  World world_;
};

TEST_F(AttemptsTest, CountAllTries) {
  const JobId a = world_.Submit("a", Attempts(3), Exits(1));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a),
            "SUBMITTED RUNNABLE STARTING RUNNING RUNNABLE STARTING RUNNING "
            "RUNNABLE STARTING RUNNING FAILED");
  EXPECT_EQ(world_.ReasonOf(a), "Essential container in task exited");
  const std::vector<AttemptView> attempts = world_.AttemptsOf(a);
  ASSERT_EQ(attempts.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(attempts[i].number, i + 1);
    EXPECT_EQ(attempts[i].exit_code, 1);
    EXPECT_EQ(attempts[i].status_reason, "Essential container in task exited");
  }
}

TEST_F(AttemptsTest, OneMeansNoRetry) {
  const JobId a = world_.Submit("a", Exits(1, 0));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
}

TEST_F(AttemptsTest, NoneIsRecordedWhileTheFirstRuns) {
  const JobId a = world_.Submit("a", RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Minutes(10));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_TRUE(world_.AttemptsOf(a).empty());
  EXPECT_EQ(world_.Describe(a).attempts, 1);
}

TEST_F(AttemptsTest, FailedStartUsesOneUpAndKeepsItsReason) {
  const JobId a =
      world_.Submit("a", StartFails("CannotPullContainerError: no such image"));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE STARTING FAILED");
  EXPECT_EQ(world_.ReasonOf(a), "Task failed to start");
  const JobView view = world_.Describe(a);
  EXPECT_EQ(view.reason, "CannotPullContainerError: no such image");
  EXPECT_FALSE(view.started_at.has_value());
  EXPECT_FALSE(view.exit_code.has_value());
}

TEST_F(AttemptsTest, RetriedJobGoesToTheFrontOfItsQueue) {
  world_.Managed("one", MaxVcpus(1), Offers("tiny", 1, 1024));
  world_.Queue("queue", {"one"});
  const JobId a = world_.Submit("a", Attempts(2), Exits(1, 0));
  const JobId b = world_.Submit("b");
  world_.RunUntilIdle();

  EXPECT_GE(world_.StartTimeOf(b), world_.StopTimeOf(a));
}

TEST_F(AttemptsTest, WaitingAgainShowsNoStart) {
  world_.Managed("one", MaxVcpus(1), Offers("tiny", 1, 1024));
  world_.Queue("queue", {"one"});
  const JobId a = world_.Submit("a", Attempts(2), Exits(1, 0),
                                StartsAfter(absl::Minutes(5)));
  world_.RunUntil(world_.now() + absl::Minutes(8));
  ASSERT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  EXPECT_FALSE(world_.Describe(a).started_at.has_value());
  EXPECT_EQ(world_.ReasonOf(a), "");
  world_.RunUntilIdle();
}

TEST_F(AttemptsTest, TimeoutCountsFromRunningAndIsNotRetried) {
  const JobId a =
      world_.Submit("a", Attempts(3), StartsAfter(absl::Minutes(10)),
                    TimesOutAfter(absl::Seconds(60)), RunsForever());
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "Job attempt duration exceeded timeout");
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Seconds(60));
  EXPECT_EQ(world_.AttemptsOf(a).size(), 1u);
}

TEST_F(AttemptsTest, ExitBeatsItsTimeout) {
  const JobId a = world_.Submit("a", TimesOutAfter(absl::Seconds(60)),
                                RunsFor(absl::Seconds(60)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

// A container that obeys by exiting with 0 has still run too long.
TEST_F(AttemptsTest, ExitZeroAfterTheTimeoutIsAFailure) {
  const JobId a = world_.Submit("a", TimesOutAfter(absl::Seconds(60)),
                                RunsFor(absl::Seconds(70)), Exits(0),
                                StopsAfter(absl::Seconds(20)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "Job attempt duration exceeded timeout");
}

TEST_F(AttemptsTest, EachAttemptHasItsOwnTimeout) {
  const JobId a = world_.Submit("a", Attempts(2), Exits(1, 0),
                                TimesOutAfter(absl::Seconds(60)),
                                RunsFor(absl::Seconds(40), absl::Seconds(40)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

}  // namespace
}  // namespace embatch
