// SPDX-License-Identifier: Apache-2.0
//
// FreeCapacity: on which instance does a job fit best?
//
// Why: every job asks this once, and its end changes the answer. A walk over
// the instances, or an ordered set of them, would be most of a job's cost.
//
// Compared with: an ordered set by free vCPU and memory, under the same load:
// one job ends on an instance chosen at random, and another is placed. It must
// not grow with the instances, but for the cache.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "embatch/resources.h"
#include "lib/capacity/free_capacity.h"
#include "lib/sim/mix.h"

namespace embatch {
namespace {

constexpr Resources kInstance = Resources::Of(64, 261000);

Resources JobSize(uint64_t chance) {
  const int64_t vcpus = int64_t{1} << (chance % 4);
  return Resources::Of(vcpus, vcpus * (chance / 4 % 2 == 0 ? 1024 : 2048));
}

class Lists {
 public:
  explicit Lists(int64_t instances) : links_(instances) {}
  void Add(uint32_t instance, const Resources& free) {
    capacity_.Add(instance, free, LinksOf());
  }
  void Remove(uint32_t instance, const Resources& /*free*/) {
    capacity_.Remove(instance, LinksOf());
  }
  uint32_t BestFit(const Resources& need) { return capacity_.BestFit(need); }

 private:
  struct LinksGetter {
    std::vector<FreeCapacity::Links>* links;
    FreeCapacity::Links& operator()(uint32_t instance) const {
      return (*links)[instance];
    }
  };
  LinksGetter LinksOf() { return {&links_}; }

  std::vector<FreeCapacity::Links> links_;
  FreeCapacity capacity_;
};

class OrderedSet {
 public:
  explicit OrderedSet(int64_t) {}
  void Add(uint32_t instance, const Resources& free) {
    set_.insert({free.vcpu_milli, free.memory_mib, instance});
  }
  void Remove(uint32_t instance, const Resources& free) {
    set_.erase({free.vcpu_milli, free.memory_mib, instance});
  }
  uint32_t BestFit(const Resources& need) {
    auto place = set_.lower_bound({need.vcpu_milli, need.memory_mib, 0});
    while (place != set_.end() && std::get<1>(*place) < need.memory_mib) {
      ++place;
    }
    return place == set_.end() ? FreeCapacity::kNone : std::get<2>(*place);
  }

 private:
  std::set<std::tuple<int64_t, int64_t, uint32_t>> set_;
};

template <typename Capacity>
class Cluster {
 public:
  explicit Cluster(int64_t instances)
      : capacity_(instances), free_(instances, kInstance) {
    for (uint32_t i = 0; i < free_.size(); ++i) capacity_.Add(i, free_[i]);
    while (PlaceNext()) continue;
  }

  // The next job of the workload; false if there is no room.
  bool PlaceNext() {
    const Resources need = JobSize(Mix(next_job_));
    const uint32_t instance = capacity_.BestFit(need);
    if (instance == FreeCapacity::kNone) return false;
    ++next_job_;
    Change(instance, free_[instance] - need);
    running_.emplace_back(instance, need);
    return true;
  }

  void EndOne() {
    const size_t place = Below(running_.size(), Mix(++draws_));
    std::swap(running_[place], running_.back());
    const auto [instance, need] = running_.back();
    running_.pop_back();
    Change(instance, free_[instance] + need);
  }

  int64_t placed() const { return static_cast<int64_t>(next_job_); }

 private:
  void Change(uint32_t instance, const Resources& free) {
    capacity_.Remove(instance, free_[instance]);
    capacity_.Add(instance, free);
    free_[instance] = free;
  }

  Capacity capacity_;
  std::vector<Resources> free_;
  std::vector<std::pair<uint32_t, Resources>> running_;
  uint64_t next_job_ = 0;
  uint64_t draws_ = 0;
};

template <typename Capacity>
void BM_EndAndPlace(benchmark::State& state) {
  Cluster<Capacity> cluster(state.range(0));
  const int64_t before = cluster.placed();
  for (auto _ : state) {
    cluster.EndOne();
    while (cluster.PlaceNext()) continue;
  }
  state.SetItemsProcessed(cluster.placed() - before);
}
BENCHMARK_TEMPLATE(BM_EndAndPlace, Lists)
    ->ArgName("instances")
    ->Arg(10)
    ->Arg(1000)
    ->Arg(10000);
BENCHMARK_TEMPLATE(BM_EndAndPlace, OrderedSet)
    ->ArgName("instances")
    ->Arg(10)
    ->Arg(1000)
    ->Arg(10000);

}  // namespace
}  // namespace embatch
