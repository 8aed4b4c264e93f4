// SPDX-License-Identifier: Apache-2.0
//
// Who may start out of turn: the waiting jobs of a queue whose dispatch order
// is not strict, by requirement class and estimated run time.
//
// It finds the first job in line that could fit into some room, without walking
// over those that can't: each class is an entry of a NeedTree, with the place
// of its first job as its number. Entering, leaving and setting aside cost
// O(log entries).
#ifndef EMBATCH_QUEUES_DISPATCH_INDEX_H_
#define EMBATCH_QUEUES_DISPATCH_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "embatch/resources.h"
#include "lib/base/chunked_vector.h"
#include "lib/base/fetch.h"
#include "lib/base/parted_map.h"
#include "lib/base/sequence_bitmap.h"
#include "lib/queues/need_tree.h"
#include "lib/queues/priority_order.h"

namespace embatch {

class DispatchIndex {
 public:
  static constexpr uint32_t kNone = NeedTree::kNone;
  static constexpr int64_t kNoEstimate = std::numeric_limits<int64_t>::max();

  // What waiting jobs may have in common.
  struct Class {
    uint32_t requirement = 0;
    Resources need;
    int64_t estimate_ns = kNoEstimate;
  };

  // Places have no priority.
  void Enter(const LinePlace& place, const Class& of);
  void Leave(const LinePlace& place, const Class& of);

  // The entry whose first job stands before all others that fit into one of
  // `rooms`, or kNone.
  uint32_t First(absl::Span<const Resources> rooms) const;
  LinePlace PlaceOf(uint32_t entry) const {
    return PriorityOrder::PlaceAt(entries_[entry].order.First(), 0);
  }
  const Class& ClassOf(uint32_t entry) const { return entries_[entry].of; }

  // Leaves an entry out until the end of the pass.
  void SetAside(uint32_t entry);
  void EndPass();

 private:
  // Entries of so many classes stay when nothing waits, so that a line that is
  // empty now and then does not ask the allocator each time.
  static constexpr size_t kEntriesKept = 512;

  // The jobs of a class, by PriorityOrder::KeyOf.
  struct alignas(kLineBytes) Entry {
    SequenceBitmap order;
    Class of;
    bool aside = false;
  };
  using Key = std::pair<uint32_t, int64_t>;

  void FirstChanged(uint32_t index);
  void Forget(uint32_t index);

  PartedMap<Key, uint32_t> entry_of_;
  ChunkedVector<Entry, 16> entries_;
  std::vector<uint32_t> free_entries_;
  NeedTree tree_;
  std::vector<uint32_t> aside_;
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_DISPATCH_INDEX_H_
