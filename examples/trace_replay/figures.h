// SPDX-License-Identifier: Apache-2.0
//
// The figures by which schedules of batch jobs are compared.
#ifndef TRACE_REPLAY_FIGURES_H_
#define TRACE_REPLAY_FIGURES_H_

#include <cstdint>

#include "absl/types/span.h"
#include "replay.h"
#include "swf.h"

namespace trace_replay {

// Times in seconds of the trace. A job waits from its submission to its start.
struct Figures {
  double jobs = 0;
  double wait_mean = 0;
  double wait_median = 0;
  double wait_95 = 0;  // 95 % of the jobs come before it
  double wait_99 = 0;
  double wait_longest = 0;
  // Mean over the jobs of max(1, (wait + run) / max(run, 10)).
  double bounded_slowdown = 0;
  // The work done, by what all processors could have done from the first
  // submission to the start of the last job, as some papers have it, or to the
  // last end.
  double utilisation_to_last_start = 0;
  double utilisation = 0;
  double makespan = 0;  // first submission to last end
  double at_once = 0;   // jobs that did not wait
  double stopped = 0;   // jobs stopped at the end of the time they asked for
};

Figures FiguresOf(absl::Span<const TraceJob> jobs, const Schedule& schedule,
                  int64_t processors);

// Each figure averaged.
Figures MeanOf(absl::Span<const Figures> all);

// A line for each, on the standard output.
void Print(const Figures& figures);

}  // namespace trace_replay

#endif  // TRACE_REPLAY_FIGURES_H_
