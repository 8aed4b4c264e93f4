// SPDX-License-Identifier: Apache-2.0
//
// What a RandomWorld does to environments and consumable resources. What is
// just being changed, or not as a request would have it, refuses; that is no
// failure.
#include <utility>

#include "gtest/gtest.h"
#include "tests/property/random_world.h"

namespace embatch {

void RandomWorld::MakeEnvironment(int index) {
  const PlannedEnvironment& planned = plan_.environments[index];
  SimulatedProviderOptions options = planned.provider;
  options.runtime = &runtime_;
  // One that served an environment of that name before is still known.
  std::unique_ptr<SimulatedProvider>& provider = providers_[index];
  if (provider != nullptr) {
    retired_providers_.push_back(std::move(provider));
    retired_faulty_providers_.push_back(std::move(faulty_providers_[index]));
  }
  provider = std::make_unique<SimulatedProvider>(options);
  faulty_providers_[index] = std::make_unique<FaultyProvider>(
      provider.get(), plan_.seed + static_cast<uint64_t>(index) + 1);
  auto environment = ComputeEnvironment::Create(planned.options);
  ASSERT_TRUE(environment.ok()) << environment.status();
  ASSERT_TRUE(scheduler_->CreateComputeEnvironment(*environment, now_).ok());
  ResourceProvider* asked = provider.get();
  if (options_.faulty) asked = faulty_providers_[index].get();
  const Plugins plugins{comparison_.Watch(asked), watched_runtime_};
  ASSERT_TRUE(
      scheduler_
          ->AttachPlugins(planned.options.compute_environment_name, plugins)
          .ok());
}

void RandomWorld::ChangeEnvironment(const PlannedAction& action) {
  using Kind = PlannedAction::Kind;
  const std::string& name =
      plan_.environments[action.environment].options.compute_environment_name;
  if (action.kind == Kind::kInvalidate) {
    providers_[action.environment]->Invalidate(name, "", now_);
  } else if (action.kind == Kind::kUpdateEnvironment) {
    UpdateComputeEnvironmentRequest update = action.environment_update;
    update.compute_environment = name;
    (void)scheduler_->UpdateComputeEnvironment(update, now_);
  } else if (action.kind == Kind::kDeleteEnvironment) {
    DeleteEnvironment(name);
  } else if (!scheduler_->DescribeComputeEnvironment(name).ok()) {
    MakeEnvironment(action.environment);
  }
}

// Queues that have others leave it first.
void RandomWorld::DeleteEnvironment(const std::string& name) {
  for (const JobQueueOptions& planned : plan_.queues) {
    const auto queue = scheduler_->DescribeJobQueue(planned.job_queue_name);
    if (!queue.ok()) continue;
    UpdateJobQueueRequest update;
    update.job_queue = planned.job_queue_name;
    update.compute_environment_order.emplace();
    for (const ComputeEnvironmentOrder& entry :
         queue->job_queue->options().compute_environment_order) {
      if (entry.compute_environment != name) {
        update.compute_environment_order->push_back(entry);
      }
    }
    (void)scheduler_->UpdateJobQueue(update, now_);
  }
  UpdateComputeEnvironmentRequest update;
  update.compute_environment = name;
  update.state = ResourceState::kDisabled;
  (void)scheduler_->UpdateComputeEnvironment(update, now_);
  ComeToRest();
  (void)scheduler_->DeleteComputeEnvironment(name, now_);
}

void RandomWorld::ChangeConsumable(const PlannedAction& action) {
  using Kind = PlannedAction::Kind;
  if (action.kind == Kind::kUpdateConsumable) {
    (void)scheduler_->UpdateConsumableResource(action.consumable_update, now_);
    return;
  }
  const ConsumableResourceOptions& planned = plan_.consumables[action.number];
  if (action.kind == Kind::kCreateConsumable) {
    (void)scheduler_->CreateConsumableResource(
        *ConsumableResource::Create(planned), now_);
    return;
  }
  const absl::Status status = scheduler_->DeleteConsumableResource(
      planned.consumable_resource_name, now_);
  EXPECT_TRUE(status.ok()) << status;
}

bool RandomWorld::AreConsumablesThere(const SubmitJobRequest& request) const {
  for (const ConsumableResourceRequirement& need :
       request.consumable_resource_properties_override
           .consumable_resource_list) {
    if (!scheduler_->DescribeConsumableResource(need.consumable_resource)
             .ok()) {
      return false;
    }
  }
  return true;
}

// Whether a queue can be made on them. Source: §13.1.
bool RandomWorld::AreEnvironmentsValid(const JobQueueOptions& queue) const {
  for (const ComputeEnvironmentOrder& entry : queue.compute_environment_order) {
    const auto environment =
        scheduler_->DescribeComputeEnvironment(entry.compute_environment);
    if (!environment.ok() || environment->status != ResourceStatus::kValid) {
      return false;
    }
  }
  return true;
}

}  // namespace embatch
