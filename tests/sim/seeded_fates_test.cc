// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "absl/time/time.h"
#include "embatch/sim/simulated_runtime.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/runtime_driver.h"

namespace embatch {
namespace {

constexpr int kContainers = 20000;

TEST(SeededFatesTest, DurationsFillTheirRangeEvenly) {
  SeededFateOptions options;
  options.run_time_min = absl::Seconds(10);
  options.run_time_max = absl::Seconds(20);
  options.start_delay_min = absl::Seconds(1);
  options.start_delay_max = absl::Seconds(3);
  absl::Duration run_time_sum, start_delay_sum;
  std::set<absl::Duration> run_times;
  for (int i = 0; i < kContainers; ++i) {
    const ContainerFate fate = SeededFate(options, ContainerOf(i));
    ASSERT_GE(fate.run_time, absl::Seconds(10));
    ASSERT_LE(fate.run_time, absl::Seconds(20));
    ASSERT_GE(fate.start_delay, absl::Seconds(1));
    ASSERT_LE(fate.start_delay, absl::Seconds(3));
    run_time_sum += fate.run_time;
    start_delay_sum += fate.start_delay;
    run_times.insert(fate.run_time);
  }
  EXPECT_NEAR(absl::ToDoubleSeconds(run_time_sum / kContainers), 15, 0.1);
  EXPECT_NEAR(absl::ToDoubleSeconds(start_delay_sum / kContainers), 2, 0.03);
  EXPECT_GT(run_times.size(), kContainers * 99 / 100);
}

TEST(SeededFatesTest, BoundsBelongToTheRange) {
  SeededFateOptions options;
  options.run_time_min = absl::Nanoseconds(1);
  options.run_time_max = absl::Nanoseconds(2);
  std::set<absl::Duration> run_times;
  for (int i = 0; i < 100; ++i) {
    run_times.insert(SeededFate(options, ContainerOf(i)).run_time);
  }
  EXPECT_THAT(run_times, ::testing::ElementsAre(absl::Nanoseconds(1),
                                                absl::Nanoseconds(2)));
}

TEST(SeededFatesTest, FailuresAreAsFrequentAsAsked) {
  SeededFateOptions options;
  options.start_failures_per_million = 100000;
  options.failures_per_million = 300000;
  int start_failures = 0, failures = 0;
  for (int i = 0; i < kContainers; ++i) {
    const ContainerFate fate = SeededFate(options, ContainerOf(i));
    start_failures += fate.start_fails ? 1 : 0;
    failures += fate.exit_code != 0 ? 1 : 0;
    EXPECT_EQ(fate.start_fails, !fate.reason.empty());
  }
  EXPECT_NEAR(start_failures, kContainers * 0.1, kContainers * 0.01);
  EXPECT_NEAR(failures, kContainers * 0.9 * 0.3, kContainers * 0.015);
}

// Every part of the id counts, and so does the seed.
TEST(SeededFatesTest, FateDependsOnTheSeedAndTheIdAlone) {
  SeededFateOptions options;
  options.run_time_max = absl::Hours(1000);
  const ContainerId base = ContainerOf(1);
  std::set<absl::Duration> run_times = {SeededFate(options, base).run_time};
  const auto differs = [&](const SeededFateOptions& seeded,
                           const ContainerId& container) {
    const absl::Duration run_time = SeededFate(seeded, container).run_time;
    EXPECT_EQ(run_time, SeededFate(seeded, container).run_time);
    return run_times.insert(run_time).second;
  };

  ContainerId other = base;
  other.attempt.job.slot = 2;
  EXPECT_TRUE(differs(options, other));
  other = base;
  other.attempt.job.generation = 2;
  EXPECT_TRUE(differs(options, other));
  other = base;
  other.attempt.job.child = 0;
  EXPECT_TRUE(differs(options, other));
  other = base;
  other.attempt.number = 2;
  EXPECT_TRUE(differs(options, other));
  other = base;
  other.container = 1;
  EXPECT_TRUE(differs(options, other));
  options.seed = 1;
  EXPECT_TRUE(differs(options, base));
}

TEST(SeededFatesTest, ScriptDrawsTheSame) {
  SeededFateOptions options;
  options.seed = 7;
  ContainerSpec spec;
  spec.container = ContainerOf(3);

  EXPECT_EQ(SeededFates(options)(spec).run_time,
            SeededFate(options, spec.container).run_time);
}

}  // namespace
}  // namespace embatch
