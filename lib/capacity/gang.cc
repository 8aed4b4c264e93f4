// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/gang.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "lib/base/time.h"
#include "lib/capacity/allocation.h"

namespace embatch {
namespace {

// Instances that a node may have, empty ones only.
std::vector<uint32_t> IdleForNodes(const Fleet& fleet, uint32_t index,
                                   const Requirement& need) {
  const EnvironmentRecord& environment = fleet.environment(index);
  std::vector<uint32_t> result;
  for (uint64_t number = environment.idle.First();
       number != SequenceBitmap::kNone;
       number = environment.idle.FirstAtLeast(number + 1)) {
    const uint32_t slot = fleet.FindInstance(index, InstanceId{number});
    const InstanceRecord& instance = fleet.instance(slot);
    // Source: guide "Multi-node parallel jobs": the instances of minvCpus are
    // for other jobs.
    if (!instance.for_minimum && need.FitsIn(instance.total) &&
        need.AllowsType(environment.types[instance.type].type.name)) {
      result.push_back(slot);
    }
  }
  return result;
}

// The same with those that boot, or are about to be empty because their
// multi-node job is over.
int64_t CountEmptySoon(const Fleet& fleet, uint32_t index,
                       const Requirement& need) {
  int64_t count = static_cast<int64_t>(IdleForNodes(fleet, index, need).size());
  for (const TypeRecord& type : fleet.environment(index).types) {
    if (!HoldsNode(type, need)) continue;
    count += type.booting - type.booting_for_minimum + type.closing;
  }
  return count;
}

// Whether what is missing may be launched. Choice: D24, D65.
bool HasRoomForLaunches(const EnvironmentRecord& environment, uint32_t type,
                        int64_t instances) {
  const int64_t size = environment.types[type].type.resources.vcpu_milli;
  return instances <= 0 ||
         environment.LaunchesAllowed(environment.vcpu_milli, size) >= instances;
}

}  // namespace

bool RunsNodes(const EnvironmentRecord& environment) {
  return environment.launches() && !environment.config.is_spot();
}

bool HoldsNode(const TypeRecord& type, const Requirement& need) {
  return need.FitsIn(type.type.resources) && need.AllowsType(type.type.name);
}

// Source: guide "Multi-node parallel jobs": BEST_FIT_PROGRESSIVE picks one type
// for such a job, and takes no other when that one is out of capacity.
uint32_t TypeForNodes(const EnvironmentRecord& environment,
                      const Requirement& need) {
  return BestTypeFor(environment, need, kNanosInfiniteFuture);
}

bool HoldsAllNodes(const EnvironmentRecord& environment, uint32_t type,
                   const Requirement& need) {
  const int64_t size = environment.types[type].type.resources.vcpu_milli;
  return environment.LaunchesAllowed(0, size) >= need.nodes;
}

std::vector<uint32_t> FindNodes(const Fleet& fleet, uint32_t index,
                                const Requirement& need) {
  const EnvironmentRecord& environment = fleet.environment(index);
  if (!RunsNodes(environment) || !environment.is_below_max_vcpus(need)) {
    return {};
  }
  const size_t nodes = static_cast<size_t>(need.nodes);
  if (environment.idle.size() < nodes) return {};
  std::vector<uint32_t> found = IdleForNodes(fleet, index, need);
  if (found.size() < nodes) return {};
  std::sort(found.begin(), found.end(), [&fleet](uint32_t a, uint32_t b) {
    const auto order = [](const InstanceRecord& instance) {
      return std::make_tuple(
          instance.total.gpus, instance.total.vcpu_milli,
          instance.total.memory_mib,
          std::numeric_limits<uint64_t>::max() - instance.links.changed);
    };
    return order(fleet.instance(a)) < order(fleet.instance(b));
  });
  found.resize(nodes);
  return found;
}

bool CanGrowForNodes(const Fleet& fleet, uint32_t index,
                     const Requirement& need) {
  const EnvironmentRecord& environment = fleet.environment(index);
  if (!RunsNodes(environment) || !environment.places_jobs() ||
      !environment.is_below_max_vcpus(need)) {
    return false;
  }
  const uint32_t type = TypeForNodes(environment, need);
  return type != Fleet::kNone && HoldsAllNodes(environment, type, need) &&
         HasRoomForLaunches(environment, type,
                            need.nodes - CountEmptySoon(fleet, index, need));
}

WhyNot WhyNotNodesIn(const Fleet& fleet, uint32_t index,
                     const Requirement& need, int64_t now_ns) {
  const EnvironmentRecord& environment = fleet.environment(index);
  if (environment.status == ResourceStatus::kInvalid) return WhyNot::kInvalid;
  if (!RunsNodes(environment)) return WhyNot::kMisconfigured;
  if (!environment.has_catalogue) {
    return environment.enabled() ? WhyNot::kMayLater : WhyNot::kDisabled;
  }
  if (!environment.is_below_max_vcpus(need)) return WhyNot::kMaxVcpus;
  const uint32_t best = TypeForNodes(environment, need);
  if (best == Fleet::kNone) {
    return std::any_of(environment.types.begin(), environment.types.end(),
                       [&need](const TypeRecord& type) {
                         return type.offered && need.AllowsType(type.type.name);
                       })
               ? WhyNot::kNothingFits
               : WhyNot::kMisconfigured;
  }
  if (!HoldsAllNodes(environment, best, need)) return WhyNot::kMaxVcpus;
  if (!environment.enabled()) return WhyNot::kDisabled;
  const int64_t missing = need.nodes - CountEmptySoon(fleet, index, need);
  if (missing <= 0) return WhyNot::kMayLater;
  if (!HasRoomForLaunches(environment, best, missing)) {
    return CanShrink(environment) ? WhyNot::kMayLater : WhyNot::kUnknown;
  }
  const TypeRecord& type = environment.types[best];
  if (type.back_off_until_ns <= now_ns) return WhyNot::kMayLater;
  switch (type.failure) {
    case LaunchFailure::kCapacity:
      return WhyNot::kNoCapacity;
    case LaunchFailure::kConfiguration:
      return WhyNot::kMisconfigured;
    case LaunchFailure::kPermission:
      return WhyNot::kNotPermitted;
  }
  return WhyNot::kUnknown;
}

}  // namespace embatch
