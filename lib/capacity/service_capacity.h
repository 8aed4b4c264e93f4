// SPDX-License-Identifier: Apache-2.0
//
// ServiceCapacity: how much of an external service's capacity may be used, is
// used, and is not to be had just now.
//
// It counts instances by their type, whatever the unit of the limits is, so
// that limits may change while jobs run. It knows units and amounts, no jobs.
// Source: API CapacityLimit; guide "Service environments"; §19.
#ifndef EMBATCH_CAPACITY_SERVICE_CAPACITY_H_
#define EMBATCH_CAPACITY_SERVICE_CAPACITY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "embatch/capacity_limit.h"
#include "embatch/fields.h"

namespace embatch {

class ServiceCapacity {
 public:
  using Need = absl::Span<const CapacityUsage>;

  // One limit in NUM_INSTANCES, for instances of all types together; or one
  // for each type that may be used at all.
  void SetLimits(std::vector<CapacityLimit> limits) {
    limits_ = std::move(limits);
  }

  // Whether a need is within the limits: if nothing else were there; or now,
  // beside what is used and `kept` for others.
  bool MayEverFit(Need need) const;
  bool Fits(Need need, Need kept = {}) const;

  void Take(Need need);
  void Give(Need need);

  // The service has none of what was needed: such needs are left alone until
  // the time has come. EndBackOff() forgets those whose time it is.
  void BackOff(Need need, int64_t until_ns);
  void EndBackOff(int64_t now_ns);
  bool IsBackingOff(Need need) const;

  int64_t InUse(const std::string& unit) const;
  // What of a unit is left; negative where a limit was lowered. 0: it has no
  // limit, and may not be used.
  int64_t Left(const std::string& unit) const;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.limits_, self.in_use_, self.back_off_until_ns_);
  }

 private:
  std::vector<CapacityLimit> limits_;
  std::map<std::string, int64_t> in_use_;  // by instance type, none with 0
  std::map<std::string, int64_t> back_off_until_ns_;  // likewise
};

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_SERVICE_CAPACITY_H_
