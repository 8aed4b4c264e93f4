// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/jobs/transitions.h: every pair of status and trigger.
#include "lib/jobs/transitions.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace embatch {
namespace {

// Written out by hand from the table of the reference, §5.2 and §15. A row is a
// status, a column a trigger in the order of JobTrigger; what stands there is
// the first letter of the status afterwards, but D is SCHEDULED, T is STARTING
// and U is RUNNING; a dot is what can't happen.
constexpr const char* kTable[kJobStatusCount] = {
    // it depends on others
    // |  nothing is outstanding
    // |  |  its first child is RUNNABLE
    // |  |  |  a dependency failed
    // |  |  |  |  ended by the caller before it started
    // |  |  |  |  |  blocked at the head for too long
    // |  |  |  |  |  |  its queue is deleted before it started
    // |  |  |  |  |  |  |  blocked at the head
    // |  |  |  |  |  |  |  |  placed
    // |  |  |  |  |  |  |  |  |  handed to its service
    // |  |  |  |  |  |  |  |  |  |  which has the capacity
    // |  |  |  |  |  |  |  |  |  |  |  can't be launched
    // |  |  |  |  |  |  |  |  |  |  |  |  the container started
    // |  |  |  |  |  |  |  |  |  |  |  |  |  it is to make room
    // |  |  |  |  |  |  |  |  |  |  |  |  |  |  it made room
    // |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  a retry is due
    // |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  no capacity
    // for it
    // |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  the
    // attempt succeeded
    // |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  failed,
    // no retry
    // |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |
    // children succeeded
    // |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  |
    // one failed
    " P  R  P  F  F  .  F  .  .  .  .  .  .  .  .  .  .  .  .  .  "
    "F",  // SUBMITTED
    " .  R  .  F  F  .  F  .  .  .  .  .  .  .  .  .  .  .  .  S  "
    "F",  // PENDING
    " .  .  .  .  F  F  F  R  T  D  .  F  .  .  .  .  .  .  .  .  "
    ".",  // RUNNABLE
    " .  .  .  .  .  .  .  .  .  .  T  .  .  D  R  R  R  .  F  .  "
    ".",  // SCHEDULED
    " .  .  .  .  .  .  .  .  .  .  .  .  U  T  R  R  R  .  F  .  "
    ".",  // STARTING
    " .  .  .  .  .  .  .  .  .  .  .  .  .  U  R  R  .  S  F  .  "
    ".",  // RUNNING
    " .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  "
    ".",  // SUCCEEDED
    " .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  .  "
    ".",  // FAILED
};

std::optional<JobStatus> Expected(int from, int trigger) {
  switch (kTable[from][1 + 3 * trigger]) {
    case 'P':
      return JobStatus::kPending;
    case 'R':
      return JobStatus::kRunnable;
    case 'D':
      return JobStatus::kScheduled;
    case 'T':
      return JobStatus::kStarting;
    case 'U':
      return JobStatus::kRunning;
    case 'S':
      return JobStatus::kSucceeded;
    case 'F':
      return JobStatus::kFailed;
    default:
      return std::nullopt;
  }
}

TEST(TransitionsTest, AreThoseOfTheReference) {
  for (int from = 0; from < kJobStatusCount; ++from) {
    ASSERT_EQ(std::string(kTable[from]).size(), 3u * kJobTriggerCount - 1);
    for (int trigger = 0; trigger < kJobTriggerCount; ++trigger) {
      EXPECT_EQ(NextStatus(static_cast<JobStatus>(from),
                           static_cast<JobTrigger>(trigger)),
                Expected(from, trigger))
          << static_cast<JobStatus>(from) << ", trigger " << trigger;
    }
  }
}

TEST(TransitionsTest, NoPairStandsTwiceInTheTable) {
  for (size_t i = 0; i < kTransitions.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(kTransitions[i].from == kTransitions[j].from &&
                   kTransitions[i].trigger == kTransitions[j].trigger)
          << i << " " << j;
    }
  }
}

}  // namespace
}  // namespace embatch
