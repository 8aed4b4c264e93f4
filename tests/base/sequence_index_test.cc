// SPDX-License-Identifier: Apache-2.0
#include "lib/base/sequence_index.h"

#include <cstdint>
#include <map>
#include <random>

#include "gtest/gtest.h"

namespace embatch {
namespace {

TEST(SequenceIndexTest, NumbersCountFromZero) {
  SequenceIndex index;
  EXPECT_EQ(index.Add(7), 0u);
  EXPECT_EQ(index.Add(9), 1u);
  EXPECT_EQ(index[0], 7u);
  EXPECT_EQ(index[1], 9u);
  EXPECT_EQ(index.next(), 2u);
}

// Numbers go in any order while new ones come; those left stay findable.
TEST(SequenceIndexTest, AgreesWithAMap) {
  std::mt19937_64 random(1);
  SequenceIndex index;
  std::map<uint64_t, uint32_t> model;
  for (int step = 0; step < 200000; ++step) {
    // Grows for a while, then shrinks, and so on.
    const bool grow = (step / 20000) % 2 == 0;
    if (model.empty() || random() % 4 < (grow ? 3u : 1u)) {
      const uint32_t slot = static_cast<uint32_t>(random());
      model[index.Add(slot)] = slot;
    } else {
      auto victim = model.lower_bound(model.begin()->first + random() % 5000);
      if (victim == model.end()) victim = model.begin();
      index.Remove(victim->first);
      model.erase(victim);
    }
    if (step % 1000 == 0) {
      for (const auto& [sequence, slot] : model) {
        ASSERT_EQ(index[sequence], slot) << "at step " << step;
      }
    }
  }
}

TEST(SequenceIndexTest, AnEmptiedIndexGoesOnCounting) {
  SequenceIndex index;
  for (uint32_t i = 0; i < 5000; ++i) index.Add(i);
  for (uint64_t i = 0; i < 5000; ++i) index.Remove(i);
  EXPECT_EQ(index.Add(42), 5000u);
  EXPECT_EQ(index[5000], 42u);
}

TEST(SequenceIndexTest, ACopyGoesItsOwnWay) {
  SequenceIndex index;
  for (uint32_t i = 0; i < 3000; ++i) index.Add(i);
  SequenceIndex copy = index;
  for (uint64_t i = 0; i < 3000; ++i) index.Remove(i);
  EXPECT_EQ(index.Add(1), 3000u);
  EXPECT_EQ(copy.Add(2), 3000u);
  EXPECT_EQ(copy[2999], 2999u);
  EXPECT_EQ(copy[3000], 2u);
  EXPECT_EQ(index[3000], 1u);
}

}  // namespace
}  // namespace embatch
