// SPDX-License-Identifier: Apache-2.0
//
// What a scheduler asks of a simulated runtime, written down, so that the same
// can be asked again without a scheduler. The difference of the two times is
// the scheduler's own.
#ifndef EMBATCH_BENCHMARKS_SIMULATOR_STREAM_H_
#define EMBATCH_BENCHMARKS_SIMULATOR_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "benchmarks/measure.h"
#include "benchmarks/workload.h"
#include "embatch/container_runtime.h"
#include "embatch/ids.h"
#include "embatch/sim/simulated_runtime.h"

namespace embatch {

struct SimulatorStream {
  struct Poll {
    absl::Time now;
    int max = 0;
    size_t starts = 0;  // before it, since the beginning
  };
  struct Start {
    ContainerId container;
    InstanceId instance;
  };

  std::vector<Poll> polls;
  std::vector<Start> starts;
};

// What the simulator alone, runtime and provider, takes for a stream, from poll
// number `first_poll` on. Each poll is followed by the question for the next
// report, as in a turn.
Cost CostOfSimulatorAlone(const SimulatorStream& stream, size_t first_poll,
                          const Workload& workload);

// Passes everything on, and writes it down.
class StreamRecorder : public ContainerRuntime {
 public:
  StreamRecorder(ContainerRuntime& runtime, SimulatorStream& stream)
      : runtime_(runtime), stream_(stream) {}

  void Start(const ContainerSpec& spec) noexcept override {
    stream_.starts.push_back({spec.container, spec.instance});
    runtime_.Start(spec);
  }
  // No benchmark that records stops a container.
  void Stop(ContainerId container, absl::Duration grace) noexcept override {
    runtime_.Stop(container, grace);
  }
  void Poll(absl::Time now, int max,
            std::vector<ContainerReport>& out) noexcept override {
    stream_.polls.push_back({now, max, stream_.starts.size()});
    runtime_.Poll(now, max, out);
  }
  absl::Time NextReportTime() const noexcept override {
    return runtime_.NextReportTime();
  }

 private:
  ContainerRuntime& runtime_;
  SimulatorStream& stream_;
};

}  // namespace embatch

#endif  // EMBATCH_BENCHMARKS_SIMULATOR_STREAM_H_
