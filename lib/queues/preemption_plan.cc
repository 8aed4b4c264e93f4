// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/preemption_plan.h"

#include <algorithm>
#include <tuple>

namespace embatch {
namespace {

Amounts Missing(const Amounts& need, const Amounts& have) {
  Amounts missing(need.size());
  for (size_t unit = 0; unit < need.size(); ++unit) {
    if (need[unit] == 0) continue;
    missing[unit] = std::max<int64_t>(0, need[unit] - AmountOf(have, unit));
  }
  return missing;
}

bool HoldsSome(const Amounts& holding, const Amounts& missing) {
  for (size_t unit = 0; unit < missing.size(); ++unit) {
    if (missing[unit] > 0 && AmountOf(holding, unit) > 0) return true;
  }
  return false;
}

// Before amounts: whom to stop first. Sorts lower values first.
auto RankWithoutAmount(const PreemptionCandidate& candidate) {
  return std::make_tuple(candidate.priority, -candidate.started_ns,
                         ~candidate.sequence, -candidate.child);
}

// The plan for one site.
class SitePlan {
 public:
  SitePlan(const PreemptionQuestion& question, size_t site)
      : question_(question),
        site_(site),
        room_missing_(Missing(question.room, question.free[site])),
        quota_missing_(Missing(question.quota, question.headroom)) {}

  bool IsAnythingMissing() const {
    return AnyPositive(room_missing_) || AnyPositive(quota_missing_);
  }
  std::vector<size_t> Choose() const;

 private:
  std::vector<size_t> Row() const;
  bool IsEnough(const std::vector<size_t>& chosen) const;
  // The first missing unit, and whether it is one of the site's.
  int64_t HoldingOfMissing(const PreemptionCandidate& candidate) const;
  int64_t NeedOfMissing() const;
  bool MayTake(const PreemptionCandidate& candidate,
               const std::vector<Amounts>& excess) const;

  const PreemptionQuestion& question_;
  const size_t site_;
  const Amounts room_missing_;
  const Amounts quota_missing_;
};

size_t FirstPositive(const Amounts& amounts) {
  return static_cast<size_t>(
      std::find_if(amounts.begin(), amounts.end(),
                   [](int64_t amount) { return amount > 0; }) -
      amounts.begin());
}

int64_t SitePlan::HoldingOfMissing(const PreemptionCandidate& candidate) const {
  if (AnyPositive(room_missing_)) {
    return AmountOf(candidate.room, FirstPositive(room_missing_));
  }
  return AmountOf(candidate.quota, FirstPositive(quota_missing_));
}

int64_t SitePlan::NeedOfMissing() const {
  if (AnyPositive(room_missing_)) {
    return AmountOf(question_.room, FirstPositive(room_missing_));
  }
  return AmountOf(question_.quota, FirstPositive(quota_missing_));
}

std::vector<size_t> SitePlan::Row() const {
  const bool room_is_missing = AnyPositive(room_missing_);
  std::vector<size_t> row;
  for (size_t i = 0; i < question_.candidates.size(); ++i) {
    const PreemptionCandidate& candidate = question_.candidates[i];
    // Where only the quota is short, it does not matter where a job runs.
    if (room_is_missing && candidate.site != site_) continue;
    if (HoldsSome(candidate.room, room_missing_) ||
        (candidate.share == question_.share &&
         HoldsSome(candidate.quota, quota_missing_))) {
      row.push_back(i);
    }
  }
  const int64_t need = NeedOfMissing();
  const auto key = [&](size_t index) {
    const PreemptionCandidate& candidate = question_.candidates[index];
    const int64_t holding = HoldingOfMissing(candidate);
    const bool too_large = holding > need;
    return std::make_tuple(candidate.priority, -candidate.started_ns, too_large,
                           too_large ? holding : -holding, ~candidate.sequence,
                           -candidate.child);
  };
  std::sort(row.begin(), row.end(),
            [&key](size_t a, size_t b) { return key(a) < key(b); });
  return row;
}

bool SitePlan::IsEnough(const std::vector<size_t>& chosen) const {
  Amounts free = question_.free[site_];
  Amounts headroom = question_.headroom;
  for (size_t index : chosen) {
    const PreemptionCandidate& candidate = question_.candidates[index];
    if (candidate.site == site_) AddAmounts(free, candidate.room);
    if (candidate.share == question_.share) {
      AddAmounts(headroom, candidate.quota);
    }
  }
  return !AnyPositive(Missing(question_.room, free)) &&
         !AnyPositive(Missing(question_.quota, headroom));
}

bool SitePlan::MayTake(const PreemptionCandidate& candidate,
                       const std::vector<Amounts>& excess) const {
  return excess.empty() || (candidate.share < excess.size() &&
                            AnyPositive(excess[candidate.share]));
}

std::vector<size_t> SitePlan::Choose() const {
  std::vector<size_t> chosen;
  std::vector<Amounts> excess = question_.excess;
  bool enough = false;
  for (size_t index : Row()) {
    const PreemptionCandidate& candidate = question_.candidates[index];
    if (!MayTake(candidate, excess)) continue;
    if (!excess.empty()) TakeAmounts(excess[candidate.share], candidate.quota);
    chosen.push_back(index);
    enough = IsEnough(chosen);
    if (enough) break;
  }
  if (!enough) return {};
  for (size_t i = chosen.size(); i-- > 0;) {
    std::vector<size_t> fewer = chosen;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (IsEnough(fewer)) chosen = std::move(fewer);
  }
  return chosen;
}

}  // namespace

std::vector<size_t> PlanPreemption(const PreemptionQuestion& question) {
  std::vector<size_t> best;
  for (size_t site = 0; site < question.free.size(); ++site) {
    const SitePlan plan(question, site);
    if (!plan.IsAnythingMissing()) return {};
    std::vector<size_t> chosen = plan.Choose();
    if (chosen.empty()) continue;
    if (best.empty() ||
        RankWithoutAmount(question.candidates[chosen.back()]) <
            RankWithoutAmount(question.candidates[best.back()])) {
      best = std::move(chosen);
    }
  }
  return best;
}

}  // namespace embatch
