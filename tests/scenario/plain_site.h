// SPDX-License-Identifier: Apache-2.0
//
// A scheduler with one host and no World around it, for tests that look at what
// a runtime is told, or that call the scheduler between two turns.
#ifndef EMBATCH_TESTS_SCENARIO_PLAIN_SITE_H_
#define EMBATCH_TESTS_SCENARIO_PLAIN_SITE_H_

#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "embatch/compute_environment.h"
#include "embatch/job_definition.h"
#include "embatch/job_queue.h"
#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"
#include "embatch/sim/simulation.h"
#include "gtest/gtest.h"

namespace embatch {

// A queue "queue" on an UNMANAGED environment "hosts" with a host of `vcpus`
// vCPUs and 1,000 MiB for each.
class PlainSite {
 public:
  PlainSite(int64_t vcpus, const SchedulerOptions& options,
            SimulatedRuntimeOptions runtime_options = {})
      : runtime_(std::move(runtime_options)), scheduler_(options) {
    simulation_.WaitFor(runtime_);
    ComputeEnvironmentOptions environment;
    environment.compute_environment_name = "hosts";
    environment.type = ComputeEnvironmentType::kUnmanaged;
    EXPECT_TRUE(scheduler_
                    .CreateComputeEnvironment(
                        ComputeEnvironment::Create(environment).value(), now())
                    .ok());
    EXPECT_TRUE(
        scheduler_.AttachPlugins("hosts", {&provider_, &runtime_}).ok());
    EXPECT_TRUE(simulation_.Settle(scheduler_).ok());
    JobQueueOptions queue;
    queue.job_queue_name = "queue";
    queue.compute_environment_order = {{1, "hosts"}};
    EXPECT_TRUE(
        scheduler_.CreateJobQueue(JobQueue::Create(queue).value(), now()).ok());
    provider_.Join("hosts", Resources::Of(vcpus, 1000 * vcpus), "host-1",
                   now());
    EXPECT_TRUE(simulation_.Settle(scheduler_).ok());
  }

  // Of one container with 1 vCPU and 100 MiB.
  void Define(JobDefinitionOptions options) {
    options.container_properties.image = "image";
    options.container_properties.resources = Resources::Of(1, 100);
    EXPECT_TRUE(scheduler_
                    .RegisterJobDefinition(
                        JobDefinition::Create(options).value(), now())
                    .ok());
  }
  void RunUntilIdle(const Simulation::Observer& observer = nullptr) {
    EXPECT_TRUE(simulation_.RunUntilIdle(scheduler_, observer).ok());
  }

  absl::Time now() const { return simulation_.now(); }
  Scheduler& scheduler() { return scheduler_; }

 private:
  SimulatedRuntime runtime_;
  SimulatedProvider provider_;
  Simulation simulation_;
  Scheduler scheduler_;
};

}  // namespace embatch

#endif  // EMBATCH_TESTS_SCENARIO_PLAIN_SITE_H_
