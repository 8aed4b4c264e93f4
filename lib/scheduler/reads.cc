// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/reads.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/base/time.h"
#include "lib/jobs/dependencies.h"
#include "lib/jobs/reasons.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {

absl::StatusOr<JobKey> FindJob(const State& state, const JobId& job) {
  const std::optional<JobKey> key = state.jobs.Find(job);
  if (key.has_value()) return *key;
  std::ostringstream name;
  name << job;
  return absl::NotFoundError(
      absl::StrCat(name.str(), " does not exist, or its retention is over"));
}

namespace {

std::optional<absl::Time> TimeOrNone(int64_t nanos) {
  if (nanos == kNoTime) return std::nullopt;
  return FromNanos(nanos);
}

TextIndex BulkText(const State& state, uint32_t slot, BulkReason bulk) {
  switch (bulk) {
    case BulkReason::kDependencyFailed:
      return kDependentJobFailed;
    case BulkReason::kQueueDeleted:
      return kJobQueueDeleted;
    case BulkReason::kNone:
    case BulkReason::kEndedByCaller:
      return state.jobs.record(slot).details.request_reason;
  }
  return kNoReason;
}

// What a child that has no details shows follows from its status and cell.
void FillChildWithoutDetails(const State& state, JobKey key, JobView* view) {
  const ArrayRecord& array = state.jobs.array(key.slot);
  const ChildState child = array.states.Get(key.child);
  if (child.cell() == CellKind::kOutcome) {
    const AttemptRecord attempt = state.jobs.History(key).front();
    view->started_at = TimeOrNone(attempt.started_ns);
    view->stopped_at = TimeOrNone(attempt.stopped_ns);
    view->status_reason = state.jobs.Text(attempt.status_reason);
    view->exit_code = attempt.exit_code;
    view->instance = InstanceId{attempt.instance_number};
  } else if (IsTerminal(view->status)) {
    const BulkReason bulk = child.bulk_reason();
    view->stopped_at =
        TimeOrNone(array.bulk_stopped_ns[static_cast<int>(bulk)]);
    view->status_reason = state.jobs.Text(BulkText(state, key.slot, bulk));
  }
}

// Of all nodes of a multi-node job; of any other job its own.
Resources ResourcesOf(const JobSpec& spec) {
  if (!spec.is_multi_node()) return spec.resources;
  Resources all;
  for (const uint8_t group : spec.extras->node_groups) {
    const Resources& one = spec.extras->groups[group].resources;
    all.vcpu_milli += one.vcpu_milli;
    all.memory_mib += one.memory_mib;
    all.gpus += one.gpus;
  }
  return all;
}

// Whose attempts a job shows: its own, or its main node's.
JobKey WithAttempts(const State& state, JobKey key) {
  if (!key.is_child() && state.jobs.record(key.slot).has_nodes) {
    key.child = state.jobs.nodes(key.slot).main_node;
  }
  return key;
}

// The containers of a job that has several; `task`: as an attempt has them.
std::vector<ContainerView> ContainersOf(const State& state, const JobSpec& spec,
                                        uint32_t task) {
  std::vector<ContainerView> views;
  for (const TaskContainer& container : spec.extras->task.containers) {
    const size_t index = views.size();
    ContainerView& view = views.emplace_back();
    view.name = container.name;
    view.image = container.image;
    view.command = container.command;
    view.environment = container.environment;
    view.resources = container.resources;
    view.essential = container.essential;
    view.is_init = container.is_init;
    if (task == kNoIndex) continue;
    const ContainerRecord& record = state.jobs.task(task).containers[index];
    view.started = record.phase == ContainerPhase::kRunning ||
                   record.phase == ContainerPhase::kExited;
    if (record.has_exit_code) view.exit_code = record.exit_code;
    view.reason = state.jobs.Text(record.reason);
  }
  return views;
}

void FillFromDetails(const State& state, JobKey key, const JobDetails& details,
                     JobView* view) {
  view->started_at = TimeOrNone(details.started_ns);
  if (IsTerminal(view->status)) {
    view->stopped_at = TimeOrNone(details.stopped_ns);
  }
  view->status_reason = state.jobs.Text(details.status_reason);
  view->is_cancelled = details.is_cancelled;
  view->is_terminated = details.is_terminated;
  const std::optional<AttemptRecord> last =
      state.jobs.LastAttempt(WithAttempts(state, key));
  if (!last.has_value()) return;
  if (last->has_exit_code) view->exit_code = last->exit_code;
  view->reason = state.jobs.Text(last->reason);
  view->instance = InstanceId{last->instance_number};
}

// The attempt under way is the latest one.
void FillFromLive(const LiveAttempt& attempt, JobView* view) {
  (attempt.started ? view->started_at : view->scheduled_at) =
      FromNanos(attempt.started_ns);
  view->exit_code.reset();
  view->reason = absl::string_view();
  view->instance = InstanceId{attempt.instance_number};
}

std::optional<absl::Time> StopOf(const State& state, JobKey child) {
  if (!IsTerminal(state.jobs.StatusOf(child))) return std::nullopt;
  if (const JobDetails* details = state.jobs.FindDetails(child)) {
    return TimeOrNone(details->stopped_ns);
  }
  JobView view;
  view.status = state.jobs.StatusOf(child);
  FillChildWithoutDetails(state, child, &view);
  return view.stopped_at;
}

// Of a job, or a node, of one container.
absl::string_view ImageOf(const JobSpec& spec,
                          const JobDefinition& definition) {
  const std::string& image = spec.extras->image;
  return image.empty() ? definition.options().container_properties.image
                       : image;
}

uint32_t SpecOf(const State& state, JobKey key) {
  const JobRecord& record = state.jobs.record(key.slot);
  return key.is_child() && record.has_nodes
             ? state.jobs.nodes(key.slot).at(key.child).spec
             : record.spec;
}

}  // namespace

absl::StatusOr<JobView> ReadJob(const State& state, const JobId& job) {
  state.jobs.FetchJob(job.slot);  // among a million a third less time
  const absl::StatusOr<JobKey> found = FindJob(state, job);
  EMBATCH_RETURN_IF_ERROR(found.status());
  const JobKey key = *found;
  const JobRecord& record = state.jobs.record(key.slot);
  const JobSpec& spec = state.jobs.spec(SpecOf(state, key));
  const DefinitionRecord* definition =
      spec.is_service() ? nullptr : &state.definitions[spec.definition];
  JobView view;
  view.job = job;
  view.job_name = state.jobs.Name(key.slot);
  view.job_queue = state.queues[record.queue].config.job_queue_name();
  if (definition != nullptr) {
    view.job_definition = definition->definition.job_definition_name();
    view.revision = definition->revision;
    view.definition = &definition->definition;
    view.image = ImageOf(spec, definition->definition);
  }
  view.status = state.jobs.StatusOf(key);
  view.created_at = FromNanos(record.created_ns);
  view.latest_attempt = state.jobs.AttemptsOf(key);
  view.attempts = view.latest_attempt - state.jobs.UncountedAttempts(key);
  if (const PreemptionRecord* preempted = state.jobs.FindPreemptions(key)) {
    view.preempted_attempts = preempted->preempted;
  }
  if (const auto& quota = state.queues[record.queue].quota; quota.has_value()) {
    view.quota_share_name =
        quota->shares[record.share].config.quota_share_name();
  }
  view.resources = ResourcesOf(spec);
  view.command = spec.command;
  view.environment = spec.environment;
  view.retry_strategy = spec.retry_strategy;
  view.timeout = spec.timeout;
  view.scheduling_priority = spec.scheduling_priority;
  if (state.queues[record.queue].kind == QueueKind::kFairShare) {
    view.share_identifier =
        state.queues[record.queue].fair_share.identifier(record.share);
  }
  view.parameters = &spec.extras->parameters;
  view.tags = &TagsOfJob(state, key.slot);
  view.propagate_tags = spec.propagate_tags;
  view.document = &spec.extras->document;
  view.consumable_resources = spec.extras->consumables;
  if (const JobDetails* details = state.jobs.FindDetails(key)) {
    FillFromDetails(state, key, *details, &view);
  } else {
    FillChildWithoutDetails(state, key, &view);
  }
  if (spec.is_service()) {
    view.exit_code.reset();
    view.reason = absl::string_view();
  }
  const uint32_t live = state.jobs.LiveOf(key);
  if (live != kNoIndex) FillFromLive(state.jobs.live(live), &view);
  if (record.has_nodes) {
    view.num_nodes = state.jobs.nodes(key.slot).size();
    view.main_node = state.jobs.nodes(key.slot).main_node;
    view.is_cancelled |= record.details.is_cancelled;
    view.is_terminated |= record.details.is_terminated;
  }
  if (spec.has_task()) {
    uint32_t task = kNoIndex;
    if (live != kNoIndex) {
      task = state.jobs.live(live).task;
    } else if (const auto last =
                   state.jobs.LastAttempt(WithAttempts(state, key))) {
      task = last->task;
    }
    view.containers = ContainersOf(state, spec, task);
  }
  if (!record.is_array()) return view;
  const ArrayRecord& array = state.jobs.array(key.slot);
  if (!key.is_child()) {
    view.array_size = array.size;
    view.status_summary = array.counts;
    return view;
  }
  view.is_cancelled |= record.details.is_cancelled;
  view.is_terminated |= record.details.is_terminated;
  // Choice: D49, a child of a SEQUENTIAL array is created when the one before
  // it ended.
  if (array.sequential && key.child > 0) {
    view.created_at =
        StopOf(state, {key.slot, key.child - 1}).value_or(view.created_at);
  }
  return view;
}

AttemptView ViewOf(const State& state, const AttemptRecord& attempt) {
  AttemptView view;
  view.number = attempt.number;
  view.started_at = TimeOrNone(attempt.started_ns);
  view.stopped_at = FromNanos(attempt.stopped_ns);
  if (attempt.has_exit_code) view.exit_code = attempt.exit_code;
  view.reason = state.jobs.Text(attempt.reason);
  view.status_reason = state.jobs.Text(attempt.status_reason);
  view.instance = InstanceId{attempt.instance_number};
  return view;
}

void ShowAsService(AttemptView* view) {
  view->exit_code.reset();
  view->service_resource_id = std::exchange(view->reason, absl::string_view());
}

absl::StatusOr<std::vector<JobView>> ReadJobs(const State& state,
                                              absl::Span<const JobId> jobs) {
  if (jobs.size() > static_cast<size_t>(kDescribeJobsMax)) {
    return absl::InvalidArgumentError(
        absl::StrCat("jobs has ", jobs.size(),
                     " entries; Maximum number of jobs supported is  ",
                     kDescribeJobsMax, " ."));
  }
  std::vector<JobView> views;
  for (const JobId& job : jobs) {
    absl::StatusOr<JobView> view = ReadJob(state, job);
    if (view.ok()) views.push_back(*std::move(view));
  }
  return views;
}

absl::StatusOr<std::vector<AttemptView>> ReadAttempts(const State& state,
                                                      const JobId& job) {
  const absl::StatusOr<JobKey> key = FindJob(state, job);
  EMBATCH_RETURN_IF_ERROR(key.status());
  std::vector<AttemptView> views;
  for (const AttemptRecord& attempt :
       state.jobs.History(WithAttempts(state, *key))) {
    AttemptView& view = views.emplace_back(ViewOf(state, attempt));
    if (state.jobs.spec(SpecOf(state, *key)).is_service()) {
      ShowAsService(&view);
    }
    if (attempt.task != kNoIndex) {
      view.containers = ContainersOf(
          state, state.jobs.spec(SpecOf(state, *key)), attempt.task);
    }
  }
  return views;
}

absl::StatusOr<std::vector<JobDependency>> ReadDependencies(const State& state,
                                                            const JobId& job) {
  const absl::StatusOr<JobKey> key = FindJob(state, job);
  EMBATCH_RETURN_IF_ERROR(key.status());
  return SubmittedDependencies(state.jobs, key->slot);
}

absl::StatusOr<JobDefinitionView> ReadJobDefinition(const State& state,
                                                    absl::string_view text) {
  const std::optional<uint32_t> index = FindDefinition(state, text);
  if (!index.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("Job definition ", Quoted(text), " does not exist"));
  }
  const DefinitionRecord& record = state.definitions[*index];
  return JobDefinitionView{&record.definition, record.revision, record.active};
}

absl::StatusOr<JobQueueView> ReadJobQueue(const State& state,
                                          absl::string_view name) {
  const std::optional<uint32_t> index = FindQueue(state, name);
  if (!index.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("Job queue ", Quoted(name), " does not exist"));
  }
  const QueueRecord& record = state.queues[*index];
  JobQueueView view;
  view.job_queue = &record.config;
  view.status = record.status;
  view.status_reason = record.status_reason;
  for (int i = 0; i < kJobStatusCount; ++i) {
    view.jobs[i] = static_cast<int32_t>(
        state.jobs.ByStatus(*index, static_cast<JobStatus>(i)).size());
  }
  return view;
}

absl::StatusOr<ComputeEnvironmentView> ReadComputeEnvironment(
    const State& state, absl::string_view name) {
  const std::optional<uint32_t> index = state.fleet.FindEnvironment(name);
  if (!index.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("Compute environment ", Quoted(name), " does not exist"));
  }
  const EnvironmentRecord& record = state.fleet.environment(*index);
  ComputeEnvironmentView view;
  view.compute_environment = &record.config;
  view.status = record.status;
  view.status_reason = record.status_reason;
  view.uuid = FormatEnvironmentId(*index, state.settings.seed);
  view.vcpus = record.vcpu_milli / 1000;
  view.desired_vcpus = record.desired_vcpu_milli() / 1000;
  view.instances = record.instances;
  view.booting = record.booting;
  view.draining = record.draining;
  view.free = record.free_sum;
  return view;
}

void SetSpecOfAttempt(const State& state, uint32_t live, uint16_t container,
                      ContainerSpec* result) {
  const LiveAttempt& attempt = state.jobs.live(live);
  const JobRecord& record = state.jobs.record(attempt.job.slot);
  const JobSpec& spec = state.jobs.spec(attempt.spec);
  const JobDefinition& definition =
      state.definitions[spec.definition].definition;
  result->container = {{state.jobs.IdOf(attempt.job), attempt.number},
                       container};
  result->instance = InstanceId{attempt.instance_number};
  if (attempt.task != kNoIndex) {
    const TaskContainer& one =
        state.jobs.TaskSpecOf(live).containers[container];
    result->container_name = one.name;
    result->image = one.image;
    result->command = one.command;
    result->environment = one.environment;
    result->resources = one.resources;
    result->stop_timeout = one.stop_timeout;
  } else {
    result->container_name = ContainerSpec().container_name;
    result->image = ImageOf(spec, definition);
    result->command = spec.command;
    result->environment = spec.environment;
    result->resources = spec.resources;
    result->stop_timeout = kStopTimeoutDefault;
  }
  const JobSpecExtras& extras = *spec.extras;
  result->tags = spec.propagate_tags ? &extras.propagated_tags : nullptr;
  result->job_name = state.jobs.Name(attempt.job.slot);
  result->job_definition = definition.job_definition_name();
  result->job_queue = state.queues[record.queue].config.job_queue_name();
  result->compute_environment = state.fleet.environment(attempt.environment)
                                    .config.compute_environment_name();
  result->array_size = 0;
  result->num_nodes = 0;
  result->main_node = 0;
  result->main_node_address = absl::string_view();
  if (attempt.is_node) {
    const NodesRecord& nodes = state.jobs.nodes(attempt.job.slot);
    result->num_nodes = nodes.size();
    result->main_node = nodes.main_node;
    if (attempt.job.child != nodes.main_node) {
      result->main_node_address = nodes.main_node_address;
    }
  } else if (attempt.job.is_child()) {
    result->array_size = state.jobs.array(attempt.job.slot).size;
  }
  result->id_seed = state.settings.seed;
  result->document = definition.options().document;
  result->job_document = extras.document;
  result->after_restart = false;
}

}  // namespace embatch
