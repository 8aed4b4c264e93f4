// SPDX-License-Identifier: Apache-2.0
//
// A SequenceBitmap is an ordered set of numbers below 2^48: the jobs of a queue
// by submission sequence, the children of an array that have not started.
// Entering, leaving and finding the first cost some nanoseconds wherever the
// key stands, and a dense set takes about a bit and a half a key.
//
// Example:
//   SequenceBitmap waiting;
//   waiting.InsertRange(0, 10000000);
//   uint64_t first = waiting.First();    // 0
//   waiting.Erase(first);
//
// A set of up to six keys is kept in the object itself, which is one cache
// line: there may be a hundred thousand of them. A larger one is a SequenceTrie
// until two keys are left; then its memory goes back to the allocator.

#ifndef EMBATCH_BASE_SEQUENCE_BITMAP_H_
#define EMBATCH_BASE_SEQUENCE_BITMAP_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "lib/base/check.h"
#include "lib/base/encoding.h"
#include "lib/base/sequence_trie.h"

namespace embatch {

class SequenceBitmap {
 public:
  // The answer when there is no such key.
  static constexpr uint64_t kNone = SequenceTrie::kNone;

  // Keys are below this number. Insertions rely on it; all other methods may be
  // asked for any number.
  static constexpr uint64_t kKeyLimit = uint64_t{1} << 48;

  SequenceBitmap() = default;
  SequenceBitmap(const SequenceBitmap& other);
  SequenceBitmap(SequenceBitmap&& other) noexcept { Swap(other); }
  SequenceBitmap& operator=(SequenceBitmap other) noexcept {
    Swap(other);
    return *this;
  }
  ~SequenceBitmap() = default;

  // Insert and Erase return whether the set changed.
  bool Insert(uint64_t key) {
    EMBATCH_DCHECK(key < kKeyLimit);
    if (trie_ == nullptr) return InsertAmongFew(key);
    if (!trie_->Insert(key)) return false;
    ++size_;
    if (key < few_[0]) few_[0] = key;
    return true;
  }
  bool Erase(uint64_t key) {
    if (trie_ == nullptr) return EraseAmongFew(key);
    if (!trie_->Erase(key)) return false;
    --size_;
    if (key == few_[0]) few_[0] = trie_->FirstAtLeast(key);
    if (size_ <= kFewAgain) ForgetTrie();
    return true;
  }

  // InsertRange and EraseRange work on [first, last), 64 keys at a time.
  void InsertRange(uint64_t first, uint64_t last);
  void EraseRange(uint64_t first, uint64_t last);

  void Clear() { *this = SequenceBitmap(); }

  bool Contains(uint64_t key) const;

  // The least and the greatest key, or kNone.
  uint64_t First() const { return few_[0]; }
  uint64_t Last() const { return LastAtMost(kKeyLimit - 1); }

  // The nearest key at or above `key`, at or below it, or kNone.
  uint64_t FirstAtLeast(uint64_t key) const;
  uint64_t LastAtMost(uint64_t key) const;

  // The first number at or above `key` that is not in the set.
  uint64_t FirstAbsentAtLeast(uint64_t key) const;

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  // ForEachRun calls f(first, last) for each longest run [first, last) of
  // consecutive keys, in order. `f` must not change the set.
  template <typename F>
  void ForEachRun(F f) const {
    for (uint64_t first = First(); first != kNone;) {
      const uint64_t last = FirstAbsentAtLeast(first);
      f(first, last);
      first = FirstAtLeast(last);
    }
  }

  // The bytes held from the allocator, the object itself not counted.
  size_t MemoryBytes() const {
    return trie_ == nullptr ? 0 : sizeof(SequenceTrie) + trie_->MemoryBytes();
  }

  // Encode writes the number of keys, then for each run the distance from the
  // end of the one before, and its length.
  void Encode(Encoder& encoder) const;

 private:
  static constexpr size_t kFew = 6;
  // The trie goes when this many keys are left. That is fewer than kFew, so
  // that a set that swings around one size does not build it each time.
  static constexpr size_t kFewAgain = 2;

  bool InsertAmongFew(uint64_t key);
  bool EraseAmongFew(uint64_t key);
  void BuildTrie();
  void ForgetTrie();
  void Swap(SequenceBitmap& other) noexcept;

  // few_[0] is always First(). Without a trie few_ holds all keys in order, and
  // kNone behind them; with one the rest of few_ means nothing.
  uint64_t few_[kFew] = {kNone, kNone, kNone, kNone, kNone, kNone};
  uint64_t size_ = 0;
  std::unique_ptr<SequenceTrie> trie_;
};

static_assert(sizeof(SequenceBitmap) <= 64, "an empty set is one cache line");

}  // namespace embatch

#endif  // EMBATCH_BASE_SEQUENCE_BITMAP_H_
