// SPDX-License-Identifier: Apache-2.0
//
// Whole lives of jobs: submitted, placed, started, ended, every event read.
//
// Why: this is the work of a host program's every day. How many jobs a second
// one core schedules, and what a waiting job weighs, decide whether a program
// can afford to leave its queue to the library.
//
// Compared with: the simulator alone, asked for the same starts and ends in the
// same run (`simulator_ns`), and making the requests alone (`requests_ns`).
// `scheduler_ns` is the rest: the library's own share, every event read. The
// simulator's figure also tells a slow machine from slow code.
//
// Counters: those of lives.h.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"
#include "benchmarks/scheduler/lives.h"
#include "benchmarks/simulator_stream.h"

namespace embatch {
namespace {

// The workload `standard` itself.
void BM_Singles(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  RunLives(state, OptionsFor(state.range(1), ClockOf(state.range(2))),
           SubmitSingles(jobs), jobs);
}
BENCHMARK(BM_Singles)
    ->ArgNames({"jobs", "instances", "exact"})
    ->Args({1000, 10, 0})
    ->Args({1000, 10, 1})
    ->ArgsProduct({{1000000}, {10, 1000, 10000}, {0, 1}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// The same with more jobs waiting all the while: as many are submitted as end.
// A job must cost what it costs without them.
void BM_SinglesBehind(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  ClusterOptions options = OptionsFor(state.range(2), ClockOf(state.range(3)));
  RunLives(state, options, SubmitSingles(jobs), jobs, state.range(1));
}
BENCHMARK(BM_SinglesBehind)
    ->ArgNames({"jobs", "backlog", "instances", "exact"})
    ->Args({1000, 10000, 10, 0})
    ->Args({1000000, 10000000, 1000, 0})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// The same in a fair-share queue whose jobs take turns among so many shares.
void BM_FairShare(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  ClusterOptions options = OptionsFor(state.range(2), ClockOf(state.range(3)));
  options.shares = static_cast<int>(state.range(1));
  RunLives(state, options, SubmitSingles(jobs), jobs);
}
BENCHMARK(BM_FairShare)
    ->ArgNames({"jobs", "shares", "instances", "exact"})
    ->Args({1000, 50, 10, 0})
    ->ArgsProduct({{1000000}, {500}, {1000}, {0, 1}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// One array. Its children end at random, or all after a minute and therefore in
// order, which touches memory in order.
void BM_Array(benchmark::State& state) {
  const int64_t children = state.range(0);
  ClusterOptions options = OptionsFor(state.range(1), Clock::kTicks);
  options.workload.same_run_time = state.range(2) != 0;
  RunLives(
      state, options,
      [children](Cluster& cluster) {
        cluster.request().array_size = static_cast<int32_t>(children);
        cluster.SubmitNext();
      },
      children);
}
BENCHMARK(BM_Array)
    ->ArgNames({"children", "instances", "in_order"})
    ->Args({1000, 10, 0})
    ->ArgsProduct({{1000000}, {10, 1000, 10000}, {0, 1}})
    ->Args({10000000, 1000, 0})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Two arrays of equal size: child i of the second waits for child i of the
// first.
void BM_NToN(benchmark::State& state) {
  const int64_t children = state.range(0);
  RunLives(
      state, OptionsFor(state.range(1), Clock::kTicks),
      [children](Cluster& cluster) {
        SubmitJobRequest& request = cluster.request();
        request.array_size = static_cast<int32_t>(children);
        const JobId first = cluster.SubmitNext();
        request.depends_on = {{first, DependencyType::kNToN}};
        cluster.SubmitNext();
      },
      2 * children);
}
BENCHMARK(BM_NToN)
    ->ArgNames({"children", "instances"})
    ->Args({1000, 10})
    ->ArgsProduct({{1000000}, {1000, 10000}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// An array whose children run one after the other.
void BM_Sequential(benchmark::State& state) {
  const int64_t children = state.range(0);
  RunLives(
      state, OptionsFor(state.range(1), Clock::kExact),
      [children](Cluster& cluster) {
        SubmitJobRequest& request = cluster.request();
        request.array_size = static_cast<int32_t>(children);
        request.depends_on = {{{}, DependencyType::kSequential}};
        cluster.SubmitNext();
      },
      children);
}
BENCHMARK(BM_Sequential)
    ->ArgNames({"children", "instances"})
    ->Args({1000, 10})
    ->Args({1000000, 10})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Single jobs, each of which waits for the one before.
void BM_Chain(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  RunLives(
      state, OptionsFor(state.range(1), Clock::kExact),
      [jobs](Cluster& cluster) {
        SubmitJobRequest& request = cluster.request();
        for (int64_t i = 0; i < jobs; ++i) {
          const JobId job = cluster.SubmitNext();
          request.depends_on.resize(1);
          request.depends_on[0].job = job;
        }
      },
      jobs);
}
BENCHMARK(BM_Chain)
    ->ArgNames({"jobs", "instances"})
    ->Args({1000, 10})
    ->Args({1000000, 10})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Groups of twenty jobs: one, eighteen that wait for it, and one that waits for
// all eighteen.
void SubmitGroup(Cluster& cluster) {
  constexpr int kMiddle = 18;
  std::vector<JobDependency>& depends_on = cluster.request().depends_on;
  depends_on.clear();
  depends_on.push_back({cluster.SubmitNext(), DependencyType::kPlain});
  std::vector<JobDependency> middle;
  for (int i = 0; i < kMiddle; ++i) {
    middle.push_back({cluster.SubmitNext(), DependencyType::kPlain});
  }
  depends_on = std::move(middle);
  cluster.SubmitNext();
}

void BM_FanOutFanIn(benchmark::State& state) {
  constexpr int64_t kGroup = 20;
  const int64_t jobs = state.range(0);
  RunLives(
      state, OptionsFor(state.range(1), Clock::kTicks),
      [jobs](Cluster& cluster) {
        for (int64_t i = 0; i < jobs; i += kGroup) SubmitGroup(cluster);
      },
      jobs);
}
BENCHMARK(BM_FanOutFanIn)
    ->ArgNames({"jobs", "instances"})
    ->Args({1000, 10})
    ->Args({1000000, 1000})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// A queue that stays as long as it is: for each job that ends another one is
// submitted, and what ended two minutes ago is forgotten. What is measured is
// some time in the middle.
struct Steady {
  Cost cost;
  size_t first_poll = 0;
  int64_t jobs = 0;
  int64_t steps = 0;
};

Steady RunSteadily(const ClusterOptions& options, int64_t backlog,
                   int64_t jobs) {
  Cluster cluster(options);
  const int64_t running = int64_t{options.instances} * kJobsPerInstance;
  for (int64_t i = 0; i < backlog + running; ++i) cluster.SubmitNext();
  const auto run = [&cluster](int64_t until_ended, absl::Time until) {
    while (cluster.ended() < until_ended || cluster.now() < until) {
      for (int64_t i = cluster.Step(); i > 0; --i) cluster.SubmitNext();
    }
  };
  // The longest job, and then the retention.
  run(0, cluster.now() + absl::Minutes(4));
  Steady steady;
  if (options.stream != nullptr) {
    steady.first_poll = options.stream->polls.size();
  }
  const int64_t ended = cluster.ended();
  const int64_t steps = cluster.steps();
  {
    Measured measured(steady.cost);
    run(ended + jobs, absl::InfinitePast());
  }
  steady.jobs = cluster.ended() - ended;
  steady.steps = cluster.steps() - steps;
  benchmark::DoNotOptimize(cluster.digest());
  return steady;
}

void BM_Steady(benchmark::State& state) {
  ClusterOptions options = OptionsFor(state.range(0), ClockOf(state.range(2)));
  options.finished_job_retention = absl::Minutes(2);
  const int64_t backlog = state.range(1);
  const int64_t jobs = std::clamp<int64_t>(
      state.range(0) * kJobsPerInstance * 20, 20000, 500000);
  for (auto _ : state) {
    const Steady steady = RunSteadily(options, backlog, jobs);
    SimulatorStream stream;
    options.stream = &stream;
    const Steady recorded = RunSteadily(options, backlog, jobs);
    options.stream = nullptr;
    const Cost simulator = CostOfSimulatorAlone(stream, recorded.first_poll,
                                                Workload(options.workload));
    ReportLives(state, static_cast<double>(steady.jobs), steady.cost, simulator,
                CostOfRequests(options, steady.jobs));
    state.counters["jobs_per_turn"] =
        static_cast<double>(steady.jobs) / static_cast<double>(steady.steps);
  }
}
BENCHMARK(BM_Steady)
    ->ArgNames({"instances", "backlog", "exact"})
    ->ArgsProduct({{10, 1000, 10000}, {1000, 100000, 1000000}, {0, 1}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
