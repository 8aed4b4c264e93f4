// SPDX-License-Identifier: Apache-2.0
//
// The instance types that a SimulatedProvider offers unless told otherwise.
// Source: EC2's pages on instance types and On-Demand prices. Choice: Spot
// prices, interruptions and depth are ours, of the size that EC2's Spot
// Instance Advisor shows: they must differ so that allocation strategies have
// something to choose from.
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
    int64_t spot_percentage;  // of the On-Demand price
    int32_t interruptions_per_million;
  };
  constexpr Family kFamilies[] = {{"c5", 2, 42500, 42, 120000},
                                  {"m5", 4, 48000, 38, 40000},
                                  {"r5", 8, 63000, 31, 70000}};
  constexpr std::pair<const char*, int64_t> kSizes[] = {
      {"large", 2}, {"xlarge", 4}, {"2xlarge", 8}, {"4xlarge", 16}};
  constexpr int64_t kSpotVcpus = 16384;
  std::vector<InstanceType> types;
  for (const Family& family : kFamilies) {
    for (const auto& [size, vcpus] : kSizes) {
      // What an instance registers is less than its nominal memory.
      const int64_t nominal_mib = vcpus * family.gib_per_vcpu * 1024;
      const int64_t memory_mib = nominal_mib * 97 / 100 - 32;
      InstanceType& type = types.emplace_back();
      type.name = absl::StrCat(family.name, ".", size);
      type.resources = Resources::Of(vcpus, memory_mib);
      type.price_microdollars_per_hour =
          vcpus * family.price_microdollars_per_vcpu_hour;
      type.spot_price_microdollars_per_hour =
          type.price_microdollars_per_hour * family.spot_percentage / 100;
      type.interruptions_per_million = family.interruptions_per_million;
      // Large ones are scarcer.
      type.spot_capacity = kSpotVcpus / (vcpus * vcpus);
    }
  }
  return types;
}

}  // namespace embatch
