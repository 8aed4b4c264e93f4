// SPDX-License-Identifier: Apache-2.0
//
// What a job definition says of the containers of a job: of one
// (ContainerProperties), of several that run together as one ECS task
// (EcsProperties) or as one EKS pod (EksProperties).
//
// Members of AWS's shapes that the scheduler does not read (roles, volumes,
// secrets, ulimits, log configuration, ...) are not here: they travel in the
// definition's `document`, and whoever writes that checks them.
//
// Source: API ContainerProperties, EcsTaskProperties, TaskContainerProperties,
// EksPodProperties, EksContainer; §3.2, §3.3.
#ifndef EMBATCH_CONTAINER_PROPERTIES_H_
#define EMBATCH_CONTAINER_PROPERTIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "embatch/fields.h"
#include "embatch/resources.h"

namespace embatch {

// Source: API KeyValuePair.
struct EnvironmentVariable {
  std::string name;
  std::string value;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.value);
  }
};

// Which machines a Fargate job needs. Empty: LINUX on X86_64.
// Source: API RuntimePlatform.
struct RuntimePlatform {
  // LINUX or WINDOWS_SERVER_{2019,2022}_{CORE,FULL}.
  std::string operating_system_family;
  std::string cpu_architecture;  // X86_64 or ARM64

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.operating_system_family, self.cpu_architecture);
  }
};

// The container of a job that has one.
// Source: API ContainerProperties.
struct ContainerProperties {
  std::string image;  // required, at most 255 characters
  // Each element may hold placeholders `Ref::name`, replaced at submission.
  std::vector<std::string> command;
  // Names may not begin with AWS_BATCH. Of equal names the last one counts.
  std::vector<EnvironmentVariable> environment;
  // resourceRequirements. VCPU and MEMORY may be left 0 here if every
  // submission gives them.
  Resources resources;
  // AWS's `vcpus` and `memory`, which it has deprecated: they count where
  // `resources` has 0. Not for Fargate.
  std::optional<int64_t> deprecated_vcpus;
  std::optional<int64_t> deprecated_memory_mib;
  std::string instance_type;  // multi-node parallel jobs only
  RuntimePlatform runtime_platform;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.image, self.command, self.environment, self.resources,
                 self.deprecated_vcpus, self.deprecated_memory_mib,
                 self.instance_type, self.runtime_platform);
  }
};

// What a container of a task waits for another one to do.
// Source: API TaskContainerDependency.condition.
enum class ContainerCondition : uint8_t {
  kStart,     // it has started
  kComplete,  // it has exited; only of one that is not essential
  kSuccess,   // it has exited with 0; only of one that is not essential
};
constexpr bool IsValidEnum(ContainerCondition value) {
  return value <= ContainerCondition::kSuccess;
}

// Source: API TaskContainerDependency.
struct TaskContainerDependency {
  std::string container_name;
  ContainerCondition condition = ContainerCondition::kStart;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.container_name, self.condition);
  }
};

// One container of an ECS task.
// Source: API TaskContainerProperties.
struct TaskContainerProperties {
  std::string name;   // 1..128 of letters, digits, '-', '_'; unique in the task
  std::string image;  // required, at most 255 characters
  std::vector<std::string> command;
  std::vector<EnvironmentVariable> environment;
  // Each container says its own; the job needs their sum.
  Resources resources;
  // The task ends with the first essential container that does; what becomes
  // of the others does not matter. At least one is essential.
  bool essential = true;
  // Waited for in STARTING. No cycles.
  std::vector<TaskContainerDependency> depends_on;
  // Between the polite and the hard signal: whole seconds, at least 2. Absent:
  // 30 s.
  std::optional<absl::Duration> stop_timeout;
  // How long others wait, from when this one is asked to start, for it to come
  // as far as their depends_on says; then they never start. Whole seconds, at
  // least 2. Absent: as long as it takes.
  std::optional<absl::Duration> start_timeout;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.image, self.command, self.environment,
                 self.resources, self.essential, self.depends_on,
                 self.stop_timeout, self.start_timeout);
  }
};

// Source: API EcsTaskProperties.
struct EcsTaskProperties {
  std::vector<TaskContainerProperties> containers;  // 1..10
  RuntimePlatform runtime_platform;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.containers, self.runtime_platform);
  }
};

// Source: API EcsProperties.
struct EcsProperties {
  std::vector<EcsTaskProperties> task_properties;  // exactly one

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.task_properties);
  }
};

// Amounts of a container of a pod; what is absent is not given.
// Source: API EksLimits, EksRequests.
struct EksResourceList {
  std::optional<int64_t> cpu_milli;  // a multiple of 250
  std::optional<int64_t> memory_mib;
  std::optional<int32_t> nvidia_gpus;  // nvidia.com/gpu

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.cpu_milli, self.memory_mib, self.nvidia_gpus);
  }
};

// What is in `limits` alone counts as requested too. If both are given,
// memory and GPUs must be equal, and the CPU request at most its limit.
// Source: API EksContainerResourceRequirements.
struct EksContainerResources {
  EksResourceList limits;
  EksResourceList requests;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.limits, self.requests);
  }
};

// One container of a pod.
// Source: API EksContainer.
struct EksContainer {
  std::string name = "Default";  // unique in the pod
  std::string image;
  std::vector<std::string> command;  // the entrypoint
  std::vector<std::string> args;
  std::vector<EnvironmentVariable> env;
  EksContainerResources resources;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.image, self.command, self.args, self.env,
                 self.resources);
  }
};

// Source: API EksPodProperties.
struct EksPodProperties {
  std::vector<EksContainer> containers;  // 1..10
  // At most 10; they run before the others, one after another, and each must
  // exit with 0 before the next one starts.
  std::vector<EksContainer> init_containers;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.containers, self.init_containers);
  }
};

// Source: API EksProperties.
struct EksProperties {
  EksPodProperties pod_properties;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.pod_properties);
  }
};

}  // namespace embatch

#endif  // EMBATCH_CONTAINER_PROPERTIES_H_
