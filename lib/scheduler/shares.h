// SPDX-License-Identifier: Apache-2.0
//
// Scheduling policies and the shares of queues, as far as they touch other
// parts of the state: names, submissions, deadlines. What shares themselves are
// is in lib/queues/fair_share.h.
#ifndef EMBATCH_SCHEDULER_SHARES_H_
#define EMBATCH_SCHEDULER_SHARES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "embatch/job.h"
#include "embatch/job_queue.h"
#include "lib/scheduler/state.h"

namespace embatch {

// --- Policies and queues ----------------------------------------------------

// Whether a queue that is to be made names a policy that there is.
absl::Status CheckPolicyOfNewQueue(const State& state, const JobQueue& queue);

// Whose policy, if it has one, there is.
QueueKind KindOfNewQueue(const State& state, const JobQueue& queue);

// Whether a queue may go over to another policy: a queue with one may get
// another of the same kind; one without never gets one.
// Source: API UpdateJobQueue.schedulingPolicyArn; §13.1.
absl::Status CheckPolicyReplacement(const State& state, uint32_t queue,
                                    absl::string_view policy);

// Makes the policy that the queue's configuration names be in force.
void AdoptPolicy(State& state, uint32_t queue);

// A queue is about to go: its shares have no deadlines any more.
void DropShares(State& state, uint32_t queue);

// --- Shares and jobs --------------------------------------------------------

// §4, steps 5 and 6.
absl::Status CheckShare(const State& state, uint32_t queue,
                        const SubmitJobRequest& request);

// The share of a job that is being submitted, which counts for it from now on;
// kNoIndex if its queue has no shares.
uint32_t ShareFor(State& state, uint32_t queue,
                  const SubmitJobRequest& request);

// A submitted job, an array with all its children, is over.
void EndShareJob(State& state, const JobRecord& record);
// Its record is about to go.
void ReleaseShareJob(State& state, const JobRecord& record);
// DeadlineKind::kShareRests has come.
void RestShare(State& state, uint32_t queue, uint32_t share);

// Whether the part of the compute that is reserved for shares that are not
// active keeps such a job from starting now.
// Source: §14.4. Choice: D14, D51.
bool IsHeldByReservation(const State& state, const QueueRecord& queue,
                         const Requirement& need);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_SHARES_H_
