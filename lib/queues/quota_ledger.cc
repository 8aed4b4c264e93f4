// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/quota_ledger.h"

#include <algorithm>

#include "absl/numeric/int128.h"

namespace embatch {

void AddAmounts(Amounts& to, const Amounts& amounts) {
  if (to.size() < amounts.size()) to.resize(amounts.size());
  for (size_t i = 0; i < amounts.size(); ++i) to[i] += amounts[i];
}

void TakeAmounts(Amounts& from, const Amounts& amounts) {
  if (from.size() < amounts.size()) from.resize(amounts.size());
  for (size_t i = 0; i < amounts.size(); ++i) from[i] -= amounts[i];
}

bool AnyPositive(const Amounts& amounts) {
  return std::any_of(amounts.begin(), amounts.end(),
                     [](int64_t amount) { return amount > 0; });
}

uint32_t QuotaLedger::AddShare(const QuotaShareOptions& options) {
  const auto unused =
      std::find_if(shares_.begin(), shares_.end(),
                   [](const Share& share) { return !share.exists; });
  const uint32_t index = static_cast<uint32_t>(unused - shares_.begin());
  if (unused == shares_.end()) shares_.emplace_back();
  shares_[index].exists = true;
  UpdateShare(index, options);
  return index;
}

void QuotaLedger::UpdateShare(uint32_t index,
                              const QuotaShareOptions& options) {
  const ResourceSharing& sharing = options.resource_sharing;
  Share& share = shares_[index];
  share.lends = sharing.strategy != ResourceSharingStrategy::kReserve;
  share.borrows = sharing.strategy == ResourceSharingStrategy::kLendAndBorrow;
  share.borrow_limit = sharing.borrow_limit.value_or(-1);
  share.capacity.clear();
  share.named.clear();
  for (const CapacityLimit& limit : options.capacity_limits) {
    const size_t unit = UnitIndex(limit.capacity_unit);
    if (share.capacity.size() <= unit) share.capacity.resize(unit + 1);
    if (share.named.size() <= unit) share.named.resize(unit + 1);
    share.capacity[unit] = limit.max_capacity * 1000;
    share.named[unit] = 1;
  }
}

// Field by field: GCC 12 takes the move of an empty InlinedVector for a use of
// what was never set.
void QuotaLedger::RemoveShare(uint32_t index) {
  Share& share = shares_[index];
  share.exists = false;
  share.capacity.clear();
  share.named.clear();
  share.used.clear();
  share.held.clear();
}

std::optional<size_t> QuotaLedger::FindUnit(absl::string_view unit) const {
  const auto found = std::find(units_.begin(), units_.end(), unit);
  if (found == units_.end()) return std::nullopt;
  return static_cast<size_t>(found - units_.begin());
}

size_t QuotaLedger::UnitIndex(absl::string_view unit) {
  const auto found = std::find(units_.begin(), units_.end(), unit);
  const size_t index = static_cast<size_t>(found - units_.begin());
  if (found == units_.end()) units_.emplace_back(unit);
  return index;
}

Amounts QuotaLedger::AmountsOf(absl::Span<const CapacityUsage> usage) {
  Amounts amounts;
  for (const CapacityUsage& part : usage) {
    const size_t unit = UnitIndex(part.capacity_unit);
    if (amounts.size() <= unit) amounts.resize(unit + 1);
    amounts[unit] += part.quantity * 1000;
  }
  return amounts;
}

void QuotaLedger::Take(uint32_t share, const Amounts& need) {
  AddAmounts(shares_[share].used, need);
}
void QuotaLedger::Give(uint32_t share, const Amounts& need) {
  TakeAmounts(shares_[share].used, need);
}
void QuotaLedger::Hold(uint32_t share, const Amounts& need) {
  AddAmounts(shares_[share].held, need);
}
void QuotaLedger::Unhold(uint32_t share, const Amounts& need) {
  TakeAmounts(shares_[share].held, need);
}

int64_t QuotaLedger::CapacityOf(const Share& share, size_t unit) const {
  if (IsNamed(share, unit)) return share.capacity[unit];
  return unnamed_is_unlimited_ ? kUnlimited : 0;
}

// Source: API borrowLimit; the guide's example: a limit of 2 with 100 % allows
// 4 (§15.2).
int64_t QuotaLedger::CeilingOf(const Share& share, size_t unit) const {
  const int64_t own = CapacityOf(share, unit);
  if (!share.borrows) return own;
  if (own == kUnlimited || share.borrow_limit < 0) return kUnlimited;
  const absl::int128 ceiling =
      absl::int128(own) + absl::int128(own) * share.borrow_limit / 100;
  return ceiling > kUnlimited ? kUnlimited : static_cast<int64_t>(ceiling);
}

int64_t QuotaLedger::capacity(uint32_t share, size_t unit) const {
  return CapacityOf(shares_[share], unit);
}
int64_t QuotaLedger::ceiling(uint32_t share, size_t unit) const {
  return CeilingOf(shares_[share], unit);
}

// Source: §15.3: what other shares with LEND or LEND_AND_BORROW have and don't
// use. Choice: D28; what others have borrowed of that already is lent once, or
// else a third share would in truth borrow what no share owns.
int64_t QuotaLedger::Allowance(uint32_t index, size_t unit) const {
  const Share& share = shares_[index];
  const int64_t own = CapacityOf(share, unit);
  if (own == kUnlimited || !share.borrows) return own;
  int64_t lent = 0;
  for (const Share& other : shares_) {
    if (&other == &share || !IsNamed(other, unit)) continue;
    const int64_t left = other.capacity[unit] - TakenOf(other, unit);
    if (left < 0 || other.lends) lent += left;
  }
  return std::min(CeilingOf(share, unit), own + std::max<int64_t>(0, lent));
}

bool QuotaLedger::FitsOwn(uint32_t share, const Amounts& need,
                          const Amounts& held) const {
  for (size_t unit = 0; unit < need.size(); ++unit) {
    if (need[unit] == 0) continue;
    const int64_t left = CapacityOf(shares_[share], unit) -
                         TakenOf(shares_[share], unit) + AmountOf(held, unit);
    if (need[unit] > left) return false;
  }
  return true;
}

bool QuotaLedger::Fits(uint32_t share, const Amounts& need,
                       const Amounts& held) const {
  for (size_t unit = 0; unit < need.size(); ++unit) {
    if (need[unit] == 0) continue;
    const int64_t left = Allowance(share, unit) -
                         TakenOf(shares_[share], unit) + AmountOf(held, unit);
    if (need[unit] > left) return false;
  }
  return true;
}

Amounts QuotaLedger::Headroom(uint32_t share) const {
  Amounts room(units_.size());
  for (size_t unit = 0; unit < units_.size(); ++unit) {
    room[unit] = Allowance(share, unit) - TakenOf(shares_[share], unit);
  }
  return room;
}

Amounts QuotaLedger::Excess(uint32_t share) const {
  Amounts excess(units_.size());
  for (size_t unit = 0; unit < units_.size(); ++unit) {
    excess[unit] = std::max<int64_t>(
        0, used(share, unit) - CapacityOf(shares_[share], unit));
  }
  return excess;
}

bool QuotaLedger::IsOver(uint32_t share) const {
  return AnyPositive(Excess(share));
}

// Source: §15.6, the three texts of QUOTA_MANAGEMENT_LIMIT_EXCEEDED, in order.
QuotaVerdict QuotaLedger::Judge(uint32_t index, const Amounts& need) const {
  const Share& share = shares_[index];
  QuotaVerdict verdict = QuotaVerdict::kMayFit;
  for (size_t unit = 0; unit < need.size(); ++unit) {
    if (need[unit] == 0) continue;
    const int64_t own = CapacityOf(share, unit);
    if (need[unit] > CeilingOf(share, unit)) {
      return share.borrows ? QuotaVerdict::kOverLimitsAndBorrow
                           : QuotaVerdict::kOverLimits;
    }
    if (own == kUnlimited) continue;
    int64_t lendable = 0;
    for (const Share& other : shares_) {
      if (&other == &share || !other.lends || !IsNamed(other, unit)) continue;
      lendable += other.capacity[unit];
    }
    if (need[unit] - own > lendable) verdict = QuotaVerdict::kOverBorrowable;
  }
  return verdict;
}

}  // namespace embatch
