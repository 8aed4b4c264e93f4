// SPDX-License-Identifier: Apache-2.0
//
// Commands: they are recorded; nothing changes its status here. Choice: D68.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

void ReferenceScheduler::Do(const CreateComputeEnvironmentCommand& command) {
  Environment environment;
  environment.options = command.compute_environment.options();
  if (environment.launches()) {
    environment.asked_vcpu_milli =
        1000 * environment.options.compute_resources->desired_vcpus.value_or(0);
  }
  environments_.push_back(std::move(environment));
  MakePool(static_cast<int>(environments_.size()) - 1);
}

// Source: §3.1.
void ReferenceScheduler::Do(const RegisterJobDefinitionCommand& command) {
  Definition definition;
  definition.definition = command.job_definition;
  definition.revision = 1;
  for (const Definition& other : definitions_) {
    if (other.definition.job_definition_name() ==
        command.job_definition.job_definition_name()) {
      ++definition.revision;
    }
  }
  definitions_.push_back(std::move(definition));
}

void ReferenceScheduler::Do(const DeregisterJobDefinitionCommand& command) {
  const int index = FindDefinition(command.job_definition);
  if (index != kNothing) definitions_[index].active = false;
}

// "name" is the latest active revision, "name:3" that one. Source: §2.1.
int ReferenceScheduler::FindDefinition(absl::string_view text) const {
  const size_t colon = text.find(':');
  int revision = 0;
  if (colon != absl::string_view::npos &&
      !absl::SimpleAtoi(text.substr(colon + 1), &revision)) {
    return kNothing;
  }
  int found = kNothing;
  for (int i = 0; i < static_cast<int>(definitions_.size()); ++i) {
    const Definition& definition = definitions_[i];
    if (definition.definition.job_definition_name() != text.substr(0, colon)) {
      continue;
    }
    if (revision > 0 ? definition.revision == revision : definition.active) {
      found = i;
    }
  }
  return found;
}

// What is found out at the launch only. Source: §2.4, §5.2.
static std::string RejectionOf(const JobDefinitionOptions& definition,
                               const SubmitJobRequest& request) {
  constexpr size_t kTagsMax = 50;
  constexpr size_t kOverridesMax = 8192;
  std::set<std::string> keys;
  for (const auto& [key, value] : definition.tags) keys.insert(key);
  for (const auto& [key, value] : request.tags) keys.insert(key);
  if (request.propagate_tags.value_or(definition.propagate_tags) &&
      keys.size() > kTagsMax) {
    return "Combined tags of the job and its job definition must be at most 50";
  }
  // Choice: what of a command is put in by parameters counts; no world does it.
  size_t length = 0;
  for (const std::string& word : request.container_overrides.command) {
    length += word.size();
  }
  for (const auto& [name, value] : request.container_overrides.environment) {
    length += name.size() + value.size();
  }
  if (length > kOverridesMax) {
    return "Container Overrides length must be at most 8192";
  }
  return "";
}

// Source: §3.6 (precedence), §8.3 (children can be addressed at once).
void ReferenceScheduler::Do(const SubmitJobRequest& request) {
  const JobDefinitionOptions& definition =
      definitions_[FindDefinition(request.job_definition)].definition.options();
  Job job;
  job.id = submitted_;
  job.name = request.job_name;
  job.queue = FindQueue(request.job_queue);
  job.share = request.share_identifier;
  job.priority = request.scheduling_priority_override.value_or(
      definition.scheduling_priority.value_or(0));
  job.quota = request.quota_share_name.empty()
                  ? kNothing
                  : FindQuota(queues_[job.queue], request.quota_share_name);
  job.preemption_retries = request.preemption_retries_before_termination;
  ActivateShare(queues_[job.queue], job.share);
  job.task =
      MakeTask(definition.container_properties, request.container_overrides,
               definition.ecs_properties, request.ecs_properties_override,
               definition.eks_properties, request.eks_properties_override);
  static_cast<Resources&>(job.need) = job.task.Need();
  if (definition.retry_strategy)
    job.retry_strategy = *definition.retry_strategy;
  if (request.retry_strategy) job.retry_strategy = *request.retry_strategy;
  std::optional<JobTimeout> timeout = definition.timeout;
  if (request.timeout) timeout = request.timeout;
  if (timeout) {
    job.timeout_ns = absl::ToInt64Nanoseconds(timeout->attempt_duration);
  }
  job.size = request.array_size.value_or(0);
  for (const ConsumableResourceProperties* properties :
       {&definition.consumable_resource_properties,
        &request.consumable_resource_properties_override}) {
    for (const ConsumableResourceRequirement& entry :
         properties->consumable_resource_list) {
      job.need.consumables[entry.consumable_resource] = entry.quantity;
    }
  }
  job.rejection = RejectionOf(definition, request);
  AddDependencies(request, job);
  if (definition.node_properties) {
    AddNodes(request, *definition.node_properties, job);
    return;
  }

  const int index = static_cast<int>(jobs_.size());
  jobs_.push_back(job);
  arrivals_.push_back(index);
  job.array = index;
  job.dependencies.clear();
  job.size = 0;
  job.status = JobStatus::kPending;
  for (int i = 0; i < request.array_size.value_or(0); ++i) {
    job.id = submitted_.Child(i);
    jobs_.push_back(job);
  }
}

// Source: §9.1. Choice: D3 (SEQUENTIAL with a job is plain), D5 (what has ended
// already is known at once).
void ReferenceScheduler::AddDependencies(const SubmitJobRequest& request,
                                         Job& job) {
  for (const JobDependency& entry : request.depends_on) {
    Dependency dependency;
    dependency.condition = entry.condition;
    if (entry.job.is_null()) {
      dependency.kind = Dependency::Kind::kChained;
      job.dependencies.push_back(dependency);
      continue;
    }
    dependency.other = FindJob(entry.job);
    if (dependency.other == kNothing) {  // Choice: D4
      output_.events.push_back("it depends on a job that is gone");
      continue;
    }
    if (entry.type == DependencyType::kNToN) {
      dependency.kind = Dependency::Kind::kPaired;
    } else if (IsTerminal(jobs_[dependency.other].status)) {
      dependency.heard = true;
      if (!dependency.IsMetBy(jobs_[dependency.other].status)) {
        job.dependency_failed = true;
      }
    }
    job.dependencies.push_back(dependency);
  }
}

// Source: §10, the table. Choice: D57, the first reason stays.
void ReferenceScheduler::Do(const EndJobCommand& command) {
  const int index = FindJob(command.job);
  if (index == kNothing) return;
  Job& job = jobs_[index];
  if (IsTerminal(job.status)) return;
  if (!command.terminate && job.status >= JobStatus::kStarting) return;
  if (!job.ended_by_caller()) job.request_reason = command.reason;
  (command.terminate ? job.terminated : job.cancelled) = true;
  job.touched = true;
  Add(Consequence::Kind::kEndRequested, index);
}

}  // namespace embatch::reference
