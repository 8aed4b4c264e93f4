// SPDX-License-Identifier: Apache-2.0
// Service jobs between AWS's messages and the core's values.
#ifndef EMBATCH_LIB_API_SERVICE_SERVICE_JOB_CONVERSION_H_
#define EMBATCH_LIB_API_SERVICE_SERVICE_JOB_CONVERSION_H_

#include "absl/status/statusor.h"
#include "embatch/api/service_job.pb.h"
#include "embatch/service_job.h"
#include "lib/api/service/context.h"

namespace embatch {
namespace api {

// All of the submission but the queue.
absl::StatusOr<embatch::SubmitServiceJobRequest> SubmissionOf(
    const SubmitServiceJobRequest& request);

void SetDetail(const Context& context, const ServiceJobView& view,
               DescribeServiceJobResponse& out);
// How often a job was preempted, and what became of the last of these attempts.
void SetPreemptions(const Context& context, JobId job,
                    ServiceJobPreemptionSummary& out);
void SetSummary(const Context& context, const ServiceJobView& view,
                ServiceJobSummary& out);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_SERVICE_JOB_CONVERSION_H_
