// SPDX-License-Identifier: Apache-2.0
//
// FreeCapacity finds the instance of one environment on which a job fits best.
//
// Best is: the one that has the fewest GPUs free, then the least vCPU, then the
// least memory, then the one whose free capacity changed last. So idle
// instances empty out, and a job without GPUs keeps off those that others need.
// Choice: beyond D26, which does not speak of GPUs; a job that needs none would
// otherwise take the vCPUs that go with a GPU while there is room elsewhere. It
// makes no difference where no instance has GPUs.
//
// Instances with equal free amounts stand in one list, newest change first: a
// cell. Cells are found through hierarchical bitmaps, for each number of free
// GPUs over vCPU, and for each vCPU over memory: placing a job and taking it
// back cost the same on ten instances and on ten thousand. An instance knows
// its cell. One that gets empty is kept, because the same amounts come back;
// when too many are empty, they go.
#ifndef EMBATCH_CAPACITY_FREE_CAPACITY_H_
#define EMBATCH_CAPACITY_FREE_CAPACITY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "embatch/resources.h"
#include "lib/base/sequence_bitmap.h"

namespace embatch {

class FreeCapacity {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  // An instance's own place in the lists. Kept in its record.
  struct Links {
    uint32_t before = kNone;
    uint32_t behind = kNone;
    uint32_t cell = kNone;
    uint64_t changed = 0;  // when its free capacity changed: a rising number
  };

  // How many instances have exactly `free` left.
  struct Group {
    Resources free;
    int64_t instances = 0;
    uint32_t newest = kNone;
  };

  // `links(instance)` answers the Links& of an instance.
  template <typename LinksOf>
  void Add(uint32_t instance, const Resources& free, LinksOf links);
  template <typename LinksOf>
  void Remove(uint32_t instance, LinksOf links);

  // The best instance for a job that needs so much, or kNone.
  uint32_t BestFit(const Resources& need) const;

  // Appends amounts such that some instance has room for a job if, and only if,
  // the job fits into one of them. They are few: of instances with fewer GPUs,
  // vCPUs and less memory than another there is none among them.
  void AppendLargest(std::vector<Resources>* rooms) const;

  // All groups, by free GPUs, vCPU, memory.
  std::vector<Group> Groups() const;

  uint64_t changes() const { return changes_; }

 private:
  struct Cell {
    Resources free;
    uint32_t shelf = kNone;
    uint32_t first = kNone;
    int64_t size = 0;
  };
  struct Shelf {  // cells with the same free vCPU and GPUs
    int64_t vcpu_milli = 0;
    int32_t gpus = 0;
    int64_t cells = 0;
    SequenceBitmap memory;  // of cells that are not empty
  };
  // Answers of the hash tables below, by low bits of a hash: instances have the
  // same few amounts free over and over.
  using Recent = std::array<uint32_t, 256>;
  static Recent NoneRecent() {
    Recent none;
    none.fill(kNone);
    return none;
  }
  struct Pool {            // cells with the same number of free GPUs
    SequenceBitmap vcpus;  // of shelves that are not empty
    absl::flat_hash_map<int64_t, uint32_t> shelves;  // by free vCPU
    Recent recent_shelves = NoneRecent();
  };

  // Every start and end looks two amounts up.
  struct AmountsHash {
    size_t operator()(const Resources& amounts) const {
      const uint64_t mixed =
          static_cast<uint64_t>(amounts.vcpu_milli) * 0x9e3779b97f4a7c15 ^
          static_cast<uint64_t>(amounts.memory_mib) * 0xc2b2ae3d27d4eb4f ^
          static_cast<uint64_t>(amounts.gpus) * 0x165667b19e3779f9;
      return static_cast<size_t>((mixed ^ mixed >> 32) * 0x9fb21c651e98df25 >>
                                 16);
    }
  };

  static size_t RecentOf(const Resources& free) {
    return AmountsHash()(free) % std::tuple_size<Recent>();
  }
  static size_t RecentOf(int64_t vcpu_milli) {
    return static_cast<uint64_t>(vcpu_milli) * 0x9e3779b97f4a7c15 >> 56;
  }

  // The cell of exactly these amounts; there is one.
  uint32_t KnownCell(const Resources& free) const {
    const uint32_t recent = recent_cells_[RecentOf(free)];
    return recent != kNone && cells_[recent].free == free
               ? recent
               : cell_of_.find(free)->second;
  }
  // The shelf of so many vCPUs in a pool; there is one.
  const Shelf& KnownShelf(const Pool& pool, uint64_t vcpu_milli) const {
    const int64_t wanted = static_cast<int64_t>(vcpu_milli);
    const uint32_t recent = pool.recent_shelves[RecentOf(wanted)];
    return recent != kNone && shelves_[recent].vcpu_milli == wanted
               ? shelves_[recent]
               : shelves_[pool.shelves.find(wanted)->second];
  }
  // The cell with the least vCPU, then the least memory, that holds `need`.
  uint32_t FirstThatHolds(const Pool& pool, const Resources& need) const;
  uint32_t CellOf(const Resources& free);
  uint32_t ShelfOf(const Resources& free);
  void Fill(const Cell& cell);   // its first instance came
  void Empty(const Cell& cell);  // its last one went
  void ForgetEmpty();

  std::map<int32_t, Pool> pools_;  // by free GPUs
  std::vector<Shelf> shelves_;
  std::vector<Cell> cells_;
  absl::flat_hash_map<Resources, uint32_t, AmountsHash> cell_of_;
  Recent recent_cells_ = NoneRecent();
  std::vector<uint32_t> free_shelves_;
  std::vector<uint32_t> free_cells_;
  size_t filled_ = 0;  // cells that are not empty
  uint64_t changes_ = 0;
};

template <typename LinksOf>
void FreeCapacity::Add(uint32_t instance, const Resources& free,
                       LinksOf links) {
  const uint32_t index = CellOf(free);
  Cell& cell = cells_[index];
  if (cell.size++ == 0) Fill(cell);
  Links& own = links(instance);
  own.before = kNone;
  own.behind = cell.first;
  own.cell = index;
  own.changed = ++changes_;
  if (cell.first != kNone) links(cell.first).before = instance;
  cell.first = instance;
}

template <typename LinksOf>
void FreeCapacity::Remove(uint32_t instance, LinksOf links) {
  const Links& own = links(instance);
  Cell& cell = cells_[own.cell];
  if (own.before != kNone) links(own.before).behind = own.behind;
  if (own.behind != kNone) links(own.behind).before = own.before;
  if (cell.first == instance) cell.first = own.behind;
  if (--cell.size == 0) Empty(cell);
}

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_FREE_CAPACITY_H_
