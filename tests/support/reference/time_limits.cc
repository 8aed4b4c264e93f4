// SPDX-License-Identifier: Apache-2.0
//
// The clock of a queue's blocked head: jobStateTimeLimitActions. Source: §13.5.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

std::string CodeOf(const std::string& reason) {
  return reason.substr(0, reason.find(" - "));
}

// Of several entries for one code the shortest. Choice: D60.
const JobStateTimeLimitAction* LimitFor(const Queue& queue,
                                        const std::string& reason) {
  const JobStateTimeLimitAction* shortest = nullptr;
  for (const JobStateTimeLimitAction& entry :
       queue.options.job_state_time_limit_actions) {
    if (CodeOf(entry.reason) != CodeOf(reason)) continue;
    if (shortest == nullptr || entry.max_time < shortest->max_time) {
      shortest = &entry;
    }
  }
  return shortest;
}

// Whether it goes away while a launch is tried again.
bool IsOfLaunches(const std::string& reason) {
  return absl::StartsWith(reason, "CAPACITY:") ||
         absl::StartsWith(
             reason,
             "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED") ||
         absl::StartsWith(reason, "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS");
}

}  // namespace

void ReferenceScheduler::SetClock(Queue& queue) {
  queue.clock_ns = kNever;
  if (queue.blocked == kNothing) return;
  const JobStateTimeLimitAction* limit =
      LimitFor(queue, jobs_[queue.blocked].status_reason);
  if (limit == nullptr) return;
  queue.clock_ns =
      After(queue.blocked_since_ns, absl::ToInt64Nanoseconds(limit->max_time));
  queue.clock_order = ++order_;
}

void ReferenceScheduler::RestClock(Queue& queue) {
  queue.clock_ns = kNever;
  queue.probed = kNothing;
}

// The head had the reason `before`, and has `reason` now. Choice: D34, it
// counts from when a reason is set, and afresh with another one. To try once
// more what has failed is not another one: the clock stands still meanwhile,
// and goes on when that fails, too.
void ReferenceScheduler::UpdateClock(Queue& queue, int head, bool is_new,
                                     Held held, const std::string& before,
                                     const std::string& reason) {
  if (reason.empty()) {
    const bool tries = held == Held::kMayGrow;
    if (tries && queue.probed == head) return;
    RestClock(queue);
    if (!tries || is_new || !IsOfLaunches(before)) return;
    queue.probed = head;
    queue.probed_code = CodeOf(before);
    return;
  }
  if (reason == before && !is_new) return;
  if (queue.probed != head || queue.probed_code != CodeOf(reason)) {
    queue.blocked_since_ns = now_ns_;
  }
  queue.probed = kNothing;
  SetClock(queue);
}

// Source: §5.2, the text. Choice: D57, whoever ended the job before is the one
// who did; D60, the clock beats room that comes at the same moment.
void ReferenceScheduler::EndByTimeLimit(Queue& queue) {
  Job& job = jobs_[queue.blocked];
  const bool terminate =
      LimitFor(queue, job.status_reason)->action == TimeLimitAction::kTerminate;
  const std::string reason =
      absl::StrCat(terminate ? "Terminated" : "Canceled",
                   " by JobStateTimeLimit action due to reason: ",
                   CodeOf(job.status_reason));
  if (!EndedByCaller(job)) job.request_reason = reason;
  (terminate ? job.terminated : job.cancelled) = true;
  job.touched = true;
  FailWaiting(queue.blocked);
  queue.blocked = kNothing;
  RestClock(queue);
}

}  // namespace embatch::reference
