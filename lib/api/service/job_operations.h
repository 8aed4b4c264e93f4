// SPDX-License-Identifier: Apache-2.0
// SubmitJob, CancelJob, TerminateJob, DescribeJobs, ListJobs,
// ListJobsByConsumableResource.
// Source: §4, §8 to §10, §20.
#ifndef EMBATCH_LIB_API_SERVICE_JOB_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_JOB_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/consumable_resource.pb.h"
#include "embatch/api/job.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status SubmitJob(const Context& context, const SubmitJobRequest& request,
                       SubmitJobResponse& response);
absl::Status CancelJob(const Context& context, const CancelJobRequest& request,
                       CancelJobResponse& response);
absl::Status TerminateJob(const Context& context,
                          const TerminateJobRequest& request,
                          TerminateJobResponse& response);
absl::Status DescribeJobs(const Context& context,
                          const DescribeJobsRequest& request,
                          DescribeJobsResponse& response);

// In job_lists.cc and consumer_lists.cc.
absl::Status ListJobs(const Context& context, const ListJobsRequest& request,
                      ListJobsResponse& response);
absl::Status ListJobsByConsumableResource(
    const Context& context, const ListJobsByConsumableResourceRequest& request,
    ListJobsByConsumableResourceResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_JOB_OPERATIONS_H_
