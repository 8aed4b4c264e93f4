// SPDX-License-Identifier: Apache-2.0
//
// What can be read of a state. Source: §20.
#ifndef EMBATCH_SCHEDULER_READS_H_
#define EMBATCH_SCHEDULER_READS_H_

#include <map>
#include <string>
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
// An attempt of a service job has a resource of the service, and no container.
void ShowAsService(AttemptView* view);

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

absl::StatusOr<std::vector<JobView>> ReadJobs(const State& state,
                                              absl::Span<const JobId> jobs);
absl::StatusOr<JobDefinitionPage> ReadJobDefinitions(
    const State& state, const ListJobDefinitionsRequest& request);
absl::StatusOr<JobQueueSnapshot> ReadJobQueueSnapshot(const State& state,
                                                      absl::string_view name);
absl::StatusOr<std::map<std::string, std::string>> ReadTags(
    const State& state, const ResourceName& resource);
const std::map<std::string, std::string>& TagsOfJob(const State& state,
                                                    uint32_t slot);
absl::StatusOr<ConsumableResourceView> ReadConsumableResource(
    const State& state, absl::string_view name);
absl::StatusOr<NamePage> ReadConsumableResources(
    const State& state, const ListConsumableResourcesRequest& request);
absl::StatusOr<JobPage> ReadJobsByConsumableResource(
    const State& state, const ListJobsByConsumableResourceRequest& request);

// The share identifier of a job in a fair-share queue; empty: it has none.
absl::string_view ShareIdentifierOf(const State& state, uint32_t slot);

// What a runtime is told to start: a container of a running attempt. `spec` may
// be of another one before: every member is set.
void SetSpecOfAttempt(const State& state, uint32_t live, uint16_t container,
                      ContainerSpec* spec);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_READS_H_
