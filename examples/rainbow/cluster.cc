// SPDX-License-Identifier: Apache-2.0
#include "cluster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "embatch/compute_environment.h"
#include "embatch/container_runtime.h"
#include "embatch/job_definition.h"
#include "embatch/job_queue.h"

namespace rainbow {
namespace {

constexpr char kEnvironment[] = "rainbow-environment";
constexpr int64_t kVcpusMax = 10000;

embatch::SchedulerOptions SchedulerOptionsForOneMachine() {
  embatch::SchedulerOptions options;
  // There is one instance and no second one: the provider refuses further
  // launches for want of capacity, and the scheduler then does not ask again
  // for `capacity_back_off`. The instance is kept longer than that, so that a
  // put never waits for the end of the back-off.
  options.idle_time_before_scale_in = 2 * options.capacity_back_off;
  return options;
}

embatch::Resources Offer(int64_t vcpus) {
  embatch::Resources offer = embatch::ResourcesOfThisMachine();
  if (vcpus > 0) offer.vcpu_milli = vcpus * 1000;
  // Half a core, as containers may have, still runs one job at a time.
  offer.vcpu_milli = std::max<int64_t>(offer.vcpu_milli, 1000);
  return offer;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Cluster>> Cluster::Create(
    const ClusterOptions& options) {
  if (options.vcpus < 0 || options.vcpus > kVcpusMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--vcpus is ", options.vcpus, "; must be between 0 and ", kVcpusMax));
  }
  std::unique_ptr<Cluster> cluster(
      new Cluster(SchedulerOptionsForOneMachine()));

  absl::StatusOr<std::unique_ptr<embatch::Waker>> waker =
      embatch::Waker::Create();
  if (!waker.ok()) return waker.status();
  cluster->waker = *std::move(waker);

  embatch::LocalProviderOptions machine;
  machine.resources = Offer(options.vcpus);
  cluster->provider = std::make_unique<embatch::LocalProvider>(machine);

  embatch::LocalRuntimeOptions processes;
  processes.log_folder = options.log_folder;
  processes.working_folder = "/";
  processes.waker = cluster->waker.get();
  absl::StatusOr<std::unique_ptr<embatch::LocalRuntime>> runtime =
      embatch::LocalRuntime::Create(std::move(processes));
  if (!runtime.ok()) return runtime.status();
  cluster->runtime = *std::move(runtime);

  absl::Status status = cluster->CreateEnvironment();
  if (status.ok()) status = cluster->CreateQueue();
  if (status.ok()) {
    status = cluster->RegisterDefinition(kColorDefinition, "color.sh", options);
  }
  if (status.ok()) {
    status =
        cluster->RegisterDefinition(kMycolorDefinition, "mycolor.sh", options);
  }
  if (!status.ok()) return status;
  return cluster;
}

Cluster::Cluster(embatch::SchedulerOptions options)
    : scheduler(std::move(options)) {}

absl::Status Cluster::CreateEnvironment() {
  embatch::ComputeEnvironmentOptions options;
  options.compute_environment_name = kEnvironment;
  options.type = embatch::ComputeEnvironmentType::kManaged;
  options.compute_resources.emplace();
  options.compute_resources->min_vcpus = 0;
  options.compute_resources->max_vcpus = 255;
  options.compute_resources->instance_types = {"optimal"};
  absl::StatusOr<embatch::ComputeEnvironment> environment =
      embatch::ComputeEnvironment::Create(std::move(options));
  if (!environment.ok()) return environment.status();

  absl::Status status =
      scheduler.CreateComputeEnvironment(*std::move(environment), absl::Now());
  if (!status.ok()) return status;
  status =
      scheduler.AttachPlugins(kEnvironment, {provider.get(), runtime.get()});
  if (!status.ok()) return status;
  // The environment is CREATING now, and VALID afterwards.
  return scheduler.Advance(absl::Now()).status;
}

absl::Status Cluster::CreateQueue() {
  embatch::JobQueueOptions options;
  options.job_queue_name = kQueue;
  options.priority = 500;
  options.compute_environment_order = {{1, kEnvironment}};
  absl::StatusOr<embatch::JobQueue> queue =
      embatch::JobQueue::Create(std::move(options));
  if (!queue.ok()) return queue.status();

  absl::Status status =
      scheduler.CreateJobQueue(*std::move(queue), absl::Now());
  if (!status.ok()) return status;
  return scheduler.Advance(absl::Now()).status;  // CREATING to VALID
}

absl::Status Cluster::RegisterDefinition(const char* name, const char* script,
                                         const ClusterOptions& options) {
  embatch::JobDefinitionOptions definition_options;
  definition_options.job_definition_name = name;
  embatch::ContainerProperties& container =
      definition_options.container_properties;
  container.image = "none";  // AWS wants one; a process needs none
  container.command = {absl::StrCat(options.scripts_folder, "/", script),
                       "Ref::run"};
  container.environment = {{"BUCKET", options.bucket_folder}};
  container.resources = embatch::Resources::Of(1, options.memory_mib);
  absl::StatusOr<embatch::JobDefinition> definition =
      embatch::JobDefinition::Create(std::move(definition_options));
  if (!definition.ok()) return definition.status();
  return scheduler.RegisterJobDefinition(*std::move(definition), absl::Now())
      .status();
}

std::string Cluster::LogPath(embatch::JobId job, int attempt) const {
  const absl::StatusOr<embatch::JobView> view = scheduler.DescribeJob(job);
  if (!view.ok()) return "";
  embatch::ContainerSpec spec;
  spec.container.attempt = {job, static_cast<uint16_t>(attempt)};
  spec.job_definition = view->job_definition;
  spec.id_seed = scheduler.options().seed;
  return runtime->LogPath(spec.LogStreamName());
}

}  // namespace rainbow
