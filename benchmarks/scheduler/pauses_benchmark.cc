// SPDX-License-Identifier: Apache-2.0
//
// The longest single call while something big happens: a job ends that a
// million wait for, a million jobs are forgotten, an array of ten million is
// cancelled, a million jobs time out, start or end at one moment.
//
// Why: the scheduler runs in the loop of its host program, which serves its
// users in the same thread. However much there is to do, it is done in portions
// (SchedulerOptions::max_transitions), and no portion may be felt.
//
// Compared with: 20 ms for an Advance(), 1 ms for a command.
//
// Counters: longest_advance_ms and longest_command_ms, by a CallTimer, every
// event read; and ns_per_job, the time of all measured
// calls for each job or child concerned. Of several runs the shortest is the
// library's, for the machine has pauses of its own.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "benchmarks/cluster.h"
#include "benchmarks/measure.h"
#include "benchmarks/scheduler/obedient_runtime.h"

namespace embatch {
namespace {

class Pauses {
 public:
  explicit Pauses(ClusterOptions options = {})
      : cluster_(With(std::move(options), &runtime_)) {}

  Cluster& cluster() { return cluster_; }
  ObedientRuntime& runtime() { return runtime_; }

  template <typename Call>
  void Command(Call call) {
    const CallTimer timer;
    call(cluster_.scheduler(), cluster_.now());
    Note(timer, &longest_command_ns_);
  }
  JobId SubmitNext() {
    JobId job;
    cluster_.PrepareNext();
    const CallTimer timer;
    job = cluster_.SubmitPrepared();
    Note(timer, &longest_command_ns_);
    return job;
  }
  void SettleAfter(absl::Duration duration) {
    do {
      const CallTimer timer;
      cluster_.StepAfter(duration);
      Note(timer, &longest_advance_ns_);
      duration = absl::ZeroDuration();
    } while (!cluster_.IsAtRest());
  }
  void Settle() { SettleAfter(absl::ZeroDuration()); }

  void Report(benchmark::State& state, int64_t jobs) {
    state.SetIterationTime(total_ns_ * 1e-9);
    state.SetItemsProcessed(jobs);
    state.counters["longest_advance_ms"] = longest_advance_ns_ * 1e-6;
    state.counters["longest_command_ms"] = longest_command_ns_ * 1e-6;
    state.counters["ns_per_job"] = total_ns_ / static_cast<double>(jobs);
  }

 private:
  static ClusterOptions With(ClusterOptions options, ObedientRuntime* runtime) {
    options.runtime = runtime;
    return options;
  }
  void Note(const CallTimer& timer, double* longest_ns) {
    const double nanos = static_cast<double>(timer.Nanos());
    *longest_ns = std::max(*longest_ns, nanos);
    total_ns_ += nanos;
  }

  ObedientRuntime runtime_;
  Cluster cluster_;
  double longest_advance_ns_ = 0;
  double longest_command_ns_ = 0;
  double total_ns_ = 0;
};

void MustHaveStarted(Pauses& pauses, int64_t jobs) {
  if (static_cast<int64_t>(pauses.runtime().started().size()) >= jobs) return;
  MustSucceed(absl::InternalError("not as many run as there should"));
}

ClusterOptions FewInstances() {
  ClusterOptions options;
  options.instances = 10;
  return options;
}

// So many that all jobs, of one vCPU each, run at once.
ClusterOptions InstancesFor(int64_t jobs) {
  ClusterOptions options;
  const int64_t vcpus = kInstanceSize.vcpu_milli / 1000;
  options.instances = static_cast<int>((jobs + vcpus - 1) / vcpus);
  return options;
}

void SubmitSmall(Pauses& pauses, int64_t jobs) {
  SubmitJobRequest& request = pauses.cluster().request();
  request.container_overrides.vcpu_milli = 1000;
  request.container_overrides.memory_mib = 1024;
  for (int64_t i = 0; i < jobs; ++i) pauses.SubmitNext();
}

// Each job has a need of its own: what finds classes grows with each of them.
// Where the environment may grow, the first plan for that comes when all are
// there.
void BM_GrowthOfClasses(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  for (auto _ : state) {
    ClusterOptions options = FewInstances();
    if (state.range(1) != 0) options.dispatch_order = DispatchOrder::kFirstFit;
    options.instances_refused = static_cast<int>(state.range(2));
    Pauses pauses(options);
    ContainerOverrides& overrides =
        pauses.cluster().request().container_overrides;
    for (int64_t i = 0; i < jobs; ++i) {
      overrides.vcpu_milli = 1000 * (1 + i % 4);
      overrides.memory_mib = 1024 + i / 4;
      pauses.SubmitNext();
    }
    pauses.Settle();
    pauses.Report(state, jobs);
  }
}
BENCHMARK(BM_GrowthOfClasses)
    ->ArgNames({"jobs", "first_fit", "may_grow"})
    ->ArgsProduct({{1000, 1000000}, {0, 1}, {0, 1}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// A job ends, and all others wait for it: they become RUNNABLE, or fail.
void BM_PauseOfDependents(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  for (auto _ : state) {
    Pauses pauses(FewInstances());
    const JobId first = pauses.SubmitNext();
    pauses.Settle();
    MustHaveStarted(pauses, 1);
    pauses.cluster().request().depends_on = {{first, DependencyType::kPlain}};
    for (int64_t i = 0; i < jobs; ++i) pauses.SubmitNext();
    pauses.Settle();
    pauses.runtime().End(pauses.runtime().started()[0],
                         state.range(1) != 0 ? 1 : 0);
    pauses.Settle();
    pauses.Report(state, jobs);
  }
}
BENCHMARK(BM_PauseOfDependents)
    ->ArgNames({"jobs", "fails"})
    ->ArgsProduct({{1000, 1000000}, {0, 1}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Jobs start at one moment, end at one moment, and are forgotten at one moment.
void BM_PauseOfLives(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  for (auto _ : state) {
    Pauses pauses(InstancesFor(jobs));
    SubmitSmall(pauses, jobs);
    pauses.Settle();
    MustHaveStarted(pauses, jobs);
    for (const ContainerId& container : pauses.runtime().started()) {
      pauses.runtime().End(container);
    }
    pauses.SettleAfter(absl::Minutes(1));
    pauses.SettleAfter(absl::Hours(48));
    pauses.Report(state, jobs);
  }
}
BENCHMARK(BM_PauseOfLives)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// All that runs has reached its timeout, is stopped, and ends.
void BM_PauseOfTimeouts(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  for (auto _ : state) {
    Pauses pauses(InstancesFor(jobs));
    pauses.cluster().request().timeout = JobTimeout{absl::Minutes(1)};
    SubmitSmall(pauses, jobs);
    pauses.Settle();
    MustHaveStarted(pauses, jobs);
    pauses.SettleAfter(absl::Minutes(1));
    if (pauses.cluster().ended() != jobs) {
      MustSucceed(absl::InternalError("not all have timed out"));
    }
    pauses.Report(state, jobs);
  }
}
BENCHMARK(BM_PauseOfTimeouts)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// An array is terminated while some of its children run; with `paired` another
// one waits for it child by child. Then both are forgotten.
void BM_PauseOfCancelledArray(benchmark::State& state) {
  const int64_t children = state.range(0);
  for (auto _ : state) {
    Pauses pauses;
    pauses.cluster().request().array_size = static_cast<int32_t>(children);
    const JobId array = pauses.SubmitNext();
    if (state.range(1) != 0) {
      pauses.cluster().request().depends_on = {{array, DependencyType::kNToN}};
      pauses.SubmitNext();
    }
    pauses.Settle();
    // Every third of those that run has ended by then.
    for (size_t i = 0; i < pauses.runtime().started().size(); i += 3) {
      pauses.runtime().End(pauses.runtime().started()[i]);
    }
    pauses.Settle();
    pauses.Command([array](Scheduler& scheduler, absl::Time now) {
      MustSucceed(scheduler.TerminateJob(array, "enough", now));
    });
    pauses.Settle();
    pauses.SettleAfter(absl::Hours(48));
    pauses.Report(state, children);
  }
}
BENCHMARK(BM_PauseOfCancelledArray)
    ->ArgNames({"children", "paired"})
    ->ArgsProduct({{1000, 10000000}, {0, 1}})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// A queue is deleted with all the jobs that wait in it.
void BM_PauseOfDeletedQueue(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  for (auto _ : state) {
    Pauses pauses(FewInstances());
    for (int64_t i = 0; i < jobs; ++i) pauses.SubmitNext();
    pauses.Settle();
    pauses.Command([](Scheduler& scheduler, absl::Time now) {
      UpdateJobQueueRequest request;
      request.job_queue = kClusterQueue;
      request.state = ResourceState::kDisabled;
      MustSucceed(scheduler.UpdateJobQueue(request, now));
    });
    pauses.Settle();
    pauses.Command([](Scheduler& scheduler, absl::Time now) {
      MustSucceed(scheduler.DeleteJobQueue(kClusterQueue, now));
    });
    pauses.Settle();
    pauses.Report(state, jobs);
  }
}
BENCHMARK(BM_PauseOfDeletedQueue)
    ->ArgNames({"jobs"})
    ->Arg(1000)
    ->Arg(1000000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Submissions alone, the plainest, or each with a command of its own, so that
// tables grow and grow.
void BM_PauseOfSubmissions(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  for (auto _ : state) {
    Pauses pauses(FewInstances());
    for (int64_t i = 0; i < jobs; ++i) {
      if (state.range(1) != 0) {
        pauses.cluster().request().container_overrides.command = {
            "render", std::to_string(1000000000 + i)};
      }
      pauses.SubmitNext();
    }
    pauses.Settle();
    pauses.Report(state, jobs);
  }
}
BENCHMARK(BM_PauseOfSubmissions)
    ->ArgNames({"jobs", "own_command"})
    ->Args({1000, 0})
    ->Args({1000, 1})
    ->Args({10000000, 0})
    ->Args({1000000, 1})
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
