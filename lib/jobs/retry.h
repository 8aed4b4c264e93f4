// SPDX-License-Identifier: Apache-2.0
#ifndef EMBATCH_JOBS_RETRY_H_
#define EMBATCH_JOBS_RETRY_H_

#include "embatch/job_definition.h"
#include "lib/jobs/records.h"

namespace embatch {

// Whether a job whose attempt just failed gets another one.
//
// `attempts` counts all tries, so 1 means no retry. What the caller ended, and
// what ran into its timeout, is never retried.
// Source: API RetryStrategy.attempts; guide "Automated job retries"; §6.2.
inline bool IsRetryDue(const RetryStrategy& strategy, int attempts_made,
                       StopCause stop, bool ended_by_caller) {
  return stop == StopCause::kNone && !ended_by_caller &&
         attempts_made < strategy.attempts;
}

}  // namespace embatch

#endif  // EMBATCH_JOBS_RETRY_H_
