// SPDX-License-Identifier: Apache-2.0
#include "tests/property/world_plan.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "tests/property/capacity_plan.h"
#include "tests/property/random.h"

namespace embatch {
namespace {

constexpr int kPlanSeconds = 600;  // within which everything is submitted

// A moment: full minutes are more likely than others.
absl::Duration DrawTime(Random& random) {
  const int seconds = random.Below(kPlanSeconds);
  return absl::Seconds(random.Percent(60) ? seconds - seconds % 60
                                          : seconds - seconds % 5);
}

std::vector<InstanceType> AllTypes() {
  return {{"t.2", Resources::Of(2, 4000), 20000},
          {"t.4", Resources::Of(4, 8000), 38000},
          {"t.8", Resources::Of(8, 16000), 80000},
          {"m.2", Resources::Of(2, 16000), 30000},
          {"g.4", Resources::Of(4, 16000, 2), 150000}};
}

PlannedEnvironment DrawEnvironment(Random& random, int index,
                                   const PlanOptions& plan) {
  PlannedEnvironment result;
  result.options.compute_environment_name = absl::StrCat("environment", index);
  SimulatedProviderOptions& provider = result.provider;
  provider.boot_delay = absl::Seconds(random.OneOf({0, 5, 30, 60}));
  if (!plan.answers_at_once) provider.boot_delay += absl::Seconds(1);
  provider.seed = random.Next();
  provider.instance_types.clear();
  for (InstanceType& type : AllTypes()) {
    if (random.Percent(50)) provider.instance_types.push_back(std::move(type));
  }
  if (random.Percent(20)) {
    result.options.type = ComputeEnvironmentType::kUnmanaged;
    return result;
  }
  if (provider.instance_types.empty()) {
    provider.instance_types.push_back(AllTypes()[random.Below(5)]);
  }
  ComputeResources& resources = result.options.compute_resources.emplace();
  resources.max_vcpus = random.OneOf({4, 6, 8, 16, 32});
  resources.min_vcpus =
      std::min<int64_t>(random.OneOf({0, 0, 0, 2, 4}), resources.max_vcpus);
  resources.instance_types = {random.Percent(20) ? "t" : "optimal"};
  resources.allocation_strategy = AllocationStrategy::kBestFitProgressive;
  if (random.Percent(5)) result.options.state = ResourceState::kDisabled;
  if (!plan.mishaps) return result;
  const InstanceType& first = provider.instance_types.front();
  if (random.Percent(25)) provider.capacity[first.name] = random.Below(3);
  if (random.Percent(25)) {
    provider.registered[first.name] = first.resources - Resources{0, 1000, 0};
  }
  provider.launch_failures_per_million = random.OneOf({0, 0, 200000, 600000});
  provider.launch_failure_delay = absl::Seconds(random.OneOf({0, 5}));
  if (!plan.answers_at_once) provider.launch_failure_delay += absl::Seconds(1);
  return result;
}

JobQueueOptions DrawQueue(Random& random, int index, int environments) {
  JobQueueOptions queue;
  queue.job_queue_name = absl::StrCat("queue", index);
  queue.priority = random.OneOf({1, 1, 5});
  std::vector<int> order;
  for (int i = 0; i < environments; ++i) order.push_back(i);
  for (int i = environments - 1; i > 0; --i) {
    std::swap(order[i], order[random.Below(i + 1)]);
  }
  order.resize(static_cast<size_t>(random.Between(1, environments)));
  for (int i = 0; i < static_cast<int>(order.size()); ++i) {
    queue.compute_environment_order.push_back(
        {i, absl::StrCat("environment", order[i])});
  }
  return queue;
}

// What is done after an attempt that failed: patterns for all that can happen
// here to one.
std::vector<EvaluateOnExit> DrawRules(Random& random) {
  std::vector<EvaluateOnExit> rules;
  for (int i = random.Between(1, 3); i > 0; --i) {
    EvaluateOnExit rule;
    rule.action = random.OneOf({RetryAction::kRetry, RetryAction::kExit});
    if (random.Percent(50)) rule.on_exit_code = random.OneOf({"1", "13*", "*"});
    if (random.Percent(30)) {
      rule.on_reason =
          random.OneOf({"CannotPullContainerError:*", "*", "Out*"});
    }
    if (random.Percent(30) || (!rule.on_exit_code && !rule.on_reason)) {
      rule.on_status_reason =
          random.OneOf({"Host EC2*", "Task failed to start", "Essential*"});
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

// Dependencies on jobs before `number`; `sizes` are those of their arrays.
std::vector<PlannedDependency> DrawDependencies(
    Random& random, int number, const std::vector<int32_t>& sizes,
    int32_t own_size) {
  std::vector<PlannedDependency> result;
  if (own_size > 0 && random.Percent(25)) {
    result.push_back({-1, -1, DependencyType::kSequential});
  }
  for (int i = random.OneOf({0, 0, 0, 1, 1, 2, 3}); i > 0; --i) {
    if (number == 0) break;
    PlannedDependency entry;
    entry.job = std::max(0, number - 1 - random.Below(8));
    const int32_t size = sizes[entry.job];
    if (size > 0 && size == own_size && random.Percent(70)) {
      entry.type = DependencyType::kNToN;
    } else if (size > 0 && random.Percent(40)) {
      entry.child = random.Below(size);
    } else if (random.Percent(10)) {
      entry.type = DependencyType::kSequential;
    }
    result.push_back(entry);
  }
  return result;
}

PlannedAction DrawSubmission(Random& random, int number, int queues,
                             std::vector<int32_t>& sizes) {
  PlannedAction action;
  SubmitJobRequest& request = action.request;
  request.job_name = absl::StrCat("job", number);
  request.job_queue = absl::StrCat("queue", random.Below(queues));
  request.job_definition = "definition";
  ContainerOverrides& overrides = request.container_overrides;
  overrides.vcpu_milli = 1000 * random.OneOf({1, 1, 1, 1, 1, 2, 2, 2, 3, 4});
  overrides.memory_mib = random.OneOf({500, 500, 500, 1000, 2000, 3500});
  // Few that fit nowhere: each blocks its queue for ever.
  if (random.Percent(1)) overrides.vcpu_milli = 16000;
  if (random.Percent(1)) overrides.memory_mib = 20000;
  if (random.Percent(2)) overrides.gpus = 1;
  const int attempts = random.OneOf({1, 1, 2, 3});
  if (attempts > 1) request.retry_strategy = RetryStrategy{attempts};
  if (attempts > 1 && random.Percent(40)) {
    request.retry_strategy->evaluate_on_exit = DrawRules(random);
  }
  if (random.Percent(25)) {
    request.timeout = JobTimeout{absl::Seconds(random.OneOf({60, 90}))};
  }
  // Few sizes, so that arrays can be paired.
  int32_t size = 0;
  if (random.Percent(35)) size = random.OneOf({2, 3, 3, 3, 9});
  if (size > 0) request.array_size = size;
  action.dependencies = DrawDependencies(random, number, sizes, size);
  sizes.push_back(size);
  return action;
}

PlannedAction DrawEnd(Random& random, const std::vector<int32_t>& sizes) {
  PlannedAction action;
  action.kind = random.Percent(50) ? PlannedAction::Kind::kCancel
                                   : PlannedAction::Kind::kTerminate;
  action.job = random.Below(static_cast<int>(sizes.size()));
  if (sizes[action.job] > 0 && random.Percent(40)) {
    action.child = random.Below(sizes[action.job]);
  }
  return action;
}

PlannedAction DrawMishap(Random& random, int environments) {
  PlannedAction action;
  action.kind = random.OneOf(
      {PlannedAction::Kind::kLose, PlannedAction::Kind::kLose,
       PlannedAction::Kind::kInterrupt, PlannedAction::Kind::kSetCapacity});
  action.environment = random.Below(environments);
  action.number = random.Below(4);
  return action;
}

PlannedAction DrawJoin(Random& random, int environment) {
  PlannedAction action;
  action.kind = PlannedAction::Kind::kJoin;
  action.environment = environment;
  action.resources = Resources::Of(random.OneOf({1, 2, 4, 8}),
                                   random.OneOf({2000, 4000, 8000}));
  return action;
}

FairsharePolicy DrawFairShare(Random& random) {
  FairsharePolicy policy;
  policy.share_decay = absl::Seconds(random.OneOf({0, 60, 601, 1000}));
  policy.compute_reservation = random.OneOf({0, 0, 50, 90});
  const int weight = random.OneOf({1, 5000, 10000, 25000});
  if (random.Percent(50)) policy.share_distribution.push_back({"red", weight});
  if (random.Percent(50)) {
    policy.share_distribution.push_back({"blue*", random.OneOf({5000, 20000})});
  }
  return policy;
}

// Makes some of the plan's queues fair-share queues, and gives their jobs
// shares and priorities.
void AddShares(Random& random, WorldPlan& plan) {
  plan.scheduler.skip_blocked_shares = random.Percent(25);
  for (size_t i = 0; i < plan.queues.size(); ++i) {
    if (!random.Percent(50)) continue;
    SchedulingPolicyOptions policy;
    policy.name = absl::StrCat("policy", i);
    policy.fairshare_policy = DrawFairShare(random);
    plan.queues[i].scheduling_policy = policy.name;
    if (random.Percent(40)) {
      PlannedAction action;
      action.kind = PlannedAction::Kind::kUpdatePolicy;
      action.at = DrawTime(random);
      action.policy = policy;
      action.policy.fairshare_policy = DrawFairShare(random);
      plan.actions.push_back(std::move(action));
    }
    plan.policies.push_back(std::move(policy));
  }
  for (PlannedAction& action : plan.actions) {
    if (action.kind != PlannedAction::Kind::kSubmit) continue;
    const std::string share =
        random.OneOf({"red", "blue1", "blue2", "green", "green"});
    const int priority = random.OneOf({0, 0, 7});
    for (const JobQueueOptions& queue : plan.queues) {
      if (queue.job_queue_name != action.request.job_queue ||
          queue.scheduling_policy.empty()) {
        continue;
      }
      action.request.share_identifier = share;
      if (priority > 0) {
        action.request.scheduling_priority_override = priority;
      }
    }
  }
}

// Lets the plan's environments choose types in all ways there are; some are of
// Spot Instances, with prices and risks that set types apart.
void AddStrategies(Random& random, WorldPlan& plan) {
  for (PlannedEnvironment& environment : plan.environments) {
    if (!environment.options.compute_resources.has_value()) continue;
    ComputeResources& resources = *environment.options.compute_resources;
    resources.allocation_strategy =
        random.OneOf({AllocationStrategy::kBestFit,
                      AllocationStrategy::kBestFitProgressive});
    if (!random.Percent(40)) continue;
    resources.type = ComputeResourceType::kSpot;
    resources.allocation_strategy =
        random.OneOf({AllocationStrategy::kBestFitProgressive,
                      AllocationStrategy::kSpotCapacityOptimized,
                      AllocationStrategy::kSpotPriceCapacityOptimized});
    if (random.Percent(40)) {
      resources.bid_percentage = random.OneOf({30, 60, 90});
    }
    for (InstanceType& type : environment.provider.instance_types) {
      type.spot_price_microdollars_per_hour =
          type.price_microdollars_per_hour * random.OneOf({2, 4, 7}) / 10;
      type.interruptions_per_million =
          random.OneOf({20000, 30000, 80000, 300000});
      type.spot_capacity = random.OneOf({10, 10, 50});
    }
  }
}

void AddQueueChanges(Random& random, WorldPlan& plan) {
  const int queues = static_cast<int>(plan.queues.size());
  const auto add = [&](PlannedAction::Kind kind, int queue) {
    PlannedAction& action = plan.actions.emplace_back();
    action.kind = kind;
    action.at = DrawTime(random);
    action.queue = queue;
    action.update.job_queue = plan.queues[queue].job_queue_name;
    return &action;
  };
  for (int i = random.Between(1, 3); i > 0; --i) {
    PlannedAction* action =
        add(PlannedAction::Kind::kUpdateQueue, random.Below(queues));
    if (random.Percent(50)) action->update.priority = random.OneOf({1, 5, 9});
    if (random.Percent(30)) {
      action->update.state =
          random.OneOf({ResourceState::kEnabled, ResourceState::kDisabled});
    }
    if (random.Percent(50)) {
      const int environments = static_cast<int>(plan.environments.size());
      action->update.compute_environment_order =
          DrawQueue(random, 0, environments).compute_environment_order;
    }
  }
  if (random.Percent(50)) {
    const int queue = random.Below(queues);
    add(PlannedAction::Kind::kDeleteQueue, queue);
    add(PlannedAction::Kind::kCreateQueue, queue);
  }
}

// Makes some of the single jobs multi-node ones.
void AddNodes(Random& random, WorldPlan& plan) {
  for (PlannedAction& action : plan.actions) {
    SubmitJobRequest& request = action.request;
    if (action.kind != PlannedAction::Kind::kSubmit || request.array_size ||
        !request.quota_share_name.empty() || !random.Percent(40)) {
      continue;
    }
    request.job_definition = "nodes";
    NodeOverrides& nodes = request.node_overrides.emplace();
    nodes.num_nodes = random.OneOf({2, 2, 3, 3, 4});
    NodePropertyOverride& each = nodes.node_property_overrides.emplace_back();
    each.target_nodes = ":";
    each.container_overrides = request.container_overrides;
    request.container_overrides = ContainerOverrides();
  }
}

// Lets some jobs wait for another end than success; the SEQUENTIAL entries of a
// job for the same.
void AddConditions(Random& random, WorldPlan& plan) {
  for (PlannedAction& action : plan.actions) {
    for (PlannedDependency& entry : action.dependencies) {
      entry.condition = random.OneOf({DependencyCondition::kSuccess,
                                      DependencyCondition::kFailure,
                                      DependencyCondition::kCompletion});
    }
  }
}

// Lets jobs overtake in some of the queues without shares, and tells of more of
// their jobs how long they may take.
void AddDispatchOrders(Random& random, WorldPlan& plan) {
  for (JobQueueOptions& queue : plan.queues) {
    if (!queue.scheduling_policy.empty() || random.Percent(25)) continue;
    queue.dispatch_order =
        random.OneOf({DispatchOrder::kFirstFit, DispatchOrder::kBackfill,
                      DispatchOrder::kBackfill});
    queue.backfill_ends_before_start =
        queue.dispatch_order == DispatchOrder::kBackfill && random.Percent(25);
    for (PlannedAction& action : plan.actions) {
      if (action.kind == PlannedAction::Kind::kSubmit &&
          action.request.job_queue == queue.job_queue_name &&
          random.Percent(60)) {
        action.request.timeout =
            JobTimeout{absl::Seconds(random.OneOf({60, 90, 120, 240}))};
      }
    }
  }
}

QuotaShareOptions DrawQuota(Random& random, const std::string& queue,
                            const std::string& name) {
  QuotaShareOptions quota;
  quota.quota_share_name = name;
  quota.job_queue = queue;
  quota.capacity_limits = {{random.OneOf({1, 2, 3, 4, 8}), "VCPU"}};
  if (random.Percent(25)) {
    quota.capacity_limits.push_back({random.OneOf({2000, 6000}), "MEMORY"});
  }
  quota.resource_sharing.strategy = random.OneOf(
      {ResourceSharingStrategy::kReserve, ResourceSharingStrategy::kLend,
       ResourceSharingStrategy::kLendAndBorrow,
       ResourceSharingStrategy::kLendAndBorrow});
  if (quota.resource_sharing.strategy ==
          ResourceSharingStrategy::kLendAndBorrow &&
      random.Percent(60)) {
    quota.resource_sharing.borrow_limit = random.OneOf({0, 50, 100, 300});
  }
  if (random.Percent(50)) {
    quota.in_share_preemption = InSharePreemption::kEnabled;
  }
  return quota;
}

constexpr const char* kQuotaNames[] = {"a", "b", "c", "d"};

// What becomes of the quota shares of a queue in the course of time.
void AddQuotaChanges(Random& random, const std::string& queue, int shares,
                     WorldPlan& plan) {
  using Kind = PlannedAction::Kind;
  for (int i = random.Below(4); i > 0; --i) {
    PlannedAction& action = plan.actions.emplace_back();
    action.kind = random.OneOf({Kind::kUpdateQuota, Kind::kUpdateQuota,
                                Kind::kDeleteQuota, Kind::kCreateQuota});
    action.at = DrawTime(random);
    action.quota = DrawQuota(random, queue, kQuotaNames[random.Below(shares)]);
    action.quota.tags["lowered"] = "";
    for (QuotaShareOptions& quota : plan.quotas) {
      if (quota.job_queue == queue) quota.tags = action.quota.tags;
    }
  }
}

// Makes some of the queues that are first in, first out ones with quota shares.
// Their jobs get shares and priorities.
void AddQuotaShares(Random& random, WorldPlan& plan) {
  for (JobQueueOptions& queue : plan.queues) {
    if (!queue.scheduling_policy.empty() ||
        queue.dispatch_order != DispatchOrder::kStrict || random.Percent(30)) {
      continue;
    }
    if (plan.policies.empty() ||
        !plan.policies.back().quota_share_policy.has_value()) {
      SchedulingPolicyOptions& policy = plan.policies.emplace_back();
      policy.name = "quotas";
      policy.quota_share_policy.emplace();
    }
    queue.scheduling_policy = "quotas";
    const int shares = random.Between(2, 4);
    for (int i = 0; i < shares; ++i) {
      plan.quotas.push_back(
          DrawQuota(random, queue.job_queue_name, kQuotaNames[i]));
    }
    for (PlannedAction& action : plan.actions) {
      SubmitJobRequest& request = action.request;
      if (action.kind != PlannedAction::Kind::kSubmit ||
          request.job_queue != queue.job_queue_name) {
        continue;
      }
      request.quota_share_name = kQuotaNames[random.Below(shares)];
      request.scheduling_priority_override = random.OneOf({0, 0, 3, 7});
      if (random.Percent(25)) {
        request.preemption_retries_before_termination = random.Below(3);
      }
    }
    AddQuotaChanges(random, queue.job_queue_name, shares, plan);
  }
}

// Up to four containers, the first of them essential; each may wait for those
// behind it.
EcsProperties DrawTask(Random& random) {
  std::vector<TaskContainerProperties> containers;
  const int count = random.Between(1, 4);
  for (int i = 0; i < count; ++i) {
    TaskContainerProperties& container = containers.emplace_back();
    container.name = absl::StrCat("c", i);
    container.image = "image";
    container.resources = Resources::Of(1, random.OneOf({100, 300}));
    container.essential = i == 0 || random.Percent(30);
    if (random.Percent(30)) {
      container.stop_timeout = absl::Seconds(random.OneOf({2, 10, 90}));
    }
    if (random.Percent(30)) {
      container.start_timeout = absl::Seconds(random.OneOf({2, 5, 60}));
    }
  }
  for (int i = 0; i < count; ++i) {
    for (int j = i + 1; j < count; ++j) {
      if (!random.Percent(35)) continue;
      const ContainerCondition condition = random.OneOf(
          {ContainerCondition::kStart, ContainerCondition::kComplete,
           ContainerCondition::kSuccess});
      containers[static_cast<size_t>(i)].depends_on.push_back(
          {absl::StrCat("c", j), containers[static_cast<size_t>(j)].essential
                                     ? ContainerCondition::kStart
                                     : condition});
    }
  }
  EcsProperties properties;
  properties.task_properties = {{std::move(containers), {}}};
  return properties;
}

EksProperties DrawPod(Random& random) {
  EksProperties properties;
  const auto draw = [&random](int count, const char* name) {
    std::vector<EksContainer> containers;
    for (int i = 0; i < count; ++i) {
      EksContainer& container = containers.emplace_back();
      container.name = absl::StrCat(name, i);
      container.image = "image";
      container.resources.limits = {250 * random.Between(1, 6), 200,
                                    std::nullopt};
      if (random.Percent(30)) container.resources.requests.cpu_milli = 250;
    }
    return containers;
  };
  properties.pod_properties.init_containers = draw(random.Below(3), "init");
  properties.pod_properties.containers = draw(random.Between(1, 3), "c");
  return properties;
}

// Adds definitions of tasks and pods to a plan.
void AddTaskDefinitions(Random& random, WorldPlan& plan) {
  for (const char* name : {"task1", "task2", "pod", "node-tasks"}) {
    JobDefinitionOptions& definition = plan.definitions.emplace_back();
    definition.job_definition_name = name;
    const absl::string_view kind = name;
    if (kind == "pod") {
      definition.eks_properties = DrawPod(random);
    } else if (kind == "node-tasks") {
      definition.type = JobDefinitionType::kMultinode;
      NodeProperties& nodes = definition.node_properties.emplace();
      nodes.num_nodes = 2;
      nodes.node_range_properties.resize(1);
      nodes.node_range_properties[0].target_nodes = ":";
      nodes.node_range_properties[0].ecs_properties = DrawTask(random);
    } else {
      definition.ecs_properties = DrawTask(random);
    }
  }
}

// Gives some of the plan's jobs several containers; the first one of a task
// needs what the only one would.
void AddTasks(Random& random, WorldPlan& plan) {
  AddTaskDefinitions(random, plan);
  const auto overrides_of = [](const ContainerOverrides& container) {
    EcsPropertiesOverride overrides;
    TaskContainerOverrides& first =
        overrides.task_properties.emplace_back().containers.emplace_back();
    first.name = "c0";
    first.vcpu_milli = container.vcpu_milli;
    first.memory_mib = container.memory_mib;
    return overrides;
  };
  for (PlannedAction& action : plan.actions) {
    SubmitJobRequest& request = action.request;
    if (action.kind != PlannedAction::Kind::kSubmit || !random.Percent(50)) {
      continue;
    }
    if (request.node_overrides.has_value()) {
      request.job_definition = "node-tasks";
      NodePropertyOverride& nodes =
          request.node_overrides->node_property_overrides.front();
      nodes.ecs_properties_override = overrides_of(nodes.container_overrides);
      nodes.container_overrides = ContainerOverrides();
      continue;
    }
    request.job_definition = random.OneOf({"task1", "task2", "pod"});
    if (request.job_definition != "pod") {
      request.ecs_properties_override =
          overrides_of(request.container_overrides);
    } else if (random.Percent(50)) {
      request.eks_properties_override.emplace();
      EksContainerOverride& first =
          request.eks_properties_override->pod_properties.containers
              .emplace_back();
      first.resources.limits.cpu_milli = request.container_overrides.vcpu_milli;
    }
    request.container_overrides = ContainerOverrides();
  }
}

SchedulerOptions DrawSchedulerOptions(Random& random, const PlanOptions& plan) {
  SchedulerOptions options;
  options.seed = random.Next();
  options.cancel_pending_immediately = random.Percent(25);
  options.idle_time_before_scale_in =
      absl::Seconds(random.OneOf({0, 0, 30, 300}));
  options.capacity_back_off = absl::Seconds(random.OneOf({10, 60}));
  options.finished_job_retention = absl::Hours(24 * 365);
  if (plan.forgetful && random.Percent(30)) {
    options.finished_job_retention = absl::Seconds(random.OneOf({0, 60, 600}));
  }
  return options;
}

}  // namespace

WorldPlan DrawPlan(uint64_t seed, const PlanOptions& options) {
  Random random(seed);
  WorldPlan plan;
  plan.seed = seed;
  plan.answers_at_once = options.answers_at_once;
  plan.scheduler = DrawSchedulerOptions(random, options);
  const int environments = random.Between(1, 3);
  for (int i = 0; i < environments; ++i) {
    plan.environments.push_back(DrawEnvironment(random, i, options));
  }
  const int queues = random.Between(1, 3);
  for (int i = 0; i < queues; ++i) {
    plan.queues.push_back(DrawQueue(random, i, environments));
  }
  std::vector<absl::Duration> times;
  for (int i = 0; i < options.jobs; ++i) times.push_back(DrawTime(random));
  std::sort(times.begin(), times.end());
  std::vector<int32_t> sizes;
  for (int i = 0; i < options.jobs; ++i) {
    plan.actions.push_back(DrawSubmission(random, i, queues, sizes));
    plan.actions.back().at = times[i];
  }
  const auto add = [&plan, &random](PlannedAction action) {
    action.at = DrawTime(random);
    plan.actions.push_back(std::move(action));
  };
  for (int i = options.ends_by_caller ? random.Below(10) : 0; i > 0; --i) {
    add(DrawEnd(random, sizes));
  }
  for (int i = options.mishaps ? random.Below(6) : 0; i > 0; --i) {
    add(DrawMishap(random, environments));
  }
  for (int i = 0; i < environments; ++i) {
    if (plan.environments[i].options.type == ComputeEnvironmentType::kManaged) {
      continue;
    }
    for (int j = random.Between(1, 4); j > 0; --j) add(DrawJoin(random, i));
  }
  // Drawn from chance of their own, so that the rest of a world stays as it is.
  Random fargate(Scatter(seed, 21));
  if (options.fargate && fargate.Percent(12)) MakeFargate(fargate, plan);
  Random shares(Scatter(seed, 2));
  if (options.fair_share && shares.Percent(40)) AddShares(shares, plan);
  Random strategies(Scatter(seed, 5));
  if (options.strategies && !plan.fargate && strategies.Percent(60)) {
    AddStrategies(strategies, plan);
  }
  Random changes(Scatter(seed, 3));
  if (options.queues_change && changes.Percent(30)) {
    AddQueueChanges(changes, plan);
  }
  Random conditions(Scatter(seed, 11));
  if (options.conditions && conditions.Percent(30)) {
    AddConditions(conditions, plan);
  }
  Random orders(Scatter(seed, 12));
  if (options.dispatch_orders && orders.Percent(35)) {
    AddDispatchOrders(orders, plan);
  }
  Random quotas(Scatter(seed, 14));
  if (options.quota_shares && !plan.fargate && quotas.Percent(30)) {
    AddQuotaShares(quotas, plan);
  }
  Random nodes(Scatter(seed, 5));
  if (options.multi_node && !plan.fargate && nodes.Percent(40)) {
    AddNodes(nodes, plan);
  }
  Random tasks(Scatter(seed, 13));
  if (options.tasks && !plan.fargate && tasks.Percent(35)) {
    AddTasks(tasks, plan);
  }
  Random limits(Scatter(seed, 22));
  // Not yet compared together with quota shares.
  const bool plain = plan.quotas.empty();
  if (options.time_limits && plain && limits.Percent(35)) {
    AddTimeLimits(limits, plan);
  }
  Random consumables(Scatter(seed, 23));
  if (options.consumables && consumables.Percent(30)) {
    AddConsumables(consumables, plan);
  }
  Random environment_changes(Scatter(seed, 24));
  if (options.environment_changes && plain && environment_changes.Percent(40)) {
    AddEnvironmentChanges(environment_changes, plan);
  }
  Random rejections(Scatter(seed, 25));
  if (options.rejections && plain && rejections.Percent(15)) {
    AddRejections(rejections, plan);
  }
  std::stable_sort(plan.actions.begin(), plan.actions.end(),
                   [](const PlannedAction& a, const PlannedAction& b) {
                     return a.at < b.at;
                   });
  return plan;
}

ContainerFate FateOf(const WorldPlan& plan, absl::string_view job_name,
                     const AttemptId& attempt, int container) {
  if (plan.fate) return plan.fate(job_name, attempt);
  uint64_t hash = plan.seed;
  for (char c : job_name) hash = Scatter(hash, static_cast<uint8_t>(c));
  hash = Scatter(hash, static_cast<uint64_t>(attempt.job.child + 1));
  hash = Scatter(hash, attempt.number);
  if (container > 0) hash = Scatter(hash, static_cast<uint64_t>(container));
  Random random(hash);
  ContainerFate fate;
  fate.start_delay = absl::Seconds(random.OneOf({0, 0, 1, 5, 20}));
  if (!plan.answers_at_once) fate.start_delay += absl::Seconds(1);
  fate.run_time = absl::Seconds(random.OneOf({0, 5, 10, 30, 60, 60, 90, 300}));
  fate.exit_code = random.Percent(75) ? 0 : random.OneOf({1, 2, 137});
  fate.stop_delay = absl::Seconds(random.OneOf({0, 5, 30}));
  if (!plan.answers_at_once) fate.stop_delay += absl::Seconds(1);
  if (random.Percent(10)) fate.reason = "OutOfMemoryError: Container killed";
  if (random.Percent(5)) {
    fate.start_fails = true;
    fate.reason = "CannotPullContainerError: no such image";
  }
  // Stopped, it still does not end until long after the scheduler gave it up.
  if (random.Percent(5)) fate.stop_delay = absl::InfiniteDuration();
  return fate;
}

}  // namespace embatch
