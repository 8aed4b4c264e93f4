// SPDX-License-Identifier: Apache-2.0
// RegisterJobDefinition, DeregisterJobDefinition, DescribeJobDefinitions.
// Source: §3, §20.5.
#ifndef EMBATCH_LIB_API_SERVICE_JOB_DEFINITION_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_JOB_DEFINITION_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/job_definition.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status RegisterJobDefinition(const Context& context,
                                   const RegisterJobDefinitionRequest& request,
                                   RegisterJobDefinitionResponse& response);
absl::Status DeregisterJobDefinition(
    const Context& context, const DeregisterJobDefinitionRequest& request,
    DeregisterJobDefinitionResponse& response);
absl::Status DescribeJobDefinitions(
    const Context& context, const DescribeJobDefinitionsRequest& request,
    DescribeJobDefinitionsResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_JOB_DEFINITION_OPERATIONS_H_
