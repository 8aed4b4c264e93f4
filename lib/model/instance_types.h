// SPDX-License-Identifier: Apache-2.0
//
// What the entries of ComputeResources::instance_types mean: the name of a type
// ("c5.large"), a family ("c5"), or a bundle of families.
#ifndef EMBATCH_MODEL_INSTANCE_TYPES_H_
#define EMBATCH_MODEL_INSTANCE_TYPES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "embatch/resource_provider.h"

namespace embatch {

inline constexpr absl::string_view kOptimal = "optimal";
inline constexpr absl::string_view kDefaultX86 = "default_x86_64";
inline constexpr absl::string_view kDefaultArm64 = "default_arm64";

// The part of a type's name before the dot.
absl::string_view FamilyOf(absl::string_view instance_type);

// For each type of a catalogue, whether an environment with these
// `instance_types` may launch it.
//
// A family, named or in a bundle, holds no metal sizes. All that may be
// launched is of one architecture: that of the first type in the catalogue that
// an entry names.
// Source: API ComputeResource.instanceTypes; §16.5.
// Choice: AWS says of "optimal" that it depends on the region; here it is the
// six families that the API names. A provider that offers none of a bundle's
// families is not EC2: there the bundle holds all types that it offers, the
// two "default" ones those of their architecture.
std::vector<bool> AllowedTypes(const std::vector<std::string>& instance_types,
                               absl::Span<const InstanceType> catalogue);

}  // namespace embatch

#endif  // EMBATCH_MODEL_INSTANCE_TYPES_H_
