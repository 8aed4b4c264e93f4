// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/priority_order.h"

#include <utility>

namespace embatch {

PriorityOrder::Level& PriorityOrder::LevelBehind(int priority) {
  size_t i = 0;
  while (i < levels_.size() && levels_[i].priority > priority) ++i;
  if (i < levels_.size() && levels_[i].priority == priority) return levels_[i];
  Level level;
  level.priority = priority;
  return *levels_.insert(levels_.begin() + static_cast<std::ptrdiff_t>(i),
                         std::move(level));
}

void PriorityOrder::Leave(const LinePlace& place) {
  Level& level = LevelFor(place.priority);
  level.order[place.retry_class].Erase(place.sequence);
  if (levels_.size() > kLevelsKept && level.empty()) {
    levels_.erase(levels_.begin() + (&level - levels_.data()));
  }
}

std::optional<LinePlace> PriorityOrder::FirstBehind(
    const LinePlace& place) const {
  for (const Level& level : levels_) {
    if (level.priority > place.priority) continue;
    const bool same = level.priority == place.priority;
    for (int i = same ? place.retry_class : 0; i < kClasses; ++i) {
      const uint64_t sequence =
          same && i == place.retry_class
              ? level.order[i].FirstAtLeast(place.sequence + 1)
              : level.order[i].First();
      if (sequence != SequenceBitmap::kNone) {
        return LinePlace{i, sequence, level.priority};
      }
    }
  }
  return std::nullopt;
}

void PriorityOrder::Encode(Encoder& encoder) const {
  for (const Level& level : levels_) {
    if (level.empty()) continue;
    encoder.Encode(level.priority);
    encoder.Encode(level.order);
  }
  encoder.Encode(-1);
}

}  // namespace embatch
