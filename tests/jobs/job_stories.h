// SPDX-License-Identifier: Apache-2.0
//
// A JobTable with one queue, and the words to lead a job or a child through its
// life: what the scheduler does in several phases, in one call each.
#ifndef EMBATCH_TESTS_JOBS_JOB_STORIES_H_
#define EMBATCH_TESTS_JOBS_JOB_STORIES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lib/base/encoding.h"
#include "lib/jobs/job_table.h"
#include "lib/jobs/reasons.h"
#include "lib/jobs/transitions.h"

namespace embatch {

// How an attempt ends.
struct AttemptEnd {
  std::optional<int> exit_code = 0;
  std::string reason;  // the container's
  TextIndex status_reason = kEssentialContainerExited;
  int64_t started_ns = 2000000;  // kNoTime: it never ran
  int64_t stopped_ns = 3000000;
  uint64_t instance_number = 1;
};

inline AttemptEnd ExitsWith(int exit_code) {
  AttemptEnd end;
  end.exit_code = exit_code;
  return end;
}

class JobStories {
 public:
  JobStories() { queue_ = table.AddQueue(); }

  JobKey Add(absl::string_view name, int32_t array_size = 0,
             int64_t created_ns = 1000000) {
    JobTable::NewJob job;
    job.queue = queue_;
    job.spec = table.InternSpec(spec);
    job.name = name;
    job.array_size = array_size;
    job.created_ns = created_ns;
    return {table.Add(job), -1};
  }
  JobKey AddArray(int32_t size) { return Add("array", size); }

  void Change(JobKey job, JobTrigger trigger, TextIndex reason = kNoReason,
              int64_t at_ns = 0) {
    table.Change(job, trigger, reason, at_ns, journal);
  }
  void ChangeChildren(JobKey array, int32_t first, int32_t last,
                      JobTrigger trigger, TextIndex reason = kNoReason) {
    table.ChangeChildren(array.slot, first, last, trigger, reason, journal);
  }

  // To RUNNABLE from SUBMITTED or, for a child, from PENDING.
  void Release(JobKey job) { Change(job, JobTrigger::kDependenciesMet); }

  // RUNNABLE -> STARTING. Answers the attempt.
  uint32_t Place(JobKey job, uint64_t instance_number = 1) {
    const uint32_t live = table.BeginAttempt(job);
    table.live(live).instance_number = instance_number;
    Change(job, JobTrigger::kPlaced);
    return live;
  }

  // STARTING -> RUNNING.
  void Start(JobKey job, int64_t at_ns) {
    LiveAttempt& attempt = table.live(table.LiveOf(job));
    attempt.started = true;
    attempt.started_ns = at_ns;
    if (!job.is_child()) table.record(job.slot).details.started_ns = at_ns;
    Change(job, JobTrigger::kContainerStarted, kNoReason, at_ns);
  }

  // One whole attempt from RUNNABLE on. `retry`: back to RUNNABLE.
  void RunAttempt(JobKey job, const AttemptEnd& end, bool retry = false) {
    Place(job, end.instance_number);
    if (end.started_ns != kNoTime) Start(job, end.started_ns);
    Finish(job, end, retry);
  }

  void Finish(JobKey job, const AttemptEnd& end, bool retry = false) {
    AttemptRecord outcome;
    outcome.stopped_ns = end.stopped_ns;
    outcome.has_exit_code = end.exit_code.has_value();
    outcome.exit_code = end.exit_code.value_or(0);
    outcome.reason =
        end.reason.empty() ? kNoReason : table.InternText(end.reason);
    outcome.status_reason = end.status_reason;
    table.EndAttempt(table.LiveOf(job), &outcome, !retry);
    table.ReleaseText(outcome.reason);
    if (retry) {
      Change(job, JobTrigger::kRetry, kNoReason, end.stopped_ns);
    } else {
      Change(job,
             end.exit_code == 0 ? JobTrigger::kAttemptSucceeded
                                : JobTrigger::kAttemptFailed,
             end.status_reason, end.stopped_ns);
    }
  }

  // A job or child that waits for nothing, from birth to its end.
  void Succeed(JobKey job) {
    Release(job);
    RunAttempt(job, ExitsWith(0));
  }
  void Fail(JobKey job) {
    Release(job);
    RunAttempt(job, ExitsWith(1));
  }

  // The parent of an array whose children have all ended.
  void EndParent(JobKey array) {
    if (table.StatusOf(array) == JobStatus::kSubmitted) {
      Change(array, JobTrigger::kChildRunnable);
    }
    const bool failed =
        table.array(array.slot).counts[static_cast<int>(JobStatus::kFailed)] >
        0;
    Change(
        array,
        failed ? JobTrigger::kChildrenFailed : JobTrigger::kChildrenSucceeded,
        failed ? kArrayChildJobFailed : kNoReason, 9000000);
  }

  JobId Id(JobKey job) const { return table.IdOf(job); }
  std::string Bytes() const { return Encoded(table); }

  JobSpec spec;  // of the jobs added from now on
  JobTable table;
  Journal journal;

 private:
  uint32_t queue_ = 0;
};

inline JobKey Child(JobKey array, int32_t child) { return {array.slot, child}; }

}  // namespace embatch

#endif  // EMBATCH_TESTS_JOBS_JOB_STORIES_H_
