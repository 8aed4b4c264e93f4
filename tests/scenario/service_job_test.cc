// SPDX-License-Identifier: Apache-2.0
//
// Service jobs in queues first in, first out: what they take, how they end.
// Source: §5.2 (service rows), §6, §7, §19; API SubmitServiceJob. Choice: D33.
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kStraightTraining[] =
    "SUBMITTED RUNNABLE SCHEDULED STARTING RUNNING SUCCEEDED";
constexpr char kCompleted[] = "Received status from SageMaker: Completed";
constexpr char kTrainingFailed[] = "Received status from SageMaker: Failed";

class ServiceJobTest : public ScenarioTest {
 protected:
  // A queue "training" on a service environment with so many instances.
  void Instances(int64_t count) {
    world_.Service("sagemaker", {{count, kUnitInstances}});
    world_.ServiceQueue("training", "sagemaker");
  }
  int64_t InUse(size_t limit = 0) {
    const auto view =
        world_.scheduler().DescribeServiceEnvironment("sagemaker");
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? view->capacity_usage.at(limit).quantity : -1;
  }
  JobStatus StatusOf(JobId job) { return world_.StatusOf(job); }
  absl::Status Disable(const std::string& name) {
    UpdateServiceEnvironmentRequest request;
    request.service_environment = name;
    request.state = ResourceState::kDisabled;
    return world_.scheduler().UpdateServiceEnvironment(request, world_.now());
  }
};

TEST_F(ServiceJobTest, GoesFromSubmittedToSucceeded) {
  Instances(4);
  const JobId a =
      world_.Train("a", Uses(3), WaitsForCapacity(absl::Seconds(5)));
  world_.Settle();
  EXPECT_EQ(StatusOf(a), JobStatus::kScheduled);
  EXPECT_EQ(InUse(), 3) << "capacity counts from SCHEDULED on";
  const absl::Time scheduled = world_.now();
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(a), JobStatus::kStarting);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraightTraining);
  EXPECT_EQ(InUse(), 0);
  EXPECT_EQ(world_.ReasonOf(a), kCompleted);
  const ServiceJobView view = world_.DescribeTraining(a);
  EXPECT_EQ(view.service_environment, "sagemaker");
  EXPECT_EQ(view.service_request_payload, "{}");
  EXPECT_EQ(view.scheduled_at, scheduled);
  EXPECT_EQ(view.job.started_at, scheduled + absl::Seconds(6));
  EXPECT_EQ(view.job.stopped_at, scheduled + absl::Seconds(16));
  EXPECT_FALSE(view.job.exit_code.has_value());
  EXPECT_THAT(std::string(view.service_resource_id),
              HasSubstr(world_.scheduler().JobIdText(a) + "-1"));
  const std::vector<AttemptView> attempts = world_.AttemptsOf(a);
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].status_reason, kCompleted);
  EXPECT_EQ(attempts[0].service_resource_id, view.service_resource_id);
  EXPECT_EQ(attempts[0].reason, "");
  EXPECT_FALSE(attempts[0].exit_code.has_value());
}

TEST_F(ServiceJobTest, WaitsUntilThereIsCapacityAndHoldsUpThoseBehind) {
  Instances(4);
  const JobId a = world_.Train("a", Uses(3));
  const JobId b = world_.Train("b", Uses(2));
  const JobId c = world_.Train("c", Uses(1));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(StatusOf(b), JobStatus::kRunnable);
  EXPECT_EQ(StatusOf(c), JobStatus::kRunnable) << "strict head of line";
  EXPECT_EQ(world_.ReasonOf(b), "") << "who only waits is not blocked";
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(c), kStraightTraining);
  EXPECT_EQ(world_.StartTimeOf(b), world_.StartTimeOf(c));
}

TEST_F(ServiceJobTest, TypesCountTogetherInNumInstances) {
  Instances(3);
  const JobId a = world_.Train("a", Uses(1, "ml.m5.large"), Uses(1, "ml.p4d"));
  const JobId b = world_.Train("b", Uses(2, "ml.g5"));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(InUse(), 2);
  EXPECT_EQ(StatusOf(b), JobStatus::kRunnable);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraightTraining);
  EXPECT_EQ(world_.StatusesOf(b), kStraightTraining);
}

TEST_F(ServiceJobTest, QueuesOfOneEnvironmentAreServedByPriority) {
  Instances(1);
  world_.ServiceQueue("urgent", "sagemaker", 9);
  const JobId first = world_.Train("first");
  const JobId low = world_.Train("low");
  world_.Settle();
  const JobId high = world_.Train("high", ToQueue("urgent"));
  world_.RunUntilIdle();
  EXPECT_LT(world_.StartTimeOf(first), world_.StartTimeOf(high));
  EXPECT_LT(world_.StartTimeOf(high), world_.StartTimeOf(low));
}

// --- Attempts ----------------------------------------------------------------

TEST_F(ServiceJobTest, IsTriedAgainAsOftenAsItsStrategySays) {
  Instances(1);
  const JobId a = world_.Train("a", Tries(3), TrainingFails(true, false));
  const JobId b = world_.Train("b", Tries(2), TrainingFails());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a),
            "SUBMITTED RUNNABLE SCHEDULED STARTING RUNNING "
            "RUNNABLE SCHEDULED STARTING RUNNING SUCCEEDED");
  EXPECT_EQ(StatusOf(b), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(b), kTrainingFailed);
  ASSERT_EQ(world_.AttemptsOf(b).size(), 2u);
  EXPECT_THAT(std::string(world_.AttemptsOf(b)[1].service_resource_id),
              HasSubstr("-2"));
}

TEST_F(ServiceJobTest, RulesLookAtTheStatusReasonWithStarsAnywhere) {
  Instances(2);
  const JobId a = world_.Train("a", Tries(3), TrainingFails(),
                               On("*SageMaker: Fail*", RetryAction::kExit));
  const JobId b = world_.Train("b", Tries(2), TrainingFails(),
                               On("*Algorithm*", RetryAction::kExit));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.AttemptsOf(a).size(), 1u);
  EXPECT_EQ(world_.AttemptsOf(b).size(), 2u) << "no rule matches: retried";
}

// Source: §19, no attempt is used up. Choice: nothing that needs such
// instances is handed over for the back-off period of a minute.
TEST_F(ServiceJobTest, GoesBackToItsPlaceForWantOfCapacity) {
  Instances(4);
  const JobId a = world_.Train("a", IsTurnedAway(2));
  const JobId b = world_.Train("b");
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(world_.ReasonOf(a),
            "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Unable to provision "
            "requested compute resources");
  EXPECT_EQ(InUse(), 1) << "b was handed over at the same time";
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a),
            "SUBMITTED RUNNABLE SCHEDULED RUNNABLE SCHEDULED RUNNABLE "
            "SCHEDULED STARTING RUNNING SUCCEEDED");
  EXPECT_EQ(world_.AttemptsOf(a).size(), 1u);
  EXPECT_EQ(world_.Describe(a).attempts, 1);
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StopTimeOf(b), absl::Minutes(2));
  EXPECT_EQ(world_.service().counts().no_capacity, 2u);
}

// --- Being ended -------------------------------------------------------------

TEST_F(ServiceJobTest, TimesOutAndIsNotTriedAgain) {
  Instances(1);
  const ServiceJobWord in_a_minute = [](ServiceJobPlan& plan) {
    plan.request.timeout_config = JobTimeout{absl::Minutes(1)};
  };
  const JobId a = world_.Train("a", TrainsForever(), Tries(3), in_a_minute,
                               WaitsForCapacity(absl::Hours(1)));
  world_.RunUntilIdle();
  EXPECT_EQ(StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "Job attempt duration exceeded timeout");
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Minutes(1));
  EXPECT_EQ(world_.AttemptsOf(a).size(), 1u);
}

TEST_F(ServiceJobTest, IsTerminatedWhereverItStands) {
  Instances(3);
  const JobId running = world_.Train("running", TrainsForever());
  const JobId scheduled =
      world_.Train("scheduled", WaitsForCapacity(absl::Hours(1)));
  const JobId starting = world_.Train("starting", [](ServiceJobPlan& plan) {
    plan.fate.start_delay = absl::Hours(1);
  });
  const JobId waiting = world_.Train("waiting");
  world_.RunFor(absl::Seconds(5));
  ASSERT_EQ(StatusOf(scheduled), JobStatus::kScheduled);
  ASSERT_EQ(StatusOf(starting), JobStatus::kStarting);
  const JobId fresh = world_.Train("fresh");
  for (JobId job : {running, scheduled, starting, waiting, fresh}) {
    world_.TerminateTraining(job, "enough");
  }
  world_.Settle();
  for (JobId job : {running, scheduled, starting, waiting, fresh}) {
    EXPECT_EQ(StatusOf(job), JobStatus::kFailed)
        << world_.Describe(job).job_name;
    EXPECT_EQ(world_.ReasonOf(job), "enough");
    EXPECT_TRUE(world_.Describe(job).is_terminated);
  }
  EXPECT_EQ(InUse(), 0);
  EXPECT_EQ(world_.service().counts().held, 0);
}

TEST_F(ServiceJobTest, ThatIgnoresTheStopIsGivenUp) {
  Instances(1);
  const JobId a = world_.Train("a", TrainsForever(), [](ServiceJobPlan& plan) {
    plan.fate.stop_delay = absl::InfiniteDuration();
  });
  world_.RunFor(absl::Seconds(5));
  world_.TerminateTraining(a);
  const absl::Time asked = world_.now();
  world_.RunUntilIdle();
  EXPECT_EQ(StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.StopTimeOf(a) - asked, absl::Seconds(130));
}

TEST_F(ServiceJobTest, IsEndedWithItsQueue) {
  Instances(1);
  const JobId a = world_.Train("a", WaitsForCapacity(absl::Hours(1)));
  const JobId b = world_.Train("b");
  world_.Settle();
  world_.DeleteQueue("training");
  world_.RunUntilIdle();
  for (JobId job : {a, b}) {
    EXPECT_EQ(StatusOf(job), JobStatus::kFailed);
    EXPECT_EQ(world_.ReasonOf(job), "JobQueue deleted");
  }
  EXPECT_EQ(InUse(), 0);
}

// --- What a provider may say -------------------------------------------------

// Reports that make no sense, as a replay would give them.
TEST_F(ServiceJobTest, LateRepeatedAndUnknownReportsAreIgnoredAndCounted) {
  Instances(2);
  world_.Unmanaged("hosts");
  world_.Queue("queue", {"hosts"});
  const JobId a = world_.Train("a");
  const JobId container = world_.Submit("container");
  world_.RunFor(absl::Seconds(5));
  auto fork = world_.scheduler().Fork();
  const absl::Time now = world_.now();
  Turn turn;
  turn.service_reports = {
      ServiceReport::Starting(now, {a, 1}),
      ServiceReport::Running(now, {a, 1}),
      ServiceReport::NoCapacity(now, {a, 1}),
      ServiceReport::Failed(now, {a, 2}, ""),
      ServiceReport::Failed(now, {a.Child(0), 1}, ""),
      ServiceReport::Failed(now, {JobId(), 1}, ""),
      ServiceReport::Failed(now, {container, 1}, ""),
  };
  turn.container_reports = {ContainerReport::Exited(now, {{a, 1}, 0}, 0)};
  const std::string input = EncodeInput({absl::ToUnixNanos(now), turn});
  ASSERT_TRUE(fork->Replay(input).status.ok());
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kRunning);
  EXPECT_EQ(fork->ignored_reports().late_or_repeated, 4u);
  EXPECT_EQ(fork->ignored_reports().unknown, 4u);

  turn.container_reports.clear();
  turn.service_reports = {ServiceReport::Failed(now, {a, 1}, "broken"),
                          ServiceReport::Failed(now, {a, 1}, "again")};
  ASSERT_TRUE(
      fork->Replay(EncodeInput({absl::ToUnixNanos(now), turn})).status.ok());
  EXPECT_EQ(fork->DescribeJob(a)->status_reason, "broken");
  EXPECT_EQ(fork->ignored_reports().late_or_repeated, 5u);
}

TEST_F(ServiceJobTest, ThatIsReportedOverAtOnceGoesThroughAllStatuses) {
  Instances(2);
  const JobId a = world_.Train("a", WaitsForCapacity(absl::Hours(1)));
  const JobId b = world_.Train("b", WaitsForCapacity(absl::Hours(1)));
  world_.Settle();
  auto fork = world_.scheduler().Fork();
  const absl::Time now = world_.now();
  Turn turn;
  turn.service_reports = {
      ServiceReport::Succeeded(now, {a, 1}, "done"),
      ServiceReport::Failed(now, {b, 1}, "ValidationException"),
  };
  const Step step = fork->Replay(EncodeInput({absl::ToUnixNanos(now), turn}));
  std::vector<JobStatus> statuses;
  for (const Event& event : step.events) statuses.push_back(event.to);
  EXPECT_THAT(statuses, ElementsAre(JobStatus::kStarting, JobStatus::kRunning,
                                    JobStatus::kSucceeded, JobStatus::kFailed));
  EXPECT_FALSE(fork->DescribeJob(b)->started_at.has_value());
  EXPECT_EQ(fork->DescribeJob(b)->status_reason, "ValidationException");
}

// --- Blocked heads -----------------------------------------------------------

TEST_F(ServiceJobTest, ThatNeedsMoreThanTheLimitBlocksItsQueue) {
  Instances(2);
  const JobId a = world_.Train("a", Uses(3));
  world_.Settle();
  EXPECT_EQ(world_.ReasonOf(a),
            "MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE - Service "
            "environment(s) associated with the job queue cannot meet the "
            "capacity requirement of the job.");
  UpdateServiceEnvironmentRequest request;
  request.service_environment = "sagemaker";
  request.capacity_limits = {{3, kUnitInstances}};
  world_.UpdateService(request);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraightTraining);
}

// Source: §19, the time in SCHEDULED counts; §13.5, the words.
TEST_F(ServiceJobTest, TimeLimitCountsFromTheFirstWantOfCapacity) {
  world_.Service("sagemaker", {{2, kUnitInstances}});
  JobQueueOptions options;
  options.job_queue_name = "training";
  options.job_state_time_limit_actions = {
      {"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", absl::Minutes(10),
       TimeLimitAction::kTerminate}};
  world_.ServiceQueue(options, "sagemaker");
  const JobId a =
      world_.Train("a", IsTurnedAway(1000), WaitsForCapacity(absl::Minutes(4)));
  const absl::Time begin = world_.now();
  world_.RunUntilIdle();
  EXPECT_EQ(StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a),
            "Terminated by JobStateTimeLimit action due to reason: "
            "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY");
  // 4 minutes in SCHEDULED and 1 of waiting, twice.
  EXPECT_EQ(world_.StopTimeOf(a) - begin, absl::Minutes(10));
}

// The place of its old form may be another job's next.
TEST_F(ServiceJobTest, NeedIsTheJobsOwnWhateverWasUpdated) {
  Instances(4);
  const JobId a = world_.Train("a", Uses(1), TrainsForever());
  UpdateServiceJobRequest request;
  request.job = a;
  request.scheduling_priority = 7;
  ASSERT_TRUE(world_.scheduler().UpdateServiceJob(request, world_.now()).ok());
  const JobId b = world_.Train("b", Uses(4));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(StatusOf(b), JobStatus::kRunnable);
  EXPECT_EQ(InUse(), 1);
}

// Whoever attached it may then destroy it.
TEST_F(ServiceJobTest, ProviderOfADeletedEnvironmentIsLetGo) {
  class Counting : public ServiceProvider {
   public:
    void Submit(const ServiceJobSpec&) noexcept override {}
    void Stop(AttemptId) noexcept override {}
    void Poll(absl::Time, int, std::vector<ServiceReport>&) noexcept override {
      ++polls;
    }
    int polls = 0;
  };
  Counting provider;
  Scheduler& scheduler = world_.scheduler();
  world_.Service("spare", {{1, kUnitInstances}});
  ASSERT_TRUE(scheduler.AttachServiceProvider("spare", &provider).ok());
  ASSERT_TRUE(Disable("spare").ok());
  world_.Settle();
  EXPECT_GT(provider.polls, 0);
  ASSERT_TRUE(scheduler.DeleteServiceEnvironment("spare", world_.now()).ok());
  world_.Settle();
  const int before = provider.polls;
  world_.RunFor(absl::Seconds(5));
  world_.Settle();
  EXPECT_EQ(provider.polls, before);
}

TEST_F(ServiceJobTest, ListKnowsNeitherChildrenNorNodes) {
  Instances(1);
  ListJobsRequest request;
  request.array = world_.Train("a");
  const absl::Status status =
      world_.scheduler().ListServiceJobs(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("array and multi_node_job must be absent"));
}

TEST_F(ServiceJobTest, AttemptStoppedWhileStartingKeepsTheServicesName) {
  Instances(1);
  const JobId a = world_.Train("a", TrainsForever());
  world_.Settle();
  while (StatusOf(a) == JobStatus::kScheduled) {
    world_.RunFor(absl::Milliseconds(100));
  }
  ASSERT_EQ(StatusOf(a), JobStatus::kStarting);
  ASSERT_TRUE(
      world_.scheduler().TerminateServiceJob(a, "enough", world_.now()).ok());
  world_.RunUntilIdle();
  ASSERT_EQ(world_.AttemptsOf(a).size(), 1u);
  EXPECT_FALSE(world_.AttemptsOf(a)[0].service_resource_id.empty());
}

TEST_F(ServiceJobTest, DisabledEnvironmentTakesNoNewJobs) {
  Instances(1);
  const JobId a = world_.Train("a");
  const JobId b = world_.Train("b");
  world_.RunFor(absl::Seconds(5));
  ASSERT_TRUE(Disable("sagemaker").ok());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraightTraining) << "it runs on";
  EXPECT_EQ(StatusOf(b), JobStatus::kRunnable);
  const absl::Status status = world_.TryTrain("c").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("service environment \"sagemaker\" is DISABLED"));
  UpdateServiceEnvironmentRequest request;
  request.service_environment = "sagemaker";
  request.state = ResourceState::kEnabled;
  world_.UpdateService(request);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(b), kStraightTraining);
}

// --- Submission --------------------------------------------------------------

TEST_F(ServiceJobTest, SubmissionIsChecked) {
  Instances(1);
  world_.Unmanaged("hosts");
  world_.Queue("queue", {"hosts"});
  using Request = SubmitServiceJobRequest;
  const struct {
    void (*change)(Request&);
    absl::StatusCode code;
    std::string message;
  } cases[] = {
      {[](Request& r) { r.job_name = "a b"; },
       absl::StatusCode::kInvalidArgument, "job_name is \"a b\""},
      {[](Request& r) { r.job_queue = "none"; }, absl::StatusCode::kNotFound,
       "job_queue: Job queue \"none\""},
      {[](Request& r) { r.job_queue = "queue"; },
       absl::StatusCode::kInvalidArgument,
       "job_queue is \"queue\"; must have the type SAGEMAKER_TRAINING"},
      {[](Request& r) { r.service_request_payload.clear(); },
       absl::StatusCode::kInvalidArgument,
       "service_request_payload has 0 bytes; must have 1 to 10240"},
      {[](Request& r) { r.service_request_payload.assign(10241, 'x'); },
       absl::StatusCode::kInvalidArgument,
       "service_request_payload has 10241 bytes"},
      {[](Request& r) { r.capacity_usage.clear(); },
       absl::StatusCode::kInvalidArgument,
       "capacity_usage has 0 entries; must have 1 to 5"},
      {[](Request& r) {
         r.capacity_usage = {{"a", 0}};
       },
       absl::StatusCode::kInvalidArgument, "capacity_usage.quantity is 0"},
      {[](Request& r) {
         r.capacity_usage = {{"a", 1}, {"a", 1}};
       },
       absl::StatusCode::kInvalidArgument,
       "capacity_usage.capacity_unit is \"a\" twice"},
      {[](Request& r) { r.retry_strategy = RetryStrategy{0}; },
       absl::StatusCode::kInvalidArgument,
       "retry_strategy.attempts is 0; must be between 1 and 10"},
      {[](Request& r) { r.retry_strategy = RetryStrategy{11}; },
       absl::StatusCode::kInvalidArgument, "retry_strategy.attempts is 11"},
      {[](Request& r) {
         EvaluateOnExit rule;
         rule.on_reason = "*";
         r.retry_strategy = RetryStrategy{2, {rule}};
       },
       absl::StatusCode::kInvalidArgument,
       "retry_strategy.evaluate_on_exit[0] must have on_status_reason"},
      {[](Request& r) {
         EvaluateOnExit rule;
         rule.on_status_reason = "a\n";
         r.retry_strategy = RetryStrategy{2, {rule}};
       },
       absl::StatusCode::kInvalidArgument, "printable"},
      {[](Request& r) { r.timeout_config = JobTimeout{absl::Seconds(59)}; },
       absl::StatusCode::kInvalidArgument, "timeout"},
      {[](Request& r) { r.scheduling_priority = 10000; },
       absl::StatusCode::kInvalidArgument,
       "scheduling_priority is 10000; must be between 0 and 9999"},
      {[](Request& r) { r.scheduling_priority = -1; },
       absl::StatusCode::kInvalidArgument, "scheduling_priority is -1"},
      {[](Request& r) { r.share_identifier = "red"; },
       absl::StatusCode::kInvalidArgument, "shareIdentifier"},
      {[](Request& r) { r.quota_share_name = "red"; },
       absl::StatusCode::kInvalidArgument, "quota_share_name is \"red\""},
      {[](Request& r) { r.preemption_retries_before_termination = -1; },
       absl::StatusCode::kInvalidArgument,
       "preemption_retries_before_termination is -1"},
      {[](Request& r) { r.client_token = std::string(65, 'x'); },
       absl::StatusCode::kInvalidArgument,
       "client_token has 65 characters; must have 1 to 64"},
      {[](Request& r) { r.tags[""] = "x"; }, absl::StatusCode::kInvalidArgument,
       "tags"},
  };
  for (const auto& one : cases) {
    const absl::Status status = world_
                                    .TryTrain("a",
                                              [&](ServiceJobPlan& plan) {
                                                Uses(1)(plan);
                                                one.change(plan.request);
                                              })
                                    .status();
    SCOPED_TRACE(one.message);
    // The vocabulary gives a job what it does not say.
    if (one.message.find("has 0 entries") != std::string::npos) continue;
    EXPECT_EQ(status.code(), one.code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(one.message));
  }
  const JobId good = world_.Train("a", Tries(10), [](ServiceJobPlan& plan) {
    plan.request.service_request_payload.assign(10240, 'x');
    plan.request.scheduling_priority = 9999;
    plan.request.timeout_config = JobTimeout{absl::Seconds(60)};
  });
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(good), kStraightTraining);
}

TEST_F(ServiceJobTest, CapacityMustBeSaid) {
  Instances(1);
  SubmitServiceJobRequest request;
  request.job_name = "a";
  request.job_queue = "training";
  request.service_request_payload = "{}";
  const absl::Status status =
      world_.scheduler().SubmitServiceJob(request, world_.now()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("capacity_usage has 0 entries; must have 1 to 5"));
}

TEST_F(ServiceJobTest, TheSameAgainWithItsTokenIsRefused) {
  Instances(1);
  const ServiceJobWord token = [](ServiceJobPlan& plan) {
    plan.request.client_token = "t";
  };
  world_.Train("a", token);
  const absl::Status again = world_.TryTrain("a", token).status();
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists) << again;
  EXPECT_THAT(std::string(again.message()), HasSubstr("client_token is \"t\""));
  EXPECT_TRUE(world_.TryTrain("b", token).ok()) << "not the same";
  EXPECT_TRUE(world_.TryTrain("a").ok()) << "no token";
  world_.RunFor(absl::Hours(25));
  EXPECT_TRUE(world_.TryTrain("b", token).ok()) << "the first is forgotten";
}

TEST_F(ServiceJobTest, QueuesTakeOneKindOfJobs) {
  Instances(1);
  world_.Unmanaged("hosts");
  world_.Queue("queue", {"hosts"});
  const JobId container = world_.Submit("container");
  const JobId training = world_.Train("training");
  Scheduler& scheduler = world_.scheduler();
  const absl::Time now = world_.now();
  UpdateServiceJobRequest update;
  update.job = container;
  const struct {
    absl::Status status;
    std::string message;
  } cases[] = {
      {world_.TrySubmit("a", InQueue("training")).status(),
       "job_queue is \"training\", whose type is SAGEMAKER_TRAINING"},
      {scheduler.TerminateServiceJob(container, "x", now), "no service job"},
      {scheduler.TerminateJob(training, "x", now), "TerminateServiceJob"},
      {scheduler.CancelJob(training, "x", now), "TerminateServiceJob"},
      {scheduler.UpdateServiceJob(update, now), "no service job"},
      {scheduler.DescribeServiceJob(container).status(), "no service job"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(one.status.code(), absl::StatusCode::kInvalidArgument)
        << one.status;
    EXPECT_THAT(std::string(one.status.message()), HasSubstr(one.message));
  }
}

// --- Queues and environments -------------------------------------------------

TEST_F(ServiceJobTest, QueueAndEnvironmentMustGoTogether) {
  Instances(1);
  world_.Service("types", {{4, "ml.m5.large"}});
  world_.Unmanaged("hosts");
  const auto create = [this](void (*change)(JobQueueOptions&)) {
    JobQueueOptions options;
    options.job_queue_name = "new";
    options.service_environment_order = {{1, "sagemaker"}};
    change(options);
    const absl::StatusOr<JobQueue> queue = JobQueue::Create(options);
    if (!queue.ok()) return queue.status();
    return world_.scheduler().CreateJobQueue(*queue, world_.now());
  };
  using Options = JobQueueOptions;
  const struct {
    absl::Status status;
    absl::StatusCode code;
    std::string message;
  } cases[] = {
      {create([](Options& o) {
         o.compute_environment_order = {{1, "hosts"}};
       }),
       absl::StatusCode::kInvalidArgument, "beside compute_environment_order"},
      {create([](Options& o) {
         o.service_environment_order.push_back({2, "types"});
       }),
       absl::StatusCode::kInvalidArgument,
       "service_environment_order has 2 entries; must have at most 1"},
      {create([](Options& o) {
         o.service_environment_order = {{1, "none"}};
       }),
       absl::StatusCode::kNotFound, "service_environment is \"none\""},
      {create([](Options& o) {
         o.service_environment_order = {{1, "types"}};
       }),
       absl::StatusCode::kInvalidArgument, "must be in NUM_INSTANCES"},
      {create([](Options& o) { o.job_queue_type = JobQueueType::kEcs; }),
       absl::StatusCode::kInvalidArgument, "job_queue_type is ECS"},
      {create([](Options& o) {
         o.compute_environment_order = {{1, "hosts"}};
         o.service_environment_order.clear();
         o.job_queue_type = JobQueueType::kSagemakerTraining;
       }),
       absl::StatusCode::kInvalidArgument,
       "job_queue_type is SAGEMAKER_TRAINING; must not be"},
      {create([](Options& o) {
         o.compute_environment_order = {{1, "hosts"}};
         o.service_environment_order.clear();
         o.job_queue_type = JobQueueType::kEcsFargate;
       }),
       absl::StatusCode::kInvalidArgument, "must be ECS or EKS"},
      {create([](Options& o) { o.dispatch_order = DispatchOrder::kFirstFit; }),
       absl::StatusCode::kInvalidArgument, "must be strict"},
      {create([](Options& o) {
         o.job_state_time_limit_actions = {
             {"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", absl::Minutes(10),
              TimeLimitAction::kCancel}};
       }),
       absl::StatusCode::kInvalidArgument, "must be TERMINATE"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(one.status.code(), one.code) << one.status;
    EXPECT_THAT(std::string(one.status.message()), HasSubstr(one.message));
  }
}

TEST_F(ServiceJobTest, EnvironmentIsDeletedOnlyWithoutAQueue) {
  Instances(1);
  world_.Service("other", {{1, kUnitInstances}});
  const JobId a = world_.Train("a", Trains(absl::Hours(1)));
  world_.RunFor(absl::Seconds(5));
  ASSERT_TRUE(Disable("sagemaker").ok());
  world_.Settle();
  Scheduler& scheduler = world_.scheduler();
  const absl::Status attached =
      scheduler.DeleteServiceEnvironment("sagemaker", world_.now());
  EXPECT_EQ(attached.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(attached.message()),
              HasSubstr("Cannot delete, found existing JobQueue relationship"));
  UpdateJobQueueRequest request;
  request.job_queue = "training";
  request.service_environment_order = {{{1, "other"}}};
  world_.UpdateQueue(request);
  ASSERT_TRUE(
      scheduler.DeleteServiceEnvironment("sagemaker", world_.now()).ok());
  const JobId b = world_.Train("b");
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(scheduler.DescribeServiceEnvironment("sagemaker")->status,
            ResourceStatus::kDeleting)
      << "a runs there";
  EXPECT_EQ(world_.StatusesOf(b), kStraightTraining);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraightTraining);
  EXPECT_THAT(scheduler.ListServiceEnvironments(), ElementsAre("other"));
}

TEST_F(ServiceJobTest, UnitsStayOfTheirKindWhileAQueueHasTheEnvironment) {
  Instances(1);
  UpdateServiceEnvironmentRequest request;
  request.service_environment = "sagemaker";
  request.capacity_limits = {{3, "ml.m5.large"}};
  const absl::Status status =
      world_.scheduler().UpdateServiceEnvironment(request, world_.now());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("capacity_limits"));
}

// --- Reads -------------------------------------------------------------------

TEST_F(ServiceJobTest, AreListedByStatusInPages) {
  Instances(1);
  const JobId a = world_.Train("a", WaitsForCapacity(absl::Minutes(1)));
  const JobId b = world_.Train("b");
  const JobId c = world_.Train("c");
  world_.Settle();
  ListJobsRequest request;
  request.job_queue = "training";
  const Scheduler& scheduler = world_.scheduler();
  EXPECT_THAT(scheduler.ListServiceJobs(request)->jobs, IsEmpty()) << "RUNNING";
  request.status = JobStatus::kScheduled;
  EXPECT_THAT(scheduler.ListServiceJobs(request)->jobs, ElementsAre(a));
  request.status = JobStatus::kRunnable;
  request.max_results = 1;
  const auto page = scheduler.ListServiceJobs(request);
  EXPECT_THAT(page->jobs, ElementsAre(c));
  request.next_token = page->next_token;
  EXPECT_THAT(scheduler.ListServiceJobs(request)->jobs, ElementsAre(b));
  request.next_token.clear();
  request.max_results = 100;
  request.filter = ListJobsFilter{ListJobsFilter::Name::kJobName, {"B*"}};
  EXPECT_THAT(scheduler.ListServiceJobs(request)->jobs, ElementsAre(b));
  request.max_results = 101;
  EXPECT_EQ(scheduler.ListServiceJobs(request).status().code(),
            absl::StatusCode::kInvalidArgument);
  request.max_results = 1;
  request.filter->name = ListJobsFilter::Name::kJobDefinition;
  EXPECT_EQ(scheduler.ListServiceJobs(request).status().code(),
            absl::StatusCode::kInvalidArgument);
  const auto snapshot = scheduler.GetJobQueueSnapshot("training");
  ASSERT_TRUE(snapshot.ok());
  ASSERT_EQ(snapshot->front_of_queue.size(), 2u);
  EXPECT_EQ(snapshot->front_of_queue[0].job, b);
  EXPECT_THAT(snapshot->queue_utilization.total_usage_milli,
              ElementsAre(CapacityUsage{"ml.m5.large", 1000}));
  const auto queue = scheduler.DescribeJobQueue("training");
  EXPECT_EQ(queue->jobs[static_cast<int>(JobStatus::kScheduled)], 1);
}

}  // namespace
}  // namespace embatch
