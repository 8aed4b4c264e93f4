// SPDX-License-Identifier: Apache-2.0
//
// Fair share: who starts first, what is kept back, and what may be submitted.
// Source: §14; §4, steps 5 and 6. Choice: D10, D12 to D17, D51, D63, D64, D69.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embatch/container_runtime.h"
#include "embatch/input.h"
#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FairShareTest : public ScenarioTest {
 protected:
  explicit FairShareTest(WorldOptions options = {})
      : ScenarioTest(std::move(options)) {}

  // A fair-share queue "queue" on hosts of so many vCPUs.
  void FairHosts(std::initializer_list<int64_t> vcpus,
                 FairsharePolicy policy = {}) {
    world_.Unmanaged("hosts");
    world_.FairQueue("queue", {"hosts"}, std::move(policy));
    for (int64_t count : vcpus) world_.Join("hosts", count, 1000 * count);
    world_.Settle();
  }
  void SubmitMany(const std::string& share, int count) {
    for (int i = 1; i <= count; ++i) {
      world_.Submit(absl::StrCat(share, i), OfShare(share));
    }
  }
};

// --- Order
// ---------------------------------------------------------------------

TEST_F(FairShareTest, SharesTakeTurns) {
  FairHosts({1});
  SubmitMany("red", 3);
  SubmitMany("blue", 3);
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_),
              ElementsAre("red1", "blue1", "red2", "blue2", "red3", "blue3"));
}

TEST_F(FairShareTest, SharesTakeTurnsWithinOneMoment) {
  FairHosts({4});
  SubmitMany("red", 4);
  SubmitMany("blue", 4);
  world_.Settle();
  EXPECT_THAT(OrderOfStarts(world_),
              ElementsAre("red1", "blue1", "red2", "blue2"));
}

TEST_F(FairShareTest, LowerWeightGetsMore) {
  FairsharePolicy policy;
  policy.share_distribution = {{"red", 5000}};
  FairHosts({6}, policy);
  SubmitMany("red", 6);
  SubmitMany("blue", 6);
  world_.Settle();
  EXPECT_THAT(OrderOfStarts(world_),
              ElementsAre("red1", "blue1", "red2", "red3", "blue2", "red4"));
}

TEST_F(FairShareTest, ChildrenOfAnArrayShareToo) {
  FairHosts({1});
  world_.Submit("a", Array(3), OfShare("red"));
  world_.Submit("b", OfShare("blue"));
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("a:0", "b", "a:1", "a:2"));
}

TEST_F(FairShareTest, HigherPriorityGoesFirstInItsShare) {
  FairHosts({1});
  world_.Submit("red1", OfShare("red"));
  world_.Submit("red2", OfShare("red"), WithPriority(9999));
  world_.Submit("blue1", OfShare("blue"), WithPriority(1));
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("red2", "blue1", "red1"));
}

// Choice: D17.
TEST_F(FairShareTest, RetriedJobGoesToTheFrontOfItsShare) {
  FairHosts({1});
  world_.Submit("red1", OfShare("red"), Attempts(2), Exits(1, 0));
  world_.Submit("red2", OfShare("red"));
  world_.Submit("urgent", OfShare("red"), WithPriority(1));
  world_.Submit("blue1", OfShare("blue"));
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_),
              ElementsAre("urgent", "blue1", "red1", "red1", "red2"));
}

// Choice: D10.
TEST_F(FairShareTest, HeldHeadHoldsUpTheOtherShares) {
  FairHosts({2});
  world_.Submit("long", OfShare("green"), RunsFor(absl::Minutes(1)));
  const JobId large = world_.Submit("large", OfShare("red"), Needs(2, 512));
  const JobId small = world_.Submit("small", OfShare("blue"));
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(large), "");
  EXPECT_EQ(world_.StatusOf(small), JobStatus::kRunnable);
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("long", "large", "small"));
}

class SkippingShareTest : public FairShareTest {
 protected:
  SkippingShareTest() : FairShareTest(Options()) {}
  static WorldOptions Options() {
    WorldOptions options;
    options.scheduler.skip_blocked_shares = true;
    return options;
  }
};

TEST_F(SkippingShareTest, HeldHeadHoldsUpItsOwnShareOnly) {
  FairHosts({2});
  world_.Submit("long", OfShare("green"), RunsFor(absl::Minutes(1)));
  const JobId large = world_.Submit("large", OfShare("red"), Needs(2, 512));
  const JobId behind = world_.Submit("behind", OfShare("red"));
  const JobId small = world_.Submit("small", OfShare("blue"));
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kRunnable);
  EXPECT_EQ(world_.StatusOf(behind), JobStatus::kRunnable);
  EXPECT_EQ(world_.StatusOf(small), JobStatus::kSucceeded);
  world_.RunUntilIdle();
}

// What starts behind a held head may bring the reservation upon that head: then
// nothing wants the third machine, at this moment already.
TEST_F(SkippingShareTest, WhatHoldsTheHeadIsKnownWhenThePassIsOver) {
  world_.Managed("machines", MaxVcpus(12), Progressive(),
                 BootsIn(absl::Seconds(0)), Offers("t.4", 4, 8000));
  FairsharePolicy policy;
  policy.compute_reservation = 50;  // 3 of 12 while two shares are active
  world_.FairQueue("queue", {"machines"}, policy);
  world_.Submit("impossible", OfShare("red"), Needs(2, 20000));
  for (int i = 0; i < 3; ++i) {
    world_.Submit("blue", OfShare("blue"), Needs(4, 500), RunsForever(),
                  StartsAfter(absl::Seconds(10)));
  }
  world_.Settle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("blue", "blue"));
  EXPECT_EQ(world_.provider("machines").counts().launches, 3u);
  EXPECT_EQ(world_.provider("machines").counts().terminated, 1u);
}

TEST_F(SkippingShareTest, ImpossibleJobIsSaidToBeBlockedAndDoesNotStopScaling) {
  world_.Managed("machines", MaxVcpus(4), Offers("t.2", 2, 4000));
  world_.FairQueue("queue", {"machines"});
  const JobId large = world_.Submit("large", OfShare("red"), Needs(3, 512));
  const JobId small = world_.Submit("small", OfShare("blue"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(small), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kRunnable);
  EXPECT_THAT(world_.ReasonOf(large), HasSubstr("MISCONFIGURATION"));
}

// --- Ticks
// ---------------------------------------------------------------------

// At 340 s red has 60 * (600 - 310) of the past left and blue 30 * (600 - 25),
// about; red loses twice as fast. Blue's large job is the head until red has
// less; then red's small one starts, though nothing has happened.
TEST_F(FairShareTest, KeysMoveByThemselves) {
  FairHosts({2});
  world_.Submit("endless", OfShare("green"), RunsForever());
  world_.Submit("past", OfShare("red"), RunsFor(absl::Seconds(59)));
  world_.RunFor(absl::Seconds(300));
  world_.Submit("past", OfShare("blue"), RunsFor(absl::Seconds(29)));
  world_.RunFor(absl::Seconds(40));
  world_.Submit("large", OfShare("blue"), Needs(2, 512));
  const JobId small = world_.Submit("small", OfShare("red"));
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(small), JobStatus::kRunnable);
  world_.RunFor(absl::Seconds(15));
  ASSERT_TRUE(HasStarted(world_.StatusOf(small)));
  // On the tick, not when somebody happened to look.
  const WorldEvent placed = world_.EventsOf(small).back();
  const absl::Time at =
      absl::FromUnixNanos(world_.EventsOf(small)[1].event.time_ns);
  EXPECT_GT(at, world_.now() - absl::Seconds(15));
  EXPECT_EQ(at, absl::FromUnixSeconds(absl::ToUnixSeconds(at)));
}

TEST_F(FairShareTest, TickIsADeadlineWhileSharesCompete) {
  FairHosts({1});
  world_.Submit("long", OfShare("red"), RunsFor(absl::Hours(1)));
  world_.Submit("red2", OfShare("red"));
  world_.RunFor(absl::Seconds(10));
  const absl::Time alone = world_.scheduler().Advance(world_.now()).next;
  EXPECT_GT(alone, world_.now() + absl::Minutes(1));
  world_.Submit("blue1", OfShare("blue"));
  world_.Settle();
  const absl::Time competing = world_.scheduler().Advance(world_.now()).next;
  EXPECT_EQ(competing, world_.now() + absl::Seconds(1));
}

// --- Reservation
// ------------------------------------------------------------------

class ReservationTest : public FairShareTest {
 protected:
  // At most 4 vCPUs; half of them are reserved while one share is active, a
  // quarter while two are.
  ReservationTest() {
    world_.Managed("machines", MinVcpus(4), MaxVcpus(4),
                   BootsIn(absl::Seconds(0)), Offers("t.4", 4, 8000));
    FairsharePolicy policy;
    policy.compute_reservation = 50;
    world_.FairQueue("queue", {"machines"}, policy);
    world_.Settle();
  }
  int64_t Running() {
    int64_t count = 0;
    for (JobStatus status : {JobStatus::kStarting, JobStatus::kRunning}) {
      count += world_.scheduler()
                   .DescribeJobQueue("queue")
                   ->jobs[static_cast<int>(status)];
    }
    return count;
  }
};

TEST_F(ReservationTest, KeepsRoomForSharesThatAreNotActive) {
  for (int i = 0; i < 4; ++i) {
    world_.Submit("red", OfShare("red"), RunsFor(absl::Hours(2)));
  }
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(Running(), 2);
  const JobId blue = world_.Submit("blue", OfShare("blue"));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(Running(), 3);
  EXPECT_EQ(world_.StatusOf(blue), JobStatus::kRunning);
  // Blue's job is over, and red goes on to use three vCPUs, until blue has not
  // been active for ten minutes.
  world_.RunFor(absl::Seconds(10));
  EXPECT_EQ(world_.StatusOf(blue), JobStatus::kSucceeded);
  EXPECT_EQ(Running(), 3);
}

// One that is held in the name of all of its nodes.
TEST_F(ReservationTest, CountsAllNodesOfAMultiNodeJob) {
  world_.Managed("cluster", MaxVcpus(8), BootsIn(absl::Seconds(0)),
                 Offers("one", 1, 2000));
  FairsharePolicy policy;
  policy.compute_reservation = 50;
  world_.FairQueue("gangs", {"cluster"}, policy);
  world_.Submit("red", InQueue("gangs"), OfShare("red"),
                RunsFor(absl::Minutes(10)));
  const JobId gang =
      world_.Submit("gang", InQueue("gangs"), OfShare("red"), Nodes(4));
  world_.RunFor(absl::Minutes(9));
  EXPECT_EQ(world_.StatusOf(gang), JobStatus::kRunnable);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(gang), JobStatus::kSucceeded);
}

// Source: API CreateComputeEnvironment.unmanagedvCpus; what the hosts have does
// not count.
TEST_F(ReservationTest, UnmanagedVcpusAreWhatIsReservedFrom) {
  const auto running = [this](const char* queue) {
    world_.Join(queue, 8, 8000);
    FairsharePolicy policy;
    policy.compute_reservation = 50;
    world_.FairQueue(queue, {queue}, policy);
    for (int i = 0; i < 8; ++i) {
      world_.Submit("red", InQueue(queue), OfShare("red"), RunsForever());
    }
    world_.RunFor(absl::Seconds(5));
    return world_.scheduler()
        .DescribeJobQueue(queue)
        ->jobs[static_cast<int>(JobStatus::kRunning)];
  };
  world_.Unmanaged("silent");
  EXPECT_EQ(running("silent"), 8);
  world_.Unmanaged("expected", [](EnvironmentPlan& plan) {
    plan.options.unmanaged_vcpus = 6;
  });
  EXPECT_EQ(running("expected"), 3);
}

TEST_F(ReservationTest, ShareStaysActiveForTheWindowExactly) {
  const JobId blue = world_.Submit("blue", OfShare("blue"));
  world_.RunFor(absl::Seconds(20));
  const absl::Time rest = world_.StopTimeOf(blue) + absl::Seconds(600);
  for (int i = 0; i < 2; ++i) {
    world_.Submit("red", OfShare("red"), RunsFor(absl::Hours(2)));
  }
  world_.RunUntil(rest - absl::Nanoseconds(1));
  EXPECT_EQ(Running(), 2);
  const JobId third =
      world_.Submit("third", OfShare("red"), RunsFor(absl::Hours(2)));
  world_.Settle();
  EXPECT_EQ(Running(), 3);  // blue still counts
  world_.Terminate(third);
  world_.RunUntil(rest);
  const JobId fourth = world_.Submit("fourth", OfShare("red"));
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(fourth), JobStatus::kRunnable);
}

// Choice: D14.
TEST_F(ReservationTest, LargeJobStartsWhenNothingOfTheQueueRuns) {
  world_.Submit("small", OfShare("red"));
  const JobId large = world_.Submit("large", OfShare("red"), Needs(4, 512));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(large), "");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kSucceeded);
}

// Two shares are active, so 6 of 8 vCPUs may be used. `large` is held by the
// reservation all the time; blue's second job starts before it.
TEST_F(ReservationTest, HeldHeadAsksForNoInstancesThoughOthersStart) {
  world_.Managed("more", MaxVcpus(8), BootsIn(absl::Seconds(0)),
                 Offers("t.4", 4, 8000));
  FairsharePolicy policy;
  policy.compute_reservation = 50;
  world_.FairQueue("other", {"more"}, policy);
  const JobId key =
      world_.Submit("key", OfShare("red"), RunsFor(absl::Minutes(1)));
  world_.Submit("first", InQueue("other"), OfShare("red"), Needs(3, 512),
                RunsFor(absl::Minutes(5)));
  const JobId second =
      world_.Submit("second", InQueue("other"), OfShare("blue"), DependsOn(key),
                    RunsFor(absl::Minutes(5)));
  world_.RunFor(absl::Seconds(10));
  const JobId large =
      world_.Submit("large", InQueue("other"), OfShare("red"), Needs(4, 512));
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(second), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kRunnable);
  EXPECT_EQ(world_.provider("more").counts().launches, 1u);
}

// Choice: D10, D45. Two shares are active, so 6 of 8 vCPUs may be used.
// `impossible` waits for room at first; when `second` has started, the
// reservation holds it as it holds `third`.
TEST(SharesApartTest, HeadsHeldByTheReservationAskForNoInstances) {
  WorldOptions options;
  options.scheduler.skip_blocked_shares = true;
  World world(options);
  world.Managed("machines", MaxVcpus(8), BootsIn(absl::Seconds(0)),
                Offers("t.4", 4, 8000));
  FairsharePolicy policy;
  policy.compute_reservation = 50;
  world.FairQueue("queue", {"machines"}, policy);
  world.Submit("first", OfShare("red"), Needs(2, 512), RunsFor(absl::Hours(1)));
  world.RunFor(absl::Minutes(1));
  world.Submit("impossible", OfShare("blue"), Needs(4, 50000));
  const JobId second = world.Submit("second", OfShare("red"), Needs(2, 512),
                                    RunsFor(absl::Hours(1)));
  const JobId third = world.Submit("third", OfShare("red"), Needs(3, 512));
  world.RunFor(absl::Minutes(1));
  EXPECT_EQ(world.StatusOf(second), JobStatus::kRunning);
  EXPECT_EQ(world.StatusOf(third), JobStatus::kRunnable);
  EXPECT_EQ(world.provider("machines").counts().launches, 1u);
}

// Choice: D45.
TEST_F(ReservationTest, HeldHeadAsksForNoInstances) {
  world_.Managed("more", MaxVcpus(4), BootsIn(absl::Seconds(0)),
                 Offers("t.1", 1, 1000));
  FairsharePolicy policy;
  policy.compute_reservation = 75;  // 3 of 4: one job at a time
  world_.FairQueue("other", {"more"}, policy);
  const JobId first = world_.Submit("first", InQueue("other"), OfShare("red"),
                                    RunsFor(absl::Minutes(5)));
  world_.RunFor(absl::Seconds(10));
  const JobId second =
      world_.Submit("second", InQueue("other"), OfShare("red"));
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.StatusOf(first), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(second), JobStatus::kRunnable);
  EXPECT_EQ(world_.provider("more").counts().launches, 1u);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(second), JobStatus::kSucceeded);
}

class ForgetfulReservationTest : public FairShareTest {
 protected:
  ForgetfulReservationTest() : FairShareTest(Options()) {}
  static WorldOptions Options() {
    WorldOptions options;
    options.scheduler.finished_job_retention = absl::Seconds(1);
    return options;
  }

  // Whether `waiting` starts in a turn so long after the one in which the
  // container of `job` ended that both are told at once.
  bool StartsInLateTurn(JobId job, absl::Duration late, JobId waiting) {
    const absl::Time end = world_.now() + absl::Seconds(1);
    Turn turn;
    turn.container_reports.push_back(
        ContainerReport::Exited(end, ContainerId{{job, 1}, 0}, 0));
    Input input;
    input.now_ns = absl::ToUnixNanos(end + late);
    input.command = std::move(turn);
    const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
    const Step step = fork->Replay(EncodeInput(input));
    EXPECT_TRUE(step.status.ok()) << step.status;
    return fork->DescribeJob(waiting)->status == JobStatus::kStarting;
  }
};

// Choice: D69. A late call hears that a share's last job ended so long ago that
// the share rests by now, and decides with that; though the job's retention,
// which is over too, comes first.
TEST_F(ForgetfulReservationTest, ShareThatEndedLongAgoRestsInTheSameTurn) {
  FairsharePolicy policy;
  policy.compute_reservation =
      50;  // of 4: a half, or with two shares a quarter
  world_.Managed("machines", MinVcpus(4), MaxVcpus(4),
                 BootsIn(absl::Seconds(0)), Offers("t.4", 4, 8000));
  world_.FairQueue("queue", {"machines"}, policy);
  const JobId blue = world_.Submit("blue", OfShare("blue"), RunsForever());
  for (int i = 0; i < 2; ++i) {
    world_.Submit("red", OfShare("red"), RunsForever());
  }
  const JobId third = world_.Submit("third", OfShare("red"));
  world_.RunFor(absl::Seconds(30));
  ASSERT_EQ(world_.StatusOf(third), JobStatus::kRunnable);
  EXPECT_TRUE(StartsInLateTurn(blue, absl::Seconds(599), third));
  EXPECT_FALSE(StartsInLateTurn(blue, absl::Seconds(600), third));
}

// --- Policies
// ---------------------------------------------------------------------

TEST_F(FairShareTest, PolicyIsReplacedAtRunTime) {
  FairHosts({1});
  SubmitMany("red", 3);
  SubmitMany("blue", 3);
  world_.RunFor(absl::Seconds(5));
  FairsharePolicy policy;
  policy.share_distribution = {{"red", 1}, {"blue", 9999999}};
  world_.ChangeFairQueue("queue", policy);
  world_.RunUntilIdle();
  // Blue has used nothing yet, so the first place is its.
  EXPECT_THAT(OrderOfStarts(world_),
              ElementsAre("red1", "blue1", "red2", "red3", "blue2", "blue3"));
}

TEST_F(FairShareTest, ChangedDecayForgetsThePast) {
  FairHosts({1});
  world_.Submit("red1", OfShare("red"));
  world_.RunUntilIdle();
  FairsharePolicy policy;
  policy.share_decay = absl::Hours(1);
  world_.ChangeFairQueue("queue", policy);
  SubmitMany("red", 1);
  SubmitMany("blue", 1);
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("red1", "red1", "blue1"));
}

TEST_F(FairShareTest, PoliciesAreMadeReadAndDeleted) {
  Scheduler& scheduler = world_.scheduler();
  SchedulingPolicyOptions options;
  options.name = "b";
  options.tags = {{"kept", "yes"}};
  ASSERT_TRUE(scheduler
                  .CreateSchedulingPolicy(*SchedulingPolicy::Create(options),
                                          world_.now())
                  .ok());
  const absl::Status again = scheduler.CreateSchedulingPolicy(
      *SchedulingPolicy::Create(options), world_.now());
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(again.message()),
              "A scheduling policy already exists with the name b");

  options.tags.clear();
  options.fairshare_policy.emplace().compute_reservation = 7;
  ASSERT_TRUE(scheduler
                  .UpdateSchedulingPolicy(*SchedulingPolicy::Create(options),
                                          world_.now())
                  .ok());
  const SchedulingPolicy* policy = scheduler.DescribeSchedulingPolicy("b");
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->options().fairshare_policy->compute_reservation, 7);
  EXPECT_EQ(policy->options().tags.size(), 1u);

  options.name = "a";
  const absl::Status unknown = scheduler.UpdateSchedulingPolicy(
      *SchedulingPolicy::Create(options), world_.now());
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(unknown.message()),
              "name is \"a\"; there is no scheduling policy of that name");
  ASSERT_TRUE(scheduler
                  .CreateSchedulingPolicy(*SchedulingPolicy::Create(options),
                                          world_.now())
                  .ok());
  EXPECT_THAT(scheduler.ListSchedulingPolicies(), ElementsAre("a", "b"));

  options.fairshare_policy.reset();
  options.quota_share_policy.emplace();
  const absl::Status other_kind = scheduler.UpdateSchedulingPolicy(
      *SchedulingPolicy::Create(options), world_.now());
  EXPECT_EQ(other_kind.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(other_kind.message()),
              "name is \"a\", which has a fairshare_policy; the kind of a "
              "scheduling policy can't be changed");

  EXPECT_TRUE(scheduler.DeleteSchedulingPolicy("a", world_.now()).ok());
  EXPECT_TRUE(scheduler.DeleteSchedulingPolicy("a", world_.now()).ok());
  EXPECT_THAT(scheduler.ListSchedulingPolicies(), ElementsAre("b"));
  EXPECT_EQ(scheduler.DescribeSchedulingPolicy("a"), nullptr);
}

TEST_F(FairShareTest, UsedPolicyCannotBeDeleted) {
  FairHosts({1});
  const absl::Status status =
      world_.scheduler().DeleteSchedulingPolicy("queue-policy", world_.now());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              "name is \"queue-policy\", which job queue \"queue\" uses; a "
              "scheduling policy that is used can't be deleted");
}

TEST_F(FairShareTest, QueueNeedsAPolicyThatExists) {
  world_.Unmanaged("hosts");
  JobQueueOptions options;
  options.job_queue_name = "queue";
  options.compute_environment_order = {{1, "hosts"}};
  options.scheduling_policy = "none";
  const absl::Status status = world_.scheduler().CreateJobQueue(
      *JobQueue::Create(options), world_.now());
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              "scheduling_policy is \"none\"; there is no scheduling policy of "
              "that name");
}

// Source: API UpdateJobQueue.schedulingPolicyArn.
TEST_F(FairShareTest, QueueGoesOverToAnotherPolicyOfItsKind) {
  FairHosts({1});
  world_.Queue("fifo", {"hosts"});
  Scheduler& scheduler = world_.scheduler();
  SchedulingPolicyOptions options;
  options.name = "other";
  options.fairshare_policy.emplace();
  options.fairshare_policy->share_distribution = {{"red", 1},
                                                  {"blue", 9999999}};
  SchedulingPolicyOptions quotas;
  quotas.name = "quotas";
  quotas.quota_share_policy.emplace();
  for (const SchedulingPolicyOptions& policy : {options, quotas}) {
    ASSERT_TRUE(scheduler
                    .CreateSchedulingPolicy(*SchedulingPolicy::Create(policy),
                                            world_.now())
                    .ok());
  }
  const struct {
    const char* queue;
    const char* policy;
    absl::StatusCode code;
    const char* message;
  } kCases[] = {
      {"queue", "none", absl::StatusCode::kNotFound,
       "scheduling_policy is \"none\"; there is no scheduling policy of that "
       "name"},
      {"queue", "", absl::StatusCode::kInvalidArgument,
       "scheduling_policy is empty; the policy of a job queue can be replaced, "
       "not removed"},
      {"queue", "quotas", absl::StatusCode::kInvalidArgument,
       "scheduling_policy is \"quotas\", which is of another kind than the one "
       "that job queue \"queue\" has; it can be replaced by one of the same "
       "kind only"},
      {"fifo", "other", absl::StatusCode::kInvalidArgument,
       "scheduling_policy is \"other\", and job queue \"fifo\" was created "
       "without one; such a queue can't get one"},
  };
  for (const auto& test : kCases) {
    UpdateJobQueueRequest request;
    request.job_queue = test.queue;
    request.scheduling_policy = test.policy;
    const absl::Status status = scheduler.UpdateJobQueue(request, world_.now());
    EXPECT_EQ(status.code(), test.code) << test.policy;
    EXPECT_EQ(status.message(), test.message);
  }
  SubmitMany("red", 3);
  SubmitMany("blue", 3);
  world_.RunFor(absl::Seconds(5));
  UpdateJobQueueRequest request;
  request.job_queue = "queue";
  request.scheduling_policy = "other";
  ASSERT_TRUE(scheduler.UpdateJobQueue(request, world_.now()).ok());
  EXPECT_TRUE(
      scheduler.DeleteSchedulingPolicy("queue-policy", world_.now()).ok());
  EXPECT_FALSE(scheduler.DeleteSchedulingPolicy("other", world_.now()).ok());
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_),
              ElementsAre("red1", "blue1", "red2", "red3", "blue2", "blue3"));
}

// The place of a deleted queue is taken by the next one, which must not hear of
// the shares that were there.
TEST_F(FairShareTest, DeletedQueueTakesItsSharesAlong) {
  WorldOptions options;
  options.scheduler.finished_job_retention = absl::Seconds(1);
  World world(options);
  world.Unmanaged("hosts");
  world.Join("hosts", 1, 1000);
  world.FairQueue("queue", {"hosts"});
  world.Submit("a", OfShare("red"), RunsFor(absl::Hours(1)));
  world.Submit("b", OfShare("blue"));
  world.RunFor(absl::Seconds(5));
  UpdateJobQueueRequest request;
  request.job_queue = "queue";
  request.state = ResourceState::kDisabled;
  ASSERT_TRUE(world.scheduler().UpdateJobQueue(request, world.now()).ok());
  world.Settle();
  ASSERT_TRUE(world.scheduler().DeleteJobQueue("queue", world.now()).ok());
  world.RunFor(absl::Minutes(2));
  EXPECT_TRUE(world.scheduler()
                  .DeleteSchedulingPolicy("queue-policy", world.now())
                  .ok());
  world.FairQueue("next", {"hosts"});
  const JobId c = world.Submit("c", InQueue("next"), OfShare("green"));
  world.RunFor(absl::Hours(1));
  EXPECT_FALSE(world.scheduler().DescribeJob(c).ok());  // its retention is over
}

// --- Submission
// -----------------------------------------------------------------

TEST_F(FairShareTest, SubmissionNeedsAShare) {
  FairHosts({1});
  const auto none = world_.TrySubmit("a");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(none.status().message()),
              "share_identifier is empty; must be given, because job_queue "
              "\"queue\" has a fair-share scheduling policy");
  const auto star = world_.TrySubmit("a", OfShare("red*"));
  EXPECT_EQ(star.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(star.status().message()),
              HasSubstr("share_identifier is \"red*\"; must be 1 to 255"));
  EXPECT_TRUE(world_.TrySubmit("a", OfShare(std::string(255, 'x'))).ok());
  EXPECT_FALSE(world_.TrySubmit("a", OfShare(std::string(256, 'x'))).ok());
}

TEST_F(FairShareTest, ShareAndPriorityCanBeRead) {
  FairHosts({1});
  const JobId a = world_.Submit("a", OfShare("red"), WithPriority(5));
  EXPECT_EQ(world_.Describe(a).share_identifier, "red");
  EXPECT_EQ(world_.Describe(a).scheduling_priority, 5);
  world_.RunFor(absl::Hours(2));  // the share has come to rest
  EXPECT_EQ(world_.Describe(a).share_identifier, "red");
  world_.RunFor(absl::Hours(24));
  world_.Submit("b", OfShare("red"));
}

// Source: API CreateJobQueue.schedulingPolicyArn.
TEST_F(FairShareTest, FiveHundredSharesMayBeActive) {
  FairHosts({1});
  for (int i = 0; i < 500; ++i) {
    world_.Submit("a", OfShare(absl::StrCat("s", i)),
                  RunsFor(absl::Milliseconds(1)),
                  StartsAfter(absl::ZeroDuration()));
  }
  const auto one_more = world_.TrySubmit("a", OfShare("more"));
  EXPECT_EQ(one_more.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(one_more.status().message()),
              "share_identifier is \"more\", and job_queue \"queue\" has 500 "
              "other active share identifiers; there may be at most 500");
  world_.Submit("a", OfShare("s7"));
  world_.RunFor(absl::Seconds(100));
  // All are over, and stay active.
  EXPECT_FALSE(world_.TrySubmit("a", OfShare("more")).ok());
  world_.RunFor(absl::Seconds(600));
  EXPECT_TRUE(world_.TrySubmit("a", OfShare("more")).ok());
}

// Choice: D63.
TEST_F(FairShareTest, FifoQueueTakesNoShares) {
  Hosts({1});
  constexpr char kMessage[] =
      "Job with shareIdentifier or schedulingPriority can only be submitted to "
      "job queue with fair share scheduling policy.";
  for (const JobWord& word : {OfShare("red"), WithPriority(3)}) {
    const auto job = world_.TrySubmit("a", word);
    EXPECT_EQ(job.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(job.status().message()), kMessage);
  }
  JobDefinitionOptions options;
  options.job_definition_name = "urgent";
  options.container_properties.image = "i";
  options.container_properties.resources = Resources::Of(1, 512);
  options.scheduling_priority = 9;
  world_.Define(options);
  world_.Submit("a", RunsFor(absl::Minutes(1)));
  world_.Submit("b");
  world_.Submit("c", OfDefinition("urgent"));
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace embatch
