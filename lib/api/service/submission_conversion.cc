// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/submission_conversion.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/definition_conversion.h"
#include "lib/api/service/ecs_conversion.h"
#include "lib/api/service/eks_conversion.h"
#include "lib/api/service/job_arns.h"
#include "lib/api/service/node_conversion.h"

namespace embatch {
namespace api {
namespace {

absl::Status ReadNames(const Context& context, const SubmitJobRequest& message,
                       embatch::SubmitJobRequest& submission) {
  submission.job_name = message.job_name();
  absl::StatusOr<std::string> queue = NameOrArn(
      "jobQueue", message.job_queue(), ArnKind::kJobQueue, context.scope);
  if (!queue.ok()) return queue.status();
  submission.job_queue = *std::move(queue);
  absl::StatusOr<std::string> definition = ReadDefinitionName(
      "jobDefinition", message.job_definition(), context.scope);
  if (!definition.ok()) return definition.status();
  submission.job_definition = *std::move(definition);
  return absl::OkStatus();
}

// What names no job is the scheduler's to refuse, after what it checks first.
void ReadDependencies(const Context& context, const JobDependencyList& list,
                      embatch::SubmitJobRequest& submission) {
  for (int i = 0; i < list.items_size(); ++i) {
    const JobDependency& item = list.items(i);
    embatch::JobDependency& dependency = submission.depends_on.emplace_back();
    if (item.has_job_id()) {
      dependency.job =
          ReadJobId(context, "jobId", item.job_id()).value_or(kUnknownJob);
    }
    if (item.type() == ARRAY_JOB_DEPENDENCY_N_TO_N) {
      dependency.type = DependencyType::kNToN;
    } else if (item.type() == ARRAY_JOB_DEPENDENCY_SEQUENTIAL) {
      dependency.type = DependencyType::kSequential;
    }
  }
}

absl::Status ReadOverrides(const Context& context,
                           const SubmitJobRequest& message,
                           embatch::SubmitJobRequest& submission) {
  if (message.has_container_overrides()) {
    auto container = ReadContainerOverrides("containerOverrides",
                                            message.container_overrides());
    if (!container.ok()) return container.status();
    submission.container_overrides = *std::move(container);
  }
  if (message.has_ecs_properties_override()) {
    auto ecs = ReadEcsOverride("ecsPropertiesOverride",
                               message.ecs_properties_override());
    if (!ecs.ok()) return ecs.status();
    submission.ecs_properties_override = *std::move(ecs);
  }
  if (message.has_eks_properties_override()) {
    auto eks = ReadEksOverride("eksPropertiesOverride",
                               message.eks_properties_override());
    if (!eks.ok()) return eks.status();
    submission.eks_properties_override = *std::move(eks);
  }
  if (message.has_node_overrides()) {
    auto nodes = ReadNodeOverrides(message.node_overrides(), context.scope);
    if (!nodes.ok()) return nodes.status();
    submission.node_overrides = *std::move(nodes);
  }
  if (message.has_consumable_resource_properties_override()) {
    auto consumables = ReadConsumables(
        "consumableResourcePropertiesOverride",
        message.consumable_resource_properties_override(), context.scope);
    if (!consumables.ok()) return consumables.status();
    submission.consumable_resource_properties_override =
        *std::move(consumables);
  }
  return absl::OkStatus();
}

// What the scheduler merges, or does not read: a pod's metadata, where its
// command ends and its arguments begin, limits beside requests, and what each
// group of nodes was given.
Document RestOf(const SubmitJobRequest& message) {
  SubmitJobRequest rest;
  if (message.has_eks_properties_override()) {
    *rest.mutable_eks_properties_override() = message.eks_properties_override();
  }
  if (message.has_node_overrides()) {
    *rest.mutable_node_overrides() = message.node_overrides();
  }
  return DocumentOf(rest);
}

}  // namespace

absl::Status ReadSubmission(const Context& context,
                            const SubmitJobRequest& message,
                            embatch::SubmitJobRequest& submission) {
  absl::Status status = ReadNames(context, message, submission);
  if (!status.ok()) return status;
  ReadDependencies(context, message.depends_on(), submission);
  if (message.array_properties().has_size()) {
    submission.array_size = message.array_properties().size();
  }
  submission.parameters = {message.parameters().entries().begin(),
                           message.parameters().entries().end()};
  if (message.has_retry_strategy()) {
    submission.retry_strategy = ReadRetryStrategy(message.retry_strategy());
  }
  submission.timeout = ReadTimeout(message.timeout());
  submission.share_identifier = message.share_identifier();
  if (message.has_scheduling_priority_override()) {
    submission.scheduling_priority_override =
        message.scheduling_priority_override();
  }
  if (message.has_propagate_tags()) {
    submission.propagate_tags = message.propagate_tags();
  }
  submission.tags = TagsOf(message.tags());
  if (message.has_eks_properties_override() || message.has_node_overrides()) {
    submission.document = RestOf(message);
  }
  return ReadOverrides(context, message, submission);
}

}  // namespace api
}  // namespace embatch
