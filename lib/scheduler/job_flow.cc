// SPDX-License-Identifier: Apache-2.0
//
// What several phases do with jobs: standing in line and leaving it, failing
// before the start, attempts and the instances they run on.
#include "lib/jobs/dependencies.h"
#include "lib/jobs/reasons.h"
#include "lib/jobs/retry.h"
#include "lib/model/limits.h"
#include "lib/scheduler/shares.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

void TurnRunner::AddWork(WorkKind kind, uint32_t slot, int32_t first,
                         int32_t last) {
  WorkItem& item = state_.work.emplace_back();
  item.kind = kind;
  item.slot = slot;
  item.generation = jobs_.IdOf({slot, -1}).generation;
  item.first = first;
  item.last = last;
}

// --- In line --------------------------------------------------------------

// Source: API JobDefinition.schedulingPriority. Choice: D63, it means nothing
// in a queue without shares.
LinePlace TurnRunner::PlaceOf(const JobRecord& record, int retry_class) const {
  LinePlace place{retry_class, record.sequence};
  if (state_.queues[record.queue].kind != QueueKind::kFifo) {
    place.priority = jobs_.spec(record.spec).scheduling_priority;
  }
  return place;
}

void TurnRunner::AddWaiting(const JobRecord& record, int64_t jobs) {
  LineOf(record).AddJobs(record.requirement, jobs);
  QueueRecord& queue = state_.queues[record.queue];
  queue.waiting += jobs;
  ++queue.changes;
}

// Choice: a job's timeout is the estimate of its run time.
DispatchIndex::Class TurnRunner::ClassOf(const JobRecord& record) const {
  DispatchIndex::Class result;
  result.requirement = record.requirement;
  result.need = jobs_.requirement(record.requirement).resources;
  const std::optional<JobTimeout>& timeout = jobs_.spec(record.spec).timeout;
  if (timeout.has_value()) {
    result.estimate_ns = DurationToNanos(timeout->attempt_duration);
  }
  return result;
}

void TurnRunner::EnterPlace(const JobRecord& record, int retry_class) {
  const LinePlace place = PlaceOf(record, retry_class);
  const uint32_t number = LineOf(record).Enter(place, record.requirement);
  QueueRecord& queue = state_.queues[record.queue];
  if (queue.is_strict()) return;
  queue.index.Enter(place, number, ClassOf(record));
}

void TurnRunner::LeavePlace(const JobRecord& record, int retry_class) {
  const LinePlace place = PlaceOf(record, retry_class);
  const uint32_t number = LineOf(record).Leave(place, record.requirement);
  QueueRecord& queue = state_.queues[record.queue];
  if (queue.is_strict()) return;
  queue.index.Leave(place, number, ClassOf(record));
}

void TurnRunner::EnterLine(JobKey job) {
  const JobRecord& record = jobs_.record(job.slot);
  const int retry_class = jobs_.RetryClassOf(job);
  if (retry_class == kRetriedClass) {
    state_.queues[record.queue].moved_ns = now_ns_;
  }
  if (job.is_child()) {
    SequenceBitmap& waiting = jobs_.array(job.slot).waiting[retry_class];
    if (waiting.empty()) EnterPlace(record, retry_class);
    waiting.Insert(static_cast<uint64_t>(job.child));
  } else {
    EnterPlace(record, retry_class);
  }
  AddWaiting(record, 1);
  if (record.share != kNoIndex) {
    NoteRunnable(job.slot, job.child, job.child + 1);
  }
}

void TurnRunner::LeaveLine(JobKey job) {
  const JobRecord& record = jobs_.record(job.slot);
  QueueRecord& queue = state_.queues[record.queue];
  const int retry_class = jobs_.RetryClassOf(job);
  if (job.is_child()) {
    SequenceBitmap& waiting = jobs_.array(job.slot).waiting[retry_class];
    waiting.Erase(static_cast<uint64_t>(job.child));
    if (waiting.empty()) LeavePlace(record, retry_class);
  } else {
    LeavePlace(record, retry_class);
  }
  AddWaiting(record, -1);
  queue.moved_ns = now_ns_;
  // What is remembered of a head must not outlive its standing in line.
  if (queue.stuck == job) queue.stuck = JobKey();
  BlockedHead& blocked = queue.quota.has_value()
                             ? queue.quota->shares[record.share].blocked
                             : queue.blocked;
  if (blocked.job == job || blocked.probed == job) {
    blocked.job = JobKey();
    RestClock(blocked);
  }
  if (queue.quota.has_value()) DropEarmark(*queue.quota, job);
}

// --- Released -------------------------------------------------------------

// Nothing that the whole job waits for is outstanding.
void TurnRunner::DependenciesMet(uint32_t slot) {
  JobRecord& record = jobs_.record(slot);
  if (record.details.ended_by_caller()) {
    FailPending({slot, -1});
  } else if (record.is_array()) {
    record.released = true;
    AddWork(WorkKind::kReleaseChildren, slot, 0);
  } else {
    jobs_.Change({slot, -1}, JobTrigger::kDependenciesMet, kNoReason, now_ns_,
                 journal_);
    EnterLine({slot, -1});
  }
}

// Lets a PENDING child go on, if its dependencies are all met; fails it if one
// of them failed.
void TurnRunner::ReleaseChild(JobKey child) {
  if (jobs_.StatusOf(child) != JobStatus::kPending) return;
  switch (ReadinessOf(jobs_, child)) {
    case ChildReadiness::kWaits:
      return;
    case ChildReadiness::kDependencyFailed:
      FailPending(child);
      return;
    case ChildReadiness::kReady:
      break;
  }
  if (jobs_.IsEndedByCaller(child)) {
    FailPending(child);
    return;
  }
  jobs_.Change(child, JobTrigger::kDependenciesMet, kNoReason, now_ns_,
               journal_);
  EnterLine(child);
  AfterChildRunnable(child.slot);
}

// Source: §8.2, the parent is PENDING once a child became RUNNABLE.
void TurnRunner::AfterChildRunnable(uint32_t slot) {
  if (jobs_.record(slot).status != JobStatus::kSubmitted) return;
  if (has_budget()) {
    jobs_.Change({slot, -1}, JobTrigger::kChildRunnable, kNoReason, now_ns_,
                 journal_);
  } else {
    AddWork(WorkKind::kChildRunnable, slot);
  }
}

// The same for untouched children [first, last) that nothing holds back.
void TurnRunner::ReleaseUntouched(uint32_t slot, int32_t first, int32_t last) {
  const JobRecord& record = jobs_.record(slot);
  SequenceBitmap& waiting = jobs_.array(slot).waiting[kFirstClass];
  jobs_.ChangeChildren(slot, first, last, JobTrigger::kDependenciesMet,
                       kNoReason, journal_);
  if (waiting.empty()) EnterPlace(record, kFirstClass);
  waiting.InsertRange(static_cast<uint64_t>(first),
                      static_cast<uint64_t>(last));
  AddWaiting(record, last - first);
  if (record.share != kNoIndex) NoteRunnable(slot, first, last);
  AfterChildRunnable(slot);
}

// --- Failed before the start ----------------------------------------------

// A deleted queue goes before the caller's wish, whose reason goes before a
// dependency's failure (§10).
TurnRunner::Ending TurnRunner::EndingOf(JobKey job) const {
  if (IsInDeletedQueue(job)) {
    return {JobTrigger::kQueueDeleted, kJobQueueDeleted};
  }
  if (jobs_.IsEndedByCaller(job)) {
    return {JobTrigger::kEndedByCaller, jobs_.RequestReason(job)};
  }
  return {JobTrigger::kDependencyFailed, kDependentJobFailed};
}

// A SUBMITTED or PENDING job will never run.
void TurnRunner::FailPending(JobKey job) {
  JobRecord& record = jobs_.record(job.slot);
  if (!job.is_child() && record.is_array()) {
    AddWork(WorkKind::kFailChildren, job.slot, 0, jobs_.array(job.slot).size);
    return;
  }
  FailWaiting(job);
}

void TurnRunner::FailWaiting(JobKey job) {
  const Ending ending = EndingOf(job);
  Fail(job, ending.trigger, ending.reason);
}

void TurnRunner::Fail(JobKey job, JobTrigger trigger, TextIndex reason) {
  jobs_.Change(job, trigger, reason, now_ns_, journal_);
  OnEnded(job);
}

void TurnRunner::OnEnded(JobKey job) {
  if (job.is_child()) {
    OnChildrenEnded(job.slot, job.child, job.child + 1);
  } else {
    EndShareJob(state_, jobs_.record(job.slot));
    AddWork(WorkKind::kJobEnded, job.slot);
    if (jobs_.record(job.slot).share != kNoIndex) ShareJobEnded(job.slot);
  }
}

// Most children end without consequences.
void TurnRunner::OnChildrenEnded(uint32_t slot, int32_t first, int32_t last) {
  const ArrayRecord& array = jobs_.array(slot);
  if (array.sequential || !array.paired_dependents.empty() ||
      !array.child_dependents.empty() || array.ended() == array.size) {
    AddWork(WorkKind::kChildrenEnded, slot, first, last);
  }
}

// --- Attempts -------------------------------------------------------------

ContainerId TurnRunner::ContainerOf(uint32_t live) const {
  const LiveAttempt& attempt = jobs_.live(live);
  return {{jobs_.IdOf(attempt.job), attempt.number}, 0};
}

void TurnRunner::SetDeadline(uint32_t live, DeadlineKind kind,
                             absl::Duration after, int64_t from_ns) {
  const int64_t after_ns = DurationToNanos(after);
  jobs_.live(live).deadline = state_.deadlines.Add(
      SaturatingAdd(from_ns, after_ns), after_ns, static_cast<uint8_t>(kind),
      live, jobs_.LiveGeneration(live));
}

void TurnRunner::ClearDeadline(uint32_t live) {
  DeadlineQueue::Handle& deadline = jobs_.live(live).deadline;
  if (deadline == DeadlineQueue::kNoHandle) return;
  state_.deadlines.Remove(deadline);
  deadline = DeadlineQueue::kNoHandle;
}

// Source: §7, §10: a polite signal, the stopTimeout (30 seconds, if a container
// has none of its own), a hard one. Choice: D56, an
// attempt that has not started ends at once; D57, the first cause stays.
void TurnRunner::StopAttempt(uint32_t live, StopCause cause) {
  LiveAttempt& attempt = jobs_.live(live);
  if (attempt.stop != StopCause::kNone) return;
  attempt.stop = cause;
  // Asking for it costs about what a transition does.
  --journal_.transitions_left;
  absl::Duration grace = kStopTimeoutDefault;
  // Choice: containers that are being stopped because another one has ended
  // are not asked twice, and get no more time.
  const bool is_ending =
      attempt.task != kNoIndex && jobs_.task(attempt.task).is_ending();
  if (attempt.is_service()) {
    grace = kServiceStopTimeout;
    RequestServiceStop(live);
  } else if (attempt.task != kNoIndex) {
    if (!is_ending) grace = StopContainers(live);
  } else if (!attempt.is_node || IsNodeAsked(live)) {
    Request request;
    request.kind = Request::Kind::kStop;
    request.environment = attempt.environment;
    request.container = ContainerOf(live);
    request.grace = grace;
    requests_.push_back(request);
  }
  if (!attempt.started) {
    if (attempt.is_service()) {
      EndServiceAttempt(live, now_ns_, std::nullopt, kNoReason);
    } else {
      EndAttempt(live, now_ns_, std::nullopt, kNoReason, kNoReason);
    }
    return;
  }
  if (attempt.is_node) {
    fleet_.Close(attempt.instance);
    if (jobs_.record(attempt.job.slot).live == live) {
      AddWork(WorkKind::kStopNodes, attempt.job.slot, 0);
    }
  }
  if (is_ending) return;
  ClearDeadline(live);
  SetDeadline(live, DeadlineKind::kStopOverdue, grace + kStopMargin, now_ns_);
}

// `reason` is the container's, `status_reason` what the attempt ended with if
// it was not being stopped. Source: §5.2, §6.2. Choice: D21, D56.
void TurnRunner::EndAttempt(uint32_t live, int64_t at_ns,
                            std::optional<int> exit_code, TextIndex reason,
                            TextIndex status_reason) {
  AttemptRecord outcome;
  outcome.stopped_ns = at_ns;
  outcome.reason = reason;
  outcome.status_reason = status_reason;
  outcome.has_exit_code = exit_code.has_value();
  outcome.exit_code = exit_code.value_or(0);
  LiveAttempt& attempt = jobs_.live(live);
  if (attempt.is_node) {
    EndNode(live, outcome);
    return;
  }
  const JobKey job = attempt.job;
  attempt.stop = CauseOf(attempt);
  outcome.status_reason = StoppedReason(attempt, status_reason);
  const bool succeeded = attempt.stop == StopCause::kNone &&
                         exit_code.has_value() && *exit_code == 0;
  const bool retry = !succeeded && IsRetryDueFor(attempt, outcome);
  ClearDeadline(live);
  Discharge(live);
  if (IsPreemption(attempt.stop)) {
    EndPreempted(live, outcome);
    return;
  }
  jobs_.EndAttempt(live, &outcome, !retry);
  if (retry) {
    jobs_.Change(job, JobTrigger::kRetry, kNoReason, at_ns, journal_);
    EnterLine(job);
    return;
  }
  jobs_.Change(
      job,
      succeeded ? JobTrigger::kAttemptSucceeded : JobTrigger::kAttemptFailed,
      outcome.status_reason, at_ns, journal_);
  OnEnded(job);
}

// Why an attempt that ends was stopped, if it was; or was to be, and ended
// before it came to that.
StopCause TurnRunner::CauseOf(const LiveAttempt& attempt) const {
  if (attempt.stop != StopCause::kNone && !IsPreemption(attempt.stop) &&
      attempt.stop != StopCause::kHostTerminated) {
    return attempt.stop;
  }
  if (jobs_.IsTerminatedByCaller(attempt)) return StopCause::kTerminated;
  if (IsInDeletedQueue(attempt.job)) return StopCause::kQueueDeleted;
  return attempt.stop;
}

// The statusReason of an attempt that ends; `otherwise` if nobody stopped it.
TextIndex TurnRunner::StoppedReason(const LiveAttempt& attempt,
                                    TextIndex otherwise) const {
  switch (attempt.stop) {
    case StopCause::kNone:
      return otherwise;
    case StopCause::kTerminated:
      return jobs_.RequestReason(attempt.job);
    case StopCause::kTimedOut:
      return kAttemptTimedOut;
    case StopCause::kQueueDeleted:
      return kJobQueueDeleted;
    case StopCause::kWithMainNode:
      return kMainNodeExited;
    case StopCause::kHostTerminated:
      return HostTerminated(attempt.instance);
    case StopCause::kPreemptedAcross:
      return kPreemptedAcrossShares;
    case StopCause::kPreemptedInShare:
      return kPreemptedInOwnShare;
  }
  return otherwise;
}

bool TurnRunner::IsRetryDueFor(const LiveAttempt& attempt,
                               const AttemptRecord& outcome) const {
  // With preemptions, which don't count as attempts, there may be more of them
  // than their numbers can tell apart.
  if (attempt.number == kLastAttempt) return false;
  std::optional<int> exit_code;
  if (outcome.has_exit_code) exit_code = outcome.exit_code;
  return IsRetryDue(jobs_.spec(attempt.spec).retry_strategy,
                    attempt.number - jobs_.UncountedAttempts(attempt.job),
                    attempt.stop, jobs_.IsEndedByCaller(attempt.job),
                    {jobs_.Text(outcome.status_reason),
                     jobs_.Text(outcome.reason), exit_code});
}

// --- What an attempt takes --------------------------------------------------

// Books all that an attempt takes while it is STARTING or RUNNING, on the
// instance where it is placed; Discharge() gives it back when it is over.
void TurnRunner::Charge(uint32_t live, uint32_t instance) {
  AddToInstance(live, instance);
  const JobRecord& record = jobs_.record(jobs_.live(live).job.slot);
  if (record.share != kNoIndex) UseShare(live, 1);
  // Choice: §18, what all nodes need goes with the main node, as the job does.
  const LiveAttempt& attempt = jobs_.live(live);
  if (attempt.is_node &&
      attempt.job.child != jobs_.nodes(attempt.job.slot).main_node) {
    return;
  }
  const Consumables::Needs& needs =
      jobs_.requirement(record.requirement).consumables;
  // Source: §18, locked on STARTING.
  if (!needs.empty()) state_.consumables.Take(live, needs);
}

void TurnRunner::Discharge(uint32_t live) {
  if (jobs_.live(live).is_service()) {
    DischargeService(live);
    return;
  }
  TakeFromInstance(live);
  if (jobs_.record(jobs_.live(live).job.slot).share != kNoIndex) {
    UseShare(live, -1);
  }
  // Choice: D30, at the end of each attempt.
  if (state_.consumables.is_any_held()) state_.consumables.GiveBack(live);
}

// Source: §14.2, the vCPUs that were asked for, from STARTING on.
void TurnRunner::UseShare(uint32_t live, int64_t times) {
  const LiveAttempt& attempt = jobs_.live(live);
  const JobRecord& record = jobs_.record(attempt.job.slot);
  QueueRecord& queue = state_.queues[record.queue];
  if (queue.kind == QueueKind::kFifo) return;
  if (queue.kind == QueueKind::kQuotaShare) {
    times > 0 ? ChargeQuota(live) : DischargeQuota(live);
    return;
  }
  const Requirement& need = jobs_.requirement(record.requirement);
  queue.fair_share.Use(record.share, times * need.share_use_milli(), now_ns_);
}

// --- Attempts on instances --------------------------------------------------

// A node has its whole instance. Source: guide "Multi-node parallel jobs".
const Resources& TurnRunner::TakenBy(const LiveAttempt& attempt) const {
  return attempt.is_node ? fleet_.instance(attempt.instance).total
                         : jobs_.spec(attempt.spec).resources;
}

void TurnRunner::AddToInstance(uint32_t live, uint32_t slot) {
  InstanceRecord& instance = fleet_.instance(slot);
  LiveAttempt& attempt = jobs_.live(live);
  attempt.started_ns = now_ns_;
  attempt.environment = instance.environment;
  attempt.instance = slot;
  attempt.instance_number = instance.number;
  attempt.behind = instance.first_attempt;
  if (attempt.behind != kNoIndex) jobs_.live(attempt.behind).before = live;
  instance.first_attempt = live;
  UnwatchIdle(slot);
  fleet_.Place(slot, TakenBy(attempt));
}

void TurnRunner::TakeFromInstance(uint32_t live) {
  const LiveAttempt& attempt = jobs_.live(live);
  InstanceRecord& instance = fleet_.instance(attempt.instance);
  if (attempt.before != kNoIndex) {
    jobs_.live(attempt.before).behind = attempt.behind;
  } else {
    instance.first_attempt = attempt.behind;
  }
  if (attempt.behind != kNoIndex) {
    jobs_.live(attempt.behind).before = attempt.before;
  }
  fleet_.Release(attempt.instance, TakenBy(attempt), now_ns_);
  WatchIdle(attempt.instance);
  if (instance.state == InstanceState::kDraining && instance.running == 0) {
    AddInstanceWork(WorkKind::kInstanceEmpty, attempt.instance);
  }
}

// With an idle time before scale-in, its end is a deadline. Choice: D25.
void TurnRunner::WatchIdle(uint32_t slot) {
  InstanceRecord& instance = fleet_.instance(slot);
  if (instance.running > 0 || instance.type == Fleet::kNone ||
      instance.state != InstanceState::kReady) {
    return;
  }
  const int64_t idle_ns =
      fleet_.environment(instance.environment)
          .IdleTimeOf(instance, state_.settings.idle_time_ns);
  if (idle_ns <= 0) return;
  instance.idle_deadline =
      state_.deadlines.Add(SaturatingAdd(instance.idle_since_ns, idle_ns),
                           idle_ns, static_cast<uint8_t>(DeadlineKind::kIdle),
                           slot, fleet_.InstanceGeneration(slot));
}

void TurnRunner::UnwatchIdle(uint32_t slot) {
  DeadlineQueue::Handle& deadline = fleet_.instance(slot).idle_deadline;
  if (deadline == DeadlineQueue::kNoHandle) return;
  state_.deadlines.Remove(deadline);
  deadline = DeadlineQueue::kNoHandle;
}

}  // namespace embatch
