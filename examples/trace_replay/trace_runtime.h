// SPDX-License-Identifier: Apache-2.0
//
// A TraceRuntime is a ContainerRuntime on virtual time in which every container
// starts at once and runs for as long as the trace says.
//
// embatch::SimulatedRuntime could do most of this. This one can also tell of
// one end at a time, and hold the ends of a moment back until its arrivals are
// done, which published figures depend on; and it shows how small a plug-in can
// be.
#ifndef TRACE_REPLAY_TRACE_RUNTIME_H_
#define TRACE_REPLAY_TRACE_RUNTIME_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/ids.h"

namespace trace_replay {

class TraceRuntime : public embatch::ContainerRuntime {
 public:
  // Tells of at most so many ends in one Poll().
  explicit TraceRuntime(size_t ends_at_once) : ends_at_once_(ends_at_once) {}

  // To be called for every job that is submitted. Nodes of a multi-node job run
  // as long as the job.
  void SetRunTime(embatch::JobId job, absl::Duration run_time);

  // While ends are held, Poll() tells of starts alone.
  void HoldEnds(bool hold) { hold_ends_ = hold; }

  void Start(const embatch::ContainerSpec& spec) noexcept override;

  // The job asked for less time than it takes: it ends now.
  void Stop(embatch::ContainerId container,
            absl::Duration grace) noexcept override;
  void Poll(absl::Time now, int max,
            std::vector<embatch::ContainerReport>& out) noexcept override;
  absl::Time NextReportTime() const noexcept override;

  int64_t stopped() const { return stopped_; }  // containers that were stopped

 private:
  struct Running {
    embatch::ContainerId container;
    absl::Time end;
    int exit_code = 0;
  };
  struct End {
    absl::Time time;
    uint64_t order = 0;  // of equal times the first started ends first
    embatch::JobId job;
    friend bool operator>(const End& a, const End& b) {
      return std::pair(a.time, a.order) > std::pair(b.time, b.order);
    }
  };

  // A job's end moves when it is stopped; what was expected is then stale.
  void DropStaleEnds();

  size_t ends_at_once_;
  bool hold_ends_ = false;
  absl::Time now_ = absl::UnixEpoch();
  uint64_t ordered_ = 0;
  int64_t stopped_ = 0;
  std::vector<absl::Duration> run_times_;  // by the slot of the job's id
  absl::flat_hash_map<embatch::JobId, Running> running_;
  std::vector<embatch::ContainerId> starting_;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
};

}  // namespace trace_replay

#endif  // TRACE_REPLAY_TRACE_RUNTIME_H_
