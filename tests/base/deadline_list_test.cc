// SPDX-License-Identifier: Apache-2.0
#include "lib/base/deadline_list.h"

#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

using Entry = DeadlineList::Entry;

// Times come in any order while the first ones go; the front stands in a chunk
// of which a part is gone when it is divided.
TEST(DeadlineListTest, AgreesWithASet) {
  std::mt19937_64 random(1);
  DeadlineList list;
  std::set<Entry> model;
  uint64_t next = 0;
  for (int step = 0; step < 120000; ++step) {
    // Grows for a while, then shrinks, and so on.
    const bool grow = (step / 30000) % 2 == 0;
    if (model.empty() || random() % 8 < (grow ? 7u : 2u)) {
      Entry entry;
      entry.time_ns = static_cast<int64_t>(random() % 1000);
      entry.kind_and_sequence = next++;
      entry.a = static_cast<uint32_t>(random());
      list.Add(entry);
      model.insert(entry);
    } else {
      ASSERT_EQ(list.First().kind_and_sequence,
                model.begin()->kind_and_sequence);
      ASSERT_EQ(list.First().a, model.begin()->a);
      list.PopFirst();
      model.erase(model.begin());
    }
    ASSERT_EQ(list.size(), model.size());
  }
  std::vector<uint64_t> order;
  list.ForEach([&order](const Entry& entry) {
    order.push_back(entry.kind_and_sequence);
  });
  ASSERT_EQ(order.size(), model.size());
  size_t i = 0;
  for (const Entry& entry : model) {
    EXPECT_EQ(order[i++], entry.kind_and_sequence);
  }
}

// Each comes before all others: a chunk that only grew would move all of them
// and take them in one piece.
TEST(DeadlineListTest, EarlierAndEarlierTimesAreDivided) {
  constexpr int64_t kEntries = 20000;
  DeadlineList list;
  for (int64_t i = kEntries; i > 0; --i) list.Add({i, uint64_t(i), 0, 0});
  for (int64_t i = 1; i <= kEntries; ++i) {
    ASSERT_EQ(list.First().time_ns, i);
    list.PopFirst();
  }
  EXPECT_TRUE(list.empty());
  EXPECT_LT(list.MemoryBytes(), 3 * 4096 * sizeof(Entry));
}

}  // namespace
}  // namespace embatch
