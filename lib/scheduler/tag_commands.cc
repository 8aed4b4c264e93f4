// SPDX-License-Identifier: Apache-2.0
//
// Tags. Source: API TagResource, UntagResource, ListTagsForResource; §2.4.
//
// They live in the value that was given at creation. Those of a job are shared
// with jobs like it until somebody changes them; from then on the job has its
// own.
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/validation.h"
#include "lib/scheduler/commands.h"
#include "lib/scheduler/reads.h"
#include "lib/scheduler/service_environments.h"

namespace embatch {
namespace {

using Kind = ResourceName::Kind;
using Tags = std::map<std::string, std::string>;

absl::Status Unknown(absl::string_view kind, absl::string_view name) {
  return absl::NotFoundError(
      absl::StrCat("resource: ", kind, " ", Quoted(name), " does not exist"));
}

std::optional<uint32_t> FindShare(const State& state, uint32_t queue,
                                  absl::string_view name) {
  const auto& quota = state.queues[queue].quota;
  return quota.has_value() ? quota->Find(name) : std::nullopt;
}

// Where a resource's tags are; nothing is changed through it here.
absl::StatusOr<const Tags*> FindTags(const State& state,
                                     const ResourceName& resource) {
  switch (resource.kind) {
    case Kind::kComputeEnvironment: {
      const auto index = state.fleet.FindEnvironment(resource.name);
      if (!index.has_value()) {
        return Unknown("Compute environment", resource.name);
      }
      return &state.fleet.environment(*index).config.options().tags;
    }
    case Kind::kJobQueue: {
      const auto index = FindQueue(state, resource.name);
      if (!index.has_value()) return Unknown("Job queue", resource.name);
      return &state.queues[*index].config.options().tags;
    }
    case Kind::kJobDefinition: {
      const auto index = FindDefinition(state, resource.name);
      if (!index.has_value()) return Unknown("Job definition", resource.name);
      return &state.definitions[*index].definition.options().tags;
    }
    case Kind::kConsumableResource: {
      const ConsumableRecord* record = state.consumables.Find(resource.name);
      if (record == nullptr) {
        return Unknown("Consumable resource", resource.name);
      }
      return &record->config.options().tags;
    }
    case Kind::kSchedulingPolicy: {
      const SchedulingPolicy* policy = FindPolicy(state, resource.name);
      if (policy == nullptr) {
        return Unknown("Scheduling policy", resource.name);
      }
      return &policy->options().tags;
    }
    case Kind::kQuotaShare: {
      const auto queue = FindQueue(state, resource.job_queue);
      if (!queue.has_value()) return Unknown("Job queue", resource.job_queue);
      const auto share = FindShare(state, *queue, resource.name);
      if (!share.has_value()) return Unknown("Quota share", resource.name);
      return &state.queues[*queue].quota->shares[*share].config.options().tags;
    }
    case Kind::kServiceEnvironment: {
      const auto index = FindServiceEnvironment(state, resource.name);
      if (!index.has_value()) {
        return Unknown("Service environment", resource.name);
      }
      return &state.service_environments[*index].config.options().tags;
    }
    case Kind::kJob: {
      if (resource.job.child >= 0) {
        return absl::InvalidArgumentError(
            "resource.job is a child of an array or a node; must be a job");
      }
      const auto key = state.jobs.Find(resource.job);
      if (!key.has_value()) return Unknown("Job", "");
      return &TagsOfJob(state, key->slot);
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("resource.kind is ", static_cast<int>(resource.kind),
                   "; must be a kind of resource"));
}

// All else was checked before, and the tags just now; but they count towards
// the size that a definition may have. Choice: that is what this library can
// hold (kUnlimited), in every profile of limits. Source: guide "AWS Batch
// service quotas", AWS's 24 KiB are for RegisterJobDefinition operations, so
// that they bind a definition with the tags it is registered with, and not what
// TagResource adds.
template <typename Value>
absl::Status Assign(absl::StatusOr<Value> changed, Value& value) {
  EMBATCH_RETURN_IF_ERROR(changed.status());
  value = *std::move(changed);
  return absl::OkStatus();
}
template <typename Value>
absl::Status ReplaceTags(const Tags& tags, Value& value) {
  auto options = value.options();
  options.tags = tags;
  return Assign(Value::Create(std::move(options), LimitsProfile::kUnlimited),
                value);
}

// The same for values that no profile of limits is for.
template <typename Value>
absl::Status ReplaceTagsUnlimited(const Tags& tags, Value& value) {
  auto options = value.options();
  options.tags = tags;
  return Assign(Value::Create(std::move(options)), value);
}

// The resource is known to exist.
absl::Status SetTags(State& state, const ResourceName& resource,
                     const Tags& tags) {
  switch (resource.kind) {
    case Kind::kComputeEnvironment: {
      auto& config =
          state.fleet.environment(*state.fleet.FindEnvironment(resource.name))
              .config;
      return ReplaceTags(tags, config);
    }
    case Kind::kJobQueue: {
      auto& config = state.queues[*FindQueue(state, resource.name)].config;
      return ReplaceTags(tags, config);
    }
    case Kind::kJobDefinition: {
      DefinitionRecord& record =
          state.definitions[*FindDefinition(state, resource.name)];
      EMBATCH_RETURN_IF_ERROR(ReplaceTags(tags, record.definition));
      DropPlainSpec(state.jobs, record);
      return absl::OkStatus();
    }
    case Kind::kConsumableResource: {
      auto& config = state.consumables.Find(resource.name)->config;
      return ReplaceTagsUnlimited(tags, config);
    }
    case Kind::kSchedulingPolicy: {
      auto& policy = state.policies[resource.name];
      return ReplaceTagsUnlimited(tags, policy);
    }
    case Kind::kQuotaShare: {
      const uint32_t queue = *FindQueue(state, resource.job_queue);
      QuotaQueue& quota = *state.queues[queue].quota;
      auto& config =
          quota.shares[*FindShare(state, queue, resource.name)].config;
      return ReplaceTags(tags, config);
    }
    case Kind::kServiceEnvironment: {
      auto& config = state
                         .service_environments[*FindServiceEnvironment(
                             state, resource.name)]
                         .config;
      return ReplaceTags(tags, config);
    }
    case Kind::kJob:
      state.job_tags[resource.job.slot] = tags;
      break;
  }
  return absl::OkStatus();
}

}  // namespace

const std::map<std::string, std::string>& TagsOfJob(const State& state,
                                                    uint32_t slot) {
  const auto own = state.job_tags.find(slot);
  return own != state.job_tags.end()
             ? own->second
             : state.jobs.spec(state.jobs.record(slot).spec).extras->tags;
}

absl::Status Apply(State& state, const TagResourceRequest& request) {
  const absl::StatusOr<const Tags*> before = FindTags(state, request.resource);
  EMBATCH_RETURN_IF_ERROR(before.status());
  Tags tags = request.tags;
  tags.insert((*before)->begin(), (*before)->end());
  EMBATCH_RETURN_IF_ERROR(CheckTags(tags));
  return SetTags(state, request.resource, tags);
}

absl::Status Apply(State& state, const UntagResourceRequest& request) {
  const absl::StatusOr<const Tags*> before = FindTags(state, request.resource);
  EMBATCH_RETURN_IF_ERROR(before.status());
  Tags tags = **before;
  for (const std::string& key : request.tag_keys) tags.erase(key);
  return SetTags(state, request.resource, tags);
}

absl::StatusOr<std::map<std::string, std::string>> ReadTags(
    const State& state, const ResourceName& resource) {
  const absl::StatusOr<const Tags*> tags = FindTags(state, resource);
  EMBATCH_RETURN_IF_ERROR(tags.status());
  return **tags;
}

}  // namespace embatch
