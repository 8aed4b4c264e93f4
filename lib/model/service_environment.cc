// SPDX-License-Identifier: Apache-2.0
#include "embatch/service_environment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/capacity_limits.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

// Source: API CapacityLimit.capacityUnit ("For SAGEMAKER_TRAINING jobs in a
// quota management enabled service environment, specify the instance type ...
// Otherwise, use NUM_INSTANCES").
absl::Status CheckUnitsGoTogether(const std::vector<CapacityLimit>& limits) {
  const bool any_instances =
      std::any_of(limits.begin(), limits.end(), [](const CapacityLimit& limit) {
        return limit.capacity_unit == kUnitInstances;
      });
  if (!any_instances || limits.size() == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "capacity_limits has ", limits.size(),
      " entries, one of them in NUM_INSTANCES; that one must stand alone"));
}

}  // namespace

absl::StatusOr<ServiceEnvironment> ServiceEnvironment::Create(
    ServiceEnvironmentOptions options, LimitsProfile) {
  EMBATCH_RETURN_IF_ERROR(
      CheckName("service_environment_name", options.service_environment_name));
  if (!IsValidEnum(options.type)) {
    return absl::InvalidArgumentError(
        absl::StrCat("type is ", static_cast<int>(options.type),
                     "; must be SAGEMAKER_TRAINING"));
  }
  if (!IsValidEnum(options.state)) {
    return absl::InvalidArgumentError(
        absl::StrCat("state is ", static_cast<int>(options.state),
                     "; must be ENABLED or DISABLED"));
  }
  EMBATCH_RETURN_IF_ERROR(CheckCapacityLimits(options.capacity_limits));
  EMBATCH_RETURN_IF_ERROR(CheckUnitsGoTogether(options.capacity_limits));
  EMBATCH_RETURN_IF_ERROR(CheckTags(options.tags));
  return ServiceEnvironment(std::move(options));
}

}  // namespace embatch
