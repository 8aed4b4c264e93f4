// SPDX-License-Identifier: Apache-2.0
//
// A JobQueue holds jobs until its compute environments have room for them.
//
//   JobQueueOptions options;
//   options.job_queue_name = "render";
//   options.priority = 10;
//   options.compute_environment_order = {{1, "spot"}, {2, "on-demand"}};
//   auto queue = JobQueue::Create(std::move(options));
//
// Jobs start in the order of submission, or as the queue's scheduling policy
// says (scheduling_policy.h); one that can't be placed holds up those behind
// it. Of queues that share an environment, the one with the higher priority is
// looked at first.
//
// Threads, ownership, errors: as JobDefinition.
// Source: API CreateJobQueue, ComputeEnvironmentOrder; guide "Job queues".
#ifndef EMBATCH_JOB_QUEUE_H_
#define EMBATCH_JOB_QUEUE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "embatch/compute_environment.h"
#include "embatch/fields.h"
#include "embatch/job_definition.h"
#include "embatch/limits_profile.h"

namespace embatch {

// Source: API ComputeEnvironmentOrder.
struct ComputeEnvironmentOrder {
  int order = 0;  // lower ones are tried first; no two may be equal
  std::string compute_environment;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.order, self.compute_environment);
  }
};

// Source: API ServiceEnvironmentOrder.
struct ServiceEnvironmentOrder {
  int order = 0;
  std::string service_environment;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.order, self.service_environment);
  }
};

// Source: API JobQueueType.
enum class JobQueueType : uint8_t {
  kEks,
  kEcs,
  kEcsFargate,
  kSagemakerTraining,  // takes service jobs, and no others
};
constexpr bool IsValidEnum(JobQueueType value) {
  return value <= JobQueueType::kSagemakerTraining;
}
absl::string_view JobQueueTypeName(JobQueueType type);  // "ECS_FARGATE"

// Whether a job that can't be placed holds up those behind it. AWS knows only
// kStrict; the others are extensions for queues without a scheduling policy.
// Choice: D9; lib/queues/README.md defines them.
enum class DispatchOrder : uint8_t {
  kStrict,    // it does
  kFirstFit,  // jobs behind it start wherever they fit
  kBackfill,  // they do so unless that would delay the first job that waits, as
              // far as can be told: a job's timeout is its estimated run time
};
constexpr bool IsValidEnum(DispatchOrder value) {
  return value <= DispatchOrder::kBackfill;
}

// Source: API JobStateTimeLimitActionsAction.
enum class TimeLimitAction : uint8_t { kCancel, kTerminate };
constexpr bool IsValidEnum(TimeLimitAction value) {
  return value <= TimeLimitAction::kTerminate;
}

// Ends a job that has stood RUNNABLE at the head of its queue, blocked for
// `reason`, for so long. Of several entries for one reason the shortest holds.
// Source: API JobStateTimeLimitAction; guide "Jobs in a blocked state".
struct JobStateTimeLimitAction {
  // A code such as "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"; text behind
  // " - " is not looked at.
  std::string reason;
  absl::Duration max_time;  // 600 s to 86,400 s, whole seconds
  // kTerminate is for queues with quota shares, and for the reasons that their
  // heads may have beside lack of a fitting environment.
  // Queues for service jobs know no other.
  TimeLimitAction action = TimeLimitAction::kCancel;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.reason, self.max_time, self.action);
  }
};

struct JobQueueOptions {
  std::string job_queue_name;  // 1..128 of letters, digits, '-', '_'
  int priority = 0;            // 0..1000; higher ones first
  ResourceState state = ResourceState::kEnabled;
  // 1 to 3, each of them VALID when the queue is created.
  std::vector<ComputeEnvironmentOrder> compute_environment_order;
  // Instead of these, for service jobs: one that is VALID. With quota shares
  // its limits must be in instance types, and no other queue may have it; else
  // they must be in NUM_INSTANCES.
  std::vector<ServiceEnvironmentOrder> service_environment_order;
  // Absent: as the environments are. Must agree with them.
  std::optional<JobQueueType> job_queue_type;
  // The name of a policy. Empty: first in, first out. It can be replaced by
  // another of its kind, never removed, and not added later.
  std::string scheduling_policy;
  DispatchOrder dispatch_order = DispatchOrder::kStrict;
  // kBackfill: what overtakes the first job on the instance that is kept for it
  // must end strictly before that one's start; room that it leaves over there
  // is not used.
  bool backfill_ends_before_start = false;
  std::vector<JobStateTimeLimitAction> job_state_time_limit_actions;
  std::map<std::string, std::string> tags;  // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_queue_name, self.priority, self.state,
                 self.compute_environment_order, self.service_environment_order,
                 self.job_queue_type, self.scheduling_policy,
                 self.dispatch_order, self.backfill_ends_before_start,
                 self.job_state_time_limit_actions, self.tags, self.document);
  }
};

class JobQueue {
 public:
  // The environments come out sorted by `order`.
  static absl::StatusOr<JobQueue> Create(
      JobQueueOptions options, LimitsProfile limits = LimitsProfile::kAws);

  // Names nothing; only good for being assigned to.
  JobQueue() = default;

  const std::string& job_queue_name() const { return options_.job_queue_name; }
  const JobQueueOptions& options() const { return options_; }
  // Whether it takes service jobs, rather than jobs with containers.
  bool is_for_services() const {
    return !options_.service_environment_order.empty();
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.options_);
  }

 private:
  explicit JobQueue(JobQueueOptions options) : options_(std::move(options)) {}

  JobQueueOptions options_;
};

// What of a queue is to change; what is absent stays. A scheduling policy can
// be replaced, never removed.
// Source: API UpdateJobQueue.
struct UpdateJobQueueRequest {
  std::string job_queue;  // a queue's name
  std::optional<int> priority;
  std::optional<ResourceState> state;
  // Those that are not yet attached must be VALID.
  std::optional<std::vector<ComputeEnvironmentOrder>> compute_environment_order;
  // Of a queue that was created with one.
  std::optional<std::vector<ServiceEnvironmentOrder>> service_environment_order;
  // Another policy of the same kind, for a queue that was created with one.
  std::optional<std::string> scheduling_policy;
  // A head that is blocked already has stood for as long as it has.
  std::optional<std::vector<JobStateTimeLimitAction>>
      job_state_time_limit_actions;
  std::optional<Document> document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job_queue, self.priority, self.state,
                 self.compute_environment_order, self.service_environment_order,
                 self.scheduling_policy, self.job_state_time_limit_actions,
                 self.document);
  }
};

}  // namespace embatch

#endif  // EMBATCH_JOB_QUEUE_H_
