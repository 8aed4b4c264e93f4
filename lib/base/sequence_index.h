// SPDX-License-Identifier: Apache-2.0
//
// A SequenceIndex finds the slot of a sequence number: 4 bytes for each number,
// in chunks that are given back when all their numbers are gone. Numbers are
// added in rising order.
//
// Example:
//   SequenceIndex slots;
//   uint64_t sequence = slots.Add(slot);
//   slots[sequence];         // slot
//   slots.Remove(sequence);
#ifndef EMBATCH_BASE_SEQUENCE_INDEX_H_
#define EMBATCH_BASE_SEQUENCE_INDEX_H_

#include <cstdint>
#include <deque>
#include <utility>

#include "lib/base/block_memory.h"
#include "lib/base/check.h"

namespace embatch {

class SequenceIndex {
 public:
  // The next number, which stands for `slot` from now on.
  uint64_t Add(uint32_t slot) {
    if (next_ / kChunkSize - base_ == chunks_.size()) {
      chunks_.emplace_back().slots = spare_.Take(kChunkSize);
    }
    chunks_.back().slots.push_back(slot);
    ++chunks_.back().live;
    return next_++;
  }

  uint32_t operator[](uint64_t sequence) const {
    return chunks_[sequence / kChunkSize - base_].slots[sequence % kChunkSize];
  }

  void Remove(uint64_t sequence) {
    const uint64_t number = sequence / kChunkSize - base_;
    EMBATCH_DCHECK(number < chunks_.size() && chunks_[number].live > 0);
    // The last chunk may still get numbers.
    if (--chunks_[number].live > 0 || number + 1 == chunks_.size()) return;
    spare_.Give(std::move(chunks_[number].slots));
    while (chunks_.size() > 1 && chunks_.front().live == 0) {
      chunks_.pop_front();
      ++base_;
    }
  }

  uint64_t next() const { return next_; }

 private:
  static constexpr uint64_t kChunkSize = 16384;
  struct Chunk {
    BlockVector<uint32_t> slots;
    uint32_t live = 0;
  };

  std::deque<Chunk> chunks_;
  SpareBlock<uint32_t> spare_;
  uint64_t base_ = 0;  // number of the first chunk
  uint64_t next_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_SEQUENCE_INDEX_H_
