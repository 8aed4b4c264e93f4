// SPDX-License-Identifier: Apache-2.0
//
// A Simulation is a clock that jumps: it calls a scheduler at every moment at
// which something is due, and at no other.
//
//   SimulatedRuntime runtime;
//   SimulatedProviderOptions provider_options;
//   provider_options.runtime = &runtime;
//   SimulatedProvider provider(provider_options);
//   Simulation simulation;
//   simulation.WaitFor(runtime);
//
//   Scheduler scheduler;
//   // ... create an environment, attach the plug-ins, create a queue, submit,
//   // each at simulation.now(), with simulation.Settle(scheduler) in between
//   absl::Status status = simulation.RunUntilIdle(
//       scheduler, [](const Event& event) { std::cout << event << "\n"; });
//
// Example:   examples/quickstart/main.cc.
// Threads:   compatible; as the scheduler.
// Ownership: borrows the scheduler during a call, runtimes and services for its
//            life.
// Errors:    Step::status of the scheduler; kResourceExhausted if it does not
//            come to rest at one moment.
#ifndef EMBATCH_SIM_SIMULATION_H_
#define EMBATCH_SIM_SIMULATION_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/event.h"
#include "embatch/scheduler.h"
#include "embatch/service_provider.h"

namespace embatch {

struct SimulationOptions {
  // 2026-01-01 00:00:00 UTC.
  absl::Time start = absl::FromUnixSeconds(1767225600);

  // How long RunUntilIdle() goes on while no job changes its status. Should be
  // shorter than a finished job's retention, which is not worth waiting for,
  // and longer than the timeout of any container that never ends.
  absl::Duration patience = absl::Hours(12);

  // Steps at one moment before the world counts as faulty.
  int64_t max_steps_at_one_moment = 1000000;
};

class Simulation {
 public:
  // Called for every event, in order. It may read the event's texts, and after
  // that call the scheduler's commands, at now(); but not Advance().
  using Observer = std::function<void(const Event&)>;

  explicit Simulation(SimulationOptions options = {});
  explicit Simulation(absl::Time start);

  // Makes RunUntilIdle() wait for what this runtime, or this service, has to
  // report, however far away that is.
  void WaitFor(const ContainerRuntime& runtime);
  void WaitFor(const ServiceProvider& service);

  // Runs until nothing worth waiting for is to come, that is, until one of:
  //   - nothing is due, ever;
  //   - the next moment at which something is due is more than `patience`
  //     later than the latest change of a job's status (or than the beginning
  //     of this call), and no runtime of WaitFor() has anything to report.
  // This always ends, though jobs may be left that can never run: a container
  // has only so much to report, and what goes on for ever without changing a
  // job, such as launches that fail again and again, ends with the patience.
  // The clock stays at the last moment at which something was due.
  absl::Status RunUntilIdle(Scheduler& scheduler,
                            const Observer& observer = nullptr);

  // Runs everything that is due until `time`, included. The clock then stands
  // at `time`; an earlier time than now() means now().
  absl::Status RunUntil(Scheduler& scheduler, absl::Time time,
                        const Observer& observer = nullptr);
  absl::Status RunFor(Scheduler& scheduler, absl::Duration duration,
                      const Observer& observer = nullptr);

  // Runs what is due now: what was CREATING is VALID afterwards.
  absl::Status Settle(Scheduler& scheduler, const Observer& observer = nullptr);

  absl::Time now() const { return now_; }
  int64_t steps() const { return steps_; }    // calls of Advance() so far
  int64_t events() const { return events_; }  // events so far

 private:
  // Advances at now_ until the scheduler is at rest; answers when it wants to
  // be called next.
  absl::StatusOr<absl::Time> ComeToRest(Scheduler& scheduler,
                                        const Observer& observer);
  bool RuntimeHasReports() const;

  SimulationOptions options_;
  absl::Time now_;
  absl::Time last_change_ = absl::InfinitePast();
  int64_t steps_ = 0;
  int64_t events_ = 0;
  std::vector<const ContainerRuntime*> runtimes_;
  std::vector<const ServiceProvider*> services_;
  std::vector<Event> step_events_;  // a copy: the observer may submit
};

}  // namespace embatch

#endif  // EMBATCH_SIM_SIMULATION_H_
