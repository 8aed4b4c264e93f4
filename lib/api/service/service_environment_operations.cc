// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/service_environment_operations.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "embatch/capacity_limit.h"
#include "embatch/scheduler.h"
#include "embatch/service_environment.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

constexpr char kMember[] = "serviceEnvironment";

static_assert(WireEnum<ServiceEnvironmentType>(
                  embatch::ServiceEnvironmentType::kSagemakerTraining) ==
              SERVICE_ENVIRONMENT_TYPE_SAGEMAKER_TRAINING);
static_assert(WireEnum<ServiceEnvironmentState>(ResourceState::kEnabled) ==
              SERVICE_ENVIRONMENT_STATE_ENABLED);
static_assert(WireEnum<ServiceEnvironmentState>(ResourceState::kDisabled) ==
              SERVICE_ENVIRONMENT_STATE_DISABLED);
static_assert(WireEnum<ServiceEnvironmentStatus>(ResourceStatus::kCreating) ==
              SERVICE_ENVIRONMENT_STATUS_CREATING);
static_assert(WireEnum<ServiceEnvironmentStatus>(ResourceStatus::kUpdating) ==
              SERVICE_ENVIRONMENT_STATUS_UPDATING);
static_assert(WireEnum<ServiceEnvironmentStatus>(ResourceStatus::kDeleting) ==
              SERVICE_ENVIRONMENT_STATUS_DELETING);
static_assert(WireEnum<ServiceEnvironmentStatus>(ResourceStatus::kDeleted) ==
              SERVICE_ENVIRONMENT_STATUS_DELETED);
static_assert(WireEnum<ServiceEnvironmentStatus>(ResourceStatus::kValid) ==
              SERVICE_ENVIRONMENT_STATUS_VALID);
static_assert(WireEnum<ServiceEnvironmentStatus>(ResourceStatus::kInvalid) ==
              SERVICE_ENVIRONMENT_STATUS_INVALID);

// Choice: the model requires neither member of a limit; AWS gives no meaning to
// a limit without one of them.
absl::StatusOr<std::vector<embatch::CapacityLimit>> LimitsOf(
    const CapacityLimits& limits) {
  std::vector<embatch::CapacityLimit> core;
  for (int i = 0; i < limits.items_size(); ++i) {
    const CapacityLimit& limit = limits.items(i);
    if (!limit.has_max_capacity() || !limit.has_capacity_unit()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "capacityLimits[", i, "].",
          limit.has_max_capacity() ? "capacityUnit" : "maxCapacity",
          " is absent; it is required"));
    }
    core.push_back({limit.max_capacity(), limit.capacity_unit()});
  }
  return core;
}

void SetDetail(const Context& context, const ServiceEnvironmentView& view,
               ServiceEnvironmentDetail& out) {
  const ServiceEnvironmentOptions& options =
      view.service_environment->options();
  out.set_service_environment_name(options.service_environment_name);
  out.set_service_environment_arn(ArnOf(context, ArnKind::kServiceEnvironment,
                                        options.service_environment_name));
  out.set_service_environment_type(
      WireEnum<ServiceEnvironmentType>(options.type));
  out.set_state(WireEnum<ServiceEnvironmentState>(options.state));
  out.set_status(WireEnum<ServiceEnvironmentStatus>(view.status));
  for (const embatch::CapacityLimit& limit : options.capacity_limits) {
    CapacityLimit& item = *out.mutable_capacity_limits()->add_items();
    item.set_max_capacity(ToInt32(limit.max_capacity));
    item.set_capacity_unit(limit.capacity_unit);
  }
  SetTags(options.tags, *out.mutable_tags());
}

}  // namespace

absl::Status CreateServiceEnvironment(
    const Context& context, const CreateServiceEnvironmentRequest& request,
    CreateServiceEnvironmentResponse& response) {
  auto limits = LimitsOf(request.capacity_limits());
  if (!limits.ok()) return limits.status();
  ServiceEnvironmentOptions options;
  options.service_environment_name = request.service_environment_name();
  options.type = CoreEnum<embatch::ServiceEnvironmentType>(
      request.service_environment_type());
  if (request.has_state()) {
    options.state = CoreEnum<ResourceState>(request.state());
  }
  options.capacity_limits = *std::move(limits);
  options.tags = TagsOf(request.tags());
  absl::StatusOr<ServiceEnvironment> environment = ServiceEnvironment::Create(
      std::move(options), context.scheduler.options().limits);
  if (!environment.ok()) return environment.status();
  if (absl::Status status = context.scheduler.CreateServiceEnvironment(
          *std::move(environment), context.now);
      !status.ok()) {
    return status;
  }
  const std::string& name = request.service_environment_name();
  response.set_service_environment_name(name);
  response.set_service_environment_arn(
      ArnOf(context, ArnKind::kServiceEnvironment, name));
  return absl::OkStatus();
}

absl::Status UpdateServiceEnvironment(
    const Context& context, const UpdateServiceEnvironmentRequest& request,
    UpdateServiceEnvironmentResponse& response) {
  absl::StatusOr<std::string> name =
      NameOf(context, kMember, request.service_environment(),
             ArnKind::kServiceEnvironment);
  if (!name.ok()) return name.status();
  embatch::UpdateServiceEnvironmentRequest update;
  update.service_environment = *name;
  if (request.has_state()) {
    update.state = CoreEnum<ResourceState>(request.state());
  }
  if (request.has_capacity_limits()) {
    if (absl::Status status = CheckNotEmpty(
            "capacityLimits", request.capacity_limits().items_size());
        !status.ok()) {
      return status;
    }
    auto limits = LimitsOf(request.capacity_limits());
    if (!limits.ok()) return limits.status();
    update.capacity_limits = *std::move(limits);
  }
  if (absl::Status status =
          context.scheduler.UpdateServiceEnvironment(update, context.now);
      !status.ok()) {
    return status;
  }
  response.set_service_environment_name(*name);
  response.set_service_environment_arn(
      ArnOf(context, ArnKind::kServiceEnvironment, *name));
  return absl::OkStatus();
}

absl::Status DeleteServiceEnvironment(
    const Context& context, const DeleteServiceEnvironmentRequest& request,
    DeleteServiceEnvironmentResponse& /*response*/) {
  const absl::StatusOr<std::string> name =
      NameOf(context, kMember, request.service_environment(),
             ArnKind::kServiceEnvironment);
  if (!name.ok()) return name.status();
  return context.scheduler.DeleteServiceEnvironment(*name, context.now);
}

absl::Status DescribeServiceEnvironments(
    const Context& context, const DescribeServiceEnvironmentsRequest& request,
    DescribeServiceEnvironmentsResponse& response) {
  const absl::StatusOr<NamePage> page = NamesToDescribe(
      context, "serviceEnvironments", request.service_environments(),
      ArnKind::kServiceEnvironment, request, [&context](const PageRequest& of) {
        return context.scheduler.ListServiceEnvironments(of);
      });
  if (!page.ok()) return page.status();
  auto& details = *response.mutable_service_environments()->mutable_items();
  for (const std::string& name : page->names) {
    const auto view = context.scheduler.DescribeServiceEnvironment(name);
    if (view.ok()) SetDetail(context, *view, *details.Add());
  }
  if (!page->next_token.empty()) response.set_next_token(page->next_token);
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
