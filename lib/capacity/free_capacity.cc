// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/free_capacity.h"

namespace embatch {

const FreeCapacity::List* FreeCapacity::FirstThatHolds(const Pool& pool,
                                                       const Resources& need,
                                                       Resources* free) {
  for (uint64_t vcpu =
           pool.vcpus.FirstAtLeast(static_cast<uint64_t>(need.vcpu_milli));
       vcpu != SequenceBitmap::kNone;
       vcpu = pool.vcpus.FirstAtLeast(vcpu + 1)) {
    const Shelf& shelf = pool.shelves.find(static_cast<int64_t>(vcpu))->second;
    const uint64_t memory =
        shelf.memory.FirstAtLeast(static_cast<uint64_t>(need.memory_mib));
    if (memory == SequenceBitmap::kNone) continue;
    free->vcpu_milli = static_cast<int64_t>(vcpu);
    free->memory_mib = static_cast<int64_t>(memory);
    return &shelf.lists.find(free->memory_mib)->second;
  }
  return nullptr;
}

std::vector<FreeCapacity::Group> FreeCapacity::Groups() const {
  std::vector<Group> groups;
  for (const auto& [gpus, pool] : pools_) {
    for (uint64_t vcpu = pool.vcpus.First(); vcpu != SequenceBitmap::kNone;
         vcpu = pool.vcpus.FirstAtLeast(vcpu + 1)) {
      const Shelf& shelf =
          pool.shelves.find(static_cast<int64_t>(vcpu))->second;
      for (uint64_t memory = shelf.memory.First();
           memory != SequenceBitmap::kNone;
           memory = shelf.memory.FirstAtLeast(memory + 1)) {
        const List& list =
            shelf.lists.find(static_cast<int64_t>(memory))->second;
        groups.push_back(
            {{static_cast<int64_t>(vcpu), static_cast<int64_t>(memory), gpus},
             list.size,
             list.first});
      }
    }
  }
  return groups;
}

}  // namespace embatch
