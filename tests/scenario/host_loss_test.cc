// SPDX-License-Identifier: Apache-2.0
//
// Hosts that join, are announced to go, or are gone. Source: §16.1, §17.
// Choice: D37.
#include <memory>
#include <string>
#include <vector>

#include "embatch/input.h"
#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

class HostLossTest : public ScenarioTest {};

TEST_F(HostLossTest, EveryAttemptOnALostHostFails) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", StartsAfter(absl::Hours(1)));
  world_.RunFor(absl::Seconds(65));
  world_.LoseInstance("machines");
  world_.Settle();
  for (JobId job : {a, b}) {
    EXPECT_EQ(world_.StatusOf(job), JobStatus::kFailed);
    EXPECT_EQ(world_.ReasonOf(job),
              "Host EC2 (instance i-00000000000000001) terminated.");
    EXPECT_FALSE(world_.Describe(job).exit_code.has_value());
    EXPECT_EQ(world_.Describe(job).reason, "");
    EXPECT_EQ(world_.StopTimeOf(job), world_.now());
  }
}

TEST_F(HostLossTest, LossIsRetriedElsewhere) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  const JobId a = world_.Submit("a", Attempts(2), RunsFor(absl::Minutes(5)));
  world_.RunFor(absl::Minutes(2));
  world_.LoseInstance("machines");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a),
            "SUBMITTED RUNNABLE STARTING RUNNING RUNNABLE STARTING RUNNING "
            "SUCCEEDED");
  const std::vector<AttemptView> attempts = world_.AttemptsOf(a);
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].status_reason,
            "Host EC2 (instance i-00000000000000001) terminated.");
  EXPECT_NE(attempts[0].instance, attempts[1].instance);
}

TEST_F(HostLossTest, RetriedJobsGoToTheFrontInTheirOldOrder) {
  Hosts({2});
  const JobId a = world_.Submit("a", Attempts(2), RunsFor(absl::Minutes(1)));
  const JobId b = world_.Submit("b", Attempts(2), RunsFor(absl::Minutes(1)));
  const JobId c = world_.Submit("c");
  world_.RunFor(absl::Seconds(30));
  world_.LoseInstance("hosts");
  world_.Settle();
  world_.Join("hosts", 1, 1000);
  world_.RunUntilIdle();
  EXPECT_LT(world_.StartTimeOf(a), world_.StartTimeOf(b));
  EXPECT_LT(world_.StartTimeOf(b), world_.StartTimeOf(c));
}

TEST_F(HostLossTest, MachineThatIsLostWhileItBootsIsReplaced) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Seconds(30));
  world_.LoseInstance("machines");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
}

TEST_F(HostLossTest, AnnouncedLossStopsNoJobAndTakesNone) {
  Hosts({2});
  const JobId a = world_.Submit("a", RunsFor(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(5));
  world_.InterruptInstance("hosts");
  const JobId b = world_.Submit("b");
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
}

TEST_F(HostLossTest, AnnouncedLossOfABootingMachineCounts) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Seconds(30));
  world_.InterruptInstance("machines");
  world_.RunFor(absl::Seconds(31));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.Describe(a).instance, InstanceId{2});
}

TEST_F(HostLossTest, ReplacementIsLaunchedForAnAnnouncedLoss) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  world_.Submit("a", RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Minutes(2));
  world_.InterruptInstance("machines");
  const JobId b = world_.Submit("b");
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
}

// The container of a lost host is heard of when it has been given up.
TEST_F(HostLossTest, LateReportOfALostAttemptIsIgnored) {
  Hosts({1, 1});
  const JobId a = world_.Submit("a", Attempts(2), RunsFor(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(30));
  world_.provider("hosts").Lose(world_.Describe(a).instance, world_.now());
  world_.RunFor(absl::Seconds(5));
  ASSERT_EQ(world_.Describe(a).attempts, 2);
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  Turn turn;
  turn.container_reports = {
      ContainerReport::Exited(world_.now(), {{a, 1}, 0}, 0)};
  const Step step =
      fork->Replay(EncodeInput({absl::ToUnixNanos(world_.now()), turn}));
  ASSERT_TRUE(step.status.ok()) << step.status;
  EXPECT_TRUE(step.events.empty());
  EXPECT_EQ(fork->ignored_reports().late_or_repeated, 1u);
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kRunning);
}

// --- UNMANAGED
// ---------------------------------------------------------------------

TEST_F(HostLossTest, HostThatJoinsTakesWhatWaits) {
  Hosts({});
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  const InstanceId host = world_.Join("hosts", 1, 1000);
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  EXPECT_EQ(world_.Describe(a).instance, host);
}

TEST_F(HostLossTest, HostsOfOthersAreNeverLetGo) {
  Hosts({2});
  world_.Submit("a");
  world_.RunUntilIdle();
  world_.RunFor(absl::Hours(5));
  EXPECT_EQ(world_.provider("hosts").Instances().size(), 1u);
  EXPECT_EQ(world_.provider("hosts").counts().terminated, 0u);
}

TEST_F(HostLossTest, LostHostIsNamedByItsOwnName) {
  Hosts({1});
  const JobId a = world_.Submit("a", RunsForever());
  world_.RunFor(absl::Seconds(5));
  world_.LoseInstance("hosts");
  world_.Settle();
  EXPECT_EQ(world_.ReasonOf(a), "Host EC2 (instance host-1) terminated.");
}

}  // namespace
}  // namespace embatch
