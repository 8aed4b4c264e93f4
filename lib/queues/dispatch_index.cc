// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/dispatch_index.h"

#include <algorithm>

namespace embatch {

static_assert(SequenceBitmap::kNone == NeedTree::kNever,
              "who has no job is left out");

uint32_t DispatchIndex::Find(uint32_t number, const Class& of) const {
  const uint32_t index = EntryAt(number);
  if (index != kNone && entries_[index].of.estimate_ns == of.estimate_ns) {
    return index;
  }
  const uint32_t* found = further_.Find({of.requirement, of.estimate_ns});
  return found == nullptr ? kNone : *found;
}

void DispatchIndex::Enter(const LinePlace& place, uint32_t number,
                          const Class& of) {
  const uint64_t key = PriorityOrder::KeyOf(place);
  const uint32_t known = Find(number, of);
  if (known != kNone) {
    Entry& entry = entries_[known];
    entry.order.Insert(key);
    if (entry.order.First() == key) FirstChanged(known);
    return;
  }
  if (free_entries_.empty()) {
    free_entries_.push_back(static_cast<uint32_t>(entries_.size()));
    entries_.AddOne();
  }
  const uint32_t index = free_entries_.back();
  free_entries_.pop_back();
  if (EntryAt(number) != kNone) {
    further_[Key{of.requirement, of.estimate_ns}] = index;
  } else {
    while (entry_of_.size() <= number) {
      entry_of_.AddOne();
      entry_of_[entry_of_.size() - 1] = kNone;
    }
    entry_of_[number] = index;
  }
  Entry& entry = entries_[index];
  entry.of = of;
  entry.number = number;
  entry.order.Insert(key);
  tree_.Insert(index, of.need, key);
  NoteFirst(index, key);
}

void DispatchIndex::Leave(const LinePlace& place, uint32_t number,
                          const Class& of) {
  const uint32_t index = Find(number, of);
  Entry& entry = entries_[index];
  const uint64_t key = PriorityOrder::KeyOf(place);
  const bool was_first = entry.order.First() == key;
  entry.order.Erase(key);
  if (entry.order.empty() && !entry.aside) {
    Forget(index);
  } else if (was_first) {
    FirstChanged(index);
  }
}

void DispatchIndex::FirstChanged(uint32_t index) {
  const Entry& entry = entries_[index];
  const uint64_t first = entry.aside ? NeedTree::kNever : entry.order.First();
  tree_.SetNumber(index, first);
  NoteFirst(index, first);
}

void DispatchIndex::Forget(uint32_t index) {
  tree_.Remove(index);
  NoteFirst(index, NeedTree::kNever);
  const Entry& entry = entries_[index];
  if (entry_of_[entry.number] == index) {
    entry_of_[entry.number] = kNone;
  } else {
    further_.Erase({entry.of.requirement, entry.of.estimate_ns});
  }
  free_entries_.push_back(index);
  // Nothing waits any more: memory goes back.
  if (free_entries_.size() == entries_.size() &&
      entries_.size() > kEntriesKept && aside_.empty()) {
    *this = DispatchIndex();
  }
}

// --- Passes -----------------------------------------------------------------

bool DispatchIndex::Fits(uint32_t index,
                         absl::Span<const Resources> rooms) const {
  const Resources& need = entries_[index].of.need;
  const auto holds = [&need](const Resources& room) {
    return need.FitsIn(room);
  };
  return std::any_of(rooms.begin(), rooms.end(), holds);
}

// What does not fit now will not fit in this pass.
uint32_t DispatchIndex::Next(absl::Span<const Resources> rooms) {
  for (;;) {
    auto next = coming_.begin();
    while (next != coming_.end() && !Fits(next->entry, rooms)) ++next;
    coming_.erase(coming_.begin(), next);
    if (!coming_.empty()) return coming_.front().entry;
    if (known_below_ == NeedTree::kNever) return kNone;
    LookAhead(rooms);
  }
}

void DispatchIndex::Search(absl::Span<const Resources> rooms, size_t most,
                           std::vector<NeedTree::Found>* found) const {
  const auto fits = [this, rooms](uint32_t index) {
    return Fits(index, rooms);
  };
  tree_.First(rooms, fits, most, found);
}

uint32_t DispatchIndex::First(absl::Span<const Resources> rooms) const {
  std::vector<NeedTree::Found> found;
  Search(rooms, 1, &found);
  return found.empty() ? kNone : found.front().entry;
}

void DispatchIndex::LookAhead(absl::Span<const Resources> rooms) {
  Search(rooms, ahead_, &coming_);
  known_below_ =
      coming_.size() < ahead_ ? NeedTree::kNever : coming_.back().number + 1;
  ahead_ = std::min(2 * ahead_, kMostAhead);
  for (const NeedTree::Found& found : coming_) FetchEntry(found.entry);
}

// Keeps what is known to come in order.
void DispatchIndex::NoteFirst(uint32_t index, uint64_t first) {
  if (known_below_ == 0) return;
  const auto is_it = [index](const NeedTree::Found& found) {
    return found.entry == index;
  };
  const auto known = std::find_if(coming_.begin(), coming_.end(), is_it);
  if (known != coming_.end()) coming_.erase(known);
  if (first >= known_below_) return;
  const auto is_behind = [first](const NeedTree::Found& found) {
    return found.number > first;
  };
  coming_.insert(std::find_if(coming_.begin(), coming_.end(), is_behind),
                 {first, index});
}

void DispatchIndex::SetAside(uint32_t entry) {
  entries_[entry].aside = true;
  aside_.push_back(entry);
  FirstChanged(entry);
}

void DispatchIndex::EndPass() {
  coming_.clear();
  known_below_ = 0;
  ahead_ = 1;
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
