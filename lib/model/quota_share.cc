// SPDX-License-Identifier: Apache-2.0
#include "embatch/quota_share.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/capacity_limits.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// Source: API QuotaShareResourceSharingConfiguration.borrowLimit ("can only be
// applied to quota shares with a strategy of LEND_AND_BORROW").
absl::Status CheckSharing(const ResourceSharing& sharing) {
  if (!IsValidEnum(sharing.strategy)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "resource_sharing.strategy is ", static_cast<int>(sharing.strategy),
        "; must be RESERVE, LEND or LEND_AND_BORROW"));
  }
  if (!sharing.borrow_limit.has_value()) return absl::OkStatus();
  if (sharing.strategy != ResourceSharingStrategy::kLendAndBorrow) {
    return absl::InvalidArgumentError(
        absl::StrCat("resource_sharing.borrow_limit is ", *sharing.borrow_limit,
                     "; may be given with the strategy LEND_AND_BORROW only"));
  }
  return CheckRange("resource_sharing.borrow_limit", *sharing.borrow_limit,
                    kBorrowLimitNone, kBorrowLimitMax);
}

}  // namespace

absl::Status CheckCapacityLimits(absl::Span<const CapacityLimit> limits) {
  constexpr absl::string_view kMember = "capacity_limits";
  if (limits.empty() || limits.size() > kCapacityLimitsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(kMember, " has ", limits.size(),
                     " entries; must have 1 to ", kCapacityLimitsMax));
  }
  for (size_t i = 0; i < limits.size(); ++i) {
    EMBATCH_RETURN_IF_ERROR(CheckCapacityUnit(
        absl::StrCat(kMember, ".capacity_unit"), limits[i].capacity_unit));
    EMBATCH_RETURN_IF_ERROR(CheckRange(absl::StrCat(kMember, ".max_capacity"),
                                       limits[i].max_capacity, 0,
                                       kCapacityMax));
    for (size_t j = 0; j < i; ++j) {
      if (limits[i].capacity_unit == limits[j].capacity_unit) {
        return absl::InvalidArgumentError(absl::StrCat(
            kMember, ".capacity_unit is ", Quoted(limits[i].capacity_unit),
            " twice; each must be given once"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCapacityUnit(absl::string_view member,
                               absl::string_view unit) {
  if (!unit.empty() && unit.size() <= kNameLengthMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(member, " is ", Quoted(unit), "; must have 1 to ",
                   kNameLengthMax, " characters"));
}

absl::StatusOr<QuotaShare> QuotaShare::Create(QuotaShareOptions options,
                                              LimitsProfile) {
  EMBATCH_RETURN_IF_ERROR(
      CheckName("quota_share_name", options.quota_share_name));
  EMBATCH_RETURN_IF_ERROR(CheckName("job_queue", options.job_queue));
  EMBATCH_RETURN_IF_ERROR(CheckCapacityLimits(options.capacity_limits));
  EMBATCH_RETURN_IF_ERROR(CheckSharing(options.resource_sharing));
  if (!IsValidEnum(options.in_share_preemption)) {
    return absl::InvalidArgumentError(
        absl::StrCat("in_share_preemption is ",
                     static_cast<int>(options.in_share_preemption),
                     "; must be ENABLED or DISABLED"));
  }
  if (!IsValidEnum(options.state)) {
    return absl::InvalidArgumentError(
        absl::StrCat("state is ", static_cast<int>(options.state),
                     "; must be ENABLED or DISABLED"));
  }
  EMBATCH_RETURN_IF_ERROR(CheckTags(options.tags));
  return QuotaShare(std::move(options));
}

}  // namespace embatch
