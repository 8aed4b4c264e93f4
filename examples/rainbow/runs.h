// SPDX-License-Identifier: Apache-2.0
//
// Runs follows every put of color.txt to its end. A run is a copy of the object
// under a prefix of its own, an array job with a child for each of its lines,
// and a second job that joins what the children made.
//
// One run is under way at a time; others wait. So the bucket's mycolor is never
// overwritten by the result of an older put.
#ifndef RAINBOW_RUNS_H_
#define RAINBOW_RUNS_H_

#include <deque>
#include <optional>
#include <string>

#include "../bucket/bucket.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cluster.h"
#include "embatch/event.h"
#include "embatch/ids.h"
#include "event_printer.h"

namespace rainbow {

using examples::Bucket;

inline constexpr char kInput[] = "color.txt";
inline constexpr char kOutput[] = "mycolor";

struct Run {
  std::string prefix;  // of its objects: "run-1"
  int colors = 0;
  embatch::JobId color;    // the array; of one colour, a plain job
  embatch::JobId mycolor;  // depends on it
  bool succeeded = false;
};

class Runs {
 public:
  // Borrows all three.
  Runs(const Bucket& bucket, Cluster& cluster, const EventPrinter& printer);

  // Takes a copy of color.txt as it is now, without its blank lines. An error,
  // and no run, if it is not there or holds no colour.
  absl::Status Add();

  // Submits the jobs of the run that waits longest, if none is under way. An
  // error is the scheduler's, and ends that run.
  absl::Status SubmitNext();
  bool can_submit() const {
    return !under_way_.has_value() && !waiting_.empty();
  }

  // Takes notice of an event. Submits and cancels nothing: the event is still
  // being read.
  void Note(const embatch::Event& event);

  // The run that ended with the latest events, once.
  std::optional<Run> TakeFinished();

  // If it was found that no instance will ever hold the run's next job, cancels
  // the run, which then ends with the events to come, and says so. Once.
  absl::Status CancelIfBlocked();

  // Ends the run under way. Those that wait are dropped; that is an error.
  absl::Status Stop(absl::string_view reason);

  bool idle() const { return waiting_.empty() && !under_way_.has_value(); }

 private:
  absl::Status Submit(Run& run);

  const Bucket& bucket_;
  Cluster& cluster_;
  const EventPrinter& printer_;
  std::deque<Run> waiting_;
  std::optional<Run> under_way_;
  // Of the run under way.
  bool color_over_ = false;
  bool mycolor_over_ = false;
  bool blocked_ = false;  // and not yet cancelled
};

}  // namespace rainbow

#endif  // RAINBOW_RUNS_H_
