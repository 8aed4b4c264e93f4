// SPDX-License-Identifier: Apache-2.0
//
// Says of a job that is not over why it need not be, and of an instance that
// is idle why it is kept.
#ifndef EMBATCH_TESTS_PROPERTY_EXPLAIN_H_
#define EMBATCH_TESTS_PROPERTY_EXPLAIN_H_

#include <string>
#include <vector>

#include "embatch/ids.h"
#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"

namespace embatch {

// With nothing under way and nothing due, an empty text if the job is over, or
// is RUNNABLE with a reason or behind one that is, or is PENDING on one that is
// not over. Otherwise a complaint: the job is lost.
std::string WhyLost(const Scheduler& scheduler, JobId job);

// With nothing under way and nothing due, an empty text if no instance of an
// environment could go without the environment falling below minvCpus; nobody
// must have asked for desiredvCpus. Otherwise a complaint: whoever would use
// one will never start there, and it may stand in another one's way.
// Choice: D46.
std::string WhyKept(const Scheduler& scheduler, const std::string& environment,
                    const std::vector<SimulatedInstance>& instances);

}  // namespace embatch

#endif  // EMBATCH_TESTS_PROPERTY_EXPLAIN_H_
