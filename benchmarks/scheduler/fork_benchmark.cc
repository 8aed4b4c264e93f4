// SPDX-License-Identifier: Apache-2.0
//
// Fork(), and the state as bytes, with jobs waiting.
//
// Why: a fork answers "what if" while the original goes on: when will my job
// start, what would another instance do. That is of use only if it takes less
// than a pause that a user notices.
//
// Compared with: the memory that a copy must move at the least, bytes_per_job.
//
// Counters: CPU time of the fork for one job (ns_per_job), its memory for one
// job (bytes_per_job), and the time to destroy it (destroy_ns_per_job).
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"

namespace embatch {
namespace {

void SubmitMany(Cluster& cluster, int64_t jobs) {
  for (int64_t i = 0; i < jobs; ++i) cluster.SubmitNext();
  cluster.Settle();
}

void BM_Fork(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  Cluster cluster((ClusterOptions()));
  SubmitMany(cluster, jobs);
  Cost fork;
  Cost destroy;
  double bytes = 0;
  for (auto _ : state) {
    const int64_t before = ResidentBytes();
    const double before_ns = fork.cpu_ns;
    std::unique_ptr<Scheduler> copy;
    {
      Measured measured(fork);
      copy = cluster.scheduler().Fork();
    }
    bytes += static_cast<double>(ResidentBytes() - before);
    state.SetIterationTime((fork.cpu_ns - before_ns) * 1e-9);
    Measured measured(destroy);
    copy.reset();
  }
  const double all = static_cast<double>(state.iterations() * jobs);
  state.SetItemsProcessed(state.iterations() * jobs);
  state.counters["ns_per_job"] = fork.cpu_ns / all;
  state.counters["bytes_per_job"] = bytes / all;
  state.counters["destroy_ns_per_job"] = destroy.cpu_ns / all;
}
BENCHMARK(BM_Fork)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(100000)
    ->Arg(1000000)
    ->Iterations(3)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

void BM_EncodeState(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  Cluster cluster((ClusterOptions()));
  SubmitMany(cluster, jobs);
  size_t bytes = 0;
  for (auto _ : state) {
    const std::string encoded = cluster.scheduler().EncodeState();
    bytes = encoded.size();
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(state.iterations() * jobs);
  state.counters["bytes_per_job"] =
      static_cast<double>(bytes) / static_cast<double>(jobs);
}
BENCHMARK(BM_EncodeState)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
