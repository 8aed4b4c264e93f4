// SPDX-License-Identifier: Apache-2.0
//
// The nodes of a multi-node parallel job.
#ifndef EMBATCH_JOBS_NODES_RECORD_H_
#define EMBATCH_JOBS_NODES_RECORD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "embatch/fields.h"
#include "embatch/job.h"
#include "lib/jobs/records.h"

namespace embatch {

struct NodeRecord {
  JobDetails details;
  JobStatus status = JobStatus::kSubmitted;
  uint32_t live = kNoIndex;  // its running attempt
  uint32_t spec = 0;         // of its group

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.details, self.status, self.live, self.spec);
  }
};

// A multi-node job has at most a thousand nodes, and they all run at once: each
// has a record of its own from the beginning. The job itself keeps the story of
// its main node. Source: §12.3.
struct NodesRecord {
  int32_t main_node = 0;
  int32_t live = 0;         // nodes with an attempt under way
  bool is_expired = false;  // goes when the last node has stopped
  bool all_asked = false;   // the main node runs, or did: all may start
  // Where other nodes find the main node of the attempt under way.
  std::string main_node_address;
  StatusSummary counts{};  // nodes by status
  std::vector<NodeRecord> nodes;

  int32_t size() const { return static_cast<int32_t>(nodes.size()); }
  NodeRecord& at(int32_t index) { return nodes[static_cast<size_t>(index)]; }
  const NodeRecord& at(int32_t index) const {
    return nodes[static_cast<size_t>(index)];
  }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.main_node, self.live, self.is_expired, self.all_asked,
                 self.main_node_address, self.counts, self.nodes);
  }
};

}  // namespace embatch

#endif  // EMBATCH_JOBS_NODES_RECORD_H_
