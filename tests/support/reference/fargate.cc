// SPDX-License-Identifier: Apache-2.0
//
// FARGATE and FARGATE_SPOT: no instances; maxvCpus counts the vCPUs of jobs.
// Source: §16.2, §16.4, §17.
#include <algorithm>
#include <utility>

#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

// One instance without a number stands for all the room there is; only vCPUs
// are counted.
void ReferenceScheduler::MakePool(int environment) {
  if (!environments_[environment].is_fargate()) return;
  Instance pool;
  pool.environment = environment;
  pool.state = InstanceState::kReady;
  pool.is_pool = true;
  pool.total.memory_mib = int64_t{1} << 60;
  instances_.push_back(std::move(pool));
}

bool ReferenceScheduler::IsOnFargate(const Job& job) const {
  return instances_[job.attempt->instance].is_pool;
}

// It was as if it had not been tried: it is where it stood in its queue, and
// its environment has no room for a while.
void ReferenceScheduler::ReturnForWantOfCapacity(int index) {
  Job& job = jobs_[index];
  const Attempt attempt = *job.attempt;
  uses_[attempt.use].to_ms = now_ns_ / 1000000;
  GiveConsumablesBack(attempt, /*as_if_not_tried=*/true);
  ++instances_[attempt.instance].attempts_left;
  job.attempt.reset();
  --job.attempts;
  Change(index, JobStatus::kRunnable, "");
  const int64_t back_off_ns = absl::ToInt64Nanoseconds(
      std::max(options_.capacity_back_off, absl::Milliseconds(1)));
  Environment& environment =
      environments_[instances_[attempt.instance].environment];
  int64_t& until_ns = environment.no_capacity_until_ns;
  const int64_t then_ns = After(now_ns_, back_off_ns);
  if (then_ns <= until_ns) return;
  until_ns = then_ns;
  environment.back_off_ends_ns.push_back(then_ns);
}

}  // namespace embatch::reference
