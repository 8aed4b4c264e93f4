// SPDX-License-Identifier: Apache-2.0
//
// What the scheduler tells its caller: a job changed its status.
#ifndef EMBATCH_EVENT_H_
#define EMBATCH_EVENT_H_

#include <cstdint>
#include <ostream>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "embatch/fields.h"
#include "embatch/ids.h"
#include "embatch/job.h"

namespace embatch {

// An index of a text; Scheduler::Text() reads it. 0 is the empty text. Valid
// as long as the event or view that it came with.
using TextIndex = uint32_t;

// One change of status: 32 bytes, no text.
//
// `from` and `to` are both kRunnable when the head of a queue is found blocked
// ("Batch Job Queue Blocked"); `reason` then says why.
//
// When many untouched children of one array change together, one event stands
// for all: job.child is the first of them, `count` their number.
//
// Source: guide "AWS Batch events" (job state change events). A submission
// itself makes none. Choice: D53, D61.
struct Event {
  int64_t time_ns = 0;  // since the Unix epoch: the `now` of its turn
  JobId job;
  TextIndex reason = 0;  // the statusReason after the change
  uint32_t count = 1;
  uint16_t attempt = 0;  // the attempt that this is about; 0: none so far
  JobStatus from = JobStatus::kSubmitted;
  JobStatus to = JobStatus::kSubmitted;

  absl::Time time() const { return absl::FromUnixNanos(time_ns); }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.time_ns, self.job, self.reason, self.count, self.attempt,
                 self.from, self.to);
  }
};
static_assert(sizeof(Event) == 32);

// "job 4.1:0 RUNNABLE -> STARTING attempt 1"
std::ostream& operator<<(std::ostream& out, const Event& event);

// What one Scheduler::Advance() did.
struct Step {
  // Not OK: nothing was done, and the scheduler stays as it is.
  // kInvalidArgument: `now` is past the year 2200. kFailedPrecondition: called
  // from inside a plug-in. kDataLoss: the input log failed; only reads work
  // from now on.
  absl::Status status;

  // When to call again at the latest. Equal to `now`: more is to be done at
  // once. InfiniteFuture: nothing will happen by itself; a command, or a
  // plug-in that wakes the host program, may change that.
  absl::Time next = absl::InfiniteFuture();

  // In the order in which they happened. Valid until the next non-const call.
  absl::Span<const Event> events;

  // The sequence number of events[0]; it goes on from step to step.
  uint64_t first_sequence = 0;
};

}  // namespace embatch

#endif  // EMBATCH_EVENT_H_
