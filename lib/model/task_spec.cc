// SPDX-License-Identifier: Apache-2.0
#include "lib/model/task_spec.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/parameters.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// Of equal names the last one counts, and a submission's beats a definition's.
// Source: API ContainerOverrides.environment.
std::vector<EnvironmentVariable> MergedEnvironment(
    const std::vector<EnvironmentVariable>& definition,
    const std::vector<EnvironmentVariable>& submission) {
  absl::InlinedVector<const EnvironmentVariable*, 16> sorted;
  for (const EnvironmentVariable& one : definition) sorted.push_back(&one);
  for (const EnvironmentVariable& one : submission) sorted.push_back(&one);
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const EnvironmentVariable* a, const EnvironmentVariable* b) {
        return a->name < b->name;
      });
  std::vector<EnvironmentVariable> result;
  result.reserve(sorted.size());
  for (size_t i = 0; i < sorted.size(); ++i) {
    const bool is_last =
        i + 1 == sorted.size() || sorted[i]->name != sorted[i + 1]->name;
    if (is_last) result.push_back(*sorted[i]);
  }
  return result;
}

// The overrides that containers and tasks have in common.
template <typename Overrides>
absl::Status CheckOverrides(absl::string_view member,
                            const Overrides& overrides) {
  EMBATCH_RETURN_IF_ERROR(
      CheckCommand({member, ".command"}, overrides.command));
  EMBATCH_RETURN_IF_ERROR(
      CheckEnvironment({member, ".environment"}, overrides.environment));
  if (overrides.vcpu_milli.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckRange(
        {member, ".vcpu_milli"}, *overrides.vcpu_milli, 1, kVcpuMilliMax));
  }
  if (overrides.memory_mib.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckRange({member, ".memory_mib"},
                                       *overrides.memory_mib, kMemoryMibMin,
                                       kMemoryMibMax));
  }
  if (overrides.gpus.has_value()) {
    EMBATCH_RETURN_IF_ERROR(
        CheckRange({member, ".gpus"}, *overrides.gpus, 0, kGpusMax));
  }
  return absl::OkStatus();
}

// Merged by type. Source: API ContainerOverrides.resourceRequirements.
template <typename Overrides>
void ReplaceResources(const Overrides& overrides, Resources& resources) {
  resources.vcpu_milli = overrides.vcpu_milli.value_or(resources.vcpu_milli);
  resources.memory_mib = overrides.memory_mib.value_or(resources.memory_mib);
  resources.gpus = overrides.gpus.value_or(resources.gpus);
}

absl::Status CheckDeprecatedOverrides(absl::string_view member,
                                      const ContainerOverrides& overrides,
                                      const ContainerRules& rules) {
  const struct {
    const std::optional<int64_t>& value;
    absl::string_view path;
    absl::string_view name;
    int64_t least;
    int64_t most;
  } amounts[] = {
      {overrides.deprecated_vcpus, ".deprecated_vcpus", "vcpus", 1,
       kVcpuMilliMax / 1000},
      {overrides.deprecated_memory_mib, ".deprecated_memory_mib", "memory",
       kMemoryMibMin, kMemoryMibMax},
  };
  for (const auto& amount : amounts) {
    if (!amount.value.has_value()) continue;
    const std::string path = absl::StrCat(member, amount.path);
    if (rules.on_fargate) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, " is given; ", amount.name, " is not applicable for Fargate."));
    }
    EMBATCH_RETURN_IF_ERROR(
        CheckRange(path, *amount.value, amount.least, amount.most));
  }
  return absl::OkStatus();
}

// AWS's deprecated members count only where resourceRequirements are silent, so
// an override by them has no effect on a definition with resourceRequirements.
// AWS accepts it, and its console warns: "This value was submitted in a
// deprecated key and may conflict with the value provided by the job
// definition's resource requirements."
// Source: API ContainerOverrides.vcpus, .memory; guide "Can't override job
// definition resource requirements".
Resources MergedResources(const ContainerProperties& properties,
                          const ContainerOverrides& overrides) {
  Resources merged = properties.resources;
  if (merged.vcpu_milli == 0) {
    merged.vcpu_milli = 1000 * overrides.deprecated_vcpus.value_or(
                                   properties.deprecated_vcpus.value_or(0));
  }
  if (merged.memory_mib == 0) {
    merged.memory_mib = overrides.deprecated_memory_mib.value_or(
        properties.deprecated_memory_mib.value_or(0));
  }
  ReplaceResources(overrides, merged);
  return merged;
}

// `member` is what the command is a member of.
absl::Status Substitute(absl::string_view member, const MergeContext& context,
                        std::vector<std::string>& command) {
  return SubstituteParameters(
      absl::StrCat(member, ".command"), *context.parameters,
      context.rules.limits.submission_bytes_max, command);
}

// The override of `name` in a list of them, or nullptr.
template <typename Override>
const Override* FindOverride(const std::vector<Override>& overrides,
                             absl::string_view name) {
  for (const Override& one : overrides) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

// Each override is of a container that there is, and of another one.
template <typename Override, typename Container>
absl::Status CheckOverrideNames(absl::string_view member,
                                const std::vector<Override>& overrides,
                                const std::vector<Container>& containers) {
  for (size_t i = 0; i < overrides.size(); ++i) {
    const std::string& name = overrides[i].name;
    const bool is_known =
        std::any_of(containers.begin(), containers.end(),
                    [&name](const auto& known) { return known.name == name; });
    const bool is_first = FindOverride(overrides, name) == &overrides[i];
    if (is_known && is_first) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(member, "[", i, "].name is ", Quoted(name),
                     is_known ? "; another override has that name"
                              : "; must be a container of the job definition"));
  }
  return absl::OkStatus();
}

absl::StatusOr<TaskContainer> MergeTaskContainer(
    absl::string_view member, const TaskContainerProperties& properties,
    const TaskContainerOverrides* overrides, const MergeContext& context) {
  const TaskContainerOverrides none;
  if (overrides == nullptr) overrides = &none;
  EMBATCH_RETURN_IF_ERROR(CheckOverrides(member, *overrides));
  TaskContainer merged;
  merged.name = properties.name;
  merged.image = properties.image;
  merged.command =
      overrides->command.empty() ? properties.command : overrides->command;
  EMBATCH_RETURN_IF_ERROR(Substitute(member, context, merged.command));
  merged.environment =
      MergedEnvironment(properties.environment, overrides->environment);
  merged.resources = properties.resources;
  ReplaceResources(*overrides, merged.resources);
  merged.stop_timeout = properties.stop_timeout.value_or(kStopTimeoutDefault);
  merged.start_timeout = properties.start_timeout;
  merged.essential = properties.essential;
  return merged;
}

// An amount that the override names is its alone: neither limit nor request of
// the definition is left. Choice: AWS says only that they override.
template <typename T>
void ReplaceAmount(std::optional<T> EksResourceList::*amount,
                   const EksContainerResources& overrides,
                   EksContainerResources& merged) {
  if (!(overrides.limits.*amount).has_value() &&
      !(overrides.requests.*amount).has_value()) {
    return;
  }
  merged.limits.*amount = overrides.limits.*amount;
  merged.requests.*amount = overrides.requests.*amount;
}

absl::StatusOr<TaskContainer> MergePodContainer(
    absl::string_view member, const EksContainer& properties,
    const EksContainerOverride* overrides, const MergeContext& context) {
  const EksContainerOverride none;
  if (overrides == nullptr) overrides = &none;
  EMBATCH_RETURN_IF_ERROR(
      CheckCommand(absl::StrCat(member, ".command"), overrides->command));
  EMBATCH_RETURN_IF_ERROR(
      CheckCommand(absl::StrCat(member, ".args"), overrides->args));
  EMBATCH_RETURN_IF_ERROR(
      CheckEnvironment(absl::StrCat(member, ".env"), overrides->env));
  if (overrides->image.size() > kImageLengthMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(member, ".image has ", overrides->image.size(),
                     " characters; must have at most ", kImageLengthMax));
  }
  EksContainerResources resources = properties.resources;
  ReplaceAmount(&EksResourceList::cpu_milli, overrides->resources, resources);
  ReplaceAmount(&EksResourceList::memory_mib, overrides->resources, resources);
  ReplaceAmount(&EksResourceList::nvidia_gpus, overrides->resources, resources);
  EMBATCH_RETURN_IF_ERROR(
      CheckEksResources(absl::StrCat(member, ".resources"), resources));

  TaskContainer merged;
  merged.name = properties.name;
  merged.image = overrides->image.empty() ? properties.image : overrides->image;
  merged.command =
      overrides->command.empty() ? properties.command : overrides->command;
  const std::vector<std::string>& args =
      overrides->args.empty() ? properties.args : overrides->args;
  // Choice: a runtime gets one list, the entrypoint and then its arguments.
  merged.command.insert(merged.command.end(), args.begin(), args.end());
  EMBATCH_RETURN_IF_ERROR(Substitute(member, context, merged.command));
  merged.environment = MergedEnvironment(properties.env, overrides->env);
  merged.resources = RequestedBy(resources);
  return merged;
}

// The containers of one of a pod's two lists, appended to `task`.
absl::Status MergePodList(absl::string_view member,
                          const std::vector<EksContainer>& containers,
                          std::vector<EksContainerOverride> overrides,
                          bool is_init, const MergeContext& context,
                          TaskSpec& task) {
  // A name that is left out means the first container.
  for (EksContainerOverride& change : overrides) {
    if (change.name.empty() && !containers.empty()) {
      change.name = containers.front().name;
    }
  }
  EMBATCH_RETURN_IF_ERROR(CheckOverrideNames(member, overrides, containers));
  for (const EksContainer& container : containers) {
    const EksContainerOverride* change =
        FindOverride(overrides, container.name);
    const std::string path =
        change == nullptr
            ? std::string(member)
            : absl::StrCat(member, "[", change - overrides.data(), "]");
    absl::StatusOr<TaskContainer> merged =
        MergePodContainer(path, container, change, context);
    EMBATCH_RETURN_IF_ERROR(merged.status());
    merged->is_init = is_init;
    task.containers.push_back(*std::move(merged));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MergedContainer> MergeContainer(
    absl::string_view member, const ContainerProperties& properties,
    const ContainerOverrides& overrides, const MergeContext& context) {
  EMBATCH_RETURN_IF_ERROR(CheckOverrides(member, overrides));
  EMBATCH_RETURN_IF_ERROR(
      CheckDeprecatedOverrides(member, overrides, context.rules));
  if (!overrides.instance_type.empty() && !context.rules.multinode) {
    return absl::InvalidArgumentError(absl::StrCat(
        member, ".instance_type is ", Quoted(overrides.instance_type),
        "; must be empty, because only multi-node parallel jobs have one"));
  }
  MergedContainer merged;
  merged.command =
      overrides.command.empty() ? properties.command : overrides.command;
  EMBATCH_RETURN_IF_ERROR(Substitute(member, context, merged.command));
  merged.resources = MergedResources(properties, overrides);
  EMBATCH_RETURN_IF_ERROR(
      CheckMergedResources(merged.resources, context.rules));
  merged.environment =
      MergedEnvironment(properties.environment, overrides.environment);
  return merged;
}

absl::StatusOr<TaskSpec> MergeEcs(
    absl::string_view member, const EcsProperties& properties,
    const std::optional<EcsPropertiesOverride>& overrides,
    const MergeContext& context) {
  const std::vector<TaskContainerProperties>& containers =
      properties.task_properties.front().containers;
  std::vector<TaskContainerOverrides> changes;
  const std::string list =
      absl::StrCat(member, ".task_properties[0].containers");
  if (overrides.has_value() && !overrides->task_properties.empty()) {
    if (overrides->task_properties.size() > 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          member, ".task_properties has ", overrides->task_properties.size(),
          " entries; must have at most 1"));
    }
    changes = overrides->task_properties.front().containers;
  }
  EMBATCH_RETURN_IF_ERROR(CheckOverrideNames(list, changes, containers));
  TaskSpec task;
  task.kind = TaskKind::kTask;
  for (const TaskContainerProperties& container : containers) {
    const TaskContainerOverrides* change =
        FindOverride(changes, container.name);
    const std::string path =
        change == nullptr
            ? list
            : absl::StrCat(list, "[", change - changes.data(), "]");
    absl::StatusOr<TaskContainer> merged =
        MergeTaskContainer(path, container, change, context);
    EMBATCH_RETURN_IF_ERROR(merged.status());
    for (const TaskContainerDependency& wait : container.depends_on) {
      const auto other = std::find_if(
          containers.begin(), containers.end(), [&wait](const auto& known) {
            return known.name == wait.container_name;
          });
      merged->waits.push_back(
          {static_cast<uint16_t>(other - containers.begin()), wait.condition});
    }
    task.containers.push_back(*std::move(merged));
  }
  EMBATCH_RETURN_IF_ERROR(CheckMergedResources(NeedOf(task), context.rules));
  return task;
}

absl::StatusOr<TaskSpec> MergeEks(
    absl::string_view member, const EksProperties& properties,
    const std::optional<EksPropertiesOverride>& overrides,
    const MergeContext& context) {
  const EksPodProperties& pod = properties.pod_properties;
  const EksPodPropertiesOverride changes = overrides.has_value()
                                               ? overrides->pod_properties
                                               : EksPodPropertiesOverride();
  const std::string path = absl::StrCat(member, ".pod_properties");
  TaskSpec task;
  task.kind = TaskKind::kPod;
  EMBATCH_RETURN_IF_ERROR(MergePodList(absl::StrCat(path, ".init_containers"),
                                       pod.init_containers,
                                       changes.init_containers,
                                       /*is_init=*/true, context, task));
  EMBATCH_RETURN_IF_ERROR(MergePodList(absl::StrCat(path, ".containers"),
                                       pod.containers, changes.containers,
                                       /*is_init=*/false, context, task));
  // Source: API EksPodProperties.initContainers: each must complete
  // successfully before the next container starts.
  const uint16_t init = static_cast<uint16_t>(pod.init_containers.size());
  for (uint16_t i = 1; init > 0 && i < task.containers.size(); ++i) {
    task.containers[i].waits = {
        {static_cast<uint16_t>(std::min<uint16_t>(i, init) - 1),
         ContainerCondition::kSuccess}};
  }
  EMBATCH_RETURN_IF_ERROR(CheckMergedResources(NeedOf(task), context.rules));
  return task;
}

Resources NeedOf(const TaskSpec& task) {
  Resources sum;
  Resources init;
  for (const TaskContainer& container : task.containers) {
    const Resources& one = container.resources;
    if (!container.is_init) {
      sum += one;
      continue;
    }
    init.vcpu_milli = std::max(init.vcpu_milli, one.vcpu_milli);
    init.memory_mib = std::max(init.memory_mib, one.memory_mib);
    init.gpus = std::max(init.gpus, one.gpus);
  }
  return {std::max(sum.vcpu_milli, init.vcpu_milli),
          std::max(sum.memory_mib, init.memory_mib),
          std::max(sum.gpus, init.gpus)};
}

}  // namespace embatch
