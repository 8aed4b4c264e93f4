// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/node_detail.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "lib/api/service/container_conversion.h"

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

void PrintNode(const Context& context, const JobView& view,
               const LatestAttempt& latest, const NodeRangeProperty& range,
               JobDetail& detail) {
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
    PrintPod(view, *detail.mutable_eks_properties()->mutable_pod_properties());
  } else {
    *detail.mutable_container() = DetailOf(range.container());
    PrintContainer(context, view, latest, *detail.mutable_container());
  }
}

// What the submission changed of a range's container, as its nodes have it.
void ShowChanges(const JobView& node, ContainerProperties& container) {
  container.clear_command();
  PrintStrings(node.command, *container.mutable_command());
  container.clear_environment();
  PrintEnvironment(node.environment, *container.mutable_environment());
  container.clear_resource_requirements();
  PrintRequirements(node.resources, *container.mutable_resource_requirements());
}

}  // namespace

void PrintNodeContainers(const Context& context, const JobView& view,
                         const LatestAttempt& latest,
                         const KnownDefinition& known, JobDetail& detail) {
  const NodeProperties& asked = known.request.node_properties();
  if (view.job.child >= 0) {
    const int range = RangeOf(asked, view.job.child, view.num_nodes);
    if (range < 0) return;
    PrintNode(context, view, latest, asked.node_range_properties().items(range),
              detail);
    return;
  }
  NodeProperties& properties = *detail.mutable_node_properties();
  properties = asked;
  properties.set_num_nodes(view.num_nodes);
  properties.set_main_node(view.main_node);
  std::vector<bool> shown(
      static_cast<size_t>(asked.node_range_properties().items_size()));
  for (int node = 0; node < view.num_nodes; ++node) {
    const int range = RangeOf(asked, node, view.num_nodes);
    if (range < 0 || shown[static_cast<size_t>(range)]) continue;
    shown[static_cast<size_t>(range)] = true;
    NodeRangeProperty& item =
        *properties.mutable_node_range_properties()->mutable_items(range);
    const auto of_node = context.scheduler.DescribeJob(view.job.Child(node));
    if (of_node.ok() && item.has_container()) {
      ShowChanges(*of_node, *item.mutable_container());
    }
  }
}

}  // namespace api
}  // namespace embatch
