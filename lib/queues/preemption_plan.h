// SPDX-License-Identifier: Apache-2.0
//
// PlanPreemption chooses which running jobs are stopped so that a waiting one
// can start. A pure function: it looks at nothing but its argument.
//
// Source: guide "Quota management", preemption; §15.4, §15.5. AWS says what is
// considered, not how. Choice: D27, an order, the smallest set that is enough,
// and all or nothing.
#ifndef EMBATCH_QUEUES_PREEMPTION_PLAN_H_
#define EMBATCH_QUEUES_PREEMPTION_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/queues/quota_ledger.h"

namespace embatch {

// A job that might be stopped.
struct PreemptionCandidate {
  uint32_t share = 0;
  int priority = 0;
  int64_t started_ns = 0;  // when it was dispatched
  uint64_t sequence = 0;   // of its submission, then the child's index
  int32_t child = -1;
  size_t site = 0;  // where it runs
  Amounts room;     // what it holds there
  Amounts quota;    // what it counts as in its share
};

struct PreemptionQuestion {
  // What the waiting job needs of one site, and what is free at each. A site
  // is an instance, or a service environment as a whole.
  Amounts room;
  std::vector<Amounts> free;
  // What it needs of its share, and what that has left. Stopped jobs of
  // `share` add to it.
  uint32_t share = 0;
  Amounts quota;
  Amounts headroom;
  // Lent capacity is taken back: by share, what each uses beyond its own. A
  // job is taken only while its share uses more than its own. Empty: all
  // candidates may be taken.
  std::vector<Amounts> excess;
  std::vector<PreemptionCandidate> candidates;
};

// The candidates to stop, by index, in the order in which they were chosen.
// Empty if stopping all that may be stopped would not be enough, or if nothing
// is missing.
//
// At each site: candidates there that hold some of what is missing, ordered by
//   - lower priority,
//   - later start,
//   - more of the first unit that is missing, but those that hold more than
//     the job needs of it behind all others, the smallest of them first,
//   - newer job.
// The shortest beginning of that row which is enough; then members without
// which it is still enough are dropped, the last ones first. Of several sites
// the one whose row was cut at the most wanted candidate, by the same order
// without amounts.
std::vector<size_t> PlanPreemption(const PreemptionQuestion& question);

}  // namespace embatch

#endif  // EMBATCH_QUEUES_PREEMPTION_PLAN_H_
