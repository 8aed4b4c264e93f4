// SPDX-License-Identifier: Apache-2.0
//
// A chart of when jobs waited and when they ran.
#ifndef RAINBOW_TIMELINE_H_
#define RAINBOW_TIMELINE_H_

#include <ostream>
#include <vector>

#include "embatch/ids.h"
#include "embatch/scheduler.h"

namespace rainbow {

// Prints a row for each of `jobs`, which are all over; for an array a row for
// each child, or, if there are many, for each group of neighbours.
//
//   color:0   |####                |    2.1 ms  SUCCEEDED
//   color:1   |....####            |    2.0 ms  SUCCEEDED
//
// '.' waiting, '#' running (of a group: at least one of it).
void PrintTimeline(const embatch::Scheduler& scheduler,
                   const std::vector<embatch::JobId>& jobs, std::ostream& out);

}  // namespace rainbow

#endif  // RAINBOW_TIMELINE_H_
