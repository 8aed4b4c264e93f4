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

void StopClock(State& state, BlockedHead& head) {
  if (head.clock == DeadlineQueue::kNoHandle) return;
  state.deadlines.Remove(head.clock);
  head.clock = DeadlineQueue::kNoHandle;
}

void SetClock(State& state, const QueueRecord& queue, uint32_t share,
              BlockedHead& head) {
  StopClock(state, head);
  const JobQueueOptions& options = queue.config.options();
  if (head.job.is_null() || options.job_state_time_limit_actions.empty()) {
    return;
  }
  const JobDetails* details = state.jobs.FindDetails(head.job);
  if (details == nullptr) return;
  const JobStateTimeLimitAction* limit =
      TimeLimitFor(options, state.jobs.Text(details->status_reason));
  if (limit == nullptr) return;
  const int64_t limit_ns = DurationToNanos(limit->max_time);
  head.clock = state.deadlines.Add(
      SaturatingAdd(head.since_ns, limit_ns), limit_ns,
      static_cast<uint8_t>(DeadlineKind::kStateTimeLimit),
      static_cast<uint64_t>(&queue - state.queues.data()), share);
}

void SetClocks(State& state, QueueRecord& queue) {
  SetClock(state, queue, kNoIndex, queue.blocked);
  if (!queue.quota.has_value()) return;
  for (uint32_t share : queue.quota->order) {
    SetClock(state, queue, share, queue.quota->shares[share].blocked);
  }
}

void StopClocks(State& state, QueueRecord& queue) {
  StopClock(state, queue.blocked);
  queue.blocked.probed = JobKey();
  if (!queue.quota.has_value()) return;
  for (QuotaShareRecord& share : queue.quota->shares) {
    StopClock(state, share.blocked);
    share.blocked.probed = JobKey();
  }
}

absl::Status CheckTimeLimitActions(const JobQueueOptions& options,
                                   QueueKind kind) {
  if (kind == QueueKind::kQuotaShare ||
      !options.service_environment_order.empty()) {
    return absl::OkStatus();
  }
  for (const JobStateTimeLimitAction& entry :
       options.job_state_time_limit_actions) {
    if (entry.action != TimeLimitAction::kTerminate) continue;
    return absl::InvalidArgumentError(
        "job_state_time_limit_actions.action is TERMINATE; must be CANCEL in a "
        "queue with compute environments and without quota shares");
  }
  return absl::OkStatus();
}

void TurnRunner::RestClock(BlockedHead& head) {
  StopClock(state_, head);
  head.since_ns = 0;
  head.probed = JobKey();
}

// Another job may have become head.
void TurnRunner::ForgetHead(BlockedHead& blocked, JobKey head) {
  ForgetBlocked(blocked, head);
  const bool runs = blocked.clock != DeadlineQueue::kNoHandle;
  const bool stands = !blocked.probed.is_null();
  if (blocked.job.is_null() && (runs || (stands && blocked.probed != head))) {
    RestClock(blocked);
  }
}

// The head's reason has been looked at: it was `before` when `was` carried one,
// and is `reason` now. Where launches fail the reason goes while one is tried
// again: its clock stands still meanwhile, and goes on if that fails too.
// Choice: D34, D52; asking a provider once more is not the end of the cause.
void TurnRunner::UpdateClock(QueueRecord& queue, uint32_t share,
                             BlockedHead& blocked, const HeadBefore& was,
                             JobKey head, TextIndex reason, Held held) {
  if (reason != kBlockedServiceCapacity) {
    // It waits for room now, and no longer for a service.
    const auto service = state_.service_jobs.find(head.slot);
    if (service != state_.service_jobs.end()) {
      service->second.no_capacity_since_ns = kNoTime;
    }
  }
  if (reason == kNoReason) {
    const bool may_grow = held == Held::kMayGrow;
    if (may_grow && blocked.probed == head) return;
    const bool launches_fail = was.reason >= kFixedTexts.size() ||
                               was.reason == kBlockedConfiguration ||
                               was.reason == kBlockedPermissions;
    if (!may_grow || was.job != head || !launches_fail) {
      RestClock(blocked);
      return;
    }
    StopClock(state_, blocked);
    blocked.probed = head;
    blocked.probed_reason = BlockedBit(was.reason);
    return;
  }
  if (reason == was.reason && was.job == head) return;
  if (blocked.probed != head || blocked.probed_reason != BlockedBit(reason)) {
    blocked.since_ns = now_ns_;
    // Source: §19, the time in SCHEDULED counts.
    if (reason == kBlockedServiceCapacity) {
      const int64_t since_ns =
          state_.service_jobs[head.slot].no_capacity_since_ns;
      if (since_ns != kNoTime) blocked.since_ns = since_ns;
    }
  }
  blocked.probed = JobKey();
  SetClock(state_, queue, share, blocked);
}

// The head of a line can't start for this reason, which is counted once for the
// caller; kNoReason: none is certain.
void TurnRunner::NoteBlocked(QueueRecord& queue, uint32_t share,
                             BlockedHead& blocked, JobKey head,
                             TextIndex reason, Held held) {
  const JobDetails* details = jobs_.FindDetails(head);
  const HeadBefore was = {
      blocked.job, details == nullptr ? kNoReason : details->status_reason};
  TellBlocked(blocked, head, reason);
  UpdateClock(queue, share, blocked, was, head, reason, held);
  jobs_.ReleaseText(reason);
}

// Source: §13.5, §15.6, §5.2 for the texts; the flag is that of the action.
// Choice: D60, the clock beats room that appears at the same moment: deadlines
// come before the cycle.
void TurnRunner::EndByTimeLimit(QueueRecord& queue, uint32_t share) {
  BlockedHead& blocked =
      share == kNoIndex ? queue.blocked : queue.quota->shares[share].blocked;
  blocked.clock = DeadlineQueue::kNoHandle;
  const JobKey job = blocked.job;
  const absl::string_view why =
      jobs_.Text(jobs_.FindDetails(job)->status_reason);
  const bool terminate = TimeLimitFor(queue.config.options(), why)->action ==
                         TimeLimitAction::kTerminate;
  const TextIndex reason = jobs_.InternText(absl::StrCat(
      terminate ? "Terminated" : "Canceled",
      " by JobStateTimeLimit action due to reason: ", ReasonCode(why)));
  LeaveLine(job);
  // Choice: D57, whoever ended it before, unheard so far, was the first.
  const TextIndex said =
      jobs_.IsEndedByCaller(job) ? jobs_.RequestReason(job) : reason;
  jobs_.SetRequest(job, terminate, reason);
  Fail(job, JobTrigger::kStateTimeLimit, said);
  jobs_.ReleaseText(reason);
}

}  // namespace embatch
