// SPDX-License-Identifier: Apache-2.0
//
// A QuotaShare is a virtual queue within a job queue: it has capacity of its
// own, may lend what it does not use, and may borrow what others lend.
//
//   QuotaShareOptions options;
//   options.quota_share_name = "research";
//   options.job_queue = "training";
//   options.capacity_limits = {{64, "VCPU"}};
//   options.resource_sharing.strategy =
//       ResourceSharingStrategy::kLendAndBorrow;
//   options.resource_sharing.borrow_limit = 50;  // 32 vCPUs more, at most
//   auto share = QuotaShare::Create(std::move(options));
//
// Lent capacity is given back by preemption: a job that runs on borrowed
// capacity is stopped and waits again when a job of the lender needs it.
//
// On AWS quota shares exist for service jobs only. Here container jobs may use
// them too, with the units VCPU, MEMORY and GPU. Choice: D29.
//
// Threads, ownership, errors: as JobDefinition.
// Source: API CreateQuotaShare, UpdateQuotaShare, QuotaShareDetail; guide
// "Quota management"; §15.
#ifndef EMBATCH_QUOTA_SHARE_H_
#define EMBATCH_QUOTA_SHARE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/capacity_limit.h"
#include "embatch/compute_environment.h"
#include "embatch/fields.h"
#include "embatch/job_definition.h"
#include "embatch/limits_profile.h"

namespace embatch {

// Source: API QuotaShareResourceSharingStrategy.
enum class ResourceSharingStrategy : uint8_t {
  kReserve,        // keeps what it does not use
  kLend,           // lends it
  kLendAndBorrow,  // lends it, and may borrow
};
constexpr bool IsValidEnum(ResourceSharingStrategy value) {
  return value <= ResourceSharingStrategy::kLendAndBorrow;
}

// Source: API QuotaShareResourceSharingConfiguration.
struct ResourceSharing {
  ResourceSharingStrategy strategy = ResourceSharingStrategy::kReserve;
  // How much may be borrowed, in percent of the share's own capacity, for each
  // unit; -1 is without limit. Only with kLendAndBorrow. Absent means -1.
  std::optional<int32_t> borrow_limit;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.strategy, self.borrow_limit);
  }
};

// Source: API QuotaShareInSharePreemptionState.
enum class InSharePreemption : uint8_t { kDisabled, kEnabled };
constexpr bool IsValidEnum(InSharePreemption value) {
  return value <= InSharePreemption::kEnabled;
}

struct QuotaShareOptions {
  std::string quota_share_name;  // 1..128 of letters, digits, '-', '_'
  std::string job_queue;         // VALID, with a quotaSharePolicy
  // 1 to 5, each unit once. What the share may use without borrowing.
  std::vector<CapacityLimit> capacity_limits;
  ResourceSharing resource_sharing;
  // Whether a job may preempt others of this share with lower priorities.
  InSharePreemption in_share_preemption = InSharePreemption::kDisabled;
  ResourceState state = ResourceState::kEnabled;
  std::map<std::string, std::string> tags;  // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.quota_share_name, self.job_queue, self.capacity_limits,
                 self.resource_sharing, self.in_share_preemption, self.state,
                 self.tags, self.document);
  }
};

class QuotaShare {
 public:
  static absl::StatusOr<QuotaShare> Create(
      QuotaShareOptions options, LimitsProfile limits = LimitsProfile::kAws);

  // Names nothing; only good for being assigned to.
  QuotaShare() = default;

  const std::string& quota_share_name() const {
    return options_.quota_share_name;
  }
  const QuotaShareOptions& options() const { return options_; }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.options_);
  }

 private:
  explicit QuotaShare(QuotaShareOptions options)
      : options_(std::move(options)) {}

  QuotaShareOptions options_;
};

// What is given replaces what the share has.
// Source: API UpdateQuotaShare.
struct UpdateQuotaShareRequest {
  std::string job_queue;
  std::string quota_share_name;
  std::vector<CapacityLimit> capacity_limits;  // empty: as they are
  std::optional<ResourceSharing> resource_sharing;
  std::optional<InSharePreemption> in_share_preemption;
  std::optional<ResourceState> state;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_queue, self.quota_share_name, self.capacity_limits,
                 self.resource_sharing, self.in_share_preemption, self.state);
  }
};

// A quota share as it stands. A view: valid until the next non-const call of
// the scheduler.
struct QuotaShareView {
  const QuotaShare* quota_share = nullptr;
  ResourceStatus status = ResourceStatus::kCreating;
  // What its jobs that are dispatched take, unit by unit, in thousandths of a
  // unit (a vCPU is 1,000), in the order of capacity_limits.
  // Source: API QueueSnapshotUtilizationDetail, quotaShareUtilization.
  std::vector<CapacityUsage> usage_milli;
  int64_t waiting_jobs = 0;  // RUNNABLE
};

}  // namespace embatch

#endif  // EMBATCH_QUOTA_SHARE_H_
