// SPDX-License-Identifier: Apache-2.0
//
// Jobs that are blocked at the head of their queue for too long.
// Source: §13.5, §5.2. Choice: D34, D52, D60.
#include <memory>
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

constexpr char kCapacity[] = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY";
constexpr char kMaxResource[] =
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE";
constexpr char kRequirement[] = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT";

class TimeLimitTest : public ScenarioTest {
 protected:
  static JobStateTimeLimitAction After(std::string reason,
                                       absl::Duration time) {
    JobStateTimeLimitAction action;
    action.reason = std::move(reason);
    action.max_time = time;
    return action;
  }
  void Limit(std::vector<JobStateTimeLimitAction> actions) {
    UpdateJobQueueRequest request;
    request.job_queue = "queue";
    request.job_state_time_limit_actions = std::move(actions);
    world_.UpdateQueue(request);
  }
  static std::string CancelText(absl::string_view code) {
    return "Canceled by JobStateTimeLimit action due to reason: " +
           std::string(code);
  }
};

TEST_F(TimeLimitTest, ABlockedHeadIsCancelled) {
  Hosts({1});
  Limit({After(kRequirement, absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(2, 512), Attempts(3));
  const JobId b = world_.Submit("b");
  world_.RunFor(absl::Minutes(10) - absl::Nanoseconds(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  world_.RunFor(absl::Nanoseconds(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), CancelText(kRequirement));
  EXPECT_TRUE(world_.Describe(a).is_cancelled);
  EXPECT_FALSE(world_.Describe(a).is_terminated);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(b), kStraight);
}

// Choice: D57. The call comes late, and hears of both at once.
TEST_F(TimeLimitTest, CallersReasonStaysIfItCameFirst) {
  Hosts({1});
  Limit({After(kRequirement, absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(2, 512));
  world_.RunFor(absl::Minutes(5));
  const std::unique_ptr<Scheduler> late = world_.scheduler().Fork();
  ASSERT_TRUE(late->TerminateJob(a, "no more", world_.now()).ok());
  late->Advance(world_.now() + absl::Minutes(5));
  const absl::StatusOr<JobView> view = late->DescribeJob(a);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->status, JobStatus::kFailed);
  EXPECT_EQ(view->status_reason, "no more");
  EXPECT_TRUE(view->is_terminated);
}

TEST_F(TimeLimitTest, TheTextBehindTheCodeIsNotLookedAt) {
  Hosts({1});
  Limit({After(std::string(kRequirement) + " - anything at all",
               absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(2, 512));
  world_.RunFor(absl::Minutes(11));
  EXPECT_EQ(world_.ReasonOf(a), CancelText(kRequirement));
}

TEST_F(TimeLimitTest, AnotherReasonIsNoneOfItsBusiness) {
  Hosts({1});
  Limit({After(kCapacity, absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(2, 512));
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
}

TEST_F(TimeLimitTest, TheShortestOfSeveralHolds) {
  Hosts({1});
  Limit({After(kRequirement, absl::Minutes(30)),
         After(kRequirement, absl::Minutes(12)),
         After(kCapacity, absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(2, 512));
  world_.RunFor(absl::Minutes(11));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
}

// What waits for running jobs has no reason, and no clock.
TEST_F(TimeLimitTest, WaitingIsNotBlocked) {
  Hosts({2});
  Limit({After(kRequirement, absl::Minutes(10))});
  world_.Submit("first", Needs(2, 512), RunsFor(absl::Hours(1)));
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

// The reason goes at 9 minutes and comes again at 10: the clock starts afresh.
TEST_F(TimeLimitTest, TheClockStartsAfreshWithTheReason) {
  Hosts({1});
  Limit({After(kRequirement, absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(2, 512));
  world_.RunFor(absl::Minutes(9));
  const InstanceId large = world_.Join("hosts", 2, 100);  // too little memory
  world_.Settle();
  world_.provider("hosts").Lose(large, world_.now());
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  UpdateJobQueueRequest request;
  request.job_queue = "queue";
  world_.Managed("machines", MaxVcpus(8), Offers("t.2", 2, 4000),
                 BootsIn(absl::InfiniteDuration()));
  request.compute_environment_order = {{1, "hosts"}, {2, "machines"}};
  world_.UpdateQueue(request);
  EXPECT_EQ(world_.ReasonOf(a), "");  // an instance boots for it
  request.compute_environment_order = {{1, "hosts"}};
  world_.UpdateQueue(request);
  EXPECT_NE(world_.ReasonOf(a), "");
  world_.RunFor(absl::Minutes(9));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.ReasonOf(a), CancelText(kRequirement));
}

TEST_F(TimeLimitTest, TheNextHeadHasAClockOfItsOwn) {
  Hosts({1});
  Limit({After(kRequirement, absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(2, 512));
  const JobId b = world_.Submit("b", Needs(3, 512));
  world_.RunFor(absl::Minutes(6));
  world_.Cancel(a);
  world_.RunFor(absl::Minutes(9));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.ReasonOf(b), CancelText(kRequirement));
  EXPECT_EQ(world_.ReasonOf(a), "cancelled by the test");
}

// Choice: D60.
TEST_F(TimeLimitTest, TheClockBeatsRoomThatComesAtTheSameMoment) {
  Hosts({1});
  Limit({After(kRequirement, absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(2, 512));
  world_.RunFor(absl::Minutes(10) - absl::Nanoseconds(1));
  world_.simulation();
  world_.provider("hosts").Join("hosts", Resources::Of(2, 2000), "late",
                                world_.now() + absl::Nanoseconds(1));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.ReasonOf(a), CancelText(kRequirement));
}

TEST_F(TimeLimitTest, AnArraysChildrenAreHeadsOneByOne) {
  Hosts({1});
  Limit({After(kRequirement, absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(2, 512), Array(2));
  world_.RunFor(absl::Minutes(15));
  EXPECT_EQ(world_.ReasonOf(a.Child(0)), CancelText(kRequirement));
  EXPECT_TRUE(world_.Describe(a.Child(0)).is_cancelled);
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kRunnable);
  world_.RunFor(absl::Minutes(10));
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world_.ReasonOf(a), "Array Child Job failed");
}

// A limit that comes later counts from when the reason was set.
TEST_F(TimeLimitTest, AnUpdateMovesTheLimitAndNotTheClock) {
  Hosts({1});
  const JobId a = world_.Submit("a", Needs(2, 512));
  const JobId b = world_.Submit("b", Needs(2, 512));
  world_.RunFor(absl::Minutes(8));
  Limit({After(kRequirement, absl::Minutes(10))});
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.ReasonOf(a), CancelText(kRequirement));
  Limit({});
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  Limit({After(kRequirement, absl::Minutes(10))});  // over long ago
  EXPECT_EQ(world_.ReasonOf(b), CancelText(kRequirement));
}

TEST_F(TimeLimitTest, TooLittleByMaxVcpus) {
  world_.Managed("machines", MaxVcpus(2));
  world_.Queue("queue", {"machines"});
  Limit({After(kMaxResource, absl::Minutes(10))});
  const JobId a = world_.Submit("a", Needs(4, 512));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.ReasonOf(a), CancelText(kMaxResource));
}

// The provider is asked again every minute; as long as it never has any, the
// reason stands.
TEST_F(TimeLimitTest, NoCapacityForTenMinutes) {
  world_.Managed("machines", Offers("t.2", 2, 4000),
                 RefusesLaunches(LaunchFailure::kCapacity));
  world_.Queue("queue", {"machines"});
  Limit({After(kCapacity, absl::Minutes(10))});
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Minutes(9));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), CancelText(kCapacity));
}

// --- Heads of quota shares ---------------------------------------------------

constexpr char kQuota[] = "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED";

class QuotaTimeLimitTest : public TimeLimitTest {
 protected:
  QuotaTimeLimitTest() {
    world_.Unmanaged("hosts");
    world_.QuotaQueue("queue", {"hosts"});
    world_.Join("hosts", 8, 8000);
    for (const char* share : {"one", "two"}) {
      world_.QuotaShare("queue", share, Has(1));
    }
    world_.Settle();
  }
  static JobStateTimeLimitAction Terminate(JobStateTimeLimitAction action) {
    action.action = TimeLimitAction::kTerminate;
    return action;
  }
};

// Choice: D34, each share has a head and a clock of its own.
TEST_F(QuotaTimeLimitTest, EachShareHasAHeadAndAClock) {
  Limit({Terminate(After(kQuota, absl::Minutes(10)))});
  const JobId a = world_.Submit("a", OfQuotaShare("one"), Needs(2, 512));
  const JobId behind = world_.Submit("behind", OfQuotaShare("one"));
  world_.RunFor(absl::Minutes(4));
  const JobId b = world_.Submit("b", OfQuotaShare("two"), Needs(2, 512));
  world_.RunFor(absl::Minutes(6) - absl::Nanoseconds(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  world_.RunFor(absl::Nanoseconds(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a),
            "Terminated by JobStateTimeLimit action due to reason: "
            "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED");
  EXPECT_TRUE(world_.Describe(a).is_terminated);
  EXPECT_FALSE(world_.Describe(a).is_cancelled);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  world_.RunFor(absl::Minutes(4) - absl::Nanoseconds(1));
  EXPECT_EQ(world_.StatusOf(behind), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  world_.RunFor(absl::Nanoseconds(1));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kFailed);
}

TEST_F(QuotaTimeLimitTest, CancelIsAllowedToo) {
  Limit({After(kQuota, absl::Minutes(10)),
         After(kRequirement, absl::Minutes(20))});
  const JobId a = world_.Submit("a", OfQuotaShare("one"), Needs(2, 512));
  // Within its share, and more memory than there is.
  const JobId b = world_.Submit("b", OfQuotaShare("two"), Needs(1, 9000));
  world_.RunFor(absl::Minutes(19));
  EXPECT_EQ(world_.ReasonOf(a), CancelText(kQuota));
  EXPECT_TRUE(world_.Describe(a).is_cancelled);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.ReasonOf(b), CancelText(kRequirement));
}

// The share's limit is raised in time: the reason goes, and the clock with it.
TEST_F(QuotaTimeLimitTest, AReasonThatGoesTakesTheClockAlong) {
  Limit({Terminate(After(kQuota, absl::Minutes(10)))});
  const JobId runs =
      world_.Submit("runs", OfQuotaShare("one"), RunsFor(absl::Minutes(30)));
  const JobId a = world_.Submit("a", OfQuotaShare("one"), Needs(2, 512));
  world_.RunFor(absl::Minutes(9));
  UpdateQuotaShareRequest request;
  request.job_queue = "queue";
  request.quota_share_name = "one";
  request.capacity_limits = {{2, kUnitVcpu}};
  EXPECT_TRUE(world_.scheduler().UpdateQuotaShare(request, world_.now()).ok());
  world_.RunFor(absl::Minutes(10));
  EXPECT_EQ(world_.ReasonOf(a), "");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(runs), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(QuotaTimeLimitTest, AnUpdateOfTheQueueMovesTheLimits) {
  const JobId a = world_.Submit("a", OfQuotaShare("one"), Needs(2, 512));
  world_.RunFor(absl::Minutes(12));
  Limit({After(kQuota, absl::Minutes(10))});  // over already
  EXPECT_EQ(world_.ReasonOf(a), CancelText(kQuota));
}

// Source: §18; D32, D52.
TEST_F(QuotaTimeLimitTest, AShareWaitsForAConsumableLikeAQueue) {
  world_.Consumable("licence", 0);
  const JobId a =
      world_.Submit("a", OfQuotaShare("one"), Consumes("licence", 1));
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.ReasonOf(a),
            "UNDETERMINED - Batch job is blocked, root cause is undetermined.");
}

TEST_F(QuotaTimeLimitTest, TerminateIsForQueuesWithQuotaSharesOnly) {
  constexpr char kRefused[] =
      "job_state_time_limit_actions.action is TERMINATE; must be CANCEL in a "
      "queue with compute environments and without quota shares";
  world_.Queue("plain", {"hosts"});
  UpdateJobQueueRequest request;
  request.job_queue = "plain";
  request.job_state_time_limit_actions = {
      Terminate(After(kCapacity, absl::Minutes(10)))};
  absl::Status status =
      world_.scheduler().UpdateJobQueue(request, world_.now());
  EXPECT_EQ(status, absl::InvalidArgumentError(kRefused));
  JobQueueOptions options;
  options.job_queue_name = "other";
  options.compute_environment_order = {{1, "hosts"}};
  options.job_state_time_limit_actions = *request.job_state_time_limit_actions;
  status = world_.scheduler().CreateJobQueue(
      JobQueue::Create(std::move(options)).value(), world_.now());
  EXPECT_EQ(status, absl::InvalidArgumentError(kRefused));
}

}  // namespace
}  // namespace embatch
