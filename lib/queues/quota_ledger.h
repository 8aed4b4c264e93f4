// SPDX-License-Identifier: Apache-2.0
//
// The QuotaLedger says how much each quota share of a queue has, uses, lends
// and borrows.
//
// It knows shares and units, no jobs. Amounts are in thousandths of a unit, so
// that parts of a vCPU can be counted.
// Source: API CreateQuotaShare; guide "Quota management"; §15.2, §15.3.
#ifndef EMBATCH_QUEUES_QUOTA_LEDGER_H_
#define EMBATCH_QUEUES_QUOTA_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "embatch/capacity_limit.h"
#include "embatch/fields.h"
#include "embatch/quota_share.h"

namespace embatch {

// An amount for each unit, by the unit's index; units behind the end have 0.
using Amounts = absl::InlinedVector<int64_t, 3>;

inline int64_t AmountOf(const Amounts& amounts, size_t unit) {
  return unit < amounts.size() ? amounts[unit] : 0;
}
void AddAmounts(Amounts& to, const Amounts& amounts);
void TakeAmounts(Amounts& from, const Amounts& amounts);
bool AnyPositive(const Amounts& amounts);

// What there is too little of, ever, for a need.
enum class QuotaVerdict : uint8_t {
  kMayFit,
  kOverLimits,           // the share does not borrow: need > its own capacity
  kOverLimitsAndBorrow,  // need > its capacity with all that it may borrow
  kOverBorrowable,       // it would borrow more than there is to be lent
};

class QuotaLedger {
 public:
  static constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

  // Whether a unit that a share does not name is unlimited for it. So it is
  // for container jobs, whose needs have three units in any case; of an
  // instance type that is not named a service job may use none.
  // Choice: D29.
  void set_unnamed_is_unlimited(bool value) { unnamed_is_unlimited_ = value; }

  // Answers the share's index; that of one that was removed is used again.
  uint32_t AddShare(const QuotaShareOptions& options);
  void UpdateShare(uint32_t share, const QuotaShareOptions& options);
  void RemoveShare(uint32_t share);  // it must use and hold nothing

  // The index of a unit; a new one is added.
  size_t UnitIndex(absl::string_view unit);
  std::optional<size_t> FindUnit(absl::string_view unit) const;
  Amounts AmountsOf(absl::Span<const CapacityUsage> usage);

  // A dispatched job takes its need and gives it back. What is held is kept
  // for a job that preempted others: nobody else gets it.
  void Take(uint32_t share, const Amounts& need);
  void Give(uint32_t share, const Amounts& need);
  void Hold(uint32_t share, const Amounts& need);
  void Unhold(uint32_t share, const Amounts& need);

  // Whether the share can take `need` within its own capacity, or within what
  // it may have in all just now. `held`: what it holds already for that need.
  bool FitsOwn(uint32_t share, const Amounts& need,
               const Amounts& held = {}) const;
  bool Fits(uint32_t share, const Amounts& need,
            const Amounts& held = {}) const;

  // What the share may use just now, all in all.
  int64_t Allowance(uint32_t share, size_t unit) const;
  // What is left of that, unit by unit; may be negative.
  Amounts Headroom(uint32_t share) const;
  // How much the share uses beyond its own capacity, unit by unit.
  Amounts Excess(uint32_t share) const;
  bool IsOver(uint32_t share) const;

  QuotaVerdict Judge(uint32_t share, const Amounts& need) const;

  int64_t capacity(uint32_t share, size_t unit) const;
  int64_t ceiling(uint32_t share, size_t unit) const;
  int64_t used(uint32_t share, size_t unit) const {
    return AmountOf(shares_[share].used, unit);
  }
  size_t unit_count() const { return units_.size(); }
  const std::string& unit_name(size_t unit) const { return units_[unit]; }
  size_t share_count() const { return shares_.size(); }

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.unnamed_is_unlimited_, self.units_, self.shares_);
  }

 private:
  struct Share {
    bool exists = false;
    bool lends = false;
    bool borrows = false;
    int32_t borrow_limit = -1;
    Amounts capacity;
    std::vector<uint8_t> named;  // by unit
    Amounts used;
    Amounts held;

    template <typename Self, typename Visitor>
    static auto VisitFields(Self& self, Visitor&& visit) {
      return visit(self.exists, self.lends, self.borrows, self.borrow_limit,
                   self.capacity, self.named, self.used, self.held);
    }
  };

  bool IsNamed(const Share& share, size_t unit) const {
    return unit < share.named.size() && share.named[unit] != 0;
  }
  int64_t CapacityOf(const Share& share, size_t unit) const;
  int64_t CeilingOf(const Share& share, size_t unit) const;
  static int64_t TakenOf(const Share& share, size_t unit) {
    return AmountOf(share.used, unit) + AmountOf(share.held, unit);
  }

  bool unnamed_is_unlimited_ = true;
  std::vector<std::string> units_;
  std::vector<Share> shares_;
};

}  // namespace embatch

#endif  // EMBATCH_QUEUES_QUOTA_LEDGER_H_
