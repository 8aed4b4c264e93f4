// SPDX-License-Identifier: Apache-2.0
//
// Queues are updated and deleted. Source: §13.1, §13.2. Choice: D41, D42, D66.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kDeleted[] = "JobQueue deleted";

class QueueLifeTest : public ScenarioTest {
 protected:
  absl::Status Update(const UpdateJobQueueRequest& request) {
    return world_.scheduler().UpdateJobQueue(request, world_.now());
  }
  absl::Status Delete(absl::string_view queue) {
    return world_.scheduler().DeleteJobQueue(queue, world_.now());
  }
  ResourceStatus StatusOfQueue(absl::string_view queue) {
    const auto view = world_.scheduler().DescribeJobQueue(queue);
    return view.ok() ? view->status : ResourceStatus::kDeleted;
  }
  static UpdateJobQueueRequest Of(std::string queue) {
    UpdateJobQueueRequest request;
    request.job_queue = std::move(queue);
    return request;
  }
  static UpdateJobQueueRequest Priority(std::string queue, int priority) {
    UpdateJobQueueRequest request = Of(std::move(queue));
    request.priority = priority;
    return request;
  }
};

void ExpectRefused(const absl::Status& status, absl::StatusCode code,
                   absl::string_view text) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(text)));
}

// --- Update ------------------------------------------------------------------

TEST_F(QueueLifeTest, UpdatingThenValid) {
  Hosts({1});
  ASSERT_TRUE(Update(Priority("queue", 7)).ok());
  EXPECT_EQ(StatusOfQueue("queue"), ResourceStatus::kUpdating);
  ExpectRefused(Update(Priority("queue", 8)),
                absl::StatusCode::kFailedPrecondition,
                "job_queue is \"queue\", which is UPDATING; Cannot update, "
                "resource is being modified");
  ExpectRefused(Delete("queue"), absl::StatusCode::kFailedPrecondition,
                "Cannot delete, resource is being modified");
  world_.Submit("a");  // D59
  world_.Settle();
  EXPECT_EQ(StatusOfQueue("queue"), ResourceStatus::kValid);
  const auto view = world_.scheduler().DescribeJobQueue("queue");
  EXPECT_EQ(view->status_reason, "JobQueue Healthy");
  EXPECT_EQ(view->job_queue->options().priority, 7);
}

TEST_F(QueueLifeTest, PriorityChangesWhoGoesFirst) {
  Hosts({1});
  world_.Queue("other", {"hosts"}, 5);
  world_.Submit("running");
  const JobId a = world_.Submit("a", InQueue("queue"));
  const JobId b = world_.Submit("b", InQueue("other"));
  world_.UpdateQueue(Priority("queue", 6));
  world_.RunUntilIdle();
  EXPECT_LT(world_.StartTimeOf(a), world_.StartTimeOf(b));
}

// Of equal priorities the older queue goes first, whichever was updated last.
TEST_F(QueueLifeTest, EqualPrioritiesGoByAge) {
  Hosts({1});
  world_.Queue("other", {"hosts"}, 5);
  world_.Submit("running");
  const JobId b = world_.Submit("b", InQueue("other"));
  const JobId a = world_.Submit("a", InQueue("queue"));
  world_.UpdateQueue(Priority("other", 1));
  world_.RunUntilIdle();
  EXPECT_LT(world_.StartTimeOf(a), world_.StartTimeOf(b));
}

TEST_F(QueueLifeTest, AnotherEnvironmentTakesTheHead) {
  Hosts({1});
  world_.Unmanaged("large");
  world_.Join("large", 4, 4000);
  const JobId a = world_.Submit("a", Needs(4, 512));
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  UpdateJobQueueRequest request = Of("queue");
  request.compute_environment_order = {{1, "large"}};
  world_.UpdateQueue(request);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
}

// The jobs that a queue has were checked against its environments.
TEST_F(QueueLifeTest, StaysWithItsPlatformAndItsOrchestration) {
  const EnvironmentWord on_ecs = Orchestration(OrchestrationType::kEcs);
  const EnvironmentWord on_eks = Orchestration(OrchestrationType::kEks);
  world_.Managed("ec2", on_ecs);
  world_.Managed("spot", on_ecs, OfType(ComputeResourceType::kSpot));
  world_.Managed("pods", on_eks, Progressive());
  world_.Managed("fargate", on_ecs, OfType(ComputeResourceType::kFargate));
  world_.Managed("fargate-spot", on_ecs,
                 OfType(ComputeResourceType::kFargateSpot));
  world_.Unmanaged("hosts");  // of no orchestration: they take either
  world_.Queue("on-ec2", {"ec2"});
  world_.Queue("on-eks", {"pods"});
  world_.Queue("on-fargate", {"fargate"});
  world_.Queue("on-hosts", {"hosts"});
  const auto moved = [](std::string queue, std::string environment) {
    UpdateJobQueueRequest request = Of(std::move(queue));
    request.compute_environment_order = {{1, std::move(environment)}};
    return request;
  };
  const struct {
    const char* queue;
    const char* environment;
    const char* must_be;
  } refused[] = {
      {"on-ec2", "fargate", "EC2 (EC2 or SPOT)"},
      {"on-ec2", "pods", "ECS"},
      {"on-eks", "ec2", "EKS"},
      {"on-eks", "fargate", "EC2 (EC2 or SPOT)"},
      {"on-fargate", "spot", "Fargate (FARGATE or FARGATE_SPOT)"},
      {"on-hosts", "ec2", "of no orchestration"},
      {"on-hosts", "pods", "of no orchestration"},
  };
  for (const auto& one : refused) {
    ExpectRefused(
        Update(moved(one.queue, one.environment)),
        absl::StatusCode::kInvalidArgument,
        absl::StrCat("compute_environment_order.compute_environment is \"",
                     one.environment, "\"; must be ", one.must_be,
                     ", as the environments of job queue \"", one.queue,
                     "\" are now"));
    EXPECT_EQ(StatusOfQueue(one.queue), ResourceStatus::kValid);
  }
  world_.UpdateQueue(moved("on-ec2", "spot"));
  world_.UpdateQueue(moved("on-ec2", "hosts"));
  world_.UpdateQueue(moved("on-eks", "hosts"));
  world_.UpdateQueue(moved("on-fargate", "fargate-spot"));
}

TEST_F(QueueLifeTest, DisabledTakesNoJobsAndRunsThoseItHas) {
  Hosts({1});
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b");
  world_.DisableQueue("queue");
  const absl::Status refused = world_.TrySubmit("c").status();
  ExpectRefused(refused, absl::StatusCode::kFailedPrecondition,
                "job_queue is \"queue\", which is DISABLED");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(world_.StatusesOf(b), kStraight);
  UpdateJobQueueRequest request = Of("queue");
  request.state = ResourceState::kEnabled;
  world_.UpdateQueue(request);
  world_.Submit("c");
}

TEST_F(QueueLifeTest, UpdateIsCheckedLikeCreation) {
  Hosts({1});
  ExpectRefused(Update(Of("nobody")), absl::StatusCode::kNotFound,
                "job_queue: Job queue \"nobody\" does not exist");
  ExpectRefused(Update(Priority("queue", 1001)),
                absl::StatusCode::kInvalidArgument, "priority is 1001");
  UpdateJobQueueRequest request = Of("queue");
  request.compute_environment_order.emplace();
  ExpectRefused(Update(request), absl::StatusCode::kInvalidArgument,
                "At least 1 compute environment must be provided");
  request.compute_environment_order = {{1, "nowhere"}};
  ExpectRefused(Update(request), absl::StatusCode::kNotFound,
                "compute_environment_order.compute_environment is \"nowhere\"");
  ComputeEnvironmentOptions options;
  options.compute_environment_name = "new";
  options.type = ComputeEnvironmentType::kUnmanaged;
  ASSERT_TRUE(world_.scheduler()
                  .CreateComputeEnvironment(
                      *ComputeEnvironment::Create(options), world_.now())
                  .ok());
  request.compute_environment_order = {{1, "hosts"}, {2, "new"}};
  ExpectRefused(Update(request), absl::StatusCode::kFailedPrecondition,
                "\"new\", which is CREATING; must be VALID");
  EXPECT_EQ(StatusOfQueue("queue"), ResourceStatus::kValid);
}

// --- Deletion ----------------------------------------------------------------

TEST_F(QueueLifeTest, OnlyADisabledQueueIsDeleted) {
  Hosts({1});
  ExpectRefused(Delete("queue"), absl::StatusCode::kFailedPrecondition,
                "job_queue is \"queue\", which is ENABLED; must be DISABLED");
  EXPECT_TRUE(Delete("nobody").ok());
  world_.DisableQueue("queue");
  EXPECT_TRUE(Delete("queue").ok());
  EXPECT_EQ(StatusOfQueue("queue"), ResourceStatus::kDeleting);
  EXPECT_TRUE(Delete("queue").ok());  // again
  ExpectRefused(Update(Priority("queue", 1)),
                absl::StatusCode::kFailedPrecondition,
                "which is DELETING; Cannot update");
  world_.Settle();
  EXPECT_EQ(StatusOfQueue("queue"), ResourceStatus::kDeleted);
  EXPECT_THAT(world_.scheduler().ListJobQueues(), testing::IsEmpty());
}

TEST_F(QueueLifeTest, JobsInEveryStatusEnd) {
  Hosts({2});
  const JobId running = world_.Submit("running", Attempts(3), RunsForever());
  const JobId starting = world_.Submit("starting", NeverStarts());
  const JobId runnable = world_.Submit("runnable");
  const JobId pending = world_.Submit("pending", DependsOn(running));
  world_.RunFor(absl::Seconds(5));
  const JobId submitted = world_.Submit("submitted");
  // Not yet seen when the queue goes; UpdateJobQueue alone starts nothing.
  ASSERT_TRUE(Update([] {
                UpdateJobQueueRequest request = Of("queue");
                request.state = ResourceState::kDisabled;
                return request;
              }())
                  .ok());
  world_.Settle();
  ASSERT_TRUE(Delete("queue").ok());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(running),
            "SUBMITTED RUNNABLE STARTING RUNNING FAILED");
  EXPECT_EQ(world_.StatusesOf(starting), "SUBMITTED RUNNABLE STARTING FAILED");
  EXPECT_EQ(world_.StatusesOf(runnable), "SUBMITTED RUNNABLE FAILED");
  EXPECT_EQ(world_.StatusesOf(pending), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world_.StatusesOf(submitted), "SUBMITTED RUNNABLE FAILED");
  for (const JobId& job : {running, starting, runnable, pending, submitted}) {
    EXPECT_EQ(world_.ReasonOf(job), kDeleted) << job;
  }
  EXPECT_EQ(world_.AttemptsOf(running).front().status_reason, kDeleted);
  EXPECT_THAT(world_.AttemptsOf(runnable), testing::IsEmpty());
  EXPECT_EQ(StatusOfQueue("queue"), ResourceStatus::kDeleted);
}

// A job that nobody has looked at yet does not become RUNNABLE first.
TEST_F(QueueLifeTest, ASubmittedJobFailsAtOnce) {
  Hosts({1});
  world_.DisableQueue("queue");
  UpdateJobQueueRequest request = Of("queue");
  request.state = ResourceState::kEnabled;
  world_.UpdateQueue(request);
  const JobId a = world_.Submit("a");
  const JobId array = world_.Submit("array", Array(3));
  request.state = ResourceState::kDisabled;
  ASSERT_TRUE(Update(request).ok());
  // The queue is UPDATING until the next Advance().
  EXPECT_FALSE(Delete("queue").ok());
  world_.Settle();
  ASSERT_TRUE(Delete("queue").ok());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.ReasonOf(a), kDeleted);
  EXPECT_EQ(world_.ReasonOf(array), kDeleted);
}

TEST_F(QueueLifeTest, ARunningJobMayTakeItsTimeToStop) {
  Hosts({1});
  const JobId a =
      world_.Submit("a", RunsForever(), StopsAfter(absl::Seconds(20)));
  world_.RunFor(absl::Seconds(5));
  world_.DeleteQueue("queue");
  world_.RunFor(absl::Seconds(10));
  EXPECT_EQ(StatusOfQueue("queue"), ResourceStatus::kDeleting);
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  world_.RunFor(absl::Seconds(11));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(StatusOfQueue("queue"), ResourceStatus::kDeleted);
}

// As with TerminateJob. Choice: D21.
TEST_F(QueueLifeTest, AnExitAfterwardsDoesNotSaveTheJob) {
  Hosts({1});
  const JobId a = world_.Submit("a", RunsFor(absl::Seconds(10)),
                                StopsAfter(absl::Seconds(20)));
  world_.RunFor(absl::Seconds(5));
  world_.DeleteQueue("queue");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), kDeleted);
}

TEST_F(QueueLifeTest, AnArrayEndsWithAllItsChildren) {
  Hosts({2});
  const JobId array =
      world_.Submit("array", Array(5), RunsForever(), Attempts(2));
  const JobId done = world_.Submit("done", Array(2));
  const JobId sequential = world_.Submit("sequential", Array(3), Sequential());
  const JobId waits = world_.Submit("waits", Array(2), DependsOn(done));
  world_.RunFor(absl::Seconds(3));
  world_.DeleteQueue("queue");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(array), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world_.StatusesOf(array.Child(0)),
            "PENDING RUNNABLE STARTING RUNNING FAILED");
  EXPECT_EQ(world_.StatusesOf(array.Child(4)), "PENDING RUNNABLE FAILED");
  EXPECT_EQ(world_.StatusesOf(sequential.Child(2)), "PENDING FAILED");
  EXPECT_EQ(world_.StatusesOf(waits), "SUBMITTED PENDING FAILED");
  for (const JobId& job :
       {array, array.Child(0), array.Child(4), done, done.Child(1), sequential,
        sequential.Child(0), sequential.Child(2), waits, waits.Child(1)}) {
    EXPECT_EQ(world_.ReasonOf(job), kDeleted) << job;
  }
  EXPECT_EQ(StatusOfQueue("queue"), ResourceStatus::kDeleted);
}

TEST_F(QueueLifeTest, DependentsElsewhereFail) {
  Hosts({1});
  world_.Queue("other", {"hosts"});
  const JobId a = world_.Submit("a", RunsForever());
  const JobId b = world_.Submit("b", InQueue("other"), DependsOn(a));
  world_.RunFor(absl::Seconds(5));
  world_.DeleteQueue("queue");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.ReasonOf(b), "Dependent Job failed");
}

// The caller's earlier wish was already being carried out. Choice: D57.
TEST_F(QueueLifeTest, WhatWasBeingStoppedKeepsItsReason) {
  Hosts({1});
  const JobId a =
      world_.Submit("a", RunsForever(), StopsAfter(absl::Seconds(20)));
  world_.RunFor(absl::Seconds(5));
  world_.Terminate(a, "enough");
  world_.Settle();
  world_.DeleteQueue("queue");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.ReasonOf(a), "enough");
}

TEST_F(QueueLifeTest, TheNameIsFreeAgain) {
  Hosts({1});
  const JobId old = world_.Submit("old");
  world_.RunUntilIdle();
  world_.DeleteQueue("queue");
  world_.RunUntilIdle();
  world_.Queue("queue", {"hosts"});
  const JobId fresh = world_.Submit("fresh");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(fresh), JobStatus::kSucceeded);
  EXPECT_EQ(world_.Describe(old).job_queue, "queue");
  ListJobsRequest request;
  request.job_queue = "queue";
  request.status = JobStatus::kSucceeded;
  EXPECT_THAT(world_.scheduler().ListJobs(request)->jobs, ElementsAre(fresh));
}

// The table of queues does not grow with queues that come and go.
TEST_F(QueueLifeTest, ManyQueuesComeAndGo) {
  world_.Unmanaged("hosts");
  world_.Join("hosts", 1, 1000);
  for (int i = 0; i < 120; ++i) {  // more than there may be at once
    const std::string name = "queue-" + std::to_string(i % 60);
    world_.Queue(name, {"hosts"});
    const JobId job = world_.Submit("job", InQueue(name));
    world_.RunUntilIdle();
    EXPECT_EQ(world_.StatusOf(job), JobStatus::kSucceeded);
    world_.DeleteQueue(name);
    world_.RunUntilIdle();
  }
  EXPECT_THAT(world_.scheduler().ListJobQueues(), testing::IsEmpty());
  world_.RunFor(absl::Hours(25));
  world_.Queue("first", {"hosts"});
  world_.Queue("second", {"hosts"});
  EXPECT_THAT(world_.scheduler().ListJobQueues(),
              ElementsAre("first", "second"));
}

class SmallStepsTest : public ScenarioTest {
 protected:
  SmallStepsTest()
      : ScenarioTest([] {
          WorldOptions options;
          options.scheduler.max_transitions = 10;
          return options;
        }()) {}
};

// What is being stopped already costs a look, and many looks a step.
TEST_F(SmallStepsTest, DeletionLooksAtManyStoppedJobsInManySteps) {
  Hosts({400});
  std::vector<JobId> jobs;
  for (int i = 0; i < 400; ++i) {
    jobs.push_back(world_.Submit("single", RunsForever()));
  }
  world_.RunFor(absl::Seconds(5));
  const auto copy = world_.scheduler().Fork();
  for (const JobId& job : jobs) {
    ASSERT_TRUE(copy->TerminateJob(job, "enough", world_.now()).ok());
  }
  while (copy->Advance(world_.now()).next <= world_.now()) {
  }
  ASSERT_TRUE(copy->DescribeJobQueue("queue").ok());
  UpdateJobQueueRequest update;
  update.job_queue = "queue";
  update.state = ResourceState::kDisabled;
  ASSERT_TRUE(copy->UpdateJobQueue(update, world_.now()).ok());
  while (copy->Advance(world_.now()).next <= world_.now()) {
  }
  ASSERT_TRUE(copy->DeleteJobQueue("queue", world_.now()).ok());
  int steps = 1;
  while (copy->Advance(world_.now()).next <= world_.now()) ++steps;
  EXPECT_GE(steps, 4);
}

TEST_F(SmallStepsTest, DeletionGoesThroughManyJobsInManySteps) {
  Hosts({2});
  std::vector<JobId> jobs;
  for (int i = 0; i < 100; ++i) {
    jobs.push_back(world_.Submit("single", RunsForever()));
  }
  jobs.push_back(world_.Submit("array", Array(50)));
  world_.RunFor(absl::Seconds(5));
  world_.DisableQueue("queue");
  const auto copy = world_.scheduler().Fork();
  ASSERT_TRUE(copy->DeleteJobQueue("queue", world_.now()).ok());
  int steps = 0;
  for (;;) {
    const Step step = copy->Advance(world_.now());
    ASSERT_TRUE(step.status.ok());
    EXPECT_LE(step.events.size(), 11u);
    ++steps;
    if (step.next > world_.now()) break;
  }
  EXPECT_GT(steps, 9);
  EXPECT_EQ(copy->DescribeJob(jobs[50])->status_reason, kDeleted);
  EXPECT_EQ(copy->DescribeJob(jobs[100])->status_reason, kDeleted);
  world_.DeleteQueue("queue");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.ReasonOf(jobs[100]), kDeleted);
}

}  // namespace
}  // namespace embatch
