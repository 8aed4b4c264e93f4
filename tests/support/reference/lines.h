// SPDX-License-Identifier: Apache-2.0
//
// Events and requests as lines of text, in which the library and the reference
// scheduler are compared.
#ifndef EMBATCH_TESTS_SUPPORT_REFERENCE_LINES_H_
#define EMBATCH_TESTS_SUPPORT_REFERENCE_LINES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/event.h"
#include "embatch/ids.h"
#include "embatch/job.h"
#include "embatch/resource_provider.h"
#include "embatch/resources.h"

namespace embatch::reference {

// "1767225600000000000 job 4.1:0 RUNNABLE -> FAILED attempt 1: reason"
std::string EventLine(int64_t time_ns, JobId job, JobStatus from, JobStatus to,
                      int attempt, absl::string_view reason);

// An event of many children makes as many lines.
void AppendEventLines(const Event& event, absl::string_view reason,
                      std::vector<std::string>& lines);

std::string LaunchLine(absl::string_view environment, InstanceId instance,
                       absl::string_view type, bool spot);
std::string TerminateLine(InstanceId instance);
std::string StartLine(ContainerId container, absl::string_view environment,
                      InstanceId instance, const Resources& resources);
std::string StopLine(ContainerId container, absl::Duration grace);

// Empty if both are equal; otherwise the first difference, and the lines before
// it on each side.
std::string Difference(absl::string_view what,
                       const std::vector<std::string>& library,
                       const std::vector<std::string>& twin);

}  // namespace embatch::reference

#endif  // EMBATCH_TESTS_SUPPORT_REFERENCE_LINES_H_
