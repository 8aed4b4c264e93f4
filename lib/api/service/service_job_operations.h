// SPDX-License-Identifier: Apache-2.0
// SubmitServiceJob, UpdateServiceJob, TerminateServiceJob, DescribeServiceJob,
// ListServiceJobs.
// Source: §19, §20.3.
#ifndef EMBATCH_LIB_API_SERVICE_SERVICE_JOB_OPERATIONS_H_
#define EMBATCH_LIB_API_SERVICE_SERVICE_JOB_OPERATIONS_H_

#include "absl/status/status.h"
#include "embatch/api/service_job.pb.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

absl::Status SubmitServiceJob(const Context& context,
                              const SubmitServiceJobRequest& request,
                              SubmitServiceJobResponse& response);
absl::Status UpdateServiceJob(const Context& context,
                              const UpdateServiceJobRequest& request,
                              UpdateServiceJobResponse& response);
absl::Status TerminateServiceJob(const Context& context,
                                 const TerminateServiceJobRequest& request,
                                 TerminateServiceJobResponse& response);
absl::Status DescribeServiceJob(const Context& context,
                                const DescribeServiceJobRequest& request,
                                DescribeServiceJobResponse& response);
absl::Status ListServiceJobs(const Context& context,
                             const ListServiceJobsRequest& request,
                             ListServiceJobsResponse& response);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_SERVICE_JOB_OPERATIONS_H_
