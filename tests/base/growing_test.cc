// SPDX-License-Identifier: Apache-2.0
//
// ChunkedVector and PartedMap: what grows without moving all that it has.
#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "lib/base/chunked_vector.h"
#include "lib/base/parted_map.h"

namespace embatch {
namespace {

TEST(ChunkedVectorTest, GrowsWithoutMovingAnElement) {
  ChunkedVector<std::vector<int>, 4> vector;
  EXPECT_EQ(vector.size(), 0u);
  vector.AddOne();
  const std::vector<int>* first = &vector[0];
  for (int i = 1; i < 1000; ++i) {
    vector.AddOne();
    EXPECT_TRUE(vector[i].empty());
    vector[i].push_back(i);
  }
  EXPECT_EQ(vector.size(), 1000u);
  EXPECT_EQ(first, &vector[0]);
  for (int i = 1; i < 1000; ++i) EXPECT_EQ(vector[i].front(), i);
}

TEST(ChunkedVectorTest, ACopyIsIndependent) {
  ChunkedVector<int, 4> vector;
  for (int i = 0; i < 10; ++i) {
    vector.AddOne();
    vector[i] = i;
  }
  ChunkedVector<int, 4> copy = vector;
  copy[9] = 100;
  copy.AddOne();
  EXPECT_EQ(vector[9], 9);
  EXPECT_EQ(vector.size(), 10u);
  vector = copy;
  EXPECT_EQ(vector[9], 100);
  EXPECT_EQ(vector.size(), 11u);
  vector = {};
  EXPECT_EQ(vector.size(), 0u);
}

// Across the size at which it is divided, and back.
TEST(PartedMapTest, EqualsAMap) {
  PartedMap<uint32_t, uint32_t> map;
  std::map<uint32_t, uint32_t> model;
  uint32_t key = 1;
  const auto compare = [&] {
    ASSERT_EQ(map.size(), model.size());
    std::map<uint32_t, uint32_t> seen;
    map.ForEach([&seen](uint32_t k, uint32_t value) { seen[k] = value; });
    ASSERT_EQ(seen, model);
  };
  for (int i = 0; i < 20000; ++i) {
    key = key * 1664525 + 1013904223;
    const uint32_t k = key >> 18;  // 16,384 different ones
    if (i % 3 == 2) {
      map.Erase(k);
      model.erase(k);
    } else {
      map[k] = static_cast<uint32_t>(i);
      model[k] = static_cast<uint32_t>(i);
    }
    const uint32_t* found = map.Find(k);
    ASSERT_EQ(found != nullptr, model.count(k) > 0);
    if (found != nullptr) {
      ASSERT_EQ(*found, model[k]);
    }
    if (i % 2500 == 0) compare();
  }
  EXPECT_GT(model.size(), 4096u);
  const PartedMap<uint32_t, uint32_t> copy = map;
  for (const auto& [k, value] : model) {
    ASSERT_EQ(*copy.Find(k), value);
    map.Erase(k);
  }
  EXPECT_EQ(map.size(), 0u);
  EXPECT_EQ(map.Find(model.begin()->first), nullptr);
  EXPECT_EQ(copy.size(), model.size());
  EXPECT_EQ(map[5], 0u);
}

// A map hashes a key whenever it moves it.
struct CountedKey {
  static int64_t hashed;
  uint32_t number = 0;

  friend bool operator==(const CountedKey& a, const CountedKey& b) {
    return a.number == b.number;
  }
  template <typename H>
  friend H AbslHashValue(H state, const CountedKey& key) {
    ++hashed;
    return H::combine(std::move(state), key.number);
  }
};
int64_t CountedKey::hashed = 0;

TEST(PartedMapTest, MovesFewAtATime) {
  constexpr uint32_t kKeys = 1000000;
  constexpr uint32_t kInARow = 8000;
  PartedMap<CountedKey, uint32_t> map;
  int64_t most = 0;
  int64_t most_in_a_row = 0;
  for (uint32_t key = 0; key < kKeys;) {
    const int64_t before_all = CountedKey::hashed;
    for (uint32_t i = 0; i < kInARow; ++i, ++key) {
      const int64_t before = CountedKey::hashed;
      map[CountedKey{key}] = key;
      most = std::max(most, CountedKey::hashed - before);
    }
    most_in_a_row = std::max(most_in_a_row, CountedKey::hashed - before_all);
  }
  EXPECT_LT(most, kKeys / 32);
  EXPECT_LT(most_in_a_row, kKeys / 10);
}

}  // namespace
}  // namespace embatch
