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

struct ReferenceScheduler::Due {
  int64_t time_ns = kNever;
  DueKind kind = DueKind::kTimeout;
  int64_t order = 0;     // when it was set: a rising number
  int which = kNothing;  // job, queue, environment
};

std::vector<ReferenceScheduler::Due> ReferenceScheduler::AllDue() const {
  std::vector<Due> all;
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    if (!jobs_[i].attempt) continue;
    const Attempt& attempt = *jobs_[i].attempt;
    all.push_back({attempt.due_ns, attempt.due_kind, attempt.due_order, i});
  }
  for (int i = 0; i < static_cast<int>(queues_.size()); ++i) {
    all.push_back({queues_[i].clock_ns, DueKind::kStateTimeLimit,
                   queues_[i].clock_order, i});
  }
  for (int i = 0; i < static_cast<int>(environments_.size()); ++i) {
    all.push_back({environments_[i].update_due_ns, DueKind::kUpdateTimeout,
                   environments_[i].update_due_order, i});
  }
  std::sort(all.begin(), all.end(), [](const Due& a, const Due& b) {
    return std::tie(a.time_ns, a.kind, a.order) <
           std::tie(b.time_ns, b.kind, b.order);
  });
  return all;
}

void ReferenceScheduler::TakeDeadlinesBefore(int64_t time_ns) {
  for (;;) {
    const std::vector<Due> all = AllDue();
    if (all.empty() || all.front().time_ns >= time_ns) return;
    const int which = all.front().which;
    switch (all.front().kind) {
      case DueKind::kTimeout:
        jobs_[which].attempt->due_ns = kNever;
        if (instances_[jobs_[which].attempt->instance].exists()) {
          StopAttempt(which, Stop::kTimedOut);
        }
        break;
      case DueKind::kStopOverdue:
        jobs_[which].attempt->due_ns = kNever;
        EndTask(which, now_ns_);
        break;
      case DueKind::kStartTimeout:
        jobs_[which].attempt->due_ns = kNever;
        if (instances_[jobs_[which].attempt->instance].exists()) {
          GiveUpStart(which, all.front().time_ns);
        }
        break;
      case DueKind::kStateTimeLimit:
        EndByTimeLimit(queues_[which]);
        break;
      case DueKind::kUpdateTimeout:
        environments_[which].update_due_ns = kNever;
        if (environments_[which].status == ResourceStatus::kUpdating) {
          StopOldInstances(which);
        }
        break;
    }
  }
}

// Choice: D62, the record goes at stoppedAt + retention; a job that ended in
// one turn goes in a later one, so that its events can be looked up; after the
// turn in which others hear of its end, if it ended in a cycle.
void ReferenceScheduler::ForgetJobs() {
  const int64_t retention_ns = std::max<int64_t>(
      0, absl::ToInt64Nanoseconds(options_.finished_job_retention));
  const auto is_unheard_of = [this](int job) {
    return std::any_of(
        work_.begin(), work_.end(), [job](const Consequence& item) {
          return item.kind == Consequence::Kind::kJobEnded && item.job == job;
        });
  };
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    Job& job = jobs_[i];
    if (!job.is_child() && IsTerminal(job.status) &&
        After(job.stopped_ns, retention_ns) <= now_ns_ && !is_unheard_of(i)) {
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
  if (report.kind == Kind::kInvalid) {
    TakeInvalid(environment);
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
  } else if (instance.state == InstanceState::kReady ||
             instance.state == InstanceState::kBooting) {
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
      environments_[environment].managed() ||
      environments_[environment].status == ResourceStatus::kDeleting) {
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
  using Kind = ContainerReport::Kind;
  if (report.kind == Kind::kInterrupted) {
    if (IsOnFargate(job)) {
      EndAttempt(index, at_ns, std::nullopt, "",
                 "Your Spot Task was interrupted.");
    }
    return;
  }
  if (report.kind == Kind::kStartFailed && !job.attempt->started &&
      report.failure == StartFailure::kCapacity && IsOnFargate(job) &&
      !EndedByCaller(job)) {
    ReturnForWantOfCapacity(index);
    return;
  }
  TakeOf(index, report, at_ns);
}

}  // namespace embatch::reference
