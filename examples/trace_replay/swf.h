// SPDX-License-Identifier: Apache-2.0
//
// Reads a log of a batch system in the Standard Workload Format: one job a
// line, 18 numbers in columns, -1 for what is not known; lines that begin with
// a semicolon are the header.
//
// Source: https://www.cs.huji.ac.il/labs/parallel/workload/swf.html
#ifndef TRACE_REPLAY_SWF_H_
#define TRACE_REPLAY_SWF_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trace_replay {

struct TraceJob {
  int64_t number = 0;       // column 1
  int64_t submit_s = 0;     // column 2: seconds since the log's beginning
  int64_t run_s = 0;        // column 4
  int64_t processors = 0;   // the greater of columns 5 and 8
  int64_t requested_s = 0;  // column 9, or run_s where that is not known
};

struct Trace {
  std::vector<TraceJob> jobs;  // by submission, then number
  int64_t processors = 0;      // "; MaxProcs:", else MaxNodes; 0: not said
  // Jobs left out because they never ran, or because nobody knows since when,
  // for how long or on how many processors.
  int64_t left_out = 0;
};

// Errors name `name`, the line, the column and the value.
absl::StatusOr<Trace> ParseSwf(absl::string_view text, absl::string_view name);

// Everything in a file, or in the standard input if `path` is "-".
absl::StatusOr<std::string> ReadAll(const std::string& path);

}  // namespace trace_replay

#endif  // TRACE_REPLAY_SWF_H_
