// SPDX-License-Identifier: Apache-2.0
//
// Where multi-node jobs run, what they wait for and why.
// Source: guide "Multi-node parallel jobs", "Compute environment
// considerations"; §12.2, §13.5. Choice: D35.
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scenario/scenario.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;

class MultiNodePlacementTest : public ::testing::Test {
 protected:
  template <typename... Words>
  void Cluster(Words... words) {
    world_.Managed("cluster", Offers("duo", 2, 4096), words...);
    world_.Queue("queue", {"cluster"});
  }
  int CountInstances(const std::string& environment = "cluster") {
    return world_.scheduler()
        .DescribeComputeEnvironment(environment)
        ->instances;
  }
  std::string InstanceTypeOf(JobId job, const std::string& environment) {
    for (const SimulatedInstance& instance :
         world_.provider(environment).Instances()) {
      if (instance.instance == world_.Describe(job).instance) {
        return instance.instance_type;
      }
    }
    return "none";
  }

  World world_;
};

TEST_F(MultiNodePlacementTest, OneInstanceForEachNodeAndOneOnly) {
  Cluster(MaxVcpus(100));
  // Two of them would fit on one instance.
  const JobId a = world_.Submit("a", Nodes(4), RunsForever());
  world_.Settle();
  EXPECT_EQ(CountInstances(), 4);
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  // What its nodes leave over is for nobody else.
  const JobId b = world_.Submit("b");
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  EXPECT_EQ(CountInstances(), 5);
}

TEST_F(MultiNodePlacementTest, NothingStartsBeforeAllInstancesAreThere) {
  Cluster(MaxVcpus(100), HasOnly(2, "duo"));
  const JobId a = world_.Submit("a", Nodes(3));
  world_.RunFor(absl::Minutes(10));
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE");
  EXPECT_THAT(world_.ReasonOf(a),
              HasSubstr("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service "
                        "cannot fulfill the capacity requested for instance "
                        "type [duo]"));
  // What could be had is kept for it.
  EXPECT_EQ(CountInstances(), 2);
}

// BEST_FIT_PROGRESSIVE takes one type for a multi-node job, and no other when
// that is not to be had; nor does the job go to the next environment.
TEST_F(MultiNodePlacementTest, NoOtherTypeAndNoOtherEnvironmentIsTaken) {
  world_.Managed("first", Offers("duo", 2, 4096),
                 Offers("quad", 4, 8192, 300000), HasOnly(1, "duo"));
  world_.Managed("second", Offers("duo", 2, 4096), MinVcpus(0));
  world_.Queue("queue", {"first", "second"});
  const JobId a = world_.Submit("a", Nodes(2));
  world_.RunFor(absl::Minutes(10));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_THAT(world_.ReasonOf(a), HasSubstr("type [duo]"));
  EXPECT_EQ(CountInstances("second"), 0);
  for (const SimulatedInstance& instance :
       world_.provider("first").Instances()) {
    EXPECT_EQ(instance.instance_type, "duo");
  }
}

TEST_F(MultiNodePlacementTest, NextEnvironmentServesWhatTheFirstNeverCan) {
  world_.Managed("small", Offers("duo", 2, 4096), MaxVcpus(4));
  world_.Managed("large", Offers("duo", 2, 4096), MaxVcpus(6));
  world_.Queue("queue", {"small", "large"});
  const JobId a = world_.Submit("a", Nodes(3));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
}

TEST_F(MultiNodePlacementTest, StrictQueueWaitsForItsHead) {
  Cluster(MaxVcpus(4));
  const JobId before = world_.Submit("before", RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Minutes(2));
  const JobId a = world_.Submit("a", Nodes(2));
  const JobId behind = world_.Submit("behind");
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(a), "");  // it only waits for a job that runs
  EXPECT_EQ(world_.StatusOf(behind), JobStatus::kRunnable);
  EXPECT_EQ(CountInstances(), 1);
  world_.RunUntilIdle();
  EXPECT_GE(world_.StartTimeOf(a), world_.StopTimeOf(before));
  EXPECT_GE(world_.StartTimeOf(behind), world_.StopTimeOf(a));
}

// What may overtake it gets its instance, too.
TEST_F(MultiNodePlacementTest, FirstFitGrowsForThoseBehind) {
  world_.Managed("cluster", Offers("duo", 2, 4096), MaxVcpus(4));
  JobQueueOptions options;
  options.job_queue_name = "queue";
  options.priority = 1;
  options.dispatch_order = DispatchOrder::kFirstFit;
  world_.Queue(std::move(options), {"cluster"});
  world_.Submit("before", Needs(2, 512), RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Minutes(2));
  const JobId a = world_.Submit("a", Nodes(2));
  const JobId behind = world_.Submit("behind", RunsFor(absl::Minutes(5)));
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.StatusOf(behind), JobStatus::kRunning);
  EXPECT_EQ(CountInstances(), 2);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
}

TEST_F(MultiNodePlacementTest, MaxvCpusMustHoldAllNodes) {
  Cluster(MaxVcpus(7));
  const JobId a = world_.Submit("a", Nodes(8));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_THAT(world_.ReasonOf(a),
              HasSubstr("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"));
  EXPECT_EQ(CountInstances(), 0);
}

// The nodes' own vCPUs fit, but not those of an instance for each.
TEST_F(MultiNodePlacementTest, MaxvCpusMustHoldAnInstanceForEachNode) {
  Cluster(MaxVcpus(6));
  const JobId a = world_.Submit("a", Nodes(4));
  world_.RunUntilIdle();
  EXPECT_THAT(world_.ReasonOf(a),
              HasSubstr("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"));
}

TEST_F(MultiNodePlacementTest, NodeLargerThanEveryTypeNeverStarts) {
  Cluster(MaxVcpus(100));
  const JobId a = world_.Submit("a", Nodes(2), Needs(3, 512));
  world_.RunUntilIdle();
  EXPECT_THAT(world_.ReasonOf(a),
              HasSubstr("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"));
}

TEST_F(MultiNodePlacementTest, UnmanagedEnvironmentsRunNoNodes) {
  world_.Unmanaged("hosts");
  world_.Queue("queue", {"hosts"});
  world_.Join("hosts", 8, 8000);
  world_.Join("hosts", 8, 8000);
  const JobId a = world_.Submit("a", Nodes(2));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_THAT(
      world_.ReasonOf(a),
      HasSubstr("MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED"));
}

// What minvCpus keeps running is for other jobs.
TEST_F(MultiNodePlacementTest, InstancesOfMinvCpusTakeNoNodes) {
  Cluster(MinVcpus(4), MaxVcpus(100));
  world_.RunFor(absl::Minutes(2));
  ASSERT_EQ(world_.provider("cluster").counts().launches, 2u);
  const JobId a = world_.Submit("a", Nodes(2), RunsForever());
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.provider("cluster").counts().launches, 4u);
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
}

TEST_F(MultiNodePlacementTest, InstancesOfMinvCpusMayLeaveNoRoomForNodes) {
  Cluster(MinVcpus(4), MaxVcpus(6));
  const JobId a = world_.Submit("a", Nodes(3));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_THAT(world_.ReasonOf(a), HasSubstr("UNDETERMINED"));
}

TEST_F(MultiNodePlacementTest, NodesUseInstancesThatOtherJobsLeft) {
  Cluster(MaxVcpus(100));
  const JobId b = world_.Submit("b", Needs(2, 512), RunsFor(absl::Minutes(2)));
  const JobId c = world_.Submit("c", Needs(2, 512), RunsFor(absl::Minutes(2)));
  world_.RunFor(absl::Seconds(150));
  const JobId a = world_.Submit("a", Nodes(2), DependsOn(b, c));
  world_.RunUntilIdle();
  // Their instances were idle when the job became RUNNABLE.
  EXPECT_EQ(world_.StartTimeOf(a) - world_.StopTimeOf(c), absl::Seconds(1));
}

TEST_F(MultiNodePlacementTest, IdleInstancesTooSmallMakeWay) {
  world_.Managed("cluster", Offers("duo", 2, 4096),
                 Offers("quad", 4, 8192, 300000), MaxVcpus(8));
  world_.Queue("queue", {"cluster"});
  world_.Submit("b", Needs(2, 512));
  world_.RunFor(absl::Seconds(65));
  const JobId a = world_.Submit("a", Nodes(2), Needs(4, 512));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(MultiNodePlacementTest, NamedInstanceTypeIsTaken) {
  world_.Managed("cluster", Offers("duo", 2, 4096),
                 Offers("quad", 4, 8192, 300000));
  world_.Queue("queue", {"cluster"});
  const auto on_type = [](std::string type) {
    return JobWord([=](JobPlan& plan) {
      NodePropertyOverride entry;
      entry.target_nodes = ":";
      entry.instance_types = {type};
      plan.request.node_overrides->node_property_overrides = {entry};
    });
  };
  const JobId a = world_.Submit("a", Nodes(2), on_type("quad"), RunsForever());
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(InstanceTypeOf(a.Child(0), "cluster"), "quad");
  EXPECT_EQ(InstanceTypeOf(a.Child(1), "cluster"), "quad");
  const JobId b = world_.Submit("b", Nodes(2), on_type("octo"));
  world_.RunFor(absl::Minutes(2));
  EXPECT_THAT(
      world_.ReasonOf(b),
      HasSubstr("MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED"));
}

// The largest node decides, as one type is launched for all.
TEST_F(MultiNodePlacementTest, AllNodesGetTheTypeOfTheLargest) {
  world_.Managed("cluster", Offers("duo", 2, 4096),
                 Offers("quad", 4, 8192, 300000));
  world_.Queue("queue", {"cluster"});
  JobDefinitionOptions options;
  options.job_definition_name = "unequal";
  options.type = JobDefinitionType::kMultinode;
  NodeProperties& nodes = options.node_properties.emplace();
  nodes.num_nodes = 3;
  nodes.node_range_properties.resize(2);
  nodes.node_range_properties[0].target_nodes = "0:2";
  nodes.node_range_properties[0].container.image = "worker";
  nodes.node_range_properties[0].container.resources = Resources::Of(1, 512);
  nodes.node_range_properties[1] = nodes.node_range_properties[0];
  nodes.node_range_properties[1].target_nodes = "1";
  nodes.node_range_properties[1].container.resources = Resources::Of(3, 512);
  world_.Define(options);
  const JobId a = world_.Submit("a", OfDefinition("unequal"), RunsForever());
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(world_.Describe(a.Child(0)).resources, Resources::Of(1, 512));
  EXPECT_EQ(world_.Describe(a.Child(1)).resources, Resources::Of(3, 512));
  for (int32_t node = 0; node < 3; ++node) {
    EXPECT_EQ(InstanceTypeOf(a.Child(node), "cluster"), "quad");
  }
}

TEST_F(MultiNodePlacementTest, JobsOfTwoQueuesShareAnEnvironment) {
  world_.Managed("cluster", Offers("duo", 2, 4096), MaxVcpus(6));
  world_.Queue("high", {"cluster"}, 10);
  world_.Queue("low", {"cluster"}, 1);
  const JobId b = world_.Submit("b", Nodes(2), InQueue("low"));
  const JobId a = world_.Submit("a", Nodes(2), InQueue("high"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_GE(world_.StartTimeOf(b), world_.StopTimeOf(a));
}

// What another node is told of the main node.
TEST(MultiNodeEnvironmentTest, OtherNodesAreToldWhereTheMainNodeIs) {
  std::vector<std::vector<EnvironmentVariable>> told(2);
  std::vector<std::string> ids(2);
  SimulatedRuntimeOptions options;
  options.script = [&](const ContainerSpec& spec) {
    const size_t node = static_cast<size_t>(spec.container.attempt.job.child);
    spec.AppendEnvironment(told[node]);
    ids[node] = spec.JobIdText();
    return ContainerFate();
  };
  SimulatedRuntime runtime(options);
  SimulatedProvider provider;
  Scheduler scheduler;
  Simulation simulation;
  simulation.WaitFor(runtime);
  const absl::Time now = simulation.now();
  ComputeEnvironmentOptions environment;
  environment.compute_environment_name = "cluster";
  environment.compute_resources.emplace();
  environment.compute_resources->max_vcpus = 64;
  environment.compute_resources->instance_types = {"optimal"};
  ASSERT_TRUE(scheduler
                  .CreateComputeEnvironment(
                      *ComputeEnvironment::Create(environment), now)
                  .ok());
  ASSERT_TRUE(scheduler.AttachPlugins("cluster", {&provider, &runtime}).ok());
  ASSERT_TRUE(simulation.RunUntil(scheduler, now).ok());
  JobQueueOptions queue;
  queue.job_queue_name = "queue";
  queue.compute_environment_order = {{1, "cluster"}};
  ASSERT_TRUE(scheduler.CreateJobQueue(*JobQueue::Create(queue), now).ok());
  ASSERT_TRUE(simulation.RunUntil(scheduler, now).ok());
  JobDefinitionOptions definition;
  definition.job_definition_name = "pair";
  definition.type = JobDefinitionType::kMultinode;
  NodeProperties& nodes = definition.node_properties.emplace();
  nodes.num_nodes = 2;
  nodes.main_node = 1;
  nodes.node_range_properties.resize(1);
  nodes.node_range_properties[0].target_nodes = "0:1";
  nodes.node_range_properties[0].container.image = "mpi";
  nodes.node_range_properties[0].container.resources = Resources::Of(1, 512);
  ASSERT_TRUE(scheduler
                  .RegisterJobDefinition(
                      *JobDefinition::Create(std::move(definition)), now)
                  .ok());
  SubmitJobRequest request;
  request.job_name = "a";
  request.job_queue = "queue";
  request.job_definition = "pair";
  const absl::StatusOr<JobId> job = scheduler.SubmitJob(request, now);
  ASSERT_TRUE(job.ok()) << job.status();
  ASSERT_TRUE(simulation.RunUntilIdle(scheduler).ok());

  const auto value = [&](size_t node, const std::string& name) {
    for (const EnvironmentVariable& variable : told[node]) {
      if (variable.name == name) return variable.value;
    }
    return std::string("absent");
  };
  EXPECT_EQ(value(0, "AWS_BATCH_JOB_NODE_INDEX"), "0");
  EXPECT_EQ(value(1, "AWS_BATCH_JOB_NODE_INDEX"), "1");
  EXPECT_EQ(value(0, "AWS_BATCH_JOB_NUM_NODES"), "2");
  EXPECT_EQ(value(0, "AWS_BATCH_JOB_MAIN_NODE_INDEX"), "1");
  EXPECT_EQ(value(1, "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"), "absent");
  const uint64_t host = scheduler.DescribeJob(job->Child(1))->instance.number;
  EXPECT_EQ(value(0, "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"),
            "10.0.0." + std::to_string(host));
  EXPECT_EQ(value(0, "AWS_BATCH_JOB_ID"), scheduler.JobIdText(*job) + "#0");
  EXPECT_EQ(ids[1], scheduler.JobIdText(*job) + "#1");
  EXPECT_EQ(value(0, "AWS_BATCH_JOB_ARRAY_INDEX"), "absent");
}

}  // namespace
}  // namespace embatch
