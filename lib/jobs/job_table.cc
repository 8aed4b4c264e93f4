// SPDX-License-Identifier: Apache-2.0
//
// The storage of jobs: adding, finding, removing, texts. Changes of status are
// in change_status.cc, attempts in attempts.cc.
#include "lib/jobs/job_table.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"
#include "lib/jobs/reasons.h"

namespace embatch {

JobTable::JobTable() {
  for (size_t i = 0; i < kFixedTexts.size(); ++i) {
    EMBATCH_CHECK(texts_.Intern(kFixedTexts[i]) == i);
  }
}

TextIndex JobTable::InternText(absl::string_view text) {
  if (text.empty()) return kNoReason;
  return texts_.Intern(text);
}

void JobTable::ReleaseText(TextIndex text) {
  if (text >= kFixedTexts.size()) released_texts_.push_back(text);
}

absl::string_view JobTable::Text(TextIndex text) const {
  return texts_.IsLive(text) ? absl::string_view(texts_[text])
                             : absl::string_view();
}

void JobTable::ForgetReleased() {
  for (TextIndex text : released_texts_) texts_.Release(text);
  released_texts_.clear();
}

void JobTable::SetText(TextIndex& field, TextIndex text) {
  if (field == text) return;
  ReleaseText(field);
  if (text >= kFixedTexts.size()) texts_.AddRef(text);
  field = text;
}

uint32_t JobTable::InternSpec(JobSpec spec) {
  const uint32_t index = specs_.Intern(std::move(spec));
  const uint32_t definition = specs_[index].definition;
  if (specs_.count(index) == 1 && definition != JobSpec::kNoDefinition) {
    if (definition >= specs_of_.size()) specs_of_.resize(definition + 1);
    ++specs_of_[definition];
  }
  return index;
}

// The last job of a spec takes the requirement with it.
void JobTable::ReleaseSpec(uint32_t spec) {
  if (specs_.count(spec) == 1) {
    const uint32_t definition = specs_[spec].definition;
    if (definition != JobSpec::kNoDefinition) --specs_of_[definition];
    if (spec < requirement_of_.size() && requirement_of_[spec] != kNoIndex) {
      requirements_.Release(std::exchange(requirement_of_[spec], kNoIndex));
    }
  }
  specs_.Release(spec);
}

uint32_t JobTable::RequirementFor(uint32_t spec) {
  if (spec >= requirement_of_.size()) {
    requirement_of_.resize(spec + 1, kNoIndex);
  }
  uint32_t& requirement = requirement_of_[spec];
  if (requirement == kNoIndex) {
    requirement = requirements_.Intern(RequirementOf(specs_[spec]));
  }
  return requirement;
}

uint32_t JobTable::AddQueue() {
  queues_.emplace_back();
  return static_cast<uint32_t>(queues_.size() - 1);
}

bool JobTable::HasJobs(uint32_t queue) const {
  const auto& by_status = queues_[queue].by_status;
  return std::any_of(by_status.begin(), by_status.end(),
                     [](const SequenceBitmap& jobs) { return !jobs.empty(); });
}

bool JobTable::HasActiveJobs(uint32_t queue) const {
  return FirstActive(queue, 0) != SequenceBitmap::kNone;
}

uint64_t JobTable::FirstActive(uint32_t queue, uint64_t sequence) const {
  uint64_t first = SequenceBitmap::kNone;
  for (int i = 0; i < kJobStatusCount; ++i) {
    if (IsTerminal(static_cast<JobStatus>(i))) continue;
    first = std::min(first, queues_[queue].by_status[i].FirstAtLeast(sequence));
  }
  return first;
}

uint32_t JobTable::Add(const NewJob& job) {
  const uint32_t slot = jobs_.Allocate().slot;
  JobRecord& record = jobs_[slot];
  record.queue = job.queue;
  record.spec = job.spec;
  record.share = job.share;
  record.requirement = RequirementFor(job.spec);
  record.name = names_.Add(job.name);
  record.created_ns = job.created_ns;
  QueueIndex& queue = queues_[job.queue];
  record.sequence = queue.slots.Add(slot);
  queue.by_status[static_cast<int>(JobStatus::kSubmitted)].Insert(
      record.sequence);
  if (job.array_size > 0) {
    record.children = arrays_.Allocate().slot;
    ArrayRecord& array = arrays_[record.children];
    array.size = job.array_size;
    array.counts[static_cast<int>(JobStatus::kPending)] = job.array_size;
    array.states = decltype(array.states)(job.array_size);
    array.cells = decltype(array.cells)(job.array_size);
  }
  if (specs_[job.spec].is_multi_node()) AddNodes(slot);
  return slot;
}

void JobTable::ReplaceSpec(uint32_t slot, uint32_t spec) {
  JobRecord& record = jobs_[slot];
  record.requirement = RequirementFor(spec);
  ReleaseSpec(record.spec);
  record.spec = spec;
  if (record.live != kNoIndex) live_[record.live].spec = spec;
}

void JobTable::ReleaseDetails(JobDetails& details) {
  ReleaseText(details.status_reason);
  ReleaseText(details.request_reason);
  for (uint32_t i = details.history.first; i != kNoIndex;) {
    const uint32_t next = history_[i].next;
    ReleaseText(history_[i].reason);
    ReleaseText(history_[i].status_reason);
    if (history_[i].task != kNoIndex) RemoveTask(history_[i].task);
    history_.Free(i);
    i = next;
  }
}

void JobTable::RemoveTask(uint32_t task) {
  for (const ContainerRecord& container : tasks_[task].containers) {
    ReleaseText(container.reason);
  }
  tasks_.Free(task);
}

bool JobTable::ForgetChildren(uint32_t index, int32_t* child, int64_t* budget) {
  ArrayRecord& array = arrays_[index];
  while (*child < array.size) {
    if (*budget <= 0) return false;
    --*budget;
    int64_t end = 0;
    if (!array.states.IsUntouchedBlock(*child, &end)) {
      end = array.cells.EndOfBlock(*child);
      for (int64_t i = *child; i < end; ++i) {
        if (array.states.Get(i).cell() != CellKind::kDetails) continue;
        const uint32_t details = array.cells.Get(i).index();
        ReleaseDetails(details_[details]);
        details_.Free(details);
        --*budget;
      }
      array.cells.DropBlock(*child);
    }
    *child = static_cast<int32_t>(end);
  }
  arrays_.Free(index);
  return true;
}

void JobTable::Remove(uint32_t slot) {
  JobRecord& record = jobs_[slot];
  EMBATCH_DCHECK(record.live == kNoIndex && record.dependents.empty());
  if (record.has_nodes) RemoveNodes(record.children);
  ReleaseDetails(record.details);
  ForgetPreemptions(slot);
  QueueIndex& queue = queues_[record.queue];
  queue.by_status[static_cast<int>(record.status)].Erase(record.sequence);
  queue.slots.Remove(record.sequence);
  names_.Release(record.name);
  ReleaseSpec(record.spec);
  jobs_.Free(slot);
}

void JobTable::Fetch(const JobId& id) const {
  jobs_.Prefetch(id.slot);
  if (id.child < 0) {
    live_.Prefetch(GuessLive(id.slot));
    return;
  }
  const ArrayRecord* array = FindArray(id);
  if (array != nullptr && id.child < array->size) array->FetchChild(id.child);
}

const JobDetails* JobTable::FindDetails(JobKey key) const {
  if (!key.is_child()) return &jobs_[key.slot].details;
  if (jobs_[key.slot].has_nodes) return &nodes(key.slot).at(key.child).details;
  const ArrayRecord& children = array(key.slot);
  const CellKind kind = children.states.Get(key.child).cell();
  const uint32_t index = children.cells.Get(key.child).index();
  switch (kind) {
    case CellKind::kNone:
    case CellKind::kOutcome:
      return nullptr;
    case CellKind::kLive:
      return live_[index].details == kNoIndex ? nullptr
                                              : &details_[live_[index].details];
    case CellKind::kDetails:
      return &details_[index];
  }
  return nullptr;
}

JobDetails& JobTable::EnsureDetails(JobKey key) {
  if (const JobDetails* details = FindDetails(key)) {
    return const_cast<JobDetails&>(*details);  // ours, and not const
  }
  ArrayRecord& children = array(key.slot);
  ChildState& state = children.states.Mutable(key.child);
  EMBATCH_DCHECK(state.cell() != CellKind::kOutcome);
  const uint32_t index = details_.Allocate().slot;
  JobDetails& details = details_[index];
  if (state.cell() == CellKind::kLive) {
    LiveAttempt& attempt = live_[children.cells.Get(key.child).index()];
    attempt.details = index;
    details.attempts = attempt.number;
  } else {
    state.set_cell(CellKind::kDetails);
    children.cells.Mutable(key.child) = ChildCell::Index(index);
  }
  return details;
}

bool JobTable::IsEndedByCaller(JobKey key) const {
  if (jobs_[key.slot].details.ended_by_caller()) return true;
  if (!key.is_child()) return false;
  const JobDetails* details = FindDetails(key);
  return details != nullptr && details->ended_by_caller();
}

bool JobTable::IsTerminatedByCaller(JobKey key) const {
  if (jobs_[key.slot].details.is_terminated) return true;
  if (!key.is_child()) return false;
  const JobDetails* details = FindDetails(key);
  return details != nullptr && details->is_terminated;
}

bool JobTable::IsTerminatedByCaller(const LiveAttempt& attempt) const {
  if (!attempt.job.is_child() || attempt.is_node) {
    return IsTerminatedByCaller(attempt.job);
  }
  return jobs_[attempt.job.slot].details.is_terminated ||
         (attempt.details != kNoIndex &&
          details_[attempt.details].is_terminated);
}

TextIndex JobTable::RequestReason(JobKey key) const {
  if (key.is_child()) {
    const JobDetails* details = FindDetails(key);
    if (details != nullptr && details->ended_by_caller()) {
      return details->request_reason;
    }
  }
  return jobs_[key.slot].details.request_reason;
}

// Choice: D57, of two requests the first one's reason stays and both flags are
// set.
void JobTable::SetRequest(JobKey key, bool terminate, TextIndex reason) {
  JobDetails& details = EnsureDetails(key);
  if (!details.ended_by_caller()) SetText(details.request_reason, reason);
  (terminate ? details.is_terminated : details.is_cancelled) = true;
}

void JobTable::Encode(Encoder& encoder) const {
  encoder.Encode(jobs_);
  jobs_.ForEach([this, &encoder](uint32_t slot, const JobRecord&) {
    encoder.Encode(Name(slot));
  });
  encoder.Encode(arrays_);
  encoder.Encode(nodes_);
  encoder.Encode(live_);
  encoder.Encode(history_);
  encoder.Encode(tasks_);
  encoder.Encode(details_);
  encoder.Encode(edges_);
  // Without the texts that only the latest events still name: keeping those a
  // little longer is no difference between two states.
  InternTable<std::string> texts = texts_;
  for (TextIndex text : released_texts_) texts.Release(text);
  encoder.Encode(texts);
  encoder.Encode(specs_);
  encoder.Encode(requirements_);
  encoder.Encode(preemptions_);
  for (const QueueIndex& queue : queues_) {
    encoder.Encode(queue.slots.next());
    encoder.Encode(queue.by_status);
  }
}

}  // namespace embatch
