// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/definition_conversion.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/ecs_conversion.h"
#include "lib/api/service/eks_conversion.h"
#include "lib/api/service/node_conversion.h"
#include "lib/api/service/same_members.h"

namespace embatch {
namespace api {
namespace {

// The one of the four kinds of properties that is given. The scheduler can't
// tell an empty container from none. Source: §3.2.
absl::Status ReadProperties(const RegisterJobDefinitionRequest& request,
                            const ArnScope& scope,
                            JobDefinitionOptions& options) {
  const int given = static_cast<int>(request.has_container_properties()) +
                    static_cast<int>(request.has_ecs_properties()) +
                    static_cast<int>(request.has_eks_properties()) +
                    static_cast<int>(request.has_node_properties());
  if (given > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        given,
        " of containerProperties, ecsProperties, eksProperties and "
        "nodeProperties are given; must be exactly one"));
  }
  if (request.has_container_properties()) {
    auto container =
        ReadContainer("containerProperties", request.container_properties());
    if (!container.ok()) return container.status();
    options.container_properties = *std::move(container);
  }
  if (request.has_ecs_properties()) {
    auto ecs = ReadEcs("ecsProperties", request.ecs_properties());
    if (!ecs.ok()) return ecs.status();
    options.ecs_properties = *std::move(ecs);
  }
  if (request.has_eks_properties()) {
    auto eks = ReadEks("eksProperties", request.eks_properties());
    if (!eks.ok()) return eks.status();
    options.eks_properties = *std::move(eks);
  }
  if (request.has_node_properties()) {
    auto nodes = ReadNodes(request.node_properties(), scope);
    if (!nodes.ok()) return nodes.status();
    options.node_properties = *std::move(nodes);
  }
  return absl::OkStatus();
}

Document WithoutTags(RegisterJobDefinitionRequest request) {
  request.clear_tags();
  return DocumentOf(request);
}

// Source: answers of AWS; members of the shapes that are lists.
void ShowEmptyLists(ContainerProperties& container) {
  container.mutable_command();
  container.mutable_environment();
  container.mutable_mount_points();
  container.mutable_resource_requirements();
  container.mutable_secrets();
  container.mutable_ulimits();
  container.mutable_volumes();
}

RegisterJobDefinitionRequest RequestWithoutDocument(
    const JobDefinitionOptions& options) {
  RegisterJobDefinitionRequest request;
  request.set_job_definition_name(options.job_definition_name);
  if (options.node_properties.has_value()) {
    PrintNodes(*options.node_properties, *request.mutable_node_properties());
  } else if (options.ecs_properties.has_value()) {
    PrintEcs(*options.ecs_properties, *request.mutable_ecs_properties());
  } else if (options.eks_properties.has_value()) {
    PrintEks(*options.eks_properties, *request.mutable_eks_properties());
  } else {
    PrintContainer(options.container_properties,
                   *request.mutable_container_properties());
  }
  if (!options.parameters.empty()) {
    request.mutable_parameters()->mutable_entries()->insert(
        options.parameters.begin(), options.parameters.end());
  }
  if (options.scheduling_priority.has_value()) {
    request.set_scheduling_priority(*options.scheduling_priority);
  }
  if (options.retry_strategy.has_value()) {
    PrintRetryStrategy(*options.retry_strategy,
                       *request.mutable_retry_strategy());
  }
  if (options.propagate_tags) request.set_propagate_tags(true);
  if (options.timeout.has_value()) {
    PrintTimeout(*options.timeout, *request.mutable_timeout());
  }
  for (embatch::PlatformCapability platform : options.platform_capabilities) {
    request.mutable_platform_capabilities()->add_items(
        platform == embatch::PlatformCapability::kFargate
            ? PLATFORM_CAPABILITY_FARGATE
            : PLATFORM_CAPABILITY_EC2);
  }
  const auto& consumables =
      options.consumable_resource_properties.consumable_resource_list;
  if (!consumables.empty()) {
    PrintConsumables(consumables,
                     *request.mutable_consumable_resource_properties());
  }
  return request;
}

template <typename Messages, typename Values>
bool AreAsMany(const Messages& messages, const Values& values) {
  return messages.items().size() == static_cast<int>(values.size());
}

// The parts of a task, a pod or one container, each as many as the core has.
template <typename Message>
bool HaveLikeParts(const Message& message,
                   const std::optional<embatch::EcsProperties>& ecs,
                   const std::optional<embatch::EksProperties>& eks) {
  if (message.has_ecs_properties() != ecs.has_value() ||
      message.has_eks_properties() != eks.has_value()) {
    return false;
  }
  if (ecs.has_value()) {
    const auto& tasks = message.ecs_properties().task_properties();
    return AreAsMany(tasks, ecs->task_properties) &&
           AreAsMany(tasks.items(0).containers(),
                     ecs->task_properties.front().containers);
  }
  if (!eks.has_value()) return true;
  const EksPodProperties& pod = message.eks_properties().pod_properties();
  return AreAsMany(pod.containers(), eks->pod_properties.containers) &&
         AreAsMany(pod.init_containers(), eks->pod_properties.init_containers);
}

// Whether a request is that of a definition: of its name, of its kind, and of
// the same parts. A definition that was made without this API may have any
// document.
bool AreAlike(const RegisterJobDefinitionRequest& request,
              const JobDefinitionOptions& options) {
  const bool has_nodes = options.node_properties.has_value();
  const bool has_container = !has_nodes &&
                             !options.ecs_properties.has_value() &&
                             !options.eks_properties.has_value();
  if (request.job_definition_name() != options.job_definition_name ||
      request.has_node_properties() != has_nodes ||
      request.has_container_properties() != has_container ||
      !HaveLikeParts(request, options.ecs_properties, options.eks_properties)) {
    return false;
  }
  if (!has_nodes) return true;
  const auto& messages = request.node_properties().node_range_properties();
  const auto& ranges = options.node_properties->node_range_properties;
  if (!AreAsMany(messages, ranges)) return false;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const NodeRangeProperty& message = messages.items(static_cast<int>(i));
    if (message.target_nodes() != ranges[i].target_nodes ||
        !HaveLikeParts(message, ranges[i].ecs_properties,
                       ranges[i].eks_properties)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool IsOnEks(const embatch::JobDefinition& definition) {
  return definition.container_orchestration_type() ==
         embatch::OrchestrationType::kEks;
}

embatch::RetryStrategy ReadRetryStrategy(const RetryStrategy& message) {
  embatch::RetryStrategy strategy;
  // Without a number the scheduler refuses it, as AWS does.
  strategy.attempts = message.attempts();
  for (const EvaluateOnExit& from : message.evaluate_on_exit().items()) {
    embatch::EvaluateOnExit& rule = strategy.evaluate_on_exit.emplace_back();
    if (from.has_on_status_reason()) {
      rule.on_status_reason = from.on_status_reason();
    }
    if (from.has_on_reason()) rule.on_reason = from.on_reason();
    if (from.has_on_exit_code()) rule.on_exit_code = from.on_exit_code();
    rule.action = from.action() == RETRY_ACTION_EXIT
                      ? embatch::RetryAction::kExit
                      : embatch::RetryAction::kRetry;
  }
  return strategy;
}

void PrintRetryStrategy(const embatch::RetryStrategy& strategy,
                        RetryStrategy& message) {
  message.set_attempts(strategy.attempts);
  EvaluateOnExitList& list = *message.mutable_evaluate_on_exit();
  for (const embatch::EvaluateOnExit& rule : strategy.evaluate_on_exit) {
    EvaluateOnExit& item = *list.add_items();
    if (rule.on_status_reason.has_value()) {
      item.set_on_status_reason(*rule.on_status_reason);
    }
    if (rule.on_reason.has_value()) item.set_on_reason(*rule.on_reason);
    if (rule.on_exit_code.has_value()) {
      item.set_on_exit_code(*rule.on_exit_code);
    }
    item.set_action(rule.action == embatch::RetryAction::kExit
                        ? RETRY_ACTION_EXIT
                        : RETRY_ACTION_RETRY);
  }
}

std::optional<embatch::JobTimeout> ReadTimeout(const JobTimeout& message) {
  if (!message.has_attempt_duration_seconds()) return std::nullopt;
  return embatch::JobTimeout{absl::Seconds(message.attempt_duration_seconds())};
}

void PrintTimeout(const embatch::JobTimeout& timeout, JobTimeout& message) {
  message.set_attempt_duration_seconds(
      ToInt32(absl::ToInt64Seconds(timeout.attempt_duration)));
}

absl::StatusOr<JobDefinitionOptions> ReadDefinition(
    const RegisterJobDefinitionRequest& request, const ArnScope& scope) {
  JobDefinitionOptions options;
  options.job_definition_name = request.job_definition_name();
  options.type = request.type() == JOB_DEFINITION_TYPE_MULTINODE
                     ? embatch::JobDefinitionType::kMultinode
                     : embatch::JobDefinitionType::kContainer;
  const absl::Status status = ReadProperties(request, scope, options);
  if (!status.ok()) return status;
  for (const int platform : request.platform_capabilities().items()) {
    options.platform_capabilities.push_back(
        platform == PLATFORM_CAPABILITY_FARGATE
            ? embatch::PlatformCapability::kFargate
            : embatch::PlatformCapability::kEc2);
  }
  options.parameters = {request.parameters().entries().begin(),
                        request.parameters().entries().end()};
  if (request.has_retry_strategy()) {
    options.retry_strategy = ReadRetryStrategy(request.retry_strategy());
  }
  options.timeout = ReadTimeout(request.timeout());
  if (request.has_scheduling_priority()) {
    options.scheduling_priority = request.scheduling_priority();
  }
  options.propagate_tags = request.propagate_tags();
  auto consumables =
      ReadConsumables("consumableResourceProperties",
                      request.consumable_resource_properties(), scope);
  if (!consumables.ok()) return consumables.status();
  options.consumable_resource_properties = *std::move(consumables);
  options.tags = TagsOf(request.tags());
  options.document = WithoutTags(request);
  return options;
}

RegisterJobDefinitionRequest RequestOf(const embatch::JobDefinition& value) {
  const JobDefinitionOptions& options = value.options();
  RegisterJobDefinitionRequest request;
  ReadDocument(options.document, request);
  // A document of somebody else's, or none.
  if (!AreAlike(request, options)) {
    request = RequestWithoutDocument(options);
  }
  request.set_type(options.type == embatch::JobDefinitionType::kMultinode
                       ? JOB_DEFINITION_TYPE_MULTINODE
                       : JOB_DEFINITION_TYPE_CONTAINER);
  request.mutable_parameters();
  if (request.has_container_properties()) {
    ShowEmptyLists(*request.mutable_container_properties());
  }
  if (request.has_node_properties()) {
    for (NodeRangeProperty& range : *request.mutable_node_properties()
                                         ->mutable_node_range_properties()
                                         ->mutable_items()) {
      if (range.has_container()) ShowEmptyLists(*range.mutable_container());
    }
  }
  return request;
}

void PrintDefinition(const Context& context, const JobDefinitionView& view,
                     JobDefinition& message) {
  const JobDefinitionOptions& options = view.job_definition->options();
  CopySameMembers(RequestOf(*view.job_definition), message);
  message.set_job_definition_arn(
      DefinitionArn(context.scope, options.job_definition_name, view.revision));
  message.set_revision(view.revision);
  // Source: §2.3.
  message.set_status(view.active ? "ACTIVE" : "INACTIVE");
  message.set_type(options.type == embatch::JobDefinitionType::kMultinode
                       ? "multinode"
                       : "container");
  message.set_container_orchestration_type(IsOnEks(*view.job_definition)
                                               ? ORCHESTRATION_TYPE_EKS
                                               : ORCHESTRATION_TYPE_ECS);
  SetTags(options.tags, *message.mutable_tags());
}

absl::StatusOr<std::string> ReadDefinitionName(absl::string_view member,
                                               absl::string_view text,
                                               const ArnScope& scope) {
  absl::StatusOr<std::string> name =
      NameOrArn(member, text, ArnKind::kJobDefinition, scope);
  if (!name.ok() || !absl::StartsWith(text, "arn:")) return name;
  const int32_t revision = ParseArn(text)->revision;
  return revision == 0 ? *name : absl::StrCat(*name, ":", revision);
}

std::string DefinitionArn(const ArnScope& scope, absl::string_view name,
                          int revision) {
  return absl::StrCat("arn:", scope.partition, ":batch:", scope.region, ":",
                      scope.account, ":job-definition/", name, ":", revision);
}

}  // namespace api
}  // namespace embatch
