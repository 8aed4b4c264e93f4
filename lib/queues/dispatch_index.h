// SPDX-License-Identifier: Apache-2.0
//
// Who may start out of turn: the waiting jobs of a queue whose dispatch order
// is not strict, by requirement class and estimated run time.
//
// It finds the first job in line that could fit into some room, without walking
// over those that can't: entries are the leaves of a binary tree whose nodes
// know the least of everything below them. Entering, leaving and setting aside
// cost O(log entries).
//
// What a node knows says the more, the more alike the entries below it are. So
// the tree is one of shelves: each takes some hundred entries of about the same
// need and is a small tree; a full one is divided in the order of needs. Above
// them is a tree of the shelves in that order, which is made anew when there is
// one more or less. Which leaf an entry stands at changes no answer.
#ifndef EMBATCH_QUEUES_DISPATCH_INDEX_H_
#define EMBATCH_QUEUES_DISPATCH_INDEX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "embatch/resources.h"
#include "lib/base/chunked_vector.h"
#include "lib/base/parted_map.h"
#include "lib/base/slot_table.h"
#include "lib/queues/priority_order.h"

namespace embatch {

class DispatchIndex {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  static constexpr int64_t kNoEstimate = std::numeric_limits<int64_t>::max();

  // What waiting jobs may have in common.
  struct Class {
    uint32_t requirement = 0;
    Resources need;
    int64_t estimate_ns = kNoEstimate;
  };

  // Where a job may start: it must fit into one of `rooms`; and be no longer
  // than `longest_ns`, or fit into `spare`, or into `elsewhere`.
  struct Room {
    std::vector<Resources> rooms;
    int64_t longest_ns = kNoEstimate;
    Resources spare;
    Resources elsewhere;
  };

  void Enter(const LinePlace& place, const Class& entry);
  void Leave(const LinePlace& place, const Class& entry);

  // The entry whose first job stands before all others that may start, or
  // kNone.
  uint32_t First(const Room& room) const;
  LinePlace PlaceOf(uint32_t entry) const {
    return *entries_[entry].order.First();
  }
  const Class& ClassOf(uint32_t entry) const { return entries_[entry].of; }

  // Leaves an entry out until the end of the pass.
  void SetAside(uint32_t entry);
  void EndPass();

 private:
  static constexpr size_t kLeaves = 512;  // of a shelf

  struct Entry {
    Class of;
    PriorityOrder order;
    uint32_t shelf = 0;
    uint32_t leaf = 0;
    bool aside = false;
  };
  // The least of all entries below a node. Of an entry: itself.
  struct Node {
    uint64_t first = std::numeric_limits<uint64_t>::max();
    Resources need;
    int64_t estimate_ns = kNoEstimate;

    friend bool operator==(const Node& a, const Node& b) {
      return a.first == b.first && a.need == b.need &&
             a.estimate_ns == b.estimate_ns;
    }
  };

  struct Shelf {
    uint64_t from = 0;   // no need on it is less, as a number
    uint32_t place = 0;  // among the shelves
    uint32_t used = 0;
    uint32_t free_from = 0;                  // no leaf before it is free
    std::array<uint32_t, kLeaves> entry_at;  // kNone: it is free
    std::array<Node, 2 * kLeaves> nodes;     // i has the children 2i and 2i + 1

    Shelf() { entry_at.fill(kNone); }
  };
  // What a search has found so far.
  struct Best {
    uint64_t first = std::numeric_limits<uint64_t>::max();
    uint32_t entry = kNone;
  };

  static Node NodeOf(const Entry& entry);
  static Node Least(const Node& a, const Node& b);
  void Update(uint32_t entry);
  void Enter(uint32_t entry);
  void Leave(uint32_t entry);
  void Stand(uint32_t entry, uint32_t shelf, uint32_t leaf);
  uint32_t ShelfFor(uint64_t need) const;
  void Divide(uint32_t shelf);
  static void Mend(Shelf& shelf);
  void PlaceShelves();
  // Goes through the leaves that can have something better than `best`, and
  // calls found(leaf) at each.
  template <typename F>
  static void Search(const Node* nodes, size_t leaves, const Room& room,
                     const Best& best, size_t node, F found);

  using Key = std::pair<uint32_t, int64_t>;
  PartedMap<Key, uint32_t> entry_of_;
  ChunkedVector<Entry, 16> entries_;
  std::vector<uint32_t> free_entries_;
  SlotTable<Shelf, 8> shelves_;
  std::vector<uint32_t> order_;  // of shelves, by their needs
  std::vector<Node> nodes_;      // above the shelves, likewise
  size_t leaves_ = 0;            // of these; at least as many as shelves
  std::vector<uint32_t> aside_;
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_DISPATCH_INDEX_H_
