// SPDX-License-Identifier: Apache-2.0
#include "tests/property/random_world.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

// Longer than anything takes that makes an event.
constexpr absl::Duration kPatience = absl::Hours(1);
// A world that is not over by then goes in a circle.
constexpr absl::Duration kLifeMax = absl::Hours(24);
constexpr int kStepsAtOneMomentMax = 20000;

template <typename Id>
std::string Printed(const Id& id) {
  std::ostringstream out;
  out << id;
  return out.str();
}

SchedulerOptions OptionsOf(const WorldPlan& plan, const RunOptions& run,
                           InputLog* log) {
  SchedulerOptions options = plan.scheduler;
  options.max_transitions = run.max_transitions;
  options.log = log;
  return options;
}

std::string Seconds(const std::optional<absl::Time>& time, absl::Time start) {
  return time.has_value() ? absl::FormatDuration(*time - start) : "-";
}

// Nodes that change with their multi-node job are one transition with it.
int CountTransitions(absl::Span<const Event> events) {
  int count = 0;
  const Event* before = nullptr;
  for (const Event& event : events) {
    const bool with_job = before != nullptr && event.job.child >= 0 &&
                          before->job == event.job.Parent() &&
                          before->from == event.from && before->to == event.to;
    if (!with_job) ++count;
    before = &event;
  }
  return count;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const TellingEvent& event) {
  return out << event.event << " \"" << event.reason << "\" at "
             << event.event.time();
}

void RandomWorld::Bookkeeper::Start(const ContainerSpec& spec) noexcept {
  world_->begun_.emplace(Printed(spec.container.attempt), world_->now_);
  const bool is_new =
      world_->containers_begun_.insert(Printed(spec.container)).second;
  EXPECT_TRUE(is_new || world_->tries_.count(Printed(spec.container)) > 0)
      << spec.container << " is started twice";
  world_->runtime_.Start(spec);
}

void RandomWorld::Bookkeeper::Stop(ContainerId container,
                                   absl::Duration grace) noexcept {
  const std::string name = Printed(container.attempt);
  // A node that waits for its main node is stopped all the same; and so is a
  // job that was to make room in the very turn in which it was placed.
  const auto view =
      world_->scheduler_->DescribeJob(container.attempt.job.Parent());
  if (!view.ok() || (view->num_nodes == 0 && view->quota_share_name.empty())) {
    EXPECT_EQ(world_->begun_.count(name), 1u) << name << " was never started";
  }
  world_->stopped_.insert(name);
  EXPECT_TRUE(world_->containers_stopped_.insert(Printed(container)).second)
      << container << " is stopped twice";
  // Some runtimes do not hear.
  const uint64_t chance = Scatter(
      world_->plan_.seed, static_cast<uint64_t>(container.attempt.job.slot));
  if (chance % 10 != 0) world_->runtime_.Stop(container, grace);
}

RandomWorld::RandomWorld(WorldPlan plan, RunOptions options)
    : plan_(std::move(plan)),
      options_(options),
      chance_(Scatter(plan_.seed, 1)),
      runtime_([this] {
        SimulatedRuntimeOptions runtime;
        runtime.script = [this](const ContainerSpec& spec) {
          return FateFor(spec);
        };
        // What ran on a lost instance is heard of when it is too late.
        if (plan_.seed % 2 == 0) runtime.late_report_delay = absl::Seconds(3);
        return runtime;
      }()),
      bookkeeper_(this),
      faulty_runtime_(&bookkeeper_, plan_.seed),
      comparison_(OptionsOf(plan_, options_, nullptr)),
      scheduler_(
          std::make_unique<Scheduler>(OptionsOf(plan_, options_, &log_))),
      mirror_(
          std::make_unique<Scheduler>(OptionsOf(plan_, options_, nullptr))) {}

ContainerFate RandomWorld::FateFor(const ContainerSpec& spec) {
  ContainerFate fate = FateOf(plan_, spec.job_name, spec.container.attempt,
                              spec.container.container);
  if (!plan_.fargate || fate.start_fails) return fate;
  const std::string name = Printed(spec.container);
  uint64_t hash = plan_.seed;
  for (char c : name) hash = Scatter(hash, static_cast<uint8_t>(c));
  const auto tries = tries_.find(name);
  const int before = tries == tries_.end() ? 0 : tries->second;
  Random chance(Scatter(hash, static_cast<uint64_t>(before)));
  if (chance.Percent(15)) {
    tries_[name] = before + 1;
    fate.start_fails = fate.no_capacity = true;
  }
  fate.interrupted = chance.Percent(10);
  return fate;
}

void RandomWorld::MakeFurniture() {
  watched_runtime_ = comparison_.Watch(
      options_.faulty ? static_cast<ContainerRuntime*>(&faulty_runtime_)
                      : &bookkeeper_);
  providers_.resize(plan_.environments.size());
  faulty_providers_.resize(plan_.environments.size());
  for (size_t i = 0; i < plan_.environments.size(); ++i) {
    MakeEnvironment(static_cast<int>(i));
    if (::testing::Test::HasFatalFailure()) return;
  }
  for (const ConsumableResourceOptions& options : plan_.consumables) {
    auto consumable = ConsumableResource::Create(options);
    ASSERT_TRUE(consumable.ok()) << consumable.status();
    ASSERT_TRUE(scheduler_->CreateConsumableResource(*consumable, now_).ok());
  }
  ComeToRest();
  for (const SchedulingPolicyOptions& options : plan_.policies) {
    auto policy = SchedulingPolicy::Create(options);
    ASSERT_TRUE(policy.ok()) << policy.status();
    ASSERT_TRUE(scheduler_->CreateSchedulingPolicy(*policy, now_).ok());
  }
  for (const JobQueueOptions& options : plan_.queues) {
    auto queue = JobQueue::Create(options);
    ASSERT_TRUE(queue.ok()) << queue.status();
    ASSERT_TRUE(scheduler_->CreateJobQueue(*queue, now_).ok());
  }
  if (!plan_.quotas.empty()) ComeToRest();
  for (const QuotaShareOptions& options : plan_.quotas) {
    auto quota = QuotaShare::Create(options);
    ASSERT_TRUE(quota.ok()) << quota.status();
    ASSERT_TRUE(scheduler_->CreateQuotaShare(*quota, now_).ok());
  }
  for (const JobDefinitionOptions& options : plan_.definitions) {
    auto definition = JobDefinition::Create(options);
    ASSERT_TRUE(definition.ok()) << definition.status();
    ASSERT_TRUE(scheduler_->RegisterJobDefinition(*definition, now_).ok());
  }
  JobDefinitionOptions options;
  options.job_definition_name = "definition";
  options.container_properties.image = "image";
  options.container_properties.resources = Resources::Of(1, 500);
  auto definition = JobDefinition::Create(options);
  ASSERT_TRUE(definition.ok()) << definition.status();
  ASSERT_TRUE(scheduler_->RegisterJobDefinition(*definition, now_).ok());
  JobDefinitionOptions nodes;
  nodes.job_definition_name = "nodes";
  nodes.type = JobDefinitionType::kMultinode;
  NodeProperties& properties = nodes.node_properties.emplace();
  properties.num_nodes = 2;
  properties.main_node = 1;
  properties.node_range_properties.resize(1);
  properties.node_range_properties[0].target_nodes = ":";
  properties.node_range_properties[0].container = options.container_properties;
  definition = JobDefinition::Create(nodes);
  ASSERT_TRUE(definition.ok()) << definition.status();
  ASSERT_TRUE(scheduler_->RegisterJobDefinition(*definition, now_).ok());
}

void RandomWorld::Run() {
  MakeFurniture();
  absl::Time next = ComeToRest();
  size_t done = 0;
  while (!::testing::Test::HasFatalFailure()) {
    const bool all_done = done == plan_.actions.size();
    if (all_done && IsOver(next)) {
      is_at_rest_ = next > now_ + kPatience;
      return;
    }
    absl::Time then = next;
    if (!all_done) then = std::min(then, start_ + plan_.actions[done].at);
    if (options_.late) then += absl::Seconds(chance_.Below(100));
    now_ = std::max(now_, then);
    ASSERT_LT(now_, start_ + kLifeMax) << "it goes on for ever";
    if (!options_.restless && next <= now_) ComeToRest();
    while (done < plan_.actions.size() &&
           start_ + plan_.actions[done].at <= now_) {
      Do(plan_.actions[done++]);
      if (options_.restless && chance_.Percent(50)) Step();
    }
    next = ComeToRest();
  }
}

// Retention alone is not worth waiting for.
bool RandomWorld::IsOver(absl::Time next) const {
  return next > std::max(last_event_, start_) + kPatience;
}

void RandomWorld::Submit(const PlannedAction& action) {
  SubmitJobRequest request = action.request;
  for (const PlannedDependency& planned : action.dependencies) {
    JobDependency dependency{JobId(), planned.type, planned.condition};
    if (planned.job >= 0) {
      dependency.job = jobs_[planned.job];
      // One that was refused has no id; this one was never given.
      if (dependency.job.is_null()) dependency.job.generation = 1u << 31;
      dependency.job.child = planned.child;
    }
    request.depends_on.push_back(dependency);
  }
  const auto queue = scheduler_->DescribeJobQueue(request.job_queue);
  const bool is_open =
      queue.ok() && queue->status != ResourceStatus::kDeleting &&
      queue->status != ResourceStatus::kCreating &&
      queue->job_queue->options().state == ResourceState::kEnabled;
  // Choice: D4.
  bool all_known = true;
  for (size_t i = 0; i < request.depends_on.size(); ++i) {
    const JobId& other = request.depends_on[i].job;
    all_known &=
        action.dependencies[i].job < 0 || scheduler_->DescribeJob(other).ok();
  }
  const bool all_there = AreConsumablesThere(request);
  const absl::StatusOr<JobId> job = scheduler_->SubmitJob(request, now_);
  const bool has_quota = MayUseQuota(request);
  const bool may_be = is_open && has_quota && all_there;
  EXPECT_EQ(job.ok(), may_be && all_known) << job.status();
  if (may_be && !all_known) {
    EXPECT_EQ(job.status().code(), absl::StatusCode::kInvalidArgument);
  }
  jobs_.push_back(job.ok() ? *job : JobId());
  if (job.ok()) {
    comparison_.Submitted(*job);
    invariants_.Submitted(*job);
  }
}

// Whether the quota share that a submission names takes jobs.
bool RandomWorld::MayUseQuota(const SubmitJobRequest& request) const {
  if (request.quota_share_name.empty()) return true;
  const auto quota = scheduler_->DescribeQuotaShare(request.job_queue,
                                                    request.quota_share_name);
  return quota.ok() &&
         quota->quota_share->options().state == ResourceState::kEnabled &&
         (quota->status == ResourceStatus::kValid ||
          quota->status == ResourceStatus::kUpdating);
}

// Where there is none, or it is being changed, it is refused; that is no
// failure.
void RandomWorld::ChangeQuota(const PlannedAction& action) {
  const QuotaShareOptions& options = action.quota;
  UpdateQuotaShareRequest request;
  request.job_queue = options.job_queue;
  request.quota_share_name = options.quota_share_name;
  switch (action.kind) {
    case PlannedAction::Kind::kCreateQuota:
      (void)scheduler_->CreateQuotaShare(*QuotaShare::Create(options), now_);
      return;
    case PlannedAction::Kind::kUpdateQuota:
      request.capacity_limits = options.capacity_limits;
      request.resource_sharing = options.resource_sharing;
      request.in_share_preemption = options.in_share_preemption;
      (void)scheduler_->UpdateQuotaShare(request, now_);
      return;
    default:
      request.state = ResourceState::kDisabled;
      (void)scheduler_->UpdateQuotaShare(request, now_);
      (void)scheduler_->DeleteQuotaShare(options.job_queue,
                                         options.quota_share_name, now_);
  }
}

// One that is gone, or is just being changed, refuses; that is no failure.
void RandomWorld::ChangeQueue(const PlannedAction& action) {
  const std::string& name = plan_.queues[action.queue].job_queue_name;
  if (action.kind == PlannedAction::Kind::kCreateQueue) {
    const bool is_there = scheduler_->DescribeJobQueue(name).ok();
    const bool is_possible =
        !is_there && AreEnvironmentsValid(plan_.queues[action.queue]);
    const absl::Status status = scheduler_->CreateJobQueue(
        *JobQueue::Create(plan_.queues[action.queue]), now_);
    EXPECT_EQ(status.ok(), is_possible) << status;
    return;
  }
  UpdateJobQueueRequest update = action.update;
  if (action.kind == PlannedAction::Kind::kDeleteQueue) {
    ComeToRest();
    update.state = ResourceState::kDisabled;
  }
  (void)scheduler_->UpdateJobQueue(update, now_);
  if (action.kind != PlannedAction::Kind::kDeleteQueue) return;
  ComeToRest();
  const absl::Status status = scheduler_->DeleteJobQueue(name, now_);
  EXPECT_TRUE(status.ok()) << status;
}

void RandomWorld::Do(const PlannedAction& action) {
  using Kind = PlannedAction::Kind;
  if (action.kind == Kind::kSubmit) return Submit(action);
  if (action.kind == Kind::kCancel || action.kind == Kind::kTerminate) {
    if (action.job >= static_cast<int>(jobs_.size())) return;
    JobId job = jobs_[action.job];
    if (job.is_null()) return;
    job.child = action.child;
    const absl::Status status =
        action.kind == Kind::kCancel
            ? scheduler_->CancelJob(job, "cancelled by the plan", now_)
            : scheduler_->TerminateJob(job, "terminated by the plan", now_);
    EXPECT_TRUE(status.ok()) << status;
    return;
  }
  if (action.kind == Kind::kUpdateQueue || action.kind == Kind::kDeleteQueue ||
      action.kind == Kind::kCreateQueue) {
    return ChangeQueue(action);
  }
  if (action.kind == Kind::kCreateQuota || action.kind == Kind::kUpdateQuota ||
      action.kind == Kind::kDeleteQuota) {
    return ChangeQuota(action);
  }
  if (action.kind == Kind::kUpdatePolicy) {
    const absl::Status status = scheduler_->UpdateSchedulingPolicy(
        *SchedulingPolicy::Create(action.policy), now_);
    EXPECT_TRUE(status.ok()) << status;
    return;
  }
  if (action.kind == Kind::kUpdateEnvironment ||
      action.kind == Kind::kInvalidate ||
      action.kind == Kind::kDeleteEnvironment ||
      action.kind == Kind::kCreateEnvironment) {
    return ChangeEnvironment(action);
  }
  if (action.kind == Kind::kUpdateConsumable ||
      action.kind == Kind::kDeleteConsumable ||
      action.kind == Kind::kCreateConsumable) {
    return ChangeConsumable(action);
  }
  SimulatedProvider& provider = *providers_[action.environment];
  const PlannedEnvironment& planned = plan_.environments[action.environment];
  if (action.kind == Kind::kJoin) {
    provider.Join(planned.options.compute_environment_name, action.resources,
                  absl::StrCat("host", provider.counts().joined + 1), now_);
    return;
  }
  if (action.kind == Kind::kSetCapacity) {
    if (planned.provider.instance_types.empty()) return;
    provider.SetCapacity(planned.provider.instance_types.front().name,
                         action.number);
    return;
  }
  const std::vector<SimulatedInstance> held = provider.Instances();
  if (held.empty()) return;
  const InstanceId instance = held[action.number % held.size()].instance;
  if (action.kind == Kind::kLose) {
    provider.Lose(instance, now_);
  } else {
    provider.Interrupt(instance, now_);
    provider.Lose(instance, now_ + absl::Minutes(2));
  }
}

absl::Time RandomWorld::Step() {
  polls_ = 0;
  ++steps_;
  const uint64_t sequence = events_.size();
  const embatch::Step step = scheduler_->Advance(now_);
  EXPECT_TRUE(step.status.ok()) << step.status;
  EXPECT_GE(step.next, now_);
  EXPECT_LE(polls_, 1) << "law 2: a plug-in is polled once";
  EXPECT_EQ(step.first_sequence, sequence) << "events are numbered in a row";
  EXPECT_LE(CountTransitions(step.events), options_.max_transitions) << "law 3";
  for (const Event& event : step.events) {
    EXPECT_EQ(event.time(), now_) << "law 6: " << event;
    events_.push_back({event, std::string(scheduler_->Text(event.reason))});
    invariants_.Observe(*scheduler_, event);
    comparison_.Happened(event, scheduler_->Text(event.reason));
    last_event_ = now_;
  }
  if (options_.checks_replay) CheckReplay(step);
  if (options_.checks_twin) CheckTwin();
  return step.next;
}

absl::Time RandomWorld::ComeToRest() {
  for (int i = 0; i < kStepsAtOneMomentMax; ++i) {
    const absl::Time next = Step();
    if (next <= now_) continue;
    CheckInvariants();
    if (options_.checks_rest) CheckRest(next);
    if (options_.checks_twin) {
      EXPECT_EQ(comparison_.CheckQuietUntil(next), "") << "at " << now_;
    }
    return next;
  }
  ADD_FAILURE() << "law 7: no rest at " << now_;
  return absl::InfiniteFuture();
}

InstancesByEnvironment RandomWorld::Instances() const {
  InstancesByEnvironment instances;
  for (size_t i = 0; i < providers_.size(); ++i) {
    instances[plan_.environments[i].options.compute_environment_name] =
        providers_[i]->Instances();
  }
  return instances;
}

void RandomWorld::CheckInvariants() {
  invariants_.Check(*scheduler_, Instances());
}

// At rest nothing happens by itself before `next`; a fork shows it, because it
// has no plug-ins that could report.
void RandomWorld::CheckRest(absl::Time next) {
  EXPECT_LE(next, bookkeeper_.NextReportTime()) << "law 3: a report waits";
  for (const auto& provider : providers_) {
    EXPECT_LE(next, provider->NextReportTime()) << "law 3: a report waits";
  }
  const std::string before = scheduler_->EncodeState();
  const std::unique_ptr<Scheduler> fork = scheduler_->Fork();
  embatch::Step step = fork->Advance(now_);
  EXPECT_TRUE(step.events.empty()) << "law 5: " << step.events.front();
  EXPECT_TRUE(fork->EncodeState() == before) << "law 5: the state has changed";
  const absl::Time then = step.next;
  EXPECT_GE(then, next);

  const absl::Time last = std::min(then, now_ + absl::Hours(2));
  const std::unique_ptr<Scheduler> straight = scheduler_->Fork();
  const absl::Time between = now_ + (last - now_) / 2;
  step = fork->Advance(between);
  EXPECT_TRUE(step.events.empty()) << "law 4: " << step.events.front();
  EXPECT_EQ(step.next, then) << "law 5: the next call has moved";
  const std::string halfway = fork->EncodeState();
  fork->Advance(between);
  EXPECT_TRUE(fork->EncodeState() == halfway) << "law 5";
  const embatch::Step on = fork->Advance(last);
  const embatch::Step at_once = straight->Advance(last);
  EXPECT_EQ(std::vector<Event>(on.events.begin(), on.events.end()),
            std::vector<Event>(at_once.events.begin(), at_once.events.end()))
      << "law 5: the call in between mattered";
  EXPECT_TRUE(fork->EncodeState() == straight->EncodeState()) << "law 5";
  EXPECT_TRUE(scheduler_->EncodeState() == before) << "a fork is not its own";
}

// The mirror hears the inputs alone. Now and then it begins anew as a fork, so
// that forks are shown to go the same way.
void RandomWorld::CheckReplay(const embatch::Step& step) {
  std::vector<Event> events;
  for (; mirrored_ < log_.inputs().size(); ++mirrored_) {
    const embatch::Step replayed = mirror_->Replay(log_.inputs()[mirrored_]);
    EXPECT_TRUE(replayed.status.ok()) << replayed.status;
    events.assign(replayed.events.begin(), replayed.events.end());
    if (mirrored_ + 1 < log_.inputs().size()) {
      EXPECT_TRUE(events.empty()) << "a command made an event";
    }
  }
  EXPECT_EQ(events, std::vector<Event>(step.events.begin(), step.events.end()));
  for (const Event& event : events) {
    EXPECT_EQ(mirror_->Text(event.reason), scheduler_->Text(event.reason));
  }
  EXPECT_TRUE(mirror_->EncodeState() == scheduler_->EncodeState())
      << "replay ends in another state";
  if (chance_.Percent(2)) mirror_ = scheduler_->Fork();
}

// The same events, the same requests, the same jobs that can be read.
void RandomWorld::CheckTwin() {
  const std::string difference = comparison_.CatchUp(log_.inputs());
  ASSERT_TRUE(comparison_.twin().understands());
  ASSERT_TRUE(difference.empty())
      << "in step " << steps_ << " at " << now_ << " " << difference;
  for (const JobId& job : jobs_) {
    if (job.is_null()) continue;
    ASSERT_EQ(scheduler_->DescribeJob(job).ok(), comparison_.twin().Knows(job))
        << job << " is kept too long or not long enough, in step " << steps_;
  }
}

absl::Time RandomWorld::BeginOf(const AttemptId& attempt) const {
  const auto found = begun_.find(Printed(attempt));
  return found == begun_.end() ? absl::InfinitePast() : found->second;
}

bool RandomWorld::WasStopped(const AttemptId& attempt) const {
  return stopped_.count(Printed(attempt)) > 0;
}

std::string RandomWorld::EndOf(JobId job) const {
  const absl::StatusOr<JobView> view = scheduler_->DescribeJob(job);
  if (!view.ok()) return view.status().ToString();
  std::string line = absl::StrCat(
      view->job_name, ":", job.child, " ", JobStatusName(view->status), " \"",
      view->status_reason, "\" ", Seconds(view->started_at, start_), " ",
      Seconds(view->stopped_at, start_), view->is_cancelled ? " cancelled" : "",
      view->is_terminated ? " terminated" : "");
  const auto attempts = scheduler_->DescribeAttempts(job);
  if (!attempts.ok()) return line;
  for (const AttemptView& attempt : *attempts) {
    absl::StrAppend(&line, "; attempt ", attempt.number, " ",
                    Seconds(attempt.started_at, start_), " ",
                    absl::FormatDuration(attempt.stopped_at - start_), " exit ",
                    attempt.exit_code.value_or(-1), " \"", attempt.reason,
                    "\" \"", attempt.status_reason, "\" on ",
                    attempt.instance.number);
  }
  return line;
}

std::vector<std::string> RandomWorld::Ends() const {
  std::vector<std::string> ends;
  for (const JobId& job : jobs_) {
    if (job.is_null()) continue;
    ends.push_back(EndOf(job));
    const absl::StatusOr<JobView> view = scheduler_->DescribeJob(job);
    for (int32_t i = 0; view.ok() && i < view->array_size; ++i) {
      ends.push_back(EndOf(job.Child(i)));
    }
  }
  return ends;
}

}  // namespace embatch
