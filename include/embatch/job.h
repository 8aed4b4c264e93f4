// SPDX-License-Identifier: Apache-2.0
//
// Jobs: what a caller submits, and what it can read about a job afterwards.
//
// Source: API SubmitJob, JobDetail, JobSummary, AttemptDetail, ArrayProperties,
// JobDependency; guide "Job states".
#ifndef EMBATCH_JOB_H_
#define EMBATCH_JOB_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/consumable_resource.h"
#include "embatch/container_overrides.h"
#include "embatch/fields.h"
#include "embatch/ids.h"
#include "embatch/job_definition.h"
#include "embatch/resources.h"

namespace embatch {

// Source: API JobStatus, ServiceJobStatus.
enum class JobStatus : uint8_t {
  kSubmitted,  // accepted, not yet looked at
  kPending,    // waits for other jobs; an array while its children work
  kRunnable,   // waits for room
  kScheduled,  // service jobs: the service has it, and no capacity yet
  kStarting,   // placed on an instance, its container is being started
  kRunning,
  kSucceeded,
  kFailed,
};
inline constexpr int kJobStatusCount = 8;

constexpr bool IsValidEnum(JobStatus value) {
  return value <= JobStatus::kFailed;
}
constexpr bool IsTerminal(JobStatus status) {
  return status >= JobStatus::kSucceeded;
}
absl::string_view JobStatusName(JobStatus status);  // "RUNNABLE"
std::ostream& operator<<(std::ostream& out, JobStatus status);

// Source: API ArrayJobDependency. kPlain is AWS's entry without a type.
enum class DependencyType : uint8_t { kPlain, kNToN, kSequential };
constexpr bool IsValidEnum(DependencyType value) {
  return value <= DependencyType::kSequential;
}

// Which end of a job lets those go on that depend on it. AWS has kSuccess
// alone; the others are this library's own, and only where a submission asks
// for them.
enum class DependencyCondition : uint8_t {
  kSuccess,     // it has SUCCEEDED
  kFailure,     // it has FAILED, for whatever reason, all attempts used up
  kCompletion,  // it has ended
};
constexpr bool IsValidEnum(DependencyCondition value) {
  return value <= DependencyCondition::kCompletion;
}

// One entry of dependsOn:
//   {job}             waits until that job (an array: all of it) has succeeded
//   {job.Child(3)}    waits for that child
//   {job, kNToN}      array on array of the same size: child i waits for child
//                     i of the other
//   {{}, kSequential} array: child i waits for child i-1 of the same array
//   {job, kSequential} the same as {job} (D3)
// What it waits for has ended otherwise than `condition` asks: the dependent
// fails at once with "Dependent Job failed", without waiting for the rest. For
// those that depend on it in turn that is a failure like any other.
//
// Child by child where the type is kNToN or kSequential: with {{}, kSequential,
// kFailure} child i runs only if child i-1 has failed, so that children are
// tried in turn; when one succeeds the next one fails, and the one behind that
// runs. All SEQUENTIAL entries of a job have the same condition.
struct JobDependency {
  JobId job;
  DependencyType type = DependencyType::kPlain;
  DependencyCondition condition = DependencyCondition::kSuccess;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job, self.type, self.condition);
  }
};

// To submit many jobs, keep one request and change what differs: then nothing
// is allocated for each.
struct SubmitJobRequest {
  std::string job_name;        // 1..128, letter or digit first, then also - _
  std::string job_queue;       // a queue's name
  std::string job_definition;  // "name" (latest active revision), "name:3"
  std::optional<int32_t> array_size;      // 2..10,000 children
  std::vector<JobDependency> depends_on;  // at most 20
  // That of the kind that the definition has.
  ContainerOverrides container_overrides;
  std::optional<EcsPropertiesOverride> ecs_properties_override;
  std::optional<EksPropertiesOverride> eks_properties_override;
  std::optional<NodeOverrides> node_overrides;
  std::map<std::string, std::string> parameters;  // win over the definition's
  std::optional<RetryStrategy> retry_strategy;    // replaces the definition's
  std::optional<JobTimeout> timeout;              // replaces the definition's
  std::string share_identifier;                   // fair-share queues only
  std::string quota_share_name;                   // queues with quota shares
  // How often the job may be preempted and still wait again; absent: always.
  // Source: API ServiceJobPreemptionConfiguration.
  std::optional<int32_t> preemption_retries_before_termination;
  std::optional<int> scheduling_priority_override;
  std::optional<bool> propagate_tags;
  // Merged by resource; each must exist.
  ConsumableResourceProperties consumable_resource_properties_override;
  std::map<std::string, std::string> tags;  // at most 50
  Document document;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(
        self.job_name, self.job_queue, self.job_definition, self.array_size,
        self.depends_on, self.container_overrides, self.ecs_properties_override,
        self.eks_properties_override, self.node_overrides, self.parameters,
        self.retry_strategy, self.timeout, self.share_identifier,
        self.quota_share_name, self.preemption_retries_before_termination,
        self.scheduling_priority_override, self.propagate_tags,
        self.consumable_resource_properties_override, self.tags, self.document);
  }
};

// How many children of an array are in each status; index by JobStatus.
using StatusSummary = std::array<int32_t, kJobStatusCount>;

// One of several containers of a job, as its latest attempt has it; of an
// attempt, as that had it.
// Source: API TaskContainerDetails, AttemptTaskContainerDetails,
// EksContainerDetail, EksAttemptContainerDetail.
struct ContainerView {
  absl::string_view name;
  absl::string_view image;
  absl::Span<const std::string> command;              // placeholders replaced
  absl::Span<const EnvironmentVariable> environment;  // without AWS_BATCH_*
  Resources resources;
  bool essential = true;
  bool is_init = false;
  bool started = false;          // it runs, or has run
  std::optional<int> exit_code;  // absent: it has not exited, or nobody knows
  absl::string_view reason;      // empty: none
};

// A job, an array's child and a node included, as it stands. A view: its texts
// are valid until the next non-const call of the scheduler.
// Source: API JobDetail.
struct JobView {
  JobId job;
  absl::string_view job_name;
  absl::string_view job_queue;
  absl::string_view job_definition;  // name without revision
  int revision = 0;
  const JobDefinition* definition = nullptr;  // none: a service job
  JobStatus status = JobStatus::kSubmitted;
  absl::string_view status_reason;  // empty: none
  absl::Time created_at;
  // When it was placed, while it is STARTING. Source: API
  // JobSummary.scheduledAt speaks of service jobs only (§5.3), so there is none
  // later.
  std::optional<absl::Time> scheduled_at;
  std::optional<absl::Time> started_at;  // of the latest attempt
  std::optional<absl::Time> stopped_at;
  bool is_cancelled = false;
  bool is_terminated = false;
  // Attempts ended or under way; without those that don't count against the
  // retry strategy, which are the preempted ones.
  int attempts = 0;
  int preempted_attempts = 0;          // see Scheduler::DescribePreemptions()
  int latest_attempt = 0;              // its number; 0: none so far
  absl::string_view quota_share_name;  // empty: none
  // What each attempt takes; of a multi-node job that of all nodes, of a node
  // its own part.
  Resources resources;
  // Of a job of one container.
  absl::string_view image;
  absl::Span<const std::string> command;              // placeholders replaced
  absl::Span<const EnvironmentVariable> environment;  // without AWS_BATCH_*
  // Of one of several, in the order of the definition, a pod's after its init
  // containers; else empty.
  std::vector<ContainerView> containers;
  RetryStrategy retry_strategy;
  std::optional<JobTimeout> timeout;
  absl::string_view share_identifier;  // empty: its queue has no shares
  int scheduling_priority = 0;
  const std::map<std::string, std::string>* parameters = nullptr;
  const std::map<std::string, std::string>* tags = nullptr;
  bool propagate_tags = false;
  const Document* document = nullptr;  // the submission's
  // Taken likewise.
  absl::Span<const ConsumableResourceRequirement> consumable_resources;

  // Of the latest attempt; of several containers, those of the one that decided
  // how it ended.
  std::optional<int> exit_code;
  absl::string_view reason;  // the container's reason; empty: none
  InstanceId instance;

  int32_t array_size = 0;          // array parent; else 0
  StatusSummary status_summary{};  // array parent

  // Of a multi-node job and of each of its nodes; else 0. The job shows what
  // its main node does. A node's index is job.child.
  // Source: API NodeDetails, NodePropertiesSummary.
  int32_t num_nodes = 0;
  int32_t main_node = 0;

  bool is_main_node() const { return num_nodes > 0 && job.child == main_node; }
};

// One attempt that has ended.
// Source: API AttemptDetail, AttemptContainerDetail.
struct AttemptView {
  int number = 0;
  std::optional<absl::Time> started_at;  // absent: it never reached RUNNING
  absl::Time stopped_at;
  std::optional<int> exit_code;
  absl::string_view reason;         // the container's
  absl::string_view status_reason;  // the attempt's
  InstanceId instance;
  std::vector<ContainerView> containers;  // of several; else empty
  // Of a service job: the service's own name for it; empty: none.
  absl::string_view service_resource_id;
};

// The attempts of a job that were preempted.
// Source: API ServiceJobPreemptionSummary.
struct PreemptionSummary {
  int preempted_attempt_count = 0;
  std::vector<AttemptView> recent_preempted_attempts;  // 10 at most, by age
};

}  // namespace embatch

#endif  // EMBATCH_JOB_H_
