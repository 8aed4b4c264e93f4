// SPDX-License-Identifier: Apache-2.0
#ifndef EMBATCH_JOBS_ARRAY_RECORD_H_
#define EMBATCH_JOBS_ARRAY_RECORD_H_

#include <array>
#include <cstdint>
#include <map>

#include "embatch/fields.h"
#include "embatch/job.h"
#include "lib/base/sequence_bitmap.h"
#include "lib/jobs/child_cells.h"
#include "lib/jobs/records.h"

namespace embatch {

// The children of an array job. While they wait a child costs a byte and the
// bit that says that it waits. They can be named from the submission on.
// Choice: D8.
struct ArrayRecord {
  int32_t size = 0;
  StatusSummary counts{};   // children by status
  bool sequential = false;  // child i waits for child i-1
  DependencyCondition sequential_condition = DependencyCondition::kSuccess;
  uint32_t paired = 0;  // N_TO_N dependencies that it was submitted with
  // In blocks of 64 KiB, or what a smaller array needs.
  LazyBlocks<ChildState, 16> states;
  LazyBlocks<ChildCell, 12> cells;
  // RUNNABLE children by retry class.
  std::array<SequenceBitmap, kRetryClasses> waiting;
  // When the children failed that never ran, by BulkReason; a child that failed
  // at another time has details.
  std::array<int64_t, kBulkReasonCount> bulk_stopped_ns = {kNoTime, kNoTime,
                                                           kNoTime, kNoTime};
  int64_t released_ns = kNoTime;      // when a child last became RUNNABLE
  int64_t last_stopped_ns = kNoTime;  // when the last child so far ended
  RecordList paired_dependents;       // edges N_TO_N on this array
  std::map<int32_t, RecordList> child_dependents;  // edges on one child

  // Has what LiveOf() reads in the caches soon.
  void FetchChild(int32_t child) const {
    states.Fetch(child);
    cells.Fetch(child);
  }
  // The running attempt of a child, or kNoIndex.
  uint32_t LiveOf(int32_t child) const {
    return states.Get(child).cell() == CellKind::kLive
               ? cells.Get(child).index()
               : kNoIndex;
  }

  int32_t ended() const {
    return counts[static_cast<int>(JobStatus::kSucceeded)] +
           counts[static_cast<int>(JobStatus::kFailed)];
  }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.size, self.counts, self.sequential,
                 self.sequential_condition, self.paired, self.states,
                 self.cells, self.waiting, self.bulk_stopped_ns,
                 self.released_ns, self.last_stopped_ns, self.paired_dependents,
                 self.child_dependents);
  }
};

}  // namespace embatch

#endif  // EMBATCH_JOBS_ARRAY_RECORD_H_
