// SPDX-License-Identifier: Apache-2.0
//
// NameBlocks lays short strings one behind the other in blocks of 64 KiB. A
// block goes back to the allocator when all its strings are released, so it
// suits strings that come and go about together, such as the names of jobs.
//
// Example:
//   NameBlocks names;
//   NameBlocks::Ref ref = names.Add("render-0001");
//   names.Get(ref);          // "render-0001"
//   names.Release(ref);

#ifndef EMBATCH_BASE_NAME_BLOCKS_H_
#define EMBATCH_BASE_NAME_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/base/block_memory.h"
#include "lib/base/check.h"

namespace embatch {

class NameBlocks {
 public:
  // Names one string: its block, its place there and its length. 0 is the empty
  // string, which need not be released.
  using Ref = uint64_t;

  static constexpr size_t kMaxLength = 1024;

  NameBlocks() = default;
  NameBlocks(const NameBlocks& other);
  NameBlocks(NameBlocks&& other) noexcept { Swap(other); }
  NameBlocks& operator=(NameBlocks other) noexcept {
    Swap(other);
    return *this;
  }
  ~NameBlocks() = default;

  // Add copies a string of at most kMaxLength characters, of any value.
  Ref Add(absl::string_view name) {
    if (name.empty()) return 0;
    EMBATCH_CHECK(name.size() <= kMaxLength);
    if (room_ < name.size()) BeginBlock();
    Block& block = blocks_[current_];
    const size_t offset = block.characters.size();
    block.characters.insert(block.characters.end(), name.begin(), name.end());
    room_ -= static_cast<uint32_t>(name.size());
    ++block.live;
    return uint64_t{current_} << kBlockShift | offset << kLengthBits |
           name.size();
  }

  // Get returns a string that was not released; the view is valid until it is.
  absl::string_view Get(Ref ref) const {
    if (ref == 0) return absl::string_view();
    const Block& block = blocks_[ref >> kBlockShift];
    const size_t offset = ref >> kLengthBits & (kBlockBytes - 1);
    return absl::string_view(block.characters.data() + offset,
                             ref & ((1 << kLengthBits) - 1));
  }

  // Release gives one string back.
  void Release(Ref ref) {
    if (ref == 0) return;
    const uint32_t number = static_cast<uint32_t>(ref >> kBlockShift);
    EMBATCH_DCHECK(blocks_[number].live > 0);
    if (--blocks_[number].live == 0) EndBlock(number);
  }

  // The number of strings, empty ones not counted.
  size_t size() const;

  // The bytes held from the allocator.
  size_t MemoryBytes() const;

 private:
  static constexpr uint32_t kBlockBytes = 65536;
  static constexpr int kLengthBits = 11;
  static constexpr int kBlockShift = kLengthBits + 16;
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  struct Block {
    BlockVector<char> characters;  // Has no memory in an emptied block.
    uint32_t live = 0;
    uint32_t next_emptied = kNone;
  };

  void BeginBlock();
  void EndBlock(uint32_t number);
  void Swap(NameBlocks& other) noexcept;

  std::vector<Block> blocks_;
  SpareBlock<char> spare_;
  uint32_t current_ = kNone;  // The block that takes new strings.
  uint32_t room_ = 0;         // Bytes left in it.
  uint32_t first_emptied_ = kNone;
  uint32_t last_emptied_ = kNone;
};

}  // namespace embatch

#endif  // EMBATCH_BASE_NAME_BLOCKS_H_
