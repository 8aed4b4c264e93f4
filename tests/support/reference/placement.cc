// SPDX-License-Identifier: Apache-2.0
//
// Where a job may run, now and later. Source: §13.4, §16.
#include <algorithm>
#include <array>
#include <functional>
#include <tuple>

#include "absl/numeric/int128.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

Resources ReferenceScheduler::FreeOf(int instance) const {
  Resources free = instances_[instance].total;
  if (instances_[instance].is_pool) {
    free.vcpu_milli =
        environments_[instances_[instance].environment].max_vcpu_milli();
  }
  for (const Job& job : jobs_) {
    if (!job.attempt || job.attempt->instance != instance) continue;
    // Source: §12.2, a node has its instance to itself.
    if (job.is_node) return Resources();
    free -= job.need;
  }
  for (const Queue& queue : queues_) {
    for (const Earmark& earmark : queue.earmarks) {
      if (earmark.instance == instance) free -= earmark.held;
    }
  }
  return free;
}

// One that is kept for a job is not idle.
int ReferenceScheduler::RunningOn(int instance) const {
  int running = static_cast<int>(
      std::count_if(jobs_.begin(), jobs_.end(), [instance](const Job& job) {
        return job.attempt && job.attempt->instance == instance;
      }));
  for (const Queue& queue : queues_) {
    for (const Earmark& earmark : queue.earmarks) {
      if (earmark.instance == instance) ++running;
    }
  }
  return running;
}

// Choice: D26 and beyond: fewest GPUs left, then least vCPU, then least memory,
// then latest change.
int ReferenceScheduler::BestInstance(int environment, const Need& need) const {
  if (!environments_[environment].may_ever_hold(need) ||
      environments_[environment].no_capacity_until_ns > now_ns_) {
    return kNothing;
  }
  int best = kNothing;
  const auto key = [this](int instance) {
    const Resources free = FreeOf(instance);
    return std::make_tuple(free.gpus, free.vcpu_milli, free.memory_mib,
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
    if (instance.environment == environment && instance.exists() &&
        !instance.is_pool) {
      vcpu_milli += instance.total.vcpu_milli;
    }
  }
  return vcpu_milli;
}

// --- Which type --------------------------------------------------------------

namespace {

// In words of §16.5: the smaller of these, one after another; `price` is that
// of a vCPU. Choice: D45, D71; the risk in steps of 5 %, as EC2 publishes it.
using Rank = std::array<absl::int128, 4>;
Rank RankOf(AllocationStrategy strategy, const InstanceType& type,
            absl::int128 price) {
  const absl::int128 risk = type.interruptions_per_million;
  switch (strategy) {
    case AllocationStrategy::kBestFit:
    case AllocationStrategy::kBestFitProgressive:
      return {price};
    case AllocationStrategy::kSpotCapacityOptimized:
      return {risk, -type.spot_capacity, price};
    case AllocationStrategy::kSpotPriceCapacityOptimized:
      return {std::clamp<absl::int128>(risk / 50000, 0, 4), price, risk,
              -type.spot_capacity};
  }
  return {};
}

int64_t PriceOf(const Environment& environment, const InstanceType& type) {
  return environment.is_spot() && type.spot_price_microdollars_per_hour > 0
             ? type.spot_price_microdollars_per_hour
             : type.price_microdollars_per_hour;
}

// Then fewer vCPUs, less memory, name.
bool IsBetter(const Environment& environment, const Type& a, const Type& b) {
  const AllocationStrategy strategy =
      environment.options.compute_resources->strategy();
  // Both prices per vCPU, multiplied by both numbers of vCPUs.
  const Rank rank_a = RankOf(
      strategy, a.promised,
      absl::int128(PriceOf(environment, a.promised)) * b.size.vcpu_milli);
  const Rank rank_b = RankOf(
      strategy, b.promised,
      absl::int128(PriceOf(environment, b.promised)) * a.size.vcpu_milli);
  return std::tie(rank_a, a.size.vcpu_milli, a.size.memory_mib,
                  a.promised.name) < std::tie(rank_b, b.size.vcpu_milli,
                                              b.size.memory_mib,
                                              b.promised.name);
}

// Source: API ComputeResource.bidPercentage, "must be less than".
bool IsWithinBid(const Environment& environment, const Type& type) {
  const int64_t spot = type.promised.spot_price_microdollars_per_hour;
  if (!environment.is_spot() || spot <= 0) return true;
  return absl::int128(spot) * 100 <
         absl::int128(type.promised.price_microdollars_per_hour) *
             environment.options.compute_resources->bid_percentage.value_or(
                 100);
}

}  // namespace

// Source: §16.2. Choice: D24, one more while the total is below maxvCpus; D65,
// BEST_FIT On-Demand never passes it.
bool ReferenceScheduler::MayLaunch(const Environment& environment,
                                   int64_t total_vcpu_milli,
                                   const Type& type) const {
  return environment.options.compute_resources->may_pass_max_vcpus()
             ? total_vcpu_milli < environment.max_vcpu_milli()
             : total_vcpu_milli + type.size.vcpu_milli <=
                   environment.max_vcpu_milli();
}

// The best type for a need, of those in `among`.
int ReferenceScheduler::BestTypeAmong(
    int index, const Need& need,
    const std::function<bool(const Type&)>& among) const {
  const Environment& environment = environments_[index];
  int best = kNothing;
  for (int i = 0; i < static_cast<int>(environment.types.size()); ++i) {
    const Type& type = environment.types[i];
    if (!type.offered || type.size.vcpu_milli == 0 || !need.FitsIn(type.size) ||
        !need.Allows(type.promised.name) || !MayLaunch(environment, 0, type) ||
        !among(type)) {
      continue;
    }
    if (best == kNothing ||
        IsBetter(environment, type, environment.types[best])) {
      best = i;
    }
  }
  return best;
}

// That would be launched if it were to be had.
int ReferenceScheduler::TypeInDemand(int index, const Need& need) const {
  return BestTypeAmong(index, need, [](const Type&) { return true; });
}

// That is to be had now. Source: §16.5: BEST_FIT waits for the best one, the
// others move on.
int ReferenceScheduler::BestType(int index, const Need& need) const {
  const Environment& environment = environments_[index];
  const auto is_to_be_had = [this](const Type& type) {
    return type.back_off_until_ns <= now_ns_;
  };
  const bool waits = environment.options.compute_resources->strategy() ==
                     AllocationStrategy::kBestFit;
  const int best = BestTypeAmong(index, need, [&](const Type& type) {
    return IsWithinBid(environment, type) && (waits || is_to_be_had(type));
  });
  return best != kNothing && is_to_be_had(environment.types[best]) ? best
                                                                   : kNothing;
}

// Choice: D24, D48. What boots is as large as its type is known to be.
bool ReferenceScheduler::CanGrowFor(int index, const Need& need) const {
  const Environment& environment = environments_[index];
  if (!environment.launches() || !environment.takes_jobs() ||
      !environment.may_ever_hold(need)) {
    return false;
  }
  if (need.nodes > 0) return CanGrowForNodes(index, need);
  for (const Instance& instance : instances_) {
    if (instance.environment == index &&
        instance.state == InstanceState::kBooting &&
        need.FitsIn(environment.types[instance.type].size)) {
      return true;
    }
  }
  const int type = BestType(index, need);
  return type != kNothing &&
         MayLaunch(environment, VcpusOf(index), environment.types[type]);
}

// Choice: beyond D22, one whose latest launches failed is not waited for where
// a later environment has room now.
bool ReferenceScheduler::IsWorthWaitingFor(int index, const Need& need) const {
  const Environment& environment = environments_[index];
  for (const Instance& instance : instances_) {
    if (instance.environment != index ||
        instance.state != InstanceState::kBooting) {
      continue;
    }
    const Type& type = environment.types[instance.type];
    if (!type.is_doubtful && need.FitsIn(type.size)) return true;
  }
  const int type = BestType(index, need);
  return type != kNothing && !environment.types[type].is_doubtful &&
         MayLaunch(environment, VcpusOf(index), environment.types[type]);
}

// Whether an instance could go, to make room for another kind: one whose end is
// announced will, and so will what boots when it has nothing to do.
bool ReferenceScheduler::IsOneToGo(int index) const {
  for (const Instance& instance : instances_) {
    if (instance.environment != index || !instance.exists()) continue;
    if (instance.state != InstanceState::kReady ||
        VcpusOf(index) - instance.total.vcpu_milli >=
            environments_[index].min_vcpu_milli()) {
      return true;
    }
  }
  return false;
}

// Source: §13.5, column "when". Choice: D48, D52.
ReferenceScheduler::Why ReferenceScheduler::WhyNotIn(int index,
                                                     const Need& need) const {
  const Environment& environment = environments_[index];
  const Why if_enabled =
      environment.enabled() ? Why::kMayLater : Why::kDisabled;
  if (environment.status == ResourceStatus::kInvalid) return Why::kInvalid;
  if (need.nodes > 0) return WhyNotNodesIn(index, need);
  // Whether an instance that is there, or comes, holds the job when it is
  // empty.
  bool any = false;
  bool held = false;
  for (const Instance& instance : instances_) {
    if (instance.environment != index || !instance.exists()) continue;
    const bool boots = instance.state == InstanceState::kBooting;
    const bool ready = instance.state == InstanceState::kReady;
    any |= ready;
    held |= ready && need.FitsIn(instance.total);
    held |= boots && need.FitsIn(environment.types[instance.type].size);
  }
  if (!environment.managed()) {
    if (!any) return Why::kUnknown;
    return held ? if_enabled : Why::kNothingFits;
  }
  if (environment.is_fargate()) {
    if (!environment.may_ever_hold(need)) return Why::kMaxVcpus;
    if (need.gpus > 0) return Why::kNothingFits;
    return environment.enabled() && environment.no_capacity_until_ns > now_ns_
               ? Why::kNoCapacity
               : if_enabled;
  }
  if (!environment.has_catalogue) return if_enabled;
  if (!environment.may_ever_hold(need)) return Why::kMaxVcpus;
  if (!held && TypeInDemand(index, need) == kNothing) return Why::kNothingFits;
  if (!environment.enabled()) return Why::kDisabled;
  if (held) return Why::kMayLater;
  const int type = BestType(index, need);
  if (VcpusOf(index) >= environment.max_vcpu_milli() ||
      (type != kNothing &&
       !MayLaunch(environment, VcpusOf(index), environment.types[type]))) {
    return IsOneToGo(index) ? Why::kMayLater : Why::kUnknown;
  }
  return type != kNothing ? Why::kMayLater : WhyLaunchesFail(index, need);
}

// Of several failures the first in the order of §13.5's table. BEST_FIT waits
// for one type, so only that one counts; what is dearer than the bid is as good
// as not to be had.
ReferenceScheduler::Why ReferenceScheduler::WhyLaunchesFail(
    int index, const Need& need) const {
  const Environment& environment = environments_[index];
  const bool waits = environment.options.compute_resources->strategy() ==
                     AllocationStrategy::kBestFit;
  const int best = BestTypeAmong(index, need, [&](const Type& type) {
    return IsWithinBid(environment, type);
  });
  if (best == kNothing) return Why::kNoCapacity;
  Why why = Why::kNotPermitted;
  (void)BestTypeAmong(index, need, [&](const Type& type) {
    if (!IsWithinBid(environment, type)) return false;
    if (waits && &type != &environment.types[best]) return false;
    if (type.failure == LaunchFailure::kCapacity) why = Why::kNoCapacity;
    if (type.failure == LaunchFailure::kConfiguration &&
        why == Why::kNotPermitted) {
      why = Why::kMisconfigured;
    }
    return false;
  });
  return why;
}

}  // namespace embatch::reference
