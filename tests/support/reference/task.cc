// SPDX-License-Identifier: Apache-2.0
//
// Definitions and overrides become tasks; and what happens in an attempt as its
// containers start and end.
#include "tests/support/reference/task.h"

#include <algorithm>
#include <utility>

#include "tests/support/reference/lines.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

using Phase = ContainerState::Phase;

template <typename Overrides>
void Replace(const Overrides& overrides, Resources& resources) {
  resources.vcpu_milli = overrides.vcpu_milli.value_or(resources.vcpu_milli);
  resources.memory_mib = overrides.memory_mib.value_or(resources.memory_mib);
  resources.gpus = overrides.gpus.value_or(resources.gpus);
}

Task MakeEcsTask(const EcsProperties& ecs,
                 const std::optional<EcsPropertiesOverride>& overrides) {
  Task task;
  const auto& containers = ecs.task_properties.front().containers;
  for (const TaskContainerProperties& properties : containers) {
    Container& container = task.containers.emplace_back();
    container.name = properties.name;
    container.resources = properties.resources;
    container.essential = properties.essential;
    container.start_timeout = properties.start_timeout;
    if (properties.stop_timeout) container.grace = *properties.stop_timeout;
    for (const TaskContainerDependency& entry : properties.depends_on) {
      for (size_t i = 0; i < containers.size(); ++i) {
        if (containers[i].name == entry.container_name) {
          container.waits.push_back({static_cast<int>(i), entry.condition});
        }
      }
    }
    if (!overrides || overrides->task_properties.empty()) continue;
    for (const auto& change : overrides->task_properties.front().containers) {
      if (change.name == properties.name) Replace(change, container.resources);
    }
  }
  return task;
}

// The scheduler counts requests, copied from the limits where they are absent.
// What an override names, in one list or the other, is its alone.
template <typename T>
int64_t Requested(std::optional<T> EksResourceList::*amount,
                  const EksContainerResources& definition,
                  const EksContainerResources& overrides) {
  for (const EksContainerResources* resources : {&overrides, &definition}) {
    if (resources->requests.*amount) return *(resources->requests.*amount);
    if (resources->limits.*amount) return *(resources->limits.*amount);
  }
  return 0;
}

void AddPodContainers(const std::vector<EksContainer>& containers,
                      const std::vector<EksContainerOverride>& overrides,
                      bool is_init, Task& task) {
  for (const EksContainer& properties : containers) {
    EksContainerResources changed;
    for (const EksContainerOverride& change : overrides) {
      // A name that is left out means the first container.
      const std::string& name =
          change.name.empty() ? containers.front().name : change.name;
      if (name == properties.name) changed = change.resources;
    }
    const auto requested = [&](auto amount) {
      return Requested(amount, properties.resources, changed);
    };
    Container& container = task.containers.emplace_back();
    container.name = properties.name;
    container.is_init = is_init;
    container.resources = {
        requested(&EksResourceList::cpu_milli),
        requested(&EksResourceList::memory_mib),
        static_cast<int32_t>(requested(&EksResourceList::nvidia_gpus))};
  }
}

// Init containers run first, one after another.
Task MakePod(const EksProperties& eks,
             const std::optional<EksPropertiesOverride>& overrides) {
  EksPodPropertiesOverride changes;
  if (overrides) changes = overrides->pod_properties;
  Task pod;
  pod.is_pod = true;
  AddPodContainers(eks.pod_properties.init_containers, changes.init_containers,
                   /*is_init=*/true, pod);
  AddPodContainers(eks.pod_properties.containers, changes.containers,
                   /*is_init=*/false, pod);
  int last_init = kNothing;
  for (int i = 0; i < static_cast<int>(pod.containers.size()); ++i) {
    Container& container = pod.containers[static_cast<size_t>(i)];
    if (last_init != kNothing) {
      container.waits.push_back({last_init, ContainerCondition::kSuccess});
    }
    if (container.is_init) last_init = i;
  }
  return pod;
}

ContainerId IdOf(const Job& job, size_t container) {
  return {{job.id, static_cast<uint16_t>(job.attempts)},
          static_cast<uint16_t>(container)};
}

// Whether every container but `except` has started, or never will.
bool AllUp(const Attempt& attempt, size_t except) {
  for (size_t i = 0; i < attempt.containers.size(); ++i) {
    if (i != except && !attempt.containers[i].is_up()) return false;
  }
  return true;
}

bool IsMet(ContainerCondition condition, const ContainerState& other) {
  switch (condition) {
    case ContainerCondition::kStart:
      return other.phase == Phase::kRunning || other.phase == Phase::kExited;
    case ContainerCondition::kComplete:
      return other.phase == Phase::kExited;
    case ContainerCondition::kSuccess:
      return other.has_succeeded();
  }
  return false;
}

// The container that decides how the attempt ends, once one does. Of a task the
// first essential one that is over; of a pod, when all are over or one can't
// start any more, the first that failed, else the last one. Source: §3.3.
int DecidingContainer(const Task& task,
                      const std::vector<ContainerState>& states) {
  const int count = static_cast<int>(states.size());
  bool all_over = true;
  bool one_is_missing = false;
  int failed = kNothing;
  for (int i = 0; i < count; ++i) {
    const ContainerState& state = states[static_cast<size_t>(i)];
    if (!task.is_pod && state.is_over() &&
        task.containers[static_cast<size_t>(i)].essential) {
      return i;
    }
    all_over &= state.is_over();
    one_is_missing |= state.phase == Phase::kNeverStarted;
    if (failed == kNothing && state.is_over() && !state.has_succeeded()) {
      failed = i;
    }
  }
  if (!task.is_pod || !(all_over || one_is_missing)) return kNothing;
  return failed == kNothing ? count - 1 : failed;
}

}  // namespace

// The sum of its containers; of a pod, amount by amount, the most that one of
// its init containers needs, if that is more. Source: §3.3.
Resources Task::Need() const {
  Resources sum;
  for (const Container& container : containers) {
    if (!container.is_init) sum += container.resources;
  }
  for (const Container& container : containers) {
    if (!container.is_init) continue;
    const Resources& init = container.resources;
    sum.vcpu_milli = std::max(sum.vcpu_milli, init.vcpu_milli);
    sum.memory_mib = std::max(sum.memory_mib, init.memory_mib);
    sum.gpus = std::max(sum.gpus, init.gpus);
  }
  return sum;
}

Task MakeTask(const ContainerProperties& container,
              const ContainerOverrides& container_overrides,
              const std::optional<EcsProperties>& ecs,
              const std::optional<EcsPropertiesOverride>& ecs_override,
              const std::optional<EksProperties>& eks,
              const std::optional<EksPropertiesOverride>& eks_override) {
  if (ecs) return MakeEcsTask(*ecs, ecs_override);
  if (eks) return MakePod(*eks, eks_override);
  Task task;
  task.containers.emplace_back();
  task.containers[0].resources = container.resources;
  Replace(container_overrides, task.containers[0].resources);
  return task;
}

// --- In an attempt -----------------------------------------------------------

void ReferenceScheduler::RequestStart(int index) {
  jobs_[index].attempt->containers.resize(jobs_[index].task.containers.size());
  StartContainers(index);
  WatchStart(index);
}

void ReferenceScheduler::RequestStartOf(int index, size_t container) {
  const Job& job = jobs_[index];
  const Instance& instance = instances_[job.attempt->instance];
  const std::string line = StartLine(
      IdOf(job, container), environments_[instance.environment].name(),
      instance.id, job.task.containers[container].resources);
  starts_.push_back({index, job.attempt->number, line});
  Request(line);
}

// Those that need not wait any more; again as long as one that never will start
// is what others wait for.
void ReferenceScheduler::StartContainers(int index) {
  const Task& task = jobs_[index].task;
  std::vector<ContainerState>& states = jobs_[index].attempt->containers;
  for (bool again = true; std::exchange(again, false);) {
    for (size_t i = 0; i < states.size(); ++i) {
      if (states[i].phase != Phase::kWaiting) continue;
      bool ready = true;
      bool never = false;
      for (const Container::Wait& wait : task.containers[i].waits) {
        const ContainerState& other = states[static_cast<size_t>(wait.other)];
        if (IsMet(wait.condition, other)) continue;
        ready = false;
        never |= other.is_over();
      }
      if (never) {
        states[i].phase = Phase::kNeverStarted;
        states[i].reason =
            "A container that this one depends on did not meet its condition";
        again = true;
      } else if (ready) {
        states[i].phase = Phase::kStarting;
        states[i].asked_ns = now_ns_;
        RequestStartOf(index, i);
      }
    }
  }
}

// When a container that waits gives up. Source: §3.3, startTimeout. Choice: it
// is that of the container for which it waits.
int64_t ReferenceScheduler::GivesUpAt(int index, size_t container) const {
  const Job& job = jobs_[index];
  int64_t time_ns = kNever;
  if (job.attempt->containers[container].phase != Phase::kWaiting) {
    return time_ns;
  }
  for (const Container::Wait& wait : job.task.containers[container].waits) {
    const size_t i = static_cast<size_t>(wait.other);
    const ContainerState& other = job.attempt->containers[i];
    const std::optional<absl::Duration>& timeout =
        job.task.containers[i].start_timeout;
    if (!timeout || !other.is_held() || IsMet(wait.condition, other)) continue;
    time_ns = std::min(
        time_ns, After(other.asked_ns, absl::ToInt64Nanoseconds(*timeout)));
  }
  return time_ns;
}

void ReferenceScheduler::WatchStart(int index) {
  Attempt& attempt = *jobs_[index].attempt;
  attempt.due_ns = kNever;
  for (size_t i = 0; i < attempt.containers.size(); ++i) {
    attempt.due_ns = std::min(attempt.due_ns, GivesUpAt(index, i));
  }
  attempt.due_kind = DueKind::kStartTimeout;
  attempt.due_order = ++order_;
}

void ReferenceScheduler::GiveUpStart(int index, int64_t due_ns) {
  std::vector<ContainerState>& states = jobs_[index].attempt->containers;
  for (size_t i = 0; i < states.size(); ++i) {
    if (GivesUpAt(index, i) > due_ns) continue;
    states[i].phase = Phase::kNeverStarted;
    states[i].reason =
        "A container that this one depends on did not meet its condition";
  }
  GoOnWithTask(index, std::max(due_ns, last_ns_));
}

// What waits will never start; what a runtime holds is asked to end. Answers
// the longest time that one of these has for it.
absl::Duration ReferenceScheduler::StopContainers(int index) {
  Job& job = jobs_[index];
  absl::Duration longest;
  for (size_t i = 0; i < job.attempt->containers.size(); ++i) {
    ContainerState& state = job.attempt->containers[i];
    if (state.phase == Phase::kWaiting) state.phase = Phase::kNeverStarted;
    if (!state.is_held()) continue;
    Request(StopLine(IdOf(job, i), job.task.containers[i].grace));
    longest = std::max(longest, job.task.containers[i].grace);
  }
  return longest;
}

// What is said of a container that does not start or run is late or unknown.
// Source: §5.2.
void ReferenceScheduler::TakeOf(int index, const ContainerReport& report,
                                int64_t at_ns) {
  using Kind = ContainerReport::Kind;
  Attempt& attempt = *jobs_[index].attempt;
  const size_t container = report.container.container;
  if (container >= attempt.containers.size()) return;
  ContainerState& state = attempt.containers[container];
  if (!state.is_held() ||
      (state.phase == Phase::kRunning && report.kind != Kind::kExited)) {
    return;
  }
  // Source: §5.2, RUNNING when all are up. What exits was up; and an essential
  // container that exits ends the task, whatever the others did.
  const bool ends_task = report.kind == Kind::kExited &&
                         !jobs_[index].task.is_pod &&
                         jobs_[index].task.containers[container].essential;
  if (!attempt.started && attempt.deciding == kNothing &&
      report.kind != Kind::kStartFailed &&
      (ends_task || AllUp(attempt, container))) {
    StartRunning(index, at_ns);
  }
  if (report.kind == Kind::kStarted) {
    state.phase = Phase::kRunning;
  } else {
    state.phase =
        report.kind == Kind::kExited ? Phase::kExited : Phase::kNeverStarted;
    state.reason = report.reason.substr(0, kContainerReasonLengthMax);
    if (report.kind == Kind::kExited && report.has_exit_code) {
      state.exit_code = report.exit_code;
    }
  }
  GoOnWithTask(index, at_ns);
}

void ReferenceScheduler::GoOnWithTask(int index, int64_t at_ns) {
  Attempt& attempt = *jobs_[index].attempt;
  if (attempt.deciding == kNothing) {
    const bool goes_on = attempt.stop == Stop::kNone;
    if (goes_on) StartContainers(index);
    attempt.deciding = DecidingContainer(jobs_[index].task, attempt.containers);
    if (attempt.deciding != kNothing && goes_on) {
      AwaitStop(index, StopContainers(index));
    } else if (!attempt.started) {
      if (goes_on) WatchStart(index);
      if (AllUp(attempt, attempt.containers.size())) StartRunning(index, at_ns);
    }
  }
  for (const ContainerState& state : attempt.containers) {
    if (!state.is_over()) return;
  }
  EndTask(index, at_ns);
}

// As the deciding container says; none: nobody ever said how.
void ReferenceScheduler::EndTask(int index, int64_t at_ns) {
  const Attempt& attempt = *jobs_[index].attempt;
  if (attempt.deciding == kNothing) {
    EndAttempt(index, at_ns, std::nullopt, "", "");
    return;
  }
  const size_t deciding = static_cast<size_t>(attempt.deciding);
  const ContainerState state = attempt.containers[deciding];
  const bool was_up = state.phase == Phase::kExited &&
                      !jobs_[index].task.containers[deciding].is_init;
  EndAttempt(
      index, at_ns, state.exit_code, state.reason,
      was_up ? "Essential container in task exited" : "Task failed to start");
}

}  // namespace embatch::reference
