// SPDX-License-Identifier: Apache-2.0
//
// SubmitJob() alone, in its varieties.
//
// Why: callers submit in bursts, inside their own request handlers. A burst of
// a hundred thousand must take a fraction of a second, and no single call may
// stall.
//
// Compared with: BM_Submit, the plainest job. A row's figures must not grow
// with the backlog.
//
// Counters, for one call: CPU time (cpu_ns), calls of operator new
// (allocations), and by a CallTimer the median and the longest.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"

namespace embatch {
namespace {

constexpr int64_t kBurst = 10000;

ClusterOptions FewInstances() {
  ClusterOptions options;
  options.instances = 10;
  return options;
}

// Changes what is submitted before each call, or does nothing.
using Prepare = std::function<void(Cluster&, int64_t)>;

// A burst for the CPU time, and another one, call by call, for the percentiles.
void SubmitBursts(benchmark::State& state, int64_t backlog,
                  const Prepare& prepare) {
  Cluster cluster(FewInstances());
  for (int64_t i = 0; i < backlog; ++i) cluster.SubmitNext();
  cluster.Settle();
  Cost cost;
  Samples samples(kBurst);
  for (auto _ : state) {
    const double before_ns = cost.cpu_ns;
    {
      Measured measured(cost);
      for (int64_t i = 0; i < kBurst; ++i) {
        prepare(cluster, i);
        cluster.SubmitNext();
      }
    }
    state.SetIterationTime((cost.cpu_ns - before_ns) * 1e-9);
    cluster.Settle();
    for (int64_t i = 0; i < kBurst; ++i) {
      prepare(cluster, i);
      cluster.PrepareNext();
      const CallTimer timer;
      cluster.SubmitPrepared();
      samples.Add(timer.Nanos());
    }
    cluster.Settle();
  }
  const double calls = static_cast<double>(state.iterations()) * kBurst;
  state.SetItemsProcessed(state.iterations() * kBurst);
  state.counters["cpu_ns"] = cost.cpu_ns / calls;
  state.counters["allocations"] = cost.allocations / calls;
  state.counters["median_ns"] = samples.Percentile(0.5);
  state.counters["longest_ns"] = samples.Percentile(1);
}

void BM_Submit(benchmark::State& state) {
  SubmitBursts(state, state.range(0), [](Cluster&, int64_t) {});
}
BENCHMARK(BM_Submit)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Arg(100000)
    ->Arg(1000000)
    ->Iterations(3)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Overrides that many submissions share: their spec is found, not stored again.
void BM_SubmitWithOverrides(benchmark::State& state) {
  SubmitBursts(state, state.range(0), [](Cluster& cluster, int64_t i) {
    ContainerOverrides& overrides = cluster.request().container_overrides;
    overrides.command = {"render", "--frame", "Ref::frame"};
    overrides.memory_mib = 1024 + i % 4;
    cluster.request().parameters["frame"] = "17";
  });
}
BENCHMARK(BM_SubmitWithOverrides)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// A command of its own for each job: nothing is shared.
void BM_SubmitWithOwnCommand(benchmark::State& state) {
  SubmitBursts(state, state.range(0), [](Cluster& cluster, int64_t i) {
    cluster.request().container_overrides.command = {
        "render", "--frame", std::to_string(1000000000 + i)};
  });
}
BENCHMARK(BM_SubmitWithOwnCommand)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Twenty dependencies, as many as AWS allows, on jobs that wait.
void BM_SubmitWithDependencies(benchmark::State& state) {
  std::vector<JobDependency> depends_on;
  SubmitBursts(state, state.range(0), [&depends_on](Cluster& cluster, int64_t) {
    if (!depends_on.empty()) return;
    for (int i = 0; i < 20; ++i) {
      depends_on.push_back({cluster.SubmitNext()});
    }
    cluster.request().depends_on = depends_on;
  });
}
BENCHMARK(BM_SubmitWithDependencies)
    ->ArgNames({"backlog"})
    ->Arg(1000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// An array is one record, however many children it has.
void BM_SubmitArray(benchmark::State& state) {
  const int32_t children = static_cast<int32_t>(state.range(0));
  Cluster cluster(FewInstances());
  cluster.request().array_size = children;
  Cost submit;
  for (auto _ : state) {
    {
      Measured measured(submit);
      cluster.SubmitNext();
    }
    // Ends before the next one comes, so that memory does not pile up.
    cluster.Settle();
  }
  const double calls = static_cast<double>(state.iterations());
  state.counters["cpu_ns"] = submit.cpu_ns / calls;
  state.counters["allocations"] = submit.allocations / calls;
}
BENCHMARK(BM_SubmitArray)
    ->ArgNames({"children"})
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(10000000)
    ->Iterations(10)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace embatch
