// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/jobs/child_cells.h.
#include "lib/jobs/child_cells.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "lib/base/encoding.h"

namespace embatch {
namespace {

constexpr int64_t kMicrosecond = 1000;
constexpr int64_t kLongest = (int64_t{1} << 44) - 1;  // microseconds
// To the nanosecond.
constexpr int64_t kLatestFineStart = (int64_t{1} << 53) - 1;
constexpr int64_t kLongestFineRun = (int64_t{1} << 45) - 1;
constexpr uint64_t kLastFineInstance = (uint64_t{1} << 21) - 1;

// Whether the outcome fits and comes back as it was.
bool RoundTrips(const ChildOutcome& outcome, int64_t created_ns) {
  const std::optional<ChildCell> cell = ChildCell::Pack(outcome, created_ns);
  if (!cell.has_value()) return false;
  const ChildOutcome back = cell->Unpack(created_ns);
  EXPECT_EQ(back.started_ns, outcome.started_ns);
  EXPECT_EQ(back.stopped_ns, outcome.stopped_ns);
  EXPECT_EQ(back.instance_number, outcome.instance_number);
  EXPECT_EQ(back.exit_code, outcome.exit_code);
  return true;
}

TEST(ChildCellTest, IsSixteenBytes) {
  EXPECT_EQ(sizeof(ChildCell), 16u);
  EXPECT_EQ(sizeof(ChildState), 1u);
}

TEST(ChildCellTest, KeepsAllThatFits) {
  const int64_t microseconds[] = {0,       1,       (1 << 20) - 1,
                                  1 << 20, 1 << 24, kLongest};
  for (int64_t created_ns :
       {int64_t{0}, int64_t{-123456789}, int64_t{1800000000000000001}}) {
    for (int64_t start : microseconds) {
      for (int64_t run : microseconds) {
        for (int32_t exit_code : {0, 1, 137, 255}) {
          for (uint64_t instance :
               {uint64_t{0}, uint64_t{1}, (uint64_t{1} << 31) - 1}) {
            const int64_t started_ns = created_ns + start * kMicrosecond;
            ASSERT_TRUE(RoundTrips({started_ns, started_ns + run * kMicrosecond,
                                    instance, exit_code},
                                   created_ns));
          }
        }
      }
    }
  }
}

TEST(ChildCellTest, KeepsRandomOutcomes) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    const int64_t created_ns = static_cast<int64_t>(random() >> 3);
    const int64_t start = static_cast<int64_t>(random() & kLongest);
    const int64_t run = static_cast<int64_t>(random() & kLongest);
    const int64_t started_ns = created_ns + start * kMicrosecond;
    ASSERT_TRUE(
        RoundTrips({started_ns, started_ns + run * kMicrosecond, random() >> 33,
                    static_cast<int32_t>(random() % 256)},
                   created_ns));
  }
}

TEST(ChildCellTest, KeepsNanoseconds) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    const int64_t created_ns = static_cast<int64_t>(random() >> 3);
    const int64_t started_ns =
        created_ns + static_cast<int64_t>(random() & kLatestFineStart);
    const int64_t run_ns = static_cast<int64_t>(random() & kLongestFineRun);
    ASSERT_TRUE(RoundTrips(
        {started_ns, started_ns + run_ns, random() & kLastFineInstance,
         static_cast<int32_t>(random() % 256)},
        created_ns));
  }
}

TEST(ChildCellTest, RefusesWhatDoesNotFit) {
  constexpr int64_t kCreated = 5000;
  const int64_t too_long = (kLongest + 1) * kMicrosecond;
  const int64_t fits = kLongest * kMicrosecond;
  const struct {
    const char* name;
    ChildOutcome outcome;
    bool want;
  } kCases[] = {
      {"the start fits", {kCreated + fits, kCreated + fits, 1, 0}, true},
      {"the start is late",
       {kCreated + too_long, kCreated + too_long, 1, 0},
       false},
      {"the run fits", {kCreated, kCreated + fits, 1, 0}, true},
      {"the run is long", {kCreated, kCreated + too_long, 1, 0}, false},
      {"started before created", {kCreated - 1000, kCreated, 1, 0}, false},
      {"stopped before started",
       {kCreated + 2000, kCreated + 1000, 1, 0},
       false},
      {"part of a microsecond", {kCreated + 1, kCreated + 1001, 1, 0}, true},
      {"run of part of one", {kCreated, kCreated + 1, 1, 0}, true},
      {"the fine start fits",
       {kCreated + kLatestFineStart, kCreated + kLatestFineStart + 1, 1, 0},
       true},
      {"the fine start is late",
       {kCreated + kLatestFineStart + 2, kCreated + kLatestFineStart + 3, 1, 0},
       false},
      {"the fine run fits", {kCreated, kCreated + kLongestFineRun, 1, 0}, true},
      {"the fine run is long",
       {kCreated, kCreated + kLongestFineRun + 2, 1, 0},
       false},
      {"the last fine instance",
       {kCreated, kCreated + 1, kLastFineInstance, 0},
       true},
      {"behind the last fine instance",
       {kCreated, kCreated + 1, kLastFineInstance + 1, 0},
       false},
      {"negative exit code", {kCreated, kCreated, 1, -1}, false},
      {"large exit code", {kCreated, kCreated, 1, 256}, false},
      {"largest exit code",
       {kCreated, kCreated, 1, std::numeric_limits<int32_t>::max()},
       false},
      {"least exit code",
       {kCreated, kCreated, 1, std::numeric_limits<int32_t>::min()},
       false},
      {"large instance", {kCreated, kCreated, uint64_t{1} << 31, 0}, false},
      {"joined instance",
       {kCreated, kCreated, InstanceId::Joined(1).number, 0},
       false},
  };
  for (const auto& [name, outcome, want] : kCases) {
    EXPECT_EQ(RoundTrips(outcome, kCreated), want) << name;
  }
}

TEST(ChildCellTest, KeepsAnIndex) {
  for (uint32_t index : {0u, 1u, 65535u, kNoIndex - 1, kNoIndex}) {
    EXPECT_EQ(ChildCell::Index(index).index(), index);
  }
}

TEST(ChildStateTest, IsBornPending) {
  const ChildState state;
  EXPECT_EQ(state.status(), JobStatus::kPending);
  EXPECT_EQ(state.cell(), CellKind::kNone);
  EXPECT_EQ(state.bulk_reason(), BulkReason::kNone);
  EXPECT_EQ(state.retry_class(), kFirstClass);
}

// From every byte, each setter changes its own part and nothing else.
TEST(ChildStateTest, PartsDoNotDisturbEachOther) {
  for (int bits = 0; bits < 256; ++bits) {
    const ChildState before{static_cast<uint8_t>(bits)};
    for (int i = 0; i < kJobStatusCount; ++i) {
      ChildState state = before;
      state.set_status(static_cast<JobStatus>(i));
      EXPECT_EQ(state.status(), static_cast<JobStatus>(i));
      EXPECT_EQ(state.cell(), before.cell());
      EXPECT_EQ(state.bulk_reason(), before.bulk_reason());
      EXPECT_EQ(state.retry_class(), before.retry_class());
    }
    for (CellKind kind : {CellKind::kNone, CellKind::kLive, CellKind::kOutcome,
                          CellKind::kDetails}) {
      ChildState state = before;
      state.set_cell(kind);
      EXPECT_EQ(state.cell(), kind);
      EXPECT_EQ(state.status(), before.status());
      EXPECT_EQ(state.bulk_reason(), before.bulk_reason());
      EXPECT_EQ(state.retry_class(), before.retry_class());
    }
    for (BulkReason reason : {BulkReason::kNone, BulkReason::kDependencyFailed,
                              BulkReason::kEndedByCaller}) {
      ChildState state = before;
      state.set_bulk_reason(reason);
      EXPECT_EQ(state.bulk_reason(), reason);
      EXPECT_EQ(state.status(), before.status());
      EXPECT_EQ(state.cell(), before.cell());
      EXPECT_EQ(state.retry_class(), before.retry_class());
    }
    ChildState state = before;
    state.set_retried();
    EXPECT_EQ(state.retry_class(), kRetriedClass);
    EXPECT_EQ(state.status(), before.status());
    EXPECT_EQ(state.cell(), before.cell());
    EXPECT_EQ(state.bulk_reason(), before.bulk_reason());
  }
}

// Small blocks of bytes whose default is not zero.
using Blocks = LazyBlocks<ChildState, 2>;

ChildState State(int bits) { return {static_cast<uint8_t>(bits)}; }

TEST(LazyBlocksTest, AgreesWithAVector) {
  for (int64_t size : {0, 1, 3, 4, 5, 8, 23}) {
    std::mt19937_64 random(static_cast<uint64_t>(size));
    Blocks blocks(size);
    std::vector<ChildState> want(static_cast<size_t>(size));
    EXPECT_EQ(blocks.size(), size);
    for (int step = 0; step < 40 && size > 0; ++step) {
      const int64_t i = static_cast<int64_t>(random() % size);
      const ChildState value = State(static_cast<int>(random() % 4));
      blocks.Mutable(i) = want[i] = value;
      if (random() % 8 == 0) blocks = Blocks(blocks);  // a copy is as good
      for (int64_t j = 0; j < size; ++j) {
        ASSERT_EQ(blocks.Get(j).bits, want[j].bits) << j;
      }
    }
  }
}

TEST(LazyBlocksTest, ACopyGoesItsOwnWay) {
  Blocks blocks(10);
  blocks.Mutable(3) = State(7);
  const Blocks copy = blocks;
  blocks.Mutable(3) = State(9);
  blocks.Mutable(8) = State(9);
  EXPECT_EQ(copy.Get(3).bits, 7);
  EXPECT_EQ(copy.Get(8), ChildState());
}

TEST(LazyBlocksTest, KnowsWhichBlocksWereNeverWritten) {
  Blocks blocks(10);
  blocks.Mutable(5);
  int64_t end = 0;
  EXPECT_TRUE(blocks.IsUntouchedBlock(2, &end));
  EXPECT_EQ(end, 4);
  EXPECT_FALSE(blocks.IsUntouchedBlock(4, &end));
  EXPECT_TRUE(blocks.IsUntouchedBlock(9, &end));
  EXPECT_EQ(end, 10);  // the last block is a short one
}

// All runs in all short sequences of three values, of which one is the default.
TEST(LazyBlocksTest, FillsAndFindsRunsAsAVectorWould) {
  constexpr int64_t kSize = 10;  // three blocks, the last a short one
  std::mt19937_64 random(1);
  Blocks blocks(kSize);
  std::vector<ChildState> want(kSize);
  for (int step = 0; step < 2000; ++step) {
    const int64_t from = static_cast<int64_t>(random() % kSize);
    const int64_t to = from + static_cast<int64_t>(random() % (kSize - from));
    const ChildState value = random() % 3 == 0
                                 ? ChildState()
                                 : State(static_cast<int>(random() % 2));
    blocks.Fill(from, to, value);
    std::fill(want.begin() + from, want.begin() + to, value);
    const int64_t dropped = static_cast<int64_t>(random() % kSize);
    if (step % 5 == 0) {
      blocks.DropBlock(dropped);
      std::fill(want.begin() + dropped / 4 * 4,
                want.begin() + blocks.EndOfBlock(dropped), ChildState());
    }
    for (int64_t first = 0; first < kSize; ++first) {
      int64_t end = first;
      while (end < kSize && want[end] == want[first]) ++end;
      for (int64_t last = first + 1; last <= kSize; ++last) {
        ASSERT_EQ(blocks.EndOfRun(first, last), std::min(end, last)) << step;
      }
    }
  }
}

TEST(LazyBlocksTest, EqualValuesHaveEqualBytes) {
  Blocks untouched(10);
  Blocks touched(10);
  touched.Mutable(5);
  touched.Mutable(0) = State(3);
  EXPECT_NE(Encoded(touched), Encoded(untouched));
  untouched.Mutable(0) = State(3);
  EXPECT_EQ(Encoded(touched), Encoded(untouched));
  untouched.Mutable(9) = State(3);
  EXPECT_NE(Encoded(touched), Encoded(untouched));
}

}  // namespace
}  // namespace embatch
