// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/job_queue_operations.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "embatch/api/compute_environment.pb.h"
#include "embatch/job_queue.h"
#include "embatch/scheduler.h"
#include "lib/api/service/conversion.h"

namespace embatch {
namespace api {
namespace {

constexpr char kMember[] = "jobQueue";
constexpr char kPolicyMember[] = "schedulingPolicyArn";

static_assert(WireEnum<JQState>(ResourceState::kEnabled) == JQ_STATE_ENABLED);
static_assert(WireEnum<JQState>(ResourceState::kDisabled) == JQ_STATE_DISABLED);
static_assert(WireEnum<JQStatus>(ResourceStatus::kCreating) ==
              JQ_STATUS_CREATING);
static_assert(WireEnum<JQStatus>(ResourceStatus::kUpdating) ==
              JQ_STATUS_UPDATING);
static_assert(WireEnum<JQStatus>(ResourceStatus::kDeleting) ==
              JQ_STATUS_DELETING);
static_assert(WireEnum<JQStatus>(ResourceStatus::kDeleted) ==
              JQ_STATUS_DELETED);
static_assert(WireEnum<JQStatus>(ResourceStatus::kValid) == JQ_STATUS_VALID);
static_assert(WireEnum<JQStatus>(ResourceStatus::kInvalid) ==
              JQ_STATUS_INVALID);
static_assert(WireEnum<JobQueueType>(embatch::JobQueueType::kEks) ==
              JOB_QUEUE_TYPE_EKS);
static_assert(WireEnum<JobQueueType>(embatch::JobQueueType::kEcs) ==
              JOB_QUEUE_TYPE_ECS);
static_assert(WireEnum<JobQueueType>(embatch::JobQueueType::kEcsFargate) ==
              JOB_QUEUE_TYPE_ECS_FARGATE);
static_assert(
    WireEnum<JobQueueType>(embatch::JobQueueType::kSagemakerTraining) ==
    JOB_QUEUE_TYPE_SAGEMAKER_TRAINING);
static_assert(
    WireEnum<JobStateTimeLimitActionsAction>(TimeLimitAction::kCancel) ==
    JOB_STATE_TIME_LIMIT_ACTIONS_ACTION_CANCEL);
static_assert(
    WireEnum<JobStateTimeLimitActionsAction>(TimeLimitAction::kTerminate) ==
    JOB_STATE_TIME_LIMIT_ACTIONS_ACTION_TERMINATE);

absl::StatusOr<std::vector<embatch::ComputeEnvironmentOrder>> OrderOf(
    const Context& context, const ComputeEnvironmentOrders& orders) {
  std::vector<embatch::ComputeEnvironmentOrder> result;
  for (const ComputeEnvironmentOrder& entry : orders.items()) {
    absl::StatusOr<std::string> name =
        NameOf(context, "computeEnvironmentOrder.computeEnvironment",
               entry.compute_environment(), ArnKind::kComputeEnvironment);
    if (!name.ok()) return name.status();
    result.push_back({entry.order(), *std::move(name)});
  }
  return result;
}

absl::StatusOr<std::vector<embatch::ServiceEnvironmentOrder>> OrderOf(
    const Context& context, const ServiceEnvironmentOrders& orders) {
  std::vector<embatch::ServiceEnvironmentOrder> result;
  for (const ServiceEnvironmentOrder& entry : orders.items()) {
    absl::StatusOr<std::string> name =
        NameOf(context, "serviceEnvironmentOrder.serviceEnvironment",
               entry.service_environment(), ArnKind::kServiceEnvironment);
    if (!name.ok()) return name.status();
    result.push_back({entry.order(), *std::move(name)});
  }
  return result;
}

// `state` can only be RUNNABLE.
std::vector<embatch::JobStateTimeLimitAction> ActionsOf(
    const JobStateTimeLimitActions& actions) {
  std::vector<embatch::JobStateTimeLimitAction> result;
  for (const JobStateTimeLimitAction& action : actions.items()) {
    result.push_back({action.reason(), absl::Seconds(action.max_time_seconds()),
                      CoreEnum<TimeLimitAction>(action.action())});
  }
  return result;
}

absl::StatusOr<JobQueueOptions> OptionsOf(
    const Context& context, const CreateJobQueueRequest& request) {
  JobQueueOptions options;
  options.job_queue_name = request.job_queue_name();
  options.priority = request.priority();
  if (request.has_state()) {
    options.state = CoreEnum<ResourceState>(request.state());
  }
  if (request.has_scheduling_policy_arn()) {
    absl::StatusOr<Arn> arn =
        ArnIn(context, kPolicyMember, request.scheduling_policy_arn(),
              ArnKind::kSchedulingPolicy);
    if (!arn.ok()) return arn.status();
    options.scheduling_policy = std::move(arn->name);
  }
  auto environments = OrderOf(context, request.compute_environment_order());
  if (!environments.ok()) return environments.status();
  options.compute_environment_order = *std::move(environments);
  auto services = OrderOf(context, request.service_environment_order());
  if (!services.ok()) return services.status();
  options.service_environment_order = *std::move(services);
  if (request.has_job_queue_type()) {
    options.job_queue_type =
        CoreEnum<embatch::JobQueueType>(request.job_queue_type());
  }
  options.job_state_time_limit_actions =
      ActionsOf(request.job_state_time_limit_actions());
  options.tags = TagsOf(request.tags());
  return options;
}

absl::StatusOr<embatch::UpdateJobQueueRequest> UpdateOf(
    const Context& context, const UpdateJobQueueRequest& request) {
  embatch::UpdateJobQueueRequest update;
  absl::StatusOr<std::string> name =
      NameOf(context, kMember, request.job_queue(), ArnKind::kJobQueue);
  if (!name.ok()) return name.status();
  update.job_queue = *std::move(name);
  if (request.has_priority()) update.priority = request.priority();
  if (request.has_state()) {
    update.state = CoreEnum<ResourceState>(request.state());
  }
  if (request.has_scheduling_policy_arn()) {
    absl::StatusOr<Arn> arn =
        ArnIn(context, kPolicyMember, request.scheduling_policy_arn(),
              ArnKind::kSchedulingPolicy);
    if (!arn.ok()) return arn.status();
    update.scheduling_policy = std::move(arn->name);
  }
  if (request.has_compute_environment_order()) {
    auto order = OrderOf(context, request.compute_environment_order());
    if (!order.ok()) return order.status();
    update.compute_environment_order = *std::move(order);
  }
  if (request.has_service_environment_order()) {
    auto order = OrderOf(context, request.service_environment_order());
    if (!order.ok()) return order.status();
    update.service_environment_order = *std::move(order);
  }
  if (request.has_job_state_time_limit_actions()) {
    update.job_state_time_limit_actions =
        ActionsOf(request.job_state_time_limit_actions());
  }
  return update;
}

// What AWS calls a queue whose creator did not say. Source: API
// CreateJobQueue.jobQueueType ("EKS, ECS, or ECS_FARGATE depending on the
// compute environment").
embatch::JobQueueType TypeOf(const Context& context,
                             const JobQueueOptions& options) {
  if (options.job_queue_type.has_value()) return *options.job_queue_type;
  if (options.compute_environment_order.empty()) {
    return embatch::JobQueueType::kSagemakerTraining;
  }
  const auto view = context.scheduler.DescribeComputeEnvironment(
      options.compute_environment_order.front().compute_environment);
  if (!view.ok()) return embatch::JobQueueType::kEcs;
  if (view->compute_environment->is_fargate()) {
    return embatch::JobQueueType::kEcsFargate;
  }
  return view->compute_environment->options().container_orchestration_type ==
                 embatch::OrchestrationType::kEks
             ? embatch::JobQueueType::kEks
             : embatch::JobQueueType::kEcs;
}

void SetOrders(const Context& context, const JobQueueOptions& options,
               JobQueueDetail& out) {
  auto& environments = *out.mutable_compute_environment_order();
  for (const auto& entry : options.compute_environment_order) {
    ComputeEnvironmentOrder& order = *environments.add_items();
    order.set_order(entry.order);
    order.set_compute_environment(ArnOf(context, ArnKind::kComputeEnvironment,
                                        entry.compute_environment));
  }
  for (const auto& entry : options.service_environment_order) {
    ServiceEnvironmentOrder& order =
        *out.mutable_service_environment_order()->add_items();
    order.set_order(entry.order);
    order.set_service_environment(ArnOf(context, ArnKind::kServiceEnvironment,
                                        entry.service_environment));
  }
}

void SetDetail(const Context& context, const JobQueueView& view,
               JobQueueDetail& out) {
  const JobQueueOptions& options = view.job_queue->options();
  out.set_job_queue_name(options.job_queue_name);
  out.set_job_queue_arn(
      ArnOf(context, ArnKind::kJobQueue, options.job_queue_name));
  out.set_state(WireEnum<JQState>(options.state));
  if (!options.scheduling_policy.empty()) {
    out.set_scheduling_policy_arn(
        ArnOf(context, ArnKind::kSchedulingPolicy, options.scheduling_policy));
  }
  out.set_status(WireEnum<JQStatus>(view.status));
  if (!view.status_reason.empty()) {
    out.set_status_reason(std::string(view.status_reason));
  }
  out.set_priority(options.priority);
  SetOrders(context, options, out);
  out.set_job_queue_type(WireEnum<JobQueueType>(TypeOf(context, options)));
  SetTags(options.tags, *out.mutable_tags());
  auto& actions = *out.mutable_job_state_time_limit_actions();
  for (const auto& action : options.job_state_time_limit_actions) {
    JobStateTimeLimitAction& one = *actions.add_items();
    one.set_reason(action.reason);
    one.set_state(JOB_STATE_TIME_LIMIT_ACTIONS_STATE_RUNNABLE);
    one.set_max_time_seconds(
        static_cast<int32_t>(absl::ToInt64Seconds(action.max_time)));
    one.set_action(WireEnum<JobStateTimeLimitActionsAction>(action.action));
  }
}

}  // namespace

absl::Status CreateJobQueue(const Context& context,
                            const CreateJobQueueRequest& request,
                            CreateJobQueueResponse& response) {
  absl::StatusOr<JobQueueOptions> options = OptionsOf(context, request);
  if (!options.ok()) return options.status();
  absl::StatusOr<JobQueue> queue =
      JobQueue::Create(*std::move(options), context.scheduler.options().limits);
  if (!queue.ok()) return queue.status();
  const std::string name = queue->job_queue_name();
  if (absl::Status status =
          context.scheduler.CreateJobQueue(*std::move(queue), context.now);
      !status.ok()) {
    return status;
  }
  response.set_job_queue_name(name);
  response.set_job_queue_arn(ArnOf(context, ArnKind::kJobQueue, name));
  return absl::OkStatus();
}

absl::Status UpdateJobQueue(const Context& context,
                            const UpdateJobQueueRequest& request,
                            UpdateJobQueueResponse& response) {
  const auto update = UpdateOf(context, request);
  if (!update.ok()) return update.status();
  if (absl::Status status =
          context.scheduler.UpdateJobQueue(*update, context.now);
      !status.ok()) {
    return status;
  }
  response.set_job_queue_name(update->job_queue);
  response.set_job_queue_arn(
      ArnOf(context, ArnKind::kJobQueue, update->job_queue));
  return absl::OkStatus();
}

absl::Status DeleteJobQueue(const Context& context,
                            const DeleteJobQueueRequest& request,
                            DeleteJobQueueResponse& /*response*/) {
  const absl::StatusOr<std::string> name =
      NameOf(context, kMember, request.job_queue(), ArnKind::kJobQueue);
  if (!name.ok()) return name.status();
  return context.scheduler.DeleteJobQueue(*name, context.now);
}

absl::Status DescribeJobQueues(const Context& context,
                               const DescribeJobQueuesRequest& request,
                               DescribeJobQueuesResponse& response) {
  const absl::StatusOr<NamePage> page = NamesToDescribe(
      context, "jobQueues", request.job_queues(), ArnKind::kJobQueue, request,
      [&context](const PageRequest& of) {
        return context.scheduler.ListJobQueues(of);
      });
  if (!page.ok()) return page.status();
  auto& details = *response.mutable_job_queues()->mutable_items();
  for (const std::string& name : page->names) {
    const auto view = context.scheduler.DescribeJobQueue(name);
    if (view.ok()) SetDetail(context, *view, *details.Add());
  }
  if (!page->next_token.empty()) response.set_next_token(page->next_token);
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
