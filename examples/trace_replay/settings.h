// SPDX-License-Identifier: Apache-2.0
//
// What the flags ask for.
#ifndef TRACE_REPLAY_SETTINGS_H_
#define TRACE_REPLAY_SETTINGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "replay.h"
#include "swf.h"

namespace trace_replay {

// Jobs that are replayed together. Borrows them from the trace.
struct Sequence {
  absl::Span<const TraceJob> jobs;
  std::string name;  // its first job, counted from 0; empty: the whole trace
};

absl::StatusOr<std::string> TracePath();

// Errors name the flag, its value and the limit.
absl::StatusOr<ReplayOptions> OptionsOf(const Trace& trace);

// At least one.
absl::StatusOr<std::vector<Sequence>> SequencesOf(const Trace& trace);

// Takes out the jobs that no instance can hold; answers how many.
int64_t LeaveOutTooWide(Trace& trace, const ReplayOptions& options);

}  // namespace trace_replay

#endif  // TRACE_REPLAY_SETTINGS_H_
