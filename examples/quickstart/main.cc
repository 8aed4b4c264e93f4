// SPDX-License-Identifier: Apache-2.0
//
// Renders three frames of a film, then joins them, on a simulated cluster.
#include <iostream>
#include <stdexcept>

#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulation.h"

void Check(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

int main() {
  embatch::Scheduler scheduler;
  embatch::SimulatedProvider provider;  // an instance boots in a minute
  embatch::SimulatedRuntime runtime;    // a container runs for ten seconds
  embatch::Simulation time;

  embatch::ComputeEnvironmentOptions machines;
  machines.compute_environment_name = "machines";
  machines.compute_resources = embatch::ComputeResources{0, 2, {"c5.large"}};
  Check(scheduler.CreateComputeEnvironment(
      embatch::ComputeEnvironment::Create(machines).value(), time.now()));
  Check(scheduler.AttachPlugins("machines", {&provider, &runtime}));
  Check(time.Settle(scheduler));  // what was CREATING is VALID
  embatch::JobQueueOptions studio;
  studio.job_queue_name = "studio";
  studio.compute_environment_order = {{1, "machines"}};
  Check(scheduler.CreateJobQueue(embatch::JobQueue::Create(studio).value(),
                                 time.now()));
  Check(time.Settle(scheduler));

  embatch::JobDefinitionOptions blender;
  blender.job_definition_name = "blender";
  blender.container_properties.image = "blender";
  blender.container_properties.resources = embatch::Resources::Of(1, 1024);
  auto definition = embatch::JobDefinition::Create(blender).value();
  Check(scheduler.RegisterJobDefinition(definition, time.now()).status());

  embatch::SubmitJobRequest job;
  job.job_queue = "studio";
  job.job_definition = "blender";
  job.job_name = "render";
  job.array_size = 3;
  embatch::JobId frames = scheduler.SubmitJob(job, time.now()).value();
  job.job_name = "join";
  job.array_size.reset();
  job.depends_on = {{frames}};
  Check(scheduler.SubmitJob(job, time.now()).status());
  Check(time.RunUntilIdle(scheduler, [&](const embatch::Event& event) {
    std::cout << absl::FormatTime("%M:%S ", event.time(), absl::UTCTimeZone())
              << scheduler.DescribeJob(event.job)->job_name;
    if (event.job.child >= 0) std::cout << ":" << event.job.child;
    if (event.count > 1) std::cout << ".." << event.job.child + event.count - 1;
    std::cout << " " << event.from << " -> " << event.to << "\n";
  }));
}
