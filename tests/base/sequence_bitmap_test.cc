// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/base/sequence_bitmap.h and of the tree inside, against std::set.

#include "lib/base/sequence_bitmap.h"

#include <cstdint>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr uint64_t kNone = SequenceBitmap::kNone;
constexpr uint64_t kLimit = SequenceBitmap::kKeyLimit;
using Model = std::set<uint64_t>;

uint64_t FirstAtLeast(const Model& model, uint64_t key) {
  const auto found = model.lower_bound(key);
  return found == model.end() ? kNone : *found;
}

uint64_t LastAtMost(const Model& model, uint64_t key) {
  const auto found = model.upper_bound(key);
  return found == model.begin() ? kNone : *std::prev(found);
}

std::vector<std::pair<uint64_t, uint64_t>> RunsOf(const Model& model) {
  std::vector<std::pair<uint64_t, uint64_t>> runs;
  for (uint64_t key : model) {
    if (runs.empty() || runs.back().second != key) runs.emplace_back(key, key);
    ++runs.back().second;
  }
  return runs;
}

void ExpectSameEnds(const SequenceBitmap& set, const Model& model) {
  ASSERT_EQ(set.size(), model.size());
  ASSERT_EQ(set.empty(), model.empty());
  ASSERT_EQ(set.First(), model.empty() ? kNone : *model.begin());
  ASSERT_EQ(set.Last(), model.empty() ? kNone : *model.rbegin());
}

void ExpectSameAt(const SequenceBitmap& set, const Model& model, uint64_t key) {
  ASSERT_EQ(set.Contains(key), model.count(key) == 1) << key;
  ASSERT_EQ(set.FirstAtLeast(key), FirstAtLeast(model, key)) << key;
  ASSERT_EQ(set.LastAtMost(key), LastAtMost(model, key)) << key;
}

void ExpectSame(const SequenceBitmap& set, const Model& model) {
  ExpectSameEnds(set, model);
  std::vector<std::pair<uint64_t, uint64_t>> runs;
  set.ForEachRun(
      [&](uint64_t first, uint64_t last) { runs.emplace_back(first, last); });
  ASSERT_EQ(runs, RunsOf(model));
  for (uint64_t key : {uint64_t{0}, kLimit - 1, kLimit, kNone - 1, kNone}) {
    ExpectSameAt(set, model, key);
  }
}

// Keys around the borders of words, leaves and inner nodes, and far away.
const std::vector<uint64_t>& BorderKeys() {
  static const auto& keys = *new std::vector<uint64_t>([] {
    std::set<uint64_t> all = {0, 1, kLimit / 2 + 7, kLimit - 1};
    for (int bits : {6, 9, 15, 21, 27, 33, 39, 45}) {
      const uint64_t border = uint64_t{1} << bits;
      all.insert({border - 1, border, 3 * border});
    }
    return std::vector<uint64_t>(all.begin(), all.end());
  }());
  return keys;
}

TEST(SequenceBitmapTest, AnEmptySetIsOneCacheLine) {
  EXPECT_LE(sizeof(SequenceBitmap), 64u);
  const SequenceBitmap set;
  EXPECT_EQ(set.MemoryBytes(), 0u);
  ExpectSame(set, {});
}

// All sets of border keys with at most four keys beside a common crowd: with
// the crowd the set is a tree, without it the small form.
TEST(SequenceBitmapTest, AllSmallSetsOfBorderKeys) {
  const std::vector<uint64_t>& keys = BorderKeys();
  const Model crowd = {5, 600, 700, 40000, 1u << 22, 1u << 28, kLimit / 3};
  for (const Model& base : {Model(), crowd}) {
    SequenceBitmap set;
    for (uint64_t key : base) set.Insert(key);
    for (uint64_t a : keys) {
      for (uint64_t b : keys) {
        if (b < a) continue;
        Model model = base;
        SequenceBitmap more = set;
        for (uint64_t key : {a, b}) {
          ASSERT_EQ(more.Insert(key), model.insert(key).second);
          ASSERT_FALSE(more.Insert(key));
          ExpectSame(more, model);
        }
        for (uint64_t key : keys) {
          ExpectSameAt(more, model, key);
          ExpectSameAt(more, model, key + 1);
        }
        for (uint64_t key : {b, a}) {
          ASSERT_EQ(more.Erase(key), model.erase(key) == 1);
          ASSERT_FALSE(more.Erase(key));
          ExpectSame(more, model);
        }
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(SequenceBitmapTest, EveryShortSequenceOfCallsAgrees) {
  // Six keys of three leaves; every sequence of seven insertions and erasures,
  // on top of keys that make it a tree or not.
  const uint64_t keys[] = {62, 63, 64, 512, 32768, 32769};
  for (int crowd : {0, 3, 6}) {
    for (int sequence = 0; sequence < 12 * 12 * 12 * 12; ++sequence) {
      SequenceBitmap set;
      Model model;
      for (int i = 0; i < crowd; ++i) {
        set.Insert(1000 + 700 * i);
        model.insert(1000 + 700 * i);
      }
      for (int i = 0, rest = sequence; i < 4; ++i, rest /= 12) {
        const uint64_t key = keys[rest % 6];
        if (rest % 12 < 6) {
          ASSERT_EQ(set.Insert(key), model.insert(key).second);
        } else {
          ASSERT_EQ(set.Erase(key), model.erase(key) == 1);
        }
        ExpectSameEnds(set, model);
      }
      ExpectSame(set, model);
      if (HasFatalFailure()) return;
    }
  }
}

// How the keys of a random run are drawn.
struct KeyRange {
  const char* name;
  uint64_t origin;
  uint64_t spread;
};
constexpr KeyRange kRanges[] = {
    {"dense", 0, 600},
    {"leaves", 0, 40000},
    {"across a border", (uint64_t{1} << 39) - 20000, 40000},
    {"sparse", 0, kLimit},
    {"high", kLimit - 3000, 3000},
};

// `alike`: keys that stand side by side come first, which makes it a tree.
void LongRunAgrees(const KeyRange& range, uint64_t size, uint64_t alike) {
  std::mt19937_64 random(size);
  SequenceBitmap set;
  Model model;
  set.InsertRange(range.origin, range.origin + alike);
  for (uint64_t i = 0; i < alike; ++i) model.insert(range.origin + i);
  for (int i = 0; i < 20000; ++i) {
    uint64_t key = range.origin + random() % range.spread;
    // Half of the calls are about keys that are there.
    if (random() % 2 == 0 && !model.empty()) key = FirstAtLeast(model, key);
    if (key == kNone) key = *model.begin();
    const uint64_t target = i / 1000 % 2 == 0 ? size : size / 4;
    if (random() % (2 * target) >= model.size()) {
      ASSERT_EQ(set.Insert(key), model.insert(key).second);
    } else {
      ASSERT_EQ(set.Erase(key), model.erase(key) == 1);
    }
    ExpectSameEnds(set, model);
    ExpectSameAt(set, model, range.origin + random() % range.spread);
    if (i % 500 == 0) ExpectSame(set, model);
    if (i % 3000 == 0) {
      SequenceBitmap copy = set;
      set = std::move(copy);
    }
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(SequenceBitmapTest, LongRunsAgree) {
  for (const KeyRange& range : kRanges) {
    SCOPED_TRACE(range.name);
    for (uint64_t size : {4, 12, 300}) {
      for (uint64_t alike : {0, 20}) {
        LongRunAgrees(range, size, alike);
        if (HasFatalFailure()) return;
      }
    }
  }
}

// --- Keys that stand far apart -----------------------------------------------

constexpr uint64_t kFar = 1000;

// Jobs of one share of a thousand: they come at the end and go at the front.
TEST(SequenceBitmapTest, FarKeysComeAndGoInOrder) {
  constexpr uint64_t kWindow = 5000;
  SequenceBitmap set;
  uint64_t came = 0;
  uint64_t went = 0;
  for (int round = 0; round < 3; ++round) {
    for (; came < went + kWindow; ++came) ASSERT_TRUE(set.Insert(came * kFar));
    for (int i = 0; i < 20000; ++i) {
      ASSERT_TRUE(set.Insert(came++ * kFar));
      ASSERT_EQ(set.First(), went * kFar);
      ASSERT_EQ(set.Last(), (came - 1) * kFar);
      ASSERT_TRUE(set.Erase(went++ * kFar));
    }
    EXPECT_EQ(set.size(), kWindow);
    EXPECT_LE(set.MemoryBytes(), kWindow * 8 * 4);
    for (; went + 10 < came; ++went) ASSERT_TRUE(set.Erase(went * kFar));
    EXPECT_LE(set.MemoryBytes(), 1024u);
    EXPECT_EQ(set.First(), went * kFar);
  }
}

TEST(SequenceBitmapTest, FarKeysComeAndGoInAnyOrder) {
  for (uint64_t keys : {100, 3000, 40000}) {
    for (bool falling : {false, true}) {
      SequenceBitmap set;
      Model model;
      const auto key_of = [&](uint64_t i) {
        return kFar * (falling ? keys - i : i * 7919 % keys);
      };
      for (uint64_t i = 0; i < keys; ++i) {
        ASSERT_EQ(set.Insert(key_of(i)), model.insert(key_of(i)).second);
        ASSERT_FALSE(set.Insert(key_of(i / 2)));
        ExpectSameEnds(set, model);
        ExpectSameAt(set, model, i * kFar + i % 3);
      }
      ExpectSame(set, model);
      for (uint64_t i = 0; i < keys; i += 3) {
        ASSERT_EQ(set.Erase(key_of(i)), model.erase(key_of(i)) == 1);
        ASSERT_FALSE(set.Erase(key_of(i)));
      }
      ExpectSame(set, model);
      set.EraseRange(kFar * keys / 4, kFar * keys / 2);
      model.erase(model.lower_bound(kFar * keys / 4),
                  model.lower_bound(kFar * keys / 2));
      ExpectSame(set, model);
      set.EraseRange(0, kFar * keys / 3);
      model.erase(model.begin(), model.lower_bound(kFar * keys / 3));
      ExpectSame(set, model);
      const SequenceBitmap copy = set;
      ExpectSame(copy, model);
      while (!model.empty()) {
        ASSERT_TRUE(set.Erase(*model.rbegin()));
        model.erase(*model.rbegin());
        ExpectSameEnds(set, model);
      }
      EXPECT_EQ(set.MemoryBytes(), 0u);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(SequenceBitmapTest, AFarKeyTakesEightBytesAndRoomToGrow) {
  SequenceBitmap set;
  for (uint64_t i = 0; i < 16384; ++i) set.Insert(i * kFar);
  EXPECT_LE(set.MemoryBytes(), 16384u * 8);
}

// What was far apart comes to be dense.
TEST(SequenceBitmapTest, GapsAreFilled) {
  SequenceBitmap set;
  Model model;
  for (uint64_t step : {4096, 512, 64, 8, 1}) {
    for (uint64_t key = 0; key < 65536; key += step) {
      ASSERT_EQ(set.Insert(key), model.insert(key).second);
    }
    ExpectSame(set, model);
  }
  EXPECT_LE(set.MemoryBytes(), 65536u / 4);
}

TEST(SequenceBitmapTest, RangesAgree) {
  for (const KeyRange& range : kRanges) {
    if (range.spread > 100000) continue;
    SCOPED_TRACE(range.name);
    std::mt19937_64 random(1);
    SequenceBitmap set;
    Model model;
    for (int i = 0; i < 600; ++i) {
      uint64_t first = random() % range.spread;
      const uint64_t lengths[] = {random() % 5, random() % 130, random() % 2000,
                                  range.spread};
      uint64_t last = std::min(range.spread, first + lengths[random() % 4]);
      if (random() % 8 == 0) std::swap(first, last);
      first += range.origin;
      last += range.origin;
      if (random() % 2 == 0) {
        set.InsertRange(first, last);
        for (uint64_t key = first; key < last; ++key) model.insert(key);
      } else {
        set.EraseRange(first, last);
        if (first < last) {
          model.erase(model.lower_bound(first), model.lower_bound(last));
        }
      }
      ExpectSame(set, model);
      // Single keys between, so that fingers point into what ranges change.
      const uint64_t key = range.origin + random() % range.spread;
      ASSERT_EQ(set.Insert(key), model.insert(key).second);
      ASSERT_EQ(set.Erase(set.First()), true);
      model.erase(model.begin());
      ExpectSame(set, model);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(SequenceBitmapTest, RangesOfTheWholeSpaceAreFine) {
  SequenceBitmap set;
  for (uint64_t key : BorderKeys()) set.Insert(key);
  const Model model(BorderKeys().begin(), BorderKeys().end());
  set.EraseRange(1000, 1000);
  set.EraseRange(1000, 0);
  ExpectSame(set, model);
  set.EraseRange(1, kNone);
  ExpectSame(set, {0});
  set.EraseRange(0, kNone);
  ExpectSame(set, {});
  set.InsertRange(kLimit - 2000, kLimit);
  EXPECT_EQ(set.First(), kLimit - 2000);
  EXPECT_EQ(set.Last(), kLimit - 1);
  EXPECT_EQ(set.size(), 2000u);
}

TEST(SequenceBitmapTest, ADenseSetTakesABitAndAHalfAKey) {
  constexpr uint64_t kKeys = 10000000;
  for (uint64_t origin : {uint64_t{0}, uint64_t{123456789012}}) {
    SequenceBitmap at_once;
    at_once.InsertRange(origin, origin + kKeys);
    EXPECT_LE(at_once.MemoryBytes(), kKeys * 16 / 100);
    SequenceBitmap one_by_one;
    for (uint64_t key = 0; key < kKeys; ++key) one_by_one.Insert(origin + key);
    EXPECT_LE(one_by_one.MemoryBytes(), kKeys * 16 / 100);
    EXPECT_EQ(one_by_one.size(), kKeys);
    const SequenceBitmap copy = one_by_one;
    EXPECT_LE(copy.MemoryBytes(), kKeys * 16 / 100);
  }
}

TEST(SequenceBitmapTest, FewKeysTakeNoHeap) {
  SequenceBitmap set;
  for (uint64_t i = 0; i < 6; ++i) set.Insert(kLimit / 7 * i);
  EXPECT_EQ(set.MemoryBytes(), 0u);
}

TEST(SequenceBitmapTest, MemoryComesBack) {
  SequenceBitmap set;
  for (int round = 0; round < 3; ++round) {
    set.InsertRange(0, 1000000);
    EXPECT_GT(set.MemoryBytes(), 100000u);
    while (set.size() > 2) set.Erase(set.First());
    EXPECT_EQ(set.MemoryBytes(), 0u);
    EXPECT_TRUE(set.Contains(999998) && set.Contains(999999));
  }
  set.InsertRange(0, 1000000);
  set.EraseRange(10, 1000000);
  set.EraseRange(1, 10);
  EXPECT_EQ(set.MemoryBytes(), 0u);
  EXPECT_EQ(set.First(), 0u);
  set.InsertRange(0, 1000000);
  set.Clear();
  EXPECT_EQ(set.MemoryBytes(), 0u);
}

// Sequence numbers grow for ever while old ones leave.
TEST(SequenceBitmapTest, AWindowThatMovesOnStaysSmall) {
  constexpr uint64_t kWindow = 5000;
  SequenceBitmap set;
  uint64_t key = (uint64_t{1} << 33) - 1000000;
  set.InsertRange(key - kWindow, key);
  for (int i = 0; i < 2000000; ++i, ++key) {
    ASSERT_TRUE(set.Insert(key));
    ASSERT_EQ(set.First(), key - kWindow);
    ASSERT_TRUE(set.Erase(key - kWindow));
  }
  EXPECT_EQ(set.size(), kWindow);
  EXPECT_LT(set.MemoryBytes(), 6000u);
}

TEST(SequenceBitmapTest, ACopyLivesOnAlone) {
  SequenceBitmap set;
  Model model;
  for (uint64_t key : BorderKeys()) {
    set.Insert(key);
    model.insert(key);
  }
  set.Erase(BorderKeys()[4]);
  model.erase(BorderKeys()[4]);
  SequenceBitmap copy = set;
  set.InsertRange(0, 100000);
  set.EraseRange(50, kNone);
  ExpectSame(copy, model);
  copy.Insert(77);
  model.insert(77);
  ExpectSame(copy, model);
  EXPECT_EQ(set.size(), 50u);
}

TEST(SequenceBitmapTest, EncodesRuns) {
  SequenceBitmap set;
  EXPECT_EQ(Encoded(set), std::string("\0", 1));
  set.InsertRange(2, 5);
  set.Insert(9);
  // Four keys: two after the start, three long; four after that, one long.
  EXPECT_EQ(Encoded(set), std::string("\4\2\3\4\1", 5));
}

// The bytes depend on the keys alone, not on how they came to be there.
TEST(SequenceBitmapTest, EqualSetsHaveEqualBytes) {
  SequenceBitmap small;
  SequenceBitmap once_large;
  once_large.InsertRange(0, 5000);
  for (uint64_t key : {100, 200, 4000, 4001}) small.Insert(key);
  once_large.EraseRange(0, 100);
  once_large.EraseRange(101, 200);
  once_large.EraseRange(201, 4000);
  once_large.EraseRange(4002, 5000);
  EXPECT_EQ(Encoded(small), Encoded(once_large));
}

}  // namespace
}  // namespace embatch
