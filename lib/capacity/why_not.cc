// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/why_not.h"

#include "lib/base/time.h"
#include "lib/capacity/allocation.h"
#include "lib/capacity/gang.h"
#include "lib/model/limits.h"

namespace embatch {
namespace {

bool AnyInstanceHolds(const EnvironmentRecord& environment,
                      const Requirement& need) {
  for (const SizeCount& size : environment.sizes) {
    if (need.FitsIn(size.total)) return true;
  }
  for (const TypeRecord& type : environment.types) {
    if (type.booting > 0 && need.FitsIn(type.type.resources)) return true;
  }
  return false;
}

// Of several kinds of failure the first in the order of §13.5's table counts.
// BEST_FIT waits for one type, so only that one counts. What is dearer than the
// bid is as good as not to be had.
WhyNot WhyLaunchesFail(const EnvironmentRecord& environment,
                       const Requirement& need) {
  const uint32_t best = BestTypeFor(environment, need, kNanosInfiniteFuture);
  if (best == Fleet::kNone) return WhyNot::kNoCapacity;
  const bool best_fit =
      environment.config.options().compute_resources->strategy() ==
      AllocationStrategy::kBestFit;
  WhyNot result = WhyNot::kNotPermitted;
  for (uint32_t i = 0; i < environment.types.size(); ++i) {
    const TypeRecord& type = environment.types[i];
    if (best_fit ? i != best : !IsCandidate(environment, type, need)) continue;
    if (type.failure == LaunchFailure::kCapacity) return WhyNot::kNoCapacity;
    if (type.failure == LaunchFailure::kConfiguration) {
      result = WhyNot::kMisconfigured;
    }
  }
  return result;
}

bool HasRoomFor(const EnvironmentRecord& environment, uint32_t type) {
  return environment.LaunchesAllowed(
             environment.vcpu_milli,
             environment.types[type].type.resources.vcpu_milli) > 0;
}

}  // namespace

bool CanShrink(const EnvironmentRecord& environment) {
  int32_t ready = 0;
  for (const SizeCount& size : environment.sizes) {
    ready += size.instances;
    if (environment.vcpu_milli - size.total.vcpu_milli >=
        environment.min_vcpu_milli()) {
      return true;
    }
  }
  return ready < environment.instances;
}

bool CanGrowFor(const Fleet& fleet, uint32_t index, const Requirement& need,
                int64_t now_ns) {
  if (need.nodes > 0) return CanGrowForNodes(fleet, index, need);
  const EnvironmentRecord& environment = fleet.environment(index);
  if (!environment.launches() || !environment.places_jobs() ||
      !environment.is_below_max_vcpus(need)) {
    return false;
  }
  for (const TypeRecord& type : environment.types) {
    if (type.booting > 0 && need.FitsIn(type.type.resources)) return true;
  }
  const uint32_t type = BestTypeFor(environment, need, now_ns);
  return type != Fleet::kNone && HasRoomFor(environment, type);
}

bool IsWorthWaitingFor(const Fleet& fleet, uint32_t index,
                       const Requirement& need, int64_t now_ns) {
  if (need.nodes > 0) return true;  // Source: §12.2, it holds up the queue.
  const EnvironmentRecord& environment = fleet.environment(index);
  for (const TypeRecord& type : environment.types) {
    if (type.booting > 0 && !type.is_doubtful &&
        need.FitsIn(type.type.resources)) {
      return true;
    }
  }
  const uint32_t type = BestTypeFor(environment, need, now_ns);
  return type != Fleet::kNone && HasRoomFor(environment, type) &&
         !environment.types[type].is_doubtful;
}

WhyNot WhyNotIn(const Fleet& fleet, uint32_t index, const Requirement& need,
                int64_t now_ns) {
  if (need.nodes > 0) return WhyNotNodesIn(fleet, index, need, now_ns);
  const EnvironmentRecord& environment = fleet.environment(index);
  if (environment.status == ResourceStatus::kInvalid) return WhyNot::kInvalid;
  if (!environment.config.managed()) {
    if (environment.sizes.empty()) return WhyNot::kUnknown;
    if (!AnyInstanceHolds(environment, need)) return WhyNot::kNothingFits;
    return environment.enabled() ? WhyNot::kMayLater : WhyNot::kDisabled;
  }
  if (environment.config.is_fargate()) {
    if (!environment.is_below_max_vcpus(need)) return WhyNot::kMaxVcpus;
    if (!need.FitsIn({environment.max_vcpu_milli(), kMemoryMibMax, 0})) {
      return WhyNot::kNothingFits;
    }
    if (!environment.enabled()) return WhyNot::kDisabled;
    return environment.out_of_capacity ? WhyNot::kNoCapacity
                                       : WhyNot::kMayLater;
  }
  if (!environment.has_catalogue) {
    return environment.enabled() ? WhyNot::kMayLater : WhyNot::kDisabled;
  }
  if (!environment.is_below_max_vcpus(need)) return WhyNot::kMaxVcpus;
  const bool held = AnyInstanceHolds(environment, need);
  if (!held && TypeInDemand(environment, need) == Fleet::kNone)
    return WhyNot::kNothingFits;
  if (!environment.enabled()) return WhyNot::kDisabled;
  if (held) return WhyNot::kMayLater;
  const uint32_t type = BestTypeFor(environment, need, now_ns);
  // Choice: while smaller instances fill the environment up to maxvCpus they
  // go away when they are idle (D46), so the job may start later; unless
  // minvCpus keeps them.
  if (environment.vcpu_milli >= environment.max_vcpu_milli() ||
      (type != Fleet::kNone && !HasRoomFor(environment, type))) {
    return CanShrink(environment) ? WhyNot::kMayLater : WhyNot::kUnknown;
  }
  if (type != Fleet::kNone) return WhyNot::kMayLater;
  return WhyLaunchesFail(environment, need);
}

}  // namespace embatch
