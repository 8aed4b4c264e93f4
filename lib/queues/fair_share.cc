// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/fair_share.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "lib/base/check.h"
#include "lib/base/fetch.h"
#include "lib/base/time.h"
#include "lib/model/limits.h"

namespace embatch {
namespace {

constexpr int64_t kNanosPerMilli = 1000000;
// Source: API ShareAttributes ("default weight of 1.0"), in 1/10,000.
constexpr int64_t kWeightDefault = 10000;

// Where all shares are gone through, what one touches is on its way so many
// shares before.
constexpr uint32_t kSharesAhead = 4;

int64_t MillisOf(int64_t ns) { return ns / kNanosPerMilli; }

}  // namespace

// --- The policy -------------------------------------------------------------

uint32_t FairShare::EntryFor(absl::string_view identifier) const {
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].is_prefix ? absl::StartsWith(identifier, entries_[i].text)
                              : identifier == entries_[i].text) {
      return i;  // entries don't overlap
    }
  }
  return kNoEntry;
}

void FairShare::SetPolicy(const FairsharePolicy& policy, int64_t now_ns) {
  const UsageWindow window = UsageWindow::Of(policy.share_decay);
  const int64_t window_ns = DurationToNanos(
      policy.share_decay == absl::ZeroDuration() ? kShareDecayDefault
                                                 : policy.share_decay);
  const bool afresh = window_ns != window_ns_;
  window_ = window;
  window_ns_ = window_ns;
  compute_reservation_ = policy.compute_reservation;
  entries_.clear();
  for (const ShareAttributes& attributes : policy.share_distribution) {
    absl::string_view text = attributes.share_identifier;
    Entry& entry = entries_.emplace_back();
    entry.is_prefix = absl::ConsumeSuffix(&text, "*");
    entry.text = std::string(text);
    entry.weight = attributes.weight_factor_ten_thousandths;
  }
  shares_.ForEach([&](uint32_t, Share& share) {
    if (afresh) share.usage.StartAfresh(MillisOf(now_ns), window_);
    share.entry = EntryFor(share.identifier);
    if (share.active && share.entry != kNoEntry) ++entries_[share.entry].active;
  });
  if (afresh) tick_ = window_.TickAt(MillisOf(now_ns));
  all_changed_ = true;
  ++epoch_;
}

std::optional<int64_t> FairShare::Cap(int64_t max_vcpu_milli) const {
  int64_t reserved = max_vcpu_milli;
  for (int32_t i = 0; i < active_ && reserved > 0; ++i) {
    reserved = static_cast<int64_t>(absl::int128(reserved) *
                                    compute_reservation_ / 100);
  }
  if (reserved == 0) return std::nullopt;
  return max_vcpu_milli - reserved;
}

// Source: §14.1, a prefix's weight is shared by its members. Choice: D64.
int64_t FairShare::WeightOf(const Share& share) const {
  if (share.entry == kNoEntry) return kWeightDefault;
  const Entry& entry = entries_[share.entry];
  return entry.is_prefix
             ? int64_t{entry.weight} * std::max<int32_t>(1, entry.active)
             : entry.weight;
}

// --- Shares -----------------------------------------------------------------

uint32_t FairShare::Find(absl::string_view identifier) const {
  const auto found = names_.find(identifier);
  return found == names_.end() ? kNone : found->second;
}

uint32_t FairShare::FindOrAdd(absl::string_view identifier) {
  const uint32_t found = Find(identifier);
  if (found != kNone) return found;
  const uint32_t slot = shares_.Allocate().slot;
  if (slot >= places_.size()) places_.resize(slot + 1, kNone);
  shares_[slot].identifier = std::string(identifier);
  shares_[slot].entry = EntryFor(identifier);
  names_[shares_[slot].identifier] = slot;
  return slot;
}

void FairShare::CountActive(uint32_t slot, int32_t change) {
  Share& share = shares_[slot];
  share.active = change > 0;
  active_ += change;
  ++epoch_;  // the reserved part is another one
  if (share.entry == kNoEntry) return;
  Entry& entry = entries_[share.entry];
  entry.active += change;
  // The weights of all that begin like it.
  if (entry.is_prefix) all_changed_ = true;
}

DeadlineQueue::Handle FairShare::AddJob(uint32_t slot) {
  Share& share = shares_[slot];
  ++share.records;
  ++share.jobs;
  if (!share.active) CountActive(slot, 1);
  return std::exchange(share.deadline, DeadlineQueue::kNoHandle);
}

std::optional<int64_t> FairShare::EndJob(uint32_t slot, int64_t stopped_ns) {
  Share& share = shares_[slot];
  share.last_end_ns = std::max(share.last_end_ns, stopped_ns);
  if (--share.jobs > 0) return std::nullopt;
  return RestTimeOf(share);
}

void FairShare::ReleaseJob(uint32_t slot) {
  Share& share = shares_[slot];
  --share.records;
  if (share.records == 0 && !share.active &&
      share.deadline == DeadlineQueue::kNoHandle) {
    Forget(slot);
  }
}

// Choice: D69 for the end of activity. Its past may count a little longer,
// because the last tick of the window is a whole one.
int64_t FairShare::RestTimeOf(const Share& share) const {
  if (share.active) return SaturatingAdd(share.last_end_ns, window_ns_);
  return share.usage.ForgottenIn(window_) * window_.tick_ms * kNanosPerMilli;
}

std::optional<int64_t> FairShare::Rest(uint32_t slot, int64_t now_ns) {
  Share& share = shares_[slot];
  share.deadline = DeadlineQueue::kNoHandle;
  if (share.active) CountActive(slot, -1);
  const int64_t time_ns = RestTimeOf(share);
  if (time_ns > now_ns) return time_ns;
  if (share.records == 0) Forget(slot);
  return std::nullopt;
}

std::vector<FairShare::Resting> FairShare::AllResting() const {
  std::vector<Resting> result;
  shares_.ForEach([&](uint32_t slot, const Share& share) {
    if (share.deadline == DeadlineQueue::kNoHandle) return;
    result.push_back({slot, share.deadline, RestTimeOf(share)});
  });
  return result;
}

void FairShare::Forget(uint32_t slot) {
  Share& share = shares_[slot];
  EMBATCH_DCHECK(share.line.jobs() == 0 && share.usage.vcpu_milli() == 0);
  if (places_[slot] != kNone) RemoveFromHeap(places_[slot]);
  names_.erase(share.identifier);
  shares_.Free(slot);
}

// --- Use --------------------------------------------------------------------

void FairShare::Use(uint32_t slot, int64_t vcpu_milli, int64_t now_ns) {
  shares_[slot].usage.Add(vcpu_milli, MillisOf(now_ns), window_);
  vcpu_milli_ += vcpu_milli;
  if (vcpu_milli < 0) ++epoch_;
  MarkChanged(slot);
}

// --- Whose turn it is -------------------------------------------------------

void FairShare::CountUseUntil(int64_t now_ns) {
  const int64_t tick = window_.TickAt(MillisOf(now_ns));
  if (tick == tick_) return;
  tick_ = tick;
  shares_.ForEach([&](uint32_t slot, Share& share) {
    if (shares_.IsLive(slot + kSharesAhead)) {
      shares_[slot + kSharesAhead].usage.Fetch();
    }
    share.usage.AdvanceTo(tick * window_.tick_ms, window_);
  });
  all_changed_ = true;
}

FairShare::Standing FairShare::StandingOf(uint32_t slot) const {
  const Share& share = shares_[slot];
  return {share.usage.Merit(window_) * static_cast<uint64_t>(WeightOf(share)),
          FifoKey(*share.line.Head()), slot};
}

void FairShare::MarkChanged(uint32_t slot) {
  Share& share = shares_[slot];
  if (share.changed) return;
  share.changed = true;
  changed_.push_back(slot);
}

void FairShare::Place(size_t index, const Standing& turn) {
  heap_[index] = turn;
  places_[turn.share] = static_cast<uint32_t>(index);
}

// Moves the entry at `index` to where it belongs.
void FairShare::Sift(size_t index) {
  const Standing turn = heap_[index];
  while (index > 0 && turn < heap_[(index - 1) / 2]) {
    Place(index, heap_[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  Sink(index, turn);
}

// Puts an entry to `index` or below.
void FairShare::Sink(size_t index, const Standing& turn) {
  for (size_t child = 2 * index + 1; child < heap_.size();
       child = 2 * index + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
    if (!(heap_[child] < turn)) break;
    Place(index, heap_[child]);
    index = child;
  }
  Place(index, turn);
}

void FairShare::RemoveFromHeap(size_t index) {
  places_[heap_[index].share] = kNone;
  const Standing last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  heap_[index] = last;
  Sift(index);
}

// Brings the heap up to what is true of one share.
void FairShare::PutRight(uint32_t slot) {
  const Share& share = shares_[slot];
  const uint32_t place = places_[slot];
  if (!share.line.Head().has_value() || share.aside) {
    if (place != kNone) RemoveFromHeap(place);
    return;
  }
  if (place == kNone) {
    heap_.push_back(StandingOf(slot));
    Sift(heap_.size() - 1);
  } else {
    heap_[place] = StandingOf(slot);
    Sift(place);
  }
}

// The same as far as it is about being in the heap at all, wherever.
void FairShare::PutInOrOut(uint32_t slot) {
  const Share& share = shares_[slot];
  const uint32_t place = places_[slot];
  const bool belongs = share.line.Head().has_value() && !share.aside;
  if (belongs == (place != kNone)) return;
  if (belongs) {
    heap_.emplace_back();
    heap_.back().share = slot;
    places_[slot] = static_cast<uint32_t>(heap_.size() - 1);
    return;
  }
  Place(place, heap_.back());
  places_[slot] = kNone;
  heap_.pop_back();
}

// All keys have moved, most of them by little: few entries change their places.
void FairShare::Reorder() {
  for (Standing& turn : heap_) turn = StandingOf(turn.share);
  for (size_t i = heap_.size() / 2; i > 0; --i) {
    const Standing turn = heap_[i - 1];
    Sink(i - 1, turn);
  }
  all_changed_ = false;
}

uint32_t FairShare::First() {
  for (const uint32_t slot : changed_) {
    if (!shares_.IsLive(slot)) continue;
    shares_[slot].changed = false;
    all_changed_ ? PutInOrOut(slot) : PutRight(slot);
  }
  changed_.clear();
  if (all_changed_) Reorder();
  return heap_.empty() ? kNone : heap_.front().share;
}

void FairShare::FetchNext() const {
  const size_t size = heap_.size();
  for (size_t i = 1; i < std::min<size_t>(size, 3); ++i) {
    shares_[heap_[i].share].line.FetchFirst();
  }
  for (size_t i = 3; i < std::min<size_t>(size, 7); ++i) {
    const Share& share = shares_[heap_[i].share];
    share.line.Fetch();
    FetchLine(&share.usage);
    FetchLine(&share.jobs);
  }
}

void FairShare::SetAside(uint32_t slot) {
  shares_[slot].aside = true;
  aside_.push_back(slot);
  PutRight(slot);
}

void FairShare::EndPass() {
  for (const uint32_t slot : aside_) {
    shares_[slot].aside = false;
    PutRight(slot);
  }
  aside_.clear();
}

int64_t FairShare::JobsOfClass(uint32_t requirement) const {
  int64_t jobs = 0;
  shares_.ForEach([&](uint32_t, const Share& share) {
    if (share.line.jobs() > 0) jobs += share.line.jobs_of(requirement);
  });
  return jobs;
}

std::vector<uint32_t> FairShare::ByUse() const {
  std::vector<uint32_t> result;
  shares_.ForEach([&](uint32_t slot, const Share& share) {
    if (share.usage.vcpu_milli() > 0) result.push_back(slot);
  });
  std::sort(result.begin(), result.end(), [this](uint32_t a, uint32_t b) {
    return vcpu_milli(a) != vcpu_milli(b) ? vcpu_milli(a) > vcpu_milli(b)
                                          : identifier(a) < identifier(b);
  });
  return result;
}

FairShare::Outlook::Outlook(const FairShare& shares) : shares_(shares) {
  shares.shares_.ForEach([&](uint32_t slot, const Share& share) {
    if (share.line.Head().has_value()) {
      turns_.push_back(shares.StandingOf(slot));
    }
  });
  std::make_heap(turns_.begin(), turns_.end(), IsLater);
}

void FairShare::Outlook::Start(int64_t vcpu_milli,
                               const std::optional<LinePlace>& next) {
  std::pop_heap(turns_.begin(), turns_.end(), IsLater);
  Standing turn = turns_.back();
  turns_.pop_back();
  if (!next.has_value()) return;
  const Share& share = shares_.shares_[turn.share];
  turn.key += Usage::MeritOfMore(vcpu_milli, shares_.window_) *
              static_cast<uint64_t>(shares_.WeightOf(share));
  turn.head = FifoKey(*next);
  turns_.push_back(turn);
  std::push_heap(turns_.begin(), turns_.end(), IsLater);
}

std::optional<int64_t> FairShare::NextTick(int64_t now_ns) const {
  if (heap_.size() < 2) return std::nullopt;
  return (window_.TickAt(MillisOf(now_ns)) + 1) * window_.tick_ms *
         kNanosPerMilli;
}

void FairShare::Encode(Encoder& encoder) const {
  encoder.Encode(shares_);
  encoder.Encode(vcpu_milli_);
  encoder.Encode(tick_);
  encoder.Encode(epoch_);
}

}  // namespace embatch
