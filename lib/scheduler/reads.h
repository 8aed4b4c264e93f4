// SPDX-License-Identifier: Apache-2.0
//
// What can be read of a state. Source: §20.
#ifndef EMBATCH_SCHEDULER_READS_H_
#define EMBATCH_SCHEDULER_READS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/container_runtime.h"
#include "embatch/scheduler.h"
#include "lib/scheduler/state.h"

namespace embatch {

// kNotFound: never existed, or its retention is over.
absl::StatusOr<JobKey> FindJob(const State& state, const JobId& job);
AttemptView ViewOf(const State& state, const AttemptRecord& attempt);

absl::StatusOr<JobView> ReadJob(const State& state, const JobId& job);
absl::StatusOr<std::vector<AttemptView>> ReadAttempts(const State& state,
                                                      const JobId& job);
absl::StatusOr<std::vector<JobDependency>> ReadDependencies(const State& state,
                                                            const JobId& job);
absl::StatusOr<JobDefinitionView> ReadJobDefinition(const State& state,
                                                    absl::string_view text);
absl::StatusOr<JobQueueView> ReadJobQueue(const State& state,
                                          absl::string_view name);
absl::StatusOr<ComputeEnvironmentView> ReadComputeEnvironment(
    const State& state, absl::string_view name);
absl::StatusOr<JobPage> ReadJobPage(const State& state,
                                    const ListJobsRequest& request);

// What a runtime is told to start: a container of a running attempt.
ContainerSpec SpecOfAttempt(const State& state, uint32_t live,
                            uint16_t container = 0);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_READS_H_
