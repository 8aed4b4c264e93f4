// SPDX-License-Identifier: Apache-2.0
//
// GetJobQueueSnapshot: who is next, since when, and what is in use.
// Source: §20.4. Choice: D50.
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SnapshotTest : public ScenarioTest {
 protected:
  JobQueueSnapshot Snapshot() {
    return world_.scheduler().GetJobQueueSnapshot("queue").value();
  }
  std::vector<JobId> Front() {
    std::vector<JobId> jobs;
    for (const FrontOfQueueJob& job : Snapshot().front_of_queue) {
      jobs.push_back(job.job);
    }
    return jobs;
  }
  // Since the beginning of the world.
  absl::Duration Since(size_t place) {
    return Snapshot().front_of_queue[place].earliest_time_at_position -
           (world_.now() - world_.elapsed());
  }
};

TEST_F(SnapshotTest, RunnableJobsInTheOrderOfDispatch) {
  Hosts({1});
  const JobId running = world_.Submit("running");
  const JobId pending = world_.Submit("pending", DependsOn(running));
  const JobId array = world_.Submit("array", Array(3));
  const JobId last = world_.Submit("last");
  world_.RunFor(absl::Seconds(5));
  EXPECT_THAT(Front(), ElementsAre(array.Child(0), array.Child(1),
                                   array.Child(2), last));
  world_.RunFor(absl::Seconds(8));
  // The released job kept its place.
  EXPECT_EQ(world_.StatusOf(pending), JobStatus::kRunning);
  EXPECT_EQ(Snapshot().last_updated_at, world_.now());
}

TEST_F(SnapshotTest, ARetriedJobStandsInFront) {
  Hosts({1});
  world_.Submit("first", RunsFor(absl::Minutes(2)));
  const JobId array =
      world_.Submit("array", Array(2), Attempts(2), Exits(1, 0));
  const JobId other = world_.Submit("other");
  world_.RunFor(absl::Minutes(2) + absl::Seconds(5));
  EXPECT_THAT(Front(), ElementsAre(array.Child(1), other));
}

TEST_F(SnapshotTest, AtMostAHundred) {
  Hosts({1});
  world_.Submit("running", RunsForever());
  world_.Submit("a");
  world_.Submit("array", Array(200));
  world_.Submit("b");
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(Front().size(), 100u);
}

TEST_F(SnapshotTest, AJobStandsWhereItStandsSinceTheQueueMoved) {
  Hosts({1});
  world_.Submit("running", RunsFor(absl::Minutes(10)));
  world_.Submit("a");
  world_.RunFor(absl::Minutes(1));
  world_.Submit("b");
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(Since(0), absl::ZeroDuration());
  EXPECT_EQ(Since(1), absl::Minutes(1));
  // The first one starts: all move up.
  world_.RunFor(absl::Minutes(8) + absl::Seconds(5));
  EXPECT_EQ(Front().size(), 1u);
  EXPECT_EQ(Since(0), absl::Minutes(10) + absl::Seconds(1));
  // Being found blocked moves nobody.
  world_.Terminate(Front()[0]);
  world_.Submit("large", Needs(9, 512));
  world_.Settle();
  const absl::Duration then = world_.elapsed();
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(Since(0), then);
}

TEST_F(SnapshotTest, WhatIsInUse) {
  Hosts({8});
  EXPECT_EQ(Snapshot().vcpu_milli_in_use, 0);
  world_.Submit("a", Needs(3, 512));
  world_.Submit("array", Array(2), Needs(2, 512), NeverStarts());
  world_.Submit("waits", Needs(2, 512));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(Snapshot().vcpu_milli_in_use, 7000);
  EXPECT_EQ(Snapshot().dispatched_jobs, 3);
}

TEST_F(SnapshotTest, OfAnUnknownQueueThereIsNone) {
  EXPECT_EQ(world_.scheduler().GetJobQueueSnapshot("x").status().code(),
            absl::StatusCode::kNotFound);
}

// --- Facts of a job ----------------------------------------------------------

TEST_F(SnapshotTest, AJobSaysWhenItWasPlaced) {
  Hosts({1});
  const JobId a = world_.Submit("a", StartsAfter(absl::Seconds(30)));
  EXPECT_FALSE(world_.Describe(a).scheduled_at.has_value());
  world_.RunFor(absl::Seconds(10));
  const absl::Time begin = world_.now() - world_.elapsed();
  EXPECT_EQ(world_.Describe(a).scheduled_at, begin);
  EXPECT_FALSE(world_.Describe(a).started_at.has_value());
  world_.RunFor(absl::Seconds(25));
  EXPECT_FALSE(world_.Describe(a).scheduled_at.has_value());
  EXPECT_EQ(world_.Describe(a).started_at, begin + absl::Seconds(30));
}

TEST_F(SnapshotTest, AJobThatIsNotOverHasNoEnd) {
  Hosts({1});
  const JobId a = world_.Submit("a", Attempts(2), Exits(1, 0));
  const JobId b = world_.Submit("b", Array(2), Attempts(2), Exits(1, 0));
  for (int i = 0; i < 40; ++i) {
    for (const JobId& job : {a, b, b.Child(0), b.Child(1)}) {
      const JobView view = world_.Describe(job);
      EXPECT_EQ(view.stopped_at.has_value(), IsTerminal(view.status)) << job;
    }
    world_.RunFor(absl::Seconds(2));
  }
}

TEST_F(SnapshotTest, SeveralJobsAtOnce) {
  const JobId a = world_.Submit("a");
  const JobId b = world_.Submit("b", Array(2));
  JobId unknown = a;
  ++unknown.generation;
  const auto views =
      world_.scheduler().DescribeJobs({b.Child(1), unknown, a, b});
  ASSERT_TRUE(views.ok());
  ASSERT_EQ(views->size(), 3u);
  EXPECT_EQ((*views)[0].job, b.Child(1));
  EXPECT_EQ((*views)[1].job, a);
  EXPECT_EQ((*views)[2].job, b);
  const std::vector<JobId> hundred(100, a);
  EXPECT_EQ(world_.scheduler().DescribeJobs(hundred)->size(), 100u);
  const std::vector<JobId> more(101, a);
  const absl::Status status = world_.scheduler().DescribeJobs(more).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr("Maximum number of jobs supported is  100 ."));
}

}  // namespace
}  // namespace embatch
