// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/service_job_conversion.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "embatch/job.h"
#include "embatch/scheduler.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/service_payload.h"

namespace embatch {
namespace api {
namespace {

static_assert(WireEnum<ServiceJobStatus>(embatch::JobStatus::kSubmitted) ==
              SERVICE_JOB_STATUS_SUBMITTED);
static_assert(WireEnum<ServiceJobStatus>(embatch::JobStatus::kPending) ==
              SERVICE_JOB_STATUS_PENDING);
static_assert(WireEnum<ServiceJobStatus>(embatch::JobStatus::kRunnable) ==
              SERVICE_JOB_STATUS_RUNNABLE);
static_assert(WireEnum<ServiceJobStatus>(embatch::JobStatus::kScheduled) ==
              SERVICE_JOB_STATUS_SCHEDULED);
static_assert(WireEnum<ServiceJobStatus>(embatch::JobStatus::kStarting) ==
              SERVICE_JOB_STATUS_STARTING);
static_assert(WireEnum<ServiceJobStatus>(embatch::JobStatus::kRunning) ==
              SERVICE_JOB_STATUS_RUNNING);
static_assert(WireEnum<ServiceJobStatus>(embatch::JobStatus::kSucceeded) ==
              SERVICE_JOB_STATUS_SUCCEEDED);
static_assert(WireEnum<ServiceJobStatus>(embatch::JobStatus::kFailed) ==
              SERVICE_JOB_STATUS_FAILED);
static_assert(WireEnum<ServiceJobRetryAction>(embatch::RetryAction::kRetry) ==
              SERVICE_JOB_RETRY_ACTION_RETRY);
static_assert(WireEnum<ServiceJobRetryAction>(embatch::RetryAction::kExit) ==
              SERVICE_JOB_RETRY_ACTION_EXIT);

// Choice: the model does not require a rule's action, and gives no default.
absl::StatusOr<embatch::RetryStrategy> StrategyOf(
    const ServiceJobRetryStrategy& strategy) {
  embatch::RetryStrategy core;
  core.attempts = strategy.attempts();
  const auto& rules = strategy.evaluate_on_exit().items();
  for (int i = 0; i < rules.size(); ++i) {
    if (!rules[i].has_action()) {
      return absl::InvalidArgumentError(
          absl::StrCat("retryStrategy.evaluateOnExit[", i,
                       "].action is absent; it is required"));
    }
    embatch::EvaluateOnExit& rule = core.evaluate_on_exit.emplace_back();
    rule.action = CoreEnum<embatch::RetryAction>(rules[i].action());
    if (rules[i].has_on_status_reason()) {
      rule.on_status_reason = rules[i].on_status_reason();
    }
  }
  return core;
}

void SetResource(absl::string_view value, ServiceResourceId& out) {
  out.set_name(SERVICE_RESOURCE_ID_NAME_TRAINING_JOB_ARN);
  out.set_value(std::string(value));
}

// An attempt, ended or preempted.
template <typename Attempt>
void SetAttempt(const AttemptView& attempt, Attempt& out) {
  if (!attempt.service_resource_id.empty()) {
    SetResource(attempt.service_resource_id,
                *out.mutable_service_resource_id());
  }
  if (attempt.started_at.has_value()) {
    out.set_started_at(Millis(*attempt.started_at));
  }
  out.set_stopped_at(Millis(attempt.stopped_at));
  if (!attempt.status_reason.empty()) {
    out.set_status_reason(std::string(attempt.status_reason));
  }
}

// What a description and a summary have in common.
template <typename Message>
void SetBoth(const Context& context, const ServiceJobView& view, Message& out) {
  const JobView& job = view.job;
  const std::string id = context.scheduler.JobIdText(job.job);
  out.set_job_arn(ArnOf(context, ArnKind::kServiceJob, id));
  out.set_job_id(id);
  out.set_job_name(std::string(job.job_name));
  out.set_service_job_type(SERVICE_JOB_TYPE_SAGEMAKER_TRAINING);
  out.set_status(WireEnum<ServiceJobStatus>(job.status));
  if (!job.status_reason.empty()) {
    out.set_status_reason(std::string(job.status_reason));
  }
  if (!job.share_identifier.empty()) {
    out.set_share_identifier(std::string(job.share_identifier));
  }
  if (!job.quota_share_name.empty()) {
    out.set_quota_share_name(std::string(job.quota_share_name));
  }
  out.set_created_at(Millis(job.created_at));
  if (view.scheduled_at.has_value()) {
    out.set_scheduled_at(Millis(*view.scheduled_at));
  }
  if (job.started_at.has_value()) out.set_started_at(Millis(*job.started_at));
  if (job.stopped_at.has_value()) out.set_stopped_at(Millis(*job.stopped_at));
  for (const CapacityUsage& usage : view.capacity_usage) {
    auto& item = *out.mutable_capacity_usage()->add_items();
    item.set_capacity_unit(usage.capacity_unit);
    item.set_quantity(static_cast<double>(usage.quantity));
  }
  if (!view.service_resource_id.empty()) {
    SetResource(view.service_resource_id,
                *out.mutable_latest_attempt()->mutable_service_resource_id());
  }
}

void SetStrategy(const embatch::RetryStrategy& strategy,
                 ServiceJobRetryStrategy& out) {
  out.set_attempts(strategy.attempts);
  auto& rules = *out.mutable_evaluate_on_exit();
  for (const embatch::EvaluateOnExit& rule : strategy.evaluate_on_exit) {
    ServiceJobEvaluateOnExit& item = *rules.add_items();
    item.set_action(WireEnum<ServiceJobRetryAction>(rule.action));
    if (rule.on_status_reason.has_value()) {
      item.set_on_status_reason(*rule.on_status_reason);
    }
  }
}

}  // namespace

void SetPreemptions(const Context& context, JobId job,
                    ServiceJobPreemptionSummary& out) {
  const auto summary = context.scheduler.DescribePreemptions(job);
  if (!summary.ok()) return;
  out.set_preempted_attempt_count(summary->preempted_attempt_count);
  for (const AttemptView& attempt : summary->recent_preempted_attempts) {
    SetAttempt(attempt, *out.mutable_recent_preempted_attempts()->add_items());
  }
}

absl::StatusOr<embatch::SubmitServiceJobRequest> SubmissionOf(
    const SubmitServiceJobRequest& request) {
  embatch::SubmitServiceJobRequest core;
  core.job_name = request.job_name();
  core.service_request_payload = request.service_request_payload();
  absl::StatusOr<std::vector<CapacityUsage>> usage =
      CapacityUsageOf(request.service_request_payload());
  if (!usage.ok()) return usage.status();
  core.capacity_usage = *std::move(usage);
  if (request.has_retry_strategy()) {
    absl::StatusOr<embatch::RetryStrategy> strategy =
        StrategyOf(request.retry_strategy());
    if (!strategy.ok()) return strategy.status();
    core.retry_strategy = *std::move(strategy);
  }
  if (request.timeout_config().has_attempt_duration_seconds()) {
    core.timeout_config = embatch::JobTimeout{
        absl::Seconds(request.timeout_config().attempt_duration_seconds())};
  }
  core.scheduling_priority = request.scheduling_priority();
  core.share_identifier = request.share_identifier();
  core.quota_share_name = request.quota_share_name();
  const ServiceJobPreemptionConfiguration& preemption =
      request.preemption_configuration();
  if (preemption.has_preemption_retries_before_termination()) {
    core.preemption_retries_before_termination =
        preemption.preemption_retries_before_termination();
  }
  if (request.has_client_token()) core.client_token = request.client_token();
  core.tags = TagsOf(request.tags());
  return core;
}

void SetDetail(const Context& context, const ServiceJobView& view,
               DescribeServiceJobResponse& out) {
  const JobView& job = view.job;
  SetBoth(context, view, out);
  const auto attempts = context.scheduler.DescribeAttempts(job.job);
  out.mutable_attempts();
  if (attempts.ok()) {
    for (const AttemptView& attempt : *attempts) {
      SetAttempt(attempt, *out.mutable_attempts()->add_items());
    }
  }
  out.set_is_terminated(job.is_terminated);
  out.set_job_queue(
      ArnOf(context, ArnKind::kJobQueue, std::string(job.job_queue)));
  SetStrategy(job.retry_strategy, *out.mutable_retry_strategy());
  out.set_scheduling_priority(job.scheduling_priority);
  out.set_service_request_payload(std::string(view.service_request_payload));
  if (view.preemption_retries_before_termination.has_value()) {
    out.mutable_preemption_configuration()
        ->set_preemption_retries_before_termination(
            *view.preemption_retries_before_termination);
  }
  // Source: API DescribeServiceJob.preemptionSummary ("appears on a service job
  // when it has been preempted").
  if (job.preempted_attempts > 0) {
    SetPreemptions(context, job.job, *out.mutable_preemption_summary());
  }
  if (job.tags != nullptr) SetTags(*job.tags, *out.mutable_tags());
  if (job.timeout.has_value()) {
    out.mutable_timeout_config()->set_attempt_duration_seconds(
        ToInt32(absl::ToInt64Seconds(job.timeout->attempt_duration)));
  }
}

void SetSummary(const Context& context, const ServiceJobView& view,
                ServiceJobSummary& out) {
  SetBoth(context, view, out);
}

}  // namespace api
}  // namespace embatch
