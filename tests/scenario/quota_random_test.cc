// SPDX-License-Identifier: Apache-2.0
//
// Quota shares in worlds drawn from a seed: whatever happens, the invariants
// hold, a replay gives the same, nothing that could run on its share's own
// capacity is left waiting, and at last every job is over.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

class QuotaStory {
 public:
  explicit QuotaStory(uint32_t seed) : random_(seed) {}

  void Play() {
    Furnish();
    for (int step = 0; step < 30; ++step) {
      Step();
      world_.RunFor(absl::Seconds(Draw(0, 25)));
      ExpectRest();
      ExpectNoOwnerWaits();
    }
    world_.RunUntilIdle();
    for (JobId job : jobs_) {
      EXPECT_TRUE(IsTerminal(world_.StatusOf(job)))
          << job << " is left " << world_.StatusOf(job) << ": "
          << world_.ReasonOf(job);
      const int children = std::max(world_.Describe(job).array_size, 1);
      for (int i = 0; i < children; ++i) {
        preempted_ += world_.Describe(children > 1 ? job.Child(i) : job)
                          .preempted_attempts;
      }
    }
  }

  int preempted() const { return preempted_; }

 private:
  int Draw(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  bool Chance(int percent) { return Draw(1, 100) <= percent; }

  void Furnish() {
    world_.Unmanaged("hosts");
    world_.QuotaQueue("queue", {"hosts"});
    world_.Queue("other", {"hosts"}, Draw(0, 2));
    hosts_ = Draw(1, 3);
    for (int i = 0; i < hosts_; ++i) world_.Join("hosts", 4, 4000);
    const int shares = Draw(2, 4);
    for (int i = 0; i < shares; ++i) {
      const std::string name(1, static_cast<char>('a' + i));
      shares_.push_back(name);
      const int strategy = Draw(0, 3);
      const int limit = Draw(0, 200);
      const bool within = Chance(50);
      world_.QuotaShare("queue", name, Has(Draw(1, 4)),
                        [=](QuotaShareOptions& options) {
                          if (within) PreemptsWithin()(options);
                          if (strategy == 1) Lends()(options);
                          if (strategy == 2) LendsAndBorrows(limit)(options);
                          if (strategy == 3) LendsAndBorrows()(options);
                        });
    }
    world_.Settle();
  }

  void Step() {
    const int kind = Draw(0, 9);
    if (kind <= 5) {
      Submit();
    } else if (kind == 6 && !jobs_.empty()) {
      world_.Terminate(AnyJob(), "enough");
    } else if (kind == 7 && !jobs_.empty()) {
      world_.Cancel(AnyJob(), "never mind");
    } else if (kind == 8) {
      world_.LoseInstance("hosts");
      world_.Join("hosts", 4, 4000);
    } else {
      jobs_.push_back(world_.Submit("other", InQueue("other"),
                                    Needs(Draw(1, 2), 256),
                                    RunsFor(absl::Seconds(Draw(1, 60)))));
    }
  }

  void Submit() {
    const int size = Chance(30) ? Draw(2, 6) : 0;
    const int retries = Chance(20) ? Draw(0, 2) : -1;
    // More than any share may have at first would wait for ever.
    const JobWord shape = [=](JobPlan& plan) {
      if (size > 0) plan.request.array_size = size;
      if (retries >= 0) PreemptionRetries(retries)(plan);
    };
    jobs_.push_back(world_.Submit(
        "job",
        OfQuotaShare(shares_[Draw(0, static_cast<int>(shares_.size()) - 1)]),
        Needs(1, 256), WithPriority(Draw(0, 2)), Attempts(Draw(1, 2)),
        Exits(Draw(0, 1), 0), RunsFor(absl::Seconds(Draw(1, 90))),
        StartsAfter(absl::Seconds(Draw(0, 3))),
        StopsAfter(absl::Seconds(Draw(0, 40))), shape));
  }

  JobId AnyJob() { return jobs_[Draw(0, static_cast<int>(jobs_.size()) - 1)]; }

  // Called once more at the same moment, the scheduler has nothing to do.
  void ExpectRest() {
    const std::string before = world_.scheduler().EncodeState();
    const embatch::Step step = world_.scheduler().Advance(world_.now());
    EXPECT_TRUE(step.events.empty()) << step.events.front();
    EXPECT_TRUE(world_.scheduler().EncodeState() == before);
  }

  // Jobs need one vCPU each. Where nobody is being stopped, a share with a
  // waiting job and capacity of its own left means that all hosts are full.
  void ExpectNoOwnerWaits() {
    int64_t taken = 0;
    for (JobId job : jobs_) {
      const JobView view = world_.Describe(job);
      const int children = std::max(view.array_size, 1);
      for (int i = 0; i < children; ++i) {
        const JobView one =
            view.array_size > 0 ? world_.Describe(job.Child(i)) : view;
        if (!HasStarted(one.status)) continue;
        if (!one.status_reason.empty()) return;
        taken += one.resources.vcpu_milli;
      }
    }
    for (const std::string& name : shares_) {
      const QuotaShareView share =
          *world_.scheduler().DescribeQuotaShare("queue", name);
      const int64_t own =
          share.quota_share->options().capacity_limits[0].max_capacity * 1000;
      if (share.waiting_jobs == 0 || share.usage_milli[0].quantity >= own) {
        continue;
      }
      EXPECT_EQ(taken, hosts_ * 4000) << "share " << name << " waits";
    }
  }

  World world_;
  std::mt19937 random_;
  int hosts_ = 0;
  int preempted_ = 0;
  std::vector<std::string> shares_;
  std::vector<JobId> jobs_;
};

TEST(QuotaRandomTest, InvariantsHoldInRandomWorlds) {
  int preempted = 0;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    QuotaStory story(seed);
    story.Play();
    preempted += story.preempted();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(preempted, 20) << "the worlds are too peaceful";
}

}  // namespace
}  // namespace embatch
