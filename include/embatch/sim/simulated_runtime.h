// SPDX-License-Identifier: Apache-2.0
//
// A SimulatedRuntime is a ContainerRuntime on virtual time: nothing runs, but
// every container starts, ends or fails when and as its fate says.
//
//   SimulatedRuntimeOptions options;
//   options.default_fate.run_time = absl::Minutes(5);
//   SimulatedRuntime runtime(options);
//
// A fate is the same for everybody, or a script makes one for each container:
//
//   options.script = [](const ContainerSpec& spec) {
//     ContainerFate fate;
//     fate.exit_code = spec.container.attempt.number == 1 ? 1 : 0;
//     return fate;  // every first attempt fails
//   };
//   options.script = SeededFates(seeded);  // or chance, from a seed
//
// Example:   examples/quickstart/main.cc.
// Time:      the `now` of the latest Poll() is the present in which requests
//            are carried out.
// Threads:   as ContainerRuntime. Copy nothing, share nothing.
// Ownership: as ContainerRuntime.
// Cost:      a container's life takes a few hundred nanoseconds however many
//            run. Memory follows the number that run at once; once that has
//            peaked, nothing is allocated.
#ifndef EMBATCH_SIM_SIMULATED_RUNTIME_H_
#define EMBATCH_SIM_SIMULATED_RUNTIME_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/ids.h"

namespace embatch {

// What becomes of one container. An infinite duration means never.
struct ContainerFate {
  // From the request to Started or StartFailed.
  absl::Duration start_delay = absl::Seconds(1);
  bool start_fails = false;
  // With start_fails: for want of capacity (FARGATE, FARGATE_SPOT).
  bool no_capacity = false;

  // From Started to Exited.
  absl::Duration run_time = absl::Seconds(10);
  int exit_code = 0;
  // Instead of Exited: Interrupted (FARGATE_SPOT).
  bool interrupted = false;

  // Of the container, with Exited or StartFailed; e.g.
  // "CannotPullContainerError: no such image".
  std::string reason;

  // How long it takes to obey a polite signal; then its exit code is 143. With
  // more than the grace allows it is killed at the end of the grace: 137.
  absl::Duration stop_delay = absl::ZeroDuration();
};

// Makes the fate of a container that is to start. Called once for each.
using FateScript = std::function<ContainerFate(const ContainerSpec&)>;

// Fates drawn by chance: each duration evenly between its two bounds, bounds
// included; failures so many in a million.
struct SeededFateOptions {
  uint64_t seed = 0;
  absl::Duration start_delay_min = absl::Seconds(1);
  absl::Duration start_delay_max = absl::Seconds(1);
  absl::Duration run_time_min = absl::Seconds(1);
  absl::Duration run_time_max = absl::Minutes(1);
  int start_failures_per_million = 0;
  int failures_per_million = 0;  // of those that start; exit code 1
};

// The fate of `container`. It depends on the arguments alone, never on what
// was drawn before.
ContainerFate SeededFate(const SeededFateOptions& options,
                         const ContainerId& container);

// SeededFate() as a script.
FateScript SeededFates(const SeededFateOptions& options);

struct SimulatedRuntimeOptions {
  ContainerFate default_fate;
  FateScript script;  // if set, decides instead of `default_fate`

  // A container whose instance is lost is not heard of again; or, with this
  // set, it is reported as Exited with code 137 so long after the loss, when
  // the scheduler has given it up.
  std::optional<absl::Duration> late_report_delay;
};

// What a runtime has done so far.
struct SimulatedRuntimeCounts {
  uint64_t requested = 0;     // containers asked for, repetitions left out
  uint64_t started = 0;       // reported as Started
  uint64_t start_failed = 0;  // reported as StartFailed
  uint64_t exited = 0;        // reported as Exited
  uint64_t lost = 0;          // died with their instance, or in Recovered()
  int64_t held = 0;           // asked for and not over: starting or running
  int64_t running = 0;        // started and not over
  int64_t running_peak = 0;
};

class SimulatedRuntime : public ContainerRuntime {
 public:
  explicit SimulatedRuntime(SimulatedRuntimeOptions options = {});
  ~SimulatedRuntime() override;

  // A container that it knows is not started again. With `after_restart` it
  // reports once more how that container stands; one whose end was reported by
  // the latest Poll() still counts as known.
  void Start(const ContainerSpec& spec) noexcept override;

  // A container that has not started yet ends at once, without an exit code.
  void Stop(ContainerId container, absl::Duration grace) noexcept override;
  void Poll(absl::Time now, int max,
            std::vector<ContainerReport>& out) noexcept override;
  absl::Time NextReportTime() const noexcept override;
  void Recovered() noexcept override;

  // All that runs or starts on an instance dies at time `at`, or now if `at`
  // has passed. SimulatedProvider::Lose() calls this.
  void LoseInstance(absl::string_view compute_environment, InstanceId instance,
                    absl::Time at);

  const SimulatedRuntimeCounts& counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embatch

#endif  // EMBATCH_SIM_SIMULATED_RUNTIME_H_
