// SPDX-License-Identifier: Apache-2.0
//
// What one end brings about for 100,000 others is worked off a piece a call,
// without recursion: each Advance() keeps to max_transitions, and the next one
// goes on where it stopped.
// Source: §9.2; design, third law of Advance.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

constexpr int kMany = 100000;

class CascadeTest : public ::testing::Test {
 protected:
  // Recounting 100,000 jobs after each of some hundred calls proves nothing
  // that smaller worlds don't.
  static WorldOptions Options() {
    WorldOptions options;
    options.scheduler.max_transitions = 1000;
    options.check_invariants = false;
    return options;
  }

  // Runs to the end and counts.
  void Run() {
    world_.RunUntilIdle();
    const JobQueueView queue =
        world_.scheduler().DescribeJobQueue("queue").value();
    succeeded_ = queue.jobs[static_cast<size_t>(JobStatus::kSucceeded)];
    failed_ = queue.jobs[static_cast<size_t>(JobStatus::kFailed)];
  }

  World world_{Options()};
  int succeeded_ = 0;
  int failed_ = 0;
};

// first <- 1 <- 2 <- ... <- 100,000
TEST_F(CascadeTest, ChainFailsToItsEnd) {
  const JobId first = world_.Submit("first", Exits(1));
  JobId last = first;
  for (int i = 0; i < kMany; ++i) last = world_.Submit("next", DependsOn(last));
  Run();

  EXPECT_EQ(failed_, kMany + 1);
  EXPECT_EQ(world_.ReasonOf(last), "Dependent Job failed");
  EXPECT_EQ(world_.StopTimeOf(last), world_.StopTimeOf(first));
}

// 100,000 jobs wait for one.
TEST_F(CascadeTest, OneFailureFailsAllThatWaitForIt) {
  const JobId first = world_.Submit("first", Exits(1));
  for (int i = 0; i < kMany; ++i) world_.Submit("next", DependsOn(first));
  Run();

  EXPECT_EQ(failed_, kMany + 1);
}

// The failing child of an array takes the rest of the chain of children along,
// and they the array that is paired with them.
TEST_F(CascadeTest, ChildrenFailToTheEndOfTheirArray) {
  const JobId first =
      world_.Submit("first", Array(10000), Sequential(), Child(0, Exits(1)));
  const JobId second = world_.Submit("second", Array(10000), NToN(first));
  Run();

  EXPECT_EQ(failed_, 2);
  EXPECT_EQ(world_.ReasonOf(first.Child(9999)), "Dependent Job failed");
  EXPECT_EQ(world_.ReasonOf(second.Child(9999)), "Dependent Job failed");
  EXPECT_EQ(world_.StopTimeOf(second), world_.StopTimeOf(first));
}

// All are released by one success, and a queue of as many is cancelled.
TEST_F(CascadeTest, OneSuccessReleasesAllThatWaitForIt) {
  const JobId first = world_.Submit("first");
  std::vector<JobId> waiting;
  for (int i = 0; i < kMany; ++i) {
    waiting.push_back(world_.Submit("next", DependsOn(first)));
  }
  world_.RunUntil(world_.now() + absl::Minutes(2));
  ASSERT_EQ(world_.StatusOf(first), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(waiting.back()), JobStatus::kRunnable);

  for (const JobId& job : waiting) world_.Terminate(job);
  Run();

  EXPECT_EQ(succeeded_ + failed_, kMany + 1);
  EXPECT_EQ(world_.StatusOf(waiting.back()), JobStatus::kFailed);
}

}  // namespace
}  // namespace embatch
