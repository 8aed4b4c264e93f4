// SPDX-License-Identifier: Apache-2.0
//
// Queues in which jobs may overtake one that waits. Source: none, these are
// extensions; lib/queues/README.md. Choice: D9.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DispatchOrderTest : public ScenarioTest {
 protected:
  void QueueOn(const std::string& environment, DispatchOrder order,
               bool ends_before_start = false) {
    JobQueueOptions options;
    options.job_queue_name = "queue";
    options.priority = 1;
    options.dispatch_order = order;
    options.backfill_ends_before_start = ends_before_start;
    world_.Queue(std::move(options), {environment});
  }
  // A queue "queue" on hosts of so many vCPUs.
  void HostsInOrder(DispatchOrder order, std::initializer_list<int64_t> vcpus,
                    bool ends_before_start = false) {
    world_.Unmanaged("hosts");
    QueueOn("hosts", order, ends_before_start);
    for (int64_t count : vcpus) world_.Join("hosts", count, 1000 * count);
    world_.Settle();
  }
  // A job that needs so many vCPUs, says that it runs for `minutes`, and does.
  JobId Submit(const std::string& name, int64_t vcpus, int minutes) {
    const absl::Duration time = absl::Minutes(minutes);
    return world_.Submit(name, Needs(vcpus, 100), TimesOutAfter(time),
                         RunsFor(time), StartsAfter(absl::ZeroDuration()));
  }
  bool Started(JobId job) const { return HasStarted(world_.StatusOf(job)); }
};

// --- First fit
// -----------------------------------------------------------------

TEST_F(DispatchOrderTest, FirstFitStartsWhateverFits) {
  HostsInOrder(DispatchOrder::kFirstFit, {4});
  Submit("first", 3, 5);
  const JobId large = Submit("large", 2, 5);
  const JobId small = Submit("small", 1, 50);
  const JobId too_late = Submit("late", 1, 50);
  world_.Settle();
  EXPECT_FALSE(Started(large));
  EXPECT_TRUE(Started(small));
  EXPECT_FALSE(Started(too_late));
  EXPECT_EQ(world_.ReasonOf(large), "");
  world_.RunUntilIdle();
  EXPECT_THAT(OrderOfStarts(world_),
              ElementsAre("first", "small", "large", "late"));
}

// What boots for a job counts as its room, where nothing more can be launched:
// the job is not left over, so the asked number of vCPUs goes on holding.
TEST_F(DispatchOrderTest, FirstFitCountsWhatBootsAtMaxVcpus) {
  world_.Managed("machines", Offers("plain.8", 8, 16384, 100000),
                 Offers("memory.4", 4, 65536, 900000), MaxVcpus(12));
  QueueOn("machines", DispatchOrder::kFirstFit);
  UpdateComputeEnvironmentRequest request;
  request.compute_environment = "machines";
  request.compute_resources.emplace().desired_vcpus = 8;
  ASSERT_TRUE(
      world_.scheduler().UpdateComputeEnvironment(request, world_.now()).ok());
  world_.RunFor(absl::Minutes(5));
  ASSERT_EQ(world_.provider("machines").counts().launches, 1u);
  world_.Submit("a", Needs(2, 32768), RunsForever());
  world_.RunFor(absl::Hours(2));
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
  EXPECT_EQ(world_.provider("machines").counts().terminated, 0u);
}

TEST_F(DispatchOrderTest, FirstFitKeepsTheOrderAmongThoseThatFit) {
  HostsInOrder(DispatchOrder::kFirstFit, {4});
  Submit("first", 2, 5);
  Submit("large", 3, 5);
  Submit("b", 1, 5);
  Submit("c", 2, 5);
  Submit("d", 1, 5);
  world_.Settle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("first", "b", "d"));
  world_.RunUntilIdle();
}

TEST_F(DispatchOrderTest, FirstFitTakesChildrenOneByOne) {
  HostsInOrder(DispatchOrder::kFirstFit, {4});
  Submit("first", 2, 5);
  Submit("large", 3, 5);
  world_.Submit("a", Array(5), Needs(1, 100));
  world_.Settle();
  EXPECT_THAT(OrderOfStarts(world_), ElementsAre("first", "a:0", "a:1"));
  world_.RunUntilIdle();
  EXPECT_EQ(OrderOfStarts(world_).size(), 7u);
}

TEST_F(DispatchOrderTest, ArrivalMayOvertakeAtOnce) {
  HostsInOrder(DispatchOrder::kFirstFit, {4});
  Submit("first", 3, 5);
  Submit("large", 2, 5);
  world_.RunFor(absl::Seconds(10));
  const JobId small = Submit("small", 1, 5);
  world_.Settle();
  EXPECT_TRUE(Started(small));
}

TEST_F(DispatchOrderTest, ImpossibleHeadIsToldAndOvertaken) {
  for (DispatchOrder order :
       {DispatchOrder::kFirstFit, DispatchOrder::kBackfill}) {
    World world;
    world.Unmanaged("hosts");
    world.Join("hosts", 2, 2000);
    JobQueueOptions options;
    options.job_queue_name = "queue";
    options.dispatch_order = order;
    world.Queue(std::move(options), {"hosts"});
    const JobId impossible = world.Submit("impossible", Needs(9, 100));
    const JobId a = world.Submit("a");
    world.RunUntilIdle();
    EXPECT_EQ(world.StatusOf(a), JobStatus::kSucceeded);
    EXPECT_THAT(world.ReasonOf(impossible),
                HasSubstr("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"));
    world.Cancel(impossible);
    world.RunUntilIdle();
  }
}

// Who may overtake is looked for anew where the queue goes.
TEST_F(DispatchOrderTest, FirstFitFollowsItsQueueElsewhere) {
  for (const char* name : {"full", "free"}) {
    world_.Unmanaged(name);
    world_.Join(name, 2, 2000);
  }
  QueueOn("full", DispatchOrder::kFirstFit);
  Submit("first", 2, 5);
  const JobId large = Submit("large", 3, 5);
  const JobId small = Submit("small", 1, 5);
  world_.Settle();
  EXPECT_FALSE(Started(small));
  UpdateJobQueueRequest request;
  request.job_queue = "queue";
  request.compute_environment_order = {{1, "free"}};
  world_.UpdateQueue(request);
  EXPECT_FALSE(Started(large));
  EXPECT_TRUE(Started(small));
}

// Choice: D45 cuts the demand of a strict queue only.
TEST_F(DispatchOrderTest, DemandIsNotCutAtAClassThatFindsNoPlace) {
  world_.Managed("machines", MaxVcpus(8), Offers("t.2", 2, 4000),
                 BootsIn(absl::Seconds(10)));
  QueueOn("machines", DispatchOrder::kFirstFit);
  world_.Submit("impossible", Needs(3, 100));
  const JobId a = world_.Submit("a", Needs(2, 100));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

// --- Backfill
// ------------------------------------------------------------------

// Four vCPUs: `first` has three of them for ten minutes, then `large` is to
// have all.
TEST_F(DispatchOrderTest, BackfillDoesNotDelayTheHead) {
  HostsInOrder(DispatchOrder::kBackfill, {4});
  const JobId first = Submit("first", 3, 10);
  const JobId large = Submit("large", 4, 5);
  const JobId too_long = Submit("too-long", 1, 11);
  const JobId no_estimate = world_.Submit("no-estimate", Needs(1, 100));
  const JobId fits = Submit("fits", 1, 10);
  world_.Settle();
  EXPECT_FALSE(Started(large));
  EXPECT_FALSE(Started(too_long));
  EXPECT_FALSE(Started(no_estimate));
  EXPECT_TRUE(Started(fits));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StartTimeOf(large), world_.StopTimeOf(first));
}

TEST_F(DispatchOrderTest, BackfillUsesWhatTheHeadLeavesOver) {
  HostsInOrder(DispatchOrder::kBackfill, {4});
  const JobId first = Submit("first", 2, 10);
  const JobId large = Submit("large", 3, 5);
  const JobId endless = world_.Submit("endless", Needs(1, 100), RunsForever());
  const JobId second = Submit("second", 1, 60);  // nothing is left for it
  world_.Settle();
  EXPECT_TRUE(Started(endless));
  EXPECT_FALSE(Started(second));
  world_.RunFor(absl::Minutes(11));
  EXPECT_EQ(world_.StartTimeOf(large), world_.StopTimeOf(first));
}

TEST_F(DispatchOrderTest, BackfillMayBeToldToEndBeforeTheStart) {
  HostsInOrder(DispatchOrder::kBackfill, {4}, true);
  Submit("first", 2, 10);
  const JobId large = Submit("large", 3, 5);
  const JobId just = Submit("just", 1, 10);    // ends when large starts
  const JobId spare = Submit("spare", 1, 60);  // large would leave it over
  const JobId earlier = Submit("earlier", 2, 9);
  world_.Settle();
  EXPECT_FALSE(Started(large));
  EXPECT_FALSE(Started(just));
  EXPECT_FALSE(Started(spare));
  EXPECT_TRUE(Started(earlier));
}

// The head's place is kept on one host; on others anybody may start.
TEST_F(DispatchOrderTest, BackfillKeepsOneInstance) {
  HostsInOrder(DispatchOrder::kBackfill, {4, 6});
  const JobId slow = Submit("slow", 4, 30);    // on the host with four
  const JobId quick = Submit("quick", 5, 10);  // on the one with six
  const JobId large = Submit("large", 4, 5);   // to follow quick
  const JobId small = Submit("small", 1, 60);  // fits beside quick and large
  const JobId other = Submit("other", 1, 60);
  world_.Settle();
  EXPECT_TRUE(Started(slow) && Started(quick));
  EXPECT_FALSE(Started(large));
  EXPECT_TRUE(Started(small));
  EXPECT_FALSE(Started(other));  // no host has room
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StartTimeOf(large), world_.StopTimeOf(quick));
}

// Nothing begins or ends in between, so the head is still to start after ten
// minutes in all.
TEST_F(DispatchOrderTest, BackfillHoldsWhoComesLaterAgainstTheSameStart) {
  HostsInOrder(DispatchOrder::kBackfill, {4});
  const JobId first = Submit("first", 3, 10);
  const JobId large = Submit("large", 4, 5);
  world_.RunFor(absl::Minutes(3));
  const JobId too_long = Submit("too-long", 1, 8);
  world_.RunFor(absl::Minutes(1));
  const JobId just_too_long = Submit("just-too-long", 1, 7);
  world_.Settle();
  EXPECT_FALSE(Started(too_long));
  EXPECT_FALSE(Started(just_too_long));
  const JobId fits = Submit("fits", 1, 6);
  world_.Settle();
  EXPECT_TRUE(Started(fits));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StartTimeOf(large), world_.StopTimeOf(first));
}

TEST_F(DispatchOrderTest, NothingIsKnownOfWhatRunsWithoutATimeout) {
  HostsInOrder(DispatchOrder::kBackfill, {4});
  world_.Submit("first", Needs(3, 100), RunsFor(absl::Minutes(10)));
  const JobId large = Submit("large", 4, 5);
  const JobId small = Submit("small", 1, 1);
  world_.RunFor(absl::Seconds(10));
  EXPECT_FALSE(Started(small));
  world_.RunUntilIdle();
  EXPECT_GE(world_.StartTimeOf(small), world_.StopTimeOf(large));
}

// A head that waits for an instance of its own keeps nobody from one that
// could never hold it.
TEST_F(DispatchOrderTest, HeadThatWaitsForALaunchKeepsNoOtherInstance) {
  world_.Managed("machines", MinVcpus(2), MaxVcpus(16),
                 BootsIn(absl::Minutes(1)), Offers("t.2", 2, 4000),
                 Offers("t.8", 8, 16000, 900000));
  QueueOn("machines", DispatchOrder::kBackfill);
  world_.RunFor(absl::Minutes(2));
  const JobId large = world_.Submit("large", Needs(8, 100));
  const JobId small = world_.Submit("small", Needs(1, 100));
  world_.Settle();
  EXPECT_FALSE(Started(large));
  EXPECT_TRUE(Started(small));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kSucceeded);
}

// EASY backfilling on one machine, from its description: who starts when, in
// minutes, if all are submitted at once and run for as long as they say.
struct PlainJob {
  int vcpus = 0;
  int minutes = 0;
  int start = -1;
};

void StartPlainly(std::vector<PlainJob>& jobs, int size, int now) {
  int free = size;
  std::vector<std::pair<int, int>> ends;  // when, how many vCPUs
  for (const PlainJob& job : jobs) {
    if (job.start < 0 || job.start + job.minutes <= now) continue;
    free -= job.vcpus;
    ends.emplace_back(job.start + job.minutes, job.vcpus);
  }
  bool is_head_held = false;
  int head_start = 0;
  int spare = 0;
  for (PlainJob& job : jobs) {
    if (job.start >= 0) continue;
    if (!is_head_held && job.vcpus > free) {
      is_head_held = true;
      std::sort(ends.begin(), ends.end());
      int room = free;
      for (const auto& [end, vcpus] : ends) {
        if (room >= job.vcpus && end > head_start) break;
        room += vcpus;
        head_start = end;
      }
      spare = room - job.vcpus;
      continue;
    }
    if (job.vcpus > free) continue;
    if (is_head_held && now + job.minutes > head_start) {
      if (job.vcpus > spare) continue;
      spare -= job.vcpus;
    }
    free -= job.vcpus;
    ends.emplace_back(now + job.minutes, job.vcpus);
    job.start = now;
  }
}

TEST_F(DispatchOrderTest, BackfillOnOneMachineIsEasy) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    World world;
    world.Unmanaged("hosts");
    world.Join("hosts", 8, 8000);
    JobQueueOptions options;
    options.job_queue_name = "queue";
    options.dispatch_order = DispatchOrder::kBackfill;
    world.Queue(std::move(options), {"hosts"});
    uint32_t random = seed;
    const auto draw = [&random](uint32_t below) {
      random = random * 1664525 + 1013904223;
      return static_cast<int>((random >> 16) % below);
    };
    std::vector<PlainJob> plain;
    std::vector<JobId> jobs;
    for (int i = 0; i < 40; ++i) {
      plain.push_back({1 + draw(8), 1 + draw(20), -1});
      const absl::Duration time = absl::Minutes(plain.back().minutes);
      jobs.push_back(world.Submit("j", Needs(plain.back().vcpus, 10),
                                  TimesOutAfter(time), RunsFor(time),
                                  StartsAfter(absl::ZeroDuration())));
    }
    const absl::Time begin = world.now();
    world.RunUntilIdle();
    int last = 0;
    for (int now = 0; now <= last || now == 0; ++now) {
      StartPlainly(plain, 8, now);
      for (const PlainJob& job : plain) {
        last = std::max(last, job.start + job.minutes);
      }
    }
    for (size_t i = 0; i < jobs.size(); ++i) {
      EXPECT_EQ(world.StartTimeOf(jobs[i]) - begin,
                absl::Minutes(plain[i].start))
          << "job " << i;
    }
  }
}

}  // namespace
}  // namespace embatch
