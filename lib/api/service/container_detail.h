// SPDX-License-Identifier: Apache-2.0
// The containers of a job as it shows them: what was asked for, and what became
// of them in its latest attempt.
// Source: API ContainerDetail, EcsTaskDetails; §6.1.
#ifndef EMBATCH_LIB_API_SERVICE_CONTAINER_DETAIL_H_
#define EMBATCH_LIB_API_SERVICE_CONTAINER_DETAIL_H_

#include <vector>

#include "embatch/api/container.pb.h"
#include "embatch/api/ecs.pb.h"
#include "embatch/job.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

// The latest attempt of a job, ended or under way.
struct LatestAttempt {
  int number = 0;        // 0: there is none
  bool started = false;  // it is, or was, RUNNING
};
LatestAttempt LatestAttemptOf(const JobView& view,
                              const std::vector<AttemptView>& ended);

// Each is given with what the definition says, and changes what the job has
// otherwise.
void PrintContainer(const Context& context, const JobView& view,
                    const LatestAttempt& latest, ContainerDetail& detail);
void PrintTask(const Context& context, const JobView& view,
               const LatestAttempt& latest, EcsTaskDetails& detail);

// What the nodes of a group ask for, of which `node` is one.
void PrintContainerOfNodes(const JobView& node, ContainerProperties& container);
void PrintTaskOfNodes(const JobView& node, EcsTaskProperties& task);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_CONTAINER_DETAIL_H_
