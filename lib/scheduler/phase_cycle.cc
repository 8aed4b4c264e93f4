// SPDX-License-Identifier: Apache-2.0
//
// Phase 5: the cycle over the queues.
//
// Source: §13.3, §13.4: queues in descending priority; in each strictly from
// the head; for each head the environments in order. Choice: D22, D41, D67.
#include "absl/strings/str_cat.h"
#include "lib/capacity/why_not.h"
#include "lib/jobs/reasons.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

void TurnRunner::RunCycle() {
  for (uint32_t queue : state_.queue_order) {
    if (!has_budget()) return;
    Serve(state_.queues[queue]);
  }
}

JobKey TurnRunner::Head(uint32_t queue) const {
  const std::optional<LinePlace> place = state_.queues[queue].line.Head();
  if (!place.has_value()) return JobKey();
  const uint32_t slot = jobs_.SlotAt(queue, place->sequence);
  if (!jobs_.record(slot).is_array()) return {slot, -1};
  return {slot, static_cast<int32_t>(
                    jobs_.array(slot).waiting[place->retry_class].First())};
}

void TurnRunner::Serve(QueueRecord& queue) {
  if (queue.status != ResourceStatus::kValid &&
      queue.status != ResourceStatus::kUpdating) {
    return;
  }
  const uint32_t index = static_cast<uint32_t>(&queue - state_.queues.data());
  uint64_t epoch = 0;
  for (uint32_t environment : queue.environments) {
    epoch += fleet_.environment(environment).epoch;
  }
  while (has_budget()) {
    const JobKey head = Head(index);
    if (!queue.blocked.is_null() && head != queue.blocked) {
      // Choice: D52, cleared silently when another job is head.
      if (jobs_.StatusOf(queue.blocked) == JobStatus::kRunnable) {
        jobs_.SetReasonSilently(queue.blocked, kNoReason);
      }
      queue.blocked = JobKey();
    }
    if (head.is_null()) return;
    // A head that did not fit need not be tried again before something that
    // could make it fit has changed. Placing a job only takes room away.
    if (head == queue.stuck && epoch == queue.stuck_epoch) return;
    if (!TryPlace(queue, head)) {
      queue.stuck = head;
      queue.stuck_epoch = epoch;
      return;
    }
  }
}

bool TurnRunner::TryPlace(QueueRecord& queue, JobKey head) {
  const Resources need =
      jobs_.requirement(jobs_.record(head.slot).requirement).resources;
  for (uint32_t environment : queue.environments) {
    if (!fleet_.environment(environment).places_jobs()) continue;
    const uint32_t instance = fleet_.BestFit(environment, need);
    if (instance != Fleet::kNone) {
      Place(head, environment, instance);
      return true;
    }
    // Choice: D22, wait for this one rather than spill over.
    if (CanGrowFor(fleet_, environment, need, now_ns_)) break;
  }
  MarkBlocked(queue, head, need);
  return false;
}

void TurnRunner::Place(JobKey job, uint32_t environment, uint32_t instance) {
  LeaveLine(job);
  const uint32_t live = jobs_.BeginAttempt(job);
  AddToInstance(live, instance);
  jobs_.Change(job, JobTrigger::kPlaced, kNoReason, now_ns_, journal_);
  Request request;
  request.kind = Request::Kind::kStart;
  request.environment = environment;
  request.live = live;
  request.container = ContainerOf(live);
  requests_.push_back(request);
}

// Source: §13.5. Choice: D33, D52; what only waits for running jobs has no
// reason.
void TurnRunner::MarkBlocked(QueueRecord& queue, JobKey head,
                             const Resources& need) {
  bool may_later = false;
  bool all_invalid = true;
  bool all_max_vcpus = true;
  bool no_capacity = false;
  bool unsure = false;
  absl::string_view type;
  for (uint32_t index : queue.environments) {
    const WhyNot why_not = WhyNotIn(fleet_, index, need, now_ns_);
    may_later |= why_not == WhyNot::kMayLater;
    all_invalid &= why_not == WhyNot::kInvalid;
    all_max_vcpus &= why_not == WhyNot::kMaxVcpus;
    unsure |= why_not == WhyNot::kUnknown || why_not == WhyNot::kDisabled;
    if (why_not != WhyNot::kNoCapacity || no_capacity) continue;
    no_capacity = true;
    const EnvironmentRecord& environment = fleet_.environment(index);
    // The type that would be launched if it were to be had.
    const uint32_t wanted =
        BestTypeFor(environment, need, kNanosInfiniteFuture);
    if (wanted != Fleet::kNone) type = environment.types[wanted].type.name;
  }
  TextIndex reason = kNoReason;
  bool counted = false;
  if (may_later) {
    reason = kNoReason;
  } else if (no_capacity) {
    reason = jobs_.InternText(absl::StrCat(
        "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the "
        "capacity requested for instance type [",
        type, "]"));
    counted = true;
  } else if (all_invalid) {
    reason = kBlockedInvalid;
  } else if (all_max_vcpus) {
    reason = kBlockedMaxResource;
  } else if (unsure) {
    reason = kBlockedUndetermined;
  } else {
    reason = kBlockedJobRequirement;
  }
  const JobDetails* details = jobs_.FindDetails(head);
  const TextIndex before =
      details == nullptr ? kNoReason : details->status_reason;
  if (reason == kNoReason) {
    jobs_.SetReasonSilently(head, kNoReason);
    queue.blocked = JobKey();
  } else {
    queue.blocked = head;
    if (reason != before) {
      jobs_.Change(head, JobTrigger::kBlocked, reason, now_ns_, journal_);
    }
  }
  if (counted) jobs_.ReleaseText(reason);
}

}  // namespace embatch
