// SPDX-License-Identifier: Apache-2.0
//
// Ranges of nodes: what they mean together.
// Source: API NodeRangeProperty.targetNodes; §12.1.
#ifndef EMBATCH_MODEL_NODE_RANGES_H_
#define EMBATCH_MODEL_NODE_RANGES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/node_properties.h"
#include "embatch/node_range.h"
#include "lib/model/job_spec.h"
#include "lib/model/limits.h"

namespace embatch {

// For each node the index of its range. kInvalidArgument: the ranges leave a
// node out, or overlap without one lying inside the other.
absl::StatusOr<std::vector<uint8_t>> RangeOfEachNode(
    const std::vector<NodeRange>& ranges, int32_t num_nodes);

// The rules of §12.1 for a definition. Its containers are checked as those of
// a definition that has them alone.
absl::Status CheckNodeProperties(const JobDefinitionOptions& options,
                                 LimitsProfile profile);

// As MakeJobSpec(), for a definition of type multinode.
absl::StatusOr<JobSpec> MakeMultiNodeSpec(const JobDefinition& definition,
                                          uint32_t definition_index,
                                          const SubmitJobRequest& request,
                                          const Limits& limits);

}  // namespace embatch

#endif  // EMBATCH_MODEL_NODE_RANGES_H_
