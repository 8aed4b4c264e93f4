// SPDX-License-Identifier: Apache-2.0
//
// A WorldPlan is all that will happen to a scheduler from outside: what there
// is, what is submitted when, what becomes of each container, and which
// mishaps come. It is drawn from a seed and says nothing of how the scheduler
// is called, so that one plan can be run in several ways and the results be
// compared.
//
// Times are few and round, so that many things happen at the same moment.
#ifndef EMBATCH_TESTS_PROPERTY_WORLD_PLAN_H_
#define EMBATCH_TESTS_PROPERTY_WORLD_PLAN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "embatch/compute_environment.h"
#include "embatch/consumable_resource.h"
#include "embatch/container_runtime.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/job_queue.h"
#include "embatch/quota_share.h"
#include "embatch/resources.h"
#include "embatch/scheduler.h"
#include "embatch/scheduling_policy.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"

namespace embatch {

// An entry of dependsOn; jobs are named by their number in the plan. -1: none.
struct PlannedDependency {
  int job = -1;
  int32_t child = -1;
  DependencyType type = DependencyType::kPlain;
  DependencyCondition condition = DependencyCondition::kSuccess;
};

// What happens at one moment.
struct PlannedAction {
  enum class Kind {
    kSubmit,             // request, dependencies
    kCancel,             // job, child
    kTerminate,          // job, child
    kLose,               // environment; number: which of the instances it holds
    kInterrupt,          // the same
    kJoin,               // environment, resources
    kSetCapacity,        // environment; number: how many, of the first type
    kUpdateQueue,        // queue, update
    kDeleteQueue,        // queue: it is disabled, then deleted
    kCreateQueue,        // queue: once more, if it is gone
    kUpdatePolicy,       // policy
    kUpdateEnvironment,  // environment, environment_update
    kInvalidate,         // environment: its provider says that it can't work
    kDeleteEnvironment,  // environment: queues that have others leave it first
    kCreateEnvironment,  // environment: once more, if it is gone
    kUpdateConsumable,   // consumable_update
    kDeleteConsumable,   // number
    kCreateConsumable,   // number: once more, if it is gone
    kCreateQuota,        // quota: if its queue is there and it is not
    kUpdateQuota,        // quota: what is not the name
    kDeleteQuota,        // quota: it is disabled, then deleted
  };
  Kind kind = Kind::kSubmit;
  absl::Duration at;  // since the world's beginning
  SubmitJobRequest request;
  std::vector<PlannedDependency> dependencies;
  int job = 0;
  int32_t child = -1;
  int environment = 0;
  int number = 0;
  Resources resources;
  int queue = 0;
  UpdateJobQueueRequest update;
  SchedulingPolicyOptions policy;
  QuotaShareOptions quota;
  UpdateComputeEnvironmentRequest environment_update;
  UpdateConsumableResourceRequest consumable_update;
};

struct PlannedEnvironment {
  ComputeEnvironmentOptions options;
  SimulatedProviderOptions provider;
};

struct WorldPlan {
  uint64_t seed = 0;
  bool answers_at_once = true;
  bool fargate = false;  // there is nothing else
  SchedulerOptions scheduler;
  std::vector<PlannedEnvironment> environments;
  std::vector<SchedulingPolicyOptions> policies;
  std::vector<ConsumableResourceOptions> consumables;
  std::vector<JobQueueOptions> queues;
  std::vector<QuotaShareOptions> quotas;  // that are there at the beginning
  std::vector<JobDefinitionOptions> definitions;
  std::vector<PlannedAction> actions;  // by time
  // If set, says what becomes of a container, in place of chance.
  std::function<ContainerFate(absl::string_view job_name, const AttemptId&)>
      fate;
};

struct PlanOptions {
  int jobs = 24;          // submissions; an array is one
  bool mishaps = true;    // lost and interrupted instances, failed launches
  bool forgetful = true;  // some worlds forget finished jobs quickly
  bool ends_by_caller = true;    // some jobs are cancelled and terminated
  bool answers_at_once = true;   // some containers start in no time
  bool multi_node = false;       // some jobs have several nodes
  bool queues_change = true;     // some queues are updated, deleted, made again
  bool fair_share = true;        // some queues have shares
  bool strategies = true;        // environments differ in how they choose types
  bool conditions = false;       // some wait for failures, some for any end
  bool dispatch_orders = false;  // in some queues jobs overtake
  bool tasks = false;            // some jobs have several containers
  bool quota_shares = false;     // some queues have quota shares
  // As in capacity_plan.h.
  bool fargate = false;
  bool time_limits = false;
  bool consumables = false;
  bool environment_changes = false;
  bool rejections = false;
};

WorldPlan DrawPlan(uint64_t seed, const PlanOptions& options = {});

// What becomes of a container. If the plan does not say, that depends on its
// seed, the job's name, the child, the attempt and the container alone.
ContainerFate FateOf(const WorldPlan& plan, absl::string_view job_name,
                     const AttemptId& attempt, int container = 0);

}  // namespace embatch

#endif  // EMBATCH_TESTS_PROPERTY_WORLD_PLAN_H_
