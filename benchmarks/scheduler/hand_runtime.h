// SPDX-License-Identifier: Apache-2.0
//
// A HandRuntime ends containers when it is told to, at next to no cost: what is
// measured with it is the scheduler.
#ifndef EMBATCH_BENCHMARKS_SCHEDULER_HAND_RUNTIME_H_
#define EMBATCH_BENCHMARKS_SCHEDULER_HAND_RUNTIME_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "lib/sim/mix.h"

namespace embatch {

class HandRuntime : public ContainerRuntime {
 public:
  size_t running() const { return running_.size(); }

  // The next Poll() reports so many ends, of containers chosen at random: what
  // ends lies anywhere in memory, as it does in practice. At most running().
  void End(size_t containers) {
    while (to_end_ < containers) {
      const size_t place = running_.size() - 1 - to_end_++;
      const uint64_t chance = Mix(++draws_);
      std::swap(running_[place], running_[Below(place + 1, chance)]);
    }
  }

  void Start(const ContainerSpec& spec) noexcept override {
    running_.push_back(spec.container);
  }
  void Stop(ContainerId, absl::Duration) noexcept override {}
  void Poll(absl::Time now, int max,
            std::vector<ContainerReport>& out) noexcept override {
    const int64_t now_ns = absl::ToUnixNanos(now);
    for (; to_end_ > 0 && max > 0; --to_end_, --max) {
      ContainerReport& report = out.emplace_back();
      report.kind = ContainerReport::Kind::kExited;
      report.has_exit_code = true;
      report.time_ns = now_ns;
      report.container = running_.back();
      running_.pop_back();
    }
  }
  absl::Time NextReportTime() const noexcept override {
    return to_end_ > 0 ? absl::InfinitePast() : absl::InfiniteFuture();
  }

 private:
  std::vector<ContainerId> running_;  // the last to_end_ of them are to end
  size_t to_end_ = 0;
  uint64_t draws_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_BENCHMARKS_SCHEDULER_HAND_RUNTIME_H_
