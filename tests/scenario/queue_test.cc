// SPDX-License-Identifier: Apache-2.0
//
// Who starts first, and where. Source: §13.3, §13.4. Choice: D9, D17, D22, D26,
// D43, D67.
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;

class QueueTest : public ScenarioTest {};

// --- Where
// ---------------------------------------------------------------------

// Choice: beyond D26, which would have it take the place with the least vCPU
// left, beside the GPU.
TEST_F(QueueTest, AJobWithoutGpusKeepsOffThoseThatOthersNeed) {
  Hosts({8});
  world_.provider("hosts").Join("hosts", Resources::Of(2, 2000, 1), "gpu",
                                world_.now());
  world_.Settle();
  const JobId small = world_.Submit("small");
  const JobId learning = world_.Submit("learning", Needs(2, 512, 1));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(world_.StatusOf(small), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(learning), JobStatus::kRunning);
  // Where there is no other room it takes what there is.
  world_.Submit("large", Needs(7, 512), RunsForever());
  world_.RunFor(absl::Minutes(1));
  const JobId other = world_.Submit("other", Needs(2, 512));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(world_.StatusOf(other), JobStatus::kRunning);
}

// --- Order
// ---------------------------------------------------------------------

TEST_F(QueueTest, FirstInFirstOut) {
  Hosts({1});
  for (const char* name : {"a", "b", "c"}) world_.Submit(name);
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("a", "b", "c"));
}

TEST_F(QueueTest, LargeJobAtTheHeadHoldsUpSmallOnes) {
  Hosts({2});
  const JobId first = world_.Submit("first", RunsFor(absl::Minutes(1)));
  const JobId large = world_.Submit("large", Needs(2, 512));
  const JobId small = world_.Submit("small");
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kRunnable);
  EXPECT_EQ(world_.StatusOf(small), JobStatus::kRunnable);  // though it fits
  EXPECT_EQ(world_.ReasonOf(large), "");  // merely waiting is not blocked
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("first", "large", "small"));
  EXPECT_GE(world_.StartTimeOf(large), world_.StopTimeOf(first));
}

// a ---> waits; waits was submitted before b and c.
TEST_F(QueueTest, ReleasedJobKeepsItsPlace) {
  Hosts({1});
  const JobId a = world_.Submit("a");
  world_.Submit("waits", DependsOn(a));
  world_.Submit("b");
  world_.Submit("c");
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("a", "waits", "b", "c"));
}

TEST_F(QueueTest, RetriedJobGoesToTheFront) {
  Hosts({1});
  world_.Submit("a");
  world_.Submit("b", Attempts(2), Exits(1, 0));
  world_.Submit("c");
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("a", "b", "b", "c"));
}

TEST_F(QueueTest, RetriedJobsKeepTheirOrder) {
  Hosts({2});
  world_.Submit("a", Attempts(2), Exits(1, 0), RunsFor(absl::Seconds(20)));
  world_.Submit("b", Attempts(2), Exits(1, 0), RunsFor(absl::Seconds(20)));
  world_.Submit("c", Needs(2, 512));
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("a", "b", "a", "b", "c"));
}

TEST_F(QueueTest, RetriedChildGoesBeforeItsSiblings) {
  Hosts({1});
  world_.Submit("a", Array(3), Attempts(2), Exits(0), Child(1, Exits(1, 0)));
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("a:0", "a:1", "a:1", "a:2"));
}

TEST_F(QueueTest, ArrayStandsInLineAsAWhole) {
  Hosts({1});
  world_.Submit("a");
  world_.Submit("b", Array(2));
  world_.Submit("c");
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("a", "b:0", "b:1", "c"));
}

// --- Priority
// ------------------------------------------------------------------

TEST_F(QueueTest, HigherPriorityIsServedFirst) {
  Hosts({1});
  world_.Queue("low", {"hosts"}, 1);
  world_.Queue("high", {"hosts"}, 10);
  world_.Submit("low", InQueue("low"));
  world_.Submit("high", InQueue("high"));
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("high", "low"));
}

TEST_F(QueueTest, OfEqualPriorityTheOlderQueueIsServedFirst) {
  Hosts({1});
  world_.Queue("older", {"hosts"}, 5);
  world_.Queue("younger", {"hosts"}, 5);
  world_.Submit("younger", InQueue("younger"));
  world_.Submit("older", InQueue("older"));
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("older", "younger"));
}

TEST_F(QueueTest, LowerQueueTakesWhatTheHigherOneCannotUse) {
  Hosts({2});
  world_.Queue("low", {"hosts"}, 1);
  world_.Queue("high", {"hosts"}, 10);
  world_.Submit("first", InQueue("high"), RunsFor(absl::Minutes(1)));
  const JobId large = world_.Submit("large", InQueue("high"), Needs(2, 512));
  const JobId small =
      world_.Submit("small", InQueue("low"), RunsFor(absl::Minutes(2)));
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kRunnable);
  EXPECT_EQ(world_.StatusOf(small), JobStatus::kRunning);
  world_.RunUntilIdle();
  // Nothing is kept free for it, and nobody is put out for it.
  EXPECT_GE(world_.StartTimeOf(large), world_.StopTimeOf(small));
}

TEST_F(QueueTest, BlockedQueueDoesNotHoldUpAnother) {
  Hosts({1});
  world_.Queue("other", {"hosts"}, 1);
  const JobId impossible = world_.Submit("impossible", Needs(9, 512));
  const JobId a = world_.Submit("a", InQueue("other"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(impossible), JobStatus::kRunnable);
}

// --- Environments in their order
// --------------------------------------------------

TEST_F(QueueTest, FirstEnvironmentWithRoomIsTaken) {
  world_.Unmanaged("one");
  world_.Unmanaged("two");
  const InstanceId first = world_.Join("one", 1, 1000);
  const InstanceId second = world_.Join("two", 2, 2000);
  world_.Queue("queue", {"one", "two"});
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b");
  world_.RunFor(absl::Seconds(2));
  EXPECT_EQ(world_.Describe(a).instance, first);
  EXPECT_EQ(world_.Describe(b).instance, second);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunning);
}

TEST_F(QueueTest, WaitsForTheFirstEnvironmentWhileItCanGrow) {
  world_.Managed("grows", MaxVcpus(4), Offers("t.2", 2, 4000));
  world_.Unmanaged("idle");
  world_.Join("idle", 4, 4000);
  world_.Queue("queue", {"grows", "idle"});
  const JobId a = world_.Submit("a");
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(a), "");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_FALSE(world_.Describe(a).instance.joined());
}

TEST_F(QueueTest, SpillsOverWhenTheFirstEnvironmentIsAtItsMaximum) {
  world_.Managed("full", MaxVcpus(2), Offers("t.2", 2, 4000));
  world_.Unmanaged("idle");
  world_.Join("idle", 4, 4000);
  world_.Queue("queue", {"full", "idle"});
  world_.Submit("first", Needs(2, 1000), RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Minutes(2));  // it is up, and full
  const JobId a = world_.Submit("a");
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  EXPECT_TRUE(world_.Describe(a).instance.joined());
}

TEST_F(QueueTest, SpillsOverWhenNoTypeOfTheFirstEnvironmentFits) {
  world_.Managed("small", Offers("t.2", 2, 4000));
  world_.Unmanaged("large");
  world_.Join("large", 8, 8000);
  world_.Queue("queue", {"small", "large"});
  const JobId a = world_.Submit("a", Needs(4, 1000));
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
}

TEST_F(QueueTest, SpillsOverWhenTheFirstEnvironmentHasNoCapacity) {
  world_.Managed("none", Offers("t.2", 2, 4000),
                 RefusesLaunches(LaunchFailure::kCapacity));
  world_.Unmanaged("idle");
  world_.Join("idle", 4, 4000);
  world_.Queue("queue", {"none", "idle"});
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_TRUE(world_.Describe(a).instance.joined());
}

TEST_F(QueueTest, DisabledEnvironmentIsSkipped) {
  const EnvironmentWord disabled = [](EnvironmentPlan& plan) {
    plan.options.state = ResourceState::kDisabled;
  };
  world_.Managed("disabled", disabled, Offers("t.2", 2, 4000));
  world_.Unmanaged("idle");
  world_.Join("idle", 4, 4000);
  world_.Queue("queue", {"disabled", "idle"});
  const JobId a = world_.Submit("a");
  world_.Settle();
  EXPECT_TRUE(world_.Describe(a).instance.joined());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.provider("disabled").counts().launches, 0u);
}

// --- Packing
// --------------------------------------------------------------------

TEST_F(QueueTest, FullestHostThatHasRoomIsTaken) {
  world_.Unmanaged("hosts");
  world_.Queue("queue", {"hosts"});
  const InstanceId large = world_.Join("hosts", 8, 8000);
  const InstanceId small = world_.Join("hosts", 2, 8000);
  const JobId a = world_.Submit("a");                 // small: 1 left
  const JobId b = world_.Submit("b", Needs(2, 512));  // only large has 2
  const JobId c = world_.Submit("c");                 // small again
  world_.Settle();
  EXPECT_EQ(world_.Describe(a).instance, small);
  EXPECT_EQ(world_.Describe(b).instance, large);
  EXPECT_EQ(world_.Describe(c).instance, small);
}

TEST_F(QueueTest, OfEqualVcpusTheOneWithLessMemoryIsTaken) {
  world_.Unmanaged("hosts");
  world_.Queue("queue", {"hosts"});
  const InstanceId little = world_.Join("hosts", 4, 4000);
  world_.Join("hosts", 4, 9000);
  const JobId a = world_.Submit("a");
  world_.Settle();
  EXPECT_EQ(world_.Describe(a).instance, little);
}

TEST_F(QueueTest, OfEqualHostsTheOneThatChangedLastIsTaken) {
  world_.Unmanaged("hosts");
  world_.Queue("queue", {"hosts"});
  const InstanceId first = world_.Join("hosts", 1, 1000);
  const InstanceId second = world_.Join("hosts", 1, 1000);
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", RunsFor(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.Describe(a).instance, second);  // it joined last
  EXPECT_EQ(world_.Describe(b).instance, first);
  const JobId c = world_.Submit("c", RunsFor(absl::Minutes(2)));
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.Describe(c).instance, second);
}

TEST_F(QueueTest, GpusAreCountedWhole) {
  world_.Managed("machines", MaxVcpus(4), [](EnvironmentPlan& plan) {
    plan.provider.instance_types = {
        {"g.4", Resources::Of(4, 16000, 2), 500000}};
  });
  world_.Queue("queue", {"machines"});
  const JobId a = world_.Submit("a", Needs(1, 512, 1));
  const JobId b = world_.Submit("b", Needs(1, 512, 1));
  const JobId c = world_.Submit("c", Needs(1, 512, 1));
  world_.RunFor(absl::Seconds(65));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kRunnable);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kSucceeded);
}

}  // namespace
}  // namespace embatch
