// SPDX-License-Identifier: Apache-2.0
//
// What a job definition says of the nodes of a multi-node parallel job, and
// what a submission may change of it.
//
//   options.type = JobDefinitionType::kMultinode;
//   options.node_properties.emplace();
//   options.node_properties->num_nodes = 4;
//   options.node_properties->main_node = 0;
//   options.node_properties->node_range_properties = {everyone, leader};
//
// A range of nodes is written as AWS does: "2:5" (both included), ":5" (from
// 0), "2:" (to the last), ":" (all) or "2". Together the ranges name every
// node. One may lie inside another: then the narrower one counts.
//
// Source: API NodeProperties, NodeRangeProperty, NodeOverrides,
// NodePropertyOverride; guide "Multi-node parallel jobs"; §12.1.
#ifndef EMBATCH_NODE_PROPERTIES_H_
#define EMBATCH_NODE_PROPERTIES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "embatch/consumable_resource.h"
#include "embatch/container_overrides.h"
#include "embatch/container_properties.h"
#include "embatch/fields.h"

namespace embatch {

// A group of nodes that are alike.
// Source: API NodeRangeProperty.
struct NodeRangeProperty {
  std::string target_nodes;
  // Exactly one of these, for each node its task; `container` counts as given
  // when anything is set in it.
  ContainerProperties container;
  std::optional<EcsProperties> ecs_properties;
  std::optional<EksProperties> eks_properties;
  // At most one. Every group that names a type names the same.
  std::vector<std::string> instance_types;
  // What each node of the group needs: the job needs the sum over its nodes,
  // and what the definition itself names once.
  ConsumableResourceProperties consumable_resource_properties;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.target_nodes, self.container, self.ecs_properties,
                 self.eks_properties, self.instance_types,
                 self.consumable_resource_properties);
  }
};

// Source: API NodeProperties.
struct NodeProperties {
  int32_t num_nodes = 0;                                 // 1..1000
  int32_t main_node = 0;                                 // below num_nodes
  std::vector<NodeRangeProperty> node_range_properties;  // 1..5

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.num_nodes, self.main_node, self.node_range_properties);
  }
};

// Source: API NodePropertyOverride.
struct NodePropertyOverride {
  std::string target_nodes;  // one of the definition's ranges
  // That of the kind that the range has.
  ContainerOverrides container_overrides;
  std::optional<EcsPropertiesOverride> ecs_properties_override;
  std::optional<EksPropertiesOverride> eks_properties_override;
  std::vector<std::string> instance_types;  // at most one; replaces
  // Merged by resource, for each node of the group.
  ConsumableResourceProperties consumable_resource_properties_override;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.target_nodes, self.container_overrides,
                 self.ecs_properties_override, self.eks_properties_override,
                 self.instance_types,
                 self.consumable_resource_properties_override);
  }
};

// Source: API NodeOverrides.
struct NodeOverrides {
  // Needs a range that is open at its end. The lower bound of every range, and
  // main_node, must be below it.
  std::optional<int32_t> num_nodes;
  std::vector<NodePropertyOverride> node_property_overrides;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.num_nodes, self.node_property_overrides);
  }
};

}  // namespace embatch

#endif  // EMBATCH_NODE_PROPERTIES_H_
