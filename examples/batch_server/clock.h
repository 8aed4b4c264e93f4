// SPDX-License-Identifier: Apache-2.0
//
// A Clock tells the schedulers' time: the system's, a faster one, or one that
// stands still until it is told to go on.
//
// Threads: Now() from any; Set() from one at a time.
#ifndef BATCH_SERVER_CLOCK_H_
#define BATCH_SERVER_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

namespace batch_server {

// Where stepped time begins: 2026-01-01 00:00:00 UTC.
inline constexpr absl::Time kSteppedStart = absl::FromUnixSeconds(1767225600);

class Clock {
 public:
  // Goes `speed` times as fast as the system's, from the system's time on; with
  // 0 it is stepped.
  explicit Clock(double speed);

  bool stepped() const { return speed_ == 0; }
  double speed() const { return speed_; }

  absl::Time Now() const;

  // When the system's clock will stand at the moment at which this one reaches
  // `time`. InfiniteFuture() for a stepped one.
  absl::Time SystemTimeOf(absl::Time time) const;

  // Sets a stepped clock.
  void Set(absl::Time time) { stepped_ns_ = absl::ToUnixNanos(time); }

 private:
  const double speed_;
  const absl::Time start_;
  std::atomic<int64_t> stepped_ns_;
};

}  // namespace batch_server

#endif  // BATCH_SERVER_CLOCK_H_
