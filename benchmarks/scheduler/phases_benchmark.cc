// SPDX-License-Identifier: Apache-2.0
//
// The pieces of a job's life, one at a time: submit, arrive, finish, dispatch,
// of single jobs and of array children, while a backlog waits.
//
// Why: the whole life (life_benchmark.cc) says how much; this says where. None
// of the four may grow with the backlog, and only the cache may make them grow
// with the number of instances.
//
// Compared with: each other, across a row's backlogs and instances.
//
// It goes by rounds. As many jobs as run are submitted, all that runs ends at
// one moment, and as many are placed. All jobs need 4 vCPUs, so 16 run on
// an instance. The runtime costs next to nothing.
//
// Counters, for one job or array child: CPU time and calls of operator new in
//   submit     SubmitJob()
//   arrive     the Advance() in which it becomes RUNNABLE
//   finish     the Advance() that takes the report of its start and end
//   dispatch   the Advance() that places it and asks for its container
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"
#include "benchmarks/scheduler/hand_runtime.h"

namespace embatch {
namespace {

constexpr int64_t kRunningPerInstance = 16;

struct Phases {
  Cost submit;
  Cost arrive;
  Cost finish;
  Cost dispatch;
};

class Rounds {
 public:
  Rounds(int64_t instances, int64_t backlog, bool array)
      : running_(instances * kRunningPerInstance),
        array_(array),
        cluster_(OptionsFor(instances)) {
    Submit(running_);
    cluster_.Settle();
    Submit(backlog);
    cluster_.Settle();
  }

  void Run(Phases& phases) {
    {
      Measured measured(phases.submit);
      Submit(running_);
    }
    {
      Measured measured(phases.arrive);
      cluster_.Settle();
    }
    runtime_.End(static_cast<size_t>(running_));
    {
      // Each end is two transitions, so this call's are used up when all have
      // ended, and the jobs behind them are placed by the next.
      Measured measured(phases.finish);
      cluster_.StepAfter(absl::Seconds(1));
    }
    CheckRunning(0);
    {
      Measured measured(phases.dispatch);
      cluster_.Step();
    }
    CheckRunning(running_);
  }

  int64_t running() const { return running_; }

 private:
  ClusterOptions OptionsFor(int64_t instances) {
    ClusterOptions options;
    options.instances = static_cast<int>(instances);
    options.workload.same_size = true;
    options.max_transitions = static_cast<int>(2 * running_);
    options.runtime = &runtime_;
    return options;
  }

  void Submit(int64_t jobs) {
    if (array_) {
      cluster_.request().array_size = static_cast<int32_t>(jobs);
      cluster_.SubmitNext();
    } else {
      for (int64_t i = 0; i < jobs; ++i) cluster_.SubmitNext();
    }
  }

  void CheckRunning(int64_t expected) {
    if (static_cast<int64_t>(runtime_.running()) == expected) return;
    MustSucceed(absl::InternalError("the phases are not what they should be"));
  }

  const int64_t running_;
  const bool array_;
  HandRuntime runtime_;
  Cluster cluster_;
};

void Report(benchmark::State& state, const char* phase, const Cost& cost,
            double jobs) {
  const std::string name = phase;
  state.counters[name + "_ns"] = cost.cpu_ns / jobs;
  state.counters[name + "_allocations"] = cost.allocations / jobs;
}

void BM_Phases(benchmark::State& state) {
  Rounds rounds(state.range(0), state.range(1), state.range(2) != 0);
  // The first round finds all its memory cold.
  Phases cold;
  rounds.Run(cold);
  const int64_t count = std::max<int64_t>(2, 200000 / rounds.running());
  for (auto _ : state) {
    Phases phases;
    for (int64_t i = 0; i < count; ++i) rounds.Run(phases);
    const int64_t jobs = count * rounds.running();
    const double all = static_cast<double>(jobs);
    const double total_ns = phases.submit.cpu_ns + phases.arrive.cpu_ns +
                            phases.finish.cpu_ns + phases.dispatch.cpu_ns;
    state.SetIterationTime(total_ns * 1e-9);
    state.SetItemsProcessed(jobs);
    Report(state, "submit", phases.submit, all);
    Report(state, "arrive", phases.arrive, all);
    Report(state, "finish", phases.finish, all);
    Report(state, "dispatch", phases.dispatch, all);
  }
}
BENCHMARK(BM_Phases)
    ->ArgNames({"instances", "backlog", "array"})
    ->ArgsProduct({{10, 1000, 10000}, {1000, 100000, 1000000}, {0, 1}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
