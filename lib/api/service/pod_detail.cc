// SPDX-License-Identifier: Apache-2.0
#include "lib/api/service/pod_detail.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/api/service/amounts.h"
#include "lib/api/service/attempt_detail.h"
#include "lib/api/service/container_conversion.h"
#include "lib/api/service/eks_conversion.h"

namespace embatch {
namespace api {
namespace {

// What the submission changed of a container; nothing: null. A name that is
// left out means the first one.
const EksContainerOverride* ChangeOf(const EksContainerOverrideList& overrides,
                                     absl::string_view name, bool is_first) {
  for (const EksContainerOverride& one : overrides.items()) {
    if (one.name() == name || (one.name().empty() && is_first)) return &one;
  }
  return nullptr;
}

// Placeholders are replaced within elements, so their number stays.
template <typename Container>
void PrintCommand(const ContainerView& view, const EksContainerOverride* change,
                  Container& container) {
  const StringList& entrypoint =
      change != nullptr && change->command().items_size() > 0
          ? change->command()
          : container.command();
  const size_t split = std::min(static_cast<size_t>(entrypoint.items_size()),
                                view.command.size());
  container.clear_command();
  container.clear_args();
  if (split > 0) {
    PrintStrings(view.command.subspan(0, split), *container.mutable_command());
  }
  if (split < view.command.size()) {
    PrintStrings(view.command.subspan(split), *container.mutable_args());
  }
}

template <typename Map>
const std::string* Find(const Map& map, const std::string& name) {
  const auto found = map.entries().find(name);
  return found == map.entries().end() ? nullptr : &found->second;
}

// An amount that the submission names is its alone, as the scheduler has it.
void Replace(const std::string& name,
             const EksContainerResourceRequirements& change,
             EksContainerResourceRequirements& resources) {
  const std::string* limit = Find(change.limits(), name);
  const std::string* request = Find(change.requests(), name);
  if (limit == nullptr && request == nullptr) return;
  if (resources.has_limits()) {
    resources.mutable_limits()->mutable_entries()->erase(name);
  }
  if (resources.has_requests()) {
    resources.mutable_requests()->mutable_entries()->erase(name);
  }
  if (limit != nullptr) {
    (*resources.mutable_limits()->mutable_entries())[name] = *limit;
  }
  if (request != nullptr) {
    (*resources.mutable_requests()->mutable_entries())[name] = *request;
  }
}

// A submission without this API has no document: where the scheduler counts
// something else than the resources ask for, that is shown.
void ShowCounted(const std::string& name, int64_t asked, int64_t counted,
                 std::string text,
                 EksContainerResourceRequirements& resources) {
  if (asked == counted) return;
  if (Find(resources.requests(), name) != nullptr) {
    (*resources.mutable_requests()->mutable_entries())[name] = std::move(text);
    resources.mutable_limits()->mutable_entries()->erase(name);
  } else {
    (*resources.mutable_limits()->mutable_entries())[name] = std::move(text);
  }
}

// What resources ask for by name, in the scheduler's units.
int64_t Asked(const EksContainerResourceRequirements& resources,
              const std::string& name) {
  const std::string* text = Find(resources.requests(), name);
  if (text == nullptr) text = Find(resources.limits(), name);
  if (text == nullptr) return 0;
  if (name == "cpu") return ReadThousandths(*text).value_or(0);
  return ReadWhole(absl::StripSuffix(*text, "Mi")).value_or(0);
}

template <typename Container>
void PrintAmounts(const ContainerView& view, const EksContainerOverride* change,
                  Container& container) {
  // Read first: nothing is made where there is nothing.
  EksContainerResourceRequirements resources = container.resources();
  if (change != nullptr) {
    for (const char* name : {"cpu", "memory", "nvidia.com/gpu"}) {
      Replace(name, change->resources(), resources);
    }
  }
  const Resources& counted = view.resources;
  ShowCounted("cpu", Asked(resources, "cpu"), counted.vcpu_milli,
              PrintThousandths(counted.vcpu_milli), resources);
  ShowCounted("memory", Asked(resources, "memory"), counted.memory_mib,
              absl::StrCat(counted.memory_mib, "Mi"), resources);
  ShowCounted("nvidia.com/gpu", Asked(resources, "nvidia.com/gpu"),
              counted.gpus, absl::StrCat(counted.gpus), resources);
  if (resources.has_limits() || resources.has_requests()) {
    *container.mutable_resources() = resources;
  }
}

template <typename Container>
void PrintAsked(const ContainerView& view, const EksContainerOverride* change,
                Container& container) {
  container.set_image(std::string(view.image));
  PrintCommand(view, change, container);
  container.clear_env();
  PrintEksEnvironment(view.environment, *container.mutable_env());
  PrintAmounts(view, change, container);
}

// Calls `print` with each container that the scheduler and the pod both have,
// and what the submission changed of it.
template <typename Pod, typename Print>
void ForEach(const JobView& view, const EksPodPropertiesOverride& overrides,
             Pod& pod, Print print) {
  int next_container = 0;
  int next_init = 0;
  for (const ContainerView& from : view.containers) {
    auto& list = from.is_init ? *pod.mutable_init_containers()
                              : *pod.mutable_containers();
    int& next = from.is_init ? next_init : next_container;
    if (next >= list.items_size()) continue;
    const EksContainerOverride* change = ChangeOf(
        from.is_init ? overrides.init_containers() : overrides.containers(),
        from.name, next == 0);
    print(from, change, *list.mutable_items(next));
    ++next;
  }
}

}  // namespace

void PrintPod(const Context& context, const JobView& view,
              const LatestAttempt& latest,
              const EksPodPropertiesOverride& overrides,
              EksPodPropertiesDetail& detail) {
  ForEach(view, overrides, detail,
          [](const ContainerView& from, const EksContainerOverride* change,
             EksContainerDetail& to) {
            PrintAsked(from, change, to);
            if (from.exit_code.has_value()) to.set_exit_code(*from.exit_code);
            if (!from.reason.empty()) to.set_reason(std::string(from.reason));
          });
  if (overrides.has_metadata()) {
    detail.mutable_metadata()->MergeFrom(overrides.metadata());
  }
  if (latest.number == 0) return;
  detail.set_pod_name(PodName(context, view, latest.number));
  if (view.instance.number != 0) detail.set_node_name(NodeName(view.instance));
}

void PrintPodOfNodes(const JobView& node,
                     const EksPodPropertiesOverride& overrides,
                     EksPodProperties& pod) {
  ForEach(node, overrides, pod,
          [](const ContainerView& from, const EksContainerOverride* change,
             EksContainer& to) { PrintAsked(from, change, to); });
  if (overrides.has_metadata()) {
    pod.mutable_metadata()->MergeFrom(overrides.metadata());
  }
}

}  // namespace api
}  // namespace embatch
