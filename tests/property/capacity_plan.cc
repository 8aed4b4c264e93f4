// SPDX-License-Identifier: Apache-2.0
#include "tests/property/capacity_plan.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace embatch {
namespace {

PlannedAction& AddAction(Random& random, WorldPlan& plan,
                         PlannedAction::Kind kind) {
  PlannedAction& action = plan.actions.emplace_back();
  action.kind = kind;
  action.at = absl::Seconds(10 * random.Below(90));
  return action;
}

// A pair that Fargate has. Source: §3.4.
Resources DrawFargateSize(Random& random) {
  switch (random.Below(5)) {
    case 0:
      return {250, 512, 0};
    case 1:
      return {500, 1024, 0};
    case 2:
      return {2000, 4096, 0};
    case 3:
      return {4000, 8192, 0};
    default:
      return {1000, 2048, 0};
  }
}

std::vector<JobStateTimeLimitAction> DrawTimeLimits(Random& random) {
  std::vector<JobStateTimeLimitAction> actions;
  for (const char* code :
       {"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
        "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED"}) {
    for (int i = random.OneOf({0, 1, 1, 2}); i > 0; --i) {
      JobStateTimeLimitAction& action = actions.emplace_back();
      action.reason = code;
      action.max_time = absl::Seconds(random.OneOf({600, 600, 660, 900}));
    }
  }
  return actions;
}

// A scaling update, or one that replaces instances; or of the state alone.
UpdateComputeEnvironmentRequest DrawUpdate(Random& random) {
  UpdateComputeEnvironmentRequest update;
  if (random.Percent(25)) {
    update.state =
        random.OneOf({ResourceState::kDisabled, ResourceState::kEnabled});
  }
  if (random.Percent(15)) return update;
  ComputeResourcesUpdate& resources = update.compute_resources.emplace();
  if (random.Percent(30)) resources.min_vcpus = random.OneOf({0, 2, 4});
  if (random.Percent(30)) resources.max_vcpus = random.OneOf({4, 8, 16, 32});
  if (random.Percent(30)) resources.desired_vcpus = random.OneOf({2, 4, 8});
  if (random.Percent(20)) {
    resources.min_scale_down_delay_minutes = random.OneOf({0, 20});
  }
  if (random.Percent(20)) {
    resources.instance_types.emplace() = {random.OneOf({"t", "m", "optimal"})};
  }
  if (random.Percent(10)) resources.bid_percentage = random.OneOf({30, 90});
  resources.update_to_latest_image_version = random.Percent(30);
  if (random.Percent(60)) {
    UpdatePolicy& policy = update.update_policy.emplace();
    policy.terminate_jobs_on_update = random.Percent(40);
    policy.job_execution_timeout_minutes = random.OneOf({1, 1, 2, 30});
  }
  return update;
}

}  // namespace

void MakeFargate(Random& random, WorldPlan& plan) {
  plan.fargate = true;
  for (PlannedEnvironment& environment : plan.environments) {
    environment.options.type = ComputeEnvironmentType::kManaged;
    ComputeResources& resources =
        environment.options.compute_resources.emplace();
    resources.type = random.OneOf(
        {ComputeResourceType::kFargate, ComputeResourceType::kFargateSpot});
    resources.max_vcpus = random.OneOf({1, 2, 4, 8});
  }
  JobDefinitionOptions& definition = plan.definitions.emplace_back();
  definition.job_definition_name = "fargate";
  definition.platform_capabilities = {PlatformCapability::kFargate};
  definition.container_properties.image = "image";
  definition.container_properties.resources = {1000, 2048, 0};
  plan.actions.erase(std::remove_if(plan.actions.begin(), plan.actions.end(),
                                    [](const PlannedAction& action) {
                                      return action.kind ==
                                             PlannedAction::Kind::kJoin;
                                    }),
                     plan.actions.end());
  for (PlannedAction& action : plan.actions) {
    if (action.kind != PlannedAction::Kind::kSubmit) continue;
    const Resources size = DrawFargateSize(random);
    action.request.job_definition = "fargate";
    action.request.container_overrides = ContainerOverrides();
    action.request.container_overrides.vcpu_milli = size.vcpu_milli;
    action.request.container_overrides.memory_mib = size.memory_mib;
  }
}

void AddTimeLimits(Random& random, WorldPlan& plan) {
  const int queues = static_cast<int>(plan.queues.size());
  for (int i = 0; i < queues; ++i) {
    if (random.Percent(80)) {
      plan.queues[i].job_state_time_limit_actions = DrawTimeLimits(random);
    }
    if (!random.Percent(30)) continue;
    PlannedAction& action =
        AddAction(random, plan, PlannedAction::Kind::kUpdateQueue);
    action.queue = i;
    action.update.job_queue = plan.queues[i].job_queue_name;
    action.update.job_state_time_limit_actions = DrawTimeLimits(random);
  }
}

void AddConsumables(Random& random, WorldPlan& plan) {
  const std::vector<std::string> names = {"licence", "token"};
  for (const std::string& name : names) {
    ConsumableResourceOptions& options = plan.consumables.emplace_back();
    options.consumable_resource_name = name;
    options.total_quantity = random.OneOf({1, 3, 8, 20});
    if (random.Percent(50)) {
      options.resource_type = ConsumableResourceType::kNonReplenishable;
    }
  }
  for (PlannedAction& action : plan.actions) {
    if (action.kind != PlannedAction::Kind::kSubmit) continue;
    for (const std::string& name : names) {
      if (!random.Percent(25)) continue;
      action.request.consumable_resource_properties_override
          .consumable_resource_list.push_back(
              {name, random.OneOf({1, 1, 1, 2, 4})});
    }
  }
  for (int i = random.Below(8); i > 0; --i) {
    PlannedAction& action =
        AddAction(random, plan, PlannedAction::Kind::kUpdateConsumable);
    UpdateConsumableResourceRequest& update = action.consumable_update;
    update.consumable_resource = random.OneOf({"licence", "token"});
    update.operation = random.OneOf({ConsumableResourceOperation::kSet,
                                     ConsumableResourceOperation::kAdd,
                                     ConsumableResourceOperation::kAdd,
                                     ConsumableResourceOperation::kRemove});
    update.quantity = random.OneOf({0, 1, 5, 10});
    if (random.Percent(40)) update.client_token = "once";
  }
  if (!random.Percent(30)) return;
  const int number = random.Below(2);
  AddAction(random, plan, PlannedAction::Kind::kDeleteConsumable).number =
      number;
  AddAction(random, plan, PlannedAction::Kind::kCreateConsumable).number =
      number;
}

void AddEnvironmentChanges(Random& random, WorldPlan& plan) {
  const int environments = static_cast<int>(plan.environments.size());
  for (PlannedEnvironment& environment : plan.environments) {
    std::optional<ComputeResources>& resources =
        environment.options.compute_resources;
    if (plan.fargate || !resources.has_value()) continue;
    if (random.Percent(30)) resources->min_scale_down_delay_minutes = 20;
    if (random.Percent(30)) {
      resources->desired_vcpus =
          random.Between(static_cast<int>(resources->min_vcpus),
                         static_cast<int>(resources->max_vcpus));
    }
  }
  const auto add = [&](PlannedAction::Kind kind, int environment) {
    PlannedAction& action = AddAction(random, plan, kind);
    action.environment = environment;
    return &action;
  };
  for (int i = random.Between(1, 6); i > 0; --i) {
    add(PlannedAction::Kind::kUpdateEnvironment, random.Below(environments))
        ->environment_update = DrawUpdate(random);
  }
  if (random.Percent(40)) {
    const int environment = random.Below(environments);
    const absl::Duration at =
        add(PlannedAction::Kind::kInvalidate, environment)->at;
    if (random.Percent(70)) {
      PlannedAction* repair =
          add(PlannedAction::Kind::kUpdateEnvironment, environment);
      repair->at = at + absl::Seconds(random.OneOf({5, 60, 120}));
      repair->environment_update.state = ResourceState::kEnabled;
    }
  }
  if (random.Percent(40)) {
    const int environment = random.Below(environments);
    const absl::Duration at =
        add(PlannedAction::Kind::kDeleteEnvironment, environment)->at;
    add(PlannedAction::Kind::kCreateEnvironment, environment)->at =
        at + absl::Seconds(random.OneOf({60, 300}));
  }
}

void AddRejections(Random& random, WorldPlan& plan) {
  for (PlannedAction& action : plan.actions) {
    if (action.kind == PlannedAction::Kind::kSubmit &&
        (action.request.job_definition == "definition" ||
         action.request.job_definition == "fargate") &&
        random.Percent(10)) {
      action.request.container_overrides.command = {std::string(9000, 'x')};
    }
  }
}

}  // namespace embatch
