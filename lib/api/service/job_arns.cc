// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/job_arns.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "embatch/container_runtime.h"

namespace embatch {
namespace api {
namespace {

std::string EcsArn(const ArnScope& scope, absl::string_view resource) {
  return absl::StrCat("arn:", scope.partition, ":ecs:", scope.region, ":",
                      scope.account, ":", resource);
}

}  // namespace

absl::StatusOr<JobId> ReadJobId(const Context& context,
                                absl::string_view member,
                                absl::string_view text) {
  std::string id;
  if (absl::StartsWith(text, "arn:")) {
    absl::StatusOr<std::string> name =
        NameOrArn(member, text, ArnKind::kJob, context.scope);
    if (!name.ok()) return name.status();
    id = *std::move(name);
    text = id;
  }
  absl::StatusOr<JobId> job = context.scheduler.ParseJobId(text);
  if (job.ok()) return job;
  return absl::InvalidArgumentError(
      absl::StrCat(member, ": ", job.status().message()));
}

std::string JobArn(const ArnScope& scope, absl::string_view id) {
  return absl::StrCat("arn:", scope.partition, ":batch:", scope.region, ":",
                      scope.account, absl::string_view(":job/"), id);
}

std::string TaskArn(const ArnScope& scope, absl::string_view task_id) {
  return EcsArn(scope, absl::StrCat("task/", task_id));
}

std::string InstanceArn(const ArnScope& scope, InstanceId instance) {
  // A UUID of version 8, in which the number can be read.
  const uint64_t number = instance.number;
  return EcsArn(
      scope,
      absl::StrCat(
          "container-instance/00000000-",
          absl::Hex(number >> 48, absl::kZeroPad4), "-8000-8000-",
          absl::Hex(number & ((uint64_t{1} << 48) - 1), absl::kZeroPad12)));
}

bool HasInstance(const Context& context, const JobView& view,
                 InstanceId instance) {
  if (instance.number == 0) return false;
  const auto& platforms = view.definition->options().platform_capabilities;
  if (std::find(platforms.begin(), platforms.end(),
                embatch::PlatformCapability::kFargate) == platforms.end()) {
    return true;
  }
  if (platforms.size() == 1) return false;
  // It can run on either; a queue's environments are all of one.
  const auto queue = context.scheduler.DescribeJobQueue(view.job_queue);
  if (!queue.ok()) return true;
  const auto& order = queue->job_queue->options().compute_environment_order;
  if (order.empty()) return true;
  const auto environment = context.scheduler.DescribeComputeEnvironment(
      order.front().compute_environment);
  return !environment.ok() || !environment->compute_environment->is_fargate();
}

AttemptId AttemptOf(const JobView& view, int number) {
  const bool shows_main_node = view.num_nodes > 0 && view.job.child < 0;
  return {shows_main_node ? view.job.Child(view.main_node) : view.job,
          static_cast<uint16_t>(number)};
}

std::string LogStreamOf(const Context& context, const JobView& view, int number,
                        absl::string_view container_name) {
  ContainerSpec spec;
  spec.container.attempt = AttemptOf(view, number);
  spec.job_definition = view.job_definition;
  spec.container_name = container_name;
  spec.id_seed = context.scheduler.options().seed;
  return spec.LogStreamName();
}

}  // namespace api
}  // namespace embatch
