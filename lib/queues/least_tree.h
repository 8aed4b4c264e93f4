// SPDX-License-Identifier: Apache-2.0
//
// A LeastTree gives numbers to entries and goes through the entries in rising
// order of their numbers.
//
// It is a binary tree, an array for each level: entries are its leaves, and
// each node has the least number below it. To change a number costs a step for
// each node above that has another least number then, which are few; to find
// the next entry costs O(log entries). An ordered map costs a cache miss for
// each comparison instead.

#ifndef EMBATCH_QUEUES_LEAST_TREE_H_
#define EMBATCH_QUEUES_LEAST_TREE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace embatch {

class LeastTree {
 public:
  // The number of an entry that is left out.
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  // Entries are small integers. Each has kNever until it gets another number.
  void Set(uint32_t entry, uint64_t number);

  // Calls f(entry, number) in rising order of numbers, until it answers false.
  // `f` must not change the tree.
  template <typename F>
  void ForEach(F f) const;

 private:
  // A node's place in its level; its children have the places 2i and 2i + 1 in
  // the level below.
  using Level = std::vector<uint64_t>;

  void Grow(uint32_t entry);
  static uint64_t NumberAt(const Level& level, size_t i) {
    return i < level.size() ? level[i] : kNever;
  }

  std::vector<Level> levels_;  // leaves first; the last one has one node
};

// ---------------------------------------------------------------------------
// Implementation.

inline void LeastTree::Set(uint32_t entry, uint64_t number) {
  if (levels_.empty() || entry >= levels_[0].size()) {
    if (number == kNever) return;
    Grow(entry);
  }
  size_t i = entry;
  for (Level& level : levels_) {
    if (level[i] == number) return;
    level[i] = number;
    number = std::min(number, NumberAt(level, i ^ 1));
    i /= 2;
  }
}

inline void LeastTree::Grow(uint32_t entry) {
  size_t nodes = size_t{entry} + 1;
  for (size_t k = 0;; ++k) {
    if (k == levels_.size()) {
      // A level above what was the root, if there was one.
      levels_.emplace_back(1, k == 0 ? kNever : levels_[k - 1][0]);
    }
    levels_[k].resize(nodes, kNever);
    if (nodes == 1) return;
    nodes = (nodes + 1) / 2;
  }
}

// The nodes that were passed by wait in a heap: below each stands nothing that
// comes earlier than its number.
template <typename F>
void LeastTree::ForEach(F f) const {
  struct Waiting {
    uint64_t number;
    uint32_t level;
    uint32_t i;
    bool operator>(const Waiting& other) const { return number > other.number; }
  };
  std::vector<Waiting> heap;
  if (!levels_.empty()) {
    const uint32_t top = static_cast<uint32_t>(levels_.size() - 1);
    heap.push_back({levels_[top][0], top, 0});
  }
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    auto [number, level, i] = heap.back();
    heap.pop_back();
    if (number == kNever) return;
    while (level > 0) {
      --level;
      i *= 2;
      if (levels_[level][i] != number) ++i;
      const uint64_t other = NumberAt(levels_[level], i ^ 1);
      if (other == kNever) continue;
      heap.push_back({other, level, i ^ 1});
      std::push_heap(heap.begin(), heap.end(), std::greater<>());
    }
    if (!f(i, number)) return;
  }
}

}  // namespace embatch

#endif  // EMBATCH_QUEUES_LEAST_TREE_H_
