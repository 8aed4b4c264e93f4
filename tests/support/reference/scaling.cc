// SPDX-License-Identifier: Apache-2.0
//
// Phase 6: scaling out, the top-up to minvCpus, scaling in, instance by
// instance and job by job. lib/capacity/README.md fixes the packing.
#include <algorithm>
#include <tuple>

#include "tests/support/reference/lines.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

// An instance in the plan, real or to be launched.
struct ReferenceScheduler::Cell {
  enum class Kind { kBusy, kBooting, kIdle };
  Kind kind = Kind::kBusy;
  Resources room;
  int instance = kNothing;
  bool wanted = false;
};

struct ReferenceScheduler::Plan {
  struct Row {
    int64_t vcpu_milli = 0;  // planned launches included
    std::vector<Cell> cells;
  };
  struct NewInstance {
    int environment = kNothing;
    int type = kNothing;
  };
  std::vector<Row> rows;  // by environment
  std::vector<NewInstance> launches;
};

// Out, top-up, in: what was just launched counts when it is said what may go.
// Choice: D45, D46, D71.
void ReferenceScheduler::RunScaling() {
  const Plan plan = MakePlan();
  for (const Plan::NewInstance& launch : plan.launches) {
    Launch(launch.environment, launch.type);
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
    plan.rows.push_back({VcpusOf(i), {}});
  }
  for (int i = 0; i < static_cast<int>(instances_.size()); ++i) {
    const Instance& instance = instances_[i];
    Cell cell;
    cell.instance = i;
    if (instance.state == InstanceState::kBooting) {
      cell.kind = Cell::Kind::kBooting;
      cell.room = environments_[instance.environment].types[instance.type].size;
    } else if (instance.state == InstanceState::kReady) {
      const bool idle = instance.type != kNothing && RunningOn(i) == 0;
      cell.kind = idle ? Cell::Kind::kIdle : Cell::Kind::kBusy;
      cell.room = FreeOf(i);
    } else {
      continue;
    }
    plan.rows[instance.environment].cells.push_back(cell);
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
    const int type = BestType(i, Resources(), now_ns_);
    if (!environment.managed() || !environment.takes_jobs() ||
        type == kNothing) {
      continue;
    }
    while (plan.rows[i].vcpu_milli < environment.min_vcpu_milli()) {
      plan.launches.push_back({i, type});
      plan.rows[i].vcpu_milli += environment.types[type].size.vcpu_milli;
    }
  }
  return plan;
}

// The demand of one queue, requirement by requirement, in the order of the
// first job of each.
void ReferenceScheduler::PlanQueue(const Queue& queue, Plan& plan) const {
  struct Demand {
    Resources need;
    int64_t jobs = 0;
  };
  std::vector<Demand> demands;
  for (int job : WaitingIn(queue)) {
    auto same = std::find_if(
        demands.begin(), demands.end(),
        [&](const Demand& demand) { return demand.need == jobs_[job].need; });
    if (same == demands.end()) {
      demands.push_back({jobs_[job].need, 1});
    } else {
      ++same->jobs;
    }
  }
  // Whether what is held keeps all behind it from starting.
  const bool strict = !queue.fairshare_policy || true;
  for (Demand& demand : demands) {
    bool served = false;
    for (int index : queue.environments) {
      const Why why = WhyNotIn(index, demand.need);
      served |= environments_[index].takes_jobs() &&
                (why == Why::kMayLater || why == Why::kNoCapacity ||
                 why == Why::kMisconfigured || why == Why::kNotPermitted);
    }
    if (!served && strict) return;
    if (!served) continue;
    for (int index : queue.environments) {
      const Environment& environment = environments_[index];
      if (!environment.takes_jobs() ||
          (environment.managed() &&
           demand.need.vcpu_milli > environment.max_vcpu_milli())) {
        continue;
      }
      Fill(plan, index, demand.need, demand.jobs);
      Grow(plan, index, demand.need, demand.jobs);
    }
    if (demand.jobs > 0 && strict) return;
  }
}

// Busy instances first, then booting, then idle ones; of these the one with the
// least room; of equal ones the oldest.
void ReferenceScheduler::Fill(Plan& plan, int environment,
                              const Resources& need, int64_t& jobs) const {
  std::vector<Cell>& cells = plan.rows[environment].cells;
  std::stable_sort(cells.begin(), cells.end(),
                   [](const Cell& a, const Cell& b) {
                     return std::make_tuple(a.kind, a.room.vcpu_milli,
                                            a.room.memory_mib, a.room.gpus) <
                            std::make_tuple(b.kind, b.room.vcpu_milli,
                                            b.room.memory_mib, b.room.gpus);
                   });
  for (Cell& cell : cells) {
    while (jobs > 0 && need.FitsIn(cell.room)) {
      cell.room -= need;
      --jobs;
      if (cell.kind == Cell::Kind::kIdle) {
        cell.kind = Cell::Kind::kBusy;
        cell.wanted = true;
      }
    }
  }
}

// Choice: D24, one more may be launched while the total is below maxvCpus.
void ReferenceScheduler::Grow(Plan& plan, int index, const Resources& need,
                              int64_t& jobs) const {
  const Environment& environment = environments_[index];
  const int type = BestType(index, need, now_ns_);
  if (!environment.managed() || type == kNothing) return;
  Plan::Row& row = plan.rows[index];
  while (jobs > 0 && row.vcpu_milli < environment.max_vcpu_milli()) {
    plan.launches.push_back({index, type});
    Cell cell;
    cell.kind = Cell::Kind::kBooting;
    cell.room = environment.types[type].size;
    row.vcpu_milli += cell.room.vcpu_milli;
    for (; jobs > 0 && need.FitsIn(cell.room); --jobs) cell.room -= need;
    row.cells.push_back(cell);
  }
}

// Choice: D25, D46: largest first, then newest, down to minvCpus; in a DISABLED
// environment too.
std::vector<int> ReferenceScheduler::Terminations(const Plan& plan) const {
  const int64_t idle_time_ns = std::max<int64_t>(
      0, absl::ToInt64Nanoseconds(options_.idle_time_before_scale_in));
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
      if (left - instance.total.vcpu_milli <
              environments_[i].min_vcpu_milli() ||
          After(instance.idle_since_ns, idle_time_ns) > now_ns_) {
        continue;
      }
      left -= instance.total.vcpu_milli;
      result.push_back(index);
    }
  }
  return result;
}

}  // namespace embatch::reference
