// SPDX-License-Identifier: Apache-2.0
//
// The library and the reference scheduler (tests/support/reference) live
// through the same random worlds: after every step both must have told the same
// events and asked for the same, in the same order. All else that must hold
// after every step of a random world is checked too (random_world.h).
//
// A failure names its seed; EMBATCH_SEED=<that> runs it alone, and
// EMBATCH_WORLDS=<n> runs so many worlds of each kind.
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/property/random.h"
#include "tests/property/random_world.h"
#include "tests/property/world_plan.h"

namespace embatch {
namespace {

class TwinTest : public ::testing::Test {
 protected:
  // Runs `body` with each seed until one fails.
  template <typename Body>
  void ForEachSeed(int count, Body body) {
    if (const char* worlds = std::getenv("EMBATCH_WORLDS")) {
      (void)absl::SimpleAtoi(worlds, &count);
    }
    for (uint64_t seed : Seeds(count)) {
      SCOPED_TRACE(absl::StrCat("EMBATCH_SEED=", seed));
      body(seed);
      if (HasFailure()) return;
    }
  }
};

// Worlds with quota shares, and worlds in which capacity comes and goes by
// other ways than instances.
PlanOptions AllKinds(uint64_t seed) {
  PlanOptions options;
  options.multi_node = true;
  options.conditions = true;
  options.dispatch_orders = true;
  options.tasks = true;
  options.quota_shares = true;
  const bool is_odd = seed % 2 == 1;
  options.fargate = is_odd;
  options.time_limits = is_odd;
  options.consumables = is_odd;
  options.environment_changes = is_odd;
  options.rejections = is_odd;
  return options;
}

RunOptions WithTwin() {
  RunOptions options;
  options.checks_twin = true;
  return options;
}

TEST_F(TwinTest, OrderlyWorlds) {
  ForEachSeed(40, [](uint64_t seed) {
    RandomWorld(DrawPlan(seed, AllKinds(seed)), WithTwin()).Run();
  });
}

// Calls that come late find many reports and deadlines at once.
TEST_F(TwinTest, LateWorlds) {
  ForEachSeed(40, [](uint64_t seed) {
    RunOptions options = WithTwin();
    options.late = true;
    RandomWorld(DrawPlan(seed, AllKinds(seed)), options).Run();
  });
}

TEST_F(TwinTest, RestlessWorldsWithFaultyPlugins) {
  ForEachSeed(30, [](uint64_t seed) {
    RunOptions options = WithTwin();
    options.restless = true;
    options.faulty = true;
    options.late = seed % 3 == 0;
    options.checks_replay = true;
    RandomWorld(DrawPlan(seed, AllKinds(seed)), options).Run();
  });
}

}  // namespace
}  // namespace embatch
