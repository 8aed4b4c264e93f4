// SPDX-License-Identifier: Apache-2.0
//
// Checks of capacities that are counted in units of their own.
#ifndef EMBATCH_MODEL_CAPACITY_LIMITS_H_
#define EMBATCH_MODEL_CAPACITY_LIMITS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "embatch/capacity_limit.h"

namespace embatch {

// 1 to 5 entries, each unit once.
// Source: API QuotaShareCapacityLimits, CapacityLimits; §15.2, §19.
absl::Status CheckCapacityLimits(absl::Span<const CapacityLimit> limits);

// 1 to 128 characters.
absl::Status CheckCapacityUnit(absl::string_view member,
                               absl::string_view unit);

}  // namespace embatch

#endif  // EMBATCH_MODEL_CAPACITY_LIMITS_H_
