// SPDX-License-Identifier: Apache-2.0
#include "lib/jobs/preemptions.h"

#include "lib/jobs/job_table.h"
#include "lib/jobs/reasons.h"
#include "lib/model/limits.h"

namespace embatch {

const PreemptionRecord* JobTable::FindPreemptions(JobKey key) const {
  const auto found = preemptions_.find({key.slot, key.child});
  return found == preemptions_.end() ? nullptr : &found->second;
}

int JobTable::UncountedAttempts(JobKey key) const {
  const PreemptionRecord* record = FindPreemptions(key);
  return record == nullptr ? 0 : record->uncounted;
}

// The job keeps its retry class, and so its place in line. Choice: §15.5.
void JobTable::EndUncounted(uint32_t live, AttemptRecord outcome,
                            bool preempted) {
  const LiveAttempt attempt = live_[live];
  const JobKey key = attempt.job;
  JobDetails& details = EnsureDetails(key);
  details.attempts = attempt.number;
  details.started_ns = attempt.started ? attempt.started_ns : kNoTime;
  if (key.is_child()) {
    ArrayRecord& children = array(key.slot);
    children.states.Mutable(key.child).set_cell(CellKind::kDetails);
    children.cells.Mutable(key.child) = ChildCell::Index(live_[live].details);
  } else {
    jobs_[key.slot].live = kNoIndex;
  }
  live_.Free(live);

  PreemptionRecord& record = preemptions_[{key.slot, key.child}];
  ++record.uncounted;
  if (!preempted) return;
  ++record.preempted;
  if (record.recent.size() == kRecentPreemptedAttemptsMax) {
    ReleaseText(record.recent.front().reason);
    ReleaseText(record.recent.front().status_reason);
    record.recent.erase(record.recent.begin());
  }
  AttemptRecord& entry = record.recent.emplace_back(outcome);
  entry.number = attempt.number;
  entry.instance_number = attempt.instance_number;
  entry.started_ns = attempt.started ? attempt.started_ns : kNoTime;
  entry.reason = entry.status_reason = kNoReason;
  SetText(entry.reason, outcome.reason);
  SetText(entry.status_reason, outcome.status_reason);
}

void JobTable::ForgetPreemptions(uint32_t slot) {
  if (preemptions_.empty()) return;
  const auto begin = preemptions_.lower_bound({slot, -1});
  auto end = begin;
  for (; end != preemptions_.end() && end->first.first == slot; ++end) {
    for (AttemptRecord& attempt : end->second.recent) {
      ReleaseText(attempt.reason);
      ReleaseText(attempt.status_reason);
    }
  }
  preemptions_.erase(begin, end);
}

}  // namespace embatch
