// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/definition_checks.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace embatch {
namespace api {
namespace {

absl::Status Refused(absl::string_view member, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat(member, rule));
}

absl::Status CheckRange(absl::string_view member, int value, int least,
                        int most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return Refused(member, absl::StrCat(" is ", value, "; must be between ",
                                      least, " and ", most));
}

bool Names(const RegisterJobDefinitionRequest& request,
           PlatformCapability platform) {
  const auto& items = request.platform_capabilities().items();
  return std::find(items.begin(), items.end(), platform) != items.end();
}

// Source: §22 ("<member> is not applicable for Fargate.").
absl::Status NotForFargate(bool is_given, absl::string_view path,
                           absl::string_view member) {
  if (!is_given) return absl::OkStatus();
  return Refused(path, absl::StrCat(".", member, " is given; ", member,
                                    " is not applicable for Fargate."));
}

// Source: §22 ("networkConfiguration not applicable for EC2.").
absl::Status OnlyForFargate(bool is_given, absl::string_view path,
                            absl::string_view member) {
  if (!is_given) return absl::OkStatus();
  return Refused(path, absl::StrCat(".", member, " is given; ", member,
                                    " not applicable for EC2."));
}

absl::Status FirstOf(std::initializer_list<absl::Status> checks) {
  for (const absl::Status& status : checks) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Source: API LinuxParameters; each but initProcessEnabled is for EC2 alone.
absl::Status CheckLinuxParameters(absl::string_view path,
                                  const LinuxParameters& linux,
                                  bool on_fargate) {
  if (linux.has_swappiness()) {
    absl::Status status = CheckRange(absl::StrCat(path, ".swappiness"),
                                     linux.swappiness(), 0, 100);
    if (!status.ok()) return status;
  }
  if (!on_fargate) return absl::OkStatus();
  return FirstOf({
      NotForFargate(linux.devices().items_size() > 0, path, "devices"),
      NotForFargate(linux.has_shared_memory_size(), path, "sharedMemorySize"),
      NotForFargate(linux.tmpfs().items_size() > 0, path, "tmpfs"),
      NotForFargate(linux.has_max_swap(), path, "maxSwap"),
      NotForFargate(linux.has_swappiness(), path, "swappiness"),
  });
}

// Source: API EphemeralStorage.sizeInGiB.
absl::Status CheckStorage(absl::string_view path, bool is_given,
                          const EphemeralStorage& storage) {
  if (!is_given) return absl::OkStatus();
  return CheckRange(absl::StrCat(path, ".ephemeralStorage.sizeInGiB"),
                    storage.size_in_gib(), 21, 200);
}

absl::Status CheckContainer(absl::string_view path,
                            const ContainerProperties& container,
                            bool on_fargate) {
  absl::Status status = FirstOf({
      CheckLinuxParameters(absl::StrCat(path, ".linuxParameters"),
                           container.linux_parameters(), on_fargate),
      CheckStorage(path, container.has_ephemeral_storage(),
                   container.ephemeral_storage()),
  });
  if (!status.ok()) return status;
  if (!on_fargate) {
    return FirstOf({
        OnlyForFargate(container.has_network_configuration(), path,
                       "networkConfiguration"),
        OnlyForFargate(container.has_fargate_platform_configuration(), path,
                       "fargatePlatformConfiguration"),
        OnlyForFargate(container.has_ephemeral_storage(), path,
                       "ephemeralStorage"),
    });
  }
  if (container.execution_role_arn().empty()) {
    return Refused(path,
                   ".executionRoleArn is missing; must be given where "
                   "platformCapabilities has FARGATE");
  }
  return FirstOf({
      NotForFargate(container.privileged(), path, "privileged"),
      NotForFargate(container.ulimits().items_size() > 0, path, "ulimits"),
      NotForFargate(container.has_instance_type(), path, "instanceType"),
  });
}

absl::Status CheckTask(absl::string_view path, const EcsTaskProperties& task,
                       bool on_fargate) {
  absl::Status status = FirstOf({
      CheckStorage(path, task.has_ephemeral_storage(),
                   task.ephemeral_storage()),
      NotForFargate(on_fargate && task.has_ipc_mode(), path, "ipcMode"),
      OnlyForFargate(!on_fargate && task.has_network_configuration(), path,
                     "networkConfiguration"),
      OnlyForFargate(!on_fargate && task.has_ephemeral_storage(), path,
                     "ephemeralStorage"),
  });
  if (!status.ok()) return status;
  if (on_fargate && task.execution_role_arn().empty()) {
    return Refused(path,
                   ".executionRoleArn is missing; must be given where "
                   "platformCapabilities has FARGATE");
  }
  for (int i = 0; i < task.containers().items_size(); ++i) {
    const TaskContainerProperties& container = task.containers().items(i);
    const std::string inside = absl::StrCat(path, ".containers[", i, "]");
    absl::Status inner = FirstOf({
        CheckLinuxParameters(absl::StrCat(inside, ".linuxParameters"),
                             container.linux_parameters(), on_fargate),
        NotForFargate(on_fargate && container.privileged(), inside,
                      "privileged"),
    });
    if (!inner.ok()) return inner;
  }
  return absl::OkStatus();
}

absl::Status CheckEcs(absl::string_view path, const EcsProperties& ecs,
                      bool on_fargate) {
  for (int i = 0; i < ecs.task_properties().items_size(); ++i) {
    absl::Status status =
        CheckTask(absl::StrCat(path, ".taskProperties[", i, "]"),
                  ecs.task_properties().items(i), on_fargate);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckDefinition(const RegisterJobDefinitionRequest& request) {
  const bool on_fargate = Names(request, PLATFORM_CAPABILITY_FARGATE);
  if (request.has_container_properties()) {
    return CheckContainer("containerProperties", request.container_properties(),
                          on_fargate);
  }
  if (request.has_ecs_properties()) {
    return CheckEcs("ecsProperties", request.ecs_properties(), on_fargate);
  }
  const auto& ranges = request.node_properties().node_range_properties();
  for (int i = 0; i < ranges.items_size(); ++i) {
    const std::string path =
        absl::StrCat("nodeProperties.nodeRangeProperties[", i, "]");
    absl::Status status =
        CheckContainer(absl::StrCat(path, ".container"),
                       ranges.items(i).container(), /*on_fargate=*/false);
    if (!status.ok()) return status;
    status = CheckEcs(absl::StrCat(path, ".ecsProperties"),
                      ranges.items(i).ecs_properties(), /*on_fargate=*/false);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace api
}  // namespace embatch
