// SPDX-License-Identifier: Apache-2.0
#include "lib/jobs/task_record.h"

#include <algorithm>

#include "lib/base/time.h"
#include "lib/jobs/reasons.h"

namespace embatch {
namespace {

ContainerReadiness ReadinessOf(ContainerCondition condition,
                               const ContainerRecord& other) {
  bool met = false;
  switch (condition) {
    case ContainerCondition::kStart:
      met = other.phase == ContainerPhase::kRunning ||
            other.phase == ContainerPhase::kExited;
      break;
    case ContainerCondition::kComplete:
      met = other.phase == ContainerPhase::kExited;
      break;
    case ContainerCondition::kSuccess:
      met = other.has_succeeded();
      break;
  }
  if (met) return ContainerReadiness::kReady;
  return other.is_over() ? ContainerReadiness::kNever
                         : ContainerReadiness::kWaits;
}

}  // namespace

ContainerReadiness ReadinessOf(const TaskSpec& spec, const TaskRecord& task,
                               size_t container) {
  ContainerReadiness result = ContainerReadiness::kReady;
  for (const ContainerWait& wait : spec.containers[container].waits) {
    switch (ReadinessOf(wait.condition, task.containers[wait.container])) {
      case ContainerReadiness::kNever:
        return ContainerReadiness::kNever;
      case ContainerReadiness::kWaits:
        result = ContainerReadiness::kWaits;
        break;
      case ContainerReadiness::kReady:
        break;
    }
  }
  return result;
}

bool IsUntried(const TaskRecord& task, ContainerPhase first) {
  int in_phase = 0;
  for (const ContainerRecord& container : task.containers) {
    if (container.phase == ContainerPhase::kWaiting) continue;
    if (container.phase != first) return false;
    ++in_phase;
  }
  return in_phase == 1;
}

int64_t GivesUpAt(const TaskSpec& spec, const TaskRecord& task,
                  size_t container) {
  int64_t time_ns = kNanosInfiniteFuture;
  for (const ContainerWait& wait : spec.containers[container].waits) {
    const ContainerRecord& other = task.containers[wait.container];
    const std::optional<absl::Duration>& timeout =
        spec.containers[wait.container].start_timeout;
    if (!timeout.has_value() || !other.is_held() ||
        ReadinessOf(wait.condition, other) != ContainerReadiness::kWaits) {
      continue;
    }
    time_ns = std::min(
        time_ns, SaturatingAdd(other.asked_ns, DurationToNanos(*timeout)));
  }
  return time_ns;
}

bool AllUp(const TaskRecord& task, size_t except) {
  for (size_t i = 0; i < task.containers.size(); ++i) {
    if (i != except && !task.containers[i].is_up()) return false;
  }
  return true;
}

bool AllOver(const TaskRecord& task) {
  for (const ContainerRecord& container : task.containers) {
    if (!container.is_over()) return false;
  }
  return true;
}

uint32_t DecidingContainer(const TaskSpec& spec, const TaskRecord& task) {
  const uint32_t count = static_cast<uint32_t>(task.containers.size());
  if (spec.kind == TaskKind::kTask) {
    for (uint32_t i = 0; i < count; ++i) {
      if (spec.containers[i].essential && task.containers[i].is_over()) {
        return i;
      }
    }
    return TaskRecord::kNone;
  }
  bool is_decided = AllOver(task);
  uint32_t first_failure = TaskRecord::kNone;
  for (uint32_t i = count; i-- > 0;) {
    const ContainerRecord& container = task.containers[i];
    is_decided |= container.phase == ContainerPhase::kNeverStarted;
    if (container.is_over() && !container.has_succeeded()) first_failure = i;
  }
  if (!is_decided) return TaskRecord::kNone;
  return first_failure == TaskRecord::kNone ? count - 1 : first_failure;
}

TaskOutcome OutcomeOf(const TaskSpec& spec, const TaskRecord& task) {
  TaskOutcome outcome;
  if (!task.is_ending()) return outcome;
  const ContainerRecord& container = task.containers[task.deciding];
  if (container.has_exit_code) outcome.exit_code = container.exit_code;
  outcome.reason = container.reason;
  // A pod whose init container failed has never been up.
  outcome.status_reason = container.phase == ContainerPhase::kExited &&
                                  !spec.containers[task.deciding].is_init
                              ? kEssentialContainerExited
                              : kTaskFailedToStart;
  return outcome;
}

}  // namespace embatch
