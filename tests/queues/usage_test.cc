// SPDX-License-Identifier: Apache-2.0
//
// Tests of Usage: known cases, and long random lives against the formula,
// computed anew from all that happened.
#include "lib/queues/usage.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

TEST(UsageWindowTest, HasAtMostSixHundredTicks) {
  const struct {
    int64_t decay_s;
    int64_t tick_ms;
    int64_t ticks;
  } kCases[] = {
      {0, 1000, 600},         {1, 1000, 1},      {600, 1000, 600},
      {601, 2000, 301},       {1200, 2000, 600}, {1201, 3000, 401},
      {604800, 1008000, 600},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.decay_s);
    const UsageWindow window = UsageWindow::Of(absl::Seconds(test.decay_s));
    EXPECT_EQ(window.tick_ms, test.tick_ms);
    EXPECT_EQ(window.ticks, test.ticks);
  }
}

// The numbers of §14.2, by hand: 2 vCPUs from 0.5 s to 3 s, looked at in tick 3
// and later, with a window of 10 ticks.
TEST(UsageTest, CountsLessTheOlderItIs) {
  const UsageWindow window{1000, 10};
  Usage usage;
  usage.Add(2000, 500, window);
  EXPECT_EQ(usage.Merit(window), 10u * 2000 * 60000);
  usage.AdvanceTo(2999, window);
  EXPECT_EQ(usage.Merit(window),
            2000u * 500 * 8 + 2000u * 1000 * 9 + 10u * 2000 * 60000);
  usage.Add(-2000, 3000, window);
  EXPECT_EQ(usage.Merit(window),
            2000u * 500 * 7 + 2000u * 1000 * 8 + 2000u * 1000 * 9);
  usage.AdvanceTo(9000, window);
  EXPECT_EQ(usage.Merit(window),
            2000u * 500 * 1 + 2000u * 1000 * 2 + 2000u * 1000 * 3);
  EXPECT_EQ(usage.ForgottenIn(window), 12);
  usage.AdvanceTo(11999, window);
  EXPECT_EQ(usage.Merit(window), 2000u * 1000 * 1);
  usage.AdvanceTo(12000, window);
  EXPECT_EQ(usage.Merit(window), 0u);
}

TEST(UsageTest, WindowOfOneTickRemembersNothing) {
  const UsageWindow window = UsageWindow::Of(absl::Seconds(1));
  Usage usage;
  usage.Add(1000, 0, window);
  usage.Add(-1000, 5000, window);
  EXPECT_EQ(usage.Merit(window), 0u);
}

TEST(UsageTest, StartsAfreshWithWhatIsInUse) {
  const UsageWindow window{1000, 10};
  Usage usage;
  usage.Add(1000, 0, window);
  usage.StartAfresh(5500, window);
  usage.AdvanceTo(6000, window);
  EXPECT_EQ(usage.Merit(window), 1000u * 500 * 9 + 10u * 1000 * 60000);
}

TEST(UsageTest, HugeAmountsDoNotOverflow) {
  const UsageWindow window = UsageWindow::Of(absl::Hours(168));
  const int64_t huge = int64_t{1} << 52;
  const int64_t late_ms = int64_t{7258118400} * 1000;  // the year 2200
  const int64_t begin_ms = late_ms - 600 * window.tick_ms;
  Usage usage;
  usage.Add(huge, begin_ms, window);
  usage.AdvanceTo(late_ms, window);
  absl::uint128 want = absl::uint128(600) * static_cast<uint64_t>(huge) * 60000;
  const absl::uint128 each = absl::uint128(static_cast<uint64_t>(huge)) *
                             static_cast<uint64_t>(window.tick_ms);
  for (uint64_t age = 1; age < 600; ++age) want += each * (600 - age);
  EXPECT_EQ(usage.Merit(window), want);
}

// All that happened, looked at again each time.
class PlainUsage {
 public:
  void Add(int64_t vcpu_milli, int64_t now_ms) {
    changes_.push_back({now_ms, vcpu_milli});
  }
  absl::uint128 Merit(int64_t now_ms, const UsageWindow& window) const {
    const int64_t tick = now_ms / window.tick_ms;
    absl::uint128 merit = 0;
    for (int64_t k = std::max<int64_t>(0, tick - window.ticks + 1); k < tick;
         ++k) {
      merit += absl::uint128(static_cast<uint64_t>(UsedIn(k, window))) *
               static_cast<uint64_t>(window.ticks - (tick - k));
    }
    int64_t in_use = 0;
    for (const Change& change : changes_) in_use += change.vcpu_milli;
    return merit + absl::uint128(static_cast<uint64_t>(window.ticks)) *
                       static_cast<uint64_t>(in_use) * 60000;
  }

 private:
  struct Change {
    int64_t at_ms;
    int64_t vcpu_milli;
  };
  int64_t UsedIn(int64_t tick, const UsageWindow& window) const {
    const int64_t begin_ms = tick * window.tick_ms;
    const int64_t end_ms = begin_ms + window.tick_ms;
    int64_t used = 0;
    for (const Change& change : changes_) {
      used += change.vcpu_milli *
              std::max<int64_t>(0, end_ms - std::max(begin_ms, change.at_ms));
    }
    return used;
  }
  std::vector<Change> changes_;
};

TEST(UsageTest, EqualsTheFormulaThroughRandomLives) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const UsageWindow window{1000 * (1 + static_cast<int64_t>(random() % 3)),
                             1 + static_cast<int64_t>(random() % 40)};
    Usage usage;
    PlainUsage plain;
    int64_t now_ms = 0;
    std::vector<int64_t> running;
    for (int step = 0; step < 150; ++step) {
      // Now and then nobody looks for longer than the window.
      now_ms += random() % (random() % 10 == 0 ? 200000 : 2500);
      const uint32_t what = random() % 3;
      if (what == 0) {
        running.push_back(1 + random() % 8000);
        usage.Add(running.back(), now_ms, window);
        plain.Add(running.back(), now_ms);
      } else if (what == 1 && !running.empty()) {
        usage.Add(-running.back(), now_ms, window);
        plain.Add(-running.back(), now_ms);
        running.pop_back();
      } else {
        usage.AdvanceTo(now_ms, window);
      }
      ASSERT_EQ(usage.Merit(window), plain.Merit(now_ms, window))
          << "step " << step;
      if (usage.vcpu_milli() == 0 && step % 10 == 0) {
        const int64_t forgotten = usage.ForgottenIn(window);
        EXPECT_EQ(
            plain.Merit(std::max(now_ms, forgotten * window.tick_ms), window),
            0u);
      }
    }
  }
}

// Looking in between leaves no trace once a common time is reached.
TEST(UsageTest, BytesDoNotDependOnHowOftenItWasLookedAt) {
  const UsageWindow window{1000, 10};
  Usage often;
  Usage seldom;
  for (Usage* usage : {&often, &seldom}) usage->Add(1500, 300, window);
  for (int64_t ms = 300; ms < 20000; ms += 700) often.AdvanceTo(ms, window);
  for (Usage* usage : {&often, &seldom}) usage->AdvanceTo(20000, window);
  EXPECT_EQ(Encoded(often), Encoded(seldom));
}

}  // namespace
}  // namespace embatch
