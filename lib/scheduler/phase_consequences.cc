// SPDX-License-Identifier: Apache-2.0
//
// Phase 4: what follows from jobs that ended and from the caller's wishes.
//
// One work list, first in, first out, part of the state. Nothing here calls
// itself: a consequence of a consequence is a new item at the end. An item
// that meets the end of the budget stays where it is and goes on in the next
// turn.
#include "absl/strings/str_cat.h"
#include "lib/jobs/dependencies.h"
#include "lib/jobs/reasons.h"
#include "lib/scheduler/service_jobs.h"
#include "lib/scheduler/shares.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {
namespace {

// The end of the run of children like `first` that begins there: all in one
// status, none of them with a story of its own.
int32_t EndOfRun(const ArrayRecord& array, int32_t first, int32_t last) {
  if (array.states.Get(first).cell() != CellKind::kNone) return first + 1;
  return static_cast<int32_t>(array.states.EndOfRun(first, last));
}

}  // namespace

// An item counts as a transition beside those that it makes, so that many
// small ones make no long turn.
void TurnRunner::RunConsequences() {
  while (!state_.work.empty() && has_budget()) {
    FetchConsequences();
    if (!Draw(state_.work.front())) return;
    state_.work.pop_front();
    --journal_.transitions_left;
  }
}

// Jobs that are next in the list, and who waits for them, have not been looked
// at for long: they are fetched in time, in three steps as in reports_ahead.h.
void TurnRunner::FetchConsequences() const {
  constexpr size_t kOfJob = 12;
  constexpr size_t kOfEdge = 8;
  constexpr size_t kOfDependent = 4;
  const auto edge_of = [this](size_t i) {
    const WorkItem& item = state_.work[i];
    return item.kind == WorkKind::kJobEnded
               ? FirstDependent(jobs_, {item.slot, item.generation, -1})
               : kNoIndex;
  };
  if (state_.work.size() <= kOfJob) return;
  jobs_.FetchJob(state_.work[kOfJob].slot);
  jobs_.edges().Prefetch(edge_of(kOfEdge));
  const uint32_t edge = edge_of(kOfDependent);
  if (edge != kNoIndex) jobs_.FetchJob(jobs_.edges()[edge].dependent);
}

bool TurnRunner::Draw(WorkItem& item) {
  if (item.kind == WorkKind::kInstanceLost) return InstanceLost(item);
  if (item.kind == WorkKind::kStopInstance) return StopInstance(item);
  if (item.kind == WorkKind::kInstanceEmpty) return InstanceEmpty(item);
  if (item.kind == WorkKind::kDeleteJobs) return DeleteJobs(item);
  if (item.kind == WorkKind::kDeleteShare) return DeleteShare(item);
  if (item.kind == WorkKind::kForgetChildren) return ForgetChildren(item);
  const JobId id{item.slot, item.generation, -1};
  if (!jobs_.Find(id).has_value()) return true;
  switch (item.kind) {
    case WorkKind::kEndRequested:
      return EndRequested(item);
    case WorkKind::kReleaseChildren:
      return ReleaseChildren(item);
    case WorkKind::kFailChildren:
      return FailChildren(item);
    case WorkKind::kEndWaiting:
      return EndWaiting(item);
    case WorkKind::kStopChildren:
      return StopChildren(item);
    case WorkKind::kChildrenEnded:
      return ChildrenEnded(item);
    case WorkKind::kJobEnded:
      return JobEnded(item);
    case WorkKind::kChildRunnable:
      AfterChildRunnable(item.slot);
      return true;
    case WorkKind::kInstanceLost:
      return InstanceLost(item);
    case WorkKind::kStopInstance:
      return StopInstance(item);
    case WorkKind::kInstanceEmpty:
      return InstanceEmpty(item);
    case WorkKind::kDeleteJobs:
      return DeleteJobs(item);
    case WorkKind::kExpire:
      return Expire(item);
    case WorkKind::kStartNodes:
      StartNodes(item.slot);
      return true;
    case WorkKind::kStopNodes:
      return StopNodes(item);
    case WorkKind::kDeleteShare:
      return DeleteShare(item);
    case WorkKind::kForgetChildren:
      return ForgetChildren(item);
  }
  return true;
}

// Source: §10, the table. Choice: D2.
bool TurnRunner::EndRequested(const WorkItem& item) {
  const JobKey job{item.slot, item.first};
  const JobRecord& record = jobs_.record(item.slot);
  if (!job.is_child() && record.is_array()) {
    if (IsTerminal(record.status)) return true;
    if (record.released) {
      AddWork(WorkKind::kEndWaiting, item.slot);
      if (record.details.is_terminated) {
        AddWork(WorkKind::kStopChildren, item.slot, 0);
      }
    }
    if (state_.settings.cancel_pending_immediately) FailPending(job);
    return true;
  }
  switch (jobs_.StatusOf(job)) {
    case JobStatus::kPending:
      if (state_.settings.cancel_pending_immediately) FailPending(job);
      return true;
    case JobStatus::kRunnable:
      LeaveLine(job);
      FailWaiting(job);
      return true;
    case JobStatus::kScheduled:
    case JobStatus::kStarting:
    case JobStatus::kRunning: {
      const JobDetails* details = jobs_.FindDetails(job);
      if (details != nullptr && details->is_terminated) {
        StopAttempt(jobs_.LiveOf(job), StopCause::kTerminated);
      }
      return true;
    }
    case JobStatus::kSubmitted:
    case JobStatus::kSucceeded:
    case JobStatus::kFailed:
      return true;
  }
  return true;
}

// item.first: the child to go on with; item.last: where to end, or -1 for the
// whole array.
bool TurnRunner::ReleaseChildren(WorkItem& item) {
  const ArrayRecord& array = jobs_.array(item.slot);
  const int32_t end_of_all = item.last < 0 ? array.size : item.last;
  if (array.paired > 0 && AllChildrenWait(jobs_, item.slot)) {
    item.first = end_of_all;
  }
  if (array.sequential && array.paired == 0) {
    ReleaseChild({item.slot, 0});
    return true;
  }
  while (item.first < end_of_all) {
    if (!has_budget()) return false;
    const ChildState state = array.states.Get(item.first);
    if (array.paired > 0 || state.status() != JobStatus::kPending ||
        state.cell() != CellKind::kNone ||
        jobs_.IsEndedByCaller({item.slot, -1})) {
      ReleaseChild({item.slot, item.first});
      ++item.first;
      CountLook();  // most of these stay as they are
      continue;
    }
    const int32_t end = EndOfRun(array, item.first, end_of_all);
    ReleaseUntouched(item.slot, item.first, end);
    item.first = end;
  }
  if (item.last >= 0) return true;
  // Arrays that had ended before this one was submitted.
  for (uint32_t i = jobs_.record(item.slot).dependencies.first; i != kNoIndex;
       i = jobs_.edges()[i].next_entry) {
    const DependencyEdge& edge = jobs_.edges()[i];
    if (edge.kind == DependencyType::kNToN && !edge.resolved &&
        IsTerminal(jobs_.record(edge.dependency.job.slot).status)) {
      ResolvePaired(jobs_, i);
    }
  }
  return true;
}

// Children of [first, last) that fail without having run can do so up to the
// answer, with what is left of the budget: all of them, unless each needs a
// record.
int32_t TurnRunner::EndOfEnding(uint32_t slot, int32_t first, int32_t last,
                                TextIndex reason) const {
  const int64_t left = journal_.transitions_left;
  return jobs_.CostOfEnding(slot, last - first, reason, now_ns_) <= left
             ? last
             : static_cast<int32_t>(first + left);
}

bool TurnRunner::FailChildren(WorkItem& item) {
  const ArrayRecord& array = jobs_.array(item.slot);
  const Ending ending = EndingOf({item.slot, -1});
  while (item.first < item.last) {
    if (!has_budget()) return false;
    const int32_t first = item.first;
    const ChildState state = array.states.Get(first);
    item.first = EndOfRun(
        array, first, EndOfEnding(item.slot, first, item.last, ending.reason));
    if (state.status() != JobStatus::kPending) {
      CountLook();
      continue;
    }
    if (state.cell() != CellKind::kNone) {
      FailPending({item.slot, first});
      continue;
    }
    jobs_.ChangeChildren(item.slot, first, item.first, ending.trigger,
                         ending.reason, journal_);
    OnChildrenEnded(item.slot, first, item.first);
  }
  return true;
}

bool TurnRunner::EndWaiting(WorkItem& item) {
  ArrayRecord& array = jobs_.array(item.slot);
  const JobRecord& record = jobs_.record(item.slot);
  QueueRecord& queue = state_.queues[record.queue];
  if (queue.stuck.slot == item.slot) queue.stuck = JobKey();
  for (int retry_class = 0; retry_class < kRetryClasses; ++retry_class) {
    SequenceBitmap& waiting = array.waiting[retry_class];
    while (!waiting.empty()) {
      if (!has_budget()) return false;
      const int32_t first = static_cast<int32_t>(waiting.First());
      if (array.states.Get(first).cell() != CellKind::kNone) {
        LeaveLine({item.slot, first});
        FailWaiting({item.slot, first});
        continue;
      }
      queue.moved_ns = now_ns_;
      const Ending ending = EndingOf({item.slot, -1});
      const int32_t last = EndOfEnding(
          item.slot, first, EndOfRun(array, first, array.size), ending.reason);
      waiting.EraseRange(static_cast<uint64_t>(first),
                         static_cast<uint64_t>(last));
      if (waiting.empty()) LeavePlace(record, retry_class);
      AddWaiting(record, first - last);
      jobs_.ChangeChildren(item.slot, first, last, ending.trigger,
                           ending.reason, journal_);
      OnChildrenEnded(item.slot, first, last);
    }
  }
  return true;
}

bool TurnRunner::StopChildren(WorkItem& item) {
  const ArrayRecord& array = jobs_.array(item.slot);
  for (; item.first < array.size; ++item.first) {
    if (array.counts[static_cast<int>(JobStatus::kStarting)] +
            array.counts[static_cast<int>(JobStatus::kRunning)] ==
        0) {
      return true;
    }
    if (!has_budget()) return false;
    CountLook();
    int64_t end = 0;
    if (array.states.IsUntouchedBlock(item.first, &end)) {
      item.first = static_cast<int32_t>(end - 1);
    } else if (array.states.Get(item.first).cell() == CellKind::kLive) {
      StopAttempt(jobs_.LiveOf({item.slot, item.first}),
                  IsInDeletedQueue({item.slot, item.first})
                      ? StopCause::kQueueDeleted
                      : StopCause::kTerminated);
    }
  }
  return true;
}

// Children [first, last) have ended: one, however it ended, or several that
// all failed. Who waits for them hears of it: the next child of a SEQUENTIAL
// array, arrays that are N_TO_N on this one, jobs that wait for one child; at
// last the parent. item.cursor: the N_TO_N edge to go on with; kNoIndex at the
// begin, `Behind` when all have heard.
bool TurnRunner::ChildrenEnded(WorkItem& item) {
  constexpr uint32_t kBegin = kNoIndex;
  constexpr uint32_t kBehind = kNoIndex - 1;
  ArrayRecord& array = jobs_.array(item.slot);
  const bool succeeded =
      jobs_.StatusOf({item.slot, item.first}) == JobStatus::kSucceeded;
  if (item.cursor == kBegin) {
    if (array.sequential && item.last < array.size) {
      if (IsMet(array.sequential_condition, succeeded)) {
        ReleaseChild({item.slot, item.last});
      } else {
        // The failure of the next one fails those behind it in turn, unless a
        // failure is what they wait for.
        AddWork(WorkKind::kFailChildren, item.slot, item.last,
                succeeded ? item.last + 1 : array.size);
      }
    }
    item.cursor = array.paired_dependents.empty()
                      ? kBehind
                      : array.paired_dependents.first;
  }
  while (item.cursor != kBehind) {
    if (!has_budget()) return false;
    const uint32_t edge = item.cursor;
    const uint32_t next = jobs_.edges()[edge].next_waiting;
    item.cursor = next == kNoIndex ? kBehind : next;
    TellPaired(edge, item.first, item.last);
    CountLook();
  }
  for (auto waiting = array.child_dependents.lower_bound(item.first);
       waiting != array.child_dependents.end() && waiting->first < item.last;
       waiting = array.child_dependents.lower_bound(item.first)) {
    if (!has_budget()) return false;
    const uint32_t edge = PopDependent(jobs_, {item.slot, waiting->first});
    if (edge != kNoIndex) TellDependent(edge, succeeded);
    --journal_.transitions_left;
  }
  if (array.ended() < array.size) return true;
  if (!has_budget()) return false;
  EndParent(item.slot);
  return true;
}

// An array that is N_TO_N on another hears of that one's children.
void TurnRunner::TellPaired(uint32_t index, int32_t first, int32_t last) {
  const DependencyEdge& edge = jobs_.edges()[index];
  if (edge.orphan || IsTerminal(jobs_.record(edge.dependent).status)) return;
  const JobKey other{edge.dependency.job.slot, first};
  if (!IsMet(edge.dependency.condition,
             jobs_.StatusOf(other) == JobStatus::kSucceeded)) {
    AddWork(WorkKind::kFailChildren, edge.dependent, first, last);
  } else if (last - first == 1) {
    ReleaseChild({edge.dependent, first});
  } else {
    AddWork(WorkKind::kReleaseChildren, edge.dependent, first, last);
  }
}

// A job that waits for another as a whole hears how that ended.
void TurnRunner::TellDependent(uint32_t index, bool succeeded) {
  const uint32_t slot = jobs_.edges()[index].dependent;
  JobRecord& record = jobs_.record(slot);
  --record.unmet;
  if (IsTerminal(record.status) || record.dependency_failed) return;
  if (!IsMet(jobs_.edges()[index].dependency.condition, succeeded)) {
    // Source: §9.2, at once, without waiting for the others.
    record.dependency_failed = true;
    if (record.arrived) FailPending({slot, -1});
  } else if (record.unmet == 0 && record.arrived) {
    DependenciesMet(slot);
  }
}

bool TurnRunner::JobEnded(const WorkItem& item) {
  const JobKey job{item.slot, -1};
  const bool succeeded = jobs_.StatusOf(job) == JobStatus::kSucceeded;
  while (HasDependents(jobs_, job)) {
    if (!has_budget()) return false;
    const uint32_t edge = PopDependent(jobs_, job);
    if (edge != kNoIndex) TellDependent(edge, succeeded);
    // Most who hear of it wait for others as well, and stay as they are.
    --journal_.transitions_left;
  }
  // An array that is N_TO_N on this one has heard of each child, or looks at
  // them when it arrives. Where success is what it waits for there is nothing
  // in that look to be missed; the rest wait for Expire().
  while (succeeded && IsFirstPairedMet(jobs_, item.slot)) {
    if (!has_budget()) return false;
    ResolveFirstPaired(jobs_, item.slot);
    CountLook();
  }
  const int64_t expiry_ns = SaturatingAdd(
      jobs_.record(item.slot).details.stopped_ns, state_.settings.retention_ns);
  if (expiry_ns != kNanosInfiniteFuture) {
    // Choice: D1, D62.
    state_.deadlines.AddForGood(expiry_ns,
                                static_cast<uint8_t>(DeadlineKind::kRetention),
                                item.slot, item.generation);
  }
  return true;
}

// All children have ended. Source: §8.2. Choice: D54, D55.
void TurnRunner::EndParent(uint32_t slot) {
  const JobKey parent{slot, -1};
  const JobRecord& record = jobs_.record(slot);
  if (IsTerminal(record.status)) return;
  const int64_t stopped_ns = jobs_.array(slot).last_stopped_ns;
  if (jobs_.array(slot).counts[static_cast<int>(JobStatus::kFailed)] == 0) {
    jobs_.Change(parent, JobTrigger::kChildrenSucceeded, kNoReason, stopped_ns,
                 journal_);
  } else if (IsInDeletedQueue(parent)) {
    jobs_.Change(parent, JobTrigger::kQueueDeleted, kJobQueueDeleted,
                 stopped_ns, journal_);
  } else if (record.details.ended_by_caller()) {
    jobs_.Change(parent, JobTrigger::kChildrenFailed,
                 record.details.request_reason, stopped_ns, journal_);
  } else if (record.dependency_failed) {
    jobs_.Change(parent, JobTrigger::kDependencyFailed, kDependentJobFailed,
                 stopped_ns, journal_);
  } else {
    jobs_.Change(parent, JobTrigger::kChildrenFailed, kArrayChildJobFailed,
                 stopped_ns, journal_);
  }
  OnEnded(parent);
}

// Source: §17, every attempt on the host fails.
bool TurnRunner::InstanceLost(const WorkItem& item) {
  if (!fleet_.IsInstance(item.slot, item.generation)) return true;
  const InstanceRecord& instance = fleet_.instance(item.slot);
  const TextIndex reason = jobs_.InternText(
      absl::StrCat("Host EC2 (instance ", instance.name, ") terminated."));
  bool done = true;
  while (instance.first_attempt != kNoIndex) {
    if (!has_budget()) {
      done = false;
      break;
    }
    EndAttempt(instance.first_attempt, instance.lost_ns, std::nullopt,
               kNoReason, reason);
  }
  jobs_.ReleaseText(reason);
  if (done) fleet_.Remove(item.slot);
  return done;
}

bool TurnRunner::Expire(const WorkItem& item) {
  const JobRecord& record = jobs_.record(item.slot);
  while (FirstPaired(jobs_, item.slot) != kNoIndex) {
    if (!has_budget()) return false;
    CountLook();
    const DependencyEdge& edge = jobs_.edges()[FirstPaired(jobs_, item.slot)];
    if (!edge.orphan && !edge.resolved &&
        !IsTerminal(jobs_.record(edge.dependent).status)) {
      // An array that is N_TO_N on this one may not have heard yet which of the
      // children ended otherwise than it asks; this record stays until it has.
      AddWork(WorkKind::kReleaseChildren, edge.dependent, 0);
      AddWork(WorkKind::kExpire, item.slot);
      return true;
    }
    ResolveFirstPaired(jobs_, item.slot);
  }
  if (record.has_nodes && jobs_.nodes(item.slot).live > 0) {
    jobs_.nodes(item.slot).is_expired = true;  // the last node will tell
    return true;
  }
  while (DropDependency(jobs_, item.slot)) {
    CountLook();
    if (!has_budget()) return false;
  }
  const uint32_t queue = record.queue;
  ReleaseShareJob(state_, record);
  state_.job_tags.erase(item.slot);
  ForgetServiceJob(state_, item.slot);
  state_.consumable_jobs.Remove(item.slot,
                                jobs_.spec(record.spec).extras->consumables);
  WorkItem children;
  children.kind = WorkKind::kForgetChildren;
  children.slot = record.children;
  children.first = 0;
  if (record.is_array()) state_.work.push_back(children);
  jobs_.Remove(item.slot);
  ReuseQueue(queue);
  return true;
}

// Of an array that was forgotten; nobody can see them any more.
bool TurnRunner::ForgetChildren(WorkItem& item) {
  return jobs_.ForgetChildren(item.slot, &item.first,
                              &journal_.transitions_left);
}

}  // namespace embatch
