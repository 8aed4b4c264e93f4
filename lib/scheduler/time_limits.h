// SPDX-License-Identifier: Apache-2.0
//
// The clock of a blocked head, of a queue or of a quota share (API
// JobStateTimeLimitAction).
//
// It starts when a reason is set on the head, and starts afresh when the reason
// changes or another job becomes head. Choice: D34.
#ifndef EMBATCH_SCHEDULER_TIME_LIMITS_H_
#define EMBATCH_SCHEDULER_TIME_LIMITS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "embatch/job_queue.h"
#include "lib/scheduler/state.h"

namespace embatch {

// The entry of a queue for a statusReason; nullptr: none. Of several the
// shortest, of equal ones the first. Choice: D60.
const JobStateTimeLimitAction* TimeLimitFor(const JobQueueOptions& options,
                                            absl::string_view status_reason);

// Stops the clock, if it runs.
void StopClock(State& state, BlockedHead& head);

// Sets the clock of a blocked head for its present reason; it has stood since
// head.since_ns. `head` is the queue's, or that of the share.
void SetClock(State& state, const QueueRecord& queue, uint32_t share,
              BlockedHead& head);

// The same for the head of the queue and those of all its quota shares.
void SetClocks(State& state, QueueRecord& queue);
void StopClocks(State& state, QueueRecord& queue);

// Source: API JobStateTimeLimitAction.action ("For job queues connected to a
// ECS, FARGATE or EKS compute environment, the only supported value is
// CANCEL"); §15.6, TERMINATE for heads of quota shares. Choice: D29, so in
// quota shares of container jobs, where either may be asked for.
absl::Status CheckTimeLimitActions(const JobQueueOptions& options,
                                   QueueKind kind);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_TIME_LIMITS_H_
