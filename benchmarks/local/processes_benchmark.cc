// SPDX-License-Identifier: Apache-2.0
//
// Real processes: `true`, through the whole scheduler and embatch::local.
//
// Why: short jobs are common (compilers, tests, thumbnails), and there the
// scheduler's share is everything. Nobody should have to batch them by hand.
//
// Compared with: `ninja -j2`, a build tool that does nothing but start
// processes and wait for them, running as many `true` edges in the same run,
// where ninja is installed; and with a bare posix_spawn() and waitpid() of the
// same program.
//
// Ninja starts each command through /bin/sh, a second program to load, so a
// share above 1 is to be expected.
//
// All times here are of the wall clock: the system's work for a process is most
// of it. Ratios mean more than figures.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "benchmarks/measure.h"
#include "embatch/local/local_provider.h"
#include "embatch/local/local_runtime.h"
#include "embatch/local/waker.h"
#include "embatch/scheduler.h"

extern char** environ;

namespace embatch {
namespace {

namespace fs = std::filesystem;

constexpr char kTrue[] = "/bin/true";
constexpr int kParallel = 2;

void MustSucceed(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << "a benchmark's own call failed: " << status << "\n";
  std::abort();
}
template <typename T>
T MustSucceed(absl::StatusOr<T> answer) {
  MustSucceed(answer.status());
  return *std::move(answer);
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = fs::temp_directory_path() / "embatch-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      MustSucceed(absl::InternalError("there is no temporary folder"));
    }
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A host program: a scheduler, and this machine for two processes at a time.
class Host {
 public:
  explicit Host(bool limits);

  JobId Submit() {
    const absl::Time now = absl::Now();
    return MustSucceed(scheduler_.SubmitJob(request_, now));
  }

  // Runs until so many more jobs have ended. Tells how long each was at work,
  // from its placing to its end, as the host hears of them.
  void Run(int64_t jobs, Samples& latencies);

  const char* LimitsText() const {
    return runtime_->limits_enforced() ? "limits enforced" : "no limits";
  }

 private:
  void Advance(Samples* latencies);
  void Furnish();

  TemporaryFolder folder_;
  std::unique_ptr<Waker> waker_;
  std::unique_ptr<LocalRuntime> runtime_;
  LocalProvider provider_;
  Scheduler scheduler_;
  SubmitJobRequest request_;
  absl::Time next_ = absl::InfinitePast();
  absl::flat_hash_map<uint32_t, int64_t> placed_ns_;  // by slot
  int64_t ended_ = 0;
};

LocalProviderOptions ThisMachine() {
  LocalProviderOptions options;
  options.join = true;
  options.resources = Resources::Of(kParallel, 1024);
  return options;
}

Host::Host(bool limits) : provider_(ThisMachine()) {
  waker_ = MustSucceed(Waker::Create());
  LocalRuntimeOptions options;
  options.log_folder = folder_.path();
  options.waker = waker_.get();
  options.limits = limits ? LocalRuntimeOptions::Limits::kAuto
                          : LocalRuntimeOptions::Limits::kOff;
  runtime_ = MustSucceed(LocalRuntime::Create(std::move(options)));
  Furnish();
}

void Host::Furnish() {
  ComputeEnvironmentOptions environment;
  environment.compute_environment_name = "this-machine";
  environment.type = ComputeEnvironmentType::kUnmanaged;
  MustSucceed(scheduler_.CreateComputeEnvironment(
      MustSucceed(ComputeEnvironment::Create(std::move(environment))),
      absl::Now()));
  MustSucceed(
      scheduler_.AttachPlugins("this-machine", {&provider_, runtime_.get()}));
  Advance(nullptr);
  JobQueueOptions queue;
  queue.job_queue_name = request_.job_queue = "queue";
  queue.compute_environment_order = {{1, "this-machine"}};
  MustSucceed(scheduler_.CreateJobQueue(
      MustSucceed(JobQueue::Create(std::move(queue))), absl::Now()));
  JobDefinitionOptions definition;
  definition.job_definition_name = request_.job_definition = "true";
  definition.container_properties.image = "none";
  definition.container_properties.command = {kTrue};
  definition.container_properties.resources = Resources::Of(1, 64);
  MustSucceed(scheduler_
                  .RegisterJobDefinition(
                      MustSucceed(JobDefinition::Create(std::move(definition))),
                      absl::Now())
                  .status());
  Advance(nullptr);
  request_.job_name = "true";
}

void Host::Advance(Samples* latencies) {
  const Step step = scheduler_.Advance(absl::Now());
  MustSucceed(step.status);
  next_ = step.next;
  for (const Event& event : step.events) {
    if (event.to == JobStatus::kStarting) {
      placed_ns_[event.job.slot] = event.time_ns;
    } else if (event.to == JobStatus::kSucceeded) {
      ++ended_;
      latencies->Add(event.time_ns - placed_ns_[event.job.slot]);
    } else if (event.to == JobStatus::kFailed) {
      MustSucceed(absl::InternalError("a process failed"));
    }
  }
}

void Host::Run(int64_t jobs, Samples& latencies) {
  const int64_t until = ended_ + jobs;
  for (;;) {
    Advance(&latencies);
    if (ended_ >= until) return;
    waker_->WaitUntil(next_);
  }
}

// Runs a program to its end, quietly.
void RunProgram(const std::string& path, std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  int status = 0;
  const int error = posix_spawn(&pid, path.c_str(), &actions, nullptr,
                                arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0 || waitpid(pid, &status, 0) != pid || status != 0) {
    MustSucceed(absl::InternalError(absl::StrCat(path, " failed")));
  }
}

std::optional<std::string> FindNinja() {
  const char* path = getenv("PATH");
  for (absl::string_view folder : absl::StrSplit(path ? path : "", ':')) {
    const std::string ninja = absl::StrCat(folder, "/ninja");
    if (access(ninja.c_str(), X_OK) == 0) return ninja;
  }
  return std::nullopt;
}

// How long ninja takes for so many processes; none if there is no ninja.
std::optional<int64_t> NinjaNanos(int64_t processes) {
  const std::optional<std::string> ninja = FindNinja();
  if (!ninja.has_value()) return std::nullopt;
  TemporaryFolder folder;
  {
    std::ofstream file(folder.path() + "/build.ninja");
    file << "rule true\n  command = " << kTrue << "\n";
    for (int64_t i = 0; i < processes; ++i) {
      file << "build never-made-" << i << ": true\n";
    }
  }
  const int64_t begin = WallNanos();
  RunProgram(*ninja,
             {"ninja", absl::StrCat("-j", kParallel), "-C", folder.path()});
  return WallNanos() - begin;
}

// A burst of jobs, two at a time. Counters: jobs_per_second; the latency from
// placing to end, in microseconds; ninja_per_second and what share of it this
// is; host_cpu_us, CPU time of the host program for a job.
void BM_TrueProcesses(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  Host host(state.range(1) != 0);
  state.SetLabel(host.LimitsText());
  Samples latencies(jobs * static_cast<int64_t>(state.max_iterations));
  Cost cost;
  double nanos = 0;
  double ninja_nanos = 0;
  for (auto _ : state) {
    const int64_t begin = WallNanos();
    {
      Measured measured(cost);
      for (int64_t i = 0; i < jobs; ++i) host.Submit();
      host.Run(jobs, latencies);
    }
    const double lasted = static_cast<double>(WallNanos() - begin);
    state.SetIterationTime(lasted * 1e-9);
    nanos += lasted;
    const std::optional<int64_t> ninja = NinjaNanos(jobs);
    if (ninja.has_value()) ninja_nanos += static_cast<double>(*ninja);
  }
  const double all = static_cast<double>(state.iterations() * jobs);
  state.counters["jobs_per_second"] = all / nanos * 1e9;
  state.counters["host_cpu_us"] = cost.cpu_ns / all * 1e-3;
  state.counters["median_us"] = latencies.Percentile(0.5) * 1e-3;
  state.counters["p99_us"] = latencies.Percentile(0.99) * 1e-3;
  state.counters["longest_us"] = latencies.Percentile(1) * 1e-3;
  if (ninja_nanos == 0) return;
  state.counters["ninja_per_second"] = all / ninja_nanos * 1e9;
  state.counters["share_of_ninja"] = ninja_nanos / nanos;
}
BENCHMARK(BM_TrueProcesses)
    ->ArgNames({"jobs", "limits"})
    ->Args({20, 0})
    ->Args({2000, 0})
    ->Args({2000, 1})
    ->Iterations(3)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// One job on a machine with nothing else to do: from SubmitJob() until the host
// reads that it has SUCCEEDED.
void BM_OneTrueProcess(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  Host host(state.range(1) != 0);
  state.SetLabel(host.LimitsText());
  Samples whole(jobs);
  Samples latencies(jobs);
  for (auto _ : state) {
    for (int64_t i = 0; i < jobs; ++i) {
      const int64_t begin = WallNanos();
      host.Submit();
      host.Run(1, latencies);
      whole.Add(WallNanos() - begin);
    }
  }
  state.SetItemsProcessed(state.iterations() * jobs);
  state.counters["median_us"] = whole.Percentile(0.5) * 1e-3;
  state.counters["p99_us"] = whole.Percentile(0.99) * 1e-3;
  state.counters["longest_us"] = whole.Percentile(1) * 1e-3;
}
BENCHMARK(BM_OneTrueProcess)
    ->ArgNames({"jobs", "limits"})
    ->Args({20, 0})
    ->Args({1000, 0})
    ->Args({1000, 1})
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// The same program without a scheduler.
void BM_BareSpawn(benchmark::State& state) {
  const int64_t jobs = state.range(0);
  Samples whole(jobs);
  for (auto _ : state) {
    for (int64_t i = 0; i < jobs; ++i) {
      const int64_t begin = WallNanos();
      RunProgram(kTrue, {"true"});
      whole.Add(WallNanos() - begin);
    }
  }
  state.SetItemsProcessed(state.iterations() * jobs);
  state.counters["median_us"] = whole.Percentile(0.5) * 1e-3;
  state.counters["p99_us"] = whole.Percentile(0.99) * 1e-3;
  state.counters["longest_us"] = whole.Percentile(1) * 1e-3;
}
BENCHMARK(BM_BareSpawn)
    ->ArgNames({"jobs"})
    ->Arg(20)
    ->Arg(1000)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace embatch
