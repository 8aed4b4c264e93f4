// SPDX-License-Identifier: Apache-2.0
//
// Which tasks of a workflow make an array job, as somebody would write the
// workflow for AWS Batch: a wide level of like tasks is one array, and
// dependencies of like arrays go from child to child (N_TO_N).
#ifndef WORKFLOW_REPLAY_ARRAYS_H_
#define WORKFLOW_REPLAY_ARRAYS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "workflow.h"

namespace workflow_replay {

// Waits for a job that comes before it.
struct JobDependency {
  size_t job = 0;      // an index of the plan
  int32_t child = -1;  // of an array; -1: all of it
  bool n_to_n = false;
};

struct PlannedJob {
  std::vector<size_t> tasks;  // one; more: an array, by the index of the child
  std::vector<JobDependency> depends_on;
};

// Every task once, in an order in which each job comes after those it waits
// for. Without `arrays` each task is a job of its own.
std::vector<PlannedJob> PlanJobs(const Workflow& workflow, bool arrays);

}  // namespace workflow_replay

#endif  // WORKFLOW_REPLAY_ARRAYS_H_
