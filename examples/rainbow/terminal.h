// SPDX-License-Identifier: Apache-2.0
//
// How the demo's texts look: colour where a terminal reads them, durations in
// the unit that suits them.
#ifndef RAINBOW_TERMINAL_H_
#define RAINBOW_TERMINAL_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/job.h"

namespace rainbow {

// Whether the standard output is a terminal that shows colour, and NO_COLOR
// (https://no-color.org) does not forbid it.
bool ColorWanted();

// `text` in the colour of a status, or as it is where no colour is wanted.
std::string Paint(embatch::JobStatus status, absl::string_view text);

// `text` in the colour that it names, if it names one of the rainbow's.
std::string PaintRainbow(absl::string_view text);

// "850 us", "12.3 ms", "4.56 s"
std::string FormatShort(absl::Duration duration);

}  // namespace rainbow

#endif  // RAINBOW_TERMINAL_H_
