// SPDX-License-Identifier: Apache-2.0
//
// Where a job may run, now and later. Source: §13.4, §16.
#include <algorithm>
#include <tuple>

#include "absl/numeric/int128.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

// Source: §16.2. Choice: D47, an environment whose maxvCpus is below the job's
// need never serves it.
static bool IsBelowMaxVcpus(const Environment& environment,
                            const Resources& need) {
  return !environment.managed() ||
         need.vcpu_milli <= environment.max_vcpu_milli();
}

Resources ReferenceScheduler::FreeOf(int instance) const {
  Resources free = instances_[instance].total;
  for (const Job& job : jobs_) {
    if (job.attempt && job.attempt->instance == instance) free -= job.need;
  }
  return free;
}

int ReferenceScheduler::RunningOn(int instance) const {
  return static_cast<int>(
      std::count_if(jobs_.begin(), jobs_.end(), [instance](const Job& job) {
        return job.attempt && job.attempt->instance == instance;
      }));
}

// Choice: D26: least vCPU left, then least memory, then latest change.
int ReferenceScheduler::BestInstance(int environment,
                                     const Resources& need) const {
  if (!IsBelowMaxVcpus(environments_[environment], need)) return kNothing;
  int best = kNothing;
  const auto key = [this](int instance) {
    const Resources free = FreeOf(instance);
    return std::make_tuple(free.vcpu_milli, free.memory_mib,
                           -instances_[instance].changed_order);
  };
  for (int i = 0; i < static_cast<int>(instances_.size()); ++i) {
    if (instances_[i].environment != environment ||
        instances_[i].state != InstanceState::kReady ||
        !need.FitsIn(FreeOf(i))) {
      continue;
    }
    if (best == kNothing || key(i) < key(best)) best = i;
  }
  return best;
}

int64_t ReferenceScheduler::VcpusOf(int environment) const {
  int64_t vcpu_milli = 0;
  for (const Instance& instance : instances_) {
    if (instance.environment == environment && instance.exists()) {
      vcpu_milli += instance.total.vcpu_milli;
    }
  }
  return vcpu_milli;
}

// Cheapest per vCPU of those that are large enough and to be had at `at_ns`;
// then fewer vCPUs, less memory, name. Source: §16.5. Choice: D45, D71.
int ReferenceScheduler::BestType(int environment, const Resources& need,
                                 int64_t at_ns) const {
  const std::vector<Type>& types = environments_[environment].types;
  const auto is_better = [](const Type& a, const Type& b) {
    // Both prices per vCPU, multiplied by both numbers of vCPUs.
    const auto price_of = [](const Type& x, const Type& other) {
      return absl::int128(x.promised.price_microdollars_per_hour) *
             other.size.vcpu_milli;
    };
    return std::make_tuple(price_of(a, b), a.size.vcpu_milli, a.size.memory_mib,
                           a.promised.name) <
           std::make_tuple(price_of(b, a), b.size.vcpu_milli, b.size.memory_mib,
                           b.promised.name);
  };
  int best = kNothing;
  for (int i = 0; i < static_cast<int>(types.size()); ++i) {
    if (!types[i].offered || types[i].back_off_until_ns > at_ns ||
        types[i].size.vcpu_milli == 0 || !need.FitsIn(types[i].size)) {
      continue;
    }
    if (best == kNothing || is_better(types[i], types[best])) best = i;
  }
  return best;
}

// Choice: D24, D48. What boots is as large as its type is known to be.
bool ReferenceScheduler::CanGrowFor(int index, const Resources& need) const {
  const Environment& environment = environments_[index];
  if (!environment.managed() || !IsBelowMaxVcpus(environment, need)) {
    return false;
  }
  for (const Instance& instance : instances_) {
    if (instance.environment == index &&
        instance.state == InstanceState::kBooting &&
        need.FitsIn(environment.types[instance.type].size)) {
      return true;
    }
  }
  return VcpusOf(index) < environment.max_vcpu_milli() &&
         BestType(index, need, now_ns_) != kNothing;
}

// Source: §13.5, column "when". Choice: D48, D52.
ReferenceScheduler::Why ReferenceScheduler::WhyNotIn(
    int index, const Resources& need) const {
  const Environment& environment = environments_[index];
  const Why if_enabled =
      environment.enabled() ? Why::kMayLater : Why::kDisabled;
  if (environment.status == ResourceStatus::kInvalid) return Why::kInvalid;
  // Whether an instance that is there, or comes, holds the job when it is
  // empty; and whether one could go, to make room for another kind: one whose
  // end is announced will.
  bool any = false;
  bool held = false;
  bool one_may_go = false;
  for (const Instance& instance : instances_) {
    if (instance.environment != index || !instance.exists()) continue;
    const bool boots = instance.state == InstanceState::kBooting;
    const bool ready = instance.state == InstanceState::kReady;
    any |= ready;
    held |= ready && need.FitsIn(instance.total);
    held |= boots && need.FitsIn(environment.types[instance.type].size);
    one_may_go |= !ready || VcpusOf(index) - instance.total.vcpu_milli >=
                                environment.min_vcpu_milli();
  }
  if (!environment.managed()) {
    if (!any) return Why::kUnknown;
    return held ? if_enabled : Why::kNothingFits;
  }
  if (!environment.has_catalogue) return if_enabled;
  if (!IsBelowMaxVcpus(environment, need)) return Why::kMaxVcpus;
  bool fits = false;
  bool lacks_capacity = false;
  bool is_misconfigured = false;
  for (const Type& type : environment.types) {
    if (!type.offered || !need.FitsIn(type.size)) continue;
    fits = true;
    lacks_capacity |= type.failure == LaunchFailure::kCapacity;
    is_misconfigured |= type.failure == LaunchFailure::kConfiguration;
  }
  if (!held && !fits) return Why::kNothingFits;
  if (!environment.enabled()) return Why::kDisabled;
  if (held) return Why::kMayLater;
  if (VcpusOf(index) >= environment.max_vcpu_milli()) {
    return one_may_go ? Why::kMayLater : Why::kUnknown;
  }
  if (BestType(index, need, now_ns_) != kNothing) return Why::kMayLater;
  if (lacks_capacity) return Why::kNoCapacity;
  return is_misconfigured ? Why::kMisconfigured : Why::kNotPermitted;
}

}  // namespace embatch::reference
