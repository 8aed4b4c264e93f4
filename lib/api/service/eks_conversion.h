// SPDX-License-Identifier: Apache-2.0
// Pods between AWS's messages and the scheduler's values, as
// container_conversion.h.
// Source: API EksProperties, EksPropertiesOverride, EksLimits, EksRequests.
#ifndef EMBATCH_LIB_API_SERVICE_EKS_CONVERSION_H_
#define EMBATCH_LIB_API_SERVICE_EKS_CONVERSION_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "embatch/api/eks.pb.h"
#include "embatch/container_overrides.h"
#include "embatch/container_properties.h"

namespace embatch {
namespace api {

absl::StatusOr<embatch::EksProperties> ReadEks(absl::string_view member,
                                               const EksProperties& message);
void PrintEks(const embatch::EksProperties& properties, EksProperties& message);

absl::StatusOr<embatch::EksPropertiesOverride> ReadEksOverride(
    absl::string_view member, const EksPropertiesOverride& message);

void PrintEksEnvironment(absl::Span<const EnvironmentVariable> environment,
                         EksContainerEnvironmentVariables& list);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_LIB_API_SERVICE_EKS_CONVERSION_H_
