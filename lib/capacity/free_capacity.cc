// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/free_capacity.h"

#include <algorithm>

namespace embatch {
namespace {

// So many empty cells are always kept.
constexpr size_t kEmptyCellsMax = 1024;

template <typename T>
uint32_t TakeSlot(std::vector<T>& slots, std::vector<uint32_t>& unused) {
  if (unused.empty()) {
    slots.emplace_back();
    return static_cast<uint32_t>(slots.size() - 1);
  }
  const uint32_t slot = unused.back();
  unused.pop_back();
  return slot;
}

}  // namespace

uint32_t FreeCapacity::FirstThatHolds(const Pool& pool,
                                      const Resources& need) const {
  for (uint64_t vcpu =
           pool.vcpus.FirstAtLeast(static_cast<uint64_t>(need.vcpu_milli));
       vcpu != SequenceBitmap::kNone;
       vcpu = pool.vcpus.FirstAtLeast(vcpu + 1)) {
    const Shelf& shelf = KnownShelf(pool, vcpu);
    const uint64_t memory =
        shelf.memory.FirstAtLeast(static_cast<uint64_t>(need.memory_mib));
    if (memory == SequenceBitmap::kNone) continue;
    return KnownCell(
        {shelf.vcpu_milli, static_cast<int64_t>(memory), shelf.gpus});
  }
  return kNone;
}

uint32_t FreeCapacity::BestFit(const Resources& need) const {
  for (auto pool = pools_.lower_bound(need.gpus); pool != pools_.end();
       ++pool) {
    const uint32_t cell = FirstThatHolds(pool->second, need);
    if (cell != kNone) return cells_[cell].first;
  }
  return kNone;
}

uint32_t FreeCapacity::CellOf(const Resources& free) {
  uint32_t& recent = recent_cells_[RecentOf(free)];
  if (recent != kNone && cells_[recent].free == free) return recent;
  const auto known = cell_of_.find(free);
  if (known != cell_of_.end()) return recent = known->second;
  if (cell_of_.size() > 2 * filled_ + kEmptyCellsMax) ForgetEmpty();
  const uint32_t index = TakeSlot(cells_, free_cells_);
  Cell& cell = cells_[index];
  cell.free = free;
  cell.shelf = ShelfOf(free);
  ++shelves_[cell.shelf].cells;
  cell_of_[free] = index;
  return recent = index;
}

uint32_t FreeCapacity::ShelfOf(const Resources& free) {
  Pool& pool = pools_[free.gpus];
  const auto known = pool.shelves.find(free.vcpu_milli);
  uint32_t& recent = pool.recent_shelves[RecentOf(free.vcpu_milli)];
  if (known != pool.shelves.end()) return recent = known->second;
  const uint32_t index = TakeSlot(shelves_, free_shelves_);
  shelves_[index].vcpu_milli = free.vcpu_milli;
  shelves_[index].gpus = free.gpus;
  pool.shelves[free.vcpu_milli] = index;
  return recent = index;
}

// Cells come back to use soon or, where amounts are odd, never.
void FreeCapacity::ForgetEmpty() {
  recent_cells_ = NoneRecent();
  for (auto& [gpus, pool] : pools_) pool.recent_shelves = NoneRecent();
  for (uint32_t i = 0; i < cells_.size(); ++i) {
    Cell& cell = cells_[i];
    if (cell.size > 0 || cell.shelf == kNone) continue;
    Shelf& shelf = shelves_[cell.shelf];
    if (--shelf.cells == 0) {
      const auto pool = pools_.find(shelf.gpus);
      pool->second.shelves.erase(shelf.vcpu_milli);
      if (pool->second.shelves.empty()) pools_.erase(pool);
      free_shelves_.push_back(cell.shelf);
      shelf = Shelf();
    }
    cell_of_.erase(cell.free);
    free_cells_.push_back(i);
    cell = Cell();
  }
}

void FreeCapacity::Fill(const Cell& cell) {
  ++filled_;
  Shelf& shelf = shelves_[cell.shelf];
  if (shelf.memory.empty()) {
    pools_.find(shelf.gpus)
        ->second.vcpus.Insert(static_cast<uint64_t>(shelf.vcpu_milli));
  }
  shelf.memory.Insert(static_cast<uint64_t>(cell.free.memory_mib));
}

void FreeCapacity::Empty(const Cell& cell) {
  --filled_;
  Shelf& shelf = shelves_[cell.shelf];
  shelf.memory.Erase(static_cast<uint64_t>(cell.free.memory_mib));
  if (shelf.memory.empty()) {
    pools_.find(shelf.gpus)
        ->second.vcpus.Erase(static_cast<uint64_t>(shelf.vcpu_milli));
  }
}

void FreeCapacity::AppendLargest(std::vector<Resources>* rooms) const {
  for (const auto& [gpus, pool] : pools_) {
    int64_t most_memory_mib = -1;
    for (uint64_t vcpu = pool.vcpus.Last(); vcpu != SequenceBitmap::kNone;
         vcpu = vcpu == 0 ? SequenceBitmap::kNone
                          : pool.vcpus.LastAtMost(vcpu - 1)) {
      const Shelf& shelf = KnownShelf(pool, vcpu);
      const int64_t memory_mib = static_cast<int64_t>(shelf.memory.Last());
      if (memory_mib <= most_memory_mib) continue;
      most_memory_mib = memory_mib;
      rooms->push_back({shelf.vcpu_milli, memory_mib, gpus});
    }
  }
}

std::vector<FreeCapacity::Group> FreeCapacity::Groups() const {
  std::vector<Group> groups;
  groups.reserve(filled_);
  for (const auto& [gpus, pool] : pools_) {
    for (uint64_t vcpu = pool.vcpus.First(); vcpu != SequenceBitmap::kNone;
         vcpu = pool.vcpus.FirstAtLeast(vcpu + 1)) {
      const Shelf& shelf = KnownShelf(pool, vcpu);
      for (uint64_t memory = shelf.memory.First();
           memory != SequenceBitmap::kNone;
           memory = shelf.memory.FirstAtLeast(memory + 1)) {
        const Cell& cell = cells_[KnownCell(
            {shelf.vcpu_milli, static_cast<int64_t>(memory), gpus})];
        groups.push_back({cell.free, cell.size, cell.first});
      }
    }
  }
  return groups;
}

}  // namespace embatch
