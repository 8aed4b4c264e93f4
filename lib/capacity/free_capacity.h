// SPDX-License-Identifier: Apache-2.0
//
// FreeCapacity finds the instance of one environment on which a job fits best.
//
// Best is: the one that has the least vCPU left, then the least memory, then
// the one whose free capacity changed last. So idle instances empty out.
// Choice: D26.
//
// Instances with equal free amounts stand in one list, newest change first. The
// lists are found through hierarchical bitmaps, for each number of free GPUs
// over vCPU, and for each vCPU over memory: placing a job and taking it back
// cost the same on ten instances and on ten thousand.
#ifndef EMBATCH_CAPACITY_FREE_CAPACITY_H_
#define EMBATCH_CAPACITY_FREE_CAPACITY_H_

#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "embatch/resources.h"
#include "lib/base/sequence_bitmap.h"

namespace embatch {

class FreeCapacity {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  // An instance's own place in the lists. Kept in its record.
  struct Links {
    uint32_t before = kNone;
    uint32_t behind = kNone;
    uint64_t changed = 0;  // when its free capacity changed: a rising number
  };

  // How many instances have exactly `free` left.
  struct Group {
    Resources free;
    int64_t instances = 0;
    uint32_t newest = kNone;
  };

  // `links(instance)` answers the Links& of an instance.
  template <typename LinksOf>
  void Add(uint32_t instance, const Resources& free, LinksOf links);
  template <typename LinksOf>
  void Remove(uint32_t instance, const Resources& free, LinksOf links);

  // The best instance for a job that needs so much, or kNone.
  template <typename LinksOf>
  uint32_t BestFit(const Resources& need, LinksOf links) const;

  // All groups, by free GPUs, vCPU, memory.
  std::vector<Group> Groups() const;

  uint64_t changes() const { return changes_; }

 private:
  struct List {
    uint32_t first = kNone;
    int64_t size = 0;
  };
  struct Shelf {  // instances with the same free vCPU and GPUs
    SequenceBitmap memory;
    absl::flat_hash_map<int64_t, List> lists;  // by free memory
  };
  struct Pool {  // instances with the same number of free GPUs
    SequenceBitmap vcpus;
    absl::flat_hash_map<int64_t, Shelf> shelves;  // by free vCPU
  };

  // The list with the least vCPU, then the least memory, that holds `need`.
  static const List* FirstThatHolds(const Pool& pool, const Resources& need,
                                    Resources* free);

  std::map<int32_t, Pool> pools_;  // by free GPUs
  uint64_t changes_ = 0;
};

template <typename LinksOf>
void FreeCapacity::Add(uint32_t instance, const Resources& free,
                       LinksOf links) {
  Pool& pool = pools_[free.gpus];
  pool.vcpus.Insert(static_cast<uint64_t>(free.vcpu_milli));
  Shelf& shelf = pool.shelves[free.vcpu_milli];
  shelf.memory.Insert(static_cast<uint64_t>(free.memory_mib));
  List& list = shelf.lists[free.memory_mib];
  Links& own = links(instance);
  own.before = kNone;
  own.behind = list.first;
  own.changed = ++changes_;
  if (list.first != kNone) links(list.first).before = instance;
  list.first = instance;
  ++list.size;
}

template <typename LinksOf>
void FreeCapacity::Remove(uint32_t instance, const Resources& free,
                          LinksOf links) {
  const auto pool = pools_.find(free.gpus);
  const auto shelf = pool->second.shelves.find(free.vcpu_milli);
  const auto list = shelf->second.lists.find(free.memory_mib);
  const Links& own = links(instance);
  if (own.before != kNone) links(own.before).behind = own.behind;
  if (own.behind != kNone) links(own.behind).before = own.before;
  if (list->second.first == instance) list->second.first = own.behind;
  if (--list->second.size > 0) return;
  shelf->second.lists.erase(list);
  shelf->second.memory.Erase(static_cast<uint64_t>(free.memory_mib));
  if (!shelf->second.lists.empty()) return;
  pool->second.shelves.erase(shelf);
  pool->second.vcpus.Erase(static_cast<uint64_t>(free.vcpu_milli));
  if (pool->second.shelves.empty()) pools_.erase(pool);
}

template <typename LinksOf>
uint32_t FreeCapacity::BestFit(const Resources& need, LinksOf links) const {
  uint32_t best = kNone;
  Resources best_free;
  for (auto pool = pools_.lower_bound(need.gpus); pool != pools_.end();
       ++pool) {
    Resources free;
    const List* list = FirstThatHolds(pool->second, need, &free);
    if (list == nullptr) continue;
    const auto left = std::make_pair(free.vcpu_milli, free.memory_mib);
    const auto best_left =
        std::make_pair(best_free.vcpu_milli, best_free.memory_mib);
    if (best == kNone || left < best_left ||
        (left == best_left &&
         links(list->first).changed > links(best).changed)) {
      best = list->first;
      best_free = free;
    }
  }
  return best;
}

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_FREE_CAPACITY_H_
