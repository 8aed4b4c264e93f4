// SPDX-License-Identifier: Apache-2.0
//
// Phase 5: the cycle over the queues.
//
// Source: §13.3, §13.4: queues in descending priority; in each strictly from
// the head; for each head the environments in order. Choice: D22, D41, D67.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/capacity/allocation.h"
#include "lib/capacity/why_not.h"
#include "lib/jobs/reasons.h"
#include "lib/scheduler/shares.h"
#include "lib/scheduler/time_limits.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

void TurnRunner::RunCycle() {
  for (uint32_t index : state_.queue_order) {
    if (!has_budget()) return;
    QueueRecord& queue = state_.queues[index];
    // Choice: D41, a DISABLED queue goes on; D59, so does an UPDATING one.
    if (TakesWork(queue.status)) Serve(queue);
  }
}

void TurnRunner::Serve(QueueRecord& queue) {
  switch (queue.kind) {
    case QueueKind::kFairShare:
      if (state_.settings.skip_blocked_shares) {
        ServeSharesApart(queue);
      } else {
        ServeFromHead(queue);
      }
      return;
    case QueueKind::kFifo:
      if (!queue.is_strict()) {
        ServeByClass(queue);
        return;
      }
      ServeFromHead(queue);
      return;
    case QueueKind::kQuotaShare:
      ServeQuotaShares(queue);
      return;
  }
}

// The job at a place in a line; of an array the first child of that class.
JobKey TurnRunner::JobAt(uint32_t queue, const LinePlace& place) const {
  const uint32_t slot = jobs_.SlotAt(queue, place.sequence);
  if (!jobs_.record(slot).is_array()) return {slot, -1};
  return {slot, static_cast<int32_t>(
                    jobs_.array(slot).waiting[place.retry_class].First())};
}

// The job that is to start next; none if nothing waits. Source: §13.4, §14.3.
JobKey TurnRunner::Next(QueueRecord& queue) {
  std::optional<LinePlace> place;
  if (queue.kind != QueueKind::kFairShare) {
    place = queue.line.Head();
  } else {
    const uint32_t share = queue.fair_share.First();
    if (share != FairShare::kNone) place = queue.fair_share.line(share).Head();
    FetchCandidates(queue);
  }
  return place.has_value() ? JobAt(IndexOf(queue), *place) : JobKey();
}

// Changes whenever a job that was held might start now. Starting a job only
// takes room away, and is not counted.
uint64_t TurnRunner::EpochOf(const QueueRecord& queue) const {
  uint64_t epoch = queue.fair_share.epoch() + state_.consumables.epoch();
  if (queue.is_for_services()) {
    epoch += state_.service_environments[queue.service].epoch;
  }
  for (uint32_t environment : queue.environments) {
    epoch += fleet_.environment(environment).epoch;
  }
  return epoch;
}

// Strictly from the head: the first job that is held holds up all behind it.
// Source: §13.4. Choice: D9.
void TurnRunner::ServeFromHead(QueueRecord& queue) {
  const uint64_t epoch = queue.waiting > 0 ? EpochOf(queue) : 0;
  while (has_budget()) {
    const JobKey head = queue.waiting > 0 ? Next(queue) : JobKey();
    ForgetHead(queue.blocked, head);
    if (head.is_null()) {
      queue.held = Held::kNot;
      return;
    }
    // What was held need not be tried again before something has changed. But
    // the more is in use, the sooner it is the reservation that holds it.
    if (head == queue.stuck && epoch == queue.stuck_epoch &&
        (queue.held == Held::kConsumable ||
         state_.consumables.HasAll(RequirementOf(head).consumables))) {
      if (queue.kind == QueueKind::kFairShare &&
          IsHeldByReservation(state_, queue, RequirementOf(head))) {
        queue.held = Held::kReservation;
      }
      return;
    }
    const Held held = TryStart(queue, head);
    if (held == Held::kNot) continue;
    queue.held = held;
    MarkBlocked(queue, head, queue.held);
    queue.stuck = head;
    queue.stuck_epoch = epoch;
    return;
  }
}

// Each share from its head: one whose head is held is left out for the rest of
// the pass. The first that is held counts as the queue's head. Choice: D10.
void TurnRunner::ServeSharesApart(QueueRecord& queue) {
  FairShare& shares = queue.fair_share;
  JobKey first_held;
  while (has_budget()) {
    const JobKey head = Next(queue);
    if (head.is_null()) break;
    if (first_held.is_null()) ForgetHead(queue.blocked, head);
    const Held held = TryStart(queue, head);
    if (held == Held::kNot) continue;
    const JobRecord& record = jobs_.record(head.slot);
    if (first_held.is_null()) {
      first_held = head;
      MarkBlocked(queue, head, held);
    }
    shares.SetAside(record.share);
  }
  shares.EndPass();
  if (first_held.is_null() && has_budget()) {
    ForgetHead(queue.blocked, JobKey());
  }
}

// When keys of a fair-share queue move by themselves. Source: §14.2.
int64_t TurnRunner::NextTick() const {
  int64_t next_ns = kNanosInfiniteFuture;
  for (const QueueRecord& queue : state_.queues) {
    if (queue.kind != QueueKind::kFairShare || queue.waiting == 0) continue;
    next_ns = std::min(next_ns, queue.fair_share.NextTick(now_ns_).value_or(
                                    kNanosInfiniteFuture));
  }
  return next_ns;
}

// Starts the job if nothing holds it.
Held TurnRunner::TryStart(QueueRecord& queue, JobKey job) {
  const JobRecord& record = jobs_.record(job.slot);
  if (queue.kind == QueueKind::kFairShare) {
    queue.fair_share.line(record.share).FetchFirstOfClass(record.requirement);
  }
  const Placement placement = FindStart(queue, job);
  if (placement.held == Held::kNot) Place(job, placement);
  return placement.held;
}

// All that decides whether a job of this queue may start now, and where.
Placement TurnRunner::FindStart(const QueueRecord& queue, JobKey job) const {
  const JobRecord& record = jobs_.record(job.slot);
  // Nodes of the attempt before are still being stopped.
  if (record.has_nodes && jobs_.nodes(job.slot).live > 0) return {};
  const Requirement& need = jobs_.requirement(record.requirement);
  if (queue.kind == QueueKind::kFairShare &&
      IsHeldByReservation(state_, queue, need)) {
    return {Held::kReservation, kNoIndex, kNoIndex};
  }
  return FindPlace(queue, need);
}

// Source: §13.3, §13.4, environments in their order.
Placement TurnRunner::FindPlace(const QueueRecord& queue,
                                const Requirement& need) const {
  if (queue.is_for_services()) return FindServicePlace(queue, need);
  Placement placement;
  // Source: §18, only when all of them are available.
  if (!need.consumables.empty() &&
      !state_.consumables.HasAll(need.consumables)) {
    placement.held = Held::kConsumable;
    return placement;
  }
  if (need.nodes > 0) return FindPlaceForNodes(queue, need);
  for (uint32_t environment : queue.environments) {
    if (!fleet_.environment(environment).places_jobs()) continue;
    const uint32_t instance = fleet_.BestFit(environment, need);
    if (instance != Fleet::kNone) {
      return {Held::kNot, environment, instance};
    }
    // Choice: D22, wait for this one rather than spill over.
    if (CanGrowFor(fleet_, environment, need, now_ns_)) {
      placement.held = Held::kMayGrow;
      if (IsWorthWaitingFor(fleet_, environment, need, now_ns_)) {
        return placement;
      }
    }
  }
  return placement;
}

// What the next job will touch is on its way until its turn comes. Those of a
// share have jobs of other shares between them, so each would be a wait for
// memory; where there are many classes, each would be a wait for its own.
//
// While one share's head is found, the heads of those that may be next are
// fetched; while it starts, the classes of these: that takes a look at them.
void TurnRunner::FetchCandidates(const QueueRecord& queue) const {
  const FairShare& shares = queue.fair_share;
  shares.FetchNext();
  for (const uint32_t share : shares.Candidates()) {
    if (share == FairShare::kNone) return;
    const std::optional<LinePlace> head = shares.line(share).Head();
    if (!head.has_value()) continue;
    jobs_.FetchJob(jobs_.SlotAt(IndexOf(queue), head->sequence));
  }
}

void TurnRunner::FetchNext(const JobRecord& record) const {
  const QueueRecord& queue = state_.queues[record.queue];
  if (queue.kind == QueueKind::kFairShare) {
    const FairShare& shares = queue.fair_share;
    for (const uint32_t share : shares.Candidates()) {
      if (share == FairShare::kNone) return;
      const std::optional<LinePlace> head = shares.line(share).Head();
      if (!head.has_value()) continue;
      shares.line(share).FetchClass(
          jobs_.record(jobs_.SlotAt(record.queue, head->sequence)).requirement);
    }
  } else if (queue.kind == QueueKind::kFifo && queue.has_many_classes()) {
    const std::optional<LinePlace> next = queue.line.Head();
    if (!next.has_value()) return;
    FetchClass(jobs_.record(jobs_.SlotAt(record.queue, next->sequence)));
  }
}

// Of a job in a queue with many classes: what entering and leaving the line
// touch, and what says where it may run.
void TurnRunner::FetchClass(const JobRecord& record) const {
  jobs_.FetchRequirement(record.requirement);
  jobs_.FetchSpec(record.spec);
  const QueueRecord& queue = state_.queues[record.queue];
  const std::optional<uint32_t> number =
      queue.line.FindAndFetchClass(record.requirement);
  if (number.has_value() && !queue.is_strict()) queue.index.Fetch(*number);
}

void TurnRunner::Place(JobKey job, const Placement& placement) {
  LeaveLine(job);
  FetchNext(jobs_.record(job.slot));
  const JobSpec& spec = jobs_.spec(jobs_.record(job.slot).spec);
  if (spec.is_service()) {
    PlaceInService(job, placement.environment);
    return;
  }
  if (spec.launch_rejection != LaunchRejection::kNone) {
    // Source: §5.2, launch-time rejections; §6.2, never retried.
    Fail(job, JobTrigger::kLaunchRejected,
         spec.launch_rejection == LaunchRejection::kTooManyTags
             ? kTooManyTagsReason
             : kOverridesTooLongReason);
    return;
  }
  if (jobs_.record(job.slot).has_nodes) {
    PlaceNodes(job.slot, placement.environment);
    return;
  }
  const uint32_t live = jobs_.BeginAttempt(job);
  Charge(live, placement.instance);
  jobs_.Change(job, JobTrigger::kPlaced, kNoReason, now_ns_, journal_);
  RequestStart(live);
}

// Begins what an attempt runs: its container, or those of its containers that
// need not wait.
void TurnRunner::RequestStart(uint32_t live) {
  if (jobs_.spec(jobs_.live(live).spec).has_task()) {
    BeginTask(live);
  } else {
    RequestStartOf(live, 0);
  }
}

void TurnRunner::RequestStartOf(uint32_t live, uint16_t container) {
  Request& request = requests_.emplace_back();
  request.kind = Request::Kind::kStart;
  request.environment = jobs_.live(live).environment;
  request.live = live;
  request.live_generation = jobs_.LiveGeneration(live);
  request.container = ContainerOf(live);
  request.container.container = container;
}

// The job that carried a blocked reason is not the head any more.
// Choice: D52, cleared silently.
void TurnRunner::ForgetBlocked(BlockedHead& blocked, JobKey head) {
  if (blocked.job.is_null() || head == blocked.job) return;
  if (jobs_.StatusOf(blocked.job) == JobStatus::kRunnable) {
    jobs_.SetReasonSilently(blocked.job, kNoReason);
  }
  blocked.job = JobKey();
}

// Source: §13.5. Choice: D33, D52; what only waits for running jobs has no
// reason.
void TurnRunner::MarkBlocked(QueueRecord& queue, JobKey head, Held held) {
  const TextIndex reason = BlockedReason(
      queue, jobs_.requirement(jobs_.record(head.slot).requirement));
  NoteBlocked(queue, kNoIndex, queue.blocked, head, reason, held);
}

// `blocked`: which head of the line carries a reason.
void TurnRunner::TellBlocked(BlockedHead& blocked, JobKey head,
                             TextIndex reason) {
  const JobDetails* details = jobs_.FindDetails(head);
  const TextIndex before =
      details == nullptr ? kNoReason : details->status_reason;
  if (reason == kNoReason) {
    ForgetBlocked(blocked, JobKey());
    return;
  }
  blocked.job = head;
  if (reason != before) {
    // Each code makes one event in a job's life.
    const uint16_t bit = BlockedBit(reason);
    if (details != nullptr && (details->blocked_told & bit) != 0) {
      jobs_.SetReasonSilently(head, reason);
    } else {
      jobs_.Change(head, JobTrigger::kBlocked, reason, now_ns_, journal_);
      jobs_.EnsureDetails(head).blocked_told |= bit;
    }
  }
}

// Why the head can't start, counted once if it is not a fixed text; kNoReason
// if it may later. If several reasons hold, the first in the table.
TextIndex TurnRunner::BlockedReason(const QueueRecord& queue,
                                    const Requirement& need) {
  if (queue.is_for_services()) return ServiceBlockedReason(queue, need);
  std::array<int, kWhyNotCount> counts{};
  absl::string_view type;
  bool waits_for_one = false;
  for (uint32_t index : queue.environments) {
    // Source: §12.2, the environment that a multi-node job waits for holds it
    // up, whatever later ones have.
    if (waits_for_one) break;
    const WhyNot why_not = WhyNotIn(fleet_, index, need, now_ns_);
    waits_for_one = need.nodes > 0 && CanGrowFor(fleet_, index, need, now_ns_);
    if (++counts[static_cast<int>(why_not)] > 1 ||
        why_not != WhyNot::kNoCapacity) {
      continue;
    }
    const EnvironmentRecord& environment = fleet_.environment(index);
    if (environment.config.is_fargate()) {
      type = ComputeResourceTypeName(
          environment.config.options().compute_resources->type);
      continue;
    }
    // The type that would be launched if it were to be had.
    const uint32_t wanted = TypeInDemand(environment, need);
    if (wanted != Fleet::kNone) type = environment.types[wanted].type.name;
  }
  const auto any = [&counts](WhyNot why_not) {
    return counts[static_cast<int>(why_not)] > 0;
  };
  const auto all = [&counts, &queue](WhyNot why_not) {
    return counts[static_cast<int>(why_not)] ==
           static_cast<int>(queue.environments.size());
  };
  if (any(WhyNot::kMayLater)) {
    // Choice: D32, AWS has no code for it.
    return state_.consumables.HasAll(need.consumables) ? kNoReason
                                                       : kBlockedUndetermined;
  }
  if (any(WhyNot::kNoCapacity)) {
    return jobs_.InternText(absl::StrCat(
        "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the "
        "capacity requested for instance type [",
        type, "]"));
  }
  if (all(WhyNot::kMaxVcpus)) return kBlockedMaxResource;
  if (any(WhyNot::kMisconfigured)) return kBlockedConfiguration;
  if (any(WhyNot::kNotPermitted)) return kBlockedPermissions;
  if (all(WhyNot::kInvalid)) return kBlockedInvalid;
  if (any(WhyNot::kUnknown) || any(WhyNot::kDisabled)) {
    return kBlockedUndetermined;
  }
  return kBlockedJobRequirement;
}

}  // namespace embatch
