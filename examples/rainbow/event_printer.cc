// SPDX-License-Identifier: Apache-2.0
#include "event_printer.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "terminal.h"

namespace rainbow {
namespace {

using embatch::JobStatus;

// Arrays with more children than this are not shown child by child.
constexpr int kChildrenShownMax = 20;
constexpr int kFailuresShownMax = 5;
constexpr int kLogLinesShownMax = 10;
constexpr int kLogBytesShownMax = 4096;
constexpr absl::Duration kProgressPeriod = absl::Seconds(1);

// "color", "color:3", "color:0..6"
std::string NameOf(const embatch::Event& event, const embatch::JobView& job) {
  std::string name(job.job_name);
  if (event.job.child >= 0) absl::StrAppend(&name, ":", event.job.child);
  if (event.count > 1) {
    absl::StrAppend(&name, "..", event.job.child + event.count - 1);
  }
  return name;
}

std::vector<std::string> LastLines(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? std::streamoff(file.tellg()) : 0;
  std::string text(static_cast<size_t>(std::min<std::streamoff>(
                       std::max<std::streamoff>(size, 0), kLogBytesShownMax)),
                   '\0');
  file.seekg(size - static_cast<std::streamoff>(text.size()));
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  std::vector<std::string> lines =
      absl::StrSplit(text, '\n', absl::SkipWhitespace());
  if (lines.size() > kLogLinesShownMax) {
    lines.erase(lines.begin(), lines.end() - kLogLinesShownMax);
  }
  return lines;
}

}  // namespace

EventPrinter::EventPrinter(const Cluster& cluster, absl::Time start,
                           bool verbose)
    : cluster_(cluster), start_(start), verbose_(verbose) {}

void EventPrinter::ShowNote(absl::Time time, absl::string_view name,
                            absl::string_view text) const {
  std::cout << absl::StrFormat(
      "%9.3f s  %-12s  %s\n", absl::ToDoubleSeconds(time - start_), name, text);
}

void EventPrinter::Show(const embatch::Event& event) {
  const absl::StatusOr<embatch::JobView> job =
      cluster_.scheduler.DescribeJob(event.job);
  if (!job.ok()) return;
  if (IsOneOfMany(event) &&
      (event.to != JobStatus::kFailed || IsOneFailureTooMany(event))) {
    ShowProgress(event);
    return;
  }
  // Only the last column is painted: escapes would upset the padding.
  std::string text =
      absl::StrFormat("%-9s -> %s", embatch::JobStatusName(event.from),
                      Paint(event.to, embatch::JobStatusName(event.to)));
  if (event.attempt > 1) absl::StrAppend(&text, ", attempt ", event.attempt);
  const absl::string_view reason = cluster_.scheduler.Text(event.reason);
  if (!reason.empty()) absl::StrAppend(&text, "  (", reason, ")");
  ShowNote(event.time(), NameOf(event, *job), text);
  if (event.to == JobStatus::kFailed && event.attempt > 0) {
    ShowFailure(event, *job);
  }
}

bool EventPrinter::IsOneOfMany(const embatch::Event& event) const {
  if (verbose_ || event.job.child < 0 || event.count > 1) return false;
  const absl::StatusOr<embatch::JobView> array =
      cluster_.scheduler.DescribeJob(event.job.Parent());
  return array.ok() && array->array_size > kChildrenShownMax;
}

bool EventPrinter::IsOneFailureTooMany(const embatch::Event& event) {
  if (failing_array_ != event.job.Parent()) {
    failing_array_ = event.job.Parent();
    failures_shown_ = 0;
  }
  return ++failures_shown_ > kFailuresShownMax;
}

void EventPrinter::ShowProgress(const embatch::Event& event) {
  if (event.time() < last_progress_ + kProgressPeriod) return;
  last_progress_ = event.time();
  const absl::StatusOr<embatch::JobView> array =
      cluster_.scheduler.DescribeJob(event.job.Parent());
  if (!array.ok()) return;
  const auto count = [&array](JobStatus status) {
    return array->status_summary[static_cast<size_t>(status)];
  };
  std::string text =
      absl::StrFormat("%d of %d children SUCCEEDED, %d STARTING or RUNNING",
                      count(JobStatus::kSucceeded), array->array_size,
                      count(JobStatus::kStarting) + count(JobStatus::kRunning));
  if (count(JobStatus::kFailed) > 0) {
    absl::StrAppend(&text, ", ", count(JobStatus::kFailed), " FAILED");
  }
  ShowNote(event.time(), array->job_name, text);
}

void EventPrinter::ShowFailure(const embatch::Event& event,
                               const embatch::JobView& job) const {
  const std::string path = cluster_.LogPath(event.job, event.attempt);
  const std::vector<std::string> lines = LastLines(path);
  std::string what;
  if (job.exit_code.has_value()) {
    absl::StrAppend(&what, "exit code ", *job.exit_code);
    if (*job.exit_code > 128) {
      absl::StrAppend(&what, " (signal ", *job.exit_code - 128, ")");
    }
  } else {
    what = "no exit code";
  }
  if (!job.reason.empty()) absl::StrAppend(&what, "; ", job.reason);
  absl::StrAppend(&what, lines.empty() ? "; nothing in its log " : "; log ",
                  path);
  std::cout << std::string(13, ' ') << what << "\n";
  for (const std::string& line : lines) {
    std::cout << std::string(13, ' ') << "| " << line << "\n";
  }
}

}  // namespace rainbow
