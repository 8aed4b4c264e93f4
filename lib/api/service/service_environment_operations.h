// SPDX-License-Identifier: Apache-2.0
// CreateServiceEnvironment, UpdateServiceEnvironment,
// DeleteServiceEnvironment, DescribeServiceEnvironments.
// Source: §19, §20.5.
#ifndef EMBATCH_LIB_API_SERVICE_SERVICE_ENVIRONMENT_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_SERVICE_ENVIRONMENT_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/service_job.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status CreateServiceEnvironment(
    const Context& context, const CreateServiceEnvironmentRequest& request,
    CreateServiceEnvironmentResponse& response);
absl::Status UpdateServiceEnvironment(
    const Context& context, const UpdateServiceEnvironmentRequest& request,
    UpdateServiceEnvironmentResponse& response);
absl::Status DeleteServiceEnvironment(
    const Context& context, const DeleteServiceEnvironmentRequest& request,
    DeleteServiceEnvironmentResponse& response);
absl::Status DescribeServiceEnvironments(
    const Context& context, const DescribeServiceEnvironmentsRequest& request,
    DescribeServiceEnvironmentsResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_SERVICE_ENVIRONMENT_OPERATIONS_H_
