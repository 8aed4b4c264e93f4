// SPDX-License-Identifier: Apache-2.0
//
// RUNNABLE jobs that wait one behind the other: those of a queue, or of one
// share of a queue.
//
// A job keeps the place that its submission gave it, however long it waited for
// other jobs; a retried one stands before all that never started. An array
// stands in line once for all its children. See priority_order.h.
// Source: guide "Job scheduling", "Automated job retries"; §13.4. Choice: D17.
#ifndef EMBATCH_QUEUES_WAITING_LINE_H_
#define EMBATCH_QUEUES_WAITING_LINE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "lib/base/encoding.h"
#include "lib/queues/priority_order.h"

namespace embatch {

// The waiting jobs of one requirement class.
struct ClassInLine {
  uint32_t requirement = 0;
  int64_t jobs = 0;
  LinePlace first;
};

class WaitingLine {
 public:
  // An entry comes and goes; an array's entry stays while children wait.
  void Enter(const LinePlace& place, uint32_t requirement);
  void Leave(const LinePlace& place, uint32_t requirement);

  // Counts jobs, children of arrays included, in and out.
  void AddJobs(uint32_t requirement, int64_t jobs);

  std::optional<LinePlace> Head() const { return order_.First(); }
  const PriorityOrder& order() const { return order_; }

  int64_t jobs() const { return jobs_; }

  // Every requirement class with a waiting job, in the order of its first one.
  std::vector<ClassInLine> Classes() const;

  void Encode(Encoder& encoder) const;

 private:
  struct Class {
    PriorityOrder order;
    int64_t jobs = 0;
  };

  PriorityOrder order_;
  absl::flat_hash_map<uint32_t, Class> classes_;  // by requirement
  int64_t jobs_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_WAITING_LINE_H_
