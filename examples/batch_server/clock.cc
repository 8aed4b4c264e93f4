// SPDX-License-Identifier: Apache-2.0
#include "clock.h"

#include "absl/time/clock.h"

namespace batch_server {

Clock::Clock(double speed)
    : speed_(speed),
      start_(absl::Now()),
      stepped_ns_(absl::ToUnixNanos(kSteppedStart)) {}

absl::Time Clock::Now() const {
  if (stepped()) return absl::FromUnixNanos(stepped_ns_);
  if (speed_ == 1) return absl::Now();
  return start_ + (absl::Now() - start_) * speed_;
}

absl::Time Clock::SystemTimeOf(absl::Time time) const {
  if (stepped()) return absl::InfiniteFuture();
  if (speed_ == 1 || time == absl::InfiniteFuture()) return time;
  return start_ + (time - start_) / speed_;
}

}  // namespace batch_server
