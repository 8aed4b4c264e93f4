// SPDX-License-Identifier: Apache-2.0
//
// Service jobs in queues with shares: fair shares by instances, quota shares by
// instance types, preemption.
// Source: §14, §15, §19. Choice: D27.
#include <string>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;

constexpr char kLarge[] = "ml.m5.large";

class ServiceShareTest : public ScenarioTest {
 protected:
  // A queue "training" with quota shares on a service environment.
  void Types(std::vector<CapacityLimit> limits) {
    world_.Service("sagemaker", std::move(limits));
    world_.QuotaServiceQueue("training", "sagemaker");
  }
  JobStatus StatusOf(JobId job) { return world_.StatusOf(job); }
};

TEST_F(ServiceShareTest, FairSharesCountInstances) {
  world_.Service("sagemaker", {{4, kUnitInstances}});
  world_.FairServiceQueue("training", "sagemaker");
  const JobId red = world_.Train("red", InShare("red"), Uses(3));
  world_.Settle();
  const JobId more =
      world_.Train("more", InShare("red"), Uses(1), OfPriority(9999));
  const JobId blue = world_.Train("blue", InShare("blue"), Uses(1));
  world_.RunUntilIdle();
  EXPECT_LT(world_.StartTimeOf(red), world_.StartTimeOf(more));
  EXPECT_LE(world_.StartTimeOf(blue), world_.StartTimeOf(more))
      << "red has used more";
  EXPECT_EQ(world_.Describe(blue).share_identifier, "blue");
  EXPECT_EQ(world_.TryTrain("none").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ServiceShareTest, PriorityCanBeChangedWhileAJobWaits) {
  world_.Service("sagemaker", {{1, kUnitInstances}});
  world_.FairServiceQueue("training", "sagemaker");
  world_.Train("first", InShare("red"));
  const JobId a = world_.Train("a", InShare("red"));
  const JobId b = world_.Train("b", InShare("red"));
  world_.Settle();
  UpdateServiceJobRequest request;
  request.job = b;
  request.scheduling_priority = 5;
  ASSERT_TRUE(world_.scheduler().UpdateServiceJob(request, world_.now()).ok());
  world_.RunUntilIdle();
  EXPECT_LT(world_.StartTimeOf(b), world_.StartTimeOf(a));
  EXPECT_EQ(world_.Describe(b).scheduling_priority, 5);
  request.scheduling_priority = 10000;
  EXPECT_EQ(world_.scheduler().UpdateServiceJob(request, world_.now()).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ServiceShareTest, OwnerTakesLentInstancesBack) {
  Types({{4, kLarge}});
  world_.QuotaShare("training", "red", Has(2, kLarge), Lends());
  world_.QuotaShare("training", "blue", Has(2, kLarge), LendsAndBorrows());
  const JobId borrower =
      world_.Train("borrower", InQuotaShare("blue"), Uses(4), TrainsForever());
  world_.RunFor(absl::Seconds(5));
  ASSERT_EQ(StatusOf(borrower), JobStatus::kRunning);
  const JobId owner = world_.Train("owner", InQuotaShare("red"), Uses(2));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(owner), JobStatus::kRunning);
  EXPECT_EQ(StatusOf(borrower), JobStatus::kRunnable);
  const auto summary = world_.scheduler().DescribePreemptions(borrower);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->preempted_attempt_count, 1);
  ASSERT_EQ(summary->recent_preempted_attempts.size(), 1u);
  EXPECT_THAT(
      std::string(summary->recent_preempted_attempts[0].service_resource_id),
      HasSubstr("training-job"));
  EXPECT_EQ(summary->recent_preempted_attempts[0].status_reason,
            "Cross-share preemption triggered to reclaim borrowed capacity");
}

TEST_F(ServiceShareTest, ScheduledJobsArePreemptedToo) {
  Types({{1, kLarge}});
  world_.QuotaShare("training", "red", Has(1, kLarge), PreemptsWithin());
  const JobId low = world_.Train("low", InQuotaShare("red"),
                                 WaitsForCapacity(absl::Hours(1)));
  world_.Settle();
  ASSERT_EQ(StatusOf(low), JobStatus::kScheduled);
  const JobId high = world_.Train("high", InQuotaShare("red"), OfPriority(1));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(high), JobStatus::kRunning);
  EXPECT_EQ(StatusOf(low), JobStatus::kRunnable);
  EXPECT_EQ(world_.Describe(low).preempted_attempts, 1);
}

// Source: API UpdateServiceJob; §15.5.
TEST_F(ServiceShareTest, RaisedPriorityTriggersPreemption) {
  Types({{1, kLarge}});
  world_.QuotaShare("training", "red", Has(1, kLarge), PreemptsWithin());
  const JobId a = world_.Train("a", InQuotaShare("red"), TrainsForever());
  world_.RunFor(absl::Seconds(5));
  const JobId b = world_.Train("b", InQuotaShare("red"));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(b), JobStatus::kRunnable);
  UpdateServiceJobRequest request;
  request.job = b;
  request.scheduling_priority = 1;
  ASSERT_TRUE(world_.scheduler().UpdateServiceJob(request, world_.now()).ok());
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(b), JobStatus::kRunning);
  EXPECT_EQ(StatusOf(a), JobStatus::kRunnable);
}

// Choice: D27, as few as needed: what is kept for one that preempts is not
// missing once more while its victim is being stopped.
TEST_F(ServiceShareTest, NobodyIsPreemptedForCapacityThatComes) {
  Types({{4, kLarge}});
  world_.QuotaShare("training", "red", Has(2, kLarge), LendsAndBorrows());
  world_.QuotaShare("training", "blue", Has(1, kLarge), Lends());
  world_.QuotaShare("training", "green", Has(1, kLarge), Lends());
  std::vector<JobId> reds;
  for (const char* name : {"a", "b", "c", "d"}) {
    reds.push_back(world_.Train(name, InQuotaShare("red"), TrainsForever(),
                                TakesToStop(absl::Seconds(60))));
  }
  world_.RunFor(absl::Seconds(5));
  const JobId blue = world_.Train("blue", InQuotaShare("blue"));
  const JobId green = world_.Train("green", InQuotaShare("green"));
  world_.RunFor(absl::Minutes(3));
  EXPECT_EQ(StatusOf(blue), JobStatus::kSucceeded);
  EXPECT_EQ(StatusOf(green), JobStatus::kSucceeded);
  int preempted = 0;
  for (JobId red : reds) preempted += world_.Describe(red).preempted_attempts;
  EXPECT_EQ(preempted, 2);
}

TEST_F(ServiceShareTest, OtherTypesMayNotBeUsed) {
  Types({{4, kLarge}, {4, "ml.p4d"}});
  world_.QuotaShare("training", "red", Has(2, kLarge));
  const JobId other =
      world_.Train("other", InQuotaShare("red"), Uses(1, "ml.p4d"));
  world_.Settle();
  EXPECT_EQ(world_.ReasonOf(other),
            "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - Job "
            "requirements exceed quota share capacity limits.");
  world_.QuotaShare("training", "blue", Has(9, kLarge));
  const JobId beyond = world_.Train("beyond", InQuotaShare("blue"), Uses(5));
  world_.Settle();
  EXPECT_THAT(world_.ReasonOf(beyond),
              HasSubstr("SERVICE_ENVIRONMENT_MAX_RESOURCE"));
}

TEST_F(ServiceShareTest, EnvironmentWithQuotasHasOneQueue) {
  Types({{4, kLarge}});
  JobQueueOptions options;
  options.job_queue_name = "second";
  options.service_environment_order = {{1, "sagemaker"}};
  options.scheduling_policy = "quotas";
  const absl::Status status = world_.scheduler().CreateJobQueue(
      JobQueue::Create(options).value(), world_.now());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no other queue"));
  world_.Service("instances", {{4, kUnitInstances}});
  options.service_environment_order = {{1, "instances"}};
  const absl::Status units = world_.scheduler().CreateJobQueue(
      JobQueue::Create(options).value(), world_.now());
  EXPECT_EQ(units.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(units.message()), HasSubstr("instance types"));
}

}  // namespace
}  // namespace embatch
