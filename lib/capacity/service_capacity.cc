// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/service_capacity.h"

#include <algorithm>

namespace embatch {
namespace {

// How much of a limit's unit a need is.
int64_t PartOf(ServiceCapacity::Need need, const std::string& unit) {
  int64_t part = 0;
  for (const CapacityUsage& usage : need) {
    if (unit == kUnitInstances || usage.capacity_unit == unit) {
      part += usage.quantity;
    }
  }
  return part;
}

}  // namespace

bool ServiceCapacity::MayEverFit(Need need) const {
  for (const CapacityLimit& limit : limits_) {
    if (PartOf(need, limit.capacity_unit) > limit.max_capacity) return false;
    if (limit.capacity_unit == kUnitInstances) return true;
  }
  return std::all_of(need.begin(), need.end(), [this](const auto& usage) {
    return std::any_of(limits_.begin(), limits_.end(),
                       [&usage](const CapacityLimit& limit) {
                         return limit.capacity_unit == usage.capacity_unit;
                       });
  });
}

bool ServiceCapacity::Fits(Need need, Need kept) const {
  if (!MayEverFit(need)) return false;
  return std::all_of(
      limits_.begin(), limits_.end(), [&](const CapacityLimit& limit) {
        const int64_t part = PartOf(need, limit.capacity_unit);
        return part == 0 || part + PartOf(kept, limit.capacity_unit) <=
                                Left(limit.capacity_unit);
      });
}

void ServiceCapacity::Take(Need need) {
  for (const CapacityUsage& usage : need) {
    in_use_[usage.capacity_unit] += usage.quantity;
  }
}

void ServiceCapacity::Give(Need need) {
  for (const CapacityUsage& usage : need) {
    const auto found = in_use_.find(usage.capacity_unit);
    found->second -= usage.quantity;
    if (found->second == 0) in_use_.erase(found);
  }
}

void ServiceCapacity::BackOff(Need need, int64_t until_ns) {
  for (const CapacityUsage& usage : need) {
    int64_t& until = back_off_until_ns_[usage.capacity_unit];
    until = std::max(until, until_ns);
  }
}

void ServiceCapacity::EndBackOff(int64_t now_ns) {
  for (auto it = back_off_until_ns_.begin(); it != back_off_until_ns_.end();) {
    it = it->second <= now_ns ? back_off_until_ns_.erase(it) : std::next(it);
  }
}

bool ServiceCapacity::IsBackingOff(Need need) const {
  return std::any_of(need.begin(), need.end(), [this](const auto& usage) {
    return back_off_until_ns_.count(usage.capacity_unit) > 0;
  });
}

int64_t ServiceCapacity::InUse(const std::string& unit) const {
  int64_t in_use = 0;
  for (const auto& [type, quantity] : in_use_) {
    if (unit == kUnitInstances || unit == type) in_use += quantity;
  }
  return in_use;
}

int64_t ServiceCapacity::Left(const std::string& unit) const {
  for (const CapacityLimit& limit : limits_) {
    if (limit.capacity_unit == unit) return limit.max_capacity - InUse(unit);
  }
  return 0;
}

}  // namespace embatch
