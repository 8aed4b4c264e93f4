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

// Takes the next edge that waits for `key` as a whole out of its list: for a
// job the plain ones, for a child those on that child. Nothing left: kNoIndex.
// The edge counts as resolved; one whose job is gone is dropped silently.
uint32_t PopDependent(JobTable& jobs, JobKey key);

// Marks the N_TO_N edges on an array that has ended as resolved.
void ResolvePaired(JobTable& jobs, uint32_t slot);

// The same for the next of them; answers whether there was one.
bool ResolveNextPaired(JobTable& jobs, uint32_t slot);

// The same for one edge, whose array had ended before it was made.
void ResolveOnePaired(JobTable& jobs, uint32_t edge);

// What an array's own entries say of its child, apart from plain ones.
enum class ChildReadiness { kWaits, kReady, kDependencyFailed };
ChildReadiness ReadinessOf(const JobTable& jobs, JobKey child);

// Whether no child can be anything but kWaits, seen without looking at each.
bool AllChildrenWait(const JobTable& jobs, uint32_t slot);

// Drops the edges of a job whose record is about to go.
void DropDependencies(JobTable& jobs, uint32_t slot);

}  // namespace embatch

#endif  // EMBATCH_JOBS_DEPENDENCIES_H_
