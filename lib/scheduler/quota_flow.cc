// SPDX-License-Identifier: Apache-2.0
//
// What happens to jobs of quota shares outside of the cycle: their charges,
// being preempted, and the capacity that is held for those that preempt.
#include <algorithm>

#include "lib/jobs/reasons.h"
#include "lib/scheduler/quota_commands.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

// --- Charges ----------------------------------------------------------------

void TurnRunner::ChargeQuota(uint32_t live) {
  const JobRecord& record = jobs_.record(jobs_.live(live).job.slot);
  QuotaQueue& quota = *state_.queues[record.queue].quota;
  quota.ledger.Take(record.share,
                    QuotaNeedOf(quota, jobs_.requirement(record.requirement)));
  quota.shares[record.share].dispatched.Insert(live);
  ++quota.version;
}

void TurnRunner::DischargeQuota(uint32_t live) {
  const LiveAttempt& attempt = jobs_.live(live);
  const JobRecord& record = jobs_.record(attempt.job.slot);
  QuotaQueue& quota = *state_.queues[record.queue].quota;
  quota.ledger.Give(record.share,
                    QuotaNeedOf(quota, jobs_.requirement(record.requirement)));
  quota.shares[record.share].dispatched.Erase(live);
  ++quota.version;
  for (Earmark& earmark : quota.earmarks) {
    if (earmark.instance == attempt.instance) FillEarmark(earmark);
  }
}

// --- Jobs that come and go --------------------------------------------------

void TurnRunner::NoteRunnable(uint32_t slot, int32_t first, int32_t last) {
  QueueRecord& queue = state_.queues[jobs_.record(slot).queue];
  if (queue.kind != QueueKind::kQuotaShare) return;
  queue.quota->since.Set(slot, first, last, now_ns_);
}

// A job, or an array with all its children, is over.
void TurnRunner::ShareJobEnded(uint32_t slot) {
  const JobRecord& record = jobs_.record(slot);
  QueueRecord& queue = state_.queues[record.queue];
  if (queue.kind != QueueKind::kQuotaShare) return;
  queue.quota->since.Forget(slot);
  QuotaShareRecord& share = queue.quota->shares[record.share];
  --share.active;
  if (share.active == 0 && share.status == ResourceStatus::kDeleting) {
    FinishDeletion(*queue.quota, record.share);
  }
}

// Terminates the jobs of a share that is being deleted, in the order of their
// submission. item.slot: the queue; item.generation: the share.
bool TurnRunner::DeleteShare(const WorkItem& item) {
  QueueRecord& queue = state_.queues[item.slot];
  if (!queue.quota.has_value()) return true;
  QuotaShareRecord& share = queue.quota->shares[item.generation];
  if (share.status != ResourceStatus::kDeleting) return true;
  if (share.active == 0) {
    FinishDeletion(*queue.quota, item.generation);
    return true;
  }
  const TextIndex reason = jobs_.InternText(kQuotaShareDeleted);
  uint64_t sequence = jobs_.FirstActive(item.slot, share.deleted_before);
  for (; sequence != SequenceBitmap::kNone && has_budget();
       sequence = jobs_.FirstActive(item.slot, share.deleted_before)) {
    share.deleted_before = sequence + 1;
    const uint32_t slot = jobs_.SlotAt(item.slot, sequence);
    // Looking at a job takes room in the budget, as a transition does.
    --journal_.transitions_left;
    if (jobs_.record(slot).share != item.generation) continue;
    jobs_.SetRequest({slot, -1}, true, reason);
    AddWork(WorkKind::kEndRequested, slot);
  }
  jobs_.ReleaseText(reason);
  return sequence == SequenceBitmap::kNone;
}

// --- Preempted --------------------------------------------------------------

// Source: guide "Quota management"; §15.5, §21 (Preemption Started).
void TurnRunner::Preempt(uint32_t live, StopCause cause) {
  const JobKey job = jobs_.live(live).job;
  jobs_.EnsureDetails(job);  // an array's child needs some for the reason
  jobs_.Change(job, JobTrigger::kPreemptionStarted,
               cause == StopCause::kPreemptedAcross ? kPreemptingAcross
                                                    : kPreemptingInShare,
               now_ns_, journal_);
  StopAttempt(live, cause);
}

// However its container ended, the job makes room: it may have caught the
// signal and exited with 0. It waits again, or fails if it was preempted more
// often than it may be.
// Source: API ServiceJobPreemptionConfiguration, ServiceJobPreemptionSummary;
// §15.5, §21 (Preemption Completed).
void TurnRunner::EndPreempted(uint32_t live, const AttemptRecord& outcome) {
  const JobKey job = jobs_.live(live).job;
  const std::optional<int32_t> retries =
      jobs_.spec(jobs_.live(live).spec)
          .extras->preemption_retries_before_termination;
  jobs_.EndUncounted(live, outcome, /*preempted=*/true);
  const bool exhausted =
      retries.has_value() && jobs_.FindPreemptions(job)->preempted > *retries;
  if (exhausted || jobs_.IsEndedByCaller(job)) {
    jobs_.Change(job, JobTrigger::kAttemptFailed,
                 jobs_.IsEndedByCaller(job) ? jobs_.RequestReason(job)
                                            : outcome.status_reason,
                 outcome.stopped_ns, journal_);
    OnEnded(job);
    return;
  }
  jobs_.Change(job, JobTrigger::kPreempted, outcome.status_reason,
               outcome.stopped_ns, journal_);
  EnterLine(job);
}

// --- Earmarks ---------------------------------------------------------------

// Takes what is free for it on its instance, as far as it still needs more.
void TurnRunner::FillEarmark(Earmark& earmark) {
  if (!IsEarmarkGood(earmark) || earmark.instance == kNoIndex) return;
  const JobRecord& record = jobs_.record(earmark.job.slot);
  const Resources need = jobs_.requirement(record.requirement).resources;
  const Resources free = fleet_.instance(earmark.instance).free + earmark.held;
  Resources more;
  more.vcpu_milli = std::min(need.vcpu_milli, free.vcpu_milli);
  more.memory_mib = std::min(need.memory_mib, free.memory_mib);
  more.gpus = std::min(need.gpus, free.gpus);
  if (more == earmark.held) return;
  fleet_.Release(earmark.instance, earmark.held, now_ns_);
  fleet_.Place(earmark.instance, more);
  earmark.held = more;
}

bool TurnRunner::IsEnvironmentOf(const QueueRecord& queue,
                                 uint32_t environment) {
  return std::find(queue.environments.begin(), queue.environments.end(),
                   environment) != queue.environments.end();
}

// Whether the instance where room is held is there and takes jobs of the queue.
bool TurnRunner::IsEarmarkGood(const Earmark& earmark) const {
  if (earmark.instance == kNoIndex) return true;
  if (!fleet_.IsInstance(earmark.instance, earmark.generation)) return false;
  const InstanceRecord& instance = fleet_.instance(earmark.instance);
  const QueueRecord& queue =
      state_.queues[jobs_.record(earmark.job.slot).queue];
  return instance.state == InstanceState::kReady &&
         IsEnvironmentOf(queue, instance.environment) &&
         fleet_.environment(instance.environment).places_jobs();
}

// Whether the limits of its service environment were lowered below it.
bool TurnRunner::IsBeyondService(const Earmark& earmark) const {
  const JobRecord& record = jobs_.record(earmark.job.slot);
  const QueueRecord& queue = state_.queues[record.queue];
  return queue.is_for_services() &&
         !state_.service_environments[queue.service].capacity.MayEverFit(
             RequirementOf(earmark.job).capacity_usage);
}

void TurnRunner::BeginEarmark(QuotaQueue& quota, const Earmark& earmark) {
  quota.ledger.Hold(earmark.share, earmark.quota);
  quota.earmarks.push_back(earmark);
  ++quota.version;
  if (earmark.instance == kNoIndex) return;
  // As little as nothing, so that the instance counts as used.
  fleet_.Place(earmark.instance, Resources());
  FillEarmark(quota.earmarks.back());
}

void TurnRunner::DropEarmark(QuotaQueue& quota, JobKey job) {
  Earmark* earmark = quota.FindEarmark(job);
  if (earmark == nullptr) return;
  quota.ledger.Unhold(earmark->share, earmark->quota);
  if (earmark->instance != kNoIndex &&
      fleet_.IsInstance(earmark->instance, earmark->generation)) {
    fleet_.Release(earmark->instance, earmark->held, now_ns_);
    WatchIdle(earmark->instance);
  }
  quota.earmarks.erase(quota.earmarks.begin() +
                       (earmark - quota.earmarks.data()));
  ++quota.version;
}

void TurnRunner::DropBadEarmarks(QuotaQueue& quota) {
  for (size_t i = quota.earmarks.size(); i-- > 0;) {
    const Earmark& earmark = quota.earmarks[i];
    if (!IsEarmarkGood(earmark) || IsBeyondService(earmark) ||
        quota.ledger.Judge(earmark.share, earmark.quota) !=
            QuotaVerdict::kMayFit) {
      DropEarmark(quota, earmark.job);
    }
  }
}

}  // namespace embatch
