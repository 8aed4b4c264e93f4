// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/eks_conversion.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/api/json_text.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

// Source: API EksContainerResourceRequirements.limits.
constexpr char kCpu[] = "cpu";
constexpr char kMemory[] = "memory";
constexpr char kGpus[] = "nvidia.com/gpu";
constexpr char kMib[] = "Mi";

absl::Status ReadAmount(absl::string_view member, const std::string& name,
                        const std::string& value, EksResourceList& list) {
  absl::string_view rule;
  if (name == kCpu) {
    list.cpu_milli = ReadThousandths(value);
    if (list.cpu_milli.has_value()) return absl::OkStatus();
    rule = "must be a number of vCPUs, a multiple of 0.25";
  } else if (name == kMemory) {
    absl::string_view digits = value;
    if (absl::ConsumeSuffix(&digits, kMib)) list.memory_mib = ReadWhole(digits);
    if (list.memory_mib.has_value()) return absl::OkStatus();
    rule = "must be a whole number of MiB, followed by Mi";
  } else if (name == kGpus) {
    const std::optional<int64_t> gpus = ReadWhole(value);
    if (gpus.has_value() && *gpus <= std::numeric_limits<int32_t>::max()) {
      list.nvidia_gpus = static_cast<int32_t>(*gpus);
      return absl::OkStatus();
    }
    rule = "must be a whole number of GPUs";
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat(member, " names ", Quote(name),
                     "; may name cpu, memory and nvidia.com/gpu"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(member, ".", name, " is ", Quote(value), "; ", rule));
}

// Of EksLimits or EksRequests. Which of several bad ones is named does not
// depend on a hash: names come in order.
template <typename Map>
absl::StatusOr<EksResourceList> ReadList(absl::string_view member,
                                         const Map& map) {
  const std::map<std::string, std::string> sorted(map.entries().begin(),
                                                  map.entries().end());
  EksResourceList list;
  for (const auto& [name, value] : sorted) {
    const absl::Status status = ReadAmount(member, name, value, list);
    if (!status.ok()) return status;
  }
  return list;
}

absl::StatusOr<EksContainerResources> ReadResources(
    absl::string_view member, const EksContainerResourceRequirements& message) {
  const auto limits =
      ReadList(absl::StrCat(member, ".limits"), message.limits());
  if (!limits.ok()) return limits.status();
  const auto requests =
      ReadList(absl::StrCat(member, ".requests"), message.requests());
  if (!requests.ok()) return requests.status();
  return EksContainerResources{*limits, *requests};
}

template <typename Map>
void PrintList(const EksResourceList& list, Map& map) {
  auto& entries = *map.mutable_entries();
  if (list.cpu_milli.has_value()) {
    entries[kCpu] = PrintThousandths(*list.cpu_milli);
  }
  if (list.memory_mib.has_value()) {
    entries[kMemory] = absl::StrCat(*list.memory_mib, kMib);
  }
  if (list.nvidia_gpus.has_value()) {
    entries[kGpus] = absl::StrCat(*list.nvidia_gpus);
  }
}

std::vector<EnvironmentVariable> ReadEnv(
    const EksContainerEnvironmentVariables& list) {
  std::vector<EnvironmentVariable> environment;
  for (const EksContainerEnvironmentVariable& variable : list.items()) {
    environment.push_back({variable.name(), variable.value()});
  }
  return environment;
}

// What a container and its override have in common.
template <typename Message, typename Value>
absl::Status ReadCommon(absl::string_view member, const Message& message,
                        Value& value) {
  const auto resources =
      ReadResources(absl::StrCat(member, ".resources"), message.resources());
  if (!resources.ok()) return resources.status();
  if (message.has_name()) value.name = message.name();
  value.image = message.image();
  value.command = Strings(message.command());
  value.args = Strings(message.args());
  value.env = ReadEnv(message.env());
  value.resources = *resources;
  return absl::OkStatus();
}

template <typename Messages, typename Value>
absl::Status ReadAll(absl::string_view member, const Messages& messages,
                     std::vector<Value>& values) {
  for (int i = 0; i < messages.items_size(); ++i) {
    absl::Status status = ReadCommon(absl::StrCat(member, "[", i, "]"),
                                     messages.items(i), values.emplace_back());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void PrintContainers(const std::vector<embatch::EksContainer>& containers,
                     EksContainers& list) {
  for (const embatch::EksContainer& container : containers) {
    EksContainer& message = *list.add_items();
    message.set_name(container.name);
    message.set_image(container.image);
    PrintStrings(container.command, *message.mutable_command());
    PrintStrings(container.args, *message.mutable_args());
    PrintEksEnvironment(container.env, *message.mutable_env());
    EksContainerResourceRequirements& resources = *message.mutable_resources();
    PrintList(container.resources.limits, *resources.mutable_limits());
    PrintList(container.resources.requests, *resources.mutable_requests());
  }
}

}  // namespace

void PrintEksEnvironment(absl::Span<const EnvironmentVariable> environment,
                         EksContainerEnvironmentVariables& list) {
  for (const EnvironmentVariable& variable : environment) {
    EksContainerEnvironmentVariable& item = *list.add_items();
    item.set_name(variable.name);
    item.set_value(variable.value);
  }
}

absl::StatusOr<embatch::EksProperties> ReadEks(absl::string_view member,
                                               const EksProperties& message) {
  embatch::EksProperties properties;
  const EksPodProperties& pod = message.pod_properties();
  absl::Status status =
      ReadAll(absl::StrCat(member, ".podProperties.containers"),
              pod.containers(), properties.pod_properties.containers);
  if (!status.ok()) return status;
  status =
      ReadAll(absl::StrCat(member, ".podProperties.initContainers"),
              pod.init_containers(), properties.pod_properties.init_containers);
  if (!status.ok()) return status;
  return properties;
}

void PrintEks(const embatch::EksProperties& properties,
              EksProperties& message) {
  EksPodProperties& pod = *message.mutable_pod_properties();
  PrintContainers(properties.pod_properties.containers,
                  *pod.mutable_containers());
  if (properties.pod_properties.init_containers.empty()) return;
  PrintContainers(properties.pod_properties.init_containers,
                  *pod.mutable_init_containers());
}

absl::StatusOr<embatch::EksPropertiesOverride> ReadEksOverride(
    absl::string_view member, const EksPropertiesOverride& message) {
  embatch::EksPropertiesOverride overrides;
  const EksPodPropertiesOverride& pod = message.pod_properties();
  absl::Status status =
      ReadAll(absl::StrCat(member, ".podProperties.containers"),
              pod.containers(), overrides.pod_properties.containers);
  if (!status.ok()) return status;
  status =
      ReadAll(absl::StrCat(member, ".podProperties.initContainers"),
              pod.init_containers(), overrides.pod_properties.init_containers);
  if (!status.ok()) return status;
  return overrides;
}

}  // namespace api
}  // namespace embatch
