// SPDX-License-Identifier: Apache-2.0
//
// A workflow: tasks, each of which can begin when its parents are done. Read
// from a WfCommons instance, the record of a real run.
//
// Source: https://docs.wfcommons.org (WfFormat 1.5).
#ifndef WORKFLOW_REPLAY_WORKFLOW_H_
#define WORKFLOW_REPLAY_WORKFLOW_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace workflow_replay {

struct Task {
  std::string id;
  std::string kind;             // tasks of one kind do the same to other data
  std::vector<size_t> parents;  // indices of tasks
  absl::Duration run_time;
  int64_t cores = 1;
};

struct Workflow {
  std::string name;
  std::vector<Task> tasks;  // as in the file
};

// Errors name `name` and the place in the file.
absl::StatusOr<Workflow> ParseWorkflow(const std::string& text,
                                       const std::string& name);

// The tasks in an order in which each comes after its parents; of those that
// could be next the first of the file. Shorter than the workflow if tasks wait
// for each other in a circle.
std::vector<size_t> InOrder(const Workflow& workflow);

// No schedule is shorter than either.
absl::Duration CriticalPath(const Workflow& workflow);
absl::Duration WorkPerCore(const Workflow& workflow, int64_t cores);

}  // namespace workflow_replay

#endif  // WORKFLOW_REPLAY_WORKFLOW_H_
