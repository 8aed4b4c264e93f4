// SPDX-License-Identifier: Apache-2.0
//
// What is kept of a job's attempts that don't count against its retry
// strategy, which are those that were preempted. (Where there was no capacity
// there was no attempt.) Few jobs have any.
#ifndef EMBATCH_JOBS_PREEMPTIONS_H_
#define EMBATCH_JOBS_PREEMPTIONS_H_

#include <cstdint>
#include <vector>

#include "lib/jobs/records.h"

namespace embatch {

struct PreemptionRecord {
  int32_t uncounted = 0;  // attempts that don't count, preempted ones included
  int32_t preempted = 0;
  std::vector<AttemptRecord> recent;  // the latest preempted ones, oldest first

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.uncounted, self.preempted, self.recent);
  }
};

}  // namespace embatch

#endif  // EMBATCH_JOBS_PREEMPTIONS_H_
