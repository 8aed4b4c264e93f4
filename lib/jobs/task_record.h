// SPDX-License-Identifier: Apache-2.0
//
// How the containers of one attempt stand, for jobs of several containers. A
// job of one container has no such record: its LiveAttempt says it all.
#ifndef EMBATCH_JOBS_TASK_RECORD_H_
#define EMBATCH_JOBS_TASK_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "embatch/event.h"
#include "embatch/fields.h"
#include "lib/model/task_spec.h"

namespace embatch {

enum class ContainerPhase : uint8_t {
  kWaiting,   // for others of its task
  kStarting,  // a runtime was asked to start it
  kRunning,
  kExited,
  kNeverStarted,  // and never will
};

struct ContainerRecord {
  ContainerPhase phase = ContainerPhase::kWaiting;
  bool has_exit_code = false;
  int32_t exit_code = 0;
  TextIndex reason = 0;
  int64_t asked_ns = 0;  // when the runtime was asked to start it

  bool is_up() const { return phase >= ContainerPhase::kRunning; }
  bool is_over() const { return phase >= ContainerPhase::kExited; }
  // Whether there is something for a runtime to stop.
  bool is_held() const {
    return phase == ContainerPhase::kStarting ||
           phase == ContainerPhase::kRunning;
  }
  bool has_succeeded() const {
    return phase == ContainerPhase::kExited && has_exit_code && exit_code == 0;
  }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.phase, self.has_exit_code, self.exit_code, self.reason,
                 self.asked_ns);
  }
};

struct TaskRecord {
  std::vector<ContainerRecord> containers;  // as in the TaskSpec
  // The container that decided how the attempt ends; the others are being
  // stopped. None: it goes on.
  uint32_t deciding = kNone;

  static constexpr uint32_t kNone = 0xffffffff;
  bool is_ending() const { return deciding != kNone; }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.containers, self.deciding);
  }
};

// Whether a container that waits may start.
enum class ContainerReadiness : uint8_t {
  kWaits,
  kReady,
  kNever,  // what it waits for can't happen any more
};
ContainerReadiness ReadinessOf(const TaskSpec& spec, const TaskRecord& task,
                               size_t container);

// Whether the first container has been asked for, and no container has been up:
// one is in this phase, and the others wait.
bool IsUntried(const TaskRecord& task, ContainerPhase first);

// When a container that waits gives up, because one for which it waits has a
// start_timeout and has not come as far; kNanosInfiniteFuture: never.
// Source: API TaskContainerProperties.startTimeout ("to wait before giving up
// on resolving dependencies for a container"); ECS, ContainerDefinition.
// startTimeout: it is that of the container for which others wait. Choice: its
// time is counted from when it is asked to start, and who gives up is as one
// whose dependency can't be met.
int64_t GivesUpAt(const TaskSpec& spec, const TaskRecord& task,
                  size_t container);

// Whether all containers but `except` have started, or never will.
// Source: §5.2, "all containers of the (main) task are up".
bool AllUp(const TaskRecord& task, size_t except = TaskRecord::kNone);
bool AllOver(const TaskRecord& task);

// The container that decides how the attempt ends, once one does.
//
// Of an ECS task: the first essential container that ends, whatever its exit
// code, because ECS then stops the others; what becomes of those does not
// matter any more. So an essential container that exits with 0 ends the task,
// and the job has SUCCEEDED.
// Source: API TaskContainerProperties.essential ("if that container fails or
// stops for any reason, all other containers ... are stopped"). Choice: AWS
// does not say how several essential containers' exit codes are put together.
//
// Of an EKS pod: in the order of the containers the first that did not exit
// with 0, else the last one. It decides when all are over, or when one can't
// start any more; a failed container does not stop its siblings.
// Source: §3.3, all must exit with 0; Kubernetes, "Pod Lifecycle" (a pod is
// Failed when all its containers have ended and one of them failed).
uint32_t DecidingContainer(const TaskSpec& spec, const TaskRecord& task);

// How an attempt ended whose containers are over.
struct TaskOutcome {
  std::optional<int> exit_code;
  TextIndex reason = 0;  // the deciding container's
  TextIndex status_reason = 0;
};
TaskOutcome OutcomeOf(const TaskSpec& spec, const TaskRecord& task);

}  // namespace embatch

#endif  // EMBATCH_JOBS_TASK_RECORD_H_
