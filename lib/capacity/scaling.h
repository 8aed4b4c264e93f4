// SPDX-License-Identifier: Apache-2.0
//
// A ScalingPlan decides which instances to launch and which to let go. It is a
// computation on values: it changes nothing. README.md states it in words.
// Source: §16.2, §16.4. Choice: D24, D45, D46, D71.
#ifndef EMBATCH_CAPACITY_SCALING_H_
#define EMBATCH_CAPACITY_SCALING_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/btree_map.h"
#include "embatch/resources.h"
#include "lib/capacity/consumables.h"
#include "lib/capacity/fleet.h"

namespace embatch {

// Jobs of one requirement class that wait in one queue.
struct ClassDemand {
  Requirement need;
  int64_t jobs = 0;
};

// Whether a plan could launch anything in this environment, whatever waits.
// Cheap: it is asked in every turn.
bool MayLaunchAny(const EnvironmentRecord& environment, int64_t now_ns);

// Whether a plan could let an idle instance go, if no job wanted it.
bool MayTerminateAny(const EnvironmentRecord& environment);

class ScalingPlan {
 public:
  struct Launch {
    uint32_t environment = 0;
    uint32_t type = 0;
    int64_t instances = 0;
    bool for_minimum = false;  // by the top-up to minvCpus
  };

  ScalingPlan(const Fleet& fleet, const Consumables& consumables,
              int64_t now_ns, int64_t idle_time_ns);

  // Plans one queue's waiting jobs, classes in the order of their first job.
  // Queues are added in the order in which the cycle looks at them. `strict`: a
  // class that finds no place, or is short of a consumable, keeps all behind it
  // from starting.
  void AddQueue(const std::vector<uint32_t>& environments,
                const std::vector<ClassDemand>& classes, bool strict = true);
  // The same, class by class. Answers whether the queue goes on.
  bool AddClass(const std::vector<uint32_t>& environments,
                const Requirement& need, int64_t jobs, bool strict);

  // For a queue that is not strict, where most classes may find nothing.
  // Whether anything could still be launched in these environments.
  bool MayGrow(const std::vector<uint32_t>& environments) const;
  // Appends amounts: a class whose need fits into none of them changes nothing
  // any more where MayGrow() is false, but that its jobs are left over.
  void AppendRooms(const std::vector<uint32_t>& environments,
                   std::vector<Resources>* rooms);
  // For how many of these jobs there are the consumables that they need, beside
  // those that the plan has found a place for. No machine helps the others.
  // Source: §18.
  int64_t Supplied(const Requirement& need, int64_t jobs) const;
  // Jobs are left for which there is no room.
  void LeaveOver(const std::vector<uint32_t>& environments);

  // After all queues: brings every environment up to minvCpus, then says what
  // may go. Both answers are in the order in which they are to be carried out.
  const std::vector<Launch>& TopUp();
  // Whether jobs are left for which the plan has no room though they could run
  // in this environment. What the caller asked for as desiredvCpus must not
  // stand in their way then.
  bool IsShort(uint32_t environment) const {
    return environments_[PlaceOf(environment)].is_short;
  }
  std::vector<uint32_t> Terminations() const;

 private:
  // Instances with equal room, real or planned, in the order in which they are
  // filled: busy ones first, then booting, then idle ones, so that what is idle
  // may go; within these the one with the least room first.
  struct Cell {
    enum class Kind : uint8_t { kBusy, kClosing, kBooting, kIdle };
    Kind kind = Kind::kBusy;
    Resources room;
    int32_t idle_group = -1;  // kIdle: where its use is counted
    // Of empty instances that a node may have: their type.
    uint32_t node_type = Fleet::kNone;

    auto Order() const {
      return std::make_tuple(kind, room.gpus, room.vcpu_milli, room.memory_mib,
                             idle_group, node_type);
    }
    bool operator<(const Cell& other) const { return Order() < other.Order(); }
  };
  using Cells = absl::btree_map<Cell, int64_t>;  // how many of each
  struct IdleGroup {
    Resources room;
    uint32_t node_type = Fleet::kNone;
    int64_t wanted = 0;
  };
  struct Environment {
    bool loaded = false;
    bool ready_loaded = false;  // what is ready is among the cells
    bool is_short = false;
    int64_t vcpu_milli = 0;  // planned launches included
    Cells cells;
    std::vector<IdleGroup> idle;
  };

  // Of an environment that is not deleted, in environments_.
  size_t PlaceOf(uint32_t index) const;
  Environment& Load(uint32_t index);
  void LoadReady(uint32_t index, Environment& environment);
  void AddIdleCells(uint32_t index, Environment& environment);
  static void Insert(Environment& environment, const Cell& cell,
                     int64_t instances);
  int64_t Fill(Environment& environment, const Requirement& need, int64_t jobs);
  static int64_t FillKind(Environment& environment, Cell::Kind kind,
                          const Requirement& need, int64_t jobs);
  int64_t Grow(uint32_t index, Environment& environment,
               const Requirement& need, int64_t jobs);
  // gang_scaling.cc
  bool AddNodes(const std::vector<uint32_t>& environments,
                const Requirement& need);
  int64_t TakeEmpty(uint32_t index, Environment& environment,
                    const Requirement& need, bool take);

  // Finds places for up to `jobs` jobs; answers for how many.
  int64_t Place(const std::vector<uint32_t>& environments,
                const Requirement& need, int64_t jobs);
  void TakeSupply(const Requirement& need, int64_t jobs);
  uint32_t NodeTypeOf(const InstanceRecord& instance) const;
  bool CanEverServe(const std::vector<uint32_t>& environments,
                    const Requirement& need) const;
  int64_t KeptIn(uint32_t environment) const;
  void AddLaunch(uint32_t environment, uint32_t type, int64_t instances);

  const Fleet& fleet_;
  const Consumables& consumables_;
  int64_t now_ns_;
  int64_t idle_time_ns_;
  // As Fleet::environments(): what is deleted costs a plan nothing.
  std::vector<Environment> environments_;
  std::vector<Launch> launches_;
  // By name, what those need that have a place and have not started.
  std::map<std::string, int64_t> promised_;
};

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_SCALING_H_
