// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/consumables.h"

#include "lib/base/check.h"

namespace embatch {

const ConsumableRecord* Consumables::Find(absl::string_view name) const {
  const auto found = records_.find(std::string(name));
  return found == records_.end() ? nullptr : &found->second;
}

ConsumableRecord* Consumables::Find(absl::string_view name) {
  const auto found = records_.find(std::string(name));
  return found == records_.end() ? nullptr : &found->second;
}

void Consumables::Add(const ConsumableResource& resource, int64_t now_ns) {
  ConsumableRecord& record = records_[resource.consumable_resource_name()];
  record.config = resource;
  record.total = resource.options().total_quantity;
  record.created_ns = now_ns;
  record.number = next_number_++;
  ++epoch_;
}

void Consumables::Remove(absl::string_view name) {
  records_.erase(std::string(name));
}

void Consumables::SetTotal(absl::string_view name, int64_t total) {
  Find(name)->total = total;
  ++epoch_;
}

int64_t Consumables::Available(absl::string_view name) const {
  const ConsumableRecord* record = Find(name);
  return record == nullptr ? 0 : record->available();
}

bool Consumables::HasAll(const Needs& needs) const {
  for (const ConsumableResourceRequirement& need : needs) {
    const ConsumableRecord* record = Find(need.consumable_resource);
    if (record == nullptr || record->available() < need.quantity) return false;
  }
  return true;
}

void Consumables::Take(uint32_t holder, const Needs& needs) {
  if (needs.empty()) return;
  std::vector<Holding>& held = held_[holder];
  for (const ConsumableResourceRequirement& need : needs) {
    ConsumableRecord* record = Find(need.consumable_resource);
    EMBATCH_CHECK(record != nullptr && record->available() >= need.quantity);
    record->in_use += need.quantity;
    held.push_back({need.consumable_resource, need.quantity, record->number});
  }
}

void Consumables::GiveBack(uint32_t holder) { End(holder, true); }

void Consumables::Return(uint32_t holder) { End(holder, false); }

// A NON_REPLENISHABLE resource shrinks for good by what was used.
void Consumables::End(uint32_t holder, bool used) {
  const auto found = held_.find(holder);
  if (found == held_.end()) return;
  for (const Holding& held : found->second) {
    ConsumableRecord* record = Find(held.name);
    if (record == nullptr || record->number != held.number) continue;
    record->in_use -= held.quantity;
    if (used && record->config.options().resource_type ==
                    ConsumableResourceType::kNonReplenishable) {
      record->total = std::max<int64_t>(0, record->total - held.quantity);
    }
  }
  held_.erase(found);
  ++epoch_;
}

}  // namespace embatch
