// SPDX-License-Identifier: Apache-2.0
#include "workflow.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <queue>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace workflow_replay {
namespace {

using Json = nlohmann::json;

constexpr double kRunTimeMaxS = 1e9;
constexpr int64_t kCoresMax = 1000000;

// What the run of a task was, by its id.
struct Execution {
  double run_time_s = 0;
  int64_t cores = 1;
  std::string program;
};

// Throws nlohmann::json::exception, as all that reads JSON below.
absl::flat_hash_map<std::string, Execution> ReadExecutions(const Json& tasks) {
  absl::flat_hash_map<std::string, Execution> executions;
  for (const Json& task : tasks) {
    Execution& execution = executions[task.at("id").get<std::string>()];
    execution.run_time_s = task.at("runtimeInSeconds").get<double>();
    execution.cores = task.value("coreCount", int64_t{1});
    if (task.contains("command")) {
      execution.program = task.at("command").value("program", "");
    }
  }
  return executions;
}

absl::Status Complaint(absl::string_view file, absl::string_view task,
                       absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat(file, ": task '", task, "' ", text));
}

absl::StatusOr<Task> ReadTask(const Json& specification,
                              const Execution& execution,
                              absl::string_view file) {
  Task task;
  task.id = specification.at("id").get<std::string>();
  // Pegasus and Makeflow name the program, Nextflow has a script for it.
  const std::string& program = execution.program;
  const bool word =
      !program.empty() && program.find_first_of(" \t\n") == std::string::npos;
  task.kind = word ? program : specification.value("name", task.id);
  if (!(execution.run_time_s >= 0 && execution.run_time_s <= kRunTimeMaxS)) {
    return Complaint(file, task.id,
                     absl::StrCat("has runtimeInSeconds ", execution.run_time_s,
                                  "; must be between 0 and ", kRunTimeMaxS));
  }
  task.run_time = absl::Nanoseconds(std::llround(execution.run_time_s * 1e9));
  if (execution.cores < 1 || execution.cores > kCoresMax) {
    return Complaint(file, task.id,
                     absl::StrCat("has coreCount ", execution.cores,
                                  "; must be between 1 and ", kCoresMax));
  }
  task.cores = execution.cores;
  return task;
}

absl::StatusOr<Workflow> ReadWorkflow(const Json& json,
                                      const std::string& file) {
  Workflow workflow;
  workflow.name = json.value("name", file);
  const Json& parts = json.at("workflow");
  const auto executions = ReadExecutions(parts.at("execution").at("tasks"));
  const Json& tasks = parts.at("specification").at("tasks");
  absl::flat_hash_map<std::string, size_t> index;
  for (const Json& specification : tasks) {
    const std::string id = specification.at("id").get<std::string>();
    const auto execution = executions.find(id);
    if (execution == executions.end()) {
      return Complaint(file, id, "was never executed");
    }
    absl::StatusOr<Task> task =
        ReadTask(specification, execution->second, file);
    if (!task.ok()) return task.status();
    if (!index.emplace(id, workflow.tasks.size()).second) {
      return Complaint(file, id, "is there twice");
    }
    workflow.tasks.push_back(*std::move(task));
  }
  for (size_t i = 0; i < workflow.tasks.size(); ++i) {
    Task& task = workflow.tasks[i];
    for (const Json& parent : tasks[i].at("parents")) {
      const auto found = index.find(parent.get<std::string>());
      if (found == index.end()) {
        return Complaint(file, task.id,
                         absl::StrCat("waits for '", parent.get<std::string>(),
                                      "', which is not there"));
      }
      task.parents.push_back(found->second);
    }
    std::sort(task.parents.begin(), task.parents.end());
    task.parents.erase(std::unique(task.parents.begin(), task.parents.end()),
                       task.parents.end());
  }
  if (workflow.tasks.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": has no tasks"));
  }
  if (InOrder(workflow).size() < workflow.tasks.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": tasks wait for each other in a circle"));
  }
  return workflow;
}

}  // namespace

absl::StatusOr<Workflow> ParseWorkflow(const std::string& text,
                                       const std::string& name) {
  try {
    return ReadWorkflow(Json::parse(text), name);
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", error.what()));
  }
}

std::vector<size_t> InOrder(const Workflow& workflow) {
  const std::vector<Task>& tasks = workflow.tasks;
  std::vector<std::vector<size_t>> children(tasks.size());
  std::vector<size_t> waits_for(tasks.size());
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < tasks.size(); ++i) {
    for (size_t parent : tasks[i].parents) children[parent].push_back(i);
    waits_for[i] = tasks[i].parents.size();
    if (waits_for[i] == 0) ready.push(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (size_t child : children[order.back()]) {
      if (--waits_for[child] == 0) ready.push(child);
    }
  }
  return order;
}

absl::Duration CriticalPath(const Workflow& workflow) {
  std::vector<absl::Duration> end(workflow.tasks.size());
  absl::Duration longest;
  for (size_t i : InOrder(workflow)) {
    const Task& task = workflow.tasks[i];
    for (size_t parent : task.parents) end[i] = std::max(end[i], end[parent]);
    end[i] += task.run_time;
    longest = std::max(longest, end[i]);
  }
  return longest;
}

absl::Duration WorkPerCore(const Workflow& workflow, int64_t cores) {
  absl::Duration work;
  for (const Task& task : workflow.tasks) work += task.cores * task.run_time;
  return work / cores;
}

}  // namespace workflow_replay
