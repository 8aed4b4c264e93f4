// SPDX-License-Identifier: Apache-2.0
#include "tests/support/vocabulary.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace embatch {
namespace {

template <typename T>
T OfAttempt(const std::vector<T>& values, int attempt, T otherwise) {
  if (values.empty()) return otherwise;
  const size_t index = static_cast<size_t>(std::max(attempt, 1)) - 1;
  return values[std::min(index, values.size() - 1)];
}

}  // namespace

ContainerFate FatePlan::Of(int attempt) const {
  ContainerFate result = fate;
  result.exit_code = OfAttempt(exit_codes, attempt, fate.exit_code);
  result.run_time = OfAttempt(run_times, attempt, fate.run_time);
  if (failing_starts > 0) {
    result.start_fails = attempt <= failing_starts;
    if (!result.start_fails) result.reason.clear();
  }
  return result;
}

JobWord Nodes(int32_t nodes, int32_t main_node) {
  return [=](JobPlan& plan) {
    plan.request.job_definition = absl::StrCat("nodes-", main_node);
    if (!plan.request.node_overrides) plan.request.node_overrides.emplace();
    plan.request.node_overrides->num_nodes = nodes;
  };
}

EnvironmentWord Offers(std::string type, int64_t vcpus, int64_t memory_mib,
                       int64_t price_microdollars_per_hour) {
  return [=](EnvironmentPlan& plan) {
    // Types of the catalogue that the provider has by itself.
    static const auto* const standard =
        new std::vector<InstanceType>(SimulatedInstanceTypes());
    std::vector<InstanceType>& types = plan.provider.instance_types;
    if (types == *standard) types.clear();
    types.push_back(
        {type, Resources::Of(vcpus, memory_mib), price_microdollars_per_hour});
  };
}

}  // namespace embatch
