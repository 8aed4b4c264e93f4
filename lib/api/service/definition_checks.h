// SPDX-License-Identifier: Apache-2.0
// What AWS's prose demands of members of a definition that the scheduler does
// not read. What it reads it checks itself.
// Source: API RegisterJobDefinition, ContainerProperties, LinuxParameters;
// §3.2.
#ifndef EMBATCH_LIB_API_SERVICE_DEFINITION_CHECKS_H_
#define EMBATCH_LIB_API_SERVICE_DEFINITION_CHECKS_H_

#include "absl/status/status.h"
#include "embatch/api/job_definition.pb.h"

namespace embatch {
namespace api {

absl::Status CheckDefinition(const RegisterJobDefinitionRequest& request);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_DEFINITION_CHECKS_H_
