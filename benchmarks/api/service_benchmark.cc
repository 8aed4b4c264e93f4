// SPDX-License-Identifier: Apache-2.0
//
// Calls of AWS's API in process, JSON in and JSON out, with a million jobs
// stored.
//
// Why: ten thousand submissions a second leave 100 us for each, HTTP included;
// and who looks at a queue in a browser asks for a thousand summaries and a
// hundred jobs at once.
//
// Compared with: SubmitJob in 10 us, DescribeJobs of 100 in 500 us, a ListJobs
// page of 1,000 in 2 ms.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "benchmarks/cluster.h"
#include "embatch/api/service.h"

namespace embatch {
namespace api {
namespace {

constexpr int kJobsADescription = 100;

// A thousand of the jobs have ended, and as many run.
struct ManyJobs {
  explicit ManyJobs(int64_t count)
      : cluster(ClusterOptions()),
        service(MustSucceed(Service::Create(
            cluster.scheduler(), {"eu-central-1", "123456789012", {}}))) {
    for (int64_t i = 0; i < count; ++i) {
      const JobId job = cluster.SubmitNext();
      // Every job once in a while; those of the beginning have ended.
      if (i < count / 1000 + kJobsADescription || i % 1000 == 0) {
        ids.push_back(cluster.scheduler().JobIdText(job));
      }
      if (i == 0) any_job = job;
    }
    cluster.RunUntilEnded(1000);
  }

  Answer Call(absl::string_view operation, absl::string_view json) {
    Answer answer = service.CallJson(operation, json, cluster.now());
    if (answer.http_status != 200) {
      MustSucceed(absl::InternalError(answer.body));
    }
    return answer;
  }

  std::string Definition() {
    return std::string(
        cluster.scheduler().DescribeJob(any_job)->job_definition);
  }

  Cluster cluster;
  Service service;
  std::vector<std::string> ids;
  JobId any_job;
};

void BM_CallSubmitJob(benchmark::State& state) {
  ManyJobs many(state.range(0));
  const std::string request =
      absl::StrCat(R"({"jobName": "render-0017", "jobQueue": ")", kClusterQueue,
                   R"(", "jobDefinition": ")", many.Definition(), "\"}");
  for (auto _ : state) {
    const Answer answer = many.Call("SubmitJob", request);
    benchmark::DoNotOptimize(answer.body.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_CallSubmitJob)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(20000)
    ->Unit(benchmark::kNanosecond);

// What the AWS CLI sends for a job with a command, two variables and a tag.
void BM_CallSubmitJobWithOverrides(benchmark::State& state) {
  ManyJobs many(state.range(0));
  const std::string request = absl::StrCat(
      R"({"jobName": "render-0017", "jobQueue": ")", kClusterQueue,
      R"(", "jobDefinition": ")", many.Definition(),
      R"(", "containerOverrides": {"command": ["render", "--frame", "17"], )"
      R"("environment": [{"name": "SCENE", "value": "s3://bucket/a.blend"}, )"
      R"({"name": "OUT", "value": "s3://bucket/out/"}]}, )"
      R"("retryStrategy": {"attempts": 3}, "tags": {"team": "animation"}})");
  for (auto _ : state) {
    const Answer answer = many.Call("SubmitJob", request);
    benchmark::DoNotOptimize(answer.body.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_CallSubmitJobWithOverrides)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(20000)
    ->Unit(benchmark::kNanosecond);

void BM_CallDescribeJobs(benchmark::State& state) {
  ManyJobs many(state.range(0));
  std::vector<std::string> requests;
  for (size_t i = 0; i + kJobsADescription <= many.ids.size();
       i += kJobsADescription) {
    requests.push_back(absl::StrCat(
        R"({"jobs": [")",
        absl::StrJoin(
            many.ids.begin() + static_cast<int64_t>(i),
            many.ids.begin() + static_cast<int64_t>(i + kJobsADescription),
            R"(", ")"),
        "\"]}"));
  }
  size_t next = 0;
  for (auto _ : state) {
    const Answer answer =
        many.Call("DescribeJobs", requests[next++ % requests.size()]);
    benchmark::DoNotOptimize(answer.body.data());
  }
  state.SetItemsProcessed(state.iterations() * kJobsADescription);
}
BENCHMARK(BM_CallDescribeJobs)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(500)
    ->Unit(benchmark::kMicrosecond);

// The first page of those that ended, and of those that wait.
void BM_CallListJobs(benchmark::State& state) {
  ManyJobs many(state.range(0));
  const std::string request =
      absl::StrCat(R"({"jobQueue": ")", kClusterQueue, R"(", "jobStatus": ")",
                   state.range(1) != 0 ? "SUCCEEDED" : "RUNNABLE",
                   R"(", "maxResults": 1000})");
  for (auto _ : state) {
    const Answer answer = many.Call("ListJobs", request);
    benchmark::DoNotOptimize(answer.body.data());
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_CallListJobs)
    ->ArgNames({"jobs", "ended"})
    ->Args({1000000, 0})
    ->Args({1000000, 1})
    ->Iterations(200)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace api
}  // namespace embatch
