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
using Room = DispatchIndex::Room;

constexpr Resources kNothing = {-1, -1, -1};

Room RoomFor(const Resources& resources) {
  return {{resources}, DispatchIndex::kNoEstimate, kNothing, kNothing};
}

TEST(DispatchIndexTest, EmptyHasNobody) {
  const DispatchIndex index;
  EXPECT_EQ(index.First(RoomFor(Resources::Of(9, 9))), DispatchIndex::kNone);
}

TEST(DispatchIndexTest, FindsTheFirstThatFits) {
  DispatchIndex index;
  index.Enter({1, 5}, {0, Resources::Of(4, 100)});
  index.Enter({1, 7}, {1, Resources::Of(1, 100)});
  index.Enter({1, 6}, {2, Resources::Of(1, 900)});
  index.Enter({0, 9}, {3, Resources::Of(1, 100, 1)});
  const auto first = [&index](const Resources& room) {
    const uint32_t entry = index.First(RoomFor(room));
    return entry == DispatchIndex::kNone
               ? -1
               : static_cast<int>(index.PlaceOf(entry).sequence);
  };
  EXPECT_EQ(first(Resources::Of(8, 1000, 1)), 9);  // a retried one
  EXPECT_EQ(first(Resources::Of(8, 1000)), 5);
  EXPECT_EQ(first(Resources::Of(3, 1000)), 6);
  EXPECT_EQ(first(Resources::Of(3, 500)), 7);
  EXPECT_EQ(first(Resources::Of(3, 50)), -1);
  index.Leave({1, 7}, {1, Resources::Of(1, 100)});
  EXPECT_EQ(first(Resources::Of(3, 500)), -1);
}

TEST(DispatchIndexTest, WhatIsSetAsideComesBack) {
  DispatchIndex index;
  index.Enter({1, 1}, {0, Resources::Of(1, 1)});
  index.Enter({1, 2}, {1, Resources::Of(1, 1)});
  const Room room = RoomFor(Resources::Of(1, 1));
  const uint32_t first = index.First(room);
  index.SetAside(first);
  EXPECT_EQ(index.PlaceOf(index.First(room)).sequence, 2u);
  index.EndPass();
  EXPECT_EQ(index.First(room), first);
}

TEST(DispatchIndexTest, LongJobsNeedRoomToSpare) {
  DispatchIndex index;
  index.Enter({1, 1}, {0, Resources::Of(2, 1)});  // no estimate
  index.Enter({1, 2}, {0, Resources::Of(2, 1), 100});
  index.Enter({1, 3}, {1, Resources::Of(1, 1), 200});
  Room room = RoomFor(Resources::Of(4, 4));
  const auto first = [&] {
    const uint32_t entry = index.First(room);
    return entry == DispatchIndex::kNone ? 0 : index.PlaceOf(entry).sequence;
  };
  room.longest_ns = 99;
  EXPECT_EQ(first(), 0u);
  room.spare = Resources::Of(1, 1);
  EXPECT_EQ(first(), 3u);
  room.longest_ns = 100;
  EXPECT_EQ(first(), 2u);
  room.elsewhere = Resources::Of(2, 2);
  EXPECT_EQ(first(), 1u);
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
        index.Enter({1, sequence}, of);
        waiting[sequence++] = of;
      } else if (!waiting.empty()) {
        auto it = waiting.begin();
        std::advance(it, random() % waiting.size());
        index.Leave({1, it->first}, it->second);
        waiting.erase(it);
      }
      Room room = RoomFor(Resources::Of(random() % 8, random() % 8,
                                        static_cast<int32_t>(random() % 2)));
      room.rooms.push_back(Resources::Of(random() % 8, random() % 8));
      room.longest_ns = random() % 60;
      room.spare = Resources::Of(random() % 4, random() % 8);
      uint64_t want = ~uint64_t{0};
      for (const auto& [place, of] : waiting) {
        if ((of.need.FitsIn(room.rooms[0]) || of.need.FitsIn(room.rooms[1])) &&
            (of.estimate_ns <= room.longest_ns || of.need.FitsIn(room.spare))) {
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
