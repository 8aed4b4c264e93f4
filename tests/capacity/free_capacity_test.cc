// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/capacity/free_capacity.h against a scan of all instances.
#include "lib/capacity/free_capacity.h"

#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr uint32_t kNone = FreeCapacity::kNone;

// Instances in a FreeCapacity, and beside it in a plain vector.
class Instances {
 public:
  explicit Instances(uint32_t count) : links_(count), plain_(count) {}

  struct Plain {
    bool present = false;
    Resources free;
    int64_t changed = 0;
  };

  void Add(uint32_t instance, const Resources& free) {
    capacity_.Add(instance, free, LinksOf{&links_});
    plain_[instance] = {true, free, ++changes_};
  }
  void Remove(uint32_t instance) {
    capacity_.Remove(instance, LinksOf{&links_});
    plain_[instance].present = false;
  }
  void Change(uint32_t instance, const Resources& free) {
    Remove(instance);
    Add(instance, free);
  }
  void Copy() { capacity_ = FreeCapacity(capacity_); }

  uint32_t BestFit(const Resources& need) { return capacity_.BestFit(need); }
  std::vector<Resources> Largest() const {
    std::vector<Resources> rooms;
    capacity_.AppendLargest(&rooms);
    return rooms;
  }
  const std::vector<Plain>& plain() const { return plain_; }

  // The fewest GPUs left, then the least vCPU, then the least memory, then what
  // changed last.
  uint32_t ScannedBestFit(const Resources& need) const {
    uint32_t best = kNone;
    for (uint32_t i = 0; i < plain_.size(); ++i) {
      if (!plain_[i].present || !need.FitsIn(plain_[i].free)) continue;
      if (best == kNone || Rank(plain_[i]) < Rank(plain_[best])) best = i;
    }
    return best;
  }

  void ExpectGroupsAreACount() {
    std::map<std::tuple<int32_t, int64_t, int64_t>, int64_t> counts;
    for (const Plain& plain : plain_) {
      if (!plain.present) continue;
      ++counts[{plain.free.gpus, plain.free.vcpu_milli, plain.free.memory_mib}];
    }
    auto want = counts.begin();
    const std::vector<FreeCapacity::Group> groups = capacity_.Groups();
    ASSERT_EQ(groups.size(), counts.size());
    for (const FreeCapacity::Group& group : groups) {
      ASSERT_EQ(std::make_tuple(group.free.gpus, group.free.vcpu_milli,
                                group.free.memory_mib),
                want->first);
      ASSERT_EQ(group.instances, want->second);
      ASSERT_EQ(plain_[group.newest].free, group.free);
      for (const Plain& plain : plain_) {
        ASSERT_FALSE(plain.present && plain.free == group.free &&
                     plain.changed > plain_[group.newest].changed);
      }
      ++want;
    }
  }

 private:
  struct LinksOf {
    std::vector<FreeCapacity::Links>* links;
    FreeCapacity::Links& operator()(uint32_t instance) const {
      return (*links)[instance];
    }
  };

  static std::tuple<int32_t, int64_t, int64_t, int64_t> Rank(
      const Plain& plain) {
    return {plain.free.gpus, plain.free.vcpu_milli, plain.free.memory_mib,
            -plain.changed};
  }

  FreeCapacity capacity_;
  std::vector<FreeCapacity::Links> links_;
  std::vector<Plain> plain_;
  int64_t changes_ = 0;
};

TEST(FreeCapacityTest, NothingFitsWhereNothingIs) {
  Instances instances(1);
  EXPECT_EQ(instances.BestFit({}), kNone);
  instances.Add(0, {1000, 512, 0});
  instances.Remove(0);
  EXPECT_EQ(instances.BestFit({}), kNone);
}

TEST(FreeCapacityTest, AJobHasRoomIfItFitsIntoOneOfTheLargest) {
  std::mt19937 random(1);
  const auto draw = [&random] {
    return Resources{static_cast<int64_t>(random() % 8),
                     static_cast<int64_t>(random() % 8),
                     static_cast<int32_t>(random() % 3)};
  };
  for (uint32_t count = 0; count < 20; ++count) {
    Instances instances(count);
    for (uint32_t i = 0; i < count; ++i) instances.Add(i, draw());
    if (count > 3) instances.Remove(3);
    const std::vector<Resources> rooms = instances.Largest();
    for (int i = 0; i < 500; ++i) {
      const Resources need = draw();
      EXPECT_EQ(std::any_of(rooms.begin(), rooms.end(),
                            [&need](const Resources& room) {
                              return need.FitsIn(room);
                            }),
                instances.BestFit(need) != kNone);
    }
    // Of the same number of GPUs none is larger in both.
    for (size_t i = 1; i < rooms.size(); ++i) {
      EXPECT_TRUE(rooms[i].gpus != rooms[i - 1].gpus ||
                  rooms[i].memory_mib > rooms[i - 1].memory_mib);
    }
  }
}

TEST(FreeCapacityTest, TakesTheLeastVcpuThenTheLeastMemory) {
  Instances instances(4);
  instances.Add(0, {4000, 512, 0});
  instances.Add(1, {2000, 2048, 0});
  instances.Add(2, {2000, 1024, 0});
  instances.Add(3, {1000, 512, 0});
  EXPECT_EQ(instances.BestFit({1000, 512, 0}), 3u);
  EXPECT_EQ(instances.BestFit({1500, 512, 0}), 2u);
  EXPECT_EQ(instances.BestFit({1500, 1025, 0}), 1u);
  EXPECT_EQ(instances.BestFit({2001, 512, 0}), 0u);
  EXPECT_EQ(instances.BestFit({4001, 512, 0}), kNone);
  EXPECT_EQ(instances.BestFit({1000, 2049, 0}), kNone);
}

TEST(FreeCapacityTest, OfEqualOnesTheOneThatChangedLast) {
  Instances instances(3);
  for (uint32_t i = 0; i < 3; ++i) instances.Add(i, {1000, 512, 0});
  EXPECT_EQ(instances.BestFit({1000, 512, 0}), 2u);
  instances.Change(0, {1000, 512, 0});
  EXPECT_EQ(instances.BestFit({1000, 512, 0}), 0u);
}

// A job that needs no GPU goes where the fewest are free, however much room
// that leaves.
TEST(FreeCapacityTest, FewestGpusFirst) {
  Instances instances(4);
  instances.Add(0, {1000, 512, 4});
  instances.Add(1, {8000, 8192, 0});
  EXPECT_EQ(instances.BestFit({1000, 512, 0}), 1u);
  instances.Change(0, {1000, 512, 4});
  EXPECT_EQ(instances.BestFit({1000, 512, 0}), 1u);
  EXPECT_EQ(instances.BestFit({1000, 512, 1}), 0u);
  instances.Add(2, {2000, 512, 1});
  EXPECT_EQ(instances.BestFit({1000, 512, 1}), 2u);
  EXPECT_EQ(instances.BestFit({1000, 512, 2}), 0u);
  // All its GPUs are taken: it is as good as one that never had any.
  instances.Add(3, {4000, 512, 0});
  EXPECT_EQ(instances.BestFit({1000, 512, 0}), 3u);
  instances.Remove(1);
  instances.Remove(3);
  EXPECT_EQ(instances.BestFit({1000, 512, 0}), 2u);
}

// Three instances of every size, and every need; then one of them changes.
TEST(FreeCapacityTest, AllSmallCasesAgree) {
  const auto size = [](int number) {
    return Resources{1 + number % 2, 1 + number / 2 % 2, number / 4 % 2};
  };
  for (int sizes = 0; sizes < 512; ++sizes) {
    Instances instances(3);
    instances.Add(0, size(sizes));
    instances.Add(1, size(sizes / 8));
    instances.Add(2, size(sizes / 64));
    for (uint32_t changed = 0; changed < 3; ++changed) {
      for (int need = 0; need < 36; ++need) {
        const Resources resources = {need % 4, need / 4 % 3, need / 12};
        ASSERT_EQ(instances.BestFit(resources),
                  instances.ScannedBestFit(resources))
            << sizes << " " << need << " " << changed;
      }
      instances.Change(changed, instances.plain()[changed].free);
    }
  }
}

TEST(FreeCapacityTest, LongRandomRunsAgree) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const uint32_t count = seed % 3 == 0 ? 200 : 12;
    const int64_t grain = seed % 2 == 0 ? 1000 : 1;
    const int64_t range = 2 + static_cast<int64_t>(seed);
    const auto draw = [&](int64_t limit) {
      return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
    };
    const auto amount = [&] {
      return Resources{draw(range) * grain, draw(range) * 128,
                       static_cast<int32_t>(draw(3))};
    };
    Instances instances(count);
    for (int step = 0; step < 1500; ++step) {
      const uint32_t i = static_cast<uint32_t>(random() % count);
      if (!instances.plain()[i].present) {
        instances.Add(i, amount());
      } else if (random() % 4 == 0) {
        instances.Remove(i);
      } else {
        instances.Change(i, amount());
      }
      if (random() % 100 == 0) instances.Copy();
      const Resources need = amount();
      ASSERT_EQ(instances.BestFit(need), instances.ScannedBestFit(need));
      if (step % 50 == 0) instances.ExpectGroupsAreACount();
    }
  }
}

// Where amounts are odd, places are made that nobody needs again. They are
// forgotten and used anew, and nothing else changes.
TEST(FreeCapacityTest, ManyOddAmountsAgree) {
  std::mt19937_64 random(1);
  const auto odd = [&] {
    return Resources{static_cast<int64_t>(random() % 64000),
                     static_cast<int64_t>(random() % 250000),
                     static_cast<int32_t>(random() % 5)};
  };
  Instances instances(8);
  for (uint32_t i = 0; i < 8; ++i) instances.Add(i, odd());
  for (int step = 0; step < 8000; ++step) {
    instances.Change(static_cast<uint32_t>(random() % 8), odd());
    const Resources need = odd();
    ASSERT_EQ(instances.BestFit(need), instances.ScannedBestFit(need)) << step;
  }
  instances.ExpectGroupsAreACount();
}

}  // namespace
}  // namespace embatch
