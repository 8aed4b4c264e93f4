// SPDX-License-Identifier: Apache-2.0
//
// A plan that is carried out again and again comes to rest: nothing is launched
// and let go for ever, though instances boot in no time and are let go as soon
// as they are idle. Choice: D46.
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "lib/capacity/why_not.h"
#include "tests/capacity/plain_scaling.h"
#include "tests/capacity/random_site.h"
#include "tests/capacity/site.h"

namespace embatch {
namespace {

constexpr int64_t kNow = 1000;
constexpr int kRounds = 60;

// What an instance of a type really has.
using Registers = Resources (*)(const InstanceType& type);

Resources AsPromised(const InstanceType& type) { return type.resources; }

// Some types are smaller than they promise, for good.
Resources LessThanPromised(const InstanceType& type) {
  Resources registered = type.resources;
  if (type.name == "type1") registered.memory_mib = 300;
  if (type.name == "type2" && registered.vcpu_milli > 500) {
    registered.vcpu_milli = 500;
  }
  return registered;
}

// One round. Answers whether anything was done.
bool CarryOut(Site& site, const std::vector<QueueDemand>& queues,
              Registers registers) {
  const PlainPlan plan = MakePlan(site, kNow, 0, queues);
  for (const auto& [environment, type] : plan.launches) {
    const uint32_t slot = site.Boot(environment, type);
    site.fleet.BecomeReady(
        slot, "",
        registers(site.fleet.environment(environment).types[type].type), kNow);
  }
  for (uint32_t slot : plan.terminations) site.Remove(slot);
  return !plan.launches.empty() || !plan.terminations.empty();
}

// The cycle over the queues: the head of each goes to the first of its
// environments that has room, unless one before it can grow for it. Jobs that
// started go on for ever.
bool PlaceHeads(Site& site, std::vector<QueueDemand>& queues) {
  bool placed_any = false;
  for (QueueDemand& queue : queues) {
    while (!queue.classes.empty()) {
      ClassDemand& head = queue.classes.front();
      bool placed = false;
      for (uint32_t index : queue.environments) {
        if (!site.fleet.environment(index).places_jobs()) continue;
        const uint32_t slot = site.fleet.BestFit(index, head.need);
        if (slot != Fleet::kNone) {
          site.fleet.Place(slot, head.need.resources);
          placed = true;
          break;
        }
        if (CanGrowFor(site.fleet, index, head.need, kNow)) break;
      }
      if (!placed) break;
      placed_any = true;
      if (--head.jobs == 0) queue.classes.erase(queue.classes.begin());
    }
  }
  return placed_any;
}

// Whether every head that waits could not be served by growing either.
void ExpectNoHeadWaitsForNothing(const Site& site,
                                 const std::vector<QueueDemand>& queues) {
  for (const QueueDemand& queue : queues) {
    if (queue.classes.empty()) continue;
    for (uint32_t index : queue.environments) {
      EXPECT_FALSE(
          CanGrowFor(site.fleet, index, queue.classes.front().need, kNow));
    }
  }
}

TEST(ScalingLoopTest, AHeadThatStartsEndsTheLoop) {
  for (Registers registers : {&AsPromised, &LessThanPromised}) {
    for (uint64_t seed = 1; seed <= 4000; ++seed) {
      SCOPED_TRACE(seed);
      RandomSite random(seed);
      Site site = random.MakeEmpty();
      std::vector<QueueDemand> queues = random.Queues(site);
      int round = 0;
      for (; round < kRounds; ++round) {
        const bool placed = PlaceHeads(site, queues);
        if (!CarryOut(site, queues, registers) && !placed) break;
      }
      ASSERT_LT(round, kRounds);
      ExpectNoHeadWaitsForNothing(site, queues);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// Something outside of the plan keeps every head from starting.
TEST(ScalingLoopTest, HeadsThatNeverStartDoNotKeepItGoing) {
  for (Registers registers : {&AsPromised, &LessThanPromised}) {
    for (uint64_t seed = 1; seed <= 4000; ++seed) {
      SCOPED_TRACE(seed);
      RandomSite random(seed);
      Site site = random.Make();
      const std::vector<QueueDemand> queues = random.Queues(site);
      int round = 0;
      while (round < kRounds && CarryOut(site, queues, registers)) ++round;
      ASSERT_LT(round, kRounds);
    }
  }
}

}  // namespace
}  // namespace embatch
