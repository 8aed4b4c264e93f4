// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/runtime_driver.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

std::string Text(const ContainerReport& report) {
  std::string text = absl::StrCat(
      absl::FormatDuration(absl::FromUnixNanos(report.time_ns) - kBeginning),
      " ", report.container.attempt.job.slot);
  switch (report.kind) {
    case ContainerReport::Kind::kStarted:
      absl::StrAppend(&text, " Started");
      break;
    case ContainerReport::Kind::kExited:
      absl::StrAppend(&text, " Exited");
      break;
    case ContainerReport::Kind::kStartFailed:
      absl::StrAppend(&text, " StartFailed");
      break;
    case ContainerReport::Kind::kInterrupted:
      absl::StrAppend(&text, " Interrupted");
      break;
  }
  if (report.has_exit_code) absl::StrAppend(&text, " ", report.exit_code);
  if (!report.reason.empty()) absl::StrAppend(&text, " (", report.reason, ")");
  return text;
}

}  // namespace

ContainerId ContainerOf(uint32_t number) {
  ContainerId container;
  container.attempt.job = {number, 1, -1};
  container.attempt.number = 1;
  return container;
}

RuntimeDriver::RuntimeDriver(SimulatedRuntimeOptions options)
    : runtime_(std::move(options)) {
  PollAt(0);
}

void RuntimeDriver::Start(uint32_t number, const StartOptions& options) {
  ContainerSpec spec;
  spec.container = ContainerOf(number);
  spec.instance = options.instance;
  spec.compute_environment = options.compute_environment;
  spec.after_restart = options.after_restart;
  runtime_.Start(spec);
}

void RuntimeDriver::Stop(uint32_t number, absl::Duration grace) {
  runtime_.Stop(ContainerOf(number), grace);
}

std::vector<std::string> RuntimeDriver::PollAt(double seconds, int max) {
  const absl::Time now = kBeginning + absl::Seconds(seconds);
  std::vector<ContainerReport> reports;
  runtime_.Poll(now, max, reports);
  EXPECT_LE(static_cast<int>(reports.size()), max);
  std::vector<std::string> texts;
  int64_t latest_ns = 0;
  for (const ContainerReport& report : reports) {
    EXPECT_GE(report.time_ns, latest_ns) << "oldest first";
    EXPECT_LE(report.time_ns, absl::ToUnixNanos(now)) << "none in the future";
    latest_ns = report.time_ns;
    texts.push_back(Text(report));
  }
  return texts;
}

std::vector<std::string> RuntimeDriver::RunUntil(double seconds) {
  std::vector<std::string> texts;
  for (double next = NextReport(); next >= 0 && next <= seconds;
       next = NextReport()) {
    const std::vector<std::string> now = PollAt(next);
    EXPECT_FALSE(now.empty()) << "nothing to report at " << next << " s";
    if (now.empty()) return texts;
    texts.insert(texts.end(), now.begin(), now.end());
  }
  const std::vector<std::string> rest = PollAt(seconds);
  EXPECT_TRUE(rest.empty()) << "was not announced: " << rest.front();
  return texts;
}

double RuntimeDriver::NextReport() const {
  const absl::Time next = runtime_.NextReportTime();
  if (next == absl::InfiniteFuture()) return -1;
  return absl::ToDoubleSeconds(next - kBeginning);
}

}  // namespace embatch
