// SPDX-License-Identifier: Apache-2.0
//
// What can be read of quota shares. Source: §15.2, §15.5, §20.4.
#ifndef EMBATCH_SCHEDULER_QUOTA_READS_H_
#define EMBATCH_SCHEDULER_QUOTA_READS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/job.h"
#include "embatch/quota_share.h"
#include "lib/scheduler/state.h"

namespace embatch {

absl::StatusOr<PreemptionSummary> ReadPreemptions(const State& state,
                                                  const JobId& job);
absl::StatusOr<QuotaShareView> ReadQuotaShare(const State& state,
                                              absl::string_view job_queue,
                                              absl::string_view quota_share);
absl::StatusOr<std::vector<std::string>> ReadQuotaShareNames(
    const State& state, absl::string_view job_queue);

// Of a queue with quota shares, the first RUNNABLE job of each share, in the
// order of the shares' creation; a null id where there is none.
// Source: API FrontOfQuotaSharesDetail.
struct FrontOfQuotaShare {
  uint32_t share = 0;
  JobKey job;
};
std::vector<FrontOfQuotaShare> FrontOfQuotaShares(const State& state,
                                                  uint32_t queue);

// What the dispatched jobs of a share take, in thousandths of each unit that
// the share names.
// Source: API QueueSnapshotUtilizationDetail.quotaShareUtilization.
std::vector<CapacityUsage> UsageOfQuotaShare(const QuotaQueue& quota,
                                             uint32_t share);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_QUOTA_READS_H_
