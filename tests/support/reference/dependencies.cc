// SPDX-License-Identifier: Apache-2.0
//
// Who waits for whom, and what becomes of those who wait. Source: §9.
#include <algorithm>

#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

const Dependency* Find(const Job& job, Dependency::Kind kind) {
  for (const Dependency& entry : job.dependencies) {
    if (entry.kind == kind) return &entry;
  }
  return nullptr;
}

}  // namespace

bool ReferenceScheduler::HasPaired(int array) const {
  return Find(jobs_[array], Dependency::Kind::kPaired) != nullptr;
}

// Why the children of a SEQUENTIAL array wait for each other; null: they don't.
const Dependency* ReferenceScheduler::ChainOf(int array) const {
  return Find(jobs_[array], Dependency::Kind::kChained);
}

bool ReferenceScheduler::HasOutstanding(int job) const {
  const std::vector<Dependency>& entries = jobs_[job].dependencies;
  return std::any_of(
      entries.begin(), entries.end(), [](const Dependency& entry) {
        return entry.kind == Dependency::Kind::kPlain && !entry.heard;
      });
}

// What a child waits for: all that its array waits for as a whole, its
// predecessor in a SEQUENTIAL array, its counterparts in N_TO_N ones. One that
// ended otherwise than it should is enough, whatever else is outstanding.
ReferenceScheduler::Readiness ReferenceScheduler::ReadinessOf(int index) const {
  const Job& child = jobs_[index];
  const Job& array = jobs_[child.array];
  bool ready = array.released;
  for (const Dependency& entry : array.dependencies) {
    int other = kNothing;
    if (entry.kind == Dependency::Kind::kPaired) {
      other = ChildOf(entry.other, child.id.child);
    } else if (entry.kind == Dependency::Kind::kChained && child.id.child > 0) {
      other = index - 1;
    } else {
      continue;
    }
    if (!IsTerminal(jobs_[other].status)) {
      ready = false;
    } else if (!entry.IsMetBy(jobs_[other].status)) {
      return Readiness::kFailed;
    }
  }
  return ready ? Readiness::kReady : Readiness::kWaits;
}

// All that a job waits for as a whole has succeeded.
void ReferenceScheduler::DependenciesMet(int index) {
  Job& job = jobs_[index];
  if (job.ended_by_caller()) {
    FailWaiting(index);
  } else if (job.is_array()) {
    job.released = true;
    Add(Consequence::Kind::kReleaseChildren, index);
  } else {
    Change(index, JobStatus::kRunnable, "");
  }
}

void ReferenceScheduler::ReleaseChild(int index) {
  const Job& child = jobs_[index];
  if (child.status != JobStatus::kPending) return;
  const Readiness readiness = ReadinessOf(index);
  if (readiness == Readiness::kWaits) return;
  if (readiness == Readiness::kFailed || EndedByCaller(child)) {
    FailWaiting(index);
    return;
  }
  Change(index, JobStatus::kRunnable, "");
  ChildBecameRunnable(child.array);
}

// Source: §8.2.
void ReferenceScheduler::ChildBecameRunnable(int array) {
  if (jobs_[array].status == JobStatus::kSubmitted) {
    Change(array, JobStatus::kPending, "");
  }
}

// Why a job that has not started never will: its queue goes, the caller ended
// it, or a dependency failed; the first of these that holds (§10, §13.2).
std::string ReferenceScheduler::EndingOf(const Job& job) const {
  if (IsInDeletedQueue(job)) return "JobQueue deleted";
  return EndedByCaller(job) ? RequestReason(job) : "Dependent Job failed";
}

void ReferenceScheduler::FailWaiting(int index) {
  const Job& job = jobs_[index];
  if (job.is_array()) {
    Add(Consequence::Kind::kFailChildren, index, 0, job.size);
    return;
  }
  End(index, JobStatus::kFailed, EndingOf(job), now_ns_);
  if (job.is_child()) {
    ChildrenHaveEnded(job.array, job.id.child, job.id.child + 1);
  } else {
    Add(Consequence::Kind::kJobEnded, index);
  }
}

// Arrays that are N_TO_N on this one hear of its children, in the order of
// their submission; several that ended at once have all failed.
void ReferenceScheduler::TellPaired(int array, int first, int last) {
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    for (const Dependency& entry : jobs_[i].dependencies) {
      if (entry.kind != Dependency::Kind::kPaired || entry.other != array ||
          IsTerminal(jobs_[i].status)) {
        continue;
      }
      if (!entry.IsMetBy(jobs_[ChildOf(array, first)].status)) {
        Add(Consequence::Kind::kFailChildren, i, first, last);
      } else if (last == first + 1) {
        ReleaseChild(ChildOf(i, first));
      } else {
        Add(Consequence::Kind::kReleaseChildren, i, first, last);
      }
    }
  }
}

// Jobs that wait for `job` hear how it ended. One that should have ended
// otherwise fails them at once, without waiting for the others. Source: §9.2.
void ReferenceScheduler::TellPlain(int job) {
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    for (Dependency& entry : jobs_[i].dependencies) {
      if (entry.kind != Dependency::Kind::kPlain || entry.other != job ||
          entry.heard) {
        continue;
      }
      entry.heard = true;
      if (IsTerminal(jobs_[i].status) || jobs_[i].dependency_failed) continue;
      if (!entry.IsMetBy(jobs_[job].status)) {
        jobs_[i].dependency_failed = true;
        FailWaiting(i);
      } else if (!HasOutstanding(i)) {
        DependenciesMet(i);
      }
    }
  }
}

// Whether somebody waits for single children of an array.
bool ReferenceScheduler::AnybodyListensTo(int array) const {
  if (ChainOf(array) != nullptr) return true;
  for (const Job& job : jobs_) {
    for (const Dependency& entry : job.dependencies) {
      if (entry.kind == Dependency::Kind::kPaired && entry.other == array) {
        return true;
      }
      if (entry.kind == Dependency::Kind::kPlain && !entry.heard &&
          jobs_[entry.other].array == array) {
        return true;
      }
    }
  }
  return false;
}

// Most children end without consequences: then only the last one counts.
void ReferenceScheduler::ChildrenHaveEnded(int array, int first, int last) {
  bool all = true;
  for (int i = 0; i < jobs_[array].size; ++i) {
    all &= IsTerminal(jobs_[ChildOf(array, i)].status);
  }
  if (all || AnybodyListensTo(array)) {
    Add(Consequence::Kind::kChildrenEnded, array, first, last);
  }
}

}  // namespace embatch::reference
