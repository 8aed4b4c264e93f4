// SPDX-License-Identifier: Apache-2.0
//
// The life of an environment inside the scheduler: created, updated, deleted,
// and what that means for its instances and the jobs on them.
//
// Source: guide "Updating compute environments", API DeleteComputeEnvironment;
// §16.7, §16.8. Choice: old instances drain: they take no jobs, and each goes
// when its last one is over. Jobs that may not go on are stopped politely, and
// end as if the host had been terminated, which is what AWS shows.
#include "absl/strings/str_cat.h"
#include "lib/jobs/reasons.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

void TurnRunner::StepEnvironment(uint32_t index) {
  EnvironmentRecord& environment = fleet_.environment(index);
  switch (environment.status) {
    case ResourceStatus::kCreating:
      break;
    case ResourceStatus::kUpdating:
      if (environment.is_changed) {
        environment.is_changed = false;
        // The delay before scale-in may be another one.
        for (uint32_t slot = environment.first_instance; slot != Fleet::kNone;
             slot = fleet_.instance(slot).next) {
          UnwatchIdle(slot);
          WatchIdle(slot);
        }
        if (environment.replaces_instances) {
          environment.replaces_instances = false;
          ++environment.generation;
          const UpdatePolicy policy =
              environment.config.options().update_policy.value_or(
                  UpdatePolicy());
          Drain(index, policy.terminate_jobs_on_update);
          const int64_t timeout_ns = DurationToNanos(
              absl::Minutes(policy.job_execution_timeout_minutes));
          if (!policy.terminate_jobs_on_update && environment.draining > 0) {
            state_.deadlines.Add(
                SaturatingAdd(now_ns_, timeout_ns), timeout_ns,
                static_cast<uint8_t>(DeadlineKind::kUpdateTimeout), index,
                environment.generation);
          }
        }
      }
      if (environment.draining > 0) return;
      break;
    case ResourceStatus::kDeleting:
      Delete(index);
      return;
    case ResourceStatus::kDeleted:
    case ResourceStatus::kValid:
    case ResourceStatus::kInvalid:
      return;
  }
  environment.status = ResourceStatus::kValid;
  environment.status_reason = kEnvironmentHealthy;
  ++environment.epoch;
}

bool TurnRunner::IsEnvironmentStepDue(
    const EnvironmentRecord& environment) const {
  return (environment.status == ResourceStatus::kUpdating &&
          environment.draining == 0) ||
         (environment.status == ResourceStatus::kDeleting &&
          environment.first_instance == Fleet::kNone);
}

void TurnRunner::Delete(uint32_t index) {
  EnvironmentRecord& environment = fleet_.environment(index);
  const bool is_new = std::exchange(environment.is_changed, false);
  if (environment.pool != Fleet::kNone &&
      fleet_.instance(environment.pool).running > 0) {
    // Source: API DeleteComputeEnvironment ("you must terminate all active jobs
    // on Fargate, or the compute environment enters an invalid state").
    environment.status = ResourceStatus::kInvalid;
    environment.status_reason =
        "Jobs were active on Fargate when the compute environment was deleted.";
    ++environment.epoch;
    return;
  }
  if (is_new) Drain(index, true);
  if (environment.first_instance == Fleet::kNone) fleet_.Forget(index);
}

// All instances take no more jobs. What is empty, or boots, goes now; on the
// others jobs are stopped, or run on.
void TurnRunner::Drain(uint32_t index, bool stop) {
  for (uint32_t slot = fleet_.environment(index).first_instance;
       slot != Fleet::kNone; slot = fleet_.instance(slot).next) {
    if (fleet_.instance(slot).state == InstanceState::kLost) continue;
    UnwatchIdle(slot);
    fleet_.StopPlacing(slot, InstanceState::kDraining);
    if (fleet_.instance(slot).running == 0) {
      AddInstanceWork(WorkKind::kInstanceEmpty, slot);
    } else if (stop) {
      AddInstanceWork(WorkKind::kStopInstance, slot);
    }
  }
}

// The time that an update left to running jobs is over.
void TurnRunner::StopOldInstances(uint32_t index) {
  for (uint32_t slot = fleet_.environment(index).first_instance;
       slot != Fleet::kNone; slot = fleet_.instance(slot).next) {
    if (fleet_.instance(slot).state == InstanceState::kDraining) {
      AddInstanceWork(WorkKind::kStopInstance, slot);
    }
  }
}

void TurnRunner::AddInstanceWork(WorkKind kind, uint32_t slot) {
  WorkItem item;
  item.kind = kind;
  item.slot = slot;
  item.generation = fleet_.InstanceGeneration(slot);
  state_.work.push_back(item);
}

bool TurnRunner::StopInstance(const WorkItem& item) {
  if (!fleet_.IsInstance(item.slot, item.generation)) return true;
  uint32_t next = kNoIndex;
  for (uint32_t live = fleet_.instance(item.slot).first_attempt;
       live != kNoIndex; live = next) {
    next = jobs_.live(live).behind;
    if (jobs_.live(live).stop != StopCause::kNone) continue;
    if (!has_budget()) return false;
    StopAttempt(live, StopCause::kHostTerminated);
  }
  return true;
}

bool TurnRunner::InstanceEmpty(const WorkItem& item) {
  if (!fleet_.IsInstance(item.slot, item.generation)) return true;
  const InstanceRecord& instance = fleet_.instance(item.slot);
  if (instance.state != InstanceState::kDraining || instance.running > 0) {
    return true;
  }
  // What joined on its own is not ours to end.
  if (instance.type != Fleet::kNone) {
    Request request;
    request.kind = Request::Kind::kTerminate;
    request.environment = instance.environment;
    request.instance = InstanceId{instance.number};
    requests_.push_back(request);
  }
  fleet_.Remove(item.slot);
  return true;
}

// Source: §17 [docs, field].
TextIndex TurnRunner::HostTerminated(uint32_t slot) const {
  const TextIndex text = jobs_.InternText(absl::StrCat(
      "Host EC2 (instance ", fleet_.instance(slot).name, ") terminated."));
  jobs_.ReleaseText(text);
  return text;
}

// Source: §16.4, Fargate capacity is per job. Choice: AWS shows nothing of a
// task that Fargate could not place at first. Here the job goes back to where
// it stood in its queue as if it had not been tried: no attempt is used up or
// recorded, and the environment counts as full for the back-off period, so that
// the queue's next one is tried meanwhile.
void TurnRunner::ReturnForWantOfCapacity(uint32_t live, int64_t at_ns) {
  const JobKey job = jobs_.live(live).job;
  const uint32_t environment = jobs_.live(live).environment;
  state_.consumables.Return(live);
  Discharge(live);
  jobs_.AbandonAttempt(live);
  jobs_.Change(job, JobTrigger::kNoCapacity, kNoReason, at_ns, journal_);
  EnterLine(job);
  const int64_t until_ns = SaturatingAdd(now_ns_, state_.settings.back_off_ns);
  if (fleet_.environment(environment).back_off_until_ns < until_ns) {
    state_.deadlines.Add(until_ns, state_.settings.back_off_ns,
                         static_cast<uint8_t>(DeadlineKind::kBackOff),
                         environment, 0);
  }
  fleet_.BackOff(environment, until_ns);
}

}  // namespace embatch
