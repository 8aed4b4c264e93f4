// SPDX-License-Identifier: Apache-2.0
//
// The workload `standard`, made from a seed: what most benchmarks submit.
//
//   instances   64 vCPUs and 261,000 MiB each
//   jobs        1, 2, 4 or 8 vCPUs with 1 or 2 GiB for each, all equally often;
//               each size is a job definition; every job has its own name
//   run time    1 to 120 s, evenly; the start takes 1 s
//
// About 17 jobs run on an instance, a minute each.
#ifndef EMBATCH_BENCHMARKS_WORKLOAD_H_
#define EMBATCH_BENCHMARKS_WORKLOAD_H_

#include <cstdint>
#include <vector>

#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/resources.h"
#include "embatch/sim/simulated_runtime.h"

namespace embatch {

inline constexpr char kClusterQueue[] = "queue";
inline constexpr char kClusterEnvironment[] = "machines";
inline constexpr char kInstanceType[] = "standard.16xlarge";
inline constexpr Resources kInstanceSize = Resources::Of(64, 261000);

// Jobs that run on one instance when there is enough to do: 64 vCPUs by 3.75.
inline constexpr int kJobsPerInstance = 17;

// When containers end.
enum class Clock {
  kTicks,  // at whole seconds: hundreds of reports a turn
  kExact,  // at any nanosecond: about one report a turn
};

struct WorkloadOptions {
  Clock clock = Clock::kTicks;
  bool same_run_time = false;  // all run for a minute, so they end in order
  bool same_size = false;      // all need 4 vCPUs and 4 GiB
  uint64_t seed = 1;
};

class Workload {
 public:
  explicit Workload(const WorkloadOptions& options) : options_(options) {}

  // One for each size of a job.
  std::vector<JobDefinition> JobDefinitions() const;

  // Makes `request` the submission of the workload's job number `number`, a
  // single one. All other members of `request` stay.
  void MakeJob(int64_t number, SubmitJobRequest& request) const;

  // How long a container takes: a matter of its id and the seed.
  FateScript Fates() const;

 private:
  WorkloadOptions options_;
};

}  // namespace embatch

#endif  // EMBATCH_BENCHMARKS_WORKLOAD_H_
