// SPDX-License-Identifier: Apache-2.0
//
// Which jobs need a consumable resource, in the order of their submission.
// Only jobs that need one are in it.
#ifndef EMBATCH_JOBS_CONSUMABLE_JOBS_H_
#define EMBATCH_JOBS_CONSUMABLE_JOBS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "embatch/consumable_resource.h"
#include "embatch/fields.h"

namespace embatch {

class ConsumableJobs {
 public:
  using Needs = std::vector<ConsumableResourceRequirement>;
  using Jobs = std::map<uint64_t, uint32_t>;  // slots, by submission

  void Add(uint32_t slot, const Needs& needs) {
    if (needs.empty()) return;
    places_[slot] = next_;
    for (const ConsumableResourceRequirement& need : needs) {
      jobs_[need.consumable_resource][next_] = slot;
    }
    ++next_;
  }
  void Remove(uint32_t slot, const Needs& needs) {
    if (needs.empty()) return;
    const uint64_t place = places_[slot];
    places_.erase(slot);
    for (const ConsumableResourceRequirement& need : needs) {
      const auto found = jobs_.find(need.consumable_resource);
      found->second.erase(place);
      if (found->second.empty()) jobs_.erase(found);
    }
  }

  // nullptr: no job needs it.
  const Jobs* Find(absl::string_view name) const {
    const auto found = jobs_.find(std::string(name));
    return found == jobs_.end() ? nullptr : &found->second;
  }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.places_, self.jobs_, self.next_);
  }

 private:
  std::map<uint32_t, uint64_t> places_;
  std::map<std::string, Jobs> jobs_;
  uint64_t next_ = 1;
};

}  // namespace embatch

#endif  // EMBATCH_JOBS_CONSUMABLE_JOBS_H_
