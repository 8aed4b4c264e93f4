// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "embatch/container_runtime.h"
#include "embatch/ids.h"

namespace embatch {

std::string ContainerSpec::JobIdText() const {
  return num_nodes > 0 ? FormatNodeId(container.attempt.job, id_seed)
                       : FormatJobId(container.attempt.job, id_seed);
}

std::string ContainerSpec::LogStreamName() const {
  constexpr size_t kDefinitionShown = 200;
  return absl::StrCat(job_definition.substr(0, kDefinitionShown), "/",
                      container_name, "/",
                      FormatTaskId(container.attempt, id_seed));
}

void ContainerSpec::AppendEnvironment(
    std::vector<EnvironmentVariable>& out) const {
  out.insert(out.end(), environment.begin(), environment.end());
  out.push_back({"AWS_BATCH_JOB_ID", JobIdText()});
  out.push_back(
      {"AWS_BATCH_JOB_ATTEMPT", absl::StrCat(container.attempt.number)});
  out.push_back({"AWS_BATCH_CE_NAME", std::string(compute_environment)});
  out.push_back({"AWS_BATCH_JQ_NAME", std::string(job_queue)});
  if (array_size > 0) {
    out.push_back({"AWS_BATCH_JOB_ARRAY_INDEX",
                   absl::StrCat(container.attempt.job.child)});
    out.push_back({"AWS_BATCH_JOB_ARRAY_SIZE", absl::StrCat(array_size)});
  }
  if (num_nodes == 0) return;
  const int32_t node = container.attempt.job.child;
  out.push_back({"AWS_BATCH_JOB_NODE_INDEX", absl::StrCat(node)});
  out.push_back({"AWS_BATCH_JOB_NUM_NODES", absl::StrCat(num_nodes)});
  out.push_back({"AWS_BATCH_JOB_MAIN_NODE_INDEX", absl::StrCat(main_node)});
  // Source: guide "Job environment variables"; the main node has it not.
  if (node != main_node) {
    out.push_back({"AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS",
                   std::string(main_node_address)});
  }
}

}  // namespace embatch
