// SPDX-License-Identifier: Apache-2.0
//
// A SchedulingPolicy says how the jobs of a queue share its compute: by shares
// with weights (fair share), or by quotas. A queue without a policy is first
// in, first out.
//
//   SchedulingPolicyOptions options;
//   options.name = "teams";
//   options.fairshare_policy.emplace();
//   options.fairshare_policy->share_decay = absl::Hours(1);
//   options.fairshare_policy->share_distribution = {
//       {"red", 5000},      // weight 0.5: gets twice the compute of a 1.0
//       {"intern*", 40000}  // 4.0, divided among all that begin so
//   };
//   auto policy = SchedulingPolicy::Create(std::move(options));
//
// Threads, ownership, errors: as JobDefinition.
// Source: API CreateSchedulingPolicy, FairsharePolicy, ShareAttributes,
// QuotaSharePolicy; guide "Fair-share scheduling".
#ifndef EMBATCH_SCHEDULING_POLICY_H_
#define EMBATCH_SCHEDULING_POLICY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "embatch/fields.h"
#include "embatch/job_definition.h"

namespace embatch {

// Source: API ShareAttributes.
struct ShareAttributes {
  // 1 to 255 letters, digits, '-', '_', '.'; with '*' behind them all
  // identifiers that begin so. No two of a policy may overlap.
  std::string share_identifier;
  // The weight factor in 1/10,000: 1 to 9,999,999 stand for 0.0001 to 999.9999.
  // Half the weight gets twice the compute.
  int32_t weight_factor_ten_thousandths = 10000;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.share_identifier, self.weight_factor_ten_thousandths);
  }
};

// Source: API FairsharePolicy.
struct FairsharePolicy {
  // How long use of compute is remembered: 0 to 604,800 s, whole seconds. Zero
  // stands for 600 s.
  absl::Duration share_decay = absl::ZeroDuration();
  // 0..99. With n shares active (computeReservation / 100)^n of the maximum
  // vCPUs is kept free for shares that are not.
  int compute_reservation = 0;
  // Identifiers that are not in here have weight 1.0.
  std::vector<ShareAttributes> share_distribution;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.share_decay, self.compute_reservation,
                 self.share_distribution);
  }
};

// Source: API QuotaShareIdleResourceAssignmentStrategy.
enum class IdleResourceAssignmentStrategy : uint8_t { kFifo };
constexpr bool IsValidEnum(IdleResourceAssignmentStrategy value) {
  return value == IdleResourceAssignmentStrategy::kFifo;
}

// Source: API QuotaSharePolicy.
struct QuotaSharePolicy {
  IdleResourceAssignmentStrategy idle_resource_assignment_strategy =
      IdleResourceAssignmentStrategy::kFifo;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.idle_resource_assignment_strategy);
  }
};

struct SchedulingPolicyOptions {
  std::string name;  // 1..128 of letters, digits, '-', '_'
  // At most one of the two; with none it is a FairsharePolicy as it stands.
  std::optional<FairsharePolicy> fairshare_policy;
  std::optional<QuotaSharePolicy> quota_share_policy;
  std::map<std::string, std::string> tags;  // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.fairshare_policy, self.quota_share_policy,
                 self.tags, self.document);
  }
};

class SchedulingPolicy {
 public:
  static absl::StatusOr<SchedulingPolicy> Create(
      SchedulingPolicyOptions options);

  // Names nothing; only good for being assigned to.
  SchedulingPolicy() = default;

  const std::string& name() const { return options_.name; }
  bool is_fairshare() const { return options_.fairshare_policy.has_value(); }
  const SchedulingPolicyOptions& options() const { return options_; }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.options_);
  }

 private:
  explicit SchedulingPolicy(SchedulingPolicyOptions options)
      : options_(std::move(options)) {}

  SchedulingPolicyOptions options_;
};

}  // namespace embatch

#endif  // EMBATCH_SCHEDULING_POLICY_H_
