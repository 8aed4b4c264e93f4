// SPDX-License-Identifier: Apache-2.0
#include "lib/queues/usage.h"

#include <algorithm>

#include "lib/model/limits.h"

namespace embatch {
namespace {

constexpr int64_t kTicksMax = 600;
constexpr int64_t kLookAheadMs = 60000;

int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

absl::uint128 Wide(int64_t value) {
  return absl::uint128(static_cast<uint64_t>(value));
}

void EncodeWide(Encoder& encoder, absl::uint128 value) {
  encoder.Encode(absl::Uint128High64(value));
  encoder.Encode(absl::Uint128Low64(value));
}

}  // namespace

UsageWindow UsageWindow::Of(absl::Duration share_decay) {
  if (share_decay == absl::ZeroDuration()) share_decay = kShareDecayDefault;
  const int64_t window_s = absl::ToInt64Seconds(share_decay);
  const int64_t tick_s = std::max<int64_t>(1, DivideUp(window_s, kTicksMax));
  return {tick_s * 1000, DivideUp(window_s, tick_s)};
}

void Usage::Count(int64_t first, int64_t last, absl::uint128 each, bool add) {
  const absl::uint128 sum = each * Wide(last - first);
  const absl::uint128 moment =
      each * Wide((first + last - 1) * (last - first) / 2);
  sum_ = add ? sum_ + sum : sum_ - sum;
  moment_ = add ? moment_ + moment : moment_ - moment;
}

void Usage::Append(int64_t first, int64_t last, absl::uint128 each) {
  if (first >= last || each == 0) return;
  Count(first, last, each, true);
  if (!runs_.empty() && runs_.back().last == first &&
      runs_.back().each == each) {
    runs_.back().last = last;
  } else {
    runs_.push_back({first, last, each});
  }
}

void Usage::DropBefore(int64_t tick) {
  while (!runs_.empty() && runs_.front().first < tick) {
    Run& run = runs_.front();
    const int64_t end = std::min(run.last, tick);
    Count(run.first, end, run.each, false);
    run.first = end;
    if (run.first == run.last) runs_.pop_front();
  }
}

void Usage::EndTick(int64_t tick, const UsageWindow& window) {
  const int64_t end_ms = (tick_ + 1) * window.tick_ms;
  const int64_t oldest = tick - window.ticks + 1;
  current_ += Wide(vcpu_milli_) * Wide(end_ms - now_ms_);
  if (tick_ >= oldest) Append(tick_, tick_ + 1, current_);
  if (tick > tick_ + 1) {
    Append(std::max(tick_ + 1, oldest), tick,
           Wide(vcpu_milli_) * Wide(window.tick_ms));
  }
  DropBefore(oldest);
  current_ = 0;
  now_ms_ = tick * window.tick_ms;
  tick_ = tick;
}

absl::uint128 Usage::Merit(const UsageWindow& window) const {
  // n - age(k) = n - tick + k. The first part may be below zero; the whole is
  // not, and unsigned numbers wrap around both ways.
  const absl::uint128 shift = Wide(window.ticks) - Wide(tick_);
  return sum_ * shift + moment_ + MeritOfMore(vcpu_milli_, window);
}

absl::uint128 Usage::MeritOfMore(int64_t vcpu_milli,
                                 const UsageWindow& window) {
  return Wide(window.ticks) * Wide(vcpu_milli) * Wide(kLookAheadMs);
}

int64_t Usage::ForgottenIn(const UsageWindow& window) const {
  if (current_ != 0) return tick_ + window.ticks;
  return runs_.empty() ? 0 : runs_.back().last - 1 + window.ticks;
}

void Usage::StartAfresh(int64_t now_ms, const UsageWindow& window) {
  runs_.clear();
  current_ = sum_ = moment_ = 0;
  now_ms_ = now_ms;
  tick_ = window.TickAt(now_ms);
}

void Usage::Encode(Encoder& encoder) const {
  encoder.Encode(vcpu_milli_);
  encoder.Encode(now_ms_);
  EncodeWide(encoder, current_);
  encoder.Varint(runs_.size());
  for (const Run& run : runs_) {
    encoder.Encode(run.first);
    encoder.Encode(run.last);
    EncodeWide(encoder, run.each);
  }
}

}  // namespace embatch
