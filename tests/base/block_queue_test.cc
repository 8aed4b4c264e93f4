// SPDX-License-Identifier: Apache-2.0
#include "lib/base/block_queue.h"

#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "lib/base/encoding.h"

namespace embatch {
namespace {

// Values that fill a block of 64 KiB soon.
struct Wide {
  uint64_t number = 0;
  char rest[504] = {};

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.number);
  }
};

TEST(BlockQueueTest, AgreesWithADeque) {
  std::mt19937_64 random(1);
  BlockQueue<Wide> queue;
  std::deque<Wide> model;
  uint64_t next = 0;
  for (int step = 0; step < 20000; ++step) {
    // Grows for a while, then shrinks, and so on.
    const bool grow = (step / 2000) % 2 == 0;
    if (model.empty() || random() % 4 < (grow ? 3u : 1u)) {
      Wide wide;
      wide.number = next++;
      queue.push_back(wide);
      model.push_back(wide);
    } else {
      queue.pop_front();
      model.pop_front();
    }
    if (step % 500 == 0) queue = BlockQueue<Wide>(queue);  // as good
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_EQ(queue.empty(), model.empty());
    if (model.empty()) continue;
    ASSERT_EQ(queue.front().number, model.front().number);
    const size_t any = random() % model.size();
    ASSERT_EQ(queue[any].number, model[any].number);
  }
}

TEST(BlockQueueTest, IsWrittenAsAVector) {
  BlockQueue<uint32_t> queue;
  for (uint32_t i = 0; i < 20000; ++i) queue.push_back(i);
  for (int i = 0; i < 19000; ++i) queue.pop_front();
  std::vector<uint32_t> same;
  for (uint32_t i = 19000; i < 20000; ++i) same.push_back(i);
  EXPECT_EQ(Encoded(queue), Encoded(same));
}

TEST(BlockQueueTest, TheFirstStaysInItsPlaceWhileOthersCome) {
  BlockQueue<uint32_t> original;
  original.push_back(7);
  BlockQueue<uint32_t> copy = original;
  const uint32_t* const first = &copy.front();
  for (uint32_t i = 0; i < 100000; ++i) copy.push_back(i);
  EXPECT_EQ(&copy.front(), first);
  EXPECT_EQ(*first, 7u);
}

TEST(BlockQueueTest, AnEmptiedQueueKeepsOneBlock) {
  BlockQueue<uint32_t> queue;
  EXPECT_EQ(queue.MemoryBytes(), 0u);
  for (uint32_t i = 0; i < 100000; ++i) queue.push_back(i);
  EXPECT_GE(queue.MemoryBytes(), 400000u);
  for (uint32_t i = 0; i < 100000; ++i) queue.pop_front();
  EXPECT_EQ(queue.MemoryBytes(), 65536u);
}

}  // namespace
}  // namespace embatch
