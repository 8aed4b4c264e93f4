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

void PriorityOrder::Drop(const Level& level) {
  levels_.erase(levels_.begin() + (&level - levels_.data()));
}

std::optional<LinePlace> PriorityOrder::FirstBehind(
    const LinePlace& place) const {
  for (const Level& level : levels_) {
    if (level.priority > place.priority) continue;
    const uint64_t key = level.priority == place.priority
                             ? level.order.FirstAtLeast(KeyOf(place) + 1)
                             : level.order.First();
    if (key != SequenceBitmap::kNone) return level.PlaceAt(key);
  }
  return std::nullopt;
}

void PriorityOrder::Encode(Encoder& encoder) const {
  for (const Level& level : levels_) {
    if (level.order.empty()) continue;
    encoder.Encode(level.priority);
    encoder.Encode(level.order);
  }
  encoder.Encode(-1);
}

}  // namespace embatch
