// SPDX-License-Identifier: Apache-2.0
//
// AWS's JSON, read and printed: what a service pays for each call beside the
// scheduler's own work.
//
// Why: ten thousand submissions a second leave 100 us for each, HTTP included.
//
// Compared with: SubmitJob's request read in 5 us, a DescribeJobs answer of 100
// jobs printed in 300 us.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmarks/measure.h"
#include "embatch/api/batch.pb.h"
#include "embatch/api/json.h"
#include "embatch/api/validate.h"

namespace embatch {
namespace api {
namespace {

constexpr char kQueueArn[] =
    "arn:aws:batch:eu-central-1:123456789012:job-queue/high-priority";

// What the AWS CLI sends for a job with a command, two variables and a tag.
constexpr char kSubmitJob[] =
    R"({"jobName": "render-0017", "jobQueue": "high-priority", )"
    R"("jobDefinition": "render:3", "parameters": {"frame": "17"}, )"
    R"("containerOverrides": {"command": ["render", "--frame", "Ref::frame"], )"
    R"("environment": [{"name": "SCENE", "value": "s3://bucket/scene.blend"}, )"
    R"({"name": "OUT", "value": "s3://bucket/out/"}], "resourceRequirements": )"
    R"([{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}]}, )"
    R"("retryStrategy": {"attempts": 3}, "tags": {"team": "animation"}})";

void FillJob(int number, JobDetail& job) {
  const std::string id =
      absl::StrCat("4c0ee9a2-3b1b-8d6e-9f44-", 100000000000 + number);
  job.set_job_arn(
      absl::StrCat("arn:aws:batch:eu-central-1:123456789012:job/", id));
  job.set_job_name(absl::StrCat("render-", number));
  job.set_job_id(id);
  job.set_job_queue(kQueueArn);
  job.set_status(JOB_STATUS_SUCCEEDED);
  job.set_created_at(1795287150031 + number);
  job.mutable_retry_strategy()->set_attempts(3);
  job.set_started_at(1795287160031 + number);
  job.set_stopped_at(1795287170031 + number);
  job.mutable_depends_on();
  job.set_job_definition(
      "arn:aws:batch:eu-central-1:123456789012:job-definition/render:3");
  (*job.mutable_parameters()->mutable_entries())["frame"] =
      absl::StrCat(number);
  (*job.mutable_tags()->mutable_entries())["team"] = "animation";
  AttemptDetail* attempt = job.mutable_attempts()->add_items();
  attempt->set_started_at(1795287160031 + number);
  attempt->set_stopped_at(1795287170031 + number);
  attempt->mutable_container()->set_exit_code(0);
  attempt->mutable_container()->set_log_stream_name(
      absl::StrCat("render/default/", id));
  attempt->mutable_container()->mutable_network_interfaces();
  ContainerDetail* container = job.mutable_container();
  container->set_image("busybox");
  for (const char* word : {"render", "--frame", "17"}) {
    container->mutable_command()->add_items(word);
  }
  KeyValuePair* variable = container->mutable_environment()->add_items();
  variable->set_name("SCENE");
  variable->set_value("s3://bucket/scene.blend");
  ResourceRequirement* vcpu =
      container->mutable_resource_requirements()->add_items();
  vcpu->set_type(RESOURCE_TYPE_VCPU);
  vcpu->set_value("2");
  ResourceRequirement* memory =
      container->mutable_resource_requirements()->add_items();
  memory->set_type(RESOURCE_TYPE_MEMORY);
  memory->set_value("4096");
  container->mutable_volumes();
  container->mutable_mount_points();
  container->mutable_ulimits();
  container->mutable_secrets();
  container->set_exit_code(0);
  container->set_log_stream_name(absl::StrCat("render/default/", id));
}

DescribeJobsResponse Described(int64_t jobs) {
  DescribeJobsResponse response;
  for (int64_t i = 0; i < jobs; ++i) {
    FillJob(static_cast<int>(i), *response.mutable_jobs()->add_items());
  }
  return response;
}

ListJobsResponse Listed(int64_t jobs) {
  ListJobsResponse response;
  for (int64_t i = 0; i < jobs; ++i) {
    JobDetail job;
    FillJob(static_cast<int>(i), job);
    JobSummary* summary = response.mutable_job_summary_list()->add_items();
    summary->set_job_arn(job.job_arn());
    summary->set_job_id(job.job_id());
    summary->set_job_name(job.job_name());
    summary->set_created_at(job.created_at());
    summary->set_status(job.status());
    summary->set_started_at(job.started_at());
    summary->set_stopped_at(job.stopped_at());
    summary->mutable_container()->set_exit_code(0);
    summary->set_job_definition(job.job_definition());
  }
  return response;
}

// Bytes and allocations of one call beside its time.
void Report(benchmark::State& state, size_t bytes, int64_t allocations) {
  state.SetBytesProcessed(static_cast<int64_t>(bytes) * state.iterations());
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["allocations"] = benchmark::Counter(
      static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
}

void BM_ReadSubmitJob(benchmark::State& state) {
  const std::string text = kSubmitJob;
  const int64_t before = AllocationCount();
  for (auto _ : state) {
    SubmitJobRequest request;
    if (!ParseJson(text, {}, request).ok()) state.SkipWithError("not read");
    benchmark::DoNotOptimize(request);
  }
  Report(state, text.size(), AllocationCount() - before);
}
BENCHMARK(BM_ReadSubmitJob);

void BM_ValidateSubmitJob(benchmark::State& state) {
  SubmitJobRequest request;
  if (!ParseJson(kSubmitJob, {}, request).ok()) state.SkipWithError("not read");
  for (auto _ : state) {
    if (!Validate(request).ok()) state.SkipWithError("not valid");
  }
}
BENCHMARK(BM_ValidateSubmitJob);

void PrintRepeatedly(benchmark::State& state,
                     const google::protobuf::Message& message) {
  size_t bytes = 0;
  const int64_t before = AllocationCount();
  for (auto _ : state) {
    const std::string text = PrintJson(message);
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  Report(state, bytes, AllocationCount() - before);
}

void BM_PrintDescribeJobs(benchmark::State& state) {
  PrintRepeatedly(state, Described(state.range(0)));
}
BENCHMARK(BM_PrintDescribeJobs)->ArgName("jobs")->Arg(1)->Arg(100);

void BM_PrintListJobs(benchmark::State& state) {
  PrintRepeatedly(state, Listed(state.range(0)));
}
BENCHMARK(BM_PrintListJobs)->ArgName("jobs")->Arg(1000);

}  // namespace
}  // namespace api
}  // namespace embatch
