// SPDX-License-Identifier: Apache-2.0
//
// Runs a recorded workflow again, on virtual time and a machine of any size,
// and prints how long it takes there.
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "replay.h"
#include "workflow.h"

ABSL_FLAG(std::string, workflow, "",
          "instance in the format of WfCommons; -: standard input");
ABSL_FLAG(int64_t, cores, 16, "of the machine");
ABSL_FLAG(std::string, submit, "arrays",
          "arrays: all at once, wide levels of like tasks as array jobs; "
          "singles: all at once, each task a job; when_ready: each task when "
          "its parents are done");
ABSL_FLAG(std::string, limits, "unlimited",
          "aws: AWS's own limits; unlimited: as much as the library can hold");

namespace workflow_replay {
namespace {

constexpr int64_t kCoresMax = 1000000;

absl::StatusOr<ReplayOptions> OptionsOfFlags() {
  ReplayOptions options;
  options.cores = absl::GetFlag(FLAGS_cores);
  if (options.cores < 1 || options.cores > kCoresMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--cores is ", options.cores, "; must be between 1 and ", kCoresMax));
  }
  const std::string submit = absl::GetFlag(FLAGS_submit);
  if (submit == "singles") {
    options.submit = Submit::kSingles;
  } else if (submit == "when_ready") {
    options.submit = Submit::kWhenReady;
  } else if (submit != "arrays") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--submit is '", submit, "'; must be arrays, singles or when_ready"));
  }
  const std::string limits = absl::GetFlag(FLAGS_limits);
  if (limits == "aws") {
    options.limits = embatch::LimitsProfile::kAws;
  } else if (limits != "unlimited") {
    return absl::InvalidArgumentError(
        absl::StrCat("--limits is '", limits, "'; must be aws or unlimited"));
  }
  return options;
}

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError(
        "--workflow is missing; --help shows flags");
  }
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file)
      return absl::NotFoundError(absl::StrCat(path, ": can't be read"));
  }
  std::istream& in = path == "-" ? std::cin : file;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

absl::Status RunWorkflowReplay() {
  const absl::StatusOr<ReplayOptions> options = OptionsOfFlags();
  if (!options.ok()) return options.status();
  const std::string path = absl::GetFlag(FLAGS_workflow);
  const absl::StatusOr<std::string> text = ReadAll(path);
  if (!text.ok()) return text.status();
  const absl::StatusOr<Workflow> workflow = ParseWorkflow(*text, path);
  if (!workflow.ok()) return workflow.status();
  const absl::StatusOr<Result> result = Replay(*workflow, *options);
  if (!result.ok()) return result.status();
  const auto seconds = [](absl::Duration duration) {
    return absl::ToDoubleSeconds(duration);
  };
  absl::PrintF("workflow       %s: %d tasks\n", workflow->name,
               workflow->tasks.size());
  absl::PrintF("submitted      %d jobs, %d of them arrays\n", result->jobs,
               result->arrays);
  absl::PrintF("critical path  %.3f s\n", seconds(CriticalPath(*workflow)));
  absl::PrintF("work           %.3f s on each of %d cores\n",
               seconds(WorkPerCore(*workflow, options->cores)), options->cores);
  absl::PrintF("makespan       %.3f s\n", seconds(result->makespan));
  return absl::OkStatus();
}

}  // namespace
}  // namespace workflow_replay

int main(int argc, char** argv) {
  absl::FlagsUsageConfig config;
  config.contains_help_flags = [](absl::string_view file) {
    return absl::EndsWith(file, "main.cc");
  };
  config.contains_helpshort_flags = config.contains_help_flags;
  absl::SetFlagsUsageConfig(config);
  absl::SetProgramUsageMessage(
      "Runs a recorded workflow again, on virtual time.\n"
      "  workflow_replay --workflow=FILE.json --cores=64");
  absl::Status status =
      absl::InvalidArgumentError("takes flags only; --help shows them");
  if (absl::ParseCommandLine(argc, argv).size() == 1) {
    status = workflow_replay::RunWorkflowReplay();
  }
  if (status.ok()) return 0;
  std::cerr << "workflow_replay: " << status.message() << std::endl;
  return 1;
}
