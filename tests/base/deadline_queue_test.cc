// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/base/deadline_queue.h, against an ordered std::map.

#include "lib/base/deadline_queue.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

using Handle = DeadlineQueue::Handle;

// A queue beside the map that says what it should do.
class Checked {
 public:
  void Add(int64_t time_ns, int64_t lane_ns, uint8_t kind) {
    const uint64_t sequence = next_++;
    const Handle handle =
        queue_.Add(time_ns, lane_ns, kind, sequence, ~sequence);
    model_[{time_ns, kind, sequence}] = handle;
    ExpectSame();
  }
  void AddForGood(int64_t time_ns, uint8_t kind) {
    const uint32_t number = static_cast<uint32_t>(next_);
    queue_.AddForGood(time_ns, kind, number, ~number);
    model_[{time_ns, kind, next_++}] = DeadlineQueue::kNoHandle;
    ExpectSame();
  }
  // Nothing happens if it was added for good.
  void Remove(size_t nth) {
    const auto entry = std::next(model_.begin(), nth);
    if (entry->second == DeadlineQueue::kNoHandle) return;
    ASSERT_EQ(queue_[entry->second], DeadlineOf(*entry));
    queue_.Remove(entry->second);
    model_.erase(entry);
    ExpectSame();
  }
  void PopFirst() {
    ASSERT_EQ(queue_.PopFirst(), DeadlineOf(*model_.begin()));
    model_.erase(model_.begin());
    ExpectSame();
  }
  void Drain() {
    while (!model_.empty()) PopFirst();
  }
  size_t size() const { return model_.size(); }
  DeadlineQueue& queue() { return queue_; }

 private:
  using Key = std::tuple<int64_t, uint8_t, uint64_t>;

  static Deadline DeadlineOf(const std::pair<const Key, Handle>& entry) {
    const auto [time_ns, kind, sequence] = entry.first;
    if (entry.second == DeadlineQueue::kNoHandle) {
      return Deadline{time_ns, kind, sequence,
                      ~static_cast<uint32_t>(sequence)};
    }
    return Deadline{time_ns, kind, sequence, ~sequence};
  }

  void ExpectSame() const {
    ASSERT_EQ(queue_.size(), model_.size());
    ASSERT_EQ(queue_.empty(), model_.empty());
    if (model_.empty()) {
      ASSERT_EQ(queue_.Peek(), std::nullopt);
      ASSERT_EQ(queue_.NextTime(), INT64_MAX);
      ASSERT_EQ(queue_.lane_count(), 0u);
    } else {
      ASSERT_EQ(*queue_.Peek(), DeadlineOf(*model_.begin()));
      ASSERT_EQ(queue_.NextTime(), std::get<0>(model_.begin()->first));
    }
  }

  DeadlineQueue queue_;
  std::map<Key, Handle> model_;
  uint64_t next_ = 0;
};

// Every sequence of `steps` calls: adding at three times, in two lanes of two
// kinds or for good, or removing any entry, or taking the first.
void TryAll(const Checked& before, int steps) {
  if (testing::Test::HasFatalFailure()) return;
  if (steps == 0) {
    Checked last = before;
    last.Drain();
    return;
  }
  for (int64_t time_ns : {-1, 0, 7}) {
    for (int lane = 0; lane < 3; ++lane) {
      Checked after = before;
      after.Add(time_ns, lane == 2 ? 10 : 5, lane == 0 ? 1 : 0);
      TryAll(after, steps - 1);
    }
    Checked after = before;
    after.AddForGood(time_ns, 1);
    TryAll(after, steps - 1);
  }
  for (size_t i = 0; i < before.size(); ++i) {
    Checked after = before;
    after.Remove(i);
    TryAll(after, steps - 1);
  }
}

TEST(DeadlineQueueTest, EveryShortSequenceAgrees) { TryAll(Checked(), 4); }

struct Shape {
  const char* name;
  int lanes;
  bool in_order;  // Times are "now plus the lane's duration".
  size_t size;
};

TEST(DeadlineQueueTest, LongRunsAgree) {
  const Shape shapes[] = {
      {"one lane", 1, true, 100},
      {"few lanes", 7, true, 200},
      {"many lanes", 5000, true, 3000},
      {"out of order", 3, false, 60},
      {"many lanes out of order", 500, false, 300},
  };
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(shape.name);
    std::mt19937_64 random(1);
    Checked checked;
    int64_t now = 0;
    for (int i = 0; i < 30000; ++i) {
      now += static_cast<int64_t>(random() % 4);
      const int64_t lane_ns = static_cast<int64_t>(random() % shape.lanes);
      const int64_t jitter =
          shape.in_order ? 0 : static_cast<int64_t>(random() % 50);
      const uint8_t kind = static_cast<uint8_t>(random() % 3);
      const size_t target = i / 5000 % 2 == 0 ? shape.size : shape.size / 8;
      if (checked.size() < target && random() % 4 == 0) {
        checked.AddForGood(now - jitter, kind);
      } else if (checked.size() < target) {
        checked.Add(now + lane_ns - jitter, lane_ns, kind);
      } else if (random() % 2 == 0) {
        checked.PopFirst();
      } else {
        checked.Remove(random() % std::min<size_t>(checked.size(), 64));
      }
      if (i % 4000 == 0) {
        DeadlineQueue copy = checked.queue();
        checked.queue() = std::move(copy);
      }
      if (HasFatalFailure()) return;
    }
    checked.Drain();
  }
}

TEST(DeadlineQueueTest, AtOneTimeKindDecidesAndThenInsertion) {
  DeadlineQueue queue;
  queue.Add(5, 1, 2, 10, 0);
  queue.Add(5, 2, 1, 11, 0);
  queue.Add(5, 3, 2, 12, 0);
  queue.Add(5, 1, 2, 13, 0);
  queue.Add(5, 4, 1, 14, 0);
  std::vector<uint64_t> order;
  while (!queue.empty()) order.push_back(queue.PopFirst().a);
  EXPECT_EQ(order, (std::vector<uint64_t>{11, 14, 10, 12, 13}));
}

TEST(DeadlineQueueTest, EmptyLanesGoAway) {
  DeadlineQueue queue;
  std::vector<Handle> handles;
  for (int i = 0; i < 10000; ++i) handles.push_back(queue.Add(i, i, 0, 0, 0));
  EXPECT_EQ(queue.lane_count(), 10000u);
  for (Handle handle : handles) queue.Remove(handle);
  EXPECT_EQ(queue.lane_count(), 0u);
}

TEST(DeadlineQueueTest, MemoryComesBack) {
  DeadlineQueue queue;
  for (int i = 0; i < 200000; ++i) queue.Add(i, i % 20000, 0, 0, 0);
  EXPECT_GT(queue.MemoryBytes(), 200000u * 48);
  while (!queue.empty()) queue.PopFirst();
  // One spare block of entries and one of lanes.
  EXPECT_LT(queue.MemoryBytes(), 16384 * 72 + 100000u);
}

TEST(DeadlineQueueTest, WhatIsAddedForGoodTakesHalfAndComesBack) {
  DeadlineQueue queue;
  for (int i = 0; i < 200000; ++i) queue.AddForGood(i, 0, 0, 0);
  EXPECT_LT(queue.MemoryBytes(), 210000u * 24);
  // One that comes late moves no more than its neighbours.
  queue.AddForGood(1000, 1, 7, 0);
  for (int i = 0; i <= 1000; ++i) queue.PopFirst();
  EXPECT_EQ(queue.PopFirst(), (Deadline{1000, 1, 7, 0}));
  while (!queue.empty()) queue.PopFirst();
  EXPECT_LT(queue.MemoryBytes(), 100000u);
}

TEST(DeadlineQueueTest, ExtremeTimesAreOrdinary) {
  Checked checked;
  for (int64_t time_ns : {INT64_MAX, INT64_MIN, int64_t{0}, INT64_MAX - 1}) {
    for (int64_t lane_ns : {INT64_MAX, INT64_MIN, int64_t{0}}) {
      checked.Add(time_ns, lane_ns, 255);
    }
  }
  checked.Drain();
}

TEST(DeadlineQueueTest, ACopyAnswersAsItsOriginal) {
  std::mt19937_64 random(3);
  DeadlineQueue queue;
  for (int i = 0; i < 1000; ++i) {
    queue.Add(static_cast<int64_t>(random() % 100), i % 13, i % 3, i, 0);
  }
  DeadlineQueue copy = queue;
  for (int i = 0; i < 3000; ++i) {
    if (i % 9 == 1) {
      queue.AddForGood(i, 1, static_cast<uint32_t>(i), 0);
      copy.AddForGood(i, 1, static_cast<uint32_t>(i), 0);
    } else if (i % 3 != 0) {
      const int64_t time_ns = static_cast<int64_t>(random() % 100);
      ASSERT_EQ(queue.Add(time_ns, i % 17, 0, i, 1),
                copy.Add(time_ns, i % 17, 0, i, 1));
    } else {
      ASSERT_EQ(queue.PopFirst(), copy.PopFirst());
    }
  }
  EXPECT_EQ(Encoded(queue), Encoded(copy));
  queue = DeadlineQueue();
  EXPECT_EQ(copy.size(), 2000u + 1000 - 1000 + 0);
  DeadlineQueue moved = std::move(copy);
  EXPECT_EQ(moved.size(), 2000u);
}

TEST(DeadlineQueueTest, EncodesEntriesInOrder) {
  DeadlineQueue queue;
  queue.Add(3, 1, 0, 8, 9);
  queue.Add(1, 2, 4, 5, 6);
  queue.AddForGood(2, 9, 1, 0);
  queue.AddForGood(7, 9, 2, 0);
  const Deadline first{1, 4, 5, 6};
  const Deadline second{2, 9, 1, 0};
  const Deadline third{3, 0, 8, 9};
  const Deadline fourth{7, 9, 2, 0};
  EXPECT_EQ(Encoded(queue),
            Encoded(std::vector<Deadline>{first, second, third, fourth}));
}

}  // namespace
}  // namespace embatch
