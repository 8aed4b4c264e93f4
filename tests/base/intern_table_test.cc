// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/base/intern_table.h, against std::map.

#include "lib/base/intern_table.h"

#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

// Hashes that collide much, so that probing and gaps are tried.
struct PoorHash {
  size_t operator()(uint64_t value) const { return value % 5; }
};
struct EvenHash {
  size_t operator()(uint64_t value) const { return value; }
};

template <typename Table, typename Make>
class Checked {
 public:
  explicit Checked(Make make) : make_(make) {}

  void Intern(uint64_t number) {
    const auto known = model_.find(number);
    const uint32_t index = table_.Intern(make_(number));
    if (known != model_.end()) {
      ASSERT_EQ(index, known->second.first);
      ++known->second.second;
    } else {
      model_[number] = {index, 1};
    }
    ExpectSame(number);
  }
  void Release(size_t nth) {
    const auto entry = std::next(model_.begin(), nth);
    const uint64_t number = entry->first;
    table_.Release(entry->second.first);
    if (--entry->second.second == 0) model_.erase(entry);
    ExpectSame(number);
  }
  void ExpectSame(uint64_t number) const {
    ASSERT_EQ(table_.size(), model_.size());
    const auto known = model_.find(number);
    const uint32_t found = table_.Find(make_(number));
    if (known == model_.end()) {
      ASSERT_EQ(found, Table::kNone);
      return;
    }
    ASSERT_EQ(found, known->second.first);
    ASSERT_EQ(table_[found], make_(number));
    ASSERT_EQ(table_.count(found), known->second.second);
  }
  void ExpectAllSame(uint64_t below) const {
    for (uint64_t number = 0; number < below; ++number) ExpectSame(number);
  }
  size_t size() const { return model_.size(); }
  Table& table() { return table_; }

 private:
  Make make_;
  Table table_;
  std::map<uint64_t, std::pair<uint32_t, uint32_t>> model_;  // index, count
};

template <typename Table, typename Make>
void RunLong(Make make) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    std::mt19937_64 random(seed);
    Checked<Table, Make> checked(make);
    for (int i = 0; i < 10000; ++i) {
      const uint64_t universe = seed == 1 ? 12 : 400;
      const bool growing = i / 1000 % 2 == 0;
      if (checked.size() == 0 || random() % 4 < (growing ? 3 : 1)) {
        checked.Intern(random() % universe);
      } else {
        checked.Release(random() % checked.size());
      }
      if (i % 500 == 0) {
        checked.ExpectAllSame(universe);
        Table copy = checked.table();
        checked.table() = std::move(copy);
      }
      if (testing::Test::HasFatalFailure()) return;
    }
    checked.ExpectAllSame(400);
  }
}

std::string Text(uint64_t number) {
  // Some are short, some are longer than a string keeps inside itself.
  return absl::StrCat(std::string(number % 3 * 20, 'x'), number);
}
uint64_t Same(uint64_t number) { return number; }

TEST(InternTableTest, StringsAgree) { RunLong<InternTable<std::string>>(Text); }
TEST(InternTableTest, CollidingHashesAgree) {
  RunLong<InternTable<uint64_t, PoorHash>>(Same);
}
TEST(InternTableTest, NeighbouringHashesAgree) {
  RunLong<InternTable<uint64_t, EvenHash>>(Same);
}

// Every order of adding and releasing a few values whose hashes collide.
TEST(InternTableTest, EveryShortSequenceAgrees) {
  using Table = InternTable<uint64_t, PoorHash>;
  const uint64_t numbers[] = {0, 5, 1, 6};
  for (int sequence = 0; sequence < 8 * 8 * 8 * 8 * 8; ++sequence) {
    Table table;
    std::map<uint64_t, uint32_t> counts;
    for (int i = 0, rest = sequence; i < 5; ++i, rest /= 8) {
      const uint64_t number = numbers[rest % 4];
      if (rest % 8 < 4) {
        table.Intern(number);
        ++counts[number];
      } else if (counts[number] > 0) {
        table.Release(table.Find(number));
        --counts[number];
      }
    }
    for (uint64_t number : numbers) {
      const uint32_t index = table.Find(number);
      ASSERT_EQ(index != Table::kNone, counts[number] > 0) << sequence;
      if (index != Table::kNone) {
        ASSERT_EQ(table[index], number);
        ASSERT_EQ(table.count(index), counts[number]);
      }
    }
  }
}

TEST(InternTableTest, AStringIsFoundByAllThatStandsForIt) {
  InternTable<std::string> table;
  const uint32_t index = table.Intern("spot");
  EXPECT_EQ(index, 0u);
  EXPECT_EQ(table.Intern(std::string("spot")), index);
  EXPECT_EQ(table.Intern(absl::string_view("spot market").substr(0, 4)), index);
  EXPECT_EQ(table.Find(absl::string_view("spot")), index);
  EXPECT_EQ(table.Find("sport"), InternTable<std::string>::kNone);
  EXPECT_EQ(table.count(index), 3u);
  EXPECT_EQ(table.Intern(""), 1u);
}

TEST(InternTableTest, CountsEveryUser) {
  InternTable<std::string> table;
  const uint32_t index = table.Intern("a");
  table.AddRef(index);
  table.Release(index);
  EXPECT_TRUE(table.IsLive(index));
  table.Release(index);
  EXPECT_FALSE(table.IsLive(index));
  EXPECT_FALSE(table.IsLive(UINT32_MAX));
  EXPECT_EQ(table.Find("a"), InternTable<std::string>::kNone);
}

TEST(InternTableTest, IndicesAreUsedAgainOldestFirst) {
  InternTable<uint64_t> table;
  for (uint64_t i = 0; i < 5; ++i) EXPECT_EQ(table.Intern(i), i);
  table.Release(3);
  table.Release(1);
  EXPECT_EQ(table.Intern(uint64_t{10}), 3u);
  EXPECT_EQ(table.Intern(uint64_t{11}), 1u);
  EXPECT_EQ(table.Intern(uint64_t{12}), 5u);
}

TEST(InternTableTest, ReferencesStayValidWhileTheTableGrows) {
  InternTable<std::string> table;
  const std::string& first = table[table.Intern("the first of all strings")];
  for (int i = 0; i < 20000; ++i) table.Intern(absl::StrCat(i));
  EXPECT_EQ(first, "the first of all strings");
  EXPECT_EQ(&first, &table[0]);
}

TEST(InternTableTest, MemoryComesBack) {
  InternTable<std::string> table;
  for (uint64_t i = 0; i < 50000; ++i) table.Intern(absl::StrCat("value ", i));
  EXPECT_GT(table.MemoryBytes(), 50000u * 48);
  for (uint64_t i = 0; i < 50000; ++i) {
    table.Release(table.Find(absl::StrCat("value ", i)));
  }
  EXPECT_TRUE(table.empty());
  EXPECT_LT(table.MemoryBytes(), 60000u);
  const uint32_t index = table.Intern(std::string(100000, 'x'));
  EXPECT_GT(table.MemoryBytes(), 100000u);
  table.Release(index);
  EXPECT_LT(table.MemoryBytes(), 60000u);
}

TEST(InternTableTest, ACopyLivesOnAlone) {
  InternTable<std::string> table;
  for (int i = 0; i < 100; ++i) table.Intern(absl::StrCat(i));
  for (int i = 0; i < 100; i += 7) table.Release(i);
  InternTable<std::string> copy = table;
  EXPECT_EQ(Encoded(copy), Encoded(table));
  for (int i = 200; i < 250; ++i) {
    EXPECT_EQ(copy.Intern(absl::StrCat(i)), table.Intern(absl::StrCat(i)));
  }
  table = InternTable<std::string>();
  EXPECT_EQ(copy[copy.Find("99")], "99");
  EXPECT_EQ(copy.Find("98"), InternTable<std::string>::kNone);
}

TEST(InternTableTest, EncodesInOrderOfIndices) {
  InternTable<std::string> table;
  table.Intern("b");
  table.Intern("gone");
  table.Intern("a");
  table.Intern("a");
  table.Release(1);
  EXPECT_EQ(Encoded(table), std::string("\2\0\1\1b\2\2\1a", 9));
}

}  // namespace
}  // namespace embatch
