// SPDX-License-Identifier: Apache-2.0
#include "lib/base/block_memory.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/config.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr size_t kLarge = size_t{64} << 10;

TEST(BlockMemoryTest, BlocksOfAnySizeAreAlignedAndOnesOwn) {
  for (size_t bytes : {size_t{1}, size_t{64}, kLarge - 1, kLarge, 3 * kLarge}) {
    for (size_t alignment : {size_t{1}, size_t{16}, size_t{64}}) {
      void* const one = NewBlock(bytes, alignment);
      void* const other = NewBlock(bytes, alignment);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(one) % alignment, 0u);
      std::memset(one, 1, bytes);
      std::memset(other, 2, bytes);
      EXPECT_EQ(static_cast<char*>(one)[bytes - 1], 1);
      DeleteBlock(one, bytes, alignment);
      EXPECT_EQ(static_cast<char*>(other)[0], 2);
      DeleteBlock(other, bytes, alignment);
    }
  }
  DeleteBlock(nullptr, kLarge, 1);
}

TEST(BlockMemoryTest, MoreThanThereIsThrowsAsNewDoes) {
  constexpr size_t kTooMuch = size_t{1} << 62;
#ifndef ABSL_HAVE_ADDRESS_SANITIZER
  EXPECT_THROW(NewBlock(kTooMuch, 16), std::bad_alloc);
#endif
  EXPECT_THROW(BlockVector<char>().reserve(kTooMuch * 2), std::length_error);
}

#ifndef ABSL_HAVE_ADDRESS_SANITIZER  // with it, all blocks are on its heap
// In KiB, as the system counts what the process has in memory.
int64_t ResidentKib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kib = 0;
  while (status >> word) {
    if (word == "VmRSS:") status >> kib;
  }
  return kib;
}

// A small piece of the heap that comes last keeps nothing back.
TEST(BlockMemoryTest, WhatIsFreedGoesBackWhateverCameLater) {
  const int64_t before = ResidentKib();
  std::vector<BlockVector<char>> blocks(1000);
  std::vector<std::string> late;
  for (BlockVector<char>& block : blocks) {
    block.resize(kLarge);
    late.emplace_back(100, 'x');
  }
  EXPECT_GT(ResidentKib(), before + 60000);
  blocks.clear();
  EXPECT_LT(ResidentKib(), before + 4000);
}
#endif

TEST(SpareBlockTest, TheNextBlockIsTheOneGivenLast) {
  SpareBlock<int> spare;
  EXPECT_EQ(spare.MemoryBytes(), 0u);
  BlockVector<int> block = spare.Take(1000);
  EXPECT_TRUE(block.empty());
  EXPECT_GE(block.capacity(), 1000u);
  block.push_back(7);
  const int* const memory = block.data();
  spare.Give(std::move(block));
  EXPECT_GE(spare.MemoryBytes(), 1000 * sizeof(int));
  const BlockVector<int> again = spare.Take(1000);
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(again.data(), memory);
  EXPECT_EQ(spare.MemoryBytes(), 0u);
}

}  // namespace
}  // namespace embatch
