// SPDX-License-Identifier: Apache-2.0
//
// How much compute a share uses and has used lately: the T of its figure of
// merit T * weightFactor.
//
// Use counts less the older it is, linearly, and no more after the window.
// Source: guide "Fair-share scheduling" (vCPU-seconds of running and recently
// finished jobs, recent use weighs more); §14.2. Choice: D12, integers and
// ticks:
//
//   q      = max(1 s, ceil(W / 600 s) s)     a tick; at multiples since 1970
//   n      = ceil(W / q)                     ticks in the window
//   u[k]   = milli-vCPU * ms used during tick k
//   merit  = sum over finished ticks k of u[k] * (n - age(k))  +  n * R * L
//            age(k) = current tick - k, 1..n-1; R = milli-vCPU in use now
//
// Choice: D13, L = 60 s; without it one share would win every place of a pass.
// Choice: an attempt counts from the event that says STARTING to the event of
// its end, in whole milliseconds: what a caller can recompute from events.
//
// A tick costs the same however long the window is, and so does a hundred of
// them at once: ticks with equal use are one run, so a job that runs for a week
// costs one entry, and the merit comes from two sums over the window, of u[k]
// and of u[k] * k.
#ifndef EMBATCH_QUEUES_USAGE_H_
#define EMBATCH_QUEUES_USAGE_H_

#include <cstdint>
#include <deque>

#include "absl/numeric/int128.h"
#include "absl/time/time.h"
#include "lib/base/encoding.h"
#include "lib/base/fetch.h"

namespace embatch {

// Ticks of a window, as policies give it.
struct UsageWindow {
  int64_t tick_ms = 1000;
  int64_t ticks = 600;

  // Zero stands for the default window.
  static UsageWindow Of(absl::Duration share_decay);

  int64_t TickAt(int64_t ms) const { return ms / tick_ms; }
};

class Usage {
 public:
  // `vcpu_milli` more, or less, are in use from now on. Times never go back.
  void Add(int64_t vcpu_milli, int64_t now_ms, const UsageWindow& window) {
    AdvanceTo(now_ms, window);
    vcpu_milli_ += vcpu_milli;
  }

  // Counts what was used until now. Nothing happens if that has been done.
  void AdvanceTo(int64_t now_ms, const UsageWindow& window) {
    if (now_ms <= now_ms_) return;
    if (now_ms >= (tick_ + 1) * window.tick_ms) {
      EndTick(window.TickAt(now_ms), window);
    }
    current_ += absl::uint128(static_cast<uint64_t>(vcpu_milli_)) *
                static_cast<uint64_t>(now_ms - now_ms_);
    now_ms_ = now_ms;
  }

  // The merit above, as of the latest time given.
  absl::uint128 Merit(const UsageWindow& window) const;
  // What so much more in use adds to it at once.
  static absl::uint128 MeritOfMore(int64_t vcpu_milli,
                                   const UsageWindow& window);

  int64_t vcpu_milli() const { return vcpu_milli_; }  // in use

  // The first tick in which nothing of the past counts any more, if nothing is
  // used from now on.
  int64_t ForgottenIn(const UsageWindow& window) const;

  // The past is forgotten; what is in use stays.
  void StartAfresh(int64_t now_ms, const UsageWindow& window);

  // Has what the end of a tick touches in the caches soon.
  void Fetch() const {
    if (runs_.empty()) return;
    FetchLine(&runs_.front());
    FetchLine(&runs_.back() + 1);
  }

  void Encode(Encoder& encoder) const;

 private:
  struct Run {
    int64_t first;  // ticks [first, last), each of them used so much
    int64_t last;
    absl::uint128 each;
  };

  // The current tick is over, and `tick` has begun.
  void EndTick(int64_t tick, const UsageWindow& window);
  void Append(int64_t first, int64_t last, absl::uint128 each);
  void DropBefore(int64_t tick);
  // Adds the ticks [first, last) to the sums, or takes them out.
  void Count(int64_t first, int64_t last, absl::uint128 each, bool add);

  int64_t vcpu_milli_ = 0;
  int64_t now_ms_ = 0;
  int64_t tick_ = 0;           // that of now_ms_
  absl::uint128 current_ = 0;  // used in the current tick so far
  absl::uint128 sum_ = 0;      // of u[k]
  absl::uint128 moment_ = 0;   // of u[k] * k
  std::deque<Run> runs_;       // finished ticks in which something was used
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_USAGE_H_
