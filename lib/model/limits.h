// SPDX-License-Identifier: Apache-2.0
//
// Every number that bounds what a caller may ask for, each with its origin.
// The numbers of AWS stand here and nowhere else.
#ifndef EMBATCH_MODEL_LIMITS_H_
#define EMBATCH_MODEL_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "embatch/limits_profile.h"

namespace embatch {

// Numbers that differ between the two profiles.
struct Limits {
  // Source: API RetryStrategy.attempts ("between 1 and 10").
  int attempts_max;
  // Source: API ArrayProperties.size ("between 2 and 10,000").
  int32_t array_size_max;
  // Source: guide "Service quotas" (dependencies of a job). SEQUENTIAL without
  // a job counts as one. Choice: §9.1.
  int dependencies_max;
  // Source: guide "Service quotas" (24 KiB a definition, 30 KiB a submission).
  int64_t definition_bytes_max;
  int64_t submission_bytes_max;
  // Source: guide "Service quotas" (50 each, per account and region).
  int queues_max;
  int environments_max;
  // Source: API JobQueueDetail.computeEnvironmentOrder ("up to three").
  int environments_per_queue_max;
  // Source: guide "Service quotas" (jobs in SUBMITTED).
  int64_t submitted_jobs_max;
  // Source: API ResourceRequirement, VCPU ("For jobs that run on EC2 ... at
  // least one vCPU"). Fargate and EKS have rules of their own.
  int64_t ec2_vcpu_milli_min;
  // Source: §5.2 [field], "Container Overrides length must be at most 8192".
  int64_t container_overrides_length_max;
  // Source: guide "Multi-node parallel jobs" (§12.1).
  int32_t num_nodes_max;
  int node_groups_max;
  // Source: API CreateJobQueue.schedulingPolicyArn ("maximum of 500 active
  // share identifiers").
  int32_t active_shares_per_queue_max;
  // Source: guide "Service quotas" (consumable resources; §23), console text
  // (resources that a job names).
  int consumables_max;
  int consumables_per_job_max;
};

inline constexpr Limits kAwsLimits = {
    10,      10000, 20,   24 << 10, 30 << 10, 50,  50,    3,
    1000000, 1000,  8192, 1000,     5,        500, 50000, 5};

// Choice: "unlimited" is not infinite; these hold in every profile, so that
// indices stay in 32 bits and no request takes the host program's memory.
inline constexpr Limits kUnlimitedLimits = {
    65535,   1 << 27, 1 << 24,          1 << 20, 1 << 20, 1 << 16,
    1 << 16, 1 << 16, int64_t{1} << 31, 1,       1 << 20, 1 << 16,
    255,     1 << 20, 1 << 20,          1 << 10};

inline constexpr const Limits& LimitsOf(LimitsProfile profile) {
  return profile == LimitsProfile::kAws ? kAwsLimits : kUnlimitedLimits;
}

// Source: API (names of definitions, queues, environments, jobs: "up to 128").
inline constexpr int kNameLengthMax = 128;
// Source: API ContainerProperties.image ("up to 255 characters").
inline constexpr int kImageLengthMax = 255;
// Source: API NodeRangeProperty.instanceTypes ("currently limited to one").
inline constexpr int kNodeInstanceTypesMax = 1;
// Source: API TagrisTagsMap, TagKey, TagValue.
inline constexpr int kTagsMax = 50;
inline constexpr int kTagKeyLengthMax = 128;
inline constexpr int kTagValueLengthMax = 256;
// Source: API RetryStrategy.attempts.
inline constexpr int kAttemptsMin = 1;
// Source: API RetryStrategy.evaluateOnExit ("Array of up to 5 objects").
inline constexpr int kEvaluateOnExitMax = 5;
// Source: API EvaluateOnExit ("up to 512 characters").
inline constexpr int kExitPatternLengthMax = 512;
// Source: API ArrayProperties.size.
inline constexpr int32_t kArraySizeMin = 2;
// Source: API ResourceRequirement, MEMORY ("at least 4 MiB").
inline constexpr int64_t kMemoryMibMin = 4;
// Source: API JobTimeout.attemptDurationSeconds ("at least 60 seconds").
inline constexpr absl::Duration kTimeoutMin = absl::Seconds(60);
// Choice: AWS names no maximum; this much any deadline can hold.
inline constexpr absl::Duration kTimeoutMax = absl::Hours(24 * 36500);
// Source: API ComputeScalingPolicy.minScaleDownDelayMinutes (0, or "between 20
// and 10080").
inline constexpr int kScaleDownDelayMinutesMin = 20;
inline constexpr int kScaleDownDelayMinutesMax = 10080;
// Source: API JobExecutionTimeoutMinutes (1 to 360).
inline constexpr int kJobExecutionTimeoutMinutesMin = 1;
inline constexpr int kJobExecutionTimeoutMinutesMax = 360;
// Source: API ComputeResource.bidPercentage (default 100 per cent). Choice: AWS
// names no limits.
inline constexpr int kBidPercentageMin = 1;
inline constexpr int kBidPercentageMax = 100;
inline constexpr int kBidPercentageDefault = 100;
// Source: API schedulingPriority (0 to 9999).
inline constexpr int kSchedulingPriorityMax = 9999;
// Source: API ShareAttributes.shareIdentifier ("limited to 255").
inline constexpr int kShareIdentifierLengthMax = 255;
// Source: API ShareAttributes.weightFactor (0.0001 to 999.9999), in 1/10,000.
inline constexpr int32_t kWeightFactorMax = 9999999;
// Source: API FairsharePolicy.shareDecaySeconds (0 to 604800).
inline constexpr absl::Duration kShareDecayMax = absl::Seconds(604800);
// Source: API FairsharePolicy.shareDecaySeconds ("zero indicates ... 600").
inline constexpr absl::Duration kShareDecayDefault = absl::Seconds(600);
// Source: API FairsharePolicy.computeReservation (0 to 99).
inline constexpr int kComputeReservationMax = 99;
// Source: guide, console text (queue priority from 0 to 1000).
inline constexpr int kQueuePriorityMax = 1000;
// Source: API CancelJob.reason, TerminateJob.reason ("up to 1024").
inline constexpr int kReasonLengthMax = 1024;
// Source: API AttemptContainerDetail.reason ("up to 255 characters").
inline constexpr int kContainerReasonLengthMax = 255;
// Source: API ListJobs.maxResults (up to 1,000 with a status).
inline constexpr int kListJobsMax = 1000;
// Source: guide "Job timeouts" (30 seconds between SIGTERM and SIGKILL).
inline constexpr absl::Duration kStopTimeoutDefault = absl::Seconds(30);
// Source: API TaskContainerProperties.stopTimeout and startTimeout (at least 2
// seconds, on Fargate at most 120).
inline constexpr absl::Duration kStopTimeoutMin = absl::Seconds(2);
inline constexpr absl::Duration kStopTimeoutFargateMax = absl::Seconds(120);
// Choice: §7; a runtime has this long after the grace to report the end of a
// container that was to be stopped. Then the attempt ends without it.
inline constexpr absl::Duration kStopMargin = absl::Seconds(10);

// Source: guide "Quota management" (quota shares of a queue); API
// QuotaShareCapacityLimits ("1 to 5").
inline constexpr int kQuotaSharesMax = 20;
inline constexpr size_t kCapacityLimitsMax = 5;
// Source: API QuotaShareResourceSharingConfiguration.borrowLimit (percent; -1
// is without limit). Choice: the largest, which keeps products in 64 bits.
inline constexpr int kBorrowLimitNone = -1;
inline constexpr int kBorrowLimitMax = 1000000;
// Choice: AWS names no largest capacity; this much can be multiplied by
// 1,000 and by kBorrowLimitMax / 100 without overflow.
inline constexpr int64_t kCapacityMax = int64_t{1} << 38;
// Choice: §15.5, the window of preemptionSummary.recentPreemptedAttempts.
inline constexpr size_t kRecentPreemptedAttemptsMax = 10;

// Source: guide "Service quotas" (service environments of a queue; §2.1).
inline constexpr size_t kServiceEnvironmentsPerQueueMax = 1;
// Source: guide "Service quotas" (10 KiB a payload).
inline constexpr size_t kServicePayloadBytesMax = 10 << 10;
// Choice: as for a reason that a caller gives; AWS names no length for what a
// service says.
inline constexpr size_t kServiceTextLengthMax = 1024;
// Source: SageMaker StopTrainingJob (120 seconds between the signals). Choice:
// Batch does not say how long it waits.
inline constexpr absl::Duration kServiceStopTimeout = absl::Seconds(120);

// Source: API EcsTaskProperties.containers, EksPodProperties.containers,
// .initContainers (10 each).
inline constexpr int kContainersPerTaskMax = 10;
// Source: API EksContainerResourceRequirements (multiples of 0.25 CPUs).
inline constexpr int64_t kEksCpuMilliStep = 250;

// The sizes that Fargate has.
// Source: API ResourceRequirement, VCPU and MEMORY; §3.4.
struct FargateSize {
  int64_t vcpu_milli;
  int64_t memory_mib_min;
  int64_t memory_mib_max;
  int64_t memory_mib_step;
};
inline constexpr FargateSize kFargateSizes[] = {
    {250, 512, 1024, 512},      {250, 2048, 2048, 1},
    {500, 1024, 4096, 1024},    {1000, 2048, 8192, 1024},
    {2000, 4096, 16384, 1024},  {4000, 8192, 30720, 1024},
    {8000, 16384, 61440, 4096}, {16000, 32768, 122880, 8192},
};

// Source: API JobStateTimeLimitAction.maxTimeSeconds ("600 ... 86,400").
inline constexpr absl::Duration kStateTimeLimitMin = absl::Seconds(600);
inline constexpr absl::Duration kStateTimeLimitMax = absl::Seconds(86400);
// Source: API ClientRequestToken (1 to 64 characters), UpdateConsumableResource
// ("A clientToken is valid for 8 hours").
inline constexpr int kClientTokenLengthMax = 64;
inline constexpr absl::Duration kClientTokenLife = absl::Hours(8);
// Choice: AWS's type is a long; sums of what running jobs take stay in one.
inline constexpr int64_t kConsumableQuantityMax = int64_t{1} << 53;
// Source: API ListConsumableResources.maxResults and those of its kind.
inline constexpr int kPageMax = 100;
// Choice: so many jobs of a queue, or children of an array, a page of a list
// looks at, so that no call takes long. Then it ends with a token, full or not;
// AWS's lists may do so at any time.
inline constexpr int64_t kJobsLookedAtMax = 10000;
inline constexpr int64_t kChildrenLookedAtMax = 100000;
// Source: API DescribeJobs.jobs ("up to 100"), FrontOfQueueDetail.jobs ("the
// first 100").
inline constexpr int kDescribeJobsMax = 100;
inline constexpr size_t kSnapshotJobsMax = 100;
// Source: API FairshareUtilizationDetail.topCapacityUtilization ("the top 20
// shares").
inline constexpr size_t kSnapshotSharesMax = 20;
// Source: API DeregisterJobDefinition ("Job definitions are permanently deleted
// after 180 days").
inline constexpr absl::Duration kDefinitionLife = absl::Hours(180 * 24);
// Choice: a deleted definition that a job still refers to is kept until it is
// not, which is looked at so often.
inline constexpr absl::Duration kDefinitionCheck = absl::Hours(24);

// Choice: bounds that keep sums of resources far from overflow: no job or
// instance has a billion vCPUs or an exbibyte of memory.
inline constexpr int64_t kVcpuMilliMax = int64_t{1} << 40;
inline constexpr int64_t kMemoryMibMax = int64_t{1} << 40;
inline constexpr int32_t kGpusMax = 1 << 12;

}  // namespace embatch

#endif  // EMBATCH_MODEL_LIMITS_H_
