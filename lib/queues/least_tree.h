// SPDX-License-Identifier: Apache-2.0
//
// A LeastTree gives numbers to entries and goes through the entries in rising
// order of their numbers.
//
// It is a complete binary tree in one array: entries are its leaves, and each
// node has the least number below it. To change a number costs a step for each
// node above that has another least number then, which are few; to find the
// next entry costs O(log entries). An ordered map costs a cache miss for each
// comparison instead.

#ifndef EMBATCH_QUEUES_LEAST_TREE_H_
#define EMBATCH_QUEUES_LEAST_TREE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
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
  void Grow(uint32_t entry);

  std::vector<uint64_t> nodes_;  // node i has the children 2i and 2i + 1
  size_t leaves_ = 0;            // none, or a power of two
};

// ---------------------------------------------------------------------------
// Implementation.

inline void LeastTree::Set(uint32_t entry, uint64_t number) {
  if (entry >= leaves_) {
    if (number == kNever) return;
    Grow(entry);
  }
  size_t node = leaves_ + entry;
  while (nodes_[node] != number) {
    nodes_[node] = number;
    if (node == 1) return;
    number = std::min(number, nodes_[node ^ 1]);
    node /= 2;
  }
}

inline void LeastTree::Grow(uint32_t entry) {
  const std::vector<uint64_t> before = std::move(nodes_);
  const size_t leaves_before = leaves_;
  if (leaves_ == 0) leaves_ = 1;
  while (leaves_ <= entry) leaves_ *= 2;
  nodes_.assign(2 * leaves_, kNever);
  std::copy(before.begin() + static_cast<std::ptrdiff_t>(leaves_before),
            before.end(),
            nodes_.begin() + static_cast<std::ptrdiff_t>(leaves_));
  for (size_t i = leaves_ - 1; i > 0; --i) {
    nodes_[i] = std::min(nodes_[2 * i], nodes_[2 * i + 1]);
  }
}

// The nodes that were passed by wait in a heap: below each stands nothing that
// comes earlier than its number.
template <typename F>
void LeastTree::ForEach(F f) const {
  using Waiting = std::pair<uint64_t, size_t>;  // number, node
  std::vector<Waiting> heap;
  if (leaves_ > 0) heap.emplace_back(nodes_[1], 1);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    auto [number, node] = heap.back();
    heap.pop_back();
    if (number == kNever) return;
    while (node < leaves_) {
      node *= 2;
      if (nodes_[node] != number) ++node;
      heap.emplace_back(nodes_[node ^ 1], node ^ 1);
      std::push_heap(heap.begin(), heap.end(), std::greater<>());
    }
    if (!f(static_cast<uint32_t>(node - leaves_), number)) return;
  }
}

}  // namespace embatch

#endif  // EMBATCH_QUEUES_LEAST_TREE_H_
