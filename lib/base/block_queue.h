// SPDX-License-Identifier: Apache-2.0
//
// A BlockQueue gives out first what came first. It may hold ten million values
// for a moment: its blocks go back to the system (block_memory.h).
//
// Example:
//   BlockQueue<uint32_t> arrivals;
//   arrivals.push_back(7);
//   arrivals.front();        // 7
//   arrivals.pop_front();
#ifndef EMBATCH_BASE_BLOCK_QUEUE_H_
#define EMBATCH_BASE_BLOCK_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "lib/base/block_memory.h"
#include "lib/base/check.h"
#include "lib/base/encoding.h"

namespace embatch {

template <typename T>
class BlockQueue {
 public:
  BlockQueue() = default;
  BlockQueue(const BlockQueue& other)
      : blocks_(other.blocks_), begin_(other.begin_), size_(other.size_) {
    if (!blocks_.empty()) blocks_.back().reserve(kBlockSize);
  }
  BlockQueue(BlockQueue&&) noexcept = default;
  BlockQueue& operator=(const BlockQueue& other) {
    return *this = BlockQueue(other);
  }
  BlockQueue& operator=(BlockQueue&&) noexcept = default;
  ~BlockQueue() = default;

  void push_back(const T& value) { emplace_back() = value; }

  // Adds a T{}, to be filled in.
  T& emplace_back() {
    if (blocks_.empty() || blocks_.back().size() >= kBlockSize) {
      blocks_.push_back(spare_.Take(kBlockSize));
    }
    ++size_;
    return blocks_.back().emplace_back();
  }

  // The oldest value, which stays in its place until it is popped. There must
  // be one.
  T& front() {
    EMBATCH_DCHECK(!empty());
    return blocks_.front()[begin_];
  }
  void pop_front() {
    EMBATCH_DCHECK(!empty());
    --size_;
    if (++begin_ < blocks_.front().size()) return;
    begin_ = 0;
    spare_.Give(std::move(blocks_.front()));
    blocks_.pop_front();
  }

  // The value with `index` older ones before it.
  const T& operator[](size_t index) const {
    EMBATCH_DCHECK(index < size_);
    index += begin_;
    return blocks_[index / kBlockSize][index % kBlockSize];
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  // The bytes held from the allocator.
  size_t MemoryBytes() const {
    size_t bytes = spare_.MemoryBytes();
    for (const Block& block : blocks_) bytes += block.capacity() * sizeof(T);
    return bytes;
  }

  // Encode writes what a vector of the values would.
  void Encode(Encoder& encoder) const {
    encoder.Encode(uint64_t{size_});
    for (size_t i = 0; i < size_; ++i) encoder.Encode((*this)[i]);
  }

 private:
  using Block = BlockVector<T>;

  // A power of two; 64 KiB or a little more.
  static constexpr size_t BlockSize() {
    size_t size = 1;
    while (size * sizeof(T) < (size_t{64} << 10)) size *= 2;
    return size;
  }
  static constexpr size_t kBlockSize = BlockSize();

  // None is empty, and all but the last are full. Those before `begin_` in the
  // first are gone.
  std::deque<Block> blocks_;
  size_t begin_ = 0;
  size_t size_ = 0;
  SpareBlock<T> spare_;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_BLOCK_QUEUE_H_
