// SPDX-License-Identifier: Apache-2.0
//
// Multi-node definitions and submissions: each group of nodes is checked and
// merged as a definition of its own that has the group's container.
#include "embatch/node_properties.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/model/consumables.h"
#include "lib/model/container_checks.h"
#include "lib/model/node_ranges.h"
#include "lib/model/validation.h"

namespace embatch {
namespace {

constexpr char kRanges[] = "node_properties.node_range_properties";
constexpr char kOverrides[] = "node_overrides.node_property_overrides";

// `member` and what a check said of a part of it, whose path goes on.
// Parameters are the whole submission's.
absl::Status Inside(absl::string_view member, const absl::Status& status) {
  absl::string_view message = status.message();
  absl::string_view joint = ".";
  if (absl::StartsWith(message, "parameters")) return status;
  if (absl::ConsumePrefix(&message, "container_properties")) {
    // What a definition calls so is `container` in a range.
    joint = ".container";
  } else if (!message.empty() && !absl::ascii_islower(message[0])) {
    joint = ": ";  // a sentence, without a path
  }
  return absl::Status(status.code(), absl::StrCat(member, joint, message));
}

absl::Status Refused(absl::string_view member, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(member, " ", what));
}

absl::Status CheckInstanceTypes(absl::string_view member,
                                const std::vector<std::string>& types) {
  if (types.size() > kNodeInstanceTypesMax) {
    return Refused(member, absl::StrCat("has ", types.size(),
                                        " entries; must have at most ",
                                        kNodeInstanceTypesMax));
  }
  if (!types.empty() && types.front().empty()) {
    return Refused(member, "has an empty entry; must name an instance type");
  }
  return absl::OkStatus();
}

// The definition of one group of nodes.
JobDefinitionOptions GroupOptions(const JobDefinitionOptions& options,
                                  const NodeRangeProperty& range) {
  JobDefinitionOptions group = options;
  group.type = JobDefinitionType::kContainer;
  group.node_properties.reset();
  group.container_properties = range.container;
  group.container_properties.instance_type.clear();
  group.ecs_properties = range.ecs_properties;
  group.eks_properties = range.eks_properties;
  group.consumable_resource_properties = range.consumable_resource_properties;
  return group;
}

// The type that a group names, or "".
const std::string& InstanceTypeOf(const NodeRangeProperty& range) {
  return range.instance_types.empty() ? range.container.instance_type
                                      : range.instance_types.front();
}

// Source: API ContainerProperties.instanceType ("All node groups in a
// multi-node parallel job must use the same instance type"). Choice: a group
// that names none uses that of the others.
absl::Status MergeInstanceType(absl::string_view member,
                               const std::string& type, std::string& common) {
  if (type.empty()) return absl::OkStatus();
  if (common.empty()) common = type;
  if (common == type) return absl::OkStatus();
  return Refused(member, absl::StrCat("is ", Quoted(type),
                                      "; all groups must use the same instance "
                                      "type, and another one has ",
                                      Quoted(common)));
}

absl::Status CheckGroup(const JobDefinitionOptions& options,
                        const NodeRangeProperty& range,
                        const std::string& member, const Limits& limits) {
  EMBATCH_RETURN_IF_ERROR(CheckInstanceTypes(
      absl::StrCat(member, ".instance_types"), range.instance_types));
  if (!range.instance_types.empty() && !range.container.instance_type.empty() &&
      range.instance_types.front() != range.container.instance_type) {
    return Refused(absl::StrCat(member, ".container.instance_type"),
                   absl::StrCat("is ", Quoted(range.container.instance_type),
                                "; must be that of instance_types, ",
                                Quoted(range.instance_types.front())));
  }
  const absl::Status status =
      CheckContainersOf(GroupOptions(options, range), limits);
  return status.ok() ? status : Inside(member, status);
}

absl::StatusOr<std::vector<NodeRange>> ParseRanges(
    const NodeProperties& properties, int32_t num_nodes) {
  std::vector<NodeRange> ranges;
  for (size_t i = 0; i < properties.node_range_properties.size(); ++i) {
    absl::StatusOr<NodeRange> range = ParseNodeRange(
        properties.node_range_properties[i].target_nodes, num_nodes);
    if (!range.ok()) {
      return Refused(absl::StrCat(kRanges, "[", i, "].target_nodes"),
                     range.status().message());
    }
    ranges.push_back(*range);
  }
  return ranges;
}

// The ranges of a submission that may ask for another number of nodes.
// Source: API NodeOverrides.numNodes.
absl::StatusOr<std::vector<NodeRange>> SubmittedRanges(
    const NodeProperties& properties, const NodeOverrides& overrides,
    int32_t num_nodes, const Limits& limits) {
  absl::StatusOr<std::vector<NodeRange>> ranges =
      ParseRanges(properties, num_nodes);
  if (!ranges.ok() || !overrides.num_nodes.has_value()) return ranges;
  constexpr absl::string_view kMember = "node_overrides.num_nodes";
  EMBATCH_RETURN_IF_ERROR(
      CheckRange(kMember, num_nodes, 1, limits.num_nodes_max));
  if (std::none_of(ranges->begin(), ranges->end(),
                   [](const NodeRange& range) { return range.is_open; })) {
    return Refused(kMember,
                   "is given; a range of the definition must have an open "
                   "upper boundary, such as \":\" or \"2:\"");
  }
  if (properties.main_node >= num_nodes) {
    return Refused(kMember, absl::StrCat("is ", num_nodes,
                                         "; must be greater than main_node, ",
                                         properties.main_node));
  }
  for (NodeRange& range : *ranges) {
    if (range.first >= num_nodes) {
      return Refused(kMember,
                     absl::StrCat("is ", num_nodes,
                                  "; must be greater than the lower boundary "
                                  "of every range, one of which is ",
                                  range.first));
    }
    range.last = std::min(range.last, num_nodes - 1);
  }
  return ranges;
}

// For each range of the definition its override, or nullptr.
// Source: §22, the text. Choice: what a range means counts, not how it is
// written.
absl::StatusOr<std::vector<const NodePropertyOverride*>> MatchOverrides(
    const NodeProperties& properties, const NodeOverrides& overrides) {
  absl::StatusOr<std::vector<NodeRange>> ranges =
      ParseRanges(properties, properties.num_nodes);
  EMBATCH_RETURN_IF_ERROR(ranges.status());
  std::vector<const NodePropertyOverride*> matched(ranges->size());
  std::vector<absl::string_view> unmatched;
  for (size_t i = 0; i < overrides.node_property_overrides.size(); ++i) {
    const NodePropertyOverride& entry = overrides.node_property_overrides[i];
    const std::string member = absl::StrCat(kOverrides, "[", i, "]");
    const absl::StatusOr<NodeRange> range =
        ParseNodeRange(entry.target_nodes, properties.num_nodes);
    if (!range.ok()) {
      return Refused(absl::StrCat(member, ".target_nodes"),
                     range.status().message());
    }
    EMBATCH_RETURN_IF_ERROR(CheckInstanceTypes(
        absl::StrCat(member, ".instance_types"), entry.instance_types));
    const auto found = std::find_if(
        ranges->begin(), ranges->end(),
        [&range](const NodeRange& other) { return other.IsSame(*range); });
    if (found == ranges->end()) {
      unmatched.push_back(entry.target_nodes);
      continue;
    }
    const NodePropertyOverride*& place =
        matched[static_cast<size_t>(found - ranges->begin())];
    if (place != nullptr) {
      return Refused(absl::StrCat(member, ".target_nodes"),
                     absl::StrCat("is ", Quoted(entry.target_nodes),
                                  "; another entry has that range"));
    }
    place = &entry;
  }
  if (unmatched.empty()) return matched;
  return absl::InvalidArgumentError(
      absl::StrCat("NodeOverride targets should match job definition. Non "
                   "matching targets - ",
                   absl::StrJoin(unmatched, ", ")));
}

// The submission as it looks to one group of nodes.
SubmitJobRequest GroupRequest(const SubmitJobRequest& request,
                              const NodePropertyOverride* entry) {
  SubmitJobRequest group = request;
  group.node_overrides.reset();
  group.consumable_resource_properties_override = {};
  if (entry == nullptr) return group;
  group.container_overrides = entry->container_overrides;
  group.container_overrides.instance_type.clear();
  group.ecs_properties_override = entry->ecs_properties_override;
  group.eks_properties_override = entry->eks_properties_override;
  group.consumable_resource_properties_override =
      entry->consumable_resource_properties_override;
  return group;
}

// What the job needs of consumable resources.
// Source: API NodeRangeProperty.consumableResourceProperties; §18, the sum over
// the nodes. Choice: what the definition or the submission names beside its
// nodes is needed once.
absl::StatusOr<std::vector<ConsumableResourceRequirement>> SumOfConsumables(
    const JobDefinitionOptions& options, const SubmitJobRequest& request,
    const std::vector<JobSpec>& groups, const std::vector<uint8_t>& node_groups,
    const Limits& limits) {
  const std::vector<ConsumableResourceRequirement>& submitted =
      request.consumable_resource_properties_override.consumable_resource_list;
  EMBATCH_RETURN_IF_ERROR(CheckConsumableResources(
      "consumable_resource_properties_override.consumable_resource_list",
      submitted, limits));
  std::map<std::string, absl::int128> sums;
  for (const auto& need : MergedConsumableResources(
           options.consumable_resource_properties.consumable_resource_list,
           submitted)) {
    sums[need.consumable_resource] = need.quantity;
  }
  for (uint8_t group : node_groups) {
    for (const auto& need : groups[group].extras->consumables) {
      sums[need.consumable_resource] += need.quantity;
    }
  }
  std::vector<ConsumableResourceRequirement> result;
  for (const auto& [name, quantity] : sums) {
    if (quantity > kConsumableQuantityMax) {
      return Refused(kMergedConsumables,
                     absl::StrCat("has too much of ", Quoted(name),
                                  ", summed over all nodes; must be at most ",
                                  kConsumableQuantityMax));
    }
    result.push_back({name, static_cast<int64_t>(quantity)});
  }
  EMBATCH_RETURN_IF_ERROR(
      CheckConsumableResources(kMergedConsumables, result, limits));
  return result;
}

// An override's type, or the definition's.
const std::string& InstanceTypeOf(const NodeRangeProperty& range,
                                  const NodePropertyOverride* entry) {
  if (entry != nullptr && !entry->instance_types.empty()) {
    return entry->instance_types.front();
  }
  if (entry != nullptr && !entry->container_overrides.instance_type.empty()) {
    return entry->container_overrides.instance_type;
  }
  return InstanceTypeOf(range);
}

}  // namespace

absl::Status CheckNodeProperties(const JobDefinitionOptions& options,
                                 LimitsProfile profile) {
  const Limits& limits = LimitsOf(profile);
  // Source: API RegisterJobDefinition.type ("Multi-node parallel jobs aren't
  // supported on Fargate").
  if (std::find(options.platform_capabilities.begin(),
                options.platform_capabilities.end(),
                PlatformCapability::kFargate) !=
      options.platform_capabilities.end()) {
    return Refused("platform_capabilities",
                   "has FARGATE; must not when type is multinode");
  }
  const NodeProperties& properties = *options.node_properties;
  EMBATCH_RETURN_IF_ERROR(CheckRange("node_properties.num_nodes",
                                     properties.num_nodes, 1,
                                     limits.num_nodes_max));
  EMBATCH_RETURN_IF_ERROR(CheckRange("node_properties.main_node",
                                     properties.main_node, 0,
                                     properties.num_nodes - 1));
  const size_t groups = properties.node_range_properties.size();
  if (groups < 1 || groups > static_cast<size_t>(limits.node_groups_max)) {
    return Refused(kRanges,
                   absl::StrCat("has ", groups, " entries; must have 1 to ",
                                limits.node_groups_max));
  }
  const absl::StatusOr<std::vector<NodeRange>> ranges =
      ParseRanges(properties, properties.num_nodes);
  EMBATCH_RETURN_IF_ERROR(ranges.status());
  std::string instance_type;
  for (size_t i = 0; i < groups; ++i) {
    const std::string member = absl::StrCat(kRanges, "[", i, "]");
    const NodeRangeProperty& range = properties.node_range_properties[i];
    if ((*ranges)[i].last >= properties.num_nodes ||
        (*ranges)[i].first >= properties.num_nodes) {
      return Refused(
          absl::StrCat(member, ".target_nodes"),
          absl::StrCat("is ", Quoted(range.target_nodes),
                       "; must lie below num_nodes, ", properties.num_nodes));
    }
    // Choice: all nodes are in one environment, so they are all pods or none.
    const bool is_pod = range.eks_properties.has_value();
    if (is_pod !=
        properties.node_range_properties.front().eks_properties.has_value()) {
      return Refused(absl::StrCat(member, ".eks_properties"),
                     absl::StrCat("is ", is_pod ? "given" : "absent",
                                  "; must be given in all groups or in none"));
    }
    EMBATCH_RETURN_IF_ERROR(CheckGroup(options, range, member, limits));
    EMBATCH_RETURN_IF_ERROR(
        MergeInstanceType(absl::StrCat(member, ".instance_types"),
                          InstanceTypeOf(range), instance_type));
  }
  const absl::Status status =
      RangeOfEachNode(*ranges, properties.num_nodes).status();
  return status.ok() ? status : Refused(kRanges, status.message());
}

absl::StatusOr<JobSpec> MakeMultiNodeSpec(const JobDefinition& definition,
                                          uint32_t definition_index,
                                          const SubmitJobRequest& request,
                                          const Limits& limits) {
  const absl::string_view foreign =
      request.container_overrides != ContainerOverrides()
          ? "container_overrides"
      : request.ecs_properties_override.has_value() ? "ecs_properties_override"
      : request.eks_properties_override.has_value() ? "eks_properties_override"
                                                    : "";
  if (!foreign.empty()) {
    return Refused(foreign,
                   "is given; a multi-node job is changed by node_overrides");
  }
  const JobDefinitionOptions& options = definition.options();
  const NodeProperties& properties = *options.node_properties;
  const NodeOverrides overrides =
      request.node_overrides.value_or(NodeOverrides());
  const int32_t num_nodes = overrides.num_nodes.value_or(properties.num_nodes);
  const absl::StatusOr<std::vector<NodeRange>> ranges =
      SubmittedRanges(properties, overrides, num_nodes, limits);
  EMBATCH_RETURN_IF_ERROR(ranges.status());
  absl::StatusOr<std::vector<uint8_t>> groups =
      RangeOfEachNode(*ranges, num_nodes);
  if (!groups.ok()) {
    // The definition has been checked with its own number of nodes.
    return Refused("node_overrides.num_nodes",
                   absl::StrCat("is ", num_nodes, "; the job definition then ",
                                groups.status().message()));
  }
  const absl::StatusOr<std::vector<const NodePropertyOverride*>> matched =
      MatchOverrides(properties, overrides);
  EMBATCH_RETURN_IF_ERROR(matched.status());

  std::vector<JobSpec> specs;
  std::string instance_type;
  for (size_t i = 0; i < ranges->size(); ++i) {
    const NodeRangeProperty& range = properties.node_range_properties[i];
    EMBATCH_RETURN_IF_ERROR(
        MergeInstanceType(absl::StrCat(kOverrides, ".instance_types"),
                          InstanceTypeOf(range, (*matched)[i]), instance_type));
    // Checked when it was registered; another profile can't come in between.
    absl::StatusOr<JobDefinition> group = JobDefinition::Create(
        GroupOptions(options, range), LimitsProfile::kUnlimited);
    EMBATCH_RETURN_IF_ERROR(group.status());
    absl::StatusOr<JobSpec> spec = MakeGroupSpec(
        *group, definition_index, GroupRequest(request, (*matched)[i]), limits);
    if (!spec.ok()) {
      const NodePropertyOverride* entry = (*matched)[i];
      return Inside(
          entry == nullptr
              ? absl::StrCat(kRanges, "[", i, "]")
              : absl::StrCat(kOverrides, "[",
                             entry - overrides.node_property_overrides.data(),
                             "]"),
          spec.status());
    }
    JobSpecExtras extras = *spec->extras;
    extras.image = range.container.image;
    spec->extras = Rare<JobSpecExtras>(std::move(extras));
    specs.push_back(*std::move(spec));
  }
  EMBATCH_RETURN_IF_ERROR(CheckWholeJob(definition, request, limits));
  JobSpec result = specs[(*groups)[static_cast<size_t>(properties.main_node)]];
  for (const JobSpec& group : specs) {
    if (result.launch_rejection == LaunchRejection::kNone) {
      result.launch_rejection = group.launch_rejection;
    }
  }
  absl::StatusOr<std::vector<ConsumableResourceRequirement>> consumables =
      SumOfConsumables(options, request, specs, *groups, limits);
  EMBATCH_RETURN_IF_ERROR(consumables.status());
  JobSpecExtras extras = *result.extras;
  extras.consumables = *std::move(consumables);
  extras.groups = std::move(specs);
  extras.node_groups = *std::move(groups);
  extras.main_node = properties.main_node;
  extras.instance_type = std::move(instance_type);
  result.extras = Rare<JobSpecExtras>(std::move(extras));
  return result;
}

// Choice: every node's instance holds what the largest node needs, as one type
// is launched for all (§12.2).
Requirement RequirementOf(const JobSpec& spec) {
  Requirement need(spec.resources);
  if (!spec.extras.is_unusual()) return need;
  const JobSpecExtras& extras = *spec.extras;
  need.consumables = extras.consumables;
  need.capacity_usage = extras.capacity_usage;
  if (!spec.is_multi_node()) return need;
  for (uint8_t group : extras.node_groups) {
    const Resources& other = extras.groups[group].resources;
    need.resources.vcpu_milli =
        std::max(need.resources.vcpu_milli, other.vcpu_milli);
    need.resources.memory_mib =
        std::max(need.resources.memory_mib, other.memory_mib);
    need.resources.gpus = std::max(need.resources.gpus, other.gpus);
  }
  need.nodes = static_cast<int32_t>(extras.node_groups.size());
  need.instance_type = extras.instance_type;
  return need;
}

}  // namespace embatch
