// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/quota_reads.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/validation.h"
#include "lib/scheduler/reads.h"
#include "lib/scheduler/service_jobs.h"

namespace embatch {
namespace {

absl::StatusOr<uint32_t> QueueNamed(const State& state,
                                    absl::string_view name) {
  const std::optional<uint32_t> index = FindQueue(state, name);
  if (index.has_value()) return *index;
  return absl::NotFoundError(
      absl::StrCat("job_queue: Job queue ", Quoted(name), " does not exist"));
}

}  // namespace

absl::StatusOr<PreemptionSummary> ReadPreemptions(const State& state,
                                                  const JobId& job) {
  const absl::StatusOr<JobKey> key = FindJob(state, job);
  EMBATCH_RETURN_IF_ERROR(key.status());
  PreemptionSummary summary;
  const PreemptionRecord* record = state.jobs.FindPreemptions(*key);
  if (record == nullptr) return summary;
  summary.preempted_attempt_count = record->preempted;
  for (const AttemptRecord& attempt : record->recent) {
    AttemptView& view =
        summary.recent_preempted_attempts.emplace_back(ViewOf(state, attempt));
    if (IsServiceJob(state, key->slot)) ShowAsService(&view);
  }
  return summary;
}

absl::StatusOr<QuotaShareView> ReadQuotaShare(const State& state,
                                              absl::string_view job_queue,
                                              absl::string_view quota_share) {
  const absl::StatusOr<uint32_t> index = QueueNamed(state, job_queue);
  EMBATCH_RETURN_IF_ERROR(index.status());
  const auto& quota = state.queues[*index].quota;
  const std::optional<uint32_t> share =
      quota.has_value() ? quota->Find(quota_share) : std::nullopt;
  if (!share.has_value()) {
    return absl::NotFoundError(absl::StrCat("Quota share ", Quoted(quota_share),
                                            " of job queue ", Quoted(job_queue),
                                            " does not exist"));
  }
  const QuotaShareRecord& record = quota->shares[*share];
  QuotaShareView view;
  view.quota_share = &record.config;
  view.status = record.status;
  view.waiting_jobs = record.line.jobs();
  view.usage_milli = UsageOfQuotaShare(*quota, *share);
  return view;
}

absl::StatusOr<std::vector<std::string>> ReadQuotaShareNames(
    const State& state, absl::string_view job_queue) {
  const absl::StatusOr<uint32_t> index = QueueNamed(state, job_queue);
  EMBATCH_RETURN_IF_ERROR(index.status());
  std::vector<std::string> names;
  const auto& quota = state.queues[*index].quota;
  if (!quota.has_value()) return names;
  for (uint32_t share : quota->order) {
    names.push_back(quota->shares[share].config.quota_share_name());
  }
  return names;
}

std::vector<FrontOfQuotaShare> FrontOfQuotaShares(const State& state,
                                                  uint32_t queue) {
  std::vector<FrontOfQuotaShare> front;
  const auto& quota = state.queues[queue].quota;
  if (!quota.has_value()) return front;
  for (uint32_t share : quota->order) {
    const std::optional<LinePlace> place = quota->shares[share].line.Head();
    JobKey job;
    if (place.has_value()) {
      job.slot = state.jobs.SlotAt(queue, place->sequence);
      if (state.jobs.record(job.slot).is_array()) {
        job.child = static_cast<int32_t>(
            state.jobs.array(job.slot).waiting[place->retry_class].First());
      }
    }
    front.push_back({share, job});
  }
  return front;
}

std::vector<CapacityUsage> UsageOfQuotaShare(const QuotaQueue& quota,
                                             uint32_t share) {
  std::vector<CapacityUsage> usage;
  for (const CapacityLimit& limit :
       quota.shares[share].config.options().capacity_limits) {
    for (size_t unit = 0; unit < quota.ledger.unit_count(); ++unit) {
      if (quota.ledger.unit_name(unit) != limit.capacity_unit) continue;
      usage.push_back({limit.capacity_unit, quota.ledger.used(share, unit)});
    }
  }
  return usage;
}

}  // namespace embatch
