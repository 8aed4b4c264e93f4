// SPDX-License-Identifier: Apache-2.0
//
// Blocked heads: AWS's texts, when they are set, and when they go.
// Source: §13.5. Choice: D33, D52.
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

constexpr char kCapacity[] =
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the "
    "capacity requested for instance type [t.2]";
constexpr char kMaxResource[] =
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with "
    "the job queue cannot meet the CPU requirement of the job.";
constexpr char kRequirement[] =
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement "
    "(vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to "
    "the job queue.";
constexpr char kConfiguration[] =
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your compute "
    "environment associated with this job queue has an unsupported instance "
    "type configuration.";
constexpr char kPermissions[] =
    "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - Batch service role has a "
    "permission issue.";

class BlockedTest : public ScenarioTest {
 protected:
  void ExpectBlocked(JobId job, absl::string_view reason) {
    EXPECT_EQ(world_.StatusOf(job), JobStatus::kRunnable);
    EXPECT_EQ(world_.ReasonOf(job), reason);
  }
  // The reasons of its "Batch Job Queue Blocked" events.
  std::vector<std::string> BlockedEventsOf(JobId job) {
    std::vector<std::string> reasons;
    for (const WorldEvent& event : world_.EventsOf(job)) {
      if (event.event.from == event.event.to) reasons.push_back(event.reason);
    }
    return reasons;
  }
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(BlockedTest, NoCapacityForAnyTypeThatFits) {
  world_.Managed("machines", Offers("t.2", 2, 4000),
                 RefusesLaunches(LaunchFailure::kCapacity));
  const JobId a = world_.Submit("a");
  world_.Settle();
  ExpectBlocked(a, kCapacity);
  EXPECT_THAT(BlockedEventsOf(a), ElementsAre(kCapacity));
}

TEST_F(BlockedTest, EveryMaximumIsBelowTheJob) {
  world_.Managed("machines", MaxVcpus(2));
  const JobId a = world_.Submit("a", Needs(4, 512));
  world_.RunUntilIdle();
  ExpectBlocked(a, kMaxResource);
  EXPECT_THAT(BlockedEventsOf(a), ElementsAre(kMaxResource));
}

TEST_F(BlockedTest, NoTypeFits) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  const JobId a = world_.Submit("a", Needs(1, 5000));
  world_.RunUntilIdle();
  ExpectBlocked(a, kRequirement);
  EXPECT_THAT(BlockedEventsOf(a), ElementsAre(kRequirement));
}

TEST_F(BlockedTest, NoTypeHasAGpu) {
  const JobId a = world_.Submit("a", Needs(1, 512, 1));
  world_.RunUntilIdle();
  ExpectBlocked(a, kRequirement);
}

TEST_F(BlockedTest, NoHostIsLargeEnough) {
  Hosts({2});
  const JobId a = world_.Submit("a", Needs(3, 512));
  world_.RunUntilIdle();
  ExpectBlocked(a, kRequirement);
}

TEST_F(BlockedTest, TypesCannotBeLaunchedAsConfigured) {
  world_.Managed("machines", Offers("t.2", 2, 4000),
                 RefusesLaunches(LaunchFailure::kConfiguration));
  const JobId a = world_.Submit("a");
  world_.Settle();
  ExpectBlocked(a, kConfiguration);
}

TEST_F(BlockedTest, NotAllowedToLaunch) {
  world_.Managed("machines", Offers("t.2", 2, 4000),
                 RefusesLaunches(LaunchFailure::kPermission));
  const JobId a = world_.Submit("a");
  world_.Settle();
  ExpectBlocked(a, kPermissions);
}

TEST_F(BlockedTest, NoHostAtAllIsUndetermined) {
  Hosts({});
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();
  ExpectBlocked(a, kUndetermined);
}

TEST_F(BlockedTest, OnlyADisabledEnvironmentCouldServe) {
  world_.Managed("disabled", [](EnvironmentPlan& plan) {
    plan.options.state = ResourceState::kDisabled;
  });
  world_.Managed("small", Offers("t.2", 2, 4000));
  world_.Queue("queue", {"disabled", "small"});
  const JobId a = world_.Submit("a", Needs(4, 512));
  world_.RunUntilIdle();
  ExpectBlocked(a, kUndetermined);
}

TEST_F(BlockedTest, OneTooSmallByMaximumAndOneByTypes) {
  world_.Managed("low", MaxVcpus(2));
  world_.Managed("small", Offers("t.2", 2, 4000));
  world_.Queue("queue", {"low", "small"});
  const JobId a = world_.Submit("a", Needs(4, 512));
  world_.RunUntilIdle();
  ExpectBlocked(a, kRequirement);
}

// minvCpus keeps an instance that is of no use to the head, and maxvCpus
// forbids another.
TEST_F(BlockedTest, InstancesThatAreKeptLeaveNoRoomToGrow) {
  world_.Managed("machines", MinVcpus(2), MaxVcpus(2), Offers("t.2", 2, 4000),
                 Offers("m.2", 2, 16000, 900000));
  world_.Queue("queue", {"machines"});
  world_.RunFor(absl::Minutes(2));
  const JobId a = world_.Submit("a", Needs(1, 8000));
  world_.RunUntilIdle();
  ExpectBlocked(a, kUndetermined);
}

TEST_F(BlockedTest, WaitingForRunningJobsIsNotBlocked) {
  Hosts({2});
  world_.Submit("first", RunsFor(absl::Hours(1)), Needs(2, 512));
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Minutes(30));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_THAT(BlockedEventsOf(a), IsEmpty());
}

TEST_F(BlockedTest, WaitingForMachinesThatBootIsNotBlocked) {
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(a), "");
  world_.RunUntilIdle();
  EXPECT_THAT(BlockedEventsOf(a), IsEmpty());
}

TEST_F(BlockedTest, OnlyTheHeadIsBlocked) {
  Hosts({2});
  const JobId a = world_.Submit("a", Needs(3, 512));
  const JobId b = world_.Submit("b", Needs(3, 512));
  world_.RunUntilIdle();
  ExpectBlocked(a, kRequirement);
  ExpectBlocked(b, "");
}

TEST_F(BlockedTest, ReasonGoesWhenTheJobIsPlaced) {
  Hosts({2});
  const JobId a = world_.Submit("a", Needs(3, 512));
  world_.Settle();
  ExpectBlocked(a, kRequirement);
  world_.Join("hosts", 4, 4000);
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  EXPECT_EQ(world_.ReasonOf(a), "");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
}

TEST_F(BlockedTest, ReasonMovesOnWithTheHead) {
  Hosts({2});
  const JobId a = world_.Submit("a", Needs(3, 512));
  const JobId b = world_.Submit("b", Needs(3, 512));
  world_.Settle();
  world_.Cancel(a, "enough");
  world_.Settle();
  EXPECT_EQ(world_.ReasonOf(a), "enough");
  ExpectBlocked(b, kRequirement);
}

// A job that was submitted earlier is released and becomes the head.
TEST_F(BlockedTest, ReasonGoesWhenAnotherJobBecomesHead) {
  Hosts({2});
  const JobId other = world_.Submit("other", RunsFor(absl::Minutes(1)));
  const JobId earlier =
      world_.Submit("earlier", DependsOn(other), RunsFor(absl::Hours(1)));
  const JobId filling = world_.Submit("filling", RunsFor(absl::Hours(1)));
  const JobId a = world_.Submit("a", Needs(3, 512));
  world_.RunFor(absl::Seconds(30));
  ExpectBlocked(a, kRequirement);
  world_.RunFor(absl::Minutes(1));
  EXPECT_TRUE(HasStarted(world_.StatusOf(earlier)));
  EXPECT_TRUE(HasStarted(world_.StatusOf(filling)));
  ExpectBlocked(a, kRequirement);  // it is head again
  EXPECT_THAT(BlockedEventsOf(a), ElementsAre(kRequirement));
}

// The first machine comes a while after the capacity has run out.
TEST_F(BlockedTest, EachReasonIsToldOnceThoughItComesAndGoes) {
  world_.Managed("machines", Offers("t.2", 2, 4000), HasOnly(0, "t.2"));
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Minutes(10));
  ExpectBlocked(a, kCapacity);
  EXPECT_GT(world_.provider("machines").counts().launches_failed, 5u);
  EXPECT_THAT(BlockedEventsOf(a), ElementsAre(kCapacity));
  world_.provider("machines").SetCapacity("t.2", 1);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(BlockedEventsOf(a), ElementsAre(kCapacity));
}

TEST_F(BlockedTest, AnotherReasonIsToldToo) {
  Hosts({});
  const JobId a = world_.Submit("a", Needs(3, 512));
  world_.Settle();
  world_.Join("hosts", 2, 2000);
  world_.Settle();
  ExpectBlocked(a, kRequirement);
  world_.LoseInstance("hosts");
  world_.Settle();
  ExpectBlocked(a, kUndetermined);  // set again, but not told again
  EXPECT_THAT(BlockedEventsOf(a), ElementsAre(kUndetermined, kRequirement));
}

TEST_F(BlockedTest, BlockedChildOfAnArray) {
  Hosts({2});
  const JobId a = world_.Submit("a", Array(3), Needs(3, 512));
  world_.RunUntilIdle();
  ExpectBlocked(a.Child(0), kRequirement);
  ExpectBlocked(a.Child(1), "");
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kPending);
}

TEST_F(BlockedTest, EventOfABlockedHeadIsFromRunnableToRunnable) {
  Hosts({2});
  const JobId a = world_.Submit("a", Needs(3, 512));
  world_.Settle();
  EXPECT_THAT(world_.LogOf(a), ElementsAre("0 a SUBMITTED -> RUNNABLE",
                                           "0 a RUNNABLE -> RUNNABLE: " +
                                               std::string(kRequirement)));
}

}  // namespace
}  // namespace embatch
