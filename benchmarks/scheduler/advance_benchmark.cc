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
// the calls alone, by a CallTimer. On a shared machine the longest is often the
// machine's own all the same: an interrupt, or a cache that another program
// emptied. Of several runs the shortest longest call is the library's.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"
#include "benchmarks/scheduler/hand_runtime.h"

namespace embatch {
namespace {

constexpr int64_t kInstances = 1000;
constexpr int64_t kCalls = 20000;

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

// One Advance() in which `ends` containers are reported; then as many jobs are
// submitted, which is not measured.
void AdvanceWithEnds(benchmark::State& state, const ClusterOptions& options,
                     int64_t backlog, size_t ends) {
  FullCluster full(options, backlog);
  Cluster& cluster = full.cluster;
  Samples samples(static_cast<int64_t>(state.max_iterations));
  for (auto _ : state) {
    full.runtime.End(ends);
    const CallTimer timer;
    const int64_t ended = cluster.StepAfter(absl::Milliseconds(1));
    const int64_t nanos = timer.Nanos();
    state.SetIterationTime(static_cast<double>(nanos) * 1e-9);
    samples.Add(nanos);
    for (int64_t i = 0; i < ended; ++i) cluster.SubmitNext();
    cluster.Settle();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(ends));
  Report(state, samples);
}

// One job ends, and the room that it leaves is filled.
void BM_AdvanceOneReport(benchmark::State& state) {
  ClusterOptions options;
  options.instances = kInstances;
  AdvanceWithEnds(state, options, state.range(0), 1);
}
BENCHMARK(BM_AdvanceOneReport)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Arg(100000)
    ->Arg(1000000)
    ->Arg(10000000)
    ->Iterations(kCalls)
    ->UseManualTime();

// A hundred at once: what a call costs by itself is spread over them.
void BM_AdvanceHundredReports(benchmark::State& state) {
  ClusterOptions options;
  options.instances = kInstances;
  AdvanceWithEnds(state, options, state.range(0), 100);
}
BENCHMARK(BM_AdvanceHundredReports)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Arg(100000)
    ->Arg(1000000)
    ->Iterations(kCalls / 100)
    ->UseManualTime();

// The environment is below its maxvCpus, jobs wait, and the provider has no
// more instances: the state of a cluster in a Spot shortage. Every call asks
// whether to scale out.
void BM_AdvanceOneReportBelowMaxVcpus(benchmark::State& state) {
  ClusterOptions options;
  options.instances = kInstances;
  options.instances_refused = 1;
  AdvanceWithEnds(state, options, state.range(0), 1);
}
BENCHMARK(BM_AdvanceOneReportBelowMaxVcpus)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(kCalls / 10)
    ->UseManualTime();

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
