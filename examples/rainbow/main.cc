// SPDX-License-Identifier: Apache-2.0
//
// Watches a bucket. When the object color.txt is put into it, an array job with
// a child for each line runs on this machine, then a second job that depends on
// it, and the bucket holds the object mycolor.
#include <csignal>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../bucket/bucket.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "cluster.h"
#include "event_printer.h"
#include "folders.h"
#include "results.h"
#include "runs.h"

ABSL_FLAG(bool, demo, false,
          "make a bucket, put seven colours into it, check what comes out");
ABSL_FLAG(std::string, bucket, "", "folder to watch: a put of color.txt runs");
ABSL_FLAG(bool, once, false, "run the color.txt that is there, then end");
ABSL_FLAG(std::string, logs, "",
          "folder for the jobs' output; empty: a new one");
ABSL_FLAG(std::string, scripts, RAINBOW_SCRIPTS,
          "folder of color.sh and mycolor.sh");
ABSL_FLAG(int64_t, vcpus, 0, "vCPUs that this machine offers; 0: all it has");
ABSL_FLAG(int64_t, memory, 64, "MiB of memory that each job asks for");
ABSL_FLAG(bool, verbose, false, "show each child of large arrays");

namespace rainbow {
namespace {

volatile std::sig_atomic_t stop_wanted = 0;
embatch::Waker* waker_of_signals = nullptr;

// The first signal asks for a clean end. A second one ends the program at once;
// the runtime's guardian then kills the jobs.
void CatchSignals(embatch::Waker* waker) {
  waker_of_signals = waker;
  struct sigaction action = {};
  action.sa_handler = [](int) {
    stop_wanted = 1;
    waker_of_signals->Wake();
  };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void UncatchSignals() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

// The loop of a host program. Answers whether all worked.
absl::StatusOr<bool> Loop(Bucket& bucket, Cluster& cluster, Results& results,
                          EventPrinter& printer, Runs& runs, bool watch) {
  bool stopping = false;
  for (;;) {
    const absl::StatusOr<bool> put = bucket.TakePut(kInput);
    if (!put.ok()) return put.status();
    if (*put && !stopping) results.Check(runs.Add());
    if (stop_wanted && !stopping) {
      stopping = true;
      results.Check(runs.Stop("Stopped by the user"));
    }
    results.Check(runs.CancelIfBlocked());
    if (std::optional<Run> run = runs.TakeFinished()) results.Show(*run);
    while (runs.can_submit()) results.Check(runs.SubmitNext());
    if (runs.idle() && (stopping || !watch)) return results.all_worked();

    const embatch::Step step = cluster.scheduler.Advance(absl::Now());
    if (!step.status.ok()) return step.status;
    for (const embatch::Event& event : step.events) {
      printer.Show(event);
      runs.Note(event);
    }
    std::cout.flush();
    // After events there may be something to submit, to cancel or to show.
    if (step.events.empty()) cluster.waker->WaitUntil(step.next);
  }
}

absl::StatusOr<bool> RunRainbow() {
  const bool demo = absl::GetFlag(FLAGS_demo);
  const bool watch = !demo && !absl::GetFlag(FLAGS_once);
  const absl::StatusOr<Folders> folders =
      Folders::Make(demo, absl::GetFlag(FLAGS_bucket),
                    absl::GetFlag(FLAGS_logs), absl::GetFlag(FLAGS_scripts));
  if (!folders.ok()) return folders.status();
  const auto bucket = Bucket::Open(folders->bucket);
  if (!bucket.ok()) return bucket.status();
  const auto cluster = Cluster::Create(
      {(*bucket)->folder(), folders->logs, folders->scripts,
       absl::GetFlag(FLAGS_vcpus), absl::GetFlag(FLAGS_memory)});
  if (!cluster.ok()) return cluster.status();
  CatchSignals((*cluster)->waker.get());
  absl::Status status = (*cluster)->waker->Watch((*bucket)->event_fd());
  if (!status.ok()) return status;

  EventPrinter printer(**cluster, absl::Now(), absl::GetFlag(FLAGS_verbose));
  Results results(**bucket, **cluster);
  Runs runs(**bucket, **cluster, printer);
  results.ShowBeginning(*folders, watch);
  if (demo) {
    results.Check((*bucket)->Put(kInput, kDemoInput));
  } else if (!watch || (*bucket)->IsNewer(kInput, kOutput)) {
    results.Check(runs.Add());  // also what was put while nobody watched
  }
  const absl::StatusOr<bool> worked =
      Loop(**bucket, **cluster, results, printer, runs, watch);
  UncatchSignals();  // the waker is about to go
  if (demo && worked.ok() && *worked) results.CheckDemoOutput();
  return worked.ok() ? results.all_worked() : worked;
}

}  // namespace
}  // namespace rainbow

int main(int argc, char** argv) {
  absl::FlagsUsageConfig config;
  config.contains_help_flags = [](absl::string_view file) {
    return absl::EndsWith(file, "main.cc");
  };
  config.contains_helpshort_flags = config.contains_help_flags;
  absl::SetFlagsUsageConfig(config);
  absl::SetProgramUsageMessage(
      "Runs a small AWS Batch workflow on this machine.\n"
      "  rainbow --demo\n  rainbow --bucket=FOLDER [--once]");
  absl::StatusOr<bool> worked =
      absl::InvalidArgumentError("takes flags only; --help shows them");
  if (absl::ParseCommandLine(argc, argv).size() == 1) {
    worked = rainbow::RunRainbow();
  }
  if (!worked.ok()) {
    std::cerr << "rainbow: " << worked.status().message() << std::endl;
  }
  return worked.ok() && *worked ? 0 : 1;
}
