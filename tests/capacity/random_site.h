// SPDX-License-Identifier: Apache-2.0
//
// Small random worlds for scaling: environments with instances in every state,
// and queues with jobs that wait.
#ifndef EMBATCH_TESTS_CAPACITY_RANDOM_SITE_H_
#define EMBATCH_TESTS_CAPACITY_RANDOM_SITE_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/capacity/plain_scaling.h"
#include "tests/capacity/site.h"

namespace embatch {

class RandomSite {
 public:
  explicit RandomSite(uint64_t seed) : random_(seed) {}

  int Draw(int below) {
    return static_cast<int>(random_() % static_cast<uint64_t>(below));
  }

  // Environments and their types; no instances yet.
  Site MakeEmpty() {
    Site site;
    for (int count = 1 + Draw(3); count > 0; --count) {
      SiteOptions options;
      options.max_vcpus = 1 + Draw(24);
      options.min_vcpus =
          Draw(3) == 0 ? Draw(static_cast<int>(options.max_vcpus) + 1) : 0;
      options.strategy = static_cast<AllocationStrategy>(Draw(4));
      if (options.strategy >= AllocationStrategy::kSpotCapacityOptimized ||
          Draw(3) == 0) {
        options.type = ComputeResourceType::kSpot;
        if (Draw(3) == 0) options.bid_percentage = 50;
      }
      if (Draw(10) == 0) options.state = ResourceState::kDisabled;
      if (Draw(10) == 0) options.status = ResourceStatus::kInvalid;
      if (Draw(6) == 0) {
        site.Unmanaged(options);
      } else {
        site.Managed(Types(), options);
      }
    }
    return site;
  }

  // The same with instances.
  Site Make() {
    Site site = MakeEmpty();
    for (int count = Draw(12); count > 0; --count) AddInstance(site);
    for (uint32_t i = 0; i < site.fleet.environment_count(); ++i) {
      for (TypeRecord& type : site.fleet.environment(i).types) {
        if (Draw(8) == 0) type.back_off_until_ns = 999 + Draw(3);
        if (Draw(12) == 0) type.offered = false;
      }
    }
    return site;
  }

  std::vector<QueueDemand> Queues(const Site& site) {
    std::vector<QueueDemand> queues(static_cast<size_t>(1 + Draw(3)));
    for (QueueDemand& queue : queues) {
      for (uint32_t i = 0; i < site.fleet.environment_count(); ++i) {
        if (Draw(3) > 0) queue.environments.push_back(i);
      }
      std::shuffle(queue.environments.begin(), queue.environments.end(),
                   random_);
      for (int count = Draw(5); count > 0; --count) {
        queue.classes.push_back({Need(), 1 + Draw(Draw(3) == 0 ? 40 : 4)});
      }
    }
    return queues;
  }

 private:
  std::vector<InstanceType> Types() {
    std::vector<InstanceType> types;
    for (int count = 1 + Draw(4); count > 0; --count) {
      InstanceType& type = types.emplace_back();
      type.name = absl::StrCat("type", count);
      type.resources = {500 * (1 + Draw(16)), 512 * (1 + Draw(8)), Draw(3)};
      type.price_microdollars_per_hour = Draw(5) * 100;
      type.spot_price_microdollars_per_hour = Draw(5) * 50;
      type.interruptions_per_million = Draw(3) * 40000;
      type.spot_capacity = Draw(2);
    }
    return types;
  }

  Resources Need() {
    return {250 * (1 + Draw(12)), 256 * (1 + Draw(8)),
            Draw(5) == 0 ? 1 + Draw(2) : 0};
  }

  void AddInstance(Site& site) {
    const uint32_t environment = static_cast<uint32_t>(
        Draw(static_cast<int>(site.fleet.environment_count())));
    const size_t types = site.fleet.environment(environment).types.size();
    uint32_t slot = 0;
    if (types == 0) {
      slot = site.Join(environment,
                       {500 * (1 + Draw(16)), 512 * (1 + Draw(8)), Draw(3)});
    } else {
      slot = site.Boot(environment, static_cast<uint32_t>(random_() % types));
      if (Draw(3) == 0) return;
      Resources registered = site.fleet.instance(slot).total;
      if (Draw(4) == 0) registered.memory_mib += 256 * (Draw(5) - 2);
      site.fleet.BecomeReady(slot, "", registered, Draw(1001));
    }
    while (Draw(2) == 0) {
      const Resources need = Need();
      if (!need.FitsIn(site.fleet.instance(slot).free)) break;
      site.fleet.Place(slot, need);
    }
    if (Draw(10) == 0) {
      site.fleet.StopPlacing(slot, InstanceState::kInterrupted);
    }
  }

  std::mt19937_64 random_;
};

}  // namespace embatch

#endif  // EMBATCH_TESTS_CAPACITY_RANDOM_SITE_H_
