// SPDX-License-Identifier: Apache-2.0
#include "tests/support/reference/lines.h"

#include <algorithm>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace embatch::reference {
namespace {

template <typename T>
std::string Printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

// The last ten lines up to `end`, and the one at `end`.
std::string Excerpt(const std::vector<std::string>& lines, size_t end) {
  std::string result;
  for (size_t i = end < 10 ? 0 : end - 10; i < end; ++i) {
    absl::StrAppend(&result, "    ", lines[i], "\n");
  }
  absl::StrAppend(&result, "  > ",
                  end < lines.size() ? lines[end] : "(nothing more)", "\n");
  return result;
}

}  // namespace

std::string EventLine(int64_t time_ns, JobId job, JobStatus from, JobStatus to,
                      int attempt, absl::string_view reason) {
  return absl::StrCat(time_ns, " ", Printed(job), " ", JobStatusName(from),
                      " -> ", JobStatusName(to), " attempt ", attempt, ": ",
                      reason);
}

void AppendEventLines(const Event& event, absl::string_view reason,
                      std::vector<std::string>& lines) {
  for (uint32_t i = 0; i < event.count; ++i) {
    JobId job = event.job;
    if (job.child >= 0) job.child += static_cast<int32_t>(i);
    lines.push_back(EventLine(event.time_ns, job, event.from, event.to,
                              event.attempt, reason));
  }
}

std::string LaunchLine(absl::string_view environment, InstanceId instance,
                       absl::string_view type, bool spot) {
  return absl::StrCat("launch ", Printed(instance), " of ", type, " in ",
                      environment, spot ? " as Spot" : "");
}

std::string TerminateLine(InstanceId instance) {
  return absl::StrCat("terminate ", Printed(instance));
}

std::string StartLine(ContainerId container, absl::string_view environment,
                      InstanceId instance, const Resources& resources) {
  return absl::StrCat("start ", Printed(container), " on ", Printed(instance),
                      " in ", environment, " with ", Printed(resources));
}

std::string StopLine(ContainerId container, absl::Duration grace) {
  return absl::StrCat("stop ", Printed(container), " within ",
                      absl::FormatDuration(grace));
}

std::string Difference(absl::string_view what,
                       const std::vector<std::string>& library,
                       const std::vector<std::string>& twin) {
  if (library == twin) return "";
  size_t first = 0;
  while (first < library.size() && first < twin.size() &&
         library[first] == twin[first]) {
    ++first;
  }
  return absl::StrCat("the ", what, " differ. The library:\n",
                      Excerpt(library, first), "The reference scheduler:\n",
                      Excerpt(twin, first));
}

}  // namespace embatch::reference
