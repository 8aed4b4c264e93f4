// SPDX-License-Identifier: Apache-2.0
//
// THE table of transitions: every way in which a job can change its status.
// Nothing else in the library assigns one; JobTable::Change() looks here.
#ifndef EMBATCH_JOBS_TRANSITIONS_H_
#define EMBATCH_JOBS_TRANSITIONS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "embatch/job.h"

namespace embatch {

// Why a job changes its status.
enum class JobTrigger : uint8_t {
  kDependenciesOutstanding,  // it waits for other jobs
  kDependenciesMet,          // nothing is outstanding
  kChildRunnable,            // array parent: its first child became RUNNABLE
  kDependencyFailed,
  kEndedByCaller,   // cancelled or terminated before it started
  kStateTimeLimit,  // blocked at the head for too long
  kQueueDeleted,    // its queue is being deleted, and it has not started
  kBlocked,         // found blocked at the head of its queue
  kPlaced,
  kDispatched,        // a service job is handed to the service
  kCapacityAcquired,  // which has the capacity for it
  kLaunchRejected,    // it can't be launched, now or later
  kContainerStarted,
  kPreemptionStarted,  // it is to make room, and is being stopped
  kPreempted,          // it made room, and waits again
  kRetry,
  kNoCapacity,  // Fargate, or a service, had none: it does not count
  kAttemptSucceeded,
  kAttemptFailed,  // and no retry is due
  kChildrenSucceeded,
  kChildrenFailed,  // all have ended, at least one FAILED
};
inline constexpr int kJobTriggerCount = 21;

struct Transition {
  JobStatus from;
  JobTrigger trigger;
  JobStatus to;
};

// Source: guide "Job states"; §5.2, row by row; §15 (preemption).
inline constexpr std::array kTransitions = {
    Transition{JobStatus::kSubmitted, JobTrigger::kDependenciesOutstanding,
               JobStatus::kPending},
    Transition{JobStatus::kSubmitted, JobTrigger::kChildRunnable,
               JobStatus::kPending},
    Transition{JobStatus::kSubmitted, JobTrigger::kDependenciesMet,
               JobStatus::kRunnable},
    Transition{JobStatus::kSubmitted, JobTrigger::kDependencyFailed,
               JobStatus::kFailed},
    Transition{JobStatus::kSubmitted, JobTrigger::kEndedByCaller,
               JobStatus::kFailed},
    Transition{JobStatus::kSubmitted, JobTrigger::kQueueDeleted,
               JobStatus::kFailed},
    Transition{JobStatus::kSubmitted, JobTrigger::kChildrenFailed,
               JobStatus::kFailed},

    Transition{JobStatus::kPending, JobTrigger::kDependenciesMet,
               JobStatus::kRunnable},
    Transition{JobStatus::kPending, JobTrigger::kDependencyFailed,
               JobStatus::kFailed},
    Transition{JobStatus::kPending, JobTrigger::kEndedByCaller,
               JobStatus::kFailed},
    Transition{JobStatus::kPending, JobTrigger::kQueueDeleted,
               JobStatus::kFailed},
    Transition{JobStatus::kPending, JobTrigger::kChildrenSucceeded,
               JobStatus::kSucceeded},
    Transition{JobStatus::kPending, JobTrigger::kChildrenFailed,
               JobStatus::kFailed},

    Transition{JobStatus::kRunnable, JobTrigger::kEndedByCaller,
               JobStatus::kFailed},
    Transition{JobStatus::kRunnable, JobTrigger::kStateTimeLimit,
               JobStatus::kFailed},
    Transition{JobStatus::kRunnable, JobTrigger::kQueueDeleted,
               JobStatus::kFailed},
    Transition{JobStatus::kRunnable, JobTrigger::kBlocked,
               JobStatus::kRunnable},
    Transition{JobStatus::kRunnable, JobTrigger::kPlaced, JobStatus::kStarting},
    Transition{JobStatus::kRunnable, JobTrigger::kLaunchRejected,
               JobStatus::kFailed},

    // Service jobs. Source: §15, §19.
    Transition{JobStatus::kRunnable, JobTrigger::kDispatched,
               JobStatus::kScheduled},
    Transition{JobStatus::kScheduled, JobTrigger::kCapacityAcquired,
               JobStatus::kStarting},
    Transition{JobStatus::kScheduled, JobTrigger::kNoCapacity,
               JobStatus::kRunnable},
    Transition{JobStatus::kScheduled, JobTrigger::kRetry, JobStatus::kRunnable},
    Transition{JobStatus::kScheduled, JobTrigger::kPreemptionStarted,
               JobStatus::kScheduled},
    Transition{JobStatus::kScheduled, JobTrigger::kPreempted,
               JobStatus::kRunnable},
    Transition{JobStatus::kScheduled, JobTrigger::kAttemptFailed,
               JobStatus::kFailed},

    Transition{JobStatus::kStarting, JobTrigger::kContainerStarted,
               JobStatus::kRunning},
    Transition{JobStatus::kStarting, JobTrigger::kRetry, JobStatus::kRunnable},
    Transition{JobStatus::kStarting, JobTrigger::kNoCapacity,
               JobStatus::kRunnable},
    Transition{JobStatus::kStarting, JobTrigger::kPreemptionStarted,
               JobStatus::kStarting},
    Transition{JobStatus::kStarting, JobTrigger::kPreempted,
               JobStatus::kRunnable},
    Transition{JobStatus::kStarting, JobTrigger::kAttemptFailed,
               JobStatus::kFailed},

    Transition{JobStatus::kRunning, JobTrigger::kAttemptSucceeded,
               JobStatus::kSucceeded},
    Transition{JobStatus::kRunning, JobTrigger::kRetry, JobStatus::kRunnable},
    Transition{JobStatus::kRunning, JobTrigger::kPreemptionStarted,
               JobStatus::kRunning},
    Transition{JobStatus::kRunning, JobTrigger::kPreempted,
               JobStatus::kRunnable},
    Transition{JobStatus::kRunning, JobTrigger::kAttemptFailed,
               JobStatus::kFailed},
};

// The part of the table that is about nodes of a multi-node job. While no
// attempt of its job is under way a node stands where the job stands.
// Source: guide "Multi-node parallel jobs"; §12.3. Choice: D35, D36.
inline constexpr std::array kNodeTransitions = {
    Transition{JobStatus::kRunnable, JobTrigger::kPlaced, JobStatus::kStarting},

    Transition{JobStatus::kStarting, JobTrigger::kContainerStarted,
               JobStatus::kRunning},
    Transition{JobStatus::kStarting, JobTrigger::kRetry, JobStatus::kRunnable},
    // It had not started when the main node ended.
    Transition{JobStatus::kStarting, JobTrigger::kAttemptSucceeded,
               JobStatus::kSucceeded},
    Transition{JobStatus::kStarting, JobTrigger::kAttemptFailed,
               JobStatus::kFailed},

    Transition{JobStatus::kRunning, JobTrigger::kAttemptSucceeded,
               JobStatus::kSucceeded},
    Transition{JobStatus::kRunning, JobTrigger::kRetry, JobStatus::kRunnable},
    Transition{JobStatus::kRunning, JobTrigger::kAttemptFailed,
               JobStatus::kFailed},

    // It had ended before its job, which is tried again.
    Transition{JobStatus::kSucceeded, JobTrigger::kRetry, JobStatus::kRunnable},
    Transition{JobStatus::kFailed, JobTrigger::kRetry, JobStatus::kRunnable},
};

namespace transitions_internal {
inline constexpr uint8_t kNoStatus = 0xff;

// One more than the last trigger and the last status that a table names.
struct Bounds {
  int triggers = 0;
  int statuses = 0;
};
template <size_t N>
constexpr Bounds BoundsOf(const std::array<Transition, N>& transitions) {
  Bounds bounds;
  for (const Transition& transition : transitions) {
    bounds.triggers =
        std::max(bounds.triggers, static_cast<int>(transition.trigger) + 1);
    bounds.statuses =
        std::max({bounds.statuses, static_cast<int>(transition.from) + 1,
                  static_cast<int>(transition.to) + 1});
  }
  return bounds;
}
static_assert(BoundsOf(kTransitions).triggers == kJobTriggerCount,
              "every trigger stands in the table, and the last one counts");
static_assert(BoundsOf(kTransitions).statuses == kJobStatusCount);
static_assert(BoundsOf(kNodeTransitions).triggers <= kJobTriggerCount);
static_assert(BoundsOf(kNodeTransitions).statuses <= kJobStatusCount);

template <size_t N>
constexpr std::array<uint8_t, kJobStatusCount * kJobTriggerCount> BuildIndex(
    const std::array<Transition, N>& transitions) {
  std::array<uint8_t, kJobStatusCount * kJobTriggerCount> index{};
  for (uint8_t& entry : index) entry = kNoStatus;
  for (const Transition& transition : transitions) {
    index[static_cast<size_t>(transition.from) * kJobTriggerCount +
          static_cast<size_t>(transition.trigger)] =
        static_cast<uint8_t>(transition.to);
  }
  return index;
}
inline constexpr auto kIndex = BuildIndex(kTransitions);
inline constexpr auto kNodeIndex = BuildIndex(kNodeTransitions);

template <typename Index>
constexpr std::optional<JobStatus> Look(const Index& index, JobStatus from,
                                        JobTrigger trigger) {
  const uint8_t to = index[static_cast<size_t>(from) * kJobTriggerCount +
                           static_cast<size_t>(trigger)];
  if (to == kNoStatus) return std::nullopt;
  return static_cast<JobStatus>(to);
}
}  // namespace transitions_internal

// The status after `trigger`, or nothing if it can't happen in `from`.
constexpr std::optional<JobStatus> NextStatus(JobStatus from,
                                              JobTrigger trigger) {
  return transitions_internal::Look(transitions_internal::kIndex, from,
                                    trigger);
}

// The same for a node.
constexpr std::optional<JobStatus> NextNodeStatus(JobStatus from,
                                                  JobTrigger trigger) {
  return transitions_internal::Look(transitions_internal::kNodeIndex, from,
                                    trigger);
}

}  // namespace embatch

#endif  // EMBATCH_JOBS_TRANSITIONS_H_
