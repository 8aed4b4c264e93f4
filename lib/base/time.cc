// SPDX-License-Identifier: Apache-2.0
//
// Conversions between absl's time and nanoseconds.

#include "lib/base/time.h"

namespace embatch {

int64_t DurationToNanos(absl::Duration duration) {
  if (duration >= absl::Nanoseconds(kNanosInfiniteFuture)) {
    return kNanosInfiniteFuture;
  }
  if (duration <= absl::Nanoseconds(kNanosInfinitePast)) {
    return kNanosInfinitePast;
  }
  const int64_t toward_zero = absl::ToInt64Nanoseconds(duration);
  return absl::Nanoseconds(toward_zero) > duration ? toward_zero - 1
                                                   : toward_zero;
}

absl::Duration DurationFromNanos(int64_t nanos) {
  if (nanos >= kNanosInfiniteFuture) return absl::InfiniteDuration();
  if (nanos <= kNanosInfinitePast) return -absl::InfiniteDuration();
  return absl::Nanoseconds(nanos);
}

}  // namespace embatch
