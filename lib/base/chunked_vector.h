// SPDX-License-Identifier: Apache-2.0
//
// A ChunkedVector grows at its end and moves no element: a vector that has a
// million large elements copies all of them for the next one.
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
    chunks_.reserve(other.chunks_.size());
    for (const auto& chunk : other.chunks_) {
      chunks_.push_back(std::make_unique<Chunk>(*chunk));
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
    if (size_ == chunks_.size() * kChunk) {
      chunks_.push_back(std::make_unique<Chunk>());
    }
    ++size_;
  }

  T& operator[](size_t index) {
    return (*chunks_[index / kChunk])[index % kChunk];
  }
  const T& operator[](size_t index) const {
    return (*chunks_[index / kChunk])[index % kChunk];
  }

  size_t size() const { return size_; }

 private:
  using Chunk = std::array<T, kChunk>;

  size_t size_ = 0;
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_CHUNKED_VECTOR_H_
