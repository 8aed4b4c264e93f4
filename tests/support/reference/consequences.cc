// SPDX-License-Identifier: Apache-2.0
//
// Phases 3 and 4: jobs that arrive; and what follows from jobs that ended and
// from the caller's wishes. One work list, first in, first out.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

// Source: §5.2, rows SUBMITTED. Choice: D5, D7, D70.
void ReferenceScheduler::TakeArrivals() {
  for (int index : arrivals_) {
    const Job& job = jobs_[index];
    if (job.ended_by_caller() || job.dependency_failed ||
        IsInDeletedQueue(job)) {
      FailWaiting(index);
      continue;
    }
    if (HasOutstanding(index) || HasPaired(index)) {
      Change(index, JobStatus::kPending, "");
    }
    if (!HasOutstanding(index)) {
      DependenciesMet(index);
    } else if (HasPaired(index)) {
      // Children whose counterparts have failed do not wait for the rest.
      Add(Consequence::Kind::kReleaseChildren, index);
    }
  }
  arrivals_.clear();
}

void ReferenceScheduler::DrawConsequences() {
  while (!work_.empty()) {
    const Consequence item = work_.front();
    work_.pop_front();
    Draw(item);
  }
  FinishDeletions();
}

void ReferenceScheduler::Draw(const Consequence& item) {
  using Kind = Consequence::Kind;
  switch (item.kind) {
    case Kind::kEndRequested:
      return EndRequested(item.job);
    case Kind::kReleaseChildren:
      if (item.last == 0) return ReleaseChildren(item.job);
      for (int i = item.first; i < item.last; ++i) {
        ReleaseChild(ChildOf(item.job, i));
      }
      return;
    case Kind::kFailChildren:
      return FailChildren(item.job, item.first, item.last);
    case Kind::kEndWaiting:
      return EndWaiting(item.job);
    case Kind::kStopChildren:
      return StopChildren(item.job);
    case Kind::kChildrenEnded:
      return ChildrenEnded(item.job, item.first, item.last);
    case Kind::kJobEnded:
      return JobEnded(item.job);
    case Kind::kInstanceLost:
      return InstanceLost(item.instance);
    case Kind::kStartNodes:
      return StartNodes(item.job);
    case Kind::kStopNodes:
      return StopNodes(item.job);
    case Kind::kDeleteQuota:
      return DeleteQuota(item.queue, item.first);
    case Kind::kStopInstance:
      return StopInstance(item.instance);
    case Kind::kInstanceEmpty:
      return InstanceEmpty(item.instance);
    case Kind::kDeleteJobs:
      return DeleteJobs(item.queue);
  }
}

// Source: §10, the table. Choice: D2, a PENDING job waits until its
// dependencies are done, unless the option says otherwise.
void ReferenceScheduler::EndRequested(int index) {
  const Job& job = jobs_[index];
  if (job.is_array()) {
    if (IsTerminal(job.status)) return;
    if (job.released) {
      Add(Consequence::Kind::kEndWaiting, index);
      if (job.terminated) Add(Consequence::Kind::kStopChildren, index);
    }
    if (options_.cancel_pending_immediately) FailWaiting(index);
  } else if (job.status == JobStatus::kPending) {
    if (options_.cancel_pending_immediately) FailWaiting(index);
  } else if (job.status == JobStatus::kRunnable) {
    FailWaiting(index);
  } else if (job.status >= JobStatus::kStarting && job.terminated) {
    const int runs = job.has_nodes() ? MainNodeOf(job) : index;
    if (jobs_[runs].attempt) StopAttempt(runs, Stop::kTerminated);
  }
}

// Source: §8.3, the children of a SEQUENTIAL array come one after another.
void ReferenceScheduler::ReleaseChildren(int array) {
  if (ChainOf(array) != nullptr && !HasPaired(array)) {
    ReleaseChild(ChildOf(array, 0));
    return;
  }
  const bool together = !HasPaired(array) && !jobs_[array].ended_by_caller();
  for (const Run& run :
       RunsOf(array, 0, jobs_[array].size, JobStatus::kPending)) {
    if (!together || !run.together) {
      for (int i = run.first; i < run.last; ++i) {
        ReleaseChild(ChildOf(array, i));
      }
      continue;
    }
    for (int i = run.first; i < run.last; ++i) {
      Change(ChildOf(array, i), JobStatus::kRunnable, "");
    }
    ChildBecameRunnable(array);
  }
}

void ReferenceScheduler::FailChildren(int array, int first, int last) {
  for (const Run& run : RunsOf(array, first, last, JobStatus::kPending)) {
    if (!run.together) {
      FailWaiting(ChildOf(array, run.first));
      continue;
    }
    for (int i = run.first; i < run.last; ++i) {
      End(ChildOf(array, i), JobStatus::kFailed, EndingOf(jobs_[array]),
          now_ns_);
    }
    ChildrenHaveEnded(array, run.first, run.last);
  }
}

// In the order in which they wait: retried ones first.
void ReferenceScheduler::EndWaiting(int array) {
  const int size = jobs_[array].size;
  for (bool retried : {true, false}) {
    for (const Run& run : RunsOf(array, 0, size, JobStatus::kRunnable)) {
      if (jobs_[ChildOf(array, run.first)].retried != retried) continue;
      if (!run.together) {
        FailWaiting(ChildOf(array, run.first));
        continue;
      }
      for (int i = run.first; i < run.last; ++i) {
        End(ChildOf(array, i), JobStatus::kFailed, EndingOf(jobs_[array]),
            now_ns_);
      }
      ChildrenHaveEnded(array, run.first, run.last);
    }
  }
}

void ReferenceScheduler::StopChildren(int array) {
  for (int i = 0; i < jobs_[array].size; ++i) {
    if (jobs_[ChildOf(array, i)].attempt) {
      StopAttempt(ChildOf(array, i), IsInDeletedQueue(jobs_[array])
                                         ? Stop::kQueueDeleted
                                         : Stop::kTerminated);
    }
  }
}

// The next child of a SEQUENTIAL array hears of it, then arrays that are
// N_TO_N on this one, then jobs that wait for one child, and at last the array.
// Several children that ended at once have all failed.
void ReferenceScheduler::ChildrenEnded(int array, int first, int last) {
  const JobStatus end = jobs_[ChildOf(array, first)].status;
  const Dependency* chain = ChainOf(array);
  if (chain != nullptr && last < jobs_[array].size) {
    if (chain->IsMetBy(end)) {
      ReleaseChild(ChildOf(array, last));
    } else {
      // The next one fails; that is what the one behind it may wait for.
      Add(Consequence::Kind::kFailChildren, array, last,
          end == JobStatus::kFailed ? jobs_[array].size : last + 1);
    }
  }
  TellPaired(array, first, last);
  for (int i = first; i < last; ++i) TellPlain(ChildOf(array, i));
  EndArray(array);
}

void ReferenceScheduler::JobEnded(int job) { TellPlain(job); }

// Source: §8.2. Choice: D54 (the reason), D55 (the time).
void ReferenceScheduler::EndArray(int index) {
  const Job& array = jobs_[index];
  if (IsTerminal(array.status)) return;
  bool failed = false;
  int64_t stopped_ns = 0;
  for (int i = 0; i < array.size; ++i) {
    const Job& child = jobs_[ChildOf(index, i)];
    if (!IsTerminal(child.status)) return;
    failed |= child.status == JobStatus::kFailed;
    stopped_ns = std::max(stopped_ns, child.stopped_ns);
  }
  if (!failed) {
    End(index, JobStatus::kSucceeded, "", stopped_ns);
  } else if (IsInDeletedQueue(array)) {
    End(index, JobStatus::kFailed, "JobQueue deleted", stopped_ns);
  } else if (array.ended_by_caller()) {
    End(index, JobStatus::kFailed, array.request_reason, stopped_ns);
  } else if (array.dependency_failed) {
    End(index, JobStatus::kFailed, "Dependent Job failed", stopped_ns);
  } else {
    End(index, JobStatus::kFailed, "Array Child Job failed", stopped_ns);
  }
  Add(Consequence::Kind::kJobEnded, index);
}

// Source: §17, every attempt on it fails; the latest one first.
void ReferenceScheduler::InstanceLost(int index) {
  Instance& instance = instances_[index];
  for (;;) {
    int latest = kNothing;
    for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
      if (!jobs_[i].attempt || jobs_[i].attempt->instance != index) continue;
      if (latest == kNothing || jobs_[i].attempt->placed_order >
                                    jobs_[latest].attempt->placed_order) {
        latest = i;
      }
    }
    if (latest == kNothing) break;
    EndAttempt(
        latest, instance.lost_ns, std::nullopt, "",
        absl::StrCat("Host EC2 (instance ", instance.name, ") terminated."));
  }
  instance.state = InstanceState::kGone;
}

}  // namespace embatch::reference
