// SPDX-License-Identifier: Apache-2.0
//
// Who waits for whom.
//
// An edge stands for one entry of a job's dependsOn. It hangs in two lists:
// that of the job it belongs to, as submitted, and, until the other job has
// ended, that of the job it waits for. An N_TO_N entry is one edge between two
// arrays; its children are matched by index.
//
// Source: guide "Job dependencies"; §9. Choice: D3 to D6.
#ifndef EMBATCH_JOBS_DEPENDENCIES_H_
#define EMBATCH_JOBS_DEPENDENCIES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "embatch/job.h"
#include "lib/jobs/job_table.h"
#include "lib/model/limits.h"

namespace embatch {

// Whether a job that has ended, with success or not, is what a dependency on it
// waits for.
constexpr bool IsMet(DependencyCondition condition, bool succeeded) {
  return condition == DependencyCondition::kCompletion ||
         (condition == DependencyCondition::kSuccess) == succeeded;
}

// Whether a job with `array_size` children (0: no array) may depend on these.
// kInvalidArgument: the rules of §9; an unknown job is one of them (D4).
absl::Status CheckDependencies(const JobTable& jobs,
                               absl::Span<const JobDependency> dependencies,
                               int32_t array_size, const Limits& limits);

// Hangs up the edges of a new job. What has succeeded already counts as met;
// what has failed marks the job (`dependency_failed`).
void AddDependencies(JobTable& jobs, uint32_t slot,
                     absl::Span<const JobDependency> dependencies);

// The entries of a job as they were submitted.
std::vector<JobDependency> SubmittedDependencies(const JobTable& jobs,
                                                 uint32_t slot);

// The edge that is first in line to hear how a job ended, or kNoIndex. Any id
// may be asked for.
uint32_t FirstDependent(const JobTable& jobs, const JobId& job);

// Whether edges wait for `key` as a whole: for a job the plain ones, for a
// child those on that child.
bool HasDependents(const JobTable& jobs, JobKey key);

// Takes the first of these, of which there is one, out of its list. The edge
// counts as resolved; if its own job is gone it goes too: kNoIndex.
uint32_t PopDependent(JobTable& jobs, JobKey key);

// The first N_TO_N edge on an array, or kNoIndex; also of a job that is none.
uint32_t FirstPaired(const JobTable& jobs, uint32_t slot);

// Whether there is one, and the success of every child of the array is what it
// waits for.
bool IsFirstPairedMet(const JobTable& jobs, uint32_t slot);

// Takes it out of the list of the array, which has ended: it is resolved.
void ResolveFirstPaired(JobTable& jobs, uint32_t slot);

// Marks an N_TO_N edge whose array had ended before it was made as resolved. It
// stays in the list of the array.
void ResolvePaired(JobTable& jobs, uint32_t edge);

// What an array's own entries say of its child, apart from plain ones.
enum class ChildReadiness { kWaits, kReady, kDependencyFailed };
ChildReadiness ReadinessOf(const JobTable& jobs, JobKey child);

// Whether no child can be anything but kWaits, seen without looking at each.
bool AllChildrenWait(const JobTable& jobs, uint32_t slot);

// Drops one more edge of a job whose record is about to go; false: there is
// none any more.
bool DropDependency(JobTable& jobs, uint32_t slot);

}  // namespace embatch

#endif  // EMBATCH_JOBS_DEPENDENCIES_H_
