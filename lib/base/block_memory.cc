// SPDX-License-Identifier: Apache-2.0
//
// Where blocks come from.

#include "lib/base/block_memory.h"

#include <sys/mman.h>

#include <new>

#include "absl/base/config.h"

namespace embatch {
namespace {

bool IsMapped(size_t bytes) {
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  // It sees nothing of a mapping, neither what is written behind its end nor
  // the pointers in it, which keep other memory from being a leak.
  (void)bytes;
  return false;
#else
  // A mapping costs about a microsecond, one for each 16 pages that are
  // touched.
  constexpr size_t kMappedMin = size_t{64} << 10;
  return bytes >= kMappedMin;
#endif
}

}  // namespace

void* NewBlock(size_t bytes, size_t alignment) {
  if (!IsMapped(bytes)) {
    return ::operator new(bytes, std::align_val_t(alignment));
  }
  void* const block = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw std::bad_alloc();
  return block;
}

void DeleteBlock(void* block, size_t bytes, size_t alignment) noexcept {
  if (block == nullptr) return;
  if (!IsMapped(bytes)) {
    ::operator delete(block, std::align_val_t(alignment));
    return;
  }
  // A process may have so many mappings that none can be split in two. Then the
  // pages go back, and only their addresses stay.
  if (::munmap(block, bytes) != 0) ::madvise(block, bytes, MADV_DONTNEED);
}

}  // namespace embatch
