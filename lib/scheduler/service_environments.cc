// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/service_environments.h"

#include <iterator>
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
  if (state.service_environments.count(name) > 0) {
    return absl::AlreadyExistsError(
        absl::StrCat("Service environment ", name, " already exists"));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckCount("service environments", state.service_environments.size(),
                 LimitsOf(state.settings.limits).environments_max));
  state.service_environments[name].config = given;
  return absl::OkStatus();
}

// Source: API UpdateServiceEnvironment. Choice: D59, one that is being updated
// may be updated again.
absl::Status Apply(State& state,
                   const UpdateServiceEnvironmentRequest& request) {
  const auto found =
      state.service_environments.find(request.service_environment);
  if (found == state.service_environments.end()) {
    return NoSuchEnvironment(request.service_environment);
  }
  ServiceEnvironmentRecord& record = found->second;
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
  record.config = *std::move(updated);
  record.status = ResourceStatus::kUpdating;
  return absl::OkStatus();
}

// Source: API DeleteServiceEnvironment ("you must first set its state to
// DISABLED"). Choice: D42, an unknown name is no error.
absl::Status Apply(State& state,
                   const DeleteServiceEnvironmentCommand& command) {
  const auto found =
      state.service_environments.find(command.service_environment);
  if (found == state.service_environments.end()) return absl::OkStatus();
  ServiceEnvironmentRecord& record = found->second;
  if (record.config.options().state != ResourceState::kDisabled) {
    return absl::FailedPreconditionError(absl::StrCat(
        "service_environment is ", Quoted(command.service_environment),
        ", which is ENABLED; must be DISABLED"));
  }
  if (record.status == ResourceStatus::kCreating ||
      record.status == ResourceStatus::kUpdating) {
    return WrongStatus(command.service_environment, record.status);
  }
  record.status = ResourceStatus::kDeleting;
  return absl::OkStatus();
}

void ConfigureServiceEnvironments(State& state) {
  auto& environments = state.service_environments;
  for (auto it = environments.begin(); it != environments.end();) {
    ServiceEnvironmentRecord& record = it->second;
    if (record.status == ResourceStatus::kDeleting) {
      it = environments.erase(it);
      continue;
    }
    record.status = ResourceStatus::kValid;
    ++it;
  }
}

absl::StatusOr<ServiceEnvironmentView> ReadServiceEnvironment(
    const State& state, absl::string_view name) {
  const auto found = state.service_environments.find(std::string(name));
  if (found == state.service_environments.end()) {
    return NoSuchEnvironment(name);
  }
  return ServiceEnvironmentView{&found->second.config, found->second.status};
}

std::vector<std::string> ReadServiceEnvironmentNames(const State& state) {
  std::vector<std::string> names;
  for (const auto& entry : state.service_environments) {
    names.push_back(entry.first);
  }
  return names;
}

}  // namespace embatch
