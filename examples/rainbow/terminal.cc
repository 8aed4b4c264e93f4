// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace rainbow {
namespace {

std::string Escape(absl::string_view code, absl::string_view text) {
  return absl::StrCat("\033[", code, "m", text, "\033[0m");
}

absl::string_view StatusCode(embatch::JobStatus status) {
  switch (status) {
    case embatch::JobStatus::kSubmitted:
    case embatch::JobStatus::kPending:
    case embatch::JobStatus::kRunnable:
      return "2";  // faint
    case embatch::JobStatus::kScheduled:
    case embatch::JobStatus::kStarting:
    case embatch::JobStatus::kRunning:
      return "33";  // yellow
    case embatch::JobStatus::kSucceeded:
      return "32";  // green
    case embatch::JobStatus::kFailed:
      return "31";  // red
  }
  return "0";
}

}  // namespace

bool ColorWanted() {
  static const bool wanted = [] {
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return isatty(STDOUT_FILENO) && (no_color == nullptr || *no_color == 0) &&
           term != nullptr && absl::string_view(term) != "dumb";
  }();
  return wanted;
}

std::string Paint(embatch::JobStatus status, absl::string_view text) {
  if (!ColorWanted()) return std::string(text);
  return Escape(StatusCode(status), text);
}

std::string PaintRainbow(absl::string_view text) {
  // The nearest of the 256 colours that most terminals have.
  static constexpr struct {
    const char* name;
    const char* code;
  } kColors[] = {
      {"red", "38;5;196"},    {"orange", "38;5;208"}, {"yellow", "38;5;226"},
      {"green", "38;5;46"},   {"blue", "38;5;33"},    {"indigo", "38;5;62"},
      {"violet", "38;5;177"},
  };
  if (ColorWanted()) {
    for (const auto& color : kColors) {
      if (absl::EndsWith(text, absl::StrCat(" ", color.name, "."))) {
        return Escape(color.code, text);
      }
    }
  }
  return std::string(text);
}

std::string FormatShort(absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 1e-3) return absl::StrFormat("%.0f us", seconds * 1e6);
  if (seconds < 1) return absl::StrFormat("%.1f ms", seconds * 1e3);
  return absl::StrFormat("%.2f s", seconds);
}

}  // namespace rainbow
