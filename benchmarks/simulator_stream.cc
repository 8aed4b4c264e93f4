// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/simulator_stream.h"

#include <benchmark/benchmark.h>

namespace embatch {
namespace {

// Asks what the polls [first, last) asked, and the starts between them.
void Replay(const SimulatorStream& stream, size_t first, size_t last,
            SimulatedRuntime& runtime) {
  ContainerSpec spec;
  spec.compute_environment = kClusterEnvironment;
  std::vector<ContainerReport> reports;
  for (size_t i = first; i < last; ++i) {
    const SimulatorStream::Poll& poll = stream.polls[i];
    reports.clear();
    runtime.Poll(poll.now, poll.max, reports);
    benchmark::DoNotOptimize(reports.data());
    const size_t end = i + 1 < stream.polls.size() ? stream.polls[i + 1].starts
                                                   : stream.starts.size();
    for (size_t start = poll.starts; start < end; ++start) {
      spec.container = stream.starts[start].container;
      spec.instance = stream.starts[start].instance;
      runtime.Start(spec);
    }
    benchmark::DoNotOptimize(runtime.NextReportTime());
  }
}

}  // namespace

Cost CostOfSimulatorAlone(const SimulatorStream& stream, size_t first_poll,
                          const Workload& workload) {
  SimulatedRuntimeOptions options;
  options.script = workload.Fates();
  SimulatedRuntime runtime(options);
  Replay(stream, 0, first_poll, runtime);
  Cost cost;
  {
    Measured measured(cost);
    Replay(stream, first_poll, stream.polls.size(), runtime);
  }
  return cost;
}

}  // namespace embatch
