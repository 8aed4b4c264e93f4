// SPDX-License-Identifier: Apache-2.0
//
// Fates that containers carry in their own environment, so that whoever submits
// a job, through whatever interface, says what becomes of it:
//
//   EMBATCH_SIM_SECONDS       how long it runs, e.g. 0.5; inf: for ever
//   EMBATCH_SIM_EXIT          its exit code, 0 to 255
//   EMBATCH_SIM_REASON        the container's reason
//   EMBATCH_SIM_STOP_SECONDS  how long it takes to obey a polite signal
//
// Each may be a list with commas, a value for each attempt; the last one holds
// for all attempts after it. An empty value is as none. With an index behind
// its name, EMBATCH_SIM_EXIT_7, a variable is for that child of an array, or
// that node of a multi-node job, and comes before the one without.
//
//   SimulatedRuntimeOptions options;
//   options.script = EnvironmentFates(options.default_fate);
//
// Threads: plain functions.
// Errors:  a container whose variables make no sense does not start: its reason
//          names variable and value.
#ifndef EMBATCH_SIM_ENVIRONMENT_FATES_H_
#define EMBATCH_SIM_ENVIRONMENT_FATES_H_

#include "embatch/container_runtime.h"
#include "embatch/sim/simulated_runtime.h"

namespace embatch {

// The fate that `spec` carries; what it says nothing of is that of `otherwise`.
ContainerFate EnvironmentFate(const ContainerSpec& spec,
                              const ContainerFate& otherwise);

// EnvironmentFate() as a script.
FateScript EnvironmentFates(const ContainerFate& otherwise);

}  // namespace embatch

#endif  // EMBATCH_SIM_ENVIRONMENT_FATES_H_
