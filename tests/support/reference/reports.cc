// SPDX-License-Identifier: Apache-2.0
//
// Phase 2: reports, merged with deadlines.
#include <algorithm>
#include <tuple>
#include <utility>

#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
// By time, and otherwise as they came; of equal times the provider's first; a
// deadline only when nothing reported is as early. Choice: D44, D61, D72.
void ReferenceScheduler::TakeReports(const Turn& turn) {
  struct Taken {
    int64_t time_ns = 0;
    const InstanceReport* instance = nullptr;
    const ContainerReport* container = nullptr;
  };
  std::vector<Taken> reports;
  for (const InstanceReport& report : turn.instance_reports) {
    reports.push_back({report.time_ns, &report, nullptr});
  }
  for (const ContainerReport& report : turn.container_reports) {
    reports.push_back({report.time_ns, nullptr, &report});
  }
  std::stable_sort(
      reports.begin(), reports.end(),
      [](const Taken& a, const Taken& b) { return a.time_ns < b.time_ns; });
  for (const Taken& taken : reports) {
    const int64_t at_ns = std::clamp(taken.time_ns, last_ns_, now_ns_);
    TakeDeadlinesBefore(at_ns);
    if (taken.instance != nullptr) Take(*taken.instance, at_ns);
    if (taken.container != nullptr) Take(*taken.container, at_ns);
  }
  TakeDeadlinesBefore(now_ns_ + 1);
}

void ReferenceScheduler::TakeDeadlinesBefore(int64_t time_ns) {
  for (;;) {
    int first = kNothing;
    const auto key = [this](int job) {
      const Attempt& attempt = *jobs_[job].attempt;
      return std::make_tuple(attempt.due_ns, attempt.due_kind,
                             attempt.due_order);
    };
    for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
      if (!jobs_[i].attempt || jobs_[i].attempt->due_ns >= time_ns) continue;
      if (first == kNothing || key(i) < key(first)) first = i;
    }
    if (first == kNothing) return;
    Attempt& attempt = *jobs_[first].attempt;
    const int64_t due_ns = std::exchange(attempt.due_ns, kNever);
    if (attempt.due_kind == DueKind::kStopOverdue) {
      EndTask(first, now_ns_);
    } else if (!instances_[attempt.instance].exists()) {
      continue;
    } else if (attempt.due_kind == DueKind::kStartTimeout) {
      GiveUpStart(first, due_ns);
    } else {
      StopAttempt(first, Stop::kTimedOut);
    }
  }
}

// Choice: D62, the record goes at stoppedAt + retention; a job that ended in
// one turn goes in a later one, so that its events can be looked up.
void ReferenceScheduler::ForgetJobs() {
  const int64_t retention_ns = std::max<int64_t>(
      0, absl::ToInt64Nanoseconds(options_.finished_job_retention));
  for (Job& job : jobs_) {
    if (!job.is_child() && IsTerminal(job.status) &&
        After(job.stopped_ns, retention_ns) <= now_ns_) {
      job.expired = true;
    }
  }
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    const std::vector<int> nodes = NodesOf(i);
    if (jobs_[i].expired &&
        std::none_of(nodes.begin(), nodes.end(), [this](int node) {
          return jobs_[node].attempt.has_value();
        })) {
      jobs_[i].forgotten = true;
    }
  }
}

void ReferenceScheduler::Take(const InstanceReport& report, int64_t at_ns) {
  using Kind = InstanceReport::Kind;
  const int environment = FindEnvironment(report.compute_environment);
  if (report.kind == Kind::kCatalogue) {
    if (environment != kNothing) {
      SetCatalogue(environments_[environment], report.instance_types);
    }
    return;
  }
  const int index = FindInstance(environment, report.instance);
  if (report.kind == Kind::kReady) {
    TakeReady(report, environment, index);
    return;
  }
  if (index == kNothing || !instances_[index].exists())
    return;  // late, unknown
  Instance& instance = instances_[index];
  if (report.kind == Kind::kLaunchFailed) {
    if (instance.registered) return;
    BackOff(instance.environment, instance.type, report.failure);
    instance.state = InstanceState::kGone;
  } else if (report.kind == Kind::kLost) {
    // One that never came must not be asked for again at once, for ever.
    if (instance.state == InstanceState::kBooting) {
      BackOff(instance.environment, instance.type, LaunchFailure::kCapacity);
    }
    instance.state = InstanceState::kLost;
    instance.lost_ns = at_ns;
    Consequence item;
    item.kind = Consequence::Kind::kInstanceLost;
    item.instance = index;
    work_.push_back(item);
  } else {
    // Source: §17. Choice: D37, it takes no new jobs; those on it run on.
    instance.state = InstanceState::kInterrupted;
  }
}

// The answer to a launch; or an instance that joins an UNMANAGED environment,
// each once.
void ReferenceScheduler::TakeReady(const InstanceReport& report,
                                   int environment, int index) {
  if (index != kNothing) {
    Instance& instance = instances_[index];
    if (instance.state == InstanceState::kBooting) {
      BecomeReady(instance, report.name, report.resources);
    }
    instance.registered = true;
    return;
  }
  if (!report.instance.joined() || environment == kNothing ||
      environments_[environment].managed()) {
    return;
  }
  Instance instance;
  instance.id = report.instance;
  instance.environment = environment;
  BecomeReady(instance, report.name, report.resources);
  instances_.push_back(std::move(instance));
}

// What is said of a container other than that of a running attempt is late or
// unknown. Source: §5.2.
void ReferenceScheduler::Take(const ContainerReport& report, int64_t at_ns) {
  const int index = FindJob(report.container.attempt.job);
  if (index == kNothing) return;
  Job& job = jobs_[index];
  if (!job.attempt || job.attempt->number != report.container.attempt.number ||
      !instances_[job.attempt->instance].exists() || !IsNodeAsked(job)) {
    return;
  }
  TakeOf(index, report, at_ns);
}

}  // namespace embatch::reference
