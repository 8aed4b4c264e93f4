// SPDX-License-Identifier: Apache-2.0
//
// The end of a queue: first of its jobs, then of itself.
//
// Source: §13.2. Choice: D66. Jobs are ended in the order of their submission:
// what has not started fails at once, what runs is stopped, of an array first
// the PENDING children, then the RUNNABLE ones, then those that run. Whatever
// ends in a queue that is DELETING, and was not already being stopped for
// another cause, ends FAILED with "JobQueue deleted"; an exit that is reported
// afterwards changes nothing of that, as for TerminateJob (D21).
//
// When the last job is over the queue loses its name and its environments. Its
// place in the table stays as long as its finished jobs can be read.
#include <algorithm>

#include "lib/jobs/reasons.h"
#include "lib/scheduler/shares.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

bool TurnRunner::DeleteJobs(const WorkItem& item) {
  QueueRecord& queue = state_.queues[item.slot];
  if (queue.status != ResourceStatus::kDeleting) return true;
  for (;;) {
    if (!has_budget()) return false;
    const uint64_t sequence =
        jobs_.FirstActive(item.slot, queue.deleted_before);
    if (sequence == SequenceBitmap::kNone) return true;
    queue.deleted_before = sequence + 1;
    CountLook();  // some are being stopped already
    DeleteJob(jobs_.SlotAt(item.slot, sequence));
  }
}

void TurnRunner::DeleteJob(uint32_t slot) {
  const JobKey job{slot, -1};
  const JobRecord& record = jobs_.record(slot);
  if (record.is_array()) {
    // Looking at an array takes room in the budget, as a transition does.
    --journal_.transitions_left;
    AddWork(WorkKind::kFailChildren, slot, 0, jobs_.array(slot).size);
    AddWork(WorkKind::kEndWaiting, slot);
    AddWork(WorkKind::kStopChildren, slot, 0);
    return;
  }
  switch (record.status) {
    case JobStatus::kSubmitted:
    case JobStatus::kPending:
      FailPending(job);
      return;
    case JobStatus::kRunnable:
      LeaveLine(job);
      Fail(job, JobTrigger::kQueueDeleted, kJobQueueDeleted);
      return;
    case JobStatus::kScheduled:
    case JobStatus::kStarting:
    case JobStatus::kRunning:
      StopAttempt(jobs_.LiveOf(job), StopCause::kQueueDeleted);
      return;
    case JobStatus::kSucceeded:
    case JobStatus::kFailed:
      return;
  }
}

bool TurnRunner::IsInDeletedQueue(JobKey job) const {
  return state_.queues[jobs_.record(job.slot).queue].status ==
         ResourceStatus::kDeleting;
}

bool TurnRunner::IsDeletionOver(uint32_t index) const {
  return state_.queues[index].status == ResourceStatus::kDeleting &&
         !jobs_.HasActiveJobs(index);
}

void TurnRunner::ForgetQueue(uint32_t index) {
  QueueRecord& queue = state_.queues[index];
  queue.status = ResourceStatus::kDeleted;
  queue.environments.clear();
  queue.service = kNoIndex;
  state_.queue_names.erase(queue.config.job_queue_name());
  state_.queue_order.erase(
      std::remove(state_.queue_order.begin(), state_.queue_order.end(), index),
      state_.queue_order.end());
  ReuseQueue(index);
}

void TurnRunner::ReuseQueue(uint32_t index) {
  if (state_.queues[index].status != ResourceStatus::kDeleted ||
      jobs_.HasJobs(index)) {
    return;
  }
  DropShares(state_, index);
  state_.queues[index] = QueueRecord();
  state_.queues[index].status = ResourceStatus::kDeleted;
  state_.free_queues.push_back(index);
}

}  // namespace embatch
