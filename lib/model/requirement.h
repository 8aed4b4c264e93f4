// SPDX-License-Identifier: Apache-2.0
#ifndef EMBATCH_MODEL_REQUIREMENT_H_
#define EMBATCH_MODEL_REQUIREMENT_H_

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

  // Whether an instance with this much room, whatever its type, has enough.
  bool FitsIn(const Resources& room) const { return resources.FitsIn(room); }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.resources);
  }
};

}  // namespace embatch

#endif  // EMBATCH_MODEL_REQUIREMENT_H_
