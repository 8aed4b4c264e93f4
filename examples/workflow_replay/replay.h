// SPDX-License-Identifier: Apache-2.0
//
// Runs a workflow through a Scheduler on virtual time.
#ifndef WORKFLOW_REPLAY_REPLAY_H_
#define WORKFLOW_REPLAY_REPLAY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "embatch/limits_profile.h"
#include "workflow.h"

namespace workflow_replay {

// Who waits for a task's parents.
enum class Submit {
  kArrays,  // embatch: all is submitted at once, with dependencies, wide levels
            // of like tasks as array jobs
  kSingles,    // the same with each task a job of its own
  kWhenReady,  // the host: it submits a task when its parents are done
};

struct ReplayOptions {
  int64_t cores = 1;
  Submit submit = Submit::kArrays;
  embatch::LimitsProfile limits = embatch::LimitsProfile::kUnlimited;
};

struct Result {
  int64_t jobs = 0;    // submitted
  int64_t arrays = 0;  // of these
  absl::Duration makespan;
};

absl::StatusOr<Result> Replay(const Workflow& workflow,
                              const ReplayOptions& options);

}  // namespace workflow_replay

#endif  // WORKFLOW_REPLAY_REPLAY_H_
