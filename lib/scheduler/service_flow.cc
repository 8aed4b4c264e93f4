// SPDX-License-Identifier: Apache-2.0
//
// What happens to service jobs beyond what happens to all: they are handed to
// an external service, which may have no capacity for them, and are placed in
// a service environment rather than on an instance.
//
// Source: guide "Service jobs"; §19, §15.6. A service job is in SCHEDULED from
// the moment at which it is handed over until the service has the capacity;
// what it takes counts against its environment from then on.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/jobs/reasons.h"
#include "lib/model/limits.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

// --- Where ------------------------------------------------------------------

// `job`: whose room it may be that is kept; capacity that is kept for jobs
// that preempted before it did is left alone.
Placement TurnRunner::FindServicePlace(const QueueRecord& queue,
                                       const Requirement& need,
                                       JobKey job) const {
  const ServiceEnvironmentRecord& environment =
      state_.service_environments[queue.service];
  if (!environment.places_jobs() ||
      environment.capacity.IsBackingOff(need.capacity_usage)) {
    return {Held::kService, kNoIndex, kNoIndex};
  }
  if (!environment.capacity.Fits(need.capacity_usage,
                                 KeptInService(queue, job))) {
    return {};
  }
  return {Held::kNot, queue.service, kNoIndex};
}

// What is kept of the queue's service environment for jobs that preempted
// others; for those that did so before `job`, if it is one of them. What is
// still used by jobs that are being stopped for them is no part of it.
std::vector<CapacityUsage> TurnRunner::KeptInService(const QueueRecord& queue,
                                                     JobKey job) const {
  std::vector<CapacityUsage> kept;
  if (!queue.quota.has_value() || queue.quota->earmarks.empty()) return kept;
  std::map<std::string, int64_t> amounts;
  for (const Earmark& earmark : queue.quota->earmarks) {
    if (earmark.job == job) break;
    for (const CapacityUsage& usage :
         RequirementOf(earmark.job).capacity_usage) {
      amounts[usage.capacity_unit] += usage.quantity;
    }
  }
  if (amounts.empty()) return kept;
  for (uint32_t share : queue.quota->order) {
    const SequenceBitmap& dispatched = queue.quota->shares[share].dispatched;
    for (uint64_t i = dispatched.First(); i != SequenceBitmap::kNone;
         i = dispatched.FirstAtLeast(i + 1)) {
      const LiveAttempt& attempt = jobs_.live(static_cast<uint32_t>(i));
      if (!IsPreemption(attempt.stop) || attempt.environment != queue.service) {
        continue;
      }
      for (const CapacityUsage& usage :
           jobs_.spec(attempt.spec).extras->capacity_usage) {
        const auto amount = amounts.find(usage.capacity_unit);
        if (amount != amounts.end()) amount->second -= usage.quantity;
      }
    }
  }
  for (const auto& [unit, quantity] : amounts) {
    if (quantity > 0) kept.push_back({unit, quantity});
  }
  return kept;
}

// Source: §15.6. Choice: D52, for an environment that is DISABLED.
TextIndex TurnRunner::ServiceBlockedReason(const QueueRecord& queue,
                                           const Requirement& need) const {
  const ServiceEnvironmentRecord& environment =
      state_.service_environments[queue.service];
  if (!environment.capacity.MayEverFit(need.capacity_usage)) {
    return kBlockedServiceMaxResource;
  }
  if (!environment.places_jobs()) return kBlockedUndetermined;
  return environment.capacity.IsBackingOff(need.capacity_usage)
             ? kBlockedServiceCapacity
             : kNoReason;
}

// The job has left its line.
void TurnRunner::PlaceInService(JobKey job, uint32_t environment) {
  const uint32_t live = jobs_.BeginAttempt(job);
  ChargeService(live, environment);
  jobs_.Change(job, JobTrigger::kDispatched, kNoReason, now_ns_, journal_);
  ServiceJobRecord& record = state_.service_jobs[job.slot];
  record.scheduled_ns = now_ns_;
  record.resource.clear();
  Request request;
  request.kind = Request::Kind::kSubmitToService;
  request.environment = environment;
  request.live = live;
  request.live_generation = jobs_.LiveGeneration(live);
  requests_.push_back(request);
}

// --- What it takes ----------------------------------------------------------

void TurnRunner::ChargeService(uint32_t live, uint32_t environment) {
  LiveAttempt& attempt = jobs_.live(live);
  attempt.started_ns = now_ns_;
  attempt.environment = environment;
  attempt.instance = kNoIndex;
  ServiceEnvironmentRecord& record = state_.service_environments[environment];
  record.capacity.Take(jobs_.spec(attempt.spec).extras->capacity_usage);
  ++record.attempts;
  UseShare(live, 1);
}

void TurnRunner::DischargeService(uint32_t live) {
  const LiveAttempt& attempt = jobs_.live(live);
  ServiceEnvironmentRecord& record =
      state_.service_environments[attempt.environment];
  record.capacity.Give(jobs_.spec(attempt.spec).extras->capacity_usage);
  --record.attempts;
  ++record.epoch;
  UseShare(live, -1);
}

// --- What the service tells -------------------------------------------------

uint32_t TurnRunner::LiveFor(const ServiceReport& report) {
  const AttemptId& attempt = report.attempt;
  const std::optional<JobKey> key = jobs_.Find(attempt.job);
  const bool is_service =
      key.has_value() && jobs_.spec(jobs_.record(key->slot).spec).is_service();
  const uint32_t live = is_service ? jobs_.LiveOf(*key) : kNoIndex;
  if (live != kNoIndex && jobs_.live(live).number == attempt.number) {
    return live;
  }
  const bool was_once = is_service && attempt.number > 0 &&
                        attempt.number <= jobs_.AttemptsOf(*key);
  ++(was_once ? state_.ignored.late_or_repeated : state_.ignored.unknown);
  return kNoIndex;
}

void TurnRunner::NoteResource(uint32_t slot,
                              absl::string_view service_resource_id) {
  if (service_resource_id.empty()) return;
  state_.service_jobs[slot].resource =
      std::string(service_resource_id.substr(0, kServiceTextLengthMax));
}

bool TurnRunner::Take(const ServiceReport& report, int64_t at_ns) {
  const uint32_t live = LiveFor(report);
  if (live == kNoIndex) return true;
  const JobKey job = jobs_.live(live).job;
  const JobStatus status = jobs_.StatusOf(job);
  const bool started = jobs_.live(live).started;
  NoteResource(job.slot, report.service_resource_id);
  switch (report.kind) {
    case ServiceReport::Kind::kStarting:
      if (status == JobStatus::kScheduled) {
        state_.service_jobs[job.slot].no_capacity_since_ns = kNoTime;
        jobs_.Change(job, JobTrigger::kCapacityAcquired, kNoReason, at_ns,
                     journal_);
      } else {
        ++state_.ignored.late_or_repeated;
      }
      return true;
    case ServiceReport::Kind::kRunning:
      if (!started) return BringToRunning(live, at_ns);
      ++state_.ignored.late_or_repeated;
      return true;
    case ServiceReport::Kind::kNoCapacity:
      if (status == JobStatus::kScheduled) {
        ReturnFromService(live, at_ns);
      } else {
        ++state_.ignored.late_or_repeated;
      }
      return true;
    case ServiceReport::Kind::kSucceeded:
      if (!started && (!BringToRunning(live, at_ns) || !has_budget())) {
        return false;
      }
      break;
    case ServiceReport::Kind::kFailed:
      break;
  }
  const TextIndex reason = jobs_.InternText(
      absl::string_view(report.status_reason).substr(0, kServiceTextLengthMax));
  std::optional<int> exit_code;
  if (report.kind == ServiceReport::Kind::kSucceeded) exit_code = 0;
  EndServiceAttempt(live, at_ns, exit_code, reason);
  jobs_.ReleaseText(reason);
  return true;
}

// An attempt keeps the service's name for it where those of other jobs have
// their container's reason.
void TurnRunner::EndServiceAttempt(uint32_t live, int64_t at_ns,
                                   std::optional<int> exit_code,
                                   TextIndex status_reason) {
  ServiceJobRecord& record = state_.service_jobs[jobs_.live(live).job.slot];
  record.no_capacity_since_ns = kNoTime;
  const TextIndex resource = jobs_.InternText(record.resource);
  EndAttempt(live, at_ns, exit_code, resource, status_reason);
  jobs_.ReleaseText(resource);
}

// False: the budget did not reach, and what is left comes in the next turn.
bool TurnRunner::BringToRunning(uint32_t live, int64_t at_ns) {
  const JobKey job = jobs_.live(live).job;
  if (jobs_.StatusOf(job) == JobStatus::kScheduled) {
    state_.service_jobs[job.slot].no_capacity_since_ns = kNoTime;
    jobs_.Change(job, JobTrigger::kCapacityAcquired, kNoReason, at_ns,
                 journal_);
    if (!has_budget()) return false;
  }
  StartRunning(live, at_ns);
  return true;
}

// Source: API LatestServiceJobAttempt ("can transition from SCHEDULED back to
// RUNNABLE state when they encounter capacity constraints"); guide "Service
// jobs": no attempt is used up (§19). Choice: AWS does not say when it tries
// again. The job goes back to where it stood in its queue, and nothing that
// needs instances of its types is handed over for the back-off period.
void TurnRunner::ReturnFromService(uint32_t live, int64_t at_ns) {
  const LiveAttempt attempt = jobs_.live(live);
  const JobKey job = attempt.job;
  if (jobs_.IsEndedByCaller(job) || IsInDeletedQueue(job)) {
    EndServiceAttempt(live, at_ns, std::nullopt, kNoReason);
    return;
  }
  ServiceJobRecord& record = state_.service_jobs[job.slot];
  if (record.no_capacity_since_ns == kNoTime) {
    record.no_capacity_since_ns = record.scheduled_ns;
  }
  record.resource.clear();
  Discharge(live);
  jobs_.AbandonAttempt(live);
  jobs_.Change(job, JobTrigger::kNoCapacity, kNoReason, at_ns, journal_);
  EnterLine(job);
  const int64_t until_ns = SaturatingAdd(now_ns_, state_.settings.back_off_ns);
  state_.service_environments[attempt.environment].capacity.BackOff(
      jobs_.spec(attempt.spec).extras->capacity_usage, until_ns);
  state_.deadlines.Add(until_ns, state_.settings.back_off_ns,
                       static_cast<uint8_t>(DeadlineKind::kServiceBackOff),
                       attempt.environment, 0);
}

void TurnRunner::EndServiceBackOff(uint32_t environment) {
  ServiceEnvironmentRecord& record = state_.service_environments[environment];
  record.capacity.EndBackOff(now_ns_);
  ++record.epoch;
}

void TurnRunner::RequestServiceStop(uint32_t live) {
  Request request;
  request.kind = Request::Kind::kStopInService;
  request.environment = jobs_.live(live).environment;
  request.container = ContainerOf(live);
  requests_.push_back(request);
}

}  // namespace embatch
