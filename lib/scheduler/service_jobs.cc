// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/service_jobs.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/base/time.h"
#include "lib/model/job_spec.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/commands.h"
#include "lib/scheduler/reads.h"
#include "lib/scheduler/shares.h"

namespace embatch {
namespace {

// Source: API SubmitServiceJob.jobQueue ("must have the type
// SAGEMAKER_TRAINING"), ServiceEnvironmentDetail.state.
absl::StatusOr<uint32_t> FindServiceQueue(const State& state,
                                          const std::string& name) {
  const absl::StatusOr<uint32_t> index = FindOpenQueue(state, name);
  EMBATCH_RETURN_IF_ERROR(index.status());
  const QueueRecord& queue = state.queues[*index];
  if (!queue.is_for_services()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "job_queue is ", Quoted(name),
        "; must have the type SAGEMAKER_TRAINING to take service jobs"));
  }
  const ServiceEnvironment& environment =
      state.service_environments[queue.service].config;
  if (environment.options().state != ResourceState::kEnabled) {
    return absl::FailedPreconditionError(absl::StrCat(
        "job_queue is ", Quoted(name), ", whose service environment ",
        Quoted(environment.service_environment_name()),
        " is DISABLED; must be ENABLED"));
  }
  return *index;
}

// The members that decide about shares, as those of a container job.
SubmitJobRequest SharesOf(const SubmitServiceJobRequest& request) {
  SubmitJobRequest shares;
  shares.job_queue = request.job_queue;
  shares.share_identifier = request.share_identifier;
  shares.quota_share_name = request.quota_share_name;
  return shares;
}

// Source: API SubmitServiceJob.clientToken ("identical payloads and
// clientTokens ... the second request is rejected"). Choice: as long as the
// first job is known.
absl::Status CheckToken(const State& state,
                        const SubmitServiceJobRequest& request, uint32_t queue,
                        const JobSpec& spec) {
  if (!request.client_token.has_value()) return absl::OkStatus();
  const std::string& token = *request.client_token;
  if (token.empty() || token.size() > kClientTokenLengthMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("client_token has ", token.size(),
                     " characters; must have 1 to ", kClientTokenLengthMax));
  }
  const auto found = state.service_tokens.find(token);
  if (found == state.service_tokens.end()) return absl::OkStatus();
  const JobRecord& record = state.jobs.record(found->second);
  if (record.queue != queue) return absl::OkStatus();
  const std::optional<QuotaQueue>& quota = state.queues[queue].quota;
  const bool is_same_share =
      quota.has_value()
          ? quota->shares[record.share].config.quota_share_name() ==
                request.quota_share_name
          : ShareIdentifierOf(state, found->second) == request.share_identifier;
  if (!is_same_share || state.jobs.Name(found->second) != request.job_name ||
      !(state.jobs.spec(record.spec) == spec)) {
    return absl::OkStatus();
  }
  return absl::AlreadyExistsError(
      absl::StrCat("client_token is ", Quoted(token),
                   ", with which the same service job was submitted before"));
}

absl::StatusOr<JobKey> FindServiceJob(const State& state, const JobId& job) {
  const absl::StatusOr<JobKey> key = FindJob(state, job);
  EMBATCH_RETURN_IF_ERROR(key.status());
  if (!IsServiceJob(state, key->slot)) {
    return absl::InvalidArgumentError("job is no service job");
  }
  return *key;
}

// Where the job stands in its line.
LinePlace PlaceWith(const State& state, uint32_t slot) {
  const JobRecord& record = state.jobs.record(slot);
  return LinePlace{record.retry_class, record.sequence,
                   state.jobs.spec(record.spec).scheduling_priority};
}

}  // namespace

bool IsServiceJob(const State& state, uint32_t slot) {
  return state.jobs.spec(state.jobs.record(slot).spec).is_service();
}

void ForgetServiceJob(State& state, uint32_t slot) {
  const auto found = state.service_jobs.find(slot);
  if (found == state.service_jobs.end()) return;
  const auto token = state.service_tokens.find(found->second.client_token);
  if (token != state.service_tokens.end() && token->second == slot) {
    state.service_tokens.erase(token);
  }
  state.service_jobs.erase(found);
}

// --- Commands ---------------------------------------------------------------

absl::StatusOr<JobId> Apply(State& state,
                            const SubmitServiceJobRequest& request) {
  const Limits& limits = LimitsOf(state.settings.limits);
  EMBATCH_RETURN_IF_ERROR(CheckName("job_name", request.job_name));
  const absl::StatusOr<uint32_t> queue =
      FindServiceQueue(state, request.job_queue);
  EMBATCH_RETURN_IF_ERROR(queue.status());
  const SubmitJobRequest shares = SharesOf(request);
  EMBATCH_RETURN_IF_ERROR(CheckShare(state, *queue, shares));
  const absl::StatusOr<JobSpec> spec = MakeServiceJobSpec(request, limits);
  EMBATCH_RETURN_IF_ERROR(spec.status());
  EMBATCH_RETURN_IF_ERROR(CheckToken(state, request, *queue, *spec));
  EMBATCH_RETURN_IF_ERROR(CheckCount("jobs in SUBMITTED", state.arrivals.size(),
                                     limits.submitted_jobs_max));

  JobTable::NewJob job;
  job.queue = *queue;
  job.spec = state.jobs.InternSpec(*spec);
  job.share = ShareFor(state, *queue, shares);
  job.name = request.job_name;
  job.created_ns = state.now_ns;
  if (std::optional<QuotaQueue>& quota = state.queues[*queue].quota) {
    // The ledger is to know every unit that somebody needs.
    quota->ledger.AmountsOf(spec->extras->capacity_usage);
  }
  const uint32_t slot = state.jobs.Add(job);
  ServiceJobRecord& record = state.service_jobs[slot];
  if (request.client_token.has_value()) {
    record.client_token = *request.client_token;
    state.service_tokens[record.client_token] = slot;
  }
  state.arrivals.push_back(slot);
  return state.jobs.IdOf({slot, -1});
}

// Source: API UpdateServiceJob. Whom that makes preempt, or be preempted, is
// seen in the next turn.
absl::Status Apply(State& state, const UpdateServiceJobRequest& request) {
  const absl::StatusOr<JobKey> key = FindServiceJob(state, request.job);
  EMBATCH_RETURN_IF_ERROR(key.status());
  EMBATCH_RETURN_IF_ERROR(CheckRange("scheduling_priority",
                                     request.scheduling_priority, 0,
                                     kSchedulingPriorityMax));
  const uint32_t slot = key->slot;
  const JobRecord& record = state.jobs.record(slot);
  if (IsTerminal(record.status)) {
    return absl::FailedPreconditionError(
        absl::StrCat("job is ", JobStatusName(record.status),
                     "; must be a service job that is not over"));
  }
  QueueRecord& queue = state.queues[record.queue];
  // Choice: D63, a priority means nothing in a queue without shares.
  const bool is_in_line =
      queue.kind != QueueKind::kFifo && record.status == JobStatus::kRunnable;
  const LinePlace before = PlaceWith(state, slot);
  JobSpec spec = state.jobs.spec(record.spec);
  spec.scheduling_priority = request.scheduling_priority;
  state.jobs.ReplaceSpec(slot, state.jobs.InternSpec(spec));
  if (queue.quota.has_value()) ++queue.quota->version;
  if (!is_in_line) return absl::OkStatus();
  WaitingLine& line = queue.LineOf(record.share);
  line.Leave(before, record.requirement);
  line.Enter(PlaceWith(state, slot), record.requirement);
  queue.moved_ns = state.now_ns;
  queue.stuck = JobKey();
  ++queue.changes;
  return absl::OkStatus();
}

absl::Status Apply(State& state, const TerminateServiceJobCommand& command) {
  const std::optional<JobKey> key = state.jobs.Find(command.job);
  if (key.has_value() && !IsServiceJob(state, key->slot)) {
    return absl::InvalidArgumentError(
        "job is no service job; it is ended by TerminateJob");
  }
  return EndJob(state, {command.job, true, command.reason});
}

// --- Reads ------------------------------------------------------------------

absl::StatusOr<ServiceJobView> ReadServiceJob(const State& state,
                                              const JobId& job) {
  const absl::StatusOr<JobKey> key = FindServiceJob(state, job);
  EMBATCH_RETURN_IF_ERROR(key.status());
  absl::StatusOr<JobView> view = ReadJob(state, job);
  EMBATCH_RETURN_IF_ERROR(view.status());
  const JobSpec& spec = state.jobs.spec(state.jobs.record(key->slot).spec);
  const ServiceJobRecord& record = state.service_jobs.at(key->slot);
  ServiceJobView result;
  result.job = *std::move(view);
  const uint32_t live = state.jobs.LiveOf(*key);
  const uint32_t environment =
      live == kNoIndex
          ? state.queues[state.jobs.record(key->slot).queue].service
          : state.jobs.live(live).environment;
  if (environment != kNoIndex) {
    result.service_environment = state.service_environments[environment]
                                     .config.service_environment_name();
  }
  result.service_request_payload = spec.extras->service_request_payload;
  result.capacity_usage = spec.extras->capacity_usage;
  if (record.scheduled_ns != kNoTime) {
    result.scheduled_at = FromNanos(record.scheduled_ns);
  }
  result.service_resource_id = record.resource;
  result.preemption_retries_before_termination =
      spec.extras->preemption_retries_before_termination;
  return result;
}

// Source: API ListServiceJobs; §20.3.
absl::StatusOr<JobPage> ReadServiceJobPage(const State& state,
                                           const ListJobsRequest& request) {
  EMBATCH_RETURN_IF_ERROR(
      CheckRange("max_results", request.max_results, 1, kPageMax));
  if (!request.array.is_null() || !request.multi_node_job.is_null()) {
    return absl::InvalidArgumentError(
        "array and multi_node_job must be absent: service jobs have neither "
        "children nor nodes");
  }
  const std::optional<uint32_t> queue = FindQueue(state, request.job_queue);
  if (queue.has_value() && !state.queues[*queue].is_for_services()) {
    return absl::InvalidArgumentError(
        absl::StrCat("job_queue is ", Quoted(request.job_queue),
                     "; must have the type SAGEMAKER_TRAINING"));
  }
  if (request.filter.has_value() &&
      request.filter->name == ListJobsFilter::Name::kJobDefinition) {
    return absl::InvalidArgumentError(
        "filter.name is JOB_DEFINITION; service jobs have none");
  }
  return ReadJobPage(state, request);
}

ServiceJobSpec SpecOfServiceAttempt(const State& state, uint32_t live) {
  const LiveAttempt& attempt = state.jobs.live(live);
  const JobRecord& record = state.jobs.record(attempt.job.slot);
  const JobSpec& spec = state.jobs.spec(attempt.spec);
  ServiceJobSpec result;
  result.attempt = {state.jobs.IdOf(attempt.job), attempt.number};
  result.job_name = state.jobs.Name(attempt.job.slot);
  result.job_queue = state.queues[record.queue].config.job_queue_name();
  result.service_environment = state.service_environments[attempt.environment]
                                   .config.service_environment_name();
  result.service_request_payload = spec.extras->service_request_payload;
  result.capacity_usage = spec.extras->capacity_usage;
  result.tags = &TagsOfJob(state, attempt.job.slot);
  result.id_seed = state.settings.seed;
  return result;
}

}  // namespace embatch
