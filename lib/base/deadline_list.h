// SPDX-License-Identifier: Apache-2.0
//
// A DeadlineList holds deadlines that nobody takes back, in order: the part of
// a DeadlineQueue (deadline_queue.h) for those that every job leaves behind.
// They take 24 bytes each, where one that can be removed takes 64.
//
// They arrive nearly in order. One that does not is put in its place, which
// moves up to a chunk of others; a chunk that grows to twice its size is
// divided.
//
// Example:
//   DeadlineList list;
//   list.Add({time_ns, kind_and_sequence, slot, generation});
//   if (list.NextTime() <= now_ns) list.PopFirst();

#ifndef EMBATCH_BASE_DEADLINE_LIST_H_
#define EMBATCH_BASE_DEADLINE_LIST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <utility>

#include "lib/base/block_memory.h"

namespace embatch {

class DeadlineList {
 public:
  struct Entry {
    int64_t time_ns = 0;
    // The kind in the highest byte, the sequence of insertion below.
    uint64_t kind_and_sequence = 0;
    uint32_t a = 0;
    uint32_t b = 0;

    friend bool operator<(const Entry& x, const Entry& y) {
      return x.time_ns != y.time_ns ? x.time_ns < y.time_ns
                                    : x.kind_and_sequence < y.kind_and_sequence;
    }
  };

  void Add(const Entry& entry) {
    if (!empty() && entry < chunks_.back().back()) {
      Insert(entry);
    } else {
      if (chunks_.empty() || chunks_.back().size() >= kChunk) {
        chunks_.push_back(spare_.Take(kChunk));
      }
      chunks_.back().push_back(entry);
    }
    ++size_;
  }

  // The first entry. There must be one.
  const Entry& First() const { return chunks_.front()[begin_]; }
  void PopFirst() {
    --size_;
    if (++begin_ < chunks_.front().size()) return;
    begin_ = 0;
    spare_.Give(std::move(chunks_.front()));
    chunks_.pop_front();
  }

  // The time of the first entry, or INT64_MAX.
  int64_t NextTime() const {
    return empty() ? std::numeric_limits<int64_t>::max() : First().time_ns;
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  // Calls f(const Entry&) for each, in order.
  template <typename F>
  void ForEach(F f) const {
    size_t i = begin_;
    for (const Chunk& chunk : chunks_) {
      for (; i < chunk.size(); ++i) f(chunk[i]);
      i = 0;
    }
  }

  // The bytes held from the allocator.
  size_t MemoryBytes() const {
    size_t entries = 0;
    for (const Chunk& chunk : chunks_) entries += chunk.capacity();
    return entries * sizeof(Entry) + spare_.MemoryBytes();
  }

 private:
  using Chunk = BlockVector<Entry>;

  static constexpr size_t kChunk = 4096;

  // Puts in an entry that is not the last one.
  void Insert(const Entry& entry) {
    size_t i = chunks_.size() - 1;
    while (i > 0 && entry < chunks_[i].front()) --i;
    Chunk& chunk = chunks_[i];
    const auto begin =
        chunk.begin() + static_cast<std::ptrdiff_t>(i == 0 ? begin_ : 0);
    chunk.insert(std::upper_bound(begin, chunk.end(), entry), entry);
    if (chunk.size() >= 2 * kChunk) Divide(i);
  }

  void Divide(size_t i) {
    if (i == 0) {
      chunks_[0].erase(
          chunks_[0].begin(),
          chunks_[0].begin() + static_cast<std::ptrdiff_t>(begin_));
      begin_ = 0;
      if (chunks_[0].size() <= kChunk) return;
    }
    Chunk upper = spare_.Take(kChunk);
    const auto middle = chunks_[i].begin() + kChunk;
    upper.assign(middle, chunks_[i].end());
    chunks_[i].erase(middle, chunks_[i].end());
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                   std::move(upper));
  }

  // None is empty. Those before `begin_` in the first are gone.
  std::deque<Chunk> chunks_;
  SpareBlock<Entry> spare_;
  size_t begin_ = 0;
  size_t size_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_DEADLINE_LIST_H_
