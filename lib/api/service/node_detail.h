// SPDX-License-Identifier: Apache-2.0
// Multi-node jobs and their nodes.
// Source: API JobDetail.nodeDetails, .nodeProperties; §12.
#ifndef EMBATCH_LIB_API_SERVICE_NODE_DETAIL_H_
#define EMBATCH_LIB_API_SERVICE_NODE_DETAIL_H_

#include "embatch/api/job.pb.h"
#include "embatch/job.h"
#include "lib/api/service/container_detail.h"
#include "lib/api/service/context.h"
#include "lib/api/service/definition_cache.h"

namespace embatch {
namespace api {

// Of the job itself, the properties of its nodes as they were submitted; of a
// node, which one it is, and its containers.
void PrintNodeContainers(const Context& context, const JobView& view,
                         const LatestAttempt& latest,
                         const KnownDefinition& known, JobDetail& detail);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_NODE_DETAIL_H_
