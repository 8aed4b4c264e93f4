// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/need_tree.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"

namespace embatch {
namespace {

// A need in one word: GPUs, then vCPUs, then memory, so that words are in the
// order of needs. Above each amount is a bit that is 0. What is too large for
// its bits counts as the largest amount that is not.
constexpr int kGpuBits = 7;
constexpr int kVcpuBits = 23;
constexpr int kMemoryBits = 31;
constexpr int kVcpuAt = kMemoryBits + 1;
constexpr int kGpuAt = kVcpuAt + kVcpuBits + 1;
static_assert(kGpuAt + kGpuBits + 1 == 64, "one word");

constexpr uint64_t Most(int bits) { return (uint64_t{1} << bits) - 1; }

constexpr uint64_t kMemory = Most(kMemoryBits);
constexpr uint64_t kVcpu = Most(kVcpuBits) << kVcpuAt;
constexpr uint64_t kGpu = Most(kGpuBits) << kGpuAt;
constexpr uint64_t kAll = kGpu | kVcpu | kMemory;
constexpr uint64_t kBitsAbove = ~kAll;

uint64_t WordFor(const Resources& need) {
  const auto in = [](int64_t amount, int bits) {
    return std::min(static_cast<uint64_t>(amount), Most(bits));
  };
  return in(need.gpus, kGpuBits) << kGpuAt |
         in(need.vcpu_milli, kVcpuBits) << kVcpuAt |
         in(need.memory_mib, kMemoryBits);
}

// Of each amount the lesser.
uint64_t LeastOf(uint64_t a, uint64_t b) {
  return std::min(a & kGpu, b & kGpu) | std::min(a & kVcpu, b & kVcpu) |
         std::min(a & kMemory, b & kMemory);
}

// Whether no amount is more than the room's: none then takes from the bit
// above it.
bool FitsIn(uint64_t need, uint64_t room) {
  return (((room | kBitsAbove) - need) & kBitsAbove) == kBitsAbove;
}

bool MayBeMore(uint64_t need) {
  return (need & kGpu) == kGpu || (need & kVcpu) == kVcpu ||
         (need & kMemory) == kMemory;
}

}  // namespace

// --- Nodes ------------------------------------------------------------------

uint32_t NeedTree::NewNode(bool is_leaf) {
  if (free_nodes_.empty()) {
    free_nodes_.push_back(static_cast<uint32_t>(nodes_.size()));
    nodes_.AddOne();
  }
  const uint32_t index = free_nodes_.back();
  free_nodes_.pop_back();
  Node& node = nodes_[index];
  node.above = kNone;
  node.used = 0;
  node.is_leaf = is_leaf;
  return index;
}

void NeedTree::SetAbove(const Node& node, uint32_t child, uint32_t above) {
  (node.is_leaf ? leaf_of_[child] : nodes_[child].above) = above;
}

// What the node above knows of this one, which has children.
NeedTree::Child NeedTree::ChildFor(uint32_t index) const {
  const Node& node = nodes_[index];
  Child child{kNever, kAll, node.from[0], index};
  for (uint32_t place = 0; place < node.used; ++place) {
    if (node.number[place] == kNever) continue;
    child.number = std::min(child.number, node.number[place]);
    child.least = LeastOf(child.least, node.least[place]);
  }
  return child;
}

// Puts a child where there is room for it.
void NeedTree::Add(uint32_t index, uint32_t place, const Child& child) {
  Node& node = nodes_[index];
  for (uint32_t i = node.used++; i > place; --i) node.Put(i, node.At(i - 1));
  node.Put(place, child);
  SetAbove(node, child.below, index);
}

// All children but the first `kept` go to a new node, which is the answer.
uint32_t NeedTree::Divide(uint32_t index, uint32_t kept) {
  Node& node = nodes_[index];
  const uint32_t added = NewNode(node.is_leaf);
  for (uint32_t place = kept; place < node.used; ++place) {
    Add(added, place - kept, node.At(place));
  }
  node.used = kept;
  return added;
}

// Something has entered below the node.
void NeedTree::Lower(uint32_t index, const Child& child) {
  if (child.number == kNever) return;
  for (uint32_t above; (above = nodes_[index].above) != kNone; index = above) {
    Node& node = nodes_[above];
    const uint32_t place = node.PlaceOf(index);
    const uint64_t least = LeastOf(node.least[place], child.least);
    if (node.number[place] <= child.number && node.least[place] == least) {
      return;
    }
    node.number[place] = std::min(node.number[place], child.number);
    node.least[place] = least;
  }
}

// Something below the node has changed.
void NeedTree::Mend(uint32_t index) {
  for (uint32_t above; (above = nodes_[index].above) != kNone; index = above) {
    Node& node = nodes_[above];
    const uint32_t place = node.PlaceOf(index);
    const Child now = ChildFor(index);
    if (node.number[place] == now.number && node.least[place] == now.least) {
      return;
    }
    node.number[place] = now.number;
    node.least[place] = now.least;
  }
}

// --- Entries ----------------------------------------------------------------

void NeedTree::Insert(uint32_t entry, const Resources& need, uint64_t number) {
  while (leaf_of_.size() <= entry) leaf_of_.AddOne();
  if (root_ == kNone) root_ = NewNode(/*is_leaf=*/true);
  const uint64_t word = WordFor(need);
  for (uint32_t index = root_;;) {
    const Node& node = nodes_[index];
    uint32_t behind = 0;
    while (behind < node.used && node.from[behind] <= word) ++behind;
    if (node.is_leaf) {
      Insert(index, behind, {number, word, word, entry});
      return;
    }
    index = node.below[behind == 0 ? 0 : behind - 1];
  }
}

// A full node is divided, and so may be those above it. What comes behind all
// that it has is often followed by its like: then it keeps what it has, so that
// nodes are full where needs only grow.
void NeedTree::Insert(uint32_t index, uint32_t place, const Child& child) {
  Child added = child;
  while (nodes_[index].used == kWidth) {
    const uint32_t kept = place == kWidth ? kWidth : kWidth / 2;
    const uint32_t next = Divide(index, kept);
    if (place < kWidth && place <= kept) {
      Add(index, place, added);
    } else {
      Add(next, place - kept, added);
    }
    if (index == root_) {
      root_ = NewNode(/*is_leaf=*/false);
      Add(root_, 0, ChildFor(index));
    }
    added = ChildFor(next);
    const uint32_t above = nodes_[index].above;
    place = nodes_[above].PlaceOf(index);
    const Child left = ChildFor(index);
    nodes_[above].number[place] = left.number;
    nodes_[above].least[place] = left.least;
    index = above;
    ++place;
  }
  Add(index, place, added);
  Lower(index, child);
}

// Nodes that have become empty go. What is left in half empty ones stays there.
void NeedTree::Remove(uint32_t entry) {
  uint32_t index = leaf_of_[entry];
  for (uint32_t child = entry;;) {
    Node& node = nodes_[index];
    --node.used;
    for (uint32_t i = node.PlaceOf(child); i < node.used; ++i) {
      node.Put(i, node.At(i + 1));
    }
    if (node.used > 0 || index == root_) break;
    free_nodes_.push_back(index);
    child = index;
    index = node.above;
  }
  Mend(index);
  while (!nodes_[root_].is_leaf && nodes_[root_].used == 1) {
    free_nodes_.push_back(root_);
    root_ = nodes_[root_].below[0];
    nodes_[root_].above = kNone;
  }
}

void NeedTree::SetNumber(uint32_t entry, uint64_t number) {
  const uint32_t index = leaf_of_[entry];
  Node& leaf = nodes_[index];
  uint64_t& before = leaf.number[leaf.PlaceOf(entry)];
  if (before == number) return;
  before = number;
  Mend(index);
}

// --- Searching --------------------------------------------------------------

struct NeedTree::Search {
  absl::InlinedVector<uint64_t, 32> rooms;
  absl::FunctionRef<bool(uint32_t)> fits;
  size_t most = 0;
  std::vector<Found>* found = nullptr;

  // What is looked for has a lesser number.
  uint64_t limit() const {
    return found->size() < most ? kNever : found->back().number;
  }
  void Add(const Found& entry) {
    if (found->size() == most) found->pop_back();
    const auto is_before = [](const Found& a, const Found& b) {
      return a.number < b.number;
    };
    found->insert(
        std::upper_bound(found->begin(), found->end(), entry, is_before),
        entry);
  }
  bool HasRoomFor(uint64_t need) const {
    return std::any_of(rooms.begin(), rooms.end(),
                       [need](uint64_t room) { return FitsIn(need, room); });
  }
};

// Goes through the children that may have something that is looked for, the one
// with the least number first.
void NeedTree::LookBelow(uint32_t index, Search& search) const {
  const Node& node = nodes_[index];
  uint32_t tried = 0;
  for (;;) {
    uint64_t least = search.limit();
    uint32_t place = kWidth;
    for (uint32_t i = 0; i < node.used; ++i) {
      if (node.number[i] >= least || (tried >> i & 1) != 0 ||
          !search.HasRoomFor(node.least[i])) {
        continue;
      }
      least = node.number[i];
      place = i;
    }
    if (place == kWidth) return;
    tried |= uint32_t{1} << place;
    const uint32_t below = node.below[place];
    if (!node.is_leaf) {
      LookBelow(below, search);
    } else if (!MayBeMore(node.least[place]) || search.fits(below)) {
      search.Add({least, below});
    }
  }
}

void NeedTree::First(absl::Span<const Resources> rooms,
                     absl::FunctionRef<bool(uint32_t)> fits, size_t most,
                     std::vector<Found>* found) const {
  found->clear();
  if (root_ == kNone) return;
  Search search{{}, fits, most, found};
  for (const Resources& room : rooms) {
    if (Resources().FitsIn(room)) search.rooms.push_back(WordFor(room));
  }
  LookBelow(root_, search);
}

}  // namespace embatch
