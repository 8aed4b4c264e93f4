// SPDX-License-Identifier: Apache-2.0
#include "embatch/compute_environment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/instance_types.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// Choice: a bound on vCPUs that keeps every sum far from overflow.
constexpr int64_t kVcpusMax = kVcpuMilliMax / 1000;

absl::Status NotApplicable(absl::string_view member, absl::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat("compute_resources.", member, " is given; ", name,
                   " is not applicable for Fargate."));
}

// Source: API ComputeResource ("isn't applicable to jobs that are running on
// Fargate resources. Don't specify it"); the form of the text is §22's.
absl::Status CheckFargate(const ComputeResources& resources) {
  if (resources.allocation_strategy.has_value()) {
    return NotApplicable("allocation_strategy", "allocationStrategy");
  }
  if (resources.min_vcpus != 0) return NotApplicable("min_vcpus", "minvCpus");
  if (resources.desired_vcpus.has_value()) {
    return NotApplicable("desired_vcpus", "desiredvCpus");
  }
  if (!resources.instance_types.empty()) {
    return NotApplicable("instance_types", "instanceTypes");
  }
  if (resources.bid_percentage.has_value()) {
    return NotApplicable("bid_percentage", "bidPercentage");
  }
  if (resources.min_scale_down_delay_minutes != 0) {
    return NotApplicable("min_scale_down_delay_minutes", "scalingPolicy");
  }
  return absl::OkStatus();
}

// Source: API ComputeResource.instanceTypes (all of one architecture).
// A type's own architecture is known when the provider tells of it (fleet.h).
// Choice: so is whether there is such a type; one that is never told of is no
// error (§22 has a text for it), and nothing can be launched of it.
absl::Status CheckInstanceTypes(const std::vector<std::string>& types) {
  if (types.empty()) {
    return absl::InvalidArgumentError(
        "compute_resources.instance_types is empty; At least 1 instance type "
        "must be provided");
  }
  bool arm = false;
  bool x86 = false;
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("compute_resources.instance_types[", i,
                       "] is empty; must be a type, a family or \"optimal\""));
    }
    arm |= types[i] == kDefaultArm64;
    x86 |= types[i] == kOptimal || types[i] == kDefaultX86;
  }
  if (arm && x86) {
    return absl::InvalidArgumentError(
        "compute_resources.instance_types holds bundles of arm64 and of "
        "x86_64; all must be of one architecture");
  }
  return absl::OkStatus();
}

// Source: §16.1, §16.5; API CRAllocationStrategy ("only available for Spot
// Instance compute resources").
absl::Status CheckStrategy(const ComputeResources& resources) {
  const AllocationStrategy strategy = resources.strategy();
  if (!IsValidEnum(strategy)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "compute_resources.allocation_strategy is ", static_cast<int>(strategy),
        "; must be one of AWS's four"));
  }
  if ((strategy == AllocationStrategy::kSpotCapacityOptimized ||
       strategy == AllocationStrategy::kSpotPriceCapacityOptimized) &&
      resources.type != ComputeResourceType::kSpot) {
    return absl::InvalidArgumentError(
        absl::StrCat("compute_resources.allocation_strategy is for SPOT, and "
                     "compute_resources.type is ",
                     ComputeResourceTypeName(resources.type)));
  }
  if (!resources.bid_percentage.has_value()) return absl::OkStatus();
  return CheckRange("compute_resources.bid_percentage",
                    *resources.bid_percentage, kBidPercentageMin,
                    kBidPercentageMax);
}

absl::Status CheckScaling(const ComputeResources& resources) {
  if (resources.min_vcpus < 0 || resources.min_vcpus > resources.max_vcpus) {
    return absl::InvalidArgumentError(absl::StrCat(
        "compute_resources.min_vcpus is ", resources.min_vcpus,
        "; must be between 0 and max_vcpus, which is ", resources.max_vcpus,
        ": maxVCpus must be greater than minvCpus"));
  }
  if (resources.desired_vcpus.has_value()) {
    EMBATCH_RETURN_IF_ERROR(
        CheckRange("compute_resources.desired_vcpus", *resources.desired_vcpus,
                   resources.min_vcpus, resources.max_vcpus));
  }
  if (resources.min_scale_down_delay_minutes == 0) return absl::OkStatus();
  return CheckRange("compute_resources.min_scale_down_delay_minutes",
                    resources.min_scale_down_delay_minutes,
                    kScaleDownDelayMinutesMin, kScaleDownDelayMinutesMax);
}

absl::Status CheckComputeResources(const ComputeResources& resources) {
  if (!IsValidEnum(resources.type)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "compute_resources.type is ", static_cast<int>(resources.type),
        "; must be EC2, SPOT, FARGATE or FARGATE_SPOT"));
  }
  EMBATCH_RETURN_IF_ERROR(CheckRange("compute_resources.max_vcpus",
                                     resources.max_vcpus, 1, kVcpusMax));
  if (IsFargate(resources.type)) return CheckFargate(resources);
  EMBATCH_RETURN_IF_ERROR(CheckScaling(resources));
  EMBATCH_RETURN_IF_ERROR(CheckInstanceTypes(resources.instance_types));
  return CheckStrategy(resources);
}

// Source: API CreateComputeEnvironment.eksConfiguration; guide "Amazon EKS";
// §16.5 (BEST_FIT is not for EKS).
absl::Status CheckOrchestration(const ComputeEnvironmentOptions& options) {
  constexpr absl::string_view kMember = "container_orchestration_type";
  if (!options.container_orchestration_type.has_value()) {
    return absl::OkStatus();
  }
  const OrchestrationType type = *options.container_orchestration_type;
  if (!IsValidEnum(type)) {
    return absl::InvalidArgumentError(absl::StrCat(
        kMember, " is ", static_cast<int>(type), "; must be ECS or EKS"));
  }
  if (type == OrchestrationType::kEcs) return absl::OkStatus();
  if (!options.compute_resources.has_value() ||
      IsFargate(options.compute_resources->type)) {
    return absl::InvalidArgumentError(
        absl::StrCat(kMember,
                     " is EKS; type must be MANAGED and compute_resources.type "
                     "EC2 or SPOT then"));
  }
  if (options.compute_resources->strategy() == AllocationStrategy::kBestFit) {
    return absl::InvalidArgumentError(
        absl::StrCat("compute_resources.allocation_strategy is BEST_FIT; must "
                     "be another one when ",
                     kMember, " is EKS"));
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
  EMBATCH_RETURN_IF_ERROR(CheckOrchestration(options));
  // Source: API unmanagedvCpus ("only supported when the type parameter is set
  // to UNMANAGED").
  if (options.unmanaged_vcpus.has_value()) {
    if (managed) {
      return absl::InvalidArgumentError(
          "unmanaged_vcpus is given; must be absent when type is MANAGED");
    }
    EMBATCH_RETURN_IF_ERROR(
        CheckRange("unmanaged_vcpus", *options.unmanaged_vcpus, 0, kVcpusMax));
  }
  if (options.update_policy.has_value()) {
    EMBATCH_RETURN_IF_ERROR(CheckRange(
        "update_policy.job_execution_timeout_minutes",
        options.update_policy->job_execution_timeout_minutes,
        kJobExecutionTimeoutMinutesMin, kJobExecutionTimeoutMinutesMax));
  }
  return ComputeEnvironment(std::move(options));
}

absl::string_view ComputeResourceTypeName(ComputeResourceType type) {
  switch (type) {
    case ComputeResourceType::kEc2:
      return "EC2";
    case ComputeResourceType::kSpot:
      return "SPOT";
    case ComputeResourceType::kFargate:
      return "FARGATE";
    case ComputeResourceType::kFargateSpot:
      return "FARGATE_SPOT";
  }
  return "";
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
