// SPDX-License-Identifier: Apache-2.0
//
// An InternTable keeps one copy of equal values and names it by an index. The
// users of a value are counted; with the last one the value goes.
//
// Example:
//   InternTable<std::string> reasons;
//   uint32_t index = reasons.Intern(absl::string_view("Host terminated"));
//   reasons[index];          // "Host terminated"
//   reasons.Release(index);
//
// A reference to a value stays valid while the value is used. Indices are given
// as SlotTable gives slots: the oldest released one first, and never in the
// order of hashes, which may differ from one process to the next.
//
// What finds them are 64 hash tables, each for a part of all hashes, that grow
// and shrink by themselves: with a million values, no call moves more than a
// 64th of them.

#ifndef EMBATCH_BASE_INTERN_TABLE_H_
#define EMBATCH_BASE_INTERN_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "lib/base/check.h"
#include "lib/base/encoding.h"
#include "lib/base/slot_table.h"

namespace embatch {

// InternHash hashes what a T may be looked up by. All that can stand for a
// string has the hash of its characters.
template <typename T>
struct InternHash {
  template <typename K>
  size_t operator()(const K& value) const {
    if constexpr (std::is_same_v<T, std::string>) {
      return absl::Hash<absl::string_view>()(value);
    } else {
      return absl::Hash<K>()(value);
    }
  }
};

// T must be default constructible, copyable and movable, have absl's hash and
// be comparable with each K that it is looked up by.
template <typename T, typename Hash = InternHash<T>,
          typename Equal = std::equal_to<>>
class InternTable {
 public:
  // The answer when there is no such value.
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  // Intern finds or adds the value and counts one more user of it. A value that
  // is moved in may be gone afterwards, or not.
  template <typename K>
  uint32_t Intern(K&& value);

  // Find returns the value's index, or kNone.
  template <typename K>
  uint32_t Find(const K& value) const {
    return FindHashed(value, HashOf(value));
  }

  // AddRef counts one more user, Release one less. `index` must be in use.
  void AddRef(uint32_t index) { ++entries_[index].count; }
  void Release(uint32_t index);

  const T& operator[](uint32_t index) const { return entries_[index].value; }
  uint32_t count(uint32_t index) const { return entries_[index].count; }

  // Has the beginning of a value in the caches soon. Any number may be asked
  // for.
  void Prefetch(uint32_t index) const { entries_.Prefetch(index); }

  // IsLive says whether the index is in use. Any number may be asked for.
  bool IsLive(uint32_t index) const { return entries_.IsLive(index); }

  // The number of different values.
  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  // ForEach calls f(index, value, count) in order of indices.
  template <typename F>
  void ForEach(F f) const {
    entries_.ForEach([&f](uint32_t index, const Entry& entry) {
      f(index, entry.value, entry.count);
    });
  }

  // The bytes held from the allocator. Of what values own elsewhere only the
  // characters of strings are counted.
  size_t MemoryBytes() const;

  // Encode writes every (index, count, value), in order of indices.
  void Encode(Encoder& encoder) const;

 private:
  static constexpr size_t kMinBuckets = 4;
  static constexpr int kPartBits = 6;

  struct Entry {
    T value{};
    uint32_t count = 0;
    uint32_t hash = 0;
  };

  // Open addressing with linear probing. A bucket keeps the hash, so that most
  // probes and all growth stay away from the values.
  struct Bucket {
    uint32_t index = kNone;
    uint32_t hash = 0;
  };

  template <typename K>
  static uint32_t HashOf(const K& value) {
    return static_cast<uint32_t>(Hash()(value));
  }
  // One of the hash tables.
  struct Part {
    std::vector<Bucket> buckets;  // None, or a power of two.
    size_t used = 0;

    size_t Next(size_t bucket) const {
      return (bucket + 1) & (buckets.size() - 1);
    }
    size_t Home(uint32_t hash) const { return hash & (buckets.size() - 1); }
    void Add(uint32_t index, uint32_t hash);
    void Erase(uint32_t index, uint32_t hash);
    void Place(const Bucket& bucket);
    void Rebuild(size_t bucket_count);
  };

  // The lower bits say where in its part a value stands.
  Part& PartOf(uint32_t hash) { return parts_[hash >> (32 - kPartBits)]; }
  const Part& PartOf(uint32_t hash) const {
    return parts_[hash >> (32 - kPartBits)];
  }
  template <typename K>
  uint32_t FindHashed(const K& value, uint32_t hash) const;

  SlotTable<Entry, 1024> entries_;
  std::array<Part, size_t{1} << kPartBits> parts_;
};

// ---------------------------------------------------------------------------
// Implementation.

template <typename T, typename Hash, typename Equal>
template <typename K>
uint32_t InternTable<T, Hash, Equal>::Intern(K&& value) {
  const uint32_t hash = HashOf(value);
  uint32_t index = FindHashed(value, hash);
  if (index != kNone) {
    AddRef(index);
    return index;
  }
  index = entries_.Allocate().slot;
  Entry& entry = entries_[index];
  entry.value = T(std::forward<K>(value));
  entry.count = 1;
  entry.hash = hash;
  PartOf(hash).Add(index, hash);
  return index;
}

template <typename T, typename Hash, typename Equal>
void InternTable<T, Hash, Equal>::Release(uint32_t index) {
  Entry& entry = entries_[index];
  EMBATCH_DCHECK(entry.count > 0);
  if (--entry.count > 0) return;
  PartOf(entry.hash).Erase(index, entry.hash);
  entries_.Free(index);
}

template <typename T, typename Hash, typename Equal>
size_t InternTable<T, Hash, Equal>::MemoryBytes() const {
  size_t bytes = entries_.MemoryBytes();
  for (const Part& part : parts_) {
    bytes += part.buckets.capacity() * sizeof(Bucket);
  }
  if constexpr (std::is_same_v<T, std::string>) {
    // Short strings live inside the object.
    const size_t inside = std::string().capacity();
    entries_.ForEach([&](uint32_t, const Entry& entry) {
      const size_t capacity = entry.value.capacity();
      if (capacity > inside) bytes += capacity + 1;
    });
  }
  return bytes;
}

template <typename T, typename Hash, typename Equal>
void InternTable<T, Hash, Equal>::Encode(Encoder& encoder) const {
  encoder.Encode(uint64_t{size()});
  ForEach([&encoder](uint32_t index, const T& value, uint32_t count) {
    encoder.Encode(index);
    encoder.Encode(count);
    encoder.Encode(value);
  });
}

template <typename T, typename Hash, typename Equal>
template <typename K>
uint32_t InternTable<T, Hash, Equal>::FindHashed(const K& value,
                                                 uint32_t hash) const {
  const Part& part = PartOf(hash);
  if (part.buckets.empty()) return kNone;
  for (size_t i = part.Home(hash);; i = part.Next(i)) {
    const Bucket& bucket = part.buckets[i];
    if (bucket.index == kNone) return kNone;
    if (bucket.hash == hash && Equal()(entries_[bucket.index].value, value)) {
      return bucket.index;
    }
  }
}

template <typename T, typename Hash, typename Equal>
void InternTable<T, Hash, Equal>::Part::Add(uint32_t index, uint32_t hash) {
  // At most three quarters are in use.
  if (++used * 4 > buckets.size() * 3) {
    Rebuild(buckets.empty() ? kMinBuckets : buckets.size() * 2);
  }
  Place({index, hash});
}

template <typename T, typename Hash, typename Equal>
void InternTable<T, Hash, Equal>::Part::Place(const Bucket& bucket) {
  size_t i = Home(bucket.hash);
  while (buckets[i].index != kNone) i = Next(i);
  buckets[i] = bucket;
}

// Closes the gap by moving back each following bucket that may stand there, so
// that no marks for the dead are needed.
template <typename T, typename Hash, typename Equal>
void InternTable<T, Hash, Equal>::Part::Erase(uint32_t index, uint32_t hash) {
  size_t gap = Home(hash);
  while (buckets[gap].index != index) gap = Next(gap);
  const size_t mask = buckets.size() - 1;
  for (size_t i = Next(gap); buckets[i].index != kNone; i = Next(i)) {
    const size_t from_home = (i - Home(buckets[i].hash)) & mask;
    const size_t from_gap = (i - gap) & mask;
    if (from_home < from_gap) continue;
    buckets[gap] = buckets[i];
    gap = i;
  }
  buckets[gap] = Bucket();
  // Less than an eighth in use: halve, which leaves room to grow and to shrink.
  if (--used * 8 < buckets.size() && buckets.size() > kMinBuckets) {
    Rebuild(buckets.size() / 2);
  }
}

template <typename T, typename Hash, typename Equal>
void InternTable<T, Hash, Equal>::Part::Rebuild(size_t bucket_count) {
  const std::vector<Bucket> before =
      std::exchange(buckets, std::vector<Bucket>(bucket_count));
  for (const Bucket& bucket : before) {
    if (bucket.index != kNone) Place(bucket);
  }
}

}  // namespace embatch

#endif  // EMBATCH_BASE_INTERN_TABLE_H_
