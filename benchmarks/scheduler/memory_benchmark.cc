// SPDX-License-Identifier: Apache-2.0
//
// What jobs weigh while they wait, when they are over, and when they are
// forgotten.
//
// Why: a million waiting jobs are an ordinary morning, and an array of ten
// million children is one line of a script. The host program needs its memory
// for itself.
//
// Compared with: the least that a job needs, its id, name and place in line.
//
// Counters, in resident bytes of the process for one job or child (on few
// instances, so that next to none of them run):
//   waiting_bytes     all RUNNABLE
//   finished_bytes    all SUCCEEDED, and still to be read
//   forgotten_bytes   their retention is over
// and of BM_MemoryComesBack, in MiB more than a tenth over what the process had
// in the beginning:
//   left_mib   when all are forgotten; nobody asks the allocator to trim
//   most_mib   with all jobs finished
#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"
#include "benchmarks/scheduler/hand_runtime.h"

namespace embatch {
namespace {

using Submit = std::function<void(Cluster&)>;

void RunAndWeigh(benchmark::State& state, const Submit& submit,
                 int64_t job_count) {
  ClusterOptions options;
  options.instances = 10;
  // Longer than a million jobs take on ten instances.
  options.finished_job_retention = absl::Hours(24 * 365);
  const double jobs = static_cast<double>(job_count);
  for (auto _ : state) {
    Cluster cluster(options);
    const int64_t before = ResidentBytes();
    const auto weight = [before, jobs] {
      return static_cast<double>(ResidentBytes() - before) / jobs;
    };
    submit(cluster);
    cluster.Settle();
    state.counters["waiting_bytes"] = weight();
    cluster.RunUntilEnded(job_count);
    cluster.Settle();
    state.counters["finished_bytes"] = weight();
    cluster.StepAfter(2 * options.finished_job_retention);
    cluster.Settle();
    state.counters["forgotten_bytes"] = weight();
  }
  state.SetItemsProcessed(job_count);
}

void BM_MemoryOfSingles(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  RunAndWeigh(
      state,
      [jobs](Cluster& cluster) {
        for (int64_t i = 0; i < jobs; ++i) cluster.SubmitNext();
      },
      jobs);
}
BENCHMARK(BM_MemoryOfSingles)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void BM_MemoryOfArray(benchmark::State& state) {
  const int64_t children = state.range(0);
  RunAndWeigh(
      state,
      [children](Cluster& cluster) {
        cluster.request().array_size = static_cast<int32_t>(children);
        cluster.SubmitNext();
      },
      children);
}
BENCHMARK(BM_MemoryOfArray)
    ->ArgNames({"children"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// The second array waits for the first, child by child.
void BM_MemoryOfNToN(benchmark::State& state) {
  const int64_t children = state.range(0);
  RunAndWeigh(
      state,
      [children](Cluster& cluster) {
        SubmitJobRequest& request = cluster.request();
        request.array_size = static_cast<int32_t>(children);
        const JobId first = cluster.SubmitNext();
        request.depends_on = {{first, DependencyType::kNToN}};
        cluster.SubmitNext();
      },
      2 * children);
}
BENCHMARK(BM_MemoryOfNToN)
    ->ArgNames({"children"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// All jobs finish and can be read; then all are forgotten. A host program that
// has had a busy day must not be a large one for ever.
void BM_MemoryComesBack(benchmark::State& state) {
  constexpr double kMib = 1 << 20;
  const int64_t jobs = state.range(0);
  HandRuntime runtime;
  ClusterOptions options;
  options.runtime = &runtime;
  options.finished_job_retention = absl::Hours(24 * 365);
  for (auto _ : state) {
    Cluster cluster(options);
    const double allowed =
        1.1 * static_cast<double>(ResidentBytes(FreedMemory::kGiveBack));
    const auto above = [allowed] {
      const int64_t bytes = ResidentBytes(FreedMemory::kLeave);
      return (static_cast<double>(bytes) - allowed) / kMib;
    };
    if (state.range(1) != 0) {
      cluster.request().array_size = static_cast<int32_t>(jobs);
      cluster.SubmitNext();
    } else {
      for (int64_t i = 0; i < jobs; ++i) cluster.SubmitNext();
    }
    cluster.Settle();
    while (cluster.ended() < jobs) {
      runtime.End(runtime.running());
      cluster.StepAfter(absl::Seconds(1));
      cluster.Settle();
    }
    state.counters["most_mib"] = above();
    cluster.StepAfter(2 * options.finished_job_retention);
    cluster.Settle();
    state.counters["left_mib"] = above();
  }
  state.SetItemsProcessed(jobs);
}
BENCHMARK(BM_MemoryComesBack)
    ->ArgNames({"jobs", "array"})
    ->ArgsProduct({{1000, 10000000}, {0, 1}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
