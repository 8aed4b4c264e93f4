// SPDX-License-Identifier: Apache-2.0
#include "swf.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace trace_replay {
namespace {

constexpr int kColumns = 18;
// Columns that are read here must be whole numbers; the format counts from 1.
constexpr int kNumber = 1;
constexpr int kSubmit = 2;
constexpr int kRun = 4;
constexpr int kAllocated = 5;
constexpr int kRequestedProcessors = 8;
constexpr int kRequestedTime = 9;
constexpr int kRead[] = {
    kNumber, kSubmit, kRun, kAllocated, kRequestedProcessors, kRequestedTime};
// Far more than any machine or log has; keeps sums of times and of processors
// from overflow.
constexpr int64_t kValueMax = 1000000000;

// Takes the first word off a line.
absl::string_view TakeWord(absl::string_view& line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  size_t end = 0;
  while (end < line.size() && !absl::ascii_isspace(line[end])) ++end;
  const absl::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

class Parser {
 public:
  explicit Parser(absl::string_view name) : name_(name) {}

  absl::Status Take(absl::string_view line) {
    ++line_;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) return absl::OkStatus();
    if (line[0] != ';') return TakeJob(line);
    TakeHeader(line);
    return absl::OkStatus();
  }

  Trace Finish() {
    std::stable_sort(trace_.jobs.begin(), trace_.jobs.end(),
                     [](const TraceJob& a, const TraceJob& b) {
                       return std::tie(a.submit_s, a.number) <
                              std::tie(b.submit_s, b.number);
                     });
    return std::move(trace_);
  }

 private:
  absl::Status Error(absl::string_view message) const {
    return absl::InvalidArgumentError(
        absl::StrCat(name_, ":", line_, ": ", message));
  }

  void TakeHeader(absl::string_view line) {
    line = absl::StripLeadingAsciiWhitespace(line.substr(1));
    const bool processors = absl::ConsumePrefix(&line, "MaxProcs:");
    if (!processors && !absl::ConsumePrefix(&line, "MaxNodes:")) return;
    int64_t value = 0;
    // A header is for people; what can't be read there counts as not said.
    if (!absl::SimpleAtoi(TakeWord(line), &value) || value < 1 ||
        value > kValueMax) {
      return;
    }
    if (processors || trace_.processors == 0) trace_.processors = value;
  }

  absl::Status TakeJob(absl::string_view line) {
    std::array<int64_t, kColumns + 1> values{};
    for (int column = 1; column <= kColumns; ++column) {
      const absl::string_view word = TakeWord(line);
      if (word.empty()) {
        return Error(
            absl::StrCat("has ", column - 1, " columns; must have ", kColumns));
      }
      const bool read = std::find(std::begin(kRead), std::end(kRead), column) !=
                        std::end(kRead);
      double ignored = 0;
      if (read ? !absl::SimpleAtoi(word, &values[column])
               : !absl::SimpleAtod(word, &ignored)) {
        return Error(absl::StrCat("column ", column, " is '", word,
                                  "'; must be a ", read ? "whole " : "",
                                  "number"));
      }
      if (read && (values[column] < -1 || values[column] > kValueMax)) {
        return Error(absl::StrCat("column ", column, " is ", values[column],
                                  "; must be between -1 and ", kValueMax));
      }
    }
    if (!TakeWord(line).empty()) {
      return Error(absl::StrCat("has more than ", kColumns, " columns"));
    }
    TraceJob job;
    job.number = values[kNumber];
    job.submit_s = values[kSubmit];
    job.run_s = values[kRun];
    job.processors = std::max(values[kAllocated], values[kRequestedProcessors]);
    job.requested_s =
        values[kRequestedTime] > 0 ? values[kRequestedTime] : job.run_s;
    if (job.submit_s >= 0 && job.run_s > 0 && job.processors > 0) {
      trace_.jobs.push_back(job);
    } else {
      ++trace_.left_out;
    }
    return absl::OkStatus();
  }

  absl::string_view name_;
  int64_t line_ = 0;
  Trace trace_;
};

}  // namespace

absl::StatusOr<Trace> ParseSwf(absl::string_view text, absl::string_view name) {
  if (absl::StartsWith(text, "\x1f\x8b")) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, " is compressed; try: zcat ", name, " | trace_replay --trace=-"));
  }
  Parser parser(name);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const absl::Status status = parser.Take(text.substr(0, end));
    if (!status.ok()) return status;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parser.Finish();
}

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(nullptr, &std::fclose);
  std::FILE* file = stdin;
  if (path != "-") {
    opened.reset(std::fopen(path.c_str(), "rb"));
    if (opened == nullptr) {
      return absl::NotFoundError(
          absl::StrCat(path, ": ", std::strerror(errno)));
    }
    file = opened.get();
  }
  std::string text;
  std::array<char, 1 << 16> block;
  while (const size_t size = std::fread(block.data(), 1, block.size(), file)) {
    text.append(block.data(), size);
  }
  if (std::ferror(file) != 0) {
    return absl::UnknownError(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  return text;
}

}  // namespace trace_replay
