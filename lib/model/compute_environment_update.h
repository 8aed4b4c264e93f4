// SPDX-License-Identifier: Apache-2.0
#ifndef EMBATCH_MODEL_COMPUTE_ENVIRONMENT_UPDATE_H_
#define EMBATCH_MODEL_COMPUTE_ENVIRONMENT_UPDATE_H_

#include "absl/status/statusor.h"
#include "embatch/compute_environment.h"

namespace embatch {

struct UpdatedEnvironment {
  ComputeEnvironment environment;
  bool replaces_instances = false;  // an infrastructure update
};

// What `environment` is after an update. kInvalidArgument: as
// ComputeEnvironment::Create(). kFailedPrecondition: BEST_FIT.
// Source: API UpdateComputeEnvironment; guide "Updating compute environments"
// (§16.7).
absl::StatusOr<UpdatedEnvironment> Update(
    const ComputeEnvironment& environment,
    const UpdateComputeEnvironmentRequest& request, LimitsProfile limits);

}  // namespace embatch

#endif  // EMBATCH_MODEL_COMPUTE_ENVIRONMENT_UPDATE_H_
