// SPDX-License-Identifier: Apache-2.0
#include "embatch/service_job.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "embatch/service_provider.h"
#include "lib/base/status_macros.h"
#include "lib/base/time.h"
#include "lib/model/capacity_limits.h"
#include "lib/model/job_spec.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// Source: API DescribeServiceJob.capacityUsage, ServiceJobCapacityUsageDetail.
absl::Status CheckCapacityUsage(const std::vector<CapacityUsage>& usage) {
  constexpr absl::string_view kMember = "capacity_usage";
  if (usage.empty() || usage.size() > kCapacityLimitsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(kMember, " has ", usage.size(),
                     " entries; must have 1 to ", kCapacityLimitsMax));
  }
  for (size_t i = 0; i < usage.size(); ++i) {
    const std::string& unit = usage[i].capacity_unit;
    EMBATCH_RETURN_IF_ERROR(
        CheckCapacityUnit(absl::StrCat(kMember, ".capacity_unit"), unit));
    EMBATCH_RETURN_IF_ERROR(CheckRange(absl::StrCat(kMember, ".quantity"),
                                       usage[i].quantity, 1, kCapacityMax));
    for (size_t j = 0; j < i; ++j) {
      if (unit != usage[j].capacity_unit) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(kMember, ".capacity_unit is ", Quoted(unit),
                       " twice; each must be given once"));
    }
  }
  return absl::OkStatus();
}

// Source: API ServiceJobEvaluateOnExit.onStatusReason ("up to 512 characters
// and can contain all printable characters"); §6.3.
absl::Status CheckRule(absl::string_view member, const EvaluateOnExit& rule) {
  if (!IsValidEnum(rule.action)) {
    return absl::InvalidArgumentError(
        absl::StrCat(member, ".action is ", static_cast<int>(rule.action),
                     "; must be RETRY or EXIT"));
  }
  if (!rule.on_status_reason.has_value() || rule.on_reason.has_value() ||
      rule.on_exit_code.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        member, " must have on_status_reason, and no other condition"));
  }
  const std::string& pattern = *rule.on_status_reason;
  if (pattern.size() > kExitPatternLengthMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(member, ".on_status_reason has ", pattern.size(),
                     " characters; must have at most ", kExitPatternLengthMax));
  }
  if (!std::all_of(pattern.begin(), pattern.end(), [](char c) {
        return absl::ascii_isprint(static_cast<unsigned char>(c));
      })) {
    return absl::InvalidArgumentError(
        absl::StrCat(member, ".on_status_reason is ", Quoted(pattern),
                     "; must hold only printable characters"));
  }
  return absl::OkStatus();
}

// Source: API ServiceJobRetryStrategy.
absl::Status CheckStrategy(const RetryStrategy& strategy,
                           const Limits& limits) {
  EMBATCH_RETURN_IF_ERROR(CheckRange("retry_strategy.attempts",
                                     strategy.attempts, kAttemptsMin,
                                     limits.attempts_max));
  const std::vector<EvaluateOnExit>& rules = strategy.evaluate_on_exit;
  if (rules.size() > kEvaluateOnExitMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("retry_strategy.evaluate_on_exit has ", rules.size(),
                     " entries; must have at most ", kEvaluateOnExitMax));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    EMBATCH_RETURN_IF_ERROR(CheckRule(
        absl::StrCat("retry_strategy.evaluate_on_exit[", i, "]"), rules[i]));
  }
  return absl::OkStatus();
}

absl::Status CheckRequest(const SubmitServiceJobRequest& request,
                          const Limits& limits) {
  if (!IsValidEnum(request.service_job_type)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "service_job_type is ", static_cast<int>(request.service_job_type),
        "; must be SAGEMAKER_TRAINING"));
  }
  // Source: guide "Service quotas" (10 KiB; §23).
  const size_t bytes = request.service_request_payload.size();
  if (bytes == 0 || bytes > kServicePayloadBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("service_request_payload has ", bytes,
                     " bytes; must have 1 to ", kServicePayloadBytesMax));
  }
  EMBATCH_RETURN_IF_ERROR(CheckCapacityUsage(request.capacity_usage));
  if (request.retry_strategy.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckStrategy(*request.retry_strategy, limits));
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckTimeout("timeout_config", request.timeout_config));
  EMBATCH_RETURN_IF_ERROR(CheckRange("scheduling_priority",
                                     request.scheduling_priority, 0,
                                     kSchedulingPriorityMax));
  if (request.preemption_retries_before_termination.has_value()) {
    EMBATCH_RETURN_IF_ERROR(
        CheckRange("preemption_retries_before_termination",
                   *request.preemption_retries_before_termination, 0,
                   std::numeric_limits<int32_t>::max()));
  }
  return CheckTags(request.tags);
}

ServiceReport ReportOf(ServiceReport::Kind kind, absl::Time time,
                       AttemptId attempt) {
  ServiceReport report;
  report.kind = kind;
  report.time_ns = ToNanos(time);
  report.attempt = attempt;
  return report;
}

}  // namespace

absl::StatusOr<JobSpec> MakeServiceJobSpec(
    const SubmitServiceJobRequest& request, const Limits& limits) {
  EMBATCH_RETURN_IF_ERROR(CheckRequest(request, limits));
  JobSpec spec;
  spec.definition = JobSpec::kNoDefinition;
  spec.retry_strategy = request.retry_strategy.value_or(RetryStrategy{});
  spec.timeout = request.timeout_config;
  spec.scheduling_priority = request.scheduling_priority;
  JobSpecExtras extras;
  extras.preemption_retries_before_termination =
      request.preemption_retries_before_termination;
  extras.tags = request.tags;
  extras.document = request.document;
  extras.capacity_usage = request.capacity_usage;
  // Jobs that need the same are of one class.
  std::sort(extras.capacity_usage.begin(), extras.capacity_usage.end(),
            [](const CapacityUsage& a, const CapacityUsage& b) {
              return a.capacity_unit < b.capacity_unit;
            });
  extras.service_request_payload = request.service_request_payload;
  spec.extras = Rare<JobSpecExtras>(std::move(extras));
  return spec;
}

std::string ServiceJobSpec::JobIdText() const {
  return FormatJobId(attempt.job, id_seed);
}

ServiceReport ServiceReport::Starting(absl::Time time, AttemptId attempt,
                                      std::string service_resource_id) {
  ServiceReport report = ReportOf(Kind::kStarting, time, attempt);
  report.service_resource_id = std::move(service_resource_id);
  return report;
}
ServiceReport ServiceReport::Running(absl::Time time, AttemptId attempt,
                                     std::string service_resource_id) {
  ServiceReport report = ReportOf(Kind::kRunning, time, attempt);
  report.service_resource_id = std::move(service_resource_id);
  return report;
}
ServiceReport ServiceReport::Succeeded(absl::Time time, AttemptId attempt,
                                       std::string status_reason) {
  ServiceReport report = ReportOf(Kind::kSucceeded, time, attempt);
  report.status_reason = std::move(status_reason);
  return report;
}
ServiceReport ServiceReport::Failed(absl::Time time, AttemptId attempt,
                                    std::string status_reason) {
  ServiceReport report = ReportOf(Kind::kFailed, time, attempt);
  report.status_reason = std::move(status_reason);
  return report;
}
ServiceReport ServiceReport::NoCapacity(absl::Time time, AttemptId attempt) {
  return ReportOf(Kind::kNoCapacity, time, attempt);
}

}  // namespace embatch
