// SPDX-License-Identifier: Apache-2.0
//
// Texts that claim to be WfCommons instances: an error says what is wrong, and
// of what is read every task is planned once, after those it waits for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "examples/workflow_replay/arrays.h"
#include "examples/workflow_replay/workflow.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto workflow = workflow_replay::ParseWorkflow(text, "flow.json");
  if (!workflow.ok()) {
    if (workflow.status().message().empty()) std::abort();
    return 0;
  }
  for (const bool arrays : {false, true}) {
    const auto plan = workflow_replay::PlanJobs(*workflow, arrays);
    std::vector<bool> planned(workflow->tasks.size());
    size_t count = 0;
    for (size_t i = 0; i < plan.size(); ++i) {
      for (const size_t task : plan[i].tasks) {
        if (planned.at(task)) std::abort();
        planned[task] = true;
        ++count;
      }
      for (const auto& dependency : plan[i].depends_on) {
        if (dependency.job >= i) std::abort();
      }
    }
    if (count != workflow->tasks.size()) std::abort();
  }
  return 0;
}
