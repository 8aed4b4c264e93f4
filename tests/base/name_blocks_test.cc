// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/base/name_blocks.h.

#include "lib/base/name_blocks.h"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using Ref = NameBlocks::Ref;

std::string RandomName(std::mt19937_64& random) {
  const size_t sizes[] = {random() % 20, random() % 100, random() % 1025};
  std::string name(sizes[random() % 3], '\0');
  for (char& c : name) c = static_cast<char>(random());
  return name;
}

TEST(NameBlocksTest, TheEmptyStringIsZero) {
  NameBlocks names;
  EXPECT_EQ(names.Add(""), 0u);
  EXPECT_EQ(names.Get(0), "");
  names.Release(0);
  EXPECT_EQ(names.size(), 0u);
  EXPECT_EQ(names.MemoryBytes(), 0u);
}

TEST(NameBlocksTest, KeepsAnyCharactersOfAnyLength) {
  NameBlocks names;
  std::vector<std::pair<Ref, std::string>> added;
  for (size_t length = 0; length <= NameBlocks::kMaxLength; ++length) {
    const std::string name(length, static_cast<char>(length));
    added.emplace_back(names.Add(name), name);
  }
  for (const auto& [ref, name] : added) EXPECT_EQ(names.Get(ref), name);
}

TEST(NameBlocksDeathTest, RefusesALongerString) {
  NameBlocks names;
  EXPECT_DEATH(names.Add(std::string(NameBlocks::kMaxLength + 1, 'x')),
               "check failed");
}

TEST(NameBlocksTest, AgreesWithAMapOverLongRuns) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    NameBlocks names;
    std::map<uint64_t, std::pair<Ref, std::string>> model;
    size_t kept = 1000;
    size_t nonempty = 0;
    for (uint64_t i = 0; i < 30000; ++i) {
      if (i % 5000 == 0) kept = 10 + random() % 2000;
      std::string name = RandomName(random);
      nonempty += !name.empty();
      const Ref ref = names.Add(name);
      model.emplace(i, std::make_pair(ref, std::move(name)));
      while (model.size() > kept) {
        auto oldest = model.lower_bound(model.begin()->first + random() % 50);
        if (oldest == model.end()) oldest = model.begin();
        ASSERT_EQ(names.Get(oldest->second.first), oldest->second.second);
        names.Release(oldest->second.first);
        nonempty -= !oldest->second.second.empty();
        model.erase(oldest);
      }
      ASSERT_EQ(names.size(), nonempty) << i;
    }
    for (const auto& [i, entry] : model) {
      ASSERT_EQ(names.Get(entry.first), entry.second);
    }
  }
}

TEST(NameBlocksTest, BlocksGoWithTheirStrings) {
  NameBlocks names;
  std::vector<Ref> refs;
  const std::string name(100, 'n');
  for (int i = 0; i < 100000; ++i) refs.push_back(names.Add(name));
  EXPECT_GT(names.MemoryBytes(), 10000000u);
  EXPECT_LT(names.MemoryBytes(), 10300000u);
  for (Ref ref : refs) names.Release(ref);
  // The block in use and a spare one.
  EXPECT_LE(names.MemoryBytes(), 2 * 65536u + 10000);
}

TEST(NameBlocksTest, AWindowOfNamesKeepsAFewBlocks) {
  NameBlocks names;
  std::vector<Ref> ring(1000, 0);
  for (int i = 0; i < 300000; ++i) {
    Ref& ref = ring[i % ring.size()];
    names.Release(ref);
    ref = names.Add(absl::StrCat("job-number-", i));
  }
  EXPECT_LE(names.MemoryBytes(), 3 * 65536u + 1024);
}

TEST(NameBlocksTest, TheBlockInUseIsBegunAnewWhenItIsEmpty) {
  NameBlocks names;
  const Ref first = names.Add("a");
  names.Release(first);
  EXPECT_EQ(names.Add("b"), first);
}

TEST(NameBlocksTest, BlockNumbersAreUsedAgainOldestFirst) {
  NameBlocks names;
  const std::string name(1024, 'n');
  std::vector<Ref> refs;
  for (int i = 0; i < 64 * 4; ++i) refs.push_back(names.Add(name));
  // Four full blocks; the second is emptied, then the first.
  for (int i = 64; i < 128; ++i) names.Release(refs[i]);
  for (int i = 0; i < 64; ++i) names.Release(refs[i]);
  for (int i = 0; i < 64; ++i) EXPECT_EQ(names.Add(name), refs[64 + i]);
  for (int i = 0; i < 64; ++i) EXPECT_EQ(names.Add(name), refs[i]);
}

TEST(NameBlocksTest, ACopyLivesOnAlone) {
  std::mt19937_64 random(7);
  NameBlocks names;
  std::vector<std::pair<Ref, std::string>> added;
  for (int i = 0; i < 2000; ++i) {
    std::string name = RandomName(random);
    added.emplace_back(names.Add(name), name);
  }
  for (int i = 500; i < 1500; ++i) names.Release(added[i].first);
  NameBlocks copy = names;
  // The same calls give the same answers.
  for (int i = 0; i < 500; ++i) {
    const std::string name = RandomName(random);
    EXPECT_EQ(copy.Add(name), names.Add(name));
  }
  names = NameBlocks();
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(copy.Get(added[i].first), added[i].second);
  }
  NameBlocks moved = std::move(copy);
  EXPECT_EQ(moved.Get(added[1999].first), added[1999].second);
}

}  // namespace
}  // namespace embatch
