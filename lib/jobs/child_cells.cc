// SPDX-License-Identifier: Apache-2.0
#include "lib/jobs/child_cells.h"

namespace embatch {
namespace {

constexpr int64_t kMicrosecond = 1000;
// low_: start in 44 bits of microseconds, then the lower 20 bits of the run
// time; high_: its upper 24 bits, 8 bits of exit code, 32 bits of instance.
constexpr int kTimeBits = 44;
constexpr int kLowRunBits = 64 - kTimeBits;
constexpr int kHighRunBits = kTimeBits - kLowRunBits;
constexpr int kExitBits = 8;

bool FitsTime(int64_t nanos) {
  return nanos >= 0 && nanos % kMicrosecond == 0 &&
         (nanos / kMicrosecond) >> kTimeBits == 0;
}

}  // namespace

std::optional<ChildCell> ChildCell::Pack(const ChildOutcome& outcome,
                                         int64_t created_ns) {
  const int64_t start = outcome.started_ns - created_ns;
  const int64_t run = outcome.stopped_ns - outcome.started_ns;
  if (!FitsTime(start) || !FitsTime(run) || outcome.exit_code < 0 ||
      outcome.exit_code >> kExitBits != 0 ||
      outcome.instance_number >> 32 != 0) {
    return std::nullopt;
  }
  const uint64_t run_us = static_cast<uint64_t>(run / kMicrosecond);
  ChildCell cell;
  cell.low_ = static_cast<uint64_t>(start / kMicrosecond) | run_us << kTimeBits;
  cell.high_ = run_us >> kLowRunBits |
               static_cast<uint64_t>(outcome.exit_code) << kHighRunBits |
               outcome.instance_number << (kHighRunBits + kExitBits);
  return cell;
}

ChildOutcome ChildCell::Unpack(int64_t created_ns) const {
  const uint64_t start = low_ & ((uint64_t{1} << kTimeBits) - 1);
  const uint64_t run =
      low_ >> kTimeBits | (high_ & ((uint64_t{1} << kHighRunBits) - 1))
                              << kLowRunBits;
  ChildOutcome outcome;
  outcome.started_ns = created_ns + static_cast<int64_t>(start) * kMicrosecond;
  outcome.stopped_ns =
      outcome.started_ns + static_cast<int64_t>(run) * kMicrosecond;
  outcome.exit_code = static_cast<int32_t>((high_ >> kHighRunBits) & 0xff);
  outcome.instance_number = high_ >> (kHighRunBits + kExitBits);
  return outcome;
}

}  // namespace embatch
