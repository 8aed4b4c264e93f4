// SPDX-License-Identifier: Apache-2.0
//
// A TurnRunner applies one turn to a state: all that the plug-ins reported, all
// that is due, and every decision that follows. It calls nobody; it writes down
// events and requests.
//
// The phases, in their order, are one file each. What they share is in
// job_flow.cc.
#ifndef EMBATCH_SCHEDULER_TURN_RUNNER_H_
#define EMBATCH_SCHEDULER_TURN_RUNNER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/input.h"
#include "lib/capacity/scaling.h"
#include "lib/jobs/job_table.h"
#include "lib/queues/preemption_plan.h"
#include "lib/scheduler/state.h"

namespace embatch {

// What the scheduler wants of a plug-in.
struct Request {
  enum class Kind : uint8_t {
    kLaunch,
    kTerminate,
    kStart,
    kStop,
    kSubmitToService,  // `environment` is a service environment
    kStopInService,    // likewise
  };
  Kind kind = Kind::kLaunch;
  uint32_t environment = 0;
  uint32_t type = 0;  // kLaunch: which of the environment's types
  uint32_t live = 0;  // kStart, kSubmitToService: the attempt
  uint32_t live_generation = 0;
  InstanceId instance;
  ContainerId container;
  absl::Duration grace;  // kStop
};

// What one input brought about.
struct Outcome {
  Journal journal;
  std::vector<Request> requests;
  int64_t next_ns = kNanosInfiniteFuture;
};

class TurnRunner {
 public:
  // `outcome.journal.now_ns` is the turn's time; `last_ns` that of the input
  // before it.
  TurnRunner(State& state, int64_t last_ns, Outcome& outcome);

  void Run(const Turn& turn);

 private:
  bool IsAnythingDue() const;
  void FetchReported(const Turn& turn) const;
  void CountUse();

  // 1. phase_configuration.cc
  void RunConfiguration();
  void ConfigureShares(QuotaQueue& quota);
  bool IsConfigurationDue() const;

  // environment_changes.cc
  void StepEnvironment(uint32_t environment);
  bool IsEnvironmentStepDue(const EnvironmentRecord& environment) const;
  void Delete(uint32_t environment);
  void Drain(uint32_t environment, bool stop);
  void StopOldInstances(uint32_t environment);
  void AddInstanceWork(WorkKind kind, uint32_t instance);
  bool StopInstance(const WorkItem& item);
  bool InstanceEmpty(const WorkItem& item);
  // The text lives as long as this input, and longer where it is kept.
  TextIndex HostTerminated(uint32_t instance) const;
  void ReturnForWantOfCapacity(uint32_t live, int64_t at_ns);

  // 2. phase_reports.cc
  void RunReports(const Turn& turn, bool may_be_more);
  void ReadReports(const Turn& turn, int64_t earliest_ns);
  void ReadWithUnread(const Turn& turn);
  bool ReadOne(const Turn& turn);
  void RunDeadlinesBefore(int64_t time_ns);
  bool MayTakeDeadline() const;
  void Take(const InstanceReport& report, int64_t at_ns);
  bool Take(const ContainerReport& report, uint32_t known,
            int64_t at_ns);  // true: done
  void TakeReady(const InstanceReport& report);
  void TakeInvalid(const InstanceReport& report);
  void TakeLaunchFailed(const InstanceReport& report, uint32_t slot);
  void BackOff(uint32_t environment, uint32_t type, LaunchFailure failure);
  void TakeDeadline(const Deadline& deadline);
  uint32_t LiveFor(const ContainerReport& report, uint32_t known);
  bool MayReport(uint32_t live, uint16_t container) const;
  size_t ContainersOf(JobKey job) const;
  void StartRunning(uint32_t live, int64_t at_ns);

  // service_flow.cc
  Placement FindServicePlace(const QueueRecord& queue, const Requirement& need,
                             JobKey job = JobKey()) const;
  TextIndex ServiceBlockedReason(const QueueRecord& queue,
                                 const Requirement& need) const;
  void PlaceInService(JobKey job, uint32_t environment);
  uint32_t LiveFor(const ServiceReport& report);
  bool Take(const ServiceReport& report, int64_t at_ns);  // true: done
  bool BringToRunning(uint32_t live, int64_t at_ns);
  void EndServiceAttempt(uint32_t live, int64_t at_ns,
                         std::optional<int> exit_code, TextIndex status_reason);
  std::vector<CapacityUsage> KeptInService(const QueueRecord& queue,
                                           JobKey job) const;
  void ReturnFromService(uint32_t live, int64_t at_ns);
  void ChargeService(uint32_t live, uint32_t environment);
  void DischargeService(uint32_t live);
  void RequestServiceStop(uint32_t live);
  void EndServiceBackOff(uint32_t environment);
  void NoteResource(uint32_t slot, absl::string_view service_resource_id);

  // 3. phase_arrivals.cc
  void RunArrivals();
  void FetchArrival() const;
  void Arrive(uint32_t slot);

  // 4. phase_consequences.cc
  void RunConsequences();
  void FetchConsequences() const;
  bool Draw(WorkItem& item);  // true: done with it
  bool EndRequested(const WorkItem& item);
  bool ReleaseChildren(WorkItem& item);
  bool FailChildren(WorkItem& item);
  bool EndWaiting(WorkItem& item);
  bool StopChildren(WorkItem& item);
  bool ChildrenEnded(WorkItem& item);
  bool JobEnded(const WorkItem& item);
  bool InstanceLost(const WorkItem& item);
  bool Expire(const WorkItem& item);
  bool ForgetChildren(WorkItem& item);
  int32_t EndOfEnding(uint32_t slot, int32_t first, int32_t last,
                      TextIndex reason) const;
  bool StopNodes(WorkItem& item);  // job_nodes.cc
  void TellPaired(uint32_t edge, int32_t first, int32_t last);
  void TellDependent(uint32_t edge, bool succeeded);
  void EndParent(uint32_t slot);

  void EndByTimeLimit(QueueRecord& queue, uint32_t share);  // time_limits.cc

  void DeleteDefinition(uint32_t definition);  // phase_configuration.cc

  // queue_deletion.cc
  bool DeleteJobs(const WorkItem& item);
  void DeleteJob(uint32_t slot);
  bool IsInDeletedQueue(JobKey job) const;  // it is DELETING
  bool IsDeletionOver(uint32_t queue) const;
  void ForgetQueue(uint32_t queue);
  void ReuseQueue(uint32_t queue);  // if it is deleted and has no job left

  // 5. phase_cycle.cc
  void RunCycle();
  void Serve(QueueRecord& queue);
  void ServeFromHead(QueueRecord& queue);
  void ServeSharesApart(QueueRecord& queue);
  int64_t NextTick() const;
  JobKey Next(QueueRecord& queue);
  JobKey JobAt(uint32_t queue, const LinePlace& place) const;
  uint64_t EpochOf(const QueueRecord& queue) const;
  Held TryStart(QueueRecord& queue, JobKey job);
  Placement FindStart(const QueueRecord& queue, JobKey job) const;
  Placement FindPlace(const QueueRecord& queue, const Requirement& need) const;
  void Place(JobKey job, const Placement& placement);
  void FetchCandidates(const QueueRecord& queue) const;
  void FetchNext(const JobRecord& record) const;
  void FetchClass(const JobRecord& record) const;
  void FetchOvertaking(const QueueRecord& queue) const;
  void RequestStart(uint32_t live);
  void RequestStartOf(uint32_t live, uint16_t container);
  void ForgetBlocked(BlockedHead& blocked, JobKey head);
  // The head of a line and its clock, time_limits.cc.
  struct HeadBefore {
    JobKey job;  // that carried a reason
    TextIndex reason;
  };
  void ForgetHead(BlockedHead& blocked, JobKey head);
  void RestClock(BlockedHead& blocked);
  void UpdateClock(QueueRecord& queue, uint32_t share, BlockedHead& blocked,
                   const HeadBefore& was, JobKey head, TextIndex reason,
                   Held held);
  void NoteBlocked(QueueRecord& queue, uint32_t share, BlockedHead& blocked,
                   JobKey head, TextIndex reason, Held held);
  void MarkBlocked(QueueRecord& queue, JobKey head, Held held);
  void TellBlocked(BlockedHead& blocked, JobKey head, TextIndex reason);
  TextIndex BlockedReason(const QueueRecord& queue, const Requirement& need);
  uint32_t IndexOf(const QueueRecord& queue) const {
    return static_cast<uint32_t>(&queue - state_.queues.data());
  }

  // 5, of queues with quota shares: quota_cycle.cc
  void ServeQuotaShares(QueueRecord& queue);
  JobKey ShareHead(const QueueRecord& queue, uint32_t share) const;
  const Requirement& RequirementOf(JobKey job) const;
  bool StartEarmarked(QueueRecord& queue);
  bool StartOnOwn(QueueRecord& queue);
  bool StartOnBorrowed(QueueRecord& queue);
  bool StartOfShare(QueueRecord& queue, JobKey head, size_t turn);
  bool PreemptForOne(QueueRecord& queue);
  bool PreemptFor(QueueRecord& queue, uint32_t share, JobKey head, Held held);
  Amounts FreeInService(const QueueRecord& queue) const;
  bool CarryOut(QueueRecord& queue, uint32_t share, JobKey head, Held held,
                StopCause cause);
  Amounts ExcessOf(const QuotaQueue& quota, uint32_t share) const;
  void AddCandidates(const QueueRecord& queue, uint32_t share, JobKey head,
                     Held held, PreemptionQuestion& question,
                     std::vector<uint32_t>& lives,
                     std::vector<uint32_t>& instances) const;
  void MarkShareBlocked(QueueRecord& queue, uint32_t share);
  std::vector<ClassDemand> ShareDemand(const QueueRecord& queue, uint32_t share,
                                       const ScalingPlan& plan) const;

  // quota_flow.cc
  void ChargeQuota(uint32_t live);
  void DischargeQuota(uint32_t live);
  void NoteRunnable(uint32_t slot, int32_t first, int32_t last);
  void ShareJobEnded(uint32_t slot);
  bool DeleteShare(const WorkItem& item);
  void Preempt(uint32_t live, StopCause cause);
  void EndPreempted(uint32_t live, const AttemptRecord& outcome);
  void BeginEarmark(QuotaQueue& quota, const Earmark& earmark);
  void FillEarmark(Earmark& earmark);
  bool IsEarmarkGood(const Earmark& earmark) const;
  static bool IsEnvironmentOf(const QueueRecord& queue, uint32_t environment);
  bool IsBeyondService(const Earmark& earmark) const;
  void DropEarmark(QuotaQueue& quota, JobKey job);
  void DropBadEarmarks(QuotaQueue& quota);

  // 5, where the order is not strict: overtaking.cc
  void ServeByClass(QueueRecord& queue);
  void Overtake(QueueRecord& queue);
  HeadStart HeadStartOf(QueueRecord& queue, JobKey head) const;
  HeadStart LookForStart(const QueueRecord& queue,
                         const Requirement& need) const;
  uint64_t VersionOf(const QueueRecord& queue) const;
  void EstimateStart(uint32_t instance, const Requirement& need,
                     HeadStart* start) const;
  bool MayOvertake(const QueueRecord& queue, const Placement& placement,
                   const DispatchIndex::Class& waiting, bool holds_nobody,
                   HeadStart* start) const;

  // 6. phase_scaling.cc
  bool RunScaling();  // true: the cycle might go otherwise now
  bool IsScalingNeeded() const;
  bool IsScalingWanted(uint32_t environment) const;
  bool PlanInLine(const QueueRecord& queue, uint32_t requirement, int64_t jobs,
                  ScalingPlan& plan) const;
  bool PlanShares(QueueRecord& queue, ScalingPlan& plan, int64_t* looks);
  bool PlanSharesApart(QueueRecord& queue, ScalingPlan& plan, int64_t* looks);
  bool PlanFor(QueueRecord& queue, ScalingPlan& plan, int64_t* looks);
  void PlanByRoom(QueueRecord& queue, ScalingPlan& plan);

  // task_flow.cc
  void BeginTask(uint32_t live);
  void WatchStart(uint32_t live);
  void GiveUpStart(uint32_t live, int64_t time_ns);
  void StartReadyContainers(uint32_t live);
  absl::Duration StopContainers(uint32_t live);
  bool IsWithoutCapacity(uint32_t live, const ContainerReport& report) const;
  bool LeavesStarting(uint32_t live, const ContainerReport& report);
  bool TakeOfTask(uint32_t live, const ContainerReport& report, int64_t at_ns);
  void GoOnWithTask(uint32_t live, int64_t at_ns);
  void EndTask(uint32_t live, int64_t at_ns);

  // job_flow.cc
  bool has_budget() const { return journal_.transitions_left > 0; }
  // A look at something that then stays as it is costs a fraction of what a
  // transition does.
  void CountLook() {
    constexpr int kLooksInTransition = 8;
    if (++looks_ % kLooksInTransition == 0) --journal_.transitions_left;
  }
  WaitingLine& LineOf(const JobRecord& record) {
    return state_.queues[record.queue].LineOf(record.share);
  }
  void AddWaiting(const JobRecord& record, int64_t jobs);
  void EnterPlace(const JobRecord& record, int retry_class);
  void LeavePlace(const JobRecord& record, int retry_class);
  DispatchIndex::Class ClassOf(const JobRecord& record) const;
  LinePlace PlaceOf(const JobRecord& record, int retry_class) const;
  void EnterLine(JobKey job);
  void LeaveLine(JobKey job);
  void DependenciesMet(uint32_t slot);
  void ReleaseChild(JobKey child);
  void AfterChildRunnable(uint32_t slot);
  void ReleaseUntouched(uint32_t slot, int32_t first, int32_t last);
  // Why a job that has not started ends.
  struct Ending {
    JobTrigger trigger;
    TextIndex reason;
  };
  Ending EndingOf(JobKey job) const;
  void FailPending(JobKey job);
  void FailWaiting(JobKey job);  // no array; it stands in no line (any more)
  void Fail(JobKey job, JobTrigger trigger, TextIndex reason);
  void OnEnded(JobKey job);
  void OnChildrenEnded(uint32_t slot, int32_t first, int32_t last);
  void AddWork(WorkKind kind, uint32_t slot, int32_t first = -1,
               int32_t last = -1);
  void StopAttempt(uint32_t live, StopCause cause);
  void SetDeadline(uint32_t live, DeadlineKind kind, absl::Duration after,
                   int64_t from_ns);
  void ClearDeadline(uint32_t live);
  void EndAttempt(uint32_t live, int64_t at_ns, std::optional<int> exit_code,
                  TextIndex reason, TextIndex status_reason);
  StopCause CauseOf(const LiveAttempt& attempt) const;
  TextIndex StoppedReason(const LiveAttempt& attempt,
                          TextIndex otherwise) const;
  bool IsRetryDueFor(const LiveAttempt& attempt,
                     const AttemptRecord& outcome) const;
  void Charge(uint32_t live, uint32_t instance);
  void Discharge(uint32_t live);
  const Resources& TakenBy(const LiveAttempt& attempt) const;
  void UseShare(uint32_t live, int64_t times);
  void AddToInstance(uint32_t live, uint32_t instance);
  void TakeFromInstance(uint32_t live);
  void WatchIdle(uint32_t instance);
  void UnwatchIdle(uint32_t instance);
  ContainerId ContainerOf(uint32_t live) const;

  // job_nodes.cc
  Placement FindPlaceForNodes(const QueueRecord& queue,
                              const Requirement& need) const;
  void PlaceNodes(uint32_t slot, uint32_t environment);
  bool IsNodeAsked(uint32_t live) const;
  void StartNodes(uint32_t slot);
  bool IsHostLost(uint32_t live) const;
  void StartRunningNode(uint32_t live, int64_t at_ns);
  void EndNode(uint32_t live, AttemptRecord outcome);

  State& state_;
  JobTable& jobs_;
  Fleet& fleet_;
  Journal& journal_;
  std::vector<Request>& requests_;
  Outcome& outcome_;
  // The cycle ended attempts: others may start where they ran.
  bool again_ = false;
  int64_t looks_ = 0;
  const int64_t last_ns_;
  const int64_t now_ns_;
};

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_TURN_RUNNER_H_
