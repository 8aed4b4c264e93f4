// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/ecs_conversion.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/api/json_text.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

struct ConditionWord {
  ContainerCondition condition;
  absl::string_view word;
};
// Source: API TaskContainerDependency.condition.
constexpr std::array<ConditionWord, 3> kConditions = {{
    {ContainerCondition::kStart, "START"},
    {ContainerCondition::kComplete, "COMPLETE"},
    {ContainerCondition::kSuccess, "SUCCESS"},
}};

absl::StatusOr<embatch::TaskContainerDependency> ReadWait(
    absl::string_view member, const TaskContainerDependency& message) {
  for (const ConditionWord& known : kConditions) {
    if (message.condition() == known.word) {
      return embatch::TaskContainerDependency{message.container_name(),
                                              known.condition};
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat(member, ".condition is ", Quote(message.condition()),
                   "; must be START, COMPLETE or SUCCESS"));
}

absl::string_view WordOf(ContainerCondition condition) {
  for (const ConditionWord& known : kConditions) {
    if (known.condition == condition) return known.word;
  }
  return "";
}

absl::StatusOr<embatch::TaskContainerProperties> ReadContainerOfTask(
    absl::string_view member, const TaskContainerProperties& message) {
  embatch::TaskContainerProperties properties;
  const absl::StatusOr<Amounts> amounts =
      ReadRequirements(absl::StrCat(member, ".resourceRequirements"),
                       message.resource_requirements());
  if (!amounts.ok()) return amounts.status();
  properties.resources = amounts->AsResources();
  for (int i = 0; i < message.depends_on().items_size(); ++i) {
    auto wait = ReadWait(absl::StrCat(member, ".dependsOn[", i, "]"),
                         message.depends_on().items(i));
    if (!wait.ok()) return wait.status();
    properties.depends_on.push_back(*std::move(wait));
  }
  properties.name = message.name();
  properties.image = message.image();
  properties.command = Strings(message.command());
  properties.environment = ReadEnvironment(message.environment());
  properties.essential = message.has_essential() ? message.essential() : true;
  if (message.has_stop_timeout()) {
    properties.stop_timeout = absl::Seconds(message.stop_timeout());
  }
  if (message.has_start_timeout()) {
    properties.start_timeout = absl::Seconds(message.start_timeout());
  }
  return properties;
}

void PrintContainerOfTask(const embatch::TaskContainerProperties& properties,
                          TaskContainerProperties& message) {
  message.set_name(properties.name);
  message.set_image(properties.image);
  message.set_essential(properties.essential);
  PrintStrings(properties.command, *message.mutable_command());
  PrintEnvironment(properties.environment, *message.mutable_environment());
  PrintRequirements(properties.resources,
                    *message.mutable_resource_requirements());
  for (const embatch::TaskContainerDependency& wait : properties.depends_on) {
    TaskContainerDependency& item = *message.mutable_depends_on()->add_items();
    item.set_container_name(wait.container_name);
    item.set_condition(std::string(WordOf(wait.condition)));
  }
  if (properties.stop_timeout.has_value()) {
    message.set_stop_timeout(
        ToInt32(absl::ToInt64Seconds(*properties.stop_timeout)));
  }
  if (properties.start_timeout.has_value()) {
    message.set_start_timeout(
        ToInt32(absl::ToInt64Seconds(*properties.start_timeout)));
  }
}

absl::StatusOr<embatch::TaskPropertiesOverride> ReadTaskOverride(
    absl::string_view member, const TaskPropertiesOverride& message) {
  embatch::TaskPropertiesOverride task;
  for (int i = 0; i < message.containers().items_size(); ++i) {
    const TaskContainerOverrides& container = message.containers().items(i);
    const absl::StatusOr<Amounts> amounts = ReadRequirements(
        absl::StrCat(member, ".containers[", i, "].resourceRequirements"),
        container.resource_requirements());
    if (!amounts.ok()) return amounts.status();
    embatch::TaskContainerOverrides& overrides = task.containers.emplace_back();
    overrides.name = container.name();
    overrides.command = Strings(container.command());
    overrides.environment = ReadEnvironment(container.environment());
    overrides.vcpu_milli = amounts->vcpu_milli;
    overrides.memory_mib = amounts->memory_mib;
    overrides.gpus = amounts->gpus;
  }
  return task;
}

}  // namespace

absl::StatusOr<embatch::EcsProperties> ReadEcs(absl::string_view member,
                                               const EcsProperties& message) {
  embatch::EcsProperties properties;
  for (int t = 0; t < message.task_properties().items_size(); ++t) {
    const EcsTaskProperties& from = message.task_properties().items(t);
    embatch::EcsTaskProperties& task =
        properties.task_properties.emplace_back();
    task.runtime_platform = ReadRuntimePlatform(from.runtime_platform());
    for (int i = 0; i < from.containers().items_size(); ++i) {
      auto container = ReadContainerOfTask(
          absl::StrCat(member, ".taskProperties[", t, "].containers[", i, "]"),
          from.containers().items(i));
      if (!container.ok()) return container.status();
      task.containers.push_back(*std::move(container));
    }
  }
  return properties;
}

void PrintEcs(const embatch::EcsProperties& properties,
              EcsProperties& message) {
  for (const embatch::EcsTaskProperties& task : properties.task_properties) {
    EcsTaskProperties& to = *message.mutable_task_properties()->add_items();
    for (const embatch::TaskContainerProperties& container : task.containers) {
      PrintContainerOfTask(container, *to.mutable_containers()->add_items());
    }
    const embatch::RuntimePlatform& platform = task.runtime_platform;
    if (!platform.operating_system_family.empty()) {
      to.mutable_runtime_platform()->set_operating_system_family(
          platform.operating_system_family);
    }
    if (!platform.cpu_architecture.empty()) {
      to.mutable_runtime_platform()->set_cpu_architecture(
          platform.cpu_architecture);
    }
  }
}

absl::StatusOr<embatch::EcsPropertiesOverride> ReadEcsOverride(
    absl::string_view member, const EcsPropertiesOverride& message) {
  embatch::EcsPropertiesOverride overrides;
  for (int t = 0; t < message.task_properties().items_size(); ++t) {
    auto task =
        ReadTaskOverride(absl::StrCat(member, ".taskProperties[", t, "]"),
                         message.task_properties().items(t));
    if (!task.ok()) return task.status();
    overrides.task_properties.push_back(*std::move(task));
  }
  return overrides;
}

}  // namespace api
}  // namespace embatch
