// SPDX-License-Identifier: Apache-2.0
//
// ScalingPlan against the slow planner of plain_scaling.h on random worlds, and
// what must be true of every plan.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "lib/capacity/scaling.h"
#include "tests/capacity/plain_scaling.h"
#include "tests/capacity/random_site.h"
#include "tests/capacity/site.h"

namespace embatch {
namespace {

constexpr int64_t kNow = 1000;

// No instance is launched where the total has reached maxvCpus, or minvCpus in
// the top-up; and none is let go below minvCpus.
void ExpectWithinLimits(const Site& site, const PlainPlan& plan) {
  for (uint32_t i = 0; i < site.fleet.environment_count(); ++i) {
    const EnvironmentRecord& environment = site.fleet.environment(i);
    int64_t total = environment.vcpu_milli;
    for (const auto& [index, type] : plan.launches) {
      if (index != i) continue;
      ASSERT_LT(total, environment.max_vcpu_milli());
      total += environment.types[type].type.resources.vcpu_milli;
    }
    const bool could_top_up =
        environment.places_jobs() && environment.config.managed() &&
        !environment.config.is_spot() &&
        std::any_of(environment.types.begin(), environment.types.end(),
                    [](const TypeRecord& type) {
                      return type.offered && type.back_off_until_ns <= kNow;
                    });
    // BEST_FIT On-Demand stops short of it rather than pass maxvCpus.
    if (could_top_up &&
        environment.config.options().compute_resources->may_pass_max_vcpus()) {
      ASSERT_GE(total, environment.min_vcpu_milli());
    }
    int64_t left = environment.vcpu_milli;
    for (uint32_t slot : plan.terminations) {
      const InstanceRecord& instance = site.fleet.instance(slot);
      if (instance.environment != i) continue;
      ASSERT_EQ(instance.state, InstanceState::kReady);
      ASSERT_EQ(instance.running, 0u);
      left -= instance.total.vcpu_milli;
      ASSERT_GE(left, environment.min_vcpu_milli());
    }
  }
}

// What may be skipped because nothing can be launched, or go, has no part in
// the plan. Counts environments where that was so.
void ExpectOnlyWhereItMay(const Site& site, const PlainPlan& plan,
                          int* no_launch, int* no_termination) {
  for (const auto& [index, type] : plan.launches) {
    ASSERT_TRUE(MayLaunchAny(site.fleet.environment(index), kNow));
  }
  for (uint32_t slot : plan.terminations) {
    ASSERT_TRUE(MayTerminateAny(
        site.fleet.environment(site.fleet.instance(slot).environment)));
  }
  for (uint32_t i = 0; i < site.fleet.environment_count(); ++i) {
    const EnvironmentRecord& environment = site.fleet.environment(i);
    const bool is_below = environment.launches() &&
                          environment.vcpu_milli < environment.max_vcpu_milli();
    *no_launch += is_below && !MayLaunchAny(environment, kNow) ? 1 : 0;
    *no_termination +=
        !environment.idle.empty() && !MayTerminateAny(environment) ? 1 : 0;
  }
}

TEST(ScalingModelTest, RandomWorldsAgree) {
  int launches = 0;
  int terminations = 0;
  int no_launch = 0;
  int no_termination = 0;
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    RandomSite random(seed);
    const Site site = random.Make();
    const std::vector<QueueDemand> queues = random.Queues(site);
    const int64_t idle_time_ns = random.Draw(2) == 0 ? 0 : random.Draw(1200);
    const PlainPlan plan = MakePlan(site, kNow, idle_time_ns, queues);
    const PlainPlan want = MakePlainPlan(site, kNow, idle_time_ns, queues);
    ASSERT_EQ(plan.launches, want.launches) << "seed " << seed;
    ASSERT_EQ(plan.terminations, want.terminations) << "seed " << seed;
    ASSERT_NO_FATAL_FAILURE(ExpectWithinLimits(site, plan)) << "seed " << seed;
    ASSERT_NO_FATAL_FAILURE(
        ExpectOnlyWhereItMay(site, plan, &no_launch, &no_termination))
        << "seed " << seed;
    launches += plan.launches.empty() ? 0 : 1;
    terminations += plan.terminations.empty() ? 0 : 1;
  }
  // The worlds are not all at rest.
  EXPECT_GT(launches, 2000);
  EXPECT_GT(terminations, 2000);
  EXPECT_GT(no_launch, 500);
  EXPECT_GT(no_termination, 500);
}

}  // namespace
}  // namespace embatch
