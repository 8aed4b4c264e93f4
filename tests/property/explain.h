// SPDX-License-Identifier: Apache-2.0
//
// Says of a job that is not over why it need not be.
#ifndef EMBATCH_TESTS_PROPERTY_EXPLAIN_H_
#define EMBATCH_TESTS_PROPERTY_EXPLAIN_H_

#include <string>

#include "embatch/ids.h"
#include "embatch/scheduler.h"

namespace embatch {

// With nothing under way and nothing due, an empty text if the job is over, or
// is RUNNABLE with a reason or behind one that is, or is PENDING on one that is
// not over. Otherwise a complaint: the job is lost.
std::string WhyLost(const Scheduler& scheduler, JobId job);

}  // namespace embatch

#endif  // EMBATCH_TESTS_PROPERTY_EXPLAIN_H_
