// SPDX-License-Identifier: Apache-2.0
// CreateJobQueue, UpdateJobQueue, DeleteJobQueue, DescribeJobQueues.
// Source: §13.1, §13.2, §20.5.
#ifndef EMBATCH_LIB_API_SERVICE_JOB_QUEUE_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_JOB_QUEUE_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/job_queue.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status CreateJobQueue(const Context& context,
                            const CreateJobQueueRequest& request,
                            CreateJobQueueResponse& response);
absl::Status UpdateJobQueue(const Context& context,
                            const UpdateJobQueueRequest& request,
                            UpdateJobQueueResponse& response);
absl::Status DeleteJobQueue(const Context& context,
                            const DeleteJobQueueRequest& request,
                            DeleteJobQueueResponse& response);
absl::Status DescribeJobQueues(const Context& context,
                               const DescribeJobQueuesRequest& request,
                               DescribeJobQueuesResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_JOB_QUEUE_OPERATIONS_H_
