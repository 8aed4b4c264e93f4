// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/scheduling_policy_operations.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "embatch/scheduler.h"
#include "embatch/scheduling_policy.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/limits.h"

namespace embatch {
namespace api {
namespace {

static_assert(WireEnum<QuotaShareIdleResourceAssignmentStrategy>(
                  IdleResourceAssignmentStrategy::kFifo) ==
              QUOTA_SHARE_IDLE_RESOURCE_ASSIGNMENT_STRATEGY_FIFO);

// The core counts weights in steps of 0.0001, the least one that AWS has.
constexpr double kWeightSteps = 10000;

absl::StatusOr<int32_t> WeightOf(const ShareAttributes& share) {
  const double weight = share.has_weight_factor() ? share.weight_factor() : 1;
  const double steps = std::round(weight * kWeightSteps);
  if (steps >= 1 && steps <= kWeightFactorMax * kWeightSteps) {
    return static_cast<int32_t>(steps);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("fairsharePolicy.shareDistribution.weightFactor is ", weight,
                   "; must be between 0.0001 and 999.9999"));
}

absl::StatusOr<embatch::FairsharePolicy> FairshareOf(
    const FairsharePolicy& policy) {
  embatch::FairsharePolicy core;
  core.share_decay = absl::Seconds(policy.share_decay_seconds());
  core.compute_reservation = policy.compute_reservation();
  for (const ShareAttributes& share : policy.share_distribution().items()) {
    const absl::StatusOr<int32_t> weight = WeightOf(share);
    if (!weight.ok()) return weight.status();
    core.share_distribution.push_back({share.share_identifier(), *weight});
  }
  return core;
}

// The policy that a creation or an update gives; it may be none.
template <typename Request>
absl::StatusOr<SchedulingPolicyOptions> BodyOf(const Request& request) {
  SchedulingPolicyOptions options;
  if (request.has_fairshare_policy()) {
    absl::StatusOr<embatch::FairsharePolicy> policy =
        FairshareOf(request.fairshare_policy());
    if (!policy.ok()) return policy.status();
    options.fairshare_policy = *std::move(policy);
  }
  if (request.has_quota_share_policy()) {
    options.quota_share_policy =
        embatch::QuotaSharePolicy{CoreEnum<IdleResourceAssignmentStrategy>(
            request.quota_share_policy().idle_resource_assignment_strategy())};
  }
  return options;
}

void SetFairshare(const embatch::FairsharePolicy& policy,
                  FairsharePolicy& out) {
  out.set_share_decay_seconds(
      static_cast<int32_t>(absl::ToInt64Seconds(policy.share_decay)));
  out.set_compute_reservation(policy.compute_reservation);
  ShareAttributesList& shares = *out.mutable_share_distribution();
  for (const embatch::ShareAttributes& share : policy.share_distribution) {
    ShareAttributes& item = *shares.add_items();
    item.set_share_identifier(share.share_identifier);
    item.set_weight_factor(
        static_cast<float>(share.weight_factor_ten_thousandths / kWeightSteps));
  }
}

void SetDetail(const Context& context, const SchedulingPolicy& policy,
               SchedulingPolicyDetail& out) {
  const SchedulingPolicyOptions& options = policy.options();
  out.set_name(options.name);
  out.set_arn(ArnOf(context, ArnKind::kSchedulingPolicy, options.name));
  if (options.quota_share_policy.has_value()) {
    out.mutable_quota_share_policy()->set_idle_resource_assignment_strategy(
        WireEnum<QuotaShareIdleResourceAssignmentStrategy>(
            options.quota_share_policy->idle_resource_assignment_strategy));
  }
  if (options.fairshare_policy.has_value()) {
    SetFairshare(*options.fairshare_policy, *out.mutable_fairshare_policy());
  }
  SetTags(options.tags, *out.mutable_tags());
}

absl::StatusOr<std::string> PolicyName(const Context& context,
                                       absl::string_view member,
                                       absl::string_view arn) {
  absl::StatusOr<Arn> parsed =
      ArnIn(context, member, arn, ArnKind::kSchedulingPolicy);
  if (!parsed.ok()) return parsed.status();
  return std::move(parsed->name);
}

// `status` of a command on the policy that a request names by its ARN.
absl::Status WithArn(const absl::Status& status, absl::string_view arn) {
  return api::WithArn(status, "name", "arn", arn);
}

}  // namespace

absl::Status CreateSchedulingPolicy(
    const Context& context, const CreateSchedulingPolicyRequest& request,
    CreateSchedulingPolicyResponse& response) {
  absl::StatusOr<SchedulingPolicyOptions> options = BodyOf(request);
  if (!options.ok()) return options.status();
  options->name = request.name();
  options->tags = TagsOf(request.tags());
  absl::StatusOr<SchedulingPolicy> policy =
      SchedulingPolicy::Create(*std::move(options));
  if (!policy.ok()) return policy.status();
  if (absl::Status status = context.scheduler.CreateSchedulingPolicy(
          *std::move(policy), context.now);
      !status.ok()) {
    return status;
  }
  response.set_name(request.name());
  response.set_arn(ArnOf(context, ArnKind::kSchedulingPolicy, request.name()));
  return absl::OkStatus();
}

// Source: API UpdateSchedulingPolicy. Choice: an update that gives no policy
// changes nothing; the model says nothing else of it.
absl::Status UpdateSchedulingPolicy(
    const Context& context, const UpdateSchedulingPolicyRequest& request,
    UpdateSchedulingPolicyResponse& /*response*/) {
  const absl::StatusOr<std::string> name =
      PolicyName(context, "arn", request.arn());
  if (!name.ok()) return name.status();
  absl::StatusOr<SchedulingPolicyOptions> options = BodyOf(request);
  if (!options.ok()) return options.status();
  options->name = *name;
  const SchedulingPolicy* current =
      context.scheduler.DescribeSchedulingPolicy(*name);
  const bool gives_some = options->fairshare_policy.has_value() ||
                          options->quota_share_policy.has_value();
  if (current != nullptr && !gives_some) {
    options->fairshare_policy = current->options().fairshare_policy;
    options->quota_share_policy = current->options().quota_share_policy;
  }
  absl::StatusOr<SchedulingPolicy> policy =
      SchedulingPolicy::Create(*std::move(options));
  if (!policy.ok()) return WithArn(policy.status(), request.arn());
  return WithArn(
      context.scheduler.UpdateSchedulingPolicy(*std::move(policy), context.now),
      request.arn());
}

absl::Status DeleteSchedulingPolicy(
    const Context& context, const DeleteSchedulingPolicyRequest& request,
    DeleteSchedulingPolicyResponse& /*response*/) {
  const absl::StatusOr<std::string> name =
      PolicyName(context, "arn", request.arn());
  if (!name.ok()) return name.status();
  return WithArn(context.scheduler.DeleteSchedulingPolicy(*name, context.now),
                 request.arn());
}

absl::Status DescribeSchedulingPolicies(
    const Context& context, const DescribeSchedulingPoliciesRequest& request,
    DescribeSchedulingPoliciesResponse& response) {
  if (absl::Status status =
          CheckAtMost("arns", static_cast<size_t>(request.arns().items_size()),
                      kDescribedNamesMax);
      !status.ok()) {
    return status;
  }
  auto& details = *response.mutable_scheduling_policies()->mutable_items();
  for (const std::string& arn : request.arns().items()) {
    const absl::StatusOr<std::string> name = PolicyName(context, "arns", arn);
    if (!name.ok()) return name.status();
    const SchedulingPolicy* policy =
        context.scheduler.DescribeSchedulingPolicy(*name);
    if (policy != nullptr) SetDetail(context, *policy, *details.Add());
  }
  return absl::OkStatus();
}

absl::Status ListSchedulingPolicies(
    const Context& context, const ListSchedulingPoliciesRequest& request,
    ListSchedulingPoliciesResponse& response) {
  const absl::StatusOr<NamePage> page =
      context.scheduler.ListSchedulingPolicies(PageOf(request));
  if (!page.ok()) return page.status();
  auto& policies = *response.mutable_scheduling_policies()->mutable_items();
  for (const std::string& name : page->names) {
    policies.Add()->set_arn(ArnOf(context, ArnKind::kSchedulingPolicy, name));
  }
  if (!page->next_token.empty()) response.set_next_token(page->next_token);
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
