// SPDX-License-Identifier: Apache-2.0
#include "tests/capacity/plain_scaling.h"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>

namespace embatch {
namespace {

enum class Kind { kBusy, kBooting, kIdle };

struct Instance {
  Kind kind = Kind::kBusy;
  Resources room;
  uint64_t number = std::numeric_limits<uint64_t>::max();  // a planned one
  uint32_t slot = Fleet::kNone;
  bool wanted = false;
};

bool FillsBefore(const Instance& a, const Instance& b) {
  const auto rank = [](const Instance& x) {
    return std::make_tuple(x.kind, x.room.gpus, x.room.vcpu_milli,
                           x.room.memory_mib, x.number);
  };
  return rank(a) < rank(b);
}

class Planner {
 public:
  Planner(const Site& site, int64_t now_ns) : fleet_(site.fleet), now_(now_ns) {
    rows_.resize(fleet_.environment_count());
    for (uint32_t i = 0; i < rows_.size(); ++i) {
      totals_.push_back(fleet_.environment(i).vcpu_milli);
    }
    for (uint32_t slot : site.slots) {
      const InstanceRecord& record = fleet_.instance(slot);
      Instance instance;
      instance.room = record.free;
      instance.number = record.number;
      instance.slot = slot;
      if (record.state == InstanceState::kBooting) {
        instance.kind = Kind::kBooting;
        instance.room = fleet_.environment(record.environment)
                            .types[record.type]
                            .type.resources;
      } else if (record.state != InstanceState::kReady) {
        continue;
      } else if (record.running == 0 && record.type != Fleet::kNone) {
        instance.kind = Kind::kIdle;
      }
      rows_[record.environment].push_back(instance);
    }
  }

  void AddQueue(const QueueDemand& queue) {
    for (const ClassDemand& demand : queue.classes) {
      int64_t jobs = demand.jobs;
      for (uint32_t index : queue.environments) {
        const EnvironmentRecord& environment = fleet_.environment(index);
        if (!environment.places_jobs()) continue;
        if (environment.config.managed() &&
            environment.max_vcpu_milli() < demand.need.resources.vcpu_milli) {
          continue;
        }
        Fill(rows_[index], demand.need.resources, jobs);
        Grow(index, demand.need.resources, jobs);
      }
      if (jobs > 0) return;
    }
  }

  void TopUp() {
    for (uint32_t i = 0; i < rows_.size(); ++i) {
      const EnvironmentRecord& environment = fleet_.environment(i);
      const uint32_t type = CheapestFor(environment, Resources());
      if (!environment.places_jobs() || type == Fleet::kNone) continue;
      while (totals_[i] < environment.min_vcpu_milli() && MayLaunch(i, type)) {
        Launch(i, type);
      }
    }
  }

  std::vector<uint32_t> Terminations(int64_t idle_time_ns) {
    std::vector<uint32_t> result;
    for (uint32_t i = 0; i < rows_.size(); ++i) {
      const EnvironmentRecord& environment = fleet_.environment(i);
      std::vector<Instance> idle;
      for (const Instance& instance : rows_[i]) {
        if (instance.slot == Fleet::kNone || instance.wanted) continue;
        if (instance.kind == Kind::kIdle) idle.push_back(instance);
      }
      std::sort(idle.begin(), idle.end(),
                [](const Instance& a, const Instance& b) {
                  return std::make_tuple(-a.room.vcpu_milli, b.number) <
                         std::make_tuple(-b.room.vcpu_milli, a.number);
                });
      int64_t left = environment.vcpu_milli;
      for (const Instance& instance : idle) {
        const InstanceRecord& record = fleet_.instance(instance.slot);
        if (left - instance.room.vcpu_milli < environment.min_vcpu_milli() ||
            now_ - record.idle_since_ns < idle_time_ns) {
          continue;
        }
        left -= instance.room.vcpu_milli;
        result.push_back(instance.slot);
      }
    }
    return result;
  }

  std::vector<std::pair<uint32_t, uint32_t>> TakeLaunches() {
    return std::move(launches_);
  }

 private:
  static void Fill(std::vector<Instance>& row, const Resources& need,
                   int64_t& jobs) {
    std::sort(row.begin(), row.end(), FillsBefore);
    for (Instance& instance : row) {
      for (; jobs > 0 && need.FitsIn(instance.room); --jobs) {
        instance.room -= need;
        if (instance.kind != Kind::kIdle) continue;
        // From now on it is one beside running jobs.
        instance.kind = Kind::kBusy;
        instance.wanted = true;
      }
    }
  }

  void Grow(uint32_t index, const Resources& need, int64_t& jobs) {
    const EnvironmentRecord& environment = fleet_.environment(index);
    const uint32_t type = CheapestFor(environment, need);
    if (type == Fleet::kNone) return;
    while (jobs > 0 && MayLaunch(index, type)) {
      Instance instance;
      instance.kind = Kind::kBooting;
      instance.room = environment.types[type].type.resources;
      for (; jobs > 0 && need.FitsIn(instance.room); --jobs) {
        instance.room -= need;
      }
      rows_[index].push_back(instance);
      Launch(index, type);
    }
  }

  void Launch(uint32_t index, uint32_t type) {
    launches_.push_back({index, type});
    totals_[index] +=
        fleet_.environment(index).types[type].type.resources.vcpu_milli;
  }

  bool MayLaunch(uint32_t index, uint32_t type) const {
    const EnvironmentRecord& environment = fleet_.environment(index);
    const ComputeResources& resources =
        *environment.config.options().compute_resources;
    const int64_t max = resources.max_vcpus * 1000;
    if (resources.type == ComputeResourceType::kSpot ||
        resources.strategy() != AllocationStrategy::kBestFit) {
      return totals_[index] < max;
    }
    return totals_[index] + environment.types[type].type.resources.vcpu_milli <=
           max;
  }

  uint32_t CheapestFor(const EnvironmentRecord& environment,
                       const Requirement& need) const {
    if (!environment.config.managed()) return Fleet::kNone;
    const ComputeResources& resources =
        *environment.config.options().compute_resources;
    const bool spot = resources.type == ComputeResourceType::kSpot;
    const bool best_fit = resources.strategy() == AllocationStrategy::kBestFit;
    uint32_t best = Fleet::kNone;
    for (uint32_t i = 0; i < environment.types.size(); ++i) {
      const TypeRecord& record = environment.types[i];
      const InstanceType& type = record.type;
      if (!record.offered || type.resources.vcpu_milli == 0 ||
          !need.FitsIn(type.resources)) {
        continue;
      }
      if (!best_fit && record.back_off_until_ns > now_) continue;
      if (spot && type.spot_price_microdollars_per_hour > 0 &&
          type.spot_price_microdollars_per_hour * 100 >=
              type.price_microdollars_per_hour *
                  resources.bid_percentage.value_or(100)) {
        continue;
      }
      if (best_fit && !spot &&
          type.resources.vcpu_milli > resources.max_vcpus * 1000) {
        continue;
      }
      if (best == Fleet::kNone ||
          Rank(resources, type) <
              Rank(resources, environment.types[best].type)) {
        best = i;
      }
    }
    if (best != Fleet::kNone &&
        environment.types[best].back_off_until_ns > now_) {
      return Fleet::kNone;
    }
    return best;
  }

  // Smaller is better. The types of these worlds have 1 to 16 half vCPUs.
  using Key = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
                         std::string>;
  static Key Rank(const ComputeResources& resources, const InstanceType& type) {
    const bool spot = resources.type == ComputeResourceType::kSpot;
    const int64_t price = spot && type.spot_price_microdollars_per_hour > 0
                              ? type.spot_price_microdollars_per_hour
                              : type.price_microdollars_per_hour;
    const int64_t halves = type.resources.vcpu_milli / 500;
    const int64_t risk = type.interruptions_per_million;
    // 720,720 can be divided by each number up to 16.
    const int64_t per_vcpu = price * (720720 / halves);
    int64_t first[4] = {per_vcpu, 0, 0, 0};
    if (resources.strategy() == AllocationStrategy::kSpotCapacityOptimized) {
      first[0] = risk;
      first[1] = -type.spot_capacity;
      first[2] = per_vcpu;
    } else if (resources.strategy() ==
               AllocationStrategy::kSpotPriceCapacityOptimized) {
      first[0] = std::min<int64_t>(risk / 50000, 4);
      first[1] = per_vcpu;
      first[2] = risk;
      first[3] = -type.spot_capacity;
    }
    return Key(first[0], first[1], first[2], first[3],
               type.resources.vcpu_milli, type.resources.memory_mib, type.name);
  }

  const Fleet& fleet_;
  int64_t now_;
  std::vector<std::vector<Instance>> rows_;  // by environment
  std::vector<int64_t> totals_;              // planned vCPUs
  std::vector<std::pair<uint32_t, uint32_t>> launches_;
};

}  // namespace

PlainPlan MakePlainPlan(const Site& site, int64_t now_ns, int64_t idle_time_ns,
                        const std::vector<QueueDemand>& queues) {
  Planner planner(site, now_ns);
  for (const QueueDemand& queue : queues) planner.AddQueue(queue);
  planner.TopUp();
  PlainPlan result;
  result.terminations = planner.Terminations(idle_time_ns);
  result.launches = planner.TakeLaunches();
  return result;
}

PlainPlan MakePlan(const Site& site, int64_t now_ns, int64_t idle_time_ns,
                   const std::vector<QueueDemand>& queues) {
  const Consumables none;
  ScalingPlan plan(site.fleet, none, now_ns, idle_time_ns);
  for (const QueueDemand& queue : queues) {
    plan.AddQueue(queue.environments, queue.classes);
  }
  PlainPlan result;
  for (const ScalingPlan::Launch& launch : plan.TopUp()) {
    for (int64_t i = 0; i < launch.instances; ++i) {
      result.launches.push_back({launch.environment, launch.type});
    }
  }
  result.terminations = plan.Terminations();
  return result;
}

}  // namespace embatch
