// SPDX-License-Identifier: Apache-2.0
//
// The reference scheduler: AWS Batch's scheduling once more, written from the
// project's reference and the normative phases of a turn, as slow and plain as
// can be. It decides everything from scratch in every turn, and shares nothing
// with the library but the public values. What it says is what the library must
// say: the same events and the same requests, in the same order.
//
//   reference::ReferenceScheduler twin(options);
//   reference::Output output = twin.Apply(input);
//
// It takes inputs as an InputLog keeps them: commands that were accepted, and
// turns. One turn does all there is to do, as with a max_transitions that is
// never reached.
#ifndef EMBATCH_TESTS_SUPPORT_REFERENCE_REFERENCE_SCHEDULER_H_
#define EMBATCH_TESTS_SUPPORT_REFERENCE_REFERENCE_SCHEDULER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "embatch/container_runtime.h"
#include "embatch/input.h"
#include "embatch/scheduler.h"
#include "embatch/scheduling_policy.h"
#include "tests/support/reference/model.h"

namespace embatch::reference {

// One line each; see lines.h.
struct Output {
  std::vector<std::string> events;  // a child of an array has a line of its own
  std::vector<std::string> requests;
};

class ReferenceScheduler {
 public:
  explicit ReferenceScheduler(const SchedulerOptions& options);

  // `submitted`: the id that the library gave to the job of a SubmitJobRequest.
  // Ids are names; it is the library's to choose them.
  Output Apply(const Input& input, JobId submitted = JobId());

  // Whether the job can be read: it was submitted, and its retention is not
  // over.
  bool Knows(JobId job) const { return FindJob(job) != kNothing; }

  absl::Time now() const { return absl::FromUnixNanos(now_ns_); }

  // Whether every command so far is one that is told of here.
  bool understands() const { return understands_; }

 private:
  struct Plan;  // scaling.cc

  // Waiting jobs that need the same.
  struct Demand {
    Need need;
    int64_t jobs = 0;
  };
  // What follows from something that happened; see consequences.cc.
  struct Consequence {
    enum class Kind {
      kEndRequested,     // job: CancelJob or TerminateJob was called
      kReleaseChildren,  // job: an array that waits for nothing as a whole; or
                         // its children in [first, last), of which others end
      kFailChildren,     // job: PENDING children in [first, last) fail
      kEndWaiting,       // job: the array's RUNNABLE children end
      kStopChildren,     // job: its STARTING and RUNNING ones are stopped
      kChildrenEnded,    // job: children in [first, last) have ended
      kJobEnded,         // job
      kInstanceLost,     // instance
      kDeleteJobs,       // queue: all of its jobs end
      kStartNodes,       // job: its main node runs
      kStopNodes,        // job: its main node is being stopped, or has ended
      kDeleteQuota,      // queue; first: the share whose jobs all end
      kStopInstance,     // instance: what runs on it is stopped
      kInstanceEmpty,    // instance: nothing runs on it, and it is to go
    };
    Kind kind = Kind::kJobEnded;
    int job = kNothing;
    int first = 0;
    int last = 0;
    int instance = kNothing;
    int queue = kNothing;
  };
  // Children [first, last) of an array that stand alike: one, or several to
  // which nothing happened that did not happen to all of them.
  struct Run {
    int first = 0;
    int last = 0;
    bool together = false;
  };

  // What keeps a job from starting.
  enum class Held { kNot, kNoRoom, kMayGrow, kReservation, kConsumable };

  // commands.cc
  void Do(const CreateComputeEnvironmentCommand& command);
  void Do(const RegisterJobDefinitionCommand& command);
  void Do(const DeregisterJobDefinitionCommand& command);
  void Do(const SubmitJobRequest& request);
  void Do(const EndJobCommand& command);
  // consumables.cc
  void Do(const CreateConsumableResourceCommand& command);
  void Do(const UpdateConsumableResourceRequest& request);
  void Do(const DeleteConsumableResourceCommand& command);
  int FindConsumable(const std::string& name) const;
  bool HasAll(const Need& need) const;
  void TakeConsumables(int job);
  void GiveConsumablesBack(const Attempt& attempt, bool as_if_not_tried);

  // environments.cc: and phase 1
  void Do(const UpdateComputeEnvironmentRequest& request);
  void Do(const DeleteComputeEnvironmentCommand& command);
  void StepEnvironments();
  void Drain(int environment, bool stop);
  void StopOldInstances(int environment);
  bool IsDraining(int environment) const;
  void StopInstance(int instance);
  void InstanceEmpty(int instance);
  void TakeInvalid(int environment);

  // fargate.cc
  void MakePool(int environment);
  bool IsOnFargate(const Job& job) const;
  void ReturnForWantOfCapacity(int job);

  // time_limits.cc
  void SetClock(Queue& queue);
  void RestClock(Queue& queue);
  void EndByTimeLimit(Queue& queue);

  // A command that is not told of here yet; no world gives one.
  template <typename Other>
  void Do(const Other& /*command*/) {
    understands_ = false;
  }
  void Do(const Turn& turn);
  int FindDefinition(absl::string_view text) const;
  void AddDependencies(const SubmitJobRequest& request, Job& job);

  // queue_life.cc: and phase 1
  void Do(const CreateJobQueueCommand& command);
  void Do(const UpdateJobQueueRequest& request);
  void Do(const DeleteJobQueueCommand& command);
  int FindQueue(absl::string_view name) const;
  void AttachEnvironments(Queue& queue) const;
  void StepQueues();
  void DeleteJobs(int queue);
  bool IsInDeletedQueue(const Job& job) const;

  // shares.cc
  void Do(const CreateSchedulingPolicyCommand& command);
  void Do(const UpdateSchedulingPolicyCommand& command);
  void Do(const DeleteSchedulingPolicyCommand& command);
  void AdoptPolicy(Queue& queue);
  void ActivateShare(Queue& queue, const std::string& identifier);
  bool IsShareOver(int queue, const std::string& identifier) const;
  void RestShares();
  int64_t WeightOf(const Queue& queue, const std::string& identifier) const;
  absl::uint128 KeyOf(const Queue& queue, const std::string& identifier) const;
  void SortByShares(const Queue& queue, std::vector<int>& waiting) const;
  bool IsHeldByReservation(const Queue& queue, int job) const;

  // quota_shares.cc
  void Do(const CreateQuotaShareCommand& command);
  void Do(const UpdateQuotaShareRequest& request);
  void Do(const DeleteQuotaShareCommand& command);
  int FindQuota(const Queue& queue, absl::string_view name) const;
  void DeleteQuota(int queue, int quota);
  void FinishDeletions();
  Amounts UsedBy(const Queue& queue, int quota) const;
  Amounts TakenBy(const Queue& queue, int quota) const;
  int64_t Allowance(const Queue& queue, int quota, size_t unit) const;
  Amounts Headroom(const Queue& queue, int quota, bool own_only, int job) const;
  bool FitsQuota(const Queue& queue, int job, bool own_only) const;
  std::string WhyNeverInQuota(const Queue& queue, int job) const;
  std::vector<int> WaitingInQuota(const Queue& queue, int quota) const;
  int HeadOfQuota(const Queue& queue, int quota) const;
  void ServeQuotas(Queue& queue);
  bool StartEarmarked(Queue& queue);
  bool StartOnOwn(Queue& queue);
  bool StartOnBorrowed(Queue& queue);
  bool StartInQuota(Queue& queue, int job, size_t turn);
  void MarkQuotaBlocked(Queue& queue, int quota);
  std::vector<Demand> DemandOfQuota(const Queue& queue, int quota,
                                    const Plan& plan) const;

  // preemption.cc
  bool PreemptForOne(Queue& queue);
  bool PreemptFor(Queue& queue, int head, bool room_is_short, Stop stop);
  std::vector<int> MayBePreempted(const Queue& queue, int head,
                                  bool room_is_short, Stop stop) const;
  bool MayHold(const Queue& queue, int instance, int job) const;
  Amounts ExcessOf(const Queue& queue, int quota) const;
  void SortVictims(
      std::vector<int>& victims,
      const std::function<std::pair<bool, int64_t>(int)>& by_amount) const;
  std::vector<int> VictimsAt(const Queue& queue, int head, int site,
                             const std::vector<int>& candidates,
                             Stop stop) const;
  void EndPreempted(int job, int64_t at_ns, const std::string& status_reason);
  bool HasEarmark(const Queue& queue, int job) const;
  void FillEarmark(Earmark& earmark);
  void FillEarmarks(Queue& queue, int instance);
  void DropEarmark(Queue& queue, int job);
  void DropBadEarmarks(Queue& queue);

  // reports.cc: phase 2
  void TakeReports(const Turn& turn);
  struct Due;
  std::vector<Due> AllDue() const;
  void TakeDeadlinesBefore(int64_t time_ns);
  void Take(const InstanceReport& report, int64_t at_ns);
  void TakeReady(const InstanceReport& report, int environment, int instance);
  void Take(const ContainerReport& report, int64_t at_ns);
  void ForgetJobs();

  // consequences.cc: phases 3 and 4
  void TakeArrivals();
  void DrawConsequences();
  void Draw(const Consequence& item);
  void EndRequested(int job);
  void ReleaseChildren(int array);
  void FailChildren(int array, int first, int last);
  void EndWaiting(int array);
  void StopChildren(int array);
  void ChildrenEnded(int array, int first, int last);
  void JobEnded(int job);
  void InstanceLost(int instance);
  void EndArray(int array);

  // dependencies.cc
  bool HasPaired(int array) const;
  const Dependency* ChainOf(int array) const;
  bool HasOutstanding(int job) const;  // dependencies as a whole
  enum class Readiness { kWaits, kReady, kFailed };
  Readiness ReadinessOf(int child) const;
  void DependenciesMet(int job);
  void ReleaseChild(int child);
  void ChildBecameRunnable(int array);
  std::string EndingOf(const Job& job) const;
  void FailWaiting(int job);
  void TellPaired(int array, int first, int last);
  void TellPlain(int job);
  bool AnybodyListensTo(int array) const;
  void ChildrenHaveEnded(int array, int first, int last);

  // attempts.cc
  void BeginAttempt(int job, int instance);
  void FailLaunch(int job);
  void TakeInstance(int job, int instance);
  void LeaveInstance(int job);
  void AwaitStop(int job, absl::Duration grace);
  void StartRunning(int job, int64_t at_ns);
  void StopAttempt(int job, Stop stop);
  void EndAttempt(int job, int64_t at_ns, std::optional<int> exit_code,
                  absl::string_view reason, std::string status_reason);
  bool IsRetryDue(const Job& job, absl::string_view status_reason,
                  absl::string_view reason, std::optional<int> exit_code) const;

  // task.cc
  void RequestStart(int job);
  void RequestStartOf(int job, size_t container);
  void StartContainers(int job);
  int64_t GivesUpAt(int job, size_t container) const;
  void WatchStart(int job);
  void GiveUpStart(int job, int64_t due_ns);
  absl::Duration StopContainers(int job);
  void TakeOf(int job, const ContainerReport& report, int64_t at_ns);
  void GoOnWithTask(int job, int64_t at_ns);
  void EndTask(int job, int64_t at_ns);

  // nodes.cc
  void AddNodes(const SubmitJobRequest& request, const NodeProperties& nodes,
                Job job);
  std::vector<int> NodesOf(int job) const;
  int MainNodeOf(const Job& job) const;
  bool IsNodeAsked(const Job& node) const;
  bool IsFreeForNode(int instance, const Need& need) const;
  int TypeForNodes(int environment, const Need& need) const;
  std::vector<int> FindNodes(int environment, const Need& need) const;
  Held TryToPlaceNodes(const Queue& queue, int job);
  void StartRunningNode(int node, int64_t at_ns);
  void EndNode(int node, int64_t at_ns, std::optional<int> exit_code,
               absl::string_view reason, std::string status_reason);
  void StartNodes(int job);
  void StopNodes(int job);
  int64_t EmptySoon(int environment, const Need& need) const;
  bool MayLaunchNodes(const Environment& environment, int64_t total_vcpu_milli,
                      const Type& type, int64_t nodes) const;
  bool CanGrowForNodes(int environment, const Need& need) const;
  bool IsOneToGo(int environment) const;
  Stop CauseOf(const Job& job, const Attempt& attempt) const;
  std::string StoppedReason(const Job& job, Stop cause,
                            std::string otherwise) const;

  // cycle.cc: phase 5
  void RunCycle();
  void Serve(Queue& queue);
  void ServeFromHead(Queue& queue);
  void ServeSharesApart(Queue& queue);
  void ForgetBlocked(int& blocked, int head);
  void ForgetHead(Queue& queue, int head);
  std::vector<int> QueuesInOrder() const;
  std::vector<int> WaitingIn(const Queue& queue) const;  // in order
  struct Place {
    Held held = Held::kNoRoom;
    int instance = kNothing;
  };
  Place FindPlace(const Queue& queue, int job) const;
  Held TryToStart(const Queue& queue, int job);
  void MarkBlocked(Queue& queue, int job, Held held);
  void TellBlocked(int& blocked, int job, const std::string& reason);
  void UpdateClock(Queue& queue, int head, bool is_new, Held held,
                   const std::string& before, const std::string& reason);
  std::string BlockedReason(const Queue& queue, int job) const;

  // dispatch_order.cc
  struct HeadStart;
  void ServeOutOfOrder(Queue& queue);
  void Overtake(Queue& queue);
  std::vector<int64_t> FactsFor(const Queue& queue) const;
  HeadStart HeadStartOf(const Queue& queue, int head) const;
  int64_t EstimateStart(int instance, const Need& need, Resources& room) const;
  bool MayOvertake(const Queue& queue, int job, HeadStart& start) const;

  // placement.cc
  Resources FreeOf(int instance) const;
  int RunningOn(int instance) const;
  int BestInstance(int environment, const Need& need) const;
  int64_t VcpusOf(int environment) const;  // thousandths
  bool MayLaunch(const Environment& environment, int64_t total_vcpu_milli,
                 const Type& type) const;
  int BestTypeAmong(int environment, const Need& need,
                    const std::function<bool(const Type&)>& among) const;
  int TypeInDemand(int environment, const Need& need) const;
  int BestType(int environment, const Need& need) const;
  bool IsWorthWaitingFor(int environment, const Need& need) const;
  bool CanGrowFor(int environment, const Need& need) const;
  // Why a job does not start in an environment.
  enum class Why {
    kMayLater,
    kUnknown,
    kNoCapacity,
    kMisconfigured,
    kNotPermitted,
    kMaxVcpus,
    kNothingFits,
    kDisabled,
    kInvalid,
  };
  Why WhyNotIn(int environment, const Need& need) const;
  Why WhyLaunchesFail(int environment, const Need& need) const;
  Why WhyNotNodesIn(int environment, const Need& need) const;

  // fleet.cc
  int FindEnvironment(absl::string_view name) const;
  int FindInstance(int environment, InstanceId id) const;
  void SetCatalogue(Environment& environment,
                    const std::vector<InstanceType>& types);
  void OfferTypes(Environment& environment);
  void Launch(int environment, int type, bool for_minimum);
  void BecomeReady(Instance& instance, absl::string_view name,
                   const Resources& registered);
  void BackOff(int environment, int type, LaunchFailure failure);

  // scaling.cc: phase 6
  struct Cell;
  void RunScaling();
  Plan MakePlan() const;
  void PlanQueue(const Queue& queue, Plan& plan) const;
  void PlanSharesApart(const Queue& queue, const std::vector<int>& waiting,
                       Plan& plan) const;
  std::vector<Demand> DemandOf(const std::vector<int>& waiting) const;
  int64_t Supplied(const Plan& plan, const Demand& demand) const;
  void PlanDemands(const Queue& queue, Plan& plan,
                   const std::vector<Demand>& demands, bool strict) const;
  int64_t PlaceDemand(const Queue& queue, Plan& plan, Demand demand) const;
  void Fill(Plan& plan, int environment, const Need& need, int64_t& jobs) const;
  void Grow(Plan& plan, int environment, const Need& need, int64_t& jobs) const;
  bool PlanNodes(const Queue& queue, Plan& plan, const Need& need) const;
  int64_t TakeEmpty(Plan& plan, int environment, const Need& need,
                    bool take) const;
  static void Sort(std::vector<Cell>& cells);
  static void LeaveOver(const Queue& queue, Plan& plan);
  int64_t KeptIn(const Plan& plan, int environment) const;
  std::vector<int> Terminations(const Plan& plan) const;

  // reference_scheduler.cc
  int FindJob(JobId id) const;
  int ChildOf(int array, int index) const { return array + 1 + index; }
  const Job& OwnerOf(const Job& job) const {  // what holds its dependencies
    return job.is_child() ? jobs_[job.array] : job;
  }
  bool EndedByCaller(const Job& job) const;
  bool TerminatedByCaller(const Job& job) const;
  std::string RequestReason(const Job& job) const;
  std::vector<Run> RunsOf(int array, int first, int last,
                          JobStatus status) const;
  void Change(int job, JobStatus to, absl::string_view reason);
  void End(int job, JobStatus to, absl::string_view reason, int64_t at_ns);
  void Add(Consequence::Kind kind, int job, int first = 0, int last = 0);
  void Request(std::string line) {
    output_.requests.push_back(std::move(line));
  }

  SchedulerOptions options_;
  int64_t now_ns_ = 0;
  int64_t last_ns_ = 0;  // of the input before this one
  int64_t order_ = 0;    // a rising number
  uint64_t instances_launched_ = 0;
  JobId submitted_;
  std::vector<Definition> definitions_;
  std::vector<Queue> queues_;
  std::vector<Environment> environments_;
  std::vector<Instance> instances_;
  std::vector<Consumable> consumables_;
  std::vector<ClientToken> client_tokens_;
  int64_t consumables_changed_ = 0;  // how often there might have been more
  std::vector<Job> jobs_;
  std::vector<Use> uses_;
  std::map<std::string, SchedulingPolicyOptions> policies_;
  bool understands_ = true;
  bool again_ = false;  // jobs were stopped to make room in this turn
  std::vector<int> arrivals_;
  std::deque<Consequence> work_;
  Output output_;
  struct Start {
    int job = kNothing;
    int attempt = 0;
    std::string line;
  };
  std::vector<Start> starts_;  // asked for in this turn
};

}  // namespace embatch::reference

#endif  // EMBATCH_TESTS_SUPPORT_REFERENCE_REFERENCE_SCHEDULER_H_
