// SPDX-License-Identifier: Apache-2.0
//
// A caller that calls at random and plug-ins that report at random, about
// things that are and things that never were: the scheduler never crashes,
// always comes to rest, and a replay of its log ends in the same state.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "embatch/scheduler.h"

namespace embatch {
namespace {

// Shared by all plug-ins: what was asked for, and what to say of it.
struct Script {
  explicit Script(FuzzedDataProvider& given) : data(given) {}
  FuzzedDataProvider& data;
  std::vector<ContainerId> containers;
  std::vector<InstanceId> instances;
  std::vector<AttemptId> trainings;

  int64_t Number() {
    switch (data.ConsumeIntegralInRange<int>(0, 3)) {
      case 0:
        return data.ConsumeIntegral<int64_t>();
      case 1:
        return std::numeric_limits<int64_t>::max();
      default:
        return data.ConsumeIntegralInRange<int64_t>(0, 64);
    }
  }
  absl::Time Time() {
    return absl::UnixEpoch() + absl::Seconds(Number() % 1000000);
  }
  Resources Room() {
    return {Number(), Number(), static_cast<int32_t>(Number())};
  }
};

class Provider : public ResourceProvider {
 public:
  explicit Provider(Script& script) : script_(script) {}
  void Launch(const LaunchRequest& request) noexcept override {
    script_.instances.push_back(request.instance);
  }
  void Terminate(InstanceId) noexcept override {}
  void Poll(absl::Time, int,
            std::vector<InstanceReport>& out) noexcept override {
    FuzzedDataProvider& data = script_.data;
    if (data.remaining_bytes() == 0) return;
    const int count = data.ConsumeIntegralInRange<int>(0, 3);
    for (int i = 0; i < count; ++i) {
      InstanceReport report = InstanceReport::Catalogue(
          script_.Time(), {{"a.large", Resources::Of(4, 8192), 100},
                           {"b.large", script_.Room(), script_.Number()}});
      report.kind = static_cast<InstanceReport::Kind>(
          data.ConsumeIntegralInRange<int>(0, 6));
      report.failure =
          static_cast<LaunchFailure>(data.ConsumeIntegralInRange<int>(0, 4));
      report.resources =
          data.ConsumeBool() ? Resources::Of(4, 8192) : script_.Room();
      report.instance =
          script_.instances.empty() || data.ConsumeBool()
              ? InstanceId::Joined(data.ConsumeIntegralInRange<uint64_t>(0, 3))
              : script_.instances[data.ConsumeIntegralInRange<size_t>(
                    0, script_.instances.size() - 1)];
      if (data.ConsumeBool()) report.compute_environment = "hosts";
      out.push_back(report);
    }
  }

 private:
  Script& script_;
};

class Runtime : public ContainerRuntime {
 public:
  explicit Runtime(Script& script) : script_(script) {}
  void Start(const ContainerSpec& spec) noexcept override {
    script_.containers.push_back(spec.container);
    std::vector<EnvironmentVariable> environment;
    spec.AppendEnvironment(environment);
  }
  void Stop(ContainerId, absl::Duration) noexcept override {}
  void Poll(absl::Time, int,
            std::vector<ContainerReport>& out) noexcept override {
    FuzzedDataProvider& data = script_.data;
    if (data.remaining_bytes() == 0) return;
    const int count = data.ConsumeIntegralInRange<int>(0, 4);
    for (int i = 0; i < count; ++i) {
      ContainerId container;
      if (!script_.containers.empty()) {
        container = script_.containers[data.ConsumeIntegralInRange<size_t>(
            0, script_.containers.size() - 1)];
      }
      if (data.ConsumeIntegralInRange<int>(0, 7) == 0) {
        container.attempt.job.child = data.ConsumeIntegral<int32_t>();
        container.attempt.number = data.ConsumeIntegral<uint16_t>();
      }
      ContainerReport report = ContainerReport::Exited(
          script_.Time(), container, data.ConsumeIntegralInRange<int>(-1, 1),
          data.ConsumeBool() ? "because" : "");
      report.kind = static_cast<ContainerReport::Kind>(
          data.ConsumeIntegralInRange<int>(0, 4));
      out.push_back(report);
    }
  }

 private:
  Script& script_;
};

class Service : public ServiceProvider {
 public:
  explicit Service(Script& script) : script_(script) {}
  void Submit(const ServiceJobSpec& spec) noexcept override {
    script_.trainings.push_back(spec.attempt);
  }
  void Stop(AttemptId) noexcept override {}
  void Poll(absl::Time, int,
            std::vector<ServiceReport>& out) noexcept override {
    FuzzedDataProvider& data = script_.data;
    if (data.remaining_bytes() == 0) return;
    const int count = data.ConsumeIntegralInRange<int>(0, 4);
    for (int i = 0; i < count; ++i) {
      AttemptId attempt;
      if (!script_.trainings.empty()) {
        attempt = script_.trainings[data.ConsumeIntegralInRange<size_t>(
            0, script_.trainings.size() - 1)];
      }
      if (data.ConsumeIntegralInRange<int>(0, 7) == 0) {
        attempt.job.child = data.ConsumeIntegral<int32_t>();
        attempt.number = data.ConsumeIntegral<uint16_t>();
      }
      ServiceReport report = ServiceReport::Failed(
          script_.Time(), attempt, data.ConsumeBool() ? "because" : "");
      report.service_resource_id = data.ConsumeBool() ? "arn" : "";
      report.kind = static_cast<ServiceReport::Kind>(
          data.ConsumeIntegralInRange<int>(0, 5));
      out.push_back(report);
    }
  }

 private:
  Script& script_;
};

// A queue for service jobs.
void FurnishService(Scheduler& scheduler, ServiceProvider& service,
                    absl::Time now) {
  ServiceEnvironmentOptions environment;
  environment.service_environment_name = "service";
  environment.capacity_limits = {{3, kUnitInstances}};
  scheduler
      .CreateServiceEnvironment(ServiceEnvironment::Create(environment).value(),
                                now)
      .IgnoreError();
  scheduler.AttachServiceProvider("service", &service).IgnoreError();
  scheduler.Advance(now);
  JobQueueOptions queue;
  queue.job_queue_name = "training";
  queue.service_environment_order = {{1, "service"}};
  scheduler.CreateJobQueue(JobQueue::Create(queue).value(), now).IgnoreError();
  scheduler.Advance(now);
}

void Train(Scheduler& scheduler, Script& script, std::vector<JobId>& jobs,
           absl::Time now) {
  FuzzedDataProvider& data = script.data;
  SubmitServiceJobRequest request;
  request.job_name = "name";
  request.job_queue = "training";
  request.service_request_payload = "{}";
  request.capacity_usage = {{"type", data.ConsumeIntegralInRange<int>(0, 4)}};
  request.retry_strategy = RetryStrategy{data.ConsumeIntegralInRange(1, 3)};
  if (data.ConsumeBool()) {
    request.timeout_config = JobTimeout{absl::Seconds(60)};
  }
  const auto job = scheduler.SubmitServiceJob(request, now);
  if (job.ok()) jobs.push_back(*job);
}

void Furnish(Scheduler& scheduler, Script& script, Plugins plugins,
             absl::Time now) {
  FuzzedDataProvider& data = script.data;
  ComputeEnvironmentOptions managed;
  managed.compute_environment_name = "machines";
  managed.compute_resources =
      ComputeResources{data.ConsumeIntegralInRange<int64_t>(0, 8),
                       data.ConsumeIntegralInRange<int64_t>(8, 64),
                       {"optimal"}};
  ComputeEnvironmentOptions hosts;
  hosts.compute_environment_name = "hosts";
  hosts.type = ComputeEnvironmentType::kUnmanaged;
  for (const ComputeEnvironmentOptions& options : {managed, hosts}) {
    scheduler
        .CreateComputeEnvironment(ComputeEnvironment::Create(options).value(),
                                  now)
        .IgnoreError();
    scheduler.AttachPlugins(options.compute_environment_name, plugins)
        .IgnoreError();
  }
  scheduler.Advance(now);
  JobQueueOptions queue;
  queue.job_queue_name = "queue";
  queue.compute_environment_order = {{1, "machines"}, {2, "hosts"}};
  scheduler.CreateJobQueue(JobQueue::Create(queue).value(), now).IgnoreError();
  scheduler.Advance(now);
  JobDefinitionOptions job;
  job.job_definition_name = "job";
  job.container_properties.image = "image";
  job.container_properties.resources = Resources::Of(1, 512);
  job.retry_strategy = RetryStrategy{data.ConsumeIntegralInRange<int>(1, 3)};
  if (data.ConsumeBool()) job.timeout = JobTimeout{absl::Seconds(60)};
  scheduler.RegisterJobDefinition(JobDefinition::Create(job).value(), now)
      .status()
      .IgnoreError();
}

void Command(Scheduler& scheduler, Script& script, std::vector<JobId>& jobs,
             absl::Time now) {
  FuzzedDataProvider& data = script.data;
  JobId some;
  if (!jobs.empty()) {
    some = jobs[data.ConsumeIntegralInRange<size_t>(0, jobs.size() - 1)];
    some.child = data.ConsumeIntegralInRange<int32_t>(-2, 5);
  }
  switch (data.ConsumeIntegralInRange<int>(0, 5)) {
    case 4:
      Train(scheduler, script, jobs, now);
      return;
    case 5:
      scheduler.TerminateServiceJob(some, "terminated", now).IgnoreError();
      return;
    case 0:
      scheduler.CancelJob(some, "cancelled", now).IgnoreError();
      return;
    case 1:
      scheduler.TerminateJob(some, "terminated", now).IgnoreError();
      return;
    default:
      break;
  }
  SubmitJobRequest request;
  request.job_name = "name";
  request.job_queue = "queue";
  request.job_definition = "job";
  if (data.ConsumeBool()) {
    request.array_size = data.ConsumeIntegralInRange<int>(0, 6);
  }
  const int dependencies = data.ConsumeIntegralInRange<int>(0, 3);
  for (int i = 0; i < dependencies && !jobs.empty(); ++i) {
    JobId job = jobs[data.ConsumeIntegralInRange<size_t>(0, jobs.size() - 1)];
    if (data.ConsumeBool()) job.child = data.ConsumeIntegralInRange(-1, 3);
    if (data.ConsumeIntegralInRange<int>(0, 3) == 0) job = JobId();
    request.depends_on.push_back(
        {job,
         static_cast<DependencyType>(data.ConsumeIntegralInRange<int>(0, 2))});
  }
  if (data.ConsumeBool()) {
    request.container_overrides.vcpu_milli = script.Number();
  }
  const absl::StatusOr<JobId> job = scheduler.SubmitJob(request, now);
  if (job.ok()) jobs.push_back(*job);
}

}  // namespace
}  // namespace embatch

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  embatch::Script script(data);
  embatch::Provider provider(script);
  embatch::Runtime runtime(script);
  embatch::Service service(script);
  embatch::MemoryInputLog log;
  embatch::SchedulerOptions options;
  options.log = &log;
  options.max_transitions = data.ConsumeBool() ? 1000 : 2;
  options.finished_job_retention = absl::Seconds(data.ConsumeBool() ? 0 : 100);
  options.cancel_pending_immediately = data.ConsumeBool();
  embatch::Scheduler scheduler(options);
  absl::Time now = absl::UnixEpoch();
  embatch::Furnish(scheduler, script, {&provider, &runtime}, now);
  embatch::FurnishService(scheduler, service, now);
  std::vector<embatch::JobId> jobs;
  while (data.remaining_bytes() > 0) {
    if (data.ConsumeBool()) {
      embatch::Command(scheduler, script, jobs, now);
    } else {
      now += absl::Seconds(data.ConsumeIntegralInRange<int>(-5, 40));
      scheduler.Advance(now);
    }
  }
  // Nothing more is reported: it comes to rest.
  int steps = 0;
  while (scheduler.Advance(now).next <= std::max(now, scheduler.now())) {
    if (++steps > 100000) std::abort();
  }
  embatch::SchedulerOptions again = options;
  again.log = nullptr;
  embatch::Scheduler copy(again);
  for (const std::string& input : log.inputs()) {
    if (!copy.Replay(input).status.ok()) std::abort();
  }
  if (copy.EncodeState() != scheduler.EncodeState()) std::abort();
  return 0;
}
