// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/service_environments.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/commands.h"

namespace embatch {
namespace {

absl::Status NoSuchEnvironment(absl::string_view name) {
  return absl::NotFoundError(
      absl::StrCat("service_environment: Service environment ", Quoted(name),
                   " does not exist"));
}

absl::Status WrongStatus(absl::string_view name, ResourceStatus status) {
  return absl::FailedPreconditionError(
      absl::StrCat("service_environment is ", Quoted(name), ", which is ",
                   ResourceStatusName(status), "; must be VALID"));
}

bool IsAttached(const State& state, uint32_t index) {
  return std::any_of(
      state.queues.begin(), state.queues.end(),
      [index](const QueueRecord& queue) { return queue.service == index; });
}

}  // namespace

// Source: API CreateServiceEnvironment; guide "Service quotas" (50 for each
// account and region).
absl::Status Apply(State& state,
                   const CreateServiceEnvironmentCommand& command) {
  const ServiceEnvironment& given = command.service_environment;
  EMBATCH_RETURN_IF_ERROR(
      ServiceEnvironment::Create(given.options(), state.settings.limits)
          .status());
  const std::string& name = given.service_environment_name();
  if (FindServiceEnvironment(state, name).has_value()) {
    return absl::AlreadyExistsError(
        absl::StrCat("Service environment ", name, " already exists"));
  }
  EMBATCH_RETURN_IF_ERROR(CheckCount(
      "service environments", ReadServiceEnvironmentNames(state).size(),
      LimitsOf(state.settings.limits).environments_max));
  ServiceEnvironmentRecord& record = state.service_environments.emplace_back();
  record.config = given;
  record.capacity.SetLimits(given.options().capacity_limits);
  return absl::OkStatus();
}

// Source: API UpdateServiceEnvironment. Choice: D59, one that is being updated
// may be updated again.
absl::Status Apply(State& state,
                   const UpdateServiceEnvironmentRequest& request) {
  const std::optional<uint32_t> index =
      FindServiceEnvironment(state, request.service_environment);
  if (!index.has_value()) return NoSuchEnvironment(request.service_environment);
  ServiceEnvironmentRecord& record = state.service_environments[*index];
  if (record.status != ResourceStatus::kValid &&
      record.status != ResourceStatus::kUpdating) {
    return WrongStatus(request.service_environment, record.status);
  }
  ServiceEnvironmentOptions options = record.config.options();
  options.state = request.state.value_or(options.state);
  if (!request.capacity_limits.empty()) {
    options.capacity_limits = request.capacity_limits;
  }
  absl::StatusOr<ServiceEnvironment> updated =
      ServiceEnvironment::Create(std::move(options), state.settings.limits);
  EMBATCH_RETURN_IF_ERROR(updated.status());
  if (updated->is_quota_managed() != record.config.is_quota_managed() &&
      IsAttached(state, *index)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "capacity_limits are ", updated->is_quota_managed() ? "not " : "",
        "in NUM_INSTANCES; must be of the kind that they were, "
        "because a job queue has the service environment"));
  }
  record.capacity.SetLimits(updated->options().capacity_limits);
  ++record.epoch;
  record.config = *std::move(updated);
  record.status = ResourceStatus::kUpdating;
  return absl::OkStatus();
}

// Source: API DeleteServiceEnvironment ("you must first set its state to
// DISABLED"). Choice: D42, an unknown name is no error.
absl::Status Apply(State& state,
                   const DeleteServiceEnvironmentCommand& command) {
  const std::optional<uint32_t> index =
      FindServiceEnvironment(state, command.service_environment);
  if (!index.has_value()) return absl::OkStatus();
  ServiceEnvironmentRecord& record = state.service_environments[*index];
  if (record.config.options().state != ResourceState::kDisabled) {
    return absl::FailedPreconditionError(absl::StrCat(
        "service_environment is ", Quoted(command.service_environment),
        ", which is ENABLED; must be DISABLED"));
  }
  if (record.status == ResourceStatus::kCreating ||
      record.status == ResourceStatus::kUpdating) {
    return WrongStatus(command.service_environment, record.status);
  }
  if (IsAttached(state, *index)) {
    // Source: §22 [field].
    return absl::FailedPreconditionError(absl::StrCat(
        "service_environment is ", Quoted(command.service_environment),
        "; Cannot delete, found existing JobQueue relationship"));
  }
  record.status = ResourceStatus::kDeleting;
  return absl::OkStatus();
}

// Jobs of a queue that has left the environment may still run there: it goes
// when they are over.
void ConfigureServiceEnvironments(State& state) {
  for (ServiceEnvironmentRecord& record : state.service_environments) {
    switch (record.status) {
      case ResourceStatus::kCreating:
      case ResourceStatus::kUpdating:
        record.status = ResourceStatus::kValid;
        ++record.epoch;
        break;
      case ResourceStatus::kDeleting:
        if (record.attempts > 0) break;
        record = ServiceEnvironmentRecord();
        record.status = ResourceStatus::kDeleted;
        break;
      case ResourceStatus::kDeleted:
      case ResourceStatus::kValid:
      case ResourceStatus::kInvalid:
        break;
    }
  }
}

bool AreServiceEnvironmentsSettled(const State& state) {
  return std::none_of(state.service_environments.begin(),
                      state.service_environments.end(),
                      [](const ServiceEnvironmentRecord& record) {
                        return record.status == ResourceStatus::kDeleting;
                      });
}

bool IsServiceStepDue(const State& state) {
  return std::any_of(state.service_environments.begin(),
                     state.service_environments.end(),
                     [](const ServiceEnvironmentRecord& record) {
                       return record.status == ResourceStatus::kDeleting &&
                              record.attempts == 0;
                     });
}

std::optional<uint32_t> FindServiceEnvironment(const State& state,
                                               absl::string_view name) {
  for (uint32_t i = 0; i < state.service_environments.size(); ++i) {
    const ServiceEnvironmentRecord& record = state.service_environments[i];
    if (record.status != ResourceStatus::kDeleted &&
        record.config.service_environment_name() == name) {
      return i;
    }
  }
  return std::nullopt;
}

absl::StatusOr<ServiceEnvironmentView> ReadServiceEnvironment(
    const State& state, absl::string_view name) {
  const std::optional<uint32_t> index = FindServiceEnvironment(state, name);
  if (!index.has_value()) return NoSuchEnvironment(name);
  const ServiceEnvironmentRecord& record = state.service_environments[*index];
  ServiceEnvironmentView view;
  view.service_environment = &record.config;
  view.status = record.status;
  for (const CapacityLimit& limit : record.config.options().capacity_limits) {
    view.capacity_usage.push_back(
        {limit.capacity_unit, record.capacity.InUse(limit.capacity_unit)});
  }
  return view;
}

std::vector<std::string> ReadServiceEnvironmentNames(const State& state) {
  std::vector<std::string> names;
  for (const ServiceEnvironmentRecord& record : state.service_environments) {
    if (record.status == ResourceStatus::kDeleted) continue;
    names.push_back(record.config.service_environment_name());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace embatch
