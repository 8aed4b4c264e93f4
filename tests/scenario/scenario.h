// SPDX-License-Identifier: Apache-2.0
//
// What the scenarios share: a world whose jobs start without waiting for
// machines, so that times in expectations are those of the jobs.
#ifndef EMBATCH_TESTS_SCENARIO_SCENARIO_H_
#define EMBATCH_TESTS_SCENARIO_SCENARIO_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/vocabulary.h"
#include "tests/support/world.h"

namespace embatch {

inline constexpr char kStraight[] =
    "SUBMITTED RUNNABLE STARTING RUNNING SUCCEEDED";
inline constexpr char kContainerExited[] = "Essential container in task exited";
inline constexpr char kUndetermined[] =
    "UNDETERMINED - Batch job is blocked, root cause is undetermined.";

class ScenarioTest : public ::testing::Test {
 protected:
  explicit ScenarioTest(WorldOptions options = {})
      : world_(std::move(options)) {}

  // A queue "queue" on an UNMANAGED environment "hosts" with hosts of so many
  // vCPUs, each with 1,000 MiB for every vCPU. They are there at once.
  void Hosts(std::initializer_list<int64_t> vcpus) {
    world_.Unmanaged("hosts");
    world_.Queue("queue", {"hosts"});
    for (int64_t count : vcpus) world_.Join("hosts", count, 1000 * count);
    world_.Settle();
  }

  World world_;
};

// The names of the jobs in the order in which they started.
inline std::vector<std::string> OrderOfStarts(const World& world) {
  std::vector<std::string> names;
  for (const WorldEvent& event : world.events()) {
    if (event.event.to != JobStatus::kStarting) continue;
    std::string name(world.Describe(event.event.job).job_name);
    if (event.event.job.child >= 0) {
      name += ":" + std::to_string(event.event.job.child);
    }
    names.push_back(std::move(name));
  }
  return names;
}

inline bool HasStarted(JobStatus status) {
  return status == JobStatus::kStarting || status == JobStatus::kRunning;
}

}  // namespace embatch

#endif  // EMBATCH_TESTS_SCENARIO_SCENARIO_H_
