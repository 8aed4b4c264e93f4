// SPDX-License-Identifier: Apache-2.0
//
// Queues in which jobs may start before one that waits. Source: none, these are
// extensions; lib/queues/README.md says what they mean. Choice: D9.
#include <algorithm>
#include <utility>

#include "tests/support/reference/reference_scheduler.h"

namespace embatch::reference {

// When, and on which instance, the head will start, as far as can be told.
struct ReferenceScheduler::HeadStart {
  int instance = kNothing;  // none: it can't be told
  int64_t time_ns = kNever;
  Resources spare;  // what the instance will have left then
  bool holds_nobody = false;
};

// Whatever may let a job start that could not: when nothing of it has changed
// since the latest pass, there is no other one.
std::vector<int64_t> ReferenceScheduler::FactsFor(const Queue& queue) const {
  std::vector<int64_t> facts = {queue.updates, consumables_changed_};
  for (int index : queue.environments) {
    const Environment& environment = environments_[index];
    facts.insert(facts.end(), {index, environment.catalogues,
                               static_cast<int64_t>(environment.status),
                               static_cast<int64_t>(environment.enabled()),
                               environment.updates});
    facts.push_back(
        std::count_if(environment.back_off_ends_ns.begin(),
                      environment.back_off_ends_ns.end(),
                      [this](int64_t end_ns) { return end_ns <= now_ns_; }));
    for (const Instance& instance : instances_) {
      if (instance.environment != index) continue;
      facts.push_back(static_cast<int64_t>(instance.state));
      facts.push_back(instance.attempts_left);
    }
  }
  return facts;
}

// Strictly up to the first job that is held, then over those behind it.
void ReferenceScheduler::ServeOutOfOrder(Queue& queue) {
  std::vector<int64_t> facts = FactsFor(queue);
  facts.push_back(queue.changes);
  if (facts == queue.passed) return;
  ServeFromHead(queue);
  queue.without_demand = false;  // others may start
  Overtake(queue);
  facts.back() = queue.changes;
  queue.passed = std::move(facts);
}

// Who is like one that was refused in this pass, in what it needs and for how
// long, is refused too.
void ReferenceScheduler::Overtake(Queue& queue) {
  queue.nobody_overtakes = false;
  std::vector<int> waiting = WaitingIn(queue);
  if (waiting.empty()) return;
  HeadStart start = HeadStartOf(queue, waiting.front());
  queue.nobody_overtakes = start.instance == kNothing && !start.holds_nobody;
  std::vector<int> refused = {waiting.front()};
  for (int job : waiting) {
    if (std::any_of(refused.begin(), refused.end(), [&](int other) {
          return jobs_[other].need.IsSameAs(jobs_[job].need) &&
                 jobs_[other].timeout_ns == jobs_[job].timeout_ns;
        })) {
      continue;
    }
    HeadStart then = start;
    if (MayOvertake(queue, job, then) && TryToStart(queue, job) == Held::kNot) {
      start = then;
    } else {
      refused.push_back(job);
    }
  }
}

// The first instance on which it fits, of those that are ready, in the
// environments up to the one that it waits for.
ReferenceScheduler::HeadStart ReferenceScheduler::HeadStartOf(
    const Queue& queue, int head) const {
  HeadStart start;
  if (queue.options.dispatch_order == DispatchOrder::kFirstFit) {
    start.holds_nobody = true;
    return start;
  }
  const Need& need = jobs_[head].need;
  bool waits_for_launch = false;
  for (int environment : queue.environments) {
    if (!environments_[environment].takes_jobs()) continue;
    for (int i = 0; i < static_cast<int>(instances_.size()); ++i) {
      if (instances_[i].environment != environment ||
          instances_[i].state != InstanceState::kReady || need.nodes > 0 ||
          !HasAll(need)) {
        continue;
      }
      Resources room;
      const int64_t time_ns = EstimateStart(i, need, room);
      const bool same_environment =
          start.instance != kNothing &&
          instances_[start.instance].environment == environment;
      if (time_ns < start.time_ns ||
          (time_ns == start.time_ns && same_environment &&
           instances_[i].id.number < instances_[start.instance].id.number)) {
        start.instance = i;
        start.time_ns = time_ns;
        start.spare = room;
        start.spare -= need;
      }
    }
    if (!CanGrowFor(environment, need)) continue;
    waits_for_launch = true;
    if (IsWorthWaitingFor(environment, need)) break;
  }
  start.holds_nobody =
      start.instance == kNothing && (waits_for_launch || queue.blocked == head);
  return start;
}

// When `need` fits on an instance if all that runs there ends as estimated, and
// what is free there then; never: it can't be told.
int64_t ReferenceScheduler::EstimateStart(int instance, const Need& need,
                                          Resources& room) const {
  const Environment& environment =
      environments_[instances_[instance].environment];
  if (!environment.may_ever_hold(need)) return kNever;
  std::vector<std::pair<int64_t, int>> ends;
  for (int i = 0; i < static_cast<int>(jobs_.size()); ++i) {
    const std::optional<Attempt>& attempt = jobs_[i].attempt;
    if (!attempt || attempt->instance != instance) continue;
    const int64_t begin_ns = attempt->started ? attempt->started_ns : now_ns_;
    ends.emplace_back(std::max(now_ns_, After(begin_ns, jobs_[i].timeout_ns)),
                      i);
  }
  std::sort(ends.begin(), ends.end());
  room = FreeOf(instance);
  if (need.FitsIn(room)) return now_ns_;
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i].first == kNever) return kNever;
    const Job& job = jobs_[ends[i].second];
    if (job.is_node) {
      room = instances_[instance].total;
    } else {
      room += job.need;
    }
    const bool is_last_of_moment =
        i + 1 == ends.size() || ends[i + 1].first != ends[i].first;
    if (is_last_of_moment && need.FitsIn(room)) return ends[i].first;
  }
  return kNever;
}

// Whether the head starts no later for it, wherever the job would go. A node
// goes to an empty instance; there the head would have started.
bool ReferenceScheduler::MayOvertake(const Queue& queue, int job,
                                     HeadStart& start) const {
  if (start.instance == kNothing) return start.holds_nobody;
  const Need& need = jobs_[job].need;
  if (need.nodes > 0) return true;
  if (FindPlace(queue, job).instance != start.instance) return true;
  const int64_t end_ns = After(now_ns_, jobs_[job].timeout_ns);
  const bool strictly = queue.options.backfill_ends_before_start;
  if (strictly) return end_ns < start.time_ns;
  if (end_ns != kNever && end_ns <= start.time_ns) return true;
  if (!need.FitsIn(start.spare)) return false;
  start.spare -= need;
  return true;
}

}  // namespace embatch::reference
