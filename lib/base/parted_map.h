// SPDX-License-Identifier: Apache-2.0
//
// A PartedMap is a hash map of which a large one grows in parts, one now and
// one then. A part moves its entries when it doubles; as no two are of one
// size, they do so evenly over the time in which the whole map doubles, and
// neither one call nor some thousand of them move more than a few parts.
//
// Example:
//   PartedMap<uint32_t, uint32_t> class_of;
//   class_of[requirement] = 3;
//   const uint32_t* found = class_of.Find(requirement);   // nullptr if none
#ifndef EMBATCH_BASE_PARTED_MAP_H_
#define EMBATCH_BASE_PARTED_MAP_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"

namespace embatch {

template <typename K, typename V>
class PartedMap {
 public:
  // The value of a key, or nullptr. Valid until the map is changed.
  const V* Find(const K& key) const {
    const Map& map = parts_.empty() ? small_ : PartOf(key);
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
  }

  // Has what finding a key touches in the caches soon.
  void Fetch(const K& key) const {
    (parts_.empty() ? small_ : PartOf(key)).prefetch(key);
  }

  // The value of a key, which is V{} where there was none. Valid likewise.
  V& operator[](const K& key) {
    if (parts_.empty() && small_.size() < kSmall) return small_[key];
    if (parts_.empty()) Split();
    return PartOf(key)[key];
  }

  void Erase(const K& key) {
    (parts_.empty() ? small_ : PartOf(key)).erase(key);
  }

  size_t size() const {
    size_t size = small_.size();
    for (const Map& part : parts_) size += part.size();
    return size;
  }

  // Calls f(key, value) for each entry, in any order.
  template <typename F>
  void ForEach(F f) const {
    for (const auto& [key, value] : small_) f(key, value);
    for (const Map& part : parts_) {
      for (const auto& [key, value] : part) f(key, value);
    }
  }

 private:
  using Map = absl::flat_hash_map<K, V>;
  static constexpr size_t kSmall = 4096;
  static constexpr int kPartBits = 6;

  // Where the upper bits of the hash stand among all they can be, as a fraction
  // of 2^16; a map looks at the lower ones. x(4 - x)/3 is about log2(1 + x), so
  // each part gets 2^(1/64) times what the one before it gets.
  static size_t PartNumber(const K& key) {
    constexpr uint64_t kOne = uint64_t{1} << 16;
    const uint64_t x = static_cast<uint64_t>(absl::Hash<K>()(key)) >> 48;
    return static_cast<size_t>(x * (4 * kOne - x) / 3 >> (32 - kPartBits));
  }
  Map& PartOf(const K& key) { return parts_[PartNumber(key)]; }
  const Map& PartOf(const K& key) const { return parts_[PartNumber(key)]; }

  void Split() {
    parts_.resize(size_t{1} << kPartBits);
    for (const auto& [key, value] : small_) PartOf(key)[key] = value;
    small_ = Map();
  }

  Map small_;               // all, while they are few
  std::vector<Map> parts_;  // none while they are few
};

}  // namespace embatch

#endif  // EMBATCH_BASE_PARTED_MAP_H_
