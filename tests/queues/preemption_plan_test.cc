// SPDX-License-Identifier: Apache-2.0
//
// Source: §15.4, §15.5. Choice: D27.
#include "lib/queues/preemption_plan.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A job of share 1 that runs at site 0, unless said otherwise.
PreemptionCandidate Job(int64_t holding, int priority = 0,
                        int64_t started_ns = 0, uint64_t sequence = 0) {
  PreemptionCandidate job;
  job.share = 1;
  job.priority = priority;
  job.started_ns = started_ns;
  job.sequence = sequence;
  job.room = job.quota = {holding};
  return job;
}

// Share 0 wants `need` back; at site 0 `free` of it is free.
PreemptionQuestion Wants(int64_t need, int64_t free,
                         std::vector<PreemptionCandidate> candidates,
                         int64_t excess = 1000) {
  PreemptionQuestion question;
  question.room = question.quota = {need};
  question.free = {{free}};
  question.headroom = {need};
  question.excess = {{0}, {excess}};
  question.candidates = std::move(candidates);
  return question;
}

TEST(PreemptionPlanTest, NothingIsMissing) {
  EXPECT_THAT(PlanPreemption(Wants(2, 2, {Job(2)})), IsEmpty());
}

TEST(PreemptionPlanTest, OneIsEnough) {
  EXPECT_THAT(PlanPreemption(Wants(2, 0, {Job(2)})), ElementsAre(0));
}

TEST(PreemptionPlanTest, AllOrNothing) {
  EXPECT_THAT(PlanPreemption(Wants(4, 0, {Job(2), Job(1)})), IsEmpty());
  EXPECT_THAT(PlanPreemption(Wants(4, 1, {Job(2), Job(1)})), ElementsAre(0, 1));
}

TEST(PreemptionPlanTest, LowerPriorityGoesFirst) {
  EXPECT_THAT(PlanPreemption(Wants(1, 0, {Job(1, 5), Job(1, 3), Job(1, 4)})),
              ElementsAre(1));
}

TEST(PreemptionPlanTest, ThenTheLaterStart) {
  EXPECT_THAT(PlanPreemption(
                  Wants(1, 0, {Job(1, 0, 10), Job(1, 0, 30), Job(1, 0, 20)})),
              ElementsAre(1));
}

TEST(PreemptionPlanTest, ThenTheLargestThatIsNotLargerThanTheNeed) {
  EXPECT_THAT(PlanPreemption(Wants(3, 0, {Job(1), Job(3), Job(4), Job(2)})),
              ElementsAre(1));
  EXPECT_THAT(PlanPreemption(Wants(3, 0, {Job(9), Job(5), Job(7)})),
              ElementsAre(1));
}

TEST(PreemptionPlanTest, ThenTheNewerJob) {
  EXPECT_THAT(
      PlanPreemption(Wants(1, 0, {Job(1, 0, 0, 7), Job(1, 0, 0, 9), Job(1)})),
      ElementsAre(1));
}

TEST(PreemptionPlanTest, WhoIsNotNeededIsLeftAlone) {
  // The small one comes first, because it started last; with the large one it
  // is not needed any more.
  EXPECT_THAT(PlanPreemption(Wants(4, 0, {Job(1, 0, 20), Job(4, 0, 10)})),
              ElementsAre(1));
}

TEST(PreemptionPlanTest, WhoHoldsNothingOfWhatIsMissingIsLeftAlone) {
  PreemptionCandidate other = Job(0, 0, 99);
  other.room = {0, 5};
  PreemptionQuestion question = Wants(2, 0, {other, Job(2)});
  question.room = {2, 1};
  question.free = {{0, 1}};
  EXPECT_THAT(PlanPreemption(question), ElementsAre(1));
}

TEST(PreemptionPlanTest, NoMoreIsTakenFromAShareThanItBorrowed) {
  EXPECT_THAT(PlanPreemption(Wants(2, 0, {Job(1), Job(1)}, 2)),
              ElementsAre(0, 1));
  EXPECT_THAT(PlanPreemption(Wants(2, 0, {Job(1), Job(1)}, 1)), IsEmpty());
  EXPECT_THAT(PlanPreemption(Wants(2, 0, {Job(2)}, 0)), IsEmpty());
}

TEST(PreemptionPlanTest, RoomMustComeFreeAtOneSite) {
  PreemptionCandidate elsewhere = Job(1, 0, 50);
  elsewhere.site = 1;
  PreemptionQuestion question = Wants(2, 0, {Job(1), elsewhere, Job(1)});
  question.free = {{0}, {0}};
  EXPECT_THAT(PlanPreemption(question), ElementsAre(0, 2));
  question.candidates.pop_back();
  EXPECT_THAT(PlanPreemption(question), IsEmpty());
}

TEST(PreemptionPlanTest, OfTwoSitesTheOneWithTheMoreWantedVictims) {
  PreemptionCandidate elsewhere = Job(2, 1);
  elsewhere.site = 1;
  PreemptionQuestion question = Wants(2, 0, {elsewhere, Job(1), Job(1)});
  question.free = {{0}, {0}};
  EXPECT_THAT(PlanPreemption(question), ElementsAre(1, 2));
  question.candidates[0].priority = 0;
  question.candidates[0].started_ns = 1;
  EXPECT_THAT(PlanPreemption(question), ElementsAre(0));
}

// A job of the same share may run anywhere, if only the quota is short.
TEST(PreemptionPlanTest, QuotaComesFreeAnywhere) {
  PreemptionCandidate own = Job(2);
  own.share = 0;
  own.site = 7;
  PreemptionQuestion question = Wants(2, 5, {Job(3, 0, 9), own});
  question.headroom = {1};
  question.excess.clear();
  EXPECT_THAT(PlanPreemption(question), ElementsAre(1));
}

// --- Against a plain version -------------------------------------------------

// One site, one unit, share 0 takes back from others.
std::vector<size_t> PlainPlan(const PreemptionQuestion& question) {
  const int64_t need = question.room[0];
  const int64_t free = question.free[0][0];
  if (free >= need) return {};
  std::vector<size_t> row;
  for (size_t i = 0; i < question.candidates.size(); ++i) row.push_back(i);
  // The most wanted one is picked again and again.
  const auto is_better = [&](size_t a, size_t b) {
    const PreemptionCandidate& x = question.candidates[a];
    const PreemptionCandidate& y = question.candidates[b];
    if (x.priority != y.priority) return x.priority < y.priority;
    if (x.started_ns != y.started_ns) return x.started_ns > y.started_ns;
    const int64_t p = x.room[0];
    const int64_t q = y.room[0];
    if ((p <= need) != (q <= need)) return p <= need;
    if (p != q) return p <= need ? p > q : p < q;
    return x.sequence > y.sequence;
  };
  std::map<uint32_t, int64_t> excess;
  for (uint32_t i = 0; i < question.excess.size(); ++i) {
    excess[i] = question.excess[i][0];
  }
  std::vector<size_t> chosen;
  int64_t sum = free;
  while (!row.empty() && sum < need) {
    const auto best = std::min_element(row.begin(), row.end(), is_better);
    const size_t index = *best;
    row.erase(best);
    const PreemptionCandidate& candidate = question.candidates[index];
    if (candidate.room[0] == 0 || excess[candidate.share] <= 0) continue;
    excess[candidate.share] -= candidate.room[0];
    sum += candidate.room[0];
    chosen.push_back(index);
  }
  if (sum < need) return {};
  for (size_t i = chosen.size(); i > 0; --i) {
    const int64_t part = question.candidates[chosen[i - 1]].room[0];
    if (sum - part < need) continue;
    sum -= part;
    chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(i) - 1);
  }
  return chosen;
}

TEST(PreemptionPlanTest, AgreesWithAPlainVersion) {
  std::mt19937 random(4711);
  const auto draw = [&random](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
  };
  int planned = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<PreemptionCandidate> candidates;
    const int count = draw(0, 6);
    for (int i = 0; i < count; ++i) {
      candidates.push_back(
          Job(draw(0, 4), draw(0, 2), draw(0, 2), static_cast<uint64_t>(i)));
      candidates.back().share = static_cast<uint32_t>(draw(1, 2));
    }
    PreemptionQuestion question =
        Wants(draw(1, 8), draw(0, 3), candidates, draw(0, 8));
    question.excess.push_back({draw(0, 8)});
    const std::vector<size_t> plan = PlanPreemption(question);
    ASSERT_EQ(plan, PlainPlan(question)) << "round " << round;
    planned += plan.empty() ? 0 : 1;

    // It is the smallest: without any one of them it is not enough.
    int64_t sum = question.free[0][0];
    for (size_t index : plan) sum += candidates[index].room[0];
    for (size_t index : plan) {
      ASSERT_GE(sum, question.room[0]);
      ASSERT_LT(sum - candidates[index].room[0], question.room[0]);
    }
    // If nobody is stopped, no set of jobs that may be taken in turn is
    // enough at the most generous reading: all jobs of shares that borrow.
    if (!plan.empty() || question.free[0][0] >= question.room[0]) continue;
    int64_t all = question.free[0][0];
    for (uint32_t share = 1; share <= 2; ++share) {
      int64_t held = 0;
      for (const PreemptionCandidate& candidate : candidates) {
        if (candidate.share == share) held += candidate.room[0];
      }
      all += std::min(held, question.excess[share][0]);
    }
    ASSERT_LT(all, question.room[0]) << "round " << round;
  }
  EXPECT_GT(planned, 3000);
}

}  // namespace
}  // namespace embatch
