// SPDX-License-Identifier: Apache-2.0
// The containers of a pod as a job shows them.
//
// The scheduler holds entrypoint and arguments in one list, and of amounts what
// it counts. How a submission wrote them is in its document.
// Source: API EksPodPropertiesDetail, EksPodPropertiesOverride.
#ifndef EMBATCH_LIB_API_SERVICE_POD_DETAIL_H_
#define EMBATCH_LIB_API_SERVICE_POD_DETAIL_H_

#include "embatch/api/eks.pb.h"
#include "embatch/job.h"
#include "lib/api/service/container_detail.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

// `detail` is given with what the definition says, and gets what the job has
// otherwise, and what became of it.
void PrintPod(const Context& context, const JobView& view,
              const LatestAttempt& latest,
              const EksPodPropertiesOverride& overrides,
              EksPodPropertiesDetail& detail);

// The same for the properties of a group of nodes, of which `node` is one.
void PrintPodOfNodes(const JobView& node,
                     const EksPodPropertiesOverride& overrides,
                     EksPodProperties& pod);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_POD_DETAIL_H_
