// SPDX-License-Identifier: Apache-2.0
//
// Multi-node parallel jobs: all nodes are placed at once, the main node starts
// first, the others when it runs, and all stop when it has ended.
//
// An attempt of such a job is one of each of its nodes. The job goes where its
// main node goes, and its events come first.
//
// Source: guide "Multi-node parallel jobs"; §12.3. Choice: D35, D36. Choice: a
// node is STARTING from the moment when its instance is its own (§5.1), though
// only the main node is started then.
#include "lib/capacity/gang.h"
#include "lib/jobs/reasons.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

// Environments in their order; the first one that can serve the job is waited
// for, even while it is out of capacity. Source: §12.2.
Placement TurnRunner::FindPlaceForNodes(const QueueRecord& queue,
                                        const Requirement& need) const {
  for (uint32_t environment : queue.environments) {
    if (!fleet_.environment(environment).places_jobs()) continue;
    if (!FindNodes(fleet_, environment, need).empty()) {
      return {Held::kNot, environment, kNoIndex};
    }
    if (CanGrowForNodes(fleet_, environment, need)) {
      return {Held::kMayGrow, kNoIndex, kNoIndex};
    }
  }
  return {};
}

void TurnRunner::PlaceNodes(uint32_t slot, uint32_t environment) {
  const JobKey job{slot, -1};
  const std::vector<uint32_t> instances = FindNodes(
      fleet_, environment, jobs_.requirement(jobs_.record(slot).requirement));
  jobs_.nodes(slot).all_asked = false;
  for (int32_t i = 0; i < jobs_.nodes(slot).size(); ++i) {
    const uint32_t live = jobs_.BeginAttempt({slot, i});
    Charge(live, instances[static_cast<size_t>(i)]);
  }
  jobs_.Change(job, JobTrigger::kPlaced, kNoReason, now_ns_, journal_);
  jobs_.ChangeNodes(slot, JobTrigger::kPlaced, journal_);
  RequestStart(jobs_.record(slot).live);
}

// Whether the node's container was ever asked for.
bool TurnRunner::IsNodeAsked(uint32_t live) const {
  const uint32_t slot = jobs_.live(live).job.slot;
  return jobs_.record(slot).live == live || jobs_.nodes(slot).all_asked;
}

void TurnRunner::StartRunningNode(uint32_t live, int64_t at_ns) {
  LiveAttempt& attempt = jobs_.live(live);
  const JobKey node = attempt.job;
  JobRecord& record = jobs_.record(node.slot);
  NodesRecord& nodes = jobs_.nodes(node.slot);
  attempt.started = true;
  attempt.started_ns = at_ns;
  nodes.at(node.child).details.started_ns = at_ns;
  const bool is_main = record.live == live;
  if (is_main) {
    record.details.started_ns = at_ns;
    const std::optional<JobTimeout>& timeout = jobs_.spec(attempt.spec).timeout;
    if (timeout.has_value()) {
      // Source: API JobTimeout; of a multi-node job it is the whole job's.
      // Choice: §7, from the start of the main node.
      SetDeadline(live, DeadlineKind::kTimeout, timeout->attempt_duration,
                  at_ns);
    }
    jobs_.Change({node.slot, -1}, JobTrigger::kContainerStarted, kNoReason,
                 at_ns, journal_);
  }
  jobs_.Change(node, JobTrigger::kContainerStarted, kNoReason, at_ns, journal_);
  if (!is_main) return;
  ++journal_.transitions_left;  // it went with its job
  nodes.main_node_address = fleet_.AddressOf(attempt.instance);
  AddWork(WorkKind::kStartNodes, node.slot);
}

// Starts the other nodes, unless by now the main node is to stop or has ended:
// then they end unasked.
void TurnRunner::StartNodes(uint32_t slot) {
  const uint32_t main = jobs_.record(slot).live;
  if (main == kNoIndex || jobs_.live(main).stop != StopCause::kNone ||
      IsHostLost(main)) {
    return;
  }
  NodesRecord& nodes = jobs_.nodes(slot);
  nodes.all_asked = true;
  for (const NodeRecord& node : nodes.nodes) {
    if (node.live != kNoIndex && node.live != main && !IsHostLost(node.live)) {
      RequestStart(node.live);
    }
  }
}

bool TurnRunner::IsHostLost(uint32_t live) const {
  return fleet_.instance(jobs_.live(live).instance).state ==
         InstanceState::kLost;
}

// A node that ends before the main node changes nothing for anybody else. When
// the main node has ended, the attempt of the job is over, and the other nodes
// are stopped; each keeps its instance until it has ended.
void TurnRunner::EndNode(uint32_t live, AttemptRecord outcome) {
  const int64_t at_ns = outcome.stopped_ns;
  LiveAttempt attempt = jobs_.live(live);
  const JobKey node = attempt.job;
  const JobKey job{node.slot, -1};
  const bool is_main = jobs_.record(node.slot).live == live;
  const bool is_job_over = jobs_.record(node.slot).live == kNoIndex;
  // It was to be stopped, and ended before it came to that.
  attempt.stop = is_job_over && attempt.stop == StopCause::kNone
                     ? StopCause::kWithMainNode
                     : CauseOf(attempt);
  outcome.status_reason = StoppedReason(attempt, outcome.status_reason);
  const bool succeeded = attempt.stop == StopCause::kNone &&
                         outcome.has_exit_code && outcome.exit_code == 0;
  // Source: guide "Multi-node parallel jobs"; the main node alone decides.
  const bool retry = is_main && !succeeded && IsRetryDueFor(attempt, outcome);
  ClearDeadline(live);
  Discharge(live);
  jobs_.EndAttempt(live, &outcome, !retry);
  JobTrigger trigger =
      succeeded ? JobTrigger::kAttemptSucceeded : JobTrigger::kAttemptFailed;
  if (retry) trigger = JobTrigger::kRetry;
  if (is_main) {
    jobs_.Change(job, trigger, retry ? kNoReason : outcome.status_reason, at_ns,
                 journal_);
  } else if (is_job_over) {
    // Choice: D36, or it waits with its job for the next attempt.
    const JobStatus status = jobs_.StatusOf(job);
    trigger = !IsTerminal(status)               ? JobTrigger::kRetry
              : status == JobStatus::kSucceeded ? JobTrigger::kAttemptSucceeded
                                                : JobTrigger::kAttemptFailed;
  }
  jobs_.Change(
      node, trigger,
      trigger == JobTrigger::kRetry ? kNoReason : outcome.status_reason, at_ns,
      journal_);
  if (is_main) {
    ++journal_.transitions_left;  // it went with its job
    AddWork(WorkKind::kStopNodes, node.slot, 0);
    if (retry) {
      EnterLine(job);
    } else {
      OnEnded(job);
    }
  } else if (jobs_.nodes(node.slot).live == 0 &&
             jobs_.nodes(node.slot).is_expired) {
    AddWork(WorkKind::kExpire, node.slot);
  }
}

// The main node is being stopped, or has ended: so the others are stopped, too,
// and what has ended of a job that is to be tried again waits with it.
// item.first: the node to go on with.
bool TurnRunner::StopNodes(WorkItem& item) {
  const NodesRecord& nodes = jobs_.nodes(item.slot);
  for (; item.first < nodes.size(); ++item.first) {
    if (!has_budget()) return false;
    const JobRecord& record = jobs_.record(item.slot);
    const NodeRecord& node = nodes.at(item.first);
    if (node.live == kNoIndex) {
      if (record.status == JobStatus::kRunnable && IsTerminal(node.status)) {
        jobs_.Change({item.slot, item.first}, JobTrigger::kRetry, kNoReason,
                     now_ns_, journal_);
      }
    } else if (record.live == kNoIndex) {
      StopAttempt(node.live, StopCause::kWithMainNode);
    } else if (node.live != record.live) {
      StopAttempt(node.live, jobs_.live(record.live).stop);
    }
  }
  return true;
}

}  // namespace embatch
