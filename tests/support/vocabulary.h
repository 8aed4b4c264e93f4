// SPDX-License-Identifier: Apache-2.0
//
// The words in which a test tells a World what to make.
//
//   JobId a = world.Submit("a", Attempts(2), Exits(1, 0));
//   JobId b = world.Submit("b", Array(3), DependsOn(a), Child(1, Exits(1)));
//   world.Managed("small", MaxVcpus(8), Offers("tiny", 2, 4096));
//
// A word is a function that changes a plan, so a test can add its own:
//
//   const JobWord urgent = [](JobPlan& plan) {
//     plan.request.scheduling_priority_override = 9;
//   };
#ifndef EMBATCH_TESTS_SUPPORT_VOCABULARY_H_
#define EMBATCH_TESTS_SUPPORT_VOCABULARY_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/compute_environment.h"
#include "embatch/job.h"
#include "embatch/quota_share.h"
#include "embatch/service_environment.h"
#include "embatch/service_job.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"
#include "embatch/sim/simulated_service.h"

namespace embatch {

// What becomes of the attempts of a job.
struct FatePlan {
  ContainerFate fate;
  // By attempt; the last one holds for all that follow. Empty: as `fate` says.
  std::vector<int> exit_codes;
  std::vector<absl::Duration> run_times;
  int failing_starts = 0;          // so many first attempts never start
  int tries_without_capacity = 0;  // before the first attempt

  ContainerFate Of(int attempt) const;
};

struct JobPlan {
  SubmitJobRequest request;
  FatePlan fates;
  std::map<int32_t, FatePlan> child_fates;          // where they differ
  std::map<std::string, FatePlan> container_fates;  // by name
};
using JobWord = std::function<void(JobPlan&)>;

struct EnvironmentPlan {
  ComputeEnvironmentOptions options;
  SimulatedProviderOptions provider;
};
using EnvironmentWord = std::function<void(EnvironmentPlan&)>;

// --- What a job asks for ----------------------------------------------------

inline JobWord Attempts(int attempts) {
  return [=](JobPlan& plan) {
    plan.request.retry_strategy = RetryStrategy{attempts};
  };
}
inline JobWord TimesOutAfter(absl::Duration duration) {
  return [=](JobPlan& plan) { plan.request.timeout = JobTimeout{duration}; };
}
inline JobWord Needs(int64_t vcpus, int64_t memory_mib, int32_t gpus = 0) {
  return [=](JobPlan& plan) {
    ContainerOverrides& overrides = plan.request.container_overrides;
    overrides.vcpu_milli = vcpus * 1000;
    overrides.memory_mib = memory_mib;
    if (gpus > 0) overrides.gpus = gpus;
  };
}
inline JobWord Array(int32_t size) {
  return [=](JobPlan& plan) { plan.request.array_size = size; };
}
// A multi-node job of so many nodes, each of which needs what the job Needs().
JobWord Nodes(int32_t nodes, int32_t main_node = 0);
inline JobWord InQueue(std::string queue) {
  return [=](JobPlan& plan) { plan.request.job_queue = queue; };
}
inline JobWord OfDefinition(std::string definition) {
  return [=](JobPlan& plan) { plan.request.job_definition = definition; };
}

inline JobWord OfShare(std::string share) {
  return [=](JobPlan& plan) { plan.request.share_identifier = share; };
}
// Stands in a quota share of its queue.
inline JobWord OfQuotaShare(std::string share) {
  return [=](JobPlan& plan) { plan.request.quota_share_name = share; };
}
inline JobWord WithPriority(int priority) {
  return [=](JobPlan& plan) {
    plan.request.scheduling_priority_override = priority;
  };
}
// How often it may be preempted and still wait again.
inline JobWord PreemptionRetries(int32_t times) {
  return [=](JobPlan& plan) {
    plan.request.preemption_retries_before_termination = times;
  };
}
// Needs so many of a consumable resource.
inline JobWord Consumes(std::string resource, int64_t quantity) {
  return [=](JobPlan& plan) {
    plan.request.consumable_resource_properties_override
        .consumable_resource_list.push_back({resource, quantity});
  };
}
// Each node of a multi-node job needs so many of it. Comes after Nodes().
inline JobWord EachNodeConsumes(std::string resource, int64_t quantity) {
  return [=](JobPlan& plan) {
    auto& entries = plan.request.node_overrides->node_property_overrides;
    if (entries.empty()) entries.emplace_back().target_nodes = ":";
    entries[0]
        .consumable_resource_properties_override.consumable_resource_list
        .push_back({resource, quantity});
  };
}

// Waits until all of these have succeeded.
template <typename... Jobs>
JobWord DependsOn(Jobs... jobs) {
  const std::vector<JobId> all = {jobs...};
  return [all](JobPlan& plan) {
    for (const JobId& job : all) plan.request.depends_on.push_back({job});
  };
}
// An array's child i waits for child i of another array.
inline JobWord NToN(JobId job) {
  return [=](JobPlan& plan) {
    plan.request.depends_on.push_back({job, DependencyType::kNToN});
  };
}
// An array's child i waits for child i-1.
inline JobWord Sequential() {
  return [](JobPlan& plan) {
    plan.request.depends_on.push_back({JobId(), DependencyType::kSequential});
  };
}

// --- What becomes of it -----------------------------------------------------

// The exit code of each attempt; the last one holds for all that follow.
template <typename... Codes>
JobWord Exits(Codes... codes) {
  const std::vector<int> all = {codes...};
  return [all](JobPlan& plan) { plan.fates.exit_codes = all; };
}
// The run time of each attempt; the last one holds for all that follow.
template <typename... Durations>
JobWord RunsFor(Durations... durations) {
  const std::vector<absl::Duration> all = {durations...};
  return [all](JobPlan& plan) { plan.fates.run_times = all; };
}
inline JobWord RunsForever() { return RunsFor(absl::InfiniteDuration()); }
inline JobWord StartsAfter(absl::Duration duration) {
  return [=](JobPlan& plan) { plan.fates.fate.start_delay = duration; };
}
inline JobWord NeverStarts() { return StartsAfter(absl::InfiniteDuration()); }

// So many first attempts fail to start.
inline JobWord StartFails(std::string reason,
                          int times = std::numeric_limits<int>::max()) {
  return [=](JobPlan& plan) {
    plan.fates.fate.reason = reason;
    plan.fates.failing_starts = times;
  };
}
// The container's reason when it exits.
inline JobWord WithReason(std::string reason) {
  return [=](JobPlan& plan) { plan.fates.fate.reason = reason; };
}
// So many first tries of each job find no capacity on Fargate.
inline JobWord FindsNoCapacity(int tries) {
  return [=](JobPlan& plan) { plan.fates.tries_without_capacity = tries; };
}
// Every run ends because its Fargate Spot capacity is taken back.
inline JobWord IsInterrupted() {
  return [](JobPlan& plan) { plan.fates.fate.interrupted = true; };
}
// How long a container takes to obey a polite signal.
inline JobWord StopsAfter(absl::Duration duration) {
  return [=](JobPlan& plan) { plan.fates.fate.stop_delay = duration; };
}
inline JobWord IgnoresStop() { return StopsAfter(absl::InfiniteDuration()); }

// What becomes of one child of an array, where that differs. Comes after the
// words that are about all children.
template <typename... Words>
JobWord Child(int32_t index, Words... words) {
  const std::vector<JobWord> all = {JobWord(words)...};
  return [=](JobPlan& plan) {
    JobPlan child;
    child.fates = plan.fates;
    for (const JobWord& word : all) word(child);
    plan.child_fates[index] = child.fates;
  };
}

// The same for one node of a multi-node job.
template <typename... Words>
JobWord Node(int32_t index, Words... words) {
  return Child(index, words...);
}

// What becomes of one of several containers, where that differs. Comes after
// the words that are about all of them.
template <typename... Words>
JobWord ContainerNamed(std::string name, Words... words) {
  const std::vector<JobWord> all = {JobWord(words)...};
  return [=](JobPlan& plan) {
    JobPlan container;
    container.fates = plan.fates;
    for (const JobWord& word : all) word(container);
    plan.container_fates[name] = container.fates;
  };
}

// --- What a quota share is --------------------------------------------------

using ShareWord = std::function<void(QuotaShareOptions&)>;

inline ShareWord Has(int64_t capacity, std::string unit = kUnitVcpu) {
  return [=](QuotaShareOptions& share) {
    share.capacity_limits.push_back({capacity, unit});
  };
}
inline ShareWord Lends() {
  return [](QuotaShareOptions& share) {
    share.resource_sharing.strategy = ResourceSharingStrategy::kLend;
  };
}
// Without a limit, or up to so many percent of its own capacity.
inline ShareWord LendsAndBorrows(std::optional<int32_t> limit = std::nullopt) {
  return [=](QuotaShareOptions& share) {
    share.resource_sharing.strategy = ResourceSharingStrategy::kLendAndBorrow;
    share.resource_sharing.borrow_limit = limit;
  };
}
inline ShareWord PreemptsWithin() {
  return [](QuotaShareOptions& share) {
    share.in_share_preemption = InSharePreemption::kEnabled;
  };
}

// --- What a service job is, and what becomes of it --------------------------

struct ServiceJobPlan {
  SubmitServiceJobRequest request;
  ServiceFate fate;
  std::vector<bool> fails;    // by attempt; empty: as `fate` says
  int no_capacity_tries = 0;  // before it finds capacity
};
using ServiceJobWord = std::function<void(ServiceJobPlan&)>;

inline ServiceJobWord Uses(int64_t quantity, std::string type = "ml.m5.large") {
  return [=](ServiceJobPlan& plan) {
    plan.request.capacity_usage.push_back({type, quantity});
  };
}
inline ServiceJobWord ToQueue(std::string queue) {
  return [=](ServiceJobPlan& plan) { plan.request.job_queue = queue; };
}
inline ServiceJobWord Tries(int attempts) {
  return [=](ServiceJobPlan& plan) {
    if (!plan.request.retry_strategy) plan.request.retry_strategy.emplace();
    plan.request.retry_strategy->attempts = attempts;
  };
}
inline ServiceJobWord On(std::string status_reason, RetryAction action) {
  return [=](ServiceJobPlan& plan) {
    if (!plan.request.retry_strategy) plan.request.retry_strategy.emplace();
    EvaluateOnExit rule;
    rule.action = action;
    rule.on_status_reason = status_reason;
    plan.request.retry_strategy->evaluate_on_exit.push_back(rule);
  };
}
inline ServiceJobWord Trains(absl::Duration run_time) {
  return [=](ServiceJobPlan& plan) { plan.fate.run_time = run_time; };
}
inline ServiceJobWord TrainsForever() {
  return Trains(absl::InfiniteDuration());
}
// From the request to the end.
inline ServiceJobWord TakesToStop(absl::Duration duration) {
  return [=](ServiceJobPlan& plan) { plan.fate.stop_delay = duration; };
}
inline ServiceJobWord WaitsForCapacity(absl::Duration delay) {
  return [=](ServiceJobPlan& plan) { plan.fate.capacity_delay = delay; };
}
// Whether each attempt fails; the last one holds for all that follow.
template <typename... Bools>
ServiceJobWord TrainingFails(Bools... fails) {
  return [=](ServiceJobPlan& plan) {
    plan.fails = {fails...};
    if (plan.fails.empty()) plan.fails = {true};
  };
}
// So many first tries are told that there is no capacity.
inline ServiceJobWord IsTurnedAway(int tries) {
  return [=](ServiceJobPlan& plan) { plan.no_capacity_tries = tries; };
}
inline ServiceJobWord InShare(std::string share) {
  return [=](ServiceJobPlan& plan) { plan.request.share_identifier = share; };
}
inline ServiceJobWord InQuotaShare(std::string share) {
  return [=](ServiceJobPlan& plan) { plan.request.quota_share_name = share; };
}
inline ServiceJobWord OfPriority(int priority) {
  return [=](ServiceJobPlan& plan) {
    plan.request.scheduling_priority = priority;
  };
}

// --- What an environment is -------------------------------------------------

inline EnvironmentWord MinVcpus(int64_t vcpus) {
  return [=](EnvironmentPlan& plan) {
    plan.options.compute_resources->min_vcpus = vcpus;
  };
}
inline EnvironmentWord MaxVcpus(int64_t vcpus) {
  return [=](EnvironmentPlan& plan) {
    plan.options.compute_resources->max_vcpus = vcpus;
  };
}
// Which of the types on offer it may launch.
template <typename... Names>
EnvironmentWord UsesTypes(Names... names) {
  const std::vector<std::string> all = {std::string(names)...};
  return [all](EnvironmentPlan& plan) {
    plan.options.compute_resources->instance_types = all;
  };
}
inline EnvironmentWord OfType(ComputeResourceType type) {
  return [=](EnvironmentPlan& plan) {
    plan.options.compute_resources->type = type;
  };
}
// With EKS a strategy is to be given as well.
inline EnvironmentWord Orchestration(OrchestrationType type) {
  return [=](EnvironmentPlan& plan) {
    plan.options.container_orchestration_type = type;
  };
}
inline EnvironmentWord Strategy(AllocationStrategy strategy) {
  return [=](EnvironmentPlan& plan) {
    plan.options.compute_resources->allocation_strategy = strategy;
  };
}
// The next type is tried when the best is not to be had, and maxvCpus may be
// passed.
inline EnvironmentWord Progressive() {
  return Strategy(AllocationStrategy::kBestFitProgressive);
}
inline EnvironmentWord BidPercentage(int percentage) {
  return [=](EnvironmentPlan& plan) {
    plan.options.compute_resources->bid_percentage = percentage;
  };
}
// The provider offers this type, and others that are named the same way, in
// place of its own catalogue.
EnvironmentWord Offers(std::string type, int64_t vcpus, int64_t memory_mib,
                       int64_t price_microdollars_per_hour = 100000);
inline EnvironmentWord BootsIn(absl::Duration duration) {
  return [=](EnvironmentPlan& plan) { plan.provider.boot_delay = duration; };
}
// No more than so many of a type can be had at once.
inline EnvironmentWord HasOnly(int instances, std::string type) {
  return
      [=](EnvironmentPlan& plan) { plan.provider.capacity[type] = instances; };
}
// Instances of the type register less, or more, than the catalogue says.
inline EnvironmentWord Registers(std::string type, const Resources& resources) {
  return [=](EnvironmentPlan& plan) {
    plan.provider.registered[type] = resources;
  };
}
// Every launch fails.
inline EnvironmentWord RefusesLaunches(LaunchFailure failure) {
  return [=](EnvironmentPlan& plan) {
    plan.provider.script = [=](const LaunchRequest&) {
      return std::optional<LaunchFailure>(failure);
    };
  };
}

}  // namespace embatch

#endif  // EMBATCH_TESTS_SUPPORT_VOCABULARY_H_
