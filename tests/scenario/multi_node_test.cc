// SPDX-License-Identifier: Apache-2.0
//
// Source: guide "Multi-node parallel jobs"; §12. Choice: D35, D36.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scenario/scenario.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MultiNodeTest : public ::testing::Test {
 protected:
  // An environment of so many 2-vCPU instances at most.
  void Instances(int64_t count) {
    world_.Managed("cluster", MaxVcpus(2 * count), Offers("duo", 2, 4096));
    world_.Queue("queue", {"cluster"});
  }
  int CountInstances() {
    return world_.scheduler().DescribeComputeEnvironment("cluster")->instances;
  }

  World world_;
};

TEST_F(MultiNodeTest, MainNodeStartsFirstAndEndsTheJob) {
  Instances(3);
  world_.Submit("a", Nodes(3), Node(1, RunsForever()),
                Node(2, RunsFor(absl::Seconds(3))));
  world_.RunUntilIdle();

  EXPECT_THAT(
      world_.Log(),
      ElementsAre(
          "0 a SUBMITTED -> RUNNABLE",            //
          "1m a RUNNABLE -> STARTING attempt 1",  //
          "1m a#0..2 RUNNABLE -> STARTING attempt 1",
          "1m1s a STARTING -> RUNNING attempt 1",
          "1m1s a#0 STARTING -> RUNNING attempt 1",
          "1m2s a#1 STARTING -> RUNNING attempt 1",
          "1m2s a#2 STARTING -> RUNNING attempt 1",
          "1m5s a#2 RUNNING -> SUCCEEDED attempt 1: Essential container in "
          "task exited",
          "1m11s a RUNNING -> SUCCEEDED attempt 1: Essential container in task "
          "exited",
          "1m11s a#0 RUNNING -> SUCCEEDED attempt 1: Essential container in "
          "task exited",
          "1m11s a#1 RUNNING -> SUCCEEDED attempt 1: Main node exited"));
}

TEST_F(MultiNodeTest, FailedNodeChangesNothingForTheOthers) {
  Instances(3);
  const JobId a = world_.Submit("a", Nodes(3), Attempts(2), Node(1, Exits(1)),
                                Node(0, RunsFor(absl::Minutes(5))));
  world_.RunFor(absl::Minutes(3));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kFailed);
  EXPECT_EQ(world_.StatusOf(a.Child(2)), JobStatus::kSucceeded);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kFailed);
  EXPECT_EQ(world_.AttemptsOf(a.Child(1)).size(), 1u);
}

TEST_F(MultiNodeTest, AnyNodeMayBeTheMainNode) {
  Instances(2);
  const JobId a = world_.Submit(
      "a", Nodes(2, 1), Node(0, RunsForever(), Exits(0)), Node(1, Exits(3)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.Describe(a).exit_code, 3);
  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a.Child(0)), "Main node exited");
  EXPECT_TRUE(world_.Describe(a.Child(1)).is_main_node());
  EXPECT_FALSE(world_.Describe(a.Child(0)).is_main_node());
  EXPECT_FALSE(world_.Describe(a).is_main_node());
  EXPECT_EQ(world_.Describe(a).num_nodes, 2);
  EXPECT_EQ(world_.Describe(a.Child(0)).main_node, 1);
}

TEST_F(MultiNodeTest, JobShowsWhatItsMainNodeDid) {
  Instances(2);
  const JobId a =
      world_.Submit("a", Nodes(2, 1), Attempts(2), Node(1, Exits(3, 0)));
  world_.RunUntilIdle();
  const std::vector<AttemptView> job = world_.AttemptsOf(a);
  const std::vector<AttemptView> main = world_.AttemptsOf(a.Child(1));
  ASSERT_EQ(job.size(), 2u);
  ASSERT_EQ(main.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(job[i].started_at, main[i].started_at);
    EXPECT_EQ(job[i].stopped_at, main[i].stopped_at);
    EXPECT_EQ(job[i].exit_code, main[i].exit_code);
    EXPECT_EQ(job[i].instance, main[i].instance);
  }
  EXPECT_EQ(job[0].exit_code, 3);
  EXPECT_EQ(world_.StartTimeOf(a), world_.StartTimeOf(a.Child(1)));
  EXPECT_EQ(world_.StopTimeOf(a), world_.StopTimeOf(a.Child(1)));
}

TEST_F(MultiNodeTest, RetryRestartsAllNodesAndAddsAnAttemptToEach) {
  Instances(3);
  const JobId a =
      world_.Submit("a", Nodes(3), Attempts(2), Node(0, Exits(1, 0)),
                    Node(1, RunsForever()), Node(2, RunsFor(absl::Seconds(1))));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a),
            "SUBMITTED RUNNABLE STARTING RUNNING RUNNABLE STARTING RUNNING "
            "SUCCEEDED");
  EXPECT_EQ(world_.StatusesOf(a.Child(1)),
            "RUNNABLE STARTING RUNNING RUNNABLE STARTING RUNNING SUCCEEDED");
  EXPECT_EQ(world_.StatusesOf(a.Child(2)),
            "RUNNABLE STARTING RUNNING SUCCEEDED RUNNABLE STARTING RUNNING "
            "SUCCEEDED");
  for (int32_t node = 0; node < 3; ++node) {
    EXPECT_EQ(world_.AttemptsOf(a.Child(node)).size(), 2u) << node;
  }
  EXPECT_EQ(world_.AttemptsOf(a.Child(1))[0].status_reason, "Main node exited");
}

// The next attempt needs the instances of nodes that are still being stopped:
// it waits for them rather than have new ones launched.
TEST_F(MultiNodeTest, NextAttemptWaitsForTheNodesOfTheLast) {
  Instances(8);
  const JobId a =
      world_.Submit("a", Nodes(3), Attempts(2), Node(0, Exits(1, 0)),
                    Node(1, RunsForever(), IgnoresStop()));
  world_.RunFor(absl::Seconds(75));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kRunnable);
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kRunning);
  EXPECT_EQ(world_.ReasonOf(a), "");
  EXPECT_EQ(CountInstances(), 3);
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(world_.Describe(a).attempts, 2);
  EXPECT_EQ(CountInstances(), 3);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(MultiNodeTest, MainNodeThatDoesNotStartFailsTheAttempt) {
  Instances(2);
  const JobId a =
      world_.Submit("a", Nodes(2), Node(0, StartFails("CannotPull")));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE STARTING FAILED");
  EXPECT_EQ(world_.ReasonOf(a), "Task failed to start");
  EXPECT_EQ(world_.StatusesOf(a.Child(1)), "RUNNABLE STARTING FAILED");
  EXPECT_FALSE(world_.Describe(a.Child(1)).started_at.has_value());
}

TEST_F(MultiNodeTest, LossOfTheMainNodesHostIsAFailureOfTheJob) {
  Instances(2);
  const JobId a = world_.Submit("a", Nodes(2), Attempts(2), RunsForever());
  world_.RunFor(absl::Minutes(2));
  const InstanceId host = world_.Describe(a.Child(0)).instance;
  EXPECT_EQ(world_.Describe(a).instance, host);
  world_.provider("cluster").Lose(host, world_.now());
  world_.RunFor(absl::Minutes(5));
  EXPECT_EQ(world_.Describe(a).attempts, 2);
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kRunning);
  EXPECT_THAT(world_.AttemptsOf(a)[0].status_reason, HasSubstr("Host EC2"));
  EXPECT_EQ(world_.AttemptsOf(a.Child(1))[0].status_reason, "Main node exited");
}

TEST_F(MultiNodeTest, LossOfAnotherNodesHostIsAFailureOfThatNode) {
  Instances(2);
  const JobId a = world_.Submit("a", Nodes(2), Attempts(2), RunsForever());
  world_.RunFor(absl::Minutes(2));
  world_.provider("cluster").Lose(world_.Describe(a.Child(1)).instance,
                                  world_.now());
  world_.RunFor(absl::Minutes(5));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(world_.Describe(a).attempts, 1);
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kFailed);
  EXPECT_THAT(world_.ReasonOf(a.Child(1)), HasSubstr("Host EC2"));
}

TEST_F(MultiNodeTest, TimeoutIsTheWholeJobs) {
  Instances(2);
  const JobId a = world_.Submit("a", Nodes(2), Attempts(2), RunsForever(),
                                TimesOutAfter(absl::Minutes(1)),
                                Node(1, RunsForever(), IgnoresStop()));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Minutes(1));
  for (const JobId& job : {a, a.Child(0), a.Child(1)}) {
    EXPECT_EQ(world_.ReasonOf(job), "Job attempt duration exceeded timeout");
  }
  EXPECT_EQ(world_.StopTimeOf(a.Child(1)) - world_.StopTimeOf(a),
            absl::Seconds(30));
}

TEST_F(MultiNodeTest, TerminateEndsAllNodes) {
  Instances(3);
  const JobId a = world_.Submit("a", Nodes(3), Attempts(2), RunsForever(),
                                Node(2, RunsForever(), IgnoresStop()));
  world_.RunFor(absl::Minutes(2));
  world_.Terminate(a, "enough");
  world_.RunUntilIdle();
  for (const JobId& job : {a, a.Child(0), a.Child(1), a.Child(2)}) {
    EXPECT_EQ(world_.StatusOf(job), JobStatus::kFailed);
    EXPECT_EQ(world_.ReasonOf(job), "enough");
    EXPECT_TRUE(world_.Describe(job).is_terminated);
  }
  EXPECT_EQ(CountInstances(), 0);
}

TEST_F(MultiNodeTest, CancelBeforeTheStartEndsTheNodesSilently) {
  Instances(2);
  const JobId a = world_.Submit("a", Nodes(2));
  world_.RunFor(absl::Seconds(10));
  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kRunnable);
  world_.Cancel(a, "never mind");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE FAILED");
  EXPECT_TRUE(world_.EventsOf(a.Child(0)).empty());
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a.Child(1)), "never mind");
}

TEST_F(MultiNodeTest, CancelWhileItWaitsForItsOldNodes) {
  Instances(2);
  const JobId a = world_.Submit("a", Nodes(2), Attempts(2), Node(0, Exits(1)),
                                Node(1, RunsForever(), IgnoresStop()));
  world_.RunFor(absl::Seconds(75));
  ASSERT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  world_.Cancel(a, "never mind");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.StatusOf(a.Child(0)), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a.Child(0)), "never mind");
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a.Child(1)), "Main node exited");
}

// Source: §5.2, launch-time rejections.
TEST_F(MultiNodeTest, WhatCannotBeLaunchedFailsWithAllNodes) {
  Instances(2);
  const JobId a = world_.Submit("a", Nodes(2), Attempts(2), [](JobPlan& plan) {
    plan.request.container_overrides.environment = {
        {"LONG", std::string(9000, 'x')}};
  });
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE FAILED");
  EXPECT_EQ(world_.ReasonOf(a),
            "Container Overrides length must be at most 8192");
  EXPECT_TRUE(world_.EventsOf(a.Child(1)).empty());
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kFailed);
}

TEST_F(MultiNodeTest, OneNodeCannotBeEndedAlone) {
  Instances(2);
  const JobId a = world_.Submit("a", Nodes(2), RunsForever());
  world_.RunFor(absl::Minutes(2));
  for (const absl::Status& status :
       {world_.scheduler().CancelJob(a.Child(1), "r", world_.now()),
        world_.scheduler().TerminateJob(a.Child(1), "r", world_.now())}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("job is node 1 of a multi-node job"));
  }
  EXPECT_TRUE(world_.scheduler().CancelJob(a.Child(2), "r", world_.now()).ok());
}

TEST_F(MultiNodeTest, NobodyCanDependOnOneNode) {
  Instances(2);
  const JobId a = world_.Submit("a", Nodes(2));
  const JobId b = world_.Submit("b", DependsOn(a));
  const absl::Status status =
      world_.TrySubmit("c", DependsOn(a.Child(1))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("depends_on[0] names a node"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
  EXPECT_GE(world_.StartTimeOf(b), world_.StopTimeOf(a));
}

TEST_F(MultiNodeTest, PendingJobFailsWithItsDependency) {
  Instances(2);
  const JobId a = world_.Submit("a", Exits(1));
  const JobId b = world_.Submit("b", Nodes(2), DependsOn(a));
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(b.Child(1)), JobStatus::kPending);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(b), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world_.ReasonOf(b.Child(1)), "Dependent Job failed");
}

TEST_F(MultiNodeTest, NodesGoWithTheirJob) {
  WorldOptions options;
  options.scheduler.finished_job_retention = absl::ZeroDuration();
  World world(options);
  world.Managed("cluster", MaxVcpus(4), Offers("duo", 2, 4096));
  world.Queue("queue", {"cluster"});
  const JobId a =
      world.Submit("a", Nodes(2), Node(1, RunsForever(), IgnoresStop()));
  world.RunFor(absl::Seconds(90));
  // The job is over, but one of its nodes is still being stopped.
  EXPECT_EQ(world.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world.StatusOf(a.Child(1)), JobStatus::kRunning);
  world.RunUntilIdle();
  EXPECT_FALSE(world.scheduler().DescribeJob(a).ok());
  EXPECT_FALSE(world.scheduler().DescribeJob(a.Child(1)).ok());
}

TEST_F(MultiNodeTest, IdsOfNodesHaveAHash) {
  Instances(2);
  const JobId a = world_.Submit("a", Nodes(2));
  const JobId array = world_.Submit("b", Array(2));
  Scheduler& scheduler = world_.scheduler();
  const std::string job = scheduler.JobIdText(a);
  EXPECT_EQ(scheduler.JobIdText(a.Child(1)), job + "#1");
  EXPECT_EQ(*scheduler.ParseJobId(job + "#1"), a.Child(1));
  EXPECT_EQ(*scheduler.ParseJobId(job), a);
  EXPECT_EQ(scheduler.ParseJobId(job + ":1").status().code(),
            absl::StatusCode::kInvalidArgument);
  const std::string child = scheduler.JobIdText(array.Child(1));
  EXPECT_EQ(child, scheduler.JobIdText(array) + ":1");
  EXPECT_EQ(
      scheduler.ParseJobId(scheduler.JobIdText(array) + "#1").status().code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(scheduler.ParseJobId(job + "#01").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(MultiNodeTest, NodesAreListedByStatus) {
  Instances(3);
  const JobId a = world_.Submit("a", Nodes(3), RunsForever(),
                                Node(1, RunsFor(absl::Seconds(1))));
  world_.RunFor(absl::Minutes(2));
  ListJobsRequest request;
  request.multi_node_job = a;
  request.max_results = 1;
  const JobPage first = *world_.scheduler().ListJobs(request);
  EXPECT_THAT(first.jobs, ElementsAre(a.Child(0)));
  request.next_token = first.next_token;
  const JobPage second = *world_.scheduler().ListJobs(request);
  EXPECT_THAT(second.jobs, ElementsAre(a.Child(2)));
  EXPECT_EQ(second.next_token, "");
  request.job_queue = "queue";
  EXPECT_EQ(world_.scheduler().ListJobs(request).status().code(),
            absl::StatusCode::kInvalidArgument);
  // The queue lists the job, not its nodes.
  request = ListJobsRequest();
  request.job_queue = "queue";
  EXPECT_THAT(world_.scheduler().ListJobs(request)->jobs, ElementsAre(a));
  request = ListJobsRequest();
  request.multi_node_job = world_.Submit("single");
  EXPECT_TRUE(world_.scheduler().ListJobs(request)->jobs.empty());
}

}  // namespace
}  // namespace embatch
