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

Amounts QuotaNeedOf(const Requirement& requirement) {
  const Resources& resources = requirement.resources;
  return {resources.vcpu_milli, resources.memory_mib * 1000,
          int64_t{resources.gpus} * 1000};
}

}  // namespace embatch
