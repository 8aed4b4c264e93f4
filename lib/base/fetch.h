// SPDX-License-Identifier: Apache-2.0
//
// Asking for memory before it is needed. A million jobs do not fit into the
// caches; who knows what comes next can have it there in time.
#ifndef EMBATCH_BASE_FETCH_H_
#define EMBATCH_BASE_FETCH_H_

#include <cstddef>

namespace embatch {

// A line of the cache, as far as layouts rely on it.
inline constexpr size_t kLineBytes = 64;

// Asks the processor to fetch the line at `address`, which may be any: nothing
// is read. A compiler that can't ask does nothing.
inline void FetchLine(const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address);
  // Without this GCC sees a function that does nothing but fetch as one without
  // effects, and leaves out calls of it.
  __asm__ volatile("" : : "r"(address));
#else
  (void)address;
#endif
}

}  // namespace embatch

#endif  // EMBATCH_BASE_FETCH_H_
