// SPDX-License-Identifier: Apache-2.0
//
// Service jobs in worlds drawn from a seed, in queues of every kind: whatever
// happens, the invariants hold, a replay gives the same, and at last every job
// is over.
#include <random>
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

class ServiceStory {
 public:
  explicit ServiceStory(uint32_t seed) : random_(seed) {}

  void Play() {
    Furnish();
    for (int step = 0; step < 30; ++step) {
      Step();
      world_.RunFor(absl::Seconds(Draw(0, 25)));
      ExpectRest();
    }
    world_.RunUntilIdle();
    for (JobId job : jobs_) {
      EXPECT_TRUE(IsTerminal(world_.StatusOf(job)))
          << job << " is left " << world_.StatusOf(job) << ": "
          << world_.ReasonOf(job);
      preempted_ += world_.Describe(job).preempted_attempts;
    }
    turned_away_ = world_.service().counts().no_capacity;
    EXPECT_EQ(world_.service().counts().held, 0);
  }

  int preempted() const { return preempted_; }
  uint64_t turned_away() const { return turned_away_; }

 private:
  int Draw(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  bool Chance(int percent) { return Draw(1, 100) <= percent; }

  void Furnish() {
    world_.Service("types", {{Draw(3, 6), "a"}, {Draw(3, 6), "b"}});
    world_.QuotaServiceQueue("quotas", "types");
    for (int i = 0; i < 3; ++i) {
      const std::string name(1, static_cast<char>('x' + i));
      const int strategy = Draw(0, 2);
      const bool within = Chance(50);
      world_.QuotaShare("quotas", name, Has(3, "a"), Has(Draw(3, 4), "b"),
                        [=](QuotaShareOptions& options) {
                          if (within) PreemptsWithin()(options);
                          if (strategy == 1) Lends()(options);
                          if (strategy == 2) LendsAndBorrows()(options);
                        });
    }
    world_.Service("instances", {{Draw(3, 5), kUnitInstances}});
    world_.ServiceQueue("fifo", "instances", Draw(0, 2));
    world_.FairServiceQueue("fair", "instances");
  }

  void Step() {
    const int kind = Draw(0, 9);
    if (kind == 0 && !jobs_.empty()) {
      world_.TerminateTraining(AnyJob(), "enough");
    } else if (kind == 1 && !jobs_.empty()) {
      UpdateServiceJobRequest request;
      request.job = AnyJob();
      request.scheduling_priority = Draw(0, 3);
      // What is over can't be changed any more.
      world_.scheduler().UpdateServiceJob(request, world_.now()).IgnoreError();
    } else {
      Submit();
    }
  }

  void Submit() {
    const int queue = Draw(0, 3);
    const std::string share(1, static_cast<char>('x' + Draw(0, 2)));
    const int turned_away = Chance(20) ? Draw(1, 3) : 0;
    const int retries = Chance(20) ? Draw(0, 2) : -1;
    const ServiceJobWord place = [=](ServiceJobPlan& plan) {
      plan.request.job_queue = queue == 0   ? "fifo"
                               : queue == 1 ? "fair"
                                            : "quotas";
      if (queue == 1) plan.request.share_identifier = share;
      if (queue > 1) plan.request.quota_share_name = share;
      if (retries >= 0) {
        plan.request.preemption_retries_before_termination = retries;
      }
    };
    const ServiceJobWord size =
        Chance(30) ? Uses(Draw(1, 2), "a") : Uses(Draw(1, 3), "b");
    jobs_.push_back(world_.Train(
        "job", place, size, Tries(Draw(1, 2)), TrainingFails(Chance(30), false),
        Trains(absl::Seconds(Draw(1, 90))), OfPriority(Draw(0, 2)),
        WaitsForCapacity(absl::Seconds(Draw(0, 20))),
        IsTurnedAway(turned_away)));
  }

  JobId AnyJob() { return jobs_[Draw(0, static_cast<int>(jobs_.size()) - 1)]; }

  // Called once more at the same moment, the scheduler has nothing to do.
  void ExpectRest() {
    const std::string before = world_.scheduler().EncodeState();
    const embatch::Step step = world_.scheduler().Advance(world_.now());
    EXPECT_TRUE(step.events.empty()) << step.events.front();
    EXPECT_TRUE(world_.scheduler().EncodeState() == before);
  }

  World world_;
  std::mt19937 random_;
  int preempted_ = 0;
  uint64_t turned_away_ = 0;
  std::vector<JobId> jobs_;
};

TEST(ServiceRandomTest, InvariantsHoldInRandomWorlds) {
  int preempted = 0;
  uint64_t turned_away = 0;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    ServiceStory story(seed);
    story.Play();
    preempted += story.preempted();
    turned_away += story.turned_away();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(preempted, 3) << "the worlds are too peaceful";
  EXPECT_GT(turned_away, 10u);
}

}  // namespace
}  // namespace embatch
