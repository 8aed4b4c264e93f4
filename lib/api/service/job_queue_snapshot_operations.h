// SPDX-License-Identifier: Apache-2.0
// GetJobQueueSnapshot.
// Source: §20.4.
#ifndef EMBATCH_LIB_API_SERVICE_JOB_QUEUE_SNAPSHOT_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_JOB_QUEUE_SNAPSHOT_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/job_queue.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status GetJobQueueSnapshot(const Context& context,
                                 const GetJobQueueSnapshotRequest& request,
                                 GetJobQueueSnapshotResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_JOB_QUEUE_SNAPSHOT_OPERATIONS_H_
