// SPDX-License-Identifier: Apache-2.0
//
// A NeedTree finds, among entries that each need some resources and have a
// number, those with the least numbers whose needs fit into some room.
//
// It is a B-tree in the order of needs: a node has up to eight children, and
// knows of each the least number and the least need below it. What it knows
// says the more, the more alike the entries below it are, hence the order. To
// enter, to leave and to change a number costs O(log entries), and what a
// search looks at of a node are three neighbouring lines: there may be a
// million entries, so each line may be a wait for memory.
#ifndef EMBATCH_QUEUES_NEED_TREE_H_
#define EMBATCH_QUEUES_NEED_TREE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "embatch/resources.h"
#include "lib/base/chunked_vector.h"
#include "lib/base/fetch.h"

namespace embatch {

class NeedTree {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  // The number of an entry that is left out.
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  // Entries are small integers that their owner gives. No amount of a need is
  // less than 0.
  void Insert(uint32_t entry, const Resources& need, uint64_t number);
  void Remove(uint32_t entry);
  void SetNumber(uint32_t entry, uint64_t number);

  struct Found {
    uint64_t number = 0;
    uint32_t entry = 0;
  };
  // The entries with the least numbers whose needs fit into one of `rooms`, so
  // many at most, in the order of their numbers. `fits(entry)` says whether it
  // does, of an entry that needs so much that the tree does not know it
  // exactly.
  void First(absl::Span<const Resources> rooms,
             absl::FunctionRef<bool(uint32_t)> fits, size_t most,
             std::vector<Found>* found) const;

 private:
  static constexpr uint32_t kWidth = 8;

  // What a node knows of a child; an entry is a child of a leaf. Needs are
  // written in one word, see need_tree.cc.
  struct Child {
    uint64_t number = kNever;  // the least one
    uint64_t least = 0;        // need of those that have a number
    uint64_t from = 0;         // no need below is less, as a word
    uint32_t below = kNone;    // a node; of a leaf: the entry
  };
  // Its children in the order of needs, an array of each field.
  struct alignas(kLineBytes) Node {
    std::array<uint64_t, kWidth> number;
    std::array<uint64_t, kWidth> least;
    std::array<uint32_t, kWidth> below;
    uint32_t above = kNone;
    uint32_t used = 0;
    bool is_leaf = true;
    std::array<uint64_t, kWidth> from;

    Child At(uint32_t place) const {
      return {number[place], least[place], from[place], below[place]};
    }
    void Put(uint32_t place, const Child& child) {
      number[place] = child.number;
      least[place] = child.least;
      from[place] = child.from;
      below[place] = child.below;
    }
    uint32_t PlaceOf(uint32_t child) const {
      uint32_t place = 0;
      while (below[place] != child) ++place;
      return place;
    }
  };
  static_assert(sizeof(Node) == 4 * kLineBytes, "four lines");

  struct Search;

  uint32_t NewNode(bool is_leaf);
  void SetAbove(const Node& node, uint32_t child, uint32_t above);
  Child ChildFor(uint32_t node) const;
  void Insert(uint32_t index, uint32_t place, const Child& child);
  void Add(uint32_t index, uint32_t place, const Child& child);
  uint32_t Divide(uint32_t index, uint32_t kept);
  void Lower(uint32_t index, const Child& child);
  void Mend(uint32_t index);
  void LookBelow(uint32_t index, Search& search) const;

  ChunkedVector<Node, 64> nodes_;
  std::vector<uint32_t> free_nodes_;
  uint32_t root_ = kNone;
  ChunkedVector<uint32_t, 1024> leaf_of_;  // of an entry
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_NEED_TREE_H_
