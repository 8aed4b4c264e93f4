// SPDX-License-Identifier: Apache-2.0
//
// What a queue looks like at this moment: who is next, and what it uses.
// Source: API GetJobQueueSnapshot; §20.4. Choice: D40, D50.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/time.h"
#include "lib/model/limits.h"
#include "lib/model/validation.h"
#include "lib/scheduler/quota_reads.h"
#include "lib/scheduler/reads.h"

namespace embatch {
namespace {

// When a job became RUNNABLE. A child whose story is that of its siblings has
// no time of its own: the latest release among them counts.
int64_t WaitsSince(const State& state, JobKey job) {
  const JobDetails* details = state.jobs.FindDetails(job);
  if (details != nullptr && details->stopped_ns != kNoTime) {
    return details->stopped_ns;
  }
  return state.jobs.array(job.slot).released_ns;
}

// Walks along the RUNNABLE jobs of a line; of an array its children by index.
class LineWalk {
 public:
  LineWalk(const State& state, uint32_t queue, const WaitingLine& line)
      : state_(&state), queue_(queue), line_(&line), place_(line.Head()) {
    Enter();
  }

  const std::optional<LinePlace>& place() const { return place_; }  // none: end
  JobKey job() const { return job_; }

  void Next() {
    if (job_.is_child()) {
      const uint64_t child =
          Children().FirstAtLeast(static_cast<uint64_t>(job_.child) + 1);
      if (child != SequenceBitmap::kNone) {
        job_.child = static_cast<int32_t>(child);
        return;
      }
    }
    place_ = line_->order().FirstBehind(*place_);
    Enter();
  }

 private:
  const SequenceBitmap& Children() const {
    return state_->jobs.array(job_.slot).waiting[place_->retry_class];
  }
  void Enter() {
    if (!place_.has_value()) return;
    job_ = {state_->jobs.SlotAt(queue_, place_->sequence), -1};
    if (state_->jobs.record(job_.slot).is_array()) {
      job_.child = static_cast<int32_t>(Children().First());
    }
  }

  const State* state_;
  uint32_t queue_;
  const WaitingLine* line_;
  std::optional<LinePlace> place_;
  JobKey job_;
};

using Jobs = std::vector<JobKey>;

Jobs FrontOfLine(const State& state, uint32_t queue) {
  Jobs jobs;
  LineWalk walk(state, queue, state.queues[queue].line);
  for (; walk.place().has_value() && jobs.size() < kSnapshotJobsMax;
       walk.Next()) {
    jobs.push_back(walk.job());
  }
  return jobs;
}

// Source: API FrontOfQueueDetail.jobs, by share usage and priority. Choice:
// D13, a job that starts moves its share behind others, as it will in the
// cycle.
Jobs FrontOfFairShares(const State& state, uint32_t queue) {
  Jobs jobs;
  const FairShare& shares = state.queues[queue].fair_share;
  std::map<uint32_t, LineWalk> walks;
  FairShare::Outlook outlook(shares);
  for (uint32_t share = outlook.First();
       share != FairShare::kNone && jobs.size() < kSnapshotJobsMax;
       share = outlook.First()) {
    LineWalk& walk = walks.try_emplace(share, state, queue, shares.line(share))
                         .first->second;
    jobs.push_back(walk.job());
    const Requirement& need =
        state.jobs.requirement(state.jobs.record(walk.job().slot).requirement);
    walk.Next();
    outlook.Start(need.total_vcpu_milli(), walk.place());
  }
  return jobs;
}

// Choice: §15.3, shares take turns; whether they use their own or borrow is
// not foreseen.
Jobs FrontOfTurns(const State& state, uint32_t queue) {
  Jobs jobs;
  const QuotaQueue& quota = *state.queues[queue].quota;
  std::vector<LineWalk> walks;
  for (size_t i = 0; i < quota.order.size(); ++i) {
    const uint32_t share = quota.order[(quota.next + i) % quota.order.size()];
    walks.emplace_back(state, queue, quota.shares[share].line);
  }
  for (bool any = true; any;) {
    any = false;
    for (LineWalk& walk : walks) {
      if (!walk.place().has_value()) continue;
      if (jobs.size() == kSnapshotJobsMax) return jobs;
      jobs.push_back(walk.job());
      walk.Next();
      any = true;
    }
  }
  return jobs;
}

// The first RUNNABLE jobs in the order in which they would be dispatched.
Jobs FrontOf(const State& state, uint32_t queue) {
  switch (state.queues[queue].kind) {
    case QueueKind::kFifo:
      break;
    case QueueKind::kFairShare:
      return FrontOfFairShares(state, queue);
    case QueueKind::kQuotaShare:
      return FrontOfTurns(state, queue);
  }
  return FrontOfLine(state, queue);
}

FrontOfQueueJob AtPosition(const State& state, const QueueRecord& queue,
                           JobKey job) {
  return {state.jobs.IdOf(job),
          FromNanos(std::max(queue.moved_ns, WaitsSince(state, job)))};
}

// Source: API FairshareUtilizationDetail, "currently utilizing capacity".
void AddFairShares(const FairShare& shares, QueueUtilization* utilization) {
  const std::vector<uint32_t> using_some = shares.ByUse();
  utilization->active_share_count = static_cast<int64_t>(using_some.size());
  for (uint32_t share : using_some) {
    if (utilization->top_capacity_utilization.size() == kSnapshotSharesMax) {
      return;
    }
    utilization->top_capacity_utilization.push_back(
        {shares.identifier(share), {{kUnitVcpu, shares.vcpu_milli(share)}}});
  }
}

// Source: API QuotaShareUtilizationDetail. Choice: of several units the one
// that a share names first decides; of equal ones the older share goes first.
void AddQuotaShares(const QuotaQueue& quota, QueueUtilization* utilization) {
  utilization->total_usage_milli.clear();
  auto& top = utilization->top_capacity_utilization;
  for (uint32_t share : quota.order) {
    std::vector<CapacityUsage> usage = UsageOfQuotaShare(quota, share);
    bool uses_some = false;
    for (const CapacityUsage& unit : usage) {
      uses_some |= unit.quantity > 0;
      auto& total = utilization->total_usage_milli;
      const auto known = std::find_if(
          total.begin(), total.end(), [&unit](const CapacityUsage& other) {
            return other.capacity_unit == unit.capacity_unit;
          });
      if (known == total.end()) {
        total.push_back(unit);
      } else {
        known->quantity += unit.quantity;
      }
    }
    if (!uses_some) continue;
    ++utilization->active_share_count;
    top.push_back(
        {quota.shares[share].config.quota_share_name(), std::move(usage)});
  }
  std::stable_sort(top.begin(), top.end(),
                   [](const ShareUtilization& a, const ShareUtilization& b) {
                     return a.usage_milli.front().quantity >
                            b.usage_milli.front().quantity;
                   });
  if (top.size() > kSnapshotSharesMax) top.resize(kSnapshotSharesMax);
}

// Service jobs take instances: by type in all, and of whatever type where fair
// shares are compared.
void CountInstances(const State& state, uint32_t queue,
                    QueueUtilization* utilization) {
  std::map<std::string, int64_t> in_use_milli;
  state.jobs.ForEachLive([&](const LiveAttempt& attempt) {
    if (state.jobs.record(attempt.job.slot).queue != queue) return;
    for (const CapacityUsage& usage :
         state.jobs.spec(attempt.spec).extras->capacity_usage) {
      in_use_milli[usage.capacity_unit] += usage.quantity * 1000;
    }
  });
  utilization->total_usage_milli.clear();
  for (const auto& [type, quantity] : in_use_milli) {
    utilization->total_usage_milli.push_back({type, quantity});
  }
  for (ShareUtilization& share : utilization->top_capacity_utilization) {
    for (CapacityUsage& usage : share.usage_milli) {
      if (usage.capacity_unit == kUnitVcpu)
        usage.capacity_unit = kUnitInstances;
    }
  }
}

}  // namespace

absl::StatusOr<JobQueueSnapshot> ReadJobQueueSnapshot(const State& state,
                                                      absl::string_view name) {
  const std::optional<uint32_t> index = FindQueue(state, name);
  if (!index.has_value()) {
    return absl::NotFoundError(
        absl::StrCat("Job queue ", Quoted(name), " does not exist"));
  }
  JobQueueSnapshot snapshot;
  const QueueRecord& queue = state.queues[*index];
  for (const JobKey& job : FrontOf(state, *index)) {
    snapshot.front_of_queue.push_back(AtPosition(state, queue, job));
  }
  for (const FrontOfQuotaShare& front : FrontOfQuotaShares(state, *index)) {
    auto& first =
        snapshot.front_of_quota_shares[queue.quota->shares[front.share]
                                           .config.quota_share_name()];
    if (!front.job.is_null()) first = AtPosition(state, queue, front.job);
  }
  state.jobs.ForEachLive([&](const LiveAttempt& attempt) {
    const JobRecord& record = state.jobs.record(attempt.job.slot);
    if (record.queue != *index) return;
    // A node counts as its share is charged for it (§14.2).
    snapshot.vcpu_milli_in_use +=
        state.jobs.requirement(record.requirement).resources.vcpu_milli;
    ++snapshot.dispatched_jobs;
  });
  QueueUtilization& utilization = snapshot.queue_utilization;
  utilization.total_usage_milli = {{kUnitVcpu, snapshot.vcpu_milli_in_use}};
  if (queue.kind == QueueKind::kFairShare) {
    AddFairShares(queue.fair_share, &utilization);
  }
  if (queue.quota.has_value()) AddQuotaShares(*queue.quota, &utilization);
  if (queue.is_for_services()) CountInstances(state, *index, &utilization);
  snapshot.last_updated_at = FromNanos(state.now_ns);
  return snapshot;
}

}  // namespace embatch
