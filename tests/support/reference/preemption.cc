// SPDX-License-Identifier: Apache-2.0
//
// Whom to stop so that another job can start, and what is kept for that one
// meanwhile. Source: §15.4, §15.5. Choice: D27.
#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {
namespace {

// How much of `need` there is not; of what is not needed nothing is missing.
Amounts Missing(const Amounts& need, const Amounts& have) {
  Amounts missing{};
  for (size_t unit = 0; unit < kUnits; ++unit) {
    if (need[unit] > 0 && need[unit] > have[unit]) {
      missing[unit] = need[unit] - have[unit];
    }
  }
  return missing;
}

bool Any(const Amounts& amounts) {
  return std::any_of(amounts.begin(), amounts.end(),
                     [](int64_t amount) { return amount > 0; });
}

Amounts Sum(Amounts a, const Amounts& b) {
  for (size_t unit = 0; unit < kUnits; ++unit) a[unit] += b[unit];
  return a;
}

}  // namespace

// Heads in turn; the first for whom stopping others is enough.
bool ReferenceScheduler::PreemptForOne(Queue& queue) {
  const size_t count = queue.quota_order.size();
  for (size_t i = 0; i < count; ++i) {
    const int quota = queue.quota_order[(queue.next_quota + i) % count];
    const int head = HeadOfQuota(queue, quota);
    if (head == kNothing || HasEarmark(queue, head)) continue;
    // While an environment can still grow, nobody need be stopped for room.
    const Held held = FindPlace(queue, head).held;
    if (held != Held::kNot && held != Held::kNoRoom) continue;
    const bool room_is_short = held == Held::kNoRoom;
    if (room_is_short && FitsQuota(queue, head, /*own_only=*/true) &&
        PreemptFor(queue, head, room_is_short, Stop::kPreemptedAcross)) {
      return true;
    }
    if (queue.quotas[quota].options.in_share_preemption ==
            InSharePreemption::kEnabled &&
        (room_is_short || !FitsQuota(queue, head, /*own_only=*/false)) &&
        PreemptFor(queue, head, room_is_short, Stop::kPreemptedInShare)) {
      return true;
    }
  }
  return false;
}

// Running jobs that may be stopped for `head`: across shares those of shares
// that use more than their own; inside a share those of lower priority. Where
// room is short, only those who hold some where `head` could run.
std::vector<int> ReferenceScheduler::MayBePreempted(const Queue& queue,
                                                    int head,
                                                    bool room_is_short,
                                                    Stop stop) const {
  std::vector<int> candidates;
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    const Job& job = jobs_[i];
    if (!job.attempt || job.quota == kNothing ||
        &queues_[job.queue] != &queue || job.attempt->stop != Stop::kNone) {
      continue;
    }
    const bool is_own = job.quota == jobs_[head].quota;
    if (is_own != (stop == Stop::kPreemptedInShare)) continue;
    if (is_own ? job.priority >= jobs_[head].priority
               : !Any(ExcessOf(queue, job.quota))) {
      continue;
    }
    const Instance& instance = instances_[job.attempt->instance];
    if (!instance.exists()) continue;
    if (room_is_short && !MayHold(queue, job.attempt->instance, head)) continue;
    candidates.push_back(i);
  }
  return candidates;
}

// Whether a job could run on an instance if that were empty.
bool ReferenceScheduler::MayHold(const Queue& queue, int index, int job) const {
  const Instance& instance = instances_[index];
  const Environment& environment = environments_[instance.environment];
  const Need& need = jobs_[job].need;
  return std::count(queue.environments.begin(), queue.environments.end(),
                    instance.environment) > 0 &&
         instance.state == InstanceState::kReady && environment.takes_jobs() &&
         environment.may_ever_hold(need) && need.FitsIn(instance.total);
}

Amounts ReferenceScheduler::ExcessOf(const Queue& queue, int quota) const {
  Amounts excess = UsedBy(queue, quota);
  for (size_t unit = 0; unit < kUnits; ++unit) {
    const std::optional<int64_t> own = queue.quotas[quota].Own(unit);
    excess[unit] = own ? std::max<int64_t>(0, excess[unit] - *own) : 0;
  }
  for (const Job& job : jobs_) {
    if (!job.attempt || job.quota != quota || &queues_[job.queue] != &queue ||
        job.attempt->stop == Stop::kNone) {
      continue;
    }
    const Amounts held = AmountsOf(job.need);
    for (size_t unit = 0; unit < kUnits; ++unit) excess[unit] -= held[unit];
  }
  return excess;
}

// The candidates in the order of D27: lower priority; later start, what is
// STARTING last of all; more of what is missing, but no more than is needed;
// newer.
void ReferenceScheduler::SortVictims(
    std::vector<int>& victims,
    const std::function<std::pair<bool, int64_t>(int)>& by_amount) const {
  const auto key = [&](int index) {
    const Attempt& attempt = *jobs_[index].attempt;
    return std::make_tuple(jobs_[index].priority,
                           attempt.started
                               ? -attempt.started_ns
                               : -std::numeric_limits<int64_t>::max(),
                           by_amount(index), -index);
  };
  std::sort(victims.begin(), victims.end(),
            [&](int a, int b) { return key(a) < key(b); });
}

// The jobs to stop at one instance, in that order; none: it is not enough.
std::vector<int> ReferenceScheduler::VictimsAt(
    const Queue& queue, int head, int site, const std::vector<int>& candidates,
    Stop stop) const {
  const int quota = jobs_[head].quota;
  const Amounts need = AmountsOf(jobs_[head].need);
  const Amounts free = site == kNothing ? need : AmountsOf(FreeOf(site));
  const Amounts headroom = Headroom(queue, quota, /*own_only=*/false, kNothing);
  const Amounts room_missing = Missing(need, free);
  const Amounts quota_missing = Missing(need, headroom);
  const auto is_enough = [&](const std::vector<int>& chosen) {
    Amounts room = free;
    Amounts allowed = headroom;
    for (int job : chosen) {
      const Amounts held = AmountsOf(jobs_[job].need);
      if (site == kNothing || jobs_[job].attempt->instance == site) {
        room = Sum(room, held);
      }
      if (jobs_[job].quota == quota) allowed = Sum(allowed, held);
    }
    return !Any(Missing(need, room)) && !Any(Missing(need, allowed));
  };
  std::vector<int> row;
  for (int job : candidates) {
    const bool is_there = jobs_[job].attempt->instance == site;
    if (Any(room_missing) && !is_there) continue;
    const Amounts held = AmountsOf(jobs_[job].need);
    bool helps = false;
    for (size_t unit = 0; unit < kUnits; ++unit) {
      helps |= held[unit] > 0 &&
               (room_missing[unit] > 0 ||
                (jobs_[job].quota == quota && quota_missing[unit] > 0));
    }
    if (helps) row.push_back(job);
  }
  const Amounts& missing = Any(room_missing) ? room_missing : quota_missing;
  size_t first = 0;  // the first unit that is missing
  while (first + 1 < kUnits && missing[first] == 0) ++first;
  SortVictims(row, [&](int job) {
    const int64_t held = AmountsOf(jobs_[job].need)[first];
    return held > need[first] ? std::make_pair(true, held)
                              : std::make_pair(false, -held);
  });
  // Of a share no more is taken back than it has beyond its own.
  std::vector<int> chosen;
  std::map<int, Amounts> excess;
  for (int job : row) {
    if (is_enough(chosen)) break;
    if (stop == Stop::kPreemptedAcross) {
      const int other = jobs_[job].quota;
      Amounts& left =
          excess.try_emplace(other, ExcessOf(queue, other)).first->second;
      if (!Any(left)) continue;
      const Amounts held = AmountsOf(jobs_[job].need);
      for (size_t unit = 0; unit < kUnits; ++unit) left[unit] -= held[unit];
    }
    chosen.push_back(job);
  }
  if (!is_enough(chosen)) return {};
  for (size_t i = chosen.size(); i-- > 0;) {
    std::vector<int> fewer = chosen;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (is_enough(fewer)) chosen.swap(fewer);
  }
  return chosen;
}

// All or nothing. Of several instances the one whose last victim is the first
// to be stopped, whatever it holds.
bool ReferenceScheduler::PreemptFor(Queue& queue, int head, bool room_is_short,
                                    Stop stop) {
  const std::vector<int> candidates =
      MayBePreempted(queue, head, room_is_short, stop);
  std::set<int> sites;
  for (int job : candidates) {
    sites.insert(room_is_short ? jobs_[job].attempt->instance : kNothing);
  }
  std::vector<int> best;
  int best_site = kNothing;
  for (int site : sites) {
    std::vector<int> victims = VictimsAt(queue, head, site, candidates, stop);
    if (victims.empty()) continue;
    if (!best.empty()) {
      std::vector<int> last = {best.back(), victims.back()};
      SortVictims(last, [](int) { return std::make_pair(false, int64_t{0}); });
      if (last.front() == best.back()) continue;
    }
    best = std::move(victims);
    best_site = site;
  }
  if (best.empty()) return false;
  jobs_[head].touched = true;
  Earmark earmark;
  earmark.job = head;
  earmark.quota = jobs_[head].quota;
  earmark.instance = best_site;
  queue.earmarks.push_back(earmark);
  if (best_site != kNothing) {
    instances_[best_site].changed_order = ++order_;
    FillEarmark(queue.earmarks.back());
  }
  for (int job : best) {
    Change(job, jobs_[job].status,
           stop == Stop::kPreemptedAcross
               ? "PREEMPTION_IN_PROGRESS: Cross-share preemption triggered to "
                 "reclaim borrowed capacity"
               : "PREEMPTION_IN_PROGRESS: In-share preemption triggered by "
                 "higher priority job");
    StopAttempt(job, stop);
  }
  // What has not started has left room at once, for other queues too: there is
  // another turn at this moment, and nothing is scaled before it.
  again_ = true;
  return true;
}

// However its containers ended: it waits again, or has been preempted too
// often. Source: §15.5.
void ReferenceScheduler::EndPreempted(int index, int64_t at_ns,
                                      const std::string& status_reason) {
  Job& job = jobs_[index];
  ++job.preempted;
  const bool too_often =
      job.preemption_retries && job.preempted > *job.preemption_retries;
  if (!too_often && !EndedByCaller(job)) {
    Change(index, JobStatus::kRunnable, status_reason);
    return;
  }
  End(index, JobStatus::kFailed,
      EndedByCaller(job) ? RequestReason(job) : status_reason, at_ns);
  if (job.is_child()) {
    ChildrenHaveEnded(job.array, job.id.child, job.id.child + 1);
  } else {
    Add(Consequence::Kind::kJobEnded, index);
  }
}

// --- Earmarks ---------------------------------------------------------------

bool ReferenceScheduler::HasEarmark(const Queue& queue, int job) const {
  return std::any_of(
      queue.earmarks.begin(), queue.earmarks.end(),
      [job](const Earmark& earmark) { return earmark.job == job; });
}

// It takes what is free, as far as it needs more.
void ReferenceScheduler::FillEarmark(Earmark& earmark) {
  const Queue& queue = queues_[jobs_[earmark.job].queue];
  if (!MayHold(queue, earmark.instance, earmark.job)) return;
  const Need& need = jobs_[earmark.job].need;
  Resources most = FreeOf(earmark.instance);
  most += earmark.held;
  const Resources more = {std::min(need.vcpu_milli, most.vcpu_milli),
                          std::min(need.memory_mib, most.memory_mib),
                          std::min(need.gpus, most.gpus)};
  if (more == earmark.held) return;
  earmark.held = more;
  Instance& instance = instances_[earmark.instance];
  instance.changed_order = ++order_;
  ++instance.attempts_left;
}

// A job of the queue has left an instance.
void ReferenceScheduler::FillEarmarks(Queue& queue, int instance) {
  for (Earmark& earmark : queue.earmarks) {
    if (earmark.instance == instance) FillEarmark(earmark);
  }
}

// The job starts, or waits no more.
void ReferenceScheduler::DropEarmark(Queue& queue, int job) {
  for (size_t i = 0; i < queue.earmarks.size(); ++i) {
    const Earmark earmark = queue.earmarks[i];
    if (earmark.job != job) continue;
    queue.earmarks.erase(queue.earmarks.begin() +
                         static_cast<std::ptrdiff_t>(i));
    if (earmark.instance == kNothing) return;
    Instance& instance = instances_[earmark.instance];
    instance.changed_order = ++order_;
    ++instance.attempts_left;
    if (RunningOn(earmark.instance) == 0) instance.idle_since_ns = now_ns_;
    return;
  }
}

// Where the instance takes no jobs any more, or the share may never use so
// much.
void ReferenceScheduler::DropBadEarmarks(Queue& queue) {
  for (size_t i = queue.earmarks.size(); i-- > 0;) {
    const Earmark& earmark = queue.earmarks[i];
    if ((earmark.instance != kNothing &&
         !MayHold(queue, earmark.instance, earmark.job)) ||
        !WhyNeverInQuota(queue, earmark.job).empty()) {
      DropEarmark(queue, earmark.job);
    }
  }
}

}  // namespace embatch::reference
