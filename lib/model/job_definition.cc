// SPDX-License-Identifier: Apache-2.0
#include "embatch/job_definition.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status_macros.h"
#include "lib/model/consumables.h"
#include "lib/model/container_checks.h"
#include "lib/model/limits.h"
#include "lib/model/node_ranges.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// Whether its containers are those of pods. All groups of nodes are of one
// kind, which is checked.
bool HasPods(const JobDefinitionOptions& options) {
  if (options.eks_properties.has_value()) return true;
  const std::optional<NodeProperties>& nodes = options.node_properties;
  return nodes.has_value() && !nodes->node_range_properties.empty() &&
         nodes->node_range_properties.front().eks_properties.has_value();
}

// Source: API RegisterJobDefinition.type; §3.2.
absl::Status CheckType(const JobDefinitionOptions& options) {
  if (!IsValidEnum(options.type)) {
    return absl::InvalidArgumentError(
        absl::StrCat("type is ", static_cast<int>(options.type),
                     "; type must be one of ('container', 'multinode')"));
  }
  if ((options.type == JobDefinitionType::kMultinode) !=
      options.node_properties.has_value()) {
    return absl::InvalidArgumentError(
        options.node_properties.has_value()
            ? "node_properties is given; must be absent unless type is "
              "multinode"
            : "type is multinode; node_properties must be given");
  }
  const int given =
      (options.container_properties != ContainerProperties() ? 1 : 0) +
      (options.ecs_properties.has_value() ? 1 : 0) +
      (options.eks_properties.has_value() ? 1 : 0) +
      (options.node_properties.has_value() ? 1 : 0);
  if (given <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      given,
      " of container_properties, ecs_properties, eks_properties and "
      "node_properties are given; must be exactly one"));
}

// Source: API RegisterJobDefinition.platformCapabilities; §3.2.
absl::Status CheckPlatforms(const JobDefinitionOptions& options) {
  const std::vector<PlatformCapability>& platforms =
      options.platform_capabilities;
  for (size_t i = 0; i < platforms.size(); ++i) {
    if (!IsValidEnum(platforms[i])) {
      return absl::InvalidArgumentError(absl::StrCat(
          "platform_capabilities[", i, "] is ", static_cast<int>(platforms[i]),
          "; must be EC2 or FARGATE"));
    }
  }
  if (!HasPods(options)) return absl::OkStatus();
  if (!platforms.empty()) {
    return absl::InvalidArgumentError(
        "platform_capabilities is given; must not be with eks_properties");
  }
  if (options.propagate_tags) {
    return absl::InvalidArgumentError(
        "propagate_tags is true; must not be with eks_properties");
  }
  return absl::OkStatus();
}

// Without any of the kinds the container's image is missed.
absl::Status CheckContainers(const JobDefinitionOptions& options,
                             const Limits& limits) {
  const ContainerRules rules = RulesFor(options, limits);
  if (options.ecs_properties.has_value()) {
    return CheckEcsProperties("ecs_properties", *options.ecs_properties, rules);
  }
  if (options.eks_properties.has_value()) {
    return CheckEksProperties("eks_properties", *options.eks_properties);
  }
  return CheckContainerProperties("container_properties",
                                  options.container_properties, rules);
}

}  // namespace

OrchestrationType JobDefinition::container_orchestration_type() const {
  return HasPods(options_) ? OrchestrationType::kEks : OrchestrationType::kEcs;
}

absl::Status CheckContainersOf(const JobDefinitionOptions& options,
                               const Limits& limits) {
  EMBATCH_RETURN_IF_ERROR(CheckType(options));
  EMBATCH_RETURN_IF_ERROR(CheckContainers(options, limits));
  return CheckConsumableResources(
      "consumable_resource_properties.consumable_resource_list",
      options.consumable_resource_properties.consumable_resource_list, limits);
}

absl::StatusOr<JobDefinition> JobDefinition::Create(
    JobDefinitionOptions options, LimitsProfile profile) {
  const Limits& limits = LimitsOf(profile);
  EMBATCH_RETURN_IF_ERROR(
      CheckName("job_definition_name", options.job_definition_name));
  EMBATCH_RETURN_IF_ERROR(CheckType(options));
  EMBATCH_RETURN_IF_ERROR(CheckPlatforms(options));
  if (options.type == JobDefinitionType::kMultinode) {
    EMBATCH_RETURN_IF_ERROR(CheckNodeProperties(options, profile));
  } else {
    EMBATCH_RETURN_IF_ERROR(CheckContainers(options, limits));
  }
  EMBATCH_RETURN_IF_ERROR(CheckRetryStrategy(options.retry_strategy, limits));
  EMBATCH_RETURN_IF_ERROR(CheckTimeout("timeout", options.timeout));
  EMBATCH_RETURN_IF_ERROR(CheckSchedulingPriority("scheduling_priority",
                                                  options.scheduling_priority));
  EMBATCH_RETURN_IF_ERROR(CheckConsumableResources(
      "consumable_resource_properties.consumable_resource_list",
      options.consumable_resource_properties.consumable_resource_list, limits));
  EMBATCH_RETURN_IF_ERROR(CheckTags(options.tags));
  // Choice: AWS measures the JSON of the request; we measure our own bytes of
  // the same content, which are a little fewer, or the document, which may say
  // the same once more.
  const int64_t document = static_cast<int64_t>(options.document.text().size());
  const int64_t bytes = std::max(
      static_cast<int64_t>(Encoded(options).size()) - document, document);
  if (bytes > limits.definition_bytes_max) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the job definition has ", bytes, " bytes; must have at most ",
        limits.definition_bytes_max));
  }
  return JobDefinition(std::move(options));
}

}  // namespace embatch
