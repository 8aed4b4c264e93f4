// SPDX-License-Identifier: Apache-2.0
#include "embatch/job_queue.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// Source: §13.1. Choice: equal orders, and one environment twice, are refused.
absl::Status CheckEnvironmentOrder(
    const std::vector<ComputeEnvironmentOrder>& sorted, const Limits& limits) {
  if (sorted.empty()) {
    return absl::InvalidArgumentError(
        "compute_environment_order is empty; At least 1 compute environment "
        "must be provided");
  }
  if (sorted.size() > static_cast<size_t>(limits.environments_per_queue_max)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "compute_environment_order has ", sorted.size(),
        " entries; must have at most ", limits.environments_per_queue_max));
  }
  for (size_t i = 0; i < sorted.size(); ++i) {
    EMBATCH_RETURN_IF_ERROR(
        CheckName("compute_environment_order.compute_environment",
                  sorted[i].compute_environment));
    for (size_t j = 0; j < i; ++j) {
      if (sorted[i].order == sorted[j].order) {
        return absl::InvalidArgumentError(
            absl::StrCat("compute_environment_order.order is ", sorted[i].order,
                         " twice; each must be given once"));
      }
      if (sorted[i].compute_environment == sorted[j].compute_environment) {
        return absl::InvalidArgumentError(
            absl::StrCat("compute_environment_order.compute_environment is ",
                         Quoted(sorted[i].compute_environment),
                         " twice; each must be given once"));
      }
    }
  }
  return absl::OkStatus();
}

// Source: API CreateJobQueue.serviceEnvironmentOrder ("can't have both");
// guide "Service quotas" (one service environment a queue; §13.1).
absl::Status CheckServiceOrder(const JobQueueOptions& options) {
  constexpr absl::string_view kMember = "service_environment_order";
  if (!options.compute_environment_order.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(kMember,
                     " is given beside compute_environment_order; a job queue "
                     "must have one of them only"));
  }
  if (options.service_environment_order.size() >
      kServiceEnvironmentsPerQueueMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        kMember, " has ", options.service_environment_order.size(),
        " entries; must have at most ", kServiceEnvironmentsPerQueueMax));
  }
  if (options.dispatch_order != DispatchOrder::kStrict) {
    // Choice: D9, an extension for jobs with containers.
    return absl::InvalidArgumentError(absl::StrCat(
        "dispatch_order is ", static_cast<int>(options.dispatch_order),
        "; must be strict in a queue with a service environment"));
  }
  return CheckName(
      absl::StrCat(kMember, ".service_environment"),
      options.service_environment_order.front().service_environment);
}

// Source: API CreateJobQueue.jobQueueType.
absl::Status CheckQueueType(const JobQueueOptions& options) {
  if (!options.job_queue_type.has_value()) return absl::OkStatus();
  const JobQueueType type = *options.job_queue_type;
  if (!IsValidEnum(type)) {
    return absl::InvalidArgumentError(
        absl::StrCat("job_queue_type is ", static_cast<int>(type),
                     "; must be EKS, ECS, ECS_FARGATE or SAGEMAKER_TRAINING"));
  }
  const bool for_services = !options.service_environment_order.empty();
  if ((type == JobQueueType::kSagemakerTraining) == for_services) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "job_queue_type is ", JobQueueTypeName(type), "; must ",
      for_services ? "" : "not ", "be SAGEMAKER_TRAINING in a queue with ",
      for_services ? "a service environment" : "compute environments"));
}

// Source: §13.5 and §15.6, the codes for which an action is allowed.
constexpr absl::string_view kTimeLimitReasons[] = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
    "MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED",
};

// Source: §15.6, those which go with TERMINATE.
bool IsTerminateReason(absl::string_view code) {
  return code == "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY" ||
         code == "MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE" ||
         code == "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED";
}

// Source: API JobStateTimeLimitAction.
absl::Status CheckTimeLimits(
    const std::vector<JobStateTimeLimitAction>& actions, bool for_services) {
  constexpr absl::string_view kMember = "job_state_time_limit_actions";
  for (const JobStateTimeLimitAction& action : actions) {
    const absl::string_view code = ReasonCode(action.reason);
    if (std::find(std::begin(kTimeLimitReasons), std::end(kTimeLimitReasons),
                  code) == std::end(kTimeLimitReasons)) {
      return absl::InvalidArgumentError(
          absl::StrCat(kMember, ".reason is ", Quoted(action.reason),
                       "; must be a code for which an action is allowed, such "
                       "as ",
                       kTimeLimitReasons[0]));
    }
    if (action.max_time < kStateTimeLimitMin ||
        action.max_time > kStateTimeLimitMax ||
        action.max_time % absl::Seconds(1) != absl::ZeroDuration()) {
      return absl::InvalidArgumentError(absl::StrCat(
          kMember, ".max_time is ", absl::FormatDuration(action.max_time),
          "; must be whole seconds between ",
          absl::ToInt64Seconds(kStateTimeLimitMin), " and ",
          absl::ToInt64Seconds(kStateTimeLimitMax)));
    }
    if (!IsValidEnum(action.action)) {
      return absl::InvalidArgumentError(
          absl::StrCat(kMember, ".action is ", static_cast<int>(action.action),
                       "; must be CANCEL or TERMINATE"));
    }
    if (action.action == TimeLimitAction::kTerminate &&
        !IsTerminateReason(code)) {
      return absl::InvalidArgumentError(absl::StrCat(
          kMember, ".action is TERMINATE; must be CANCEL for the reason ",
          Quoted(code)));
    }
    if (for_services && action.action != TimeLimitAction::kTerminate) {
      return absl::InvalidArgumentError(
          absl::StrCat(kMember,
                       ".action is CANCEL; must be TERMINATE in a queue with a "
                       "service environment"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view JobQueueTypeName(JobQueueType type) {
  switch (type) {
    case JobQueueType::kEks:
      return "EKS";
    case JobQueueType::kEcs:
      return "ECS";
    case JobQueueType::kEcsFargate:
      return "ECS_FARGATE";
    case JobQueueType::kSagemakerTraining:
      return "SAGEMAKER_TRAINING";
  }
  return "";
}

absl::StatusOr<JobQueue> JobQueue::Create(JobQueueOptions options,
                                          LimitsProfile profile) {
  EMBATCH_RETURN_IF_ERROR(CheckName("job_queue_name", options.job_queue_name));
  EMBATCH_RETURN_IF_ERROR(
      CheckRange("priority", options.priority, 0, kQueuePriorityMax));
  if (!IsValidEnum(options.state)) {
    return absl::InvalidArgumentError(
        absl::StrCat("state is ", static_cast<int>(options.state),
                     "; must be ENABLED or DISABLED"));
  }
  std::stable_sort(
      options.compute_environment_order.begin(),
      options.compute_environment_order.end(),
      [](const ComputeEnvironmentOrder& a, const ComputeEnvironmentOrder& b) {
        return a.order < b.order;
      });
  if (options.service_environment_order.empty()) {
    EMBATCH_RETURN_IF_ERROR(CheckEnvironmentOrder(
        options.compute_environment_order, LimitsOf(profile)));
  } else {
    EMBATCH_RETURN_IF_ERROR(CheckServiceOrder(options));
  }
  EMBATCH_RETURN_IF_ERROR(CheckQueueType(options));
  if (!options.scheduling_policy.empty()) {
    EMBATCH_RETURN_IF_ERROR(
        CheckName("scheduling_policy", options.scheduling_policy));
  }
  if (!IsValidEnum(options.dispatch_order)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dispatch_order is ", static_cast<int>(options.dispatch_order),
        "; must be strict, first fit or backfill"));
  }
  if (options.dispatch_order != DispatchOrder::kStrict &&
      !options.scheduling_policy.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("dispatch_order is not strict, and scheduling_policy is ",
                     Quoted(options.scheduling_policy),
                     "; a queue with a scheduling policy must be strict"));
  }
  if (options.backfill_ends_before_start &&
      options.dispatch_order != DispatchOrder::kBackfill) {
    return absl::InvalidArgumentError(
        "backfill_ends_before_start is true; must be false unless "
        "dispatch_order is backfill");
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckTimeLimits(options.job_state_time_limit_actions,
                      !options.service_environment_order.empty()));
  EMBATCH_RETURN_IF_ERROR(CheckTags(options.tags));
  return JobQueue(std::move(options));
}

}  // namespace embatch
