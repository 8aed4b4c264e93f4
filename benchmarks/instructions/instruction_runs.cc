// SPDX-License-Identifier: Apache-2.0
//
// Small fixed runs whose instructions are counted: `instruction_runs <run>`
// does one of them, and without a name says which there are, of how many jobs.
//
// Why: time on a shared machine says little about a change of a few hundredths.
// How many instructions a fixed run executes is the same on every one, so a
// slow-down shows on the change that makes it. instructions_test.sh counts them
// with callgrind and compares with expected.txt.
//
// Only what happens inside CountedRun() counts: building a cluster does not.
#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/cluster.h"

namespace embatch {

struct Run {
  std::string name;
  ClusterOptions options;
  std::function<void(Cluster&)> submit;
  int64_t jobs = 0;
};

namespace {

ClusterOptions OptionsOf(int instances, Clock clock = Clock::kTicks) {
  ClusterOptions options;
  options.instances = instances;
  options.workload.clock = clock;
  return options;
}

std::function<void(Cluster&)> Singles(int64_t jobs) {
  return [jobs](Cluster& cluster) {
    for (int64_t i = 0; i < jobs; ++i) cluster.SubmitNext();
  };
}

std::function<void(Cluster&)> Array(int32_t children) {
  return [children](Cluster& cluster) {
    cluster.request().array_size = children;
    cluster.SubmitNext();
  };
}

// Each of its own requirement class.
std::function<void(Cluster&)> Classes(int64_t jobs) {
  return [jobs](Cluster& cluster) {
    for (int64_t i = 0; i < jobs; ++i) {
      cluster.request().container_overrides.memory_mib = 1024 + i;
      cluster.SubmitNext();
    }
  };
}

std::function<void(Cluster&)> Chain(int64_t jobs) {
  return [jobs](Cluster& cluster) {
    for (int64_t i = 0; i < jobs; ++i) {
      const JobId job = cluster.SubmitNext();
      cluster.request().depends_on = {{job, DependencyType::kPlain}};
    }
  };
}

// Child i of the second array waits for child i of the first.
std::function<void(Cluster&)> NToN(int32_t children) {
  return [children](Cluster& cluster) {
    cluster.request().array_size = children;
    const JobId first = cluster.SubmitNext();
    cluster.request().depends_on = {{first, DependencyType::kNToN}};
    cluster.SubmitNext();
  };
}

std::function<void(Cluster&)> Sequential(int32_t children) {
  return [children](Cluster& cluster) {
    cluster.request().array_size = children;
    cluster.request().depends_on = {{{}, DependencyType::kSequential}};
    cluster.SubmitNext();
  };
}

// Groups of ten: one, eight that wait for it, one that waits for all these.
std::function<void(Cluster&)> Fans(int64_t jobs) {
  return [jobs](Cluster& cluster) {
    std::vector<JobDependency>& depends_on = cluster.request().depends_on;
    for (int64_t i = 0; i < jobs; i += 10) {
      depends_on.clear();
      depends_on = {{cluster.SubmitNext(), DependencyType::kPlain}};
      std::vector<JobDependency> middle;
      for (int child = 0; child < 8; ++child) {
        middle.push_back({cluster.SubmitNext(), DependencyType::kPlain});
      }
      depends_on = std::move(middle);
      cluster.SubmitNext();
    }
  };
}

std::vector<Run> Runs() {
  std::vector<Run> runs;
  runs.push_back({"singles_ticks", OptionsOf(100), Singles(20000), 20000});
  runs.push_back(
      {"singles_exact", OptionsOf(100, Clock::kExact), Singles(20000), 20000});
  runs.push_back({"array", OptionsOf(100), Array(50000), 50000});
  runs.push_back({"chain", OptionsOf(10, Clock::kExact), Chain(10000), 10000});
  runs.push_back({"n_to_n", OptionsOf(100), NToN(20000), 40000});
  runs.push_back(
      {"sequential", OptionsOf(10, Clock::kExact), Sequential(10000), 10000});
  runs.push_back({"fan", OptionsOf(100), Fans(20000), 20000});
  runs.push_back({"fair_share", OptionsOf(100), Singles(20000), 20000});
  runs.back().options.shares = 500;
  runs.push_back({"classes_strict", OptionsOf(100), Classes(10000), 10000});
  runs.push_back({"classes_first_fit", OptionsOf(100), Classes(10000), 10000});
  runs.back().options.dispatch_order = DispatchOrder::kFirstFit;
  // An environment below its maxvCpus that gets no more instances.
  runs.push_back({"singles_below_max", OptionsOf(100), Singles(20000), 20000});
  runs.back().options.instances_refused = 1;
  return runs;
}

}  // namespace
}  // namespace embatch

// The name is what callgrind is told; no compiler may take it apart.
extern "C" {
#if defined(__GNUC__)
__attribute__((noinline))
#endif
void CountedRun(const embatch::Run& run, embatch::Cluster& cluster) {
  run.submit(cluster);
  cluster.RunUntilEnded(run.jobs);
}
}

int main(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "";
  for (const embatch::Run& run : embatch::Runs()) {
    if (wanted.empty()) std::cout << run.name << " " << run.jobs << "\n";
    if (run.name != wanted) continue;
    embatch::Cluster cluster(run.options);
    CountedRun(run, cluster);
    std::cout << run.jobs << " jobs\n";
    return 0;
  }
  return wanted.empty() ? 0 : 1;
}
