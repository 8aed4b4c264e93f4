// SPDX-License-Identifier: Apache-2.0
//
// How the tree of a SequenceTrie grows, shrinks and is searched.

#include "lib/base/sequence_trie.h"

#include <algorithm>

#include "absl/numeric/bits.h"
#include "lib/base/check.h"

namespace embatch {

namespace {

constexpr uint64_t kAllOnes = ~uint64_t{0};

// The bits above `index`, and the bits below it.
uint64_t Above(int index) { return (kAllOnes << index) << 1; }
uint64_t Below(int index) { return (uint64_t{1} << index) - 1; }

int LowestBit(uint64_t mask) { return absl::countr_zero(mask); }
int HighestBit(uint64_t mask) { return 63 - absl::countl_zero(mask); }

// The bits of word `index` of a leaf that lie in [first, last), keys counted
// from the leaf's beginning.
uint64_t RangeMask(int index, uint64_t first, uint64_t last) {
  const uint64_t begin = uint64_t{64} * index;
  if (first >= begin + 64 || last <= begin) return 0;
  const uint64_t low = first > begin ? kAllOnes << (first - begin) : kAllOnes;
  const uint64_t high =
      last < begin + 64 ? Below(static_cast<int>(last - begin)) : kAllOnes;
  return low & high;
}

// Growth by an eighth: a set of many million keys must not hold twice what it
// needs.
template <typename Node>
void MakeRoomForOneMore(BlockVector<Node>& nodes) {
  if (nodes.size() == nodes.capacity()) {
    nodes.reserve(nodes.size() + nodes.size() / 8 + 4);
  }
}

}  // namespace

// ---------------------------------------------------------------------------
// Nodes.

uint32_t SequenceTrie::NewLeaf() {
  if (free_leaf_ != kNoNode) {
    const uint32_t leaf = free_leaf_;
    free_leaf_ = static_cast<uint32_t>(leaves_[leaf].words[0]);
    leaves_[leaf].words[0] = 0;
    return leaf;
  }
  MakeRoomForOneMore(leaves_);
  leaves_.emplace_back();
  return static_cast<uint32_t>(leaves_.size() - 1);
}

uint32_t SequenceTrie::NewInner() {
  uint32_t inner = free_inner_;
  if (inner != kNoNode) {
    free_inner_ = inners_[inner].children[0];
  } else {
    MakeRoomForOneMore(inners_);
    inner = static_cast<uint32_t>(inners_.size());
    inners_.emplace_back();
  }
  inners_[inner].mask = 0;
  return inner;
}

// A leaf is empty when it is released, and stays so but for its first word.
void SequenceTrie::ReleaseLeaf(uint32_t leaf) {
  leaves_[leaf].words[0] = free_leaf_;
  free_leaf_ = leaf;
}

void SequenceTrie::ReleaseInner(uint32_t inner) {
  inners_[inner].children[0] = free_inner_;
  free_inner_ = inner;
}

// ---------------------------------------------------------------------------
// Shape.

uint32_t SequenceTrie::MakeLeaf(uint64_t number) {
  if (root_ == kNoNode) {
    height_ = 0;
    prefix_ = number;
    return root_ = NewLeaf();
  }
  while (!Covers(number)) RaiseRoot();
  uint32_t node = root_;
  for (int height = height_; height > 0; --height) {
    const int digit = Digit(number, height);
    const uint64_t bit = uint64_t{1} << digit;
    if ((inners_[node].mask & bit) == 0) {
      const uint32_t child = height == 1 ? NewLeaf() : NewInner();
      inners_[node].mask |= bit;
      inners_[node].children[digit] = child;
    }
    node = inners_[node].children[digit];
  }
  return node;
}

void SequenceTrie::DropLeaf(uint64_t number) {
  if (insert_finger_.number == number) insert_finger_ = Finger();
  if (erase_finger_.number == number) erase_finger_ = Finger();

  uint32_t path[kMaxHeight + 1];
  uint32_t node = root_;
  for (int height = height_; height > 0; --height) {
    path[height] = node;
    node = inners_[node].children[Digit(number, height)];
  }
  ReleaseLeaf(node);
  for (int height = 1; height <= height_; ++height) {
    Inner& inner = inners_[path[height]];
    inner.mask &= ~(uint64_t{1} << Digit(number, height));
    if (inner.mask != 0) return LowerRoot();
    ReleaseInner(path[height]);
  }
  root_ = kNoNode;
}

void SequenceTrie::RaiseRoot() {
  const uint32_t inner = NewInner();
  const int digit = static_cast<int>(prefix_ & 63);
  inners_[inner].mask = uint64_t{1} << digit;
  inners_[inner].children[digit] = root_;
  root_ = inner;
  prefix_ >>= kFanBits;
  ++height_;
  EMBATCH_CHECK(height_ <= kMaxHeight);
}

// A root with a single child gives way to it.
void SequenceTrie::LowerRoot() {
  while (height_ > 0) {
    const uint64_t mask = inners_[root_].mask;
    if ((mask & (mask - 1)) != 0) return;
    const int digit = LowestBit(mask);
    const uint32_t child = inners_[root_].children[digit];
    ReleaseInner(root_);
    root_ = child;
    prefix_ = prefix_ << kFanBits | static_cast<uint64_t>(digit);
    --height_;
  }
}

// ---------------------------------------------------------------------------
// Ranges.

// One allocation for a range in which there are no keys yet.
void SequenceTrie::ReserveFor(uint64_t first, uint64_t last) {
  if (FirstAtLeast(first) < last) return;
  const uint64_t leaves = ((last - 1) >> kLeafBits) - (first >> kLeafBits) + 1;
  if (free_leaf_ == kNoNode && leaves > leaves_.size() / 8) {
    leaves_.reserve(leaves_.size() + leaves);
  }
}

uint64_t SequenceTrie::InsertRange(uint64_t first, uint64_t last) {
  if (first >= last) return 0;
  ReserveFor(first, last);
  uint64_t came = 0;
  for (uint64_t number = first >> kLeafBits; number <= (last - 1) >> kLeafBits;
       ++number) {
    Leaf& leaf = leaves_[MakeLeaf(number)];
    const uint64_t begin = number << kLeafBits;
    const uint64_t from = std::max(first, begin) - begin;
    for (int i = 0; i < kLeafWords; ++i) {
      const uint64_t mask = RangeMask(i, from, last - begin);
      came += absl::popcount(mask & ~leaf.words[i]);
      leaf.words[i] |= mask;
    }
  }
  return came;
}

uint64_t SequenceTrie::EraseRange(uint64_t first, uint64_t last) {
  uint64_t went = 0;
  for (uint64_t key = FirstAtLeast(first); key < last;
       key = FirstAtLeast(first)) {
    const uint64_t number = key >> kLeafBits;
    Leaf& leaf = leaves_[FindLeaf(number)];
    const uint64_t begin = number << kLeafBits;
    for (int i = 0; i < kLeafWords; ++i) {
      const uint64_t mask = RangeMask(i, key - begin, last - begin);
      went += absl::popcount(mask & leaf.words[i]);
      leaf.words[i] &= ~mask;
    }
    if (leaf.IsEmpty()) DropLeaf(number);
    first = (number + 1) << kLeafBits;
  }
  return went;
}

// ---------------------------------------------------------------------------
// Search.

uint64_t SequenceTrie::FirstUnder(uint32_t node, int height,
                                  uint64_t number) const {
  for (; height > 0; --height) {
    const int digit = LowestBit(inners_[node].mask);
    node = inners_[node].children[digit];
    number = number << kFanBits | static_cast<uint64_t>(digit);
  }
  int i = 0;
  while (leaves_[node].words[i] == 0) ++i;
  return (number << kLeafBits) + 64 * i + LowestBit(leaves_[node].words[i]);
}

uint64_t SequenceTrie::LastUnder(uint32_t node, int height,
                                 uint64_t number) const {
  for (; height > 0; --height) {
    const int digit = HighestBit(inners_[node].mask);
    node = inners_[node].children[digit];
    number = number << kFanBits | static_cast<uint64_t>(digit);
  }
  int i = kLeafWords - 1;
  while (leaves_[node].words[i] == 0) --i;
  return (number << kLeafBits) + 64 * i + HighestBit(leaves_[node].words[i]);
}

uint64_t SequenceTrie::FirstInLeaf(uint32_t leaf, uint64_t key) const {
  const uint64_t* words = leaves_[leaf].words;
  uint64_t mask = kAllOnes << (key % 64);
  for (int i = WordIndex(key); i < kLeafWords; ++i, mask = kAllOnes) {
    const uint64_t word = words[i] & mask;
    if (word != 0) return LeafBegin(key) + 64 * i + LowestBit(word);
  }
  return kNone;
}

uint64_t SequenceTrie::LastInLeaf(uint32_t leaf, uint64_t key) const {
  const uint64_t* words = leaves_[leaf].words;
  uint64_t mask = ~Above(static_cast<int>(key % 64));
  for (int i = WordIndex(key); i >= 0; --i, mask = kAllOnes) {
    const uint64_t word = words[i] & mask;
    if (word != 0) return LeafBegin(key) + 64 * i + HighestBit(word);
  }
  return kNone;
}

// Down to the key's leaf, if there is one. On the way it remembers the lowest
// node that has a child beside the one taken, on the side that is searched.
template <uint64_t (*kBeside)(int)>
SequenceTrie::Descent SequenceTrie::Descend(uint64_t number) const {
  Descent descent;
  uint32_t node = root_;
  for (int height = height_; height > 0; --height) {
    const Inner& inner = inners_[node];
    const int digit = Digit(number, height);
    if ((inner.mask & kBeside(digit)) != 0) {
      descent.turn = node;
      descent.turn_height = height;
    }
    if ((inner.mask >> digit & 1) == 0) return descent;
    node = inner.children[digit];
  }
  descent.leaf = node;
  return descent;
}

// If the key's leaf has nothing, the search goes on where the way turned.
uint64_t SequenceTrie::SearchAtLeast(uint64_t key) const {
  if (empty()) return kNone;
  const uint64_t number = key >> kLeafBits;
  if (number == erase_finger_.number) {
    const uint64_t found = FirstInLeaf(erase_finger_.leaf, key);
    if (found != kNone) return found;
  }
  if (!Covers(number)) {
    const bool below = number >> (kFanBits * height_) < prefix_;
    return below ? FirstUnder(root_, height_, prefix_) : kNone;
  }
  const auto [leaf, turn, height] = Descend<Above>(number);
  if (leaf != kNoNode) {
    const uint64_t found = FirstInLeaf(leaf, key);
    if (found != kNone) return found;
  }
  if (turn == kNoNode) return kNone;
  const int digit =
      LowestBit(inners_[turn].mask & Above(Digit(number, height)));
  return FirstUnder(inners_[turn].children[digit], height - 1,
                    Sibling(number, height, digit));
}

// The mirror image.
uint64_t SequenceTrie::LastAtMost(uint64_t key) const {
  if (empty()) return kNone;
  const uint64_t number = key >> kLeafBits;
  if (!Covers(number)) {
    const bool above = number >> (kFanBits * height_) > prefix_;
    return above ? LastUnder(root_, height_, prefix_) : kNone;
  }
  const auto [leaf, turn, height] = Descend<Below>(number);
  if (leaf != kNoNode) {
    const uint64_t found = LastInLeaf(leaf, key);
    if (found != kNone) return found;
  }
  if (turn == kNoNode) return kNone;
  const int digit =
      HighestBit(inners_[turn].mask & Below(Digit(number, height)));
  return LastUnder(inners_[turn].children[digit], height - 1,
                   Sibling(number, height, digit));
}

uint64_t SequenceTrie::FirstAbsentAtLeast(uint64_t key) const {
  for (;; key = LeafBegin(key) + kLeafKeys) {
    const uint32_t leaf = FindLeaf(key >> kLeafBits);
    if (leaf == kNoNode) return key;
    const uint64_t* words = leaves_[leaf].words;
    uint64_t mask = kAllOnes << (key % 64);
    for (int i = WordIndex(key); i < kLeafWords; ++i, mask = kAllOnes) {
      const uint64_t absent = ~words[i] & mask;
      if (absent != 0) return LeafBegin(key) + 64 * i + LowestBit(absent);
    }
  }
}

}  // namespace embatch
