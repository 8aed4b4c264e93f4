// SPDX-License-Identifier: Apache-2.0
//
// Runs the whole lives of jobs, and what the simulator alone takes for them.
//
// Counters, all for one job or array child:
//   total_ns, simulator_ns, requests_ns   CPU time; of total_ns, that of the
//                      simulator, and of making the requests
//   scheduler_ns       the rest, the library's own
//   submit_ns          of scheduler_ns, that of SubmitJob()
//   allocations        calls of operator new, those of the library alone
//   bytes              resident bytes when all have ended and can be read
//   jobs_per_turn      ends for each call of Advance()
#ifndef EMBATCH_BENCHMARKS_SCHEDULER_LIVES_H_
#define EMBATCH_BENCHMARKS_SCHEDULER_LIVES_H_

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"

namespace embatch {

// Submits a benchmark's jobs, all at one moment.
using Submit = std::function<void(Cluster&)>;
Submit SubmitSingles(int64_t jobs);

// One life of all jobs to measure, the same once more to write down what the
// simulator was asked, and that alone. `jobs` end in all; `backlog` more wait
// before the measured ones are submitted, so that as many wait at the end.
void RunLives(benchmark::State& state, ClusterOptions options,
              const Submit& submit, int64_t jobs, int64_t backlog = 0);

// Making so many requests: no part of the library, as a host program has them.
Cost CostOfRequests(ClusterOptions options, int64_t submissions);

// The counters total_ns, simulator_ns, requests_ns, scheduler_ns, allocations.
void ReportLives(benchmark::State& state, double jobs, const Cost& total,
                 const Cost& simulator, const Cost& requests);

ClusterOptions OptionsFor(int64_t instances, Clock clock);
inline Clock ClockOf(int64_t exact) {
  return exact != 0 ? Clock::kExact : Clock::kTicks;
}

}  // namespace embatch

#endif  // EMBATCH_BENCHMARKS_SCHEDULER_LIVES_H_
