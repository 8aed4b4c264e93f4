// SPDX-License-Identifier: Apache-2.0
//
// Which instance type an environment launches: its allocation strategy.
//
// A candidate for a requirement is a type on offer on whose empty instance a
// job fits; a Spot type must cost less than the bid; and where maxvCpus is
// never passed, a type larger than that is none. The strategies are orders of
// the candidates, each total:
//
//   BEST_FIT, BEST_FIT_PROGRESSIVE    price per vCPU
//   SPOT_CAPACITY_OPTIMIZED           risk; deeper capacity; price per vCPU
//   SPOT_PRICE_CAPACITY_OPTIMIZED     band of risk; price per vCPU; risk;
//                                     deeper capacity
//
// and then, for all of them, fewer vCPUs, less memory, name. A band of risk is
// five per cent wide, as in EC2's Spot Instance Advisor; from 20 per cent on
// there is one.
// Source: API CRAllocationStrategy; guide "Allocation strategies" (§16.5).
// Choice: D45, D65; AWS does not say how price and risk are weighed.
#ifndef EMBATCH_CAPACITY_ALLOCATION_H_
#define EMBATCH_CAPACITY_ALLOCATION_H_

#include <cstdint>

#include "lib/capacity/fleet.h"
#include "lib/model/requirement.h"

namespace embatch {

bool IsCandidate(const EnvironmentRecord& environment, const TypeRecord& type,
                 const Requirement& need);

// The type to launch for a requirement now: the first candidate that is not
// left alone after a failure; with BEST_FIT the first candidate, or none as
// long as that one is left alone. Fleet::kNone: none.
// Choice: D71 with nothing needed.
uint32_t BestTypeFor(const EnvironmentRecord& environment,
                     const Requirement& need, int64_t now_ns);

// The type that would be launched if everything were to be had, at any price.
uint32_t TypeInDemand(const EnvironmentRecord& environment,
                      const Requirement& need);

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_ALLOCATION_H_
