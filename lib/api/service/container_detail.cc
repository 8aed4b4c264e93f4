// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/container_detail.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/eks_conversion.h"
#include "lib/api/service/job_arns.h"

namespace embatch {
namespace api {
namespace {

// Where it runs, or ran.
template <typename Detail>
void PrintPlace(const Context& context, const JobView& view,
                const LatestAttempt& latest, Detail& detail) {
  if (latest.number == 0) return;
  if (view.instance.number != 0) {
    detail.set_container_instance_arn(
        InstanceArn(context.scope, view.instance));
  }
  detail.set_task_arn(
      TaskArn(context.scope, FormatTaskId(AttemptOf(view, latest.number),
                                          context.scheduler.options().seed)));
}

// An amount of which the submission may have changed limit and request.
void PrintAmount(const std::string& name, const std::string& value,
                 EksContainerResourceRequirements& resources) {
  if (resources.requests().entries().contains(name)) {
    (*resources.mutable_requests()->mutable_entries())[name] = value;
    if (!resources.limits().entries().contains(name)) return;
  }
  (*resources.mutable_limits()->mutable_entries())[name] = value;
}

void PrintAmounts(const Resources& amounts,
                  EksContainerResourceRequirements& resources) {
  if (amounts.vcpu_milli != 0) {
    PrintAmount("cpu", PrintThousandths(amounts.vcpu_milli), resources);
  }
  if (amounts.memory_mib != 0) {
    PrintAmount("memory", absl::StrCat(amounts.memory_mib, "Mi"), resources);
  }
  if (amounts.gpus != 0) {
    PrintAmount("nvidia.com/gpu", absl::StrCat(amounts.gpus), resources);
  }
}

// The scheduler has entrypoint and arguments in one list. They are shown apart
// where the definition's entrypoint stands at its beginning.
void PrintCommand(const ContainerView& view, EksContainerDetail& detail) {
  const StringList& entrypoint = detail.command();
  const size_t size = static_cast<size_t>(entrypoint.items_size());
  const bool begins =
      size <= view.command.size() &&
      std::equal(entrypoint.items().begin(), entrypoint.items().end(),
                 view.command.begin());
  const size_t split = begins ? size : view.command.size();
  detail.clear_command();
  detail.clear_args();
  if (split > 0) {
    PrintStrings(view.command.subspan(0, split), *detail.mutable_command());
  }
  if (split < view.command.size()) {
    PrintStrings(view.command.subspan(split), *detail.mutable_args());
  }
}

// A changed amount is known by what the scheduler counts for the container.
bool SaysOtherwise(const ContainerView& view,
                   const EksContainerResourceRequirements& resources) {
  EksContainerResourceRequirements changed = resources;
  PrintAmounts(view.resources, changed);
  const auto differs = [](const auto& a, const auto& b) {
    if (a.entries_size() != b.entries_size()) return true;
    return std::any_of(
        a.entries().begin(), a.entries().end(), [&b](const auto& entry) {
          const auto found = b.entries().find(entry.first);
          return found == b.entries().end() || found->second != entry.second;
        });
  };
  return differs(resources.requests(), changed.requests()) ||
         differs(resources.limits(), changed.limits());
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
  if (!view.image.empty()) detail.set_image(std::string(view.image));
  PrintStrings(view.command, *detail.mutable_command());
  PrintEnvironment(view.environment, *detail.mutable_environment());
  PrintRequirements(view.resources, *detail.mutable_resource_requirements());
  // Whoever defined the job by these reads it by these.
  if (detail.has_vcpus()) {
    detail.set_vcpus(static_cast<int32_t>(view.resources.vcpu_milli / 1000));
  }
  if (detail.has_memory()) {
    detail.set_memory(static_cast<int32_t>(view.resources.memory_mib));
  }
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
    to.clear_command();
    PrintStrings(from.command, *to.mutable_command());
    to.clear_environment();
    PrintEnvironment(from.environment, *to.mutable_environment());
    to.clear_resource_requirements();
    PrintRequirements(from.resources, *to.mutable_resource_requirements());
    to.set_essential(from.essential);
    if (from.exit_code.has_value()) to.set_exit_code(*from.exit_code);
    if (!from.reason.empty()) to.set_reason(std::string(from.reason));
    if (from.started && latest.number > 0) {
      to.set_log_stream_name(
          LogStreamOf(context, view, latest.number, from.name));
    }
  }
}

void PrintPod(const JobView& view, EksPodPropertiesDetail& detail) {
  int next_container = 0;
  int next_init = 0;
  for (const ContainerView& from : view.containers) {
    EksContainerDetails& list = from.is_init ? *detail.mutable_init_containers()
                                             : *detail.mutable_containers();
    int& next = from.is_init ? next_init : next_container;
    if (next >= list.items_size()) continue;
    EksContainerDetail& to = *list.mutable_items(next++);
    to.set_image(std::string(from.image));
    PrintCommand(from, to);
    to.clear_env();
    PrintEksEnvironment(from.environment, *to.mutable_env());
    if (SaysOtherwise(from, to.resources())) {
      PrintAmounts(from.resources, *to.mutable_resources());
    }
    if (from.exit_code.has_value()) to.set_exit_code(*from.exit_code);
    if (!from.reason.empty()) to.set_reason(std::string(from.reason));
  }
}

}  // namespace api
}  // namespace embatch
