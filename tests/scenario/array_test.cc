// SPDX-License-Identifier: Apache-2.0
//
// Source: guide "Array jobs"; §8. Choice: D7, D53, D55.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
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

}  // namespace
}  // namespace embatch
