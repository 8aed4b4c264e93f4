// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/time_limits.h"

#include "absl/strings/str_cat.h"
#include "lib/base/time.h"
#include "lib/jobs/reasons.h"
#include "lib/model/validation.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

const JobStateTimeLimitAction* TimeLimitFor(const JobQueueOptions& options,
                                            absl::string_view status_reason) {
  const absl::string_view code = ReasonCode(status_reason);
  const JobStateTimeLimitAction* shortest = nullptr;
  for (const JobStateTimeLimitAction& entry :
       options.job_state_time_limit_actions) {
    if (ReasonCode(entry.reason) == code &&
        (shortest == nullptr || entry.max_time < shortest->max_time)) {
      shortest = &entry;
    }
  }
  return shortest;
}

void StopClock(State& state, QueueRecord& queue) {
  if (queue.clock == DeadlineQueue::kNoHandle) return;
  state.deadlines.Remove(queue.clock);
  queue.clock = DeadlineQueue::kNoHandle;
}

void SetClock(State& state, QueueRecord& queue) {
  StopClock(state, queue);
  const JobQueueOptions& options = queue.config.options();
  if (queue.blocked.is_null() || options.job_state_time_limit_actions.empty()) {
    return;
  }
  const JobDetails* details = state.jobs.FindDetails(queue.blocked);
  if (details == nullptr) return;
  const JobStateTimeLimitAction* limit =
      TimeLimitFor(options, state.jobs.Text(details->status_reason));
  if (limit == nullptr) return;
  const int64_t limit_ns = DurationToNanos(limit->max_time);
  queue.clock = state.deadlines.Add(
      SaturatingAdd(queue.blocked_since_ns, limit_ns), limit_ns,
      static_cast<uint8_t>(DeadlineKind::kStateTimeLimit),
      static_cast<uint64_t>(&queue - state.queues.data()), 0);
}

void TurnRunner::RestClock(QueueRecord& queue) {
  StopClock(state_, queue);
  queue.blocked_since_ns = 0;
  queue.probed = JobKey();
}

// Another job may have become head.
void TurnRunner::ForgetHead(QueueRecord& queue, JobKey head) {
  ForgetBlocked(queue.blocked, head);
  const bool runs = queue.clock != DeadlineQueue::kNoHandle;
  const bool stands = !queue.probed.is_null();
  if (queue.blocked.is_null() && (runs || (stands && queue.probed != head))) {
    RestClock(queue);
  }
}

// The head's reason has been looked at: it was `before` when `was` carried one,
// and is `reason` now. Where launches fail the reason goes while one is tried
// again: its clock stands still meanwhile, and goes on if that fails too.
// Choice: D34, D52; asking a provider once more is not the end of the cause.
void TurnRunner::UpdateClock(QueueRecord& queue, JobKey was, JobKey head,
                             TextIndex before, TextIndex reason, Held held) {
  if (reason == kNoReason) {
    const bool may_grow = held == Held::kMayGrow;
    if (may_grow && queue.probed == head) return;
    const bool launches_fail = before >= kFixedTexts.size() ||
                               before == kBlockedConfiguration ||
                               before == kBlockedPermissions;
    if (!may_grow || was != head || !launches_fail) {
      RestClock(queue);
      return;
    }
    StopClock(state_, queue);
    queue.probed = head;
    queue.probed_reason = BlockedBit(before);
    return;
  }
  if (reason == before && was == head) return;
  if (queue.probed != head || queue.probed_reason != BlockedBit(reason)) {
    queue.blocked_since_ns = now_ns_;
  }
  queue.probed = JobKey();
  SetClock(state_, queue);
}

// Source: §13.5, §5.2 for the texts; the flag is that of the action. Choice:
// D60, the clock beats room that appears at the same moment: deadlines come
// before the cycle.
void TurnRunner::EndByTimeLimit(QueueRecord& queue) {
  queue.clock = DeadlineQueue::kNoHandle;
  const JobKey job = queue.blocked;
  const absl::string_view why =
      jobs_.Text(jobs_.FindDetails(job)->status_reason);
  const bool terminate = TimeLimitFor(queue.config.options(), why)->action ==
                         TimeLimitAction::kTerminate;
  const TextIndex reason = jobs_.InternText(absl::StrCat(
      terminate ? "Terminated" : "Canceled",
      " by JobStateTimeLimit action due to reason: ", ReasonCode(why)));
  LeaveLine(job);
  jobs_.SetRequest(job, terminate, reason);
  Fail(job, JobTrigger::kStateTimeLimit, reason);
  jobs_.ReleaseText(reason);
}

}  // namespace embatch
