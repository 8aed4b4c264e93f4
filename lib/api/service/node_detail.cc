// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/node_detail.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/conversion.h"
#include "lib/api/service/pod_detail.h"

namespace embatch {
namespace api {
namespace {

// The first and last node of a range, which the scheduler has checked.
// Source: API NodeRangeProperty.targetNodes.
struct Range {
  int first = 0;
  int last = 0;
};
Range ReadRange(absl::string_view text, int num_nodes) {
  Range range = {0, num_nodes - 1};
  const size_t colon = text.find(':');
  const absl::string_view begin = text.substr(0, colon);
  int number = 0;
  if (absl::SimpleAtoi(begin, &number)) range.first = number;
  if (colon == absl::string_view::npos) return {range.first, range.first};
  if (absl::SimpleAtoi(text.substr(colon + 1), &number)) {
    range.last = std::min(number, range.last);
  }
  return range;
}

// Which of the ranges a node is of: the narrowest that has it; -1: none.
int RangeOf(const NodeProperties& properties, int node, int num_nodes) {
  int best = -1;
  int width = num_nodes + 1;
  const auto& ranges = properties.node_range_properties().items();
  for (int i = 0; i < ranges.size(); ++i) {
    const Range range = ReadRange(ranges[i].target_nodes(), num_nodes);
    if (node < range.first || node > range.last) continue;
    if (range.last - range.first >= width) continue;
    width = range.last - range.first;
    best = i;
  }
  return best;
}

// What the submission changed of a range. A submission without this API has no
// document: then what the scheduler holds is shown, and nothing else.
const NodePropertyOverride& ChangeOf(const SubmitJobRequest& submission,
                                     const std::string& target_nodes) {
  for (const NodePropertyOverride& change :
       submission.node_overrides().node_property_overrides().items()) {
    if (change.target_nodes() == target_nodes) return change;
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
    ShowChanges(*of_node, ChangeOf(submission, item.target_nodes()), item);
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
            ChangeOf(submission, range.target_nodes()), detail);
}

}  // namespace api
}  // namespace embatch
