// SPDX-License-Identifier: Apache-2.0
// Multi-node jobs between AWS's messages and the scheduler's values, as
// container_conversion.h.
// Source: API NodeProperties, NodeOverrides.
#ifndef EMBATCH_LIB_API_SERVICE_NODE_CONVERSION_H_
#define EMBATCH_LIB_API_SERVICE_NODE_CONVERSION_H_

#include "absl/status/statusor.h"
#include "embatch/api/job.pb.h"
#include "embatch/api/job_definition.pb.h"
#include "embatch/node_properties.h"
#include "lib/api/arn.h"

namespace embatch {
namespace api {

absl::StatusOr<embatch::NodeProperties> ReadNodes(const NodeProperties& message,
                                                  const ArnScope& scope);
void PrintNodes(const embatch::NodeProperties& properties,
                NodeProperties& message);

absl::StatusOr<embatch::NodeOverrides> ReadNodeOverrides(
    const NodeOverrides& message, const ArnScope& scope);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_NODE_CONVERSION_H_
