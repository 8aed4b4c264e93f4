// SPDX-License-Identifier: Apache-2.0
//
// What the scheduler remembers of a job. Records refer to each other by index.
#ifndef EMBATCH_JOBS_RECORDS_H_
#define EMBATCH_JOBS_RECORDS_H_

#include <cstdint>
#include <limits>

#include "embatch/event.h"
#include "embatch/fields.h"
#include "embatch/ids.h"
#include "embatch/job.h"
#include "lib/base/deadline_queue.h"
#include "lib/base/fetch.h"

namespace embatch {

inline constexpr uint32_t kNoIndex = std::numeric_limits<uint32_t>::max();
// What comes behind an attempt of this number can't be numbered.
inline constexpr uint16_t kLastAttempt = std::numeric_limits<uint16_t>::max();
inline constexpr int64_t kNoTime = std::numeric_limits<int64_t>::min();

// A job, a child of an array, or a node of a multi-node job, inside the
// library: `slot` is that of the submitted job, `child` is -1 for the job
// itself.
struct JobKey {
  uint32_t slot = kNoIndex;
  int32_t child = -1;

  bool is_null() const { return slot == kNoIndex; }
  bool is_child() const { return child >= 0; }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.slot, self.child);
  }
};

// A singly linked list in a table of records.
struct RecordList {
  uint32_t first = kNoIndex;
  uint32_t last = kNoIndex;

  bool empty() const { return first == kNoIndex; }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.first, self.last);
  }
};

// Which of the two orders a RUNNABLE job stands in: retried jobs go before
// those that never started. Source: guide "Automated job retries"; D17.
inline constexpr int kRetriedClass = 0;
inline constexpr int kFirstClass = 1;
inline constexpr int kRetryClasses = 2;

// What is known of a job beside its status. Every submitted job has one, and
// every node; a child of an array has one only when its story does not fit into
// 16 bytes.
struct JobDetails {
  int64_t started_ns = kNoTime;  // of the latest attempt
  // Of the end. While it is not over: when it became RUNNABLE the last time.
  int64_t stopped_ns = kNoTime;
  TextIndex status_reason = 0;
  TextIndex request_reason = 0;  // of CancelJob or TerminateJob
  RecordList history;            // attempts that ended, oldest first
  uint16_t attempts = 0;         // begun so far
  bool is_cancelled = false;
  bool is_terminated = false;
  uint16_t blocked_told = 0;  // blocked reasons that made an event: bits

  bool ended_by_caller() const { return is_cancelled || is_terminated; }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.started_ns, self.stopped_ns, self.status_reason,
                 self.request_reason, self.history, self.attempts,
                 self.is_cancelled, self.is_terminated, self.blocked_told);
  }
};

// A submitted job: a single one, the parent of an array, or a multi-node one.
// Two lines of the cache, and no part of a third.
struct alignas(kLineBytes) JobRecord {
  JobDetails details;
  JobStatus status = JobStatus::kSubmitted;
  bool arrived = false;            // the arrivals phase has seen it
  bool released = false;           // array: its plain dependencies are met
  bool dependency_failed = false;  // one that the whole job waits for
  uint8_t retry_class = kFirstClass;
  bool has_nodes = false;  // it is a multi-node job
  // Its only attempt ended in the ordinary way (JobTable::KeepOutcome) and is
  // told by this record alone; of a job with any other story history tells.
  bool has_outcome = false;
  uint32_t queue = 0;
  uint32_t spec = 0;
  uint32_t requirement = 0;
  uint32_t share = kNoIndex;  // of its queue, where that has shares
  uint64_t name = 0;          // NameBlocks::Ref
  uint64_t sequence = 0;      // place in the order of submission to its queue
  int64_t created_ns = 0;
  // Its running attempt; of a multi-node job that of the main node.
  uint32_t live = kNoIndex;
  // Its ArrayRecord, or its NodesRecord if it has nodes.
  uint32_t children = kNoIndex;
  uint32_t unmet = 0;            // plain dependencies not yet met
  RecordList dependencies;       // edges, as submitted
  RecordList dependents;         // edges of those that wait for the whole job
  int32_t exit_code = 0;         // has_outcome
  uint64_t instance_number = 0;  // has_outcome

  bool is_array() const { return children != kNoIndex && !has_nodes; }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.details, self.status, self.arrived, self.released,
                 self.dependency_failed, self.retry_class, self.has_nodes,
                 self.queue, self.spec, self.requirement, self.share,
                 self.sequence, self.created_ns, self.live, self.children,
                 self.unmet, self.dependencies, self.dependents,
                 self.has_outcome, self.exit_code, self.instance_number);
  }
};

static_assert(sizeof(JobRecord) == 2 * kLineBytes, "two lines of the cache");

// Why an attempt is being stopped.
enum class StopCause : uint8_t {
  kNone,
  kTerminated,
  kTimedOut,
  kQueueDeleted,
  kWithMainNode,      // the node's job is over
  kPreemptedAcross,   // to give borrowed capacity back
  kPreemptedInShare,  // for a job of higher priority
  kHostTerminated,    // an update or a deletion takes its instance
};
constexpr bool IsPreemption(StopCause cause) {
  return cause == StopCause::kPreemptedAcross ||
         cause == StopCause::kPreemptedInShare;
}

// An attempt that is STARTING or RUNNING: what the end of a container touches.
struct alignas(kLineBytes) LiveAttempt {
  JobKey job;
  uint16_t number = 0;
  StopCause stop = StopCause::kNone;
  bool started = false;
  uint32_t details = kNoIndex;  // child: its JobDetails, if it has some
  uint32_t spec = 0;
  uint32_t environment = 0;
  uint32_t instance = 0;  // slot
  bool is_node = false;   // of a multi-node job: it has its instance to itself
  uint64_t instance_number = 0;
  uint32_t before = kNoIndex;  // on the same instance
  uint32_t behind = kNoIndex;
  DeadlineQueue::Handle deadline = DeadlineQueue::kNoHandle;
  uint32_t task = kNoIndex;      // TaskRecord, if it has several containers
  int64_t started_ns = kNoTime;  // before it has started: when it was placed

  // Whether a service environment is its place, and no instance.
  bool is_service() const { return instance == kNoIndex; }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job, self.number, self.stop, self.started, self.details,
                 self.spec, self.environment, self.instance, self.is_node,
                 self.instance_number, self.before, self.behind, self.task,
                 self.started_ns);
  }
};

static_assert(sizeof(LiveAttempt) == kLineBytes, "one line of the cache");

// An attempt that has ended: made then, not before. Choice: D38.
struct AttemptRecord {
  int64_t started_ns = kNoTime;  // none: it never reached RUNNING
  int64_t stopped_ns = 0;
  uint64_t instance_number = 0;
  TextIndex reason = 0;  // the container's; of a service job its resource
  TextIndex status_reason = 0;
  int32_t exit_code = 0;
  uint16_t number = 0;
  bool has_exit_code = false;
  uint32_t next = kNoIndex;
  uint32_t task = kNoIndex;  // TaskRecord, if it had several containers

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.started_ns, self.stopped_ns, self.instance_number,
                 self.reason, self.status_reason, self.exit_code, self.number,
                 self.has_exit_code, self.next, self.task);
  }
};

// One entry of a job's dependsOn.
struct DependencyEdge {
  JobDependency dependency;  // as submitted
  // kPlain, or kNToN; a SEQUENTIAL entry with a job is a plain one (D3), one
  // without has no work to do here and is resolved from the start.
  DependencyType kind = DependencyType::kPlain;
  bool linked = false;    // in the list of the job it waits for
  bool resolved = false;  // that job has ended, and this edge has heard of it
  bool orphan = false;    // the dependent's record is gone
  uint32_t dependent = kNoIndex;     // slot
  uint32_t next_entry = kNoIndex;    // of the same dependent
  uint32_t next_waiting = kNoIndex;  // for the same job

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.dependency, self.kind, self.linked, self.resolved,
                 self.orphan, self.dependent, self.next_entry,
                 self.next_waiting);
  }
};

}  // namespace embatch

#endif  // EMBATCH_JOBS_RECORDS_H_
