// SPDX-License-Identifier: Apache-2.0
//
// The one place in the library where a job's status changes.
#include <algorithm>

#include "lib/base/check.h"
#include "lib/jobs/job_table.h"
#include "lib/jobs/reasons.h"

namespace embatch {

namespace {

// Writes a transition down, which takes one of those that are left.
inline void Note(Journal& journal, const JobId& job, JobStatus from,
                 JobStatus to, TextIndex reason, int attempts) {
  --journal.transitions_left;
  Event& event = journal.events.emplace_back();
  event.time_ns = journal.now_ns;
  event.job = job;
  event.reason = reason;
  event.attempt = static_cast<uint16_t>(attempts);
  event.from = from;
  event.to = to;
}

}  // namespace

void JobTable::ChangeJobOrNode(JobKey key, JobTrigger trigger, TextIndex reason,
                               int64_t at_ns, Journal& journal) {
  const JobStatus from = StatusOf(key);
  const std::optional<JobStatus> to = key.is_child()
                                          ? NextNodeStatus(from, trigger)
                                          : NextStatus(from, trigger);
  EMBATCH_CHECK(to.has_value());
  if (key.is_child()) {
    ChangeNode(key, *to, reason, at_ns);
  } else {
    ChangeJob(key.slot, *to, reason, at_ns);
  }
  Note(journal, IdOf(key), from, *to, reason, AttemptsOf(key));
}

void JobTable::ChangeJob(uint32_t slot, JobStatus to, TextIndex reason,
                         int64_t at_ns) {
  JobRecord& record = jobs_[slot];
  const JobStatus from = record.status;
  // Being found blocked is no change.
  const bool becomes_runnable =
      to == JobStatus::kRunnable && record.status != to;
  if (to != record.status) {
    QueueIndex& queue = queues_[record.queue];
    queue.by_status[static_cast<int>(record.status)].Erase(record.sequence);
    queue.by_status[static_cast<int>(to)].Insert(record.sequence);
    record.status = to;
  }
  SetText(record.details.status_reason, reason);
  if (IsTerminal(to) || becomes_runnable) record.details.stopped_ns = at_ns;
  // Choice: §5.3; a job that waits again shows no start.
  if (to == JobStatus::kRunnable) record.details.started_ns = kNoTime;
  if (record.has_nodes) FollowJob(slot, from, reason, at_ns);
}

// Of the child of an array.
void JobTable::ChangeChild(JobKey key, JobTrigger trigger, TextIndex reason,
                           int64_t at_ns, Journal& journal) {
  ArrayRecord& children = array(key.slot);
  ChildState& state = children.states.Mutable(key.child);
  const JobStatus from = state.status();
  const std::optional<JobStatus> to = NextStatus(from, trigger);
  EMBATCH_CHECK(to.has_value());
  --children.counts[static_cast<int>(from)];
  ++children.counts[static_cast<int>(*to)];
  state.set_status(*to);
  if (*to == JobStatus::kRunnable && from != JobStatus::kRunnable) {
    children.released_ns = at_ns;
  }
  if (IsTerminal(*to)) {
    children.last_stopped_ns = std::max(children.last_stopped_ns, at_ns);
  }
  int attempts = 0;
  if (state.cell() == CellKind::kOutcome) {
    attempts = 1;
  } else if (state.cell() == CellKind::kLive) {
    const LiveAttempt& attempt = live_[children.cells.Get(key.child).index()];
    attempts = attempt.number;
    if (attempt.details != kNoIndex) {
      ChangeDetails(attempt.details, from, *to, reason, at_ns);
    }
  } else if (state.cell() == CellKind::kDetails) {
    const uint32_t index = children.cells.Get(key.child).index();
    attempts = details_[index].attempts;
    ChangeDetails(index, from, *to, reason, at_ns);
  } else if (IsTerminal(*to)) {
    EndUntouchedChildren(key.slot, key.child, key.child + 1, reason, at_ns);
  } else if (reason != kNoReason) {
    SetText(EnsureDetails(key).status_reason, reason);
  }
  Note(journal, IdOf(key), from, *to, reason, attempts);
}

// The same for what is known of a child beside its status.
void JobTable::ChangeDetails(uint32_t index, JobStatus from, JobStatus to,
                             TextIndex reason, int64_t at_ns) {
  JobDetails& details = details_[index];
  SetText(details.status_reason, reason);
  const bool becomes_runnable = to == JobStatus::kRunnable && from != to;
  if (IsTerminal(to) || becomes_runnable) details.stopped_ns = at_ns;
  if (to == JobStatus::kRunnable) details.started_ns = kNoTime;
}

// A child that fails without having run keeps its reason in two bits, if it is
// one of three and came at the same time as for its siblings.
BulkReason JobTable::BulkReasonFor(uint32_t slot, TextIndex reason,
                                   int64_t at_ns) const {
  BulkReason bulk = BulkReason::kNone;
  if (reason == kDependentJobFailed) {
    bulk = BulkReason::kDependencyFailed;
  } else if (reason == kJobQueueDeleted) {
    bulk = BulkReason::kQueueDeleted;
  } else if (reason == jobs_[slot].details.request_reason) {
    bulk = BulkReason::kEndedByCaller;
  }
  const int64_t stopped_ns =
      array(slot).bulk_stopped_ns[static_cast<int>(bulk)];
  return stopped_ns == kNoTime || stopped_ns == at_ns ? bulk
                                                      : BulkReason::kNone;
}

// Children [first, last), which are all alike.
void JobTable::EndUntouchedChildren(uint32_t slot, int32_t first, int32_t last,
                                    TextIndex reason, int64_t at_ns) {
  ArrayRecord& children = array(slot);
  const BulkReason bulk = BulkReasonFor(slot, reason, at_ns);
  if (bulk != BulkReason::kNone) {
    children.bulk_stopped_ns[static_cast<int>(bulk)] = at_ns;
    ChildState state = children.states.Get(first);
    state.set_bulk_reason(bulk);
    children.states.Fill(first, last, state);
    return;
  }
  for (int32_t child = first; child < last; ++child) {
    JobDetails& details = EnsureDetails({slot, child});
    SetText(details.status_reason, reason);
    details.stopped_ns = at_ns;
  }
}

void JobTable::ChangeChildren(uint32_t slot, int32_t first, int32_t last,
                              JobTrigger trigger, TextIndex reason,
                              Journal& journal) {
  ArrayRecord& children = array(slot);
  ChildState state = children.states.Get(first);
  EMBATCH_DCHECK(children.states.EndOfRun(first, last) == last);
  const JobStatus from = state.status();
  const std::optional<JobStatus> to = NextStatus(from, trigger);
  EMBATCH_CHECK(to.has_value());
  state.set_status(*to);
  children.states.Fill(first, last, state);
  journal.transitions_left -=
      IsTerminal(*to) ? CostOfEnding(slot, last - first, reason, journal.now_ns)
                      : 1;
  if (IsTerminal(*to)) {
    children.last_stopped_ns =
        std::max(children.last_stopped_ns, journal.now_ns);
    EndUntouchedChildren(slot, first, last, reason, journal.now_ns);
  } else if (*to == JobStatus::kRunnable) {
    children.released_ns = journal.now_ns;
  }
  children.counts[static_cast<int>(from)] -= last - first;
  children.counts[static_cast<int>(*to)] += last - first;
  Event& event = journal.events.emplace_back();
  event.time_ns = journal.now_ns;
  event.job = IdOf({slot, first});
  event.reason = reason;
  event.count = static_cast<uint32_t>(last - first);
  event.from = from;
  event.to = *to;
}

int64_t JobTable::CostOfEnding(uint32_t slot, int32_t children,
                               TextIndex reason, int64_t at_ns) const {
  return BulkReasonFor(slot, reason, at_ns) == BulkReason::kNone ? children : 1;
}

void JobTable::SetReasonSilently(JobKey key, TextIndex reason) {
  if (reason == kNoReason && FindDetails(key) == nullptr) return;
  SetText(EnsureDetails(key).status_reason, reason);
}

}  // namespace embatch
