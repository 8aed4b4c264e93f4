// SPDX-License-Identifier: Apache-2.0
//
// A RadixHeap hands out entries by time, oldest first; of equal times the one
// pushed first. It is for time that only goes forward: nothing may be pushed
// that is earlier than what was popped last.
//
// That restriction buys speed. Entries lie in buckets by the highest digit in
// which their time differs from `last_`, the time popped last; a bucket is
// sorted out into lower ones only when its turn comes. An entry moves at most
// once for each digit, always from one end of a vector to another, where a
// binary heap jumps about in memory at every level.
#ifndef EMBATCH_SIM_RADIX_HEAP_H_
#define EMBATCH_SIM_RADIX_HEAP_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/numeric/bits.h"

namespace embatch {

class RadixHeap {
 public:
  struct Entry {
    int64_t time_ns = 0;
    uint32_t index = 0;  // these two mean what the user wants
    uint32_t stamp = 0;
  };

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  // `entry` must not be earlier than the entry popped last.
  void Push(const Entry& entry) {
    ++size_;
    Place(entry);
  }

  // The next entry that Pop() will answer. Requires that there is one.
  const Entry& Top() const {
    if (due_begin_ < due_.size()) return due_[due_begin_];
    const Bucket& bucket = buckets_[FirstBucket()];
    return bucket.entries[bucket.oldest];
  }

  // The entry that Pop() will answer after so many others, if all of these are
  // of one time; else nullptr.
  const Entry* Peek(size_t others) const {
    const size_t index = due_begin_ + others;
    return index < due_.size() ? &due_[index] : nullptr;
  }

  Entry Pop() {
    if (due_begin_ == due_.size()) SortOutFirstBucket();
    const Entry entry = due_[due_begin_++];
    --size_;
    return entry;
  }

  // Removes entries that `is_dead` until Top() is none of them. An entry that
  // is dead must stay so.
  template <typename Predicate>
  void PruneTop(const Predicate& is_dead) {
    while (!empty() && is_dead(Top())) {
      if (due_begin_ < due_.size()) {
        ++due_begin_;
        --size_;
      } else {
        PruneBucket(FirstBucket(), is_dead);
      }
    }
  }

  // Removes all entries that `is_dead`.
  template <typename Predicate>
  void Prune(const Predicate& is_dead) {
    due_.erase(due_.begin(), due_.begin() + due_begin_);
    due_begin_ = 0;
    size_ -= EraseIf(due_, is_dead);
    for (int index = 0; index < kBuckets; ++index) PruneBucket(index, is_dead);
  }

 private:
  static constexpr int kDigitBits = 4;
  static constexpr int kDigits = 1 << kDigitBits;
  static constexpr int kLevels = (64 + kDigitBits - 1) / kDigitBits;
  static constexpr int kBuckets = kLevels * kDigits;
  static_assert(kLevels <= 32 && kDigits <= 32, "one bit each below");

  struct Bucket {
    std::vector<Entry> entries;  // in the order of Push()
    size_t oldest = 0;           // the first of the least time
  };

  // Unsigned and in the same order, so that digits can be compared.
  static uint64_t Key(int64_t time_ns) {
    return static_cast<uint64_t>(time_ns) ^ (uint64_t{1} << 63);
  }

  // Entries of one time share a bucket at all times and keep their order in
  // it: where an entry lies depends on its time and `last_` alone.
  void Place(const Entry& entry) {
    const uint64_t key = Key(entry.time_ns);
    if (key == last_) {
      if (due_begin_ == due_.size()) {
        due_.clear();
        due_begin_ = 0;
      }
      due_.push_back(entry);
      return;
    }
    const int level = (absl::bit_width(key ^ last_) - 1) / kDigitBits;
    const int digit =
        static_cast<int>(key >> (level * kDigitBits)) & (kDigits - 1);
    Bucket& bucket = buckets_[level * kDigits + digit];
    if (bucket.entries.empty()) {
      bucket.oldest = 0;
      used_digits_[level] |= 1u << digit;
      used_levels_ |= 1u << level;
    } else if (entry.time_ns < bucket.entries[bucket.oldest].time_ns) {
      bucket.oldest = bucket.entries.size();
    }
    bucket.entries.push_back(entry);
  }

  // The lowest level holds the oldest: all else differs from `last_` in a
  // higher digit. Requires a used one.
  int FirstBucket() const {
    const int level = absl::countr_zero(used_levels_);
    return level * kDigits + absl::countr_zero(used_digits_[level]);
  }

  void MarkEmpty(int index) {
    const int level = index / kDigits;
    used_digits_[level] &= ~(1u << (index % kDigits));
    if (used_digits_[level] == 0) used_levels_ &= ~(1u << level);
  }

  void SortOutFirstBucket() {
    const int index = FirstBucket();
    Bucket& bucket = buckets_[index];
    last_ = Key(bucket.entries[bucket.oldest].time_ns);
    MarkEmpty(index);
    // All go to lower levels or are due, none comes back to this bucket.
    for (const Entry& entry : bucket.entries) Place(entry);
    bucket.entries.clear();
  }

  template <typename Predicate>
  static size_t EraseIf(std::vector<Entry>& entries, const Predicate& is_dead) {
    const auto end = std::remove_if(entries.begin(), entries.end(), is_dead);
    const size_t erased = entries.end() - end;
    entries.erase(end, entries.end());
    return erased;
  }

  template <typename Predicate>
  void PruneBucket(int index, const Predicate& is_dead) {
    Bucket& bucket = buckets_[index];
    if (bucket.entries.empty()) return;
    size_ -= EraseIf(bucket.entries, is_dead);
    if (bucket.entries.empty()) return MarkEmpty(index);
    bucket.oldest =
        std::min_element(bucket.entries.begin(), bucket.entries.end(),
                         [](const Entry& a, const Entry& b) {
                           return a.time_ns < b.time_ns;
                         }) -
        bucket.entries.begin();
  }

  uint64_t last_ = Key(std::numeric_limits<int64_t>::min());
  size_t size_ = 0;
  std::vector<Entry> due_;  // of time `last_`; those before due_begin_ are gone
  size_t due_begin_ = 0;
  uint32_t used_levels_ = 0;  // a bit for each level with a used bucket
  std::array<uint32_t, kLevels> used_digits_{};
  std::array<Bucket, kBuckets> buckets_;
};

}  // namespace embatch

#endif  // EMBATCH_SIM_RADIX_HEAP_H_
