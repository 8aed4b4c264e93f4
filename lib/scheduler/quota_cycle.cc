// SPDX-License-Identifier: Apache-2.0
//
// Phase 5 for a queue with quota shares: each share is a virtual queue.
//
// Source: §15.3 to §15.6. Choice: D11, a share whose head can't start does not
// hold up the others. In a pass: heads that fit into their share's own
// capacity, in turn; then heads that do and find no room take it back from
// those who borrowed it; then heads that borrow, first in first out. In this
// order a job never starts on borrowed room only to be stopped at once. Before
// all these go jobs for which others have been stopped.
#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "lib/capacity/scaling.h"
#include "lib/jobs/reasons.h"
#include "lib/queues/preemption_plan.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {
namespace {

Amounts RoomOf(const Resources& resources) {
  return {resources.vcpu_milli, resources.memory_mib, resources.gpus};
}

}  // namespace

void TurnRunner::ServeQuotaShares(QueueRecord& queue) {
  QuotaQueue& quota = *queue.quota;
  if (quota.version == quota.rest_version &&
      EpochOf(queue) == quota.rest_epoch) {
    return;
  }
  DropBadEarmarks(quota);
  while (has_budget() && (StartEarmarked(queue) || StartOnOwn(queue) ||
                          PreemptForOne(queue) || StartOnBorrowed(queue))) {
  }
  if (!has_budget()) return;
  for (uint32_t share : quota.order) MarkShareBlocked(queue, share);
  quota.rest_version = quota.version;
  quota.rest_epoch = EpochOf(queue);
}

JobKey TurnRunner::ShareHead(const QueueRecord& queue, uint32_t share) const {
  const std::optional<LinePlace> place = queue.quota->shares[share].line.Head();
  return place.has_value() ? JobAt(IndexOf(queue), *place) : JobKey();
}

const Requirement& TurnRunner::RequirementOf(JobKey job) const {
  return jobs_.requirement(jobs_.record(job.slot).requirement);
}

// A job for which others were stopped starts as soon as their room is free,
// though another may have become its share's head meanwhile.
bool TurnRunner::StartEarmarked(QueueRecord& queue) {
  QuotaQueue& quota = *queue.quota;
  for (size_t turn = 0; turn < quota.order.size(); ++turn) {
    for (const Earmark& earmark : quota.earmarks) {
      if (earmark.share == quota.order[turn] &&
          quota.ledger.Fits(earmark.share, earmark.quota, earmark.quota) &&
          StartOfShare(queue, earmark.job, turn)) {
        return true;
      }
    }
  }
  return false;
}

// Choice: §15.3, round robin that goes on after the share that was served
// last, in the order of creation at first.
bool TurnRunner::StartOnOwn(QueueRecord& queue) {
  QuotaQueue& quota = *queue.quota;
  const size_t count = quota.order.size();
  for (size_t i = 0; i < count; ++i) {
    const size_t turn = (quota.next + i) % count;
    const uint32_t share = quota.order[turn];
    const JobKey head = ShareHead(queue, share);
    if (head.is_null()) continue;
    const Earmark* earmark = quota.FindEarmark(head);
    if (!quota.ledger.FitsOwn(share, QuotaNeedOf(quota, RequirementOf(head)),
                              earmark ? earmark->quota : Amounts())) {
      continue;
    }
    if (StartOfShare(queue, head, turn)) return true;
  }
  return false;
}

// Source: API IdleResourceAssignmentStrategy FIFO. Choice: §15.3, by the time
// at which the heads became RUNNABLE.
bool TurnRunner::StartOnBorrowed(QueueRecord& queue) {
  QuotaQueue& quota = *queue.quota;
  struct Borrower {
    int64_t since_ns;
    uint64_t sequence;
    size_t turn;
  };
  std::vector<Borrower> borrowers;
  for (size_t turn = 0; turn < quota.order.size(); ++turn) {
    const uint32_t share = quota.order[turn];
    const JobKey head = ShareHead(queue, share);
    if (head.is_null()) continue;
    const Earmark* earmark = quota.FindEarmark(head);
    const Amounts held = earmark ? earmark->quota : Amounts();
    const Amounts need = QuotaNeedOf(quota, RequirementOf(head));
    if (!quota.ledger.FitsOwn(share, need, held) &&
        quota.ledger.Fits(share, need, held)) {
      borrowers.push_back({quota.since.Find(head.slot, head.child).value_or(0),
                           jobs_.record(head.slot).sequence, turn});
    }
  }
  std::sort(borrowers.begin(), borrowers.end(),
            [](const Borrower& a, const Borrower& b) {
              return std::tie(a.since_ns, a.sequence) <
                     std::tie(b.since_ns, b.sequence);
            });
  return std::any_of(
      borrowers.begin(), borrowers.end(), [&](const Borrower& borrower) {
        const JobKey head = ShareHead(queue, quota.order[borrower.turn]);
        return StartOfShare(queue, head, borrower.turn);
      });
}

// Starts a share's head if it finds room: where room is held for it, or
// anywhere.
bool TurnRunner::StartOfShare(QueueRecord& queue, JobKey head, size_t turn) {
  QuotaQueue& quota = *queue.quota;
  const Requirement& need = RequirementOf(head);
  const Earmark* earmark = quota.FindEarmark(head);
  Placement placement;
  if (earmark != nullptr && earmark->instance != kNoIndex &&
      need.FitsIn(earmark->held)) {
    placement = {Held::kNot, fleet_.instance(earmark->instance).environment,
                 earmark->instance};
  } else if (queue.is_for_services()) {
    placement = FindServicePlace(queue, need, head);
  } else {
    placement = FindPlace(queue, need);
  }
  if (placement.held != Held::kNot) return false;
  Place(head, placement);
  quota.next = static_cast<uint32_t>((turn + 1) % quota.order.size());
  return true;
}

// --- Preemption -------------------------------------------------------------

// The first share in turn whose head may stop others, and for whom that is
// enough.
bool TurnRunner::PreemptForOne(QueueRecord& queue) {
  QuotaQueue& quota = *queue.quota;
  const size_t count = quota.order.size();
  for (size_t i = 0; i < count; ++i) {
    const uint32_t share = quota.order[(quota.next + i) % count];
    const JobKey head = ShareHead(queue, share);
    if (head.is_null() || quota.FindEarmark(head) != nullptr) continue;
    const Held held = FindPlace(queue, RequirementOf(head)).held;
    // Where an environment can still grow, nobody need be stopped for room.
    if (held != Held::kNot && held != Held::kNoRoom) continue;
    if (PreemptFor(queue, share, head, held)) return true;
  }
  return false;
}

bool TurnRunner::PreemptFor(QueueRecord& queue, uint32_t share, JobKey head,
                            Held held) {
  QuotaQueue& quota = *queue.quota;
  const Amounts need = QuotaNeedOf(quota, RequirementOf(head));
  // Source: §15.4; the owner of lent capacity wants it back.
  if (held == Held::kNoRoom && quota.ledger.FitsOwn(share, need) &&
      CarryOut(queue, share, head, held, StopCause::kPreemptedAcross)) {
    return true;
  }
  // Source: §15.5; a job of higher priority in the same share.
  return quota.shares[share].config.options().in_share_preemption ==
             InSharePreemption::kEnabled &&
         !(held == Held::kNot && quota.ledger.Fits(share, need)) &&
         CarryOut(queue, share, head, held, StopCause::kPreemptedInShare);
}

// What is free in the queue's service environment, and not kept for others, in
// the units of its shares.
Amounts TurnRunner::FreeInService(const QueueRecord& queue) const {
  const QuotaQueue& quota = *queue.quota;
  const ServiceCapacity& capacity =
      state_.service_environments[queue.service].capacity;
  Amounts free(quota.ledger.unit_count());
  for (size_t unit = 0; unit < free.size(); ++unit) {
    free[unit] = capacity.Left(quota.ledger.unit_name(unit)) * 1000;
  }
  for (const CapacityUsage& kept : KeptInService(queue, JobKey())) {
    const std::optional<size_t> unit =
        quota.ledger.FindUnit(kept.capacity_unit);
    if (unit.has_value()) free[*unit] -= kept.quantity * 1000;
  }
  return free;
}

// Makes a plan, and begins to stop the jobs that it names.
bool TurnRunner::CarryOut(QueueRecord& queue, uint32_t share, JobKey head,
                          Held held, StopCause cause) {
  QuotaQueue& quota = *queue.quota;
  PreemptionQuestion question;
  std::vector<uint32_t> lives;      // of the candidates
  std::vector<uint32_t> instances;  // of the sites
  question.share = share;
  question.quota = QuotaNeedOf(quota, RequirementOf(head));
  question.room = queue.is_for_services()
                      ? question.quota
                      : RoomOf(RequirementOf(head).resources);
  question.headroom = quota.ledger.Headroom(share);
  if (held == Held::kNot) {
    // There is room; only the share's own limits are in the way.
    question.free.push_back(question.room);
    instances.push_back(kNoIndex);
  } else if (queue.is_for_services()) {
    question.free.push_back(FreeInService(queue));
    instances.push_back(kNoIndex);
  }
  for (uint32_t other : quota.order) {
    if ((other == share) == (cause == StopCause::kPreemptedAcross)) continue;
    AddCandidates(queue, other, head, held, question, lives, instances);
  }
  if (cause == StopCause::kPreemptedAcross) {
    question.excess.resize(quota.shares.size());
    for (uint32_t other : quota.order) {
      question.excess[other] = ExcessOf(quota, other);
    }
  }
  const std::vector<size_t> plan = PlanPreemption(question);
  if (plan.empty()) return false;
  Earmark earmark;
  earmark.job = head;
  earmark.share = share;
  earmark.quota = question.quota;
  if (held == Held::kNoRoom && !queue.is_for_services()) {
    earmark.instance = instances[question.candidates[plan.front()].site];
    earmark.generation = fleet_.InstanceGeneration(earmark.instance);
  }
  // A child with details leaves the line by itself, not among its siblings.
  jobs_.EnsureDetails(head);
  BeginEarmark(quota, earmark);
  for (size_t index : plan) Preempt(lives[index], cause);
  // Who was stopped before it started has left room, perhaps more than is
  // needed, also for queues that had their turn.
  again_ = true;
  return true;
}

// What a share uses beyond its own capacity, without what it gives back as it
// is: nobody is stopped for what is being stopped already.
Amounts TurnRunner::ExcessOf(const QuotaQueue& quota, uint32_t share) const {
  Amounts excess = quota.ledger.Excess(share);
  if (!quota.ledger.IsOver(share)) return excess;
  const SequenceBitmap& dispatched = quota.shares[share].dispatched;
  for (uint64_t i = dispatched.First(); i != SequenceBitmap::kNone;
       i = dispatched.FirstAtLeast(i + 1)) {
    const LiveAttempt& attempt = jobs_.live(static_cast<uint32_t>(i));
    if (attempt.stop == StopCause::kNone) continue;
    const JobRecord& record = jobs_.record(attempt.job.slot);
    TakeAmounts(excess,
                QuotaNeedOf(quota, jobs_.requirement(record.requirement)));
  }
  return excess;
}

// The attempts of a share that might be stopped for `head`, and the instances
// where they run.
void TurnRunner::AddCandidates(const QueueRecord& queue, uint32_t share,
                               JobKey head, Held held,
                               PreemptionQuestion& question,
                               std::vector<uint32_t>& lives,
                               std::vector<uint32_t>& instances) const {
  const QuotaQueue& quota = *queue.quota;
  const bool is_own = share == question.share;
  if (!is_own && !AnyPositive(ExcessOf(quota, share))) return;
  const int priority =
      jobs_.spec(jobs_.record(head.slot).spec).scheduling_priority;
  const SequenceBitmap& dispatched = quota.shares[share].dispatched;
  for (uint64_t i = dispatched.First(); i != SequenceBitmap::kNone;
       i = dispatched.FirstAtLeast(i + 1)) {
    const uint32_t live = static_cast<uint32_t>(i);
    const LiveAttempt& attempt = jobs_.live(live);
    const bool is_service = attempt.is_service();
    if (attempt.stop != StopCause::kNone || attempt.number == kLastAttempt ||
        (!is_service &&
         fleet_.instance(attempt.instance).state == InstanceState::kLost)) {
      continue;
    }
    PreemptionCandidate candidate;
    candidate.priority = jobs_.spec(attempt.spec).scheduling_priority;
    if (is_own && candidate.priority >= priority) continue;
    // One that a job started on may have left the queue since.
    if (held == Held::kNoRoom && is_service &&
        attempt.environment != queue.service) {
      continue;
    }
    if (held == Held::kNoRoom && !is_service) {
      const InstanceRecord& instance = fleet_.instance(attempt.instance);
      if (instance.state != InstanceState::kReady ||
          !IsEnvironmentOf(queue, attempt.environment) ||
          !fleet_.environment(attempt.environment).places_jobs() ||
          !fleet_.environment(attempt.environment)
               .is_below_max_vcpus(RequirementOf(head).resources) ||
          !RequirementOf(head).FitsIn(instance.total)) {
        continue;
      }
      const auto site =
          std::find(instances.begin(), instances.end(), attempt.instance);
      candidate.site = static_cast<size_t>(site - instances.begin());
      if (site == instances.end()) {
        instances.push_back(attempt.instance);
        question.free.push_back(RoomOf(instance.free));
      }
    }
    const JobRecord& record = jobs_.record(attempt.job.slot);
    const Requirement& requirement = jobs_.requirement(record.requirement);
    candidate.share = share;
    // Choice: D27; what is only STARTING counts as started last of all.
    candidate.started_ns = attempt.started
                               ? attempt.started_ns
                               : std::numeric_limits<int64_t>::max();
    candidate.sequence = record.sequence;
    candidate.child = attempt.job.child;
    candidate.quota = QuotaNeedOf(quota, requirement);
    candidate.room =
        is_service ? candidate.quota : RoomOf(requirement.resources);
    question.candidates.push_back(std::move(candidate));
    lives.push_back(live);
  }
}

// --- Blocked heads ----------------------------------------------------------

// Source: §15.6. What waits only because the share uses all it may is not
// blocked (§13.5). Choice: D34, each share has a head and a clock of its own.
void TurnRunner::MarkShareBlocked(QueueRecord& queue, uint32_t share) {
  QuotaShareRecord& record = queue.quota->shares[share];
  const JobKey head = ShareHead(queue, share);
  ForgetHead(record.blocked, head);
  if (head.is_null()) return;
  const Requirement& requirement = RequirementOf(head);
  TextIndex reason = kNoReason;
  Held held = Held::kNoRoom;
  // What the service environment could never hold comes first in the table.
  const bool is_beyond_service =
      queue.is_for_services() &&
      !state_.service_environments[queue.service].capacity.MayEverFit(
          requirement.capacity_usage);
  switch (is_beyond_service
              ? QuotaVerdict::kMayFit
              : queue.quota->ledger.Judge(
                    share, QuotaNeedOf(*queue.quota, requirement))) {
    case QuotaVerdict::kMayFit:
      held = FindPlace(queue, requirement).held;
      if (held == Held::kNoRoom || held == Held::kConsumable ||
          held == Held::kService) {
        reason = BlockedReason(queue, requirement);
      }
      break;
    case QuotaVerdict::kOverLimits:
      reason = kBlockedQuotaLimits;
      break;
    case QuotaVerdict::kOverLimitsAndBorrow:
      reason = kBlockedQuotaLimitsAndBorrow;
      break;
    case QuotaVerdict::kOverBorrowable:
      reason = kBlockedQuotaBorrowable;
      break;
  }
  NoteBlocked(queue, share, record.blocked, head, reason, held);
}

// --- Demand -----------------------------------------------------------------

// What the jobs of a share may ask of environments that can grow: as much as
// the share may use, up to the first that it may not, or that is short of a
// consumable, because nobody behind that one can start. But a job for which
// quota is held can; one for which room is held, too, asks for nothing more.
// Choice: D45, of an order with quotas.
std::vector<ClassDemand> TurnRunner::ShareDemand(
    const QueueRecord& queue, uint32_t share, const ScalingPlan& plan) const {
  const QuotaQueue& quota = *queue.quota;
  std::vector<ClassDemand> demands;
  Amounts left = quota.ledger.Headroom(share);
  bool goes_on = true;
  for (const ClassInLine& waiting : quota.shares[share].line.Classes()) {
    const Requirement& requirement = jobs_.requirement(waiting.requirement);
    int64_t jobs = waiting.jobs;
    int64_t with_quota = 0;
    for (const Earmark& earmark : quota.earmarks) {
      if (earmark.share != share ||
          jobs_.record(earmark.job.slot).requirement != waiting.requirement) {
        continue;
      }
      if (earmark.instance != kNoIndex) {
        --jobs;
      } else {
        ++with_quota;
        AddAmounts(left, earmark.quota);
      }
    }
    const int64_t wanted = goes_on ? jobs : with_quota;
    const Amounts need = QuotaNeedOf(quota, requirement);
    int64_t covered = plan.Supplied(requirement, wanted);
    for (size_t unit = 0; unit < need.size(); ++unit) {
      if (need[unit] > 0) {
        covered =
            std::min(covered, std::max<int64_t>(0, left[unit]) / need[unit]);
      }
    }
    goes_on = goes_on && covered == wanted;
    for (size_t unit = 0; unit < need.size(); ++unit) {
      left[unit] -= covered * need[unit];
    }
    if (covered > 0) demands.push_back({requirement, covered});
  }
  return demands;
}

}  // namespace embatch
