// SPDX-License-Identifier: Apache-2.0
//
// Reads: a job by its id, ids as text and back, a page of a list.
//
// Why: the users of a host program look at their jobs far more often than they
// submit any. A read must not hold up the loop, and a list must not walk the
// jobs that it does not show.
//
// Compared with: itself, for 1,000 and 1,000,000 jobs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/cluster.h"
#include "lib/sim/mix.h"

namespace embatch {
namespace {

// A thousand instances' worth of the jobs run, if there are as many.
struct ManyJobs {
  explicit ManyJobs(int64_t count) : cluster(ClusterOptions()) {
    for (int64_t i = 0; i < count; ++i) jobs.push_back(cluster.SubmitNext());
    cluster.Settle();
    // Shuffled beforehand, so that choosing one costs nothing.
    for (size_t i = jobs.size(); i > 1; --i) {
      std::swap(jobs[i - 1], jobs[Below(i, Mix(i))]);
    }
  }

  const JobId& AtRandom() {
    if (next == jobs.size()) next = 0;
    return jobs[next++];
  }

  Cluster cluster;
  std::vector<JobId> jobs;
  size_t next = 0;
};

void BM_DescribeJob(benchmark::State& state) {
  ManyJobs many(state.range(0));
  for (auto _ : state) {
    const absl::StatusOr<JobView> view =
        many.cluster.scheduler().DescribeJob(many.AtRandom());
    benchmark::DoNotOptimize(view->job_name.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DescribeJob)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(200000);

void BM_JobIdText(benchmark::State& state) {
  ManyJobs many(state.range(0));
  for (auto _ : state) {
    const std::string text =
        many.cluster.scheduler().JobIdText(many.AtRandom());
    benchmark::DoNotOptimize(text.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_JobIdText)->ArgNames({"jobs"})->Arg(1000)->Iterations(100000);

void BM_ParseJobId(benchmark::State& state) {
  ManyJobs many(state.range(0));
  const Scheduler& scheduler = many.cluster.scheduler();
  const std::string text = scheduler.JobIdText(many.AtRandom());
  for (auto _ : state) {
    benchmark::DoNotOptimize(scheduler.ParseJobId(text));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ParseJobId)->ArgNames({"jobs"})->Arg(1000)->Iterations(100000);

// The first page of the RUNNABLE jobs of the queue: a hundred of them.
void BM_ListJobs(benchmark::State& state) {
  ManyJobs many(state.range(0));
  ListJobsRequest request;
  request.job_queue = kClusterQueue;
  request.status =
      state.range(1) != 0 ? JobStatus::kRunnable : JobStatus::kStarting;
  for (auto _ : state) {
    const absl::StatusOr<JobPage> page =
        many.cluster.scheduler().ListJobs(request);
    benchmark::DoNotOptimize(page->jobs.data());
  }
  state.SetItemsProcessed(state.iterations() * request.max_results);
}
BENCHMARK(BM_ListJobs)
    ->ArgNames({"jobs", "runnable"})
    ->Args({1000, 0})
    ->Args({1000000, 0})
    ->Args({1000000, 1})
    ->Iterations(2000)
    ->Unit(benchmark::kMicrosecond);

void BM_DescribeJobQueue(benchmark::State& state) {
  ManyJobs many(state.range(0));
  for (auto _ : state) {
    const absl::StatusOr<JobQueueView> view =
        many.cluster.scheduler().DescribeJobQueue(kClusterQueue);
    benchmark::DoNotOptimize(view->jobs);
  }
}
BENCHMARK(BM_DescribeJobQueue)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(20000);

}  // namespace
}  // namespace embatch
