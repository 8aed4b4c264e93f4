// SPDX-License-Identifier: Apache-2.0
//
// What jobs need of consumable resources: checked and merged.
#ifndef EMBATCH_MODEL_CONSUMABLES_H_
#define EMBATCH_MODEL_CONSUMABLES_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "embatch/consumable_resource.h"
#include "lib/model/limits.h"

namespace embatch {

// Source: API ConsumableResourceProperties; §3.2.
absl::Status CheckConsumableResources(
    absl::string_view member,
    const std::vector<ConsumableResourceRequirement>& list,
    const Limits& limits);

// By name, each once; the submission's quantity wins.
// Choice: §3.6, merged by name.
std::vector<ConsumableResourceRequirement> MergedConsumableResources(
    const std::vector<ConsumableResourceRequirement>& definition,
    const std::vector<ConsumableResourceRequirement>& submission);

// What messages call the merged list.
inline constexpr char kMergedConsumables[] =
    "consumable_resource_properties_override.consumable_resource_list, with "
    "the job definition's,";

}  // namespace embatch

#endif  // EMBATCH_MODEL_CONSUMABLES_H_
