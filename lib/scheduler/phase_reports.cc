// SPDX-License-Identifier: Apache-2.0
//
// Phase 2: what the plug-ins reported, merged with the deadlines that are due.
// Both in the order of their times; at equal times the report first, so that an
// exit beats its timeout.
#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/jobs/reasons.h"
#include "lib/model/limits.h"
#include "lib/scheduler/reports_ahead.h"
#include "lib/scheduler/shares.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {
namespace {

// Source: guide "Compute environment is INVALID" (§16.3), its first sentence.
constexpr char kNoInstanceJoined[] =
    "Your compute environment has been INVALIDATED and scaled down because "
    "none "
    "of the instances joined the underlying ECS Cluster.";

// Reports in the order in which they are taken: by time, and otherwise as they
// came. Choice: D72.
template <typename Report>
class ByTime {
 public:
  explicit ByTime(const std::vector<Report>& reports)
      : reports_(reports.data()), size_(reports.size()) {
    if (size_ < 2) return;
    const auto earlier = [](const Report& a, const Report& b) {
      return a.time_ns < b.time_ns;
    };
    if (std::is_sorted(reports.begin(), reports.end(), earlier)) return;
    order_.resize(size_);
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      return earlier(reports[a], reports[b]);
    });
  }

  size_t size() const { return size_; }
  const Report& operator[](size_t i) const {
    return reports_[order_.empty() ? i : order_[i]];
  }
  // When report number `i` happened; never, if there are no more.
  int64_t TimeOf(size_t i) const {
    return i < size_ ? (*this)[i].time_ns : kNanosInfiniteFuture;
  }

 private:
  const Report* const reports_;
  const size_t size_;
  std::vector<uint32_t> order_;  // empty: as they came, which is usual
};

}  // namespace

void TurnRunner::RunReports(const Turn& turn, bool may_be_more) {
  if (!IsEmpty(state_.unread)) {
    ReadWithUnread(turn);
  } else if (!IsEmpty(turn) && !ReadOne(turn)) {
    ReadReports(turn, last_ns_);
  }
  // An exit that is still to be read may beat a timeout.
  if (may_be_more || !IsEmpty(state_.unread)) return;
  RunDeadlinesBefore(now_ns_ + 1);
}

// Reads what the last turn had to leave unread before what this one brings.
void TurnRunner::ReadWithUnread(const Turn& turn) {
  Turn all = std::exchange(state_.unread, Turn());
  for (const InstanceReport& report : turn.instance_reports) {
    all.instance_reports.push_back(report);
    int64_t& time_ns = all.instance_reports.back().time_ns;
    time_ns = std::clamp(time_ns, last_ns_, now_ns_);
  }
  for (const ContainerReport& report : turn.container_reports) {
    all.container_reports.push_back(report);
    int64_t& time_ns = all.container_reports.back().time_ns;
    time_ns = std::clamp(time_ns, last_ns_, now_ns_);
  }
  for (const ServiceReport& report : turn.service_reports) {
    all.service_reports.push_back(report);
    int64_t& time_ns = all.service_reports.back().time_ns;
    time_ns = std::clamp(time_ns, last_ns_, now_ns_);
  }
  ReadReports(all, kNanosInfinitePast);
}

// ReadReports() for one container's report that no deadline comes before, which
// is all that most turns bring if times are not rounded. Answers whether it was
// that.
bool TurnRunner::ReadOne(const Turn& turn) {
  if (turn.container_reports.size() != 1 || !turn.instance_reports.empty() ||
      !turn.service_reports.empty()) {
    return false;
  }
  const ContainerReport& report = turn.container_reports.front();
  const int64_t at_ns = std::clamp(report.time_ns, last_ns_, now_ns_);
  if (!has_budget() || state_.deadlines.NextTime() < at_ns) return false;
  if (!Take(report, kNoIndex, at_ns)) {
    state_.unread.container_reports.push_back(report);
    state_.unread.container_reports.back().time_ns = at_ns;
  }
  return true;
}

// What the budget does not reach is left unread, so that no deadline is
// overtaken by a report that is later than it.
void TurnRunner::ReadReports(const Turn& turn, int64_t earliest_ns) {
  const ByTime<InstanceReport> instances(turn.instance_reports);
  const ByTime<ContainerReport> containers(turn.container_reports);
  const ByTime<ServiceReport> services(turn.service_reports);
  ReportsAhead<ByTime<ContainerReport>> ahead(containers, jobs_, fleet_);
  size_t i = 0;
  size_t c = 0;
  size_t s = 0;
  int64_t of_instance = instances.TimeOf(0);
  int64_t of_container = containers.TimeOf(0);
  int64_t of_service = services.TimeOf(0);
  size_t left = instances.size() + containers.size() + services.size();
  for (; left > 0; --left) {
    // Of equal times the resource provider's report comes first, then the
    // runtime's.
    const int64_t time_ns =
        std::min(of_container, std::min(of_instance, of_service));
    // Choice: D61, held between the last `now` and this one.
    const int64_t at_ns = std::clamp(time_ns, earliest_ns, now_ns_);
    if (state_.deadlines.NextTime() < at_ns) {
      RunDeadlinesBefore(at_ns);
      // No report overtakes a deadline that is held back.
      if (state_.deadlines.NextTime() < at_ns) break;
    }
    if (!has_budget()) break;
    if (of_instance == time_ns && i < instances.size()) {
      Take(instances[i], at_ns);
      of_instance = instances.TimeOf(++i);
    } else if (of_container == time_ns && c < containers.size()) {
      if (!Take(containers[c], ahead.AttemptOf(c), at_ns)) break;
      of_container = containers.TimeOf(++c);
    } else {
      if (!Take(services[s], at_ns)) break;
      of_service = services.TimeOf(++s);
    }
  }
  if (left == 0) return;
  const auto leave = [&](const auto& reports, size_t next, auto& unread) {
    for (; next < reports.size(); ++next) {
      unread.push_back(reports[next]);
      int64_t& time_ns = unread.back().time_ns;
      time_ns = std::clamp(time_ns, earliest_ns, now_ns_);
    }
  };
  leave(instances, i, state_.unread.instance_reports);
  leave(containers, c, state_.unread.container_reports);
  leave(services, s, state_.unread.service_reports);
}

void TurnRunner::RunDeadlinesBefore(int64_t time_ns) {
  while (state_.deadlines.NextTime() < time_ns && MayTakeDeadline()) {
    CountLook();
    TakeDeadline(state_.deadlines.PopFirst());
  }
}

// A job that is to be forgotten goes through the work list, where it costs a
// transition. No more of them go there than the rest of the turn can draw. One
// that is held back holds up all deadlines behind it, whatever they are, and
// that is right: the work list then uses up the budget, so that the turn
// decides nothing and the next one is due at once.
bool TurnRunner::MayTakeDeadline() const {
  if (!has_budget()) return false;
  const Deadline first = *state_.deadlines.Peek();
  return static_cast<DeadlineKind>(first.kind) != DeadlineKind::kRetention ||
         static_cast<int64_t>(state_.work.size()) < journal_.transitions_left;
}

void TurnRunner::TakeDeadline(const Deadline& deadline) {
  const uint32_t a = static_cast<uint32_t>(deadline.a);
  switch (static_cast<DeadlineKind>(deadline.kind)) {
    case DeadlineKind::kTimeout:
      jobs_.live(a).deadline = DeadlineQueue::kNoHandle;
      // What was lost before that is over already.
      if (jobs_.live(a).is_service() ||
          fleet_.instance(jobs_.live(a).instance).state !=
              InstanceState::kLost) {
        StopAttempt(a, StopCause::kTimedOut);
      }
      return;
    case DeadlineKind::kStopOverdue:
      // Choice: §7, the runtime had its time.
      jobs_.live(a).deadline = DeadlineQueue::kNoHandle;
      if (jobs_.live(a).task != kNoIndex) {
        EndTask(a, now_ns_);
      } else if (jobs_.live(a).is_service()) {
        EndServiceAttempt(a, now_ns_, std::nullopt, kNoReason);
      } else {
        EndAttempt(a, now_ns_, std::nullopt, kNoReason, kNoReason);
      }
      return;
    case DeadlineKind::kStartTimeout:
      jobs_.live(a).deadline = DeadlineQueue::kNoHandle;
      if (fleet_.instance(jobs_.live(a).instance).state !=
          InstanceState::kLost) {
        GiveUpStart(a, deadline.time_ns);
      }
      return;
    case DeadlineKind::kStateTimeLimit:
      EndByTimeLimit(state_.queues[a], static_cast<uint32_t>(deadline.b));
      return;
    case DeadlineKind::kBackOff:
      fleet_.EndBackOff(a, deadline.time_ns);
      return;
    case DeadlineKind::kUpdateTimeout: {
      const EnvironmentRecord& environment = fleet_.environment(a);
      if (environment.status == ResourceStatus::kUpdating &&
          environment.generation == static_cast<uint32_t>(deadline.b)) {
        StopOldInstances(a);
      }
      return;
    }
    case DeadlineKind::kIdle:
      // The scaling phase of this turn looks at it.
      fleet_.instance(a).idle_deadline = DeadlineQueue::kNoHandle;
      return;
    case DeadlineKind::kDefinitionEnd:
      DeleteDefinition(a);
      return;
    case DeadlineKind::kRetention:
      AddWork(WorkKind::kExpire, a);
      return;
    case DeadlineKind::kServiceBackOff:
      EndServiceBackOff(a);
      return;
    case DeadlineKind::kShareRests:
      RestShare(state_, a, static_cast<uint32_t>(deadline.b));
      return;
  }
}

void TurnRunner::Take(const InstanceReport& report, int64_t at_ns) {
  const std::optional<uint32_t> environment =
      fleet_.FindEnvironment(report.compute_environment);
  if (report.kind == InstanceReport::Kind::kCatalogue) {
    if (environment.has_value()) {
      fleet_.SetCatalogue(*environment, report.instance_types);
    } else {
      ++state_.ignored.unknown;
    }
    return;
  }
  if (report.kind == InstanceReport::Kind::kReady) {
    TakeReady(report);
    return;
  }
  if (report.kind == InstanceReport::Kind::kInvalid) {
    TakeInvalid(report);
    return;
  }
  const uint32_t slot =
      fleet_.FindInstance(environment.value_or(Fleet::kNone), report.instance);
  if (slot == Fleet::kNone ||
      fleet_.instance(slot).state == InstanceState::kLost) {
    const bool was_once = slot != Fleet::kNone ||
                          fleet_.WasLaunched(report.instance) ||
                          (environment.has_value() &&
                           fleet_.HasDeparted(*environment, report.instance));
    ++(was_once ? state_.ignored.late_or_repeated : state_.ignored.unknown);
    return;
  }
  InstanceRecord& instance = fleet_.instance(slot);
  if (report.kind == InstanceReport::Kind::kLaunchFailed) {
    TakeLaunchFailed(report, slot);
  } else if (report.kind == InstanceReport::Kind::kLost) {
    UnwatchIdle(slot);
    if (instance.state == InstanceState::kBooting) {
      // Otherwise it might be launched again in the same moment, for ever.
      BackOff(instance.environment, instance.type, LaunchFailure::kCapacity);
    }
    fleet_.StopPlacing(slot, InstanceState::kLost);
    instance.lost_ns = at_ns;
    WorkItem item;
    item.kind = WorkKind::kInstanceLost;
    item.slot = slot;
    item.generation = fleet_.InstanceGeneration(slot);
    state_.work.push_back(item);
  } else if (instance.state == InstanceState::kReady ||
             instance.state == InstanceState::kBooting) {
    // Choice: D37, jobs run on. One that boots will take none when it is ready.
    UnwatchIdle(slot);
    fleet_.StopPlacing(slot, InstanceState::kInterrupted);
  } else {
    ++state_.ignored.late_or_repeated;
  }
}

// Source: guide "Compute environment is INVALID", text (§16.3). It takes no
// jobs and launches nothing; idle instances go, down to minvCpus. An update
// repairs it. Choice: the provider says so, as it alone can know.
void TurnRunner::TakeInvalid(const InstanceReport& report) {
  const std::optional<uint32_t> index =
      fleet_.FindEnvironment(report.compute_environment);
  if (!index.has_value()) {
    ++state_.ignored.unknown;
    return;
  }
  EnvironmentRecord& environment = fleet_.environment(*index);
  if (!environment.places_jobs() &&
      environment.status != ResourceStatus::kValid &&
      environment.status != ResourceStatus::kUpdating) {
    ++state_.ignored.late_or_repeated;
    return;
  }
  environment.status = ResourceStatus::kInvalid;
  environment.status_reason =
      report.message.empty()
          ? kNoInstanceJoined
          : report.message.substr(0, kContainerReasonLengthMax);
  ++environment.epoch;
}

void TurnRunner::TakeReady(const InstanceReport& report) {
  const std::optional<uint32_t> environment =
      fleet_.FindEnvironment(report.compute_environment);
  const uint32_t slot =
      fleet_.FindInstance(environment.value_or(Fleet::kNone), report.instance);
  if (slot != Fleet::kNone) {
    if (fleet_.instance(slot).state != InstanceState::kBooting) {
      fleet_.instance(slot).registered = true;
      ++state_.ignored.late_or_repeated;
      return;
    }
    fleet_.BecomeReady(slot, report.name, report.resources, now_ns_);
    fleet_.instance(slot).private_address = report.private_ipv4_address;
    EnvironmentRecord& served =
        fleet_.environment(fleet_.instance(slot).environment);
    if (served.status == ResourceStatus::kValid) {
      served.status_reason = kEnvironmentHealthy;
    }
    WatchIdle(slot);
    return;
  }
  // Source: guide "Unmanaged compute environments"; only these take instances
  // that nobody asked for.
  if (!report.instance.joined() || !environment.has_value() ||
      fleet_.environment(*environment).config.managed()) {
    ++state_.ignored.unknown;
    return;
  }
  if (fleet_.HasDeparted(*environment, report.instance) ||
      fleet_.environment(*environment).status == ResourceStatus::kDeleting) {
    ++state_.ignored.late_or_repeated;
    return;
  }
  fleet_.Join(*environment, report.instance, report.name, report.resources,
              now_ns_);
}

// Source: §16.4; every kind of failure makes the scheduler leave the type alone
// for a while, so that a provider that always fails is asked now and then.
void TurnRunner::TakeLaunchFailed(const InstanceReport& report, uint32_t slot) {
  const InstanceRecord instance = fleet_.instance(slot);
  // It may have been interrupted while it booted.
  if (instance.registered || instance.state == InstanceState::kLost) {
    ++state_.ignored.late_or_repeated;
    return;
  }
  EnvironmentRecord& environment = fleet_.environment(instance.environment);
  if (environment.status == ResourceStatus::kValid)
    environment.status_reason = absl::StrCat(
        "Launching ", environment.types[instance.type].type.name, " failed: ",
        absl::string_view(report.message).substr(0, kContainerReasonLengthMax));
  BackOff(instance.environment, instance.type, report.failure);
  fleet_.Remove(slot);
}

void TurnRunner::BackOff(uint32_t environment, uint32_t type,
                         LaunchFailure failure) {
  TypeRecord& record = fleet_.environment(environment).types[type];
  record.failure = failure;
  record.is_doubtful = true;
  const int64_t until_ns = SaturatingAdd(now_ns_, state_.settings.back_off_ns);
  if (until_ns <= record.back_off_until_ns) return;
  record.back_off_until_ns = until_ns;
  state_.deadlines.Add(until_ns, state_.settings.back_off_ns,
                       static_cast<uint8_t>(DeadlineKind::kBackOff),
                       environment, 0);
}

size_t TurnRunner::ContainersOf(JobKey job) const {
  const JobRecord& record = jobs_.record(job.slot);
  const JobSpec& spec =
      jobs_.spec(record.has_nodes && job.is_child()
                     ? jobs_.nodes(job.slot).at(job.child).spec
                     : record.spec);
  return spec.has_task() ? spec.extras->task.containers.size() : 1;
}

// Whether a container of this running attempt may report.
bool TurnRunner::MayReport(uint32_t live, uint16_t container) const {
  const LiveAttempt& attempt = jobs_.live(live);
  return !attempt.is_service() && (!attempt.is_node || IsNodeAsked(live)) &&
         (container == 0 || container < ContainersOf(attempt.job)) &&
         fleet_.instance(attempt.instance).state != InstanceState::kLost;
}

// `known`: probably the running attempt that the report names.
uint32_t TurnRunner::LiveFor(const ContainerReport& report, uint32_t known) {
  const AttemptId& attempt = report.container.attempt;
  const uint32_t live =
      jobs_.IsAttempt(known, attempt) ? known : jobs_.FindAttempt(attempt);
  if (live != kNoIndex && MayReport(live, report.container.container)) {
    return live;
  }
  const std::optional<JobKey> key = jobs_.Find(attempt.job);
  // Nor does a multi-node job itself, only its nodes.
  const bool runs = key.has_value() &&
                    (key->is_child() || !jobs_.record(key->slot).has_nodes);
  const bool was_once = runs && attempt.number > 0 &&
                        attempt.number <= jobs_.AttemptsOf(*key) &&
                        report.container.container < ContainersOf(*key);
  ++(was_once ? state_.ignored.late_or_repeated : state_.ignored.unknown);
  return kNoIndex;
}

void TurnRunner::StartRunning(uint32_t live, int64_t at_ns) {
  if (jobs_.live(live).is_node) {
    StartRunningNode(live, at_ns);
    return;
  }
  LiveAttempt& attempt = jobs_.live(live);
  attempt.started = true;
  attempt.started_ns = at_ns;
  const JobKey job = attempt.job;
  if (!job.is_child()) jobs_.record(job.slot).details.started_ns = at_ns;
  const std::optional<JobTimeout>& timeout = jobs_.spec(attempt.spec).timeout;
  if (timeout.has_value()) {
    // Source: guide "Job timeouts"; counted from RUNNING, for each attempt.
    SetDeadline(live, DeadlineKind::kTimeout, timeout->attempt_duration, at_ns);
  }
  jobs_.Change(job, JobTrigger::kContainerStarted, kNoReason, at_ns, journal_);
}

bool TurnRunner::Take(const ContainerReport& report, uint32_t known,
                      int64_t at_ns) {
  const uint32_t live = LiveFor(report, known);
  if (live == kNoIndex) return true;
  const LiveAttempt& attempt = jobs_.live(live);
  const auto is_on_fargate = [this, &attempt] {
    return fleet_.environment(attempt.environment).config.is_fargate();
  };
  if (report.kind == ContainerReport::Kind::kInterrupted) {
    // Source: §17, FARGATE_SPOT goes the way of a lost host.
    if (is_on_fargate()) {
      EndAttempt(live, at_ns, std::nullopt, kNoReason, kSpotTaskInterrupted);
    } else {
      ++state_.ignored.unknown;
    }
    return true;
  }
  if (attempt.task != kNoIndex) return TakeOfTask(live, report, at_ns);
  const bool started = attempt.started;
  if (report.kind == ContainerReport::Kind::kStarted) {
    if (started) {
      ++state_.ignored.late_or_repeated;
    } else {
      StartRunning(live, at_ns);
    }
    return true;
  }
  if (report.kind == ContainerReport::Kind::kStartFailed && started) {
    ++state_.ignored.late_or_repeated;
    return true;
  }
  if (report.kind == ContainerReport::Kind::kStartFailed &&
      report.failure == StartFailure::kCapacity && is_on_fargate() &&
      !jobs_.IsEndedByCaller(attempt.job)) {
    ReturnForWantOfCapacity(live, at_ns);
    return true;
  }
  if (report.kind == ContainerReport::Kind::kExited && !started) {
    StartRunning(live, at_ns);
    if (!has_budget()) return false;
  }
  // Source: API AttemptContainerDetail.reason.
  const TextIndex reason = jobs_.InternText(
      absl::string_view(report.reason).substr(0, kContainerReasonLengthMax));
  if (report.kind == ContainerReport::Kind::kExited) {
    std::optional<int> exit_code;
    if (report.has_exit_code) exit_code = report.exit_code;
    EndAttempt(live, at_ns, exit_code, reason, kEssentialContainerExited);
  } else {
    EndAttempt(live, at_ns, std::nullopt, reason, kTaskFailedToStart);
  }
  jobs_.ReleaseText(reason);
  return true;
}

}  // namespace embatch
