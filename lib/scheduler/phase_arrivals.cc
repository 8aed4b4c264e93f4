// SPDX-License-Identifier: Apache-2.0
//
// Phase 3: SUBMITTED jobs are looked at for the first time, in the order of
// their submission.
#include "lib/jobs/dependencies.h"
#include "lib/jobs/reasons.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

void TurnRunner::RunArrivals() {
  while (!state_.arrivals.empty() && has_budget()) {
    FetchArrival();
    const uint32_t slot = state_.arrivals.front();
    state_.arrivals.pop_front();
    // An array that waits for nothing changes no status when it arrives.
    if (jobs_.record(slot).is_array()) --journal_.transitions_left;
    Arrive(slot);
  }
}

// Where there are many classes, what one of the next jobs will touch of its own
// is on its way.
void TurnRunner::FetchArrival() const {
  constexpr size_t kAhead = 4;
  if (state_.arrivals.size() <= kAhead) return;
  const JobRecord& record = jobs_.record(state_.arrivals[kAhead]);
  const QueueRecord& queue = state_.queues[record.queue];
  if (queue.kind == QueueKind::kFifo && queue.has_many_classes()) {
    FetchClass(record);
  }
}

// Source: §5.2, rows SUBMITTED. Choice: D5, D7, D70.
void TurnRunner::Arrive(uint32_t slot) {
  JobRecord& record = jobs_.record(slot);
  record.arrived = true;
  if (record.details.ended_by_caller() || record.dependency_failed ||
      IsInDeletedQueue({slot, -1})) {
    FailPending({slot, -1});
    return;
  }
  const bool waits =
      record.unmet > 0 || (record.is_array() && jobs_.array(slot).paired > 0);
  if (waits) {
    jobs_.Change({slot, -1}, JobTrigger::kDependenciesOutstanding, kNoReason,
                 now_ns_, journal_);
  }
  if (record.unmet == 0) {
    DependenciesMet(slot);
  } else if (record.is_array() && jobs_.array(slot).paired > 0) {
    // Children whose counterparts have failed already do not wait for the rest.
    // Source: §9.2.
    AddWork(WorkKind::kReleaseChildren, slot, 0);
  }
}

}  // namespace embatch
