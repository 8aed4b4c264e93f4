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

// Where there are many classes, or shares, what one of the next jobs will touch
// of its own is on its way.
void TurnRunner::FetchArrival() const {
  constexpr size_t kOfShare = 6;
  constexpr size_t kAhead = 4;
  constexpr size_t kOfClass = 2;
  if (state_.arrivals.size() <= kOfShare) return;
  const JobRecord& record = jobs_.record(state_.arrivals[kAhead]);
  const QueueRecord& queue = state_.queues[record.queue];
  if (queue.kind == QueueKind::kFifo && queue.has_many_classes()) {
    FetchClass(record);
    // And before that, what it takes to find it.
    const JobRecord& later = jobs_.record(state_.arrivals[kOfShare]);
    if (later.queue == record.queue) queue.line.FetchToFind(later.requirement);
  }
  if (queue.kind != QueueKind::kFairShare) return;
  // Each step finds its address in what the one before it fetched.
  const auto record_at = [this](size_t i) -> const JobRecord& {
    return jobs_.record(state_.arrivals[i]);
  };
  const auto line_of = [this](const JobRecord& job) -> const WaitingLine& {
    return state_.queues[job.queue].fair_share.line(job.share);
  };
  if (record_at(kOfShare).queue == record.queue) {
    line_of(record_at(kOfShare)).Fetch();
  }
  line_of(record).FetchLast();
  line_of(record).FetchClass(record.requirement);
  const JobRecord& next = record_at(kOfClass);
  if (next.queue == record.queue) {
    line_of(next).FetchLastOfClass(next.requirement);
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
