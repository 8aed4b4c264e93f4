// SPDX-License-Identifier: Apache-2.0
//
// Whether a job whose attempt failed gets another one.
#ifndef EMBATCH_JOBS_RETRY_H_
#define EMBATCH_JOBS_RETRY_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "embatch/job_definition.h"
#include "lib/jobs/records.h"

namespace embatch {

// What evaluateOnExit looks at.
struct FailedAttempt {
  absl::string_view status_reason;  // the attempt's
  absl::string_view reason;         // the container's
  std::optional<int> exit_code;
};

// Whether `pattern`, in which each '*' stands for any text, is `text`. Jobs
// with containers may have a '*' at the end only. Source: API EvaluateOnExit,
// ServiceJobEvaluateOnExit; §6.3. Choice: D20, case counts.
bool MatchesExitPattern(absl::string_view pattern, absl::string_view text);

// What the first rule that matches says; kRetry if none does.
// Source: API RetryStrategy.evaluateOnExit ("If none of the listed conditions
// match, then the job is retried"); §6.3. Choice: D19, D20.
RetryAction ActionOnExit(const RetryStrategy& strategy,
                         const FailedAttempt& attempt);

// `attempts` counts all tries, so 1 means no retry. What the caller ended, and
// what ran into its timeout, is never retried, whatever the rules say.
// Source: API RetryStrategy.attempts; guide "Automated job retries"; §6.2.
// Choice: D18 (a failed start is an attempt), D21.
inline bool IsRetryDue(const RetryStrategy& strategy, int attempts_made,
                       StopCause stop, bool ended_by_caller,
                       const FailedAttempt& attempt) {
  // Source: §16.7, §16.8; a job that lost its instance to an update or a
  // deletion is retried as after any failure.
  return (stop == StopCause::kNone || stop == StopCause::kHostTerminated) &&
         !ended_by_caller && attempts_made < strategy.attempts &&
         (strategy.evaluate_on_exit.empty() ||
          ActionOnExit(strategy, attempt) == RetryAction::kRetry);
}

}  // namespace embatch

#endif  // EMBATCH_JOBS_RETRY_H_
