// SPDX-License-Identifier: Apache-2.0
//
// The containers that a SimulatedRuntime holds, in cells that are used again.
// A cell's index is good until Erase(); nothing else moves it.
#ifndef EMBATCH_SIM_CONTAINER_TABLE_H_
#define EMBATCH_SIM_CONTAINER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "embatch/ids.h"
#include "lib/sim/mix.h"

namespace embatch {

struct SimulatedContainer {
  enum class Phase : uint8_t {
    kFree,      // the cell holds no container
    kStarting,  // next: Started or StartFailed
    kRunning,   // next: Exited
    kStopped,   // stopped before it started; next: Exited
    kDead,      // died with its instance; next: a late Exited, if any
    kOver,      // its end was reported by the latest Poll()
  };

  bool alive() const { return phase != Phase::kFree && phase < Phase::kDead; }

  ContainerId id;
  uint32_t stamp = 0;  // entries of the heap with another one are stale
  InstanceId instance;
  int64_t next_ns = 0;     // when its next report is due; kOver: when it was
  int64_t started_ns = 0;  // kRunning
  int64_t run_time_ns = 0;
  int64_t stop_delay_ns = 0;
  int32_t exit_code = 0;
  uint16_t environment = 0;
  Phase phase = Phase::kFree;
  bool has_exit_code = true;
  bool start_fails = false;
  bool no_capacity = false;
  bool interrupted = false;
  bool in_heap = false;
  bool doomed = false;    // its instance is lost before its next report
  bool repeated = false;  // asked for again after a restart
  bool untold = false;    // ... which is still to be answered
};

class ContainerTable {
 public:
  // The cell of `id`, and whether it was made just now.
  std::pair<uint32_t, bool> Insert(const ContainerId& id) {
    const auto [entry, is_new] = by_id_.try_emplace(id, 0);
    if (is_new) {
      entry->second = FreeCell();
      cells_[entry->second].id = id;
    }
    return {entry->second, is_new};
  }

  // Null if there is no such container.
  SimulatedContainer* Find(const ContainerId& id) {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &cells_[found->second];
  }

  void Erase(uint32_t index) {
    SimulatedContainer& cell = cells_[index];
    by_id_.erase(cell.id);
    if (!reasons_.empty()) reasons_.erase(index);
    const uint32_t next_stamp = cell.stamp + 1;
    cell = SimulatedContainer();
    cell.stamp = next_stamp;
    free_.push_back(index);
  }

  // Has a cell in the caches soon; and then, for Erase(), where its id stands.
  void Fetch(uint32_t index) const {
#if defined(__GNUC__)
    const char* cell = reinterpret_cast<const char*>(&cells_[index]);
    __builtin_prefetch(cell);
    __builtin_prefetch(cell + sizeof(SimulatedContainer) - 1);
#else
    (void)index;
#endif
  }
  void FetchId(uint32_t index) const { by_id_.prefetch(cells_[index].id); }

  SimulatedContainer& operator[](uint32_t index) { return cells_[index]; }
  const SimulatedContainer& operator[](uint32_t index) const {
    return cells_[index];
  }

  // Cells, free ones included: every index is below.
  uint32_t size() const { return static_cast<uint32_t>(cells_.size()); }

  uint32_t IndexOf(const SimulatedContainer& cell) const {
    return static_cast<uint32_t>(&cell - cells_.data());
  }

  // Few containers have a reason, so it is kept beside the table.
  std::string Reason(uint32_t index) const {
    if (reasons_.empty()) return "";
    const auto found = reasons_.find(index);
    return found == reasons_.end() ? "" : found->second;
  }
  void SetReason(uint32_t index, std::string reason) {
    if (!reason.empty()) {
      reasons_[index] = std::move(reason);
    } else if (!reasons_.empty()) {
      reasons_.erase(index);
    }
  }

 private:
  struct HashId {
    size_t operator()(const ContainerId& id) const {
      const AttemptId& attempt = id.attempt;
      const uint64_t job =
          uint64_t{attempt.job.generation} << 32 | attempt.job.slot;
      const uint64_t rest = uint64_t{static_cast<uint32_t>(attempt.job.child)}
                                << 32 |
                            uint64_t{attempt.number} << 16 | id.container;
      return static_cast<size_t>(Mix(job, rest));
    }
  };

  uint32_t FreeCell() {
    if (free_.empty()) {
      cells_.emplace_back();
      return size() - 1;
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    constexpr size_t kAhead = 4;  // cells that will be needed next
    if (free_.size() > kAhead) Fetch(free_[free_.size() - kAhead]);
    return index;
  }

  std::vector<SimulatedContainer> cells_;
  std::vector<uint32_t> free_;
  absl::flat_hash_map<ContainerId, uint32_t, HashId> by_id_;
  absl::flat_hash_map<uint32_t, std::string> reasons_;
};

}  // namespace embatch

#endif  // EMBATCH_SIM_CONTAINER_TABLE_H_
