// SPDX-License-Identifier: Apache-2.0
//
// The part of a ScalingPlan that is about multi-node jobs.
#include <algorithm>
#include <iterator>

#include "lib/capacity/gang.h"
#include "lib/capacity/scaling.h"

namespace embatch {

// Takes up to `nodes` empty instances. Answers how many there were; with `take`
// false it only counts.
int64_t ScalingPlan::TakeEmpty(uint32_t index, Environment& environment,
                               const Requirement& need, bool take) {
  const EnvironmentRecord& record = fleet_.environment(index);
  int64_t taken = 0;
  for (auto place = environment.cells.begin();
       place != environment.cells.end() && taken < need.nodes;) {
    const Cell& cell = place->first;
    if (cell.node_type == Fleet::kNone || !need.FitsIn(cell.room) ||
        !need.AllowsType(record.types[cell.node_type].type.name)) {
      ++place;
      continue;
    }
    const int64_t instances = std::min(place->second, need.nodes - taken);
    taken += instances;
    if (take && cell.kind == Cell::Kind::kIdle) {
      environment.idle[cell.idle_group].wanted += instances;
    }
    if (take) place->second -= instances;
    place =
        place->second == 0 ? environment.cells.erase(place) : std::next(place);
  }
  return taken;
}

// Plans one multi-node job. False: it waits, and so does all behind it.
bool ScalingPlan::AddNodes(const std::vector<uint32_t>& environments,
                           const Requirement& need) {
  for (uint32_t index : environments) {
    const EnvironmentRecord& record = fleet_.environment(index);
    if (!record.places_jobs() || !RunsNodes(record) ||
        !record.is_below_max_vcpus(need)) {
      continue;
    }
    const uint32_t type = TypeForNodes(record, need);
    if (type == Fleet::kNone || !HoldsAllNodes(record, type, need)) continue;
    Environment& environment = Load(index);
    LoadReady(index, environment);
    const int64_t missing =
        need.nodes - TakeEmpty(index, environment, need, /*take=*/false);
    const int64_t size = record.types[type].type.resources.vcpu_milli;
    if (missing > record.LaunchesAllowed(environment.vcpu_milli, size)) {
      continue;
    }
    // What is there is kept for it while it waits for the rest.
    TakeEmpty(index, environment, need, /*take=*/true);
    if (missing <= 0) return true;
    if (record.types[type].back_off_until_ns > now_ns_) return false;
    AddLaunch(index, type, missing);
    environment.vcpu_milli += missing * size;
    return true;
  }
  return false;
}

}  // namespace embatch
