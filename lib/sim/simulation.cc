// SPDX-License-Identifier: Apache-2.0
#include "embatch/sim/simulation.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace embatch {
namespace {

SimulationOptions StartingAt(absl::Time start) {
  SimulationOptions options;
  options.start = start;
  return options;
}

// That the head of a queue is found blocked is an event, but no progress.
bool ChangesAStatus(absl::Span<const Event> events) {
  return std::any_of(events.begin(), events.end(),
                     [](const Event& event) { return event.from != event.to; });
}

}  // namespace

Simulation::Simulation(SimulationOptions options)
    : options_(options), now_(options_.start) {}

Simulation::Simulation(absl::Time start) : Simulation(StartingAt(start)) {}

void Simulation::WaitFor(const ContainerRuntime& runtime) {
  runtimes_.push_back(&runtime);
}

void Simulation::WaitFor(const ServiceProvider& service) {
  services_.push_back(&service);
}

absl::Status Simulation::RunUntilIdle(Scheduler& scheduler,
                                      const Observer& observer) {
  last_change_ = std::max(last_change_, now_);
  for (;;) {
    const absl::StatusOr<absl::Time> next = ComeToRest(scheduler, observer);
    if (!next.ok()) return next.status();
    if (*next == absl::InfiniteFuture()) return absl::OkStatus();
    if (*next > last_change_ + options_.patience && !RuntimeHasReports()) {
      return absl::OkStatus();
    }
    now_ = *next;
  }
}

absl::Status Simulation::RunUntil(Scheduler& scheduler, absl::Time time,
                                  const Observer& observer) {
  for (;;) {
    const absl::StatusOr<absl::Time> next = ComeToRest(scheduler, observer);
    if (!next.ok()) return next.status();
    if (now_ >= time) return absl::OkStatus();
    now_ = std::min(*next, time);
  }
}

absl::Status Simulation::RunFor(Scheduler& scheduler, absl::Duration duration,
                                const Observer& observer) {
  return RunUntil(scheduler, now_ + duration, observer);
}

absl::Status Simulation::Settle(Scheduler& scheduler,
                                const Observer& observer) {
  return ComeToRest(scheduler, observer).status();
}

absl::StatusOr<absl::Time> Simulation::ComeToRest(Scheduler& scheduler,
                                                  const Observer& observer) {
  for (int64_t i = 0; i < options_.max_steps_at_one_moment; ++i) {
    const Step step = scheduler.Advance(now_);
    ++steps_;
    if (!step.status.ok()) return step.status;
    if (ChangesAStatus(step.events)) last_change_ = now_;
    events_ += static_cast<int64_t>(step.events.size());
    const absl::Time next = step.next;
    if (observer && !step.events.empty()) {
      // The step's own events end with the observer's first command, and so
      // does what it says of `next`: hence another step.
      step_events_.assign(step.events.begin(), step.events.end());
      for (const Event& event : step_events_) observer(event);
      continue;
    }
    if (next > now_) return next;
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "the scheduler is not at rest after ", options_.max_steps_at_one_moment,
      " steps at ", absl::FormatTime(now_, absl::UTCTimeZone())));
}

bool Simulation::RuntimeHasReports() const {
  const auto has_reports = [](const auto* plugin) {
    return plugin->NextReportTime() < absl::InfiniteFuture();
  };
  return std::any_of(runtimes_.begin(), runtimes_.end(), has_reports) ||
         std::any_of(services_.begin(), services_.end(), has_reports);
}

}  // namespace embatch
