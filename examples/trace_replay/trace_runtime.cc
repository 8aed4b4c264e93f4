// SPDX-License-Identifier: Apache-2.0
#include "trace_runtime.h"

#include <algorithm>

namespace trace_replay {
namespace {

constexpr int kStopped = 143;  // 128 + SIGTERM

}  // namespace

void TraceRuntime::SetRunTime(embatch::JobId job, absl::Duration run_time) {
  if (job.slot >= run_times_.size()) run_times_.resize(job.slot + 1);
  run_times_[job.slot] = run_time;
}

void TraceRuntime::Start(const embatch::ContainerSpec& spec) noexcept {
  starting_.push_back(spec.container);
}

void TraceRuntime::Stop(embatch::ContainerId container,
                        absl::Duration /*grace*/) noexcept {
  const auto found = running_.find(container.attempt.job);
  if (found == running_.end() || found->second.end <= now_) return;
  found->second.end = now_;
  found->second.exit_code = kStopped;
  ends_.push({now_, ordered_++, container.attempt.job});
  ++stopped_;
  DropStaleEnds();
}

void TraceRuntime::Poll(absl::Time now, int max,
                        std::vector<embatch::ContainerReport>& out) noexcept {
  now_ = now;
  const size_t room = static_cast<size_t>(max);
  const size_t starts = std::min(starting_.size(), room);
  for (size_t i = 0; i < starts; ++i) {
    const embatch::ContainerId& container = starting_[i];
    const embatch::JobId job = container.attempt.job;
    out.push_back(embatch::ContainerReport::Started(now, container));
    const absl::Time end = now + run_times_[job.slot];
    running_[job] = {container, end, 0};
    ends_.push({end, ordered_++, job});
  }
  starting_.erase(starting_.begin(),
                  starting_.begin() + static_cast<ptrdiff_t>(starts));
  if (hold_ends_) return;
  const size_t ends = std::min(room - starts, ends_at_once_);
  for (size_t i = 0; i < ends && !ends_.empty(); ++i) {
    const End end = ends_.top();
    if (end.time > now) break;
    const auto running = running_.find(end.job);
    out.push_back(embatch::ContainerReport::Exited(
        end.time, running->second.container, running->second.exit_code));
    running_.erase(running);
    ends_.pop();
    DropStaleEnds();
  }
}

absl::Time TraceRuntime::NextReportTime() const noexcept {
  if (!starting_.empty()) return now_;
  if (hold_ends_ || ends_.empty()) return absl::InfiniteFuture();
  return ends_.top().time;
}

void TraceRuntime::DropStaleEnds() {
  while (!ends_.empty()) {
    const auto running = running_.find(ends_.top().job);
    if (running != running_.end() && running->second.end == ends_.top().time) {
      return;
    }
    ends_.pop();
  }
}

}  // namespace trace_replay
