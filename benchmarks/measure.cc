// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/measure.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <new>

#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <unistd.h>
#endif

// A sanitizer brings an operator new of its own, which finds errors: that one
// stays, and nothing is counted.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EMBATCH_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EMBATCH_COUNTS_ALLOCATIONS 0
#endif
#endif
#if !defined(EMBATCH_COUNTS_ALLOCATIONS)
#define EMBATCH_COUNTS_ALLOCATIONS 1
#endif

namespace {

// Of this thread alone: nothing is shared, so counting costs next to nothing.
thread_local int64_t allocation_count = 0;

}  // namespace

#if EMBATCH_COUNTS_ALLOCATIONS

namespace {

void* Counted(void* memory) {
  ++allocation_count;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// The standard library's other forms of new call one of these two.
void* operator new(std::size_t size) {
  return Counted(std::malloc(size == 0 ? 1 : size));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#if !defined(_MSC_VER)
void* operator new(std::size_t size, std::align_val_t alignment) {
  const std::size_t unit = static_cast<std::size_t>(alignment);
  const std::size_t rounded = (size + unit - 1) / unit * unit;
  return Counted(std::aligned_alloc(unit, rounded == 0 ? unit : rounded));
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
#endif  // !defined(_MSC_VER)

#endif  // EMBATCH_COUNTS_ALLOCATIONS

namespace embatch {

int64_t ThreadCpuNanos() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
#else
  return int64_t{std::clock()} * (1000000000 / CLOCKS_PER_SEC);
#endif
}

int64_t WallNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t AllocationCount() { return allocation_count; }

int64_t ResidentBytes(FreedMemory freed) {
#if defined(__GLIBC__)
  if (freed == FreedMemory::kGiveBack) malloc_trim(0);
#else
  (void)freed;
#endif
  int64_t all_pages = 0;
  int64_t resident_pages = 0;
#if defined(__linux__)
  std::ifstream("/proc/self/statm") >> all_pages >> resident_pages;
  return resident_pages * sysconf(_SC_PAGESIZE);
#else
  return all_pages + resident_pages;
#endif
}

Samples::Samples(int64_t expected) {
  nanos_.reserve(static_cast<size_t>(expected));
}

double Samples::Percentile(double share) {
  if (nanos_.empty()) return 0;
  const double last = static_cast<double>(nanos_.size() - 1);
  const auto place =
      nanos_.begin() + static_cast<std::ptrdiff_t>(std::ceil(share * last));
  std::nth_element(nanos_.begin(), place, nanos_.end());
  return static_cast<double>(*place);
}

double Samples::Mean() const {
  if (nanos_.empty()) return 0;
  double sum = 0;
  for (int64_t nanos : nanos_) sum += static_cast<double>(nanos);
  return sum / static_cast<double>(nanos_.size());
}

}  // namespace embatch
