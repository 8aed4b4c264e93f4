// SPDX-License-Identifier: Apache-2.0
//
// Phase 1: queues and environments move one step in their lives.
#include "lib/scheduler/service_environments.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

// Source: §2.3, creating is asynchronous; the texts are the model's examples.
void TurnRunner::RunConfiguration() {
  ConfigureServiceEnvironments(state_);
  for (uint32_t i = 0; i < fleet_.environment_count(); ++i) {
    StepEnvironment(i);
  }
  for (uint32_t i = 0; i < state_.queues.size(); ++i) {
    QueueRecord& queue = state_.queues[i];
    if (queue.quota.has_value()) ConfigureShares(*queue.quota);
    if (queue.status == ResourceStatus::kCreating ||
        queue.status == ResourceStatus::kUpdating) {
      queue.status = ResourceStatus::kValid;
      queue.status_reason = kQueueHealthy;
    } else if (IsDeletionOver(i)) {
      ForgetQueue(i);
    }
  }
}

void TurnRunner::ConfigureShares(QuotaQueue& quota) {
  for (uint32_t share : quota.order) {
    ResourceStatus& status = quota.shares[share].status;
    if (status == ResourceStatus::kCreating ||
        status == ResourceStatus::kUpdating) {
      status = ResourceStatus::kValid;
    }
  }
}

// Whether this phase has something to do once more: a queue's last job ended,
// or an environment's last instance went.
bool TurnRunner::IsConfigurationDue() const {
  for (uint32_t i = 0; i < fleet_.environment_count(); ++i) {
    if (IsEnvironmentStepDue(fleet_.environment(i))) return true;
  }
  for (uint32_t i = 0; i < state_.queues.size(); ++i) {
    if (IsDeletionOver(i)) return true;
  }
  return false;
}

}  // namespace embatch
