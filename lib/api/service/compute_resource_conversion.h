// SPDX-License-Identifier: Apache-2.0
// computeResources, between AWS's messages and the core's values. What the core
// does not read travels in its document: a ComputeResource without what the
// core has.
#ifndef EMBATCH_LIB_API_SERVICE_COMPUTE_RESOURCE_CONVERSION_H_
#define EMBATCH_LIB_API_SERVICE_COMPUTE_RESOURCE_CONVERSION_H_

#include "embatch/api/compute_environment.pb.h"
#include "embatch/compute_environment.h"
#include "embatch/scheduler.h"

namespace embatch {
namespace api {

ComputeResources ResourcesOf(const ComputeResource& resources);

// What an update changes of `current`.
ComputeResourcesUpdate ResourcesUpdateOf(const ComputeResourceUpdate& update,
                                         const ComputeResources& current);

// Of a MANAGED environment.
void SetResources(const ComputeEnvironmentView& view, ComputeResource& out);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_COMPUTE_RESOURCE_CONVERSION_H_
