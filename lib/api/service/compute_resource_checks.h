// SPDX-License-Identifier: Apache-2.0
// The rules for those members of a compute environment that the core does not
// read. Those it reads are checked by the core.
// Source: §16.1; API ComputeResource, LaunchTemplateSpecification,
// EksConfiguration.
#ifndef EMBATCH_LIB_API_SERVICE_COMPUTE_RESOURCE_CHECKS_H_
#define EMBATCH_LIB_API_SERVICE_COMPUTE_RESOURCE_CHECKS_H_

#include "absl/status/status.h"
#include "embatch/api/compute_environment.pb.h"

namespace embatch {
namespace api {

absl::Status CheckComputeResource(const ComputeResource& resources);

// Of an environment which `is_fargate` or not.
absl::Status CheckComputeResourceUpdate(const ComputeResourceUpdate& update,
                                        bool is_fargate);

// Of an environment on EKS.
absl::Status CheckEks(const CreateComputeEnvironmentRequest& request);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_COMPUTE_RESOURCE_CHECKS_H_
