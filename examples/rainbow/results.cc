// SPDX-License-Identifier: Apache-2.0
#include "results.h"

#include <iostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "embatch/job.h"
#include "terminal.h"
#include "timeline.h"

namespace rainbow {
namespace {

constexpr int64_t kOutputBytesMax = int64_t{64} << 20;
// A longer object is shown by its first and last lines.
constexpr size_t kOutputLinesMax = 20;
constexpr size_t kOutputLinesAtEnds = 3;

void ShowObject(const std::string& content) {
  std::vector<std::string> lines =
      absl::StrSplit(content, '\n', absl::SkipEmpty());
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines.size() > kOutputLinesMax && i == kOutputLinesAtEnds) {
      std::cout << "  ...\n";
      i = lines.size() - kOutputLinesAtEnds;
    }
    std::cout << "  " << PaintRainbow(lines[i]) << "\n";
  }
}

}  // namespace

Results::Results(const Bucket& bucket, const Cluster& cluster)
    : bucket_(bucket), cluster_(cluster) {}

void Results::ShowBeginning(const Folders& folders, bool watch) const {
  std::cout << "Bucket:  " << bucket_.folder() << "\n"
            << "Logs:    " << folders.logs << "\n"
            << "Machine: " << cluster_.provider->resources() << "; "
            << cluster_.runtime->LimitsText() << "\n";
  if (watch) {
    std::cout << "Put " << kInput << " into the bucket to run it, as often as "
              << "you like. Ctrl-C ends.\n";
  }
  std::cout << std::endl;
}

void Results::Check(const absl::Status& status) {
  if (status.ok()) return;
  all_worked_ = false;
  std::cout.flush();
  std::cerr << "rainbow: " << status.message() << std::endl;
}

void Results::Show(const Run& run) {
  const embatch::JobStatus status = run.succeeded
                                        ? embatch::JobStatus::kSucceeded
                                        : embatch::JobStatus::kFailed;
  std::cout << "\n"
            << run.prefix << " "
            << Paint(status, embatch::JobStatusName(status)) << "\n\n";
  PrintTimeline(cluster_.scheduler, {run.color, run.mycolor}, std::cout);
  std::cout << "\n";
  if (!run.succeeded) {
    all_worked_ = false;
    return;
  }
  const absl::StatusOr<std::string> output =
      bucket_.Get(kOutput, kOutputBytesMax);
  Check(output.status());
  if (!output.ok()) return;
  std::cout << bucket_.folder() << "/" << kOutput << ":\n";
  ShowObject(*output);
  std::cout << std::endl;
}

void Results::CheckDemoOutput() {
  std::string wanted;
  for (absl::string_view color :
       absl::StrSplit(kDemoInput, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&wanted, "My favorite color of the rainbow is ", color,
                    ".\n");
  }
  const absl::StatusOr<std::string> output =
      bucket_.Get(kOutput, kOutputBytesMax);
  Check(output.status());
  if (!output.ok()) return;
  if (*output != wanted) {
    Check(absl::InternalError(
        absl::StrCat("the object ", kOutput, " should have been:\n", wanted)));
    return;
  }
  std::cout << "It worked. The bucket and the logs are left for you to look "
            << "into." << std::endl;
}

}  // namespace rainbow
