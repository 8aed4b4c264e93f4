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
// entries that need about the same stand beside each other: whenever the tree
// grows they are put in order of their needs, with gaps between them, and a new
// one gets the free leaf that is nearest to its like. Which leaf it is changes
// no answer.
#ifndef EMBATCH_QUEUES_DISPATCH_INDEX_H_
#define EMBATCH_QUEUES_DISPATCH_INDEX_H_

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "embatch/resources.h"
#include "lib/base/sequence_bitmap.h"
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
  struct Entry {
    Class of;
    PriorityOrder order;
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

  Node NodeOf(const Entry& entry) const;
  void Update(uint32_t entry);
  void Grow();
  void Stand(uint32_t entry, uint64_t leaf);
  uint64_t FreeLeafFor(const Resources& need) const;
  void Search(size_t node, const Room& room, size_t* best) const;
  static Node Least(const Node& a, const Node& b);

  using Key = std::pair<uint32_t, int64_t>;
  absl::flat_hash_map<Key, uint32_t> entry_of_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_entries_;
  std::vector<Node> nodes_;  // node i has the children 2i and 2i + 1
  size_t leaves_ = 0;
  std::vector<uint32_t> entry_at_;  // by leaf; kNone: it is free
  SequenceBitmap free_leaves_;
  // When the tree grew: the needs of its entries as numbers in rising order,
  // which stand `stride_` leaves apart.
  std::vector<uint64_t> landmarks_;
  size_t stride_ = 1;
  std::vector<uint32_t> aside_;
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_DISPATCH_INDEX_H_
