// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/dispatch_index.h"

#include <algorithm>

namespace embatch {

static_assert(SequenceBitmap::kNone == NeedTree::kNever,
              "who has no job is left out");

void DispatchIndex::Enter(const LinePlace& place, const Class& of) {
  const Key key{of.requirement, of.estimate_ns};
  const uint64_t number = PriorityOrder::KeyOf(place);
  if (const uint32_t* known = entry_of_.Find(key)) {
    Entry& entry = entries_[*known];
    entry.order.Insert(number);
    if (entry.order.First() == number) FirstChanged(*known);
    return;
  }
  if (free_entries_.empty()) {
    free_entries_.push_back(static_cast<uint32_t>(entries_.size()));
    entries_.AddOne();
  }
  const uint32_t index = free_entries_.back();
  free_entries_.pop_back();
  entry_of_[key] = index;
  entries_[index].of = of;
  entries_[index].order.Insert(number);
  tree_.Insert(index, of.need, number);
}

void DispatchIndex::Leave(const LinePlace& place, const Class& of) {
  const uint32_t index = *entry_of_.Find({of.requirement, of.estimate_ns});
  Entry& entry = entries_[index];
  const uint64_t number = PriorityOrder::KeyOf(place);
  const bool was_first = entry.order.First() == number;
  entry.order.Erase(number);
  if (entry.order.empty() && !entry.aside) {
    Forget(index);
  } else if (was_first) {
    FirstChanged(index);
  }
}

void DispatchIndex::FirstChanged(uint32_t index) {
  const Entry& entry = entries_[index];
  tree_.SetNumber(index, entry.aside ? NeedTree::kNever : entry.order.First());
}

void DispatchIndex::Forget(uint32_t index) {
  tree_.Remove(index);
  const Class& of = entries_[index].of;
  entry_of_.Erase({of.requirement, of.estimate_ns});
  free_entries_.push_back(index);
  // Nothing waits any more: memory goes back.
  if (free_entries_.size() == entries_.size() &&
      entries_.size() > kEntriesKept && aside_.empty()) {
    *this = DispatchIndex();
  }
}

uint32_t DispatchIndex::First(absl::Span<const Resources> rooms) const {
  return tree_.First(rooms, [this, rooms](uint32_t entry) {
    const Resources& need = entries_[entry].of.need;
    return std::any_of(
        rooms.begin(), rooms.end(),
        [&need](const Resources& room) { return need.FitsIn(room); });
  });
}

void DispatchIndex::SetAside(uint32_t entry) {
  entries_[entry].aside = true;
  aside_.push_back(entry);
  FirstChanged(entry);
}

void DispatchIndex::EndPass() {
  while (!aside_.empty()) {
    const uint32_t index = aside_.back();
    aside_.pop_back();
    entries_[index].aside = false;
    if (entries_[index].order.empty()) {
      Forget(index);
    } else {
      FirstChanged(index);
    }
  }
}

}  // namespace embatch
