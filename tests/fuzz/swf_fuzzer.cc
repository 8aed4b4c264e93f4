// SPDX-License-Identifier: Apache-2.0
//
// Texts that claim to be logs in the Standard Workload Format: an error says
// where, and what is read keeps what the reader promises.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "examples/trace_replay/swf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto trace = trace_replay::ParseSwf(text, "log.swf");
  if (!trace.ok()) {
    if (!absl::StrContains(trace.status().message(), "log.swf")) std::abort();
    return 0;
  }
  int64_t latest_s = 0;
  for (const trace_replay::TraceJob& job : trace->jobs) {
    if (job.submit_s < latest_s || job.run_s < 0 || job.processors < 1 ||
        job.requested_s < 0) {
      std::abort();
    }
    latest_s = job.submit_s;
  }
  return 0;
}
