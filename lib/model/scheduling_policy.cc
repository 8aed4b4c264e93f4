// SPDX-License-Identifier: Apache-2.0
#include "embatch/scheduling_policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// Of two entries in order of their texts only a prefix can hold the other, and
// all that begin with it follow it; '*' sorts before every character that an
// identifier may have, so a prefix stands before what it holds.
// Source: API ShareAttributes.shareIdentifier ("can't overlap").
absl::Status CheckOverlap(std::vector<ShareAttributes> shares) {
  std::sort(shares.begin(), shares.end(),
            [](const ShareAttributes& a, const ShareAttributes& b) {
              return a.share_identifier < b.share_identifier;
            });
  // The prefix, without its star, that may hold what follows.
  std::optional<absl::string_view> prefix;
  for (size_t i = 0; i < shares.size(); ++i) {
    absl::string_view identifier = shares[i].share_identifier;
    const bool is_prefix = absl::ConsumeSuffix(&identifier, "*");
    if ((i > 0 && identifier == shares[i - 1].share_identifier) ||
        (prefix.has_value() &&
         identifier.substr(0, prefix->size()) == *prefix)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "fairshare_policy.share_distribution.share_identifier is ",
          Quoted(shares[i].share_identifier), " and ",
          Quoted(shares[i - 1].share_identifier),
          "; the identifiers of a policy must not overlap"));
    }
    if (is_prefix) prefix = identifier;
  }
  return absl::OkStatus();
}

absl::Status CheckFairshare(const FairsharePolicy& policy) {
  if (policy.share_decay < absl::ZeroDuration() ||
      policy.share_decay > kShareDecayMax ||
      policy.share_decay != absl::Trunc(policy.share_decay, absl::Seconds(1))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "fairshare_policy.share_decay is ",
        absl::FormatDuration(policy.share_decay), "; must be between 0 and ",
        absl::ToInt64Seconds(kShareDecayMax), " whole seconds"));
  }
  EMBATCH_RETURN_IF_ERROR(CheckRange("fairshare_policy.compute_reservation",
                                     policy.compute_reservation, 0,
                                     kComputeReservationMax));
  for (const ShareAttributes& share : policy.share_distribution) {
    absl::string_view identifier = share.share_identifier;
    absl::ConsumeSuffix(&identifier, "*");
    EMBATCH_RETURN_IF_ERROR(CheckShareIdentifier(
        "fairshare_policy.share_distribution.share_identifier", identifier));
    EMBATCH_RETURN_IF_ERROR(CheckRange(
        "fairshare_policy.share_distribution.weight_factor_ten_thousandths",
        share.weight_factor_ten_thousandths, 1, kWeightFactorMax));
  }
  return CheckOverlap(policy.share_distribution);
}

}  // namespace

absl::StatusOr<SchedulingPolicy> SchedulingPolicy::Create(
    SchedulingPolicyOptions options) {
  EMBATCH_RETURN_IF_ERROR(CheckName("name", options.name));
  // Source: API CreateSchedulingPolicy ("Only one of fairsharePolicy or
  // quotaSharePolicy can be set"). Choice: neither is the older form of an
  // empty fair-share policy.
  if (options.fairshare_policy.has_value() &&
      options.quota_share_policy.has_value()) {
    return absl::InvalidArgumentError(
        "fairshare_policy and quota_share_policy are both given; at most one "
        "of them may be");
  }
  if (options.quota_share_policy.has_value()) {
    if (!IsValidEnum(
            options.quota_share_policy->idle_resource_assignment_strategy)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "quota_share_policy.idle_resource_assignment_strategy is ",
          static_cast<int>(
              options.quota_share_policy->idle_resource_assignment_strategy),
          "; must be FIFO"));
    }
  } else {
    if (!options.fairshare_policy.has_value()) {
      options.fairshare_policy.emplace();
    }
    EMBATCH_RETURN_IF_ERROR(CheckFairshare(*options.fairshare_policy));
  }
  EMBATCH_RETURN_IF_ERROR(CheckTags(options.tags));
  return SchedulingPolicy(std::move(options));
}

}  // namespace embatch
