// SPDX-License-Identifier: Apache-2.0
//
// Commands: each checks, records and gives a final answer. Nothing changes its
// status here; that is left to the next turn (D68). A command that fails has
// changed nothing.
#ifndef EMBATCH_SCHEDULER_COMMANDS_H_
#define EMBATCH_SCHEDULER_COMMANDS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "embatch/ids.h"
#include "embatch/input.h"
#include "lib/scheduler/state.h"

namespace embatch {

// kResourceExhausted if there are `most` of something already.
absl::Status CheckCount(absl::string_view what, size_t count, int64_t most);

// The queue of that name, if it takes jobs. §4, step 2.
absl::StatusOr<uint32_t> FindOpenQueue(const State& state,
                                       const std::string& job_queue);

// What kind of environments a queue has: all are of one kind.
// Source: API JobQueueDetail.computeEnvironmentOrder (§13.1).
PlatformCapability PlatformOf(const State& state, const QueueRecord& queue);
// Likewise; none: containers of ECS and of EKS.
std::optional<OrchestrationType> OrchestrationOf(const State& state,
                                                 const QueueRecord& queue);

// Where a submission is to go, and what it is to run.
struct SubmissionPlace {
  uint32_t queue;
  uint32_t definition;
};

// The checks of §4, in their order, up to the overrides (step 8).
absl::StatusOr<SubmissionPlace> CheckSubmission(
    const State& state, const SubmitJobRequest& request);

absl::Status Apply(State& state,
                   const CreateComputeEnvironmentCommand& command);
absl::Status Apply(State& state,
                   const UpdateComputeEnvironmentRequest& request);
absl::Status Apply(State& state,
                   const DeleteComputeEnvironmentCommand& command);
absl::Status Apply(State& state, const CreateJobQueueCommand& command);
absl::Status Apply(State& state, const UpdateJobQueueRequest& request);
absl::Status Apply(State& state, const DeleteJobQueueCommand& command);
absl::Status Apply(State& state, const CreateSchedulingPolicyCommand& command);
absl::Status Apply(State& state, const UpdateSchedulingPolicyCommand& command);
absl::Status Apply(State& state, const DeleteSchedulingPolicyCommand& command);
absl::StatusOr<int> Apply(State& state,
                          const RegisterJobDefinitionCommand& command);
absl::Status Apply(State& state, const DeregisterJobDefinitionCommand& command);
absl::StatusOr<JobId> Apply(State& state, const SubmitJobRequest& request);
absl::Status Apply(State& state, const EndJobCommand& command);
// The same for jobs of every kind.
absl::Status EndJob(State& state, const EndJobCommand& command);
absl::Status Apply(State& state,
                   const CreateConsumableResourceCommand& command);
absl::Status Apply(State& state,
                   const UpdateConsumableResourceRequest& request);
absl::Status Apply(State& state,
                   const DeleteConsumableResourceCommand& command);
absl::Status Apply(State& state, const TagResourceRequest& request);
absl::Status Apply(State& state, const UntagResourceRequest& request);

// kNotFound if one of them does not exist. §4, step 10. Choice: D31.
absl::Status CheckConsumablesExist(
    const State& state,
    const std::vector<ConsumableResourceRequirement>& needs);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_COMMANDS_H_
