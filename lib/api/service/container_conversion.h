// SPDX-License-Identifier: Apache-2.0
// Containers between AWS's messages and the scheduler's values: what the
// scheduler reads of them. All else that a message has stays in the message,
// which travels as a definition's document.
//
// Errors: kInvalidArgument; the message begins with `member` or a part of it.
// Source: API ContainerProperties, ContainerOverrides, ResourceRequirement.
#ifndef EMBATCH_LIB_API_SERVICE_CONTAINER_CONVERSION_H_
#define EMBATCH_LIB_API_SERVICE_CONTAINER_CONVERSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "embatch/api/common.pb.h"
#include "embatch/api/consumable_resource.pb.h"
#include "embatch/api/container.pb.h"
#include "embatch/consumable_resource.h"
#include "embatch/container_overrides.h"
#include "embatch/container_properties.h"
#include "lib/api/arn.h"

namespace embatch {
namespace api {

// What a list of resourceRequirements names.
struct Amounts {
  std::optional<int64_t> vcpu_milli;
  std::optional<int64_t> memory_mib;
  std::optional<int32_t> gpus;

  Resources AsResources() const {
    return {vcpu_milli.value_or(0), memory_mib.value_or(0), gpus.value_or(0)};
  }
};

absl::StatusOr<Amounts> ReadRequirements(absl::string_view member,
                                         const ResourceRequirements& list);
// Those that are not 0.
void PrintRequirements(const Resources& resources, ResourceRequirements& list);

void PrintStrings(absl::Span<const std::string> strings, StringList& list);

std::vector<EnvironmentVariable> ReadEnvironment(
    const EnvironmentVariables& list);
void PrintEnvironment(absl::Span<const EnvironmentVariable> environment,
                      EnvironmentVariables& list);

embatch::RuntimePlatform ReadRuntimePlatform(const RuntimePlatform& platform);

absl::StatusOr<embatch::ContainerProperties> ReadContainer(
    absl::string_view member, const ContainerProperties& container);
// For a definition that was made without this API.
void PrintContainer(const embatch::ContainerProperties& properties,
                    ContainerProperties& container);

absl::StatusOr<embatch::ContainerOverrides> ReadContainerOverrides(
    absl::string_view member, const ContainerOverrides& overrides);

// Resources by name or by ARN.
absl::StatusOr<embatch::ConsumableResourceProperties> ReadConsumables(
    absl::string_view member, const ConsumableResourceProperties& properties,
    const ArnScope& scope);
void PrintConsumables(
    absl::Span<const embatch::ConsumableResourceRequirement> requirements,
    ConsumableResourceProperties& properties);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_CONTAINER_CONVERSION_H_
