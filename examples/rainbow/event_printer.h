// SPDX-License-Identifier: Apache-2.0
//
// An EventPrinter shows every event of a scheduler in a line. Of an array with
// many children it shows what happens to all of them, failures, and now and
// then how far it is.
#ifndef RAINBOW_EVENT_PRINTER_H_
#define RAINBOW_EVENT_PRINTER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cluster.h"
#include "embatch/event.h"
#include "embatch/job.h"

namespace rainbow {

class EventPrinter {
 public:
  // Borrows `cluster`. Times are shown since `start`. `verbose`: every child of
  // every array.
  EventPrinter(const Cluster& cluster, absl::Time start, bool verbose);

  void Show(const embatch::Event& event);

  // A line of the same form that is no event.
  void ShowNote(absl::Time time, absl::string_view name,
                absl::string_view text) const;

 private:
  bool IsOneOfMany(const embatch::Event& event) const;
  bool IsOneFailureTooMany(const embatch::Event& event);
  void ShowProgress(const embatch::Event& event);
  void ShowFailure(const embatch::Event& event,
                   const embatch::JobView& job) const;

  const Cluster& cluster_;
  const absl::Time start_;
  const bool verbose_;
  absl::Time last_progress_ = absl::InfinitePast();
  embatch::JobId failing_array_;  // the latest array of which a child failed
  int failures_shown_ = 0;        // of it
};

}  // namespace rainbow

#endif  // RAINBOW_EVENT_PRINTER_H_
