// SPDX-License-Identifier: Apache-2.0
//
// A SequenceTrie is the large form of a SequenceBitmap: a 64-way tree of 64-bit
// masks over leaves of 512 keys, one cache line each.
//
//   root_ at height_ 2          mask: which of 64 children there are
//     |        |
//   inner    inner              height 1: 64 leaves, 32,768 keys
//    | |       |
//   leaf leaf leaf              8 words of 64 bits
//
// The tree is no higher than its keys differ: all keys share prefix_, the bits
// above the root, so keys far from zero cost nothing. Nodes name each other by
// index, so a copy of the vectors is a copy of the tree. A node without keys
// goes to a free list and is the next to be used.
//
// Two fingers remember the leaves of the last insertion and the last erasure.
// They make work at the ends of a dense set independent of the height. Const
// methods never move them, so const calls may run beside each other.

#ifndef EMBATCH_BASE_SEQUENCE_TRIE_H_
#define EMBATCH_BASE_SEQUENCE_TRIE_H_

#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/numeric/bits.h"
#include "lib/base/block_memory.h"

namespace embatch {

class SequenceTrie {
 public:
  static constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();

  // Insert and Erase return whether the key came or went. Keys are below 2^48.
  bool Insert(uint64_t key) {
    const uint64_t number = key >> kLeafBits;
    if (number != insert_finger_.number) {
      insert_finger_ = Finger{number, MakeLeaf(number)};
    }
    uint64_t& word = WordOf(leaves_[insert_finger_.leaf], key);
    const uint64_t bit = uint64_t{1} << (key % 64);
    const bool came = (word & bit) == 0;
    word |= bit;
    return came;
  }

  bool Erase(uint64_t key) {
    const uint64_t number = key >> kLeafBits;
    if (number != erase_finger_.number) {
      const uint32_t leaf = FindLeaf(number);
      if (leaf == kNoNode) return false;
      erase_finger_ = Finger{number, leaf};
    }
    Leaf& leaf = leaves_[erase_finger_.leaf];
    uint64_t& word = WordOf(leaf, key);
    const uint64_t bit = uint64_t{1} << (key % 64);
    if ((word & bit) == 0) return false;
    word &= ~bit;
    if (word == 0 && leaf.IsEmpty()) DropLeaf(number);
    return true;
  }

  // InsertRange and EraseRange take [first, last) and return how many keys came
  // or went. They cost a word operation for 64 keys.
  uint64_t InsertRange(uint64_t first, uint64_t last);
  uint64_t EraseRange(uint64_t first, uint64_t last);

  bool Contains(uint64_t key) const {
    const uint32_t leaf = FindLeaf(key >> kLeafBits);
    return leaf != kNoNode &&
           (leaves_[leaf].words[WordIndex(key)] >> (key % 64) & 1) != 0;
  }

  // The nearest key at or above `key`, at or below it, or kNone. Any number may
  // be asked for.
  uint64_t FirstAtLeast(uint64_t key) const {
    // Behind a key that was just erased there is often another in its word.
    if (key >> kLeafBits == erase_finger_.number) {
      const uint64_t behind =
          leaves_[erase_finger_.leaf].words[WordIndex(key)] >> (key % 64);
      if (behind != 0) {
        return key + static_cast<uint64_t>(absl::countr_zero(behind));
      }
    }
    return SearchAtLeast(key);
  }
  uint64_t LastAtMost(uint64_t key) const;

  // The first number at or above `key` that is no key.
  uint64_t FirstAbsentAtLeast(uint64_t key) const;

  bool empty() const { return root_ == kNoNode; }

  size_t MemoryBytes() const {
    return leaves_.capacity() * sizeof(Leaf) +
           inners_.capacity() * sizeof(Inner);
  }

 private:
  static constexpr int kLeafBits = 9;
  static constexpr int kLeafWords = 8;
  static constexpr uint64_t kLeafKeys = uint64_t{1} << kLeafBits;
  static constexpr int kFanBits = 6;
  static constexpr int kMaxHeight = 7;  // 9 + 7 * 6 bits are enough for 2^48.
  static constexpr uint32_t kNoNode = std::numeric_limits<uint32_t>::max();

  // A leaf in the free list keeps the index of the next one in words[0], an
  // inner node in children[0].
  struct Leaf {
    uint64_t words[kLeafWords] = {};

    bool IsEmpty() const {
      uint64_t any = 0;
      for (uint64_t word : words) any |= word;
      return any == 0;
    }
  };

  // children[i] means something only if bit i of the mask is set.
  struct Inner {
    uint64_t mask;
    uint32_t children[64];
  };

  // A leaf's number is its keys without their low bits.
  struct Finger {
    uint64_t number = kNone;
    uint32_t leaf = kNoNode;
  };

  // The way down to a leaf, and the lowest inner node at which a search may
  // turn to a neighbour.
  struct Descent {
    uint32_t leaf = kNoNode;
    uint32_t turn = kNoNode;
    int turn_height = 0;
  };

  static int WordIndex(uint64_t key) { return key / 64 % kLeafWords; }
  static uint64_t LeafBegin(uint64_t key) { return key & ~(kLeafKeys - 1); }
  static uint64_t& WordOf(Leaf& leaf, uint64_t key) {
    return leaf.words[WordIndex(key)];
  }
  // Which child of an inner node at `height` leads to leaf `number`.
  static int Digit(uint64_t number, int height) {
    return static_cast<int>(number >> (kFanBits * (height - 1)) & 63);
  }
  // The number of the node that is child `digit` of the node at `height` above
  // leaf `number`.
  static uint64_t Sibling(uint64_t number, int height, int digit) {
    return (number >> (kFanBits * height)) << kFanBits |
           static_cast<uint64_t>(digit);
  }
  bool Covers(uint64_t number) const {
    return root_ != kNoNode && number >> (kFanBits * height_) == prefix_;
  }

  uint32_t FindLeaf(uint64_t number) const {
    if (!Covers(number)) return kNoNode;
    uint32_t node = root_;
    for (int height = height_; height > 0; --height) {
      const Inner& inner = inners_[node];
      const int digit = Digit(number, height);
      if ((inner.mask >> digit & 1) == 0) return kNoNode;
      node = inner.children[digit];
    }
    return node;
  }

  uint64_t SearchAtLeast(uint64_t key) const;
  template <uint64_t (*kBeside)(int)>
  Descent Descend(uint64_t number) const;
  uint32_t MakeLeaf(uint64_t number);
  void DropLeaf(uint64_t number);
  void RaiseRoot();
  void LowerRoot();
  uint32_t NewLeaf();
  uint32_t NewInner();
  void ReleaseLeaf(uint32_t leaf);
  void ReleaseInner(uint32_t inner);
  void ReserveFor(uint64_t first, uint64_t last);
  uint64_t FirstInLeaf(uint32_t leaf, uint64_t key) const;
  uint64_t LastInLeaf(uint32_t leaf, uint64_t key) const;
  // The first or last key below a node whose keys share the bits `number`.
  uint64_t FirstUnder(uint32_t node, int height, uint64_t number) const;
  uint64_t LastUnder(uint32_t node, int height, uint64_t number) const;

  BlockVector<Leaf> leaves_;
  BlockVector<Inner> inners_;
  uint32_t free_leaf_ = kNoNode;
  uint32_t free_inner_ = kNoNode;
  uint32_t root_ = kNoNode;  // A leaf if height_ is 0, else an inner node.
  int height_ = 0;
  uint64_t prefix_ = 0;
  Finger insert_finger_;
  Finger erase_finger_;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_SEQUENCE_TRIE_H_
