// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/capacity/scaling.h, rule by rule.
#include "lib/capacity/scaling.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/capacity/plain_scaling.h"
#include "tests/capacity/site.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr int64_t kNow = 1000;

class ScalingTest : public testing::Test, protected Site {
 protected:
  PlainPlan Plan(const std::vector<QueueDemand>& queues,
                 int64_t idle_time_ns = 0) {
    return MakePlan(*this, kNow, idle_time_ns, queues);
  }
  // One queue on environment 0.
  PlainPlan PlanFor(const std::vector<ClassDemand>& classes) {
    return Plan({{{0}, classes}});
  }
  size_t LaunchesFor(const std::vector<ClassDemand>& classes) {
    return PlanFor(classes).launches.size();
  }
};

ClassDemand Jobs(int64_t jobs, int64_t vcpus, int64_t memory_mib = 4,
                 int32_t gpus = 0) {
  return {Resources::Of(vcpus, memory_mib, gpus), jobs};
}

SiteOptions Between(int64_t min_vcpus, int64_t max_vcpus) {
  SiteOptions options;
  options.min_vcpus = min_vcpus;
  options.max_vcpus = max_vcpus;
  return options;
}

// --- Out --------------------------------------------------------------------

TEST_F(ScalingTest, WhereNothingWaitsNothingIsLaunched) {
  Managed({Type("a", 2, 4096)});
  EXPECT_THAT(PlanFor({}).launches, IsEmpty());
  EXPECT_THAT(Plan({}).launches, IsEmpty());
}

TEST_F(ScalingTest, OneClassTakesExactlyAsManyInstancesAsItFills) {
  for (int64_t each = 1; each <= 8; ++each) {
    Site site;
    site.Managed({Type("a", each, 4096)});
    for (int64_t jobs = 1; jobs <= 40; ++jobs) {
      EXPECT_EQ(
          MakePlan(site, kNow, 0, {{{0}, {Jobs(jobs, 1)}}}).launches.size(),
          static_cast<size_t>((jobs + each - 1) / each))
          << jobs << " jobs, " << each << " each";
    }
  }
}

TEST_F(ScalingTest, TheScarcestAmountSaysHowManyFit) {
  Managed({Type("a", 16, 4096, 5, 4)});
  EXPECT_EQ(LaunchesFor({Jobs(12, 1, 1024)}), 3u);
  EXPECT_EQ(LaunchesFor({Jobs(12, 1, 4, 2)}), 6u);
  EXPECT_EQ(LaunchesFor({Jobs(12, 4, 4, 1)}), 3u);
}

TEST_F(ScalingTest, ManyJobsAreNoMoreWorkThanFew) {
  Managed({Type("a", 4, 4096)}, Between(0, 1000000000));
  const Consumables none;
  ScalingPlan plan(fleet, none, kNow, 0);
  plan.AddQueue({0}, {Jobs(int64_t{1} << 27, 1)});
  ASSERT_EQ(plan.TopUp().size(), 1u);
  EXPECT_EQ(plan.TopUp()[0].instances, int64_t{1} << 25);
}

// Those that are left are found by their own indices.
TEST_F(ScalingTest, DeletedEnvironmentsAreLeftOut) {
  const std::vector<InstanceType> types = {Type("a", 1, 4096)};
  for (int i = 0; i < 4; ++i) Managed(types, Between(i, 8));
  fleet.Forget(0);
  fleet.Forget(2);
  const PlainPlan plan = Plan({{{3}, {Jobs(10, 1)}}});
  std::vector<std::pair<uint32_t, uint32_t>> expected;
  expected.assign(8, {3, 0});
  expected.emplace_back(1, 0);  // for its minvCpus
  EXPECT_EQ(plan.launches, expected);
  EXPECT_THAT(plan.terminations, IsEmpty());
}

class SupplyTest : public ScalingTest {
 protected:
  SupplyTest() {
    Managed({Type("a", 1, 4096)}, Between(0, 4));
    Managed({Type("b", 1, 4096)}, Between(0, 100));
    ConsumableResourceOptions options;
    options.consumable_resource_name = "licence";
    options.total_quantity = 7;
    consumables_.Add(ConsumableResource::Create(options).value(), kNow);
  }
  // Jobs of one vCPU; the memory keeps their classes apart.
  static ClassDemand Licensed(int64_t jobs, int64_t quantity,
                              int64_t memory_mib = 4) {
    ClassDemand demand = Jobs(jobs, 1, memory_mib);
    demand.need.consumables = {{"licence", quantity}};
    return demand;
  }
  ScalingPlan Begin() { return ScalingPlan(fleet, consumables_, kNow, 0); }
  static int64_t LaunchedBy(ScalingPlan& plan) {
    int64_t launched = 0;
    for (const ScalingPlan::Launch& launch : plan.TopUp()) {
      launched += launch.instances;
    }
    return launched;
  }

  Consumables consumables_;
};

TEST_F(SupplyTest, NoMoreJobsArePlannedThanItIsEnoughFor) {
  ScalingPlan plan = Begin();
  plan.AddQueue({1}, {Licensed(50, 2), Jobs(10, 1)});
  EXPECT_EQ(LaunchedBy(plan), 3);
  EXPECT_FALSE(plan.IsShort(1));  // of room
}

TEST_F(SupplyTest, WhereTheOrderIsNotStrictTheOthersGoOn) {
  ScalingPlan plan = Begin();
  plan.AddQueue({1}, {Licensed(50, 2), Jobs(10, 1)}, /*strict=*/false);
  EXPECT_EQ(LaunchedBy(plan), 13);
}

TEST_F(SupplyTest, ThoseOfOneClassAndQueueAreMissedByTheNext) {
  ScalingPlan plan = Begin();
  plan.AddQueue({1}, {Licensed(2, 2), Licensed(2, 1, 5)});
  plan.AddQueue({1}, {Licensed(5, 1, 6)});
  EXPECT_EQ(LaunchedBy(plan), 5);
}

TEST_F(SupplyTest, WhoFindsNoPlaceLeavesThemToOthers) {
  ScalingPlan plan = Begin();
  plan.AddQueue({0}, {Licensed(6, 1)});
  EXPECT_TRUE(plan.IsShort(0));
  plan.AddQueue({1}, {Licensed(6, 1)});
  EXPECT_FALSE(plan.IsShort(1));
  EXPECT_EQ(LaunchedBy(plan), 7);
}

TEST_F(SupplyTest, OfWhatThereIsNotNobodyHasAny) {
  ScalingPlan plan = Begin();
  ClassDemand demand = Licensed(1, 1);
  demand.need.consumables.push_back({"seat", 1});
  plan.AddQueue({1}, {demand});
  EXPECT_EQ(LaunchedBy(plan), 0);
}

TEST_F(ScalingTest, MaxvCpusIsPassedByLessThanOneInstance) {
  const struct {
    int64_t max_vcpus;
    int64_t running;  // instances of 4 vCPUs
    size_t want;
  } kCases[] = {{8, 0, 2}, {9, 0, 3}, {12, 0, 3}, {8, 1, 1},
                {9, 1, 2}, {8, 2, 0}, {9, 2, 1},  {9, 3, 0}};
  for (const auto& [max_vcpus, running, want] : kCases) {
    Site site;
    site.Managed({Type("a", 4, 4096)}, Between(0, max_vcpus));
    for (int64_t i = 0; i < running; ++i) {
      site.fleet.Place(site.Ready(0, 0), Resources::Of(4, 4));
    }
    EXPECT_EQ(MakePlan(site, kNow, 0, {{{0}, {Jobs(100, 1)}}}).launches.size(),
              want)
        << max_vcpus << " " << running;
  }
}

TEST_F(ScalingTest, WhatBootsCounts) {
  Managed({Type("a", 4, 4096)});
  Boot(0, 0);
  EXPECT_EQ(LaunchesFor({Jobs(4, 1)}), 0u);
  EXPECT_EQ(LaunchesFor({Jobs(5, 1)}), 1u);
  Boot(0, 0);
  EXPECT_EQ(LaunchesFor({Jobs(8, 1)}), 0u);
}

TEST_F(ScalingTest, RoomBesideRunningJobsCounts) {
  Managed({Type("a", 4, 4096)});
  fleet.Place(Ready(0, 0), Resources::Of(3, 4));
  EXPECT_EQ(LaunchesFor({Jobs(1, 1)}), 0u);
  EXPECT_EQ(LaunchesFor({Jobs(2, 1)}), 1u);
}

TEST_F(ScalingTest, AnInterruptedInstanceHasNoRoom) {
  Managed({Type("a", 4, 4096)});
  fleet.StopPlacing(Ready(0, 0), InstanceState::kInterrupted);
  EXPECT_EQ(LaunchesFor({Jobs(1, 1)}), 1u);
}

TEST_F(ScalingTest, ClassesShareWhatIsPlanned) {
  Managed({Type("a", 4, 4096)});
  // 3 + 1 on one, 3 + 1 on the other.
  EXPECT_EQ(LaunchesFor({Jobs(2, 3), Jobs(2, 1)}), 2u);
  EXPECT_EQ(LaunchesFor({Jobs(2, 3), Jobs(3, 1)}), 3u);
}

TEST_F(ScalingTest, QueuesDoNotCountTheSameRoomTwice) {
  Managed({Type("a", 4, 4096)});
  Boot(0, 0);
  EXPECT_EQ(Plan({{{0}, {Jobs(3, 1)}}, {{0}, {Jobs(3, 1)}}}).launches.size(),
            1u);
}

TEST_F(ScalingTest, TheFirstEnvironmentThatMayGrowGrows) {
  Managed({Type("a", 4, 4096)}, Between(0, 4));
  Managed({Type("b", 2, 4096)});
  EXPECT_THAT(Plan({{{0, 1}, {Jobs(3, 1)}}}).launches, ElementsAre(Pair(0, 0)));
  // What does not find a place there goes on.
  EXPECT_THAT(Plan({{{0, 1}, {Jobs(7, 1)}}}).launches,
              ElementsAre(Pair(0, 0), Pair(1, 0), Pair(1, 0)));
  EXPECT_THAT(Plan({{{1, 0}, {Jobs(3, 1)}}}).launches,
              ElementsAre(Pair(1, 0), Pair(1, 0)));
}

TEST_F(ScalingTest, ADisabledOrInvalidEnvironmentDoesNotGrow) {
  SiteOptions options;
  options.state = ResourceState::kDisabled;
  Managed({Type("a", 4, 4096)}, options);
  options = SiteOptions();
  options.status = ResourceStatus::kInvalid;
  Managed({Type("a", 4, 4096)}, options);
  Managed({Type("a", 4, 4096)});
  EXPECT_THAT(Plan({{{0, 1, 2}, {Jobs(1, 1)}}}).launches,
              ElementsAre(Pair(2, 0)));
}

// --- Where demand is cut. Choice: D45. --------------------------------------

TEST_F(ScalingTest, AClassThatNothingCanEverServeEndsItsQueue) {
  Managed({Type("a", 4, 4096)});
  EXPECT_EQ(LaunchesFor({Jobs(1, 1), Jobs(1, 5), Jobs(8, 4)}), 1u);
  EXPECT_EQ(LaunchesFor({Jobs(1, 5), Jobs(8, 4)}), 0u);
  EXPECT_EQ(LaunchesFor({Jobs(1, 1, 4, 1), Jobs(8, 4)}), 0u);
}

TEST_F(ScalingTest, AClassThatFindsNoPlaceEndsItsQueue) {
  Managed({Type("a", 2, 4096), Type("b", 8, 16384, 5000)}, Between(0, 8));
  for (int i = 0; i < 4; ++i) Ready(0, 0);
  // The head waits until small ones have gone; what stands behind it could use
  // them, but would keep them for ever.
  const PlainPlan plan = PlanFor({Jobs(1, 8), Jobs(8, 1)});
  EXPECT_THAT(plan.launches, IsEmpty());
  EXPECT_EQ(plan.terminations.size(), 4u);
}

TEST_F(ScalingTest, PartOfAClassWithoutAPlaceEndsItsQueue) {
  Managed({Type("a", 2, 4096), Type("b", 2, 16384, 500)}, Between(0, 4));
  EXPECT_THAT(PlanFor({Jobs(3, 2), Jobs(1, 1, 8192)}).launches,
              ElementsAre(Pair(0, 0), Pair(0, 0)));
}

TEST_F(ScalingTest, ATypeThatBacksOffEndsItsQueueForNow) {
  Managed({Type("a", 2, 4096), Type("b", 8, 16384, 5000)});
  fleet.environment(0).types[1].back_off_until_ns = kNow + 1;
  EXPECT_THAT(PlanFor({Jobs(1, 8), Jobs(1, 1)}).launches, IsEmpty());
  EXPECT_EQ(LaunchesFor({Jobs(1, 1), Jobs(1, 8)}), 1u);
}

TEST_F(ScalingTest, OneQueuesEndIsNotAnothers) {
  Managed({Type("a", 4, 4096)});
  EXPECT_EQ(Plan({{{0}, {Jobs(1, 5)}}, {{0}, {Jobs(1, 4)}}}).launches.size(),
            1u);
}

// Choice: D47; the overshoot of one instance makes no room for it.
TEST_F(ScalingTest, AnEnvironmentWithLessThanTheJobsVcpusNeverServesIt) {
  Managed({Type("a", 4, 4096)}, Between(0, 3));
  Managed({Type("b", 4, 4096)});
  const uint32_t idle = Ready(0, 0);
  const PlainPlan plan = Plan({{{0, 1}, {Jobs(1, 4)}}});
  EXPECT_THAT(plan.launches, ElementsAre(Pair(1, 0)));
  EXPECT_THAT(plan.terminations, ElementsAre(idle));
}

// --- minvCpus ---------------------------------------------------------------

TEST_F(ScalingTest, MinvCpusIsKeptWithTheCheapestType) {
  Managed({Type("a", 2, 4096, 30), Type("b", 4, 4096, 50)}, Between(6, 100));
  EXPECT_THAT(Plan({}).launches, ElementsAre(Pair(0, 1), Pair(0, 1)));
  Ready(0, 0);
  EXPECT_THAT(Plan({}).launches, ElementsAre(Pair(0, 1)));
  Boot(0, 1);
  EXPECT_THAT(Plan({}).launches, IsEmpty());
}

TEST_F(ScalingTest, TheTopUpComesAfterWhatIsWanted) {
  Managed({Type("a", 2, 4096, 30), Type("b", 4, 4096, 50)}, Between(6, 100));
  EXPECT_THAT(PlanFor({Jobs(1, 3)}).launches,
              ElementsAre(Pair(0, 1), Pair(0, 1)));
  EXPECT_EQ(LaunchesFor({Jobs(2, 3)}), 2u);
}

TEST_F(ScalingTest, AnEnvironmentThatPlacesNothingIsNotToppedUp) {
  SiteOptions options = Between(6, 100);
  options.state = ResourceState::kDisabled;
  Managed({Type("a", 2, 4096)}, options);
  EXPECT_THAT(Plan({}).launches, IsEmpty());
}

TEST_F(ScalingTest, MinvCpusKeepsIdleInstancesAlsoWhenDisabled) {
  for (ResourceState state :
       {ResourceState::kEnabled, ResourceState::kDisabled}) {
    Site site;
    SiteOptions options = Between(4, 100);
    options.state = state;
    site.Managed({Type("a", 2, 4096)}, options);
    for (int i = 0; i < 3; ++i) site.Ready(0, 0);
    EXPECT_EQ(MakePlan(site, kNow, 0, {}).terminations.size(), 1u);
  }
}

// Source: API, "a c5.8xlarge kept for minvCpus 4 stays".
TEST_F(ScalingTest, InstancesAreNotExchangedForSmallerOnes) {
  Managed({Type("a", 2, 4096), Type("b", 32, 65536)}, Between(4, 100));
  Ready(0, 1);
  const PlainPlan plan = Plan({});
  EXPECT_THAT(plan.launches, IsEmpty());
  EXPECT_THAT(plan.terminations, IsEmpty());
}

// --- In. Choice: D46. -------------------------------------------------------

TEST_F(ScalingTest, WhatIsIdleGoesLargestFirstThenNewest) {
  Managed({Type("a", 2, 4096), Type("b", 4, 8192)});
  const uint32_t small_old = Ready(0, 0);
  const uint32_t large_old = Ready(0, 1);
  const uint32_t small_new = Ready(0, 0);
  const uint32_t large_new = Ready(0, 1);
  EXPECT_THAT(Plan({}).terminations,
              ElementsAre(large_new, large_old, small_new, small_old));
}

TEST_F(ScalingTest, WhatBootsOrIsBusyOrInterruptedStays) {
  Managed({Type("a", 2, 4096)});
  Boot(0, 0);
  fleet.Place(Ready(0, 0), Resources::Of(1, 4));
  fleet.StopPlacing(Ready(0, 0), InstanceState::kInterrupted);
  EXPECT_THAT(Plan({}).terminations, IsEmpty());
}

TEST_F(ScalingTest, WhatJoinedStays) {
  Unmanaged();
  Join(0, Resources::Of(2, 4096));
  EXPECT_THAT(Plan({}).terminations, IsEmpty());
}

TEST_F(ScalingTest, AWantedIdleInstanceStays) {
  Managed({Type("a", 4, 4096)});
  const uint32_t oldest = Ready(0, 0);
  const uint32_t middle = Ready(0, 0);
  const uint32_t newest = Ready(0, 0);
  EXPECT_THAT(PlanFor({Jobs(4, 1)}).terminations, ElementsAre(newest, middle));
  EXPECT_THAT(PlanFor({Jobs(5, 1)}).terminations, ElementsAre(newest));
  EXPECT_THAT(PlanFor({Jobs(9, 1)}).terminations, IsEmpty());
  EXPECT_THAT(Plan({}).terminations, ElementsAre(newest, middle, oldest));
}

TEST_F(ScalingTest, ASmallIdleInstanceIsWantedBeforeALargeOne) {
  Managed({Type("a", 2, 4096), Type("b", 4, 4096)});
  Ready(0, 0);
  const uint32_t large = Ready(0, 1);
  EXPECT_THAT(PlanFor({Jobs(2, 1)}).terminations, ElementsAre(large));
  EXPECT_THAT(PlanFor({Jobs(3, 1)}).terminations, IsEmpty());
}

TEST_F(ScalingTest, IdleOnesGoOnceTheirTimeIsOver) {
  Managed({Type("a", 2, 4096)});
  const uint32_t over = Ready(0, 0, kNow - 50);
  Ready(0, 0, kNow - 49);
  EXPECT_THAT(Plan({}, 50).terminations, ElementsAre(over));
  EXPECT_EQ(Plan({}, 49).terminations.size(), 2u);
  EXPECT_THAT(Plan({}, std::numeric_limits<int64_t>::max()).terminations,
              IsEmpty());
}

}  // namespace
}  // namespace embatch
