// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/base/slot_table.h, against a slow table that does by the letter
// what the header promises.

#include "lib/base/slot_table.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr uint32_t kMax = UINT32_MAX;

class ModelTable {
 public:
  ModelTable(uint32_t block_size, uint32_t first_generation)
      : block_size_(block_size), first_generation_(first_generation) {}

  SlotRef Allocate() {
    if (available_.empty()) {
      if (emptied_.empty()) {
        blocks_.push_back(Block{first_generation_, 0, 0, {}, {}});
        available_.push_back(static_cast<uint32_t>(blocks_.size() - 1));
      } else {
        available_.push_back(emptied_.front());
        emptied_.pop_front();
      }
    }
    const uint32_t number = available_.front();
    Block& block = blocks_[number];
    uint32_t index = block.used;
    if (block.freed.empty()) {
      block.generations[block.used++] = block.begin_generation;
    } else {
      index = block.freed.front();
      block.freed.pop_front();
    }
    if (block.freed.empty() && block.used == block_size_) {
      available_.pop_front();
    }
    const SlotRef ref{number * block_size_ + index, block.generations[index]};
    block.max_generation = std::max(block.max_generation, ref.generation);
    live_[ref.slot] = ref.generation;
    return ref;
  }

  void Free(uint32_t slot) {
    const uint32_t number = slot / block_size_;
    const uint32_t index = slot % block_size_;
    Block& block = blocks_[number];
    live_.erase(slot);
    if (block.generations[index] != kMax) {
      if (block.freed.empty() && block.used == block_size_) {
        available_.push_back(number);
      }
      ++block.generations[index];
      block.freed.push_back(index);
    }
    const auto next = live_.lower_bound(number * block_size_);
    if (next != live_.end() && next->first / block_size_ == number) return;
    available_.remove(number);
    block.used = 0;
    block.freed.clear();
    if (block.max_generation == kMax) return;
    block.begin_generation = block.max_generation + 1;
    emptied_.push_back(number);
  }

  // Slot and generation of each live record.
  const std::map<uint32_t, uint32_t>& live() const { return live_; }

 private:
  struct Block {
    uint32_t begin_generation;
    uint32_t max_generation;
    uint32_t used;
    std::deque<uint32_t> freed;
    std::map<uint32_t, uint32_t> generations;
  };

  uint32_t block_size_;
  uint32_t first_generation_;
  std::vector<Block> blocks_;
  std::list<uint32_t> available_;
  std::deque<uint32_t> emptied_;
  std::map<uint32_t, uint32_t> live_;
};

// Counts how many of its kind there are, and owns memory, so that a record
// that is forgotten or destroyed twice is noticed.
struct Tracked {
  static int alive;
  std::unique_ptr<uint64_t> value = std::make_unique<uint64_t>(0);

  Tracked() { ++alive; }
  Tracked(const Tracked& other)
      : value(std::make_unique<uint64_t>(*other.value)) {
    ++alive;
  }
  Tracked& operator=(const Tracked& other) {
    *value = *other.value;
    return *this;
  }
  ~Tracked() { --alive; }
};
int Tracked::alive = 0;

uint64_t ValueFor(SlotRef ref) {
  return uint64_t{ref.slot} << 32 | ref.generation;
}

// Everything that can be asked agrees.
template <uint32_t kBlockSize>
void ExpectSame(const SlotTable<Tracked, kBlockSize>& table,
                const ModelTable& model) {
  ASSERT_EQ(table.size(), model.live().size());
  std::vector<std::pair<uint32_t, uint32_t>> seen;
  table.ForEach([&](uint32_t slot, const Tracked& record) {
    const uint32_t generation = table.generation(slot);
    ASSERT_EQ(*record.value, ValueFor({slot, generation}));
    seen.emplace_back(slot, generation);
  });
  const std::vector<std::pair<uint32_t, uint32_t>> want(model.live().begin(),
                                                        model.live().end());
  ASSERT_EQ(seen, want);
  for (uint32_t slot = 0; slot < table.capacity() + kBlockSize; ++slot) {
    const auto live = model.live().find(slot);
    ASSERT_EQ(table.IsLive(slot), live != model.live().end());
    const uint32_t generation = table.generation(slot);
    for (uint32_t g : {0u, 1u, generation - 1, generation, generation + 1}) {
      const bool found = live != model.live().end() && live->second == g;
      ASSERT_EQ(table.Find(slot, g) != nullptr, found) << slot << " " << g;
    }
  }
}

template <uint32_t kBlockSize>
struct Pair {
  explicit Pair(uint32_t first_generation)
      : table(first_generation), model(kBlockSize, first_generation) {}

  void Allocate() {
    const SlotRef want = model.Allocate();
    const SlotRef got = table.Allocate();
    ASSERT_EQ(got, want);
    ASSERT_EQ(*table[got.slot].value, 0u) << "a new record is T{}";
    *table[got.slot].value = ValueFor(got);
  }
  void Free(size_t nth) {
    const uint32_t slot = std::next(model.live().begin(), nth)->first;
    model.Free(slot);
    table.Free(slot);
  }

  SlotTable<Tracked, kBlockSize> table;
  ModelTable model;
};

// Every sequence of `steps` calls, from this state on.
template <uint32_t kBlockSize>
void TryAll(const Pair<kBlockSize>& before, int steps) {
  if (steps == 0 || testing::Test::HasFatalFailure()) return;
  const size_t live = before.model.live().size();
  for (size_t choice = 0; choice <= live; ++choice) {
    Pair<kBlockSize> after = before;
    if (choice == live) {
      after.Allocate();
    } else {
      after.Free(choice);
    }
    ExpectSame(after.table, after.model);
    ExpectSame(before.table, before.model);
    TryAll(after, steps - 1);
  }
}

TEST(SlotTableTest, EveryShortSequenceAgreesWithTheModel) {
  TryAll(Pair<1>(1), 8);
  TryAll(Pair<2>(1), 8);
  TryAll(Pair<4>(1), 7);
  EXPECT_EQ(Tracked::alive, 0);
}

TEST(SlotTableTest, EveryShortSequenceNearTheLastGeneration) {
  for (uint32_t generation : {kMax - 2, kMax - 1, kMax}) {
    TryAll(Pair<1>(generation), 8);
    TryAll(Pair<2>(generation), 8);
  }
}

TEST(SlotTableTest, LongRunsAgreeWithTheModel) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Pair<8> pair(seed % 2 == 0 ? 1 : kMax - 40);
    for (int i = 0; i < 6000; ++i) {
      // The size swings, so that blocks fill and empty.
      const uint64_t target = 30 + 29 * ((i / 500) % 2 == 0 ? 1 : -1);
      const size_t live = pair.model.live().size();
      if (live == 0 || (live < target ? random() % 8 : random() % 2) != 0) {
        if (live < 200) pair.Allocate();
      }
      if (live > target && live > 0) pair.Free(random() % live);
      if (i % 97 == 0) ExpectSame(pair.table, pair.model);
      if (i % 701 == 0) {
        // Goes on with a copy and then with a moved table.
        SlotTable<Tracked, 8> copy = pair.table;
        pair.table = std::move(copy);
      }
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(Tracked::alive, 0);
}

TEST(SlotTableTest, AnyNumbersMayBeAskedFor) {
  SlotTable<int, 4> table;
  for (uint32_t slot : {0u, 3u, 4u, 65535u, kMax - 1, kMax}) {
    EXPECT_EQ(table.Find(slot, 1), nullptr);
    EXPECT_FALSE(table.IsLive(slot));
    EXPECT_EQ(table.generation(slot), 0u);
    table.Prefetch(slot);
  }
  for (int i = 0; i < 5; ++i) table.Allocate();
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    const uint32_t slot = static_cast<uint32_t>(random());
    const uint32_t generation = static_cast<uint32_t>(random() % 3);
    EXPECT_EQ(table.Find(slot, generation) != nullptr,
              slot < 5 && generation == 1);
    table.Prefetch(slot);
  }
}

TEST(SlotTableTest, AnOldNameFindsNothing) {
  SlotTable<int, 4> table;
  const SlotRef first = table.Allocate();
  table.Allocate();
  *table.Find(first.slot, first.generation) = 5;
  table.Free(first.slot);
  const SlotRef second = table.Allocate();
  EXPECT_EQ(second.slot, first.slot);
  EXPECT_EQ(second.generation, first.generation + 1);
  EXPECT_EQ(table.Find(first.slot, first.generation), nullptr);
  ASSERT_NE(table.Find(second.slot, second.generation), nullptr);
  EXPECT_EQ(*table.Find(second.slot, second.generation), 0);
}

TEST(SlotTableTest, RecordsStayWhereTheyAre) {
  SlotTable<std::string, 16> table;
  std::vector<std::string*> places;
  for (int i = 0; i < 10000; ++i) {
    const SlotRef ref = table.Allocate();
    table[ref.slot] = std::to_string(i);
    places.push_back(&table[ref.slot]);
  }
  for (int i = 0; i < 10000; ++i) {
    EXPECT_EQ(places[i], &table[i]);
    EXPECT_EQ(*places[i], std::to_string(i));
  }
}

TEST(SlotTableTest, MemoryComesBackButForOneBlock) {
  constexpr size_t kBlock = 1024 * (sizeof(uint64_t) + 8);
  SlotTable<uint64_t, 1024> table;
  EXPECT_EQ(table.MemoryBytes(), 0u);
  for (int i = 0; i < 100 * 1024; ++i) table.Allocate();
  EXPECT_GE(table.MemoryBytes(), 100 * kBlock);
  EXPECT_LE(table.MemoryBytes(), 102 * kBlock);
  for (int i = 0; i < 100 * 1024; ++i) table.Free(i);
  EXPECT_GE(table.MemoryBytes(), kBlock) << "one block is kept for the next";
  EXPECT_LE(table.MemoryBytes(), 3 * kBlock);
  EXPECT_EQ(table.capacity(), 100 * 1024u);
  // The numbers are used again, with higher generations.
  const SlotRef again = table.Allocate();
  EXPECT_EQ(again, (SlotRef{0, 2}));
}

TEST(SlotTableTest, AFewRecordsTakeLittleOfAGreatBlock) {
  struct Large {
    char bytes[1000];
  };
  SlotTable<Large> table;
  for (int i = 0; i < 10; ++i) table.Allocate();
  EXPECT_LT(table.MemoryBytes(), 12000u);
  const SlotTable<Large> copy = table;
  EXPECT_LT(copy.MemoryBytes(), 12000u);
}

TEST(SlotTableTest, AlignsRecords) {
  struct alignas(128) Aligned {
    char byte = 0;
  };
  SlotTable<Aligned, 4> table;
  for (int i = 0; i < 20; ++i) {
    const SlotRef ref = table.Allocate();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(&table[ref.slot]) % 128, 0u);
  }
}

TEST(SlotTableTest, AMovedTableLeavesAnEmptyOne) {
  SlotTable<std::string, 4> table;
  for (int i = 0; i < 9; ++i) table.Allocate();
  SlotTable<std::string, 4> moved = std::move(table);
  EXPECT_EQ(moved.size(), 9u);
  table = SlotTable<std::string, 4>();
  EXPECT_EQ(table.Allocate(), (SlotRef{0, 1}));
}

TEST(SlotTableTest, EncodesTheLiveRecordsOnly) {
  SlotTable<uint32_t, 4> table;
  for (uint32_t i = 0; i < 3; ++i) table[table.Allocate().slot] = 10 + i;
  table.Free(1);
  EXPECT_EQ(Encoded(table), std::string("\2\0\1\12\2\1\14", 7));
  EXPECT_EQ(Encoded(SlotTable<uint32_t, 4>(table)), Encoded(table));
  table.Allocate();
  EXPECT_EQ(Encoded(table), std::string("\3\0\1\12\1\2\0\2\1\14", 10));
}

}  // namespace
}  // namespace embatch
