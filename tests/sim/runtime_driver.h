// SPDX-License-Identifier: Apache-2.0
//
// Drives a SimulatedRuntime as a scheduler would, in seconds since the
// beginning, and shows its reports as text.
#ifndef EMBATCH_TESTS_SIM_RUNTIME_DRIVER_H_
#define EMBATCH_TESTS_SIM_RUNTIME_DRIVER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/ids.h"
#include "embatch/sim/simulated_runtime.h"

namespace embatch {

inline constexpr absl::Time kBeginning = absl::FromUnixSeconds(1000000);

// The container of job `number`'s first attempt.
ContainerId ContainerOf(uint32_t number);

class RuntimeDriver {
 public:
  explicit RuntimeDriver(SimulatedRuntimeOptions options = {});

  struct StartOptions {
    InstanceId instance = {1};
    std::string compute_environment = "machines";
    bool after_restart = false;
  };
  void Start(uint32_t number) { Start(number, StartOptions()); }
  void Start(uint32_t number, const StartOptions& options);
  void Stop(uint32_t number, absl::Duration grace);

  // The reports as "11s 1 Exited 0 (reason)": time, job, what.
  std::vector<std::string> PollAt(double seconds, int max = 1000);

  // Polls whenever the runtime says so, at most until the time given.
  std::vector<std::string> RunUntil(double seconds);

  // In seconds; -1: never.
  double NextReport() const;

  SimulatedRuntime& runtime() { return runtime_; }
  const SimulatedRuntimeCounts& counts() const { return runtime_.counts(); }

 private:
  SimulatedRuntime runtime_;
};

}  // namespace embatch

#endif  // EMBATCH_TESTS_SIM_RUNTIME_DRIVER_H_
