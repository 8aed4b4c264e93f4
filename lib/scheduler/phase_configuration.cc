// SPDX-License-Identifier: Apache-2.0
//
// Phase 1: queues and environments move one step in their lives.
#include "lib/base/time.h"
#include "lib/model/limits.h"
#include "lib/scheduler/service_environments.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {
namespace {

// Whether nothing becomes of a thing by itself. That is so in nearly every turn
// of nearly every one.
bool IsSettled(ResourceStatus status) {
  switch (status) {
    case ResourceStatus::kCreating:
    case ResourceStatus::kUpdating:
    case ResourceStatus::kDeleting:
      return false;
    case ResourceStatus::kDeleted:
    case ResourceStatus::kValid:
    case ResourceStatus::kInvalid:
      return true;
  }
  return false;
}

}  // namespace

// Source: §2.3, creating is asynchronous; the texts are the model's examples.
void TurnRunner::RunConfiguration() {
  if (state_.is_configured) return;
  ConfigureServiceEnvironments(state_);
  bool is_configured = AreServiceEnvironmentsSettled(state_);
  for (size_t i = 0; i < fleet_.environments().size();) {
    const uint32_t environment = fleet_.environments()[i];
    if (!IsSettled(fleet_.environment(environment).status)) {
      is_configured = false;
      StepEnvironment(environment);  // may be its last step
    }
    i += fleet_.environment(environment).status != ResourceStatus::kDeleted;
  }
  const size_t queues = state_.queues.size();
  for (uint32_t i = 0; i < queues; ++i) {
    QueueRecord& queue = state_.queues[i];
    if (queue.quota.has_value()) ConfigureShares(*queue.quota);
    if (IsSettled(queue.status)) continue;
    is_configured = false;
    if (queue.status == ResourceStatus::kCreating ||
        queue.status == ResourceStatus::kUpdating) {
      queue.status = ResourceStatus::kValid;
      queue.status_reason = kQueueHealthy;
    } else if (IsDeletionOver(i)) {
      ForgetQueue(i);
    }
  }
  state_.is_configured = is_configured;
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

// A deregistered definition's time is over. What jobs still refer to is kept
// for them, though nobody else finds it. Source: §3.1.
void TurnRunner::DeleteDefinition(uint32_t index) {
  DefinitionRecord& record = state_.definitions[index];
  record.deleted = true;
  DropPlainSpec(jobs_, record);
  if (!jobs_.IsDefinitionUsed(index)) {
    record.definition = JobDefinition();
    return;
  }
  const int64_t check_ns = DurationToNanos(kDefinitionCheck);
  state_.deadlines.Add(SaturatingAdd(now_ns_, check_ns), check_ns,
                       static_cast<uint8_t>(DeadlineKind::kDefinitionEnd),
                       index, 0);
}

// Whether this phase has something to do once more: a queue's last job ended,
// or an environment's last instance went.
bool TurnRunner::IsConfigurationDue() const {
  if (state_.is_configured) return false;
  if (IsServiceStepDue(state_)) return true;
  for (uint32_t i : fleet_.environments()) {
    if (IsEnvironmentStepDue(fleet_.environment(i))) return true;
  }
  const size_t queues = state_.queues.size();
  for (uint32_t i = 0; i < queues; ++i) {
    if (IsDeletionOver(i)) return true;
  }
  return false;
}

}  // namespace embatch
