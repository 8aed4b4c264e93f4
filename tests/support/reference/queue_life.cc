// SPDX-License-Identifier: Apache-2.0
//
// Queues are created, updated, deleted. Source: §13.1, §13.2.
#include <algorithm>
#include <utility>

#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

int ReferenceScheduler::FindQueue(absl::string_view name) const {
  for (int i = 0; i < static_cast<int>(queues_.size()); ++i) {
    if (queues_[i].options.job_queue_name == name &&
        queues_[i].status != ResourceStatus::kDeleted) {
      return i;
    }
  }
  return kNothing;
}

void ReferenceScheduler::AttachEnvironments(Queue& queue) const {
  std::vector<ComputeEnvironmentOrder> order =
      queue.options.compute_environment_order;
  std::sort(order.begin(), order.end(),
            [](const ComputeEnvironmentOrder& a,
               const ComputeEnvironmentOrder& b) { return a.order < b.order; });
  queue.environments.clear();
  for (const ComputeEnvironmentOrder& entry : order) {
    queue.environments.push_back(FindEnvironment(entry.compute_environment));
  }
}

void ReferenceScheduler::Do(const CreateJobQueueCommand& command) {
  Queue& queue = queues_.emplace_back();
  queue.options = command.job_queue.options();
  AttachEnvironments(queue);
  AdoptPolicy(queue);
}

void ReferenceScheduler::Do(const UpdateJobQueueRequest& request) {
  Queue& queue = queues_[FindQueue(request.job_queue)];
  if (request.priority) queue.options.priority = *request.priority;
  if (request.state) queue.options.state = *request.state;
  if (request.compute_environment_order) {
    queue.options.compute_environment_order =
        *request.compute_environment_order;
    AttachEnvironments(queue);
  }
  if (request.scheduling_policy) {
    queue.options.scheduling_policy = *request.scheduling_policy;
    AdoptPolicy(queue);
  }
  if (request.job_state_time_limit_actions) {
    queue.options.job_state_time_limit_actions =
        *request.job_state_time_limit_actions;
  }
  SetClock(queue);
  queue.status = ResourceStatus::kUpdating;
  ++queue.updates;
}

// Choice: D42, unknown ones are no error.
void ReferenceScheduler::Do(const DeleteJobQueueCommand& command) {
  const int index = FindQueue(command.job_queue);
  if (index == kNothing || queues_[index].status == ResourceStatus::kDeleting) {
    return;
  }
  queues_[index].status = ResourceStatus::kDeleting;
  queues_[index].clock_ns = kNever;
  queues_[index].probed = kNothing;
  Consequence item;
  item.kind = Consequence::Kind::kDeleteJobs;
  item.queue = index;
  work_.push_back(item);
}

// Choice: D66. All jobs of the queue, in the order of their submission: what
// has not started fails at once, what runs is stopped.
void ReferenceScheduler::DeleteJobs(int queue) {
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    const Job& job = jobs_[i];
    if (job.queue != queue || job.is_child() || IsTerminal(job.status)) {
      continue;
    }
    if (job.is_array()) {
      Add(Consequence::Kind::kFailChildren, i, 0, job.size);
      Add(Consequence::Kind::kEndWaiting, i);
      Add(Consequence::Kind::kStopChildren, i);
    } else if (job.status >= JobStatus::kStarting) {
      StopAttempt(job.has_nodes() ? MainNodeOf(job) : i, Stop::kQueueDeleted);
    } else {
      FailWaiting(i);
    }
  }
}

bool ReferenceScheduler::IsInDeletedQueue(const Job& job) const {
  return queues_[job.queue].status == ResourceStatus::kDeleting;
}

// Phase 1. Source: §2.3; §13.2, DELETING until its jobs are gone.
void ReferenceScheduler::StepQueues() {
  for (int i = 0; i < static_cast<int>(queues_.size()); ++i) {
    Queue& queue = queues_[i];
    if (queue.status == ResourceStatus::kCreating ||
        queue.status == ResourceStatus::kUpdating) {
      queue.status = ResourceStatus::kValid;
    } else if (queue.status == ResourceStatus::kDeleting &&
               std::all_of(jobs_.begin(), jobs_.end(), [i](const Job& job) {
                 return job.queue != i || job.is_node || IsTerminal(job.status);
               })) {
      queue.status = ResourceStatus::kDeleted;
    }
  }
}

}  // namespace embatch::reference
