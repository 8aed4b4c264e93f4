// SPDX-License-Identifier: Apache-2.0
//
// The life of a compute environment as its owner sees it: created, updated,
// deleted.
#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/compute_environment_update.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/commands.h"

namespace embatch {
namespace {

absl::Status EnvironmentStateError(const EnvironmentRecord& environment,
                                   absl::string_view is,
                                   absl::string_view must) {
  return absl::FailedPreconditionError(
      absl::StrCat("compute_environment is ",
                   Quoted(environment.config.compute_environment_name()),
                   ", which is ", is, "; ", must));
}

bool IsBeingModified(const EnvironmentRecord& environment) {
  return environment.status == ResourceStatus::kCreating ||
         environment.status == ResourceStatus::kUpdating ||
         environment.status == ResourceStatus::kDeleting;
}

// Source: API ComputeResourceUpdate.desiredvCpus; guide, text (§16.2).
absl::Status CheckDesired(const EnvironmentRecord& environment,
                          const ComputeEnvironment& updated) {
  if (!updated.managed()) return absl::OkStatus();
  const std::optional<int64_t>& desired =
      updated.options().compute_resources->desired_vcpus;
  if (!desired.has_value() ||
      *desired * 1000 >= environment.desired_vcpu_milli()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "compute_resources.desired_vcpus is ", *desired, "; must be at least ",
      (environment.desired_vcpu_milli() + 999) / 1000,
      ": Manually scaling down compute environment is not supported. "
      "Disconnecting job queues from compute environment will cause it to "
      "scale-down to minvCpus"));
}

}  // namespace

absl::Status Apply(State& state,
                   const UpdateComputeEnvironmentRequest& request) {
  const std::optional<uint32_t> index =
      state.fleet.FindEnvironment(request.compute_environment);
  if (!index.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("compute_environment: Compute environment ",
                     Quoted(request.compute_environment), " does not exist"));
  }
  EnvironmentRecord& environment = state.fleet.environment(*index);
  // Choice: §16.7 does not say whether updates may overlap; they may not.
  if (IsBeingModified(environment)) {
    return EnvironmentStateError(environment,
                                 ResourceStatusName(environment.status),
                                 "Cannot update, resource is being modified");
  }
  absl::StatusOr<UpdatedEnvironment> updated =
      Update(environment.config, request, state.settings.limits);
  EMBATCH_RETURN_IF_ERROR(updated.status());
  EMBATCH_RETURN_IF_ERROR(CheckDesired(environment, updated->environment));
  state.fleet.Update(*index, std::move(updated->environment));
  environment.status = ResourceStatus::kUpdating;
  environment.status_reason.clear();
  environment.is_changed = true;
  environment.replaces_instances = updated->replaces_instances;
  return absl::OkStatus();
}

// Source: API DeleteComputeEnvironment; §16.8. Choice: D42.
absl::Status Apply(State& state,
                   const DeleteComputeEnvironmentCommand& command) {
  const std::optional<uint32_t> index =
      state.fleet.FindEnvironment(command.compute_environment);
  if (!index.has_value()) return absl::OkStatus();
  EnvironmentRecord& environment = state.fleet.environment(*index);
  if (IsBeingModified(environment)) {
    return EnvironmentStateError(environment,
                                 ResourceStatusName(environment.status),
                                 "Cannot delete, resource is being modified");
  }
  if (environment.enabled()) {
    return EnvironmentStateError(environment, "ENABLED",
                                 "must be DISABLED to be deleted");
  }
  for (const QueueRecord& queue : state.queues) {
    if (absl::c_linear_search(queue.environments, *index)) {
      return EnvironmentStateError(
          environment,
          absl::StrCat("used by the job queue ",
                       Quoted(queue.config.job_queue_name())),
          "Cannot delete, found existing JobQueue relationship");
    }
  }
  environment.status = ResourceStatus::kDeleting;
  environment.status_reason.clear();
  environment.is_changed = true;
  ++environment.epoch;
  return absl::OkStatus();
}

}  // namespace embatch
