// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/shares.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/model/validation.h"
#include "lib/scheduler/commands.h"
#include "lib/scheduler/quota_commands.h"

namespace embatch {
namespace {

QueueKind KindOf(const SchedulingPolicy& policy) {
  return policy.is_fairshare() ? QueueKind::kFairShare : QueueKind::kQuotaShare;
}

absl::Status NoSuchPolicy(absl::string_view member, absl::string_view name) {
  return absl::NotFoundError(
      absl::StrCat(member, " is ", Quoted(name),
                   "; there is no scheduling policy of that name"));
}

void SetRestDeadline(State& state, uint32_t queue, uint32_t share,
                     int64_t time_ns) {
  FairShare& shares = state.queues[queue].fair_share;
  shares.SetDeadline(share, state.deadlines.Add(
                                time_ns, shares.window_ns(),
                                static_cast<uint8_t>(DeadlineKind::kShareRests),
                                queue, share));
}

// The most vCPUs that a queue may ever use at once; of service jobs, instances.
// Source: §14.4; API CreateComputeEnvironment.unmanagedvCpus ("to reserve vCPU
// capacity for new share identifiers"; without it "no vCPU capacity is
// reserved"). Choice: D51, DISABLED environments count.
int64_t MaxVcpuMilli(const State& state, const QueueRecord& queue) {
  if (queue.is_for_services()) {
    return state.service_environments[queue.service]
               .config.options()
               .capacity_limits.front()
               .max_capacity *
           1000;
  }
  int64_t total = 0;
  for (uint32_t index : queue.environments) {
    const EnvironmentRecord& environment = state.fleet.environment(index);
    total = SaturatingAdd(
        total,
        environment.config.managed()
            ? environment.max_vcpu_milli()
            : environment.config.options().unmanaged_vcpus.value_or(0) * 1000);
  }
  return total;
}

}  // namespace

const SchedulingPolicy* FindPolicy(const State& state, absl::string_view name) {
  const auto found = state.policies.find(std::string(name));
  return found == state.policies.end() ? nullptr : &found->second;
}

// --- Commands ---------------------------------------------------------------

absl::Status Apply(State& state, const CreateSchedulingPolicyCommand& command) {
  const SchedulingPolicy& policy = command.scheduling_policy;
  // A value that did not come from Create().
  EMBATCH_RETURN_IF_ERROR(SchedulingPolicy::Create(policy.options()).status());
  if (FindPolicy(state, policy.name()) != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat(
        "A scheduling policy already exists with the name ", policy.name()));
  }
  state.policies[policy.name()] = policy;
  return absl::OkStatus();
}

// Source: API UpdateSchedulingPolicy; §14.1, the body is replaced as a whole,
// the kind can't change.
absl::Status Apply(State& state, const UpdateSchedulingPolicyCommand& command) {
  const SchedulingPolicy& given = command.scheduling_policy;
  EMBATCH_RETURN_IF_ERROR(SchedulingPolicy::Create(given.options()).status());
  const SchedulingPolicy* known = FindPolicy(state, given.name());
  if (known == nullptr) return NoSuchPolicy("name", given.name());
  if (KindOf(*known) != KindOf(given)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "name is ", Quoted(given.name()), ", which has a ",
        known->is_fairshare() ? "fairshare_policy" : "quota_share_policy",
        "; the kind of a scheduling policy can't be changed"));
  }
  SchedulingPolicyOptions options = known->options();
  options.fairshare_policy = given.options().fairshare_policy;
  options.quota_share_policy = given.options().quota_share_policy;
  absl::StatusOr<SchedulingPolicy> policy =
      SchedulingPolicy::Create(std::move(options));
  EMBATCH_RETURN_IF_ERROR(policy.status());
  state.policies[given.name()] = *std::move(policy);
  for (uint32_t i = 0; i < state.queues.size(); ++i) {
    const QueueRecord& queue = state.queues[i];
    if (queue.status != ResourceStatus::kDeleted &&
        queue.config.options().scheduling_policy == given.name()) {
      AdoptPolicy(state, i);
    }
  }
  return absl::OkStatus();
}

// Source: API DeleteSchedulingPolicy.
absl::Status Apply(State& state, const DeleteSchedulingPolicyCommand& command) {
  for (const QueueRecord& queue : state.queues) {
    if (!command.name.empty() && queue.status != ResourceStatus::kDeleted &&
        queue.config.options().scheduling_policy == command.name) {
      return absl::FailedPreconditionError(absl::StrCat(
          "name is ", Quoted(command.name), ", which job queue ",
          Quoted(queue.config.job_queue_name()),
          " uses; a scheduling policy that is used can't be deleted"));
    }
  }
  state.policies.erase(command.name);
  return absl::OkStatus();
}

// --- Policies and queues ----------------------------------------------------

absl::Status CheckPolicyOfNewQueue(const State& state, const JobQueue& queue) {
  const std::string& name = queue.options().scheduling_policy;
  if (name.empty() || FindPolicy(state, name) != nullptr) {
    return absl::OkStatus();
  }
  return NoSuchPolicy("scheduling_policy", name);
}

QueueKind KindOfNewQueue(const State& state, const JobQueue& queue) {
  const SchedulingPolicy* policy =
      FindPolicy(state, queue.options().scheduling_policy);
  return policy == nullptr ? QueueKind::kFifo : KindOf(*policy);
}

absl::Status CheckPolicyReplacement(const State& state, uint32_t index,
                                    absl::string_view name) {
  const QueueRecord& queue = state.queues[index];
  if (name.empty()) {
    return absl::InvalidArgumentError(
        "scheduling_policy is empty; the policy of a job queue can be "
        "replaced, "
        "not removed");
  }
  const SchedulingPolicy* policy = FindPolicy(state, name);
  if (policy == nullptr) return NoSuchPolicy("scheduling_policy", name);
  if (queue.kind == QueueKind::kFifo) {
    return absl::InvalidArgumentError(
        absl::StrCat("scheduling_policy is ", Quoted(name), ", and job queue ",
                     Quoted(queue.config.job_queue_name()),
                     " was created without one; such a queue can't get one"));
  }
  if (queue.kind != KindOf(*policy)) {
    return absl::InvalidArgumentError(
        absl::StrCat("scheduling_policy is ", Quoted(name),
                     ", which is of another kind than the one that job queue ",
                     Quoted(queue.config.job_queue_name()),
                     " has; it can be replaced by one of the same kind only"));
  }
  return absl::OkStatus();
}

void AdoptPolicy(State& state, uint32_t index) {
  QueueRecord& queue = state.queues[index];
  const SchedulingPolicy* policy =
      FindPolicy(state, queue.config.options().scheduling_policy);
  if (policy == nullptr) return;
  queue.kind = KindOf(*policy);
  if (queue.kind == QueueKind::kQuotaShare && !queue.quota.has_value()) {
    queue.quota.emplace();
  }
  if (!policy->is_fairshare()) return;
  queue.fair_share.SetPolicy(*policy->options().fairshare_policy, state.now_ns);
  // With another window shares come to rest at other times.
  for (const FairShare::Resting& resting : queue.fair_share.AllResting()) {
    state.deadlines.Remove(resting.deadline);
    SetRestDeadline(state, index, resting.share, resting.time_ns);
  }
}

void DropShares(State& state, uint32_t index) {
  for (const FairShare::Resting& resting :
       state.queues[index].fair_share.AllResting()) {
    state.deadlines.Remove(resting.deadline);
  }
}

// --- Shares and jobs --------------------------------------------------------

absl::Status CheckShare(const State& state, uint32_t index,
                        const SubmitJobRequest& request) {
  const QueueRecord& queue = state.queues[index];
  if (queue.kind != QueueKind::kFairShare) {
    // Choice: D63, a priority in the definition is accepted and ignored.
    if (request.share_identifier.empty() &&
        (!request.scheduling_priority_override.has_value() ||
         queue.kind == QueueKind::kQuotaShare)) {
      return QuotaShareFor(queue, request.quota_share_name).status();
    }
    return absl::InvalidArgumentError(
        "Job with shareIdentifier or schedulingPriority can only be submitted "
        "to job queue with fair share scheduling policy.");
  }
  if (request.share_identifier.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "share_identifier is empty; must be given, because job_queue ",
        Quoted(request.job_queue), " has a fair-share scheduling policy"));
  }
  EMBATCH_RETURN_IF_ERROR(
      QuotaShareFor(queue, request.quota_share_name).status());
  const FairShare& shares = queue.fair_share;
  const int32_t most =
      LimitsOf(state.settings.limits).active_shares_per_queue_max;
  const uint32_t share = shares.Find(request.share_identifier);
  // Source: API SubmitJob.shareIdentifier, CreateJobQueue.schedulingPolicyArn.
  if ((share == FairShare::kNone || !shares.is_active(share)) &&
      shares.active_shares() >= most) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "share_identifier is ", Quoted(request.share_identifier),
        ", and job_queue ", Quoted(request.job_queue), " has ",
        shares.active_shares(),
        " other active share identifiers; there may be at most ", most));
  }
  return CheckShareIdentifier("share_identifier", request.share_identifier);
}

uint32_t ShareFor(State& state, uint32_t index,
                  const SubmitJobRequest& request) {
  QueueRecord& queue = state.queues[index];
  if (queue.kind == QueueKind::kQuotaShare) {
    const uint32_t share = *queue.quota->Find(request.quota_share_name);
    CountShareJob(queue, share);
    return share;
  }
  if (queue.kind != QueueKind::kFairShare) return kNoIndex;
  const uint32_t share = queue.fair_share.FindOrAdd(request.share_identifier);
  const DeadlineQueue::Handle deadline = queue.fair_share.AddJob(share);
  if (deadline != DeadlineQueue::kNoHandle) state.deadlines.Remove(deadline);
  return share;
}

void EndShareJob(State& state, const JobRecord& record) {
  QueueRecord& queue = state.queues[record.queue];
  if (queue.kind != QueueKind::kFairShare) return;
  const std::optional<int64_t> rest_ns =
      queue.fair_share.EndJob(record.share, record.details.stopped_ns);
  if (!rest_ns.has_value()) return;
  // A late turn may hear of the end after the window has passed as well.
  if (*rest_ns <= state.now_ns) {
    RestShare(state, record.queue, record.share);
  } else {
    SetRestDeadline(state, record.queue, record.share, *rest_ns);
  }
}

void ReleaseShareJob(State& state, const JobRecord& record) {
  QueueRecord& queue = state.queues[record.queue];
  if (queue.kind == QueueKind::kQuotaShare) {
    ForgetShareJob(queue, record.share);
  }
  if (queue.kind != QueueKind::kFairShare) return;
  queue.fair_share.ReleaseJob(record.share);
}

void RestShare(State& state, uint32_t queue, uint32_t share) {
  const std::optional<int64_t> next_ns =
      state.queues[queue].fair_share.Rest(share, state.now_ns);
  if (next_ns.has_value()) SetRestDeadline(state, queue, share, *next_ns);
}

bool IsHeldByReservation(const State& state, const QueueRecord& queue,
                         const Requirement& need) {
  const int64_t in_use = queue.fair_share.vcpu_milli();
  // Choice: D14, so that a big job can't wait for ever.
  if (in_use == 0) return false;
  const std::optional<int64_t> cap =
      queue.fair_share.Cap(MaxVcpuMilli(state, queue));
  return cap.has_value() && in_use + need.total_vcpu_milli() > *cap;
}

}  // namespace embatch
