// SPDX-License-Identifier: Apache-2.0
//
// The JobTable holds every job that the scheduler knows, and is the only one
// that changes a job's status.
//
// It works on single jobs, array parents, array children, multi-node jobs and
// their nodes alike: a JobKey names any of them. It knows nothing of capacity
// or of the order in queues.
#ifndef EMBATCH_JOBS_JOB_TABLE_H_
#define EMBATCH_JOBS_JOB_TABLE_H_

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "embatch/event.h"
#include "embatch/ids.h"
#include "embatch/job.h"
#include "lib/base/encoding.h"
#include "lib/base/intern_table.h"
#include "lib/base/name_blocks.h"
#include "lib/base/sequence_bitmap.h"
#include "lib/base/sequence_index.h"
#include "lib/base/slot_table.h"
#include "lib/jobs/array_record.h"
#include "lib/jobs/nodes_record.h"
#include "lib/jobs/preemptions.h"
#include "lib/jobs/records.h"
#include "lib/jobs/task_record.h"
#include "lib/jobs/transitions.h"
#include "lib/model/job_spec.h"
#include "lib/model/requirement.h"

namespace embatch {

// What one turn writes down.
struct Journal {
  int64_t now_ns = 0;
  // Of SchedulerOptions::max_transitions; what costs about as much as a
  // transition takes one too. May go below 0 by what can't be divided.
  int64_t transitions_left = 0;
  std::vector<Event> events;
};

class JobTable {
 public:
  JobTable();

  // --- Texts: statusReasons and the like, kept once each -------------------
  // Each index that is kept somewhere counts once. Fixed texts (reasons.h)
  // need no counting and may be counted all the same.
  TextIndex InternText(absl::string_view text);  // counts one
  void ReleaseText(TextIndex text);  // the text stays until ForgetReleased()
  absl::string_view Text(TextIndex text) const;
  // Begins a new input: texts that only events still named may go now.
  void ForgetReleased();

  // --- Specs and requirements ----------------------------------------------
  uint32_t InternSpec(JobSpec spec);  // counts one
  void ReleaseSpec(uint32_t spec);
  void AddSpecUser(uint32_t spec) { specs_.AddRef(spec); }
  const JobSpec& spec(uint32_t spec) const { return specs_[spec]; }
  // Has them in the caches soon. Any number may be asked for. Few specs are
  // there anyway.
  void FetchSpec(uint32_t spec) const {
    if (specs_.size() > kFewSpecs) specs_.Prefetch(spec);
  }
  void FetchRequirement(uint32_t requirement) const {
    if (requirements_.size() > kFewSpecs) requirements_.Prefetch(requirement);
  }
  // Whether a job, or a definition itself, still has a spec of a definition.
  bool IsDefinitionUsed(uint32_t definition) const {
    return definition < specs_of_.size() && specs_of_[definition] > 0;
  }
  const Requirement& requirement(uint32_t requirement) const {
    return requirements_[requirement];
  }

  // --- Jobs ----------------------------------------------------------------
  uint32_t AddQueue();  // queues are numbered from 0
  // Whether a queue has a job at all, or one that is not over.
  bool HasJobs(uint32_t queue) const;
  bool HasActiveJobs(uint32_t queue) const;
  // The first job at or behind `sequence`, in the order of submission to the
  // queue, that is not over; SequenceBitmap::kNone if there is none.
  uint64_t FirstActive(uint32_t queue, uint64_t sequence) const;

  struct NewJob {
    uint32_t queue = 0;
    uint32_t spec = 0;          // its count goes to the job
    uint32_t share = kNoIndex;  // of its queue, where that has shares
    absl::string_view name;
    int32_t array_size = 0;
    int64_t created_ns = 0;
  };
  uint32_t Add(const NewJob& job);  // SUBMITTED
  // Gives a single job another spec with the same requirement; `spec`'s count
  // goes to the job.
  void ReplaceSpec(uint32_t slot, uint32_t spec);

  // Forgets a job whose end has had all its consequences. Its edges must have
  // been dropped before. The children of an array can't be found any more, but
  // their memory stays until ForgetChildren().
  void Remove(uint32_t slot);
  // Gives back the memory of the children of a removed array, by what its
  // record said in `children`: those from `*child` on, while `*budget` is left,
  // which a child with details and a block of other children take one of.
  // Answers whether all are gone.
  bool ForgetChildren(uint32_t array, int32_t* child, int64_t* budget);

  JobId IdOf(JobKey key) const {
    return {key.slot, jobs_.generation_of_live(key.slot), key.child};
  }
  std::optional<JobKey> Find(const JobId& id) const;
  // The array that an id names, or of which it names a child, there or not; or
  // nullptr.
  const ArrayRecord* FindArray(const JobId& id) const;
  // Has a job, and what LiveOf() reads of it, in the caches soon. Any id may be
  // asked for; looking for a child reads its array's record.
  void Fetch(const JobId& id) const;
  // The same for a job's record alone. Any number may be asked for.
  void FetchJob(uint32_t slot) const { jobs_.Prefetch(slot); }

  JobRecord& record(uint32_t slot) { return jobs_[slot]; }
  const JobRecord& record(uint32_t slot) const { return jobs_[slot]; }
  ArrayRecord& array(uint32_t slot) { return arrays_[jobs_[slot].children]; }
  const ArrayRecord& array(uint32_t slot) const {
    return arrays_[jobs_[slot].children];
  }
  NodesRecord& nodes(uint32_t slot) { return nodes_[jobs_[slot].children]; }
  const NodesRecord& nodes(uint32_t slot) const {
    return nodes_[jobs_[slot].children];
  }
  absl::string_view Name(uint32_t slot) const {
    return names_.Get(jobs_[slot].name);
  }
  uint32_t SlotAt(uint32_t queue, uint64_t sequence) const {
    return queues_[queue].slots[sequence];
  }
  size_t size() const { return jobs_.size(); }

  JobStatus StatusOf(JobKey key) const;
  int RetryClassOf(JobKey key) const;
  // The job's details; for a child nullptr if it has none.
  const JobDetails* FindDetails(JobKey key) const;
  JobDetails& EnsureDetails(JobKey key);
  // Whether the caller cancelled or terminated the job, or the array that it is
  // a child of.
  bool IsEndedByCaller(JobKey key) const;
  bool IsTerminatedByCaller(JobKey key) const;  // the same, terminated only
  bool IsTerminatedByCaller(const LiveAttempt& attempt) const;  // of its job
  // The caller's reason for that.
  TextIndex RequestReason(JobKey key) const;
  void SetRequest(JobKey key, bool terminate, TextIndex reason);

  // --- The one writer of statuses ------------------------------------------
  // `reason` is the statusReason afterwards; `at_ns` the time of the end, where
  // the job ends. The transition must be in the table.
  void Change(JobKey key, JobTrigger trigger, TextIndex reason, int64_t at_ns,
              Journal& journal) {
    if (key.is_child() && !jobs_[key.slot].has_nodes) {
      ChangeChild(key, trigger, reason, at_ns, journal);
    } else {
      ChangeJobOrNode(key, trigger, reason, at_ns, journal);
    }
  }
  // The same for children [first, last) that are all alike and never ran: one
  // event, which counts as one transition or, where it ends them, as
  // CostOfEnding().
  void ChangeChildren(uint32_t slot, int32_t first, int32_t last,
                      JobTrigger trigger, TextIndex reason, Journal& journal);
  // So many transitions is the end of so many children of an array that never
  // ran: one, unless each of them needs a record for its reason or its time.
  int64_t CostOfEnding(uint32_t slot, int32_t children, TextIndex reason,
                       int64_t at_ns) const;
  // The same for all nodes of a multi-node job, which follow their job: that
  // counts as one transition.
  void ChangeNodes(uint32_t slot, JobTrigger trigger, Journal& journal);
  // Sets the statusReason without an event. Choice: D52.
  void SetReasonSilently(JobKey key, TextIndex reason);

  // --- Attempts ------------------------------------------------------------
  LiveAttempt& live(uint32_t index) { return live_[index]; }
  const LiveAttempt& live(uint32_t index) const { return live_[index]; }
  bool IsLive(uint32_t live) const { return live_.IsLive(live); }
  // Has the record in the caches soon. Any number may be asked for.
  void FetchLive(uint32_t live) const { live_.Prefetch(live); }
  // f(const LiveAttempt&), in order of indices.
  template <typename F>
  void ForEachLive(F f) const {
    live_.ForEach([&f](uint32_t, const LiveAttempt& live) { f(live); });
  }
  size_t live_count() const { return live_.size(); }
  // The running attempt of a job, or kNoIndex. Of a multi-node job it is that
  // of its main node.
  uint32_t LiveOf(JobKey key) const;
  // Probably the running attempt of a job that is no child, without a look at
  // its record, which may take long to arrive from memory. Any number may be
  // asked for.
  uint32_t GuessLive(uint32_t slot) const {
    return live_guesses_.empty()
               ? kNoIndex
               : live_guesses_[slot & (live_guesses_.size() - 1)];
  }
  // Whether `live`, which may be any number, is a running attempt of that name;
  // and the one that is, or kNoIndex. An array's parent has none.
  bool IsAttempt(uint32_t live, const AttemptId& attempt) const;
  uint32_t FindAttempt(const AttemptId& attempt) const;
  int AttemptsOf(JobKey key) const;
  uint32_t BeginAttempt(JobKey key);
  // Ends a running attempt. What of the outcome the attempt itself tells is
  // filled in. `final`: the job ends with it. The text in `outcome->reason` is
  // counted for the record if it is kept.
  void EndAttempt(uint32_t live, AttemptRecord* outcome, bool final);
  // Ends one that does not count against the retry strategy; the job keeps its
  // place in line. `preempted`: it goes into the window of such attempts.
  void EndUncounted(uint32_t live, AttemptRecord outcome, bool preempted);
  const PreemptionRecord* FindPreemptions(JobKey key) const;  // or nullptr
  int UncountedAttempts(JobKey key) const;
  // Takes back BeginAttempt(): the attempt never was, and its number is free.
  void AbandonAttempt(uint32_t live);
  // Attempts that have ended, oldest first.
  std::vector<AttemptRecord> History(JobKey key) const;
  std::optional<AttemptRecord> LastAttempt(JobKey key) const;
  uint32_t LiveGeneration(uint32_t live) const {
    return live_.generation_of_live(live);
  }
  bool IsLive(uint32_t live, uint32_t generation) const {
    return live_.Find(live, generation) != nullptr;
  }

  // --- Several containers in an attempt (task_record.h) --------------------
  // Makes the record of the containers of a running attempt; they all wait. It
  // goes with the attempt into the job's history.
  void BeginTask(uint32_t live);
  // The containers of a running attempt as they are to run.
  const TaskSpec& TaskSpecOf(uint32_t live) const {
    return specs_[live_[live].spec].extras->task;
  }
  TaskRecord& task(uint32_t index) { return tasks_[index]; }
  const TaskRecord& task(uint32_t index) const { return tasks_[index]; }
  // A container is over; `phase` says how. The reason is counted.
  void EndContainer(uint32_t task, size_t container, ContainerPhase phase,
                    std::optional<int> exit_code, TextIndex reason);

  // --- Lists ---------------------------------------------------------------
  // The jobs of a queue in one status, by sequence; children are not in it.
  const SequenceBitmap& ByStatus(uint32_t queue, JobStatus status) const {
    return queues_[queue].by_status[static_cast<int>(status)];
  }

  // --- Dependencies (dependencies.h) ---------------------------------------
  SlotTable<DependencyEdge, 4096>& edges() { return edges_; }
  const SlotTable<DependencyEdge, 4096>& edges() const { return edges_; }

  void Encode(Encoder& encoder) const;

 private:
  // So many specs and requirements stay in the caches.
  static constexpr size_t kFewSpecs = 1024;

  struct QueueIndex {
    SequenceIndex slots;
    std::array<SequenceBitmap, kJobStatusCount> by_status;
  };

  void NoteLive(uint32_t slot, uint32_t live);
  uint32_t RequirementFor(uint32_t spec);  // counts one
  void SetText(TextIndex& field, TextIndex text);
  void ReleaseDetails(JobDetails& details);
  void RemoveTask(uint32_t task);
  void AddNodes(uint32_t slot);
  void RemoveNodes(uint32_t nodes);
  void ForgetPreemptions(uint32_t slot);
  void ChangeJob(uint32_t slot, JobStatus to, TextIndex reason, int64_t at_ns);
  void ChangeJobOrNode(JobKey key, JobTrigger trigger, TextIndex reason,
                       int64_t at_ns, Journal& journal);
  void ChangeChild(JobKey key, JobTrigger trigger, TextIndex reason,
                   int64_t at_ns, Journal& journal);
  void ChangeDetails(uint32_t index, JobStatus from, JobStatus to,
                     TextIndex reason, int64_t at_ns);
  void ChangeNode(JobKey key, JobStatus to, TextIndex reason, int64_t at_ns);
  void FollowJob(uint32_t slot, JobStatus from, TextIndex reason,
                 int64_t at_ns);
  BulkReason BulkReasonFor(uint32_t slot, TextIndex reason,
                           int64_t at_ns) const;
  void EndUntouchedChildren(uint32_t slot, int32_t first, int32_t last,
                            TextIndex reason, int64_t at_ns);
  void BeginNodeAttempt(JobKey node, uint32_t live);
  void EndNodeAttempt(JobKey node, bool final);
  void KeepOutcome(uint32_t slot, const AttemptRecord& outcome);
  AttemptRecord OutcomeOf(uint32_t slot) const;
  bool PackOutcome(JobKey key, const LiveAttempt& attempt,
                   const AttemptRecord& outcome);

  SlotTable<JobRecord, 16384> jobs_;
  SlotTable<ArrayRecord, 256> arrays_;
  SlotTable<NodesRecord, 256> nodes_;
  SlotTable<LiveAttempt, 512> live_;
  // What GuessLive() answers, by the low bits of the slot. Can be told from the
  // rest, so it is no part of the state's bytes.
  std::vector<uint32_t> live_guesses_;
  SlotTable<AttemptRecord, 4096> history_;
  SlotTable<TaskRecord, 256> tasks_;
  SlotTable<JobDetails, 4096> details_;
  SlotTable<DependencyEdge, 4096> edges_;
  NameBlocks names_;
  InternTable<std::string> texts_;
  InternTable<JobSpec> specs_;
  std::vector<uint32_t> specs_of_;  // how many each definition has in specs_
  InternTable<Requirement> requirements_;
  // By spec: its requirement, of which it is a user; kNoIndex where no job has
  // asked for it yet. In pieces, because there may be a million.
  std::deque<uint32_t> requirement_of_;
  std::vector<QueueIndex> queues_;
  // By slot and child.
  std::map<std::pair<uint32_t, int32_t>, PreemptionRecord> preemptions_;
  std::vector<TextIndex> released_texts_;
};

// --- What every report asks; a call would cost more than it does ------------

inline std::optional<JobKey> JobTable::Find(const JobId& id) const {
  const JobRecord* record = jobs_.Find(id.slot, id.generation);
  if (record == nullptr || id.child < -1) return std::nullopt;
  if (id.child >= 0) {
    if (record->children == kNoIndex) return std::nullopt;
    const int32_t count = record->has_nodes ? nodes_[record->children].size()
                                            : arrays_[record->children].size;
    if (id.child >= count) return std::nullopt;
  }
  return JobKey{id.slot, id.child};
}

inline const ArrayRecord* JobTable::FindArray(const JobId& id) const {
  const JobRecord* record = jobs_.Find(id.slot, id.generation);
  return record != nullptr && record->is_array() ? &arrays_[record->children]
                                                 : nullptr;
}

inline JobStatus JobTable::StatusOf(JobKey key) const {
  const JobRecord& record = jobs_[key.slot];
  if (!key.is_child()) return record.status;
  if (record.has_nodes) return nodes(key.slot).at(key.child).status;
  return array(key.slot).states.Get(key.child).status();
}

inline int JobTable::RetryClassOf(JobKey key) const {
  if (!key.is_child()) return jobs_[key.slot].retry_class;
  return array(key.slot).states.Get(key.child).retry_class();
}

inline uint32_t JobTable::LiveOf(JobKey key) const {
  if (!key.is_child()) return jobs_[key.slot].live;
  if (jobs_[key.slot].has_nodes) return nodes(key.slot).at(key.child).live;
  return array(key.slot).LiveOf(key.child);
}

inline bool JobTable::IsAttempt(uint32_t live, const AttemptId& attempt) const {
  if (!live_.IsLive(live)) return false;
  const LiveAttempt& record = live_[live];
  return record.job.slot == attempt.job.slot &&
         record.job.child == attempt.job.child &&
         record.number == attempt.number &&
         jobs_.generation_of_live(record.job.slot) == attempt.job.generation;
}

}  // namespace embatch

#endif  // EMBATCH_JOBS_JOB_TABLE_H_
