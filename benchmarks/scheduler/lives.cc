// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/scheduler/lives.h"

#include <cstddef>

#include "benchmarks/simulator_stream.h"

namespace embatch {
namespace {

struct Life {
  Cost submit;
  Cost run;
  double bytes = 0;
  double jobs_per_turn = 0;
  int64_t submitted = 0;
  size_t first_poll = 0;
};

Life Live(const ClusterOptions& options, const Submit& submit, int64_t jobs,
          int64_t backlog) {
  Life life;
  Cluster cluster(options);
  if (backlog > 0) {
    SubmitSingles(backlog)(cluster);
    cluster.Settle();
    if (options.stream != nullptr) {
      life.first_poll = options.stream->polls.size();
    }
  }
  const int64_t submitted_before = cluster.submitted();
  const int64_t before = ResidentBytes();
  {
    Measured measured(life.submit);
    submit(cluster);
  }
  life.submitted = cluster.submitted() - submitted_before;
  const int64_t steps = cluster.steps();
  {
    Measured measured(life.run);
    cluster.RunUntilEnded(jobs);
  }
  life.bytes = static_cast<double>(ResidentBytes() - before);
  life.jobs_per_turn =
      static_cast<double>(jobs) / static_cast<double>(cluster.steps() - steps);
  benchmark::DoNotOptimize(cluster.digest());
  return life;
}

}  // namespace

Submit SubmitSingles(int64_t jobs) {
  return [jobs](Cluster& cluster) {
    for (int64_t i = 0; i < jobs; ++i) cluster.SubmitNext();
  };
}

ClusterOptions OptionsFor(int64_t instances, Clock clock) {
  ClusterOptions options;
  options.instances = static_cast<int>(instances);
  options.workload.clock = clock;
  return options;
}

Cost CostOfRequests(ClusterOptions options, int64_t submissions) {
  options.instances = 1;
  Cluster cluster(options);
  Cost cost;
  {
    Measured measured(cost);
    for (int64_t i = 0; i < submissions; ++i) {
      cluster.PrepareNext();
      benchmark::DoNotOptimize(cluster.request());
    }
  }
  return cost;
}

void ReportLives(benchmark::State& state, double jobs, const Cost& total,
                 const Cost& simulator, const Cost& requests) {
  state.SetIterationTime(total.cpu_ns * 1e-9);
  state.SetItemsProcessed(static_cast<int64_t>(jobs));
  state.counters["total_ns"] = total.cpu_ns / jobs;
  state.counters["simulator_ns"] = simulator.cpu_ns / jobs;
  state.counters["requests_ns"] = requests.cpu_ns / jobs;
  state.counters["scheduler_ns"] =
      (total.cpu_ns - simulator.cpu_ns - requests.cpu_ns) / jobs;
  state.counters["allocations"] =
      (total.allocations - simulator.allocations - requests.allocations) / jobs;
}

void RunLives(benchmark::State& state, ClusterOptions options,
              const Submit& submit, int64_t job_count, int64_t backlog) {
  for (auto _ : state) {
    const Life life = Live(options, submit, job_count, backlog);
    SimulatorStream stream;
    options.stream = &stream;
    const Life recorded = Live(options, submit, job_count, backlog);
    options.stream = nullptr;
    const Cost simulator = CostOfSimulatorAlone(stream, recorded.first_poll,
                                                Workload(options.workload));
    const Cost requests = CostOfRequests(options, life.submitted);
    const double jobs = static_cast<double>(job_count);
    Cost total = life.submit;
    total.cpu_ns += life.run.cpu_ns;
    total.allocations += life.run.allocations;
    ReportLives(state, jobs, total, simulator, requests);
    state.counters["submit_ns"] = (life.submit.cpu_ns - requests.cpu_ns) / jobs;
    state.counters["bytes"] = life.bytes / jobs;
    state.counters["jobs_per_turn"] = life.jobs_per_turn;
  }
}

}  // namespace embatch
