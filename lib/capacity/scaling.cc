// SPDX-License-Identifier: Apache-2.0
#include "lib/capacity/scaling.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "lib/base/time.h"
#include "lib/capacity/allocation.h"
#include "lib/capacity/why_not.h"

namespace embatch {
namespace {

// How many jobs fit into a room.
int64_t CountFitting(const Resources& room, const Resources& need) {
  int64_t count = std::numeric_limits<int64_t>::max();
  if (need.vcpu_milli > 0) count = room.vcpu_milli / need.vcpu_milli;
  if (need.memory_mib > 0) {
    count = std::min(count, room.memory_mib / need.memory_mib);
  }
  if (need.gpus > 0) {
    count = std::min<int64_t>(count, room.gpus / need.gpus);
  }
  return count;
}

int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Whether an instance may be launched beside those that there are, or will be.
bool MayLaunchBeside(const EnvironmentRecord& environment, int64_t vcpu_milli,
                     int64_t now_ns) {
  if (!environment.launches() || !environment.places_jobs() ||
      vcpu_milli >= environment.max_vcpu_milli()) {
    return false;
  }
  for (const TypeRecord& type : environment.types) {
    const int64_t size = type.type.resources.vcpu_milli;
    if (type.offered && size > 0 && type.back_off_until_ns <= now_ns &&
        environment.LaunchesAllowed(vcpu_milli, size) > 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool MayLaunchAny(const EnvironmentRecord& environment, int64_t now_ns) {
  return MayLaunchBeside(environment, environment.vcpu_milli, now_ns);
}

bool MayTerminateAny(const EnvironmentRecord& environment) {
  if (environment.idle.empty()) return false;
  for (const SizeCount& size : environment.sizes) {
    if (environment.vcpu_milli - size.total.vcpu_milli >=
        environment.min_vcpu_milli()) {
      return true;
    }
  }
  return false;
}

ScalingPlan::ScalingPlan(const Fleet& fleet, const Consumables& consumables,
                         int64_t now_ns, int64_t idle_time_ns)
    : fleet_(fleet),
      consumables_(consumables),
      now_ns_(now_ns),
      idle_time_ns_(idle_time_ns),
      environments_(fleet.environments().size()) {}

// They stand there as they were created, which is by index.
size_t ScalingPlan::PlaceOf(uint32_t index) const {
  const std::vector<uint32_t>& existing = fleet_.environments();
  return static_cast<size_t>(
      std::lower_bound(existing.begin(), existing.end(), index) -
      existing.begin());
}

void ScalingPlan::Insert(Environment& environment, const Cell& cell,
                         int64_t instances) {
  if (instances > 0) environment.cells[cell] += instances;
}

void ScalingPlan::AddIdleCells(uint32_t index, Environment& environment) {
  const EnvironmentRecord& record = fleet_.environment(index);
  for (uint64_t number = record.idle.First(); number != SequenceBitmap::kNone;
       number = record.idle.FirstAtLeast(number + 1)) {
    const InstanceRecord& instance =
        fleet_.instance(fleet_.FindInstance(index, InstanceId{number}));
    int32_t group = 0;
    while (group < static_cast<int32_t>(environment.idle.size()) &&
           (environment.idle[group].room != instance.free ||
            environment.idle[group].node_type != NodeTypeOf(instance))) {
      ++group;
    }
    if (group == static_cast<int32_t>(environment.idle.size())) {
      environment.idle.push_back({instance.free, NodeTypeOf(instance), 0});
    }
    Insert(environment,
           {Cell::Kind::kIdle, instance.free, group, NodeTypeOf(instance)}, 1);
  }
}

// What boots or is about to be empty; what is ready comes later, if at all.
ScalingPlan::Environment& ScalingPlan::Load(uint32_t index) {
  Environment& environment = environments_[PlaceOf(index)];
  if (environment.loaded) return environment;
  environment.loaded = true;
  const EnvironmentRecord& record = fleet_.environment(index);
  environment.vcpu_milli = record.vcpu_milli;
  for (uint32_t i = 0; i < record.types.size(); ++i) {
    const TypeRecord& type = record.types[i];
    const Resources& room = type.type.resources;
    Insert(environment, {Cell::Kind::kClosing, room, -1, i}, type.closing);
    Insert(environment, {Cell::Kind::kBooting, room, -1, i},
           type.booting - type.booting_for_minimum);
    Insert(environment, {Cell::Kind::kBooting, room}, type.booting_for_minimum);
  }
  return environment;
}

// A job that waits seldom has room on what is ready, or it would have started:
// so its cells are looked at only when a class comes that has some.
void ScalingPlan::LoadReady(uint32_t index, Environment& environment) {
  if (environment.ready_loaded) return;
  environment.ready_loaded = true;
  AddIdleCells(index, environment);
  for (const FreeCapacity::Group& group :
       fleet_.environment(index).free.Groups()) {
    int64_t idle = 0;
    for (auto cell =
             environment.cells.lower_bound({Cell::Kind::kIdle, Resources()});
         cell != environment.cells.end(); ++cell) {
      if (cell->first.room == group.free) idle += cell->second;
    }
    Insert(environment, {Cell::Kind::kBusy, group.free},
           group.instances - idle);
  }
}

// Source: guide "Multi-node parallel jobs" (§12.2); what was launched for
// minvCpus is for other jobs.
uint32_t ScalingPlan::NodeTypeOf(const InstanceRecord& instance) const {
  return instance.for_minimum ? Fleet::kNone : instance.type;
}

// Puts up to `jobs` jobs into what is there. Answers how many.
int64_t ScalingPlan::Fill(Environment& environment, const Requirement& need,
                          int64_t jobs) {
  int64_t placed = 0;
  for (const Cell::Kind kind :
       {Cell::Kind::kBusy, Cell::Kind::kBooting, Cell::Kind::kIdle}) {
    if (placed == jobs) break;
    placed += FillKind(environment, kind, need, jobs - placed);
  }
  return placed;
}

int64_t ScalingPlan::FillKind(Environment& environment, Cell::Kind kind,
                              const Requirement& need, int64_t jobs) {
  int64_t placed = 0;
  std::vector<std::pair<Cell, int64_t>> changed;
  const Resources least = {need.resources.vcpu_milli,
                           std::numeric_limits<int64_t>::min(),
                           need.resources.gpus};
  auto place = environment.cells.lower_bound({kind, least});
  while (place != environment.cells.end() && place->first.kind == kind &&
         placed < jobs) {
    const Cell cell = place->first;
    const int64_t each = CountFitting(cell.room, need.resources);
    if (each == 0) {
      ++place;
      continue;
    }
    const int64_t full = std::min(place->second, (jobs - placed) / each);
    placed += full * each;
    const int64_t rest =
        full < place->second ? std::min(jobs - placed, each) : 0;
    placed += rest;
    const int64_t used = full + (rest > 0 ? 1 : 0);
    place->second -= used;
    // What was idle is busy from now on.
    Cell::Kind then = kind;
    if (kind == Cell::Kind::kIdle) {
      environment.idle[cell.idle_group].wanted += used;
      then = Cell::Kind::kBusy;
    }
    changed.push_back({{then, cell.room - each * need.resources}, full});
    if (rest > 0) {
      changed.push_back({{then, cell.room - rest * need.resources}, 1});
    }
    place =
        place->second == 0 ? environment.cells.erase(place) : std::next(place);
  }
  for (const auto& [cell, instances] : changed) {
    Insert(environment, cell, instances);
  }
  return placed;
}

void ScalingPlan::AddLaunch(uint32_t environment, uint32_t type,
                            int64_t instances) {
  launches_.push_back({environment, type, instances});
}

// Plans new instances for `jobs` jobs. Answers for how many there is room then.
int64_t ScalingPlan::Grow(uint32_t index, Environment& environment,
                          const Requirement& need, int64_t jobs) {
  const EnvironmentRecord& record = fleet_.environment(index);
  if (!record.launches()) return 0;
  const uint32_t type = BestTypeFor(record, need, now_ns_);
  if (type == Fleet::kNone) return 0;
  const Resources size = record.types[type].type.resources;
  const int64_t each = CountFitting(size, need.resources);
  const int64_t allowed =
      record.LaunchesAllowed(environment.vcpu_milli, size.vcpu_milli);
  const int64_t instances = std::min(DivideUp(jobs, each), allowed);
  if (instances == 0) return 0;
  AddLaunch(index, type, instances);
  environment.vcpu_milli += instances * size.vcpu_milli;
  Insert(environment, {Cell::Kind::kBooting, size, -1, type}, instances);
  return Fill(environment, need, std::min(jobs, instances * each));
}

bool ScalingPlan::CanEverServe(const std::vector<uint32_t>& environments,
                               const Requirement& need) const {
  for (uint32_t index : environments) {
    if (!fleet_.environment(index).places_jobs()) continue;
    const WhyNot why_not = WhyNotIn(fleet_, index, need, now_ns_);
    if (why_not == WhyNot::kMayLater || why_not == WhyNot::kNoCapacity ||
        why_not == WhyNot::kMisconfigured || why_not == WhyNot::kNotPermitted) {
      return true;
    }
  }
  return false;
}

void ScalingPlan::AddQueue(const std::vector<uint32_t>& environments,
                           const std::vector<ClassDemand>& classes,
                           bool strict) {
  for (const ClassDemand& demand : classes) {
    if (!AddClass(environments, demand.need, demand.jobs, strict)) return;
  }
}

int64_t ScalingPlan::Supplied(const Requirement& need, int64_t jobs) const {
  for (const ConsumableResourceRequirement& each : need.consumables) {
    const auto promised = promised_.find(each.consumable_resource);
    const int64_t left = consumables_.Available(each.consumable_resource) -
                         (promised == promised_.end() ? 0 : promised->second);
    jobs = std::min(jobs, left / each.quantity);
  }
  return jobs;
}

void ScalingPlan::TakeSupply(const Requirement& need, int64_t jobs) {
  if (jobs == 0) return;
  for (const ConsumableResourceRequirement& each : need.consumables) {
    promised_[each.consumable_resource] += jobs * each.quantity;
  }
}

// Choice: D45 lets a head without its consumable ask for nothing. So does each
// job for which nothing is left of it once the plan has found a place for
// others; one that finds no place leaves it to those behind it.
bool ScalingPlan::AddClass(const std::vector<uint32_t>& environments,
                           const Requirement& need, int64_t jobs, bool strict) {
  const int64_t supplied = Supplied(need, jobs);
  const int64_t placed = supplied > 0 ? Place(environments, need, supplied) : 0;
  TakeSupply(need, placed);
  if (placed < supplied) LeaveOver(environments);
  return !strict || placed == jobs;
}

int64_t ScalingPlan::Place(const std::vector<uint32_t>& environments,
                           const Requirement& need, int64_t jobs) {
  if (!CanEverServe(environments, need)) return 0;
  if (need.nodes > 0) {
    int64_t placed = 0;
    while (placed < jobs && AddNodes(environments, need)) ++placed;
    return placed;
  }
  int64_t left = jobs;
  for (uint32_t index : environments) {
    if (left == 0) break;
    const EnvironmentRecord& record = fleet_.environment(index);
    if (!record.places_jobs() || !record.is_below_max_vcpus(need)) continue;
    Environment& environment = Load(index);
    if (!environment.ready_loaded &&
        fleet_.BestFit(index, need) != Fleet::kNone) {
      LoadReady(index, environment);
    }
    left -= Fill(environment, need, left);
    if (left > 0) left -= Grow(index, environment, need, left);
  }
  return jobs - left;
}

bool ScalingPlan::MayGrow(const std::vector<uint32_t>& environments) const {
  return std::any_of(
      environments.begin(), environments.end(), [this](uint32_t index) {
        const EnvironmentRecord& record = fleet_.environment(index);
        const Environment& planned = environments_[PlaceOf(index)];
        return MayLaunchBeside(
            record, planned.loaded ? planned.vcpu_milli : record.vcpu_milli,
            now_ns_);
      });
}

void ScalingPlan::AppendRooms(const std::vector<uint32_t>& environments,
                              std::vector<Resources>* rooms) {
  for (uint32_t index : environments) {
    if (!fleet_.environment(index).places_jobs()) continue;
    const Environment& planned = Load(index);
    for (const auto& [cell, instances] : planned.cells) {
      rooms->push_back(cell.room);
    }
    if (!planned.ready_loaded) fleet_.AppendLargestFree(index, rooms);
  }
}

void ScalingPlan::LeaveOver(const std::vector<uint32_t>& environments) {
  for (uint32_t index : environments) {
    environments_[PlaceOf(index)].is_short = true;
  }
}

int64_t ScalingPlan::KeptIn(uint32_t index) const {
  const EnvironmentRecord& record = fleet_.environment(index);
  return IsShort(index) ? record.min_vcpu_milli() : record.kept_vcpu_milli();
}

const std::vector<ScalingPlan::Launch>& ScalingPlan::TopUp() {
  for (uint32_t i : fleet_.environments()) {
    const EnvironmentRecord& record = fleet_.environment(i);
    if (!record.launches() || !record.places_jobs()) continue;
    Environment& environment = Load(i);
    const int64_t missing = KeptIn(i) - environment.vcpu_milli;
    if (missing <= 0) continue;
    const uint32_t type = BestTypeFor(record, Resources{}, now_ns_);
    if (type == Fleet::kNone) continue;
    const int64_t size = record.types[type].type.resources.vcpu_milli;
    const int64_t instances =
        std::min(DivideUp(missing, size),
                 record.LaunchesAllowed(environment.vcpu_milli, size));
    if (instances == 0) continue;
    AddLaunch(i, type, instances);
    launches_.back().for_minimum = true;
    environment.vcpu_milli += instances * size;
  }
  return launches_;
}

std::vector<uint32_t> ScalingPlan::Terminations() const {
  std::vector<uint32_t> result;
  for (uint32_t i : fleet_.environments()) {
    const EnvironmentRecord& record = fleet_.environment(i);
    if (record.idle.empty()) continue;
    std::vector<uint32_t> idle;
    for (uint64_t number = record.idle.First(); number != SequenceBitmap::kNone;
         number = record.idle.FirstAtLeast(number + 1)) {
      idle.push_back(fleet_.FindInstance(i, InstanceId{number}));
    }
    std::sort(idle.begin(), idle.end(), [this](uint32_t a, uint32_t b) {
      const InstanceRecord& x = fleet_.instance(a);
      const InstanceRecord& y = fleet_.instance(b);
      return std::make_tuple(-x.total.vcpu_milli, y.number) <
             std::make_tuple(-y.total.vcpu_milli, x.number);
    });
    // Of idle instances with equal room the oldest are the wanted ones.
    std::vector<IdleGroup> groups = environments_[PlaceOf(i)].idle;
    for (IdleGroup& group : groups) {
      int64_t count = 0;
      for (uint32_t slot : idle) {
        const InstanceRecord& instance = fleet_.instance(slot);
        if (instance.free == group.room &&
            NodeTypeOf(instance) == group.node_type) {
          ++count;
        }
      }
      group.wanted = count - group.wanted;  // from now on: how many may go
    }
    int64_t vcpu_milli = record.vcpu_milli;
    for (uint32_t slot : idle) {
      const InstanceRecord& instance = fleet_.instance(slot);
      if (vcpu_milli - instance.total.vcpu_milli < KeptIn(i)) {
        continue;
      }
      const auto group = std::find_if(
          groups.begin(), groups.end(), [this, &instance](const IdleGroup& g) {
            return g.room == instance.free &&
                   g.node_type == NodeTypeOf(instance);
          });
      if (group != groups.end() && group->wanted-- <= 0) continue;
      if (SaturatingAdd(instance.idle_since_ns,
                        record.IdleTimeOf(instance, idle_time_ns_)) > now_ns_) {
        continue;
      }
      vcpu_milli -= instance.total.vcpu_milli;
      result.push_back(slot);
    }
  }
  return result;
}

}  // namespace embatch
