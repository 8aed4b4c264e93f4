// SPDX-License-Identifier: Apache-2.0
//
// How the blocks of NameBlocks come and go.

#include "lib/base/name_blocks.h"

#include <utility>

namespace embatch {

// What is behind the end of the strings is not copied.
NameBlocks::NameBlocks(const NameBlocks& other)
    : blocks_(other.blocks_.size()),
      current_(other.current_),
      room_(other.room_),
      first_emptied_(other.first_emptied_),
      last_emptied_(other.last_emptied_) {
  for (uint32_t i = 0; i < blocks_.size(); ++i) {
    const Block& from = other.blocks_[i];
    blocks_[i].live = from.live;
    blocks_[i].next_emptied = from.next_emptied;
    if (from.characters == nullptr) continue;
    blocks_[i].characters.reset(new char[kBlockBytes]);
    const uint32_t used = i == current_ ? kBlockBytes - room_ : from.end;
    std::memcpy(blocks_[i].characters.get(), from.characters.get(), used);
  }
}

void NameBlocks::Swap(NameBlocks& other) noexcept {
  std::swap(blocks_, other.blocks_);
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
  size_t bytes = blocks_.capacity() * sizeof(Block);
  for (const Block& block : blocks_) {
    if (block.characters != nullptr) bytes += kBlockBytes;
  }
  return bytes;
}

void NameBlocks::BeginBlock() {
  if (current_ != kNone) blocks_[current_].end = kBlockBytes - room_;
  if (first_emptied_ != kNone) {
    current_ = first_emptied_;
    first_emptied_ = blocks_[current_].next_emptied;
    blocks_[current_].next_emptied = kNone;
  } else {
    EMBATCH_CHECK(blocks_.size() < kNone);
    current_ = static_cast<uint32_t>(blocks_.size());
    blocks_.emplace_back();
  }
  // Not value-initialised: a page is touched when a string comes to it.
  blocks_[current_].characters.reset(new char[kBlockBytes]);
  room_ = kBlockBytes;
}

void NameBlocks::EndBlock(uint32_t number) {
  // The block in use is simply begun anew.
  if (number == current_) {
    room_ = kBlockBytes;
    return;
  }
  blocks_[number].characters.reset();
  (first_emptied_ == kNone ? first_emptied_
                           : blocks_[last_emptied_].next_emptied) = number;
  last_emptied_ = number;
}

}  // namespace embatch
