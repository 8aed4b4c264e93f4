// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/container_detail.h"

#include <algorithm>
#include <string>

#include "lib/api/service/amounts.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/job_arns.h"

namespace embatch {
namespace api {
namespace {

// Where it runs, or ran.
template <typename Detail>
void PrintPlace(const Context& context, const JobView& view,
                const LatestAttempt& latest, Detail& detail) {
  if (latest.number == 0) return;
  if (HasInstance(context, view, view.instance)) {
    detail.set_container_instance_arn(
        InstanceArn(context.scope, view.instance));
  }
  detail.set_task_arn(
      TaskArn(context.scope, FormatTaskId(AttemptOf(view, latest.number),
                                          context.scheduler.options().seed)));
}

bool Names(const ResourceRequirements& list, ResourceType type) {
  return std::any_of(list.items().begin(), list.items().end(),
                     [type](const ResourceRequirement& requirement) {
                       return requirement.type() == type;
                     });
}

// Of a definition by `vcpus` and `memory` these are shown, as AWS does, and not
// in resourceRequirements as well; but a share of a vCPU, which a submission
// may have asked for, can be shown there only.
template <typename Message>
void PrintAmounts(const Resources& counted, Message& message) {
  Resources by_type = counted;
  const ResourceRequirements& asked = message.resource_requirements();
  if (message.has_vcpus() && !Names(asked, RESOURCE_TYPE_VCPU)) {
    if (counted.vcpu_milli % 1000 == 0) {
      message.set_vcpus(ToInt32(counted.vcpu_milli / 1000));
      by_type.vcpu_milli = 0;
    } else {
      message.clear_vcpus();
    }
  }
  if (message.has_memory() && !Names(asked, RESOURCE_TYPE_MEMORY)) {
    message.set_memory(ToInt32(counted.memory_mib));
    by_type.memory_mib = 0;
  }
  message.clear_resource_requirements();
  PrintRequirements(by_type, *message.mutable_resource_requirements());
}

// What a job of one container asks for.
template <typename Message>
void PrintAsked(const JobView& view, Message& message) {
  if (!view.image.empty()) message.set_image(std::string(view.image));
  message.clear_command();
  PrintStrings(view.command, *message.mutable_command());
  message.clear_environment();
  PrintEnvironment(view.environment, *message.mutable_environment());
  PrintAmounts(view.resources, message);
}

// What one container of several asks for.
template <typename Message>
void PrintAskedOfTask(const ContainerView& view, Message& message) {
  message.clear_command();
  PrintStrings(view.command, *message.mutable_command());
  message.clear_environment();
  PrintEnvironment(view.environment, *message.mutable_environment());
  message.clear_resource_requirements();
  PrintRequirements(view.resources, *message.mutable_resource_requirements());
}

}  // namespace

LatestAttempt LatestAttemptOf(const JobView& view,
                              const std::vector<AttemptView>& ended) {
  if (view.status == embatch::JobStatus::kStarting) {
    return {view.latest_attempt, false};
  }
  if (view.status == embatch::JobStatus::kRunning) {
    return {view.latest_attempt, true};
  }
  if (ended.empty()) return {};
  return {ended.back().number, ended.back().started_at.has_value()};
}

void PrintContainer(const Context& context, const JobView& view,
                    const LatestAttempt& latest, ContainerDetail& detail) {
  PrintAsked(view, detail);
  // AWS shows these where they are empty, too.
  detail.mutable_volumes();
  detail.mutable_mount_points();
  detail.mutable_ulimits();
  detail.mutable_secrets();
  detail.mutable_network_interfaces();
  if (view.exit_code.has_value()) detail.set_exit_code(*view.exit_code);
  if (!view.reason.empty()) detail.set_reason(std::string(view.reason));
  PrintPlace(context, view, latest, detail);
  if (latest.started) {
    detail.set_log_stream_name(
        LogStreamOf(context, view, latest.number, "default"));
  }
}

void PrintTask(const Context& context, const JobView& view,
               const LatestAttempt& latest, EcsTaskDetails& detail) {
  PrintPlace(context, view, latest, detail);
  auto& containers = *detail.mutable_containers()->mutable_items();
  for (size_t i = 0; i < view.containers.size(); ++i) {
    const ContainerView& from = view.containers[i];
    if (static_cast<int>(i) >= containers.size()) break;
    TaskContainerDetails& to = containers[static_cast<int>(i)];
    PrintAskedOfTask(from, to);
    to.set_essential(from.essential);
    if (from.exit_code.has_value()) to.set_exit_code(*from.exit_code);
    if (!from.reason.empty()) to.set_reason(std::string(from.reason));
    if (from.started && latest.number > 0) {
      to.set_log_stream_name(
          LogStreamOf(context, view, latest.number, from.name));
    }
  }
}

void PrintContainerOfNodes(const JobView& node,
                           ContainerProperties& container) {
  PrintAsked(node, container);
}

void PrintTaskOfNodes(const JobView& node, EcsTaskProperties& task) {
  auto& containers = *task.mutable_containers()->mutable_items();
  for (size_t i = 0; i < node.containers.size(); ++i) {
    if (static_cast<int>(i) >= containers.size()) break;
    PrintAskedOfTask(node.containers[i], containers[static_cast<int>(i)]);
  }
}

}  // namespace api
}  // namespace embatch
