// SPDX-License-Identifier: Apache-2.0
#include "lib/model/job_spec.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
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
  std::map<std::string, std::string> merged;
  for (const EnvironmentVariable& variable : definition) {
    merged[variable.name] = variable.value;
  }
  for (const EnvironmentVariable& variable : submission) {
    merged[variable.name] = variable.value;
  }
  std::vector<EnvironmentVariable> result;
  result.reserve(merged.size());
  for (auto& [name, value] : merged) result.push_back({name, value});
  return result;
}

// Merged by type. Source: API ContainerOverrides.resourceRequirements.
absl::StatusOr<Resources> MergedResources(const Resources& definition,
                                          const ContainerOverrides& overrides) {
  constexpr absl::string_view kMember = "container_overrides";
  if (overrides.vcpu_milli.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckRange(absl::StrCat(kMember, ".vcpu_milli"),
                                       *overrides.vcpu_milli, 1,
                                       kVcpuMilliMax));
  }
  if (overrides.memory_mib.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckRange(absl::StrCat(kMember, ".memory_mib"),
                                       *overrides.memory_mib, kMemoryMibMin,
                                       kMemoryMibMax));
  }
  if (overrides.gpus.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckRange(absl::StrCat(kMember, ".gpus"),
                                       *overrides.gpus, 0, kGpusMax));
  }
  Resources merged;
  merged.vcpu_milli = overrides.vcpu_milli.value_or(definition.vcpu_milli);
  merged.memory_mib = overrides.memory_mib.value_or(definition.memory_mib);
  merged.gpus = overrides.gpus.value_or(definition.gpus);
  EMBATCH_RETURN_IF_ERROR(CheckJobResources(merged));
  return merged;
}

absl::Status CheckOverrides(const SubmitJobRequest& request,
                            const Limits& limits) {
  const ContainerOverrides& overrides = request.container_overrides;
  EMBATCH_RETURN_IF_ERROR(
      CheckCommand("container_overrides.command", overrides.command));
  EMBATCH_RETURN_IF_ERROR(CheckEnvironment("container_overrides.environment",
                                           overrides.environment));
  EMBATCH_RETURN_IF_ERROR(CheckRetryStrategy(request.retry_strategy, limits));
  EMBATCH_RETURN_IF_ERROR(CheckTimeout(request.timeout));
  EMBATCH_RETURN_IF_ERROR(CheckTags(request.tags));
  // Dependencies have a limit of their own.
  const size_t none = Encoded(std::vector<JobDependency>()).size();
  const int64_t bytes = static_cast<int64_t>(
      Encoded(request).size() - Encoded(request.depends_on).size() + none);
  if (bytes > limits.submission_bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("the submission has ", bytes, " bytes; must have at most ",
                     limits.submission_bytes_max));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsPlainSubmission(const SubmitJobRequest& request) {
  const ContainerOverrides& overrides = request.container_overrides;
  return overrides.command.empty() && overrides.environment.empty() &&
         !overrides.vcpu_milli.has_value() &&
         !overrides.memory_mib.has_value() && !overrides.gpus.has_value() &&
         !overrides.deprecated_vcpus.has_value() &&
         !overrides.deprecated_memory_mib.has_value() &&
         overrides.instance_type.empty() &&
         !request.ecs_properties_override.has_value() &&
         !request.eks_properties_override.has_value() &&
         request.parameters.empty() && !request.retry_strategy.has_value() &&
         !request.timeout.has_value() &&
         !request.scheduling_priority_override.has_value() &&
         !request.propagate_tags.has_value() && request.tags.empty() &&
         !request.document.has_value();
}

absl::StatusOr<JobSpec> MakeJobSpec(const JobDefinition& definition,
                                    uint32_t definition_index,
                                    const SubmitJobRequest& request,
                                    const Limits& limits) {
  EMBATCH_RETURN_IF_ERROR(CheckOverrides(request, limits));
  const JobDefinitionOptions& options = definition.options();
  const ContainerProperties& container = options.container_properties;
  const ContainerOverrides& overrides = request.container_overrides;
  absl::StatusOr<Resources> resources =
      MergedResources(container.resources, overrides);
  EMBATCH_RETURN_IF_ERROR(resources.status());

  JobSpec spec;
  spec.definition = definition_index;
  spec.resources = *resources;
  spec.command =
      overrides.command.empty() ? container.command : overrides.command;
  spec.parameters = request.parameters;
  spec.parameters.insert(options.parameters.begin(), options.parameters.end());
  EMBATCH_RETURN_IF_ERROR(SubstituteParameters(
      spec.parameters, limits.submission_bytes_max, spec.command));
  spec.environment =
      MergedEnvironment(container.environment, overrides.environment);
  spec.retry_strategy = request.retry_strategy.has_value()
                            ? *request.retry_strategy
                            : options.retry_strategy.value_or(RetryStrategy{});
  spec.timeout =
      request.timeout.has_value() ? request.timeout : options.timeout;
  spec.scheduling_priority = request.scheduling_priority_override.value_or(
      options.scheduling_priority.value_or(0));
  spec.propagate_tags = request.propagate_tags.value_or(options.propagate_tags);
  spec.tags = request.tags;
  spec.document = request.document;
  return spec;
}

}  // namespace embatch
