// SPDX-License-Identifier: Apache-2.0
// Tasks of several containers between AWS's messages and the scheduler's
// values, as container_conversion.h.
// Source: API EcsProperties, EcsPropertiesOverride.
#ifndef EMBATCH_LIB_API_SERVICE_ECS_CONVERSION_H_
#define EMBATCH_LIB_API_SERVICE_ECS_CONVERSION_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "embatch/api/ecs.pb.h"
#include "embatch/container_overrides.h"
#include "embatch/container_properties.h"

namespace embatch {
namespace api {

absl::StatusOr<embatch::EcsProperties> ReadEcs(absl::string_view member,
                                               const EcsProperties& message);
void PrintEcs(const embatch::EcsProperties& properties, EcsProperties& message);

absl::StatusOr<embatch::EcsPropertiesOverride> ReadEcsOverride(
    absl::string_view member, const EcsPropertiesOverride& message);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_ECS_CONVERSION_H_
