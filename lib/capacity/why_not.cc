// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/why_not.h"

#include "absl/numeric/int128.h"
#include "lib/capacity/gang.h"

namespace embatch {
namespace {

// Compares prices per vCPU without dividing.
bool IsBetter(const InstanceType& a, const InstanceType& b) {
  const absl::uint128 price_a =
      absl::uint128(static_cast<uint64_t>(a.price_microdollars_per_hour)) *
      static_cast<uint64_t>(b.resources.vcpu_milli);
  const absl::uint128 price_b =
      absl::uint128(static_cast<uint64_t>(b.price_microdollars_per_hour)) *
      static_cast<uint64_t>(a.resources.vcpu_milli);
  if (price_a != price_b) return price_a < price_b;
  if (a.resources.vcpu_milli != b.resources.vcpu_milli) {
    return a.resources.vcpu_milli < b.resources.vcpu_milli;
  }
  if (a.resources.memory_mib != b.resources.memory_mib) {
    return a.resources.memory_mib < b.resources.memory_mib;
  }
  return a.name < b.name;
}

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

bool AnyTypeFits(const EnvironmentRecord& environment,
                 const Requirement& need) {
  for (const TypeRecord& type : environment.types) {
    if (type.offered && need.FitsIn(type.type.resources)) return true;
  }
  return false;
}

// Of several kinds of failure the first in the order of §13.5's table counts.
WhyNot WhyLaunchesFail(const EnvironmentRecord& environment,
                       const Requirement& need) {
  WhyNot result = WhyNot::kNotPermitted;
  for (const TypeRecord& type : environment.types) {
    if (!type.offered || !need.FitsIn(type.type.resources)) continue;
    if (type.failure == LaunchFailure::kCapacity) return WhyNot::kNoCapacity;
    if (type.failure == LaunchFailure::kConfiguration) {
      result = WhyNot::kMisconfigured;
    }
  }
  return result;
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

uint32_t BestTypeFor(const EnvironmentRecord& environment,
                     const Requirement& need, int64_t now_ns) {
  uint32_t best = Fleet::kNone;
  for (uint32_t i = 0; i < environment.types.size(); ++i) {
    const TypeRecord& type = environment.types[i];
    if (!type.offered || type.back_off_until_ns > now_ns ||
        type.type.resources.vcpu_milli <= 0 ||
        !need.FitsIn(type.type.resources) || !need.AllowsType(type.type.name)) {
      continue;
    }
    if (best == Fleet::kNone ||
        IsBetter(type.type, environment.types[best].type)) {
      best = i;
    }
  }
  return best;
}

bool CanGrowFor(const Fleet& fleet, uint32_t index, const Requirement& need,
                int64_t now_ns) {
  if (need.nodes > 0) return CanGrowForNodes(fleet, index, need);
  const EnvironmentRecord& environment = fleet.environment(index);
  if (!environment.config.managed() || !environment.places_jobs() ||
      !environment.is_below_max_vcpus(need)) {
    return false;
  }
  for (const TypeRecord& type : environment.types) {
    if (type.booting > 0 && need.FitsIn(type.type.resources)) return true;
  }
  return environment.vcpu_milli < environment.max_vcpu_milli() &&
         BestTypeFor(environment, need, now_ns) != Fleet::kNone;
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
  if (!environment.has_catalogue) {
    return environment.enabled() ? WhyNot::kMayLater : WhyNot::kDisabled;
  }
  if (!environment.is_below_max_vcpus(need)) return WhyNot::kMaxVcpus;
  const bool held = AnyInstanceHolds(environment, need);
  if (!held && !AnyTypeFits(environment, need)) return WhyNot::kNothingFits;
  if (!environment.enabled()) return WhyNot::kDisabled;
  if (held) return WhyNot::kMayLater;
  // Choice: while smaller instances fill the environment up to maxvCpus they
  // go away when they are idle (D46), so the job may start later; unless
  // minvCpus keeps them.
  if (environment.vcpu_milli >= environment.max_vcpu_milli()) {
    return CanShrink(environment) ? WhyNot::kMayLater : WhyNot::kUnknown;
  }
  if (BestTypeFor(environment, need, now_ns) != Fleet::kNone) {
    return WhyNot::kMayLater;
  }
  return WhyLaunchesFail(environment, need);
}

}  // namespace embatch
