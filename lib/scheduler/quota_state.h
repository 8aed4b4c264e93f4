// SPDX-License-Identifier: Apache-2.0
//
// What a queue with a quota share policy knows beyond other queues.
#ifndef EMBATCH_SCHEDULER_QUOTA_STATE_H_
#define EMBATCH_SCHEDULER_QUOTA_STATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "embatch/compute_environment.h"
#include "embatch/quota_share.h"
#include "embatch/resources.h"
#include "lib/base/deadline_queue.h"
#include "lib/base/sequence_bitmap.h"
#include "lib/jobs/records.h"
#include "lib/model/requirement.h"
#include "lib/queues/quota_ledger.h"
#include "lib/queues/runnable_since.h"
#include "lib/queues/waiting_line.h"

namespace embatch {

// The head of a line, as far as it is blocked, and its clock (time_limits.h).
struct BlockedHead {
  JobKey job;            // carries a blocked reason; null: none does
  int64_t since_ns = 0;  // it carries its reason since then
  // The head that was blocked because launches fail, while one is tried again;
  // and the bit of its reason.
  JobKey probed;
  uint16_t probed_reason = 0;
  DeadlineQueue::Handle clock = DeadlineQueue::kNoHandle;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job, self.since_ns, self.probed, self.probed_reason);
  }
};

struct QuotaShareRecord {
  QuotaShare config;
  // kDeleted: the share is gone; its record stays while jobs that are over
  // still show its name.
  ResourceStatus status = ResourceStatus::kCreating;
  int64_t jobs = 0;           // records of jobs that name it
  int64_t active = 0;         // of these, those that are not over
  WaitingLine line;           // its RUNNABLE jobs
  SequenceBitmap dispatched;  // its STARTING and RUNNING attempts
  BlockedHead blocked;
  // kDeleting: jobs submitted before this one have been told to end.
  uint64_t deleted_before = 0;

  bool exists() const { return status != ResourceStatus::kDeleted; }
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.config, self.status, self.jobs, self.active, self.line,
                 self.dispatched, self.blocked, self.deleted_before);
  }
};

// Capacity that is being freed for a job that preempts others: nobody else
// gets it until the job starts or leaves RUNNABLE. Choice: §15.5.
struct Earmark {
  JobKey job;
  uint32_t share = 0;
  Amounts quota;  // held in the ledger
  // Where room is held, if room was short; the instance counts what is held as
  // taken.
  uint32_t instance = kNoIndex;
  uint32_t generation = 0;
  Resources held;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.job, self.share, self.quota, self.instance,
                 self.generation, self.held);
  }
};

struct QuotaQueue {
  QuotaLedger ledger;
  std::vector<QuotaShareRecord> shares;  // by their index in the ledger
  std::vector<uint32_t> order;           // those that exist, by creation
  uint32_t next = 0;                     // in `order`: whose turn it is
  std::vector<Earmark> earmarks;         // by age
  RunnableSince since;
  // Remembered answers, no part of the state's bytes: nothing could start when
  // this was so.
  uint64_t version = 1;  // changes with all that is in here
  uint64_t rest_version = 0;
  uint64_t rest_epoch = 0;

  QuotaQueue();

  std::optional<uint32_t> Find(absl::string_view quota_share_name) const;
  Earmark* FindEarmark(JobKey job);

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.ledger, self.shares, self.order, self.next, self.earmarks,
                 self.since);
  }
};

// What a job counts as in its share.
// Choice: D29, with the units VCPU, MEMORY (MiB) and GPU.
// A service job counts in its own units.
Amounts QuotaNeedOf(const QuotaQueue& quota, const Requirement& requirement);

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_QUOTA_STATE_H_
