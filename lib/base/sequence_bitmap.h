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
// line: there may be a hundred thousand of them. A larger one is a
// SequenceTrie, or a SequenceRun as long as its keys stand far apart, until two
// keys are left; then its memory goes back to the allocator.

#ifndef EMBATCH_BASE_SEQUENCE_BITMAP_H_
#define EMBATCH_BASE_SEQUENCE_BITMAP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>

#include "lib/base/check.h"
#include "lib/base/encoding.h"
#include "lib/base/sequence_run.h"
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
    // Sets that are empty between one key and the next are frequent.
    if (size_ == 0) {
      first_ = key;
      size_ = 1;
      return true;
    }
    SequenceTrie* const trie = Trie();
    if (trie == nullptr) return InsertWithoutTrie(key);
    if (!trie->Insert(key)) return false;
    ++size_;
    if (key < first_) first_ = key;
    return true;
  }
  bool Erase(uint64_t key) {
    if (size_ == 1) {
      if (key != first_) return false;
      first_ = kNone;
      size_ = 0;
      return true;
    }
    SequenceTrie* const trie = Trie();
    if (trie == nullptr) return EraseWithoutTrie(key);
    if (!trie->Erase(key)) return false;
    --size_;
    if (key == first_) first_ = trie->FirstAtLeast(key);
    if (size_ <= kFewAgain) BecomeFew();
    return true;
  }

  // InsertRange and EraseRange work on [first, last), 64 keys at a time.
  void InsertRange(uint64_t first, uint64_t last);
  void EraseRange(uint64_t first, uint64_t last);

  void Clear() { *this = SequenceBitmap(); }

  bool Contains(uint64_t key) const;

  // The least and the greatest key, or kNone.
  uint64_t First() const { return first_; }
  uint64_t Last() const { return LastAtMost(kKeyLimit - 1); }

  // Has what the erasure of the first key will touch in the caches soon, or the
  // insertion of one behind the last.
  void FetchFirst() const {
    const auto* const run = std::get_if<SequenceRun>(&rest_);
    if (run != nullptr) run->FetchFirst();
  }
  void FetchLast() const {
    const auto* const run = std::get_if<SequenceRun>(&rest_);
    if (run != nullptr) run->FetchLast();
  }

  // The nearest key at or above `key`, at or below it, or kNone.
  uint64_t FirstAtLeast(uint64_t key) const {
    return key <= first_ ? first_ : FirstBehindFirst(key);
  }
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
  size_t MemoryBytes() const;

  // Encode writes the number of keys, then for each run the distance from the
  // end of the one before, and its length.
  void Encode(Encoder& encoder) const;

 private:
  // The keys behind the first one, in order, and kNone behind them. A set of
  // one key or none always has this form.
  using Few = std::array<uint64_t, 5>;
  using TriePointer = std::unique_ptr<SequenceTrie>;

  // A set becomes small again when this many keys are left. That is fewer than
  // may be kept in the object, so that a set that swings around one size does
  // not ask the allocator each time.
  static constexpr size_t kFewAgain = 2;
  // Where keys are farther apart than this, a line of a trie would hold less
  // than a line of a run.
  static constexpr uint64_t kFarApart = 64;
  // Of a run, whose keys come at the end and go at the front.
  static constexpr size_t kRunMax = 16384;
  // Of a run in whose middle keys come or go, half of which move each time.
  static constexpr size_t kMovedMax = 256;

  SequenceTrie* Trie() {
    TriePointer* const trie = std::get_if<TriePointer>(&rest_);
    return trie == nullptr ? nullptr : trie->get();
  }
  const SequenceTrie* Trie() const {
    return const_cast<SequenceBitmap*>(this)->Trie();
  }

  uint64_t FirstBehindFirst(uint64_t key) const;
  bool InsertWithoutTrie(uint64_t key);
  bool EraseWithoutTrie(uint64_t key);
  bool InsertAmongFew(Few& few, uint64_t key);
  bool EraseAmongFew(Few& few, uint64_t key);
  void BecomeFew();
  void BecomeRun();
  void BecomeTrie();
  bool IsFarApart() const;
  void Swap(SequenceBitmap& other) noexcept;

  // Calls f(key) in order.
  template <typename F>
  void ForEachKey(F f) const;

  uint64_t first_ = kNone;
  uint64_t size_ = 0;
  std::variant<Few, SequenceRun, TriePointer> rest_ =
      Few{kNone, kNone, kNone, kNone, kNone};
};

static_assert(sizeof(SequenceBitmap) <= 64, "an empty set is one cache line");

}  // namespace embatch

#endif  // EMBATCH_BASE_SEQUENCE_BITMAP_H_
