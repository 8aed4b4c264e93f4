// SPDX-License-Identifier: Apache-2.0
//
// The memory of tables that grow with the number of jobs. A block of 64 KiB or
// more is mapped from the system by itself and goes back to it when it is
// freed. A heap keeps what lies below its newest piece: ten million forgotten
// jobs would stay with the process for one name that came late.
//
// Example:
//   SpareBlock<uint32_t> spare;
//   BlockVector<uint32_t> slots = spare.Take(16384);   // no page touched yet
//   slots.push_back(7);                                // one page
//   spare.Give(std::move(slots));
#ifndef EMBATCH_BASE_BLOCK_MEMORY_H_
#define EMBATCH_BASE_BLOCK_MEMORY_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace embatch {

// A block of memory of any content. `alignment` is at most that of a page.
// Throws std::bad_alloc, as operator new does.
void* NewBlock(size_t bytes, size_t alignment);

// Frees a block; nullptr is none. The size must be that it was made with.
void DeleteBlock(void* block, size_t bytes, size_t alignment) noexcept;

// The same as an allocator of the standard library.
template <typename T>
class BlockAllocator {
 public:
  using value_type = T;

  BlockAllocator() = default;
  template <typename U>
  // NOLINTNEXTLINE(google-explicit-constructor): allocators convert.
  BlockAllocator(const BlockAllocator<U>&) {}

  T* allocate(size_t count) {
    return static_cast<T*>(NewBlock(count * sizeof(T), alignof(T)));
  }
  void deallocate(T* block, size_t count) noexcept {
    DeleteBlock(block, count * sizeof(T), alignof(T));
  }

  template <typename U>
  friend bool operator==(const BlockAllocator&, const BlockAllocator<U>&) {
    return true;
  }
  template <typename U>
  friend bool operator!=(const BlockAllocator&, const BlockAllocator<U>&) {
    return false;
  }
};

template <typename T>
using BlockVector = std::vector<T, BlockAllocator<T>>;

// One emptied block, kept for the next: a table that begins one as often as it
// ends one does not ask the system each time. A copy has none.
template <typename T>
class SpareBlock {
 public:
  // An empty vector with room for `capacity`, which is always the same.
  BlockVector<T> Take(size_t capacity) {
    BlockVector<T> block = std::exchange(spare_, BlockVector<T>());
    block.reserve(capacity);
    return block;
  }
  void Give(BlockVector<T>&& block) {
    block.clear();
    spare_ = std::move(block);
  }

  size_t MemoryBytes() const { return spare_.capacity() * sizeof(T); }

 private:
  BlockVector<T> spare_;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_BLOCK_MEMORY_H_
