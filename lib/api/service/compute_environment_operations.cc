// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/compute_environment_operations.h"

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "embatch/compute_environment.h"
#include "embatch/scheduler.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/compute_resource_checks.h"
#include "lib/api/service/compute_resource_conversion.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

constexpr char kMember[] = "computeEnvironment";

static_assert(WireEnum<CEState>(ResourceState::kEnabled) == CE_STATE_ENABLED);
static_assert(WireEnum<CEState>(ResourceState::kDisabled) == CE_STATE_DISABLED);
static_assert(WireEnum<CEStatus>(ResourceStatus::kCreating) ==
              CE_STATUS_CREATING);
static_assert(WireEnum<CEStatus>(ResourceStatus::kUpdating) ==
              CE_STATUS_UPDATING);
static_assert(WireEnum<CEStatus>(ResourceStatus::kDeleting) ==
              CE_STATUS_DELETING);
static_assert(WireEnum<CEStatus>(ResourceStatus::kDeleted) ==
              CE_STATUS_DELETED);
static_assert(WireEnum<CEStatus>(ResourceStatus::kValid) == CE_STATUS_VALID);
static_assert(WireEnum<CEStatus>(ResourceStatus::kInvalid) ==
              CE_STATUS_INVALID);
static_assert(WireEnum<CEType>(ComputeEnvironmentType::kManaged) ==
              CE_TYPE_MANAGED);
static_assert(WireEnum<CEType>(ComputeEnvironmentType::kUnmanaged) ==
              CE_TYPE_UNMANAGED);

// What the core does not read of an environment, beside its computeResources,
// in the form of the request that creates one.
template <typename Message>
Document RestOf(const Message& message) {
  CreateComputeEnvironmentRequest rest;
  if (!message.service_role().empty()) {
    rest.set_service_role(message.service_role());
  }
  if (message.has_context()) rest.set_context(message.context());
  if constexpr (std::is_same_v<Message, CreateComputeEnvironmentRequest>) {
    if (message.has_eks_configuration()) {
      *rest.mutable_eks_configuration() = message.eks_configuration();
    }
  }
  return DocumentOf(rest);
}

absl::StatusOr<ComputeEnvironmentOptions> OptionsOf(
    const CreateComputeEnvironmentRequest& request) {
  ComputeEnvironmentOptions options;
  options.compute_environment_name = request.compute_environment_name();
  options.type = CoreEnum<ComputeEnvironmentType>(request.type());
  if (request.has_state()) {
    options.state = CoreEnum<ResourceState>(request.state());
  }
  if (request.has_unmanaged_vcpus()) {
    options.unmanaged_vcpus = request.unmanaged_vcpus();
  }
  options.tags = TagsOf(request.tags());
  options.document = RestOf(request);
  options.container_orchestration_type = request.has_eks_configuration()
                                             ? embatch::OrchestrationType::kEks
                                             : embatch::OrchestrationType::kEcs;
  if (request.has_eks_configuration()) {
    if (absl::Status status = CheckEks(request); !status.ok()) {
      return status;
    }
  }
  if (!request.has_compute_resources()) return options;
  if (options.type == ComputeEnvironmentType::kManaged) {
    if (absl::Status status = CheckComputeResource(request.compute_resources());
        !status.ok()) {
      return status;
    }
  }
  options.compute_resources = ResourcesOf(request.compute_resources());
  // Choice: §16.5, BEST_FIT is not for EKS, so it can't be the default there.
  if (request.has_eks_configuration() &&
      !options.compute_resources->allocation_strategy.has_value()) {
    options.compute_resources->allocation_strategy =
        AllocationStrategy::kBestFitProgressive;
  }
  return options;
}

// A member of the policy that is absent stays as it is.
embatch::UpdatePolicy PolicyOf(const UpdatePolicy& update,
                               const ComputeEnvironmentOptions& current) {
  embatch::UpdatePolicy policy =
      current.update_policy.value_or(embatch::UpdatePolicy());
  if (update.has_terminate_jobs_on_update()) {
    policy.terminate_jobs_on_update = update.terminate_jobs_on_update();
  }
  if (update.has_job_execution_timeout_minutes()) {
    policy.job_execution_timeout_minutes =
        static_cast<int>(update.job_execution_timeout_minutes());
  }
  return policy;
}

// The document with the members that an update gives.
Document UpdatedDocument(const UpdateComputeEnvironmentRequest& request,
                         const Document& current) {
  CreateComputeEnvironmentRequest rest;
  ReadDocument(current, rest);
  if (request.has_service_role()) rest.set_service_role(request.service_role());
  if (request.has_context()) rest.set_context(request.context());
  return RestOf(rest);
}

std::string EcsClusterArn(const Context& context, absl::string_view name,
                          absl::string_view uuid) {
  return absl::StrCat("arn:", context.scope.partition,
                      ":ecs:", context.scope.region, ":", context.scope.account,
                      ":cluster/", name, "_Batch_", uuid);
}

void SetDetail(const Context& context, const ComputeEnvironmentView& view,
               ComputeEnvironmentDetail& out) {
  const ComputeEnvironmentOptions& options =
      view.compute_environment->options();
  const std::string& name = options.compute_environment_name;
  out.set_compute_environment_name(name);
  out.set_compute_environment_arn(
      ArnOf(context, ArnKind::kComputeEnvironment, name));
  if (options.unmanaged_vcpus.has_value()) {
    out.set_unmanaged_vcpus(ToInt32(*options.unmanaged_vcpus));
  }
  SetTags(options.tags, *out.mutable_tags());
  out.set_type(WireEnum<CEType>(options.type));
  out.set_state(WireEnum<CEState>(options.state));
  out.set_status(WireEnum<CEStatus>(view.status));
  if (!view.status_reason.empty()) {
    out.set_status_reason(std::string(view.status_reason));
  }
  if (options.compute_resources.has_value()) {
    SetResources(view, *out.mutable_compute_resources());
  }
  if (options.update_policy.has_value()) {
    out.mutable_update_policy()->set_terminate_jobs_on_update(
        options.update_policy->terminate_jobs_on_update);
    out.mutable_update_policy()->set_job_execution_timeout_minutes(
        options.update_policy->job_execution_timeout_minutes);
  }
  out.set_uuid(view.uuid);
  CreateComputeEnvironmentRequest rest;
  ReadDocument(options.document, rest);
  if (rest.has_service_role()) out.set_service_role(rest.service_role());
  if (rest.has_context()) out.set_context(rest.context());
  if (rest.has_eks_configuration()) {
    *out.mutable_eks_configuration() = rest.eks_configuration();
  }
  if (options.container_orchestration_type ==
      embatch::OrchestrationType::kEks) {
    out.set_container_orchestration_type(ORCHESTRATION_TYPE_EKS);
  } else {
    out.set_ecs_cluster_arn(EcsClusterArn(context, name, view.uuid));
    out.set_container_orchestration_type(ORCHESTRATION_TYPE_ECS);
  }
}

}  // namespace

absl::Status CreateComputeEnvironment(
    const Context& context, const CreateComputeEnvironmentRequest& request,
    CreateComputeEnvironmentResponse& response) {
  absl::StatusOr<ComputeEnvironmentOptions> options = OptionsOf(request);
  if (!options.ok()) return options.status();
  absl::StatusOr<ComputeEnvironment> environment = ComputeEnvironment::Create(
      *std::move(options), context.scheduler.options().limits);
  if (!environment.ok()) return environment.status();
  const std::string name = environment->compute_environment_name();
  if (absl::Status status = context.scheduler.CreateComputeEnvironment(
          *std::move(environment), context.now);
      !status.ok()) {
    return status;
  }
  response.set_compute_environment_name(name);
  response.set_compute_environment_arn(
      ArnOf(context, ArnKind::kComputeEnvironment, name));
  return absl::OkStatus();
}

absl::Status UpdateComputeEnvironment(
    const Context& context, const UpdateComputeEnvironmentRequest& request,
    UpdateComputeEnvironmentResponse& response) {
  absl::StatusOr<std::string> name =
      NameOf(context, kMember, request.compute_environment(),
             ArnKind::kComputeEnvironment);
  if (!name.ok()) return name.status();
  const auto view = context.scheduler.DescribeComputeEnvironment(*name);
  if (!view.ok()) return view.status();
  const ComputeEnvironmentOptions& current =
      view->compute_environment->options();
  embatch::UpdateComputeEnvironmentRequest update;
  update.compute_environment = *name;
  if (request.has_state()) {
    update.state = CoreEnum<ResourceState>(request.state());
  }
  if (request.has_unmanaged_vcpus()) {
    update.unmanaged_vcpus = request.unmanaged_vcpus();
  }
  if (request.has_update_policy()) {
    update.update_policy = PolicyOf(request.update_policy(), current);
  }
  if (request.has_compute_resources()) {
    const ComputeResources resources =
        current.compute_resources.value_or(ComputeResources());
    if (absl::Status status = CheckComputeResourceUpdate(
            request.compute_resources(), IsFargate(resources.type));
        !status.ok()) {
      return status;
    }
    update.compute_resources =
        ResourcesUpdateOf(request.compute_resources(), resources);
  }
  if (request.has_service_role() || request.has_context()) {
    update.document = UpdatedDocument(request, current.document);
  }
  if (absl::Status status =
          context.scheduler.UpdateComputeEnvironment(update, context.now);
      !status.ok()) {
    return status;
  }
  response.set_compute_environment_name(*name);
  response.set_compute_environment_arn(
      ArnOf(context, ArnKind::kComputeEnvironment, *name));
  return absl::OkStatus();
}

absl::Status DeleteComputeEnvironment(
    const Context& context, const DeleteComputeEnvironmentRequest& request,
    DeleteComputeEnvironmentResponse& /*response*/) {
  const absl::StatusOr<std::string> name =
      NameOf(context, kMember, request.compute_environment(),
             ArnKind::kComputeEnvironment);
  if (!name.ok()) return name.status();
  return context.scheduler.DeleteComputeEnvironment(*name, context.now);
}

absl::Status DescribeComputeEnvironments(
    const Context& context, const DescribeComputeEnvironmentsRequest& request,
    DescribeComputeEnvironmentsResponse& response) {
  const absl::StatusOr<NamePage> page = NamesToDescribe(
      context, "computeEnvironments", request.compute_environments(),
      ArnKind::kComputeEnvironment, request, [&context](const PageRequest& of) {
        return context.scheduler.ListComputeEnvironments(of);
      });
  if (!page.ok()) return page.status();
  auto& details = *response.mutable_compute_environments()->mutable_items();
  for (const std::string& name : page->names) {
    const auto view = context.scheduler.DescribeComputeEnvironment(name);
    if (view.ok()) SetDetail(context, *view, *details.Add());
  }
  if (!page->next_token.empty()) response.set_next_token(page->next_token);
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
