// SPDX-License-Identifier: Apache-2.0
//
// A DeadlineQueue gives deadlines back in the order of (time, kind, insertion).
//
// Example:
//   DeadlineQueue queue;
//   auto handle = queue.Add(now + timeout, timeout, kTimeout, slot,
//   generation); while (queue.NextTime() <= now) Act(queue.PopFirst());
//
// Most deadlines are "now plus a duration", and the durations are few. Those
// with one kind and one duration (a lane) therefore arrive in order of time and
// stand in a list; a heap holds only the lists. Adding, removing and taking the
// first touch a few neighbours, however many deadlines wait. One that arrives
// out of order in its lane is put in its place by walking back from the end:
// that is correct, and slow for an owner who does so often.

#ifndef EMBATCH_BASE_DEADLINE_QUEUE_H_
#define EMBATCH_BASE_DEADLINE_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "lib/base/deadline_list.h"
#include "lib/base/encoding.h"
#include "lib/base/slot_table.h"

namespace embatch {

// Deadline is one entry; `a` and `b` are the owner's own.
struct Deadline {
  int64_t time_ns = 0;
  uint8_t kind = 0;
  uint64_t a = 0;
  uint64_t b = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.time_ns, self.kind, self.a, self.b);
  }
  friend bool operator==(const Deadline& x, const Deadline& y) {
    return x.time_ns == y.time_ns && x.kind == y.kind && x.a == y.a &&
           x.b == y.b;
  }
};

class DeadlineQueue {
 public:
  // Names an entry until it is removed or taken; then it may name another.
  using Handle = uint32_t;
  static constexpr Handle kNoHandle = std::numeric_limits<Handle>::max();

  DeadlineQueue() = default;
  DeadlineQueue(const DeadlineQueue&) = default;
  DeadlineQueue(DeadlineQueue&& other) noexcept { Swap(other); }
  DeadlineQueue& operator=(DeadlineQueue other) noexcept {
    Swap(other);
    return *this;
  }
  ~DeadlineQueue() = default;

  // Add puts an entry in. `lane_ns` is the duration its time was computed from:
  // it decides nothing about the order, only about speed.
  Handle Add(int64_t time_ns, int64_t lane_ns, uint8_t kind, uint64_t a,
             uint64_t b);

  // AddForGood puts in an entry that is not removed before it is first. It is
  // for the one kind of deadline of which there are very many: of another one
  // that arrives out of order many others would be moved.
  void AddForGood(int64_t time_ns, uint8_t kind, uint32_t a, uint32_t b) {
    kept_.Add({time_ns, KeyOf(kind, next_sequence_++), a, b});
  }

  // Remove takes out an entry that is in the queue.
  void Remove(Handle handle);

  // The first entry, if there is one.
  std::optional<Deadline> Peek() const {
    if (IsKeptFirst()) return DeadlineOf(kept_.First());
    if (heap_.empty()) return std::nullopt;
    return entries_[FirstHandle()].deadline;
  }

  // The entry that a handle in the queue names.
  const Deadline& operator[](Handle handle) const {
    return entries_[handle].deadline;
  }

  // PopFirst takes out the first entry. The queue must not be empty.
  Deadline PopFirst();

  // The time of the first entry, or INT64_MAX.
  int64_t NextTime() const {
    const int64_t kept_ns = kept_.NextTime();
    return heap_.empty() ? kept_ns : std::min(kept_ns, heap_.front().time_ns);
  }

  bool empty() const { return heap_.empty() && kept_.empty(); }
  size_t size() const { return entries_.size() + kept_.size(); }

  // The number of distinct (kind, duration) in the queue, but for what was
  // added for good.
  size_t lane_count() const { return heap_.size(); }

  // The bytes held from the allocator.
  size_t MemoryBytes() const;

  // Encode writes the entries in order.
  void Encode(Encoder& encoder) const;

 private:
  static constexpr uint32_t kNone = kNoHandle;

  // The lists' links are handles.
  struct Entry {
    Deadline deadline;
    uint64_t sequence = 0;  // Of insertion.
    uint32_t lane = 0;
    uint32_t previous = kNone;
    uint32_t next = kNone;
  };

  struct Lane {
    int64_t duration_ns = 0;
    uint32_t first = kNone;
    uint32_t last = kNone;
    uint32_t heap_index = 0;
    uint8_t kind = 0;
  };
  using LaneKey = std::pair<int64_t, uint8_t>;

  // The order of a lane's first entry, copied here so that the heap is ordered
  // without touching entries.
  struct HeapItem {
    int64_t time_ns;
    uint64_t sequence;
    uint32_t lane;
    uint8_t kind;

    bool operator<(const HeapItem& other) const {
      if (time_ns != other.time_ns) return time_ns < other.time_ns;
      if (kind != other.kind) return kind < other.kind;
      return sequence < other.sequence;
    }
  };

  static uint64_t KeyOf(uint8_t kind, uint64_t sequence) {
    return uint64_t{kind} << 56 | sequence;
  }
  static Deadline DeadlineOf(const DeadlineList::Entry& entry) {
    return {entry.time_ns, static_cast<uint8_t>(entry.kind_and_sequence >> 56),
            entry.a, entry.b};
  }
  // Whether the first of all is one that was added for good.
  bool IsKeptFirst() const {
    if (kept_.empty()) return false;
    if (heap_.empty()) return true;
    const HeapItem& first = heap_.front();
    return kept_.First() <
           DeadlineList::Entry{first.time_ns, KeyOf(first.kind, first.sequence),
                               0, 0};
  }
  Handle FirstHandle() const { return lanes_[heap_.front().lane].first; }
  HeapItem ItemOf(uint32_t lane) const;
  uint32_t LaneFor(int64_t duration_ns, uint8_t kind);
  void DropLane(uint32_t lane);
  void Link(Handle handle);
  void Unlink(Handle handle);
  void Swap(DeadlineQueue& other) noexcept;
  void Place(size_t index, const HeapItem& item);
  void SiftUp(size_t index, const HeapItem& item);
  void SiftDown(size_t index, const HeapItem& item);

  SlotTable<Entry, 16384> entries_;
  SlotTable<Lane, 1024> lanes_;
  absl::flat_hash_map<LaneKey, uint32_t> lane_by_key_;
  std::vector<HeapItem> heap_;  // One item for each lane, the least in front.
  DeadlineList kept_;           // What was added for good.
  uint64_t next_sequence_ = 0;
  uint32_t recent_lane_ = kNone;  // The last one that LaneFor() answered.
};

}  // namespace embatch

#endif  // EMBATCH_BASE_DEADLINE_QUEUE_H_
