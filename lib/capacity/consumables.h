// SPDX-License-Identifier: Apache-2.0
//
// The ledger of consumable resources: how much there is of each, and which
// attempt holds how much. An attempt is an index that it keeps for its owner.
//
// Source: guide "Resource-aware scheduling"; §18. Choice: D30, D58.
#ifndef EMBATCH_CAPACITY_CONSUMABLES_H_
#define EMBATCH_CAPACITY_CONSUMABLES_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "embatch/consumable_resource.h"
#include "embatch/fields.h"

namespace embatch {

struct ConsumableRecord {
  ConsumableResource config;  // as created; the total moves on below
  int64_t total = 0;
  int64_t in_use = 0;
  int64_t created_ns = 0;
  uint64_t number = 0;  // of creation: what an older one of that name lent is
                        // not this one's to take back

  int64_t available() const { return std::max<int64_t>(0, total - in_use); }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.config, self.total, self.in_use, self.created_ns,
                 self.number);
  }
};

class Consumables {
 public:
  using Needs = std::vector<ConsumableResourceRequirement>;

  // nullptr: there is none of that name.
  const ConsumableRecord* Find(absl::string_view name) const;
  ConsumableRecord* Find(absl::string_view name);

  // The name must be new.
  void Add(const ConsumableResource& resource, int64_t now_ns);
  // Unknown names are ignored. What attempts hold of it is theirs.
  void Remove(absl::string_view name);
  // The name must be known.
  void SetTotal(absl::string_view name, int64_t total);

  // Whether all of it is available now. What does not exist is not.
  bool HasAll(const Needs& needs) const;
  // How much of a resource is available now; of an unknown one, nothing.
  int64_t Available(absl::string_view name) const;
  // Books what must be available.
  void Take(uint32_t holder, const Needs& needs);
  // Ends what a holder took; one that took nothing is ignored.
  void GiveBack(uint32_t holder);
  // The same for one that ends as if it had never been: all of it comes back.
  void Return(uint32_t holder);
  bool is_any_held() const { return !held_.empty(); }

  size_t size() const { return records_.size(); }
  // By name.
  const std::map<std::string, ConsumableRecord>& records() const {
    return records_;
  }

  // Changes whenever more may have become available.
  uint64_t epoch() const { return epoch_; }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.records_, self.held_, self.next_number_, self.epoch_);
  }

 private:
  struct Holding {
    std::string name;
    int64_t quantity = 0;
    uint64_t number = 0;

    template <typename Self, typename Visitor>
    static auto VisitFields(Self& self, Visitor&& visit) {
      return visit(self.name, self.quantity, self.number);
    }
  };

  void End(uint32_t holder, bool used);

  std::map<std::string, ConsumableRecord> records_;
  std::map<uint32_t, std::vector<Holding>> held_;
  uint64_t next_number_ = 0;
  uint64_t epoch_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_CAPACITY_CONSUMABLES_H_
