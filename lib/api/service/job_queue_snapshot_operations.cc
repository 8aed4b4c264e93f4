// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/job_queue_snapshot_operations.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "embatch/capacity_limit.h"
#include "embatch/job_queue.h"
#include "embatch/scheduler.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

// A job of the queue's front, in one of its two lists.
template <typename Summary>
void SetSummary(const Context& context, ArnKind kind,
                const FrontOfQueueJob& front, Summary& out) {
  out.set_job_arn(ArnOf(context, kind, context.scheduler.JobIdText(front.job)));
  out.set_earliest_time_at_position(Millis(front.earliest_time_at_position));
}

// Into any of the lists that hold a unit and how much of it is used.
template <typename List>
void SetUsage(const std::vector<CapacityUsage>& usage_milli, List& out) {
  for (const CapacityUsage& usage : usage_milli) {
    auto& item = *out.add_items();
    item.set_capacity_unit(usage.capacity_unit);
    item.set_quantity(static_cast<double>(usage.quantity) / 1000);
  }
}

void SetFairShares(const QueueUtilization& utilization,
                   FairshareUtilizationDetail& out) {
  out.set_active_share_count(utilization.active_share_count);
  FairshareCapacityUtilizationList& top =
      *out.mutable_top_capacity_utilization();
  for (const ShareUtilization& share : utilization.top_capacity_utilization) {
    FairshareCapacityUtilization& item = *top.add_items();
    item.set_share_identifier(share.share);
    SetUsage(share.usage_milli, *item.mutable_capacity_usage());
  }
}

void SetQuotaShares(const QueueUtilization& utilization,
                    QuotaShareUtilizationDetail& out) {
  QuotaShareCapacityUtilizationList& top =
      *out.mutable_top_capacity_utilization();
  for (const ShareUtilization& share : utilization.top_capacity_utilization) {
    QuotaShareCapacityUtilization& item = *top.add_items();
    item.set_quota_share_name(share.share);
    SetUsage(share.usage_milli, *item.mutable_capacity_usage());
  }
}

void SetFrontOfQuotaShares(const Context& context, ArnKind kind,
                           const JobQueueSnapshot& snapshot,
                           FrontOfQuotaSharesDetail& out) {
  auto& shares = *out.mutable_quota_shares()->mutable_entries();
  for (const auto& [share, front] : snapshot.front_of_quota_shares) {
    FrontOfQuotaShareJobSummaryList& jobs = shares[share];
    if (front.has_value()) {
      SetSummary(context, kind, *front, *jobs.add_items());
    }
  }
  out.set_last_updated_at(Millis(snapshot.last_updated_at));
}

}  // namespace

absl::Status GetJobQueueSnapshot(const Context& context,
                                 const GetJobQueueSnapshotRequest& request,
                                 GetJobQueueSnapshotResponse& response) {
  const absl::StatusOr<std::string> name =
      NameOf(context, "jobQueue", request.job_queue(), ArnKind::kJobQueue);
  if (!name.ok()) return name.status();
  const auto snapshot = context.scheduler.GetJobQueueSnapshot(*name);
  if (!snapshot.ok()) return snapshot.status();
  const auto view = context.scheduler.DescribeJobQueue(*name);
  if (!view.ok()) return view.status();
  const JobQueue& queue = *view->job_queue;
  const ArnKind kind =
      queue.is_for_services() ? ArnKind::kServiceJob : ArnKind::kJob;
  const int64_t updated = Millis(snapshot->last_updated_at);

  FrontOfQueueDetail& front = *response.mutable_front_of_queue();
  front.mutable_jobs();
  for (const FrontOfQueueJob& job : snapshot->front_of_queue) {
    SetSummary(context, kind, job, *front.mutable_jobs()->add_items());
  }
  front.set_last_updated_at(updated);

  QueueSnapshotUtilizationDetail& use = *response.mutable_queue_utilization();
  SetUsage(snapshot->queue_utilization.total_usage_milli,
           *use.mutable_total_capacity_usage());
  use.set_last_updated_at(updated);
  const SchedulingPolicy* policy = context.scheduler.DescribeSchedulingPolicy(
      queue.options().scheduling_policy);
  if (policy == nullptr) return absl::OkStatus();
  if (policy->is_fairshare()) {
    SetFairShares(snapshot->queue_utilization,
                  *use.mutable_fairshare_utilization());
  } else {
    SetQuotaShares(snapshot->queue_utilization,
                   *use.mutable_quota_share_utilization());
    SetFrontOfQuotaShares(context, kind, *snapshot,
                          *response.mutable_front_of_quota_shares());
  }
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
