// SPDX-License-Identifier: Apache-2.0
//
// The children of one array: a byte each, and 16 bytes more for those that
// have begun to run. Both are laid in blocks that appear when they are needed.
#ifndef EMBATCH_JOBS_CHILD_CELLS_H_
#define EMBATCH_JOBS_CHILD_CELLS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <vector>

#include "embatch/job.h"
#include "lib/base/block_memory.h"
#include "lib/base/encoding.h"
#include "lib/base/fetch.h"
#include "lib/jobs/records.h"

namespace embatch {

// A vector of values that are all T{} at first: a block of them takes memory
// once one of its values is written.
template <typename T, int kBlockBits>
class LazyBlocks {
 public:
  static constexpr int64_t kBlockSize = int64_t{1} << kBlockBits;

  LazyBlocks() = default;
  explicit LazyBlocks(int64_t size)
      : size_(size), blocks_((size + kBlockSize - 1) >> kBlockBits) {}

  int64_t size() const { return size_; }

  T Get(int64_t index) const {
    const Block& block = BlockOf(index);
    return block.empty() ? T{} : block[index & (kBlockSize - 1)];
  }

  T& Mutable(int64_t index) {
    Block& block = blocks_[index >> kBlockBits];
    if (block.empty()) block.resize(EndOfBlock(index) - BeginOfBlock(index));
    return block[index & (kBlockSize - 1)];
  }

  // Has a value in the caches soon.
  void Fetch(int64_t index) const {
    const Block& block = BlockOf(index);
    if (!block.empty()) FetchLine(block.data() + (index & (kBlockSize - 1)));
  }

  void Fill(int64_t first, int64_t last, T value) {
    while (first < last) {
      const int64_t end = std::min(last, EndOfBlock(first));
      T* run = &Mutable(first);
      std::fill(run, run + (end - first), value);
      first = end;
    }
  }

  // The end of the run of values like the first in [first, last).
  int64_t EndOfRun(int64_t first, int64_t last) const {
    const T like = Get(first);
    while (first < last) {
      const int64_t end = std::min(last, EndOfBlock(first));
      const int64_t same = SameInBlock(first, end, like);
      if (same < end - first) return first + same;
      first = end;
    }
    return last;
  }

  // The index behind the block that `index` lies in.
  int64_t EndOfBlock(int64_t index) const {
    return std::min(size_, ((index >> kBlockBits) + 1) << kBlockBits);
  }

  // The values of the block that `index` lies in are T{} again.
  void DropBlock(int64_t index) { blocks_[index >> kBlockBits] = Block(); }

  // Whether `index` lies in a block that was never written. If so, `*end` is
  // the index behind that block.
  bool IsUntouchedBlock(int64_t index, int64_t* end) const {
    if (!BlockOf(index).empty()) return false;
    *end = EndOfBlock(index);
    return true;
  }

  void Encode(Encoder& encoder) const {
    for (int64_t i = 0; i < size_; ++i) {
      int64_t end = 0;
      if (IsUntouchedBlock(i, &end)) {
        i = end - 1;
        continue;
      }
      if (Get(i) == T{}) continue;
      encoder.Encode(i);
      encoder.Encode(Get(i));
    }
    encoder.Encode(int64_t{-1});
  }

 private:
  static_assert(std::has_unique_object_representations_v<T>,
                "runs of them are compared as bytes");

  // Empty, or with all its values.
  using Block = BlockVector<T>;

  const Block& BlockOf(int64_t index) const {
    return blocks_[index >> kBlockBits];
  }
  static int64_t BeginOfBlock(int64_t index) {
    return index & ~(kBlockSize - 1);
  }

  // How many of [first, end), which is in one block, are like `like` before one
  // is not. Most runs are of a whole block, which compares as bytes, shifted by
  // one value, many times faster than one by one.
  int64_t SameInBlock(int64_t first, int64_t end, const T& like) const {
    const Block& block = BlockOf(first);
    if (block.empty()) return like == T{} ? end - first : 0;
    const T* run = block.data() + (first & (kBlockSize - 1));
    const size_t length = static_cast<size_t>(end - first);
    if (*run == like &&
        std::memcmp(run, run + 1, (length - 1) * sizeof(T)) == 0) {
      return end - first;
    }
    return std::find_if(run, run + length,
                        [&like](const T& value) { return value != like; }) -
           run;
  }

  int64_t size_ = 0;
  std::vector<Block> blocks_;
};

// What a child's 16 bytes hold.
enum class CellKind : uint8_t {
  kNone,     // the child never ran
  kLive,     // a LiveAttempt
  kOutcome,  // it ended in its first attempt, in the ordinary way
  kDetails,  // a JobDetails
};

// Why a child that never ran is FAILED.
enum class BulkReason : uint8_t {
  kNone,
  kDependencyFailed,
  kEndedByCaller,
  kQueueDeleted,
};
inline constexpr int kBulkReasonCount =
    static_cast<int>(BulkReason::kQueueDeleted) + 1;

// One byte: status in bits 0-2, CellKind in 3-4, BulkReason in 5-6, and
// whether it stands in the class of retried jobs in 7. The child of an array
// is born PENDING. Source: API JobDetail.createdAt; §8.3.
struct ChildState {
  uint8_t bits = static_cast<uint8_t>(JobStatus::kPending);

  JobStatus status() const { return static_cast<JobStatus>(bits & 7); }
  CellKind cell() const { return static_cast<CellKind>((bits >> 3) & 3); }
  BulkReason bulk_reason() const {
    return static_cast<BulkReason>((bits >> 5) & 3);
  }
  int retry_class() const {
    return (bits & 0x80) != 0 ? kRetriedClass : kFirstClass;
  }
  void set_status(JobStatus status) {
    bits = static_cast<uint8_t>((bits & ~7) | static_cast<int>(status));
  }
  void set_cell(CellKind cell) {
    bits = static_cast<uint8_t>((bits & ~0x18) | static_cast<int>(cell) << 3);
  }
  void set_bulk_reason(BulkReason reason) {
    bits = static_cast<uint8_t>((bits & ~0x60) | static_cast<int>(reason) << 5);
  }
  void set_retried() { bits |= 0x80; }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.bits);
  }
};

// How an ordinary child ended: in its first attempt, by an exit of its
// container without a reason.
struct ChildOutcome {
  int64_t started_ns = 0;
  int64_t stopped_ns = 0;
  uint64_t instance_number = 0;
  int32_t exit_code = 0;
};

// 16 bytes: the index of a LiveAttempt or of a JobDetails, or an outcome.
class ChildCell {
 public:
  static ChildCell Index(uint32_t index) {
    ChildCell cell;
    cell.low_ = index;
    return cell;
  }
  uint32_t index() const { return static_cast<uint32_t>(low_); }

  // Nothing if the outcome does not fit: times more than 200 days apart, more
  // than 9 hours of running that are no whole microseconds, large numbers.
  static std::optional<ChildCell> Pack(const ChildOutcome& outcome,
                                       int64_t created_ns);
  ChildOutcome Unpack(int64_t created_ns) const;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.low_, self.high_);
  }

 private:
  uint64_t low_ = 0;
  uint64_t high_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_JOBS_CHILD_CELLS_H_
