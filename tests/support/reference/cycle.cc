// SPDX-License-Identifier: Apache-2.0
//
// Phase 5: the cycle over the queues, and blocked heads. Source: §13.3 to
// §13.5.
#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

// Higher priorities first, then the older queue. Choice: D43.
std::vector<int> ReferenceScheduler::QueuesInOrder() const {
  std::vector<int> order;
  for (int i = 0; i < static_cast<int>(queues_.size()); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [this](int a, int b) {
    return queues_[a].options.priority > queues_[b].options.priority;
  });
  return order;
}

// The RUNNABLE jobs of a queue: retried ones first, then by submission, then by
// index; or as shares say. Source: §13.4, §14.3. Choice: D17.
std::vector<int> ReferenceScheduler::WaitingIn(const Queue& queue) const {
  std::vector<int> waiting;
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    if (jobs_[i].status == JobStatus::kRunnable && !jobs_[i].is_node &&
        &queues_[jobs_[i].queue] == &queue) {
      waiting.push_back(i);
    }
  }
  std::stable_sort(waiting.begin(), waiting.end(), [this](int a, int b) {
    return jobs_[a].retried && !jobs_[b].retried;
  });
  if (queue.fairshare_policy) SortByShares(queue, waiting);
  return waiting;
}

void ReferenceScheduler::RunCycle() {
  for (int index : QueuesInOrder()) Serve(queues_[index]);
}

// Choice: D41, in a DISABLED queue too.
void ReferenceScheduler::Serve(Queue& queue) {
  if (queue.status != ResourceStatus::kValid &&
      queue.status != ResourceStatus::kUpdating) {
    return;
  }
  queue.without_demand = false;
  if (queue.has_quotas) {
    ServeQuotas(queue);
  } else if (queue.fairshare_policy && options_.skip_blocked_shares) {
    ServeSharesApart(queue);
  } else if (queue.options.dispatch_order != DispatchOrder::kStrict) {
    ServeOutOfOrder(queue);
  } else {
    ServeFromHead(queue);
  }
}

// Strictly from the head, which is found anew after each start. Choice: D9.
void ReferenceScheduler::ServeFromHead(Queue& queue) {
  for (;;) {
    const std::vector<int> waiting = WaitingIn(queue);
    const int head = waiting.empty() ? kNothing : waiting.front();
    ForgetHead(queue, head);
    if (head == kNothing) return;
    const Held held = TryToStart(queue, head);
    if (held == Held::kNot) continue;
    MarkBlocked(queue, head, held);
    queue.without_demand =
        held == Held::kReservation || held == Held::kConsumable;
    return;
  }
}

// A share whose head is held is left out for the rest of the pass; the first
// that is held counts as the queue's head. Choice: D10.
void ReferenceScheduler::ServeSharesApart(Queue& queue) {
  std::set<std::string> aside;
  for (;;) {
    int head = kNothing;
    for (int job : WaitingIn(queue)) {
      if (head == kNothing && aside.count(jobs_[job].share) == 0) head = job;
    }
    if (aside.empty()) ForgetHead(queue, head);
    if (head == kNothing) break;
    const Held held = TryToStart(queue, head);
    if (held == Held::kNot) continue;
    if (aside.empty()) MarkBlocked(queue, head, held);
    aside.insert(jobs_[head].share);
  }
}

// The reason of a job that is no longer head goes silently. Choice: D52.
void ReferenceScheduler::ForgetBlocked(int& blocked, int head) {
  if (blocked == kNothing || blocked == head) return;
  Job& before = jobs_[blocked];
  if (before.status == JobStatus::kRunnable) before.status_reason.clear();
  blocked = kNothing;
}

// The queue's clock is that of its head.
void ReferenceScheduler::ForgetHead(Queue& queue, int head) {
  if (queue.blocked != kNothing && queue.blocked != head) RestClock(queue);
  ForgetBlocked(queue.blocked, head);
  if (queue.probed != kNothing && queue.probed != head) RestClock(queue);
}

ReferenceScheduler::Held ReferenceScheduler::TryToStart(const Queue& queue,
                                                        int job) {
  if (IsHeldByReservation(queue, job)) return Held::kReservation;
  // Source: §18, only when all of them are available.
  if (!HasAll(jobs_[job].need)) return Held::kConsumable;
  if (jobs_[job].has_nodes()) return TryToPlaceNodes(queue, job);
  const Place place = FindPlace(queue, job);
  if (place.held == Held::kNot) BeginAttempt(job, place.instance);
  return place.held;
}

// Choice: D22, an environment that can grow for the job is waited for.
ReferenceScheduler::Place ReferenceScheduler::FindPlace(const Queue& queue,
                                                        int job) const {
  Held held = Held::kNoRoom;
  for (int environment : queue.environments) {
    if (!environments_[environment].takes_jobs()) continue;
    const int instance = BestInstance(environment, jobs_[job].need);
    if (instance != kNothing) return {Held::kNot, instance};
    if (!CanGrowFor(environment, jobs_[job].need)) continue;
    held = Held::kMayGrow;
    if (IsWorthWaitingFor(environment, jobs_[job].need)) break;
  }
  return {held, kNothing};
}

// One event for each code in a job's life. Choice: D33, D52.
void ReferenceScheduler::MarkBlocked(Queue& queue, int index, Held held) {
  const std::string reason = BlockedReason(queue, index);
  const std::string before = jobs_[index].status_reason;
  const bool is_new = queue.blocked != index;
  TellBlocked(queue.blocked, index, reason);
  UpdateClock(queue, index, is_new, held, before, reason);
}

void ReferenceScheduler::TellBlocked(int& blocked, int index,
                                     const std::string& reason) {
  Job& job = jobs_[index];
  blocked = reason.empty() ? kNothing : index;
  if (reason == job.status_reason) return;
  if (reason.empty()) {
    job.status_reason.clear();
    return;
  }
  job.touched = true;
  const std::string code = reason.substr(0, reason.find(" - "));
  if (job.blocked_codes.insert(code).second) {
    Change(index, JobStatus::kRunnable, reason);
  } else {
    job.status_reason = reason;
  }
}

// Source: §13.5. Choice: D52, the first row of the table that holds.
std::string ReferenceScheduler::BlockedReason(const Queue& queue,
                                              int job) const {
  const Need& need = jobs_[job].need;
  std::array<int, 9> counts{};
  std::string type;  // that would be launched if it were to be had
  bool waits_for_one = false;
  for (int environment : queue.environments) {
    // Source: §12.2, the environment that a multi-node job waits for holds it
    // up, whatever later ones have.
    if (waits_for_one) break;
    waits_for_one = need.nodes > 0 && CanGrowFor(environment, need);
    const Why why = WhyNotIn(environment, need);
    ++counts[static_cast<int>(why)];
    if (why != Why::kNoCapacity || !type.empty()) continue;
    if (environments_[environment].is_fargate()) {
      type = std::string(ComputeResourceTypeName(
          environments_[environment].options.compute_resources->type));
    } else {
      const int wanted = TypeInDemand(environment, need);
      type = environments_[environment].types[wanted].promised.name;
    }
  }
  const auto any = [&](Why why) { return counts[static_cast<int>(why)] > 0; };
  const auto all = [&](Why why) {
    return counts[static_cast<int>(why)] ==
           static_cast<int>(queue.environments.size());
  };
  // Choice: D32, D52.
  if (any(Why::kMayLater)) {
    return HasAll(need) ? ""
                        : "UNDETERMINED - Batch job is blocked, root cause "
                          "is undetermined.";
  }
  if (any(Why::kNoCapacity)) {
    return absl::StrCat(
        "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the "
        "capacity requested for instance type [",
        type, "]");
  }
  if (all(Why::kMaxVcpus)) {
    return "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) "
           "associated with the job queue cannot meet the CPU requirement of "
           "the job.";
  }
  if (any(Why::kMisconfigured)) {
    return "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your "
           "compute environment associated with this job queue has an "
           "unsupported instance type configuration.";
  }
  if (any(Why::kNotPermitted)) {
    return "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - Batch service role has "
           "a permission issue.";
  }
  if (all(Why::kInvalid)) {
    return "ACTION_REQUIRED - CE(s) associated with the job queue are invalid.";
  }
  if (any(Why::kUnknown) || any(Why::kDisabled)) {
    return "UNDETERMINED - Batch job is blocked, root cause is undetermined.";
  }
  return "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource "
         "requirement (vCPU/memory/GPU) is higher than that can be met by the "
         "CE(s) attached to the job queue.";
}

}  // namespace embatch::reference
