// SPDX-License-Identifier: Apache-2.0
#include "handover.h"

namespace batch_server {

bool Handover::Run(absl::FunctionRef<void()> work) {
  Task task(work);
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return false;
    first = waiting_.empty();
    waiting_.push_back(&task);
  }
  // The owner takes all at once, so one call is enough for a batch.
  if (first) waker_->Wake();
  task.over.WaitForNotification();
  return task.done;
}

bool Handover::Work() {
  taken_.clear();
  {
    absl::MutexLock lock(&mutex_);
    taken_.swap(waiting_);
  }
  for (Task* task : taken_) {
    task->work();
    task->done = true;
    task->over.Notify();
  }
  return !taken_.empty();
}

void Handover::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  for (Task* task : waiting_) task->over.Notify();
  waiting_.clear();
}

}  // namespace batch_server
