// SPDX-License-Identifier: Apache-2.0
//
// Where a multi-node parallel job can run: each of its nodes has an instance to
// itself, all in one environment, and all at once or not at all.
//
// Source: guide "Multi-node parallel jobs", "Compute environment
// considerations"; §12.2. Choice: D35; README.md states it in words.
#ifndef EMBATCH_CAPACITY_GANG_H_
#define EMBATCH_CAPACITY_GANG_H_

#include <cstdint>
#include <vector>

#include "lib/capacity/fleet.h"
#include "lib/capacity/why_not.h"
#include "lib/model/requirement.h"

namespace embatch {

// Whether the environment is of the kind that runs multi-node jobs: MANAGED and
// of On-Demand instances.
bool RunsNodes(const EnvironmentRecord& environment);

// Whether a node may have an instance of this type.
bool HoldsNode(const TypeRecord& type, const Requirement& need);

// The type to launch for all nodes: the best of those on offer, whether or not
// it is to be had just now. Fleet::kNone: none fits.
uint32_t TypeForNodes(const EnvironmentRecord& environment,
                      const Requirement& need);

// Whether the environment holds all nodes at once below its maxvCpus.
bool HoldsAllNodes(const EnvironmentRecord& environment, uint32_t type,
                   const Requirement& need);

// The instances for all nodes now, best first (D26); none if they are too few.
std::vector<uint32_t> FindNodes(const Fleet& fleet, uint32_t environment,
                                const Requirement& need);

// As WhyNotIn() and CanGrowFor().
WhyNot WhyNotNodesIn(const Fleet& fleet, uint32_t environment,
                     const Requirement& need, int64_t now_ns);
bool CanGrowForNodes(const Fleet& fleet, uint32_t environment,
                     const Requirement& need);

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_GANG_H_
