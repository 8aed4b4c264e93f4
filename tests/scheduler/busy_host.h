// SPDX-License-Identifier: Apache-2.0
//
// A BusyHost is a host program on virtual time that gives its scheduler some of
// everything: single jobs, chains, arrays of all kinds, failures, retries,
// timeouts, cancelled jobs.
#ifndef EMBATCH_TESTS_SCHEDULER_BUSY_HOST_H_
#define EMBATCH_TESTS_SCHEDULER_BUSY_HOST_H_

#include <cstdint>
#include <memory>

#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"

namespace embatch {

class BusyHost {
 public:
  explicit BusyHost(uint64_t seed);

  // Submits about so many jobs and array children, and goes on until all of
  // them are forgotten.
  void Live(int32_t jobs) {
    Submit(jobs);
    RunUntilForgotten();
  }
  void Submit(int32_t jobs);
  // Until the scheduler says that nothing is due, ever.
  void RunUntilForgotten();

  Scheduler& scheduler() { return *scheduler_; }
  absl::Time now() const { return now_; }
  int64_t ended() const { return ended_; }     // jobs and children
  uint64_t digest() const { return digest_; }  // depends on every event

 private:
  JobId SubmitOne(int32_t array_size = 0);
  void Step();

  SimulatedRuntime runtime_;
  SimulatedProvider provider_;
  std::unique_ptr<Scheduler> scheduler_;
  SubmitJobRequest request_;
  absl::Time now_ = absl::FromUnixSeconds(1767225600);
  absl::Time next_ = now_;
  int64_t ended_ = 0;
  uint64_t digest_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_TESTS_SCHEDULER_BUSY_HOST_H_
