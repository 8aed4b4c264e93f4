// SPDX-License-Identifier: Apache-2.0
//
// Fates drawn by chance from a seed and a container's id.
#include <cstdint>

#include "absl/time/time.h"
#include "embatch/sim/simulated_runtime.h"
#include "lib/sim/mix.h"

namespace embatch {
namespace {

uint64_t ChanceOf(uint64_t seed, const ContainerId& container) {
  const AttemptId& attempt = container.attempt;
  const uint64_t job =
      (uint64_t{attempt.job.generation} << 32) | attempt.job.slot;
  const uint64_t rest =
      (uint64_t{static_cast<uint32_t>(attempt.job.child)} << 32) |
      (uint64_t{attempt.number} << 16) | container.container;
  return Mix(Mix(seed, job), rest);
}

absl::Duration Between(absl::Duration min, absl::Duration max,
                       uint64_t chance) {
  if (max <= min) return min;
  const int64_t steps = absl::ToInt64Nanoseconds(max - min);
  return min + absl::Nanoseconds(static_cast<int64_t>(
                   Below(static_cast<uint64_t>(steps) + 1, chance)));
}

}  // namespace

ContainerFate SeededFate(const SeededFateOptions& options,
                         const ContainerId& container) {
  // Each draw has a chance of its own, so that none follows from another.
  const uint64_t chance = ChanceOf(options.seed, container);
  ContainerFate fate;
  fate.start_delay =
      Between(options.start_delay_min, options.start_delay_max, Mix(chance, 1));
  fate.run_time =
      Between(options.run_time_min, options.run_time_max, Mix(chance, 2));
  fate.start_fails =
      HappensInAMillion(options.start_failures_per_million, Mix(chance, 3));
  if (fate.start_fails) {
    fate.reason = "CannotStartContainerError: drawn by chance";
  } else if (HappensInAMillion(options.failures_per_million, Mix(chance, 4))) {
    fate.exit_code = 1;
  }
  return fate;
}

FateScript SeededFates(const SeededFateOptions& options) {
  return [options](const ContainerSpec& spec) {
    return SeededFate(options, spec.container);
  };
}

}  // namespace embatch
