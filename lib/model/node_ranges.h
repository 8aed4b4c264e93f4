// SPDX-License-Identifier: Apache-2.0
//
// Ranges of nodes, as texts such as "0:3", and what they mean together.
// Source: API NodeRangeProperty.targetNodes; §12.1.
#ifndef EMBATCH_MODEL_NODE_RANGES_H_
#define EMBATCH_MODEL_NODE_RANGES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/node_properties.h"
#include "lib/model/job_spec.h"
#include "lib/model/limits.h"

namespace embatch {

// Both ends belong to it.
struct NodeRange {
  int32_t first = 0;
  int32_t last = 0;
  bool is_open = false;  // it goes to the last node, however many there are

  int32_t size() const { return last - first + 1; }
  bool Contains(const NodeRange& other) const {
    return first <= other.first && other.last <= last;
  }
};

// What `text` means where there are so many nodes. kInvalidArgument, without
// the member's name: it is no range.
absl::StatusOr<NodeRange> ParseNodeRange(absl::string_view text,
                                         int32_t num_nodes);

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
