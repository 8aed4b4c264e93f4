// SPDX-License-Identifier: Apache-2.0
//
// When instances are lost, for a SimulatedRuntime.
#ifndef EMBATCH_SIM_LOSS_CALENDAR_H_
#define EMBATCH_SIM_LOSS_CALENDAR_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "embatch/fields.h"

namespace embatch {

// An instance. Only together with its environment is its id unique.
struct InstancePlace {
  uint16_t environment = 0;
  uint64_t instance = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.environment, self.instance);
  }
};

class LossCalendar {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // A number for an environment's name. They are few, and mostly it is the
  // same one as before.
  uint16_t EnvironmentIndex(absl::string_view name) {
    if (latest_ == environments_.size() || environments_[latest_] != name) {
      const auto found =
          std::find(environments_.begin(), environments_.end(), name);
      latest_ = found - environments_.begin();
      if (found == environments_.end()) environments_.emplace_back(name);
    }
    return static_cast<uint16_t>(latest_);
  }

  // False if the place is lost by then anyway.
  bool Add(const InstancePlace& place, int64_t time_ns) {
    const int64_t before_ns = LossOf(place);
    if (before_ns <= time_ns) return false;
    for (auto i = to_come_.lower_bound(before_ns); i != to_come_.end(); ++i) {
      if (i->second != place) continue;
      to_come_.erase(i);
      break;
    }
    losses_[place] = time_ns;
    to_come_.emplace(time_ns, place);
    return true;
  }

  // When a place is lost, or was.
  int64_t LossOf(const InstancePlace& place) const {
    if (losses_.empty()) return kNever;
    const auto found = losses_.find(place);
    return found == losses_.end() ? kNever : found->second;
  }

  // The next loss that TakeNext() has not answered yet.
  int64_t NextTime() const {
    return to_come_.empty() ? kNever : to_come_.begin()->first;
  }
  InstancePlace TakeNext() {
    const InstancePlace place = to_come_.begin()->second;
    to_come_.erase(to_come_.begin());
    return place;
  }

 private:
  std::vector<std::string> environments_;
  size_t latest_ = 0;
  // Losses of the past stay: nothing can run there any more.
  absl::flat_hash_map<InstancePlace, int64_t> losses_;
  std::multimap<int64_t, InstancePlace> to_come_;
};

}  // namespace embatch

#endif  // EMBATCH_SIM_LOSS_CALENDAR_H_
