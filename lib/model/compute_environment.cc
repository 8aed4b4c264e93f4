// SPDX-License-Identifier: Apache-2.0
#include "embatch/compute_environment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// Choice: a bound on vCPUs that keeps every sum far from overflow.
constexpr int64_t kVcpusMax = kVcpuMilliMax / 1000;

absl::Status CheckComputeResources(const ComputeResources& resources) {
  EMBATCH_RETURN_IF_ERROR(CheckRange("compute_resources.max_vcpus",
                                     resources.max_vcpus, 1, kVcpusMax));
  if (resources.min_vcpus < 0 || resources.min_vcpus > resources.max_vcpus) {
    return absl::InvalidArgumentError(absl::StrCat(
        "compute_resources.min_vcpus is ", resources.min_vcpus,
        "; must be between 0 and max_vcpus, which is ", resources.max_vcpus));
  }
  for (size_t i = 0; i < resources.instance_types.size(); ++i) {
    if (resources.instance_types[i].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("compute_resources.instance_types[", i,
                       "] is empty; must be a type, a family or \"optimal\""));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ComputeEnvironment> ComputeEnvironment::Create(
    ComputeEnvironmentOptions options, LimitsProfile) {
  EMBATCH_RETURN_IF_ERROR(
      CheckName("compute_environment_name", options.compute_environment_name));
  EMBATCH_RETURN_IF_ERROR(CheckTags(options.tags));
  if (!IsValidEnum(options.type) || !IsValidEnum(options.state)) {
    return absl::InvalidArgumentError(
        absl::StrCat("type is ", static_cast<int>(options.type), " and state ",
                     static_cast<int>(options.state),
                     "; must be values of their enumerations"));
  }
  const bool managed = options.type == ComputeEnvironmentType::kManaged;
  // Source: API CreateComputeEnvironment.computeResources ("required for
  // managed compute environments", not for unmanaged ones).
  if (managed != options.compute_resources.has_value()) {
    return absl::InvalidArgumentError(
        managed ? "compute_resources is missing; must be given when type is "
                  "MANAGED"
                : "compute_resources is given; must be absent when type is "
                  "UNMANAGED");
  }
  if (managed) {
    EMBATCH_RETURN_IF_ERROR(CheckComputeResources(*options.compute_resources));
  }
  return ComputeEnvironment(std::move(options));
}

absl::string_view ResourceStatusName(ResourceStatus status) {
  switch (status) {
    case ResourceStatus::kCreating:
      return "CREATING";
    case ResourceStatus::kUpdating:
      return "UPDATING";
    case ResourceStatus::kDeleting:
      return "DELETING";
    case ResourceStatus::kDeleted:
      return "DELETED";
    case ResourceStatus::kValid:
      return "VALID";
    case ResourceStatus::kInvalid:
      return "INVALID";
  }
  return "";
}

}  // namespace embatch
