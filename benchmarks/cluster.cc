// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/cluster.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "embatch/scheduling_policy.h"

namespace embatch {
namespace {

SimulatedRuntimeOptions RuntimeOptions(const Workload& workload) {
  SimulatedRuntimeOptions options;
  options.script = workload.Fates();
  return options;
}

SimulatedProviderOptions ProviderOptions(const ClusterOptions& cluster) {
  SimulatedProviderOptions options;
  options.instance_types = {{kInstanceType, kInstanceSize, 1000000}};
  options.boot_delay = absl::ZeroDuration();
  if (cluster.instances_refused > 0) {
    options.capacity[kInstanceType] = cluster.instances;
  }
  return options;
}

SchedulerOptions OptionsOf(const ClusterOptions& cluster) {
  SchedulerOptions options;
  options.limits = LimitsProfile::kUnlimited;
  options.finished_job_retention = cluster.finished_job_retention;
  options.max_transitions = cluster.max_transitions;
  return options;
}

}  // namespace

void MustSucceed(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << "a benchmark's own call failed: " << status << "\n";
  std::abort();
}

Cluster::Cluster(const ClusterOptions& options)
    : workload_(options.workload),
      simulated_runtime_(RuntimeOptions(workload_)),
      provider_(ProviderOptions(options)),
      scheduler_(OptionsOf(options)),
      now_(absl::FromUnixSeconds(1767225600)),
      next_(now_) {
  ContainerRuntime* runtime = options.runtime;
  if (options.stream != nullptr) {
    recorder_ =
        std::make_unique<StreamRecorder>(simulated_runtime_, *options.stream);
    runtime = recorder_.get();
  }
  Furnish(options, runtime == nullptr ? &simulated_runtime_ : runtime);
}

void Cluster::Furnish(const ClusterOptions& options,
                      ContainerRuntime* runtime) {
  const int64_t vcpus = kInstanceSize.vcpu_milli / 1000;
  ComputeEnvironmentOptions environment;
  environment.compute_environment_name = kClusterEnvironment;
  // All are kept, so that a benchmark has as many as its name says.
  environment.compute_resources =
      ComputeResources{options.instances * vcpus,
                       (options.instances + options.instances_refused) * vcpus,
                       {"optimal"}};
  MustSucceed(scheduler_.CreateComputeEnvironment(
      MustSucceed(ComputeEnvironment::Create(std::move(environment),
                                             LimitsProfile::kUnlimited)),
      now_));
  MustSucceed(
      scheduler_.AttachPlugins(kClusterEnvironment, {&provider_, runtime}));
  Settle();
  CreateQueue(options);
  for (JobDefinition& definition : workload_.JobDefinitions()) {
    MustSucceed(
        scheduler_.RegisterJobDefinition(std::move(definition), now_).status());
  }
  Settle();
  const ComputeEnvironmentView view =
      MustSucceed(scheduler_.DescribeComputeEnvironment(kClusterEnvironment));
  if (view.instances != options.instances || view.booting != 0) {
    MustSucceed(absl::InternalError("not all instances are up"));
  }
}

void Cluster::CreateQueue(const ClusterOptions& options) {
  JobQueueOptions queue;
  queue.job_queue_name = kClusterQueue;
  queue.dispatch_order = options.dispatch_order;
  queue.compute_environment_order = {{1, kClusterEnvironment}};
  if (options.shares > 0) {
    SchedulingPolicyOptions policy;
    queue.scheduling_policy = policy.name = "fair";
    MustSucceed(scheduler_.CreateSchedulingPolicy(
        MustSucceed(SchedulingPolicy::Create(std::move(policy))), now_));
    for (int i = 0; i < options.shares; ++i) {
      shares_.push_back(absl::StrCat("share-", i));
    }
  }
  MustSucceed(scheduler_.CreateJobQueue(
      MustSucceed(JobQueue::Create(std::move(queue))), now_));
}

int64_t Cluster::Step() {
  now_ = std::max(now_, next_);
  const embatch::Step step = scheduler_.Advance(now_);
  MustSucceed(step.status);
  ++steps_;
  next_ = step.next;
  int64_t ended = 0;
  for (const Event& event : step.events) {
    digest_ = digest_ * 31 + event.job.slot + static_cast<uint64_t>(event.to);
    // An array's parent never makes an attempt.
    if (IsTerminal(event.to) && event.attempt > 0) ++ended;
  }
  ended_ += ended;
  return ended;
}

void Cluster::Settle() {
  do {
    next_ = now_;
    Step();
  } while (next_ <= now_);
}

void Cluster::RunUntilEnded(int64_t jobs) {
  while (ended_ < jobs) {
    if (next_ == absl::InfiniteFuture()) {
      MustSucceed(absl::InternalError("nothing is due, and jobs are left"));
    }
    Step();
  }
}

}  // namespace embatch
