// SPDX-License-Identifier: Apache-2.0
//
// Places in a line, and the order in which they are served: by priority, the
// highest first, then retried jobs before those that never started, then by
// submission.
//
// Entering, leaving and finding the first cost the same wherever an entry
// stands. Most lines know one priority only; each further one costs a small
// record while something waits with it.
// Source: guide "Job scheduling", "Automated job retries", "Fair-share
// scheduling"; §13.4, §14.3. Choice: D17.
#ifndef EMBATCH_QUEUES_PRIORITY_ORDER_H_
#define EMBATCH_QUEUES_PRIORITY_ORDER_H_

#include <cstdint>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "lib/base/check.h"
#include "lib/base/encoding.h"
#include "lib/base/fetch.h"
#include "lib/base/sequence_bitmap.h"
#include "lib/model/limits.h"

namespace embatch {

// Where an entry stands: by priority (0 where it means nothing), then by class
// (0: retried, 1: never started), then by sequence of submission.
struct LinePlace {
  int retry_class = 0;
  uint64_t sequence = 0;
  int priority = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.retry_class, self.sequence, self.priority);
  }
};

// The order of places without their priorities: retried jobs before those that
// never started, then by submission (§13.4).
inline uint64_t FifoKey(const LinePlace& place) {
  return static_cast<uint64_t>(place.retry_class) << 63 | place.sequence;
}

// Whether `a` is served before `b`, both of one line.
inline bool IsBefore(const LinePlace& a, const LinePlace& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  if (a.retry_class != b.retry_class) return a.retry_class < b.retry_class;
  return a.sequence < b.sequence;
}

// A number for a place, such that the one that is served first has the lesser
// number; and back.
inline uint64_t NumberOf(const LinePlace& place) {
  return static_cast<uint64_t>(kSchedulingPriorityMax - place.priority) << 49 |
         static_cast<uint64_t>(place.retry_class) << 48 | place.sequence;
}
inline LinePlace PlaceAt(uint64_t number) {
  return {static_cast<int>(number >> 48 & 1),
          number & (SequenceBitmap::kKeyLimit - 1),
          kSchedulingPriorityMax - static_cast<int>(number >> 49)};
}

class PriorityOrder {
 public:
  // A key of a SequenceBitmap for a place among those of its priority; and
  // back.
  static uint64_t KeyOf(const LinePlace& place) {
    EMBATCH_DCHECK(place.sequence < kNeverStarted);
    return place.sequence + (place.retry_class == 0 ? 0 : kNeverStarted);
  }
  static LinePlace PlaceAt(uint64_t key, int priority) {
    return {key < kNeverStarted ? 0 : 1, key & (kNeverStarted - 1), priority};
  }

  void Enter(const LinePlace& place) {
    LevelFor(place.priority).order.Insert(KeyOf(place));
  }
  void Leave(const LinePlace& place) {
    Level& level = LevelFor(place.priority);
    level.order.Erase(KeyOf(place));
    if (levels_.size() > kLevelsKept && level.order.empty()) Drop(level);
  }

  std::optional<LinePlace> First() const {
    for (const Level& level : levels_) {
      if (!level.order.empty()) return level.PlaceAt(level.order.First());
    }
    return std::nullopt;
  }
  // The first place behind this one, which need not be in the line.
  std::optional<LinePlace> FirstBehind(const LinePlace& place) const;

  bool empty() const { return !First().has_value(); }

  // Has in the caches soon: what entering and leaving touch at once, and what
  // the first one's leaving will touch behind that, or a last one's entering.
  void Fetch() const {
    FetchLine(this);
    FetchLine(this + 1);
  }
  void FetchFirst() const {
    if (!levels_.empty()) levels_[0].order.FetchFirst();
  }
  void FetchLast() const {
    if (!levels_.empty()) levels_[0].order.FetchLast();
  }

  void Encode(Encoder& encoder) const;

 private:
  // A retried job has its sequence as its key, one that never started has this
  // beside it, so one set keeps both in order.
  static constexpr uint64_t kNeverStarted = SequenceBitmap::kKeyLimit / 2;

  // So many levels stay when they are empty, so that a line that swings between
  // some priorities does not ask the allocator each time.
  static constexpr size_t kLevelsKept = 4;

  struct Level {
    int priority = 0;
    SequenceBitmap order;

    LinePlace PlaceAt(uint64_t key) const {
      return PriorityOrder::PlaceAt(key, priority);
    }
  };

  Level& LevelFor(int priority) {
    const bool is_first = !levels_.empty() && levels_[0].priority == priority;
    return is_first ? levels_[0] : LevelBehind(priority);
  }
  Level& LevelBehind(int priority);
  void Drop(const Level& level);

  absl::InlinedVector<Level, 1> levels_;  // the highest priority first
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_PRIORITY_ORDER_H_
