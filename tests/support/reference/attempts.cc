// SPDX-License-Identifier: Apache-2.0
//
// Attempts: begun, running, stopped, ended, tried again. Source: §6, §7.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

// Choice: §7, this much longer for the report of a container that was stopped.
constexpr absl::Duration kMargin = absl::Seconds(10);

bool IsPreemption(Stop stop) {
  return stop == Stop::kPreemptedAcross || stop == Stop::kPreemptedInShare;
}

// Source: §6.3: the whole text, or what it begins with before a '*'.
bool Matches(const std::optional<std::string>& pattern,
             absl::string_view text) {
  if (!pattern) return true;
  if (!absl::EndsWith(*pattern, "*")) return text == *pattern;
  return text.substr(0, pattern->size() - 1) ==
         pattern->substr(0, pattern->size() - 1);
}

}  // namespace

void ReferenceScheduler::BeginAttempt(int index, int instance) {
  if (!jobs_[index].rejection.empty()) {
    FailLaunch(index);
    return;
  }
  TakeInstance(index, instance);
  TakeConsumables(index);
  Change(index, JobStatus::kStarting, "");
  RequestStart(index);
}

// It had found its place, and is never tried again. Source: §5.2, §6.2.
void ReferenceScheduler::FailLaunch(int index) {
  Job& job = jobs_[index];
  job.touched = true;
  End(index, JobStatus::kFailed, job.rejection, now_ns_);
  if (job.is_child()) {
    ChildrenHaveEnded(job.array, job.id.child, job.id.child + 1);
  } else {
    Add(Consequence::Kind::kJobEnded, index);
  }
}

void ReferenceScheduler::TakeInstance(int index, int instance) {
  Job& job = jobs_[index];
  job.touched = true;
  ++job.attempts;
  Attempt& attempt = job.attempt.emplace();
  attempt.number = job.attempts;
  attempt.instance = instance;
  attempt.placed_order = ++order_;
  attempt.use = static_cast<int>(uses_.size());
  uses_.push_back(
      {job.queue, job.share, job.need.vcpu_milli, now_ns_ / 1000000, kNever});
  instances_[instance].changed_order = ++order_;
  instances_[instance].used = true;
}

// Source: §7, the timeout counts from RUNNING.
void ReferenceScheduler::StartRunning(int index, int64_t at_ns) {
  if (jobs_[index].is_node) return StartRunningNode(index, at_ns);
  Attempt& attempt = *jobs_[index].attempt;
  attempt.started = true;
  attempt.started_ns = at_ns;
  attempt.due_ns = After(at_ns, jobs_[index].timeout_ns);
  attempt.due_kind = DueKind::kTimeout;
  attempt.due_order = ++order_;
  Change(index, JobStatus::kRunning, "");
}

// Source: §7, §10. Choice: D56 (terminated in STARTING: it ends at once), D57.
void ReferenceScheduler::StopAttempt(int index, Stop stop) {
  Job& job = jobs_[index];
  if (job.attempt->stop != Stop::kNone) return;
  job.attempt->stop = stop;
  // Choice: containers that are being stopped because another one has ended
  // are not asked twice, and get no more time.
  const bool is_ending = job.attempt->deciding != kNothing;
  absl::Duration grace;
  if (!is_ending) grace = StopContainers(index);
  if (!job.attempt->started) {
    EndAttempt(index, now_ns_, std::nullopt, "", "");
    return;
  }
  if (job.is_node) {
    Instance& instance = instances_[job.attempt->instance];
    instance.closing =
        !instance.for_minimum && instance.state == InstanceState::kReady;
    if (MainNodeOf(jobs_[job.array]) == index) {
      Add(Consequence::Kind::kStopNodes, job.array);
    }
  }
  if (!is_ending) AwaitStop(index, grace);
}

void ReferenceScheduler::AwaitStop(int index, absl::Duration grace) {
  Attempt& attempt = *jobs_[index].attempt;
  attempt.due_ns = After(now_ns_, absl::ToInt64Nanoseconds(grace + kMargin));
  attempt.due_kind = DueKind::kStopOverdue;
  attempt.due_order = ++order_;
}

// `reason` is the container's. Source: §5.2, §6.2. Choice: D21, D56.
void ReferenceScheduler::EndAttempt(int index, int64_t at_ns,
                                    std::optional<int> exit_code,
                                    absl::string_view reason,
                                    std::string status_reason) {
  if (jobs_[index].is_node) {
    EndNode(index, at_ns, exit_code, reason, std::move(status_reason));
    return;
  }
  Job& job = jobs_[index];
  const Stop cause = CauseOf(job, *job.attempt);
  status_reason = StoppedReason(job, cause, std::move(status_reason));
  LeaveInstance(index);
  if (IsPreemption(cause)) return EndPreempted(index, at_ns, status_reason);
  if (cause == Stop::kNone && exit_code == 0) {
    End(index, JobStatus::kSucceeded, status_reason, at_ns);
  } else if ((cause == Stop::kNone || cause == Stop::kHostTerminated) &&
             IsRetryDue(job, status_reason, reason, exit_code)) {
    job.retried = true;
    Change(index, JobStatus::kRunnable, "");
    return;
  } else {
    End(index, JobStatus::kFailed, status_reason, at_ns);
  }
  if (job.is_child()) {
    ChildrenHaveEnded(job.array, job.id.child, job.id.child + 1);
  } else {
    Add(Consequence::Kind::kJobEnded, index);
  }
}

// Why an attempt that ends was stopped; or was to be, and ended before it came
// to that.
Stop ReferenceScheduler::CauseOf(const Job& job, const Attempt& attempt) const {
  if (attempt.stop != Stop::kNone && !IsPreemption(attempt.stop) &&
      attempt.stop != Stop::kHostTerminated) {
    return attempt.stop;
  }
  if (TerminatedByCaller(job)) return Stop::kTerminated;
  return IsInDeletedQueue(job) ? Stop::kQueueDeleted : attempt.stop;
}

std::string ReferenceScheduler::StoppedReason(const Job& job, Stop cause,
                                              std::string otherwise) const {
  switch (cause) {
    case Stop::kNone:
      return otherwise;
    case Stop::kTerminated:
      return RequestReason(job);
    case Stop::kTimedOut:
      return "Job attempt duration exceeded timeout";
    case Stop::kQueueDeleted:
      return "JobQueue deleted";
    case Stop::kWithMainNode:
      return "Main node exited";
    case Stop::kPreemptedAcross:
      return "Cross-share preemption triggered to reclaim borrowed capacity";
    case Stop::kPreemptedInShare:
      return "In-share preemption triggered by higher priority job";
    case Stop::kHostTerminated:
      return absl::StrCat("Host EC2 (instance ",
                          instances_[job.attempt->instance].name,
                          ") terminated.");
  }
  return otherwise;
}

void ReferenceScheduler::LeaveInstance(int index) {
  const Attempt attempt = *jobs_[index].attempt;
  jobs_[index].attempt.reset();
  Instance& instance = instances_[attempt.instance];
  instance.changed_order = ++order_;
  ++instance.attempts_left;
  uses_[attempt.use].to_ms = now_ns_ / 1000000;
  GiveConsumablesBack(attempt, /*as_if_not_tried=*/false);
  FillEarmarks(queues_[jobs_[index].queue], attempt.instance);
  if (RunningOn(attempt.instance) > 0) return;
  instance.idle_since_ns = now_ns_;
  instance.closing = false;
  environments_[instance.environment].asked_vcpu_milli = 0;
  if (instance.state == InstanceState::kDraining) {
    Consequence item;
    item.kind = Consequence::Kind::kInstanceEmpty;
    item.instance = attempt.instance;
    work_.push_back(item);
  }
}

// Source: §6.2, §6.3, decide().
bool ReferenceScheduler::IsRetryDue(const Job& job,
                                    absl::string_view status_reason,
                                    absl::string_view reason,
                                    std::optional<int> exit_code) const {
  if (EndedByCaller(job)) return false;
  if (job.attempts - job.preempted >= job.retry_strategy.attempts) return false;
  const std::string code = exit_code ? absl::StrCat(*exit_code) : "";
  for (const EvaluateOnExit& rule : job.retry_strategy.evaluate_on_exit) {
    if (Matches(rule.on_status_reason, status_reason) &&
        Matches(rule.on_reason, reason) && Matches(rule.on_exit_code, code)) {
      return rule.action == RetryAction::kRetry;
    }
  }
  return true;
}

}  // namespace embatch::reference
