// SPDX-License-Identifier: Apache-2.0
//
// Quota shares: what a share may use, lend and borrow, and how lent capacity
// comes back.
// Source: §15. Choice: D11, D27, D28, D29, D42.
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kAcross[] =
    "Cross-share preemption triggered to reclaim borrowed capacity";
constexpr char kWithin[] =
    "In-share preemption triggered by higher priority job";
constexpr char kPreemptedOnce[] =
    "SUBMITTED RUNNABLE STARTING RUNNING RUNNABLE STARTING RUNNING SUCCEEDED";

class QuotaShareTest : public ScenarioTest {
 protected:
  // Hosts of so many vCPUs, and a queue "queue" with quota shares.
  void QuotaHosts(std::initializer_list<int64_t> vcpus) {
    world_.Unmanaged("hosts");
    world_.QuotaQueue("queue", {"hosts"});
    for (int64_t count : vcpus) world_.Join("hosts", count, 1000 * count);
    world_.Settle();
  }
  template <typename... Words>
  void Share(absl::string_view name, Words... words) {
    world_.QuotaShare("queue", name, words...);
  }
  template <typename... Words>
  JobId Submit(absl::string_view name, const std::string& share,
               Words... words) {
    return world_.Submit(name, OfQuotaShare(share), words...);
  }
  void Update(UpdateQuotaShareRequest request, const std::string& share) {
    request.job_queue = "queue";
    request.quota_share_name = share;
    EXPECT_TRUE(
        world_.scheduler().UpdateQuotaShare(request, world_.now()).ok());
    world_.Settle();
  }
  QuotaShareView View(absl::string_view share) {
    const auto view = world_.scheduler().DescribeQuotaShare("queue", share);
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? *view : QuotaShareView();
  }
  int64_t Used(absl::string_view share) {
    return View(share).usage_milli.at(0).quantity / 1000;
  }
  JobStatus StatusOf(JobId job) { return world_.StatusOf(job); }
  bool Started(JobId job) { return HasStarted(StatusOf(job)); }
};

// --- Shares ---------------------------------------------------------------

TEST_F(QuotaShareTest, IsValidAfterTheNextAdvance) {
  QuotaHosts({4});
  QuotaShareOptions options;
  options.job_queue = "queue";
  options.quota_share_name = "red";
  options.capacity_limits = {{4, "VCPU"}};
  ASSERT_TRUE(world_.scheduler()
                  .CreateQuotaShare(*QuotaShare::Create(options), world_.now())
                  .ok());
  EXPECT_EQ(View("red").status, ResourceStatus::kCreating);
  EXPECT_EQ(world_.TrySubmit("a", OfQuotaShare("red")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  world_.Settle();
  EXPECT_EQ(View("red").status, ResourceStatus::kValid);
  const JobId a = Submit("a", "red");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(world_.Describe(a).quota_share_name, "red");
  EXPECT_EQ(*world_.scheduler().ListQuotaShares("queue"),
            std::vector<std::string>{"red"});
}

TEST_F(QuotaShareTest, CreationIsRefused) {
  QuotaHosts({4});
  world_.Queue("plain", {"hosts"});
  Share("red", Has(1));
  const auto create = [this](std::string queue, std::string name,
                             std::string unit) {
    QuotaShareOptions options;
    options.job_queue = std::move(queue);
    options.quota_share_name = std::move(name);
    options.capacity_limits = {{4, std::move(unit)}};
    return world_.scheduler().CreateQuotaShare(*QuotaShare::Create(options),
                                               world_.now());
  };
  const struct {
    absl::Status status;
    absl::StatusCode code;
    std::string message;
  } cases[] = {
      {create("none", "blue", "VCPU"), absl::StatusCode::kNotFound,
       "job_queue: Job queue \"none\" does not exist"},
      {create("plain", "blue", "VCPU"), absl::StatusCode::kFailedPrecondition,
       "job_queue is \"plain\""},
      {create("queue", "red", "VCPU"), absl::StatusCode::kAlreadyExists,
       "Quota share red already exists"},
      {create("queue", "blue", "ml.m5.large"),
       absl::StatusCode::kInvalidArgument,
       "capacity_limits.capacity_unit is \"ml.m5.large\""},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(one.status.code(), one.code) << one.status;
    EXPECT_THAT(std::string(one.status.message()), HasSubstr(one.message));
  }
}

TEST_F(QuotaShareTest, AQueueHasTwentyAtMost) {
  QuotaHosts({4});
  for (int i = 0; i < 20; ++i) Share("s" + std::to_string(i), Has(1));
  QuotaShareOptions options;
  options.job_queue = "queue";
  options.quota_share_name = "more";
  options.capacity_limits = {{4, "VCPU"}};
  const absl::Status status = world_.scheduler().CreateQuotaShare(
      *QuotaShare::Create(options), world_.now());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("at most 20"));
}

TEST_F(QuotaShareTest, SubmissionsNameAShareWhereThereAreShares) {
  QuotaHosts({4});
  Share("red", Has(4));
  world_.Queue("plain", {"hosts"});
  const auto message = [](const absl::StatusOr<JobId>& job) {
    return std::string(job.status().message());
  };
  const auto none = world_.TrySubmit("a");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(message(none), HasSubstr("quota_share_name is empty"));
  const auto unknown = world_.TrySubmit("a", OfQuotaShare("blue"));
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(message(unknown), HasSubstr("\"blue\" does not exist"));
  const auto plain =
      world_.TrySubmit("a", InQueue("plain"), OfQuotaShare("red"));
  EXPECT_EQ(plain.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(message(plain), HasSubstr("quota_share_name is \"red\""));
}

TEST_F(QuotaShareTest, ADisabledShareTakesNoJobsButServesThoseItHas) {
  QuotaHosts({1});
  Share("red", Has(1));
  Submit("a", "red");
  const JobId b = Submit("b", "red");
  world_.Settle();
  UpdateQuotaShareRequest request;
  request.state = ResourceState::kDisabled;
  Update(request, "red");
  const auto c = world_.TrySubmit("c", OfQuotaShare("red"));
  EXPECT_EQ(c.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(c.status().message()), HasSubstr("DISABLED"));
  world_.RunUntilIdle();
  EXPECT_EQ(StatusOf(b), JobStatus::kSucceeded);
}

TEST_F(QuotaShareTest, OnlyADisabledShareCanBeDeleted) {
  QuotaHosts({1});
  Share("red", Has(1));
  Scheduler& scheduler = world_.scheduler();
  const absl::Status status =
      scheduler.DeleteQuotaShare("queue", "red", world_.now());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("ENABLED"));
  EXPECT_TRUE(scheduler.DeleteQuotaShare("queue", "x", world_.now()).ok());
  EXPECT_TRUE(scheduler.DeleteQuotaShare("x", "x", world_.now()).ok());
}

TEST_F(QuotaShareTest, DeletionEndsItsJobsAndThenTheNameIsFree) {
  QuotaHosts({2});
  Share("red", Has(1));
  Share("blue", Has(1));
  const JobId running = Submit("running", "red", RunsForever());
  const JobId waiting = Submit("waiting", "red");
  const JobId array = Submit("array", "red", Array(3));
  const JobId other = Submit("other", "blue", RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(5));
  UpdateQuotaShareRequest request;
  request.state = ResourceState::kDisabled;
  Update(request, "red");
  ASSERT_TRUE(
      world_.scheduler().DeleteQuotaShare("queue", "red", world_.now()).ok());
  EXPECT_EQ(View("red").status, ResourceStatus::kDeleting);
  world_.RunFor(absl::Minutes(1));
  for (JobId job : {running, waiting, array}) {
    EXPECT_EQ(StatusOf(job), JobStatus::kFailed);
    EXPECT_EQ(world_.ReasonOf(job), "Quota share deleted");
    EXPECT_EQ(world_.Describe(job).quota_share_name, "red");
  }
  EXPECT_EQ(StatusOf(other), JobStatus::kRunning);
  EXPECT_EQ(
      world_.scheduler().DescribeQuotaShare("queue", "red").status().code(),
      absl::StatusCode::kNotFound);
  Share("red", Has(1));
  const JobId again = Submit("again", "red");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(again), kStraight);
}

// --- Own capacity -----------------------------------------------------------

TEST_F(QuotaShareTest, AShareUsesNoMoreThanItsOwnCapacity) {
  QuotaHosts({8});
  Share("red", Has(2));
  Share("blue", Has(6));
  const JobId a = Submit("a", "red");
  const JobId b = Submit("b", "red");
  const JobId c = Submit("c", "red");
  world_.Settle();
  EXPECT_TRUE(Started(a));
  EXPECT_TRUE(Started(b));
  EXPECT_EQ(StatusOf(c), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(c), "");
  EXPECT_EQ(Used("red"), 2);
  EXPECT_EQ(View("red").waiting_jobs, 1);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StartTimeOf(c), world_.StopTimeOf(a) + absl::Seconds(1));
  EXPECT_EQ(Used("red"), 0);
}

TEST_F(QuotaShareTest, MemoryIsAUnitToo) {
  QuotaHosts({8});
  Share("red", Has(1000, "MEMORY"));
  const JobId a = Submit("a", "red", Needs(1, 600));
  const JobId b = Submit("b", "red", Needs(1, 600));
  world_.Settle();
  EXPECT_TRUE(Started(a));
  EXPECT_FALSE(Started(b));
}

TEST_F(QuotaShareTest, AShareThatCannotGoOnDoesNotHoldUpTheOthers) {
  QuotaHosts({4});
  Share("red", Has(2));
  Share("blue", Has(2));
  const JobId a = Submit("a", "red", Needs(2, 512), RunsFor(absl::Hours(1)));
  const JobId b = Submit("b", "red", Needs(2, 512));
  const JobId c = Submit("c", "blue");
  world_.Settle();
  EXPECT_TRUE(Started(a));
  EXPECT_FALSE(Started(b));
  EXPECT_TRUE(Started(c));
}

TEST_F(QuotaShareTest, SharesTakeTurns) {
  QuotaHosts({2});
  Share("red", Has(2));
  Share("blue", Has(2));
  std::vector<JobId> jobs;
  for (int i = 0; i < 4; ++i) {
    jobs.push_back(Submit("red", "red", RunsFor(absl::Minutes(i + 1))));
  }
  for (int i = 0; i < 4; ++i) {
    jobs.push_back(Submit("blue", "blue", RunsFor(absl::Minutes(i + 1))));
  }
  world_.Settle();
  EXPECT_TRUE(Started(jobs[0]));
  EXPECT_TRUE(Started(jobs[4]));
  EXPECT_FALSE(Started(jobs[1]));
  // Red and blue end together; it is red's turn again.
  world_.RunFor(absl::Seconds(62));
  EXPECT_TRUE(Started(jobs[1]));
  EXPECT_TRUE(Started(jobs[5]));
}

TEST_F(QuotaShareTest, HigherPriorityGoesFirstWithinAShare) {
  QuotaHosts({1});
  Share("red", Has(1));
  const JobId a = Submit("a", "red", WithPriority(1));
  const JobId b = Submit("b", "red", WithPriority(2));
  const JobId c = Submit("c", "red", WithPriority(2));
  world_.RunUntilIdle();
  EXPECT_LT(world_.StartTimeOf(b), world_.StartTimeOf(c));
  EXPECT_LT(world_.StartTimeOf(c), world_.StartTimeOf(a));
}

TEST_F(QuotaShareTest, ChildrenOfAnArrayCountOneByOne) {
  QuotaHosts({8});
  Share("red", Has(3));
  const JobId a = Submit("a", "red", Array(5));
  world_.Settle();
  EXPECT_EQ(Used("red"), 3);
  world_.RunUntilIdle();
  EXPECT_EQ(StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(Used("red"), 0);
}

TEST_F(QuotaShareTest, EnvironmentsGrowByWhatTheSharesMayUse) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  world_.QuotaQueue("queue", {"machines"});
  Share("red", Has(4));
  Submit("a", "red", Array(100));
  world_.RunFor(absl::Minutes(1) + absl::Seconds(1));
  EXPECT_EQ(Used("red"), 4);
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
}

// --- Borrowing --------------------------------------------------------------

TEST_F(QuotaShareTest, ABorrowerUsesWhatIsLent) {
  QuotaHosts({8});
  Share("red", Has(2), LendsAndBorrows());
  Share("blue", Has(2), Lends());
  Submit("a", "red", Array(8));
  world_.Settle();
  EXPECT_EQ(Used("red"), 4) << "what no share owns can't be borrowed";
}

TEST_F(QuotaShareTest, ReservedCapacityIsNotLent) {
  QuotaHosts({8});
  Share("red", Has(2), LendsAndBorrows());
  Share("blue", Has(2));
  Submit("a", "red", Array(8));
  world_.Settle();
  EXPECT_EQ(Used("red"), 2);
}

TEST_F(QuotaShareTest, BorrowLimitHolds) {
  QuotaHosts({16});
  Share("red", Has(2), LendsAndBorrows(100));
  Share("blue", Has(14), Lends());
  Submit("a", "red", Array(8));
  world_.Settle();
  EXPECT_EQ(Used("red"), 4);
}

TEST_F(QuotaShareTest, BorrowersAreServedFirstInFirstOut) {
  QuotaHosts({2});
  Share("red", Has(0), LendsAndBorrows());
  Share("blue", Has(0), LendsAndBorrows());
  Share("owner", Has(2), Lends());
  const JobId first = Submit("first", "owner", RunsFor(absl::Minutes(1)));
  const JobId second = Submit("second", "owner", RunsFor(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(1));
  const JobId blue = Submit("blue", "blue", RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(1));
  const JobId blue_2 = Submit("blue_2", "blue", RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(1));
  const JobId red = Submit("red", "red", RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(StatusOf(first), JobStatus::kSucceeded);
  EXPECT_EQ(StatusOf(second), JobStatus::kSucceeded);
  EXPECT_TRUE(Started(blue));
  EXPECT_TRUE(Started(blue_2));
  EXPECT_FALSE(Started(red));
}

// --- Preemption across shares -----------------------------------------------

class PreemptionTest : public QuotaShareTest {
 protected:
  // Two shares of 2 vCPUs on a host with 4; red borrows.
  PreemptionTest() {
    QuotaHosts({4});
    Share("red", Has(2), LendsAndBorrows());
    Share("blue", Has(2), Lends());
  }
  void MoveQueue(const std::string& environment) {
    UpdateJobQueueRequest request;
    request.job_queue = "queue";
    request.compute_environment_order = {{1, environment}};
    world_.UpdateQueue(request);
  }
};

TEST_F(PreemptionTest, AnOwnerTakesItsCapacityBack) {
  const JobId a = Submit("a", "red", Array(4), RunsFor(absl::Minutes(10)),
                         StopsAfter(absl::Seconds(5)));
  world_.RunFor(absl::Seconds(10));
  EXPECT_EQ(Used("red"), 4);
  const JobId b = Submit("b", "blue", RunsFor(absl::Hours(1)));
  world_.Settle();
  // The newest child is being stopped.
  EXPECT_EQ(StatusOf(a.Child(3)), JobStatus::kRunning);
  EXPECT_EQ(world_.ReasonOf(a.Child(3)),
            "PREEMPTION_IN_PROGRESS: " + std::string(kAcross));
  EXPECT_EQ(StatusOf(b), JobStatus::kRunnable);
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(a.Child(3)), JobStatus::kRunnable);
  EXPECT_TRUE(Started(b));
  EXPECT_EQ(Used("red"), 3);
  EXPECT_EQ(Used("blue"), 1);
  EXPECT_THAT(world_.LogOf(a.Child(3)),
              ElementsAre("0 a:0..3 PENDING -> RUNNABLE",
                          "0 a:3 RUNNABLE -> STARTING attempt 1",
                          "1s a:3 STARTING -> RUNNING attempt 1",
                          "10s a:3 RUNNING -> RUNNING attempt 1: "
                          "PREEMPTION_IN_PROGRESS: " +
                              std::string(kAcross),
                          "15s a:3 RUNNING -> RUNNABLE attempt 1: " +
                              std::string(kAcross)));
}

TEST_F(PreemptionTest, PreemptedAttemptsAreKeptApart) {
  Submit("older", "red", RunsFor(absl::Minutes(10)));
  Submit("old", "red", Needs(2, 512), RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Seconds(5));
  const JobId a = Submit("a", "red", Attempts(1), RunsFor(absl::Seconds(60)));
  world_.RunFor(absl::Seconds(10));
  const JobId b = Submit("b", "blue", RunsFor(absl::Minutes(1)));
  world_.RunUntilIdle();
  EXPECT_EQ(StatusOf(b), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusesOf(a), kPreemptedOnce);
  EXPECT_EQ(world_.Describe(a).attempts, 1);
  EXPECT_EQ(world_.Describe(a).preempted_attempts, 1);
  EXPECT_EQ(world_.AttemptsOf(a).size(), 1u);
  EXPECT_EQ(world_.AttemptsOf(a)[0].exit_code, 0);
  const PreemptionSummary summary = *world_.scheduler().DescribePreemptions(a);
  EXPECT_EQ(summary.preempted_attempt_count, 1);
  ASSERT_EQ(summary.recent_preempted_attempts.size(), 1u);
  EXPECT_EQ(summary.recent_preempted_attempts[0].status_reason, kAcross);
  EXPECT_EQ(summary.recent_preempted_attempts[0].exit_code, 143);
}

// Source: §20.7; what is known of a job's preemptions goes with the job.
TEST_F(PreemptionTest, PreemptionsAreForgottenWithTheirJob) {
  const JobId a = Submit("a", "red", Needs(4, 512), RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(10));
  Submit("b", "blue", RunsFor(absl::Minutes(1)));
  world_.RunUntilIdle();
  ASSERT_EQ(world_.Describe(a).preempted_attempts, 1);
  const absl::Time end = world_.StopTimeOf(a) + absl::Hours(24);
  world_.RunUntil(end - absl::Nanoseconds(1));
  EXPECT_TRUE(world_.scheduler().DescribePreemptions(a).ok());
  world_.RunUntil(end);
  EXPECT_EQ(world_.scheduler().DescribePreemptions(a).status().code(),
            absl::StatusCode::kNotFound);
  // Its place in memory is another job's now, which was never preempted.
  const JobId c = Submit("c", "red", RunsFor(absl::Minutes(1)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.Describe(c).preempted_attempts, 0);
}

TEST_F(PreemptionTest, NobodyIsStoppedWhereThereIsRoom) {
  world_.Join("hosts", 1, 1000);
  const JobId a = Submit("a", "red", Array(4), RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Seconds(10));
  const JobId b = Submit("b", "blue");
  world_.Settle();
  EXPECT_TRUE(Started(b));
  world_.RunUntilIdle();
  EXPECT_EQ(StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(PreemptionTest, AJobThatHasNotStartedIsStoppedAtOnce) {
  const JobId a = Submit("a", "red", Needs(2, 512));
  const JobId c = Submit("c", "red", Needs(2, 512), NeverStarts());
  world_.RunFor(absl::Seconds(5));
  const JobId b = Submit("b", "blue", Needs(2, 512));
  world_.Settle();
  EXPECT_EQ(StatusOf(c), JobStatus::kRunnable);
  EXPECT_TRUE(Started(b));
  EXPECT_TRUE(Started(a));
}

TEST_F(PreemptionTest, WhoMayNotBePreemptedSoOftenFails) {
  Submit("older", "red", Needs(2, 512), RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Seconds(5));
  const JobId a = Submit("a", "red", Needs(2, 512), PreemptionRetries(0),
                         Attempts(10), RunsFor(absl::Minutes(5)));
  const JobId dependent = Submit("dependent", "red", DependsOn(a));
  world_.RunFor(absl::Seconds(5));
  Submit("b", "blue", Needs(2, 512));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE STARTING RUNNING FAILED");
  EXPECT_EQ(world_.ReasonOf(a), kAcross);
  EXPECT_EQ(StatusOf(dependent), JobStatus::kFailed);
  EXPECT_EQ(world_.scheduler().DescribePreemptions(a)->preempted_attempt_count,
            1);
}

TEST_F(PreemptionTest, OnePreemptionMayBeAllowed) {
  Submit("older", "red", Needs(2, 512), RunsFor(absl::Hours(10)));
  world_.RunFor(absl::Seconds(5));
  const JobId a = Submit("a", "red", Needs(2, 512), PreemptionRetries(1),
                         RunsFor(absl::Minutes(5)));
  world_.RunFor(absl::Seconds(5));
  Submit("b", "blue", Needs(2, 512), RunsFor(absl::Seconds(10)));
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(StatusOf(a), JobStatus::kRunning);
  Submit("b", "blue", Needs(2, 512), RunsFor(absl::Seconds(10)));
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.StatusesOf(a),
            "SUBMITTED RUNNABLE STARTING RUNNING RUNNABLE STARTING RUNNING "
            "FAILED");
}

TEST_F(PreemptionTest, ExitCodeZeroAfterTheSignalIsNoSuccess) {
  // It would end by itself while it is being stopped.
  Submit("older", "red", Needs(2, 512), RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Seconds(5));
  const JobId a = Submit("a", "red", Needs(2, 512), RunsFor(absl::Seconds(20)),
                         StopsAfter(absl::Seconds(25)));
  world_.RunFor(absl::Seconds(10));
  Submit("b", "blue", Needs(2, 512));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kPreemptedOnce);
}

TEST_F(PreemptionTest, AJobThatIsTerminatedMeanwhileFails) {
  Submit("older", "red", Needs(2, 512), RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Seconds(5));
  const JobId a = Submit("a", "red", Needs(2, 512), RunsFor(absl::Hours(1)),
                         StopsAfter(absl::Seconds(20)));
  world_.RunFor(absl::Seconds(10));
  Submit("b", "blue", Needs(2, 512));
  world_.Settle();
  world_.Terminate(a, "enough");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE STARTING RUNNING FAILED");
  EXPECT_EQ(world_.ReasonOf(a), "enough");
}

TEST_F(PreemptionTest, APreemptedJobKeepsItsPlaceInLine) {
  Submit("older", "red", Needs(2, 512), RunsFor(absl::Minutes(2)));
  world_.RunFor(absl::Seconds(5));
  const JobId a = Submit("a", "red", Needs(2, 512), RunsFor(absl::Minutes(1)));
  const JobId later = Submit("later", "red", Needs(2, 512));
  world_.RunFor(absl::Seconds(10));
  Submit("b", "blue", Needs(2, 512), RunsFor(absl::Minutes(5)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kPreemptedOnce);
  EXPECT_LT(world_.StartTimeOf(a), world_.StartTimeOf(later));
}

// Another queue with a higher priority stands ready to take what comes free.
TEST_F(PreemptionTest, FreedCapacityIsKeptForWhoAskedForIt) {
  world_.Queue("urgent", {"hosts"}, 9);
  Submit("a", "red", Array(4), RunsFor(absl::Minutes(10)),
         StopsAfter(absl::Seconds(5)));
  world_.RunFor(absl::Seconds(10));
  const JobId b = Submit("b", "blue", RunsFor(absl::Minutes(1)));
  world_.Settle();
  const JobId urgent = world_.Submit("urgent", InQueue("urgent"));
  world_.RunFor(absl::Seconds(6));
  EXPECT_TRUE(Started(b));
  EXPECT_FALSE(Started(urgent));
}

TEST_F(PreemptionTest, ACancelledJobLeavesWhatWasKeptForIt) {
  world_.Queue("urgent", {"hosts"}, 9);
  Submit("a", "red", Array(4), RunsFor(absl::Minutes(10)),
         StopsAfter(absl::Seconds(5)));
  world_.RunFor(absl::Seconds(10));
  const JobId b = Submit("b", "blue", RunsFor(absl::Minutes(1)));
  world_.Settle();
  const JobId urgent = world_.Submit("urgent", InQueue("urgent"));
  world_.RunFor(absl::Seconds(3));
  world_.Cancel(b);
  world_.RunFor(absl::Seconds(3));
  EXPECT_TRUE(Started(urgent));
}

TEST_F(PreemptionTest, WhatIsKeptOnAHostIsLostWithIt) {
  Submit("a", "red", Array(4), RunsFor(absl::Minutes(10)),
         StopsAfter(absl::Seconds(5)));
  world_.RunFor(absl::Seconds(10));
  const JobId b = Submit("b", "blue", RunsFor(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(2));
  world_.LoseInstance("hosts");
  world_.RunFor(absl::Seconds(10));
  EXPECT_EQ(StatusOf(b), JobStatus::kRunnable);
  world_.Join("hosts", 1, 1000);
  world_.RunUntilIdle();
  EXPECT_EQ(StatusOf(b), JobStatus::kSucceeded);
}

// The queue has left the environment where its jobs run.
TEST_F(PreemptionTest, NobodyIsStoppedWhereTheQueueIsNoMore) {
  world_.Unmanaged("elsewhere");
  const JobId a = Submit("a", "red", Array(4), RunsFor(absl::Minutes(10)));
  world_.RunFor(absl::Seconds(10));
  MoveQueue("elsewhere");
  const JobId b = Submit("b", "blue");
  world_.Settle();
  EXPECT_EQ(StatusOf(b), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(a.Child(3)), "");
}

TEST_F(PreemptionTest, NothingIsKeptWhereTheQueueIsNoMore) {
  world_.Unmanaged("elsewhere");
  Submit("a", "red", Array(4), RunsFor(absl::Minutes(10)),
         StopsAfter(absl::Seconds(5)));
  world_.RunFor(absl::Seconds(10));
  const JobId b = Submit("b", "blue");
  world_.Settle();
  MoveQueue("elsewhere");
  world_.RunFor(absl::Seconds(10));
  EXPECT_EQ(StatusOf(b), JobStatus::kRunnable);
  world_.Join("elsewhere", 1, 1000);
  world_.RunFor(absl::Seconds(2));
  EXPECT_TRUE(Started(b));
}

TEST_F(PreemptionTest, ALoweredLimitStopsNobodyUntilSomebodyNeedsIt) {
  Share("green", Has(0), LendsAndBorrows());
  const JobId a = Submit("a", "blue", Needs(2, 512), RunsFor(absl::Hours(1)));
  const JobId r = Submit("r", "red", Needs(2, 512), RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(10));
  UpdateQuotaShareRequest lower;
  lower.capacity_limits = {{0, "VCPU"}};
  QuotaShareOptions options;
  EXPECT_TRUE(Started(a));
  // The invariants know that it is over its limit by intent.
  lower.resource_sharing =
      ResourceSharing{ResourceSharingStrategy::kLendAndBorrow, std::nullopt};
  Update(lower, "blue");
  world_.RunFor(absl::Seconds(10));
  EXPECT_EQ(StatusOf(a), JobStatus::kRunning);
  UpdateQuotaShareRequest raise;
  raise.capacity_limits = {{4, "VCPU"}};
  Update(raise, "red");
  const JobId more = Submit("more", "red", Needs(2, 512));
  world_.RunFor(absl::Seconds(3));
  EXPECT_EQ(StatusOf(a), JobStatus::kRunnable);
  EXPECT_TRUE(Started(r));
  EXPECT_EQ(StatusOf(more), JobStatus::kRunning);
}

// --- Preemption within a share ----------------------------------------------

TEST_F(QuotaShareTest, HigherPriorityPreemptsWithinItsShare) {
  QuotaHosts({4});
  Share("red", Has(1), PreemptsWithin());
  const JobId low =
      Submit("low", "red", WithPriority(1), RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(5));
  const JobId equal = Submit("equal", "red", WithPriority(1));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(low), JobStatus::kRunning);
  const JobId high = Submit("high", "red", WithPriority(2));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(low), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(low), kWithin);
  EXPECT_EQ(StatusOf(high), JobStatus::kRunning);
  EXPECT_EQ(StatusOf(equal), JobStatus::kRunnable);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(low), kPreemptedOnce);
}

TEST_F(QuotaShareTest, WithoutInSharePreemptionItWaits) {
  QuotaHosts({4});
  Share("red", Has(1));
  const JobId low =
      Submit("low", "red", WithPriority(1), RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(5));
  const JobId high = Submit("high", "red", WithPriority(2));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(low), JobStatus::kRunning);
  EXPECT_EQ(StatusOf(high), JobStatus::kRunnable);
}

TEST_F(QuotaShareTest, WithinAShareRoomOnAHostIsMadeToo) {
  QuotaHosts({2, 2});
  Share("red", Has(8), PreemptsWithin());
  const JobId a = Submit("a", "red", Needs(2, 512), RunsFor(absl::Hours(1)));
  const JobId b = Submit("b", "red", RunsFor(absl::Hours(1)));
  const JobId c = Submit("c", "red", RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(5));
  // One vCPU of each host would be as many, but of no use.
  const JobId high = Submit("high", "red", WithPriority(5), Needs(2, 512));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(StatusOf(high), JobStatus::kRunning);
  const int stopped = (StatusOf(a) == JobStatus::kRunnable ? 2 : 0) +
                      (StatusOf(b) == JobStatus::kRunnable ? 1 : 0) +
                      (StatusOf(c) == JobStatus::kRunnable ? 1 : 0);
  EXPECT_EQ(stopped, 2);
}

// The one that asked first gets what it asked for, though a more urgent one
// came meanwhile.
TEST_F(QuotaShareTest, AnOvertakenJobStillStartsWhereRoomWasMadeForIt) {
  QuotaHosts({1});
  Share("red", Has(1), PreemptsWithin());
  const JobId low =
      Submit("low", "red", WithPriority(1), RunsFor(absl::Hours(1)),
             StopsAfter(absl::Seconds(10)));
  world_.RunFor(absl::Seconds(5));
  const JobId high = Submit("high", "red", WithPriority(2));
  world_.RunFor(absl::Seconds(5));
  const JobId higher = Submit("higher", "red", WithPriority(3), Needs(2, 512));
  world_.RunFor(absl::Seconds(7));
  EXPECT_EQ(StatusOf(low), JobStatus::kRunnable);
  EXPECT_EQ(StatusOf(high), JobStatus::kRunning);
  EXPECT_EQ(StatusOf(higher), JobStatus::kRunnable);
}

// --- Blocked heads ----------------------------------------------------------

TEST_F(QuotaShareTest, HeadsThatNeedMoreThanTheirShareMayHave) {
  constexpr char kPrefix[] =
      "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - ";
  QuotaHosts({32});
  Share("reserve", Has(4));
  Share("limited", Has(4), LendsAndBorrows(50));
  Share("free", Has(4), LendsAndBorrows());
  const JobId a = Submit("a", "reserve", Needs(5, 512));
  const JobId b = Submit("b", "limited", Needs(7, 512));
  const JobId c = Submit("c", "free", Needs(9, 512));
  const JobId d = Submit("d", "free", Needs(8, 512));
  world_.RunUntilIdle();
  EXPECT_EQ(
      world_.ReasonOf(a),
      kPrefix + std::string("Job requirements exceed quota share capacity "
                            "limits."));
  EXPECT_EQ(world_.ReasonOf(b),
            kPrefix + std::string(
                          "Job requirements exceed quota share capacity limits "
                          "and borrow limits."));
  EXPECT_EQ(world_.ReasonOf(c),
            kPrefix + std::string(
                          "Job requires borrowing that exceeds all configured "
                          "borrowable capacity."));
  EXPECT_EQ(world_.ReasonOf(d), "") << "it is not the head";
  world_.Cancel(c);
  world_.RunUntilIdle();
  EXPECT_EQ(StatusOf(d), JobStatus::kSucceeded);
}

// Choice: D33; the three texts have one code.
TEST_F(QuotaShareTest, AnotherTextOfTheSameCodeIsNotTold) {
  QuotaHosts({32});
  Share("red", Has(4));
  const JobId a = Submit("a", "red", Needs(5, 512));
  world_.Settle();
  UpdateQuotaShareRequest request;
  request.resource_sharing =
      ResourceSharing{ResourceSharingStrategy::kLendAndBorrow, 0};
  Update(request, "red");
  EXPECT_THAT(world_.ReasonOf(a), HasSubstr("and borrow limits."));
  EXPECT_EQ(world_.LogOf(a).size(), 2u);
}

TEST_F(QuotaShareTest, AHeadThatNoHostCanHold) {
  QuotaHosts({2});
  Share("red", Has(8));
  Share("blue", Has(8));
  const JobId a = Submit("a", "red", Needs(3, 512));
  const JobId b = Submit("b", "blue");
  world_.RunUntilIdle();
  EXPECT_THAT(world_.ReasonOf(a), HasSubstr("JOB_RESOURCE_REQUIREMENT"));
  EXPECT_EQ(StatusOf(b), JobStatus::kSucceeded);
}

// --- The window of preempted attempts ----------------------------------------

TEST_F(PreemptionTest, TheWindowHoldsTen) {
  Submit("older", "red", Needs(2, 512), RunsFor(absl::Hours(100)));
  world_.RunFor(absl::Seconds(5));
  const JobId a = Submit("a", "red", Needs(2, 512), RunsFor(absl::Hours(5)));
  world_.RunFor(absl::Seconds(5));
  for (int i = 0; i < 12; ++i) {
    Submit("b", "blue", Needs(2, 512), RunsFor(absl::Seconds(1)));
    world_.RunFor(absl::Seconds(10));
  }
  const PreemptionSummary summary = *world_.scheduler().DescribePreemptions(a);
  EXPECT_EQ(summary.preempted_attempt_count, 12);
  ASSERT_EQ(summary.recent_preempted_attempts.size(), 10u);
  EXPECT_EQ(summary.recent_preempted_attempts.front().number, 3);
  EXPECT_EQ(summary.recent_preempted_attempts.back().number, 12);
}

}  // namespace
}  // namespace embatch
