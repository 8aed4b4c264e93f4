// SPDX-License-Identifier: Apache-2.0
#include "figures.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/str_format.h"

namespace trace_replay {
namespace {

constexpr double kShortestRunS = 10;

constexpr double Figures::*kAll[] = {&Figures::jobs,
                                     &Figures::wait_mean,
                                     &Figures::wait_median,
                                     &Figures::wait_95,
                                     &Figures::wait_99,
                                     &Figures::wait_longest,
                                     &Figures::bounded_slowdown,
                                     &Figures::utilisation_to_last_start,
                                     &Figures::utilisation,
                                     &Figures::makespan,
                                     &Figures::at_once,
                                     &Figures::stopped};

// The first value that at least `percent` of a hundred come before.
double Percentile(const std::vector<int64_t>& sorted, size_t percent) {
  return static_cast<double>(sorted[sorted.size() * percent / 100]);
}

}  // namespace

Figures FiguresOf(absl::Span<const TraceJob> jobs, const Schedule& schedule,
                  int64_t processors) {
  Figures figures;
  if (jobs.empty()) return figures;
  std::vector<int64_t> waits;
  waits.reserve(jobs.size());
  const int64_t first_s = jobs[0].submit_s;
  int64_t last_start_s = first_s;
  int64_t last_end_s = first_s;
  double wait_sum = 0;
  double slowdown_sum = 0;
  double work = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const ReplayedJob& replayed = schedule.jobs[i];
    const int64_t wait_s = replayed.start_s - jobs[i].submit_s;
    const int64_t run_s = replayed.end_s - replayed.start_s;
    waits.push_back(wait_s);
    wait_sum += static_cast<double>(wait_s);
    const double run = static_cast<double>(run_s);
    slowdown_sum += std::max(1.0, (static_cast<double>(wait_s) + run) /
                                      std::max(run, kShortestRunS));
    work += run * static_cast<double>(jobs[i].processors);
    last_start_s = std::max(last_start_s, replayed.start_s);
    last_end_s = std::max(last_end_s, replayed.end_s);
    if (wait_s == 0) ++figures.at_once;
  }
  std::sort(waits.begin(), waits.end());
  const double count = static_cast<double>(jobs.size());
  const double possible = static_cast<double>(processors);
  figures.jobs = count;
  figures.wait_mean = wait_sum / count;
  figures.wait_median = Percentile(waits, 50);
  figures.wait_95 = Percentile(waits, 95);
  figures.wait_99 = Percentile(waits, 99);
  figures.wait_longest = static_cast<double>(waits.back());
  figures.bounded_slowdown = slowdown_sum / count;
  figures.makespan = static_cast<double>(last_end_s - first_s);
  figures.utilisation = work / (possible * figures.makespan);
  if (last_start_s > first_s) {
    figures.utilisation_to_last_start =
        work / (possible * static_cast<double>(last_start_s - first_s));
  }
  figures.stopped = static_cast<double>(schedule.stopped);
  return figures;
}

Figures MeanOf(absl::Span<const Figures> all) {
  Figures mean;
  for (double Figures::*figure : kAll) {
    for (const Figures& figures : all) mean.*figure += figures.*figure;
    mean.*figure /= static_cast<double>(all.size());
  }
  return mean;
}

void Print(const Figures& figures) {
  absl::PrintF(
      "waiting time      mean %.4f s, median %.0f s, 95 %% %.0f s, 99 %% %.0f "
      "s, longest %.0f s\n",
      figures.wait_mean, figures.wait_median, figures.wait_95, figures.wait_99,
      figures.wait_longest);
  absl::PrintF("bounded slowdown  %.4f\n", figures.bounded_slowdown);
  absl::PrintF("utilisation       %.4f; until the last start %.4f\n",
               figures.utilisation, figures.utilisation_to_last_start);
  absl::PrintF("makespan          %.0f s\n", figures.makespan);
  absl::PrintF("started at once   %.0f jobs\n", figures.at_once);
  if (figures.stopped > 0) {
    absl::PrintF("stopped           %.0f jobs, after the time they asked for\n",
                 figures.stopped);
  }
}

}  // namespace trace_replay
