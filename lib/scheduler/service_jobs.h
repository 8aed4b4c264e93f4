// SPDX-License-Identifier: Apache-2.0
//
// Service jobs: the commands on them, and what can be read of them.
// Source: API SubmitServiceJob, UpdateServiceJob, TerminateServiceJob,
// DescribeServiceJob, ListServiceJobs; §19, §20.3.
#ifndef EMBATCH_SCHEDULER_SERVICE_JOBS_H_
#define EMBATCH_SCHEDULER_SERVICE_JOBS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "embatch/input.h"
#include "embatch/scheduler.h"
#include "embatch/service_job.h"
#include "embatch/service_provider.h"
#include "lib/scheduler/state.h"

namespace embatch {

absl::StatusOr<JobId> Apply(State& state,
                            const SubmitServiceJobRequest& request);
absl::Status Apply(State& state, const UpdateServiceJobRequest& request);
absl::Status Apply(State& state, const TerminateServiceJobCommand& command);

bool IsServiceJob(const State& state, uint32_t slot);
// The job is forgotten; it may be no service job.
void ForgetServiceJob(State& state, uint32_t slot);

absl::StatusOr<ServiceJobView> ReadServiceJob(const State& state,
                                              const JobId& job);
absl::StatusOr<JobPage> ReadServiceJobPage(const State& state,
                                           const ListJobsRequest& request);
// What a provider is told to hand over.
ServiceJobSpec SpecOfServiceAttempt(const State& state, uint32_t live);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_SERVICE_JOBS_H_
