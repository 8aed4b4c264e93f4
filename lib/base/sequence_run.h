// SPDX-License-Identifier: Apache-2.0
//
// A SequenceRun is the form of a SequenceBitmap for keys that stand far apart:
// the keys in order, eight bytes each, one behind the other.
//
// Where keys come at the end and go at the front, as jobs of one share of many
// do, eight of them in turn touch one line of the cache. In between, those on
// the shorter side move by one place, so a run must not be too long.

#ifndef EMBATCH_BASE_SEQUENCE_RUN_H_
#define EMBATCH_BASE_SEQUENCE_RUN_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "lib/base/fetch.h"

namespace embatch {

class SequenceRun {
 public:
  static constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();

  // Insert and Erase return whether the key came or went.
  bool Insert(uint64_t key);
  bool Erase(uint64_t key);
  // There is one.
  void EraseFirst() {
    ++begin_;
    ShrinkIfEmpty();
  }

  // EraseRange takes [first, last) and returns how many keys went.
  uint64_t EraseRange(uint64_t first, uint64_t last);

  bool Contains(uint64_t key) const { return FirstAtLeast(key) == key; }

  // The nearest key at or above `key`, at or below it, or kNone. Any number may
  // be asked for.
  uint64_t FirstAtLeast(uint64_t key) const {
    const auto found = Find(key);
    return found == keys_.end() ? kNone : *found;
  }
  uint64_t LastAtMost(uint64_t key) const;

  bool empty() const { return begin_ == keys_.size(); }
  size_t size() const { return keys_.size() - begin_; }
  uint64_t First() const { return empty() ? kNone : keys_[begin_]; }
  uint64_t Last() const { return empty() ? kNone : keys_.back(); }

  // Has the first keys in the caches soon, or where the next one would stand.
  void FetchFirst() const { FetchLine(keys_.data() + begin_ + 1); }
  void FetchLast() const { FetchLine(keys_.data() + keys_.size()); }

  // Whether another key would need more memory.
  bool is_full() const {
    return keys_.size() == keys_.capacity() && 2 * begin_ <= keys_.size();
  }

  size_t MemoryBytes() const { return keys_.capacity() * sizeof(uint64_t); }

 private:
  using Keys = std::vector<uint64_t>;

  // So many keys that are gone do not count.
  static constexpr size_t kGoneMin = 16;

  Keys::const_iterator Begin() const {
    return keys_.begin() + static_cast<std::ptrdiff_t>(begin_);
  }
  Keys::iterator Begin() {
    return keys_.begin() + static_cast<std::ptrdiff_t>(begin_);
  }
  Keys::const_iterator Find(uint64_t key) const {
    return std::lower_bound(Begin(), keys_.end(), key);
  }
  void MakeRoom();
  void MakeRoomInFront();
  // Less than a quarter of the memory is in use.
  void ShrinkIfEmpty() {
    if (4 * size() < keys_.capacity() && keys_.capacity() > 4 * kGoneMin) {
      Shrink();
    }
  }
  void Shrink();

  Keys keys_;
  size_t begin_ = 0;  // those before it are gone
};

}  // namespace embatch

#endif  // EMBATCH_BASE_SEQUENCE_RUN_H_
