// SPDX-License-Identifier: Apache-2.0
#include "lib/sim/radix_heap.h"

#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/sim/mix.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;

// Pops everything: the indices, in their order.
std::vector<uint32_t> Drain(RadixHeap& heap) {
  std::vector<uint32_t> indices;
  while (!heap.empty()) indices.push_back(heap.Pop().index);
  return indices;
}

TEST(RadixHeapTest, OldestComesFirst) {
  RadixHeap heap;
  heap.Push({30, 3});
  heap.Push({10, 1});
  heap.Push({20, 2});

  EXPECT_EQ(heap.Top().time_ns, 10);
  EXPECT_THAT(Drain(heap), ElementsAre(1, 2, 3));
}

TEST(RadixHeapTest, OfEqualTimesTheFirstPushedComesFirst) {
  RadixHeap heap;
  heap.Push({5, 0});
  heap.Push({1000, 1});
  heap.Push({7, 2});
  heap.Push({1000, 3});
  EXPECT_EQ(heap.Pop().index, 0u);
  heap.Push({1000, 4});  // pushed when the heap has moved on
  EXPECT_EQ(heap.Pop().index, 2u);
  heap.Push({1000, 5});

  EXPECT_THAT(Drain(heap), ElementsAre(1, 3, 4, 5));
}

TEST(RadixHeapTest, TakesTheWholeRangeOfTimes) {
  RadixHeap heap;
  heap.Push({std::numeric_limits<int64_t>::max(), 4});
  heap.Push({0, 3});
  heap.Push({-1, 2});
  heap.Push({std::numeric_limits<int64_t>::min(), 1});

  EXPECT_THAT(Drain(heap), ElementsAre(1, 2, 3, 4));
}

TEST(RadixHeapTest, TopLeavesTheHeapAsItIs) {
  RadixHeap heap;
  heap.Push({500, 2});
  EXPECT_EQ(heap.Top().index, 2u);
  heap.Push({400, 1});  // earlier than what was looked at, but not popped

  EXPECT_EQ(heap.Top().index, 1u);
  EXPECT_THAT(Drain(heap), ElementsAre(1, 2));
}

TEST(RadixHeapTest, PruneTopStopsAtTheFirstLivingOne) {
  RadixHeap heap;
  for (uint32_t i = 0; i < 10; ++i) heap.Push({100 + i / 3, i});
  const auto is_dead = [](const RadixHeap::Entry& entry) {
    return entry.index < 5 || entry.index == 7;
  };

  heap.PruneTop(is_dead);
  EXPECT_EQ(heap.Top().index, 5u);
  heap.Prune(is_dead);
  EXPECT_EQ(heap.size(), 4u);
  EXPECT_THAT(Drain(heap), ElementsAre(5, 6, 8, 9));
}

TEST(RadixHeapTest, PruneMayEmptyTheHeap) {
  RadixHeap heap;
  heap.Push({1, 1});
  heap.Push({2, 2});
  EXPECT_EQ(heap.Pop().index, 1u);
  heap.PruneTop([](const RadixHeap::Entry&) { return true; });

  EXPECT_TRUE(heap.empty());
  heap.Push({1, 3});
  EXPECT_THAT(Drain(heap), ElementsAre(3));
}

// Random pushes, pops and deaths, compared with a sorted map. The scale of the
// times goes from all alike to far apart.
TEST(RadixHeapTest, AgreesWithASortedMap) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    RadixHeap heap;
    std::multimap<int64_t, uint32_t> sorted;  // keeps the order of equal ones
    std::set<uint32_t> dead;
    const auto is_dead = [&](const RadixHeap::Entry& entry) {
      return dead.count(entry.index) > 0;
    };
    const uint64_t scale = uint64_t{1} << (seed % 41);
    int64_t now = static_cast<int64_t>(seed) * 1000000007;
    uint64_t chance = seed;
    for (uint32_t i = 0; i < 3000; ++i) {
      chance = Mix(chance);
      const uint64_t action = chance % 10;
      if (action < 5 || sorted.empty()) {
        const int64_t time = now + static_cast<int64_t>(Mix(chance) % scale);
        heap.Push({time, i});
        sorted.emplace(time, i);
      } else if (action < 9) {
        ASSERT_EQ(heap.Top().time_ns, sorted.begin()->first);
        const RadixHeap::Entry entry = heap.Pop();
        ASSERT_EQ(
            std::make_pair(entry.time_ns, entry.index),
            std::make_pair(sorted.begin()->first, sorted.begin()->second));
        now = entry.time_ns;
        sorted.erase(sorted.begin());
      } else {
        const auto victim =
            chance % 20 < 10 ? sorted.begin() : std::prev(sorted.end());
        dead.insert(victim->second);
        sorted.erase(victim);
        if (chance % 7 == 0) heap.Prune(is_dead);
      }
      heap.PruneTop(is_dead);
      ASSERT_EQ(heap.empty(), sorted.empty());
    }
    heap.Prune(is_dead);
    ASSERT_EQ(heap.size(), sorted.size());
  }
}

}  // namespace
}  // namespace embatch
