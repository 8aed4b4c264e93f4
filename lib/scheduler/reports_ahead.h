// SPDX-License-Identifier: Apache-2.0
//
// A turn may bring thousands of reports, each about a job that has been out of
// the caches for a minute. What they will touch is known before they are taken:
// ReportsAhead walks before the one that reads them, and has the processor
// fetch it.
//
// Three steps, as each finds its address in what the one before it fetched: the
// job, its running attempt, the attempt's spec, instance and neighbours there.
#ifndef EMBATCH_SCHEDULER_REPORTS_AHEAD_H_
#define EMBATCH_SCHEDULER_REPORTS_AHEAD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "embatch/container_runtime.h"
#include "lib/capacity/fleet.h"
#include "lib/jobs/job_table.h"

namespace embatch {

// `Reports` has size() and operator[].
template <typename Reports>
class ReportsAhead {
 public:
  ReportsAhead(const Reports& reports, const JobTable& jobs, const Fleet& fleet)
      : reports_(reports), jobs_(jobs), fleet_(fleet) {
    // A few reports are taken before anything fetched for them would be there.
    if (reports.size() < kOfJob) return;
    for (size_t i = 0; i < kOfJob; ++i) FetchJob(i);
    for (size_t i = 0; i < kOfAttempt; ++i) FetchAttempt(i);
    for (size_t i = 0; i < kOfInstance; ++i) FetchInstance(i);
  }

  // Report number `next` is about to be taken; each is, in turn. The answer is
  // its job's running attempt a moment ago, or kNoIndex.
  uint32_t AttemptOf(size_t next) {
    const size_t size = reports_.size();
    if (size < kOfJob) return kNoIndex;
    if (next + kOfJob < size) FetchJob(next + kOfJob);
    if (next + kOfAttempt < size) FetchAttempt(next + kOfAttempt);
    if (next + kOfInstance < size) FetchInstance(next + kOfInstance);
    return ring_[next % kRing];
  }

 private:
  // How many reports before it is taken each step of one is made. At a few
  // hundred nanoseconds a report eight of them hide any memory.
  static constexpr size_t kOfInstance = 8;
  static constexpr size_t kOfAttempt = 16;
  static constexpr size_t kOfJob = 24;
  static constexpr size_t kRing = 32;  // a power of two, and more than kOfJob

  // The array that a report's child is of, or nullptr. Many reports that follow
  // one another are of the same; while reports are taken no job is forgotten.
  const ArrayRecord* ArrayOf(const JobId& id) {
    if (id.slot != array_slot_ || id.generation != array_generation_) {
      array_slot_ = id.slot;
      array_generation_ = id.generation;
      array_ = jobs_.FindArray(id);
    }
    return array_ != nullptr && id.child < array_->size ? array_ : nullptr;
  }

  void FetchJob(size_t i) {
    const JobId& id = reports_[i].container.attempt.job;
    if (id.child < 0) {
      jobs_.FetchJob(id.slot);
    } else if (const ArrayRecord* array = ArrayOf(id)) {
      array->FetchChild(id.child);
    }
  }

  void FetchAttempt(size_t i) {
    const JobId& id = reports_[i].container.attempt.job;
    uint32_t live = kNoIndex;
    if (id.child < 0) {
      const std::optional<JobKey> job = jobs_.Find(id);
      if (job.has_value()) live = jobs_.LiveOf(*job);
    } else if (const ArrayRecord* array = ArrayOf(id)) {
      live = array->LiveOf(id.child);
    }
    ring_[i % kRing] = live;
    if (live != kNoIndex) jobs_.FetchLive(live);
  }

  // By now the attempt may be over, and the record another one's.
  void FetchInstance(size_t i) {
    const uint32_t live = ring_[i % kRing];
    if (!jobs_.IsLive(live)) return;
    const LiveAttempt& attempt = jobs_.live(live);
    fleet_.FetchInstance(attempt.instance);
    jobs_.FetchSpec(attempt.spec);
    if (reports_[i].kind == ContainerReport::Kind::kStarted) return;
    jobs_.FetchLive(attempt.before);
    jobs_.FetchLive(attempt.behind);
  }

  const Reports& reports_;
  const JobTable& jobs_;
  const Fleet& fleet_;
  std::array<uint32_t, kRing> ring_;  // running attempts, by report
  // What ArrayOf() answered last, and for which job. There is none at first.
  uint32_t array_slot_ = kNoIndex;
  uint32_t array_generation_ = 0;
  const ArrayRecord* array_ = nullptr;
};

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_REPORTS_AHEAD_H_
