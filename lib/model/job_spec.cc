// SPDX-License-Identifier: Apache-2.0
#include "lib/model/job_spec.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/base/status_macros.h"
#include "lib/model/consumables.h"
#include "lib/model/node_ranges.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// An override is of the kind that its definition has.
// Source: API SubmitJob.containerOverrides, ecsPropertiesOverride ("for jobs
// that are run on Amazon ECS"), eksPropertiesOverride.
absl::Status CheckKindOfOverrides(const JobDefinitionOptions& options,
                                  const SubmitJobRequest& request) {
  absl::string_view member;
  if (request.container_overrides != ContainerOverrides() &&
      (options.ecs_properties.has_value() ||
       options.eks_properties.has_value())) {
    member = "container_overrides";
  } else if (request.ecs_properties_override.has_value() &&
             !options.ecs_properties.has_value()) {
    member = "ecs_properties_override";
  } else if (request.eks_properties_override.has_value() &&
             !options.eks_properties.has_value()) {
    member = "eks_properties_override";
  } else {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      member, " is given; the job definition has properties of another kind"));
}

// The containers, with the parameters put in. Source: §3.5, §3.6.
absl::Status MergeContainers(const JobDefinitionOptions& options,
                             const SubmitJobRequest& request,
                             const Limits& limits, JobSpec& spec,
                             JobSpecExtras& extras) {
  EMBATCH_RETURN_IF_ERROR(CheckKindOfOverrides(options, request));
  extras.parameters = request.parameters;
  extras.parameters.insert(options.parameters.begin(),
                           options.parameters.end());
  const MergeContext context = {&extras.parameters, RulesFor(options, limits)};
  if (options.ecs_properties.has_value() ||
      options.eks_properties.has_value()) {
    absl::StatusOr<TaskSpec> task =
        options.ecs_properties.has_value()
            ? MergeEcs("ecs_properties_override", *options.ecs_properties,
                       request.ecs_properties_override, context)
            : MergeEks("eks_properties_override", *options.eks_properties,
                       request.eks_properties_override, context);
    EMBATCH_RETURN_IF_ERROR(task.status());
    extras.task = *std::move(task);
    spec.resources = NeedOf(extras.task);
    return absl::OkStatus();
  }
  absl::StatusOr<MergedContainer> container =
      MergeContainer("container_overrides", options.container_properties,
                     request.container_overrides, context);
  EMBATCH_RETURN_IF_ERROR(container.status());
  spec.command = std::move(container->command);
  spec.environment = std::move(container->environment);
  spec.resources = container->resources;
  return absl::OkStatus();
}

// Choice: AWS does not say what it counts. We count what ECS is handed for a
// job: the JSON of the commands that differ from the definition's and of the
// overridden variables, without escapes.
int64_t LengthOf(const std::vector<std::string>& definition,
                 const std::vector<std::string>& merged) {
  if (merged == definition) return 0;
  int64_t length = 0;
  for (const std::string& element : merged) {
    length += static_cast<int64_t>(element.size() + 3);  // "",
  }
  return length;
}
int64_t LengthOf(const std::vector<EnvironmentVariable>& environment) {
  constexpr absl::string_view kFrame = "{\"name\":\"\",\"value\":\"\"},";
  int64_t length = 0;
  for (const EnvironmentVariable& variable : environment) {
    length += static_cast<int64_t>(kFrame.size() + variable.name.size() +
                                   variable.value.size());
  }
  return length;
}

int64_t OverridesLength(const JobDefinitionOptions& options,
                        const SubmitJobRequest& request, const JobSpec& spec) {
  // A pod is not started by ECS.
  if (options.eks_properties.has_value()) return 0;
  if (!options.ecs_properties.has_value()) {
    return LengthOf(options.container_properties.command, spec.command) +
           LengthOf(request.container_overrides.environment);
  }
  int64_t length = 0;
  const std::vector<TaskContainerProperties>& containers =
      options.ecs_properties->task_properties.front().containers;
  for (size_t i = 0; i < containers.size(); ++i) {
    length += LengthOf(containers[i].command,
                       spec.extras->task.containers[i].command);
  }
  if (!request.ecs_properties_override.has_value()) return length;
  for (const TaskPropertiesOverride& task :
       request.ecs_properties_override->task_properties) {
    for (const TaskContainerOverrides& container : task.containers) {
      length += LengthOf(container.environment);
    }
  }
  return length;
}

// Source: API SubmitJob.propagateTags; §2.4, §5.2.
void MergeTags(const JobDefinitionOptions& options,
               const SubmitJobRequest& request, JobSpec& spec,
               JobSpecExtras& extras) {
  extras.tags = request.tags;
  spec.propagate_tags = request.propagate_tags.value_or(options.propagate_tags);
  if (!spec.propagate_tags) return;
  extras.propagated_tags = request.tags;
  extras.propagated_tags.insert(options.tags.begin(), options.tags.end());
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
         !request.node_overrides.has_value() && request.parameters.empty() &&
         !request.retry_strategy.has_value() && !request.timeout.has_value() &&
         !request.scheduling_priority_override.has_value() &&
         !request.preemption_retries_before_termination.has_value() &&
         !request.propagate_tags.has_value() && request.tags.empty() &&
         request.consumable_resource_properties_override
             .consumable_resource_list.empty() &&
         !request.document.has_value();
}

absl::StatusOr<JobSpec> MakeJobSpec(const JobDefinition& definition,
                                    uint32_t definition_index,
                                    const SubmitJobRequest& request,
                                    const Limits& limits) {
  const JobDefinitionOptions& options = definition.options();
  if (options.type == JobDefinitionType::kMultinode) {
    return MakeMultiNodeSpec(definition, definition_index, request, limits);
  }
  if (request.node_overrides.has_value()) {
    return absl::InvalidArgumentError(
        "node_overrides is given; must be absent unless the definition's type "
        "is multinode");
  }
  absl::StatusOr<JobSpec> spec =
      MakeGroupSpec(definition, definition_index, request, limits);
  EMBATCH_RETURN_IF_ERROR(spec.status());
  EMBATCH_RETURN_IF_ERROR(CheckWholeJob(definition, request, limits));
  return spec;
}

absl::Status CheckWholeJob(const JobDefinition& definition,
                           const SubmitJobRequest& request,
                           const Limits& limits) {
  EMBATCH_RETURN_IF_ERROR(CheckTimeout("timeout", request.timeout));
  if (request.preemption_retries_before_termination.has_value()) {
    EMBATCH_RETURN_IF_ERROR(
        CheckRange("preemption_retries_before_termination",
                   *request.preemption_retries_before_termination, 0,
                   std::numeric_limits<int32_t>::max()));
  }
  EMBATCH_RETURN_IF_ERROR(CheckRetryStrategy(request.retry_strategy, limits));
  EMBATCH_RETURN_IF_ERROR(CheckSchedulingPriority(
      "scheduling_priority_override", request.scheduling_priority_override));
  EMBATCH_RETURN_IF_ERROR(CheckTags(request.tags));
  // Source: API SubmitJob.propagateTags, RegisterJobDefinition.propagateTags
  // ("If the job runs on Amazon EKS resources, ... must not specify").
  if (request.propagate_tags.has_value() &&
      definition.container_orchestration_type() == OrchestrationType::kEks) {
    return absl::InvalidArgumentError(
        "propagate_tags is given; must not be for a job definition with "
        "eks_properties");
  }
  return absl::OkStatus();
}

absl::StatusOr<JobSpec> MakeGroupSpec(const JobDefinition& definition,
                                      uint32_t definition_index,
                                      const SubmitJobRequest& request,
                                      const Limits& limits) {
  const JobDefinitionOptions& options = definition.options();
  JobSpec spec;
  JobSpecExtras extras;
  spec.definition = definition_index;
  EMBATCH_RETURN_IF_ERROR(
      MergeContainers(options, request, limits, spec, extras));
  EMBATCH_RETURN_IF_ERROR(CheckConsumableResources(
      "consumable_resource_properties_override.consumable_resource_list",
      request.consumable_resource_properties_override.consumable_resource_list,
      limits));
  spec.retry_strategy = request.retry_strategy.has_value()
                            ? *request.retry_strategy
                            : options.retry_strategy.value_or(RetryStrategy{});
  spec.timeout =
      request.timeout.has_value() ? request.timeout : options.timeout;
  extras.preemption_retries_before_termination =
      request.preemption_retries_before_termination;
  extras.consumables = MergedConsumableResources(
      options.consumable_resource_properties.consumable_resource_list,
      request.consumable_resource_properties_override.consumable_resource_list);
  EMBATCH_RETURN_IF_ERROR(
      CheckConsumableResources(kMergedConsumables, extras.consumables, limits));
  spec.scheduling_priority = request.scheduling_priority_override.value_or(
      options.scheduling_priority.value_or(0));
  MergeTags(options, request, spec, extras);
  extras.document = request.document;
  spec.extras = Rare<JobSpecExtras>(std::move(extras));
  if (spec.extras->propagated_tags.size() > kTagsMax) {
    spec.launch_rejection = LaunchRejection::kTooManyTags;
  } else if (OverridesLength(options, request, spec) >
             limits.container_overrides_length_max) {
    spec.launch_rejection = LaunchRejection::kOverridesTooLong;
  }
  return spec;
}

namespace {

// Whether nothing is given that may be long, but for names.
bool IsShort(const SubmitJobRequest& request, const Limits& limits) {
  const ContainerOverrides& overrides = request.container_overrides;
  const size_t names =
      request.job_name.size() + request.job_queue.size() +
      request.job_definition.size() + request.share_identifier.size() +
      request.quota_share_name.size() + overrides.instance_type.size();
  return static_cast<int64_t>(names) < limits.submission_bytes_max / 2 &&
         overrides.command.empty() && overrides.environment.empty() &&
         !request.ecs_properties_override.has_value() &&
         !request.eks_properties_override.has_value() &&
         !request.node_overrides.has_value() && request.parameters.empty() &&
         !request.retry_strategy.has_value() && request.tags.empty() &&
         request.consumable_resource_properties_override
             .consumable_resource_list.empty() &&
         !request.document.has_value();
}

}  // namespace

absl::Status CheckSubmissionSize(const SubmitJobRequest& request,
                                 const Limits& limits) {
  if (IsShort(request, limits)) return absl::OkStatus();
  const int64_t all = static_cast<int64_t>(EncodedSize(request));
  if (all <= limits.submission_bytes_max) return absl::OkStatus();
  // Dependencies have a limit of their own, and the document may say once more
  // what other members say.
  const int64_t dependencies =
      static_cast<int64_t>(EncodedSize(request.depends_on) -
                           EncodedSize(std::vector<JobDependency>()));
  const int64_t document = static_cast<int64_t>(request.document.text().size());
  const int64_t bytes = std::max(all - dependencies - document, document);
  if (bytes <= limits.submission_bytes_max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the submission has ", bytes,
                                                 " bytes; must have at most ",
                                                 limits.submission_bytes_max));
}

}  // namespace embatch
