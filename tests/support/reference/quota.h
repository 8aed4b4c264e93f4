// SPDX-License-Identifier: Apache-2.0
//
// What is known of a queue with quota shares. Source: §15. What its shares use
// is not kept: it is what their attempts need.
#ifndef EMBATCH_TESTS_SUPPORT_REFERENCE_QUOTA_H_
#define EMBATCH_TESTS_SUPPORT_REFERENCE_QUOTA_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "embatch/compute_environment.h"
#include "embatch/quota_share.h"
#include "embatch/resources.h"

namespace embatch::reference {

// In thousandths of VCPU, MEMORY and GPU. Choice: D29.
inline constexpr size_t kUnits = 3;
using Amounts = std::array<int64_t, kUnits>;

inline Amounts AmountsOf(const Resources& need) {
  return {need.vcpu_milli, 1000 * need.memory_mib, 1000 * int64_t{need.gpus}};
}

struct Quota {
  QuotaShareOptions options;
  ResourceStatus status = ResourceStatus::kCreating;
  int blocked = -1;  // its head, if that carries a blocked reason

  bool exists() const { return status != ResourceStatus::kDeleted; }
  bool lends() const {
    return options.resource_sharing.strategy !=
           ResourceSharingStrategy::kReserve;
  }
  bool borrows() const {
    return options.resource_sharing.strategy ==
           ResourceSharingStrategy::kLendAndBorrow;
  }
  // What it has itself; nothing: of a unit that it does not name it may use
  // whatever there is (D29).
  std::optional<int64_t> Own(size_t unit) const {
    static constexpr const char* kNames[] = {"VCPU", "MEMORY", "GPU"};
    for (const CapacityLimit& limit : options.capacity_limits) {
      if (limit.capacity_unit == kNames[unit]) return 1000 * limit.max_capacity;
    }
    return std::nullopt;
  }
};

// What is kept for a job for which others were stopped.
struct Earmark {
  int job = -1;
  int quota = -1;     // its share
  int instance = -1;  // none: room was not short
  Resources held;     // there
};

}  // namespace embatch::reference

#endif  // EMBATCH_TESTS_SUPPORT_REFERENCE_QUOTA_H_
