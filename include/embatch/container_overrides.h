// SPDX-License-Identifier: Apache-2.0
//
// What a submission may change of its definition's containers.
//
// Commands, images and amounts that are given replace the definition's;
// environments are merged by name.
//
// Source: API ContainerOverrides, EcsPropertiesOverride,
// EksPropertiesOverride; §3.6.
#ifndef EMBATCH_CONTAINER_OVERRIDES_H_
#define EMBATCH_CONTAINER_OVERRIDES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "embatch/container_properties.h"
#include "embatch/fields.h"

namespace embatch {

// For a definition with container_properties.
// Source: API ContainerOverrides.
struct ContainerOverrides {
  std::vector<std::string> command;              // empty: the definition's
  std::vector<EnvironmentVariable> environment;  // merged by name
  // resourceRequirements: each that is given replaces the definition's.
  std::optional<int64_t> vcpu_milli;
  std::optional<int64_t> memory_mib;
  std::optional<int32_t> gpus;
  // AWS's `vcpus` and `memory`, which it has deprecated: they replace the
  // definition's deprecated ones alone, and have no effect where the definition
  // has the amount in `resources`.
  std::optional<int64_t> deprecated_vcpus;
  std::optional<int64_t> deprecated_memory_mib;
  std::string instance_type;  // multi-node parallel jobs only

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.command, self.environment, self.vcpu_milli,
                 self.memory_mib, self.gpus, self.deprecated_vcpus,
                 self.deprecated_memory_mib, self.instance_type);
  }
};

// Source: API TaskContainerOverrides.
struct TaskContainerOverrides {
  std::string name;  // of a container of the definition
  std::vector<std::string> command;
  std::vector<EnvironmentVariable> environment;
  std::optional<int64_t> vcpu_milli;
  std::optional<int64_t> memory_mib;
  std::optional<int32_t> gpus;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.command, self.environment, self.vcpu_milli,
                 self.memory_mib, self.gpus);
  }
};

// Source: API TaskPropertiesOverride.
struct TaskPropertiesOverride {
  std::vector<TaskContainerOverrides> containers;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.containers);
  }
};

// For a definition with ecs_properties.
// Source: API EcsPropertiesOverride.
struct EcsPropertiesOverride {
  std::vector<TaskPropertiesOverride> task_properties;  // at most one

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.task_properties);
  }
};

// Source: API EksContainerOverride.
struct EksContainerOverride {
  // Of a container of the definition. Empty: the first one, as the name was
  // once optional.
  std::string name;
  std::string image;  // empty: the definition's
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::vector<EnvironmentVariable> env;
  EksContainerResources resources;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.image, self.command, self.args, self.env,
                 self.resources);
  }
};

// Source: API EksPodPropertiesOverride.
struct EksPodPropertiesOverride {
  std::vector<EksContainerOverride> containers;
  std::vector<EksContainerOverride> init_containers;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.containers, self.init_containers);
  }
};

// For a definition with eks_properties.
// Source: API EksPropertiesOverride.
struct EksPropertiesOverride {
  EksPodPropertiesOverride pod_properties;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.pod_properties);
  }
};

}  // namespace embatch

#endif  // EMBATCH_CONTAINER_OVERRIDES_H_
