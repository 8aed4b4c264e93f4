// SPDX-License-Identifier: Apache-2.0
//
// GetJobQueueSnapshot: who is next, since when, and what is in use.
// Source: §20.4. Choice: D13, D40, D50.
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

TEST_F(SnapshotTest, AMultiNodeJobUsesWhatItsNodesDo) {
  world_.Managed("cluster", Offers("duo", 2, 4096), MaxVcpus(100));
  world_.Queue("queue", {"cluster"});
  world_.Submit("nodes", Nodes(3), Needs(2, 512), RunsForever());
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(Snapshot().vcpu_milli_in_use, 6000);
  EXPECT_EQ(Snapshot().dispatched_jobs, 3);
}

// Choice: D13.
TEST_F(SnapshotTest, FairSharesTakeTurnsAsTheyWillInTheCycle) {
  world_.Unmanaged("hosts");
  FairsharePolicy policy;
  policy.share_distribution = {{"light", 2500}, {"heavy", 10000}};
  world_.FairQueue("queue", {"hosts"}, policy);
  world_.Join("hosts", 20, 20000);
  world_.Submit("all", OfShare("other"), Needs(20, 512),
                RunsFor(absl::Minutes(2)));
  world_.RunFor(absl::Seconds(5));
  for (int i = 0; i < 5; ++i) world_.Submit("h", OfShare("heavy"));
  world_.Submit("l", OfShare("light"), Needs(3, 512));
  world_.Submit("l", OfShare("light"), Array(6));
  world_.RunFor(absl::Seconds(5));
  const std::vector<JobId> front = Front();
  ASSERT_EQ(front.size(), 12u);
  world_.RunFor(absl::Minutes(2));
  std::vector<JobId> started;
  for (const WorldEvent& event : world_.events()) {
    if (event.event.to == JobStatus::kStarting) {
      started.push_back(event.event.job);
    }
  }
  started.erase(started.begin());  // the one that was in the way
  EXPECT_EQ(started, front);
}

// As text, such as "heavy VCPU 3000".
std::vector<std::string> TopOf(const JobQueueSnapshot& snapshot) {
  std::vector<std::string> lines;
  for (const ShareUtilization& share :
       snapshot.queue_utilization.top_capacity_utilization) {
    std::string& line = lines.emplace_back(share.share);
    for (const CapacityUsage& usage : share.usage_milli) {
      line += " " + usage.capacity_unit + " " + std::to_string(usage.quantity);
    }
  }
  return lines;
}

TEST_F(SnapshotTest, WhatFairSharesUse) {
  world_.Unmanaged("hosts");
  world_.FairQueue("queue", {"hosts"});
  world_.Join("hosts", 100, 100000);
  for (int i = 0; i < 25; ++i) {
    world_.Submit("a", OfShare("share" + std::to_string(10 + i)),
                  Needs(1 + i % 2, 512));
  }
  world_.Submit(
      "pending", OfShare("idle"),
      DependsOn(world_.Submit("b", OfShare("share10"), Needs(4, 512))));
  world_.RunFor(absl::Seconds(5));
  const JobQueueSnapshot snapshot = Snapshot();
  EXPECT_EQ(snapshot.queue_utilization.active_share_count, 25);
  const std::vector<std::string> top = TopOf(snapshot);
  ASSERT_EQ(top.size(), 20u);
  EXPECT_EQ(top[0], "share10 VCPU 5000");
  EXPECT_EQ(top[1], "share11 VCPU 2000");
  EXPECT_EQ(top[12], "share33 VCPU 2000");
  EXPECT_EQ(top[13], "share12 VCPU 1000");
  const auto& total = snapshot.queue_utilization.total_usage_milli;
  ASSERT_EQ(total.size(), 1u);
  EXPECT_EQ(total[0].capacity_unit, "VCPU");
  EXPECT_EQ(total[0].quantity, snapshot.vcpu_milli_in_use);
  world_.RunUntilIdle();
  EXPECT_EQ(Snapshot().queue_utilization.active_share_count, 0);
  EXPECT_THAT(TopOf(Snapshot()), IsEmpty());
}

TEST_F(SnapshotTest, QuotaSharesShowTheirFirstJobAndTheirUse) {
  world_.Unmanaged("hosts");
  world_.QuotaQueue("queue", {"hosts"});
  world_.Join("hosts", 8, 8000);
  world_.QuotaShare("queue", "one", Has(2), Has(4000, kUnitMemory));
  world_.QuotaShare("queue", "two", Has(3));
  world_.QuotaShare("queue", "three", Has(1));
  world_.Submit("a", OfQuotaShare("one"), RunsForever());
  world_.Submit("b", OfQuotaShare("two"), Needs(3, 512), RunsForever());
  world_.RunFor(absl::Minutes(1));
  const JobId c =
      world_.Submit("c", OfQuotaShare("one"), Array(2), Needs(2, 512));
  const JobId d = world_.Submit("d", OfQuotaShare("one"));
  const JobId e = world_.Submit("e", OfQuotaShare("two"));
  world_.RunFor(absl::Minutes(1));
  const JobQueueSnapshot snapshot = Snapshot();
  ASSERT_EQ(snapshot.front_of_quota_shares.size(), 3u);
  const auto first = [&](const char* share) {
    return snapshot.front_of_quota_shares.at(share);
  };
  ASSERT_TRUE(first("one").has_value());
  EXPECT_EQ(first("one")->job, c.Child(0));
  EXPECT_EQ(first("one")->earliest_time_at_position,
            world_.now() - absl::Minutes(1));
  EXPECT_EQ(first("two")->job, e);
  EXPECT_FALSE(first("three").has_value());
  EXPECT_THAT(Front(), ElementsAre(c.Child(0), e, c.Child(1), d));
  EXPECT_EQ(snapshot.queue_utilization.active_share_count, 2);
  EXPECT_THAT(TopOf(snapshot),
              ElementsAre("two VCPU 3000", "one VCPU 1000 MEMORY 512000"));
  const auto& total = snapshot.queue_utilization.total_usage_milli;
  ASSERT_EQ(total.size(), 2u);
  EXPECT_EQ(total[0].quantity, 4000);
  EXPECT_EQ(total[1].capacity_unit, "MEMORY");
  EXPECT_EQ(total[1].quantity, 512000);
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
