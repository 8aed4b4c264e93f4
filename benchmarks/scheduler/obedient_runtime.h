// SPDX-License-Identifier: Apache-2.0
//
// An ObedientRuntime says at once that a container has started, ends it when it
// is asked to stop or told to end, and costs next to nothing.
#ifndef EMBATCH_BENCHMARKS_SCHEDULER_OBEDIENT_RUNTIME_H_
#define EMBATCH_BENCHMARKS_SCHEDULER_OBEDIENT_RUNTIME_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/time/time.h"
#include "embatch/container_runtime.h"

namespace embatch {

class ObedientRuntime : public ContainerRuntime {
 public:
  // All that were started, in that order, whether they have ended or not.
  const std::vector<ContainerId>& started() const { return started_; }

  // The next Poll() tells of it. The container must run.
  void End(ContainerId container, int exit_code = 0) {
    ContainerReport& report = reports_.emplace_back();
    report.kind = ContainerReport::Kind::kExited;
    report.has_exit_code = true;
    report.exit_code = exit_code;
    report.container = container;
  }

  void Start(const ContainerSpec& spec) noexcept override {
    started_.push_back(spec.container);
    ContainerReport& report = reports_.emplace_back();
    report.kind = ContainerReport::Kind::kStarted;
    report.container = spec.container;
  }
  void Stop(ContainerId container, absl::Duration) noexcept override {
    End(container, 143);
  }
  void Poll(absl::Time now, int max,
            std::vector<ContainerReport>& out) noexcept override {
    for (; !reports_.empty() && max > 0; --max) {
      out.push_back(reports_.front());
      out.back().time_ns = absl::ToUnixNanos(now);
      reports_.pop_front();
    }
  }
  absl::Time NextReportTime() const noexcept override {
    return reports_.empty() ? absl::InfiniteFuture() : absl::InfinitePast();
  }

 private:
  std::vector<ContainerId> started_;
  std::deque<ContainerReport> reports_;
};

}  // namespace embatch

#endif  // EMBATCH_BENCHMARKS_SCHEDULER_OBEDIENT_RUNTIME_H_
