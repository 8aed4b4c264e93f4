// SPDX-License-Identifier: Apache-2.0
//
// How the blocks of NameBlocks come and go.

#include "lib/base/name_blocks.h"

#include <utility>

namespace embatch {

// No string moves while it is kept, so the current block has its whole memory.
NameBlocks::NameBlocks(const NameBlocks& other)
    : blocks_(other.blocks_),
      current_(other.current_),
      room_(other.room_),
      first_emptied_(other.first_emptied_),
      last_emptied_(other.last_emptied_) {
  if (current_ != kNone) blocks_[current_].characters.reserve(kBlockBytes);
}

void NameBlocks::Swap(NameBlocks& other) noexcept {
  std::swap(blocks_, other.blocks_);
  std::swap(spare_, other.spare_);
  std::swap(current_, other.current_);
  std::swap(room_, other.room_);
  std::swap(first_emptied_, other.first_emptied_);
  std::swap(last_emptied_, other.last_emptied_);
}

size_t NameBlocks::size() const {
  size_t size = 0;
  for (const Block& block : blocks_) size += block.live;
  return size;
}

size_t NameBlocks::MemoryBytes() const {
  size_t bytes = blocks_.capacity() * sizeof(Block) + spare_.MemoryBytes();
  for (const Block& block : blocks_) bytes += block.characters.capacity();
  return bytes;
}

void NameBlocks::BeginBlock() {
  if (first_emptied_ != kNone) {
    current_ = first_emptied_;
    first_emptied_ = blocks_[current_].next_emptied;
    blocks_[current_].next_emptied = kNone;
  } else {
    EMBATCH_CHECK(blocks_.size() < kNone);
    current_ = static_cast<uint32_t>(blocks_.size());
    blocks_.emplace_back();
  }
  blocks_[current_].characters = spare_.Take(kBlockBytes);
  room_ = kBlockBytes;
}

void NameBlocks::EndBlock(uint32_t number) {
  // The block in use is simply begun anew.
  if (number == current_) {
    blocks_[number].characters.clear();
    room_ = kBlockBytes;
    return;
  }
  spare_.Give(std::move(blocks_[number].characters));
  (first_emptied_ == kNone ? first_emptied_
                           : blocks_[last_emptied_].next_emptied) = number;
  last_emptied_ = number;
}

}  // namespace embatch
