// SPDX-License-Identifier: Apache-2.0
//
// The small form of a SequenceBitmap, and the change between its two forms.

#include "lib/base/sequence_bitmap.h"

#include <algorithm>
#include <utility>

namespace embatch {

SequenceBitmap::SequenceBitmap(const SequenceBitmap& other)
    : size_(other.size_) {
  std::copy_n(other.few_, kFew, few_);
  if (other.trie_ != nullptr) {
    trie_ = std::make_unique<SequenceTrie>(*other.trie_);
  }
}

void SequenceBitmap::Swap(SequenceBitmap& other) noexcept {
  std::swap(few_, other.few_);
  std::swap(size_, other.size_);
  std::swap(trie_, other.trie_);
}

bool SequenceBitmap::InsertAmongFew(uint64_t key) {
  size_t i = 0;
  while (i < size_ && few_[i] < key) ++i;
  if (i < size_ && few_[i] == key) return false;
  if (size_ == kFew) {
    BuildTrie();
    return Insert(key);
  }
  for (size_t j = size_; j > i; --j) few_[j] = few_[j - 1];
  few_[i] = key;
  ++size_;
  return true;
}

bool SequenceBitmap::EraseAmongFew(uint64_t key) {
  size_t i = 0;
  while (i < size_ && few_[i] != key) ++i;
  if (i == size_) return false;
  --size_;
  for (; i < size_; ++i) few_[i] = few_[i + 1];
  few_[size_] = kNone;
  return true;
}

void SequenceBitmap::BuildTrie() {
  trie_ = std::make_unique<SequenceTrie>();
  for (size_t i = 0; i < size_; ++i) trie_->Insert(few_[i]);
}

void SequenceBitmap::ForgetTrie() {
  uint64_t key = few_[0];
  for (size_t i = 0; i < kFew; ++i) {
    few_[i] = key;
    if (key != kNone) key = trie_->FirstAtLeast(key + 1);
  }
  trie_.reset();
}

void SequenceBitmap::InsertRange(uint64_t first, uint64_t last) {
  if (first >= last) return;
  EMBATCH_DCHECK(last <= kKeyLimit);
  if (trie_ == nullptr) {
    if (last - first <= kFew - size_) {
      for (; first < last; ++first) InsertAmongFew(first);
      return;
    }
    BuildTrie();
  }
  size_ += trie_->InsertRange(first, last);
  few_[0] = std::min(few_[0], first);
  if (size_ <= kFewAgain) ForgetTrie();
}

void SequenceBitmap::EraseRange(uint64_t first, uint64_t last) {
  if (first >= last || empty()) return;
  if (first <= First() && last > Last()) {
    Clear();
    return;
  }
  if (trie_ == nullptr) {
    for (uint64_t key = FirstAtLeast(first); key < last;
         key = FirstAtLeast(first)) {
      EraseAmongFew(key);
    }
    return;
  }
  size_ -= trie_->EraseRange(first, last);
  few_[0] = trie_->FirstAtLeast(few_[0]);
  if (size_ <= kFewAgain) ForgetTrie();
}

bool SequenceBitmap::Contains(uint64_t key) const {
  if (trie_ != nullptr) return trie_->Contains(key);
  return key != kNone && std::find(few_, few_ + kFew, key) != few_ + kFew;
}

uint64_t SequenceBitmap::FirstAtLeast(uint64_t key) const {
  if (trie_ != nullptr) return trie_->FirstAtLeast(key);
  // kNone ends the keys and is at least any key.
  for (uint64_t candidate : few_) {
    if (candidate >= key) return candidate;
  }
  return kNone;
}

uint64_t SequenceBitmap::LastAtMost(uint64_t key) const {
  if (trie_ != nullptr) return trie_->LastAtMost(key);
  uint64_t found = kNone;
  for (uint64_t candidate : few_) {
    if (candidate > key || candidate == kNone) break;
    found = candidate;
  }
  return found;
}

uint64_t SequenceBitmap::FirstAbsentAtLeast(uint64_t key) const {
  if (trie_ != nullptr) return trie_->FirstAbsentAtLeast(key);
  for (uint64_t candidate : few_) {
    if (candidate == key && key != kNone) ++key;
  }
  return key;
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
