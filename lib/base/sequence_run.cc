// SPDX-License-Identifier: Apache-2.0
#include "lib/base/sequence_run.h"

#include <iterator>
#include <utility>

namespace embatch {

// Where half of the memory or more is that of keys that are gone, it is used
// again, which costs a step for each key that went; otherwise there will be
// twice as much.
void SequenceRun::MakeRoom() {
  if (keys_.size() < keys_.capacity()) return;
  if (is_full()) {
    keys_.reserve(std::max<size_t>(2 * kGoneMin, 2 * keys_.capacity()));
    return;
  }
  keys_.erase(keys_.begin(), Begin());
  begin_ = 0;
}

void SequenceRun::MakeRoomInFront() {
  if (begin_ > 0) return;
  begin_ = size() / 4 + kGoneMin;
  keys_.insert(keys_.begin(), begin_, 0);
}

bool SequenceRun::Insert(uint64_t key) {
  if (empty() || key > keys_.back()) {
    MakeRoom();
    keys_.push_back(key);
    return true;
  }
  const auto found = Find(key);
  if (*found == key) return false;
  const std::ptrdiff_t before = found - Begin();
  if (before < keys_.cend() - found) {
    MakeRoomInFront();
    std::move(Begin(), Begin() + before, std::prev(Begin()));
    --begin_;
    Begin()[before] = key;
  } else {
    MakeRoom();
    keys_.insert(Begin() + before, key);
  }
  return true;
}

bool SequenceRun::Erase(uint64_t key) {
  const auto found = Find(key);
  if (found == keys_.cend() || *found != key) return false;
  const std::ptrdiff_t before = found - Begin();
  if (before < keys_.cend() - found) {
    std::move_backward(Begin(), Begin() + before, Begin() + before + 1);
    ++begin_;
  } else {
    keys_.erase(found);
  }
  ShrinkIfEmpty();
  return true;
}

uint64_t SequenceRun::EraseRange(uint64_t first, uint64_t last) {
  const Keys::const_iterator from = Find(first);
  const auto to = std::lower_bound(from, keys_.cend(), last);
  const uint64_t went = static_cast<uint64_t>(to - from);
  keys_.erase(from, to);
  ShrinkIfEmpty();
  return went;
}

void SequenceRun::Shrink() {
  Keys left;
  left.reserve(2 * size() + kGoneMin);
  left.assign(Begin(), keys_.end());
  keys_ = std::move(left);
  begin_ = 0;
}

uint64_t SequenceRun::LastAtMost(uint64_t key) const {
  const auto behind = std::upper_bound(Begin(), keys_.end(), key);
  return behind == Begin() ? kNone : *std::prev(behind);
}

}  // namespace embatch
