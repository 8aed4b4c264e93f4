// SPDX-License-Identifier: Apache-2.0
//
// Scheduling policies and the shares of fair-share queues. Source: §14.
#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/match.h"
#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

constexpr int64_t kNanosPerMilli = 1000000;
constexpr int64_t kWindowDefaultSeconds = 600;  // stands for 0
constexpr int64_t kLookAheadMs = 60000;         // Choice: D13
constexpr int64_t kWeightDefault = 10000;

int64_t WindowSeconds(const FairsharePolicy& policy) {
  const int64_t seconds = absl::ToInt64Seconds(policy.share_decay);
  return seconds == 0 ? kWindowDefaultSeconds : seconds;
}

}  // namespace

void ReferenceScheduler::Do(const CreateSchedulingPolicyCommand& command) {
  policies_[command.scheduling_policy.name()] =
      command.scheduling_policy.options();
}

// Source: §14.1, the body is replaced.
void ReferenceScheduler::Do(const UpdateSchedulingPolicyCommand& command) {
  SchedulingPolicyOptions& policy = policies_[command.scheduling_policy.name()];
  policy.fairshare_policy =
      command.scheduling_policy.options().fairshare_policy;
  policy.quota_share_policy =
      command.scheduling_policy.options().quota_share_policy;
  for (Queue& queue : queues_) {
    if (queue.options.scheduling_policy == policy.name) AdoptPolicy(queue);
  }
}

void ReferenceScheduler::Do(const DeleteSchedulingPolicyCommand& command) {
  policies_.erase(command.name);
}

// A changed shareDecaySeconds starts the history afresh. Choice: D12.
void ReferenceScheduler::AdoptPolicy(Queue& queue) {
  if (queue.options.scheduling_policy.empty()) return;
  queue.has_quotas =
      policies_[queue.options.scheduling_policy].quota_share_policy.has_value();
  const auto& policy =
      policies_[queue.options.scheduling_policy].fairshare_policy;
  if (!policy) return;
  if (queue.fairshare_policy &&
      WindowSeconds(*queue.fairshare_policy) != WindowSeconds(*policy)) {
    queue.history_from_ms = now_ns_ / kNanosPerMilli;
  }
  queue.fairshare_policy = policy;
}

// A share is active from its first job on. Source: §14.4.
void ReferenceScheduler::ActivateShare(Queue& queue,
                                       const std::string& identifier) {
  if (!queue.fairshare_policy) return;
  queue.shares[identifier].active = true;
}

// Until the window has passed after its last job ended. Choice: D15, D69.
bool ReferenceScheduler::IsShareOver(int queue,
                                     const std::string& identifier) const {
  int64_t last_end_ns = 0;
  for (const Job& job : jobs_) {
    if (job.queue != queue || job.share != identifier || job.is_child()) {
      continue;
    }
    if (!IsTerminal(job.status)) return false;
    last_end_ns = std::max(last_end_ns, job.stopped_ns);
  }
  const int64_t window_ns =
      1000000000 * WindowSeconds(*queues_[queue].fairshare_policy);
  return After(last_end_ns, window_ns) <= now_ns_;
}

void ReferenceScheduler::RestShares() {
  for (int i = 0; i < static_cast<int>(queues_.size()); ++i) {
    for (auto& [identifier, share] : queues_[i].shares) {
      if (share.active && IsShareOver(i, identifier)) share.active = false;
    }
  }
}

// --- Keys -------------------------------------------------------------------

// Source: §14.1, the weight of a prefix is shared by its active members.
// Choice: D64.
int64_t ReferenceScheduler::WeightOf(const Queue& queue,
                                     const std::string& identifier) const {
  for (const ShareAttributes& entry :
       queue.fairshare_policy->share_distribution) {
    std::string prefix = entry.share_identifier;
    if (prefix.back() != '*') {
      if (prefix == identifier) return entry.weight_factor_ten_thousandths;
      continue;
    }
    prefix.pop_back();
    if (!absl::StartsWith(identifier, prefix)) continue;
    int64_t members = 0;
    for (const auto& [other, share] : queue.shares) {
      if (share.active && absl::StartsWith(other, prefix)) ++members;
    }
    return entry.weight_factor_ten_thousandths * std::max<int64_t>(1, members);
  }
  return kWeightDefault;
}

// Source: §14.2. Choice: D12, the sum written out tick by tick; in whole
// milliseconds of the turns in which attempts were begun and ended.
absl::uint128 ReferenceScheduler::KeyOf(const Queue& queue,
                                        const std::string& identifier) const {
  const int64_t window = WindowSeconds(*queue.fairshare_policy);
  const int64_t tick_seconds = std::max<int64_t>(1, (window + 599) / 600);
  const int64_t n = (window + tick_seconds - 1) / tick_seconds;
  const int64_t tick_ms = 1000 * tick_seconds;
  const int64_t current = now_ns_ / kNanosPerMilli / tick_ms;
  absl::uint128 key = 0;
  for (const Use& use : uses_) {
    if (&queues_[use.queue] != &queue || use.share != identifier) continue;
    for (int64_t k = std::max(current - n + 1, use.from_ms / tick_ms);
         k < current && k * tick_ms < use.to_ms; ++k) {
      const int64_t from =
          std::max({k * tick_ms, use.from_ms, queue.history_from_ms});
      const int64_t to = std::min((k + 1) * tick_ms, use.to_ms);
      if (from >= to) continue;
      key += absl::uint128(static_cast<uint64_t>(use.vcpu_milli)) *
             static_cast<uint64_t>(to - from) *
             static_cast<uint64_t>(n - (current - k));
    }
    if (use.to_ms == kNever) {
      key += absl::uint128(static_cast<uint64_t>(use.vcpu_milli)) *
             static_cast<uint64_t>(n * kLookAheadMs);
    }
  }
  return key * static_cast<uint64_t>(WeightOf(queue, identifier));
}

// Shares by their keys; inside a share by priority; then as in any queue.
// Source: §14.3. `waiting` is in that last order.
void ReferenceScheduler::SortByShares(const Queue& queue,
                                      std::vector<int>& waiting) const {
  std::stable_sort(waiting.begin(), waiting.end(), [this](int a, int b) {
    return jobs_[a].priority > jobs_[b].priority;
  });
  struct Standing {
    absl::uint128 key;
    bool started_before = false;
    int head = kNothing;
  };
  std::map<std::string, Standing> standings;
  for (int job : waiting) {
    const auto [entry, is_new] = standings.try_emplace(jobs_[job].share);
    if (!is_new) continue;
    entry->second.key = KeyOf(queue, jobs_[job].share);
    entry->second.started_before = jobs_[job].retried;
    entry->second.head = job;
  }
  std::stable_sort(waiting.begin(), waiting.end(), [&](int a, int b) {
    const Standing& x = standings[jobs_[a].share];
    const Standing& y = standings[jobs_[b].share];
    return std::make_tuple(x.key, !x.started_before, x.head) <
           std::make_tuple(y.key, !y.started_before, y.head);
  });
}

// --- The reservation --------------------------------------------------------

// Source: §14.4. Choice: D14, D51.
bool ReferenceScheduler::IsHeldByReservation(const Queue& queue,
                                             int job) const {
  if (!queue.fairshare_policy) return false;
  int64_t in_use = 0;
  for (const Use& use : uses_) {
    if (&queues_[use.queue] == &queue && use.to_ms == kNever) {
      in_use += use.vcpu_milli;
    }
  }
  if (in_use == 0) return false;
  int64_t most = 0;
  for (int environment : queue.environments) {
    most += environments_[environment].max_vcpu_milli();
    most +=
        1000 * environments_[environment].options.unmanaged_vcpus.value_or(0);
  }
  int64_t reserved = most;
  for (const auto& [identifier, share] : queue.shares) {
    if (share.active) {
      reserved = reserved * queue.fairshare_policy->compute_reservation / 100;
    }
  }
  const Need& need = jobs_[job].need;
  return reserved > 0 && in_use + need.total_vcpu_milli() > most - reserved;
}

}  // namespace embatch::reference
