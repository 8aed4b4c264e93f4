// SPDX-License-Identifier: Apache-2.0
#include "lib/jobs/dependencies.h"

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

namespace embatch {
namespace {

absl::Status Refused(size_t index, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("depends_on[", index, "] ", what));
}

absl::Status CheckOne(const JobTable& jobs, size_t index,
                      const JobDependency& dependency, int32_t array_size) {
  if (!IsValidEnum(dependency.type)) {
    return Refused(
        index, absl::StrCat("has the type ", static_cast<int>(dependency.type),
                            "; must be N_TO_N, SEQUENTIAL or none"));
  }
  if (!IsValidEnum(dependency.condition)) {
    return Refused(index, absl::StrCat("has the condition ",
                                       static_cast<int>(dependency.condition),
                                       "; must be success, failure or "
                                       "completion"));
  }
  if (dependency.job.is_null()) {
    if (dependency.type == DependencyType::kSequential && array_size > 0) {
      return absl::OkStatus();
    }
    return Refused(index, dependency.type == DependencyType::kSequential
                              ? "is SEQUENTIAL without a job; only an array "
                                "job can depend on itself"
                              : "names no job");
  }
  const std::optional<JobKey> key = jobs.Find(dependency.job);
  if (!key.has_value()) {
    return Refused(
        index, absl::StrCat("names slot ", dependency.job.slot, ", generation ",
                            dependency.job.generation, ", child ",
                            dependency.job.child,
                            "; there is no such job (any more)"));
  }
  if (key->is_child() && jobs.record(key->slot).has_nodes) {
    return Refused(index, "names a node; must name its job");
  }
  if (dependency.type != DependencyType::kNToN) return absl::OkStatus();
  const int32_t other_size =
      key->is_child() || !jobs.record(key->slot).is_array()
          ? 0
          : jobs.array(key->slot).size;
  if (array_size > 0 && other_size == array_size) return absl::OkStatus();
  return Refused(index,
                 absl::StrCat("is N_TO_N from ", array_size, " to ", other_size,
                              " children; both jobs must be arrays of the same "
                              "size"));
}

RecordList& WaitingList(JobTable& jobs, const DependencyEdge& edge,
                        JobKey key) {
  if (edge.kind == DependencyType::kNToN) {
    return jobs.array(key.slot).paired_dependents;
  }
  if (key.is_child()) {
    return jobs.array(key.slot).child_dependents[key.child];
  }
  return jobs.record(key.slot).dependents;
}

void Hang(JobTable& jobs, uint32_t index, JobKey key) {
  DependencyEdge& edge = jobs.edges()[index];
  RecordList& list = WaitingList(jobs, edge, key);
  if (list.empty()) {
    list.first = index;
  } else {
    jobs.edges()[list.last].next_waiting = index;
  }
  list.last = index;
  edge.linked = true;
}

// Takes the first edge out of a list and marks it.
uint32_t PopFirst(JobTable& jobs, RecordList& list) {
  const uint32_t index = list.first;
  DependencyEdge& edge = jobs.edges()[index];
  list.first = edge.next_waiting;
  if (list.first == kNoIndex) list.last = kNoIndex;
  edge.next_waiting = kNoIndex;
  edge.linked = false;
  edge.resolved = true;
  return index;
}

// As PopFirst; an edge whose own job is gone goes too, and is kNoIndex.
uint32_t PopOrDrop(JobTable& jobs, RecordList& list) {
  const uint32_t index = PopFirst(jobs, list);
  if (!jobs.edges()[index].orphan) return index;
  jobs.edges().Free(index);
  return kNoIndex;
}

void Settle(JobTable& jobs, uint32_t slot, uint32_t index, JobKey key) {
  DependencyEdge& edge = jobs.edges()[index];
  JobRecord& record = jobs.record(slot);
  if (edge.kind == DependencyType::kNToN) {
    ++jobs.array(slot).paired;
    Hang(jobs, index, key);
    return;
  }
  const JobStatus status = jobs.StatusOf(key);
  if (!IsTerminal(status)) {
    ++record.unmet;
    Hang(jobs, index, key);
    return;
  }
  // Choice: §9.2, the outcome is pinned; the other record may go.
  edge.resolved = true;
  if (!IsMet(edge.dependency.condition, status == JobStatus::kSucceeded)) {
    record.dependency_failed = true;
  }
}

// Whether all SEQUENTIAL entries have the same condition.
absl::Status CheckSequential(absl::Span<const JobDependency> dependencies) {
  std::optional<DependencyCondition> condition;
  for (size_t i = 0; i < dependencies.size(); ++i) {
    if (!dependencies[i].job.is_null()) continue;
    if (condition.has_value() && *condition != dependencies[i].condition) {
      return Refused(i,
                     "is SEQUENTIAL with another condition than an entry "
                     "before it; all must have the same");
    }
    condition = dependencies[i].condition;
  }
  return absl::OkStatus();
}

// What an end, or none so far, means for one that waits for it.
ChildReadiness ReadinessAfter(DependencyCondition condition, JobStatus status) {
  if (!IsTerminal(status)) return ChildReadiness::kWaits;
  return IsMet(condition, status == JobStatus::kSucceeded)
             ? ChildReadiness::kReady
             : ChildReadiness::kDependencyFailed;
}

}  // namespace

absl::Status CheckDependencies(const JobTable& jobs,
                               absl::Span<const JobDependency> dependencies,
                               int32_t array_size, const Limits& limits) {
  if (dependencies.size() > static_cast<size_t>(limits.dependencies_max)) {
    return absl::InvalidArgumentError(
        absl::StrCat("depends_on has ", dependencies.size(),
                     " entries; must have at most ", limits.dependencies_max));
  }
  for (size_t i = 0; i < dependencies.size(); ++i) {
    EMBATCH_RETURN_IF_ERROR(CheckOne(jobs, i, dependencies[i], array_size));
  }
  return CheckSequential(dependencies);
}

void AddDependencies(JobTable& jobs, uint32_t slot,
                     absl::Span<const JobDependency> dependencies) {
  uint32_t last = kNoIndex;
  for (const JobDependency& dependency : dependencies) {
    const uint32_t index = jobs.edges().Allocate().slot;
    DependencyEdge& edge = jobs.edges()[index];
    edge.dependency = dependency;
    edge.dependent = slot;
    JobRecord& record = jobs.record(slot);
    if (last == kNoIndex) {
      record.dependencies.first = index;
    } else {
      jobs.edges()[last].next_entry = index;
    }
    record.dependencies.last = last = index;
    if (dependency.job.is_null()) {
      edge.resolved = true;
      jobs.array(slot).sequential = true;
      jobs.array(slot).sequential_condition = dependency.condition;
      continue;
    }
    // Choice: D3, SEQUENTIAL with a job is plain.
    edge.kind = dependency.type == DependencyType::kNToN
                    ? DependencyType::kNToN
                    : DependencyType::kPlain;
    Settle(jobs, slot, index, *jobs.Find(dependency.job));
  }
}

std::vector<JobDependency> SubmittedDependencies(const JobTable& jobs,
                                                 uint32_t slot) {
  std::vector<JobDependency> result;
  for (uint32_t i = jobs.record(slot).dependencies.first; i != kNoIndex;
       i = jobs.edges()[i].next_entry) {
    result.push_back(jobs.edges()[i].dependency);
  }
  return result;
}

uint32_t FirstDependent(const JobTable& jobs, const JobId& job) {
  const std::optional<JobKey> key = jobs.Find(job);
  return key.has_value() ? jobs.record(key->slot).dependents.first : kNoIndex;
}

bool HasDependents(const JobTable& jobs, JobKey key) {
  if (!key.is_child()) return !jobs.record(key.slot).dependents.empty();
  return jobs.array(key.slot).child_dependents.count(key.child) > 0;
}

uint32_t PopDependent(JobTable& jobs, JobKey key) {
  if (!key.is_child()) {
    return PopOrDrop(jobs, jobs.record(key.slot).dependents);
  }
  auto& lists = jobs.array(key.slot).child_dependents;
  const auto found = lists.find(key.child);
  const uint32_t index = PopOrDrop(jobs, found->second);
  if (found->second.empty()) lists.erase(found);
  return index;
}

uint32_t FirstPaired(const JobTable& jobs, uint32_t slot) {
  return jobs.record(slot).is_array() ? jobs.array(slot).paired_dependents.first
                                      : kNoIndex;
}

bool IsFirstPairedMet(const JobTable& jobs, uint32_t slot) {
  const uint32_t edge = FirstPaired(jobs, slot);
  return edge != kNoIndex &&
         IsMet(jobs.edges()[edge].dependency.condition, /*succeeded=*/true);
}

void ResolveFirstPaired(JobTable& jobs, uint32_t slot) {
  PopOrDrop(jobs, jobs.array(slot).paired_dependents);
}

void ResolvePaired(JobTable& jobs, uint32_t edge) {
  jobs.edges()[edge].resolved = true;
}

ChildReadiness ReadinessOf(const JobTable& jobs, JobKey child) {
  const JobRecord& record = jobs.record(child.slot);
  const ArrayRecord& array = jobs.array(child.slot);
  bool ready = record.released;
  if (array.sequential && child.child > 0) {
    const ChildReadiness before = ReadinessAfter(
        array.sequential_condition, array.states.Get(child.child - 1).status());
    if (before == ChildReadiness::kDependencyFailed) return before;
    if (before == ChildReadiness::kWaits) ready = false;
  }
  if (array.paired > 0) {
    for (uint32_t i = record.dependencies.first; i != kNoIndex;
         i = jobs.edges()[i].next_entry) {
      const DependencyEdge& edge = jobs.edges()[i];
      // When the other array ended, its failures had reached this one's
      // children before the edge was marked.
      if (edge.kind != DependencyType::kNToN || edge.resolved) continue;
      const ChildReadiness other = ReadinessAfter(
          edge.dependency.condition,
          jobs.StatusOf({edge.dependency.job.slot, child.child}));
      if (other == ChildReadiness::kDependencyFailed) return other;
      if (other == ChildReadiness::kWaits) ready = false;
    }
  }
  return ready ? ChildReadiness::kReady : ChildReadiness::kWaits;
}

bool AllChildrenWait(const JobTable& jobs, uint32_t slot) {
  bool one_untouched = false;
  for (uint32_t i = jobs.record(slot).dependencies.first; i != kNoIndex;
       i = jobs.edges()[i].next_entry) {
    const DependencyEdge& edge = jobs.edges()[i];
    if (edge.kind != DependencyType::kNToN || edge.resolved) continue;
    const StatusSummary& counts = jobs.array(edge.dependency.job.slot).counts;
    const DependencyCondition condition = edge.dependency.condition;
    int32_t met = 0;
    for (const JobStatus end : {JobStatus::kSucceeded, JobStatus::kFailed}) {
      const int32_t count = counts[static_cast<int>(end)];
      if (IsMet(condition, end == JobStatus::kSucceeded)) {
        met += count;
      } else if (count > 0) {
        return false;
      }
    }
    if (met == 0) one_untouched = true;
  }
  return one_untouched;
}

bool DropDependency(JobTable& jobs, uint32_t slot) {
  RecordList& dependencies = jobs.record(slot).dependencies;
  if (dependencies.empty()) return false;
  const uint32_t index = dependencies.first;
  DependencyEdge& edge = jobs.edges()[index];
  dependencies.first = edge.next_entry;
  if (dependencies.first == kNoIndex) dependencies.last = kNoIndex;
  if (edge.linked) {
    edge.orphan = true;
  } else {
    jobs.edges().Free(index);
  }
  return true;
}

}  // namespace embatch
