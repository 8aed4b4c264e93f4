// SPDX-License-Identifier: Apache-2.0
//
// DispatchIndex against a walk over all that wait.
#include "lib/queues/dispatch_index.h"

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

using Class = DispatchIndex::Class;
using Rooms = std::vector<Resources>;

void Enter(DispatchIndex& index, const LinePlace& place, const Class& of) {
  index.Enter(place, of.requirement, of);
}
void Leave(DispatchIndex& index, const LinePlace& place, const Class& of) {
  index.Leave(place, of.requirement, of);
}

TEST(DispatchIndexTest, EmptyHasNobody) {
  const DispatchIndex index;
  EXPECT_EQ(index.First(Rooms{Resources::Of(9, 9)}), DispatchIndex::kNone);
}

TEST(DispatchIndexTest, FindsTheFirstThatFits) {
  DispatchIndex index;
  Enter(index, {1, 5}, {0, Resources::Of(4, 100)});
  Enter(index, {1, 7}, {1, Resources::Of(1, 100)});
  Enter(index, {1, 6}, {2, Resources::Of(1, 900)});
  Enter(index, {0, 9}, {3, Resources::Of(1, 100, 1)});
  const auto first = [&index](const Resources& room) {
    const uint32_t entry = index.First(Rooms{room});
    return entry == DispatchIndex::kNone
               ? -1
               : static_cast<int>(index.PlaceOf(entry).sequence);
  };
  EXPECT_EQ(first(Resources::Of(8, 1000, 1)), 9);  // a retried one
  EXPECT_EQ(first(Resources::Of(8, 1000)), 5);
  EXPECT_EQ(first(Resources::Of(3, 1000)), 6);
  EXPECT_EQ(first(Resources::Of(3, 500)), 7);
  EXPECT_EQ(first(Resources::Of(3, 50)), -1);
  Leave(index, {1, 7}, {1, Resources::Of(1, 100)});
  EXPECT_EQ(first(Resources::Of(3, 500)), -1);
}

TEST(DispatchIndexTest, WhatIsSetAsideComesBack) {
  DispatchIndex index;
  Enter(index, {1, 1}, {0, Resources::Of(1, 1)});
  Enter(index, {1, 2}, {1, Resources::Of(1, 1)});
  const Rooms room = {Resources::Of(1, 1)};
  const uint32_t first = index.First(room);
  index.SetAside(first);
  EXPECT_EQ(index.PlaceOf(index.First(room)).sequence, 2u);
  index.EndPass();
  EXPECT_EQ(index.First(room), first);
}

TEST(DispatchIndexTest, ClassesDifferInTheirEstimates) {
  DispatchIndex index;
  const Class whole{0, Resources::Of(1, 1)};
  const Class brief{0, Resources::Of(1, 1), 100};
  Enter(index, {1, 1}, whole);
  Enter(index, {1, 2}, brief);
  const Rooms room = {Resources::Of(1, 1)};
  const uint32_t first = index.First(room);
  EXPECT_EQ(index.ClassOf(first).estimate_ns, DispatchIndex::kNoEstimate);
  index.SetAside(first);
  EXPECT_EQ(index.ClassOf(index.First(room)).estimate_ns, 100);
}

TEST(DispatchIndexTest, ClassesOfOneRequirementComeAndGo) {
  DispatchIndex index;
  const auto of = [](int64_t estimate_ns) {
    return Class{7, Resources::Of(1, 1), estimate_ns};
  };
  const Rooms room = {Resources::Of(1, 1)};
  const auto first = [&] {
    const uint32_t entry = index.First(room);
    return entry == DispatchIndex::kNone ? 0 : index.PlaceOf(entry).sequence;
  };
  Enter(index, {1, 1}, of(10));
  Enter(index, {1, 2}, of(20));
  Enter(index, {1, 3}, of(30));
  Leave(index, {1, 1}, of(10));
  EXPECT_EQ(first(), 2u);
  Enter(index, {1, 4}, of(10));
  Enter(index, {1, 5}, of(20));
  Leave(index, {1, 2}, of(20));
  EXPECT_EQ(first(), 3u);
  Leave(index, {1, 3}, of(30));
  EXPECT_EQ(first(), 4u);
  Leave(index, {1, 4}, of(10));
  EXPECT_EQ(first(), 5u);
  Leave(index, {1, 5}, of(20));
  EXPECT_EQ(first(), 0u);
}

TEST(DispatchIndexTest, WhoLeavesWhileSetAsideIsForgotten) {
  DispatchIndex index;
  const Class of{0, Resources::Of(1, 1)};
  const Rooms room = {Resources::Of(1, 1)};
  Enter(index, {1, 1}, of);
  index.SetAside(index.First(room));
  Leave(index, {1, 1}, of);
  index.EndPass();
  EXPECT_EQ(index.First(room), DispatchIndex::kNone);
  Enter(index, {1, 2}, of);
  EXPECT_EQ(index.PlaceOf(index.First(room)).sequence, 2u);
}

// Jobs start one after the other while rooms get less, and some come, leave or
// are set aside meanwhile.
TEST(DispatchIndexTest, APassFindsWhatASearchAnewWould) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&random](uint32_t limit) { return random() % limit; };
    DispatchIndex index;
    std::map<uint64_t, Class> waiting;
    uint64_t sequence = 1000;
    const uint32_t class_count = seed % 3 == 0 ? 6 : 300;
    const auto enter = [&](uint64_t place) {
      const uint32_t number = below(class_count);
      const Class of{number, Resources::Of(1 + number % 4, 1 + number / 4),
                     number % 3};
      if (!waiting.emplace(place, of).second) return;
      Enter(index, {1, place}, of);
    };
    const auto leave = [&](uint64_t place) {
      Leave(index, {1, place}, waiting.at(place));
      waiting.erase(place);
    };
    for (int pass = 0; pass < 10; ++pass) {
      for (int i = 0; i < 60; ++i) enter(sequence++);
      Rooms rooms;
      for (int i = 0; i < 4; ++i) {
        rooms.push_back(Resources::Of(below(6), below(90)));
      }
      for (;;) {
        const uint32_t found = index.Next(rooms);
        ASSERT_EQ(found, index.First(rooms));
        if (found == DispatchIndex::kNone) break;
        ASSERT_EQ(index.Coming(0)->sequence, index.PlaceOf(found).sequence);
        if (below(4) == 0) {
          index.SetAside(found);
        } else {
          leave(index.PlaceOf(found).sequence);
        }
        Resources& room = rooms[below(4)];
        room.memory_mib -= below(5);
        room.vcpu_milli -= 100 * below(5);
        if (below(4) == 0) enter(below(2) == 0 ? sequence++ : below(1000));
        if (below(4) == 0 && !waiting.empty()) leave(waiting.begin()->first);
      }
      index.EndPass();
    }
  }
}

TEST(DispatchIndexTest, EqualsAWalk) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    DispatchIndex index;
    std::map<uint64_t, Class> waiting;
    std::vector<Class> classes;
    // Few classes that come back, or so many that the tree grows often.
    const uint32_t class_count = seed % 2 == 0 ? 40 : 500;
    for (uint32_t i = 0; i < class_count; ++i) {
      classes.push_back({i,
                         Resources::Of(1 + random() % 8, 1 + random() % 8,
                                       static_cast<int32_t>(random() % 2)),
                         random() % 3 == 0
                             ? DispatchIndex::kNoEstimate
                             : static_cast<int64_t>(random() % 50)});
    }
    uint64_t sequence = 0;
    for (int step = 0; step < 1500; ++step) {
      if (random() % 2 == 0) {
        const Class& of = classes[random() % classes.size()];
        Enter(index, {1, sequence}, of);
        waiting[sequence++] = of;
      } else if (!waiting.empty()) {
        auto it = waiting.begin();
        std::advance(it, random() % waiting.size());
        Leave(index, {1, it->first}, it->second);
        waiting.erase(it);
      }
      const Rooms room = {Resources::Of(random() % 8, random() % 8,
                                        static_cast<int32_t>(random() % 2)),
                          Resources::Of(random() % 8, random() % 8)};
      uint64_t want = ~uint64_t{0};
      for (const auto& [place, of] : waiting) {
        if (of.need.FitsIn(room[0]) || of.need.FitsIn(room[1])) {
          want = place;
          break;
        }
      }
      const uint32_t entry = index.First(room);
      ASSERT_EQ(entry == DispatchIndex::kNone ? ~uint64_t{0}
                                              : index.PlaceOf(entry).sequence,
                want);
    }
  }
}

}  // namespace
}  // namespace embatch
