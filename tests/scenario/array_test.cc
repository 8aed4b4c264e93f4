// SPDX-License-Identifier: Apache-2.0
//
// Source: guide "Array jobs"; §8. Choice: D7, D53, D55.
#include <memory>
#include <string>

#include "embatch/input.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scenario/scenario.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;

class ArrayTest : public ::testing::Test {
 protected:
  World world_;
};

TEST_F(ArrayTest, ParentIsPendingWhileItsChildrenWork) {
  const JobId a = world_.Submit("a", Array(3));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED PENDING SUCCEEDED");
  EXPECT_EQ(world_.ReasonOf(a), "");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world_.StatusesOf(a.Child(i)),
              "PENDING RUNNABLE STARTING RUNNING SUCCEEDED");
  }
}

TEST_F(ArrayTest, UntouchedChildrenBecomeRunnableInOneEvent) {
  const JobId a = world_.Submit("a", Array(10000));
  world_.Settle();

  EXPECT_THAT(world_.Log(), ElementsAre("0 a:0..9999 PENDING -> RUNNABLE",
                                        "0 a SUBMITTED -> PENDING"));
  EXPECT_EQ(
      world_.Describe(a).status_summary[static_cast<int>(JobStatus::kRunnable)],
      10000);
}

TEST_F(ArrayTest, OneFailedChildStopsNoneButFailsTheParentAtTheEnd) {
  const JobId a = world_.Submit("a", Array(4), RunsFor(absl::Seconds(50)),
                                Child(1, Exits(9), RunsFor(absl::Seconds(1))));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED PENDING FAILED");
  EXPECT_EQ(world_.ReasonOf(a), "Array Child Job failed");
  EXPECT_EQ(world_.Describe(a.Child(1)).exit_code, 9);
  EXPECT_EQ(world_.StatusOf(a.Child(3)), JobStatus::kSucceeded);
  const StatusSummary summary = world_.Describe(a).status_summary;
  EXPECT_EQ(summary[static_cast<int>(JobStatus::kSucceeded)], 3);
  EXPECT_EQ(summary[static_cast<int>(JobStatus::kFailed)], 1);
}

TEST_F(ArrayTest, ParentHasNoStartAndStopsWithItsLastChild) {
  const JobId a = world_.Submit("a", Array(2), RunsFor(absl::Seconds(5)),
                                Child(1, RunsFor(absl::Seconds(70))));
  world_.RunUntilIdle();

  EXPECT_FALSE(world_.Describe(a).started_at.has_value());
  EXPECT_EQ(world_.StopTimeOf(a), world_.StopTimeOf(a.Child(1)));
}

TEST_F(ArrayTest, ChildrenStartInTheOrderOfTheirIndices) {
  world_.Managed("one", MaxVcpus(1), Offers("tiny", 1, 1024));
  world_.Queue("queue", {"one"});
  const JobId a = world_.Submit("a", Array(5));
  world_.RunUntilIdle();

  for (int i = 1; i < 5; ++i) {
    EXPECT_GE(world_.StartTimeOf(a.Child(i)),
              world_.StopTimeOf(a.Child(i - 1)));
  }
}

TEST_F(ArrayTest, EachChildHasItsOwnAttempts) {
  const JobId a = world_.Submit("a", Array(3), Attempts(2),
                                Child(1, Exits(1, 0)), Child(2, Exits(1, 2)));
  world_.RunUntilIdle();

  EXPECT_EQ(world_.AttemptsOf(a.Child(0)).size(), 1u);
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.AttemptsOf(a.Child(1)).size(), 2u);
  EXPECT_EQ(world_.StatusOf(a.Child(2)), JobStatus::kFailed);
  EXPECT_EQ(world_.AttemptsOf(a.Child(2))[1].exit_code, 2);
}

// On hosts that are there at once: times are those of the jobs.
class ArrayOnHostsTest : public ScenarioTest {
 protected:
  ArrayOnHostsTest() { Hosts({2}); }
};

TEST_F(ArrayOnHostsTest, SummaryCountsTheChildren) {
  const JobId a = world_.Submit("a", Array(4), Child(0, Exits(1)));
  const auto summary = [&] { return world_.Describe(a).status_summary; };
  // SUBMITTED, PENDING, RUNNABLE, SCHEDULED, STARTING, RUNNING, SUCCEEDED,
  // FAILED
  EXPECT_EQ(summary(), (StatusSummary{0, 4, 0, 0, 0, 0, 0, 0}));
  world_.Settle();
  EXPECT_EQ(summary(), (StatusSummary{0, 0, 2, 0, 2, 0, 0, 0}));
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(summary(), (StatusSummary{0, 0, 2, 0, 0, 2, 0, 0}));
  world_.RunFor(absl::Seconds(10));
  EXPECT_EQ(summary(), (StatusSummary{0, 0, 0, 0, 2, 0, 1, 1}));
  world_.RunUntilIdle();
  EXPECT_EQ(summary(), (StatusSummary{0, 0, 0, 0, 0, 0, 3, 1}));
  EXPECT_EQ(world_.Describe(a).array_size, 4);
}

TEST_F(ArrayOnHostsTest, RetriedChildIsNotFailedYet) {
  const JobId a =
      world_.Submit("a", Array(2), Attempts(2), Child(0, Exits(1, 0)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED PENDING SUCCEEDED");
}

TEST_F(ArrayOnHostsTest, ChildrenCanBeDescribedAtOnce) {
  const JobId a = world_.Submit("a", Array(10000));
  const JobView child = world_.Describe(a.Child(9999));
  EXPECT_EQ(child.status, JobStatus::kPending);
  EXPECT_EQ(child.job_name, "a");
  EXPECT_EQ(child.array_size, 0);
  EXPECT_EQ(child.created_at, world_.now());
  EXPECT_EQ(world_.scheduler().DescribeJob(a.Child(10000)).status().code(),
            absl::StatusCode::kNotFound);
}

// The last child of a long chain is described like any other.
TEST_F(ArrayOnHostsTest, LongSequentialArrayIsDescribedToItsEnd) {
  const JobId a = world_.Submit("a", Array(10000), Sequential());
  world_.Settle();
  EXPECT_EQ(world_.Describe(a.Child(9999)).status, JobStatus::kPending);
  world_.Terminate(a);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.Describe(a.Child(9999)).status, JobStatus::kFailed);
}

// Nobody called Advance() while the children ended.
TEST_F(ArrayOnHostsTest, ParentStopsWithItsLastChildThoughItIsHeardOfLate) {
  const JobId a = world_.Submit("a", Array(2));
  world_.RunFor(absl::Seconds(5));
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  SimulatedRuntime runtime;
  ASSERT_TRUE(fork->AttachPlugins("hosts", {nullptr, &runtime}).ok());
  Turn turn;
  const absl::Time end = world_.now() + absl::Minutes(1);
  for (int i : {0, 1}) {
    turn.container_reports.push_back(
        ContainerReport::Exited(end, {{a.Child(i), 1}, 0}, 0));
  }
  const absl::Time late = end + absl::Hours(1);
  ASSERT_TRUE(
      fork->Replay(EncodeInput({absl::ToUnixNanos(late), turn})).status.ok());
  EXPECT_EQ(fork->DescribeJob(a.Child(1))->stopped_at, end);
  EXPECT_EQ(fork->DescribeJob(a)->stopped_at, end);
}

}  // namespace
}  // namespace embatch
