// SPDX-License-Identifier: Apache-2.0
//
// Jobs of several containers: which of them a runtime is asked to start and to
// stop, and what their reports mean for the attempt. The rules are those of
// lib/jobs/task_record.h; here they are carried out.
//
// Source: API TaskContainerProperties, EksPodProperties; §3.3, §5.2, §7.
#include <algorithm>

#include "lib/base/time.h"
#include "lib/jobs/reasons.h"
#include "lib/jobs/task_record.h"
#include "lib/model/limits.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

void TurnRunner::BeginTask(uint32_t live) {
  jobs_.BeginTask(live);
  StartReadyContainers(live);
  WatchStart(live);
}

// The deadline of an attempt that is STARTING: when the first of its containers
// that wait gives up.
void TurnRunner::WatchStart(uint32_t live) {
  ClearDeadline(live);
  const TaskSpec& spec = jobs_.TaskSpecOf(live);
  const TaskRecord& task = jobs_.task(jobs_.live(live).task);
  int64_t first_ns = kNanosInfiniteFuture;
  for (size_t i = 0; i < task.containers.size(); ++i) {
    if (task.containers[i].phase != ContainerPhase::kWaiting) continue;
    first_ns = std::min(first_ns, GivesUpAt(spec, task, i));
  }
  if (first_ns == kNanosInfiniteFuture) return;
  // Deadlines that lie as far away stand in order of time by themselves.
  const int64_t away_ns = std::max<int64_t>(0, first_ns - now_ns_);
  SetDeadline(live, DeadlineKind::kStartTimeout, absl::Nanoseconds(away_ns),
              first_ns - away_ns);
}

void TurnRunner::GiveUpStart(uint32_t live, int64_t time_ns) {
  const TaskSpec& spec = jobs_.TaskSpecOf(live);
  const uint32_t task = jobs_.live(live).task;
  for (size_t i = 0; i < spec.containers.size(); ++i) {
    const TaskRecord& record = jobs_.task(task);
    if (record.containers[i].phase == ContainerPhase::kWaiting &&
        GivesUpAt(spec, record, i) <= time_ns) {
      jobs_.EndContainer(task, i, ContainerPhase::kNeverStarted, std::nullopt,
                         kContainerDependencyNotMet);
    }
  }
  // All may be up now; a report of this turn may tell of a later end.
  GoOnWithTask(live, std::max(time_ns, last_ns_));
}

// A container that will never start may be what another one waits for, so this
// goes on until nothing changes: at most once for each container.
//
// Source: §16.4, Fargate's capacity is the job's. Choice: the first container
// brings it, so on Fargate the others are asked for when that one is up; if
// there is none, nothing of the task was ever there.
void TurnRunner::StartReadyContainers(uint32_t live) {
  const LiveAttempt& attempt = jobs_.live(live);
  const TaskSpec& spec = jobs_.TaskSpecOf(live);
  const TaskRecord& task = jobs_.task(attempt.task);
  const bool one_first =
      fleet_.environment(attempt.environment).config.is_fargate();
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < task.containers.size(); ++i) {
      if (task.containers[i].phase != ContainerPhase::kWaiting) continue;
      switch (ReadinessOf(spec, task, i)) {
        case ContainerReadiness::kWaits:
          break;
        case ContainerReadiness::kReady:
          if (one_first && IsUntried(task, ContainerPhase::kStarting)) break;
          jobs_.task(attempt.task).containers[i].phase =
              ContainerPhase::kStarting;
          jobs_.task(attempt.task).containers[i].asked_ns = now_ns_;
          RequestStartOf(live, static_cast<uint16_t>(i));
          break;
        case ContainerReadiness::kNever:
          jobs_.EndContainer(attempt.task, i, ContainerPhase::kNeverStarted,
                             std::nullopt, kContainerDependencyNotMet);
          changed = true;
          break;
      }
    }
  }
}

// Asks for the end of every container that a runtime holds; those that wait
// will never start. Answers the longest grace that one of them has.
absl::Duration TurnRunner::StopContainers(uint32_t live) {
  const LiveAttempt& attempt = jobs_.live(live);
  const TaskSpec& spec = jobs_.TaskSpecOf(live);
  absl::Duration longest;
  for (size_t i = 0; i < spec.containers.size(); ++i) {
    const ContainerRecord& container = jobs_.task(attempt.task).containers[i];
    if (container.phase == ContainerPhase::kWaiting) {
      jobs_.EndContainer(attempt.task, i, ContainerPhase::kNeverStarted,
                         std::nullopt, kNoReason);
    }
    if (!container.is_held()) continue;
    Request request;
    request.kind = Request::Kind::kStop;
    request.environment = attempt.environment;
    request.container = ContainerOf(live);
    request.container.container = static_cast<uint16_t>(i);
    request.grace = spec.containers[i].stop_timeout;
    requests_.push_back(request);
    longest = std::max(longest, request.grace);
  }
  return longest;
}

// Whether the attempt is RUNNING from this report on. An essential container
// that has exited was up, whatever the others did.
// Choice: such an attempt counts as started at that moment, as that of a
// container that exits without having been reported as started.
bool TurnRunner::LeavesStarting(uint32_t live, const ContainerReport& report) {
  const LiveAttempt& attempt = jobs_.live(live);
  const TaskRecord& task = jobs_.task(attempt.task);
  if (attempt.started || task.is_ending() ||
      report.kind == ContainerReport::Kind::kStartFailed) {
    return false;
  }
  const size_t container = report.container.container;
  const TaskSpec& spec = jobs_.TaskSpecOf(live);
  return AllUp(task, container) ||
         (report.kind == ContainerReport::Kind::kExited &&
          spec.kind == TaskKind::kTask && spec.containers[container].essential);
}

// Whether Fargate had no capacity for the task. Choice: once one of its
// containers was up it had, and another one's failure is one to start.
bool TurnRunner::IsWithoutCapacity(uint32_t live,
                                   const ContainerReport& report) const {
  const LiveAttempt& attempt = jobs_.live(live);
  return report.kind == ContainerReport::Kind::kStartFailed &&
         report.failure == StartFailure::kCapacity &&
         fleet_.environment(attempt.environment).config.is_fargate() &&
         attempt.stop == StopCause::kNone &&
         !jobs_.IsEndedByCaller(attempt.job) &&
         IsUntried(jobs_.task(attempt.task), ContainerPhase::kStarting);
}

// True: done with it.
bool TurnRunner::TakeOfTask(uint32_t live, const ContainerReport& report,
                            int64_t at_ns) {
  const uint32_t task = jobs_.live(live).task;
  const size_t index = report.container.container;
  const ContainerRecord& container = jobs_.task(task).containers[index];
  const bool is_starting = container.phase == ContainerPhase::kStarting;
  if (!container.is_held() ||
      (!is_starting && report.kind != ContainerReport::Kind::kExited)) {
    ++state_.ignored.late_or_repeated;
    return true;
  }
  if (IsWithoutCapacity(live, report)) {
    ClearDeadline(live);
    ReturnForWantOfCapacity(live, at_ns);
    return true;
  }
  if (LeavesStarting(live, report)) {
    if (jobs_.live(live).stop == StopCause::kNone) ClearDeadline(live);
    StartRunning(live, at_ns);
    if (!has_budget()) return false;
  }
  if (report.kind == ContainerReport::Kind::kStarted) {
    jobs_.task(task).containers[index].phase = ContainerPhase::kRunning;
  } else {
    const bool has_exited = report.kind == ContainerReport::Kind::kExited;
    std::optional<int> exit_code;
    if (has_exited && report.has_exit_code) exit_code = report.exit_code;
    const TextIndex reason = jobs_.InternText(
        absl::string_view(report.reason).substr(0, kContainerReasonLengthMax));
    jobs_.EndContainer(
        task, index,
        has_exited ? ContainerPhase::kExited : ContainerPhase::kNeverStarted,
        exit_code, reason);
    jobs_.ReleaseText(reason);
  }
  GoOnWithTask(live, at_ns);
  return true;
}

// What follows from a change of one of the containers.
void TurnRunner::GoOnWithTask(uint32_t live, int64_t at_ns) {
  const LiveAttempt& attempt = jobs_.live(live);
  TaskRecord& task = jobs_.task(attempt.task);
  if (!task.is_ending()) {
    if (attempt.stop == StopCause::kNone) StartReadyContainers(live);
    task.deciding = DecidingContainer(jobs_.TaskSpecOf(live), task);
    if (task.is_ending() && attempt.stop == StopCause::kNone) {
      const absl::Duration grace = StopContainers(live);
      ClearDeadline(live);
      SetDeadline(live, DeadlineKind::kStopOverdue, grace + kStopMargin,
                  now_ns_);
    } else if (!attempt.started && attempt.stop == StopCause::kNone) {
      WatchStart(live);
      if (AllUp(task)) StartRunning(live, at_ns);
    } else if (!attempt.started && AllUp(task)) {
      StartRunning(live, at_ns);
    }
  }
  if (AllOver(task)) EndTask(live, at_ns);
}

void TurnRunner::EndTask(uint32_t live, int64_t at_ns) {
  const TaskOutcome outcome =
      OutcomeOf(jobs_.TaskSpecOf(live), jobs_.task(jobs_.live(live).task));
  EndAttempt(live, at_ns, outcome.exit_code, outcome.reason,
             outcome.status_reason);
}

}  // namespace embatch
