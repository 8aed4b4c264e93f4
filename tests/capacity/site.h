// SPDX-License-Identifier: Apache-2.0
//
// A Fleet and the words to furnish it. It remembers the instances, so that a
// test can count them itself.
#ifndef EMBATCH_TESTS_CAPACITY_SITE_H_
#define EMBATCH_TESTS_CAPACITY_SITE_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/capacity/fleet.h"
#include "lib/capacity/scaling.h"

namespace embatch {

struct SiteOptions {
  int64_t min_vcpus = 0;
  int64_t max_vcpus = 1000;
  std::vector<std::string> allowed_types = {"optimal"};
  ComputeResourceType type = ComputeResourceType::kEc2;
  AllocationStrategy strategy = AllocationStrategy::kBestFitProgressive;
  std::optional<int> bid_percentage;
  ResourceState state = ResourceState::kEnabled;
  ResourceStatus status = ResourceStatus::kValid;
};

struct Site {
  // A managed environment whose provider offers `types`.
  uint32_t Managed(const std::vector<InstanceType>& types,
                   const SiteOptions& site = {}) {
    ComputeEnvironmentOptions options;
    ComputeResources& resources = options.compute_resources.emplace();
    resources.min_vcpus = site.min_vcpus;
    resources.max_vcpus = site.max_vcpus;
    resources.instance_types = site.allowed_types;
    resources.type = site.type;
    resources.allocation_strategy = site.strategy;
    resources.bid_percentage = site.bid_percentage;
    const uint32_t environment = Add(std::move(options), site);
    fleet.SetCatalogue(environment, types);
    return environment;
  }
  uint32_t Unmanaged(const SiteOptions& site = {}) {
    ComputeEnvironmentOptions options;
    options.type = ComputeEnvironmentType::kUnmanaged;
    return Add(std::move(options), site);
  }

  uint32_t Boot(uint32_t environment, uint32_t type) {
    slots.push_back(fleet.Launch(environment, type));
    return slots.back();
  }
  uint32_t Ready(uint32_t environment, uint32_t type, int64_t now_ns = 0) {
    const uint32_t slot = Boot(environment, type);
    fleet.BecomeReady(slot, "",
                      fleet.environment(environment).types[type].type.resources,
                      now_ns);
    return slot;
  }
  uint32_t Join(uint32_t environment, const Resources& registered) {
    slots.push_back(fleet.Join(environment, InstanceId::Joined(++joined_), "",
                               registered, 0));
    return slots.back();
  }
  void Remove(uint32_t slot) {
    fleet.Remove(slot);
    slots.erase(std::find(slots.begin(), slots.end(), slot));
  }

  Fleet fleet;
  std::vector<uint32_t> slots;  // of all instances, in the order of their birth

 private:
  uint32_t Add(ComputeEnvironmentOptions options, const SiteOptions& site) {
    options.compute_environment_name =
        absl::StrCat("environment", fleet.environment_count());
    options.state = site.state;
    const uint32_t environment =
        fleet.AddEnvironment(*ComputeEnvironment::Create(std::move(options)));
    fleet.environment(environment).status = site.status;
    return environment;
  }

  uint64_t joined_ = 0;
};

// Whole vCPUs, the price a dollar's ten-thousandth for each unless given.
inline InstanceType Type(std::string name, int64_t vcpus, int64_t memory_mib,
                         int64_t price = -1, int32_t gpus = 0) {
  return {std::move(name), Resources::Of(vcpus, memory_mib, gpus),
          price < 0 ? vcpus * 100 : price};
}

}  // namespace embatch

#endif  // EMBATCH_TESTS_CAPACITY_SITE_H_
