// SPDX-License-Identifier: Apache-2.0
//
// The RUNNABLE jobs of one queue, first in, first out.
//
// A job keeps the place that its submission gave it, however long it waited for
// other jobs; a retried one stands before all that never started. An array
// stands in line once for all its children.
// Source: guide "Job scheduling", "Automated job retries"; §13.4. Choice: D17.
#ifndef EMBATCH_QUEUES_WAITING_LINE_H_
#define EMBATCH_QUEUES_WAITING_LINE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "lib/base/encoding.h"
#include "lib/base/sequence_bitmap.h"

namespace embatch {

// Where an entry stands: by class (0: retried, 1: never started), then by
// sequence of submission.
struct LinePlace {
  int retry_class = 0;
  uint64_t sequence = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.retry_class, self.sequence);
  }
};

// The waiting jobs of one requirement class.
struct ClassInLine {
  uint32_t requirement = 0;
  int64_t jobs = 0;
  LinePlace first;
};

class WaitingLine {
 public:
  // An entry comes and goes; an array's entry stays while children wait.
  void Enter(LinePlace place, uint32_t requirement);
  void Leave(LinePlace place, uint32_t requirement);

  // Counts jobs, children of arrays included, in and out.
  void AddJobs(uint32_t requirement, int64_t jobs);

  std::optional<LinePlace> Head() const;

  int64_t jobs() const { return jobs_; }

  // Every requirement class with a waiting job, in the order of its first one.
  std::vector<ClassInLine> Classes() const;

  void Encode(Encoder& encoder) const;

 private:
  static constexpr int kClasses = 2;
  using Order = std::array<SequenceBitmap, kClasses>;
  struct Class {
    Order order;
    int64_t jobs = 0;
  };

  static std::optional<LinePlace> FirstOf(const Order& order);

  Order order_;
  absl::flat_hash_map<uint32_t, Class> classes_;  // by requirement
  int64_t jobs_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_WAITING_LINE_H_
