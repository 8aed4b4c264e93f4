// SPDX-License-Identifier: Apache-2.0
//
// What a queue looks like at this moment: who is next, and what it uses.
// Source: API GetJobQueueSnapshot; §20.4. Choice: D40, D50.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/time.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/reads.h"

namespace embatch {
namespace {

// When a job became RUNNABLE. A child whose story is that of its siblings has
// no time of its own: the latest release among them counts.
int64_t WaitsSince(const State& state, JobKey job) {
  const JobDetails* details = state.jobs.FindDetails(job);
  if (details != nullptr && details->stopped_ns != kNoTime) {
    return details->stopped_ns;
  }
  return state.jobs.array(job.slot).released_ns;
}

// Appends RUNNABLE jobs in the order of a line; of an array its children by
// index.
void AppendLine(const State& state, uint32_t queue, const WaitingLine& line,
                std::vector<JobKey>* jobs) {
  std::optional<LinePlace> place = line.Head();
  for (; place.has_value(); place = line.order().FirstBehind(*place)) {
    const uint32_t slot = state.jobs.SlotAt(queue, place->sequence);
    if (!state.jobs.record(slot).is_array()) {
      if (jobs->size() == kSnapshotJobsMax) return;
      jobs->push_back({slot, -1});
      continue;
    }
    const SequenceBitmap& waiting =
        state.jobs.array(slot).waiting[place->retry_class];
    for (uint64_t child = waiting.First(); child != SequenceBitmap::kNone;
         child = waiting.FirstAtLeast(child + 1)) {
      if (jobs->size() == kSnapshotJobsMax) return;
      jobs->push_back({slot, static_cast<int32_t>(child)});
    }
  }
}

// The first RUNNABLE jobs in the order in which they would be dispatched.
std::vector<JobKey> FrontOf(const State& state, uint32_t queue) {
  std::vector<JobKey> jobs;
  const QueueRecord& record = state.queues[queue];
  switch (record.kind) {
    case QueueKind::kFifo:
      AppendLine(state, queue, record.line, &jobs);
      break;
    case QueueKind::kFairShare:
      // Source: API FrontOfQueueDetail.jobs, by share usage and priority.
      for (uint32_t share : record.fair_share.Order()) {
        AppendLine(state, queue, record.fair_share.line(share), &jobs);
      }
      break;
    case QueueKind::kQuotaShare:
      for (uint32_t share : record.quota->order) {
        AppendLine(state, queue, record.quota->shares[share].line, &jobs);
      }
      break;
  }
  return jobs;
}

}  // namespace

absl::StatusOr<JobQueueSnapshot> ReadJobQueueSnapshot(const State& state,
                                                      absl::string_view name) {
  const std::optional<uint32_t> index = FindQueue(state, name);
  if (!index.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("Job queue ", Quoted(name), " does not exist"));
  }
  JobQueueSnapshot snapshot;
  const int64_t moved_ns = state.queues[*index].moved_ns;
  for (const JobKey& job : FrontOf(state, *index)) {
    snapshot.front_of_queue.push_back(
        {state.jobs.IdOf(job),
         FromNanos(std::max(moved_ns, WaitsSince(state, job)))});
  }
  state.jobs.ForEachLive([&](const LiveAttempt& attempt) {
    const JobRecord& record = state.jobs.record(attempt.job.slot);
    if (record.queue != *index) return;
    snapshot.vcpu_milli_in_use +=
        state.jobs.spec(attempt.spec).resources.vcpu_milli;
    ++snapshot.dispatched_jobs;
  });
  snapshot.last_updated_at = FromNanos(state.now_ns);
  return snapshot;
}

}  // namespace embatch
