// SPDX-License-Identifier: Apache-2.0
//
// The texts that AWS gives as statusReason, word for word. Their indices in
// the table of texts are fixed.
#ifndef EMBATCH_JOBS_REASONS_H_
#define EMBATCH_JOBS_REASONS_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "embatch/event.h"

namespace embatch {

inline constexpr TextIndex kNoReason = 0;
// Source: §5.2 [field].
inline constexpr TextIndex kEssentialContainerExited = 1;
inline constexpr TextIndex kDependentJobFailed = 2;
inline constexpr TextIndex kArrayChildJobFailed = 3;
inline constexpr TextIndex kTaskFailedToStart = 4;
inline constexpr TextIndex kAttemptTimedOut = 5;
// Source: §13.5 [docs], in the order of its table.
inline constexpr TextIndex kBlockedMaxResource = 6;
inline constexpr TextIndex kBlockedJobRequirement = 7;
inline constexpr TextIndex kBlockedConfiguration = 8;
inline constexpr TextIndex kBlockedPermissions = 9;
inline constexpr TextIndex kBlockedInvalid = 10;
inline constexpr TextIndex kBlockedUndetermined = 11;
// Source: §13.2 [field].
inline constexpr TextIndex kJobQueueDeleted = 12;
// Choice: D36.
inline constexpr TextIndex kMainNodeExited = 13;
// Source: §15.6 [docs], in the order of its table.
inline constexpr TextIndex kBlockedServiceMaxResource = 14;
inline constexpr TextIndex kBlockedQuotaLimits = 15;
inline constexpr TextIndex kBlockedQuotaLimitsAndBorrow = 16;
inline constexpr TextIndex kBlockedQuotaBorrowable = 17;
inline constexpr TextIndex kBlockedServiceCapacity = 18;
// Source: §15.5 [docs]; of the two about a job's own share AWS shows none.
inline constexpr TextIndex kPreemptingAcross = 19;
inline constexpr TextIndex kPreemptingInShare = 20;
inline constexpr TextIndex kPreemptedAcrossShares = 21;
inline constexpr TextIndex kPreemptedInOwnShare = 22;

// Choice: our own words; those of ECS are not documented.
inline constexpr TextIndex kContainerDependencyNotMet = 23;
// Source: §2.4 (the limit). Choice: the words.
inline constexpr TextIndex kTooManyTagsReason = 24;
// Source: §5.2 [field].
inline constexpr TextIndex kOverridesTooLongReason = 25;

// Choice: AWS does not show what a deleted share's jobs say.
inline constexpr char kQuotaShareDeleted[] = "Quota share deleted";

// Source: §17 [inferred].
inline constexpr TextIndex kSpotTaskInterrupted = 26;

// The bit of JobDetails::blocked_told for the code of a blocked reason: three
// texts have one code, and all that are no fixed texts are about capacity.
inline constexpr uint16_t BlockedBit(TextIndex reason) {
  if (reason == kBlockedQuotaLimitsAndBorrow ||
      reason == kBlockedQuotaBorrowable) {
    reason = kBlockedQuotaLimits;
  }
  return reason >= kBlockedMaxResource && reason <= kBlockedServiceCapacity
             ? static_cast<uint16_t>(2 << (reason - kBlockedMaxResource))
             : uint16_t{1};
}

inline constexpr std::array<absl::string_view, kSpotTaskInterrupted + 1>
    kFixedTexts = {
        "",
        "Essential container in task exited",
        "Dependent Job failed",
        "Array Child Job failed",
        "Task failed to start",
        "Job attempt duration exceeded timeout",
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated "
        "with "
        "the job queue cannot meet the CPU requirement of the job.",
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource "
        "requirement "
        "(vCPU/memory/GPU) is higher than that can be met by the CE(s) "
        "attached to "
        "the job queue.",
        "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your "
        "compute "
        "environment associated with this job queue has an unsupported "
        "instance "
        "type configuration.",
        "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - Batch service role has a "
        "permission issue.",
        "ACTION_REQUIRED - CE(s) associated with the job queue are invalid.",
        "UNDETERMINED - Batch job is blocked, root cause is undetermined.",
        "JobQueue deleted",
        "Main node exited",
        "MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE - Service "
        "environment(s) associated with the job queue cannot meet the capacity "
        "requirement of the job.",
        "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - Job requirements "
        "exceed quota share capacity limits.",
        "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - Job requirements "
        "exceed quota share capacity limits and borrow limits.",
        "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - Job requires "
        "borrowing "
        "that exceeds all configured borrowable capacity.",
        "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Unable to provision "
        "requested "
        "compute resources",
        "PREEMPTION_IN_PROGRESS: Cross-share preemption triggered to reclaim "
        "borrowed capacity",
        "PREEMPTION_IN_PROGRESS: In-share preemption triggered by higher "
        "priority "
        "job",
        "Cross-share preemption triggered to reclaim borrowed capacity",
        "In-share preemption triggered by higher priority job",
        "A container that this one depends on did not meet its condition",
        "Combined tags of the job and its job definition must be at most 50",
        "Container Overrides length must be at most 8192",
        "Your Spot Task was interrupted.",
};

}  // namespace embatch

#endif  // EMBATCH_JOBS_REASONS_H_
