// SPDX-License-Identifier: Apache-2.0
//
// The small form of a SequenceBitmap, and the change between its forms.

#include "lib/base/sequence_bitmap.h"

#include <algorithm>
#include <utility>

namespace embatch {

SequenceBitmap::SequenceBitmap(const SequenceBitmap& other)
    : first_(other.first_), size_(other.size_) {
  if (const SequenceTrie* const trie = other.Trie()) {
    rest_ = std::make_unique<SequenceTrie>(*trie);
  } else if (const auto* const run = std::get_if<SequenceRun>(&other.rest_)) {
    rest_ = *run;
  } else {
    rest_ = std::get<Few>(other.rest_);
  }
}

void SequenceBitmap::Swap(SequenceBitmap& other) noexcept {
  std::swap(first_, other.first_);
  std::swap(size_, other.size_);
  rest_.swap(other.rest_);
}

// --- Forms -------------------------------------------------------------------

template <typename F>
void SequenceBitmap::ForEachKey(F f) const {
  for (uint64_t key = first_; key != kNone; key = FirstAtLeast(key + 1)) {
    f(key);
  }
}

void SequenceBitmap::BecomeFew() {
  Few few = {kNone, kNone, kNone, kNone, kNone};
  size_t i = 0;
  ForEachKey([&](uint64_t key) {
    if (key != first_) few[i++] = key;
  });
  rest_ = few;
}

void SequenceBitmap::BecomeRun() {
  SequenceRun run;
  ForEachKey([&run](uint64_t key) { run.Insert(key); });
  rest_ = std::move(run);
}

void SequenceBitmap::BecomeTrie() {
  TriePointer trie = std::make_unique<SequenceTrie>();
  ForEachKey([&trie](uint64_t key) { trie->Insert(key); });
  rest_ = std::move(trie);
}

bool SequenceBitmap::IsFarApart() const {
  return Last() - First() >= kFarApart * size_;
}

// --- One key -----------------------------------------------------------------

bool SequenceBitmap::InsertAmongFew(Few& few, uint64_t key) {
  if (key == first_) return false;
  size_t i = 0;
  while (i < few.size() && few[i] < key) ++i;
  if (i < few.size() && few[i] == key) return false;
  if (size_ == few.size() + 1) {
    IsFarApart() ? BecomeRun() : BecomeTrie();
    return Insert(key);
  }
  if (key < first_) std::swap(key, first_);
  for (size_t j = size_; j > i + 1; --j) few[j - 1] = few[j - 2];
  few[i] = key;
  ++size_;
  return true;
}

bool SequenceBitmap::EraseAmongFew(Few& few, uint64_t key) {
  size_t i = 0;
  if (key == first_) {
    first_ = few[0];
  } else {
    while (i < few.size() && few[i] != key) ++i;
    if (i == few.size()) return false;
  }
  --size_;
  for (; i < size_; ++i) few[i] = i + 1 < few.size() ? few[i + 1] : kNone;
  return true;
}

// Whether a run is still the right form is asked when it needs more memory.
bool SequenceBitmap::InsertWithoutTrie(uint64_t key) {
  if (Few* const few = std::get_if<Few>(&rest_)) {
    return InsertAmongFew(*few, key);
  }
  SequenceRun& run = std::get<SequenceRun>(rest_);
  const bool is_long =
      run.is_full() && (run.size() >= kRunMax || !IsFarApart());
  if (is_long || (run.size() > kMovedMax && key < run.Last())) {
    BecomeTrie();
    return Insert(key);
  }
  if (!run.Insert(key)) return false;
  ++size_;
  if (key < first_) first_ = key;
  return true;
}

bool SequenceBitmap::EraseWithoutTrie(uint64_t key) {
  if (key == kNone || empty()) return false;
  if (Few* const few = std::get_if<Few>(&rest_)) {
    return EraseAmongFew(*few, key);
  }
  SequenceRun& run = std::get<SequenceRun>(rest_);
  if (key == first_) {
    run.EraseFirst();
  } else if (run.size() > kMovedMax) {
    BecomeTrie();
    return Erase(key);
  } else if (!run.Erase(key)) {
    return false;
  }
  --size_;
  first_ = run.First();
  if (size_ <= kFewAgain) BecomeFew();
  return true;
}

// --- Ranges ------------------------------------------------------------------

void SequenceBitmap::InsertRange(uint64_t first, uint64_t last) {
  if (first >= last) return;
  EMBATCH_DCHECK(last <= kKeyLimit);
  if (Trie() == nullptr) {
    if (size_ + (last - first) <= Few().size() + 1) {
      for (; first < last; ++first) Insert(first);
      return;
    }
    BecomeTrie();
  }
  size_ += Trie()->InsertRange(first, last);
  first_ = std::min(first_, first);
  if (size_ <= kFewAgain) BecomeFew();
}

void SequenceBitmap::EraseRange(uint64_t first, uint64_t last) {
  if (first >= last || empty()) return;
  if (first <= First() && last > Last()) {
    Clear();
    return;
  }
  if (std::holds_alternative<Few>(rest_)) {
    for (uint64_t key = FirstAtLeast(first); key < last;
         key = FirstAtLeast(first)) {
      Erase(key);
    }
    return;
  }
  if (SequenceRun* const run = std::get_if<SequenceRun>(&rest_)) {
    size_ -= run->EraseRange(first, last);
    first_ = run->First();
  } else {
    size_ -= Trie()->EraseRange(first, last);
    first_ = Trie()->FirstAtLeast(first_);
  }
  if (size_ <= kFewAgain) BecomeFew();
}

// --- Questions ---------------------------------------------------------------

bool SequenceBitmap::Contains(uint64_t key) const {
  if (const SequenceTrie* const trie = Trie()) return trie->Contains(key);
  return key != kNone && FirstAtLeast(key) == key;
}

uint64_t SequenceBitmap::FirstBehindFirst(uint64_t key) const {
  if (const SequenceTrie* const trie = Trie()) return trie->FirstAtLeast(key);
  if (const auto* const run = std::get_if<SequenceRun>(&rest_)) {
    return run->FirstAtLeast(key);
  }
  // kNone ends the keys and is at least any key.
  for (const uint64_t candidate : std::get<Few>(rest_)) {
    if (candidate >= key) return candidate;
  }
  return kNone;
}

uint64_t SequenceBitmap::LastAtMost(uint64_t key) const {
  if (const SequenceTrie* const trie = Trie()) return trie->LastAtMost(key);
  if (const auto* const run = std::get_if<SequenceRun>(&rest_)) {
    return run->LastAtMost(key);
  }
  if (empty() || first_ > key) return kNone;
  uint64_t found = first_;
  for (const uint64_t candidate : std::get<Few>(rest_)) {
    if (candidate > key || candidate == kNone) break;
    found = candidate;
  }
  return found;
}

uint64_t SequenceBitmap::FirstAbsentAtLeast(uint64_t key) const {
  if (const SequenceTrie* const trie = Trie()) {
    return trie->FirstAbsentAtLeast(key);
  }
  while (key != kNone && FirstAtLeast(key) == key) ++key;
  return key;
}

size_t SequenceBitmap::MemoryBytes() const {
  if (const SequenceTrie* const trie = Trie()) {
    return sizeof(SequenceTrie) + trie->MemoryBytes();
  }
  const auto* const run = std::get_if<SequenceRun>(&rest_);
  return run == nullptr ? 0 : run->MemoryBytes();
}

void SequenceBitmap::Encode(Encoder& encoder) const {
  encoder.Encode(uint64_t{size_});
  uint64_t end = 0;
  ForEachRun([&](uint64_t first, uint64_t last) {
    encoder.Encode(uint64_t{first - end});
    encoder.Encode(uint64_t{last - first});
    end = last;
  });
}

}  // namespace embatch
