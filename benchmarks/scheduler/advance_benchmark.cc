// SPDX-License-Identifier: Apache-2.0
//
// One call of Advance(), with a backlog waiting.
//
// Why: a host program calls it from its own loop, for every end of a container.
// It must cost what happened, not what waits: a call that walked the queue
// would be invisible in a small test and would take seconds with a million
// jobs.
//
// Compared with: itself. A row's figures must be equal for every backlog, but
// for what the cache makes of them.
//
// Counters: the mean, the median, the 99th percentile and the longest call, of
// the calls alone, by a CallTimer. All calls are made in three equal runs, and
// of each the shortest counts: what the machine takes for itself, an interrupt
// or a cache that another program emptied, meets another call each time.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"
#include "benchmarks/scheduler/hand_runtime.h"

namespace embatch {
namespace {

constexpr int64_t kInstances = 1000;
constexpr size_t kCalls = 20000;

struct FullCluster {
  FullCluster(ClusterOptions options, int64_t backlog)
      : cluster(With(options, &runtime)) {
    const int64_t jobs = options.instances * kJobsPerInstance + backlog;
    for (int64_t i = 0; i < jobs; ++i) cluster.SubmitNext();
    cluster.Settle();
  }

  static ClusterOptions With(ClusterOptions options, HandRuntime* runtime) {
    options.runtime = runtime;
    return options;
  }

  HandRuntime runtime;
  Cluster cluster;
};

void Report(benchmark::State& state, Samples& samples) {
  state.counters["mean_ns"] = samples.Mean();
  state.counters["median_ns"] = samples.Percentile(0.5);
  state.counters["p99_ns"] = samples.Percentile(0.99);
  state.counters["longest_ns"] = samples.Percentile(1);
}

// `calls` of Advance() in which `ends` containers are reported; then as many
// jobs are submitted, which is not measured.
void AdvanceWithEnds(benchmark::State& state, const ClusterOptions& options,
                     size_t calls, size_t ends) {
  constexpr int kRuns = 3;
  const int64_t backlog = state.range(0);
  std::vector<int64_t> shortest(calls, std::numeric_limits<int64_t>::max());
  for (auto _ : state) {
    for (int run = 0; run < kRuns; ++run) {
      FullCluster full(options, backlog);
      Cluster& cluster = full.cluster;
      for (int64_t& nanos : shortest) {
        full.runtime.End(ends);
        const CallTimer timer;
        const int64_t ended = cluster.StepAfter(absl::Milliseconds(1));
        nanos = std::min(nanos, timer.Nanos());
        for (int64_t i = 0; i < ended; ++i) cluster.SubmitNext();
        cluster.Settle();
      }
    }
  }
  Samples samples(static_cast<int64_t>(calls));
  for (const int64_t nanos : shortest) samples.Add(nanos);
  state.SetIterationTime(samples.Mean() * static_cast<double>(calls) * 1e-9);
  state.SetItemsProcessed(static_cast<int64_t>(calls * ends));
  Report(state, samples);
}

// One job ends, and the room that it leaves is filled.
void BM_AdvanceOneReport(benchmark::State& state) {
  ClusterOptions options;
  options.instances = kInstances;
  AdvanceWithEnds(state, options, kCalls, 1);
}
BENCHMARK(BM_AdvanceOneReport)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Arg(100000)
    ->Arg(1000000)
    ->Arg(10000000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// A hundred at once: what a call costs by itself is spread over them.
void BM_AdvanceHundredReports(benchmark::State& state) {
  ClusterOptions options;
  options.instances = kInstances;
  AdvanceWithEnds(state, options, kCalls / 100, 100);
}
BENCHMARK(BM_AdvanceHundredReports)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Arg(100000)
    ->Arg(1000000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// The environment is below its maxvCpus, jobs wait, and the provider has no
// more instances: the state of a cluster in a Spot shortage. Every call asks
// whether to scale out.
void BM_AdvanceOneReportBelowMaxVcpus(benchmark::State& state) {
  ClusterOptions options;
  options.instances = kInstances;
  options.instances_refused = 1;
  AdvanceWithEnds(state, options, kCalls / 10, 1);
}
BENCHMARK(BM_AdvanceOneReportBelowMaxVcpus)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Nothing happened, nothing is due.
void BM_AdvanceAtRest(benchmark::State& state) {
  ClusterOptions options;
  options.instances = kInstances;
  FullCluster full(options, state.range(0));
  Cluster& cluster = full.cluster;
  for (auto _ : state) {
    const Step step =
        cluster.scheduler().Advance(cluster.now() + absl::Milliseconds(1));
    benchmark::DoNotOptimize(step.next);
  }
}
BENCHMARK(BM_AdvanceAtRest)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(kCalls);

}  // namespace
}  // namespace embatch
