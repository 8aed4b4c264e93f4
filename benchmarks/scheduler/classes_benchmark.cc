// SPDX-License-Identifier: Apache-2.0
//
// Jobs of very many requirement classes.
//
// Why: where every submission says how much memory it needs, no two waiting
// jobs need the same. Whatever looks at classes rather than at jobs must not
// come to cost what the jobs would.
//
// Compared with: BM_Singles, whose jobs are of eight classes.
//
// Counters, for one job: cpu_ns and allocations, the simulator's included.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"

namespace embatch {
namespace {

// Of each of the four numbers of vCPUs so many amounts of memory.
constexpr int64_t kAmounts = 25000;

// The classes take turns, so that all of them wait for most of the time. With
// `grows` the environment is below its maxvCpus, and gets no more instances.
void BM_ManyClasses(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  ClusterOptions options;
  options.instances = static_cast<int>(state.range(1));
  options.instances_refused = state.range(3) != 0 ? 1 : 0;
  if (state.range(2) != 0) options.dispatch_order = DispatchOrder::kFirstFit;
  Cost cost;
  for (auto _ : state) {
    Cluster cluster(options);
    cost = Cost();
    {
      Measured measured(cost);
      for (int64_t i = 0; i < jobs; ++i) {
        cluster.request().container_overrides.memory_mib = 1024 + i % kAmounts;
        cluster.SubmitNext();
      }
      cluster.RunUntilEnded(jobs);
    }
    state.SetIterationTime(cost.cpu_ns * 1e-9);
    benchmark::DoNotOptimize(cluster.digest());
  }
  state.SetItemsProcessed(jobs);
  state.counters["cpu_ns"] = cost.cpu_ns / static_cast<double>(jobs);
  state.counters["allocations"] = cost.allocations / static_cast<double>(jobs);
}
BENCHMARK(BM_ManyClasses)
    ->ArgNames({"jobs", "instances", "first_fit", "grows"})
    ->ArgsProduct({{1000}, {10}, {0, 1}, {0, 1}})
    ->ArgsProduct({{400000}, {1000}, {0, 1}, {0, 1}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
