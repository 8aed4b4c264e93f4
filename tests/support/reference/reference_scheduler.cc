// SPDX-License-Identifier: Apache-2.0
//
// An input comes in; the phases of a turn; and what all of them share.
#include "tests/support/reference/reference_scheduler.h"

#include <algorithm>
#include <utility>

#include "tests/support/reference/lines.h"

namespace embatch::reference {

ReferenceScheduler::ReferenceScheduler(const SchedulerOptions& options)
    : options_(options) {}

Output ReferenceScheduler::Apply(const Input& input, JobId submitted) {
  output_ = Output();
  last_ns_ = std::exchange(now_ns_, input.now_ns);
  submitted_ = submitted;
  starts_.clear();
  absl::visit([this](const auto& command) { Do(command); }, input.command);
  // Requests are passed on after the turn: what is over by then is not started.
  for (const Start& start : starts_) {
    const std::optional<Attempt>& attempt = jobs_[start.job].attempt;
    if (!attempt || attempt->number != start.attempt) {
      std::vector<std::string>& lines = output_.requests;
      lines.erase(std::find(lines.begin(), lines.end(), start.line));
    }
  }
  return output_;
}

// The phases of one turn, in their order. Choice: D44.
void ReferenceScheduler::Do(const Turn& turn) {
  StepEnvironments();
  StepQueues();
  ForgetJobs();
  TakeReports(turn);
  TakeArrivals();
  DrawConsequences();
  RestShares();
  again_ = false;
  RunCycle();
  // What ended in the cycle has consequences first, in another turn.
  if (!again_ && work_.empty()) RunScaling();
}

int ReferenceScheduler::FindJob(JobId id) const {
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    if (jobs_[i].id == id && !OwnerOf(jobs_[i]).forgotten) return i;
  }
  return kNothing;
}

// A request about an array is one about each of its children.
bool ReferenceScheduler::EndedByCaller(const Job& job) const {
  return job.ended_by_caller() || OwnerOf(job).ended_by_caller();
}

bool ReferenceScheduler::TerminatedByCaller(const Job& job) const {
  return job.terminated || OwnerOf(job).terminated;
}

std::string ReferenceScheduler::RequestReason(const Job& job) const {
  return job.ended_by_caller() ? job.request_reason
                               : OwnerOf(job).request_reason;
}

// Children in `status`, as they go together: untouched neighbours at once, a
// touched one alone.
std::vector<ReferenceScheduler::Run> ReferenceScheduler::RunsOf(
    int array, int first, int last, JobStatus status) const {
  std::vector<Run> runs;
  for (int i = first; i < last; ++i) {
    const Job& child = jobs_[ChildOf(array, i)];
    if (child.status != status) continue;
    if (!child.touched && !runs.empty() && runs.back().together &&
        runs.back().last == i) {
      ++runs.back().last;
    } else {
      runs.push_back({i, i + 1, !child.touched});
    }
  }
  return runs;
}

// A transition is a change of status with a reason, followed by one event.
// Source: §5.2.
void ReferenceScheduler::Change(int job, JobStatus to,
                                absl::string_view reason) {
  Job& changed = jobs_[job];
  output_.events.push_back(EventLine(now_ns_, changed.id, changed.status, to,
                                     changed.attempts, reason));
  const JobStatus from = changed.status;
  if ((from == JobStatus::kRunnable) != (to == JobStatus::kRunnable) &&
      !changed.is_node) {
    ++queues_[changed.queue].changes;
    if (to != JobStatus::kRunnable) DropEarmark(queues_[changed.queue], job);
  }
  if (to == JobStatus::kRunnable && from != to) {
    changed.runnable_since_ns = now_ns_;
  }
  changed.status = to;
  changed.status_reason = std::string(reason);
  // Source: §12.3. What happens to a multi-node job as a whole happens to its
  // nodes, and is told once.
  if (from > JobStatus::kRunnable || to == JobStatus::kStarting) return;
  for (int node : NodesOf(job)) {
    if (!jobs_[node].attempt && jobs_[node].status == from) {
      jobs_[node].status = to;
    }
  }
}

// Source: §5.3, stoppedAt is the time of the end, which may be before now.
void ReferenceScheduler::End(int job, JobStatus to, absl::string_view reason,
                             int64_t at_ns) {
  Change(job, to, reason);
  jobs_[job].stopped_ns = at_ns;
}

void ReferenceScheduler::Add(Consequence::Kind kind, int job, int first,
                             int last) {
  Consequence item;
  item.kind = kind;
  item.job = job;
  item.first = first;
  item.last = last;
  work_.push_back(item);
}

}  // namespace embatch::reference
