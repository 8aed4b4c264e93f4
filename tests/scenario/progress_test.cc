// SPDX-License-Identifier: Apache-2.0
//
// No queue stands still while something else could be done: no machine is
// launched or kept for jobs that it can't help, least of all in the way of a
// larger one at maxvCpus. Source: §15.3, §18. Choice: D10, D45, D46.
#include <string>
#include <utility>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProgressTest : public ScenarioTest {
 protected:
  explicit ProgressTest(WorldOptions options = {})
      : ScenarioTest(std::move(options)) {}

  // Machines of 2 and of 8 vCPUs, of which the small ones are the cheaper. A
  // large one has room only when no small one is left.
  void Machines() {
    world_.Managed("machines", MaxVcpus(8), Progressive(),
                   Offers("m.small", 2, 8000, 20000),
                   Offers("m.large", 8, 32000, 160000));
  }
  void QueueOf(DispatchOrder order) {
    JobQueueOptions options;
    options.job_queue_name = "queue";
    options.dispatch_order = order;
    world_.Queue(std::move(options), {"machines"});
  }
  // As many jobs of 2 vCPUs.
  template <typename... Words>
  std::vector<JobId> SubmitSmall(int count, Words... words) {
    std::vector<JobId> jobs;
    for (int i = 0; i < count; ++i) {
      jobs.push_back(world_.Submit("small", Needs(2, 100), words...));
    }
    return jobs;
  }
  std::vector<JobStatus> StatusesOf(const std::vector<JobId>& jobs) {
    std::vector<JobStatus> statuses;
    for (const JobId& job : jobs) statuses.push_back(world_.StatusOf(job));
    return statuses;
  }
  std::vector<SimulatedInstance> Instances() {
    return world_.provider("machines").Instances();
  }
  uint64_t Launches() { return world_.provider("machines").counts().launches; }
  int64_t VcpusOf(absl::string_view environment) {
    const auto view =
        world_.scheduler().DescribeComputeEnvironment(environment);
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? view->vcpus : -1;
  }
};

// --- A head that nobody may overtake ----------------------------------------

// Nobody tells how long it runs, so nobody may start before the large job: what
// only they could use must not keep it from getting its machine.
TEST_F(ProgressTest, IdleMachinesMakeWayForTheHeadOfABackfillQueue) {
  Machines();
  QueueOf(DispatchOrder::kBackfill);
  SubmitSmall(4);
  world_.RunFor(absl::Seconds(65));
  ASSERT_EQ(Instances().size(), 4u);
  const JobId large = world_.Submit("large", Needs(8, 100));
  const std::vector<JobId> behind = SubmitSmall(4);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kSucceeded);
  EXPECT_THAT(StatusesOf(behind), Each(JobStatus::kSucceeded));
}

TEST_F(ProgressTest, IdleMachinesMakeWayForNodesAtTheHeadOfABackfillQueue) {
  world_.Managed("machines", MaxVcpus(12), Progressive(),
                 Offers("m.small", 2, 8000, 20000),
                 Offers("m.middle", 4, 16000, 80000));
  QueueOf(DispatchOrder::kBackfill);
  SubmitSmall(6);
  world_.RunFor(absl::Seconds(65));
  ASSERT_EQ(Instances().size(), 6u);
  const JobId nodes = world_.Submit("nodes", Nodes(3), Needs(4, 100));
  const std::vector<JobId> behind = SubmitSmall(6);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(nodes), JobStatus::kSucceeded);
  EXPECT_THAT(StatusesOf(behind), Each(JobStatus::kSucceeded));
}

// The pass is not made anew while nothing has changed; what it found holds on.
// The machines may go when they have been idle for twenty minutes.
TEST_F(ProgressTest, MachinesThatMustBeIdleForATimeMakeWayAfterIt) {
  const EnvironmentWord waits = [](EnvironmentPlan& plan) {
    plan.options.compute_resources->min_scale_down_delay_minutes = 20;
  };
  world_.Managed("machines", MaxVcpus(8), Progressive(), waits,
                 Offers("m.small", 2, 8000, 20000),
                 Offers("m.large", 8, 32000, 160000));
  QueueOf(DispatchOrder::kBackfill);
  SubmitSmall(4);
  world_.RunFor(absl::Seconds(65));
  const JobId large = world_.Submit("large", Needs(8, 100));
  SubmitSmall(4);
  world_.RunFor(absl::Minutes(19));
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kRunnable);
  world_.RunFor(absl::Minutes(5));
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kSucceeded);
  world_.RunUntilIdle();
}

// --- Shares that are served apart -------------------------------------------

class ApartProgressTest : public ProgressTest {
 protected:
  ApartProgressTest() : ProgressTest(Options()) {}
  static WorldOptions Options() {
    WorldOptions options;
    options.scheduler.skip_blocked_shares = true;
    return options;
  }
};

// Inside a share the order is strict. Choice: D10.
TEST_F(ApartProgressTest, IdleMachinesMakeWayForTheHeadOfTheirShare) {
  Machines();
  world_.FairQueue("queue", {"machines"});
  SubmitSmall(4, OfShare("red"));
  world_.RunFor(absl::Seconds(65));
  ASSERT_EQ(Instances().size(), 4u);
  const JobId large = world_.Submit("large", OfShare("red"), Needs(8, 100));
  const std::vector<JobId> behind = SubmitSmall(4, OfShare("red"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kSucceeded);
  EXPECT_THAT(StatusesOf(behind), Each(JobStatus::kSucceeded));
}

// Jobs that are alike stand behind the heads of two shares: both end there.
TEST_F(ApartProgressTest, IdleMachinesMakeWayForTheHeadsOfTwoShares) {
  Machines();
  world_.FairQueue("queue", {"machines"});
  SubmitSmall(4, OfShare("red"));
  world_.RunFor(absl::Seconds(65));
  std::vector<JobId> jobs;
  for (const char* share : {"red", "blue"}) {
    jobs.push_back(world_.Submit("large", OfShare(share), Needs(8, 100)));
    SubmitSmall(4, OfShare(share));
  }
  world_.RunUntilIdle();
  EXPECT_THAT(StatusesOf(jobs), Each(JobStatus::kSucceeded));
}

TEST_F(ApartProgressTest, AShareThatWaitsForAConsumableIsInNobodysWay) {
  Machines();
  world_.FairQueue("queue", {"machines"});
  world_.Consumable("licence", 0);
  SubmitSmall(4, OfShare("red"), Consumes("licence", 1));
  const JobId large = world_.Submit("large", OfShare("blue"), Needs(8, 100));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kSucceeded);
  EXPECT_EQ(Launches(), 1u);
}

// Three of twelve vCPUs are kept back while two shares are active: the head of
// `red` is held by that, the one of `blue` waits for room.
TEST_F(ApartProgressTest, AShareThatTheReservationHoldsAsksForNoMachine) {
  world_.Managed("machines", MaxVcpus(12), Progressive(),
                 Offers("m.4", 4, 8000));
  FairsharePolicy policy;
  policy.compute_reservation = 50;
  world_.FairQueue("queue", {"machines"}, policy);
  const JobWord red = OfShare("red");
  SubmitSmall(4, red, RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Minutes(2));
  ASSERT_EQ(Launches(), 2u);
  const JobId held = world_.Submit("held", red, Needs(4, 100));
  const JobId impossible =
      world_.Submit("impossible", OfShare("blue"), Needs(1, 50000));
  world_.RunFor(absl::Minutes(10));
  EXPECT_EQ(world_.StatusOf(held), JobStatus::kRunnable);
  EXPECT_EQ(world_.StatusOf(impossible), JobStatus::kRunnable);
  EXPECT_EQ(Launches(), 2u);
}

// --- Consumables ------------------------------------------------------------

TEST_F(ProgressTest, WhatWaitsForAConsumableIsInNobodysWay) {
  for (DispatchOrder order :
       {DispatchOrder::kFirstFit, DispatchOrder::kBackfill}) {
    World world;
    world.Managed("machines", MaxVcpus(8), Progressive(),
                  Offers("m.small", 2, 8000, 20000),
                  Offers("m.large", 8, 32000, 160000));
    JobQueueOptions options;
    options.job_queue_name = "queue";
    options.dispatch_order = order;
    world.Queue(std::move(options), {"machines"});
    world.Consumable("licence", 0);
    JobId short_of_it;
    for (int i = 0; i < 4; ++i) {
      short_of_it =
          world.Submit("short", Needs(2, 100), Consumes("licence", 1));
    }
    world.RunFor(absl::Minutes(10));
    EXPECT_EQ(world.provider("machines").counts().launches, 0u);
    const JobId large = world.Submit("large", Needs(8, 100));
    world.RunUntilIdle();
    EXPECT_EQ(world.StatusOf(large), JobStatus::kSucceeded);
    EXPECT_THAT(world.provider("machines").Instances(), IsEmpty());
    UpdateConsumableResourceRequest request;
    request.consumable_resource = "licence";
    request.operation = ConsumableResourceOperation::kSet;
    request.quantity = 1;
    ASSERT_TRUE(
        world.scheduler().UpdateConsumableResource(request, world.now()).ok());
    world.RunUntilIdle();
    EXPECT_EQ(world.StatusOf(short_of_it), JobStatus::kSucceeded);
  }
}

// A head that waits for a consumable has no start that could be told, though a
// machine has room for it: whoever fits may start there.
TEST_F(ProgressTest, AHeadThatWaitsForAConsumableIsOvertakenWhereItWouldGo) {
  world_.Unmanaged("machines");
  QueueOf(DispatchOrder::kBackfill);
  world_.Join("machines", 4, 4000);
  world_.Consumable("licence", 0);
  const JobId head =
      world_.Submit("head", Needs(4, 100), Consumes("licence", 1));
  const JobId endless = world_.Submit("endless", RunsForever());
  world_.Settle();
  EXPECT_EQ(world_.ReasonOf(head), kUndetermined);
  EXPECT_EQ(world_.StatusOf(endless), JobStatus::kStarting);
}

// In a line that is strict, those behind such a job can't start before it.
TEST_F(ProgressTest, NothingIsAskedForBehindAJobThatWaitsForAConsumable) {
  Machines();
  world_.Queue("queue", {"machines"});
  world_.Consumable("licence", 0);
  const JobId first = world_.Submit("first", Needs(2, 100));
  world_.Submit("short", Needs(2, 200), Consumes("licence", 1));
  world_.Submit("behind", Needs(2, 300));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(first), JobStatus::kSucceeded);
  EXPECT_EQ(Launches(), 1u);
}

// Nobody lacks room, so what was asked for as desiredvCpus stays.
TEST_F(ProgressTest, WhatWaitsForAConsumableLeavesTheAskedVcpusAlone) {
  world_.Managed("machines", MaxVcpus(4), Progressive(),
                 Offers("m.small", 2, 8000, 20000));
  QueueOf(DispatchOrder::kFirstFit);
  world_.Consumable("licence", 0);
  UpdateComputeEnvironmentRequest request;
  request.compute_environment = "machines";
  request.compute_resources.emplace().desired_vcpus = 4;
  ASSERT_TRUE(
      world_.scheduler().UpdateComputeEnvironment(request, world_.now()).ok());
  world_.RunFor(absl::Minutes(5));
  ASSERT_EQ(VcpusOf("machines"), 4);
  world_.Submit("short", Needs(2, 200), Consumes("licence", 1));
  world_.Submit("larger", Needs(2, 7900), Consumes("licence", 1));
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(VcpusOf("machines"), 4);
  world_.Submit("large", Needs(4, 100));
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(VcpusOf("machines"), 0);
}

// --- Quota shares -----------------------------------------------------------

class QuotaProgressTest : public ProgressTest {
 protected:
  void Share(int64_t vcpus) {
    Machines();
    world_.QuotaQueue("queue", {"machines"});
    world_.QuotaShare("queue", "red", Has(vcpus), PreemptsWithin());
  }
};

TEST_F(QuotaProgressTest, AShareWhoseHeadWaitsForAConsumableAsksForNoMachine) {
  Share(8);
  world_.Consumable("licence", 0);
  world_.Submit("short", OfQuotaShare("red"), Needs(2, 100),
                Consumes("licence", 1));
  SubmitSmall(2, OfQuotaShare("red"));
  world_.RunUntilIdle();
  EXPECT_EQ(Launches(), 0u);
}

// Only its head may start, and that is more than the share may ever use.
TEST_F(QuotaProgressTest, AShareWhoseHeadItsQuotaHoldsAsksForNoMachine) {
  Share(4);
  const JobId head = world_.Submit("head", OfQuotaShare("red"), Needs(6, 100));
  const std::vector<JobId> behind = SubmitSmall(2, OfQuotaShare("red"));
  world_.RunUntilIdle();
  EXPECT_THAT(world_.ReasonOf(head),
              HasSubstr("MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED"));
  EXPECT_EQ(Launches(), 0u);
  world_.Cancel(head);
  world_.RunUntilIdle();
  EXPECT_THAT(StatusesOf(behind), Each(JobStatus::kSucceeded));
}

// So it is with a head that waits for what its share uses now.
TEST_F(QuotaProgressTest, NothingIsAskedForBehindAHeadThatItsQuotaHolds) {
  Share(4);
  world_.Submit("first", OfQuotaShare("red"), Needs(2, 100),
                RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Minutes(2));
  const JobId head = world_.Submit("head", OfQuotaShare("red"), Needs(4, 100));
  const std::vector<JobId> behind = SubmitSmall(2, OfQuotaShare("red"));
  world_.RunFor(absl::Minutes(30));
  EXPECT_EQ(Launches(), 1u);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(head), JobStatus::kSucceeded);
  EXPECT_THAT(StatusesOf(behind), Each(JobStatus::kSucceeded));
}

// There was room for it, and only its quota was short, so others were stopped.
// When that room is lost meanwhile it asks for more, with what is held for it.
TEST_F(QuotaProgressTest, AJobThatStoppedOthersAsksForTheRoomThatItLost) {
  world_.Managed("machines", MaxVcpus(8), Offers("m.4", 4, 8000));
  world_.Unmanaged("hosts");
  world_.QuotaQueue("queue", {"hosts", "machines"});
  world_.QuotaShare("queue", "red", Has(4), PreemptsWithin());
  const JobId low =
      world_.Submit("low", OfQuotaShare("red"), Needs(4, 100),
                    RunsFor(absl::Hours(1)), StopsAfter(absl::Minutes(1)));
  world_.RunFor(absl::Minutes(2));
  ASSERT_EQ(world_.StatusOf(low), JobStatus::kRunning);
  world_.Join("hosts", 4, 4000);
  world_.Settle();
  const JobId high = world_.Submit("high", OfQuotaShare("red"), Needs(4, 200),
                                   WithPriority(5));
  world_.Settle();
  world_.LoseInstance("hosts");
  world_.LoseInstance("machines");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(high), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(low), JobStatus::kSucceeded);
}

}  // namespace
}  // namespace embatch
