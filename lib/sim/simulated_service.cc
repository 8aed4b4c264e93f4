// SPDX-License-Identifier: Apache-2.0
#include "embatch/sim/simulated_service.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace embatch {

void SimulatedService::Submit(const ServiceJobSpec& spec) noexcept {
  const auto [training, is_new] =
      trainings_.try_emplace({spec.attempt.job, spec.attempt.number});
  if (!is_new) return;
  Training& made = training->second;
  made.fate = options_.script ? options_.script(spec) : options_.default_fate;
  made.usage.assign(spec.capacity_usage.begin(), spec.capacity_usage.end());
  made.resource_id = absl::StrCat(options_.arn_prefix, "training-job/",
                                  spec.JobIdText(), "-", spec.attempt.number);
  ++counts_.submitted;
  ++counts_.held;
  Schedule(training, now_ + made.fate.capacity_delay);
}

void SimulatedService::Stop(AttemptId attempt) noexcept {
  const auto training = trainings_.find({attempt.job, attempt.number});
  if (training == trainings_.end() || training->second.stopped) return;
  training->second.stopped = true;
  Schedule(training, now_ + training->second.fate.stop_delay);
}

// Replaces what was due for it before.
void SimulatedService::Schedule(Trainings::iterator training, absl::Time time) {
  agenda_.erase(training->second.due);
  training->second.due = {time, next_entry_++};
  if (time == absl::InfiniteFuture()) return;
  agenda_[training->second.due] = training->first;
}

void SimulatedService::Poll(absl::Time now, int max,
                            std::vector<ServiceReport>& out) noexcept {
  now_ = std::max(now_, now);
  for (int i = 0; i < max && !agenda_.empty(); ++i) {
    const auto [time, entry] = agenda_.begin()->first;
    if (time > now_) return;
    const auto training = trainings_.find(agenda_.begin()->second);
    agenda_.erase(agenda_.begin());
    out.push_back(Happen(training, time));
  }
}

absl::Time SimulatedService::NextReportTime() const noexcept {
  return agenda_.empty() ? absl::InfiniteFuture()
                         : agenda_.begin()->first.first;
}

bool SimulatedService::HasCapacityFor(const Training& training) const {
  if (training.fate.no_capacity) return false;
  return std::all_of(
      training.usage.begin(), training.usage.end(),
      [this](const CapacityUsage& usage) {
        const auto limit = options_.capacity.find(usage.capacity_unit);
        const auto used = in_use_.find(usage.capacity_unit);
        return limit == options_.capacity.end() ||
               usage.quantity + (used == in_use_.end() ? 0 : used->second) <=
                   limit->second;
      });
}

void SimulatedService::Hold(const Training& training, int64_t times) {
  for (const CapacityUsage& usage : training.usage) {
    in_use_[usage.capacity_unit] += times * usage.quantity;
  }
}

// What was due for a training takes place.
ServiceReport SimulatedService::Happen(Trainings::iterator training,
                                       absl::Time time) {
  Training& one = training->second;
  const AttemptId attempt{training->first.first, training->first.second};
  if (one.stopped) return End(training, time);
  switch (one.phase) {
    case Phase::kWaiting:
      if (!HasCapacityFor(one)) {
        ++counts_.no_capacity;
        --counts_.held;
        trainings_.erase(training);
        return ServiceReport::NoCapacity(time, attempt);
      }
      Hold(one, 1);
      one.phase = Phase::kStarting;
      Schedule(training, time + one.fate.start_delay);
      return ServiceReport::Starting(time, attempt, one.resource_id);
    case Phase::kStarting:
      if (one.fate.start_fails) return End(training, time);
      one.phase = Phase::kRunning;
      Schedule(training, time + one.fate.run_time);
      return ServiceReport::Running(time, attempt);
    case Phase::kRunning:
      break;
  }
  return End(training, time);
}

ServiceReport SimulatedService::End(Trainings::iterator training,
                                    absl::Time time) {
  Training& one = training->second;
  const AttemptId attempt{training->first.first, training->first.second};
  const bool succeeds =
      !one.stopped && one.phase == Phase::kRunning && !one.fate.fails;
  std::string reason = one.fate.status_reason;
  if (reason.empty()) {
    reason = absl::StrCat("Received status from SageMaker: ",
                          one.stopped ? "Stopped"
                          : succeeds  ? "Completed"
                                      : "Failed");
  }
  if (one.phase != Phase::kWaiting) Hold(one, -1);
  ++(succeeds ? counts_.succeeded : counts_.failed);
  --counts_.held;
  trainings_.erase(training);
  return succeeds ? ServiceReport::Succeeded(time, attempt, reason)
                  : ServiceReport::Failed(time, attempt, reason);
}

}  // namespace embatch
