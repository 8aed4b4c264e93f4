// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/quota_share_operations.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "embatch/capacity_limit.h"
#include "embatch/quota_share.h"
#include "embatch/scheduler.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

constexpr char kMember[] = "quotaShareArn";

static_assert(WireEnum<QuotaShareState>(ResourceState::kEnabled) ==
              QUOTA_SHARE_STATE_ENABLED);
static_assert(WireEnum<QuotaShareState>(ResourceState::kDisabled) ==
              QUOTA_SHARE_STATE_DISABLED);
static_assert(WireEnum<QuotaShareResourceSharingStrategy>(
                  ResourceSharingStrategy::kReserve) ==
              QUOTA_SHARE_RESOURCE_SHARING_STRATEGY_RESERVE);
static_assert(WireEnum<QuotaShareResourceSharingStrategy>(
                  ResourceSharingStrategy::kLend) ==
              QUOTA_SHARE_RESOURCE_SHARING_STRATEGY_LEND);
static_assert(WireEnum<QuotaShareResourceSharingStrategy>(
                  ResourceSharingStrategy::kLendAndBorrow) ==
              QUOTA_SHARE_RESOURCE_SHARING_STRATEGY_LEND_AND_BORROW);

// Here the words have another order than elsewhere, and there is no DELETED: a
// share that is gone is not described.
QuotaShareStatus StatusOf(ResourceStatus status) {
  switch (status) {
    case ResourceStatus::kCreating:
      return QUOTA_SHARE_STATUS_CREATING;
    case ResourceStatus::kUpdating:
      return QUOTA_SHARE_STATUS_UPDATING;
    case ResourceStatus::kDeleting:
    case ResourceStatus::kDeleted:
      return QUOTA_SHARE_STATUS_DELETING;
    case ResourceStatus::kValid:
      return QUOTA_SHARE_STATUS_VALID;
    case ResourceStatus::kInvalid:
      break;
  }
  return QUOTA_SHARE_STATUS_INVALID;
}

std::vector<embatch::CapacityLimit> LimitsOf(
    const QuotaShareCapacityLimits& limits) {
  std::vector<embatch::CapacityLimit> core;
  for (const QuotaShareCapacityLimit& limit : limits.items()) {
    core.push_back({limit.max_capacity(), limit.capacity_unit()});
  }
  return core;
}

ResourceSharing SharingOf(
    const QuotaShareResourceSharingConfiguration& sharing) {
  ResourceSharing core;
  core.strategy = CoreEnum<ResourceSharingStrategy>(sharing.strategy());
  if (sharing.has_borrow_limit()) core.borrow_limit = sharing.borrow_limit();
  return core;
}

InSharePreemption PreemptionOf(const QuotaSharePreemptionConfiguration& of) {
  return of.in_share_preemption() ==
                 QUOTA_SHARE_IN_SHARE_PREEMPTION_STATE_ENABLED
             ? InSharePreemption::kEnabled
             : InSharePreemption::kDisabled;
}

QuotaShareOptions OptionsOf(const CreateQuotaShareRequest& request,
                            std::string job_queue) {
  QuotaShareOptions options;
  options.quota_share_name = request.quota_share_name();
  options.job_queue = std::move(job_queue);
  options.capacity_limits = LimitsOf(request.capacity_limits());
  options.resource_sharing =
      SharingOf(request.resource_sharing_configuration());
  options.in_share_preemption =
      PreemptionOf(request.preemption_configuration());
  if (request.has_state()) {
    options.state = CoreEnum<ResourceState>(request.state());
  }
  options.tags = TagsOf(request.tags());
  return options;
}

std::string QuotaShareArn(const Context& context, absl::string_view job_queue,
                          absl::string_view name) {
  Arn arn;
  arn.scope = context.scope;
  arn.kind = ArnKind::kQuotaShare;
  arn.name = std::string(name);
  arn.queue = std::string(job_queue);
  return PrintArn(arn);
}

// A description, alone or in a list.
template <typename Detail>
void SetDetail(const Context& context, const QuotaShareView& view,
               Detail& out) {
  const QuotaShareOptions& options = view.quota_share->options();
  out.set_quota_share_name(options.quota_share_name);
  out.set_quota_share_arn(
      QuotaShareArn(context, options.job_queue, options.quota_share_name));
  out.set_job_queue_arn(ArnOf(context, ArnKind::kJobQueue, options.job_queue));
  for (const embatch::CapacityLimit& limit : options.capacity_limits) {
    QuotaShareCapacityLimit& item = *out.mutable_capacity_limits()->add_items();
    item.set_max_capacity(ToInt32(limit.max_capacity));
    item.set_capacity_unit(limit.capacity_unit);
  }
  auto& sharing = *out.mutable_resource_sharing_configuration();
  sharing.set_strategy(WireEnum<QuotaShareResourceSharingStrategy>(
      options.resource_sharing.strategy));
  if (options.resource_sharing.borrow_limit.has_value()) {
    sharing.set_borrow_limit(*options.resource_sharing.borrow_limit);
  }
  out.mutable_preemption_configuration()->set_in_share_preemption(
      options.in_share_preemption == InSharePreemption::kEnabled
          ? QUOTA_SHARE_IN_SHARE_PREEMPTION_STATE_ENABLED
          : QUOTA_SHARE_IN_SHARE_PREEMPTION_STATE_DISABLED);
  out.set_state(WireEnum<QuotaShareState>(options.state));
  out.set_status(StatusOf(view.status));
}

// `status` of a command on the share that a request names by its ARN, in which
// the name of its queue stands as well.
absl::Status WithShareArn(const absl::Status& status, absl::string_view arn) {
  absl::string_view rest = status.message();
  if (absl::ConsumePrefix(&rest, "job_queue is ")) {
    return absl::Status(status.code(),
                        absl::StrCat(kMember, ": its job queue is ", rest));
  }
  return WithArn(status, "quota_share_name", kMember, arn);
}

}  // namespace

absl::Status CreateQuotaShare(const Context& context,
                              const CreateQuotaShareRequest& request,
                              CreateQuotaShareResponse& response) {
  const absl::StatusOr<std::string> queue =
      NameOf(context, "jobQueue", request.job_queue(), ArnKind::kJobQueue);
  if (!queue.ok()) return queue.status();
  absl::StatusOr<QuotaShare> share = QuotaShare::Create(
      OptionsOf(request, *queue), context.scheduler.options().limits);
  if (!share.ok()) return share.status();
  if (absl::Status status =
          context.scheduler.CreateQuotaShare(*std::move(share), context.now);
      !status.ok()) {
    return status;
  }
  response.set_quota_share_name(request.quota_share_name());
  response.set_quota_share_arn(
      QuotaShareArn(context, *queue, request.quota_share_name()));
  return absl::OkStatus();
}

absl::Status UpdateQuotaShare(const Context& context,
                              const UpdateQuotaShareRequest& request,
                              UpdateQuotaShareResponse& response) {
  const absl::StatusOr<Arn> arn =
      ArnIn(context, kMember, request.quota_share_arn(), ArnKind::kQuotaShare);
  if (!arn.ok()) return arn.status();
  embatch::UpdateQuotaShareRequest update;
  update.job_queue = arn->queue;
  update.quota_share_name = arn->name;
  if (request.has_capacity_limits()) {
    if (absl::Status status = CheckNotEmpty(
            "capacityLimits", request.capacity_limits().items_size());
        !status.ok()) {
      return status;
    }
    update.capacity_limits = LimitsOf(request.capacity_limits());
  }
  if (request.has_resource_sharing_configuration()) {
    update.resource_sharing =
        SharingOf(request.resource_sharing_configuration());
  }
  if (request.has_preemption_configuration()) {
    update.in_share_preemption =
        PreemptionOf(request.preemption_configuration());
  }
  if (request.has_state()) {
    update.state = CoreEnum<ResourceState>(request.state());
  }
  if (absl::Status status =
          context.scheduler.UpdateQuotaShare(update, context.now);
      !status.ok()) {
    return WithShareArn(status, request.quota_share_arn());
  }
  response.set_quota_share_name(arn->name);
  response.set_quota_share_arn(PrintArn(*arn));
  return absl::OkStatus();
}

absl::Status DeleteQuotaShare(const Context& context,
                              const DeleteQuotaShareRequest& request,
                              DeleteQuotaShareResponse& /*response*/) {
  const absl::StatusOr<Arn> arn =
      ArnIn(context, kMember, request.quota_share_arn(), ArnKind::kQuotaShare);
  if (!arn.ok()) return arn.status();
  return WithShareArn(
      context.scheduler.DeleteQuotaShare(arn->queue, arn->name, context.now),
      request.quota_share_arn());
}

absl::Status DescribeQuotaShare(const Context& context,
                                const DescribeQuotaShareRequest& request,
                                DescribeQuotaShareResponse& response) {
  const absl::StatusOr<Arn> arn =
      ArnIn(context, kMember, request.quota_share_arn(), ArnKind::kQuotaShare);
  if (!arn.ok()) return arn.status();
  const absl::StatusOr<QuotaShareView> view =
      context.scheduler.DescribeQuotaShare(arn->queue, arn->name);
  if (!view.ok()) {
    return WithShareArn(view.status(), request.quota_share_arn());
  }
  SetDetail(context, *view, response);
  SetTags(view->quota_share->options().tags, *response.mutable_tags());
  return absl::OkStatus();
}

absl::Status ListQuotaShares(const Context& context,
                             const ListQuotaSharesRequest& request,
                             ListQuotaSharesResponse& response) {
  const absl::StatusOr<std::string> queue =
      NameOf(context, "jobQueue", request.job_queue(), ArnKind::kJobQueue);
  if (!queue.ok()) return queue.status();
  const absl::StatusOr<NamePage> page =
      context.scheduler.ListQuotaShares(*queue, PageOf(request));
  if (!page.ok()) return page.status();
  auto& shares = *response.mutable_quota_shares()->mutable_items();
  for (const std::string& name : page->names) {
    const auto view = context.scheduler.DescribeQuotaShare(*queue, name);
    if (view.ok()) SetDetail(context, *view, *shares.Add());
  }
  if (!page->next_token.empty()) response.set_next_token(page->next_token);
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
