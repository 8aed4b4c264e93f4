// SPDX-License-Identifier: Apache-2.0
#include "arrays.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace workflow_replay {
namespace {

using Tasks = std::vector<size_t>;

// Where a task went.
struct Place {
  size_t job = 0;
  int32_t child = -1;
};

class Planner {
 public:
  Planner(const Workflow& workflow, bool arrays)
      : tasks_(workflow.tasks),
        order_(InOrder(workflow)),
        arrays_(arrays),
        places_(tasks_.size()) {}

  std::vector<PlannedJob> Plan() {
    // Tasks of one level never wait for each other, so that whole levels can be
    // planned one after the other.
    for (const Tasks& level : Levels()) PlanLevel(level);
    return std::move(plan_);
  }

 private:
  std::vector<Tasks> Levels() const {
    if (!arrays_) {
      std::vector<Tasks> levels;
      for (size_t task : order_) levels.push_back({task});
      return levels;
    }
    std::vector<size_t> depth(tasks_.size());
    std::vector<Tasks> levels;
    for (size_t task : order_) {
      for (size_t parent : tasks_[task].parents) {
        depth[task] = std::max(depth[task], depth[parent] + 1);
      }
      levels.resize(std::max(levels.size(), depth[task] + 1));
      levels[depth[task]].push_back(task);
    }
    return levels;
  }

  void PlanLevel(const Tasks& level) {
    // Like tasks ask for equal room. First those that wait for the same.
    std::map<std::tuple<std::string, int64_t, Tasks>, Tasks> like;
    for (size_t task : level) {
      const Task& t = tasks_[task];
      like[{t.kind, t.cores, t.parents}].push_back(task);
    }
    std::vector<Tasks> groups;
    // With one parent, by its job.
    std::map<std::tuple<std::string, int64_t, size_t>, Tasks> single;
    for (auto& [key, group] : like) {
      const Tasks& parents = std::get<2>(key);
      if (group.size() == 1 && parents.size() == 1) {
        const size_t job = places_[parents[0]].job;
        single[{std::get<0>(key), std::get<1>(key), job}].push_back(group[0]);
      } else {
        groups.push_back(std::move(group));
      }
    }
    // Then those each of which waits for its own child of one array.
    for (auto& [key, group] : single) {
      std::sort(group.begin(), group.end());
      if (TakeAllOf(plan_[std::get<2>(key)].tasks, group)) {
        AddNToN(group, std::get<2>(key));
      } else {
        for (size_t task : group) groups.push_back({task});
      }
    }
    std::sort(groups.begin(), groups.end());
    for (const Tasks& group : groups) {
      PlannedJob job;
      job.tasks = group;
      job.depends_on = DependenciesOn(tasks_[group[0]].parents);
      Add(std::move(job));
    }
  }

  // Whether the tasks, each of which has one parent, share out an array: one
  // child each, none left over.
  bool TakeAllOf(const Tasks& array, const Tasks& group) const {
    std::set<size_t> parents;
    for (size_t task : group) parents.insert(tasks_[task].parents[0]);
    return group.size() > 1 && parents.size() == group.size() &&
           array.size() == group.size();
  }

  void AddNToN(const Tasks& group, size_t array) {
    PlannedJob job;
    job.tasks.resize(group.size());
    for (size_t task : group) {
      const Place& parent = places_[tasks_[task].parents[0]];
      job.tasks[static_cast<size_t>(parent.child)] = task;
    }
    job.depends_on = {{array, -1, true}};
    Add(std::move(job));
  }

  // A whole array where all its children are waited for.
  std::vector<JobDependency> DependenciesOn(const Tasks& parents) const {
    std::map<size_t, std::vector<int32_t>> jobs;
    for (size_t parent : parents) {
      jobs[places_[parent].job].push_back(places_[parent].child);
    }
    std::vector<JobDependency> depends_on;
    for (const auto& [job, children] : jobs) {
      if (children.size() == plan_[job].tasks.size()) {
        depends_on.push_back({job, -1, false});
        continue;
      }
      for (int32_t child : children) depends_on.push_back({job, child, false});
    }
    return depends_on;
  }

  void Add(PlannedJob job) {
    for (size_t i = 0; i < job.tasks.size(); ++i) {
      places_[job.tasks[i]] = {
          plan_.size(), job.tasks.size() > 1 ? static_cast<int32_t>(i) : -1};
    }
    plan_.push_back(std::move(job));
  }

  const std::vector<Task>& tasks_;
  Tasks order_;
  bool arrays_;
  std::vector<Place> places_;  // by task
  std::vector<PlannedJob> plan_;
};

}  // namespace

std::vector<PlannedJob> PlanJobs(const Workflow& workflow, bool arrays) {
  return Planner(workflow, arrays).Plan();
}

}  // namespace workflow_replay
