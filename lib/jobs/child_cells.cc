// SPDX-License-Identifier: Apache-2.0
#include "lib/jobs/child_cells.h"

namespace embatch {
namespace {

// Where the parts of an outcome stand in 128 bits. From below: when the child
// started, counted from its array's submission, and how long it ran, both in
// units; its exit code, the instance, and on top which of the two layouts it
// is.
template <int64_t kUnitNs, int kStartBits, int kRunBits, int kInstanceBits>
struct Layout {
  static constexpr int kExitBits = 8;
  static constexpr int kLowRunBits = 64 - kStartBits;
  static constexpr int kHighRunBits = kRunBits - kLowRunBits;
  static_assert(kHighRunBits + kExitBits + kInstanceBits == 63);

  static bool FitsTime(int64_t nanos, int bits) {
    return nanos >= 0 && nanos % kUnitNs == 0 && (nanos / kUnitNs) >> bits == 0;
  }
  static bool Pack(const ChildOutcome& outcome, int64_t start_ns,
                   int64_t run_ns, uint64_t* low, uint64_t* high) {
    if (!FitsTime(start_ns, kStartBits) || !FitsTime(run_ns, kRunBits) ||
        outcome.instance_number >> kInstanceBits != 0) {
      return false;
    }
    const uint64_t run = static_cast<uint64_t>(run_ns / kUnitNs);
    *low = static_cast<uint64_t>(start_ns / kUnitNs) | run << kStartBits;
    *high = run >> kLowRunBits |
            static_cast<uint64_t>(outcome.exit_code) << kHighRunBits |
            outcome.instance_number << (kHighRunBits + kExitBits);
    return true;
  }
  static ChildOutcome Unpack(uint64_t low, uint64_t high, int64_t created_ns) {
    const uint64_t start = low & ((uint64_t{1} << kStartBits) - 1);
    const uint64_t run =
        low >> kStartBits | (high & ((uint64_t{1} << kHighRunBits) - 1))
                                << kLowRunBits;
    ChildOutcome outcome;
    outcome.started_ns = created_ns + static_cast<int64_t>(start) * kUnitNs;
    outcome.stopped_ns =
        outcome.started_ns + static_cast<int64_t>(run) * kUnitNs;
    outcome.exit_code = static_cast<int32_t>((high >> kHighRunBits) & 0xff);
    outcome.instance_number = high >> (kHighRunBits + kExitBits);
    return outcome;
  }
};

// A start within 104 days, and a run of up to 9 hours, to the nanosecond; or
// both up to 203 days, in whole microseconds.
using Fine = Layout<1, 53, 45, 21>;
using Coarse = Layout<1000, 44, 44, 31>;
constexpr uint64_t kIsCoarse = uint64_t{1} << 63;

}  // namespace

std::optional<ChildCell> ChildCell::Pack(const ChildOutcome& outcome,
                                         int64_t created_ns) {
  if (outcome.exit_code < 0 || outcome.exit_code > 0xff) return std::nullopt;
  const int64_t start_ns = outcome.started_ns - created_ns;
  const int64_t run_ns = outcome.stopped_ns - outcome.started_ns;
  ChildCell cell;
  if (Fine::Pack(outcome, start_ns, run_ns, &cell.low_, &cell.high_)) {
    return cell;
  }
  if (Coarse::Pack(outcome, start_ns, run_ns, &cell.low_, &cell.high_)) {
    cell.high_ |= kIsCoarse;
    return cell;
  }
  return std::nullopt;
}

ChildOutcome ChildCell::Unpack(int64_t created_ns) const {
  return (high_ & kIsCoarse) == 0
             ? Fine::Unpack(low_, high_, created_ns)
             : Coarse::Unpack(low_, high_ & ~kIsCoarse, created_ns);
}

}  // namespace embatch
