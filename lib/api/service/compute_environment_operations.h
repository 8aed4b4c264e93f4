// SPDX-License-Identifier: Apache-2.0
// CreateComputeEnvironment, UpdateComputeEnvironment, DeleteComputeEnvironment,
// DescribeComputeEnvironments.
// Source: §16, §20.5.
#ifndef EMBATCH_LIB_API_SERVICE_COMPUTE_ENVIRONMENT_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_COMPUTE_ENVIRONMENT_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/compute_environment.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status CreateComputeEnvironment(
    const Context& context, const CreateComputeEnvironmentRequest& request,
    CreateComputeEnvironmentResponse& response);
absl::Status UpdateComputeEnvironment(
    const Context& context, const UpdateComputeEnvironmentRequest& request,
    UpdateComputeEnvironmentResponse& response);
absl::Status DeleteComputeEnvironment(
    const Context& context, const DeleteComputeEnvironmentRequest& request,
    DeleteComputeEnvironmentResponse& response);
absl::Status DescribeComputeEnvironments(
    const Context& context, const DescribeComputeEnvironmentsRequest& request,
    DescribeComputeEnvironmentsResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_COMPUTE_ENVIRONMENT_OPERATIONS_H_
