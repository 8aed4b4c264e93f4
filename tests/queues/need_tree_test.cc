// SPDX-License-Identifier: Apache-2.0
//
// NeedTree against a walk over all entries.
#include "lib/queues/need_tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using Rooms = std::vector<Resources>;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A tree and all that is in it.
class Twin {
 public:
  void Insert(uint32_t entry, const Resources& need, uint64_t number) {
    if (entries_.size() <= entry) entries_.resize(size_t{entry} + 1);
    entries_[entry] = {true, need, number};
    tree_.Insert(entry, need, number);
    ++size_;
  }
  void Remove(uint32_t entry) {
    entries_[entry].is_there = false;
    tree_.Remove(entry);
    --size_;
  }
  void SetNumber(uint32_t entry, uint64_t number) {
    entries_[entry].number = number;
    tree_.SetNumber(entry, number);
  }

  bool Has(uint32_t entry) const {
    return entry < entries_.size() && entries_[entry].is_there;
  }
  size_t size() const { return size_; }

  std::vector<uint32_t> First(const Rooms& rooms, size_t most = 1) const {
    std::vector<NeedTree::Found> found;
    tree_.First(
        rooms, [&](uint32_t entry) { return Fits(entries_[entry], rooms); },
        most, &found);
    std::vector<uint32_t> entries;
    entries.reserve(found.size());
    for (const NeedTree::Found& one : found) {
      EXPECT_EQ(one.number, entries_[one.entry].number);
      entries.push_back(one.entry);
    }
    return entries;
  }
  std::vector<uint32_t> FirstOfWalk(const Rooms& rooms, size_t most = 1) const {
    std::vector<std::pair<uint64_t, uint32_t>> found;
    for (uint32_t entry = 0; entry < entries_.size(); ++entry) {
      const Entry& one = entries_[entry];
      if (!one.is_there || one.number == NeedTree::kNever ||
          !Fits(one, rooms)) {
        continue;
      }
      found.emplace_back(one.number, entry);
    }
    std::sort(found.begin(), found.end());
    if (found.size() > most) found.resize(most);
    std::vector<uint32_t> entries;
    entries.reserve(found.size());
    for (const auto& [number, entry] : found) entries.push_back(entry);
    return entries;
  }

 private:
  struct Entry {
    bool is_there = false;
    Resources need;
    uint64_t number = 0;
  };

  static bool Fits(const Entry& entry, const Rooms& rooms) {
    return std::any_of(rooms.begin(), rooms.end(), [&](const Resources& room) {
      return entry.need.FitsIn(room);
    });
  }

  NeedTree tree_;
  std::vector<Entry> entries_;
  size_t size_ = 0;
};

TEST(NeedTreeTest, EmptyHasNobody) {
  Twin twin;
  const Rooms room = {Resources::Of(9, 9)};
  EXPECT_THAT(twin.First(room), IsEmpty());
  twin.Insert(3, Resources::Of(1, 1), 1);
  EXPECT_THAT(twin.First(room), ElementsAre(3));
  EXPECT_THAT(twin.First({}), IsEmpty());
  twin.Remove(3);
  EXPECT_THAT(twin.First(room), IsEmpty());
}

TEST(NeedTreeTest, WhoIsLeftOutComesBack) {
  Twin twin;
  const Rooms room = {Resources::Of(9, 9)};
  twin.Insert(0, Resources::Of(1, 1), 5);
  twin.Insert(1, Resources::Of(2, 1), 7);
  twin.SetNumber(0, NeedTree::kNever);
  EXPECT_THAT(twin.First(room), ElementsAre(1));
  twin.SetNumber(0, 8);
  EXPECT_THAT(twin.First(room), ElementsAre(1));
  twin.SetNumber(0, 6);
  EXPECT_THAT(twin.First(room), ElementsAre(0));
}

TEST(NeedTreeTest, NothingFitsIntoLessThanNothing) {
  Twin twin;
  twin.Insert(0, Resources(), 1);
  EXPECT_THAT(twin.First({{-1, 5, 5}, {5, -1, 5}, {5, 5, -1}}), IsEmpty());
  EXPECT_THAT(twin.First({Resources()}), ElementsAre(0));
}

// Of an amount that a word has too few bits for, and the one below.
TEST(NeedTreeTest, TellsVeryLargeAmountsApart) {
  const auto check = [](const Resources& small, const Resources& large) {
    Twin twin;
    twin.Insert(0, large, 1);
    twin.Insert(1, small, 2);
    EXPECT_THAT(twin.First({large}), ElementsAre(0));
    EXPECT_THAT(twin.First({small}), ElementsAre(1));
    EXPECT_THAT(twin.First({Resources()}), IsEmpty());
  };
  for (const int64_t above : {-2, -1, 0, 1, 1000}) {
    SCOPED_TRACE(above);
    const int64_t vcpu_milli = (int64_t{1} << 23) + above;
    const int64_t memory_mib = (int64_t{1} << 31) + above;
    const int32_t gpus = 128 + static_cast<int32_t>(above);
    check({vcpu_milli - 1, 1, 1}, {vcpu_milli, 1, 1});
    check({1, memory_mib - 1, 1}, {1, memory_mib, 1});
    check({1, 1, gpus - 1}, {1, 1, gpus});
  }
}

// Entries come and go until so many are there, then until none is.
void CompareWithAWalk(uint32_t seed, size_t most,
                      const Resources& (*amend)(Resources&)) {
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto below = [&random](uint64_t limit) {
    return static_cast<int64_t>(random() % limit);
  };
  Twin twin;
  uint64_t number = 0;
  bool grows = true;
  while (grows || twin.size() > 0) {
    if (twin.size() == most) grows = false;
    const auto entry = static_cast<uint32_t>(below(2 * most));
    if (!twin.Has(entry)) {
      if (grows ? below(4) < 3 : below(2 * most) == 0) {
        Resources need =
            Resources::Of(below(9), below(200), static_cast<int32_t>(below(2)));
        // Mostly behind all others, and now and then before them.
        const uint64_t own = below(8) == 0 ? random() : (1ULL << 40) + number++;
        twin.Insert(entry, amend(need), own);
      }
    } else if (below(4) < (grows ? 1 : 3)) {
      twin.Remove(entry);
    } else {
      twin.SetNumber(
          entry, below(3) == 0 ? NeedTree::kNever : (1ULL << 40) + number++);
    }
    if (below(16) != 0) continue;
    Rooms rooms = {
        Resources::Of(below(9), below(220), static_cast<int32_t>(below(2)))};
    if (below(2) == 0) rooms.push_back(Resources::Of(below(9), below(220)));
    ASSERT_EQ(twin.First(rooms), twin.FirstOfWalk(rooms));
    const auto several = static_cast<size_t>(1 + below(10));
    ASSERT_EQ(twin.First(rooms, several), twin.FirstOfWalk(rooms, several));
  }
}

TEST(NeedTreeTest, EqualsAWalk) {
  const auto as_it_is = [](Resources& need) -> const Resources& {
    return need;
  };
  const auto alike = [](Resources& need) -> const Resources& {
    need.memory_mib /= 100;
    return need;
  };
  for (uint32_t seed = 0; seed < 5; ++seed) {
    CompareWithAWalk(seed, 20, as_it_is);
    CompareWithAWalk(seed, 300, as_it_is);
    CompareWithAWalk(seed, 2000, as_it_is);
    CompareWithAWalk(seed, 2000, alike);
  }
}

// Needs that rise, from the front and from the back.
TEST(NeedTreeTest, EqualsAWalkInOrder) {
  constexpr uint32_t kEntries = 3000;
  Twin twin;
  for (uint32_t i = 0; i < kEntries; ++i) {
    twin.Insert(i, Resources::Of(1 + i % 4, i), 2 * i + 1);
  }
  for (uint32_t i = kEntries; i-- > 0;) {
    twin.Insert(kEntries + i, Resources::Of(1 + i % 4, i), 2 * i);
  }
  for (uint32_t i = 0; i < kEntries; ++i) {
    if (i % 100 == 0) {
      const Rooms rooms = {Resources::Of(2, i + 50), Resources::Of(4, i + 20)};
      ASSERT_EQ(twin.First(rooms), twin.FirstOfWalk(rooms));
    }
    twin.Remove(i);
    twin.Remove(2 * kEntries - 1 - i);
  }
  EXPECT_THAT(twin.First({Resources::Of(99, 99999)}), IsEmpty());
}

}  // namespace
}  // namespace embatch
