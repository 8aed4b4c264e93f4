// SPDX-License-Identifier: Apache-2.0
//
// A line on the standard error that shows how far a long run has come. Nothing
// is written where no terminal reads it.
#ifndef TRACE_REPLAY_PROGRESS_BAR_H_
#define TRACE_REPLAY_PROGRESS_BAR_H_

#include <cstdint>

#include "absl/time/time.h"

namespace trace_replay {

class ProgressBar {
 public:
  explicit ProgressBar(int64_t total);
  ~ProgressBar();  // takes the line away
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Of all runs together. Cheap: the line changes ten times a second at most.
  void Show(int64_t done);

 private:
  void Draw(int64_t done, absl::Time now);

  int64_t total_;
  bool wanted_;
  bool drawn_ = false;
  int calls_ = 0;
  absl::Time began_;
  absl::Time drawn_at_;
};

}  // namespace trace_replay

#endif  // TRACE_REPLAY_PROGRESS_BAR_H_
