// SPDX-License-Identifier: Apache-2.0
// What a service job needs, read from the request to its service.
#ifndef EMBATCH_LIB_API_SERVICE_SERVICE_PAYLOAD_H_
#define EMBATCH_LIB_API_SERVICE_SERVICE_PAYLOAD_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/capacity_limit.h"

namespace embatch {
namespace api {

// The instances that a serviceRequestPayload asks for, types in order of their
// first appearance: SageMaker's CreateTrainingJob has them in ResourceConfig,
// either as InstanceType and InstanceCount or as InstanceGroups, a list of such
// pairs. kInvalidArgument when they are not there.
//
// Choice: AWS shows as capacityUsage what the payload says (§19), so this much
// of it is read; all else is the service's.
absl::StatusOr<std::vector<CapacityUsage>> CapacityUsageOf(
    absl::string_view payload);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_SERVICE_PAYLOAD_H_
