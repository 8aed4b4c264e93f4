// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/quota_state.h"

namespace embatch {

QuotaQueue::QuotaQueue() {
  // In this order: QuotaNeedOf() relies on it.
  ledger.UnitIndex(kUnitVcpu);
  ledger.UnitIndex(kUnitMemory);
  ledger.UnitIndex(kUnitGpu);
}

std::optional<uint32_t> QuotaQueue::Find(
    absl::string_view quota_share_name) const {
  for (uint32_t share : order) {
    if (shares[share].config.quota_share_name() == quota_share_name) {
      return share;
    }
  }
  return std::nullopt;
}

Earmark* QuotaQueue::FindEarmark(JobKey job) {
  for (Earmark& earmark : earmarks) {
    if (earmark.job == job) return &earmark;
  }
  return nullptr;
}

Amounts QuotaNeedOf(const QuotaQueue& quota, const Requirement& requirement) {
  if (requirement.is_service()) {
    Amounts amounts(quota.ledger.unit_count());
    for (const CapacityUsage& usage : requirement.capacity_usage) {
      amounts[*quota.ledger.FindUnit(usage.capacity_unit)] +=
          usage.quantity * 1000;
    }
    return amounts;
  }
  const Resources& resources = requirement.resources;
  return {resources.vcpu_milli, resources.memory_mib * 1000,
          int64_t{resources.gpus} * 1000};
}

}  // namespace embatch
