// SPDX-License-Identifier: Apache-2.0
//
// Commands about quota shares. As all commands (commands.h) they check and
// record.
#ifndef EMBATCH_SCHEDULER_QUOTA_COMMANDS_H_
#define EMBATCH_SCHEDULER_QUOTA_COMMANDS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/input.h"
#include "lib/scheduler/state.h"

namespace embatch {

absl::Status Apply(State& state, const CreateQuotaShareCommand& command);
absl::Status Apply(State& state, const UpdateQuotaShareRequest& command);
absl::Status Apply(State& state, const DeleteQuotaShareCommand& command);

// The share that a submission to `queue` goes to; kNoIndex where the queue has
// none and the submission names none.
absl::StatusOr<uint32_t> QuotaShareFor(const QueueRecord& queue,
                                       absl::string_view quota_share_name);

// Counts a job in its share, and out when its record goes.
void CountShareJob(QueueRecord& queue, uint32_t share);
void ForgetShareJob(QueueRecord& queue, uint32_t share);

// The share is gone: no jobs are left that are not over.
void FinishDeletion(QuotaQueue& quota, uint32_t share);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_QUOTA_COMMANDS_H_
