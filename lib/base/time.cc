// SPDX-License-Identifier: Apache-2.0
//
// Conversions between absl's time and nanoseconds.

#include "lib/base/time.h"

namespace embatch {

int64_t DurationToNanos(absl::Duration duration) {
  const int64_t saturated = absl::ToInt64Nanoseconds(duration);
  if (saturated > 0) return saturated;  // the usual case
  if (duration <= absl::Nanoseconds(kNanosInfinitePast)) {
    return kNanosInfinitePast;
  }
  return absl::Nanoseconds(saturated) > duration ? saturated - 1 : saturated;
}

absl::Duration DurationFromNanos(int64_t nanos) {
  if (nanos >= kNanosInfiniteFuture) return absl::InfiniteDuration();
  if (nanos <= kNanosInfinitePast) return -absl::InfiniteDuration();
  return absl::Nanoseconds(nanos);
}

}  // namespace embatch
