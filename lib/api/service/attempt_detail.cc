// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/attempt_detail.h"

#include "absl/strings/str_cat.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/job_arns.h"

namespace embatch {
namespace api {
namespace {

template <typename Detail>
void PrintTimes(const AttemptView& attempt, Detail& detail) {
  if (attempt.started_at.has_value()) {
    detail.set_started_at(Millis(*attempt.started_at));
  }
  detail.set_stopped_at(Millis(attempt.stopped_at));
  if (!attempt.status_reason.empty()) {
    detail.set_status_reason(std::string(attempt.status_reason));
  }
}

template <typename Detail>
void PrintPlace(const Context& context, const JobView& view,
                const AttemptView& attempt, Detail& detail) {
  if (HasInstance(context, view, attempt.instance)) {
    detail.set_container_instance_arn(
        InstanceArn(context.scope, attempt.instance));
  }
  detail.set_task_arn(
      TaskArn(context.scope, FormatTaskId(AttemptOf(view, attempt.number),
                                          context.scheduler.options().seed)));
}

template <typename Outcome, typename Detail>
void PrintOutcome(const Outcome& outcome, Detail& detail) {
  if (outcome.exit_code.has_value()) detail.set_exit_code(*outcome.exit_code);
  if (!outcome.reason.empty()) detail.set_reason(std::string(outcome.reason));
}

}  // namespace

void PrintAttempt(const Context& context, const JobView& view,
                  const AttemptView& attempt, AttemptDetail& detail) {
  PrintTimes(attempt, detail);
  AttemptContainerDetail& container = *detail.mutable_container();
  if (attempt.containers.empty()) {
    PrintPlace(context, view, attempt, container);
    PrintOutcome(attempt, container);
    container.mutable_network_interfaces();
    if (attempt.started_at.has_value()) {
      container.set_log_stream_name(
          LogStreamOf(context, view, attempt.number, "default"));
    }
    return;
  }
  AttemptEcsTaskDetails& task = *detail.mutable_task_properties()->add_items();
  PrintPlace(context, view, attempt, task);
  for (const ContainerView& from : attempt.containers) {
    AttemptTaskContainerDetails& to = *task.mutable_containers()->add_items();
    to.set_name(std::string(from.name));
    PrintOutcome(from, to);
    to.mutable_network_interfaces();
    if (from.started) {
      to.set_log_stream_name(
          LogStreamOf(context, view, attempt.number, from.name));
    }
  }
}

void PrintEksAttempt(const Context& context, const JobView& view,
                     const AttemptView& attempt, EksAttemptDetail& detail) {
  PrintTimes(attempt, detail);
  detail.set_pod_name(PodName(context, view, attempt.number));
  if (attempt.instance.number != 0) {
    detail.set_node_name(NodeName(attempt.instance));
  }
  detail.mutable_containers();
  detail.mutable_init_containers();
  for (const ContainerView& from : attempt.containers) {
    EksAttemptContainerDetail& to =
        *(from.is_init ? detail.mutable_init_containers()
                       : detail.mutable_containers())
             ->add_items();
    to.set_name(std::string(from.name));
    PrintOutcome(from, to);
  }
}

std::string PodName(const Context& context, const JobView& view, int number) {
  return absl::StrCat(
      "aws-batch.",
      FormatTaskId(AttemptOf(view, number), context.scheduler.options().seed));
}

std::string NodeName(InstanceId instance) {
  return absl::StrCat("instance-", instance.number & ~InstanceId::kJoinedBit);
}

}  // namespace api
}  // namespace embatch
