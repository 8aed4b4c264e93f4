// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/quota_commands.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

absl::StatusOr<uint32_t> FindQuotaQueue(const State& state,
                                        absl::string_view name) {
  const std::optional<uint32_t> index = FindQueue(state, name);
  if (!index.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("job_queue: Job queue ", Quoted(name), " does not exist"));
  }
  if (state.queues[*index].kind != QueueKind::kQuotaShare) {
    return absl::FailedPreconditionError(
        absl::StrCat("job_queue is ", Quoted(name),
                     "; must have a scheduling policy with quota shares"));
  }
  return *index;
}

absl::Status NoSuchShare(absl::string_view name) {
  return absl::NotFoundError(absl::StrCat("quota_share_name: Quota share ",
                                          Quoted(name), " does not exist"));
}

// Choice: D29; a container job has needs in no other units.
// Those of service jobs are instance types. Source: API CapacityLimit; §15.1.
absl::Status CheckUnits(const std::vector<CapacityLimit>& limits,
                        const QueueRecord& queue) {
  constexpr std::array<absl::string_view, 3> kUnits = {kUnitVcpu, kUnitMemory,
                                                       kUnitGpu};
  for (const CapacityLimit& limit : limits) {
    if (queue.is_for_services()) {
      if (limit.capacity_unit != kUnitInstances) continue;
      return absl::InvalidArgumentError(
          "capacity_limits.capacity_unit is \"NUM_INSTANCES\"; must be an "
          "instance type in this queue");
    }
    if (std::find(kUnits.begin(), kUnits.end(), limit.capacity_unit) ==
        kUnits.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "capacity_limits.capacity_unit is ", Quoted(limit.capacity_unit),
          "; must be VCPU, MEMORY or GPU in this queue"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

// Source: API CreateQuotaShare ("A job queue must be in the VALID state");
// guide "Service quotas" (20 for each queue); §15.2.
absl::Status Apply(State& state, const CreateQuotaShareCommand& command) {
  const QuotaShareOptions& options = command.quota_share.options();
  EMBATCH_RETURN_IF_ERROR(
      QuotaShare::Create(options, state.settings.limits).status());
  const absl::StatusOr<uint32_t> index =
      FindQuotaQueue(state, options.job_queue);
  EMBATCH_RETURN_IF_ERROR(index.status());
  QueueRecord& queue = state.queues[*index];
  if (queue.status != ResourceStatus::kValid) {
    return absl::FailedPreconditionError(absl::StrCat(
        "job_queue is ", Quoted(options.job_queue), ", which is ",
        ResourceStatusName(queue.status),
        "; must be VALID (a new one is after the next Advance())"));
  }
  EMBATCH_RETURN_IF_ERROR(CheckUnits(options.capacity_limits, queue));
  QuotaQueue& quota = *queue.quota;
  if (quota.Find(options.quota_share_name).has_value()) {
    return absl::AlreadyExistsError(absl::StrCat(
        "Quota share ", options.quota_share_name, " already exists"));
  }
  if (quota.order.size() >= kQuotaSharesMax) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "job_queue ", Quoted(options.job_queue), " has ", quota.order.size(),
        " quota shares; there may be at most ", kQuotaSharesMax));
  }
  const uint32_t share = quota.ledger.AddShare(options);
  if (share == quota.shares.size()) quota.shares.emplace_back();
  quota.shares[share] = QuotaShareRecord();
  quota.shares[share].config = command.quota_share;
  quota.order.push_back(share);
  ++quota.version;
  return absl::OkStatus();
}

// Source: API UpdateQuotaShare. A lowered limit stops nobody by itself (§15.4).
absl::Status Apply(State& state, const UpdateQuotaShareRequest& command) {
  const absl::StatusOr<uint32_t> index =
      FindQuotaQueue(state, command.job_queue);
  EMBATCH_RETURN_IF_ERROR(index.status());
  QuotaQueue& quota = *state.queues[*index].quota;
  const std::optional<uint32_t> share = quota.Find(command.quota_share_name);
  if (!share.has_value()) return NoSuchShare(command.quota_share_name);
  QuotaShareRecord& record = quota.shares[*share];
  if (record.status != ResourceStatus::kValid &&
      record.status != ResourceStatus::kUpdating) {
    return absl::FailedPreconditionError(absl::StrCat(
        "quota_share_name is ", Quoted(command.quota_share_name), ", which is ",
        ResourceStatusName(record.status), "; must be VALID"));
  }
  QuotaShareOptions options = record.config.options();
  if (!command.capacity_limits.empty()) {
    options.capacity_limits = command.capacity_limits;
  }
  options.resource_sharing =
      command.resource_sharing.value_or(options.resource_sharing);
  options.in_share_preemption =
      command.in_share_preemption.value_or(options.in_share_preemption);
  options.state = command.state.value_or(options.state);
  absl::StatusOr<QuotaShare> updated =
      QuotaShare::Create(std::move(options), state.settings.limits);
  EMBATCH_RETURN_IF_ERROR(updated.status());
  EMBATCH_RETURN_IF_ERROR(
      CheckUnits(updated->options().capacity_limits, state.queues[*index]));
  record.config = *std::move(updated);
  record.status = ResourceStatus::kUpdating;
  quota.ledger.UpdateShare(*share, record.config.options());
  ++quota.version;
  return absl::OkStatus();
}

// Source: API DeleteQuotaShare ("You must first disable submissions"; "All jobs
// in the share are eventually terminated"). Choice: D42.
absl::Status Apply(State& state, const DeleteQuotaShareCommand& command) {
  const absl::StatusOr<uint32_t> index =
      FindQuotaQueue(state, command.job_queue);
  if (!index.ok()) return absl::OkStatus();
  QuotaQueue& quota = *state.queues[*index].quota;
  const std::optional<uint32_t> share = quota.Find(command.quota_share_name);
  if (!share.has_value()) return absl::OkStatus();
  QuotaShareRecord& record = quota.shares[*share];
  if (record.config.options().state != ResourceState::kDisabled) {
    return absl::FailedPreconditionError(
        absl::StrCat("quota_share_name is ", Quoted(command.quota_share_name),
                     ", which is ENABLED; must be DISABLED"));
  }
  if (record.status == ResourceStatus::kDeleting) return absl::OkStatus();
  record.status = ResourceStatus::kDeleting;
  WorkItem item;
  item.kind = WorkKind::kDeleteShare;
  item.slot = *index;
  item.generation = *share;
  state.work.push_back(item);
  return absl::OkStatus();
}

// Source: API SubmitServiceJob.quotaShareName ("must be specified" where the
// queue's policy has quota shares, else "Don't specify this parameter").
absl::StatusOr<uint32_t> QuotaShareFor(const QueueRecord& queue,
                                       absl::string_view quota_share_name) {
  if (queue.kind != QueueKind::kQuotaShare) {
    if (quota_share_name.empty()) return kNoIndex;
    return absl::InvalidArgumentError(absl::StrCat(
        "quota_share_name is ", Quoted(quota_share_name),
        "; may be given only where the job queue's scheduling policy has "
        "quota shares"));
  }
  if (quota_share_name.empty()) {
    return absl::InvalidArgumentError(
        "quota_share_name is empty; must be given where the job queue's "
        "scheduling policy has quota shares");
  }
  const std::optional<uint32_t> share = queue.quota->Find(quota_share_name);
  if (!share.has_value()) return NoSuchShare(quota_share_name);
  const QuotaShareRecord& record = queue.quota->shares[*share];
  if (record.status != ResourceStatus::kValid &&
      record.status != ResourceStatus::kUpdating) {
    return absl::FailedPreconditionError(absl::StrCat(
        "quota_share_name is ", Quoted(quota_share_name), ", which is ",
        ResourceStatusName(record.status),
        "; must be VALID (a new one is after the next Advance())"));
  }
  if (record.config.options().state != ResourceState::kEnabled) {
    return absl::FailedPreconditionError(
        absl::StrCat("quota_share_name is ", Quoted(quota_share_name),
                     ", which is DISABLED; must be ENABLED"));
  }
  return *share;
}

void CountShareJob(QueueRecord& queue, uint32_t share) {
  ++queue.quota->shares[share].jobs;
  ++queue.quota->shares[share].active;
}

void ForgetShareJob(QueueRecord& queue, uint32_t share) {
  QuotaShareRecord& record = queue.quota->shares[share];
  --record.jobs;
  if (record.jobs == 0 && !record.exists()) {
    queue.quota->ledger.RemoveShare(share);
  }
}

void FinishDeletion(QuotaQueue& quota, uint32_t share) {
  QuotaShareRecord& record = quota.shares[share];
  record.status = ResourceStatus::kDeleted;
  QuotaShareOptions nothing;
  quota.ledger.UpdateShare(share, nothing);
  const auto place = std::find(quota.order.begin(), quota.order.end(), share);
  const auto position = static_cast<uint32_t>(place - quota.order.begin());
  quota.order.erase(place);
  if (quota.next > position) --quota.next;
  if (record.jobs == 0) quota.ledger.RemoveShare(share);
  ++quota.version;
}

}  // namespace embatch
