// SPDX-License-Identifier: Apache-2.0
//
// Attempts: begun, running, stopped, ended, tried again. Source: §6, §7.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/reference/lines.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

// Source: §7, SIGTERM, 30 s, SIGKILL. Choice: a margin of 10 s for the report.
constexpr absl::Duration kGrace = absl::Seconds(30);
constexpr absl::Duration kMargin = absl::Seconds(10);

ContainerId ContainerOf(const Job& job) {
  return {{job.id, static_cast<uint16_t>(job.attempts)}, 0};
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
  Change(index, JobStatus::kStarting, "");
  Request(StartLine(ContainerOf(job),
                    environments_[instances_[instance].environment].name(),
                    instances_[instance].id, job.need));
}

// Source: §7, the timeout counts from RUNNING.
void ReferenceScheduler::StartRunning(int index, int64_t at_ns) {
  Attempt& attempt = *jobs_[index].attempt;
  attempt.started = true;
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
  Request(StopLine(ContainerOf(job), kGrace));
  if (!job.attempt->started) {
    EndAttempt(index, now_ns_, std::nullopt, "", "");
    return;
  }
  job.attempt->due_ns =
      After(now_ns_, absl::ToInt64Nanoseconds(kGrace + kMargin));
  job.attempt->due_kind = DueKind::kStopOverdue;
  job.attempt->due_order = ++order_;
}

// `reason` is the container's. Source: §5.2, §6.2. Choice: D21, D56.
void ReferenceScheduler::EndAttempt(int index, int64_t at_ns,
                                    std::optional<int> exit_code,
                                    absl::string_view reason,
                                    std::string status_reason) {
  Job& job = jobs_[index];
  const Attempt attempt = *job.attempt;
  job.attempt.reset();
  Instance& instance = instances_[attempt.instance];
  instance.changed_order = ++order_;
  uses_[attempt.use].to_ms = now_ns_ / 1000000;
  if (RunningOn(attempt.instance) == 0) instance.idle_since_ns = now_ns_;
  if (attempt.stop == Stop::kTimedOut) {
    End(index, JobStatus::kFailed, "Job attempt duration exceeded timeout",
        at_ns);
  } else if (attempt.stop == Stop::kTerminated ||
             (attempt.stop == Stop::kNone && TerminatedByCaller(job))) {
    End(index, JobStatus::kFailed, RequestReason(job), at_ns);
  } else if (attempt.stop == Stop::kQueueDeleted || IsInDeletedQueue(job)) {
    End(index, JobStatus::kFailed, "JobQueue deleted", at_ns);
  } else if (exit_code == 0) {
    End(index, JobStatus::kSucceeded, status_reason, at_ns);
  } else if (IsRetryDue(job, status_reason, reason, exit_code)) {
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

// Source: §6.2, §6.3, decide().
bool ReferenceScheduler::IsRetryDue(const Job& job,
                                    absl::string_view status_reason,
                                    absl::string_view reason,
                                    std::optional<int> exit_code) const {
  if (EndedByCaller(job)) return false;
  if (job.attempts >= job.retry_strategy.attempts) return false;
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
