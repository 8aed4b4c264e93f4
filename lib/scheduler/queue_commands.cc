// SPDX-License-Identifier: Apache-2.0
//
// The life of a queue as its owner sees it: created, updated, deleted.
#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/commands.h"
#include "lib/scheduler/service_environments.h"
#include "lib/scheduler/shares.h"
#include "lib/scheduler/time_limits.h"

namespace embatch {
namespace {

absl::Status QueueStateError(absl::string_view name, absl::string_view is,
                             absl::string_view must) {
  return absl::FailedPreconditionError(absl::StrCat(
      "job_queue is ", Quoted(name), ", which is ", is, "; ", must));
}

// Source: API CreateJobQueue.computeEnvironmentOrder ("all of the compute
// environments must be either EC2 (EC2 or SPOT) or Fargate (FARGATE or
// FARGATE_SPOT)", "must share the same architecture"). Choice: D23; of an
// architecture that no catalogue has told yet nothing is said. Choice: nor may
// ECS and EKS stand beside each other, as jobQueueType is one of them.
absl::Status CheckOfOneKind(const Fleet& fleet,
                            const std::vector<uint32_t>& environments) {
  constexpr absl::string_view kMember =
      "compute_environment_order.compute_environment";
  for (uint32_t index : environments) {
    const EnvironmentRecord& first = fleet.environment(environments.front());
    const EnvironmentRecord& other = fleet.environment(index);
    if (first.config.is_fargate() != other.config.is_fargate()) {
      return absl::InvalidArgumentError(absl::StrCat(
          kMember, " is ", Quoted(other.config.compute_environment_name()),
          ", beside one of the other kind; must be all EC2 (EC2 or SPOT) or "
          "all Fargate (FARGATE or FARGATE_SPOT)"));
    }
    if (first.config.options().container_orchestration_type !=
        other.config.options().container_orchestration_type) {
      return absl::InvalidArgumentError(absl::StrCat(
          kMember, " is ", Quoted(other.config.compute_environment_name()),
          ", beside one of another orchestration; must be all ECS or all EKS"));
    }
    const std::optional<CpuArchitecture> a = first.architecture();
    const std::optional<CpuArchitecture> b = other.architecture();
    if (a.has_value() && b.has_value() && *a != *b) {
      return absl::InvalidArgumentError(absl::StrCat(
          kMember, " is ", Quoted(other.config.compute_environment_name()),
          ", beside one of another architecture; must be all of one"));
    }
  }
  return absl::OkStatus();
}

// Choice: a queue stays with the platform and the orchestration of its
// environments, against which its jobs were checked; they could not run any
// more.
absl::Status CheckOfKindOfQueue(const State& state, const QueueRecord& queue,
                                const std::vector<uint32_t>& environments) {
  if (queue.environments.empty() || environments.empty()) {
    return absl::OkStatus();
  }
  // Each list is of one kind in itself.
  const ComputeEnvironment& old =
      state.fleet.environment(queue.environments.front()).config;
  const ComputeEnvironment& other =
      state.fleet.environment(environments.front()).config;
  const std::optional<OrchestrationType> present =
      old.options().container_orchestration_type;
  const std::optional<OrchestrationType> wanted =
      other.options().container_orchestration_type;
  absl::string_view must_be;
  if (old.is_fargate() != other.is_fargate()) {
    must_be = old.is_fargate() ? "Fargate (FARGATE or FARGATE_SPOT)"
                               : "EC2 (EC2 or SPOT)";
  } else if (wanted.has_value() && wanted != present) {
    // Without an orchestration all are taken.
    must_be = present.has_value() ? OrchestrationTypeName(*present)
                                  : "of no orchestration";
  } else {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("compute_environment_order.compute_environment is ",
                   Quoted(other.compute_environment_name()), "; must be ",
                   must_be, ", as the environments of job queue ",
                   Quoted(queue.config.job_queue_name()), " are now"));
}

// Source: API JobQueueDetail.computeEnvironmentOrder; §13.1, each must be VALID
// when it is associated. Those in `attached` are already.
absl::StatusOr<std::vector<uint32_t>> FindEnvironments(
    const State& state, const JobQueue& queue,
    const std::vector<uint32_t>& attached) {
  std::vector<uint32_t> environments;
  for (const ComputeEnvironmentOrder& entry :
       queue.options().compute_environment_order) {
    const std::optional<uint32_t> index =
        state.fleet.FindEnvironment(entry.compute_environment);
    if (!index.has_value()) {
      return absl::NotFoundError(
          absl::StrCat("compute_environment_order.compute_environment is ",
                       Quoted(entry.compute_environment),
                       "; there is no compute environment of that name"));
    }
    const ResourceStatus status = state.fleet.environment(*index).status;
    if (!TakesWork(status) && !absl::c_linear_search(attached, *index)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "compute_environment_order.compute_environment is ",
          Quoted(entry.compute_environment), ", which is ",
          ResourceStatusName(status),
          "; must be VALID (a new one is after the next Advance())"));
    }
    environments.push_back(*index);
  }
  EMBATCH_RETURN_IF_ERROR(CheckOfOneKind(state.fleet, environments));
  return environments;
}

// The service environment of a queue for service jobs; kNoIndex for others.
// Source: API CreateJobQueue.serviceEnvironmentOrder; guide "Quota management"
// (limits in instance types, "only one job queue"); §15.1, §19. `index` is the
// queue's own, or kNoIndex of a new one.
absl::StatusOr<uint32_t> FindService(const State& state, const JobQueue& queue,
                                     uint32_t index) {
  if (!queue.is_for_services()) return kNoIndex;
  constexpr absl::string_view kMember =
      "service_environment_order.service_environment";
  const std::string& name =
      queue.options().service_environment_order.front().service_environment;
  const std::optional<uint32_t> found = FindServiceEnvironment(state, name);
  if (!found.has_value()) {
    return absl::NotFoundError(
        absl::StrCat(kMember, " is ", Quoted(name),
                     "; there is no service environment of that name"));
  }
  const ServiceEnvironmentRecord& record = state.service_environments[*found];
  if (!TakesWork(record.status)) {
    return absl::FailedPreconditionError(absl::StrCat(
        kMember, " is ", Quoted(name), ", which is ",
        ResourceStatusName(record.status),
        "; must be VALID (a new one is after the next Advance())"));
  }
  const SchedulingPolicy* policy =
      FindPolicy(state, queue.options().scheduling_policy);
  const bool has_quotas = policy != nullptr && !policy->is_fairshare();
  if (record.config.is_quota_managed() != has_quotas) {
    return absl::InvalidArgumentError(absl::StrCat(
        kMember, " is ", Quoted(name), ", whose capacity_limits are ",
        has_quotas ? "in NUM_INSTANCES; must be in instance types for a queue "
                     "with quota shares"
                   : "in instance types; must be in NUM_INSTANCES for a queue "
                     "without quota shares"));
  }
  if (!has_quotas) return *found;
  for (uint32_t i = 0; i < state.queues.size(); ++i) {
    if (i == index || state.queues[i].service != *found) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(kMember, " is ", Quoted(name), ", which job queue ",
                     Quoted(state.queues[i].config.job_queue_name()),
                     " has; with quota shares no other queue may have it"));
  }
  return *found;
}

// The types that a queue over such environments may have, as a message has
// them.
absl::string_view TypesFor(const ComputeEnvironment& environment) {
  if (environment.is_fargate()) return "ECS_FARGATE";
  const std::optional<OrchestrationType> orchestration =
      environment.options().container_orchestration_type;
  if (!orchestration.has_value()) return "ECS or EKS";
  return OrchestrationTypeName(*orchestration);
}

bool CanHave(JobQueueType type, const ComputeEnvironment& environment) {
  if (environment.is_fargate()) return type == JobQueueType::kEcsFargate;
  if (type == JobQueueType::kEcsFargate) return false;
  const OrchestrationType of_type = type == JobQueueType::kEks
                                        ? OrchestrationType::kEks
                                        : OrchestrationType::kEcs;
  return environment.options().container_orchestration_type.value_or(of_type) ==
         of_type;
}

// Source: API CreateJobQueue.jobQueueType ("EKS, ECS, or ECS_FARGATE depending
// on the compute environment").
absl::Status CheckType(const State& state, const JobQueue& queue,
                       const std::vector<uint32_t>& environments) {
  const std::optional<JobQueueType> type = queue.options().job_queue_type;
  if (!type.has_value() || environments.empty()) return absl::OkStatus();
  const ComputeEnvironment& first =
      state.fleet.environment(environments.front()).config;
  if (CanHave(*type, first)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("job_queue_type is ", JobQueueTypeName(*type), "; must be ",
                   TypesFor(first), " for these environments"));
}

// Higher priorities first, of equal ones the older first. Choice: D43.
void PutInOrder(State& state, uint32_t index) {
  std::vector<uint32_t>& order = state.queue_order;
  order.erase(std::remove(order.begin(), order.end(), index), order.end());
  const auto goes_before = [&state](uint32_t a, uint32_t b) {
    const QueueRecord& first = state.queues[a];
    const QueueRecord& second = state.queues[b];
    if (first.config.options().priority != second.config.options().priority) {
      return first.config.options().priority > second.config.options().priority;
    }
    return first.number < second.number;
  };
  order.insert(std::upper_bound(order.begin(), order.end(), index, goes_before),
               index);
}

// A place in the table of queues. That of a deleted queue is taken again once
// its last finished job is forgotten.
uint32_t AddQueue(State& state) {
  if (state.free_queues.empty()) {
    state.queues.emplace_back();
    return state.jobs.AddQueue();
  }
  const uint32_t index = state.free_queues.back();
  state.free_queues.pop_back();
  state.queues[index] = QueueRecord();
  return index;
}

}  // namespace

absl::Status Apply(State& state, const CreateJobQueueCommand& command) {
  const Limits& limits = LimitsOf(state.settings.limits);
  EMBATCH_RETURN_IF_ERROR(
      JobQueue::Create(command.job_queue.options(), state.settings.limits)
          .status());
  const std::string& name = command.job_queue.job_queue_name();
  if (state.queue_names.contains(name)) {
    return absl::AlreadyExistsError(
        absl::StrCat("Job queue ", name, " already exists"));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckCount("job queues", state.queue_order.size(), limits.queues_max));
  absl::StatusOr<std::vector<uint32_t>> environments =
      FindEnvironments(state, command.job_queue, {});
  EMBATCH_RETURN_IF_ERROR(environments.status());
  EMBATCH_RETURN_IF_ERROR(CheckType(state, command.job_queue, *environments));
  EMBATCH_RETURN_IF_ERROR(CheckPolicyOfNewQueue(state, command.job_queue));
  EMBATCH_RETURN_IF_ERROR(CheckTimeLimitActions(
      command.job_queue.options(), KindOfNewQueue(state, command.job_queue)));
  const absl::StatusOr<uint32_t> service =
      FindService(state, command.job_queue, kNoIndex);
  EMBATCH_RETURN_IF_ERROR(service.status());

  const uint32_t index = AddQueue(state);
  state.queue_names[name] = index;
  QueueRecord& queue = state.queues[index];
  queue.config = command.job_queue;
  queue.number = state.next_queue_number++;
  queue.environments = *std::move(environments);
  queue.service = *service;
  AdoptPolicy(state, index);
  if (queue.is_for_services() && queue.quota.has_value()) {
    // Source: API CapacityLimit ("jobs requiring other instance types wait").
    queue.quota->ledger.set_unnamed_is_unlimited(false);
  }
  PutInOrder(state, index);
  return absl::OkStatus();
}

// Source: API UpdateJobQueue; §13.1.
absl::Status Apply(State& state, const UpdateJobQueueRequest& request) {
  const std::optional<uint32_t> index = FindQueue(state, request.job_queue);
  if (!index.has_value()) {
    return absl::NotFoundError(absl::StrCat(
        "job_queue: Job queue ", Quoted(request.job_queue), " does not exist"));
  }
  QueueRecord& queue = state.queues[*index];
  if (queue.status != ResourceStatus::kValid &&
      queue.status != ResourceStatus::kInvalid) {
    // Choice: one change at a time, as for deletion (§22).
    return QueueStateError(request.job_queue, ResourceStatusName(queue.status),
                           "Cannot update, resource is being modified");
  }
  JobQueueOptions options = queue.config.options();
  if (request.priority.has_value()) options.priority = *request.priority;
  if (request.state.has_value()) options.state = *request.state;
  if (request.compute_environment_order.has_value()) {
    options.compute_environment_order = *request.compute_environment_order;
  }
  if (request.service_environment_order.has_value()) {
    options.service_environment_order = *request.service_environment_order;
  }
  if (request.scheduling_policy.has_value()) {
    EMBATCH_RETURN_IF_ERROR(
        CheckPolicyReplacement(state, *index, *request.scheduling_policy));
    options.scheduling_policy = *request.scheduling_policy;
  }
  if (request.job_state_time_limit_actions.has_value()) {
    options.job_state_time_limit_actions =
        *request.job_state_time_limit_actions;
  }
  if (request.document.has_value()) options.document = *request.document;
  absl::StatusOr<JobQueue> updated =
      JobQueue::Create(std::move(options), state.settings.limits);
  EMBATCH_RETURN_IF_ERROR(updated.status());
  absl::StatusOr<std::vector<uint32_t>> environments =
      FindEnvironments(state, *updated, queue.environments);
  EMBATCH_RETURN_IF_ERROR(environments.status());
  EMBATCH_RETURN_IF_ERROR(
      CheckTimeLimitActions(updated->options(), queue.kind));
  EMBATCH_RETURN_IF_ERROR(CheckType(state, *updated, *environments));
  EMBATCH_RETURN_IF_ERROR(CheckOfKindOfQueue(state, queue, *environments));
  if (updated->is_for_services() != queue.is_for_services()) {
    // Choice: its jobs could not run any more.
    return absl::InvalidArgumentError(absl::StrCat(
        "job_queue is ", Quoted(request.job_queue),
        "; a queue with compute environments can't get a service environment, "
        "nor one with a service environment a compute environment"));
  }
  const absl::StatusOr<uint32_t> service = FindService(state, *updated, *index);
  EMBATCH_RETURN_IF_ERROR(service.status());

  queue.config = *std::move(updated);
  queue.environments = *std::move(environments);
  queue.service = *service;
  queue.status = ResourceStatus::kUpdating;
  queue.status_reason.clear();
  queue.stuck = JobKey();  // its head may fit elsewhere now,
  ++queue.changes;         // and so may those behind it
  queue.head_start = KnownHeadStart();
  if (queue.quota.has_value()) ++queue.quota->version;
  AdoptPolicy(state, *index);
  PutInOrder(state, *index);
  SetClocks(state, queue);
  return absl::OkStatus();
}

// Source: API DeleteJobQueue; §13.2. Choice: D42; §22 for a queue that is being
// modified.
absl::Status Apply(State& state, const DeleteJobQueueCommand& command) {
  const std::optional<uint32_t> index = FindQueue(state, command.job_queue);
  if (!index.has_value()) return absl::OkStatus();
  QueueRecord& queue = state.queues[*index];
  if (queue.status == ResourceStatus::kDeleting) return absl::OkStatus();
  if (queue.status == ResourceStatus::kCreating ||
      queue.status == ResourceStatus::kUpdating) {
    return QueueStateError(command.job_queue, ResourceStatusName(queue.status),
                           "Cannot delete, resource is being modified");
  }
  if (queue.config.options().state == ResourceState::kEnabled) {
    return QueueStateError(command.job_queue, "ENABLED", "must be DISABLED");
  }
  StopClocks(state, queue);
  queue.status = ResourceStatus::kDeleting;
  queue.status_reason.clear();
  WorkItem item;
  item.kind = WorkKind::kDeleteJobs;
  item.slot = *index;
  state.work.push_back(item);
  return absl::OkStatus();
}

}  // namespace embatch
