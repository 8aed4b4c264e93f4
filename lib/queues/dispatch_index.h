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
#include <optional>
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

  // Places have no priority. `number` is a small one of the requirement, as
  // long as jobs with it wait.
  void Enter(const LinePlace& place, uint32_t number, const Class& of);
  void Leave(const LinePlace& place, uint32_t number, const Class& of);

  // Has in the caches soon what the leaving of such jobs will touch.
  void Fetch(uint32_t number) const {
    const uint32_t index = EntryAt(number);
    if (index != kNone) FetchEntry(index);
  }

  // A pass goes through the jobs that fit into some rooms, which only get less
  // until EndPass(). The entry whose first job stands before all others that
  // fit into one of `rooms` and are not set aside; kNone if there is none.
  uint32_t Next(absl::Span<const Resources> rooms);
  // Where the job stands that a later Next() will probably find; 0 is the next
  // one. Nothing if it is not known yet.
  std::optional<LinePlace> Coming(size_t i) const {
    if (i >= coming_.size()) return std::nullopt;
    return PriorityOrder::PlaceAt(coming_[i].number, 0);
  }
  LinePlace PlaceOf(uint32_t entry) const {
    return PriorityOrder::PlaceAt(entries_[entry].order.First(), 0);
  }
  const Class& ClassOf(uint32_t entry) const { return entries_[entry].of; }

  // The same beside any pass: the next call may have more rooms.
  uint32_t First(absl::Span<const Resources> rooms) const;

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
    uint32_t number = 0;  // of the requirement
    bool aside = false;
  };
  using Key = std::pair<uint32_t, int64_t>;

  // The entry of a class, or kNone.
  uint32_t Find(uint32_t number, const Class& of) const;
  uint32_t EntryAt(uint32_t number) const {
    return number < entry_of_.size() ? entry_of_[number] : kNone;
  }
  void FetchEntry(uint32_t index) const {
    FetchLine(&entries_[index].order);
    FetchLine(&entries_[index].of);
  }
  void FirstChanged(uint32_t index);
  void Forget(uint32_t index);
  bool Fits(uint32_t index, absl::Span<const Resources> rooms) const;
  void Search(absl::Span<const Resources> rooms, size_t most,
              std::vector<NeedTree::Found>* found) const;
  void LookAhead(absl::Span<const Resources> rooms);
  void NoteFirst(uint32_t index, uint64_t first);

  // An entry of each requirement, by its number. Further ones, which differ in
  // their estimates, are found by their keys.
  ChunkedVector<uint32_t, 1024> entry_of_;
  PartedMap<Key, uint32_t> further_;
  ChunkedVector<Entry, 16> entries_;
  std::vector<uint32_t> free_entries_;
  NeedTree tree_;

  // Of a pass. A search finds the more at once the more there were before it.
  static constexpr size_t kMostAhead = 8;
  std::vector<uint32_t> aside_;
  // What Next() will find if it fits still, in order: of all entries that may
  // fit those with numbers below `known_below_`.
  std::vector<NeedTree::Found> coming_;
  uint64_t known_below_ = 0;
  size_t ahead_ = 1;  // how many the next search looks for
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_DISPATCH_INDEX_H_
