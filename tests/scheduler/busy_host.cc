// SPDX-License-Identifier: Apache-2.0
#include "tests/scheduler/busy_host.h"

#include <algorithm>
#include <utility>

#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr char kType[] = "m5.16xlarge";
constexpr Resources kSize = Resources::Of(64, 200000);
constexpr int kInstances = 8;

SimulatedRuntimeOptions Fates(uint64_t seed) {
  SeededFateOptions fates;
  fates.seed = seed;
  fates.failures_per_million = 20000;
  SimulatedRuntimeOptions options;
  options.script = SeededFates(fates);
  return options;
}

SimulatedProviderOptions Machines() {
  SimulatedProviderOptions options;
  options.instance_types = {{kType, kSize, 1000000}};
  return options;
}

SchedulerOptions OptionsOf(uint64_t seed) {
  SchedulerOptions options;
  options.limits = LimitsProfile::kUnlimited;
  options.finished_job_retention = absl::Minutes(10);
  options.seed = seed;
  return options;
}

}  // namespace

BusyHost::BusyHost(uint64_t seed)
    : runtime_(Fates(seed)),
      provider_(Machines()),
      scheduler_(std::make_unique<Scheduler>(OptionsOf(seed))) {
  ComputeEnvironmentOptions environment;
  environment.compute_environment_name = "machines";
  // All are kept, so that nothing is due when all jobs are forgotten.
  environment.compute_resources =
      ComputeResources{kInstances * 64, kInstances * 64, {"optimal"}};
  EXPECT_TRUE(scheduler_
                  ->CreateComputeEnvironment(
                      *ComputeEnvironment::Create(std::move(environment)), now_)
                  .ok());
  EXPECT_TRUE(
      scheduler_->AttachPlugins("machines", {&provider_, &runtime_}).ok());
  RunUntilForgotten();
  JobQueueOptions queue;
  queue.job_queue_name = request_.job_queue = "queue";
  queue.compute_environment_order = {{1, "machines"}};
  EXPECT_TRUE(
      scheduler_->CreateJobQueue(*JobQueue::Create(std::move(queue)), now_)
          .ok());
  JobDefinitionOptions definition;
  definition.job_definition_name = request_.job_definition = "work";
  definition.container_properties.image = "image";
  definition.container_properties.command = {"work"};
  definition.container_properties.resources = Resources::Of(1, 1024);
  EXPECT_TRUE(scheduler_
                  ->RegisterJobDefinition(
                      *JobDefinition::Create(std::move(definition)), now_)
                  .ok());
  RunUntilForgotten();
}

JobId BusyHost::SubmitOne(int32_t array_size) {
  request_.job_name = "job";
  request_.array_size.reset();
  if (array_size > 0) request_.array_size = array_size;
  const absl::StatusOr<JobId> job = scheduler_->SubmitJob(request_, now_);
  EXPECT_TRUE(job.ok()) << job.status();
  next_ = now_;
  return job.value_or(JobId());
}

void BusyHost::Submit(int32_t jobs) {
  const SubmitJobRequest plain = request_;
  const int32_t part = std::max(jobs / 8, 2);
  request_.retry_strategy = RetryStrategy{2, {}};
  for (int32_t i = 0; i < part; ++i) SubmitOne();
  // Some of these take longer than they may.
  request_.timeout = JobTimeout{absl::Minutes(1)};
  const JobId first = SubmitOne(part);
  request_ = plain;
  SubmitOne(2 * part);

  request_.depends_on = {{first, DependencyType::kNToN}};
  SubmitOne(part);
  request_.depends_on = {{{}, DependencyType::kSequential}};
  SubmitOne(std::max(part / 100, 2));
  request_.depends_on.clear();
  for (int32_t i = 0; i < part / 100; ++i) {
    const JobId before = SubmitOne();
    request_.depends_on = {{before, DependencyType::kPlain}};
  }
  request_ = plain;
  const JobId cancelled = SubmitOne(2 * part);
  Step();
  EXPECT_TRUE(scheduler_->TerminateJob(cancelled, "not needed", now_).ok());
}

void BusyHost::RunUntilForgotten() {
  next_ = now_;
  while (next_ != absl::InfiniteFuture()) Step();
}

void BusyHost::Step() {
  now_ = std::max(now_, next_);
  const embatch::Step step = scheduler_->Advance(now_);
  ASSERT_TRUE(step.status.ok()) << step.status;
  next_ = step.next;
  for (const Event& event : step.events) {
    digest_ = digest_ * 31 + event.job.slot + event.job.generation * 7 +
              static_cast<uint64_t>(event.to) +
              static_cast<uint64_t>(event.time_ns);
    if (IsTerminal(event.to)) ended_ += event.count;
  }
}

}  // namespace embatch
