// SPDX-License-Identifier: Apache-2.0
//
// Multi-node parallel jobs: all nodes are placed at once, the main node starts
// first, the others when it runs, and all stop when it has ended. Source: §12.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

// The nodes that "a:b", "a:", ":b" or "a" means; both ends belong to it.
std::pair<int, int> RangeOf(const std::string& text, int nodes) {
  const size_t colon = text.find(':');
  int first = 0;
  int last = nodes - 1;
  if (colon == std::string::npos) {
    (void)absl::SimpleAtoi(text, &first);
    return {first, first};
  }
  if (colon > 0) (void)absl::SimpleAtoi(text.substr(0, colon), &first);
  if (colon + 1 < text.size()) {
    (void)absl::SimpleAtoi(text.substr(colon + 1), &last);
  }
  return {first, last};
}

// Of the ranges that a node is in the narrowest counts. Source: §12.1.
const NodeRangeProperty* RangeFor(const NodeProperties& properties, int node,
                                  int nodes) {
  const NodeRangeProperty* best = nullptr;
  int best_size = 0;
  for (const NodeRangeProperty& range : properties.node_range_properties) {
    const auto [first, last] = RangeOf(range.target_nodes, nodes);
    if (node < first || node > last) continue;
    if (best == nullptr || last - first < best_size) {
      best = &range;
      best_size = last - first;
    }
  }
  return best;
}

}  // namespace

// Every node's instance holds what the largest node needs.
void ReferenceScheduler::AddNodes(const SubmitJobRequest& request,
                                  const NodeProperties& properties, Job job) {
  NodeOverrides overrides;
  if (request.node_overrides) overrides = *request.node_overrides;
  const int count = overrides.num_nodes.value_or(properties.num_nodes);
  std::vector<Task> tasks;
  const std::map<std::string, int64_t> consumables = job.need.consumables;
  job.need = Need();
  job.need.consumables = consumables;
  for (int i = 0; i < count; ++i) {
    const NodeRangeProperty* range = RangeFor(properties, i, count);
    NodePropertyOverride given;
    if (!range->container.instance_type.empty()) {
      job.need.instance_type = range->container.instance_type;
    }
    if (!range->instance_types.empty()) {
      job.need.instance_type = range->instance_types.front();
    }
    for (const NodePropertyOverride& entry :
         overrides.node_property_overrides) {
      if (RangeOf(entry.target_nodes, count) !=
          RangeOf(range->target_nodes, count)) {
        continue;
      }
      given = entry;
      if (!entry.container_overrides.instance_type.empty()) {
        job.need.instance_type = entry.container_overrides.instance_type;
      }
      if (!entry.instance_types.empty()) {
        job.need.instance_type = entry.instance_types.front();
      }
    }
    // Source: §18, the sum over the nodes.
    std::map<std::string, int64_t> own;
    const ConsumableResourceProperties& overridden =
        given.consumable_resource_properties_override;
    for (const auto* list :
         {&range->consumable_resource_properties.consumable_resource_list,
          &overridden.consumable_resource_list}) {
      for (const ConsumableResourceRequirement& entry : *list) {
        own[entry.consumable_resource] = entry.quantity;
      }
    }
    for (const auto& [name, quantity] : own) {
      job.need.consumables[name] += quantity;
    }
    tasks.push_back(
        MakeTask(range->container, given.container_overrides,
                 range->ecs_properties, given.ecs_properties_override,
                 range->eks_properties, given.eks_properties_override));
    const Resources need = tasks.back().Need();
    job.need.vcpu_milli = std::max(job.need.vcpu_milli, need.vcpu_milli);
    job.need.memory_mib = std::max(job.need.memory_mib, need.memory_mib);
    job.need.gpus = std::max(job.need.gpus, need.gpus);
  }
  job.need.nodes = count;
  job.main_node = properties.main_node;
  const int index = static_cast<int>(jobs_.size());
  jobs_.push_back(job);
  arrivals_.push_back(index);
  job.array = index;
  job.is_node = true;
  job.dependencies.clear();
  for (int i = 0; i < count; ++i) {
    job.id = submitted_.Child(i);
    job.need = Need();
    job.task = tasks[static_cast<size_t>(i)];
    static_cast<Resources&>(job.need) = job.task.Need();
    jobs_.push_back(job);
  }
}

std::vector<int> ReferenceScheduler::NodesOf(int job) const {
  std::vector<int> nodes;
  if (!jobs_[job].has_nodes()) return nodes;
  for (int i = 0; i < jobs_[job].need.nodes; ++i) nodes.push_back(job + 1 + i);
  return nodes;
}

int ReferenceScheduler::MainNodeOf(const Job& job) const {
  return FindJob(job.id.Child(job.main_node));
}

// Whether its container was ever asked for: the others wait for the main node.
bool ReferenceScheduler::IsNodeAsked(const Job& node) const {
  if (!node.is_node) return true;
  const Job& job = jobs_[node.array];
  return &jobs_[node.array + 1 + job.main_node] == &node || job.all_asked;
}

// --- Where -------------------------------------------------------------------

// One type for all nodes, however long it is not to be had.
int ReferenceScheduler::TypeForNodes(int environment, const Need& need) const {
  return BestTypeAmong(environment, need, [](const Type&) { return true; });
}

// An empty one, and none that minvCpus keeps for other jobs.
bool ReferenceScheduler::IsFreeForNode(int index, const Need& need) const {
  const Instance& instance = instances_[index];
  return instance.state == InstanceState::kReady && instance.type != kNothing &&
         !instance.for_minimum && RunningOn(index) == 0 &&
         need.FitsIn(instance.total) &&
         need.Allows(environments_[instance.environment]
                         .types[instance.type]
                         .promised.name);
}

// Choice: D26, D35.
std::vector<int> ReferenceScheduler::FindNodes(int environment,
                                               const Need& need) const {
  std::vector<int> found;
  if (!environments_[environment].runs_nodes() ||
      !environments_[environment].may_ever_hold(need)) {
    return found;
  }
  for (int i = 0; i < static_cast<int>(instances_.size()); ++i) {
    if (instances_[i].environment == environment && IsFreeForNode(i, need)) {
      found.push_back(i);
    }
  }
  if (found.size() < static_cast<size_t>(need.nodes)) return {};
  std::sort(found.begin(), found.end(), [this](int a, int b) {
    const auto key = [this](int instance) {
      return std::make_tuple(instances_[instance].total.gpus,
                             instances_[instance].total.vcpu_milli,
                             instances_[instance].total.memory_mib,
                             -instances_[instance].changed_order);
    };
    return key(a) < key(b);
  });
  found.resize(static_cast<size_t>(need.nodes));
  return found;
}

// What is or will be empty: idle, booting, or held by a job that is over.
int64_t ReferenceScheduler::EmptySoon(int environment, const Need& need) const {
  int64_t count = 0;
  for (int i = 0; i < static_cast<int>(instances_.size()); ++i) {
    const Instance& instance = instances_[i];
    if (instance.environment != environment || instance.type == kNothing ||
        instance.for_minimum) {
      continue;
    }
    const Type& type = environments_[environment].types[instance.type];
    const bool boots_or_closes =
        instance.state == InstanceState::kBooting ||
        (instance.state == InstanceState::kReady && instance.closing);
    if (IsFreeForNode(i, need) || (boots_or_closes && need.FitsIn(type.size) &&
                                   need.Allows(type.promised.name))) {
      ++count;
    }
  }
  return count;
}

// One after another. Choice: D24, D65.
bool ReferenceScheduler::MayLaunchNodes(const Environment& environment,
                                        int64_t total_vcpu_milli,
                                        const Type& type, int64_t nodes) const {
  return nodes <= 0 ||
         MayLaunch(environment,
                   total_vcpu_milli + (nodes - 1) * type.size.vcpu_milli, type);
}

bool ReferenceScheduler::CanGrowForNodes(int index, const Need& need) const {
  const Environment& environment = environments_[index];
  const int best = TypeForNodes(index, need);
  if (!environment.runs_nodes() || best == kNothing) return false;
  const Type& type = environment.types[best];
  return MayLaunchNodes(environment, 0, type, need.nodes) &&
         MayLaunchNodes(environment, VcpusOf(index), type,
                        need.nodes - EmptySoon(index, need));
}

ReferenceScheduler::Why ReferenceScheduler::WhyNotNodesIn(
    int index, const Need& need) const {
  const Environment& environment = environments_[index];
  if (!environment.runs_nodes()) return Why::kMisconfigured;
  if (!environment.has_catalogue) {
    return environment.enabled() ? Why::kMayLater : Why::kDisabled;
  }
  if (!environment.may_ever_hold(need)) return Why::kMaxVcpus;
  const int best = TypeForNodes(index, need);
  if (best == kNothing) {
    return std::any_of(environment.types.begin(), environment.types.end(),
                       [&](const Type& type) {
                         return type.offered && need.Allows(type.promised.name);
                       })
               ? Why::kNothingFits
               : Why::kMisconfigured;
  }
  const Type& type = environment.types[best];
  if (!MayLaunchNodes(environment, 0, type, need.nodes)) return Why::kMaxVcpus;
  if (!environment.enabled()) return Why::kDisabled;
  const int64_t missing = need.nodes - EmptySoon(index, need);
  if (missing <= 0) return Why::kMayLater;
  if (!MayLaunchNodes(environment, VcpusOf(index), type, missing)) {
    return IsOneToGo(index) ? Why::kMayLater : Why::kUnknown;
  }
  if (type.back_off_until_ns <= now_ns_) return Why::kMayLater;
  switch (type.failure) {
    case LaunchFailure::kCapacity:
      return Why::kNoCapacity;
    case LaunchFailure::kConfiguration:
      return Why::kMisconfigured;
    case LaunchFailure::kPermission:
      return Why::kNotPermitted;
  }
  return Why::kUnknown;
}

// --- Life --------------------------------------------------------------------

// All at once; the main node's container is asked for first. Source: §12.3.
// Choice: D35.
ReferenceScheduler::Held ReferenceScheduler::TryToPlaceNodes(const Queue& queue,
                                                             int index) {
  const std::vector<int> nodes = NodesOf(index);
  for (int node : nodes) {
    // Those of the attempt before are still being stopped.
    if (jobs_[node].attempt) return Held::kNoRoom;
  }
  for (int environment : queue.environments) {
    if (!environments_[environment].takes_jobs()) continue;
    const std::vector<int> found = FindNodes(environment, jobs_[index].need);
    if (found.empty()) {
      if (CanGrowFor(environment, jobs_[index].need)) return Held::kMayGrow;
      continue;
    }
    if (!jobs_[index].rejection.empty()) {
      FailLaunch(index);
      return Held::kNot;
    }
    for (size_t i = 0; i < nodes.size(); ++i) TakeInstance(nodes[i], found[i]);
    TakeConsumables(MainNodeOf(jobs_[index]));
    ++jobs_[index].attempts;
    jobs_[index].all_asked = false;
    Change(index, JobStatus::kStarting, "");
    for (int node : nodes) Change(node, JobStatus::kStarting, "");
    RequestStart(MainNodeOf(jobs_[index]));
    return Held::kNot;
  }
  return Held::kNoRoom;
}

// Source: §7, the timeout is the whole job's, from the main node's start.
void ReferenceScheduler::StartRunningNode(int index, int64_t at_ns) {
  const int job = jobs_[index].array;
  const bool is_main = MainNodeOf(jobs_[job]) == index;
  Attempt& attempt = *jobs_[index].attempt;
  attempt.started = true;
  attempt.started_ns = at_ns;
  if (is_main) {
    attempt.due_ns = After(at_ns, jobs_[index].timeout_ns);
    attempt.due_kind = DueKind::kTimeout;
    attempt.due_order = ++order_;
    Change(job, JobStatus::kRunning, "");
  }
  Change(index, JobStatus::kRunning, "");
  if (is_main) Add(Consequence::Kind::kStartNodes, job);
}

// The main node decides for the job. What ends after it goes where the job went
// (D36), or waits with it for the next attempt.
void ReferenceScheduler::EndNode(int index, int64_t at_ns,
                                 std::optional<int> exit_code,
                                 absl::string_view reason,
                                 std::string status_reason) {
  Job& node = jobs_[index];
  const int job_index = node.array;
  Job& job = jobs_[job_index];
  const int main = job_index + 1 + job.main_node;
  const bool is_main = main == index;
  const bool is_job_over = !jobs_[main].attempt;
  Stop cause = CauseOf(node, *node.attempt);
  if (is_job_over && node.attempt->stop == Stop::kNone) {
    cause = Stop::kWithMainNode;
  }
  status_reason = StoppedReason(node, cause, std::move(status_reason));
  const bool succeeded = cause == Stop::kNone && exit_code == 0;
  const bool may_retry = cause == Stop::kNone || cause == Stop::kHostTerminated;
  const bool retry = is_main && !succeeded && may_retry &&
                     IsRetryDue(node, status_reason, reason, exit_code);
  LeaveInstance(index);
  JobStatus to = succeeded ? JobStatus::kSucceeded : JobStatus::kFailed;
  if (retry) to = JobStatus::kRunnable;
  const std::string job_reason = retry ? "" : status_reason;
  if (is_main) {
    End(job_index, to, job_reason, at_ns);
    job.retried |= retry;
  } else if (is_job_over) {
    to = IsTerminal(job.status) ? job.status : JobStatus::kRunnable;
  }
  End(index, to, to == JobStatus::kRunnable ? "" : status_reason, at_ns);
  if (is_main) {
    Add(Consequence::Kind::kStopNodes, job_index);
    if (!retry) Add(Consequence::Kind::kJobEnded, job_index);
  }
  const std::vector<int> nodes = NodesOf(job_index);
  if (job.expired && std::none_of(nodes.begin(), nodes.end(), [this](int i) {
        return jobs_[i].attempt.has_value();
      })) {
    job.forgotten = true;
  }
}

// The main node runs; unless it has ended meanwhile.
void ReferenceScheduler::StartNodes(int job) {
  const int main = job + 1 + jobs_[job].main_node;
  const auto is_lost = [this](int node) {
    return !instances_[jobs_[node].attempt->instance].exists();
  };
  if (!jobs_[main].attempt || jobs_[main].attempt->stop != Stop::kNone ||
      is_lost(main)) {
    return;
  }
  jobs_[job].all_asked = true;
  for (int node : NodesOf(job)) {
    if (node != main && jobs_[node].attempt && !is_lost(node)) {
      RequestStart(node);
    }
  }
}

void ReferenceScheduler::StopNodes(int job) {
  for (int node : NodesOf(job)) {
    const int main = job + 1 + jobs_[job].main_node;
    if (!jobs_[node].attempt) {
      // It had ended before the job, which is tried again.
      if (jobs_[job].status == JobStatus::kRunnable &&
          IsTerminal(jobs_[node].status)) {
        Change(node, JobStatus::kRunnable, "");
      }
    } else if (!jobs_[main].attempt) {
      StopAttempt(node, Stop::kWithMainNode);
    } else if (node != main) {
      StopAttempt(node, jobs_[main].attempt->stop);
    }
  }
}

}  // namespace embatch::reference
