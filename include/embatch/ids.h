// SPDX-License-Identifier: Apache-2.0
//
// The names by which a host program, its plug-ins and the scheduler speak of
// jobs, attempts, containers and instances. All are small values: copy them,
// compare them, hash them, keep them as long as you like. An id whose job is
// gone is recognised as stale and never names another job.
#ifndef EMBATCH_IDS_H_
#define EMBATCH_IDS_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "embatch/fields.h"

namespace embatch {

// A job, one child of an array job, or one node of a multi-node job. A
// default-constructed id names nothing.
struct JobId {
  uint32_t slot = 0;
  uint32_t generation = 0;  // 0: names nothing
  int32_t child = -1;  // -1: the job itself; children and nodes count from 0

  bool is_null() const { return generation == 0; }
  JobId Child(int32_t index) const { return {slot, generation, index}; }
  JobId Parent() const { return {slot, generation, -1}; }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.slot, self.generation, self.child);
  }
};

// One run of a job. Attempts count from 1.
// Source: API AttemptDetail; guide "Job environment variables"
// (AWS_BATCH_JOB_ATTEMPT is 1 for the first attempt).
struct AttemptId {
  JobId job;
  uint16_t number = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job, self.number);
  }
};

// One container of one attempt. Containers count from 0, in the order of the
// job definition.
struct ContainerId {
  AttemptId attempt;
  uint16_t container = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.attempt, self.container);
  }
};

// An instance of a compute environment. The scheduler numbers those that it
// launches, from 1. A provider numbers those that join an UNMANAGED
// environment on their own, through Joined(); its numbers need only differ
// from each other within one environment. No number is used again: an instance
// that left and comes back is a new one.
struct InstanceId {
  uint64_t number = 0;  // 0: names nothing

  static constexpr uint64_t kJoinedBit = uint64_t{1} << 63;
  static constexpr InstanceId Joined(uint64_t number) {
    return {number | kJoinedBit};
  }
  constexpr bool joined() const { return (number & kJoinedBit) != 0; }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.number);
  }
};

// Orders by slot, generation, child: a total order, of no further meaning.
bool operator<(const JobId& a, const JobId& b);

// Short forms for logs and test failures: "job 4.1", "job 4.1:0", "job 4.1:0
// attempt 2", "instance 7". What AWS's users see is Scheduler::JobIdText().
std::ostream& operator<<(std::ostream& out, const JobId& id);
std::ostream& operator<<(std::ostream& out, const AttemptId& id);
std::ostream& operator<<(std::ostream& out, const ContainerId& id);
std::ostream& operator<<(std::ostream& out, const InstanceId& id);

// The text form of a job id, as AWS Batch has it: a lower-case UUID, followed
// by ":<index>" for a child of an array. The UUID is a permutation of the id
// under `seed` (SchedulerOptions::seed), so that no table of texts is kept.
// Source: guide "Array jobs" (child ids); Choice: §2.2, ids are reproducible.
std::string FormatJobId(const JobId& id, uint64_t seed);

// The same for a multi-node job and its nodes: "#<index>" follows for a node.
// An id does not say of which kind its job is.
// Source: guide "Multi-node parallel jobs" (§2.2).
std::string FormatNodeId(const JobId& id, uint64_t seed);

// The reverse. Nothing when `text` is not a job id made under `seed`. That an
// id parses does not say that its job still exists.
std::optional<JobId> ParseJobId(absl::string_view text, uint64_t seed);
std::optional<JobId> ParseNodeId(absl::string_view text, uint64_t seed);

// The id of the task that runs an attempt: 32 hexadecimal digits, different
// for every attempt of every job.
std::string FormatTaskId(const AttemptId& id, uint64_t seed);

// The UUID of a compute environment; `number` is that of its creation, from 0.
// Source: API ComputeEnvironmentDetail.uuid.
std::string FormatEnvironmentId(uint32_t number, uint64_t seed);

}  // namespace embatch

#endif  // EMBATCH_IDS_H_
