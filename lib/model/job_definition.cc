// SPDX-License-Identifier: Apache-2.0
#include "embatch/job_definition.h"

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status_macros.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

absl::Status CheckOneKindOfProperties(const JobDefinitionOptions& options) {
  const int given =
      (options.container_properties != ContainerProperties() ? 1 : 0) +
      (options.ecs_properties.has_value() ? 1 : 0) +
      (options.eks_properties.has_value() ? 1 : 0);
  if (given <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "container_properties, ecs_properties and eks_properties: more than one "
      "is given; must be exactly one");
}

absl::Status CheckContainer(const ContainerProperties& container) {
  if (container.image.empty()) {
    return absl::InvalidArgumentError(
        "container_properties.image is empty; containerProperties must contain "
        "image");
  }
  if (container.image.size() > kImageLengthMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("container_properties.image has ", container.image.size(),
                     " characters; must have at most ", kImageLengthMax));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckCommand("container_properties.command", container.command));
  EMBATCH_RETURN_IF_ERROR(CheckEnvironment("container_properties.environment",
                                           container.environment));
  return CheckPartialResources("container_properties.resources",
                               container.resources);
}

}  // namespace

absl::StatusOr<JobDefinition> JobDefinition::Create(
    JobDefinitionOptions options, LimitsProfile profile) {
  const Limits& limits = LimitsOf(profile);
  EMBATCH_RETURN_IF_ERROR(
      CheckName("job_definition_name", options.job_definition_name));
  EMBATCH_RETURN_IF_ERROR(CheckOneKindOfProperties(options));
  EMBATCH_RETURN_IF_ERROR(CheckContainer(options.container_properties));
  EMBATCH_RETURN_IF_ERROR(CheckRetryStrategy(options.retry_strategy, limits));
  EMBATCH_RETURN_IF_ERROR(CheckTimeout(options.timeout));
  EMBATCH_RETURN_IF_ERROR(CheckSchedulingPriority("scheduling_priority",
                                                  options.scheduling_priority));
  EMBATCH_RETURN_IF_ERROR(CheckTags(options.tags));
  // Choice: AWS measures the JSON of the request; we measure our own bytes of
  // the same content, which are a little fewer.
  const int64_t bytes = static_cast<int64_t>(Encoded(options).size());
  if (bytes > limits.definition_bytes_max) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the job definition has ", bytes, " bytes; must have at most ",
        limits.definition_bytes_max));
  }
  return JobDefinition(std::move(options));
}

}  // namespace embatch
