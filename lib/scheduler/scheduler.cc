// SPDX-License-Identifier: Apache-2.0
//
// The loop around the state: time, the log, and the plug-ins.
#include "embatch/scheduler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "embatch/input.h"
#include "lib/base/encoding.h"
#include "lib/base/status_macros.h"
#include "lib/base/time.h"
#include "lib/model/validation.h"
#include "lib/scheduler/commands.h"
#include "lib/scheduler/paging.h"
#include "lib/scheduler/plugin_set.h"
#include "lib/scheduler/quota_commands.h"
#include "lib/scheduler/quota_reads.h"
#include "lib/scheduler/reads.h"
#include "lib/scheduler/service_environments.h"
#include "lib/scheduler/service_jobs.h"
#include "lib/scheduler/state.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {
namespace {

// A type that was refused is asked for again after this long at the soonest: a
// provider that always fails must not keep the host program busy.
constexpr absl::Duration kCapacityBackOffMin = absl::Milliseconds(1);

Settings SettingsOf(const SchedulerOptions& options) {
  Settings settings;
  settings.limits = options.limits;
  settings.retention_ns =
      std::max<int64_t>(0, DurationToNanos(options.finished_job_retention));
  settings.seed = options.seed;
  settings.max_transitions = std::max(1, options.max_transitions);
  settings.cancel_pending_immediately = options.cancel_pending_immediately;
  settings.skip_blocked_shares = options.skip_blocked_shares;
  settings.idle_time_ns =
      std::max<int64_t>(0, DurationToNanos(options.idle_time_before_scale_in));
  settings.back_off_ns =
      DurationToNanos(std::max(options.capacity_back_off, kCapacityBackOffMin));
  return settings;
}

absl::Status ReentrantError() {
  return absl::FailedPreconditionError(
      "called from inside Advance(): a plug-in must not call its scheduler");
}

}  // namespace

struct Scheduler::Impl {
  explicit Impl(const SchedulerOptions& given) : options(given) {
    state.settings = SettingsOf(given);
  }

  // The time that an input counts as: never earlier than the last one.
  absl::StatusOr<int64_t> TimeOf(absl::Time now) const;

  // Checks whether an input may come now, applies it, and logs it if it was
  // accepted.
  template <typename CommandType>
  auto ApplyCommand(const CommandType& command, absl::Time now)
      -> decltype(Apply(std::declval<State&>(), command));

  absl::Status Log(int64_t now_ns, Command command);
  void ApplyTurn(int64_t now_ns, const Turn& turn);
  Step StepOf(absl::Status status, absl::Time next) const;

  SchedulerOptions options;
  State state;
  PluginSet plugins;
  Outcome outcome;  // of the latest turn
  Turn turn;        // kept for its memory
  bool in_advance = false;
  absl::Status broken;  // the log failed
};

absl::StatusOr<int64_t> Scheduler::Impl::TimeOf(absl::Time now) const {
  if (in_advance) return ReentrantError();
  if (!broken.ok()) return broken;
  const int64_t now_ns = ToNanos(now);
  if (now_ns > kMaxNowNanos) {
    return absl::InvalidArgumentError(
        absl::StrCat("now is ", absl::FormatTime(now, absl::UTCTimeZone()),
                     "; must be before the year 2200"));
  }
  return std::max({now_ns, state.now_ns, kMinNowNanos});
}

absl::Status Scheduler::Impl::Log(int64_t now_ns, Command command) {
  const absl::Status status =
      options.log->Append(EncodeInput({now_ns, std::move(command)}));
  if (!status.ok()) {
    broken = absl::DataLossError(
        absl::StrCat("the input log failed: ", status.message()));
  }
  return broken;
}

namespace {
const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}
}  // namespace

template <typename CommandType>
auto Scheduler::Impl::ApplyCommand(const CommandType& command, absl::Time now)
    -> decltype(Apply(std::declval<State&>(), command)) {
  const absl::StatusOr<int64_t> now_ns = TimeOf(now);
  if (!now_ns.ok()) return now_ns.status();
  const int64_t before_ns = std::exchange(state.now_ns, *now_ns);
  state.is_configured = false;
  auto answer = Apply(state, command);
  if (!StatusOf(answer).ok()) {
    state.now_ns = before_ns;
    return answer;
  }
  if (options.log != nullptr) {
    EMBATCH_RETURN_IF_ERROR(Log(*now_ns, command));
  }
  return answer;
}

void Scheduler::Impl::ApplyTurn(int64_t now_ns, const Turn& reported) {
  state.jobs.ForgetReleased();
  outcome.journal.events.clear();
  outcome.requests.clear();
  outcome.journal.now_ns = now_ns;
  const int64_t last_ns = std::exchange(state.now_ns, now_ns);
  TurnRunner(state, last_ns, outcome).Run(reported);
  state.next_event += outcome.journal.events.size();
}

Step Scheduler::Impl::StepOf(absl::Status status, absl::Time next) const {
  Step step;
  step.status = std::move(status);
  step.next = next;
  if (!step.status.ok()) {
    step.first_sequence = state.next_event;
    return step;
  }
  step.events = outcome.journal.events;
  step.first_sequence = state.next_event - outcome.journal.events.size();
  return step;
}

Scheduler::Scheduler(SchedulerOptions options)
    : impl_(std::make_unique<Impl>(options)) {}
Scheduler::Scheduler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Scheduler::~Scheduler() = default;
Scheduler::Scheduler(Scheduler&&) noexcept = default;
Scheduler& Scheduler::operator=(Scheduler&&) noexcept = default;

absl::Status Scheduler::CreateComputeEnvironment(ComputeEnvironment environment,
                                                 absl::Time now) {
  return impl_->ApplyCommand(
      CreateComputeEnvironmentCommand{std::move(environment)}, now);
}

absl::Status Scheduler::UpdateComputeEnvironment(
    const UpdateComputeEnvironmentRequest& request, absl::Time now) {
  return impl_->ApplyCommand(request, now);
}

absl::Status Scheduler::DeleteComputeEnvironment(absl::string_view environment,
                                                 absl::Time now) {
  return impl_->ApplyCommand(
      DeleteComputeEnvironmentCommand{std::string(environment)}, now);
}

absl::Status Scheduler::AttachPlugins(absl::string_view environment,
                                      Plugins plugins) {
  if (impl_->in_advance) return ReentrantError();
  const std::optional<uint32_t> index =
      impl_->state.fleet.FindEnvironment(environment);
  if (!index.has_value()) {
    return absl::NotFoundError(absl::StrCat(
        "Compute environment ", Quoted(environment), " does not exist"));
  }
  if (plugins.runtime == nullptr && plugins.provider != nullptr) {
    return absl::InvalidArgumentError(
        "plugins.runtime is null; must be given with a provider");
  }
  impl_->plugins.Attach(impl_->state.fleet, *index, plugins);
  return absl::OkStatus();
}

absl::Status Scheduler::CreateJobQueue(JobQueue queue, absl::Time now) {
  return impl_->ApplyCommand(CreateJobQueueCommand{std::move(queue)}, now);
}

absl::Status Scheduler::UpdateJobQueue(const UpdateJobQueueRequest& request,
                                       absl::Time now) {
  return impl_->ApplyCommand(request, now);
}

absl::Status Scheduler::DeleteJobQueue(absl::string_view queue,
                                       absl::Time now) {
  return impl_->ApplyCommand(DeleteJobQueueCommand{std::string(queue)}, now);
}

absl::Status Scheduler::CreateSchedulingPolicy(SchedulingPolicy policy,
                                               absl::Time now) {
  return impl_->ApplyCommand(CreateSchedulingPolicyCommand{std::move(policy)},
                             now);
}

absl::Status Scheduler::UpdateSchedulingPolicy(SchedulingPolicy policy,
                                               absl::Time now) {
  return impl_->ApplyCommand(UpdateSchedulingPolicyCommand{std::move(policy)},
                             now);
}

absl::Status Scheduler::DeleteSchedulingPolicy(absl::string_view policy,
                                               absl::Time now) {
  return impl_->ApplyCommand(DeleteSchedulingPolicyCommand{std::string(policy)},
                             now);
}

absl::Status Scheduler::CreateQuotaShare(QuotaShare share, absl::Time now) {
  return impl_->ApplyCommand(CreateQuotaShareCommand{std::move(share)}, now);
}

absl::Status Scheduler::UpdateQuotaShare(const UpdateQuotaShareRequest& request,
                                         absl::Time now) {
  return impl_->ApplyCommand(request, now);
}

absl::Status Scheduler::DeleteQuotaShare(absl::string_view job_queue,
                                         absl::string_view quota_share,
                                         absl::Time now) {
  return impl_->ApplyCommand(
      DeleteQuotaShareCommand{std::string(job_queue), std::string(quota_share)},
      now);
}

absl::Status Scheduler::CreateServiceEnvironment(ServiceEnvironment environment,
                                                 absl::Time now) {
  return impl_->ApplyCommand(
      CreateServiceEnvironmentCommand{std::move(environment)}, now);
}

absl::Status Scheduler::UpdateServiceEnvironment(
    const UpdateServiceEnvironmentRequest& request, absl::Time now) {
  return impl_->ApplyCommand(request, now);
}

absl::Status Scheduler::DeleteServiceEnvironment(absl::string_view environment,
                                                 absl::Time now) {
  return impl_->ApplyCommand(
      DeleteServiceEnvironmentCommand{std::string(environment)}, now);
}

absl::Status Scheduler::AttachServiceProvider(absl::string_view environment,
                                              ServiceProvider* provider) {
  if (impl_->in_advance) return ReentrantError();
  const std::optional<uint32_t> index =
      FindServiceEnvironment(impl_->state, environment);
  if (!index.has_value()) {
    return absl::NotFoundError(absl::StrCat(
        "Service environment ", Quoted(environment), " does not exist"));
  }
  impl_->plugins.AttachService(*index, provider);
  return absl::OkStatus();
}

absl::StatusOr<JobId> Scheduler::SubmitServiceJob(
    const SubmitServiceJobRequest& request, absl::Time now) {
  return impl_->ApplyCommand(request, now);
}

absl::Status Scheduler::UpdateServiceJob(const UpdateServiceJobRequest& request,
                                         absl::Time now) {
  return impl_->ApplyCommand(request, now);
}

absl::Status Scheduler::TerminateServiceJob(JobId job, absl::string_view reason,
                                            absl::Time now) {
  return impl_->ApplyCommand(
      TerminateServiceJobCommand{job, std::string(reason)}, now);
}

absl::StatusOr<int> Scheduler::RegisterJobDefinition(JobDefinition definition,
                                                     absl::Time now) {
  return impl_->ApplyCommand(
      RegisterJobDefinitionCommand{std::move(definition)}, now);
}

absl::Status Scheduler::DeregisterJobDefinition(absl::string_view definition,
                                                absl::Time now) {
  return impl_->ApplyCommand(
      DeregisterJobDefinitionCommand{std::string(definition)}, now);
}

absl::Status Scheduler::TagResource(const TagResourceRequest& request,
                                    absl::Time now) {
  return impl_->ApplyCommand(request, now);
}
absl::Status Scheduler::UntagResource(const UntagResourceRequest& request,
                                      absl::Time now) {
  return impl_->ApplyCommand(request, now);
}

absl::Status Scheduler::CreateConsumableResource(ConsumableResource resource,
                                                 absl::Time now) {
  return impl_->ApplyCommand(
      CreateConsumableResourceCommand{std::move(resource)}, now);
}
absl::Status Scheduler::UpdateConsumableResource(
    const UpdateConsumableResourceRequest& request, absl::Time now) {
  return impl_->ApplyCommand(request, now);
}
absl::Status Scheduler::DeleteConsumableResource(absl::string_view resource,
                                                 absl::Time now) {
  return impl_->ApplyCommand(
      DeleteConsumableResourceCommand{std::string(resource)}, now);
}

absl::StatusOr<JobId> Scheduler::SubmitJob(const SubmitJobRequest& request,
                                           absl::Time now) {
  return impl_->ApplyCommand(request, now);
}

absl::Status Scheduler::CheckSubmission(const SubmitJobRequest& request) const {
  return embatch::CheckSubmission(impl_->state, request).status();
}

absl::Status Scheduler::CancelJob(JobId job, absl::string_view reason,
                                  absl::Time now) {
  return impl_->ApplyCommand(EndJobCommand{job, false, std::string(reason)},
                             now);
}

absl::Status Scheduler::TerminateJob(JobId job, absl::string_view reason,
                                     absl::Time now) {
  return impl_->ApplyCommand(EndJobCommand{job, true, std::string(reason)},
                             now);
}

Step Scheduler::Advance(absl::Time now) {
  Impl& impl = *impl_;
  const absl::StatusOr<int64_t> now_ns = impl.TimeOf(now);
  if (!now_ns.ok()) return impl.StepOf(now_ns.status(), absl::InfiniteFuture());
  impl.in_advance = true;
  int64_t room = impl.state.settings.max_transitions;
  if (!IsEmpty(impl.state.unread)) room -= CountReports(impl.state.unread);
  impl.plugins.Poll(impl.state, FromNanos(*now_ns), static_cast<int>(room),
                    &impl.turn);
  absl::Status status;
  if (impl.options.log != nullptr) {
    status = impl.Log(*now_ns, impl.turn);
    if (status.ok()) {
      const absl::Status committed = impl.options.log->Commit();
      if (!committed.ok()) {
        impl.broken = absl::DataLossError(
            absl::StrCat("the input log failed: ", committed.message()));
        status = impl.broken;
      }
    }
  }
  if (!status.ok()) {
    impl.in_advance = false;
    return impl.StepOf(status, absl::InfiniteFuture());
  }
  impl.ApplyTurn(*now_ns, impl.turn);
  impl.plugins.PassOn(impl.state, impl.outcome.requests);
  const int64_t next_ns =
      std::min(impl.outcome.next_ns, impl.plugins.NextReportNanos(*now_ns));
  impl.in_advance = false;
  return impl.StepOf(status, FromNanos(std::max(next_ns, *now_ns)));
}

Step Scheduler::Replay(absl::string_view bytes) {
  Impl& impl = *impl_;
  if (impl.in_advance) return impl.StepOf(ReentrantError(), now());
  absl::StatusOr<Input> input = DecodeInput(bytes);
  if (!input.ok()) return impl.StepOf(input.status(), now());
  if (input->now_ns < impl.state.now_ns || input->now_ns > kMaxNowNanos) {
    return impl.StepOf(
        absl::DataLossError("this input is not the next one: its time is out "
                            "of order"),
        now());
  }
  if (const Turn* turn = absl::get_if<Turn>(&input->command)) {
    impl.ApplyTurn(input->now_ns, *turn);
    return impl.StepOf(absl::OkStatus(), FromNanos(impl.outcome.next_ns));
  }
  impl.outcome.journal.events.clear();
  const int64_t before_ns = std::exchange(impl.state.now_ns, input->now_ns);
  impl.state.is_configured = false;
  const absl::Status status = absl::visit(
      [&impl](const auto& command) -> absl::Status {
        if constexpr (std::is_same_v<std::decay_t<decltype(command)>, Turn>) {
          return absl::OkStatus();
        } else {
          return StatusOf(Apply(impl.state, command));
        }
      },
      input->command);
  if (!status.ok()) {
    impl.state.now_ns = before_ns;
    // Only what was accepted is logged.
    return impl.StepOf(absl::DataLossError(absl::StrCat(
                           "a logged command is refused: ", status.message())),
                       now());
  }
  return impl.StepOf(status, FromNanos(input->now_ns));
}

absl::StatusOr<JobView> Scheduler::DescribeJob(JobId job) const {
  return ReadJob(impl_->state, job);
}
absl::StatusOr<std::vector<AttemptView>> Scheduler::DescribeAttempts(
    JobId job) const {
  return ReadAttempts(impl_->state, job);
}
absl::StatusOr<std::vector<JobDependency>> Scheduler::DescribeDependencies(
    JobId job) const {
  return ReadDependencies(impl_->state, job);
}
absl::StatusOr<PreemptionSummary> Scheduler::DescribePreemptions(
    JobId job) const {
  return ReadPreemptions(impl_->state, job);
}
absl::StatusOr<ServiceJobView> Scheduler::DescribeServiceJob(JobId job) const {
  return ReadServiceJob(impl_->state, job);
}
absl::StatusOr<JobPage> Scheduler::ListServiceJobs(
    const ListJobsRequest& request) const {
  return ReadServiceJobPage(impl_->state, request);
}
absl::StatusOr<ServiceEnvironmentView> Scheduler::DescribeServiceEnvironment(
    absl::string_view environment) const {
  return ReadServiceEnvironment(impl_->state, environment);
}
std::vector<std::string> Scheduler::ListServiceEnvironments() const {
  return ReadServiceEnvironmentNames(impl_->state);
}
absl::StatusOr<QuotaShareView> Scheduler::DescribeQuotaShare(
    absl::string_view job_queue, absl::string_view quota_share) const {
  return ReadQuotaShare(impl_->state, job_queue, quota_share);
}
absl::StatusOr<std::vector<std::string>> Scheduler::ListQuotaShares(
    absl::string_view job_queue) const {
  return ReadQuotaShareNames(impl_->state, job_queue);
}
absl::StatusOr<JobDefinitionView> Scheduler::DescribeJobDefinition(
    absl::string_view definition) const {
  return ReadJobDefinition(impl_->state, definition);
}
absl::StatusOr<JobQueueView> Scheduler::DescribeJobQueue(
    absl::string_view queue) const {
  return ReadJobQueue(impl_->state, queue);
}
absl::StatusOr<ComputeEnvironmentView> Scheduler::DescribeComputeEnvironment(
    absl::string_view environment) const {
  return ReadComputeEnvironment(impl_->state, environment);
}

const SchedulingPolicy* Scheduler::DescribeSchedulingPolicy(
    absl::string_view policy) const {
  return FindPolicy(impl_->state, policy);
}

std::vector<std::string> Scheduler::ListSchedulingPolicies() const {
  std::vector<std::string> names;
  for (const auto& [name, policy] : impl_->state.policies) {
    names.push_back(name);
  }
  return names;
}

std::vector<std::string> Scheduler::ListJobQueues() const {
  const State& state = impl_->state;
  std::vector<uint32_t> queues = state.queue_order;
  std::sort(queues.begin(), queues.end(), [&state](uint32_t a, uint32_t b) {
    return state.queues[a].number < state.queues[b].number;
  });
  std::vector<std::string> names;
  names.reserve(queues.size());
  for (uint32_t queue : queues) {
    names.push_back(state.queues[queue].config.job_queue_name());
  }
  return names;
}

std::vector<std::string> Scheduler::ListComputeEnvironments() const {
  std::vector<std::string> names;
  const Fleet& fleet = impl_->state.fleet;
  for (uint32_t i : fleet.environments()) {
    names.push_back(fleet.environment(i).config.compute_environment_name());
  }
  return names;
}

absl::StatusOr<NamePage> Scheduler::ListJobQueues(
    const PageRequest& request) const {
  return PageOfNames('J', ListJobQueues(), request);
}
absl::StatusOr<NamePage> Scheduler::ListComputeEnvironments(
    const PageRequest& request) const {
  return PageOfNames('E', ListComputeEnvironments(), request);
}
absl::StatusOr<NamePage> Scheduler::ListServiceEnvironments(
    const PageRequest& request) const {
  return PageOfNames('S', ListServiceEnvironments(), request);
}
absl::StatusOr<NamePage> Scheduler::ListSchedulingPolicies(
    const PageRequest& request) const {
  return PageOfNames('P', ListSchedulingPolicies(), request);
}
absl::StatusOr<NamePage> Scheduler::ListQuotaShares(
    absl::string_view job_queue, const PageRequest& request) const {
  absl::StatusOr<std::vector<std::string>> names = ListQuotaShares(job_queue);
  if (!names.ok()) return names.status();
  return PageOfNames('Q', *std::move(names), request);
}

absl::StatusOr<JobPage> Scheduler::ListJobs(
    const ListJobsRequest& request) const {
  return ReadJobPage(impl_->state, request);
}

absl::StatusOr<std::vector<JobView>> Scheduler::DescribeJobs(
    absl::Span<const JobId> jobs) const {
  return ReadJobs(impl_->state, jobs);
}
absl::StatusOr<JobDefinitionPage> Scheduler::ListJobDefinitions(
    const ListJobDefinitionsRequest& request) const {
  return ReadJobDefinitions(impl_->state, request);
}
absl::StatusOr<JobQueueSnapshot> Scheduler::GetJobQueueSnapshot(
    absl::string_view queue) const {
  return ReadJobQueueSnapshot(impl_->state, queue);
}
absl::StatusOr<std::map<std::string, std::string>>
Scheduler::ListTagsForResource(const ResourceName& resource) const {
  return ReadTags(impl_->state, resource);
}
absl::StatusOr<ConsumableResourceView> Scheduler::DescribeConsumableResource(
    absl::string_view resource) const {
  return ReadConsumableResource(impl_->state, resource);
}
absl::StatusOr<NamePage> Scheduler::ListConsumableResources(
    const ListConsumableResourcesRequest& request) const {
  return ReadConsumableResources(impl_->state, request);
}
absl::StatusOr<JobPage> Scheduler::ListJobsByConsumableResource(
    const ListJobsByConsumableResourceRequest& request) const {
  return ReadJobsByConsumableResource(impl_->state, request);
}

absl::string_view Scheduler::Text(TextIndex text) const {
  return impl_->state.jobs.Text(text);
}

std::string Scheduler::JobIdText(JobId job) const {
  const JobTable& jobs = impl_->state.jobs;
  const std::optional<JobKey> key = jobs.Find(job);
  return key.has_value() && jobs.record(key->slot).has_nodes
             ? FormatNodeId(job, impl_->state.settings.seed)
             : FormatJobId(job, impl_->state.settings.seed);
}

absl::StatusOr<JobId> Scheduler::ParseJobId(absl::string_view text) const {
  const uint64_t seed = impl_->state.settings.seed;
  std::optional<JobId> id = embatch::ParseJobId(text, seed);
  if (!id.has_value()) id = ParseNodeId(text, seed);
  // A child of an array is written with ':', a node with '#'.
  const JobTable& jobs = impl_->state.jobs;
  if (id.has_value() &&
      (!jobs.Find(*id).has_value() || JobIdText(*id) == text)) {
    return *id;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "job id is ", Quoted(text),
      "; must be a UUID that this scheduler made, or one with :<index> for a "
      "child of an array, or #<index> for a node"));
}

absl::Time Scheduler::now() const { return FromNanos(impl_->state.now_ns); }
IgnoredReports Scheduler::ignored_reports() const {
  IgnoredReports ignored = impl_->state.ignored;
  ignored.unknown += impl_->plugins.dropped();
  return ignored;
}
const SchedulerOptions& Scheduler::options() const { return impl_->options; }

std::unique_ptr<Scheduler> Scheduler::Fork() const {
  SchedulerOptions options = impl_->options;
  options.log = nullptr;
  auto impl = std::make_unique<Impl>(options);
  impl->state = impl_->state;
  return std::unique_ptr<Scheduler>(new Scheduler(std::move(impl)));
}

std::string Scheduler::EncodeState() const { return Encoded(impl_->state); }

}  // namespace embatch
