// SPDX-License-Identifier: Apache-2.0
//
// The life of service environments: commands, and what can be read of them.
// Source: §19; §2.3 (states).
#ifndef EMBATCH_SCHEDULER_SERVICE_ENVIRONMENTS_H_
#define EMBATCH_SCHEDULER_SERVICE_ENVIRONMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/input.h"
#include "embatch/service_environment.h"
#include "lib/scheduler/state.h"

namespace embatch {

absl::Status Apply(State& state,
                   const CreateServiceEnvironmentCommand& command);
absl::Status Apply(State& state,
                   const UpdateServiceEnvironmentRequest& request);
absl::Status Apply(State& state,
                   const DeleteServiceEnvironmentCommand& command);

// Phase 1: each moves one step in its life.
void ConfigureServiceEnvironments(State& state);
// Whether nothing but a command can make another step of them due.
bool AreServiceEnvironmentsSettled(const State& state);
// Whether the last job of one that is DELETING has ended.
bool IsServiceStepDue(const State& state);

std::optional<uint32_t> FindServiceEnvironment(const State& state,
                                               absl::string_view name);

absl::StatusOr<ServiceEnvironmentView> ReadServiceEnvironment(
    const State& state, absl::string_view name);
std::vector<std::string> ReadServiceEnvironmentNames(const State& state);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_SERVICE_ENVIRONMENTS_H_
