// SPDX-License-Identifier: Apache-2.0
//
// Since when jobs have been RUNNABLE, for queues in which that decides
// something. Children of an array that became so together share one entry.
#ifndef EMBATCH_QUEUES_RUNNABLE_SINCE_H_
#define EMBATCH_QUEUES_RUNNABLE_SINCE_H_

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace embatch {

class RunnableSince {
 public:
  // Children [first, last) of the job in `slot`; the job itself is [-1, 0).
  void Set(uint32_t slot, int32_t first, int32_t last, int64_t time_ns) {
    const std::optional<int64_t> behind = Find(slot, last);
    const auto end = since_.lower_bound({slot, last});
    const bool is_told = end != since_.end() && end->first == Key(slot, last);
    since_.erase(since_.lower_bound({slot, first}), end);
    if (behind.has_value() && !is_told) since_[{slot, last}] = *behind;
    since_[{slot, first}] = time_ns;
  }

  // Nothing for one that was never set.
  std::optional<int64_t> Find(uint32_t slot, int32_t child) const {
    const auto after = since_.upper_bound({slot, child});
    if (after == since_.begin()) return std::nullopt;
    const auto entry = std::prev(after);
    if (entry->first.first != slot) return std::nullopt;
    return entry->second;
  }

  void Forget(uint32_t slot) {
    since_.erase(since_.lower_bound({slot, -1}),
                 since_.lower_bound({slot + 1, -1}));
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.since_);
  }

 private:
  using Key = std::pair<uint32_t, int32_t>;
  // An entry holds for its child and all behind it, up to the next entry.
  std::map<Key, int64_t> since_;
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_RUNNABLE_SINCE_H_
