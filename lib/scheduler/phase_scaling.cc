// SPDX-License-Identifier: Apache-2.0
//
// Phase 6: scaling out, the top-up to minvCpus, scaling in. What to do is
// decided by ScalingPlan (lib/capacity/scaling.h); here it is done.
#include <algorithm>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "lib/capacity/scaling.h"
#include "lib/scheduler/shares.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {
namespace {

// Classes of waiting jobs that one turn puts in order, if so many came or
// changed since the last plan: a fraction of a millisecond.
constexpr int64_t kClassesPutInOrder = 4096;

}  // namespace

// Whether any environment wants to do anything, and can: cheap, because it is
// asked in every turn. While nothing can be launched or go, only what the
// caller asked for as desiredvCpus depends on the plan.
bool TurnRunner::IsScalingNeeded() const {
  bool is_wanted = false;
  for (uint32_t i : fleet_.environments()) {
    is_wanted =
        is_wanted || (fleet_.environment(i).launches() && IsScalingWanted(i));
  }
  if (!is_wanted) return false;
  for (uint32_t i : fleet_.environments()) {
    const EnvironmentRecord& environment = fleet_.environment(i);
    if (environment.launches() &&
        (environment.asked_vcpu_milli > 0 || MayTerminateAny(environment) ||
         MayLaunchAny(environment, now_ns_))) {
      return true;
    }
  }
  return false;
}

bool TurnRunner::IsScalingWanted(uint32_t index) const {
  const EnvironmentRecord& environment = fleet_.environment(index);
  if (environment.vcpu_milli < environment.kept_vcpu_milli() ||
      (environment.vcpu_milli > environment.min_vcpu_milli() &&
       !environment.idle.empty())) {
    return true;
  }
  if (environment.vcpu_milli >= environment.max_vcpu_milli()) return false;
  for (const QueueRecord& queue : state_.queues) {
    if (queue.waiting == 0) continue;
    for (uint32_t other : queue.environments) {
      if (other == index) return true;
    }
  }
  return false;
}

// Plans a class of a line in which a job that is held keeps all behind it from
// starting. Answers whether the line goes on. Choice: D45.
bool TurnRunner::PlanInLine(const QueueRecord& queue, uint32_t requirement,
                            int64_t jobs, ScalingPlan& plan) const {
  return plan.AddClass(queue.environments, jobs_.requirement(requirement), jobs,
                       /*strict=*/true);
}

// Plans a queue whose order is not strict, so that a class that finds no place
// keeps nobody from being planned. Once nothing more can be launched only those
// are looked at that fit somewhere. The others are left over, which makes a
// difference only where the caller asked for vCPUs: there all are looked at.
void TurnRunner::PlanByRoom(QueueRecord& queue, ScalingPlan& plan) {
  const bool looks_at_all =
      std::any_of(queue.environments.begin(), queue.environments.end(),
                  [this](uint32_t environment) {
                    return fleet_.environment(environment).asked_vcpu_milli > 0;
                  });
  absl::flat_hash_set<uint32_t> planned;
  const auto add = [&](uint32_t requirement, int64_t jobs) {
    planned.insert(requirement);
    plan.AddClass(queue.environments, jobs_.requirement(requirement), jobs,
                  /*strict=*/false);
  };
  queue.line.ForEachClass([&](const ClassInLine& waiting) {
    if (!looks_at_all && !plan.MayGrow(queue.environments)) return false;
    add(waiting.requirement, waiting.jobs);
    return true;
  });
  if (planned.size() == queue.line.class_count()) return;
  std::vector<Resources> rooms;
  plan.AppendRooms(queue.environments, &rooms);
  while (planned.size() < queue.line.class_count()) {
    const uint32_t entry = queue.index.First(rooms);
    if (entry == DispatchIndex::kNone) break;
    queue.index.SetAside(entry);
    // A class may have several entries, of jobs with other estimates.
    const uint32_t requirement = queue.index.ClassOf(entry).requirement;
    if (planned.contains(requirement)) continue;
    add(requirement, queue.line.jobs_of(requirement));
    rooms.clear();
    plan.AppendRooms(queue.environments, &rooms);
  }
  queue.index.EndPass();
}

// The classes of a fair-share queue, each with all its jobs where its first one
// stands. Shares stand in the order of their keys as they are after the cycle.
// Choice: D45.
bool TurnRunner::PlanShares(QueueRecord& queue, ScalingPlan& plan,
                            int64_t* looks) {
  FairShare& shares = queue.fair_share;
  absl::flat_hash_set<uint32_t> planned;
  int64_t left = queue.waiting;
  bool goes_on = true;
  const auto add = [&](const ClassInLine& waiting) {
    if (!planned.insert(waiting.requirement).second) return true;
    const int64_t jobs = shares.JobsOfClass(waiting.requirement);
    left -= jobs;
    goes_on = PlanInLine(queue, waiting.requirement, jobs, plan) && left > 0;
    return goes_on;
  };
  bool is_known = true;
  shares.ForEachInOrder([&](uint32_t share) {
    is_known = shares.PutClassesInOrder(share, looks);
    if (is_known) shares.ForEachClassOf(share, add);
    return is_known && goes_on;
  });
  return is_known;
}

// The same with skip_blocked_shares: each share is a line of its own.
// Choice: D10, D45, whose head the reservation holds is without demand.
bool TurnRunner::PlanSharesApart(QueueRecord& queue, ScalingPlan& plan,
                                 int64_t* looks) {
  FairShare& shares = queue.fair_share;
  bool is_known = true;
  shares.ForEachInOrder([&](uint32_t share) {
    is_known = shares.PutClassesInOrder(share, looks);
    if (!is_known) return false;
    bool is_head = true;
    shares.ForEachClassOf(share, [&](const ClassInLine& waiting) {
      if (is_head &&
          IsHeldByReservation(state_, queue,
                              jobs_.requirement(waiting.requirement))) {
        return false;
      }
      is_head = false;
      return PlanInLine(queue, waiting.requirement, waiting.jobs, plan);
    });
    return true;
  });
  return is_known;
}

// Plans one queue's waiting jobs, class by class, until the plan needs to know
// no more of them. Answers false if it may look at no more classes than it did:
// another turn goes on.
bool TurnRunner::PlanFor(QueueRecord& queue, ScalingPlan& plan,
                         int64_t* looks) {
  switch (queue.kind) {
    case QueueKind::kFifo:
      if (!queue.line.PutInOrder(looks)) return false;
      // Choice: D46, what only those could use who must wait for the head is
      // not wanted.
      if (queue.is_strict() || queue.nobody_overtakes) {
        queue.line.ForEachClass([&](const ClassInLine& waiting) {
          return PlanInLine(queue, waiting.requirement, waiting.jobs, plan);
        });
      } else {
        PlanByRoom(queue, plan);
      }
      return true;
    case QueueKind::kFairShare:
      return state_.settings.skip_blocked_shares
                 ? PlanSharesApart(queue, plan, looks)
                 : PlanShares(queue, plan, looks);
    case QueueKind::kQuotaShare:
      for (uint32_t share : queue.quota->order) {
        plan.AddQueue(queue.environments, ShareDemand(queue, share, plan));
      }
      return true;
  }
  return true;
}

// What was launched or has gone changes the plan: if jobs wait, they are looked
// at once more in the same moment, so that a later call finds nothing to do.
// This ends, because an instance goes only once and maxvCpus bounds the rest.
bool TurnRunner::RunScaling() {
  if (!IsScalingNeeded()) return false;
  int64_t looks = kClassesPutInOrder;
  ScalingPlan plan(fleet_, state_.consumables, now_ns_,
                   state_.settings.idle_time_ns);
  for (uint32_t index : state_.queue_order) {
    QueueRecord& queue = state_.queues[index];
    if (!TakesWork(queue.status) || queue.waiting == 0 ||
        queue.is_for_services()) {
      continue;
    }
    // Choice: D45, a head that the reservation holds leaves its queue without
    // demand.
    if (queue.held == Held::kReservation) continue;
    if (!PlanFor(queue, plan, &looks)) return true;
  }
  for (uint32_t i : fleet_.environments()) {
    if (plan.IsShort(i)) fleet_.environment(i).asked_vcpu_milli = 0;
  }
  const std::vector<ScalingPlan::Launch>& launches = plan.TopUp();
  for (const ScalingPlan::Launch& launch : launches) {
    for (int64_t i = 0; i < launch.instances; ++i) {
      // A launch takes room in the budget, as a transition does.
      if (journal_.transitions_left-- <= 0) return true;
      const uint32_t slot =
          fleet_.Launch(launch.environment, launch.type, launch.for_minimum);
      Request request;
      request.kind = Request::Kind::kLaunch;
      request.environment = launch.environment;
      request.type = launch.type;
      request.instance = InstanceId{fleet_.instance(slot).number};
      requests_.push_back(request);
    }
  }
  const std::vector<uint32_t> terminations = plan.Terminations();
  for (uint32_t slot : terminations) {
    if (journal_.transitions_left-- <= 0) return true;
    Request request;
    request.kind = Request::Kind::kTerminate;
    request.environment = fleet_.instance(slot).environment;
    request.instance = InstanceId{fleet_.instance(slot).number};
    requests_.push_back(request);
    UnwatchIdle(slot);
    fleet_.Remove(slot);
  }
  return (!launches.empty() || !terminations.empty()) &&
         std::any_of(
             state_.queues.begin(), state_.queues.end(),
             [](const QueueRecord& queue) { return queue.waiting > 0; });
}

}  // namespace embatch
