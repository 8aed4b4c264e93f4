// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/node_conversion.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/ecs_conversion.h"
#include "lib/api/service/eks_conversion.h"

namespace embatch {
namespace api {
namespace {

absl::StatusOr<embatch::NodeRangeProperty> ReadRange(
    absl::string_view member, const NodeRangeProperty& message,
    const ArnScope& scope) {
  const int given = static_cast<int>(message.has_container()) +
                    static_cast<int>(message.has_ecs_properties()) +
                    static_cast<int>(message.has_eks_properties());
  if (given > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        member, " has ", given,
        " of container, ecsProperties and eksProperties; must have exactly "
        "one"));
  }
  embatch::NodeRangeProperty range;
  range.target_nodes = message.target_nodes();
  range.instance_types = Strings(message.instance_types());
  if (message.has_container()) {
    auto container =
        ReadContainer(absl::StrCat(member, ".container"), message.container());
    if (!container.ok()) return container.status();
    range.container = *std::move(container);
  }
  if (message.has_ecs_properties()) {
    auto ecs = ReadEcs(absl::StrCat(member, ".ecsProperties"),
                       message.ecs_properties());
    if (!ecs.ok()) return ecs.status();
    range.ecs_properties = *std::move(ecs);
  }
  if (message.has_eks_properties()) {
    auto eks = ReadEks(absl::StrCat(member, ".eksProperties"),
                       message.eks_properties());
    if (!eks.ok()) return eks.status();
    range.eks_properties = *std::move(eks);
  }
  auto consumables =
      ReadConsumables(absl::StrCat(member, ".consumableResourceProperties"),
                      message.consumable_resource_properties(), scope);
  if (!consumables.ok()) return consumables.status();
  range.consumable_resource_properties = *std::move(consumables);
  return range;
}

absl::StatusOr<embatch::NodePropertyOverride> ReadOverride(
    absl::string_view member, const NodePropertyOverride& message,
    const ArnScope& scope) {
  embatch::NodePropertyOverride result;
  result.target_nodes = message.target_nodes();
  result.instance_types = Strings(message.instance_types());
  auto container =
      ReadContainerOverrides(absl::StrCat(member, ".containerOverrides"),
                             message.container_overrides());
  if (!container.ok()) return container.status();
  result.container_overrides = *std::move(container);
  if (message.has_ecs_properties_override()) {
    auto ecs = ReadEcsOverride(absl::StrCat(member, ".ecsPropertiesOverride"),
                               message.ecs_properties_override());
    if (!ecs.ok()) return ecs.status();
    result.ecs_properties_override = *std::move(ecs);
  }
  if (message.has_eks_properties_override()) {
    auto eks = ReadEksOverride(absl::StrCat(member, ".eksPropertiesOverride"),
                               message.eks_properties_override());
    if (!eks.ok()) return eks.status();
    result.eks_properties_override = *std::move(eks);
  }
  auto consumables = ReadConsumables(
      absl::StrCat(member, ".consumableResourcePropertiesOverride"),
      message.consumable_resource_properties_override(), scope);
  if (!consumables.ok()) return consumables.status();
  result.consumable_resource_properties_override = *std::move(consumables);
  return result;
}

}  // namespace

absl::StatusOr<embatch::NodeProperties> ReadNodes(const NodeProperties& message,
                                                  const ArnScope& scope) {
  embatch::NodeProperties properties;
  properties.num_nodes = message.num_nodes();
  properties.main_node = message.main_node();
  for (int i = 0; i < message.node_range_properties().items_size(); ++i) {
    auto range =
        ReadRange(absl::StrCat("nodeProperties.nodeRangeProperties[", i, "]"),
                  message.node_range_properties().items(i), scope);
    if (!range.ok()) return range.status();
    properties.node_range_properties.push_back(*std::move(range));
  }
  return properties;
}

void PrintNodes(const embatch::NodeProperties& properties,
                NodeProperties& message) {
  message.set_num_nodes(properties.num_nodes);
  message.set_main_node(properties.main_node);
  for (const embatch::NodeRangeProperty& range :
       properties.node_range_properties) {
    NodeRangeProperty& to =
        *message.mutable_node_range_properties()->add_items();
    to.set_target_nodes(range.target_nodes);
    if (range.ecs_properties.has_value()) {
      PrintEcs(*range.ecs_properties, *to.mutable_ecs_properties());
    } else if (range.eks_properties.has_value()) {
      PrintEks(*range.eks_properties, *to.mutable_eks_properties());
    } else {
      PrintContainer(range.container, *to.mutable_container());
    }
    if (!range.instance_types.empty()) {
      PrintStrings(range.instance_types, *to.mutable_instance_types());
    }
    const auto& consumables =
        range.consumable_resource_properties.consumable_resource_list;
    if (consumables.empty()) continue;
    PrintConsumables(consumables, *to.mutable_consumable_resource_properties());
  }
}

absl::StatusOr<embatch::NodeOverrides> ReadNodeOverrides(
    const NodeOverrides& message, const ArnScope& scope) {
  embatch::NodeOverrides overrides;
  if (message.has_num_nodes()) overrides.num_nodes = message.num_nodes();
  for (int i = 0; i < message.node_property_overrides().items_size(); ++i) {
    auto changed = ReadOverride(
        absl::StrCat("nodeOverrides.nodePropertyOverrides[", i, "]"),
        message.node_property_overrides().items(i), scope);
    if (!changed.ok()) return changed.status();
    overrides.node_property_overrides.push_back(*std::move(changed));
  }
  return overrides;
}

}  // namespace api
}  // namespace embatch
