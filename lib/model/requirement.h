// SPDX-License-Identifier: Apache-2.0
#ifndef EMBATCH_MODEL_REQUIREMENT_H_
#define EMBATCH_MODEL_REQUIREMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
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

  // Whether an instance with this much room, whatever its type, has enough.
  bool FitsIn(const Resources& room) const { return resources.FitsIn(room); }

  bool AllowsType(absl::string_view type) const {
    return instance_type.empty() || instance_type == type;
  }
  int64_t total_vcpu_milli() const {
    return nodes > 0 ? nodes * resources.vcpu_milli : resources.vcpu_milli;
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.resources, self.nodes, self.instance_type,
                 self.consumables);
  }
};

}  // namespace embatch

#endif  // EMBATCH_MODEL_REQUIREMENT_H_
