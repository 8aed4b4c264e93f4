// SPDX-License-Identifier: Apache-2.0
//
// Tests of FairShare: whose turn it is, weights, the reservation, and how long
// a share lives.
#include "lib/queues/fair_share.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "absl/numeric/int128.h"
#include "gtest/gtest.h"
#include "lib/queues/usage.h"

namespace embatch {
namespace {

constexpr int64_t kSecond = 1000000000;

class FairShareTest : public ::testing::Test {
 protected:
  FairShareTest() { shares_.SetPolicy(policy_, 0); }

  void Weigh(std::vector<ShareAttributes> distribution) {
    policy_.share_distribution = std::move(distribution);
    shares_.SetPolicy(policy_, 0);
  }
  // A job of the share stands in line.
  uint32_t Submit(const std::string& identifier, int priority = 0) {
    const uint32_t share = shares_.FindOrAdd(identifier);
    shares_.AddJob(share);
    shares_.LineOf(share).Enter({1, next_++, priority}, 0);
    shares_.LineOf(share).AddJobs(0, 1);
    return share;
  }
  // The job that is next starts, and takes so much.
  std::string Start(int64_t vcpu_milli = 1000, int64_t now_ns = 0) {
    shares_.CountUseUntil(now_ns);
    const uint32_t share = shares_.First();
    if (share == FairShare::kNone) return "none";
    shares_.LineOf(share).Leave(*shares_.line(share).Head(), 0);
    shares_.LineOf(share).AddJobs(0, -1);
    shares_.Use(share, vcpu_milli, now_ns);
    return shares_.identifier(share);
  }
  std::string Starts(int count) {
    std::string result;
    for (int i = 0; i < count; ++i) result += Start();
    return result;
  }

  FairsharePolicy policy_;
  FairShare shares_;
  uint64_t next_ = 0;
};

TEST_F(FairShareTest, NobodyWaits) {
  EXPECT_EQ(Start(), "none");
  shares_.FindOrAdd("a");
  EXPECT_EQ(Start(), "none");
}

// Choice: D13; ties go to the job submitted first (D43).
TEST_F(FairShareTest, SharesTakeTurnsWithinOneMoment) {
  for (int i = 0; i < 3; ++i) Submit("b");
  for (int i = 0; i < 3; ++i) Submit("a");
  EXPECT_EQ(Starts(6), "bababa");
}

TEST_F(FairShareTest, HalfTheWeightGetsTwiceTheCompute) {
  Weigh({{"a", 5000}});
  for (int i = 0; i < 6; ++i) Submit("a");
  for (int i = 0; i < 6; ++i) Submit("b");
  EXPECT_EQ(Starts(6), "abaaba");
}

TEST_F(FairShareTest, BiggerJobsCountMore) {
  for (int i = 0; i < 3; ++i) Submit("a");
  for (int i = 0; i < 3; ++i) Submit("b");
  EXPECT_EQ(Start(3000), "a");
  EXPECT_EQ(Starts(4), "bbba");
}

// Source: §14.1, each of k members gets weightFactor * k. Choice: D64.
TEST_F(FairShareTest, PrefixIsSharedByItsActiveMembers) {
  Weigh({{"a*", 10000}});
  for (const char* share : {"a1", "a2", "b"}) {
    for (int i = 0; i < 4; ++i) Submit(share);
  }
  EXPECT_EQ(Starts(8), "a1a2bba1a2bb");
}

TEST_F(FairShareTest, PriorityActsInsideAShareOnly) {
  const uint32_t a = Submit("a", 1);
  Submit("b", 0);
  Submit("a", 9);
  EXPECT_EQ(shares_.line(a).Head()->sequence, 2u);
  // Both keys are zero, and b's head was submitted before a's.
  EXPECT_EQ(Starts(3), "baa");
}

// What is foreseen is what happens if all of them start.
TEST_F(FairShareTest, OutlookForeseesTheTurns) {
  Weigh({{"a", 5000}, {"b*", 2500}});
  const char* const kShares[] = {"a", "b1", "b2", "c"};
  for (int i = 0; i < 16; ++i) Submit(kShares[i % 4], i % 3);
  Start(7000);
  std::string foreseen;
  FairShare::Outlook outlook(shares_);
  std::map<uint32_t, LinePlace> places;
  for (uint32_t share = outlook.First(); share != FairShare::kNone;
       share = outlook.First()) {
    foreseen += shares_.identifier(share);
    const PriorityOrder& order = shares_.line(share).order();
    const auto place = places.find(share);
    const LinePlace head =
        place == places.end() ? *order.First() : place->second;
    const std::optional<LinePlace> next = order.FirstBehind(head);
    if (next.has_value()) places[share] = *next;
    outlook.Start(2000, next);
  }
  std::string happened;
  for (int i = 0; i < 15; ++i) happened += Start(2000);
  EXPECT_EQ(foreseen, happened);
  EXPECT_EQ(Start(), "none");
}

TEST_F(FairShareTest, SharesByWhatTheyUse) {
  for (const char* share : {"b", "a", "c", "d"}) Submit(share);
  for (int64_t vcpu_milli : {1000, 1000, 2000}) Start(vcpu_milli);
  std::string order;
  for (uint32_t share : shares_.ByUse()) order += shares_.identifier(share);
  EXPECT_EQ(order, "cab");  // d uses nothing
}

TEST_F(FairShareTest, PastUseCountsAndFades) {
  const uint32_t a = Submit("a");
  EXPECT_EQ(Start(), "a");
  shares_.Use(a, -1000, 10 * kSecond);
  Submit("a");
  Submit("b");
  EXPECT_EQ(Start(1000, 10 * kSecond), "b");
  const uint32_t b = shares_.Find("b");
  shares_.Use(b, -1000, 21 * kSecond);
  Submit("b");
  EXPECT_EQ(Start(1000, 21 * kSecond), "a");
}

TEST_F(FairShareTest, ShareThatIsSetAsideComesBackAtTheEndOfThePass) {
  const uint32_t a = Submit("a");
  const uint32_t b = Submit("b");
  EXPECT_EQ(shares_.First(), a);
  shares_.SetAside(a);
  EXPECT_EQ(shares_.First(), b);
  shares_.SetAside(b);
  Submit("a");
  EXPECT_EQ(shares_.First(), FairShare::kNone);
  shares_.EndPass();
  EXPECT_EQ(shares_.First(), a);
}

// Source: §14.2, a deadline only while more than one share waits.
TEST_F(FairShareTest, TicksMatterWhenSharesCompete) {
  shares_.First();
  EXPECT_EQ(shares_.NextTick(0), std::nullopt);
  Submit("a");
  shares_.First();
  EXPECT_EQ(shares_.NextTick(0), std::nullopt);
  Submit("b");
  shares_.First();
  EXPECT_EQ(shares_.NextTick(0), kSecond);
  EXPECT_EQ(shares_.NextTick(kSecond - 1), kSecond);
  EXPECT_EQ(shares_.NextTick(kSecond), 2 * kSecond);
}

// Source: API FairsharePolicy.computeReservation, its examples. Choice: D51.
TEST_F(FairShareTest, ReservationShrinksWithEveryActiveShare) {
  const struct {
    int compute_reservation;
    std::vector<int64_t> caps;  // with 1, 2, 3 active shares, of 1,000 vCPUs
  } kCases[] = {
      {50, {500000, 750000, 875000}},
      {25, {750000, 937500, 984375}},
      {99, {10000, 19900, 29701}},
      {1, {990000, 999900, 999999}},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.compute_reservation);
    FairShare shares;
    FairsharePolicy policy;
    policy.compute_reservation = test.compute_reservation;
    shares.SetPolicy(policy, 0);
    for (size_t i = 0; i < test.caps.size(); ++i) {
      shares.AddJob(shares.FindOrAdd(std::string(1, 'a' + i)));
      EXPECT_EQ(shares.Cap(1000000), test.caps[i]);
    }
  }
}

TEST_F(FairShareTest, NothingReservedIsNoLimit) {
  shares_.AddJob(shares_.FindOrAdd("a"));
  EXPECT_EQ(shares_.Cap(1000000), std::nullopt);
  policy_.compute_reservation = 50;
  shares_.SetPolicy(policy_, 0);
  EXPECT_EQ(shares_.Cap(0), std::nullopt);
  EXPECT_EQ(shares_.Cap(1), std::nullopt);  // half of it, rounded down
  EXPECT_EQ(shares_.Cap(2), 1);
}

// Choice: D15, D69.
TEST_F(FairShareTest, ShareIsActiveForTheWindowAfterItsLastJob) {
  const uint32_t a = shares_.FindOrAdd("a");
  EXPECT_FALSE(shares_.is_active(a));
  shares_.AddJob(a);
  shares_.AddJob(a);
  EXPECT_TRUE(shares_.is_active(a));
  EXPECT_EQ(shares_.active_shares(), 1);
  EXPECT_EQ(shares_.EndJob(a, 7), std::nullopt);
  EXPECT_EQ(shares_.EndJob(a, 5), 600 * kSecond + 7);
  EXPECT_TRUE(shares_.is_active(a));
  EXPECT_EQ(shares_.Rest(a, 600 * kSecond + 7), std::nullopt);
  EXPECT_FALSE(shares_.is_active(a));
  EXPECT_EQ(shares_.active_shares(), 0);
}

TEST_F(FairShareTest, ShareLivesWhileAJobIsRemembered) {
  const uint32_t a = shares_.FindOrAdd("a");
  shares_.AddJob(a);
  shares_.EndJob(a, 0);
  shares_.Rest(a, 600 * kSecond);
  EXPECT_EQ(shares_.Find("a"), a);
  shares_.ReleaseJob(a);
  EXPECT_EQ(shares_.Find("a"), FairShare::kNone);
}

TEST_F(FairShareTest, ShareLivesWhileItsPastCounts) {
  policy_.share_decay = absl::Seconds(601);  // 301 ticks of 2 s
  shares_.SetPolicy(policy_, 0);
  const uint32_t a = shares_.FindOrAdd("a");
  shares_.AddJob(a);
  shares_.Use(a, 1000, 0);
  shares_.Use(a, -1000, kSecond / 2);
  EXPECT_EQ(shares_.EndJob(a, kSecond / 2), 601 * kSecond + kSecond / 2);
  shares_.ReleaseJob(a);
  EXPECT_EQ(shares_.Rest(a, 601 * kSecond + kSecond / 2), 602 * kSecond);
  EXPECT_FALSE(shares_.is_active(a));
  EXPECT_EQ(shares_.Find("a"), a);
  EXPECT_EQ(shares_.Rest(a, 602 * kSecond), std::nullopt);
  EXPECT_EQ(shares_.Find("a"), FairShare::kNone);
}

TEST_F(FairShareTest, ChangedWindowForgetsThePast) {
  const uint32_t a = Submit("a");
  Start();
  shares_.Use(a, -1000, 10 * kSecond);
  Submit("a");
  Submit("b");
  policy_.share_decay = absl::Seconds(700);
  shares_.SetPolicy(policy_, 10 * kSecond);
  EXPECT_EQ(Start(1000, 10 * kSecond), "a");
}

TEST_F(FairShareTest, ChangedWeightsKeepThePast) {
  const uint32_t a = Submit("a");
  Start();
  shares_.Use(a, -1000, 10 * kSecond);
  Submit("a");
  Submit("b");
  Weigh({{"a", 1}});
  EXPECT_EQ(Start(1000, 10 * kSecond), "b");
}

std::vector<uint32_t> OrderOf(FairShare& shares) {
  std::vector<uint32_t> order;
  shares.ForEachInOrder([&order](uint32_t share) {
    order.push_back(share);
    return true;
  });
  return order;
}

// Every share with its use, in no heap: those who wait are sorted each time.
// Shares are weighed as FirstIsTheFirstOfAll does.
class PlainShares {
 public:
  explicit PlainShares(const FairsharePolicy& policy)
      : window_(UsageWindow::Of(policy.share_decay)) {}

  void Add(uint32_t share) { uses_.try_emplace(share); }
  void Use(uint32_t share, int64_t vcpu_milli, int64_t now_ns) {
    uses_[share].Add(vcpu_milli, now_ns / 1000000, window_);
  }
  std::vector<uint32_t> Order(const FairShare& shares, int64_t now_ns) {
    std::vector<std::tuple<absl::uint128, uint64_t, uint32_t>> waiting;
    for (auto& [share, usage] : uses_) {
      usage.AdvanceTo(now_ns / 1000000, window_);
      const std::optional<LinePlace> head = shares.line(share).Head();
      if (!head.has_value()) continue;
      const absl::uint128 key =
          usage.Merit(window_) * WeightOf(shares, shares.identifier(share));
      waiting.emplace_back(key, FifoKey(*head), share);
    }
    std::sort(waiting.begin(), waiting.end());
    std::vector<uint32_t> order;
    for (const auto& entry : waiting) order.push_back(std::get<2>(entry));
    return order;
  }

 private:
  // "1*" at 5000, "2" at 777, "3*" at 40000, each split among its members.
  uint64_t WeightOf(const FairShare& shares, const std::string& name) const {
    if (name == "2") return 777;
    if (name[0] != '1' && name[0] != '3') return 10000;
    uint64_t members = 0;
    for (const auto& entry : uses_) {
      if (shares.identifier(entry.first)[0] == name[0]) ++members;
    }
    return members * (name[0] == '1' ? 5000 : 40000);
  }

  UsageWindow window_;
  std::map<uint32_t, Usage> uses_;
};

// The same by taking away who is first, again and again.
std::vector<uint32_t> OrderByAside(FairShare& shares) {
  std::vector<uint32_t> order;
  for (uint32_t share = shares.First(); share != FairShare::kNone;
       share = shares.First()) {
    order.push_back(share);
    shares.SetAside(share);
  }
  shares.EndPass();
  return order;
}

// The order in one go against one by one and against a sort, through random
// lives of up to 40 shares.
TEST_F(FairShareTest, FirstIsTheFirstOfAll) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    FairShare shares;
    FairsharePolicy policy;
    policy.share_decay = absl::Seconds(1 + random() % 2000);
    policy.share_distribution = {{"1*", 5000}, {"2", 777}, {"3*", 40000}};
    shares.SetPolicy(policy, 0);
    PlainShares plain(policy);
    int64_t now_ns = 0;
    uint64_t sequence = 0;
    std::vector<uint32_t> running;
    for (int step = 0; step < 2000; ++step) {
      const uint32_t what = random() % 8;
      if (what < 3) {
        const uint32_t share = shares.FindOrAdd(std::to_string(random() % 40));
        shares.AddJob(share);
        plain.Add(share);
        const LinePlace place{static_cast<int>(random() % 2), sequence++,
                              static_cast<int>(random() % 3)};
        shares.LineOf(share).Enter(place, 0);
        shares.LineOf(share).AddJobs(0, 1);
      } else if (what < 6) {
        shares.CountUseUntil(now_ns);
        const uint32_t first = shares.First();
        const std::vector<uint32_t> order = OrderByAside(shares);
        ASSERT_EQ(first, order.empty() ? FairShare::kNone : order.front());
        ASSERT_EQ(OrderOf(shares), order);
        ASSERT_EQ(plain.Order(shares, now_ns), order);
        // An outlook looks at every share.
        ASSERT_EQ(first, FairShare::Outlook(shares).First());
        if (first == FairShare::kNone) continue;
        shares.LineOf(first).Leave(*shares.line(first).Head(), 0);
        shares.LineOf(first).AddJobs(0, -1);
        shares.Use(first, 1000, now_ns);
        plain.Use(first, 1000, now_ns);
        running.push_back(first);
      } else if (what == 6 && !running.empty()) {
        const size_t i = random() % running.size();
        shares.Use(running[i], -1000, now_ns);
        plain.Use(running[i], -1000, now_ns);
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        now_ns += static_cast<int64_t>(random() % 5) * kSecond / 2;
      }
    }
  }
}

}  // namespace
}  // namespace embatch
