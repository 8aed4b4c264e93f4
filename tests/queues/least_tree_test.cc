// SPDX-License-Identifier: Apache-2.0
//
// LeastTree against a sorted set.
#include "lib/queues/least_tree.h"

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

using Entries = std::vector<std::pair<uint64_t, uint32_t>>;  // number, entry

Entries FirstOf(const LeastTree& tree, size_t count) {
  Entries entries;
  if (count == 0) return entries;
  tree.ForEach([&](uint32_t entry, uint64_t number) {
    entries.emplace_back(number, entry);
    return entries.size() < count;
  });
  return entries;
}

TEST(LeastTreeTest, IsEmptyAtFirst) {
  EXPECT_TRUE(FirstOf(LeastTree(), 10).empty());
}

TEST(LeastTreeTest, GoesByNumberAndLeavesOutWhatHasNone) {
  LeastTree tree;
  tree.Set(3, 30);
  tree.Set(0, 20);
  tree.Set(9, 10);
  tree.Set(5, LeastTree::kNever);
  EXPECT_EQ(FirstOf(tree, 10), (Entries{{10, 9}, {20, 0}, {30, 3}}));
  tree.Set(9, LeastTree::kNever);
  tree.Set(3, 15);
  EXPECT_EQ(FirstOf(tree, 10), (Entries{{15, 3}, {20, 0}}));
}

TEST(LeastTreeTest, StopsWhereItIsTold) {
  LeastTree tree;
  for (uint32_t i = 0; i < 100; ++i) tree.Set(i, 1000 - i);
  EXPECT_EQ(FirstOf(tree, 2), (Entries{{901, 99}, {902, 98}}));
}

TEST(LeastTreeTest, EqualsASet) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const uint32_t entries = 1 + random() % (seed % 2 == 0 ? 6 : 300);
    LeastTree tree;
    std::map<uint32_t, uint64_t> numbers;
    uint64_t next = 0;
    for (int step = 0; step < 500; ++step) {
      const uint32_t entry = random() % entries;
      if (random() % 3 == 0) {
        tree.Set(entry, LeastTree::kNever);
        numbers.erase(entry);
      } else {
        // Each number once, and not in order.
        const uint64_t number = (++next * 7919) % 1000003;
        tree.Set(entry, number);
        numbers[entry] = number;
      }
      std::set<std::pair<uint64_t, uint32_t>> want;
      for (const auto& [known, number] : numbers) want.insert({number, known});
      ASSERT_EQ(FirstOf(tree, entries), Entries(want.begin(), want.end()));
    }
  }
}

}  // namespace
}  // namespace embatch
