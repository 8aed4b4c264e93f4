// SPDX-License-Identifier: Apache-2.0
#include "lib/model/container_checks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

absl::Status Refused(absl::string_view member, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(member, what));
}

// `of` is AWS's name of what must contain an image.
absl::Status CheckImage(absl::string_view member, absl::string_view of,
                        const std::string& image) {
  if (image.empty()) {
    return Refused(
        member, absl::StrCat(".image is empty; ", of, " must contain image"));
  }
  if (image.size() > kImageLengthMax) {
    return Refused(member, absl::StrCat(".image has ", image.size(),
                                        " characters; must have at most ",
                                        kImageLengthMax));
  }
  return absl::OkStatus();
}

// Source: API RuntimePlatform.
absl::Status CheckRuntimePlatform(absl::string_view member,
                                  const RuntimePlatform& platform) {
  constexpr absl::string_view kSystems[] = {"",
                                            "LINUX",
                                            "WINDOWS_SERVER_2019_CORE",
                                            "WINDOWS_SERVER_2019_FULL",
                                            "WINDOWS_SERVER_2022_CORE",
                                            "WINDOWS_SERVER_2022_FULL"};
  constexpr absl::string_view kArchitectures[] = {"", "X86_64", "ARM64"};
  const absl::string_view system = platform.operating_system_family;
  const absl::string_view architecture = platform.cpu_architecture;
  if (std::find(std::begin(kSystems), std::end(kSystems), system) ==
      std::end(kSystems)) {
    return Refused(member,
                   absl::StrCat(".operating_system_family is ", Quoted(system),
                                "; must be LINUX or WINDOWS_SERVER_2019_CORE, "
                                "_2019_FULL, _2022_CORE, _2022_FULL"));
  }
  if (std::find(std::begin(kArchitectures), std::end(kArchitectures),
                architecture) == std::end(kArchitectures)) {
    return Refused(member,
                   absl::StrCat(".cpu_architecture is ", Quoted(architecture),
                                "; must be X86_64 or ARM64"));
  }
  if (architecture == "ARM64" && !system.empty() && system != "LINUX") {
    return Refused(member,
                   ".cpu_architecture is \"ARM64\"; must be X86_64 for Windows "
                   "containers");
  }
  return absl::OkStatus();
}

// Source: §22, `<member> is not applicable for Fargate.`
absl::Status NotForFargate(absl::string_view member, absl::string_view path,
                           absl::string_view name) {
  return Refused(member, absl::StrCat(path, " is given; ", name,
                                      " is not applicable for Fargate."));
}

absl::Status CheckFargateSize(absl::string_view member,
                              const Resources& resources) {
  if (resources.vcpu_milli == 0 || resources.memory_mib == 0 ||
      IsFargateSize(resources)) {
    return absl::OkStatus();
  }
  return Refused(
      member, absl::StrCat(" is ", resources.vcpu_milli,
                           " thousandths of a vCPU and ", resources.memory_mib,
                           " MiB; must be one of the pairs that Fargate has"));
}

// Source: API ContainerProperties.vcpus, .memory ("not supported for jobs
// running on Fargate resources"; at least 4 MiB).
absl::Status CheckDeprecated(absl::string_view member,
                             const ContainerProperties& container,
                             const ContainerRules& rules) {
  if (container.deprecated_vcpus.has_value()) {
    if (rules.on_fargate) {
      return NotForFargate(member, ".deprecated_vcpus", "vcpus");
    }
    EMBATCH_RETURN_IF_ERROR(
        CheckRange(absl::StrCat(member, ".deprecated_vcpus"),
                   *container.deprecated_vcpus, 1, kVcpuMilliMax / 1000));
  }
  if (container.deprecated_memory_mib.has_value()) {
    if (rules.on_fargate) {
      return NotForFargate(member, ".deprecated_memory_mib", "memory");
    }
    EMBATCH_RETURN_IF_ERROR(CheckRange(
        absl::StrCat(member, ".deprecated_memory_mib"),
        *container.deprecated_memory_mib, kMemoryMibMin, kMemoryMibMax));
  }
  return absl::OkStatus();
}

// Of stop_timeout and of start_timeout.
absl::Status CheckContainerTimeout(absl::string_view member,
                                   absl::string_view name,
                                   const std::optional<absl::Duration>& timeout,
                                   const ContainerRules& rules) {
  if (!timeout.has_value()) return absl::OkStatus();
  const absl::Duration most =
      rules.on_fargate ? kStopTimeoutFargateMax : kTimeoutMax;
  if (*timeout >= kStopTimeoutMin && *timeout <= most &&
      absl::Trunc(*timeout, absl::Seconds(1)) == *timeout) {
    return absl::OkStatus();
  }
  return Refused(member,
                 absl::StrCat(name, " is ", absl::FormatDuration(*timeout),
                              "; must be whole seconds, at least ",
                              absl::FormatDuration(kStopTimeoutMin),
                              " and at most ", absl::FormatDuration(most)));
}

const TaskContainerProperties* Find(
    const std::vector<TaskContainerProperties>& containers,
    absl::string_view name) {
  for (const TaskContainerProperties& container : containers) {
    if (container.name == name) return &container;
  }
  return nullptr;
}

// Source: API TaskContainerDependency; §3.3.
absl::Status CheckWaits(
    absl::string_view member, const TaskContainerProperties& container,
    const std::vector<TaskContainerProperties>& containers) {
  for (size_t i = 0; i < container.depends_on.size(); ++i) {
    const TaskContainerDependency& wait = container.depends_on[i];
    const std::string path = absl::StrCat(member, ".depends_on[", i, "]");
    const TaskContainerProperties* other =
        Find(containers, wait.container_name);
    if (other == nullptr) {
      return Refused(
          path, absl::StrCat(".container_name is ", Quoted(wait.container_name),
                             "; must be a container of the task"));
    }
    if (!IsValidEnum(wait.condition)) {
      return Refused(
          path, absl::StrCat(".condition is ", static_cast<int>(wait.condition),
                             "; must be START, COMPLETE or "
                             "SUCCESS"));
    }
    if (other->essential && wait.condition != ContainerCondition::kStart) {
      return Refused(
          path, absl::StrCat(".condition is ",
                             wait.condition == ContainerCondition::kComplete
                                 ? "COMPLETE"
                                 : "SUCCESS",
                             "; must be START, because ",
                             Quoted(wait.container_name), " is essential"));
    }
  }
  return absl::OkStatus();
}

// Containers that wait for nothing that is left fall away, round by round.
absl::Status CheckNoCycle(
    absl::string_view member,
    const std::vector<TaskContainerProperties>& containers) {
  std::vector<const TaskContainerProperties*> left;
  left.reserve(containers.size());
  for (const TaskContainerProperties& container : containers) {
    left.push_back(&container);
  }
  const auto waits = [&left](const TaskContainerProperties* container) {
    for (const TaskContainerDependency& wait : container->depends_on) {
      for (const TaskContainerProperties* other : left) {
        if (other->name == wait.container_name) return true;
      }
    }
    return false;
  };
  for (;;) {
    std::vector<const TaskContainerProperties*> kept;
    std::copy_if(left.begin(), left.end(), std::back_inserter(kept), waits);
    if (kept.empty()) return absl::OkStatus();
    if (kept.size() == left.size()) {
      return Refused(member, absl::StrCat(": ", Quoted(kept.front()->name),
                                          " waits for itself; depends_on must "
                                          "have no cycle"));
    }
    left = std::move(kept);
  }
}

absl::Status CheckTaskContainer(
    absl::string_view member, const TaskContainerProperties& container,
    const std::vector<TaskContainerProperties>& containers,
    const ContainerRules& rules) {
  EMBATCH_RETURN_IF_ERROR(
      CheckName(absl::StrCat(member, ".name"), container.name));
  if (Find(containers, container.name) != &container) {
    return Refused(member, absl::StrCat(".name is ", Quoted(container.name),
                                        "; another container has that name"));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckImage(member, "taskContainerProperties", container.image));
  EMBATCH_RETURN_IF_ERROR(
      CheckCommand(absl::StrCat(member, ".command"), container.command));
  EMBATCH_RETURN_IF_ERROR(CheckEnvironment(absl::StrCat(member, ".environment"),
                                           container.environment));
  EMBATCH_RETURN_IF_ERROR(CheckPartialResources(
      absl::StrCat(member, ".resources"), container.resources));
  if (rules.on_fargate && container.resources.gpus > 0) {
    return NotForFargate(member, ".resources.gpus", "GPU");
  }
  EMBATCH_RETURN_IF_ERROR(CheckContainerTimeout(member, ".stop_timeout",
                                                container.stop_timeout, rules));
  EMBATCH_RETURN_IF_ERROR(CheckContainerTimeout(
      member, ".start_timeout", container.start_timeout, rules));
  return CheckWaits(member, container, containers);
}

// The number of containers, and that it is within what a task may have.
absl::Status CheckContainerCount(absl::string_view member, size_t count,
                                 size_t least) {
  if (count >= least && count <= kContainersPerTaskMax) return absl::OkStatus();
  return Refused(member, absl::StrCat(" has ", count, " entries; must have ",
                                      least > 0 ? absl::StrCat(least, " to ")
                                                : std::string("at most "),
                                      kContainersPerTaskMax));
}

// One of `limits` and `requests`.
absl::Status CheckEksList(absl::string_view member,
                          const EksResourceList& list) {
  if (list.cpu_milli.has_value()) {
    const std::string path = absl::StrCat(member, ".cpu_milli");
    EMBATCH_RETURN_IF_ERROR(
        CheckRange(path, *list.cpu_milli, kEksCpuMilliStep, kVcpuMilliMax));
    if (*list.cpu_milli % kEksCpuMilliStep != 0) {
      return Refused(
          path, absl::StrCat(" is ", *list.cpu_milli,
                             "; must be a multiple of ", kEksCpuMilliStep));
    }
  }
  if (list.memory_mib.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckRange(absl::StrCat(member, ".memory_mib"),
                                       *list.memory_mib, kMemoryMibMin,
                                       kMemoryMibMax));
  }
  if (list.nvidia_gpus.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckRange(absl::StrCat(member, ".nvidia_gpus"),
                                       *list.nvidia_gpus, 0, kGpusMax));
  }
  return absl::OkStatus();
}

// Amounts of which limit and request must be the same.
template <typename T>
absl::Status CheckEqual(absl::string_view member, absl::string_view amount,
                        const std::optional<T>& limit,
                        const std::optional<T>& request) {
  if (!limit.has_value() || !request.has_value() || *limit == *request) {
    return absl::OkStatus();
  }
  return Refused(member, absl::StrCat(".requests.", amount, " is ", *request,
                                      "; must be equal to limits.", amount,
                                      ", which is ", *limit));
}

absl::Status CheckPodContainers(absl::string_view member,
                                const std::vector<EksContainer>& containers,
                                std::vector<absl::string_view>& names) {
  for (size_t i = 0; i < containers.size(); ++i) {
    const EksContainer& container = containers[i];
    const std::string path = absl::StrCat(member, "[", i, "]");
    EMBATCH_RETURN_IF_ERROR(
        CheckName(absl::StrCat(path, ".name"), container.name));
    if (std::find(names.begin(), names.end(), container.name) != names.end()) {
      return Refused(path, absl::StrCat(".name is ", Quoted(container.name),
                                        "; another container has that name"));
    }
    names.push_back(container.name);
    EMBATCH_RETURN_IF_ERROR(CheckImage(path, "eksContainer", container.image));
    EMBATCH_RETURN_IF_ERROR(
        CheckCommand(absl::StrCat(path, ".command"), container.command));
    EMBATCH_RETURN_IF_ERROR(
        CheckCommand(absl::StrCat(path, ".args"), container.args));
    EMBATCH_RETURN_IF_ERROR(
        CheckEnvironment(absl::StrCat(path, ".env"), container.env));
    EMBATCH_RETURN_IF_ERROR(CheckEksResources(absl::StrCat(path, ".resources"),
                                              container.resources));
  }
  return absl::OkStatus();
}

}  // namespace

ContainerRules RulesFor(const JobDefinitionOptions& options,
                        const Limits& limits) {
  ContainerRules rules;
  const std::vector<PlatformCapability>& platforms =
      options.platform_capabilities;
  const auto has = [&platforms](PlatformCapability platform) {
    return std::find(platforms.begin(), platforms.end(), platform) !=
           platforms.end();
  };
  rules.on_ec2 = platforms.empty() || has(PlatformCapability::kEc2);
  rules.on_fargate = has(PlatformCapability::kFargate);
  rules.on_eks = options.eks_properties.has_value();
  rules.multinode = options.type == JobDefinitionType::kMultinode;
  rules.limits = limits;
  return rules;
}

absl::Status CheckContainerProperties(absl::string_view member,
                                      const ContainerProperties& container,
                                      const ContainerRules& rules) {
  EMBATCH_RETURN_IF_ERROR(
      CheckImage(member, "containerProperties", container.image));
  EMBATCH_RETURN_IF_ERROR(
      CheckCommand(absl::StrCat(member, ".command"), container.command));
  EMBATCH_RETURN_IF_ERROR(CheckEnvironment(absl::StrCat(member, ".environment"),
                                           container.environment));
  const std::string resources = absl::StrCat(member, ".resources");
  EMBATCH_RETURN_IF_ERROR(
      CheckPartialResources(resources, container.resources));
  EMBATCH_RETURN_IF_ERROR(CheckDeprecated(member, container, rules));
  EMBATCH_RETURN_IF_ERROR(CheckRuntimePlatform(
      absl::StrCat(member, ".runtime_platform"), container.runtime_platform));
  if (!container.instance_type.empty() && !rules.multinode) {
    return Refused(member, absl::StrCat(".instance_type is ",
                                        Quoted(container.instance_type),
                                        "; must be empty, because only "
                                        "multi-node parallel jobs have one"));
  }
  if (!rules.on_fargate) return absl::OkStatus();
  if (container.resources.gpus > 0) {
    return NotForFargate(member, ".resources.gpus", "GPU");
  }
  return CheckFargateSize(resources, container.resources);
}

absl::Status CheckEcsProperties(absl::string_view member,
                                const EcsProperties& properties,
                                const ContainerRules& rules) {
  if (properties.task_properties.size() != 1) {
    return Refused(member, absl::StrCat(".task_properties has ",
                                        properties.task_properties.size(),
                                        " entries; must have exactly 1"));
  }
  const EcsTaskProperties& task = properties.task_properties.front();
  const std::string path = absl::StrCat(member, ".task_properties[0]");
  const std::string list = absl::StrCat(path, ".containers");
  EMBATCH_RETURN_IF_ERROR(CheckContainerCount(list, task.containers.size(), 1));
  bool any_essential = false;
  Resources sum;
  bool all_given = true;
  for (size_t i = 0; i < task.containers.size(); ++i) {
    const TaskContainerProperties& container = task.containers[i];
    EMBATCH_RETURN_IF_ERROR(CheckTaskContainer(
        absl::StrCat(list, "[", i, "]"), container, task.containers, rules));
    any_essential |= container.essential;
    sum += container.resources;
    all_given &= container.resources.vcpu_milli > 0 &&
                 container.resources.memory_mib > 0;
  }
  if (!any_essential) {
    return Refused(list, " has no essential container; must have at least one");
  }
  EMBATCH_RETURN_IF_ERROR(CheckNoCycle(list, task.containers));
  EMBATCH_RETURN_IF_ERROR(CheckRuntimePlatform(
      absl::StrCat(path, ".runtime_platform"), task.runtime_platform));
  if (!rules.on_fargate || !all_given) return absl::OkStatus();
  return CheckFargateSize(absl::StrCat(list, ": the sum of resources"), sum);
}

absl::Status CheckEksResources(absl::string_view member,
                               const EksContainerResources& resources) {
  const EksResourceList& limits = resources.limits;
  const EksResourceList& requests = resources.requests;
  EMBATCH_RETURN_IF_ERROR(
      CheckEksList(absl::StrCat(member, ".limits"), limits));
  EMBATCH_RETURN_IF_ERROR(
      CheckEksList(absl::StrCat(member, ".requests"), requests));
  if (limits.cpu_milli.has_value() && requests.cpu_milli.has_value() &&
      *requests.cpu_milli > *limits.cpu_milli) {
    return Refused(member,
                   absl::StrCat(".requests.cpu_milli is ", *requests.cpu_milli,
                                "; must be at most limits.cpu_milli, "
                                "which is ",
                                *limits.cpu_milli));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckEqual(member, "memory_mib", limits.memory_mib, requests.memory_mib));
  return CheckEqual(member, "nvidia_gpus", limits.nvidia_gpus,
                    requests.nvidia_gpus);
}

absl::Status CheckEksProperties(absl::string_view member,
                                const EksProperties& properties) {
  const EksPodProperties& pod = properties.pod_properties;
  const std::string containers =
      absl::StrCat(member, ".pod_properties.containers");
  const std::string init =
      absl::StrCat(member, ".pod_properties.init_containers");
  EMBATCH_RETURN_IF_ERROR(
      CheckContainerCount(containers, pod.containers.size(), 1));
  EMBATCH_RETURN_IF_ERROR(
      CheckContainerCount(init, pod.init_containers.size(), 0));
  std::vector<absl::string_view> names;
  EMBATCH_RETURN_IF_ERROR(
      CheckPodContainers(containers, pod.containers, names));
  return CheckPodContainers(init, pod.init_containers, names);
}

Resources RequestedBy(const EksContainerResources& resources) {
  const EksResourceList& limits = resources.limits;
  const EksResourceList& requests = resources.requests;
  Resources result;
  result.vcpu_milli = requests.cpu_milli.value_or(limits.cpu_milli.value_or(0));
  result.memory_mib =
      requests.memory_mib.value_or(limits.memory_mib.value_or(0));
  result.gpus = requests.nvidia_gpus.value_or(limits.nvidia_gpus.value_or(0));
  return result;
}

bool IsFargateSize(const Resources& resources) {
  return std::any_of(
      std::begin(kFargateSizes), std::end(kFargateSizes),
      [&resources](const FargateSize& size) {
        const int64_t above_min = resources.memory_mib - size.memory_mib_min;
        return resources.vcpu_milli == size.vcpu_milli && above_min >= 0 &&
               resources.memory_mib <= size.memory_mib_max &&
               above_min % size.memory_mib_step == 0;
      });
}

absl::Status CheckMergedResources(const Resources& resources,
                                  const ContainerRules& rules) {
  EMBATCH_RETURN_IF_ERROR(CheckJobResources(resources));
  if (rules.on_fargate) {
    EMBATCH_RETURN_IF_ERROR(CheckFargateSize("resources", resources));
    if (resources.gpus > 0) return NotForFargate("resources", ".gpus", "GPU");
  }
  if (!rules.on_ec2 || rules.on_eks) return absl::OkStatus();
  return CheckRange("resources.vcpu_milli", resources.vcpu_milli,
                    rules.limits.ec2_vcpu_milli_min, kVcpuMilliMax);
}

}  // namespace embatch
