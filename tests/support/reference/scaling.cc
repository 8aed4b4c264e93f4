// SPDX-License-Identifier: Apache-2.0
//
// Phase 6: scaling out, the top-up to minvCpus, scaling in, instance by
// instance and job by job. lib/capacity/README.md fixes the packing.
#include <algorithm>
#include <map>
#include <tuple>

#include "tests/support/reference/lines.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

// An instance in the plan, real or to be launched.
struct ReferenceScheduler::Cell {
  enum class Kind { kBusy, kClosing, kBooting, kIdle };
  Kind kind = Kind::kBusy;
  Resources room;
  int idle_group = kNothing;  // kIdle: those that are alike
  // Of an empty instance that a node may have: its type.
  int node_type = kNothing;
  int instance = kNothing;
  bool wanted = false;
};

struct ReferenceScheduler::Plan {
  struct Row {
    int64_t vcpu_milli = 0;  // planned launches included
    bool is_short = false;   // jobs of a queue that it serves are left over
    std::vector<Cell> cells;
  };
  struct NewInstance {
    int environment = kNothing;
    int type = kNothing;
    bool for_minimum = false;
  };
  std::vector<Row> rows;  // by environment
  // What of each consumable those need that have a place, by index.
  std::map<int, int64_t> promised;
  std::vector<NewInstance> launches;
};

// Out, top-up, in: what was just launched counts when it is said what may go.
// Choice: D45, D46, D71.
void ReferenceScheduler::RunScaling() {
  const Plan plan = MakePlan();
  for (size_t i = 0; i < environments_.size(); ++i) {
    if (plan.rows[i].is_short) environments_[i].asked_vcpu_milli = 0;
  }
  for (const Plan::NewInstance& launch : plan.launches) {
    Launch(launch.environment, launch.type, launch.for_minimum);
  }
  for (int index : Terminations(plan)) {
    Instance& instance = instances_[index];
    Request(TerminateLine(instance.id));
    instance.state = InstanceState::kGone;
  }
}

ReferenceScheduler::Plan ReferenceScheduler::MakePlan() const {
  Plan plan;
  for (int i = 0; i < static_cast<int>(environments_.size()); ++i) {
    plan.rows.push_back({VcpusOf(i), false, {}});
  }
  for (int i = 0; i < static_cast<int>(instances_.size()); ++i) {
    const Instance& instance = instances_[i];
    std::vector<Cell>& cells = plan.rows[instance.environment].cells;
    Cell cell;
    cell.instance = i;
    const int node_type = instance.for_minimum ? kNothing : instance.type;
    if (instance.closing && instance.state == InstanceState::kReady) {
      Cell closing;
      closing.kind = Cell::Kind::kClosing;
      closing.room =
          environments_[instance.environment].types[instance.type].size;
      closing.node_type = instance.type;
      cells.push_back(closing);
    }
    if (instance.state == InstanceState::kBooting) {
      cell.kind = Cell::Kind::kBooting;
      cell.node_type = node_type;
      cell.room = environments_[instance.environment].types[instance.type].size;
    } else if (instance.state == InstanceState::kReady) {
      const bool idle = instance.type != kNothing && RunningOn(i) == 0;
      cell.kind = idle ? Cell::Kind::kIdle : Cell::Kind::kBusy;
      cell.room = FreeOf(i);
      if (idle) {
        cell.node_type = node_type;
        cell.idle_group = i;
        for (const Cell& other : cells) {
          if (other.kind == Cell::Kind::kIdle && other.room == cell.room &&
              other.node_type == cell.node_type) {
            cell.idle_group = std::min(cell.idle_group, other.idle_group);
          }
        }
      }
    } else {
      continue;
    }
    cells.push_back(cell);
  }
  for (int index : QueuesInOrder()) {
    const Queue& queue = queues_[index];
    if ((queue.status == ResourceStatus::kValid ||
         queue.status == ResourceStatus::kUpdating) &&
        !queue.without_demand) {
      PlanQueue(queue, plan);
    }
  }
  for (int i = 0; i < static_cast<int>(environments_.size()); ++i) {
    const Environment& environment = environments_[i];
    if (!environment.launches() || !environment.takes_jobs()) continue;
    const int type = BestType(i, Need());
    if (type == kNothing) continue;
    while (plan.rows[i].vcpu_milli < KeptIn(plan, i) &&
           MayLaunch(environment, plan.rows[i].vcpu_milli,
                     environment.types[type])) {
      plan.launches.push_back({i, type, true});
      plan.rows[i].vcpu_milli += environment.types[type].size.vcpu_milli;
    }
  }
  return plan;
}

// The demand of one queue; each quota share is a queue of its own.
void ReferenceScheduler::PlanQueue(const Queue& queue, Plan& plan) const {
  if (queue.has_quotas) {
    for (int quota : queue.quota_order) {
      PlanDemands(queue, plan, DemandOfQuota(queue, quota, plan),
                  /*strict=*/true);
    }
    return;
  }
  const std::vector<int> waiting = WaitingIn(queue);
  if (queue.fairshare_policy && options_.skip_blocked_shares) {
    PlanSharesApart(queue, waiting, plan);
    return;
  }
  // Whether what is held keeps all behind it from starting.
  const bool strict = queue.options.dispatch_order == DispatchOrder::kStrict ||
                      queue.nobody_overtakes;
  PlanDemands(queue, plan, DemandOf(waiting), strict);
}

// Each share is a queue of its own; one whose head the reservation holds has no
// demand. Choice: D10, D45.
void ReferenceScheduler::PlanSharesApart(const Queue& queue,
                                         const std::vector<int>& waiting,
                                         Plan& plan) const {
  for (auto first = waiting.begin(); first != waiting.end();) {
    const auto next = std::find_if(first, waiting.end(), [&](int job) {
      return jobs_[job].share != jobs_[*first].share;
    });
    if (!IsHeldByReservation(queue, *first)) {
      PlanDemands(queue, plan, DemandOf({first, next}), /*strict=*/true);
    }
    first = next;
  }
}

// Requirement by requirement, in the order of the first job of each.
std::vector<ReferenceScheduler::Demand> ReferenceScheduler::DemandOf(
    const std::vector<int>& waiting) const {
  std::vector<Demand> demands;
  for (int job : waiting) {
    auto same =
        std::find_if(demands.begin(), demands.end(), [&](const Demand& demand) {
          return demand.need.IsSameAs(jobs_[job].need);
        });
    if (same == demands.end()) {
      demands.push_back({jobs_[job].need, 1});
    } else {
      ++same->jobs;
    }
  }
  return demands;
}

// For how many jobs there are consumables, beside those that have a place. No
// machine helps the others. Source: §18.
int64_t ReferenceScheduler::Supplied(const Plan& plan,
                                     const Demand& demand) const {
  int64_t jobs = demand.jobs;
  for (const auto& [name, quantity] : demand.need.consumables) {
    const int index = FindConsumable(name);
    if (index == kNothing) return 0;
    const auto promised = plan.promised.find(index);
    int64_t left = consumables_[index].available();
    if (promised != plan.promised.end()) left -= promised->second;
    jobs = std::min(jobs, left / quantity);
  }
  return jobs;
}

void ReferenceScheduler::PlanDemands(const Queue& queue, Plan& plan,
                                     const std::vector<Demand>& demands,
                                     bool strict) const {
  for (const Demand& demand : demands) {
    const int64_t supplied = Supplied(plan, demand);
    const int64_t placed = PlaceDemand(queue, plan, {demand.need, supplied});
    for (const auto& [name, quantity] : demand.need.consumables) {
      if (placed > 0) plan.promised[FindConsumable(name)] += placed * quantity;
    }
    if (placed < supplied) LeaveOver(queue, plan);
    if (strict && placed < demand.jobs) return;
  }
}

// Answers for how many of the jobs there is a place.
int64_t ReferenceScheduler::PlaceDemand(const Queue& queue, Plan& plan,
                                        Demand demand) const {
  const int64_t wanted = demand.jobs;
  bool served = false;
  for (int index : queue.environments) {
    const Why why = WhyNotIn(index, demand.need);
    served |= environments_[index].takes_jobs() &&
              (why == Why::kMayLater || why == Why::kNoCapacity ||
               why == Why::kMisconfigured || why == Why::kNotPermitted);
  }
  if (!served) return 0;
  if (demand.need.nodes > 0) {
    while (demand.jobs > 0 && PlanNodes(queue, plan, demand.need)) {
      --demand.jobs;
    }
    return wanted - demand.jobs;
  }
  for (int index : queue.environments) {
    const Environment& environment = environments_[index];
    if (!environment.takes_jobs() || !environment.may_ever_hold(demand.need)) {
      continue;
    }
    Fill(plan, index, demand.need, demand.jobs);
    Grow(plan, index, demand.need, demand.jobs);
  }
  return wanted - demand.jobs;
}

void ReferenceScheduler::LeaveOver(const Queue& queue, Plan& plan) {
  for (int environment : queue.environments) {
    plan.rows[environment].is_short = true;
  }
}

// minvCpus, or what was asked for as desiredvCpus, while nobody wants more than
// there can be. Source: §16.2.
int64_t ReferenceScheduler::KeptIn(const Plan& plan, int index) const {
  const Environment& environment = environments_[index];
  if (plan.rows[index].is_short) return environment.min_vcpu_milli();
  return std::max(
      environment.min_vcpu_milli(),
      std::min(environment.asked_vcpu_milli, environment.max_vcpu_milli()));
}

// Busy instances first, then booting, then idle ones; of these the one with the
// least room; of equal ones those of a kind, the oldest first.
void ReferenceScheduler::Sort(std::vector<Cell>& cells) {
  std::stable_sort(
      cells.begin(), cells.end(), [](const Cell& a, const Cell& b) {
        const auto key = [](const Cell& cell) {
          return std::make_tuple(
              cell.kind, cell.room.gpus, cell.room.vcpu_milli,
              cell.room.memory_mib, cell.idle_group,
              static_cast<unsigned>(cell.node_type));  // none comes last
        };
        return key(a) < key(b);
      });
}

void ReferenceScheduler::Fill(Plan& plan, int environment, const Need& need,
                              int64_t& jobs) const {
  std::vector<Cell>& cells = plan.rows[environment].cells;
  Sort(cells);
  for (Cell& cell : cells) {
    if (cell.kind == Cell::Kind::kClosing) continue;
    while (jobs > 0 && need.FitsIn(cell.room)) {
      cell.room -= need;
      --jobs;
      cell.node_type = kNothing;
      cell.idle_group = kNothing;
      if (cell.kind == Cell::Kind::kIdle) {
        cell.kind = Cell::Kind::kBusy;
        cell.wanted = true;
      }
    }
  }
}

// Takes up to as many empty instances as there are nodes. Answers how many
// there were; with `take` false it only counts.
int64_t ReferenceScheduler::TakeEmpty(Plan& plan, int environment,
                                      const Need& need, bool take) const {
  std::vector<Cell>& cells = plan.rows[environment].cells;
  Sort(cells);
  int64_t taken = 0;
  std::vector<Cell> left;
  for (const Cell& cell : cells) {
    if (taken == need.nodes || cell.node_type == kNothing ||
        !need.FitsIn(cell.room) ||
        !need.Allows(
            environments_[environment].types[cell.node_type].promised.name)) {
      left.push_back(cell);
    } else {
      ++taken;
    }
  }
  if (take) cells = left;
  return taken;
}

// One multi-node job: all of its nodes in one environment. False: it waits, and
// so does all behind it. Source: §12.2. Choice: D24, D35.
bool ReferenceScheduler::PlanNodes(const Queue& queue, Plan& plan,
                                   const Need& need) const {
  for (int index : queue.environments) {
    const Environment& environment = environments_[index];
    if (!environment.takes_jobs() || !environment.runs_nodes() ||
        !environment.may_ever_hold(need)) {
      continue;
    }
    const int best = TypeForNodes(index, need);
    if (best == kNothing) continue;
    const Type& type = environment.types[best];
    if (!MayLaunchNodes(environment, 0, type, need.nodes)) continue;
    const int64_t missing =
        need.nodes - TakeEmpty(plan, index, need, /*take=*/false);
    Plan::Row& row = plan.rows[index];
    if (!MayLaunchNodes(environment, row.vcpu_milli, type, missing)) continue;
    // What is there is kept for it while it waits for the rest.
    (void)TakeEmpty(plan, index, need, /*take=*/true);
    if (missing <= 0) return true;
    if (type.back_off_until_ns > now_ns_) return false;
    for (int64_t i = 0; i < missing; ++i) {
      plan.launches.push_back({index, best, false});
      row.vcpu_milli += type.size.vcpu_milli;
    }
    return true;
  }
  return false;
}

void ReferenceScheduler::Grow(Plan& plan, int index, const Need& need,
                              int64_t& jobs) const {
  const Environment& environment = environments_[index];
  if (!environment.launches()) return;
  const int type = BestType(index, need);
  if (type == kNothing) return;
  Plan::Row& row = plan.rows[index];
  while (jobs > 0 &&
         MayLaunch(environment, row.vcpu_milli, environment.types[type])) {
    plan.launches.push_back({index, type, false});
    Cell cell;
    cell.kind = Cell::Kind::kBooting;
    cell.room = environment.types[type].size;
    cell.node_type = type;
    row.vcpu_milli += cell.room.vcpu_milli;
    for (; jobs > 0 && need.FitsIn(cell.room); --jobs) {
      cell.room -= need;
      cell.node_type = kNothing;
    }
    row.cells.push_back(cell);
  }
}

// Choice: D25, D46: largest first, then newest, down to minvCpus; in a DISABLED
// environment too.
std::vector<int> ReferenceScheduler::Terminations(const Plan& plan) const {
  // Source: API minScaleDownDelayMinutes; not for what never had a job.
  const auto idle_time = [this](const Instance& instance) {
    const int minutes =
        environments_[instance.environment]
            .options.compute_resources->min_scale_down_delay_minutes;
    return instance.used && minutes > 0
               ? absl::ToInt64Nanoseconds(absl::Minutes(minutes))
               : std::max<int64_t>(0, absl::ToInt64Nanoseconds(
                                          options_.idle_time_before_scale_in));
  };
  std::vector<int> result;
  for (int i = 0; i < static_cast<int>(environments_.size()); ++i) {
    std::vector<int> idle;
    for (const Cell& cell : plan.rows[i].cells) {
      if (cell.kind == Cell::Kind::kIdle) idle.push_back(cell.instance);
    }
    std::sort(idle.begin(), idle.end(), [this](int a, int b) {
      return std::make_tuple(-instances_[a].total.vcpu_milli, b) <
             std::make_tuple(-instances_[b].total.vcpu_milli, a);
    });
    int64_t left = VcpusOf(i);
    for (int index : idle) {
      const Instance& instance = instances_[index];
      if (left - instance.total.vcpu_milli < KeptIn(plan, i) ||
          After(instance.idle_since_ns, idle_time(instance)) > now_ns_) {
        continue;
      }
      left -= instance.total.vcpu_milli;
      result.push_back(index);
    }
  }
  return result;
}

}  // namespace embatch::reference
