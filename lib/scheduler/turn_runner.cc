// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/turn_runner.h"

#include <algorithm>

namespace embatch {

TurnRunner::TurnRunner(State& state, int64_t last_ns, Outcome& outcome)
    : state_(state),
      jobs_(state.jobs),
      fleet_(state.fleet),
      journal_(outcome.journal),
      requests_(outcome.requests),
      outcome_(outcome),
      last_ns_(last_ns),
      now_ns_(outcome.journal.now_ns) {
  journal_.transitions_left = state.settings.max_transitions;
}

// Source: design, "The phases of one turn". Choice: D44. When the budget of
// transitions runs out, the later phases wait for the next call, so that
// nothing is decided on half of what happened.
void TurnRunner::Run(const Turn& turn) {
  // As many reports as were asked for: a plug-in may hold more of this moment.
  const int64_t unread =
      IsEmpty(state_.unread) ? 0 : CountReports(state_.unread);
  const bool may_be_more =
      CountReports(turn) + unread >= state_.settings.max_transitions;
  FetchReported(turn);
  RunConfiguration();
  CountUse();
  RunReports(turn, may_be_more);
  RunArrivals();
  RunConsequences();
  const bool all_known = !may_be_more && IsEmpty(state_.unread) &&
                         state_.arrivals.empty() && state_.work.empty() &&
                         !IsAnythingDue();
  bool rest = all_known && has_budget();
  if (rest) {
    RunCycle();
    // Attempts that ended in the cycle have consequences, in another turn of
    // the same moment.
    rest = has_budget() && state_.work.empty() && !again_ && !RunScaling() &&
           !IsConfigurationDue();
  }
  outcome_.next_ns =
      rest
          ? std::max(now_ns_, std::min(state_.deadlines.NextTime(), NextTick()))
          : now_ns_;
}

// The first jobs that something is reported of are on their way while the turn
// begins; reports_ahead.h cares for the rest. The only one of a child would not
// be there before it is used: nothing of it can be fetched without a look at
// its array.
void TurnRunner::FetchReported(const Turn& turn) const {
  constexpr size_t kFirst = 8;
  const size_t count = std::min(turn.container_reports.size(), kFirst);
  if (count == 1 &&
      turn.container_reports.front().container.attempt.job.child >= 0) {
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    jobs_.Fetch(turn.container_reports[i].container.attempt.job);
  }
}

// Before anything else, so that a call that gets no further leaves the same
// behind as one that does (the fifth law).
void TurnRunner::CountUse() {
  for (QueueRecord& queue : state_.queues) {
    if (queue.kind == QueueKind::kFairShare) {
      queue.fair_share.CountUseUntil(now_ns_);
    }
  }
}

// A job that ended in this turn and is kept for no time goes in the next one:
// its events can still be looked up. That decides nothing, so nothing waits
// for it. If one that is due is held back, and others behind it, the turn does
// not come to rest all the same: see MayTakeDeadline().
bool TurnRunner::IsAnythingDue() const {
  return state_.deadlines.NextTime() <= now_ns_ &&
         static_cast<DeadlineKind>(state_.deadlines.Peek()->kind) !=
             DeadlineKind::kRetention;
}

}  // namespace embatch
