// SPDX-License-Identifier: Apache-2.0
#include "progress_bar.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace trace_replay {
namespace {

constexpr int kWidth = 40;
constexpr absl::Duration kBetween = absl::Milliseconds(100);
constexpr int kCallsBetweenLooksAtTheClock = 64;

bool IsTerminal() {
#if defined(__unix__) || defined(__APPLE__)
  return isatty(STDERR_FILENO) != 0;
#else
  return false;
#endif
}

}  // namespace

ProgressBar::ProgressBar(int64_t total)
    : total_(std::max<int64_t>(total, 1)),
      wanted_(IsTerminal()),
      began_(absl::Now()),
      drawn_at_(began_) {}

ProgressBar::~ProgressBar() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

void ProgressBar::Show(int64_t done) {
  if (!wanted_ || ++calls_ % kCallsBetweenLooksAtTheClock != 0) return;
  const absl::Time now = absl::Now();
  if (now - drawn_at_ >= kBetween) Draw(done, now);
}

void ProgressBar::Draw(int64_t done, absl::Time now) {
  const int full = static_cast<int>(std::min(done, total_) * kWidth / total_);
  std::string bar(static_cast<size_t>(full), '#');
  bar.resize(kWidth, '.');
  absl::FPrintF(
      stderr, "\r[%s] %3d %%  %d of %d jobs, %.0f a second\033[K", bar,
      std::min(done, total_) * 100 / total_, done, total_,
      static_cast<double>(done) / absl::ToDoubleSeconds(now - began_));
  std::fflush(stderr);
  drawn_at_ = now;
  drawn_ = true;
}

}  // namespace trace_replay
