// SPDX-License-Identifier: Apache-2.0
//
// What must hold in every world, as far as a caller can see it: checked
// against the events and the public reads alone, with none of the library's
// own code.
//
//   - every change of status is one of those in AWS's tables, starts where the
//     one before ended, and none leaves a final status;
//   - no job becomes RUNNABLE before all that it depends on has succeeded, or
//     has ended as the dependency's condition says;
//   - in a queue without a policy no job starts while one that was submitted
//     before it waits, retried ones going first (§13.4);
//   - attempts are counted 1, 2, 3, ..., each is ended once, and no job has
//     more of them than it may;
//   - what the scheduler says of a job is what its events said;
//   - counts (of an array's children, of a queue's jobs) equal a recount;
//   - the nodes of a multi-node job start together, each on an instance that
//     it has to itself;
//   - no instance holds more than it has, and no environment has more vCPUs
//     than its maximum and one instance;
//   - of a consumable resource no more is in use than running jobs need;
//   - the head of a queue is said to be blocked once for each reason (D33);
//   - no service environment has more in use than its limits, and what it says
//     is in use equals a recount;
//   - no quota share uses more than it may have in all;
//   - time never goes back.
#ifndef EMBATCH_TESTS_SUPPORT_INVARIANTS_H_
#define EMBATCH_TESTS_SUPPORT_INVARIANTS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "embatch/event.h"
#include "embatch/ids.h"
#include "embatch/job.h"
#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"

namespace embatch {

// Whether AWS Batch has this change of status.
// Source: §5.2, §8.2; written out by hand, not taken from the library.
enum class JobKind { kSingle, kArray, kChild, kMultiNode, kNode, kService };
bool IsTransition(JobKind kind, JobStatus from, JobStatus to);

using InstancesByEnvironment =
    std::map<std::string, std::vector<SimulatedInstance>>;

// Follows one scheduler from its beginning. Each violation is a non-fatal
// failure of the test that runs, told with the job and the event.
class InvariantChecker {
 public:
  // Call for every submission, in order; a job that nobody told of may start
  // out of order.
  void Submitted(JobId job) { numbers_.emplace(job, numbers_.size()); }

  // Call for every event, in order, within the step that it came with.
  void Observe(const Scheduler& scheduler, const Event& event);

  // Call with the scheduler at rest. `instances` are those that the providers
  // of each environment hold.
  void Check(const Scheduler& scheduler,
             const InstancesByEnvironment& instances) const;

 private:
  struct Known {
    JobKind kind = JobKind::kSingle;
    JobStatus status = JobStatus::kSubmitted;
    int attempts_begun = 0;
    int attempts_ended = 0;
    int preempted = 0;
    bool is_preempted = false;  // is being stopped to make room
    std::set<std::string> blocked_reasons;
    std::string queue;  // empty: its order is not looked at
    bool retried = false;
  };

  Known& Find(const Scheduler& scheduler, JobId job);
  void ObserveOne(const Scheduler& scheduler, JobId job, const Event& event);
  void NoteBlocked(Known& known, absl::string_view reason) const;
  void FollowJob(JobId job, const Event& event);
  void NoteNodes(const Scheduler& scheduler, const Event& event);
  void CheckTenants(const Scheduler& scheduler) const;
  void CountAttempts(Known& known, const Event& event) const;
  void CheckDependencies(const Scheduler& scheduler, JobId job) const;
  bool HasEnded(JobId job, DependencyCondition condition) const;
  void CheckConsumables(const Scheduler& scheduler,
                        const std::map<std::string, int64_t>& needed) const;
  void CheckServices(const Scheduler& scheduler) const;
  void CheckOrder(JobId job, const Known& known) const;
  void CheckJob(const Scheduler& scheduler, const Known& known,
                const JobView& view) const;

  std::map<JobId, Known> jobs_;
  std::map<JobId, size_t> numbers_;  // by submission; no children
  int64_t latest_event_ns_ = 0;
  JobId nodes_expected_;  // of this job all nodes start next
};

}  // namespace embatch

#endif  // EMBATCH_TESTS_SUPPORT_INVARIANTS_H_
