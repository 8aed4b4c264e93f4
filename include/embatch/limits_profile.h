// SPDX-License-Identifier: Apache-2.0
#ifndef EMBATCH_LIMITS_PROFILE_H_
#define EMBATCH_LIMITS_PROFILE_H_

#include <cstdint>

namespace embatch {

// Which numbers bound what a caller may ask for.
// Source: API model and guide "Service quotas", gathered in
// lib/model/limits.h.
enum class LimitsProfile : uint8_t {
  // AWS's own: arrays of up to 10,000 children, 20 dependencies, 10 attempts.
  kAws,
  // As much as the library can hold: 2^27 children, 2^24 dependencies, 65,535
  // attempts, 1 MiB a request beside its dependencies. Rules of form (names,
  // patterns) stay.
  kUnlimited,
};

constexpr bool IsValidEnum(LimitsProfile value) {
  return value <= LimitsProfile::kUnlimited;
}

}  // namespace embatch

#endif  // EMBATCH_LIMITS_PROFILE_H_
