// SPDX-License-Identifier: Apache-2.0
//
// Attempts: the record of one that runs, and what is kept of one that ended.
#include <algorithm>

#include "lib/base/check.h"
#include "lib/jobs/job_table.h"
#include "lib/jobs/reasons.h"

namespace embatch {
namespace {

// Whether an attempt that ends was its job's first, of one container that
// exited by itself: so it is with nearly all.
bool IsOrdinary(const LiveAttempt& attempt, const AttemptRecord& outcome) {
  return attempt.number == 1 && attempt.task == kNoIndex &&
         outcome.has_exit_code && outcome.reason == kNoReason &&
         outcome.status_reason == kEssentialContainerExited &&
         outcome.started_ns != kNoTime;
}

// An ordinary attempt; the rest of it is kept with the job.
AttemptRecord OrdinaryAttempt() {
  AttemptRecord record;
  record.status_reason = kEssentialContainerExited;
  record.number = 1;
  record.has_exit_code = true;
  return record;
}

}  // namespace

uint32_t JobTable::FindAttempt(const AttemptId& attempt) const {
  const int32_t child = attempt.job.child;
  if (child < 0) {
    const uint32_t guess = GuessLive(attempt.job.slot);
    if (IsAttempt(guess, attempt)) return guess;
  } else if (const ArrayRecord* array = FindArray(attempt.job)) {
    const uint32_t live = child < array->size ? array->LiveOf(child) : kNoIndex;
    return live != kNoIndex && live_[live].number == attempt.number ? live
                                                                    : kNoIndex;
  }
  const std::optional<JobKey> key = Find(attempt.job);
  const uint32_t live = key.has_value() ? LiveOf(*key) : kNoIndex;
  return IsAttempt(live, attempt) ? live : kNoIndex;
}

// Room for four times as many as run leaves most of them their own place, as
// they were submitted about one after the other. There is a most, because the
// table is made anew in one piece: where more run than that, more guesses are
// wrong.
void JobTable::NoteLive(uint32_t slot, uint32_t live) {
  constexpr size_t kLeast = 64;  // powers of two, as all sizes are
  constexpr size_t kMost = size_t{1} << 18;
  if (live_.size() * 4 > live_guesses_.size() && live_guesses_.size() < kMost) {
    live_guesses_.assign(std::max(kLeast, live_guesses_.size() * 2), kNoIndex);
  }
  live_guesses_[slot & (live_guesses_.size() - 1)] = live;
}

int JobTable::AttemptsOf(JobKey key) const {
  if (!key.is_child()) return jobs_[key.slot].details.attempts;
  if (jobs_[key.slot].has_nodes) {
    return nodes(key.slot).at(key.child).details.attempts;
  }
  const ArrayRecord& children = array(key.slot);
  const CellKind kind = children.states.Get(key.child).cell();
  const uint32_t index = children.cells.Get(key.child).index();
  switch (kind) {
    case CellKind::kNone:
      return 0;
    case CellKind::kOutcome:
      return 1;
    case CellKind::kLive:
      return live_[index].number;
    case CellKind::kDetails:
      return details_[index].attempts;
  }
  return 0;
}

uint32_t JobTable::BeginAttempt(JobKey key) {
  const uint32_t index = live_.Allocate().slot;
  LiveAttempt& attempt = live_[index];
  JobRecord& record = jobs_[key.slot];
  attempt.job = key;
  attempt.spec = record.spec;
  if (!key.is_child()) {
    attempt.number = ++record.details.attempts;
    record.live = index;
    NoteLive(key.slot, index);
    return index;
  }
  if (record.has_nodes) {
    attempt.number = static_cast<uint16_t>(AttemptsOf(key) + 1);
    BeginNodeAttempt(key, index);
    return index;
  }
  ArrayRecord& children = arrays_[record.children];
  ChildState& state = children.states.Mutable(key.child);
  ChildCell& cell = children.cells.Mutable(key.child);
  attempt.number = 1;
  if (state.cell() == CellKind::kDetails) {
    attempt.details = cell.index();
    attempt.number = ++details_[attempt.details].attempts;
  }
  state.set_cell(CellKind::kLive);
  cell = ChildCell::Index(index);
  return index;
}

void JobTable::BeginTask(uint32_t live) {
  const uint32_t index = tasks_.Allocate().slot;
  tasks_[index].containers.resize(TaskSpecOf(live).containers.size());
  live_[live].task = index;
}

void JobTable::EndContainer(uint32_t task, size_t container,
                            ContainerPhase phase, std::optional<int> exit_code,
                            TextIndex reason) {
  ContainerRecord& record = tasks_[task].containers[container];
  record.phase = phase;
  record.has_exit_code = exit_code.has_value();
  record.exit_code = exit_code.value_or(0);
  SetText(record.reason, reason);
}

// Whether the end of a child's ordinary attempt fits into its 16 bytes.
bool JobTable::PackOutcome(JobKey key, const LiveAttempt& attempt,
                           const AttemptRecord& outcome) {
  if (attempt.details != kNoIndex) return false;
  const std::optional<ChildCell> cell =
      ChildCell::Pack({outcome.started_ns, outcome.stopped_ns,
                       outcome.instance_number, outcome.exit_code},
                      jobs_[key.slot].created_ns);
  if (!cell.has_value()) return false;
  ArrayRecord& children = array(key.slot);
  children.states.Mutable(key.child).set_cell(CellKind::kOutcome);
  children.cells.Mutable(key.child) = *cell;
  return true;
}

// The same for a job of its own, whose record has room for it: most jobs that
// have ended take no other.
void JobTable::KeepOutcome(uint32_t slot, const AttemptRecord& outcome) {
  JobRecord& record = jobs_[slot];
  record.has_outcome = true;
  record.exit_code = outcome.exit_code;
  record.instance_number = outcome.instance_number;
  record.details.started_ns = outcome.started_ns;
  record.details.stopped_ns = outcome.stopped_ns;
}

AttemptRecord JobTable::OutcomeOf(uint32_t slot) const {
  const JobRecord& record = jobs_[slot];
  AttemptRecord outcome = OrdinaryAttempt();
  outcome.started_ns = record.details.started_ns;
  outcome.stopped_ns = record.details.stopped_ns;
  outcome.instance_number = record.instance_number;
  outcome.exit_code = record.exit_code;
  return outcome;
}

void JobTable::EndAttempt(uint32_t live, AttemptRecord* outcome, bool final) {
  const LiveAttempt& attempt = live_[live];  // until it is freed
  const JobKey key = attempt.job;
  outcome->number = attempt.number;
  outcome->instance_number = attempt.instance_number;
  outcome->started_ns = attempt.started ? attempt.started_ns : kNoTime;
  outcome->task = attempt.task;
  const bool is_ordinary = final && IsOrdinary(attempt, *outcome);
  if (attempt.is_node) {
    EndNodeAttempt(key, final);
  } else if (key.is_child()) {
    if (is_ordinary && PackOutcome(key, attempt, *outcome)) {
      live_.Free(live);
      return;
    }
    ArrayRecord& children = array(key.slot);
    JobDetails& details = EnsureDetails(key);
    details.attempts = attempt.number;
    children.states.Mutable(key.child).set_cell(CellKind::kDetails);
    children.cells.Mutable(key.child) = ChildCell::Index(live_[live].details);
    if (!final) children.states.Mutable(key.child).set_retried();
  } else {
    jobs_[key.slot].live = kNoIndex;
    if (!final) jobs_[key.slot].retry_class = kRetriedClass;
    if (is_ordinary) {
      KeepOutcome(key.slot, *outcome);
      live_.Free(live);
      return;
    }
  }
  live_.Free(live);

  JobDetails& details = EnsureDetails(key);
  details.started_ns = outcome->started_ns;
  const uint32_t index = history_.Allocate().slot;
  AttemptRecord& record = history_[index];
  record = *outcome;
  record.reason = record.status_reason = kNoReason;
  SetText(record.reason, outcome->reason);
  SetText(record.status_reason, outcome->status_reason);
  if (details.history.empty()) {
    details.history.first = index;
  } else {
    history_[details.history.last].next = index;
  }
  details.history.last = index;
}

void JobTable::AbandonAttempt(uint32_t live) {
  const LiveAttempt attempt = live_[live];
  const JobKey key = attempt.job;
  const uint16_t before = static_cast<uint16_t>(attempt.number - 1);
  if (!key.is_child()) {
    jobs_[key.slot].live = kNoIndex;
    jobs_[key.slot].details.attempts = before;
  } else {
    ArrayRecord& children = array(key.slot);
    const bool has_details = attempt.details != kNoIndex;
    if (has_details) details_[attempt.details].attempts = before;
    children.states.Mutable(key.child).set_cell(has_details ? CellKind::kDetails
                                                            : CellKind::kNone);
    children.cells.Mutable(key.child) =
        has_details ? ChildCell::Index(attempt.details) : ChildCell();
  }
  if (attempt.task != kNoIndex) RemoveTask(attempt.task);
  live_.Free(live);
}

std::optional<AttemptRecord> JobTable::LastAttempt(JobKey key) const {
  if (!key.is_child() && jobs_[key.slot].has_outcome) {
    return OutcomeOf(key.slot);
  }
  const JobDetails* details = FindDetails(key);
  if (details == nullptr || details->history.empty()) return std::nullopt;
  return history_[details->history.last];
}

std::vector<AttemptRecord> JobTable::History(JobKey key) const {
  std::vector<AttemptRecord> result;
  if (!key.is_child() && jobs_[key.slot].has_outcome) {
    return {OutcomeOf(key.slot)};
  }
  if (const JobDetails* details = FindDetails(key)) {
    for (uint32_t i = details->history.first; i != kNoIndex;
         i = history_[i].next) {
      result.push_back(history_[i]);
    }
    return result;
  }
  const ArrayRecord& children = array(key.slot);
  if (children.states.Get(key.child).cell() != CellKind::kOutcome) {
    return result;
  }
  const ChildOutcome outcome =
      children.cells.Get(key.child).Unpack(jobs_[key.slot].created_ns);
  AttemptRecord& record = result.emplace_back(OrdinaryAttempt());
  record.started_ns = outcome.started_ns;
  record.stopped_ns = outcome.stopped_ns;
  record.instance_number = outcome.instance_number;
  record.exit_code = outcome.exit_code;
  return result;
}

}  // namespace embatch
