// SPDX-License-Identifier: Apache-2.0
//
// Source: guide "Automated job retries", "Job timeouts"; §6, §7.
// Choice: D17, D18, D21.
#include <memory>

#include "embatch/input.h"
#include "gtest/gtest.h"
#include "tests/scenario/scenario.h"
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

JobWord EvaluatesOnExit(std::vector<EvaluateOnExit> rules) {
  return [rules](JobPlan& plan) {
    plan.request.retry_strategy->evaluate_on_exit = rules;
  };
}
EvaluateOnExit ExitOn(std::string reason, std::string exit_code) {
  EvaluateOnExit rule;
  rule.action = RetryAction::kExit;
  if (!reason.empty()) rule.on_reason = std::move(reason);
  if (!exit_code.empty()) rule.on_exit_code = std::move(exit_code);
  return rule;
}

TEST_F(AttemptsTest, RuleEndsAJobThatHasAttemptsLeft) {
  const JobId a = world_.Submit("a", Attempts(5), Exits(1, 42, 0),
                                EvaluatesOnExit({ExitOn("", "4*")}));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  ASSERT_EQ(world_.AttemptsOf(a).size(), 2u);
  EXPECT_EQ(world_.Describe(a).exit_code, 42);
}

TEST_F(AttemptsTest, RuleOnTheReasonOfAFailedStart) {
  const JobId a =
      world_.Submit("a", Attempts(5), StartFails("CannotPullContainerError: x"),
                    EvaluatesOnExit({ExitOn("CannotPull*", "")}));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.AttemptsOf(a).size(), 1u);
}

TEST_F(AttemptsTest, RulesNeverOutdoTheAttempts) {
  EvaluateOnExit retry;
  retry.on_exit_code = "*";
  const JobId a =
      world_.Submit("a", Attempts(2), Exits(1), EvaluatesOnExit({retry}));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.AttemptsOf(a).size(), 2u);
}

// Each child of an array is looked at by itself.
TEST_F(AttemptsTest, RulesOfAnArrayAreItsChildrens) {
  const JobId a =
      world_.Submit("a", Array(2), Attempts(3), Exits(1, 0), Child(1, Exits(9)),
                    EvaluatesOnExit({ExitOn("", "9")}));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.AttemptsOf(a.Child(1)).size(), 1u);
}

class AttemptsOnHostsTest : public ScenarioTest {
 protected:
  AttemptsOnHostsTest() { Hosts({2}); }
};

TEST_F(AttemptsOnHostsTest, RecordSaysWhenWhereAndHow) {
  const absl::Time start = world_.now();
  const JobId a = world_.Submit("a", Attempts(2), Exits(7, 0),
                                WithReason("OutOfMemoryError: killed"));
  world_.RunUntilIdle();
  const std::vector<AttemptView> attempts = world_.AttemptsOf(a);
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].number, 1);
  EXPECT_EQ(attempts[0].started_at, start + absl::Seconds(1));
  EXPECT_EQ(attempts[0].stopped_at, start + absl::Seconds(11));
  EXPECT_EQ(attempts[0].exit_code, 7);
  EXPECT_EQ(attempts[0].reason, "OutOfMemoryError: killed");
  EXPECT_EQ(attempts[0].status_reason, kContainerExited);
  EXPECT_EQ(attempts[0].instance, InstanceId::Joined(1));
  EXPECT_EQ(attempts[1].number, 2);
  EXPECT_EQ(world_.StartTimeOf(a), attempts[1].started_at);
  EXPECT_EQ(world_.StopTimeOf(a), attempts[1].stopped_at);
}

TEST_F(AttemptsOnHostsTest, LongContainerReasonIsCut) {
  const JobId a = world_.Submit("a", WithReason(std::string(300, 'r')));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.Describe(a).reason, std::string(255, 'r'));
}

TEST_F(AttemptsOnHostsTest, TimedOutContainerThatDoesNotObeyIsKilled) {
  const JobId a = world_.Submit("a", RunsForever(), IgnoresStop(),
                                TimesOutAfter(absl::Minutes(1)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Seconds(90));
  EXPECT_EQ(world_.Describe(a).exit_code, 137);
}

TEST_F(AttemptsOnHostsTest, TimeoutsOfAnArrayAreItsChildrens) {
  const JobId a = world_.Submit("a", Array(2), TimesOutAfter(absl::Minutes(1)),
                                Child(1, RunsForever()));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.ReasonOf(a.Child(1)),
            "Job attempt duration exceeded timeout");
  EXPECT_EQ(world_.ReasonOf(a), "Array Child Job failed");
}

// A runtime that hears nothing: a fork has none.
TEST_F(AttemptsOnHostsTest, AttemptWhoseEndIsNeverReportedEndsWithoutIt) {
  const JobId a = world_.Submit("a", RunsForever());
  world_.RunFor(absl::Seconds(5));
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  const absl::Time asked = world_.now();
  ASSERT_TRUE(fork->TerminateJob(a, "enough", asked).ok());
  const absl::Time overdue = fork->Advance(asked).next;
  EXPECT_EQ(overdue, asked + absl::Seconds(40));  // the grace and a margin
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kRunning);
  fork->Advance(overdue);
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kFailed);
  EXPECT_EQ(fork->DescribeJob(a)->status_reason, "enough");
  EXPECT_FALSE(fork->DescribeJob(a)->exit_code.has_value());
}

TEST_F(AttemptsOnHostsTest, RuleOnTheLossOfTheHost) {
  EvaluateOnExit host = ExitOn("", "");
  host.on_status_reason = "Host EC2*";
  const JobId a =
      world_.Submit("a", Attempts(2), RunsForever(), EvaluatesOnExit({host}));
  world_.RunFor(absl::Seconds(5));
  world_.LoseInstance("hosts");
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
}

// Both are over by the time of the call; what came first counts.
TEST_F(AttemptsOnHostsTest, HostThatWasLostBeforeTheTimeoutIsALoss) {
  const JobId a = world_.Submit("a", Attempts(2), RunsForever(),
                                TimesOutAfter(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(5));
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  const absl::Time loss = world_.now() + absl::Seconds(10);
  Turn turn;
  turn.instance_reports = {
      InstanceReport::Lost(loss, world_.Describe(a).instance)};
  turn.instance_reports[0].compute_environment = "hosts";
  const absl::Time late = world_.now() + absl::Hours(1);
  ASSERT_TRUE(
      fork->Replay(EncodeInput({absl::ToUnixNanos(late), turn})).status.ok());
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kRunnable);
  const AttemptView attempt = fork->DescribeAttempts(a)->at(0);
  EXPECT_EQ(attempt.status_reason, "Host EC2 (instance host-1) terminated.");
  EXPECT_EQ(attempt.stopped_at, loss);
}

}  // namespace
}  // namespace embatch
