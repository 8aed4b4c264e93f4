// SPDX-License-Identifier: Apache-2.0
//
// The cycle of a queue whose dispatch order is not strict: jobs behind the
// first one that is held may start before it.
//
// The rules are written down in lib/queues/README.md. Choice: D9, extensions
// that are off by default.
#include <algorithm>
#include <utility>
#include <vector>

#include "lib/capacity/why_not.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

void TurnRunner::ServeByClass(QueueRecord& queue) {
  const uint64_t epoch = EpochOf(queue);
  if (epoch == queue.passed_epoch && queue.changes == queue.passed_changes) {
    return;
  }
  ServeFromHead(queue);
  if (has_budget()) Overtake(queue);
  if (!has_budget()) return;
  queue.passed_epoch = epoch;
  queue.passed_changes = queue.changes;
}

// One pass over those behind the head, in the order of the line. A class that
// found no place finds none for the rest of the pass, because starting jobs
// only takes room away.
void TurnRunner::Overtake(QueueRecord& queue) {
  const JobKey head = Next(queue);
  queue.nobody_overtakes = false;
  if (head.is_null()) return;
  const uint32_t index = IndexOf(queue);
  HeadStart start;
  bool holds_nobody = true;
  if (queue.config.options().dispatch_order == DispatchOrder::kBackfill) {
    // When a consumable will be there nobody can tell.
    if (queue.held != Held::kConsumable) start = HeadStartOf(queue, head);
    // It waits for an instance of its own, or for something that no job's end
    // brings.
    holds_nobody = start.instance == kNoIndex &&
                   (queue.held == Held::kMayGrow || queue.blocked.job == head);
    queue.nobody_overtakes = start.instance == kNoIndex && !holds_nobody;
    if (queue.nobody_overtakes) return;
  }
  std::vector<Resources> rooms;
  while (has_budget()) {
    rooms.clear();
    for (uint32_t environment : queue.environments) {
      if (!fleet_.environment(environment).places_jobs()) continue;
      fleet_.AppendLargestFree(environment, &rooms);
    }
    const uint32_t entry = queue.index.Next(rooms);
    if (entry == DispatchIndex::kNone) break;
    FetchOvertaking(queue);
    const JobKey job = JobAt(index, queue.index.PlaceOf(entry));
    const Placement placement = FindStart(queue, job);
    if (placement.held == Held::kNot &&
        MayOvertake(queue, placement, queue.index.ClassOf(entry), holds_nobody,
                    &start)) {
      Place(job, placement);
    } else {
      queue.index.SetAside(entry);
    }
  }
  queue.index.EndPass();
}

// Those who will probably overtake next are on their way: the record of one,
// what it takes to find what the one before it needs, and that of a third one.
void TurnRunner::FetchOvertaking(const QueueRecord& queue) const {
  if (!queue.has_many_classes()) return;
  const uint32_t index = IndexOf(queue);
  if (const auto place = queue.index.Coming(3)) {
    jobs_.FetchJob(jobs_.SlotAt(index, place->sequence));
  }
  if (const auto place = queue.index.Coming(2)) {
    queue.line.FetchToFind(
        jobs_.record(jobs_.SlotAt(index, place->sequence)).requirement);
  }
  if (const auto place = queue.index.Coming(1)) {
    FetchClass(jobs_.record(jobs_.SlotAt(index, place->sequence)));
  }
}

// Changes whenever an attempt begins or ends in the queue's environments, or an
// instance comes or goes.
uint64_t TurnRunner::VersionOf(const QueueRecord& queue) const {
  uint64_t version = 1;
  for (uint32_t environment : queue.environments) {
    const EnvironmentRecord& record = fleet_.environment(environment);
    version += record.epoch + record.free.changes();
  }
  return version;
}

HeadStart TurnRunner::HeadStartOf(QueueRecord& queue, JobKey head) const {
  const Requirement& need =
      jobs_.requirement(jobs_.record(head.slot).requirement);
  // When several instances will be empty at once nobody can tell.
  if (need.nodes > 0) return HeadStart();
  const uint64_t version = VersionOf(queue);
  KnownHeadStart& known = queue.head_start;
  if (!known.Holds(need.resources, version, now_ns_)) {
    known = {LookForStart(queue, need), need.resources, version};
  }
  return known.start;
}

HeadStart TurnRunner::LookForStart(const QueueRecord& queue,
                                   const Requirement& need) const {
  HeadStart start;
  for (uint32_t environment : queue.environments) {
    const EnvironmentRecord& record = fleet_.environment(environment);
    if (!record.places_jobs()) continue;
    fleet_.ForEachReady(
        environment, [&](uint32_t slot, const InstanceRecord& instance) {
          if (record.is_below_max_vcpus(need) && need.FitsIn(instance.total)) {
            EstimateStart(slot, need, &start);
          }
        });
    // It waits for this one, and for none that comes behind. Choice: D22.
    if (CanGrowFor(fleet_, environment, need, now_ns_) &&
        IsWorthWaitingFor(fleet_, environment, need, now_ns_)) {
      break;
    }
  }
  return start;
}

// When a job fits on an instance if what runs there ends by its estimate: the
// better of that and `start`. Of equal times the environment that comes first,
// then the instance with the lowest number.
void TurnRunner::EstimateStart(uint32_t slot, const Requirement& need,
                               HeadStart* start) const {
  const InstanceRecord& instance = fleet_.instance(slot);
  std::vector<std::pair<int64_t, uint32_t>> ends;
  for (uint32_t live = instance.first_attempt; live != kNoIndex;
       live = jobs_.live(live).behind) {
    const LiveAttempt& attempt = jobs_.live(live);
    const std::optional<JobTimeout>& timeout = jobs_.spec(attempt.spec).timeout;
    if (!timeout.has_value()) continue;
    const int64_t begin_ns = attempt.started ? attempt.started_ns : now_ns_;
    ends.emplace_back(
        std::max(now_ns_,
                 SaturatingAdd(begin_ns,
                               DurationToNanos(timeout->attempt_duration))),
        live);
  }
  std::sort(ends.begin(), ends.end());
  Resources room = instance.free;
  int64_t time_ns = now_ns_;
  bool moves = false;
  size_t i = 0;
  while (!need.FitsIn(room)) {
    if (i == ends.size()) return;
    // All that ends at that time.
    for (time_ns = ends[i].first; i < ends.size() && ends[i].first == time_ns;
         ++i) {
      const LiveAttempt& attempt = jobs_.live(ends[i].second);
      room += TakenBy(attempt);
      moves = moves || !attempt.started;
    }
  }
  if (time_ns > start->time_ns) return;
  const bool is_of_another =
      start->instance == kNoIndex ||
      fleet_.instance(start->instance).environment != instance.environment;
  if (start->instance != kNoIndex && time_ns == start->time_ns &&
      (is_of_another || instance.number > start->number)) {
    return;
  }
  start->instance = slot;
  start->number = instance.number;
  start->time_ns = time_ns;
  start->spare = room - need.resources;
  start->moves = moves;
}

// Whether a job may start on the instance that was found for it, without the
// head starting later than it would.
bool TurnRunner::MayOvertake(const QueueRecord& queue,
                             const Placement& placement,
                             const DispatchIndex::Class& waiting,
                             bool holds_nobody, HeadStart* start) const {
  if (start->instance == kNoIndex) return holds_nobody;
  if (placement.instance != start->instance) return true;
  const bool strictly = queue.config.options().backfill_ends_before_start;
  if (waiting.estimate_ns != DispatchIndex::kNoEstimate) {
    const int64_t end_ns = SaturatingAdd(now_ns_, waiting.estimate_ns);
    if (strictly ? end_ns < start->time_ns : end_ns <= start->time_ns) {
      return true;
    }
  }
  if (strictly || !waiting.need.FitsIn(start->spare)) return false;
  start->spare -= waiting.need;
  return true;
}

}  // namespace embatch
