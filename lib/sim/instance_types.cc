// SPDX-License-Identifier: Apache-2.0
//
// The instance types that a SimulatedProvider offers unless told otherwise.
// Source: EC2's pages on instance types and On-Demand prices.
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "embatch/resource_provider.h"
#include "embatch/resources.h"
#include "embatch/sim/simulated_provider.h"

namespace embatch {

std::vector<InstanceType> SimulatedInstanceTypes() {
  struct Family {
    const char* name;
    int64_t gib_per_vcpu;
    int64_t price_microdollars_per_vcpu_hour;
  };
  constexpr Family kFamilies[] = {
      {"c5", 2, 42500}, {"m5", 4, 48000}, {"r5", 8, 63000}};
  constexpr std::pair<const char*, int64_t> kSizes[] = {
      {"large", 2}, {"xlarge", 4}, {"2xlarge", 8}, {"4xlarge", 16}};
  std::vector<InstanceType> types;
  for (const Family& family : kFamilies) {
    for (const auto& [size, vcpus] : kSizes) {
      // What an instance registers is less than its nominal memory.
      const int64_t nominal_mib = vcpus * family.gib_per_vcpu * 1024;
      const int64_t memory_mib = nominal_mib * 97 / 100 - 32;
      types.push_back({absl::StrCat(family.name, ".", size),
                       Resources::Of(vcpus, memory_mib),
                       vcpus * family.price_microdollars_per_vcpu_hour});
    }
  }
  return types;
}

}  // namespace embatch
