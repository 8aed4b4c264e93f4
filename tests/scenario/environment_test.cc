// SPDX-License-Identifier: Apache-2.0
//
// What becomes of an environment, and of the jobs on it, when it is updated,
// found INVALID or deleted. Source: §16.2, §16.3, §16.7, §16.8. Choice: D42,
// D59.
#include <string>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class EnvironmentTest : public ScenarioTest {
 protected:
  void Machines() {
    world_.Managed("machines", Offers("t.2", 2, 4000), Progressive(),
                   BootsIn(absl::Seconds(10)));
    world_.Queue("queue", {"machines"});
  }
  static UpdateComputeEnvironmentRequest UpdateOf(
      const std::string& environment) {
    UpdateComputeEnvironmentRequest request;
    request.compute_environment = environment;
    return request;
  }
  // Replaces the instances.
  static UpdateComputeEnvironmentRequest NewImage() {
    UpdateComputeEnvironmentRequest request = UpdateOf("machines");
    request.compute_resources.emplace().update_to_latest_image_version = true;
    return request;
  }
  static UpdateComputeEnvironmentRequest Disabling(
      const std::string& environment) {
    UpdateComputeEnvironmentRequest request = UpdateOf(environment);
    request.state = ResourceState::kDisabled;
    return request;
  }
  absl::Status TryUpdate(const UpdateComputeEnvironmentRequest& request) {
    return world_.scheduler().UpdateComputeEnvironment(request, world_.now());
  }
  void Update(const UpdateComputeEnvironmentRequest& request) {
    EXPECT_TRUE(TryUpdate(request).ok()) << TryUpdate(request);
  }
  absl::Status Delete(const std::string& environment) {
    return world_.scheduler().DeleteComputeEnvironment(environment,
                                                       world_.now());
  }
  ComputeEnvironmentView View(const std::string& environment = "machines") {
    return *world_.scheduler().DescribeComputeEnvironment(environment);
  }
};

TEST_F(EnvironmentTest, ScalingUpdateTakesEffectInPlace) {
  Machines();
  const JobId a = world_.Submit("a", Array(4), RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Minutes(1));
  UpdateComputeEnvironmentRequest request = UpdateOf("machines");
  request.compute_resources.emplace().max_vcpus = 4;
  request.compute_resources->min_vcpus = 2;
  Update(request);
  EXPECT_EQ(View().status, ResourceStatus::kUpdating);
  world_.Settle();
  EXPECT_EQ(View().status, ResourceStatus::kValid);
  world_.Submit("b", Array(9));
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(View().vcpus, 4);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(View().vcpus, 2);
}

TEST_F(EnvironmentTest, DisabledEnvironmentFinishesWhatRuns) {
  Machines();
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Seconds(12));
  Update(Disabling("machines"));
  const JobId b = world_.Submit("b");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  EXPECT_EQ(View().vcpus, 0);
}

TEST_F(EnvironmentTest, DesiredVcpusBootAtOnceAndGoAfterWork) {
  Machines();
  UpdateComputeEnvironmentRequest request = UpdateOf("machines");
  request.compute_resources.emplace().desired_vcpus = 4;
  Update(request);
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(View().vcpus, 4);
  EXPECT_EQ(View().desired_vcpus, 4);
  request.compute_resources->desired_vcpus = 3;
  const absl::Status lower = TryUpdate(request);
  EXPECT_EQ(lower.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(lower.message()),
              StartsWith("compute_resources.desired_vcpus is 3; must be at "
                         "least 4: Manually scaling down compute environment "
                         "is not supported."));
  world_.Submit("a");
  world_.RunUntilIdle();
  EXPECT_EQ(View().vcpus, 0);
}

TEST_F(EnvironmentTest, InfrastructureUpdateLetsJobsFinishOnOldMachines) {
  Machines();
  const JobId a = world_.Submit("a", RunsFor(absl::Minutes(20)));
  world_.RunFor(absl::Minutes(1));
  Update(NewImage());
  const JobId b = world_.Submit("b");
  world_.RunFor(absl::Minutes(1));
  // b did not go beside a, where there was room.
  EXPECT_EQ(View().status, ResourceStatus::kUpdating);
  EXPECT_EQ(View().draining, 1);
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
  EXPECT_NE(world_.Describe(a).instance, world_.Describe(b).instance);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(View().status, ResourceStatus::kValid);
  EXPECT_EQ(View().instances, 0);
}

TEST_F(EnvironmentTest, JobsHaveUntilTheTimeoutOfTheUpdate) {
  Machines();
  const JobId a =
      world_.Submit("a", RunsFor(absl::Hours(2), absl::Hours(1)), Attempts(2));
  world_.RunFor(absl::Minutes(1));
  const absl::Time update = world_.now();
  Update(NewImage());
  world_.RunUntil(update + absl::Minutes(30) - absl::Seconds(1));
  EXPECT_EQ(world_.Describe(a).attempts, 1);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  const auto attempts = world_.AttemptsOf(a);
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].stopped_at, update + absl::Minutes(30));
  EXPECT_THAT(std::string(attempts[0].status_reason),
              StartsWith("Host EC2 (instance i-"));
}

TEST_F(EnvironmentTest, UpdateMayStopJobsAtOnce) {
  Machines();
  const JobId a = world_.Submit("a", RunsFor(absl::Hours(2)));
  const JobId b = world_.Submit("b", RunsForever(), IgnoresStop());
  world_.RunFor(absl::Minutes(1));
  UpdateComputeEnvironmentRequest request = NewImage();
  request.update_policy.emplace().terminate_jobs_on_update = true;
  Update(request);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_THAT(world_.ReasonOf(a), StartsWith("Host EC2 (instance i-"));
  EXPECT_EQ(world_.StopTimeOf(b) - world_.StopTimeOf(a), absl::Seconds(30));
  EXPECT_EQ(View().status, ResourceStatus::kValid);
}

TEST_F(EnvironmentTest, BestFitTakesNoInfrastructureUpdate) {
  world_.Managed("machines");
  const absl::Status refused = TryUpdate(NewImage());
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("BEST_FIT"));
  UpdateComputeEnvironmentRequest request = UpdateOf("machines");
  request.compute_resources.emplace().allocation_strategy =
      AllocationStrategy::kBestFit;
  EXPECT_EQ(TryUpdate(request).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EnvironmentTest, ChangesAreTakenInValidAndInvalidOnly) {
  Machines();
  Update(NewImage());
  const absl::Status updating = TryUpdate(NewImage());
  EXPECT_EQ(updating.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(updating.message()),
              HasSubstr("which is UPDATING; Cannot update, resource is being "
                        "modified"));
  EXPECT_THAT(std::string(Delete("machines").message()),
              HasSubstr("Cannot delete, resource is being modified"));
  world_.Settle();
  EXPECT_EQ(Delete("machines").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Delete("machines").message()),
              HasSubstr("which is ENABLED; must be DISABLED to be deleted"));
  Update(Disabling("machines"));
  world_.Settle();
  EXPECT_THAT(std::string(Delete("machines").message()),
              HasSubstr("Cannot delete, found existing JobQueue relationship"));
  EXPECT_TRUE(Delete("nobody").ok());
  EXPECT_EQ(TryUpdate(UpdateOf("nobody")).code(), absl::StatusCode::kNotFound);
}

TEST_F(EnvironmentTest, InvalidEnvironmentTakesNothingUntilItIsUpdated) {
  Machines();
  world_.provider("machines").Invalidate("machines", "", world_.now());
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(View().status, ResourceStatus::kInvalid);
  EXPECT_THAT(std::string(View().status_reason),
              StartsWith("Your compute environment has been INVALIDATED"));
  EXPECT_THAT(world_.ReasonOf(a), StartsWith("ACTION_REQUIRED - CE(s)"));
  EXPECT_EQ(View().vcpus, 0);
  Update(UpdateOf("machines"));
  world_.RunUntilIdle();
  EXPECT_EQ(View().status, ResourceStatus::kValid);
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(EnvironmentTest, InvalidEnvironmentIsSkipped) {
  Machines();
  world_.Managed("second");
  world_.Queue("both", {"machines", "second"});
  world_.provider("machines").Invalidate("machines", "bad role", world_.now());
  world_.Settle();
  EXPECT_EQ(View().status_reason, "bad role");
  const JobId a = world_.Submit("a", InQueue("both"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.provider("second").counts().launches, 1u);
}

TEST_F(EnvironmentTest, JobsOnADeletedEnvironmentMayMove) {
  Machines();
  world_.Managed("second");
  world_.Queue("both", {"machines", "second"});
  const JobId a =
      world_.Submit("a", InQueue("both"), Attempts(2), RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Minutes(1));
  EXPECT_TRUE(TryUpdate(Disabling("machines")).ok());
  for (const char* queue : {"queue", "both"}) {
    UpdateJobQueueRequest request;
    request.job_queue = queue;
    request.compute_environment_order = {{1, "second"}};
    EXPECT_TRUE(world_.scheduler().UpdateJobQueue(request, world_.now()).ok());
  }
  world_.Settle();
  EXPECT_TRUE(Delete("machines").ok()) << Delete("machines");
  EXPECT_EQ(View().status, ResourceStatus::kDeleting);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(std::string(world_.AttemptsOf(a)[0].status_reason),
              StartsWith("Host EC2 (instance i-"));
  EXPECT_EQ(
      world_.scheduler().DescribeComputeEnvironment("machines").status().code(),
      absl::StatusCode::kNotFound);
  EXPECT_EQ(world_.provider("machines").counts().terminated, 1u);
}

// --- Spot -------------------------------------------------------------------

// Source: §17; a reclaimed instance takes its jobs along, and demand replaces
// it at once, whatever minScaleDownDelayMinutes says.
TEST_F(EnvironmentTest, ReclaimedSpotInstanceIsReplaced) {
  world_.Managed(
      "machines", OfType(ComputeResourceType::kSpot), Offers("t.2", 2, 4000),
      [](EnvironmentPlan& plan) {
        plan.options.compute_resources->min_scale_down_delay_minutes = 20;
        plan.provider.interruption_period = absl::Hours(1);
        for (InstanceType& type : plan.provider.instance_types) {
          type.interruptions_per_million = 1000000;
        }
      });
  const JobId a = world_.Submit("a", Attempts(2),
                                RunsFor(absl::Hours(2), absl::Seconds(1)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(std::string(world_.AttemptsOf(a)[0].status_reason),
              StartsWith("Host EC2 (instance i-"));
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
}

// Source: API minScaleDownDelayMinutes.
TEST_F(EnvironmentTest, UsedInstanceIsKeptForItsDelay) {
  world_.Managed("machines", Offers("t.2", 2, 4000), [](EnvironmentPlan& plan) {
    plan.options.compute_resources->min_scale_down_delay_minutes = 20;
  });
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Minutes(5));
  const absl::Time stop = world_.StopTimeOf(a);
  world_.RunUntil(stop + absl::Minutes(20) - absl::Nanoseconds(1));
  EXPECT_EQ(View().vcpus, 2);
  world_.RunUntil(stop + absl::Minutes(20));
  EXPECT_EQ(View().vcpus, 0);
}

// --- Fargate ----------------------------------------------------------------

class FargateTest : public EnvironmentTest {
 protected:
  FargateTest() {
    JobDefinitionOptions options;
    options.job_definition_name = "job";
    options.platform_capabilities = {PlatformCapability::kFargate};
    options.container_properties.image = "simulated";
    options.container_properties.resources = Resources::Of(1, 2048);
    world_.Define(std::move(options));
  }
  void Tasks(ComputeResourceType type = ComputeResourceType::kFargate,
             int64_t max_vcpus = 4) {
    world_.Managed("tasks", OfType(type), MaxVcpus(max_vcpus));
    world_.Queue("queue", {"tasks"});
  }
};

TEST_F(FargateTest, MaximumCountsTheVcpusOfJobs) {
  Tasks();
  const JobId a = world_.Submit("a", Array(6), RunsFor(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(View("tasks").vcpus, 4);
  EXPECT_EQ(View("tasks").instances, 0);
  EXPECT_EQ(
      world_.Describe(a).status_summary[static_cast<int>(JobStatus::kRunning)],
      4);
  EXPECT_EQ(world_.Describe(a.Child(0)).instance, InstanceId());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(View("tasks").vcpus, 0);
}

TEST_F(FargateTest, LoweredMaximumHoldsForWhatComes) {
  Tasks();
  const JobId a = world_.Submit("a", Array(4), RunsFor(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(30));
  UpdateComputeEnvironmentRequest request = UpdateOf("tasks");
  request.compute_resources.emplace().max_vcpus = 2;
  Update(request);
  const JobId b = world_.Submit("b", Array(3), RunsFor(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(40));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(View("tasks").vcpus, 2);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
}

TEST_F(FargateTest, WithoutCapacityTheAttemptNeverWas) {
  Tasks();
  const JobId a = world_.Submit("a", FindsNoCapacity(2));
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE STARTING RUNNABLE");
  EXPECT_EQ(world_.Describe(a).attempts, 0);
  EXPECT_THAT(world_.ReasonOf(a),
              StartsWith("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"));
  EXPECT_THAT(world_.ReasonOf(a), HasSubstr("[FARGATE]"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.AttemptsOf(a).size(), 1u);
}

// Choice: D30, an attempt is charged; this was none.
TEST_F(FargateTest, WithoutCapacityNothingIsConsumed) {
  Tasks();
  world_.Consumable("token", 1, ConsumableResourceType::kNonReplenishable);
  const JobId a = world_.Submit("a", FindsNoCapacity(2), Consumes("token", 1));
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.scheduler()
                .DescribeConsumableResource("token")
                ->available_quantity,
            1);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(
      world_.scheduler().DescribeConsumableResource("token")->total_quantity,
      0);
}

TEST_F(FargateTest, ChildrenGoBackToTheirPlaceToo) {
  Tasks();
  const JobId a = world_.Submit("a", Array(2), FindsNoCapacity(2));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(FargateTest, NextEnvironmentServesDuringTheBackOff) {
  world_.Managed("tasks", OfType(ComputeResourceType::kFargateSpot));
  world_.Managed("more", OfType(ComputeResourceType::kFargate));
  world_.Queue("queue", {"tasks", "more"});
  const JobId a = world_.Submit("a", FindsNoCapacity(1));
  world_.RunFor(absl::Seconds(20));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(FargateTest, InterruptedSpotTaskIsRetried) {
  Tasks(ComputeResourceType::kFargateSpot);
  const JobId a = world_.Submit("a", Attempts(2), IsInterrupted());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "Your Spot Task was interrupted.");
  EXPECT_EQ(world_.AttemptsOf(a).size(), 2u);
  EXPECT_FALSE(world_.AttemptsOf(a)[0].exit_code.has_value());
}

TEST_F(FargateTest, ActiveJobsMakeADeletionFail) {
  Tasks();
  const JobId a = world_.Submit("a", RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Minutes(1));
  world_.Managed("others", OfType(ComputeResourceType::kFargate));
  UpdateJobQueueRequest moved;
  moved.job_queue = "queue";
  moved.compute_environment_order = {{1, "others"}};
  EXPECT_TRUE(world_.scheduler().UpdateJobQueue(moved, world_.now()).ok());
  Update(Disabling("tasks"));
  world_.Settle();
  EXPECT_TRUE(Delete("tasks").ok());
  world_.Settle();
  EXPECT_EQ(View("tasks").status, ResourceStatus::kInvalid);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_TRUE(Delete("tasks").ok());
  world_.Settle();
  EXPECT_FALSE(world_.scheduler().DescribeComputeEnvironment("tasks").ok());
  world_.Managed("tasks");  // the name is free
  EXPECT_EQ(View("tasks").status, ResourceStatus::kValid);
}

TEST_F(FargateTest, QueuesDoNotMixFargateAndInstances) {
  Tasks();
  world_.Managed("machines");
  JobQueueOptions options;
  options.job_queue_name = "mixed";
  options.compute_environment_order = {{1, "tasks"}, {2, "machines"}};
  const absl::Status refused = world_.scheduler().CreateJobQueue(
      *JobQueue::Create(std::move(options)), world_.now());
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()),
              StartsWith("compute_environment_order.compute_environment is "
                         "\"machines\", beside one of the other kind"));
}

}  // namespace
}  // namespace embatch
