// SPDX-License-Identifier: Apache-2.0
//
// The limit: the least work that the flow of jobs implies on this machine.
//
// Why: absolute times say as much about the machine as about the library. What
// a bare loop takes for the same stream of jobs, in the same run, is the ruler:
// benchmarks/README.md gives every figure as a multiple of it.
//
// The loop keeps a record of 64 bytes for each job, places the jobs in order on
// the instance that they fill best, by free vCPUs alone, and ends them in order
// of time. It has no queue, names, dependencies, events, memory or commands;
// nothing in it can be left out, and little can be made faster. What it starts
// and ends is the workload `standard` of workload.h: the same sizes and times.
//
// Counters, for one job or child: cpu_ns, allocations, and bytes, which are
// resident bytes of the process when all have ended.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "benchmarks/measure.h"
#include "lib/sim/mix.h"

namespace embatch {
namespace {

constexpr int64_t kSecond = 1000000000;
constexpr uint32_t kNone = UINT32_MAX;
constexpr int kVcpus = 64;  // of an instance

// Instances by free vCPUs, in lists.
class Buckets {
 public:
  explicit Buckets(uint32_t instances) : links_(instances) {
    first_.fill(kNone);
    for (uint32_t i = 0; i < instances; ++i) Add(i, kVcpus);
  }

  // The instance with the fewest free vCPUs that has so many.
  uint32_t BestFit(int vcpus) const {
    for (int free = vcpus; free <= kVcpus; ++free) {
      if (first_[free] != kNone) return first_[free];
    }
    return kNone;
  }

  void Change(uint32_t instance, int vcpus) {
    const int free = links_[instance].free;
    Remove(instance);
    Add(instance, free + vcpus);
  }

 private:
  struct Links {
    uint32_t before = kNone;
    uint32_t behind = kNone;
    int free = 0;
  };

  void Add(uint32_t instance, int free) {
    Links& own = links_[instance];
    own = {kNone, first_[free], free};
    if (own.behind != kNone) links_[own.behind].before = instance;
    first_[free] = instance;
  }
  void Remove(uint32_t instance) {
    const Links& own = links_[instance];
    if (own.before != kNone) links_[own.before].behind = own.behind;
    if (own.behind != kNone) links_[own.behind].before = own.before;
    if (first_[own.free] == instance) first_[own.free] = own.behind;
  }

  std::array<uint32_t, kVcpus + 1> first_;
  std::vector<Links> links_;
};

struct Job {
  uint64_t id = 0;
  int64_t submitted_ns = 0;
  int64_t started_ns = 0;
  int64_t stopped_ns = 0;
  int64_t run_time_ns = 0;
  uint64_t attempt = 0;
  uint32_t instance = kNone;
  uint32_t definition = 0;
  int32_t vcpus = 0;
  int32_t status = 0;
};
static_assert(sizeof(Job) == 64, "one line of the cache");

struct End {
  int64_t time_ns;
  uint32_t job;

  bool operator>(const End& other) const {
    return time_ns != other.time_ns ? time_ns > other.time_ns : job > other.job;
  }
};
using Ends = std::priority_queue<End, std::vector<End>, std::greater<End>>;

int VcpusOf(uint64_t number) { return 1 << Below(4, Mix(1, number)); }

int64_t RunTimeOf(uint64_t number) {
  return kSecond * static_cast<int64_t>(1 + Below(120, Mix(2, number)));
}

// Starts what fits, in order, then ends what ends first, until all have ended.
// `place(job, now)` answers whether it found room.
template <typename Place, typename Finish>
void RunAll(uint32_t jobs, Ends& ends, Place place, Finish finish) {
  int64_t now_ns = 0;
  for (uint32_t next = 0; next < jobs || !ends.empty();) {
    while (next < jobs && place(next, now_ns)) ++next;
    now_ns = ends.top().time_ns;
    while (!ends.empty() && ends.top().time_ns == now_ns) {
      finish(ends.top().job, now_ns);
      ends.pop();
    }
  }
}

void Report(benchmark::State& state, const Cost& cost, int64_t bytes) {
  const double jobs = static_cast<double>(state.range(0));
  state.SetItemsProcessed(state.range(0));
  state.SetIterationTime(cost.cpu_ns * 1e-9);
  state.counters["cpu_ns"] = cost.cpu_ns / jobs;
  state.counters["allocations"] = cost.allocations / jobs;
  state.counters["bytes"] = static_cast<double>(bytes) / jobs;
}

void BM_LimitOfSingles(benchmark::State& state) {
  const uint32_t count = static_cast<uint32_t>(state.range(0));
  for (auto _ : state) {
    Buckets buckets(static_cast<uint32_t>(state.range(1)));
    std::vector<Job> jobs;
    Ends ends;
    const int64_t before = ResidentBytes();
    Cost cost;
    {
      Measured measured(cost);
      jobs.reserve(count);
      for (uint32_t i = 0; i < count; ++i) {
        Job& job = jobs.emplace_back();
        job.id = i;
        job.vcpus = VcpusOf(i);
        job.run_time_ns = RunTimeOf(i);
      }
      RunAll(
          count, ends,
          [&](uint32_t i, int64_t now_ns) {
            Job& job = jobs[i];
            job.instance = buckets.BestFit(job.vcpus);
            if (job.instance == kNone) return false;
            buckets.Change(job.instance, -job.vcpus);
            job.started_ns = now_ns;
            job.status = 1;
            ends.push({now_ns + job.run_time_ns, i});
            return true;
          },
          [&](uint32_t i, int64_t now_ns) {
            Job& job = jobs[i];
            buckets.Change(job.instance, job.vcpus);
            job.stopped_ns = now_ns;
            job.status = 2;
          });
    }
    Report(state, cost, ResidentBytes() - before);
    benchmark::DoNotOptimize(jobs.data());
  }
}
BENCHMARK(BM_LimitOfSingles)
    ->ArgNames({"jobs", "instances"})
    ->Args({1000, 10})
    ->Args({1000000, 1000})
    ->Args({1000000, 10000})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Children of an array: a byte each, and where it runs while it does.
void BM_LimitOfArray(benchmark::State& state) {
  const uint32_t count = static_cast<uint32_t>(state.range(0));
  constexpr int kChildVcpus = 4;
  for (auto _ : state) {
    Buckets buckets(static_cast<uint32_t>(state.range(1)));
    std::vector<uint8_t> statuses;
    std::vector<std::pair<uint32_t, uint32_t>> running;  // child, instance
    std::vector<uint32_t> unused;
    Ends ends;
    const int64_t before = ResidentBytes();
    Cost cost;
    {
      Measured measured(cost);
      statuses.resize(count);
      RunAll(
          count, ends,
          [&](uint32_t child, int64_t now_ns) {
            const uint32_t instance = buckets.BestFit(kChildVcpus);
            if (instance == kNone) return false;
            buckets.Change(instance, -kChildVcpus);
            statuses[child] = 1;
            if (unused.empty()) {
              unused.push_back(static_cast<uint32_t>(running.size()));
              running.emplace_back();
            }
            const uint32_t slot = unused.back();
            unused.pop_back();
            running[slot] = {child, instance};
            ends.push({now_ns + RunTimeOf(child), slot});
            return true;
          },
          [&](uint32_t slot, int64_t) {
            buckets.Change(running[slot].second, kChildVcpus);
            statuses[running[slot].first] = 2;
            unused.push_back(slot);
          });
    }
    Report(state, cost, ResidentBytes() - before);
    benchmark::DoNotOptimize(statuses.data());
  }
}
BENCHMARK(BM_LimitOfArray)
    ->ArgNames({"children", "instances"})
    ->Args({1000, 10})
    ->Args({10000000, 1000})
    ->Args({10000000, 10000})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
