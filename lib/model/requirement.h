// SPDX-License-Identifier: Apache-2.0
#ifndef EMBATCH_MODEL_REQUIREMENT_H_
#define EMBATCH_MODEL_REQUIREMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "embatch/capacity_limit.h"
#include "embatch/consumable_resource.h"
#include "embatch/fields.h"
#include "embatch/resources.h"

namespace embatch {

// All that decides where a job may run. Jobs with equal requirements are of one
// requirement class: what is true of one of them on an instance or in an
// environment is true of all.
struct Requirement {
  Requirement() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): most need nothing else.
  Requirement(const Resources& needed) : resources(needed) {}

  Resources resources;
  // A multi-node job: its nodes, each of which has an instance to itself that
  // holds `resources`. 0: it is none.
  int32_t nodes = 0;
  std::string instance_type;  // of a multi-node job; empty: any
  // By name; most jobs need none.
  std::vector<ConsumableResourceRequirement> consumables;

  // A service job: what it takes of a service environment, by unit.
  std::vector<CapacityUsage> capacity_usage;

  bool is_service() const { return !capacity_usage.empty(); }
  // Of a service job: instances of whatever type.
  int64_t service_instances() const {
    int64_t instances = 0;
    for (const CapacityUsage& usage : capacity_usage) {
      instances += usage.quantity;
    }
    return instances;
  }

  // Whether an instance with this much room, whatever its type, has enough.
  bool FitsIn(const Resources& room) const { return resources.FitsIn(room); }

  bool AllowsType(absl::string_view type) const {
    return instance_type.empty() || instance_type == type;
  }
  // What counts as use of compute in a fair-share queue, at each placement.
  // Choice: AWS does not say how it weighs service jobs; an instance of theirs
  // counts as a vCPU.
  int64_t share_use_milli() const {
    return is_service() ? service_instances() * 1000 : resources.vcpu_milli;
  }
  int64_t total_vcpu_milli() const {
    if (is_service()) return share_use_milli();
    return nodes > 0 ? nodes * resources.vcpu_milli : resources.vcpu_milli;
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.resources, self.nodes, self.instance_type,
                 self.consumables, self.capacity_usage);
  }
};

}  // namespace embatch

#endif  // EMBATCH_MODEL_REQUIREMENT_H_
