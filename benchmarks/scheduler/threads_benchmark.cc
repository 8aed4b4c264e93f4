// SPDX-License-Identifier: Apache-2.0
//
// Two schedulers in two threads.
//
// Why: a host program with several accounts, or one that asks "what if" while
// it goes on, has several schedulers. They share nothing, so two cores must do
// twice as much as one.
//
// Compared with: one thread alone, in the same run, by the CPU time that a job
// takes: on a busy machine the time by the wall clock says nothing.
//
// Counters: alone_ns and together_ns, CPU time of a job; scaling, twice the one
// by the other: 2 is all that two cores have.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <thread>

#include "benchmarks/measure.h"
#include "benchmarks/scheduler/lives.h"

namespace embatch {
namespace {

void LiveAndMeasure(int64_t jobs, Cost* cost) {
  Cluster cluster(OptionsFor(100, Clock::kTicks));
  Measured measured(*cost);
  SubmitSingles(jobs)(cluster);
  cluster.RunUntilEnded(jobs);
  benchmark::DoNotOptimize(cluster.digest());
}

void BM_TwoThreads(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  for (auto _ : state) {
    Cost alone;
    LiveAndMeasure(jobs, &alone);
    Cost first;
    Cost second;
    std::thread thread([&first, jobs] { LiveAndMeasure(jobs, &first); });
    LiveAndMeasure(jobs, &second);
    thread.join();
    const double together = std::max(first.cpu_ns, second.cpu_ns);
    state.SetIterationTime(together * 1e-9);
    const double all = static_cast<double>(jobs);
    state.counters["alone_ns"] = alone.cpu_ns / all;
    state.counters["together_ns"] = together / all;
    state.counters["scaling"] = 2 * alone.cpu_ns / together;
  }
  state.SetItemsProcessed(2 * jobs);
}
BENCHMARK(BM_TwoThreads)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
