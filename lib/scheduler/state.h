// SPDX-License-Identifier: Apache-2.0
//
// The State: all that a scheduler knows, as one value. A copy of it goes its
// own way; equal states given equal inputs stay equal.
#ifndef EMBATCH_SCHEDULER_STATE_H_
#define EMBATCH_SCHEDULER_STATE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "embatch/fields.h"
#include "embatch/input.h"
#include "embatch/job_definition.h"
#include "embatch/job_queue.h"
#include "embatch/scheduler.h"
#include "embatch/scheduling_policy.h"
#include "embatch/service_environment.h"
#include "lib/base/block_queue.h"
#include "lib/base/deadline_queue.h"
#include "lib/base/encoding.h"
#include "lib/capacity/consumables.h"
#include "lib/capacity/fleet.h"
#include "lib/capacity/service_capacity.h"
#include "lib/jobs/consumable_jobs.h"
#include "lib/jobs/job_table.h"
#include "lib/queues/dispatch_index.h"
#include "lib/queues/fair_share.h"
#include "lib/queues/waiting_line.h"
#include "lib/scheduler/head_start.h"
#include "lib/scheduler/quota_state.h"

namespace embatch {

// SchedulerOptions as the core reads them.
struct Settings {
  LimitsProfile limits = LimitsProfile::kAws;
  int64_t retention_ns = 0;
  uint64_t seed = 0;
  int64_t max_transitions = 1;
  bool cancel_pending_immediately = false;
  bool skip_blocked_shares = false;
  int64_t idle_time_ns = 0;
  int64_t back_off_ns = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.limits, self.retention_ns, self.seed,
                 self.max_transitions, self.cancel_pending_immediately,
                 self.skip_blocked_shares, self.idle_time_ns, self.back_off_ns);
  }
};

// One revision of a job definition.
struct DefinitionRecord {
  JobDefinition definition;
  int revision = 0;
  bool active = true;
  bool deleted = false;  // it can't be found any more
  // The spec of a submission that changes nothing; made when first used, and
  // anew when tags have changed, which propagateTags hands on.
  std::optional<uint32_t> plain_spec;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.definition, self.revision, self.active, self.deleted,
                 self.plain_spec);
  }
};

// The next plain submission makes its spec from the definition as it is then.
inline void DropPlainSpec(JobTable& jobs, DefinitionRecord& record) {
  if (record.plain_spec.has_value()) jobs.ReleaseSpec(*record.plain_spec);
  record.plain_spec.reset();
}

// How a queue finds the job that is next. Fixed when the queue is made.
enum class QueueKind : uint8_t { kFifo, kFairShare, kQuotaShare };

// Why a job that is next does not start.
enum class Held : uint8_t {
  kNot,          // it starts
  kNoRoom,       // no instance has room, and none will be launched for it
  kMayGrow,      // an environment can grow for it (D22)
  kConsumable,   // one that it needs is short
  kReservation,  // the rest is kept for shares that are not active
  kService,      // its service environment is DISABLED, or has no capacity
};

// Where a job can start, or why it can't.
struct Placement {
  Held held = Held::kNoRoom;
  uint32_t environment = kNoIndex;
  uint32_t instance = kNoIndex;
};

// Choice: D59, what is being updated goes on working.
inline bool TakesWork(ResourceStatus status) {
  return status == ResourceStatus::kValid ||
         status == ResourceStatus::kUpdating;
}

// Source: API DescribeJobQueues, example (§13.1).
inline constexpr char kQueueHealthy[] = "JobQueue Healthy";

struct QueueRecord {
  QueueKind kind = QueueKind::kFifo;
  JobQueue config;
  uint64_t number = 0;  // of creation
  // kDeleted: it is kept, nameless, for its finished jobs.
  ResourceStatus status = ResourceStatus::kCreating;
  std::string status_reason;
  std::vector<uint32_t> environments;  // in the order in which they are tried
  uint32_t service = kNoIndex;  // for service jobs: its service environment
  int64_t waiting = 0;          // RUNNABLE jobs, children of arrays included
  WaitingLine line;             // kFifo: all of them
  FairShare fair_share;
  // Who may overtake, unless the order is strict. Can be told from the line, so
  // it is no part of the state's bytes.
  DispatchIndex index;
  std::optional<QuotaQueue> quota;  // kQuotaShare
  BlockedHead blocked;              // its head; a share's has its own
  // When a job last left the line, or went to its front: all those behind it
  // moved. Choice: D50.
  int64_t moved_ns = 0;
  // kDeleting: jobs submitted before this one have been told to end.
  uint64_t deleted_before = 0;
  // A remembered answer, no part of the state's bytes: this head did not fit
  // in this epoch (TurnRunner::EpochOf), for this reason.
  JobKey stuck;
  uint64_t stuck_epoch = 0;
  Held held = Held::kNot;
  // How often the line has changed; and in which epoch and after how many
  // changes the latest pass over those who may overtake came to its end. There
  // is no other before one of them changes.
  uint64_t changes = 0;
  uint64_t passed_epoch = 0;
  uint64_t passed_changes = 0;
  // What that pass found: nobody may start before the head.
  bool nobody_overtakes = false;
  KnownHeadStart head_start;  // no part of the state's bytes, either

  bool is_for_services() const { return service != kNoIndex; }
  // Whether a job that is held holds up all behind it in its line.
  bool is_strict() const {
    return config.options().dispatch_order == DispatchOrder::kStrict;
  }
  // Whether what a class needs is likely not to be in the caches; of kFifo.
  bool has_many_classes() const {
    constexpr size_t kMany = 512;
    return line.class_count() > kMany;
  }
  // The line in which the jobs of a share stand; all of them, without shares.
  WaitingLine& LineOf(uint32_t share) {
    switch (kind) {
      case QueueKind::kFairShare:
        return fair_share.LineOf(share);
      case QueueKind::kQuotaShare:
        ++quota->version;  // it is asked for because something changes
        return quota->shares[share].line;
      case QueueKind::kFifo:
        break;
    }
    return line;
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.kind, self.config, self.number, self.status,
                 self.status_reason, self.environments, self.service,
                 self.waiting, self.line, self.fair_share, self.quota,
                 self.blocked, self.moved_ns, self.changes, self.passed_epoch,
                 self.passed_changes, self.nobody_overtakes,
                 self.deleted_before);
  }
};

// Source: API DescribeComputeEnvironments, example (§16.3).
inline constexpr char kEnvironmentHealthy[] = "ComputeEnvironment Healthy";

// What becomes due at a time. Of equal times the lower kind comes first.
enum class DeadlineKind : uint8_t {
  kTimeout,         // a: live attempt, b: its generation
  kStopOverdue,     // the same
  kStateTimeLimit,  // a: queue, b: quota share or kNoIndex
  kBackOff,         // a: environment
  kIdle,            // a: instance, b: its generation
  kDefinitionEnd,   // a: definition
  kRetention,       // a: job, b: its generation
  kUpdateTimeout,   // a: environment, b: its generation
  kShareRests,      // a: queue, b: share
  kStartTimeout,    // a: live attempt, b: its generation
  kServiceBackOff,  // a: service environment
};

// A consequence still to be drawn: one item of the work list.
enum class WorkKind : uint8_t {
  kEndRequested,     // CancelJob or TerminateJob was called
  kReleaseChildren,  // an array's plain dependencies are met
  kFailChildren,     // PENDING children in [first, last) fail
  kEndWaiting,       // an array's RUNNABLE children end by the caller's wish
  kStopChildren,     // its STARTING and RUNNING ones are stopped
  kChildrenEnded,    // children in [first, last) have ended
  kJobEnded,
  kChildRunnable,   // a SUBMITTED array's first child became RUNNABLE
  kInstanceLost,    // slot: the instance
  kExpire,          // forget the job
  kDeleteJobs,      // slot: the queue, whose jobs are all to end
  kStartNodes,      // the main node of a multi-node job runs
  kStopInstance,    // slot: the instance, whose attempts are all stopped
  kInstanceEmpty,   // slot: the instance, which is draining and may go
  kStopNodes,       // the main node of a multi-node job stops, or has ended
  kDeleteShare,     // slot: the queue; generation: the quota share
  kForgetChildren,  // slot: what a forgotten array's record named as its
                    // children
};

struct WorkItem {
  WorkKind kind = WorkKind::kJobEnded;
  uint32_t slot = 0;
  uint32_t generation = 0;
  int32_t first = -1;
  int32_t last = -1;
  uint32_t cursor = kNoIndex;  // where to go on

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.kind, self.slot, self.generation, self.first, self.last,
                 self.cursor);
  }
};

// Those that are deleted keep their place, so that no index ever means another
// one.
struct ServiceEnvironmentRecord {
  ServiceEnvironment config;
  ResourceStatus status = ResourceStatus::kCreating;
  ServiceCapacity capacity;
  int64_t attempts = 0;  // handed to the service and not over
  // Changes whenever a job that did not fit might fit now.
  uint64_t epoch = 0;

  bool places_jobs() const {
    return config.options().state == ResourceState::kEnabled &&
           TakesWork(status);
  }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.config, self.status, self.capacity, self.attempts,
                 self.epoch);
  }
};

// What is known of a service job beside its record.
struct ServiceJobRecord {
  int64_t scheduled_ns = kNoTime;  // handed to the service, the last time
  std::string resource;            // the service's name for the latest attempt
  std::string client_token;
  // Since when it has been told that there is no capacity, the time in
  // SCHEDULED included; kNoTime: it has not.
  int64_t no_capacity_since_ns = kNoTime;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.scheduled_ns, self.resource, self.client_token,
                 self.no_capacity_since_ns);
  }
};

// An update that was asked for with a token: of which resource, and how.
struct ClientTokenKey {
  uint64_t consumable = 0;  // ConsumableRecord::number
  std::string client_token;
  ConsumableResourceOperation operation = ConsumableResourceOperation::kSet;
  int64_t quantity = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.consumable, self.client_token, self.operation,
                 self.quantity);
  }
};
inline bool operator<(const ClientTokenKey& a, const ClientTokenKey& b) {
  return FieldsOf(a) < FieldsOf(b);
}

struct State {
  Settings settings;
  int64_t now_ns = 0;       // a time before 1970 counts as 1970
  uint64_t next_event = 0;  // the sequence number of the next event
  std::vector<DefinitionRecord> definitions;
  std::map<std::string, SchedulingPolicy> policies;  // by name
  std::vector<ServiceEnvironmentRecord> service_environments;
  std::map<uint32_t, ServiceJobRecord> service_jobs;  // by slot
  // The latest job that was submitted with a token.
  std::map<std::string, uint32_t> service_tokens;
  std::vector<QueueRecord> queues;
  std::vector<uint32_t> queue_order;  // as the cycle looks at them
  std::vector<uint32_t> free_queues;  // deleted, and their jobs forgotten
  uint64_t next_queue_number = 0;
  JobTable jobs;
  Fleet fleet;
  Consumables consumables;
  ConsumableJobs consumable_jobs;
  // By slot: of jobs whose tags were changed since they were submitted.
  std::map<uint32_t, std::map<std::string, std::string>> job_tags;
  std::map<ClientTokenKey, int64_t> client_tokens;  // and when they end
  std::deque<ClientTokenKey> client_tokens_by_age;
  DeadlineQueue deadlines;
  // Reports that came when no transition was left for them, with their times
  // as they count.
  Turn unread;
  BlockQueue<uint32_t> arrivals;  // SUBMITTED jobs not yet looked at
  BlockQueue<WorkItem> work;
  IgnoredReports ignored;

  // Phase 1 found nothing that a later turn could have to do for it; only a
  // command changes that. A remembered answer, no part of the state's bytes.
  bool is_configured = false;

  // Found by name; no part of the state's bytes.
  absl::flat_hash_map<std::string, std::vector<uint32_t>> definition_names;
  absl::flat_hash_map<std::string, uint32_t> queue_names;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.settings, self.now_ns, self.next_event, self.definitions,
                 self.policies, self.service_environments, self.service_jobs,
                 self.service_tokens, self.queues, self.queue_order,
                 self.free_queues, self.next_queue_number, self.jobs,
                 self.fleet, self.consumables, self.consumable_jobs,
                 self.job_tags, self.client_tokens, self.deadlines, self.unread,
                 self.arrivals, self.work, self.ignored);
  }
};

inline int64_t CountReports(const Turn& turn) {
  return static_cast<int64_t>(turn.instance_reports.size() +
                              turn.container_reports.size() +
                              turn.service_reports.size());
}
inline bool IsEmpty(const Turn& turn) {
  return turn.instance_reports.empty() && turn.container_reports.empty() &&
         turn.service_reports.empty();
}

// "name" finds the latest active revision, "name:3" that one. Nothing: there
// is none.
std::optional<uint32_t> FindDefinition(const State& state,
                                       absl::string_view text);

std::optional<uint32_t> FindQueue(const State& state, absl::string_view name);

const SchedulingPolicy* FindPolicy(const State& state, absl::string_view name);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_STATE_H_
