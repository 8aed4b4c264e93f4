// SPDX-License-Identifier: Apache-2.0
#include "embatch/sim/simulation.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One MANAGED environment of at most 4 vCPUs, whose instances are there at
// once; containers start after 1 s and run for 10 s.
class SimulationTest : public ::testing::Test {
 protected:
  static SimulatedProviderOptions WithoutBoot() {
    SimulatedProviderOptions options;
    options.boot_delay = absl::ZeroDuration();
    return options;
  }

  void SetUp() override { Furnish(simulation_); }

  void Furnish(Simulation& simulation) {
    ComputeEnvironmentOptions environment;
    environment.compute_environment_name = "machines";
    environment.compute_resources.emplace();
    environment.compute_resources->max_vcpus = 4;
    environment.compute_resources->instance_types = {"optimal"};
    ASSERT_TRUE(
        scheduler_
            .CreateComputeEnvironment(*ComputeEnvironment::Create(environment),
                                      simulation.now())
            .ok());
    ASSERT_TRUE(
        scheduler_.AttachPlugins("machines", {provider_.get(), runtime_.get()})
            .ok());
    ASSERT_TRUE(simulation.Settle(scheduler_).ok());
    JobQueueOptions queue;
    queue.job_queue_name = "queue";
    queue.compute_environment_order = {{1, "machines"}};
    ASSERT_TRUE(
        scheduler_.CreateJobQueue(*JobQueue::Create(queue), simulation.now())
            .ok());
    JobDefinitionOptions definition;
    definition.job_definition_name = "job";
    definition.container_properties.image = "simulated";
    definition.container_properties.resources = Resources::Of(1, 512);
    ASSERT_TRUE(scheduler_
                    .RegisterJobDefinition(*JobDefinition::Create(definition),
                                           simulation.now())
                    .ok());
    ASSERT_TRUE(simulation.Settle(scheduler_).ok());
  }

  JobId Submit(int64_t vcpus = 1) {
    SubmitJobRequest request;
    request.job_name = "a";
    request.job_queue = "queue";
    request.job_definition = "job";
    request.container_overrides.vcpu_milli = vcpus * 1000;
    const auto job = scheduler_.SubmitJob(request, simulation_.now());
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? *job : JobId();
  }

  JobStatus StatusOf(JobId job) const {
    return scheduler_.DescribeJob(job)->status;
  }

  absl::Duration Elapsed() const {
    return simulation_.now() - SimulationOptions().start;
  }

  std::unique_ptr<SimulatedRuntime> runtime_ =
      std::make_unique<SimulatedRuntime>();
  std::unique_ptr<SimulatedProvider> provider_ =
      std::make_unique<SimulatedProvider>(WithoutBoot());
  Simulation simulation_;
  Scheduler scheduler_;
};

TEST_F(SimulationTest, SettleMakesFurnitureValidWithoutLettingTimePass) {
  EXPECT_EQ(scheduler_.DescribeJobQueue("queue")->status,
            ResourceStatus::kValid);
  EXPECT_EQ(Elapsed(), absl::ZeroDuration());
}

TEST_F(SimulationTest, RunUntilIdleJumpsFromMomentToMoment) {
  Submit();
  std::vector<std::pair<absl::Duration, JobStatus>> seen;
  ASSERT_TRUE(simulation_
                  .RunUntilIdle(scheduler_,
                                [&](const Event& event) {
                                  seen.emplace_back(Elapsed(), event.to);
                                })
                  .ok());

  EXPECT_THAT(
      seen,
      ElementsAre(std::make_pair(absl::ZeroDuration(), JobStatus::kRunnable),
                  std::make_pair(absl::ZeroDuration(), JobStatus::kStarting),
                  std::make_pair(absl::Seconds(1), JobStatus::kRunning),
                  std::make_pair(absl::Seconds(11), JobStatus::kSucceeded)));
  EXPECT_EQ(simulation_.events(), 4);
  EXPECT_LT(simulation_.steps(), 30);
}

TEST_F(SimulationTest, RunUntilIdleDoesNotWaitForRetention) {
  const JobId job = Submit();
  ASSERT_TRUE(simulation_.RunUntilIdle(scheduler_).ok());

  EXPECT_EQ(Elapsed(), absl::Seconds(11));
  EXPECT_EQ(StatusOf(job), JobStatus::kSucceeded);
}

TEST_F(SimulationTest, RunUntilIdleEndsThoughAJobCanNeverRun) {
  const JobId job = Submit(/*vcpus=*/1000);
  ASSERT_TRUE(simulation_.RunUntilIdle(scheduler_).ok());

  EXPECT_EQ(StatusOf(job), JobStatus::kRunnable);
}

TEST_F(SimulationTest, RunUntilIdleEndsThoughLaunchesFailForEver) {
  for (const InstanceType& type : SimulatedInstanceTypes()) {
    provider_->SetCapacity(type.name, 0);
  }
  const JobId job = Submit();
  ASSERT_TRUE(simulation_.RunUntilIdle(scheduler_).ok());

  EXPECT_EQ(StatusOf(job), JobStatus::kRunnable);
  EXPECT_LE(Elapsed(), SimulationOptions().patience + absl::Minutes(2));
  EXPECT_GT(provider_->counts().launches_failed, 1u);
}

TEST_F(SimulationTest, RunUntilIdleEndsThoughAContainerNeverDoes) {
  SimulatedRuntimeOptions options;
  options.default_fate.run_time = absl::InfiniteDuration();
  SimulatedRuntime endless(options);
  ASSERT_TRUE(
      scheduler_.AttachPlugins("machines", {provider_.get(), &endless}).ok());
  simulation_.WaitFor(endless);
  const JobId job = Submit();
  ASSERT_TRUE(simulation_.RunUntilIdle(scheduler_).ok());

  EXPECT_EQ(StatusOf(job), JobStatus::kRunning);
  EXPECT_EQ(Elapsed(), absl::Seconds(1));
  scheduler_ = Scheduler();  // knows the runtime no more
}

TEST_F(SimulationTest, WaitForMakesPatienceUnnecessary) {
  SimulatedRuntimeOptions options;
  options.default_fate.run_time = absl::Hours(24 * 30);
  SimulatedRuntime slow(options);
  ASSERT_TRUE(
      scheduler_.AttachPlugins("machines", {provider_.get(), &slow}).ok());
  const JobId job = Submit();
  ASSERT_TRUE(simulation_.RunUntilIdle(scheduler_).ok());
  EXPECT_EQ(StatusOf(job), JobStatus::kRunning);

  simulation_.WaitFor(slow);
  ASSERT_TRUE(simulation_.RunUntilIdle(scheduler_).ok());
  EXPECT_EQ(StatusOf(job), JobStatus::kSucceeded);
  EXPECT_EQ(Elapsed(), absl::Hours(24 * 30) + absl::Seconds(1));
  scheduler_ = Scheduler();
}

TEST_F(SimulationTest, ObserverMaySubmit) {
  JobId second;
  Submit();
  ASSERT_TRUE(simulation_
                  .RunUntilIdle(scheduler_,
                                [&](const Event& event) {
                                  if (event.to == JobStatus::kSucceeded &&
                                      second.is_null()) {
                                    second = Submit();
                                  }
                                })
                  .ok());

  ASSERT_FALSE(second.is_null());
  EXPECT_EQ(StatusOf(second), JobStatus::kSucceeded);
  EXPECT_EQ(Elapsed(), absl::Seconds(22));
}

TEST_F(SimulationTest, RunUntilStopsAtTheTimeWithWhatIsDueDone) {
  const JobId job = Submit();
  const absl::Time start = simulation_.now();
  ASSERT_TRUE(simulation_.RunUntil(scheduler_, start + absl::Seconds(5)).ok());
  EXPECT_EQ(Elapsed(), absl::Seconds(5));
  EXPECT_EQ(scheduler_.now(), start + absl::Seconds(5));
  EXPECT_EQ(StatusOf(job), JobStatus::kRunning);

  ASSERT_TRUE(simulation_.RunFor(scheduler_, absl::Seconds(6)).ok());
  EXPECT_EQ(StatusOf(job), JobStatus::kSucceeded);
  ASSERT_TRUE(simulation_.RunUntil(scheduler_, start).ok());
  EXPECT_EQ(Elapsed(), absl::Seconds(11));  // time does not go back
}

// Has always one more report, about a container that nobody asked for.
class RestlessRuntime : public SimulatedRuntime {
 public:
  void Poll(absl::Time now, int /*max*/,
            std::vector<ContainerReport>& out) noexcept override {
    ContainerId unknown;
    unknown.attempt.job.generation = 99;
    out.push_back(ContainerReport::Exited(now, unknown, 0));
  }
  absl::Time NextReportTime() const noexcept override {
    return absl::InfinitePast();
  }
};

TEST_F(SimulationTest, WorldThatNeverRestsIsAnError) {
  RestlessRuntime restless;
  ASSERT_TRUE(
      scheduler_.AttachPlugins("machines", {provider_.get(), &restless}).ok());
  SimulationOptions options;
  options.max_steps_at_one_moment = 100;
  Simulation simulation(options);

  const absl::Status status = simulation.RunUntilIdle(scheduler_);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("100 steps"));
  EXPECT_EQ(simulation.steps(), 100);
  scheduler_ = Scheduler();
}

TEST_F(SimulationTest, StatusOfTheSchedulerIsPassedOn) {
  const absl::Status status = simulation_.RunUntil(
      scheduler_, absl::FromCivil(absl::CivilYear(2300), absl::UTCTimeZone()));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace embatch
