// SPDX-License-Identifier: Apache-2.0
#include "tests/support/invariants.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr JobStatus kSubmitted = JobStatus::kSubmitted;
constexpr JobStatus kPending = JobStatus::kPending;
constexpr JobStatus kRunnable = JobStatus::kRunnable;
constexpr JobStatus kScheduled = JobStatus::kScheduled;
constexpr JobStatus kStarting = JobStatus::kStarting;
constexpr JobStatus kRunning = JobStatus::kRunning;
constexpr JobStatus kSucceeded = JobStatus::kSucceeded;
constexpr JobStatus kFailed = JobStatus::kFailed;

struct Change {
  JobStatus from;
  JobStatus to;
};

// Before a job is placed.
constexpr Change kOfSingle[] = {
    {kSubmitted, kPending},   // has unfinished dependencies
    {kSubmitted, kRunnable},  // has none
    {kSubmitted, kFailed},    // a dependency failed, or cancelled
};

// From there on a single job and a child are the same.
constexpr Change kOfSingleAndChild[] = {
    {kPending, kRunnable},   // all dependencies succeeded
    {kPending, kFailed},     // a dependency failed, or cancelled
    {kRunnable, kRunnable},  // the head of the queue is blocked
    {kRunnable, kStarting},  // placed
    {kRunnable, kFailed},    // cancelled
    {kStarting, kRunning},   // the container is up
    {kStarting, kRunnable},  // did not start, and is tried again
    {kStarting, kFailed},    // did not start, or terminated
    {kRunning, kRunnable},   // the attempt failed, and is tried again
    {kRunning, kSucceeded},  // exit code 0
    {kRunning, kFailed},     // the attempt failed, timed out, was terminated
    {kStarting, kStarting},  // is to make room for another job
    {kRunning, kRunning},    // the same
};

// A service job is handed to a service before it starts.
constexpr Change kOfService[] = {
    {kSubmitted, kRunnable},   // looked at
    {kSubmitted, kFailed},     // terminated
    {kRunnable, kScheduled},   // handed to the service
    {kScheduled, kStarting},   // the service has the capacity
    {kScheduled, kRunnable},   // it has none, or failed, or makes room
    {kScheduled, kFailed},     // refused, or terminated
    {kScheduled, kScheduled},  // is to make room for another job
    {kRunnable, kRunnable},    // the head of the queue is blocked
    {kRunnable, kFailed},      // terminated
    {kStarting, kStarting},    // is to make room
    {kStarting, kRunning},     // it runs
    {kStarting, kRunnable},    // failed, and is tried again; or made room
    {kStarting, kFailed},      // failed, or terminated
    {kRunning, kRunning},      // is to make room
    {kRunning, kRunnable},     // failed, and is tried again; or made room
    {kRunning, kSucceeded},    // the service said so
    {kRunning, kFailed},       // failed, timed out, terminated
};

// While its job waits a node stands where that stands, without events.
constexpr Change kOfNode[] = {
    {kRunnable, kStarting},   // placed, with all others
    {kStarting, kRunning},    // the container is up
    {kStarting, kSucceeded},  // the main node was quicker
    {kStarting, kFailed},     // did not start, or the main node failed
    {kRunning, kSucceeded},   // exit code 0, or with the main node
    {kRunning, kFailed},      // the attempt failed, or with the main node
    {kStarting, kRunnable},   // the job is tried again: from wherever it was
    {kRunning, kRunnable},   {kSucceeded, kRunnable}, {kFailed, kRunnable},
};

constexpr Change kOfArray[] = {
    {kSubmitted, kPending},  // has dependencies, or a child became RUNNABLE
    {kSubmitted, kFailed},   // no child ever became RUNNABLE
    {kPending, kSucceeded},  // all children succeeded
    {kPending, kFailed},     // all children are over, one failed
};

template <size_t N>
bool Holds(const Change (&changes)[N], JobStatus from, JobStatus to) {
  return std::any_of(std::begin(changes), std::end(changes),
                     [&](const Change& change) {
                       return change.from == from && change.to == to;
                     });
}

bool IsActive(JobStatus status) {
  return status == kScheduled || status == kStarting || status == kRunning;
}

// How many jobs ListJobs has in a status, page by page.
int32_t CountListed(const Scheduler& scheduler, ListJobsRequest request) {
  request.max_results = 1000;
  int32_t count = 0;
  for (;;) {
    const absl::StatusOr<JobPage> page = scheduler.ListJobs(request);
    if (!page.ok()) {
      ADD_FAILURE() << page.status();
      return -1;
    }
    for (const JobId& job : page->jobs) {
      const absl::StatusOr<JobView> view = scheduler.DescribeJob(job);
      EXPECT_TRUE(view.ok()) << "listed, but not to be read: " << job;
      if (!view.ok()) continue;
      EXPECT_EQ(view->status, *request.status) << job;
    }
    count += static_cast<int32_t>(page->jobs.size());
    if (page->next_token.empty()) return count;
    request.next_token = page->next_token;
  }
}

void CheckQueue(const Scheduler& scheduler, const std::string& name) {
  const absl::StatusOr<JobQueueView> queue = scheduler.DescribeJobQueue(name);
  ASSERT_TRUE(queue.ok()) << queue.status();
  ListJobsRequest request;
  request.job_queue = name;
  for (int i = 0; i < kJobStatusCount; ++i) {
    request.status = static_cast<JobStatus>(i);
    EXPECT_EQ(queue->jobs[i], CountListed(scheduler, request))
        << "jobs of queue " << name << " in " << *request.status;
  }
}

// Who is next waits, and stands there once; what the quota shares of a queue
// use is what the queue uses. Source: §20.4.
void CheckSnapshot(const Scheduler& scheduler, const std::string& queue) {
  const auto snapshot = scheduler.GetJobQueueSnapshot(queue);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  std::set<JobId> seen;
  for (const FrontOfQueueJob& front : snapshot->front_of_queue) {
    const auto job = scheduler.DescribeJob(front.job);
    ASSERT_TRUE(job.ok()) << job.status();
    EXPECT_EQ(job->status, JobStatus::kRunnable) << front.job;
    EXPECT_TRUE(seen.insert(front.job).second) << front.job;
  }
  if (snapshot->front_of_quota_shares.empty()) return;
  const QueueUtilization& utilization = snapshot->queue_utilization;
  for (const CapacityUsage& total : utilization.total_usage_milli) {
    int64_t sum = 0;
    for (const ShareUtilization& share : utilization.top_capacity_utilization) {
      for (const CapacityUsage& usage : share.usage_milli) {
        if (usage.capacity_unit == total.capacity_unit) sum += usage.quantity;
      }
    }
    EXPECT_EQ(sum, total.quantity) << total.capacity_unit << " of " << queue;
  }
}

// What a share may have in all: its own capacity and what it may borrow.
// Source: §15.2. A limit that was lowered is no business of this check.
void CheckQuotaShares(const Scheduler& scheduler, const std::string& queue) {
  const auto names = scheduler.ListQuotaShares(queue);
  ASSERT_TRUE(names.ok()) << names.status();
  for (const std::string& name : *names) {
    const absl::StatusOr<QuotaShareView> share =
        scheduler.DescribeQuotaShare(queue, name);
    ASSERT_TRUE(share.ok()) << share.status();
    const QuotaShareOptions& options = share->quota_share->options();
    const ResourceSharing& sharing = options.resource_sharing;
    if (options.tags.count("lowered") > 0) continue;
    const bool borrows =
        sharing.strategy == ResourceSharingStrategy::kLendAndBorrow;
    const int limit = borrows ? sharing.borrow_limit.value_or(-1) : 0;
    ASSERT_EQ(share->usage_milli.size(), options.capacity_limits.size());
    for (size_t i = 0; i < share->usage_milli.size(); ++i) {
      EXPECT_GE(share->usage_milli[i].quantity, 0) << queue << " " << name;
      if (limit < 0) continue;
      EXPECT_LE(share->usage_milli[i].quantity,
                options.capacity_limits[i].max_capacity * (1000 + limit * 10))
          << share->usage_milli[i].capacity_unit << " of share " << name
          << " of queue " << queue;
    }
  }
}

void CheckArray(const Scheduler& scheduler, const JobView& array) {
  StatusSummary recount{};
  for (int32_t i = 0; i < array.array_size; ++i) {
    const absl::StatusOr<JobView> child =
        scheduler.DescribeJob(array.job.Child(i));
    ASSERT_TRUE(child.ok()) << array.job.Child(i) << ": " << child.status();
    ++recount[static_cast<int>(child->status)];
  }
  ListJobsRequest request;
  request.array = array.job;
  for (int i = 0; i < kJobStatusCount; ++i) {
    request.status = static_cast<JobStatus>(i);
    EXPECT_EQ(array.status_summary[i], recount[i])
        << "children of " << array.job << " in " << *request.status;
    EXPECT_EQ(recount[i], CountListed(scheduler, request))
        << "listed children of " << array.job << " in " << *request.status;
  }
}

void CheckNodes(const Scheduler& scheduler, const JobView& job) {
  ListJobsRequest request;
  request.multi_node_job = job.job;
  int32_t listed = 0;
  for (int i = 0; i < kJobStatusCount; ++i) {
    request.status = static_cast<JobStatus>(i);
    listed += CountListed(scheduler, request);
  }
  EXPECT_EQ(listed, job.num_nodes) << "listed nodes of " << job.job;
}

void CheckEnvironment(const Scheduler& scheduler, const std::string& name,
                      const std::vector<SimulatedInstance>& instances) {
  const absl::StatusOr<ComputeEnvironmentView> view =
      scheduler.DescribeComputeEnvironment(name);
  if (view.status().code() == absl::StatusCode::kNotFound) return;  // deleted
  ASSERT_TRUE(view.ok()) << view.status();
  const auto& resources =
      view->compute_environment->options().compute_resources;
  if (!resources.has_value()) return;
  // A launch that is going to fail is counted, but its size is not known here.
  if (view->instances > static_cast<int>(instances.size())) return;
  int64_t largest = 1;
  for (const SimulatedInstance& instance : instances) {
    largest = std::max(largest, instance.resources.vcpu_milli / 1000);
  }
  EXPECT_LT(view->vcpus, resources->max_vcpus + largest)
      << "vCPUs of " << name << ", whose maximum is " << resources->max_vcpus
      << " and whose largest instance has " << largest;
}

// Ids of joined instances need to differ only within their environment; those
// that stand in two are left out, as a job does not say where it runs.
std::map<uint64_t, Resources> RoomById(
    const InstancesByEnvironment& environments) {
  std::map<uint64_t, Resources> room;
  std::map<uint64_t, int> times;
  for (const auto& [name, instances] : environments) {
    for (const SimulatedInstance& instance : instances) {
      room[instance.instance.number] = instance.resources;
      ++times[instance.instance.number];
    }
  }
  for (const auto& [number, count] : times) {
    if (count > 1) room.erase(number);
  }
  return room;
}

}  // namespace

bool IsTransition(JobKind kind, JobStatus from, JobStatus to) {
  switch (kind) {
    case JobKind::kNode:
      return Holds(kOfNode, from, to);
    case JobKind::kSingle:
    case JobKind::kMultiNode:
      return Holds(kOfSingle, from, to) || Holds(kOfSingleAndChild, from, to);
    case JobKind::kChild:
      return Holds(kOfSingleAndChild, from, to);
    case JobKind::kService:
      return Holds(kOfService, from, to);
    case JobKind::kArray:
      return Holds(kOfArray, from, to);
  }
  return false;
}

namespace {

// Where a job stands in the order of its queue. Source: §13.4.
std::tuple<bool, size_t, int32_t> PlaceOf(bool retried, size_t number,
                                          JobId job) {
  return {!retried, number, job.child};
}

// The queue of a job, if it is first in, first out.
std::string FifoQueueOf(const Scheduler& scheduler, JobId job) {
  const absl::StatusOr<JobView> view = scheduler.DescribeJob(job);
  if (!view.ok()) return "";
  const auto queue = scheduler.DescribeJobQueue(view->job_queue);
  if (!queue.ok() || !queue->job_queue->options().scheduling_policy.empty() ||
      queue->job_queue->options().dispatch_order != DispatchOrder::kStrict) {
    return "";
  }
  return std::string(view->job_queue);
}

}  // namespace

InvariantChecker::Known& InvariantChecker::Find(const Scheduler& scheduler,
                                                JobId job) {
  const auto [entry, is_new] = jobs_.try_emplace(job);
  Known& known = entry->second;
  if (!is_new) return known;
  const absl::StatusOr<JobView> parent = scheduler.DescribeJob(job.Parent());
  if (job.child >= 0 && parent.ok() && parent->num_nodes > 0) {
    known.kind = JobKind::kNode;
    known.status = kRunnable;
    return known;
  }
  if (job.child >= 0) {
    known.kind = JobKind::kChild;
    known.status = kPending;  // a child is spawned as PENDING, without an event
    return known;
  }
  const absl::StatusOr<JobView> view = scheduler.DescribeJob(job);
  EXPECT_TRUE(view.ok()) << "an event of " << job << ": " << view.status();
  if (view.ok() && view->array_size > 0) known.kind = JobKind::kArray;
  if (view.ok() && view->num_nodes > 0) known.kind = JobKind::kMultiNode;
  if (scheduler.DescribeServiceJob(job).ok()) known.kind = JobKind::kService;
  return known;
}

void InvariantChecker::Observe(const Scheduler& scheduler, const Event& event) {
  EXPECT_GE(event.time_ns, latest_event_ns_) << "time went back: " << event;
  EXPECT_GE(event.count, 1u) << event;
  EXPECT_TRUE(event.count == 1 || event.job.child >= 0) << event;
  latest_event_ns_ = event.time_ns;
  NoteNodes(scheduler, event);
  for (uint32_t i = 0; i < event.count; ++i) {
    JobId job = event.job;
    if (job.child >= 0) job.child += static_cast<int32_t>(i);
    ObserveOne(scheduler, job, event);
  }
}

void InvariantChecker::ObserveOne(const Scheduler& scheduler, JobId job,
                                  const Event& event) {
  SCOPED_TRACE(::testing::Message() << "in the event: " << event);
  Known& known = Find(scheduler, job);
  EXPECT_EQ(event.from, known.status) << job << " was last seen elsewhere";
  EXPECT_TRUE(IsTransition(known.kind, event.from, event.to))
      << job << ": there is no such change of status";
  // Where there was no capacity the attempt never was, and is no retry.
  const bool never_was = event.attempt + 1 == known.attempts_begun;
  CountAttempts(known, event);
  if (event.to == kRunnable && known.kind != JobKind::kNode) {
    known.queue = FifoQueueOf(scheduler, job);
    known.retried |= IsActive(event.from) && !never_was;
  }
  if (event.to == kScheduled ||
      (event.to == kStarting && event.from != kScheduled)) {
    CheckOrder(job, known);
  }
  if (event.to == kRunnable && event.from < kRunnable) {
    CheckDependencies(scheduler, job);
  }
  if (event.from == kRunnable && event.to == kRunnable) {
    NoteBlocked(known, scheduler.Text(event.reason));
  }
  if (event.from == event.to && IsActive(event.to)) {
    EXPECT_FALSE(known.is_preempted) << job << " is preempted once more";
    known.is_preempted = true;
  } else if (known.is_preempted && !IsActive(event.to)) {
    known.is_preempted = false;
    // Of a job that was terminated meanwhile the attempt counts as one of its
    // own. One that was only cancelled was preempted, and then may not go on.
    const JobView view = scheduler.DescribeJob(job).value();
    if (scheduler.Text(event.reason).find("reemption") !=
            absl::string_view::npos ||
        (view.is_cancelled && !view.is_terminated)) {
      ++known.preempted;
    }
  }
  known.status = event.to;
  if (known.kind == JobKind::kMultiNode) FollowJob(job, event);
}

// A job that ends while it waits takes those nodes with it that wait, too.
void InvariantChecker::FollowJob(JobId job, const Event& event) {
  if (event.from > kRunnable || !IsTerminal(event.to)) return;
  for (auto it = jobs_.upper_bound(job);
       it != jobs_.end() && it->first.Parent() == job; ++it) {
    if (it->second.status == kRunnable) it->second.status = event.to;
  }
}

// Choice: D35. The event of the job is followed by that of all its nodes.
void InvariantChecker::NoteNodes(const Scheduler& scheduler,
                                 const Event& event) {
  if (!nodes_expected_.is_null()) {
    const absl::StatusOr<JobView> view = scheduler.DescribeJob(nodes_expected_);
    EXPECT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(event.job, nodes_expected_.Child(0));
    EXPECT_EQ(event.to, kStarting) << event;
    EXPECT_EQ(static_cast<int32_t>(event.count),
              view.ok() ? view->num_nodes : 0)
        << event;
    nodes_expected_ = JobId();
    return;
  }
  if (event.job.child >= 0 || event.to != kStarting) return;
  const absl::StatusOr<JobView> view = scheduler.DescribeJob(event.job);
  if (view.ok() && view->num_nodes > 0) nodes_expected_ = event.job;
}

// Source: D33, D52 ("no second event for the same (job, reason)").
void InvariantChecker::NoteBlocked(Known& known,
                                   absl::string_view reason) const {
  EXPECT_FALSE(reason.empty()) << "a blocked job says why";
  EXPECT_TRUE(known.blocked_reasons.emplace(reason).second)
      << "found blocked for the same reason twice";
}

void InvariantChecker::CountAttempts(Known& known, const Event& event) const {
  if (IsActive(event.from) && event.to == kRunnable &&
      event.attempt + 1 == known.attempts_begun) {
    --known.attempts_begun;  // there was no capacity: it never was
    return;
  }
  if (IsActive(event.to) && !IsActive(event.from)) {
    ++known.attempts_begun;
  } else if (IsActive(event.from) && !IsActive(event.to)) {
    ++known.attempts_ended;
  }
  EXPECT_EQ(known.attempts_begun - known.attempts_ended,
            IsActive(event.to) ? 1 : 0)
      << "an attempt ends once";
  if (IsActive(event.from) || IsActive(event.to)) {
    EXPECT_EQ(event.attempt, known.attempts_begun);
  }
}

void InvariantChecker::CheckOrder(JobId job, const Known& known) const {
  const auto number = numbers_.find(job.Parent());
  if (known.queue.empty() || number == numbers_.end()) return;
  const auto place = PlaceOf(known.retried, number->second, job);
  for (const auto& [other, waiting] : jobs_) {
    if (waiting.status != kRunnable || waiting.queue != known.queue ||
        other == job) {
      continue;
    }
    const auto its_number = numbers_.find(other.Parent());
    if (its_number == numbers_.end()) continue;
    EXPECT_LT(place, PlaceOf(waiting.retried, its_number->second, other))
        << job << " starts before " << other;
  }
}

bool InvariantChecker::HasEnded(JobId job,
                                DependencyCondition condition) const {
  const auto known = jobs_.find(job);
  if (known == jobs_.end()) return false;
  const JobStatus status = known->second.status;
  switch (condition) {
    case DependencyCondition::kSuccess:
      return status == kSucceeded;
    case DependencyCondition::kFailure:
      return status == kFailed;
    case DependencyCondition::kCompletion:
      return status == kSucceeded || status == kFailed;
  }
  return false;
}

void InvariantChecker::CheckDependencies(const Scheduler& scheduler,
                                         JobId job) const {
  const auto dependencies = scheduler.DescribeDependencies(job.Parent());
  ASSERT_TRUE(dependencies.ok()) << dependencies.status();
  for (const JobDependency& dependency : *dependencies) {
    JobId other = dependency.job;
    switch (dependency.type) {
      case DependencyType::kPlain:
        break;
      case DependencyType::kNToN:
        other = other.Child(job.child);
        break;
      case DependencyType::kSequential:
        if (!other.is_null()) break;  // the same as a plain one
        if (job.child == 0) continue;
        other = job.Child(job.child - 1);
        break;
    }
    EXPECT_TRUE(HasEnded(other, dependency.condition))
        << job << " is RUNNABLE, but " << other << " has not ended as it must";
  }
}

// A node has an instance to itself.
void InvariantChecker::CheckTenants(const Scheduler& scheduler) const {
  std::map<uint64_t, std::vector<JobId>> tenants;
  for (const auto& [job, known] : jobs_) {
    if (!IsActive(known.status) || known.kind == JobKind::kMultiNode ||
        known.kind == JobKind::kService) {
      continue;
    }
    const absl::StatusOr<JobView> view = scheduler.DescribeJob(job);
    ASSERT_TRUE(view.ok()) << job << ": " << view.status();
    tenants[view->instance.number].push_back(job);
  }
  for (const auto& [number, jobs] : tenants) {
    // Numbers of joined instances may stand for several.
    if (InstanceId{number}.joined()) continue;
    for (const JobId& job : jobs) {
      if (jobs_.at(job).kind != JobKind::kNode) continue;
      EXPECT_EQ(jobs.size(), 1u)
          << InstanceId{number} << " holds node " << job << " and others";
    }
  }
}

void InvariantChecker::Check(const Scheduler& scheduler,
                             const InstancesByEnvironment& instances) const {
  std::map<std::string, int64_t> consumed;
  std::map<uint64_t, Resources> load;
  for (const auto& [job, known] : jobs_) {
    const absl::StatusOr<JobView> view = scheduler.DescribeJob(job);
    if (!view.ok()) {  // its retention is over
      EXPECT_TRUE(IsTerminal(known.status)) << job << ": " << view.status();
      continue;
    }
    CheckJob(scheduler, known, *view);
    if (known.kind == JobKind::kArray) CheckArray(scheduler, *view);
    if (known.kind == JobKind::kMultiNode) CheckNodes(scheduler, *view);
    if (IsActive(known.status) && known.kind != JobKind::kMultiNode &&
        known.kind != JobKind::kService) {
      load[view->instance.number] += view->resources;
    }
    if (IsActive(known.status) && known.kind != JobKind::kNode) {
      for (const auto& need : view->consumable_resources) {
        consumed[need.consumable_resource] += need.quantity;
      }
    }
  }
  CheckTenants(scheduler);
  CheckServices(scheduler);
  CheckConsumables(scheduler, consumed);
  for (const std::string& queue : scheduler.ListJobQueues()) {
    CheckQueue(scheduler, queue);
    CheckQuotaShares(scheduler, queue);
    CheckSnapshot(scheduler, queue);
  }
  for (const auto& [environment, held] : instances) {
    CheckEnvironment(scheduler, environment, held);
  }
  const std::map<uint64_t, Resources> room = RoomById(instances);
  for (const auto& [number, used] : load) {
    const auto found = room.find(number);
    if (found == room.end()) continue;
    EXPECT_TRUE(used.FitsIn(found->second))
        << InstanceId{number} << " has " << found->second << " and holds "
        << used;
  }
}

// What was lowered is no business of this check.
void InvariantChecker::CheckServices(const Scheduler& scheduler) const {
  std::map<std::string, std::map<std::string, int64_t>> recount;
  for (const auto& [job, known] : jobs_) {
    if (known.kind != JobKind::kService || !IsActive(known.status)) continue;
    const auto view = scheduler.DescribeServiceJob(job);
    ASSERT_TRUE(view.ok()) << job << ": " << view.status();
    for (const CapacityUsage& usage : view->capacity_usage) {
      auto& used = recount[std::string(view->service_environment)];
      used[usage.capacity_unit] += usage.quantity;
      used[kUnitInstances] += usage.quantity;
    }
  }
  for (const std::string& name : scheduler.ListServiceEnvironments()) {
    const auto view = scheduler.DescribeServiceEnvironment(name);
    ASSERT_TRUE(view.ok()) << view.status();
    const auto& options = view->service_environment->options();
    ASSERT_EQ(view->capacity_usage.size(), options.capacity_limits.size());
    for (size_t i = 0; i < view->capacity_usage.size(); ++i) {
      const CapacityUsage& usage = view->capacity_usage[i];
      EXPECT_EQ(usage.quantity, recount[name][usage.capacity_unit])
          << usage.capacity_unit << " of " << name;
      if (options.tags.count("lowered") > 0) continue;
      EXPECT_LE(usage.quantity, options.capacity_limits[i].max_capacity)
          << usage.capacity_unit << " of " << name;
    }
  }
}

// Less may be in use than is needed: what was lent before a resource was
// deleted and created again is not counted.
void InvariantChecker::CheckConsumables(
    const Scheduler& scheduler,
    const std::map<std::string, int64_t>& needed) const {
  ListConsumableResourcesRequest request;
  for (;;) {
    const auto page = scheduler.ListConsumableResources(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const std::string& name : page->names) {
      const auto view = scheduler.DescribeConsumableResource(name);
      ASSERT_TRUE(view.ok()) << view.status();
      const auto found = needed.find(name);
      EXPECT_LE(view->in_use_quantity,
                found == needed.end() ? 0 : found->second)
          << name;
      EXPECT_GE(view->in_use_quantity, 0) << name;
      EXPECT_GE(view->total_quantity, 0) << name;
      EXPECT_EQ(
          view->available_quantity,
          std::max<int64_t>(0, view->total_quantity - view->in_use_quantity))
          << name;
    }
    if (page->next_token.empty()) return;
    request.next_token = page->next_token;
  }
}

void InvariantChecker::CheckJob(const Scheduler& scheduler, const Known& known,
                                const JobView& view) const {
  EXPECT_EQ(view.status, known.status) << view.job;
  EXPECT_EQ(view.stopped_at.has_value() && IsTerminal(view.status),
            IsTerminal(view.status))
      << view.job << " is over, and nobody knows since when";
  if (view.started_at && view.stopped_at) {
    EXPECT_LE(*view.started_at, *view.stopped_at) << view.job;
  }
  if (known.kind == JobKind::kArray) return;
  const auto preempted = scheduler.DescribePreemptions(view.job);
  ASSERT_TRUE(preempted.ok()) << view.job << ": " << preempted.status();
  EXPECT_EQ(preempted->preempted_attempt_count, known.preempted) << view.job;
  EXPECT_EQ(view.attempts, known.attempts_begun - known.preempted) << view.job;
  EXPECT_LE(view.attempts, view.retry_strategy.attempts) << view.job;
  const auto attempts = scheduler.DescribeAttempts(view.job);
  ASSERT_TRUE(attempts.ok()) << view.job << ": " << attempts.status();
  EXPECT_EQ(static_cast<int>(attempts->size()),
            known.attempts_ended - known.preempted)
      << view.job;
  int number = 0;
  for (const AttemptView& attempt : *attempts) {
    if (known.preempted == 0) {
      EXPECT_EQ(attempt.number, number + 1) << view.job;
    }
    EXPECT_GT(attempt.number, number) << view.job;
    number = attempt.number;
    EXPECT_LE(attempt.started_at.value_or(attempt.stopped_at),
              attempt.stopped_at)
        << view.job << " attempt " << number;
  }
}

}  // namespace embatch
