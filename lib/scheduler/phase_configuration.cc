// SPDX-License-Identifier: Apache-2.0
//
// Phase 1: queues and environments move one step in their lives.
#include "lib/scheduler/turn_runner.h"

namespace embatch {

// Source: §2.3, creating is asynchronous; the texts are the model's examples.
void TurnRunner::RunConfiguration() {
  for (uint32_t i = 0; i < fleet_.environment_count(); ++i) {
    EnvironmentRecord& environment = fleet_.environment(i);
    if (environment.status != ResourceStatus::kCreating) continue;
    environment.status = ResourceStatus::kValid;
    environment.status_reason = kEnvironmentHealthy;
    ++environment.epoch;
  }
  for (QueueRecord& queue : state_.queues) {
    if (queue.status != ResourceStatus::kCreating) continue;
    queue.status = ResourceStatus::kValid;
    queue.status_reason = "JobQueue Healthy";
  }
}

}  // namespace embatch
