// SPDX-License-Identifier: Apache-2.0
//
// Replays the jobs of a trace through a Scheduler on virtual time.
#ifndef TRACE_REPLAY_REPLAY_H_
#define TRACE_REPLAY_REPLAY_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "embatch/job_queue.h"
#include "embatch/limits_profile.h"
#include "swf.h"

namespace trace_replay {

struct ReplayOptions {
  int64_t processors = 0;
  int64_t instances = 1;  // the processors are spread evenly over them

  // Each processor is an instance that is launched when a job needs it and let
  // go when it is idle, and a job of several processors is a multi-node
  // parallel job. `instances` is then the number of processors.
  bool gangs = false;

  embatch::LimitsProfile limits = embatch::LimitsProfile::kUnlimited;

  // Who may overtake whom (embatch/job_queue.h).
  embatch::DispatchOrder dispatch_order = embatch::DispatchOrder::kStrict;
  bool backfill_ends_before_start = false;
  // Backfilling needs to know how long a job takes at most: by default as long
  // as it asked for, and then it is stopped; or exactly as long as it ran.
  bool estimates_are_exact = false;

  // Arrivals and ends are told to the scheduler one by one, arrivals first,
  // and each is decided on before the next. Otherwise all that happens in one
  // second of the trace is told together.
  bool one_event_at_a_time = false;

  // Called now and then with the number of jobs that are over. May be empty.
  std::function<void(int64_t)> progress;
};

// When a job began and ended, in the trace's seconds.
struct ReplayedJob {
  int64_t start_s = -1;
  int64_t end_s = -1;
};

struct Schedule {
  std::vector<ReplayedJob> jobs;  // in the order of the trace's
  int64_t stopped = 0;            // jobs that were stopped at their request
  int64_t steps = 0;              // calls of Scheduler::Advance()
};

// `jobs` are in the order of their submission.
absl::StatusOr<Schedule> Replay(absl::Span<const TraceJob> jobs,
                                const ReplayOptions& options);

}  // namespace trace_replay

#endif  // TRACE_REPLAY_REPLAY_H_
