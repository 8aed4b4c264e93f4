// SPDX-License-Identifier: Apache-2.0
//
// A peer: the same shapes of jobs as tasks of Taskflow (taskflow.github.io), a
// graph of functions in the same process. It has no queue, names, capacity,
// retries, commands or events.
//
// Why: what does a scheduler with AWS Batch's semantics cost beside a bare task
// graph? Compare with BM_Singles, BM_Chain and BM_FanOutFanIn.
//
// Built only where a checkout is named: cmake -DEMBATCH_TASKFLOW_DIR=<folder>.
//
// Counters, for one task, made and run: cpu_ns of all threads, and bytes, which
// are resident bytes of the process when all have ended.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <ctime>
#include <taskflow/taskflow.hpp>

#include "benchmarks/measure.h"

namespace embatch {
namespace {

int64_t ProcessCpuNanos() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

// Makes a graph of `tasks` with make(flow) and runs it in one thread.
template <typename F>
void MakeAndRun(benchmark::State& state, int64_t tasks, F make) {
  int64_t cpu_ns = 0;
  int64_t bytes = 0;
  for (auto _ : state) {
    tf::Executor executor(1);
    const int64_t resident = ResidentBytes();
    const int64_t begin = ProcessCpuNanos();
    tf::Taskflow flow;
    make(flow);
    executor.run(flow).wait();
    cpu_ns += ProcessCpuNanos() - begin;
    bytes += ResidentBytes() - resident;
  }
  const double runs = static_cast<double>(tasks * state.iterations());
  state.counters["cpu_ns"] = static_cast<double>(cpu_ns) / runs;
  state.counters["bytes"] = static_cast<double>(bytes) / runs;
  state.SetItemsProcessed(tasks * state.iterations());
}

void BM_TaskflowSingles(benchmark::State& state) {
  const int64_t tasks = state.range(0);
  MakeAndRun(state, tasks, [tasks](tf::Taskflow& flow) {
    for (int64_t i = 0; i < tasks; ++i) flow.emplace([] {});
  });
}
BENCHMARK(BM_TaskflowSingles)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void BM_TaskflowChain(benchmark::State& state) {
  const int64_t tasks = state.range(0);
  MakeAndRun(state, tasks, [tasks](tf::Taskflow& flow) {
    tf::Task last = flow.emplace([] {});
    for (int64_t i = 1; i < tasks; ++i) {
      tf::Task next = flow.emplace([] {});
      last.precede(next);
      last = next;
    }
  });
}
BENCHMARK(BM_TaskflowChain)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// One first task, many in the middle, and one that waits for each of them.
void BM_TaskflowFanOutFanIn(benchmark::State& state) {
  const int64_t tasks = state.range(0);
  MakeAndRun(state, tasks, [tasks](tf::Taskflow& flow) {
    tf::Task first = flow.emplace([] {});
    tf::Task last = flow.emplace([] {});
    for (int64_t i = 2; i < tasks; ++i) {
      tf::Task middle = flow.emplace([] {});
      first.precede(middle);
      middle.precede(last);
    }
  });
}
BENCHMARK(BM_TaskflowFanOutFanIn)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
