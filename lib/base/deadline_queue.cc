// SPDX-License-Identifier: Apache-2.0
//
// Lanes, and the heap over them.

#include "lib/base/deadline_queue.h"

#include <algorithm>

#include "lib/base/check.h"

namespace embatch {

DeadlineQueue::Handle DeadlineQueue::Add(int64_t time_ns, int64_t lane_ns,
                                         uint8_t kind, uint64_t a, uint64_t b) {
  const uint32_t lane = LaneFor(lane_ns, kind);
  const Handle handle = entries_.Allocate().slot;
  Entry& entry = entries_[handle];
  entry.deadline = Deadline{time_ns, kind, a, b};
  entry.sequence = next_sequence_++;
  entry.lane = lane;
  Link(handle);
  return handle;
}

void DeadlineQueue::Remove(Handle handle) {
  EMBATCH_DCHECK(entries_.IsLive(handle));
  Unlink(handle);
  entries_.Free(handle);
}

Deadline DeadlineQueue::PopFirst() {
  EMBATCH_CHECK(!empty());
  if (IsKeptFirst()) {
    const Deadline first = DeadlineOf(kept_.First());
    kept_.PopFirst();
    return first;
  }
  const Handle handle = FirstHandle();
  const Deadline deadline = entries_[handle].deadline;
  Remove(handle);
  return deadline;
}

void DeadlineQueue::Swap(DeadlineQueue& other) noexcept {
  std::swap(entries_, other.entries_);
  std::swap(lanes_, other.lanes_);
  std::swap(lane_by_key_, other.lane_by_key_);
  std::swap(heap_, other.heap_);
  std::swap(kept_, other.kept_);
  std::swap(next_sequence_, other.next_sequence_);
  std::swap(recent_lane_, other.recent_lane_);
}

size_t DeadlineQueue::MemoryBytes() const {
  return entries_.MemoryBytes() + lanes_.MemoryBytes() + kept_.MemoryBytes() +
         heap_.capacity() * sizeof(HeapItem) +
         lane_by_key_.capacity() * (sizeof(std::pair<LaneKey, uint32_t>) + 1);
}

void DeadlineQueue::Encode(Encoder& encoder) const {
  std::vector<const Entry*> entries;
  entries.reserve(entries_.size());
  entries_.ForEach(
      [&](uint32_t, const Entry& entry) { entries.push_back(&entry); });
  const auto order_of = [](const Entry& entry) {
    return DeadlineList::Entry{entry.deadline.time_ns,
                               KeyOf(entry.deadline.kind, entry.sequence), 0,
                               0};
  };
  std::sort(entries.begin(), entries.end(),
            [&order_of](const Entry* x, const Entry* y) {
              return order_of(*x) < order_of(*y);
            });
  encoder.Encode(uint64_t{size()});
  size_t next = 0;
  kept_.ForEach([&](const DeadlineList::Entry& kept) {
    for (; next < entries.size() && order_of(*entries[next]) < kept; ++next) {
      encoder.Encode(entries[next]->deadline);
    }
    encoder.Encode(DeadlineOf(kept));
  });
  for (; next < entries.size(); ++next) {
    encoder.Encode(entries[next]->deadline);
  }
}

// ---------------------------------------------------------------------------
// Lanes.

DeadlineQueue::HeapItem DeadlineQueue::ItemOf(uint32_t lane) const {
  const Entry& first = entries_[lanes_[lane].first];
  return HeapItem{first.deadline.time_ns, first.sequence, lane,
                  first.deadline.kind};
}

// A new lane has no place in the heap yet: Link() gives it one.
uint32_t DeadlineQueue::LaneFor(int64_t duration_ns, uint8_t kind) {
  if (recent_lane_ != kNone && lanes_[recent_lane_].kind == kind &&
      lanes_[recent_lane_].duration_ns == duration_ns) {
    return recent_lane_;
  }
  auto [place, is_new] =
      lane_by_key_.try_emplace(LaneKey{duration_ns, kind}, kNone);
  if (is_new) {
    place->second = lanes_.Allocate().slot;
    lanes_[place->second].duration_ns = duration_ns;
    lanes_[place->second].kind = kind;
  }
  return recent_lane_ = place->second;
}

void DeadlineQueue::DropLane(uint32_t lane) {
  const size_t index = lanes_[lane].heap_index;
  const HeapItem moved = heap_.back();
  heap_.pop_back();
  if (index < heap_.size()) {
    if (index > 0 && moved < heap_[(index - 1) / 2]) {
      SiftUp(index, moved);
    } else {
      SiftDown(index, moved);
    }
  }
  lane_by_key_.erase(LaneKey{lanes_[lane].duration_ns, lanes_[lane].kind});
  lanes_.Free(lane);
  if (recent_lane_ == lane) recent_lane_ = kNone;
  // A queue that once had very many lanes need not keep room for them.
  if (heap_.empty() && heap_.capacity() > 1024) {
    heap_ = std::vector<HeapItem>();
    lane_by_key_ = absl::flat_hash_map<LaneKey, uint32_t>();
  }
}

void DeadlineQueue::Link(Handle handle) {
  Entry& entry = entries_[handle];
  Lane& lane = lanes_[entry.lane];
  const int64_t time_ns = entry.deadline.time_ns;
  Handle before = lane.last;
  while (before != kNone && entries_[before].deadline.time_ns > time_ns) {
    before = entries_[before].previous;
  }
  const Handle after = before == kNone ? lane.first : entries_[before].next;
  entry.previous = before;
  entry.next = after;
  (before == kNone ? lane.first : entries_[before].next) = handle;
  (after == kNone ? lane.last : entries_[after].previous) = handle;
  if (before != kNone) return;
  // A new first entry: earlier than the old one, or the only one.
  if (after == kNone) {
    heap_.push_back(HeapItem());
    lane.heap_index = static_cast<uint32_t>(heap_.size() - 1);
  }
  SiftUp(lane.heap_index, ItemOf(entry.lane));
}

void DeadlineQueue::Unlink(Handle handle) {
  const Entry& entry = entries_[handle];
  Lane& lane = lanes_[entry.lane];
  (entry.previous == kNone ? lane.first : entries_[entry.previous].next) =
      entry.next;
  (entry.next == kNone ? lane.last : entries_[entry.next].previous) =
      entry.previous;
  if (entry.previous != kNone) return;
  if (entry.next == kNone) {
    DropLane(entry.lane);
  } else {
    SiftDown(lane.heap_index, ItemOf(entry.lane));
  }
}

// ---------------------------------------------------------------------------
// The heap: `item` is to stand at `index` or where the order wants it.

void DeadlineQueue::Place(size_t index, const HeapItem& item) {
  heap_[index] = item;
  lanes_[item.lane].heap_index = static_cast<uint32_t>(index);
}

void DeadlineQueue::SiftUp(size_t index, const HeapItem& item) {
  while (index > 0) {
    const size_t parent = (index - 1) / 2;
    if (!(item < heap_[parent])) break;
    Place(index, heap_[parent]);
    index = parent;
  }
  Place(index, item);
}

void DeadlineQueue::SiftDown(size_t index, const HeapItem& item) {
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
    if (!(heap_[child] < item)) break;
    Place(index, heap_[child]);
    index = child;
  }
  Place(index, item);
}

}  // namespace embatch
