// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/commands.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/base/time.h"
#include "lib/base/utf8.h"
#include "lib/jobs/dependencies.h"
#include "lib/model/job_spec.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/service_jobs.h"
#include "lib/scheduler/shares.h"

namespace embatch {
namespace {

// Source: API SubmitServiceJob.jobQueue; §19. Choice: a queue takes one kind
// of jobs.
absl::Status CheckQueueRunsContainers(const QueueRecord& queue) {
  if (!queue.is_for_services()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("job_queue is ", Quoted(queue.config.job_queue_name()),
                   ", whose type is SAGEMAKER_TRAINING; it takes service jobs "
                   "only"));
}

absl::Status PlatformError(const QueueRecord& queue,
                           absl::string_view capability) {
  return absl::InvalidArgumentError(absl::StrCat(
      "job_queue is ", Quoted(queue.config.job_queue_name()),
      "; Job Queue is attached to Compute Environment that can not run Jobs "
      "with capability ",
      capability, "."));
}

// §4, step 4; API SubmitJob.eksPropertiesOverride ("only for jobs that are run
// on Amazon EKS resources"). Choice: a definition that names both platforms can
// run on either; a pod on the wrong ones, and another container on EKS, is
// refused as one of the wrong platform is.
absl::Status CheckPlatform(const State& state, const QueueRecord& queue,
                           const JobDefinition& definition) {
  const OrchestrationType orchestration =
      definition.container_orchestration_type();
  if (OrchestrationOf(state, queue).value_or(orchestration) != orchestration) {
    return PlatformError(queue, OrchestrationTypeName(orchestration));
  }
  const std::vector<PlatformCapability>& platforms =
      definition.options().platform_capabilities;
  const PlatformCapability needed =
      platforms.empty() ? PlatformCapability::kEc2 : platforms.front();
  const PlatformCapability there = PlatformOf(state, queue);
  if (needed == there ||
      std::find(platforms.begin(), platforms.end(), there) != platforms.end()) {
    return absl::OkStatus();
  }
  return PlatformError(queue, PlatformCapabilityName(needed));
}

// Choice: D29; a job of several nodes has no place where preemption could make
// room for it, so quota shares take none.
absl::Status CheckKindForShares(const QueueRecord& queue,
                                const JobDefinition& definition) {
  if (queue.kind != QueueKind::kQuotaShare ||
      definition.options().type != JobDefinitionType::kMultinode) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "job_definition is ", Quoted(definition.job_definition_name()),
      ", a multi-node one, and job_queue ",
      Quoted(queue.config.job_queue_name()),
      " has quota shares; such a queue takes jobs of one node only"));
}

// §4, steps 7 and 8.
absl::Status CheckArrayAndDependencies(const State& state,
                                       const SubmitJobRequest& request,
                                       const JobDefinition& definition) {
  const Limits& limits = LimitsOf(state.settings.limits);
  if (request.array_size.has_value()) {
    if (definition.options().type == JobDefinitionType::kMultinode) {
      return absl::InvalidArgumentError(
          absl::StrCat("array_size is ", *request.array_size,
                       "; must be absent for a multi-node job"));
    }
    EMBATCH_RETURN_IF_ERROR(CheckRange("array_size", *request.array_size,
                                       kArraySizeMin, limits.array_size_max));
  }
  return CheckDependencies(state.jobs, request.depends_on,
                           request.array_size.value_or(0), limits);
}

// The spec that a submission stands for, counted once for its job.
absl::StatusOr<uint32_t> SpecFor(State& state, uint32_t definition,
                                 const SubmitJobRequest& request) {
  DefinitionRecord& record = state.definitions[definition];
  const bool plain = IsPlainSubmission(request);
  if (plain && record.plain_spec.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckConsumablesExist(
        state, state.jobs.spec(*record.plain_spec).extras->consumables));
    state.jobs.AddSpecUser(*record.plain_spec);
    return *record.plain_spec;
  }
  absl::StatusOr<JobSpec> spec = MakeJobSpec(
      record.definition, definition, request, LimitsOf(state.settings.limits));
  EMBATCH_RETURN_IF_ERROR(spec.status());
  EMBATCH_RETURN_IF_ERROR(
      CheckSubmissionSize(request, LimitsOf(state.settings.limits)));
  EMBATCH_RETURN_IF_ERROR(
      CheckConsumablesExist(state, spec->extras->consumables));
  const uint32_t index = state.jobs.InternSpec(*std::move(spec));
  if (plain) {
    // Kept as long as the definition stays as it is.
    record.plain_spec = index;
    state.jobs.AddSpecUser(index);
  }
  return index;
}

}  // namespace

// §4, step 2.
absl::StatusOr<uint32_t> FindOpenQueue(const State& state,
                                       const std::string& job_queue) {
  const std::optional<uint32_t> index = FindQueue(state, job_queue);
  if (!index.has_value()) {
    return absl::NotFoundError(absl::StrCat(
        "job_queue: Job queue ", Quoted(job_queue), " does not exist"));
  }
  const QueueRecord& queue = state.queues[*index];
  if (queue.config.options().state != ResourceState::kEnabled) {
    return absl::FailedPreconditionError(
        absl::StrCat("job_queue is ", Quoted(job_queue),
                     ", which is DISABLED; must be ENABLED"));
  }
  if (!TakesWork(queue.status)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "job_queue is ", Quoted(job_queue), ", which is ",
        ResourceStatusName(queue.status),
        "; must be VALID (a new one is after the next Advance())"));
  }
  return *index;
}

PlatformCapability PlatformOf(const State& state, const QueueRecord& queue) {
  const bool is_fargate =
      !queue.environments.empty() &&
      state.fleet.environment(queue.environments.front()).config.is_fargate();
  return is_fargate ? PlatformCapability::kFargate : PlatformCapability::kEc2;
}

std::optional<OrchestrationType> OrchestrationOf(const State& state,
                                                 const QueueRecord& queue) {
  if (queue.environments.empty()) return std::nullopt;
  return state.fleet.environment(queue.environments.front())
      .config.options()
      .container_orchestration_type;
}

absl::Status CheckCount(absl::string_view what, size_t count, int64_t most) {
  if (static_cast<int64_t>(count) < most) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "there are ", count, " ", what, "; there may be at most ", most));
}

std::optional<uint32_t> FindDefinition(const State& state,
                                       absl::string_view text) {
  const size_t colon = text.find(':');
  const auto found = state.definition_names.find(text.substr(0, colon));
  if (found == state.definition_names.end()) return std::nullopt;
  const std::vector<uint32_t>& revisions = found->second;
  if (colon == absl::string_view::npos) {
    for (auto it = revisions.rbegin(); it != revisions.rend(); ++it) {
      if (state.definitions[*it].active) return *it;
    }
    return std::nullopt;
  }
  // A revision has one form, so that texts are equal when what they name is.
  const absl::string_view digits = text.substr(colon + 1);
  uint32_t revision = 0;
  if (!absl::c_all_of(digits, absl::ascii_isdigit) ||
      absl::StartsWith(digits, "0") || !absl::SimpleAtoi(digits, &revision) ||
      revision > revisions.size() ||
      state.definitions[revisions[revision - 1]].deleted) {
    return std::nullopt;
  }
  return revisions[revision - 1];
}

std::optional<uint32_t> FindQueue(const State& state, absl::string_view name) {
  const auto found = state.queue_names.find(name);
  if (found == state.queue_names.end()) return std::nullopt;
  return found->second;
}

absl::Status Apply(State& state,
                   const CreateComputeEnvironmentCommand& command) {
  const ComputeEnvironment& environment = command.compute_environment;
  // A value that did not come from Create(), or came under another profile.
  EMBATCH_RETURN_IF_ERROR(
      ComputeEnvironment::Create(environment.options(), state.settings.limits)
          .status());
  const std::string& name = environment.compute_environment_name();
  if (state.fleet.FindEnvironment(name).has_value()) {
    return absl::AlreadyExistsError(absl::StrCat(
        "A compute environment already exists with the name ", name));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckCount("compute environments",
                 state.fleet.environment_count() - state.fleet.deleted_count(),
                 LimitsOf(state.settings.limits).environments_max));
  state.fleet.AddEnvironment(environment);
  return absl::OkStatus();
}

absl::StatusOr<int> Apply(State& state,
                          const RegisterJobDefinitionCommand& command) {
  EMBATCH_RETURN_IF_ERROR(
      JobDefinition::Create(command.job_definition.options(),
                            state.settings.limits)
          .status());
  std::vector<uint32_t>& revisions =
      state.definition_names[command.job_definition.job_definition_name()];
  revisions.push_back(static_cast<uint32_t>(state.definitions.size()));
  DefinitionRecord& record = state.definitions.emplace_back();
  record.definition = command.job_definition;
  // Source: guide "Job definitions"; numbers are never used again (§3.1).
  record.revision = static_cast<int>(revisions.size());
  return record.revision;
}

absl::Status Apply(State& state,
                   const DeregisterJobDefinitionCommand& command) {
  if (!absl::StrContains(command.job_definition, ":")) {
    return absl::InvalidArgumentError(
        absl::StrCat("job_definition is ", Quoted(command.job_definition),
                     "; must name a revision, as \"name:1\" does"));
  }
  const std::optional<uint32_t> index =
      FindDefinition(state, command.job_definition);
  if (!index.has_value() || !state.definitions[*index].active) {
    return absl::OkStatus();
  }
  state.definitions[*index].active = false;
  const int64_t life_ns = DurationToNanos(kDefinitionLife);
  state.deadlines.Add(SaturatingAdd(state.now_ns, life_ns), life_ns,
                      static_cast<uint8_t>(DeadlineKind::kDefinitionEnd),
                      *index, 0);
  return absl::OkStatus();
}

absl::StatusOr<SubmissionPlace> CheckSubmission(
    const State& state, const SubmitJobRequest& request) {
  EMBATCH_RETURN_IF_ERROR(CheckJobName(request.job_name));
  const absl::StatusOr<uint32_t> queue =
      FindOpenQueue(state, request.job_queue);
  EMBATCH_RETURN_IF_ERROR(queue.status());
  EMBATCH_RETURN_IF_ERROR(CheckQueueRunsContainers(state.queues[*queue]));
  const std::optional<uint32_t> definition =
      FindDefinition(state, request.job_definition);
  if (!definition.has_value() || !state.definitions[*definition].active) {
    return absl::NotFoundError(absl::StrCat("job_definition: Job definition ",
                                            Quoted(request.job_definition),
                                            " does not exist"));
  }
  EMBATCH_RETURN_IF_ERROR(CheckPlatform(
      state, state.queues[*queue], state.definitions[*definition].definition));
  EMBATCH_RETURN_IF_ERROR(CheckShare(state, *queue, request));
  EMBATCH_RETURN_IF_ERROR(CheckKindForShares(
      state.queues[*queue], state.definitions[*definition].definition));
  EMBATCH_RETURN_IF_ERROR(CheckArrayAndDependencies(
      state, request, state.definitions[*definition].definition));
  EMBATCH_RETURN_IF_ERROR(
      CheckCount("jobs in SUBMITTED", state.arrivals.size(),
                 LimitsOf(state.settings.limits).submitted_jobs_max));
  return SubmissionPlace{*queue, *definition};
}

absl::StatusOr<JobId> Apply(State& state, const SubmitJobRequest& request) {
  const absl::StatusOr<SubmissionPlace> place = CheckSubmission(state, request);
  EMBATCH_RETURN_IF_ERROR(place.status());
  const absl::StatusOr<uint32_t> spec =
      SpecFor(state, place->definition, request);
  EMBATCH_RETURN_IF_ERROR(spec.status());

  JobTable::NewJob job;
  job.queue = place->queue;
  job.spec = *spec;
  job.share = ShareFor(state, place->queue, request);
  job.name = request.job_name;
  job.array_size = request.array_size.value_or(0);
  job.created_ns = state.now_ns;
  const uint32_t slot = state.jobs.Add(job);
  AddDependencies(state.jobs, slot, request.depends_on);
  state.consumable_jobs.Add(slot, state.jobs.spec(*spec).extras->consumables);
  state.arrivals.push_back(slot);
  return state.jobs.IdOf({slot, -1});
}

// Source: API CancelJob, TerminateJob, TerminateServiceJob. Choice: service
// jobs are ended by the last one only.
absl::Status Apply(State& state, const EndJobCommand& command) {
  const std::optional<JobKey> key = state.jobs.Find(command.job);
  if (key.has_value() && IsServiceJob(state, key->slot)) {
    return absl::InvalidArgumentError(
        "job is a service job; it is ended by TerminateServiceJob");
  }
  return EndJob(state, command);
}

// Source: §10.
absl::Status EndJob(State& state, const EndJobCommand& command) {
  if (command.job.is_null()) {
    return absl::InvalidArgumentError(
        "'jobId' is a required field (cannot be an empty string)");
  }
  if (command.reason.empty()) {
    return absl::InvalidArgumentError(
        "'reason' is a required field (cannot be an empty string)");
  }
  const size_t length = CountCharacters(command.reason);
  if (length > kReasonLengthMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("reason has ", length, " characters; must have at most ",
                     kReasonLengthMax));
  }
  const std::optional<JobKey> key = state.jobs.Find(command.job);
  if (!key.has_value()) return absl::OkStatus();
  if (key->is_child() && state.jobs.record(key->slot).has_nodes) {
    // Choice: §10, it applies to the whole job.
    return absl::InvalidArgumentError(
        absl::StrCat("job is node ", key->child,
                     " of a multi-node job; must be the job itself"));
  }
  const JobStatus status = state.jobs.StatusOf(*key);
  // What has started can only be terminated; what is over stays as it is.
  if (IsTerminal(status)) return absl::OkStatus();
  if (!command.terminate &&
      (status == JobStatus::kStarting || status == JobStatus::kRunning)) {
    return absl::OkStatus();
  }
  const TextIndex reason = state.jobs.InternText(command.reason);
  state.jobs.SetRequest(*key, command.terminate, reason);
  state.jobs.ReleaseText(reason);
  WorkItem item;
  item.kind = WorkKind::kEndRequested;
  item.slot = command.job.slot;
  item.generation = command.job.generation;
  item.first = command.job.child;
  state.work.push_back(item);
  return absl::OkStatus();
}

}  // namespace embatch
