// SPDX-License-Identifier: Apache-2.0
#include "embatch/consumable_resource.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/consumables.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"

namespace embatch {

// Source: API CreateConsumableResource ("Must be non-negative"). Choice: §2.1,
// the rule of all other names.
absl::StatusOr<ConsumableResource> ConsumableResource::Create(
    ConsumableResourceOptions options) {
  EMBATCH_RETURN_IF_ERROR(
      CheckName("consumable_resource_name", options.consumable_resource_name));
  EMBATCH_RETURN_IF_ERROR(CheckRange("total_quantity", options.total_quantity,
                                     0, kConsumableQuantityMax));
  if (!IsValidEnum(options.resource_type)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "resource_type is ", static_cast<int>(options.resource_type),
        "; must be REPLENISHABLE or NON_REPLENISHABLE"));
  }
  EMBATCH_RETURN_IF_ERROR(CheckTags(options.tags));
  return ConsumableResource(std::move(options));
}

absl::Status CheckConsumableResources(
    absl::string_view member,
    const std::vector<ConsumableResourceRequirement>& list,
    const Limits& limits) {
  if (list.size() > static_cast<size_t>(limits.consumables_per_job_max)) {
    return absl::InvalidArgumentError(absl::StrCat(
        member, " has ", list.size(), " entries; must have at most ",
        limits.consumables_per_job_max));
  }
  for (size_t i = 0; i < list.size(); ++i) {
    EMBATCH_RETURN_IF_ERROR(
        CheckName(absl::StrCat(member, ".consumable_resource"),
                  list[i].consumable_resource));
    // Choice: nothing is needed by leaving it out.
    EMBATCH_RETURN_IF_ERROR(CheckRange(absl::StrCat(member, ".quantity"),
                                       list[i].quantity, 1,
                                       kConsumableQuantityMax));
    for (size_t j = 0; j < i; ++j) {
      if (list[i].consumable_resource == list[j].consumable_resource) {
        return absl::InvalidArgumentError(
            absl::StrCat(member, ".consumable_resource is ",
                         Quoted(list[i].consumable_resource),
                         " twice; each must be given once"));
      }
    }
  }
  return absl::OkStatus();
}

std::vector<ConsumableResourceRequirement> MergedConsumableResources(
    const std::vector<ConsumableResourceRequirement>& definition,
    const std::vector<ConsumableResourceRequirement>& submission) {
  std::map<std::string, int64_t> merged;
  for (const auto& entry : definition) {
    merged[entry.consumable_resource] = entry.quantity;
  }
  for (const auto& entry : submission) {
    merged[entry.consumable_resource] = entry.quantity;
  }
  std::vector<ConsumableResourceRequirement> result;
  result.reserve(merged.size());
  for (const auto& [name, quantity] : merged)
    result.push_back({name, quantity});
  return result;
}

}  // namespace embatch
