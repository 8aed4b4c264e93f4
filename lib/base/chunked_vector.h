// SPDX-License-Identifier: Apache-2.0
//
// A ChunkedVector grows at its end and moves no element: a vector that has a
// million large elements copies all of them for the next one.
//
// Example:
//   ChunkedVector<Entry, 16> entries;
//   entries.AddOne();
//   entries[0].order = 7;
#ifndef EMBATCH_BASE_CHUNKED_VECTOR_H_
#define EMBATCH_BASE_CHUNKED_VECTOR_H_

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace embatch {

// T must be default constructible and copyable. Memory is taken for kChunk of
// them at a time, a power of two.
template <typename T, size_t kChunk>
class ChunkedVector {
  static_assert(kChunk > 0 && (kChunk & (kChunk - 1)) == 0,
                "a chunk holds a power of two of elements");

 public:
  ChunkedVector() = default;
  ChunkedVector(const ChunkedVector& other) : size_(other.size_) {
    if (other.first_ != nullptr) {
      first_ = std::make_unique<Chunk>(*other.first_);
    }
    more_.reserve(other.more_.size());
    for (const auto& chunk : other.more_) {
      more_.push_back(std::make_unique<Chunk>(*chunk));
    }
  }
  ChunkedVector(ChunkedVector&&) noexcept = default;
  ChunkedVector& operator=(const ChunkedVector& other) {
    return *this = ChunkedVector(other);
  }
  ChunkedVector& operator=(ChunkedVector&&) noexcept = default;
  ~ChunkedVector() = default;

  // Adds a T{}.
  void AddOne() {
    if (first_ == nullptr) {
      first_ = std::make_unique<Chunk>();
    } else if (size_ == (more_.size() + 1) * kChunk) {
      more_.push_back(std::make_unique<Chunk>());
    }
    ++size_;
  }

  T& operator[](size_t index) {
    Chunk& chunk = index < kChunk ? *first_ : *more_[index / kChunk - 1];
    return chunk[index % kChunk];
  }
  const T& operator[](size_t index) const {
    const Chunk& chunk = index < kChunk ? *first_ : *more_[index / kChunk - 1];
    return chunk[index % kChunk];
  }

  size_t size() const { return size_; }

 private:
  using Chunk = std::array<T, kChunk>;

  size_t size_ = 0;
  // Beside the others, as many vectors have no other: that is a wait for memory
  // less.
  std::unique_ptr<Chunk> first_;
  std::vector<std::unique_ptr<Chunk>> more_;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_CHUNKED_VECTOR_H_
