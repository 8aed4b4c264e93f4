// SPDX-License-Identifier: Apache-2.0
//
// Queues with quota shares: what shares have, use, lend and borrow; and the
// cycle, in which each share is a queue of its own. Source: §15.
#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

}  // namespace

// --- Commands ---------------------------------------------------------------

int ReferenceScheduler::FindQuota(const Queue& queue,
                                  absl::string_view name) const {
  for (int quota : queue.quota_order) {
    if (queue.quotas[quota].options.quota_share_name == name) return quota;
  }
  return kNothing;
}

void ReferenceScheduler::Do(const CreateQuotaShareCommand& command) {
  const QuotaShareOptions& options = command.quota_share.options();
  Queue& queue = queues_[FindQueue(options.job_queue)];
  queue.quota_order.push_back(static_cast<int>(queue.quotas.size()));
  queue.quotas.emplace_back().options = options;
}

void ReferenceScheduler::Do(const UpdateQuotaShareRequest& request) {
  Queue& queue = queues_[FindQueue(request.job_queue)];
  QuotaShareOptions& options =
      queue.quotas[FindQuota(queue, request.quota_share_name)].options;
  if (!request.capacity_limits.empty()) {
    options.capacity_limits = request.capacity_limits;
  }
  if (request.resource_sharing) {
    options.resource_sharing = *request.resource_sharing;
  }
  if (request.in_share_preemption) {
    options.in_share_preemption = *request.in_share_preemption;
  }
  if (request.state) options.state = *request.state;
}

// Source: §15.2, its jobs are terminated. Choice: D42.
void ReferenceScheduler::Do(const DeleteQuotaShareCommand& command) {
  const int index = FindQueue(command.job_queue);
  if (index == kNothing) return;
  const int quota = FindQuota(queues_[index], command.quota_share_name);
  if (quota == kNothing ||
      queues_[index].quotas[quota].status == ResourceStatus::kDeleting) {
    return;
  }
  queues_[index].quotas[quota].status = ResourceStatus::kDeleting;
  Consequence item;
  item.kind = Consequence::Kind::kDeleteQuota;
  item.queue = index;
  item.first = quota;
  work_.push_back(item);
}

// In the order of their submission. Choice: D57, a reason that is there stays.
void ReferenceScheduler::DeleteQuota(int queue, int quota) {
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    Job& job = jobs_[i];
    if (job.queue != queue || job.quota != quota || job.is_child() ||
        IsTerminal(job.status)) {
      continue;
    }
    if (!job.ended_by_caller()) job.request_reason = "Quota share deleted";
    job.terminated = true;
    job.touched = true;
    Add(Consequence::Kind::kEndRequested, i);
  }
}

// A share is gone when its last job is over. Whoever is next in turn stays so.
void ReferenceScheduler::FinishDeletions() {
  for (int index = 0; index < static_cast<int>(queues_.size()); ++index) {
    Queue& queue = queues_[index];
    for (size_t turn = queue.quota_order.size(); turn-- > 0;) {
      const int quota = queue.quota_order[turn];
      if (queue.quotas[quota].status != ResourceStatus::kDeleting ||
          std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& job) {
            return job.queue == index && job.quota == quota &&
                   !job.is_child() && !IsTerminal(job.status);
          })) {
        continue;
      }
      queue.quotas[quota].status = ResourceStatus::kDeleted;
      queue.quota_order.erase(queue.quota_order.begin() +
                              static_cast<std::ptrdiff_t>(turn));
      if (queue.next_quota > turn) --queue.next_quota;
    }
  }
}

// --- The ledger -------------------------------------------------------------

Amounts ReferenceScheduler::UsedBy(const Queue& queue, int quota) const {
  Amounts used{};
  for (const Job& job : jobs_) {
    if (!job.attempt || &queues_[job.queue] != &queue || job.quota != quota) {
      continue;
    }
    const Amounts need = AmountsOf(job.need);
    for (size_t unit = 0; unit < kUnits; ++unit) used[unit] += need[unit];
  }
  return used;
}

// What it uses, and what is kept for jobs of it.
Amounts ReferenceScheduler::TakenBy(const Queue& queue, int quota) const {
  Amounts taken = UsedBy(queue, quota);
  for (const Earmark& earmark : queue.earmarks) {
    if (earmark.quota != quota) continue;
    const Amounts kept = AmountsOf(jobs_[earmark.job].need);
    for (size_t unit = 0; unit < kUnits; ++unit) taken[unit] += kept[unit];
  }
  return taken;
}

// Source: §15.2, the most that a share may use, borrowing included.
static int64_t Ceiling(const Quota& quota, size_t unit) {
  const std::optional<int64_t> own = quota.Own(unit);
  const int limit = quota.options.resource_sharing.borrow_limit.value_or(-1);
  if (!own) return kUnlimited;
  if (!quota.borrows()) return *own;
  return limit < 0 ? kUnlimited : *own + *own * limit / 100;
}

// What a share may use just now. What is lent already is not lent again.
// Source: §15.3. Choice: D28.
int64_t ReferenceScheduler::Allowance(const Queue& queue, int quota,
                                      size_t unit) const {
  const Quota& share = queue.quotas[quota];
  const std::optional<int64_t> own = share.Own(unit);
  if (!own) return kUnlimited;
  if (!share.borrows()) return *own;
  int64_t lent = 0;
  for (int other : queue.quota_order) {
    const std::optional<int64_t> its_own = queue.quotas[other].Own(unit);
    if (other == quota || !its_own) continue;
    const int64_t left = *its_own - TakenBy(queue, other)[unit];
    if (left < 0 || queue.quotas[other].lends()) lent += left;
  }
  return std::min(Ceiling(share, unit), *own + std::max<int64_t>(0, lent));
}

// Unit by unit, how much more a share may take; of its own, or in all. What is
// kept for `job` is free for it.
Amounts ReferenceScheduler::Headroom(const Queue& queue, int quota,
                                     bool own_only, int job) const {
  Amounts taken = TakenBy(queue, quota);
  for (const Earmark& earmark : queue.earmarks) {
    if (earmark.job != job) continue;
    const Amounts kept = AmountsOf(jobs_[job].need);
    for (size_t unit = 0; unit < kUnits; ++unit) taken[unit] -= kept[unit];
  }
  Amounts room{};
  for (size_t unit = 0; unit < kUnits; ++unit) {
    const int64_t allowed =
        own_only ? queue.quotas[quota].Own(unit).value_or(kUnlimited)
                 : Allowance(queue, quota, unit);
    room[unit] = allowed - taken[unit];
  }
  return room;
}

bool ReferenceScheduler::FitsQuota(const Queue& queue, int job,
                                   bool own_only) const {
  const Amounts need = AmountsOf(jobs_[job].need);
  const Amounts room = Headroom(queue, jobs_[job].quota, own_only, job);
  for (size_t unit = 0; unit < kUnits; ++unit) {
    if (need[unit] > 0 && need[unit] > room[unit]) return false;
  }
  return true;
}

// Source: §15.6, the first text that holds; empty: it may fit some day.
std::string ReferenceScheduler::WhyNeverInQuota(const Queue& queue,
                                                int job) const {
  const std::string code =
      "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - ";
  const Quota& quota = queue.quotas[jobs_[job].quota];
  const Amounts need = AmountsOf(jobs_[job].need);
  for (size_t unit = 0; unit < kUnits; ++unit) {
    if (need[unit] == 0 || need[unit] <= Ceiling(quota, unit)) continue;
    return code + (quota.borrows() ? "Job requirements exceed quota share "
                                     "capacity limits and borrow limits."
                                   : "Job requirements exceed quota share "
                                     "capacity limits.");
  }
  for (size_t unit = 0; unit < kUnits; ++unit) {
    const std::optional<int64_t> own = quota.Own(unit);
    if (need[unit] == 0 || !own) continue;
    int64_t lendable = 0;
    for (int other : queue.quota_order) {
      if (other != jobs_[job].quota && queue.quotas[other].lends()) {
        lendable += queue.quotas[other].Own(unit).value_or(0);
      }
    }
    if (need[unit] - *own > lendable) {
      return code +
             "Job requires borrowing that exceeds all configured "
             "borrowable capacity.";
    }
  }
  return "";
}

// --- The cycle --------------------------------------------------------------

// Higher priorities first; then as in any queue. Source: §15.3.
std::vector<int> ReferenceScheduler::WaitingInQuota(const Queue& queue,
                                                    int quota) const {
  std::vector<int> waiting;
  for (int job : WaitingIn(queue)) {
    if (jobs_[job].quota == quota) waiting.push_back(job);
  }
  std::stable_sort(waiting.begin(), waiting.end(), [this](int a, int b) {
    return jobs_[a].priority > jobs_[b].priority;
  });
  return waiting;
}

int ReferenceScheduler::HeadOfQuota(const Queue& queue, int quota) const {
  const std::vector<int> waiting = WaitingInQuota(queue, quota);
  return waiting.empty() ? kNothing : waiting.front();
}

// Jobs for which others were stopped; then heads within their share's own
// capacity; then heads that take capacity back; then heads that borrow. After
// each start all over again. Source: §15.3, "own-capacity jobs are always
// served before borrowers". Choice: D11.
void ReferenceScheduler::ServeQuotas(Queue& queue) {
  DropBadEarmarks(queue);
  while (StartEarmarked(queue) || StartOnOwn(queue) || PreemptForOne(queue) ||
         StartOnBorrowed(queue)) {
    FinishDeletions();
  }
  for (int quota : queue.quota_order) MarkQuotaBlocked(queue, quota);
}

bool ReferenceScheduler::StartEarmarked(Queue& queue) {
  for (size_t turn = 0; turn < queue.quota_order.size(); ++turn) {
    for (const Earmark& earmark : queue.earmarks) {
      if (earmark.quota == queue.quota_order[turn] &&
          FitsQuota(queue, earmark.job, /*own_only=*/false) &&
          StartInQuota(queue, earmark.job, turn)) {
        return true;
      }
    }
  }
  return false;
}

// Round robin, from the share behind the one served last.
bool ReferenceScheduler::StartOnOwn(Queue& queue) {
  const size_t count = queue.quota_order.size();
  for (size_t i = 0; i < count; ++i) {
    const size_t turn = (queue.next_quota + i) % count;
    const int head = HeadOfQuota(queue, queue.quota_order[turn]);
    if (head != kNothing && FitsQuota(queue, head, /*own_only=*/true) &&
        StartInQuota(queue, head, turn)) {
      return true;
    }
  }
  return false;
}

// Source: §15.3, FIFO: by the time at which they became RUNNABLE.
bool ReferenceScheduler::StartOnBorrowed(Queue& queue) {
  std::vector<std::tuple<int64_t, int, size_t>> borrowers;
  for (size_t turn = 0; turn < queue.quota_order.size(); ++turn) {
    const int head = HeadOfQuota(queue, queue.quota_order[turn]);
    if (head == kNothing || FitsQuota(queue, head, /*own_only=*/true) ||
        !FitsQuota(queue, head, /*own_only=*/false)) {
      continue;
    }
    borrowers.emplace_back(jobs_[head].runnable_since_ns, head, turn);
  }
  std::sort(borrowers.begin(), borrowers.end());
  for (const auto& [since, head, turn] : borrowers) {
    if (StartInQuota(queue, head, turn)) return true;
  }
  return false;
}

// Where room is kept for it, or anywhere.
bool ReferenceScheduler::StartInQuota(Queue& queue, int job, size_t turn) {
  int instance = kNothing;
  for (const Earmark& earmark : queue.earmarks) {
    if (earmark.job == job && earmark.instance != kNothing &&
        jobs_[job].need.FitsIn(earmark.held)) {
      instance = earmark.instance;
    }
  }
  if (!HasAll(jobs_[job].need)) return false;
  if (instance == kNothing) {
    const Place place = FindPlace(queue, job);
    if (place.held != Held::kNot) return false;
    instance = place.instance;
  }
  DropEarmark(queue, job);
  BeginAttempt(job, instance);
  queue.next_quota = (turn + 1) % queue.quota_order.size();
  return true;
}

// What waits only because its share uses all it may has no reason.
void ReferenceScheduler::MarkQuotaBlocked(Queue& queue, int quota) {
  int& blocked = queue.quotas[quota].blocked;
  const int head = HeadOfQuota(queue, quota);
  ForgetBlocked(blocked, head);
  if (head == kNothing) return;
  std::string reason = WhyNeverInQuota(queue, head);
  if (reason.empty() && (!HasAll(jobs_[head].need) ||
                         FindPlace(queue, head).held == Held::kNoRoom)) {
    reason = BlockedReason(queue, head);
  }
  if (reason.empty() && blocked == kNothing) return;
  TellBlocked(blocked, head, reason);
}

// What waiting jobs may ask of environments that can grow: no more than their
// share may use, and nothing where room is kept for them. Behind the first that
// it may not, or that waits for a consumable, only those who have stopped
// others. Choice: D45.
std::vector<ReferenceScheduler::Demand> ReferenceScheduler::DemandOfQuota(
    const Queue& queue, int quota, const Plan& plan) const {
  std::vector<Demand> demands;
  Amounts left = Headroom(queue, quota, /*own_only=*/false, kNothing);
  bool ended = false;
  for (Demand demand : DemandOf(WaitingInQuota(queue, quota))) {
    const Amounts need = AmountsOf(demand.need);
    int64_t with_quota = 0;  // is kept for so many
    for (const Earmark& earmark : queue.earmarks) {
      if (earmark.quota != quota ||
          !jobs_[earmark.job].need.IsSameAs(demand.need)) {
        continue;
      }
      if (earmark.instance != kNothing) {
        --demand.jobs;
        continue;
      }
      ++with_quota;
      for (size_t unit = 0; unit < kUnits; ++unit) left[unit] += need[unit];
    }
    if (ended) demand.jobs = with_quota;
    const int64_t wanted = demand.jobs;
    demand.jobs = Supplied(plan, demand);
    for (size_t unit = 0; unit < kUnits; ++unit) {
      if (need[unit] == 0) continue;
      demand.jobs =
          std::min(demand.jobs, std::max<int64_t>(0, left[unit]) / need[unit]);
    }
    if (demand.jobs < wanted) ended = true;
    for (size_t unit = 0; unit < kUnits; ++unit) {
      left[unit] -= demand.jobs * need[unit];
    }
    if (demand.jobs > 0) demands.push_back(demand);
  }
  return demands;
}

}  // namespace embatch::reference
