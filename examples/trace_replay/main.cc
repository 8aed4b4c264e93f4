// SPDX-License-Identifier: Apache-2.0
//
// Replays the log of a batch system through embatch on virtual time, and prints
// how long its jobs would have waited.
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "figures.h"
#include "progress_bar.h"
#include "replay.h"
#include "settings.h"
#include "swf.h"

namespace trace_replay {
namespace {

// Replays each sequence on an empty machine and shows what came out.
absl::Status ReplayAll(const std::vector<Sequence>& sequences,
                       ReplayOptions options) {
  int64_t jobs = 0;
  for (const Sequence& sequence : sequences) {
    jobs += static_cast<int64_t>(sequence.jobs.size());
  }
  std::vector<Figures> all;
  int64_t done = 0;
  const absl::Time began = absl::Now();
  {
    ProgressBar bar(jobs);
    options.progress = [&](int64_t ended) { bar.Show(done + ended); };
    for (const Sequence& sequence : sequences) {
      const absl::StatusOr<Schedule> schedule = Replay(sequence.jobs, options);
      if (!schedule.ok()) return schedule.status();
      done += static_cast<int64_t>(sequence.jobs.size());
      all.push_back(FiguresOf(sequence.jobs, *schedule, options.processors));
    }
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);

  if (all.size() > 1) {
    for (size_t i = 0; i < all.size(); ++i) {
      absl::PrintF(
          "from job %-7s  bounded slowdown %.4f, utilisation until the "
          "last start %.4f\n",
          sequences[i].name, all[i].bounded_slowdown,
          all[i].utilisation_to_last_start);
    }
    absl::PrintF("means of %d sequences\n", all.size());
  }
  Print(MeanOf(all));
  absl::PrintF("real time         %.2f s: %.0f jobs a second\n", seconds,
               static_cast<double>(jobs) / seconds);
  return absl::OkStatus();
}

absl::Status RunTraceReplay() {
  const absl::StatusOr<std::string> path = TracePath();
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> text = ReadAll(*path);
  if (!text.ok()) return text.status();
  absl::StatusOr<Trace> trace = ParseSwf(*text, *path);
  if (!trace.ok()) return trace.status();
  const absl::StatusOr<ReplayOptions> options = OptionsOf(*trace);
  if (!options.ok()) return options.status();
  const int64_t too_wide = LeaveOutTooWide(*trace, *options);
  const absl::StatusOr<std::vector<Sequence>> sequences = SequencesOf(*trace);
  if (!sequences.ok()) return sequences.status();
  absl::PrintF(
      "trace             %d jobs; left out: %d that say too little, %d too "
      "wide\n",
      trace->jobs.size(), trace->left_out, too_wide);
  absl::PrintF("machine           %d processors, %d instance%s\n",
               options->processors, options->instances,
               options->instances == 1 ? "" : "s");
  return ReplayAll(*sequences, *options);
}

}  // namespace
}  // namespace trace_replay

int main(int argc, char** argv) {
  absl::FlagsUsageConfig config;
  config.contains_help_flags = [](absl::string_view file) {
    return absl::EndsWith(file, "/settings.cc");
  };
  config.contains_helpshort_flags = config.contains_help_flags;
  absl::SetFlagsUsageConfig(config);
  absl::SetProgramUsageMessage(
      "Replays a batch log on virtual time.\n"
      "  trace_replay --trace=FILE.swf\n"
      "  zcat FILE.swf.gz | trace_replay --trace=-");
  absl::Status status =
      absl::InvalidArgumentError("takes flags only; --help shows them");
  if (absl::ParseCommandLine(argc, argv).size() == 1) {
    status = trace_replay::RunTraceReplay();
  }
  if (status.ok()) return 0;
  std::cerr << "trace_replay: " << status.message() << std::endl;
  return 1;
}
