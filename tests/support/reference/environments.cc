// SPDX-License-Identifier: Apache-2.0
//
// Environments are updated, repaired, deleted; old instances drain. Source:
// §16.3, §16.7, §16.8; lib/capacity/README.md says the rest in words.
#include <algorithm>

#include "tests/support/reference/lines.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

template <typename Value, typename Given>
void Put(Value& value, const std::optional<Given>& given) {
  if (given) value = *given;
}

// What an update makes of an environment's resources. What was asked for as
// desiredvCpus binds only the update that says it.
ComputeResources Updated(const ComputeResources& before,
                         const ComputeResourcesUpdate& update) {
  ComputeResources after = before;
  Put(after.min_vcpus, update.min_vcpus);
  Put(after.max_vcpus, update.max_vcpus);
  Put(after.min_scale_down_delay_minutes, update.min_scale_down_delay_minutes);
  Put(after.type, update.type);
  Put(after.allocation_strategy, update.allocation_strategy);
  Put(after.instance_types, update.instance_types);
  Put(after.bid_percentage, update.bid_percentage);
  Put(after.document, update.document);
  return after;
}

// Source: §16.7, infrastructure updates.
bool ReplacesInstances(const ComputeResources& before,
                       const ComputeResources& after, bool latest_image) {
  return latest_image || before.type != after.type ||
         before.strategy() != after.strategy() ||
         before.instance_types != after.instance_types ||
         before.bid_percentage != after.bid_percentage ||
         before.document != after.document;
}

}  // namespace

void ReferenceScheduler::Do(const UpdateComputeEnvironmentRequest& request) {
  Environment& environment =
      environments_[FindEnvironment(request.compute_environment)];
  ComputeEnvironmentOptions& options = environment.options;
  Put(options.state, request.state);
  if (request.unmanaged_vcpus) {
    options.unmanaged_vcpus = request.unmanaged_vcpus;
  }
  if (request.update_policy) options.update_policy = request.update_policy;
  environment.replaces_instances = false;
  if (request.compute_resources) {
    const ComputeResources before = *options.compute_resources;
    const ComputeResourcesUpdate& update = *request.compute_resources;
    options.compute_resources = Updated(before, update);
    if (environment.launches()) {
      for (Type& type : environment.types) type.is_doubtful = false;
      environment.replaces_instances =
          ReplacesInstances(before, *options.compute_resources,
                            update.update_to_latest_image_version);
      if (update.desired_vcpus) {
        environment.asked_vcpu_milli = 1000 * *update.desired_vcpus;
      }
    }
  }
  if (environment.has_catalogue) OfferTypes(environment);
  environment.status = ResourceStatus::kUpdating;
  environment.changed = true;
  ++environment.updates;
}

void ReferenceScheduler::Do(const DeleteComputeEnvironmentCommand& command) {
  const int index = FindEnvironment(command.compute_environment);
  if (index == kNothing) return;
  environments_[index].status = ResourceStatus::kDeleting;
  environments_[index].changed = true;
}

// Phase 1.
void ReferenceScheduler::StepEnvironments() {
  for (int i = 0; i < static_cast<int>(environments_.size()); ++i) {
    Environment& environment = environments_[i];
    const bool changed = environment.changed;
    environment.changed = false;
    if (environment.status == ResourceStatus::kCreating) {
      environment.status = ResourceStatus::kValid;
    } else if (environment.status == ResourceStatus::kUpdating) {
      if (changed && environment.replaces_instances) {
        const UpdatePolicy policy =
            environment.options.update_policy.value_or(UpdatePolicy());
        Drain(i, policy.terminate_jobs_on_update);
        environment.update_due_ns = kNever;
        if (!policy.terminate_jobs_on_update) {
          environment.update_due_ns =
              After(now_ns_, absl::ToInt64Nanoseconds(absl::Minutes(
                                 policy.job_execution_timeout_minutes)));
          environment.update_due_order = ++order_;
        }
      }
      if (!IsDraining(i)) environment.status = ResourceStatus::kValid;
    } else if (environment.status == ResourceStatus::kDeleting) {
      // Source: §16.8, on Fargate all jobs must have ended before.
      if (environment.is_fargate() &&
          std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& job) {
            return job.attempt &&
                   instances_[job.attempt->instance].environment == i;
          })) {
        environment.status = ResourceStatus::kInvalid;
        continue;
      }
      if (changed) Drain(i, /*stop=*/true);
      if (std::none_of(instances_.begin(), instances_.end(),
                       [i](const Instance& instance) {
                         return instance.environment == i &&
                                instance.exists() && !instance.is_pool;
                       })) {
        environment.status = ResourceStatus::kDeleted;
      }
    }
  }
}

bool ReferenceScheduler::IsDraining(int environment) const {
  return std::any_of(instances_.begin(), instances_.end(),
                     [environment](const Instance& instance) {
                       return instance.environment == environment &&
                              instance.state == InstanceState::kDraining;
                     });
}

// All instances, in the order of their birth, take no more jobs.
void ReferenceScheduler::Drain(int environment, bool stop) {
  for (int i = 0; i < static_cast<int>(instances_.size()); ++i) {
    Instance& instance = instances_[i];
    if (instance.environment != environment || !instance.exists() ||
        instance.is_pool) {
      continue;
    }
    instance.state = InstanceState::kDraining;
    Consequence item;
    item.instance = i;
    if (RunningOn(i) == 0) {
      item.kind = Consequence::Kind::kInstanceEmpty;
      work_.push_back(item);
    } else if (stop) {
      item.kind = Consequence::Kind::kStopInstance;
      work_.push_back(item);
    }
  }
}

void ReferenceScheduler::StopOldInstances(int environment) {
  for (int i = 0; i < static_cast<int>(instances_.size()); ++i) {
    if (instances_[i].environment != environment ||
        instances_[i].state != InstanceState::kDraining) {
      continue;
    }
    Consequence item;
    item.kind = Consequence::Kind::kStopInstance;
    item.instance = i;
    work_.push_back(item);
  }
}

// The attempt that was placed last is stopped first.
void ReferenceScheduler::StopInstance(int instance) {
  if (!instances_[instance].exists()) return;
  std::vector<int> running;
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    if (jobs_[i].attempt && jobs_[i].attempt->instance == instance) {
      running.push_back(i);
    }
  }
  std::sort(running.begin(), running.end(), [this](int a, int b) {
    return jobs_[a].attempt->placed_order > jobs_[b].attempt->placed_order;
  });
  for (int job : running) {
    if (jobs_[job].attempt) StopAttempt(job, Stop::kHostTerminated);
  }
}

void ReferenceScheduler::InstanceEmpty(int index) {
  Instance& instance = instances_[index];
  if (instance.state != InstanceState::kDraining || RunningOn(index) > 0) {
    return;
  }
  // What joined on its own is not ours to end.
  if (instance.type != kNothing) Request(TerminateLine(instance.id));
  instance.state = InstanceState::kGone;
}

// Source: §16.3; an update repairs it.
void ReferenceScheduler::TakeInvalid(int index) {
  if (index == kNothing) return;
  ResourceStatus& status = environments_[index].status;
  if (status == ResourceStatus::kValid || status == ResourceStatus::kUpdating) {
    status = ResourceStatus::kInvalid;
  }
}

}  // namespace embatch::reference
