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

#include <array>
#include <cstdint>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "lib/base/encoding.h"
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
  void Enter(const LinePlace& place) {
    LevelFor(place.priority).order[place.retry_class].Insert(place.sequence);
  }
  void Leave(const LinePlace& place);

  std::optional<LinePlace> First() const {
    for (const Level& level : levels_) {
      for (int i = 0; i < kClasses; ++i) {
        if (!level.order[i].empty()) {
          return LinePlace{i, level.order[i].First(), level.priority};
        }
      }
    }
    return std::nullopt;
  }
  // The first place behind this one, which need not be in the line.
  std::optional<LinePlace> FirstBehind(const LinePlace& place) const;

  bool empty() const { return !First().has_value(); }

  void Encode(Encoder& encoder) const;

 private:
  static constexpr int kClasses = 2;
  // So many levels stay when they are empty, so that a line that swings between
  // some priorities does not ask the allocator each time.
  static constexpr size_t kLevelsKept = 4;

  struct Level {
    int priority = 0;
    std::array<SequenceBitmap, kClasses> order;

    bool empty() const { return order[0].empty() && order[1].empty(); }
  };

  Level& LevelFor(int priority) {
    const bool is_first = !levels_.empty() && levels_[0].priority == priority;
    return is_first ? levels_[0] : LevelBehind(priority);
  }
  Level& LevelBehind(int priority);

  absl::InlinedVector<Level, 1> levels_;  // the highest priority first
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_PRIORITY_ORDER_H_
