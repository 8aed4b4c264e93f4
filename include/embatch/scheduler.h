// SPDX-License-Identifier: Apache-2.0
//
// A Scheduler is AWS Batch's scheduler: it takes job definitions, queues,
// compute environments and jobs, and decides what runs where and when.
//
// Example: examples/quickstart/main.cc is a whole program.
//
// The caller drives. Commands check what they are given, record it and give a
// final answer; nothing starts or ends in them. Advance(now) does all that is
// due, and says when it wants to be called next.
//
//   for (;;) {
//     embatch::Step step = scheduler.Advance(absl::Now());
//     for (const embatch::Event& event : step.events) Show(event);
//     SleepUntil(step.next);  // or until a plug-in wakes us
//   }
//
// Time:      a parameter everywhere; the scheduler reads no clock. An earlier
//            `now` than the last one counts as the last one, one before 1970
//            as 1970.
// Threads:   const calls may run beside each other; any other call needs the
//            scheduler for itself. Any number of schedulers per process; they
//            share nothing. Not reentrant: a plug-in that calls back is
//            refused.
// Ownership: plug-ins and the log are borrowed. Moves, does not copy; Fork()
//            makes a copy of the state.
// Memory:    what is forgotten goes back, large blocks of it straight to the
//            system.
// Errors:    kInvalidArgument: malformed; the message names member, value and
//            limit. kNotFound, kAlreadyExists: names. kFailedPrecondition:
//            right request, wrong moment. kResourceExhausted: a documented
//            limit. kDataLoss: the log failed earlier. A job that fails is no
//            error: it is an event.
// Source:    API model 2016-08-10; guide "What is AWS Batch".
#ifndef EMBATCH_SCHEDULER_H_
#define EMBATCH_SCHEDULER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "embatch/capacity_limit.h"
#include "embatch/compute_environment.h"
#include "embatch/consumable_resource.h"
#include "embatch/container_runtime.h"
#include "embatch/event.h"
#include "embatch/ids.h"
#include "embatch/input_log.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/job_queue.h"
#include "embatch/limits_profile.h"
#include "embatch/quota_share.h"
#include "embatch/resource_provider.h"
#include "embatch/scheduling_policy.h"
#include "embatch/service_environment.h"
#include "embatch/service_job.h"
#include "embatch/service_provider.h"
#include "embatch/tags.h"

namespace embatch {

struct SchedulerOptions {
  LimitsProfile limits = LimitsProfile::kAws;

  // How long a finished job can be read. AWS keeps it for a week at least,
  // formerly a day. Choice: D1.
  absl::Duration finished_job_retention = absl::Hours(24);

  // Ids that users see are made from this; schedulers with equal seeds and
  // equal inputs show equal ids.
  uint64_t seed = 0;

  // Changes of status that one Advance() makes at most; more are left to the
  // next call, which is then due at once. At least 1. A multi-node job and the
  // nodes that go with it change together: that counts as one. What costs about
  // as much counts as well: a job that is stopped or forgotten, a consequence
  // that is looked at. So many take a scheduler on a processor of today less
  // than 20 ms (benchmarks/scheduler/pauses_benchmark.cc).
  int max_transitions = 8000;

  // A job that waits for others and is cancelled fails at once, rather than
  // when its dependencies are done. Choice: D2.
  bool cancel_pending_immediately = false;

  // How long an instance that nothing needs is kept. Choice: D25.
  absl::Duration idle_time_before_scale_in = absl::ZeroDuration();

  // How long an instance type is left alone after the provider had none of it.
  // Choice: §16.4 leaves the period open.
  absl::Duration capacity_back_off = absl::Minutes(1);

  // In a fair-share queue a share whose first job can't be placed is passed
  // over until the next look at the queue, rather than holding up all others.
  // Choice: D10.
  bool skip_blocked_shares = false;

  // Keeps every input if set. Borrowed.
  InputLog* log = nullptr;
};

// The plug-ins of one compute environment. One runtime or provider may serve
// several environments.
struct Plugins {
  ResourceProvider* provider = nullptr;
  ContainerRuntime* runtime = nullptr;  // required
};

// Views: valid until the next non-const call.
struct JobDefinitionView {
  const JobDefinition* job_definition = nullptr;
  int revision = 0;
  bool active = false;  // status ACTIVE; else INACTIVE
};

struct JobQueueView {
  const JobQueue* job_queue = nullptr;
  ResourceStatus status = ResourceStatus::kCreating;
  absl::string_view status_reason;
  StatusSummary jobs{};  // jobs by status; an array counts as one
};

struct ComputeEnvironmentView {
  const ComputeEnvironment* compute_environment = nullptr;
  ResourceStatus status = ResourceStatus::kCreating;
  absl::string_view status_reason;
  // Differs from that of an earlier environment of the same name.
  // Source: API ComputeEnvironmentDetail.uuid.
  std::string uuid;
  // Of all instances, booting ones included; of all jobs, with Fargate.
  int64_t vcpus = 0;
  // API ComputeResource.desiredvCpus: the same, or what the caller asked for.
  int64_t desired_vcpus = 0;
  int instances = 0;  // booting ones included
  int booting = 0;
  int draining = 0;  // on their way out: old ones of an update, or a deletion's
  Resources free;    // summed over the instances that take jobs
};

// What to leave in a list of a queue's jobs. Of several values any may match.
// Source: API ListJobs.filters.
struct ListJobsFilter {
  enum class Name : uint8_t {
    // Whatever the case; "abc*" matches all that begins with "abc". Jobs come
    // grouped by name and by the version of their definition.
    kJobName,
    // A definition's name, "abc*", or "name:3". Case matters.
    kJobDefinition,
    kBeforeCreatedAt,  // milliseconds since the Unix epoch
    kAfterCreatedAt,
    kShareIdentifier,
    kQuotaShareName,
  };
  Name name = Name::kJobName;
  std::vector<std::string> values;
};
constexpr bool IsValidEnum(ListJobsFilter::Name value) {
  return value <= ListJobsFilter::Name::kQuotaShareName;
}

// Which jobs to list: those of a queue, the children of an array, or the nodes
// of a multi-node job.
// Source: API ListJobs.
struct ListJobsRequest {
  std::string job_queue;  // exactly one of these three
  JobId array;
  JobId multi_node_job;
  // Absent: RUNNING. Beside a filter it is ignored, but for kShareIdentifier
  // and kQuotaShareName; absent then means any.
  std::optional<JobStatus> status;
  std::optional<ListJobsFilter> filter;  // not for children and nodes
  int max_results = 100;                 // 1..1000, with a filter 1..100
  std::string next_token;                // of the page before
};

// Which page of a list.
struct PageRequest {
  int max_results = 100;   // 1..100
  std::string next_token;  // of the page before
};

// Names in a stable order.
struct NamePage {
  std::vector<std::string> names;
  std::string next_token;  // for the page behind this one; empty: no more
};

// A value of a filter matches whatever the case; "abc*" matches all that
// begins with "abc".
// Source: API ListConsumableResources.
struct ListConsumableResourcesRequest {
  std::vector<std::string> names;  // any of these; empty: all
  int max_results = 100;           // 1..100
  std::string next_token;          // of the page before
};

// Jobs that need a consumable resource, newest first. An array is one.
// Source: API ListJobsByConsumableResource.
struct ListJobsByConsumableResourceRequest {
  std::string consumable_resource;
  std::vector<JobStatus> statuses;     // any of these; empty: all
  std::vector<std::string> job_names;  // any of these; empty: all
  int max_results = 100;               // 1..100
  std::string next_token;              // of the page before
};

// Which revisions of job definitions to list. Both filters may be given.
// Source: API DescribeJobDefinitions.
struct ListJobDefinitionsRequest {
  std::string job_definition_name;  // empty: all
  std::optional<bool> active;       // absent: ACTIVE and INACTIVE ones
  int max_results = 100;            // 1..100
  std::string next_token;           // of the page before
};

struct JobDefinitionPage {
  std::vector<JobDefinitionView> job_definitions;  // in order of registration
  std::string next_token;  // for the page behind this one; empty: no more
};

// Source: API FrontOfQueueJobSummary.
struct FrontOfQueueJob {
  JobId job;
  absl::Time earliest_time_at_position;  // it has stood there since
};

// What the dispatched jobs of one share take.
// Source: API FairshareCapacityUtilization, QuotaShareCapacityUtilization.
struct ShareUtilization {
  std::string share;  // a shareIdentifier, or a quotaShareName
  std::vector<CapacityUsage> usage_milli;  // in thousandths of each unit
};

// What the jobs of a queue that are STARTING or RUNNING take.
// Source: API QueueSnapshotUtilizationDetail.
struct QueueUtilization {
  // In thousandths of each unit: VCPU; in a queue with quota shares the units
  // that its shares name; of service jobs, from SCHEDULED on, instance types.
  std::vector<CapacityUsage> total_usage_milli;
  // Of a queue with shares of either kind: how many use something now, and the
  // first 20 of them by what they use.
  int64_t active_share_count = 0;
  std::vector<ShareUtilization> top_capacity_utilization;
};

// What a queue looks like at this moment.
// Source: API GetJobQueueSnapshot.
struct JobQueueSnapshot {
  // The first 100 RUNNABLE jobs in the order in which they would be dispatched
  // if there were room for one after the other; children of arrays, never their
  // parents. Quota shares take turns.
  std::vector<FrontOfQueueJob> front_of_queue;
  // Of a queue with quota shares, by the share's name: its first RUNNABLE job;
  // absent where none waits.
  std::map<std::string, std::optional<FrontOfQueueJob>> front_of_quota_shares;
  QueueUtilization queue_utilization;
  // vCPUs, in thousandths, of all jobs that are STARTING or RUNNING, and their
  // number; children of arrays and nodes count one by one.
  int64_t vcpu_milli_in_use = 0;
  int64_t dispatched_jobs = 0;
  absl::Time last_updated_at;
};

// A page looks at 10,000 jobs, or 100,000 children, at most. If it has found
// few among them, or none, it ends all the same, and has a token.
struct JobPage {
  std::vector<JobId> jobs;  // newest first; children and nodes by index
  std::string next_token;   // for the page behind this one; empty: no more
};

// What plug-ins reported that changed nothing.
struct IgnoredReports {
  uint64_t late_or_repeated = 0;  // about an attempt or instance that is over
  uint64_t unknown = 0;           // about something that never was
  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.late_or_repeated, self.unknown);
  }
};

class Scheduler {
 public:
  explicit Scheduler(SchedulerOptions options = {});
  ~Scheduler();
  Scheduler(Scheduler&&) noexcept;
  Scheduler& operator=(Scheduler&&) noexcept;

  // --- Commands -----------------------------------------------------------

  // The environment is CREATING, and VALID after the next Advance().
  absl::Status CreateComputeEnvironment(ComputeEnvironment environment,
                                        absl::Time now);

  // The environment is UPDATING, and VALID after the next Advance(); if its
  // instances are replaced, when the last old one is gone. New jobs go to new
  // instances only; jobs that run on old ones have until
  // UpdatePolicy::job_execution_timeout_minutes are over, then they are stopped
  // and retried as after any failure. An update also repairs an INVALID one.
  // kFailedPrecondition: it is CREATING, UPDATING or DELETING; or BEST_FIT.
  absl::Status UpdateComputeEnvironment(
      const UpdateComputeEnvironmentRequest& request, absl::Time now);

  // The environment is DELETING, and gone when its instances are: jobs on them
  // are stopped, and retried as after any failure. With Fargate no job may run,
  // or it becomes INVALID. It must be DISABLED, and no queue may refer to it.
  // An unknown one is no error.
  absl::Status DeleteComputeEnvironment(absl::string_view environment,
                                        absl::Time now);

  // Says who serves an environment. Decides nothing and is no input: a replay
  // does without. May be called again, to replace; with both null, to detach.
  absl::Status AttachPlugins(absl::string_view environment, Plugins plugins);

  // The queue is CREATING, and VALID after the next Advance(). It takes jobs
  // when it is VALID. kFailedPrecondition if an environment is not VALID.
  absl::Status CreateJobQueue(JobQueue queue, absl::Time now);

  // The queue is UPDATING, and VALID after the next Advance(). kNotFound;
  // kFailedPrecondition while it is CREATING, UPDATING or DELETING.
  absl::Status UpdateJobQueue(const UpdateJobQueueRequest& request,
                              absl::Time now);

  // The queue, which must be DISABLED, is DELETING. All its jobs end FAILED
  // with the statusReason "JobQueue deleted", running ones when they have
  // stopped; then its name is free again. An unknown name is no error.
  // kFailedPrecondition: it is ENABLED, CREATING or UPDATING.
  // Source: API DeleteJobQueue; §13.2.
  absl::Status DeleteJobQueue(absl::string_view queue, absl::Time now);

  // A policy that a queue is to be created with.
  absl::Status CreateSchedulingPolicy(SchedulingPolicy policy, absl::Time now);

  // Replaces the body of the policy of that name, for every queue that uses it;
  // its tags and document stay. kInvalidArgument: it is of the other kind.
  // Source: API UpdateSchedulingPolicy.
  absl::Status UpdateSchedulingPolicy(SchedulingPolicy policy, absl::Time now);

  // kFailedPrecondition: a queue uses it. An unknown one is no error.
  absl::Status DeleteSchedulingPolicy(absl::string_view policy, absl::Time now);

  // The share is CREATING, and VALID after the next Advance(); then it takes
  // jobs. The queue must have a policy with quota shares.
  absl::Status CreateQuotaShare(QuotaShare share, absl::Time now);

  // Changes what is given. Lowering a limit stops no job by itself.
  absl::Status UpdateQuotaShare(const UpdateQuotaShareRequest& request,
                                absl::Time now);

  // The share must be DISABLED (else kFailedPrecondition). Its jobs are
  // terminated; it is gone when they are over. An unknown one is no error.
  absl::Status DeleteQuotaShare(absl::string_view job_queue,
                                absl::string_view quota_share, absl::Time now);

  // The environment is CREATING, and VALID after the next Advance().
  absl::Status CreateServiceEnvironment(ServiceEnvironment environment,
                                        absl::Time now);

  // Changes what is given. kFailedPrecondition: it is CREATING or DELETING.
  absl::Status UpdateServiceEnvironment(
      const UpdateServiceEnvironmentRequest& request, absl::Time now);

  // The environment, which must be DISABLED and VALID, is DELETING, and gone
  // after the next Advance(), or when no job is in it. No queue may refer to
  // it. An unknown one is no error.
  absl::Status DeleteServiceEnvironment(absl::string_view environment,
                                        absl::Time now);

  // Says who serves a service environment, as AttachPlugins(); nullptr to
  // detach.
  absl::Status AttachServiceProvider(absl::string_view environment,
                                     ServiceProvider* provider);

  // Answers the revision: 1 for a new name, then 2, 3, ...
  absl::StatusOr<int> RegisterJobDefinition(JobDefinition definition,
                                            absl::Time now);

  // Takes "name:revision". Jobs already submitted are not touched. An unknown
  // one is no error.
  absl::Status DeregisterJobDefinition(absl::string_view definition,
                                       absl::Time now);

  // Source: API CreateConsumableResource. kAlreadyExists.
  absl::Status CreateConsumableResource(ConsumableResource resource,
                                        absl::Time now);
  // kNotFound. Jobs that wait for more are looked at in the next Advance().
  absl::Status UpdateConsumableResource(
      const UpdateConsumableResourceRequest& request, absl::Time now);
  // At any time; an unknown one is no error. Jobs that need it wait until one
  // of that name is created again, which owes nothing to what the old one lent.
  absl::Status DeleteConsumableResource(absl::string_view resource,
                                        absl::Time now);

  absl::Status TagResource(const TagResourceRequest& request, absl::Time now);
  absl::Status UntagResource(const UntagResourceRequest& request,
                             absl::Time now);

  // The job is SUBMITTED. All it needs is taken from the definition now. A
  // failure changes nothing.
  absl::StatusOr<JobId> SubmitJob(const SubmitJobRequest& request,
                                  absl::Time now);

  // What SubmitJob() would say of all that it looks at before overrides,
  // parameters and amounts: names, queue, definition, share, array size and
  // dependencies. For those who can't read the rest of a submission, and must
  // tell whether that is its first fault. Source: §4, steps 1 to 8.
  absl::Status CheckSubmission(const SubmitJobRequest& request) const;

  // Ends a job that has not started; does nothing to one that has, or to one
  // that is unknown or over. `reason`: 1 to 1,024 characters.
  // Source: API CancelJob; §10.
  absl::Status CancelJob(JobId job, absl::string_view reason, absl::Time now);

  // Ends a job, started or not.
  absl::Status TerminateJob(JobId job, absl::string_view reason,
                            absl::Time now);

  // The service job is SUBMITTED. A failure changes nothing.
  absl::StatusOr<JobId> SubmitServiceJob(const SubmitServiceJobRequest& request,
                                         absl::Time now);

  // Changes the priority of a service job that is not over, waiting or not. In
  // queues with quota shares others may be preempted for it then, or it for
  // others. kNotFound; kInvalidArgument: it is no service job.
  absl::Status UpdateServiceJob(const UpdateServiceJobRequest& request,
                                absl::Time now);

  // Ends a service job, started or not; as TerminateJob.
  absl::Status TerminateServiceJob(JobId job, absl::string_view reason,
                                   absl::Time now);

  // --- The loop -----------------------------------------------------------

  // Asks the plug-ins what happened, does all that is due, and tells them what
  // to do. See Step.
  Step Advance(absl::Time now);

  // Applies one logged input (InputLog). Asks nothing of plug-ins.
  // kDataLoss: the bytes are no input.
  Step Replay(absl::string_view input);

  // --- Reads: const, no time ----------------------------------------------

  // kNotFound: never existed, or its retention is over. All three take a child
  // of an array, or a node, as well as a job. What is said of the attempts of a
  // multi-node job is its main node's.
  absl::StatusOr<JobView> DescribeJob(JobId job) const;
  absl::StatusOr<std::vector<AttemptView>> DescribeAttempts(JobId job) const;
  absl::StatusOr<std::vector<JobDependency>> DescribeDependencies(
      JobId job) const;  // as submitted

  absl::StatusOr<PreemptionSummary> DescribePreemptions(JobId job) const;

  absl::StatusOr<JobDefinitionView> DescribeJobDefinition(
      absl::string_view definition) const;  // "name" (latest active), "name:3"
  absl::StatusOr<JobQueueView> DescribeJobQueue(absl::string_view queue) const;
  absl::StatusOr<ComputeEnvironmentView> DescribeComputeEnvironment(
      absl::string_view environment) const;
  // nullptr: there is none of that name.
  const SchedulingPolicy* DescribeSchedulingPolicy(
      absl::string_view policy) const;
  absl::StatusOr<QuotaShareView> DescribeQuotaShare(
      absl::string_view job_queue, absl::string_view quota_share) const;
  // By creation. kNotFound: there is no such queue.
  absl::StatusOr<std::vector<std::string>> ListQuotaShares(
      absl::string_view job_queue) const;
  // kNotFound; kInvalidArgument: it is no service job. DescribeJob() and
  // DescribeAttempts() take service jobs too.
  absl::StatusOr<ServiceJobView> DescribeServiceJob(JobId job) const;
  // As ListJobs(), of a queue for service jobs; 1 to 100 a page.
  absl::StatusOr<JobPage> ListServiceJobs(const ListJobsRequest& request) const;
  absl::StatusOr<ServiceEnvironmentView> DescribeServiceEnvironment(
      absl::string_view environment) const;
  std::vector<std::string> ListServiceEnvironments() const;  // by name
  std::vector<std::string> ListSchedulingPolicies() const;   // by name
  std::vector<std::string> ListJobQueues() const;            // by creation
  std::vector<std::string> ListComputeEnvironments() const;  // by creation
  // The same in pages, by name. Source: API DescribeJobQueues,
  // DescribeComputeEnvironments, ListQuotaShares and their kin.
  absl::StatusOr<NamePage> ListJobQueues(const PageRequest& request) const;
  absl::StatusOr<NamePage> ListComputeEnvironments(
      const PageRequest& request) const;
  absl::StatusOr<NamePage> ListServiceEnvironments(
      const PageRequest& request) const;
  absl::StatusOr<NamePage> ListSchedulingPolicies(
      const PageRequest& request) const;
  // kNotFound: there is no such queue.
  absl::StatusOr<NamePage> ListQuotaShares(absl::string_view job_queue,
                                           const PageRequest& request) const;
  absl::StatusOr<JobPage> ListJobs(const ListJobsRequest& request) const;

  // Those of up to 100 jobs that there are, in the order asked.
  absl::StatusOr<std::vector<JobView>> DescribeJobs(
      absl::Span<const JobId> jobs) const;
  absl::StatusOr<JobDefinitionPage> ListJobDefinitions(
      const ListJobDefinitionsRequest& request) const;
  absl::StatusOr<JobQueueSnapshot> GetJobQueueSnapshot(
      absl::string_view queue) const;
  absl::StatusOr<std::map<std::string, std::string>> ListTagsForResource(
      const ResourceName& resource) const;
  absl::StatusOr<ConsumableResourceView> DescribeConsumableResource(
      absl::string_view resource) const;
  absl::StatusOr<NamePage> ListConsumableResources(
      const ListConsumableResourcesRequest& request) const;
  absl::StatusOr<JobPage> ListJobsByConsumableResource(
      const ListJobsByConsumableResourceRequest& request) const;

  // The text of an event's reason. "" for an index that is none.
  absl::string_view Text(TextIndex text) const;

  // A job's id as AWS's users see it, and back. kInvalidArgument: not an id.
  std::string JobIdText(JobId job) const;
  absl::StatusOr<JobId> ParseJobId(absl::string_view text) const;

  absl::Time now() const;  // the latest `now` that was given
  IgnoredReports ignored_reports() const;
  const SchedulerOptions& options() const;

  // --- Copies -------------------------------------------------------------

  // A copy of the state that goes its own way. It has no log and no plug-ins:
  // what it asks for is dropped until some are attached.
  std::unique_ptr<Scheduler> Fork() const;

  // The state as bytes: equal states have equal bytes, on every platform.
  std::string EncodeState() const;

 private:
  struct Impl;
  explicit Scheduler(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_H_
