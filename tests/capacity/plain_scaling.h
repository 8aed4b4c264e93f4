// SPDX-License-Identifier: Apache-2.0
//
// Scaling as lib/capacity/README.md states it, slow and obvious: instance by
// instance and job by job.
#ifndef EMBATCH_TESTS_CAPACITY_PLAIN_SCALING_H_
#define EMBATCH_TESTS_CAPACITY_PLAIN_SCALING_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "lib/capacity/fleet.h"
#include "lib/capacity/scaling.h"
#include "tests/capacity/site.h"

namespace embatch {

// What waits in one queue.
struct QueueDemand {
  std::vector<uint32_t> environments;
  std::vector<ClassDemand> classes;
};

struct PlainPlan {
  // (environment, type), one for each instance, in order.
  std::vector<std::pair<uint32_t, uint32_t>> launches;
  std::vector<uint32_t> terminations;  // slots, in order
};

PlainPlan MakePlainPlan(const Site& site, int64_t now_ns, int64_t idle_time_ns,
                        const std::vector<QueueDemand>& queues);

// What a ScalingPlan says, in the same form.
PlainPlan MakePlan(const Site& site, int64_t now_ns, int64_t idle_time_ns,
                   const std::vector<QueueDemand>& queues);

}  // namespace embatch

#endif  // EMBATCH_TESTS_CAPACITY_PLAIN_SCALING_H_
