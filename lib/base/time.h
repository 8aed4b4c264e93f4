// SPDX-License-Identifier: Apache-2.0
//
// Instants as int64_t nanoseconds since 1970-01-01T00:00:00Z. Outside the API
// time is absl::Time; inside and in events it is this number.
//
// kNanosInfiniteFuture and kNanosInfinitePast stand for "never" and "always".
// They are symmetric, so that a valid number may be negated.

#ifndef EMBATCH_BASE_TIME_H_
#define EMBATCH_BASE_TIME_H_

#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace embatch {

inline constexpr int64_t kNanosInfiniteFuture =
    std::numeric_limits<int64_t>::max();
inline constexpr int64_t kNanosInfinitePast = -kNanosInfiniteFuture;

// The latest `now` that a scheduler accepts: 2200-01-01T00:00:00Z. What it adds
// to that for a deadline stays far from the end of int64_t (the year 2262).
inline constexpr int64_t kMaxNowNanos = int64_t{7258118400} * 1000000000;

// An earlier `now` than 1740-01-01 or so counts as that: times that far apart
// can still be subtracted.
inline constexpr int64_t kMinNowNanos = -kMaxNowNanos;

// DurationToNanos rounds down to a whole nanosecond. What is too long for an
// int64_t becomes infinite.
int64_t DurationToNanos(absl::Duration duration);

// DurationFromNanos is the inverse; the two infinite values become infinite.
absl::Duration DurationFromNanos(int64_t nanos);

// ToNanos rounds down to a whole nanosecond. What is too late or too early for
// an int64_t becomes kNanosInfiniteFuture or kNanosInfinitePast.
inline int64_t ToNanos(absl::Time time) {
  const int64_t nanos = absl::ToUnixNanos(time);  // rounds down, saturates
  return nanos < kNanosInfinitePast ? kNanosInfinitePast : nanos;
}

// FromNanos is the inverse; the two infinite values become absl's.
inline absl::Time FromNanos(int64_t nanos) {
  if (nanos >= kNanosInfiniteFuture) return absl::InfiniteFuture();
  if (nanos <= kNanosInfinitePast) return absl::InfinitePast();
  return absl::FromUnixNanos(nanos);
}

// SaturatingAdd adds, and stops at the two infinite values. "Never" plus
// anything is "never".
inline int64_t SaturatingAdd(int64_t a, int64_t b) {
  if (a == kNanosInfiniteFuture || b == kNanosInfiniteFuture) {
    return kNanosInfiniteFuture;
  }
  if (b > 0 && a > kNanosInfiniteFuture - b) return kNanosInfiniteFuture;
  if (b < 0 && a < kNanosInfinitePast - b) return kNanosInfinitePast;
  return a + b;
}

}  // namespace embatch

#endif  // EMBATCH_BASE_TIME_H_
