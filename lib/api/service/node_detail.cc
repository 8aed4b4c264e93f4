// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/node_detail.h"

#include <algorithm>
#include <string>
#include <vector>

#include "embatch/node_range.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/pod_detail.h"

namespace embatch {
namespace api {
namespace {

// The scheduler has checked it.
NodeRange ReadRange(const std::string& text, int num_nodes) {
  return ParseNodeRange(text, num_nodes).value_or(NodeRange());
}

// Which of the ranges a node is of: the narrowest that has it; -1: none.
int RangeOf(const NodeProperties& properties, int node, int num_nodes) {
  int best = -1;
  int width = num_nodes + 1;
  const auto& ranges = properties.node_range_properties().items();
  for (int i = 0; i < ranges.size(); ++i) {
    NodeRange range = ReadRange(ranges[i].target_nodes(), num_nodes);
    range.last = std::min(range.last, num_nodes - 1);
    if (node < range.first || node > range.last) continue;
    if (range.size() >= width) continue;
    width = range.size();
    best = i;
  }
  return best;
}

// What the submission changed of a range. What a range means counts, among as
// many nodes as the definition has, and not how it is written. A submission
// without this API has no document: then what the scheduler holds is shown, and
// nothing else.
const NodePropertyOverride& ChangeOf(const SubmitJobRequest& submission,
                                     const std::string& target_nodes,
                                     int nodes_of_definition) {
  const NodeRange range = ReadRange(target_nodes, nodes_of_definition);
  for (const NodePropertyOverride& change :
       submission.node_overrides().node_property_overrides().items()) {
    if (ReadRange(change.target_nodes(), nodes_of_definition).IsSame(range)) {
      return change;
    }
  }
  return NodePropertyOverride::default_instance();
}

const EksPodPropertiesOverride& PodOf(const NodePropertyOverride& change) {
  return change.eks_properties_override().pod_properties();
}

void PrintNode(const Context& context, const JobView& view,
               const LatestAttempt& latest, const NodeRangeProperty& range,
               const NodePropertyOverride& change, JobDetail& detail) {
  NodeDetails& node = *detail.mutable_node_details();
  node.set_node_index(view.job.child);
  node.set_is_main_node(view.is_main_node());
  if (range.has_ecs_properties()) {
    detail.mutable_container();
    *detail.mutable_ecs_properties() = DetailOf(range.ecs_properties());
    PrintTask(context, view, latest,
              *detail.mutable_ecs_properties()
                   ->mutable_task_properties()
                   ->mutable_items(0));
  } else if (range.has_eks_properties()) {
    *detail.mutable_eks_properties() = DetailOf(range.eks_properties());
    PrintPod(context, view, latest, PodOf(change),
             *detail.mutable_eks_properties()->mutable_pod_properties());
  } else {
    ContainerDetail& container = *detail.mutable_container();
    container = DetailOf(range.container());
    PrintContainer(context, view, latest, container);
    if (change.container_overrides().has_instance_type()) {
      container.set_instance_type(change.container_overrides().instance_type());
    }
  }
}

// A range as the submission left it; `node` is one of its nodes.
void ShowChanges(const JobView& node, const NodePropertyOverride& change,
                 NodeRangeProperty& range) {
  if (range.has_container()) {
    PrintContainerOfNodes(node, *range.mutable_container());
    if (change.container_overrides().has_instance_type()) {
      range.mutable_container()->set_instance_type(
          change.container_overrides().instance_type());
    }
  } else if (range.has_ecs_properties()) {
    PrintTaskOfNodes(node, *range.mutable_ecs_properties()
                                ->mutable_task_properties()
                                ->mutable_items(0));
  } else if (range.has_eks_properties()) {
    PrintPodOfNodes(node, PodOf(change),
                    *range.mutable_eks_properties()->mutable_pod_properties());
  }
  if (change.has_instance_types()) {
    *range.mutable_instance_types() = change.instance_types();
  }
  // Merged by the scheduler: either side may name a resource by its ARN.
  if (change.has_consumable_resource_properties_override() &&
      !node.consumable_resources.empty()) {
    range.clear_consumable_resource_properties();
    PrintConsumables(node.consumable_resources,
                     *range.mutable_consumable_resource_properties());
  }
}

void PrintRanges(const Context& context, const JobView& view,
                 const SubmitJobRequest& submission,
                 NodeProperties& properties) {
  const int nodes_of_definition = properties.num_nodes();
  properties.set_num_nodes(view.num_nodes);
  properties.set_main_node(view.main_node);
  auto& ranges = *properties.mutable_node_range_properties();
  std::vector<bool> shown(static_cast<size_t>(ranges.items_size()));
  for (int node = 0; node < view.num_nodes; ++node) {
    const int range = RangeOf(properties, node, view.num_nodes);
    if (range < 0 || shown[static_cast<size_t>(range)]) continue;
    shown[static_cast<size_t>(range)] = true;
    NodeRangeProperty& item = *ranges.mutable_items(range);
    const auto of_node = context.scheduler.DescribeJob(view.job.Child(node));
    if (!of_node.ok()) continue;
    ShowChanges(*of_node,
                ChangeOf(submission, item.target_nodes(), nodes_of_definition),
                item);
  }
}

}  // namespace

void PrintNodeContainers(const Context& context, const JobView& view,
                         const LatestAttempt& latest,
                         const KnownDefinition& known, JobDetail& detail) {
  SubmitJobRequest submission;
  ReadDocument(*view.document, submission);
  const NodeProperties& asked = known.request.node_properties();
  if (view.job.child < 0) {
    *detail.mutable_node_properties() = asked;
    PrintRanges(context, view, submission, *detail.mutable_node_properties());
    return;
  }
  const int index = RangeOf(asked, view.job.child, view.num_nodes);
  if (index < 0) return;
  const NodeRangeProperty& range = asked.node_range_properties().items(index);
  PrintNode(context, view, latest, range,
            ChangeOf(submission, range.target_nodes(), asked.num_nodes()),
            detail);
}

}  // namespace api
}  // namespace embatch
