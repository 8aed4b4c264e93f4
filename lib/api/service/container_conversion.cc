// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/container_conversion.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/api/json_text.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

absl::Status Refused(absl::string_view member, absl::string_view value,
                     absl::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat(member, " is ", Quote(value), "; ", rule));
}

// Source: §22; 4 itself is enough.
constexpr absl::string_view kMemoryRule =
    "container memory limit must be greater than 4";
constexpr absl::string_view kVcpusRule =
    "container vcpus limit must be greater than 0";
constexpr int64_t kMemoryMibLeast = 4;

absl::Status ReadRequirement(absl::string_view member,
                             const ResourceRequirement& requirement,
                             Amounts& amounts) {
  const std::string& value = requirement.value();
  bool is_second = false;
  switch (requirement.type()) {
    case RESOURCE_TYPE_VCPU: {
      is_second = amounts.vcpu_milli.has_value();
      amounts.vcpu_milli = ReadThousandths(value);
      if (!amounts.vcpu_milli.has_value() || *amounts.vcpu_milli <= 0) {
        return Refused(absl::StrCat(member, ".value"), value, kVcpusRule);
      }
      break;
    }
    case RESOURCE_TYPE_MEMORY: {
      is_second = amounts.memory_mib.has_value();
      amounts.memory_mib = ReadWhole(value);
      if (!amounts.memory_mib.has_value() ||
          *amounts.memory_mib < kMemoryMibLeast) {
        return Refused(absl::StrCat(member, ".value"), value, kMemoryRule);
      }
      break;
    }
    case RESOURCE_TYPE_GPU: {
      is_second = amounts.gpus.has_value();
      const std::optional<int64_t> gpus = ReadWhole(value);
      if (!gpus.has_value() || *gpus > std::numeric_limits<int32_t>::max()) {
        return Refused(absl::StrCat(member, ".value"), value,
                       "must be a whole number of GPUs");
      }
      amounts.gpus = static_cast<int32_t>(*gpus);
      break;
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat(member, ".type must be GPU, VCPU or MEMORY"));
  }
  if (!is_second) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      member, ".type is ", ResourceType_Name(requirement.type()).substr(14),
      "; each type may be given once"));
}

void AddRequirement(ResourceType type, std::string value,
                    ResourceRequirements& list) {
  ResourceRequirement& requirement = *list.add_items();
  requirement.set_type(type);
  requirement.set_value(std::move(value));
}

}  // namespace

absl::StatusOr<Amounts> ReadRequirements(absl::string_view member,
                                         const ResourceRequirements& list) {
  Amounts amounts;
  for (int i = 0; i < list.items_size(); ++i) {
    const absl::Status status = ReadRequirement(
        absl::StrCat(member, "[", i, "]"), list.items(i), amounts);
    if (!status.ok()) return status;
  }
  return amounts;
}

void PrintRequirements(const Resources& resources, ResourceRequirements& list) {
  if (resources.vcpu_milli != 0) {
    AddRequirement(RESOURCE_TYPE_VCPU, PrintThousandths(resources.vcpu_milli),
                   list);
  }
  if (resources.memory_mib != 0) {
    AddRequirement(RESOURCE_TYPE_MEMORY, absl::StrCat(resources.memory_mib),
                   list);
  }
  if (resources.gpus != 0) {
    AddRequirement(RESOURCE_TYPE_GPU, absl::StrCat(resources.gpus), list);
  }
}

void PrintStrings(absl::Span<const std::string> strings, StringList& list) {
  list.mutable_items()->Reserve(static_cast<int>(strings.size()));
  for (const std::string& text : strings) list.add_items(text);
}

std::vector<EnvironmentVariable> ReadEnvironment(
    const EnvironmentVariables& list) {
  std::vector<EnvironmentVariable> environment;
  environment.reserve(static_cast<size_t>(list.items_size()));
  for (const KeyValuePair& variable : list.items()) {
    environment.push_back({variable.name(), variable.value()});
  }
  return environment;
}

void PrintEnvironment(absl::Span<const EnvironmentVariable> environment,
                      EnvironmentVariables& list) {
  list.mutable_items()->Reserve(static_cast<int>(environment.size()));
  for (const EnvironmentVariable& variable : environment) {
    KeyValuePair& pair = *list.add_items();
    pair.set_name(variable.name);
    pair.set_value(variable.value);
  }
}

embatch::RuntimePlatform ReadRuntimePlatform(const RuntimePlatform& platform) {
  return {platform.operating_system_family(), platform.cpu_architecture()};
}

absl::StatusOr<embatch::ContainerProperties> ReadContainer(
    absl::string_view member, const ContainerProperties& container) {
  const absl::StatusOr<Amounts> amounts =
      ReadRequirements(absl::StrCat(member, ".resourceRequirements"),
                       container.resource_requirements());
  if (!amounts.ok()) return amounts.status();
  embatch::ContainerProperties properties;
  properties.image = container.image();
  properties.command = Strings(container.command());
  properties.environment = ReadEnvironment(container.environment());
  properties.resources = amounts->AsResources();
  if (container.has_vcpus()) {
    if (container.vcpus() <= 0) {
      return Refused(absl::StrCat(member, ".vcpus"),
                     absl::StrCat(container.vcpus()), kVcpusRule);
    }
    properties.deprecated_vcpus = container.vcpus();
  }
  if (container.has_memory()) {
    if (container.memory() < kMemoryMibLeast) {
      return Refused(absl::StrCat(member, ".memory"),
                     absl::StrCat(container.memory()), kMemoryRule);
    }
    properties.deprecated_memory_mib = container.memory();
  }
  properties.instance_type = container.instance_type();
  properties.runtime_platform =
      ReadRuntimePlatform(container.runtime_platform());
  return properties;
}

void PrintContainer(const embatch::ContainerProperties& properties,
                    ContainerProperties& container) {
  container.set_image(properties.image);
  PrintStrings(properties.command, *container.mutable_command());
  PrintEnvironment(properties.environment, *container.mutable_environment());
  PrintRequirements(properties.resources,
                    *container.mutable_resource_requirements());
  if (properties.deprecated_vcpus.has_value()) {
    container.set_vcpus(ToInt32(*properties.deprecated_vcpus));
  }
  if (properties.deprecated_memory_mib.has_value()) {
    container.set_memory(ToInt32(*properties.deprecated_memory_mib));
  }
  if (!properties.instance_type.empty()) {
    container.set_instance_type(properties.instance_type);
  }
  const embatch::RuntimePlatform& platform = properties.runtime_platform;
  if (!platform.operating_system_family.empty()) {
    container.mutable_runtime_platform()->set_operating_system_family(
        platform.operating_system_family);
  }
  if (!platform.cpu_architecture.empty()) {
    container.mutable_runtime_platform()->set_cpu_architecture(
        platform.cpu_architecture);
  }
}

absl::StatusOr<embatch::ContainerOverrides> ReadContainerOverrides(
    absl::string_view member, const ContainerOverrides& message) {
  embatch::ContainerOverrides overrides;
  if (message.has_resource_requirements()) {
    const absl::StatusOr<Amounts> amounts =
        ReadRequirements(absl::StrCat(member, ".resourceRequirements"),
                         message.resource_requirements());
    if (!amounts.ok()) return amounts.status();
    overrides.vcpu_milli = amounts->vcpu_milli;
    overrides.memory_mib = amounts->memory_mib;
    overrides.gpus = amounts->gpus;
  }
  overrides.command = Strings(message.command());
  overrides.environment = ReadEnvironment(message.environment());
  if (message.has_vcpus()) overrides.deprecated_vcpus = message.vcpus();
  if (message.has_memory()) overrides.deprecated_memory_mib = message.memory();
  overrides.instance_type = message.instance_type();
  return overrides;
}

absl::StatusOr<embatch::ConsumableResourceProperties> ReadConsumables(
    absl::string_view member, const ConsumableResourceProperties& message,
    const ArnScope& scope) {
  embatch::ConsumableResourceProperties properties;
  const auto& list = message.consumable_resource_list().items();
  for (int i = 0; i < list.size(); ++i) {
    absl::StatusOr<std::string> name = NameOrArn(
        absl::StrCat(member, ".consumableResourceList[", i,
                     "].consumableResource"),
        list[i].consumable_resource(), ArnKind::kConsumableResource, scope);
    if (!name.ok()) return name.status();
    properties.consumable_resource_list.push_back(
        {*std::move(name), list[i].quantity()});
  }
  return properties;
}

void PrintConsumables(
    absl::Span<const embatch::ConsumableResourceRequirement> requirements,
    ConsumableResourceProperties& properties) {
  for (const embatch::ConsumableResourceRequirement& one : requirements) {
    ConsumableResourceRequirement& item =
        *properties.mutable_consumable_resource_list()->add_items();
    item.set_consumable_resource(one.consumable_resource);
    item.set_quantity(one.quantity);
  }
}

}  // namespace api
}  // namespace embatch
