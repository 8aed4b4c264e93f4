// SPDX-License-Identifier: Apache-2.0
//
// The clock of a queue's blocked head (API JobStateTimeLimitAction).
//
// It starts when a reason is set on the head, and starts afresh when the reason
// changes or another job becomes head. Choice: D34.
#ifndef EMBATCH_SCHEDULER_TIME_LIMITS_H_
#define EMBATCH_SCHEDULER_TIME_LIMITS_H_

#include "absl/strings/string_view.h"
#include "embatch/job_queue.h"
#include "lib/scheduler/state.h"

namespace embatch {

// The entry of a queue for a statusReason; nullptr: none. Of several the
// shortest, of equal ones the first. Choice: D60.
const JobStateTimeLimitAction* TimeLimitFor(const JobQueueOptions& options,
                                            absl::string_view status_reason);

// Stops the clock, if it runs.
void StopClock(State& state, QueueRecord& queue);

// Sets the clock for the queue's blocked head and its present reason; it has
// stood since queue.blocked_since_ns.
void SetClock(State& state, QueueRecord& queue);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_TIME_LIMITS_H_
