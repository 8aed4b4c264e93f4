// SPDX-License-Identifier: Apache-2.0
//
// What an environment can do for a requirement, now and later.
#ifndef EMBATCH_CAPACITY_WHY_NOT_H_
#define EMBATCH_CAPACITY_WHY_NOT_H_

#include <cstdint>

#include "embatch/resources.h"
#include "lib/capacity/fleet.h"

namespace embatch {

// Why a job does not start in an environment.
enum class WhyNot : uint8_t {
  kMayLater,       // it could: room must come free, or instances boot
  kUnknown,        // nobody has said yet what there is
  kNoCapacity,     // the provider has none of the types that fit
  kMisconfigured,  // it can't launch them as configured
  kNotPermitted,   // it may not launch them
  kMaxVcpus,       // maxvCpus is less than the job needs (D47)
  kNothingFits,    // no type, or no instance, is large enough
  kDisabled,
  kInvalid,
};
inline constexpr int kWhyNotCount = static_cast<int>(WhyNot::kInvalid) + 1;

// Source: §13.5, column "when". D48, D52.
WhyNot WhyNotIn(const Fleet& fleet, uint32_t environment,
                const Requirement& need, int64_t now_ns);

// Whether the environment can still grow to serve such a job: an instance that
// boots could hold it, or one more may be launched.
// Source: §13.3. Choice: D24, D48.
bool CanGrowFor(const Fleet& fleet, uint32_t environment,
                const Requirement& need, int64_t now_ns);

// Whether an environment that can still grow for such a job is worth waiting
// for where a later one has room now: it is not, if a launch of the type that
// it would choose has failed and none of that type has become ready since, and
// no instance of another type boots that could hold the job.
// Choice: beyond D22. Otherwise a job might wait for ever: the first
// environment is asked once more just when a machine of the second is ready, so
// that nobody wants that machine and it is let go; then the first has none
// again, and the second launches another one.
bool IsWorthWaitingFor(const Fleet& fleet, uint32_t environment,
                       const Requirement& need, int64_t now_ns);

// Whether scale-in can ever take an instance away, so that another kind may be
// launched: one that boots, or whose loss is announced, counts as going.
bool CanShrink(const EnvironmentRecord& environment);

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_WHY_NOT_H_
