// SPDX-License-Identifier: Apache-2.0
#include "lib/model/compute_environment_update.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

namespace embatch {
namespace {

template <typename Value, typename Given>
void Replace(Value& value, const Given& given) {
  if (given.has_value()) value = *given;
}

// Source: API CRUpdateAllocationStrategy (has no BEST_FIT). Choice: instances
// and Fargate are different things; AWS does not say what would become of a
// queue beside which such an environment stands.
absl::Status CheckUpdate(const ComputeResources& before,
                         const ComputeResourcesUpdate& update) {
  if (update.allocation_strategy == AllocationStrategy::kBestFit) {
    return absl::InvalidArgumentError(
        "compute_resources.allocation_strategy is BEST_FIT; must be another "
        "one in an update");
  }
  if (update.type.has_value() && IsValidEnum(*update.type) &&
      IsFargate(*update.type) != IsFargate(before.type)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "compute_resources.type is ", ComputeResourceTypeName(*update.type),
        "; an environment of type ", ComputeResourceTypeName(before.type),
        " can't become that"));
  }
  return absl::OkStatus();
}

void Merge(const ComputeResourcesUpdate& update, ComputeResources& resources) {
  Replace(resources.min_vcpus, update.min_vcpus);
  Replace(resources.max_vcpus, update.max_vcpus);
  Replace(resources.min_scale_down_delay_minutes,
          update.min_scale_down_delay_minutes);
  Replace(resources.type, update.type);
  Replace(resources.allocation_strategy, update.allocation_strategy);
  Replace(resources.instance_types, update.instance_types);
  Replace(resources.bid_percentage, update.bid_percentage);
  Replace(resources.document, update.document);
}

// Source: guide "Updating compute environments", infrastructure updates.
bool ReplacesInstances(const ComputeResources& before,
                       const ComputeResources& after, bool latest_image) {
  return latest_image || before.type != after.type ||
         before.strategy() != after.strategy() ||
         before.instance_types != after.instance_types ||
         before.bid_percentage != after.bid_percentage ||
         before.document != after.document;
}

}  // namespace

absl::StatusOr<UpdatedEnvironment> Update(
    const ComputeEnvironment& environment,
    const UpdateComputeEnvironmentRequest& request, LimitsProfile limits) {
  ComputeEnvironmentOptions options = environment.options();
  Replace(options.state, request.state);
  Replace(options.document, request.document);
  if (request.unmanaged_vcpus.has_value()) {
    options.unmanaged_vcpus = request.unmanaged_vcpus;
  }
  if (request.update_policy.has_value()) {
    options.update_policy = request.update_policy;
  }
  // What was asked for once does not bind later updates.
  if (options.compute_resources.has_value()) {
    options.compute_resources->desired_vcpus.reset();
  }
  bool latest_image = false;
  if (request.compute_resources.has_value()) {
    if (!environment.managed()) {
      return absl::InvalidArgumentError(
          "compute_resources is given; must be absent when type is UNMANAGED");
    }
    latest_image = request.compute_resources->update_to_latest_image_version;
    EMBATCH_RETURN_IF_ERROR(
        CheckUpdate(*options.compute_resources, *request.compute_resources));
    Merge(*request.compute_resources, *options.compute_resources);
    options.compute_resources->desired_vcpus =
        request.compute_resources->desired_vcpus;
  }
  absl::StatusOr<ComputeEnvironment> updated =
      ComputeEnvironment::Create(std::move(options), limits);
  EMBATCH_RETURN_IF_ERROR(updated.status());
  UpdatedEnvironment result;
  if (environment.managed() && !environment.is_fargate()) {
    const ComputeResources& before = *environment.options().compute_resources;
    result.replaces_instances = ReplacesInstances(
        before, *updated->options().compute_resources, latest_image);
    // Source: API CRAllocationStrategy, BEST_FIT ("don't support
    // infrastructure updates").
    if (result.replaces_instances &&
        before.strategy() == AllocationStrategy::kBestFit) {
      return absl::FailedPreconditionError(
          "compute_resources.allocation_strategy of the environment is "
          "BEST_FIT; must be another one for an infrastructure update");
    }
  }
  result.environment = *std::move(updated);
  return result;
}

}  // namespace embatch
