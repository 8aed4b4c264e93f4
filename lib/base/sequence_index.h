// SPDX-License-Identifier: Apache-2.0
//
// A SequenceIndex finds the slot of a sequence number: 4 bytes for each number,
// in chunks that are given back when all their numbers are gone. Numbers are
// added in rising order.
#ifndef EMBATCH_BASE_SEQUENCE_INDEX_H_
#define EMBATCH_BASE_SEQUENCE_INDEX_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>

#include "lib/base/check.h"

namespace embatch {

class SequenceIndex {
 public:
  SequenceIndex() = default;
  SequenceIndex(const SequenceIndex& other)
      : base_(other.base_), next_(other.next_) {
    for (const std::unique_ptr<Chunk>& chunk : other.chunks_) {
      chunks_.push_back(chunk == nullptr ? nullptr
                                         : std::make_unique<Chunk>(*chunk));
    }
  }
  SequenceIndex(SequenceIndex&&) noexcept = default;
  SequenceIndex& operator=(const SequenceIndex& other) {
    return *this = SequenceIndex(other);
  }
  SequenceIndex& operator=(SequenceIndex&&) noexcept = default;

  // The next number, which stands for `slot` from now on.
  uint64_t Add(uint32_t slot) {
    const uint64_t sequence = next_++;
    const uint64_t number = sequence / kChunkSize - base_;
    if (number == chunks_.size()) chunks_.push_back(std::make_unique<Chunk>());
    Chunk& chunk = *chunks_[number];
    chunk.slots[sequence % kChunkSize] = slot;
    ++chunk.live;
    return sequence;
  }

  uint32_t operator[](uint64_t sequence) const {
    return chunks_[sequence / kChunkSize - base_]->slots[sequence % kChunkSize];
  }

  void Remove(uint64_t sequence) {
    const uint64_t number = sequence / kChunkSize - base_;
    EMBATCH_DCHECK(number < chunks_.size() && chunks_[number] != nullptr);
    // The last chunk may still get numbers.
    if (--chunks_[number]->live > 0 || number + 1 == chunks_.size()) return;
    chunks_[number] = nullptr;
    while (chunks_.size() > 1 && chunks_.front() == nullptr) {
      chunks_.pop_front();
      ++base_;
    }
  }

  uint64_t next() const { return next_; }

 private:
  static constexpr uint64_t kChunkSize = 1024;
  struct Chunk {
    std::array<uint32_t, kChunkSize> slots;
    uint32_t live = 0;
  };

  std::deque<std::unique_ptr<Chunk>> chunks_;
  uint64_t base_ = 0;  // number of the first chunk
  uint64_t next_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_SEQUENCE_INDEX_H_
