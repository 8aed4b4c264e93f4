// SPDX-License-Identifier: Apache-2.0
//
// Consumable resources: made, changed, taken, given back. Source: §18.
#include <algorithm>

#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

// Choice: D31, a deleted one is not there.
int ReferenceScheduler::FindConsumable(const std::string& name) const {
  for (int i = 0; i < static_cast<int>(consumables_.size()); ++i) {
    if (consumables_[i].name == name && !consumables_[i].deleted) return i;
  }
  return kNothing;
}

// One that is made anew knows nothing of what an older one of its name lent.
// Choice: D58.
void ReferenceScheduler::Do(const CreateConsumableResourceCommand& command) {
  const ConsumableResourceOptions& options =
      command.consumable_resource.options();
  Consumable consumable;
  consumable.name = options.consumable_resource_name;
  consumable.total = options.total_quantity;
  consumable.replenishable =
      options.resource_type == ConsumableResourceType::kReplenishable;
  consumables_.push_back(consumable);
  ++consumables_changed_;
}

// Source: API UpdateConsumableResource; a client token holds for 8 hours.
void ReferenceScheduler::Do(const UpdateConsumableResourceRequest& request) {
  const int index = FindConsumable(request.consumable_resource);
  const int64_t life_ns = absl::ToInt64Nanoseconds(absl::Hours(8));
  if (!request.client_token.empty()) {
    for (const ClientToken& token : client_tokens_) {
      if (token.consumable == index &&
          token.request.client_token == request.client_token &&
          token.request.operation == request.operation &&
          token.request.quantity == request.quantity &&
          After(token.from_ns, life_ns) > now_ns_) {
        return;
      }
    }
    client_tokens_.push_back({index, request, now_ns_});
  }
  ++consumables_changed_;
  int64_t& total = consumables_[index].total;
  switch (request.operation) {
    case ConsumableResourceOperation::kSet:
      total = request.quantity;
      break;
    case ConsumableResourceOperation::kAdd:
      total += request.quantity;
      break;
    case ConsumableResourceOperation::kRemove:
      total = std::max<int64_t>(0, total - request.quantity);
      break;
  }
}

void ReferenceScheduler::Do(const DeleteConsumableResourceCommand& command) {
  const int index = FindConsumable(command.consumable_resource);
  if (index != kNothing) consumables_[index].deleted = true;
}

bool ReferenceScheduler::HasAll(const Need& need) const {
  return std::all_of(need.consumables.begin(), need.consumables.end(),
                     [this](const auto& entry) {
                       const int index = FindConsumable(entry.first);
                       return index != kNothing &&
                              consumables_[index].available() >= entry.second;
                     });
}

// By the attempt of a job, or of a multi-node job's main node.
void ReferenceScheduler::TakeConsumables(int index) {
  const Job& job = jobs_[index];
  const Need& need = job.is_node ? jobs_[job.array].need : job.need;
  for (const auto& [name, quantity] : need.consumables) {
    const int consumable = FindConsumable(name);
    if (consumable == kNothing) continue;
    consumables_[consumable].in_use += quantity;
    jobs_[index].attempt->holdings.push_back({consumable, quantity});
  }
}

// What is not replenished is gone with the attempt, unless that counts as not
// having been. Choice: D30, D58.
void ReferenceScheduler::GiveConsumablesBack(const Attempt& attempt,
                                             bool as_if_not_tried) {
  if (!attempt.holdings.empty()) ++consumables_changed_;
  for (const Holding& holding : attempt.holdings) {
    Consumable& consumable = consumables_[holding.consumable];
    consumable.in_use -= holding.quantity;
    if (consumable.replenishable || as_if_not_tried) continue;
    consumable.total =
        std::max<int64_t>(0, consumable.total - holding.quantity);
  }
}

}  // namespace embatch::reference
