// SPDX-License-Identifier: Apache-2.0
//
// A TaskSpec is the containers of one attempt as they are to run: what the
// definition says, changed by what the submission overrides. It is made once,
// at submission.
#ifndef EMBATCH_MODEL_TASK_SPEC_H_
#define EMBATCH_MODEL_TASK_SPEC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/container_overrides.h"
#include "embatch/container_properties.h"
#include "embatch/fields.h"
#include "embatch/resources.h"
#include "lib/model/container_checks.h"
#include "lib/model/limits.h"

namespace embatch {

// A container waits for another one of its task.
struct ContainerWait {
  uint16_t container = 0;  // its index
  ContainerCondition condition = ContainerCondition::kStart;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.container, self.condition);
  }
};

struct TaskContainer {
  std::string name;
  std::string image;
  std::vector<std::string> command;              // placeholders replaced
  std::vector<EnvironmentVariable> environment;  // by name, each once
  Resources resources;
  absl::Duration stop_timeout = kStopTimeoutDefault;
  std::optional<absl::Duration> start_timeout;
  bool essential = true;
  bool is_init = false;
  std::vector<ContainerWait> waits;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.image, self.command, self.environment,
                 self.resources, self.stop_timeout, self.start_timeout,
                 self.essential, self.is_init, self.waits);
  }
};

// What ends the containers of an attempt, and how it then ended.
enum class TaskKind : uint8_t {
  kTask,  // ECS: the first essential container that ends
  kPod,   // EKS: the last container; all must exit with 0
};
constexpr bool IsValidEnum(TaskKind value) { return value <= TaskKind::kPod; }

// Containers are numbered in the order of the definition; those of a pod after
// its init containers.
struct TaskSpec {
  TaskKind kind = TaskKind::kTask;
  std::vector<TaskContainer> containers;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.kind, self.containers);
  }
};

// What the three functions below merge with: the parameters of the job, and the
// rules of its platform.
struct MergeContext {
  const std::map<std::string, std::string>* parameters = nullptr;
  ContainerRules rules;
};

// What a submission can change of a job's only container.
struct MergedContainer {
  std::vector<std::string> command;              // placeholders replaced
  std::vector<EnvironmentVariable> environment;  // by name, each once
  Resources resources;
};

// The only container of a job, or of a node, merged by the precedence of §3.6.
// kInvalidArgument: `member` is the path of the overrides.
absl::StatusOr<MergedContainer> MergeContainer(
    absl::string_view member, const ContainerProperties& properties,
    const ContainerOverrides& overrides, const MergeContext& context);

// The same for containers that run together.
absl::StatusOr<TaskSpec> MergeEcs(
    absl::string_view member, const EcsProperties& properties,
    const std::optional<EcsPropertiesOverride>& overrides,
    const MergeContext& context);
absl::StatusOr<TaskSpec> MergeEks(
    absl::string_view member, const EksProperties& properties,
    const std::optional<EksPropertiesOverride>& overrides,
    const MergeContext& context);

// What a task needs of its instance.
//
// The sum over its containers (§3.3). For a pod it is, amount by amount, the
// sum over the containers or the most that one init container asks for,
// whichever is larger, because init containers run alone, one after another.
// Source: Kubernetes, "Init Containers", resource sharing within containers.
Resources NeedOf(const TaskSpec& task);

}  // namespace embatch

#endif  // EMBATCH_MODEL_TASK_SPEC_H_
