// SPDX-License-Identifier: Apache-2.0
#include "lib/model/instance_types.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"

namespace embatch {
namespace {

struct Bundle {
  absl::string_view name;
  absl::string_view families[6];
  // For a provider with none of the families.
  bool x86;
  bool arm;
};

// Source: API ComputeResource.instanceTypes.
constexpr Bundle kBundles[] = {
    {kOptimal, {"c4", "m4", "r4", "c5", "m5", "r5"}, true, true},
    {kDefaultX86, {"m6i", "c6i", "r6i", "c7i"}, true, false},
    {kDefaultArm64, {"m6g", "c6g", "r6g", "c7g"}, false, true},
};

bool IsMetal(absl::string_view type) {
  const absl::string_view family = FamilyOf(type);
  return family.size() < type.size() &&
         absl::StartsWith(type.substr(family.size() + 1), "metal");
}

bool Holds(const Bundle& bundle, absl::string_view type) {
  const absl::string_view family = FamilyOf(type);
  return !family.empty() &&
         std::find(std::begin(bundle.families), std::end(bundle.families),
                   family) != std::end(bundle.families);
}

void AllowBundle(const Bundle& bundle, absl::Span<const InstanceType> catalogue,
                 std::vector<bool>& allowed) {
  const bool any = std::any_of(
      catalogue.begin(), catalogue.end(),
      [&bundle](const InstanceType& type) { return Holds(bundle, type.name); });
  for (size_t i = 0; i < catalogue.size(); ++i) {
    const InstanceType& type = catalogue[i];
    if (IsMetal(type.name)) continue;
    const bool is_arm = type.architecture == CpuArchitecture::kArm64;
    if (any ? Holds(bundle, type.name) : is_arm ? bundle.arm : bundle.x86) {
      allowed[i] = true;
    }
  }
}

}  // namespace

absl::string_view FamilyOf(absl::string_view instance_type) {
  return instance_type.substr(0, instance_type.find('.'));
}

std::vector<bool> AllowedTypes(const std::vector<std::string>& instance_types,
                               absl::Span<const InstanceType> catalogue) {
  std::vector<bool> allowed(catalogue.size(), false);
  for (const std::string& entry : instance_types) {
    const auto* const bundle = std::find_if(
        std::begin(kBundles), std::end(kBundles),
        [&entry](const Bundle& candidate) { return candidate.name == entry; });
    if (bundle != std::end(kBundles)) {
      AllowBundle(*bundle, catalogue, allowed);
      continue;
    }
    for (size_t i = 0; i < catalogue.size(); ++i) {
      const absl::string_view name = catalogue[i].name;
      if (name == entry || (FamilyOf(name) == entry && !IsMetal(name))) {
        allowed[i] = true;
      }
    }
  }
  const auto first = std::find(allowed.begin(), allowed.end(), true);
  if (first == allowed.end()) return allowed;
  const CpuArchitecture architecture =
      catalogue[static_cast<size_t>(first - allowed.begin())].architecture;
  for (size_t i = 0; i < catalogue.size(); ++i) {
    if (catalogue[i].architecture != architecture) allowed[i] = false;
  }
  return allowed;
}

}  // namespace embatch
