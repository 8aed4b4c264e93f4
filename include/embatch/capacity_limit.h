// SPDX-License-Identifier: Apache-2.0
//
// Capacity that is counted in units of its own: the limits of quota shares and
// service environments, and what a service job takes of them.
//
// Source: API CapacityLimit, QuotaShareCapacityLimit,
// ServiceJobCapacityUsageDetail.
#ifndef EMBATCH_CAPACITY_LIMIT_H_
#define EMBATCH_CAPACITY_LIMIT_H_

#include <cstdint>
#include <string>

#include "embatch/fields.h"

namespace embatch {

// Units of container jobs, in which a quota share may be given. VCPU counts
// whole vCPUs, MEMORY MiB. Choice: D29, an extension; D40, the spelling.
inline constexpr char kUnitVcpu[] = "VCPU";
inline constexpr char kUnitMemory[] = "MEMORY";
inline constexpr char kUnitGpu[] = "GPU";

// The unit of a service environment without quota shares: instances of
// whatever type.
inline constexpr char kUnitInstances[] = "NUM_INSTANCES";

// At most so much of one unit.
struct CapacityLimit {
  int64_t max_capacity = 0;
  std::string capacity_unit;  // "VCPU", "ml.m5.large"

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.max_capacity, self.capacity_unit);
  }
};

// So much of one unit.
struct CapacityUsage {
  std::string capacity_unit;
  int64_t quantity = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.capacity_unit, self.quantity);
  }
};

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_LIMIT_H_
