// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/simulator_stream.h"

#include <benchmark/benchmark.h>

#include "embatch/resource_provider.h"
#include "embatch/sim/simulated_provider.h"

namespace embatch {
namespace {

// Asks what the polls [first, last) asked, and the starts between them. The
// provider is asked in each turn as well, and has nothing to say.
void Replay(const SimulatorStream& stream, size_t first, size_t last,
            SimulatedProvider& provider, SimulatedRuntime& runtime) {
  ContainerSpec spec;
  spec.compute_environment = kClusterEnvironment;
  std::vector<InstanceReport> instance_reports;
  std::vector<ContainerReport> reports;
  for (size_t i = first; i < last; ++i) {
    const SimulatorStream::Poll& poll = stream.polls[i];
    instance_reports.clear();
    provider.Poll(poll.now, poll.max, instance_reports);
    benchmark::DoNotOptimize(instance_reports.data());
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
    benchmark::DoNotOptimize(provider.NextReportTime());
    benchmark::DoNotOptimize(runtime.NextReportTime());
  }
}

}  // namespace

Cost CostOfSimulatorAlone(const SimulatorStream& stream, size_t first_poll,
                          const Workload& workload) {
  SimulatedRuntimeOptions options;
  options.script = workload.Fates();
  SimulatedRuntime runtime(options);
  SimulatedProvider provider;
  Replay(stream, 0, first_poll, provider, runtime);
  Cost cost;
  {
    Measured measured(cost);
    Replay(stream, first_poll, stream.polls.size(), provider, runtime);
  }
  return cost;
}

}  // namespace embatch
