// SPDX-License-Identifier: Apache-2.0
#include "tests/support/world.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr char kDefaultQueue[] = "queue";
constexpr char kDefaultEnvironment[] = "machines";
constexpr char kDefaultDefinition[] = "job";
constexpr char kNodesDefinition[] = "nodes-";  // and the main node's index

void ExpectOk(const absl::Status& status, absl::string_view what) {
  EXPECT_TRUE(status.ok()) << what << ": " << status;
}

// Whether an event is about a job, perhaps together with its siblings.
bool IsAbout(const Event& event, const JobId& job) {
  if (event.job.Parent() != job.Parent()) return false;
  if (job.child < 0 || event.job.child < 0) return event.job == job;
  return job.child >= event.job.child &&
         static_cast<uint32_t>(job.child - event.job.child) < event.count;
}

WorldOptions WithLog(WorldOptions options, InputLog* log) {
  options.scheduler.log = log;
  return options;
}

}  // namespace

World::World(WorldOptions options)
    : options_(WithLog(std::move(options), &log_)),
      start_(options_.simulation.start),
      runtime_([this] {
        SimulatedRuntimeOptions runtime;
        runtime.script = [this](const ContainerSpec& spec) {
          return FateOf(spec);
        };
        return runtime;
      }()),
      service_([this] {
        SimulatedServiceOptions service;
        service.script = [this](const ServiceJobSpec& spec) {
          return FateOf(spec);
        };
        return service;
      }()),
      comparison_(options_.scheduler),
      watched_runtime_(comparison_.Watch(&runtime_)),
      simulation_(options_.simulation),
      scheduler_(options_.scheduler) {
  simulation_.WaitFor(runtime_);
  simulation_.WaitFor(service_);
}

World::~World() {
  if (options_.check_replay) CheckReplay();
  if (options_.check_twin) CheckTwin();
}

void World::MakeEnvironment(absl::string_view name, ComputeEnvironmentType type,
                            std::vector<EnvironmentWord> words) {
  EnvironmentPlan plan;
  plan.options.compute_environment_name = std::string(name);
  plan.options.type = type;
  if (type == ComputeEnvironmentType::kManaged) {
    plan.options.compute_resources.emplace();
    plan.options.compute_resources->max_vcpus = 256;
  }
  plan.provider.runtime = &runtime_;
  for (const EnvironmentWord& word : words) word(plan);
  std::optional<ComputeResources>& resources = plan.options.compute_resources;
  const bool fargate = resources.has_value() && IsFargate(resources->type);
  if (resources.has_value() && !fargate && resources->instance_types.empty()) {
    resources->instance_types = {"optimal"};
  }

  auto environment =
      ComputeEnvironment::Create(plan.options, options_.scheduler.limits);
  ExpectOk(environment.status(), "ComputeEnvironment::Create");
  if (!environment.ok()) return;
  // Fargate needs no provider.
  SimulatedProvider* provider = nullptr;
  if (!fargate) {
    provider =
        (providers_[std::string(name)] =
             std::make_unique<SimulatedProvider>(std::move(plan.provider)))
            .get();
  }
  ExpectOk(scheduler_.CreateComputeEnvironment(*std::move(environment), now()),
           "CreateComputeEnvironment");
  const Plugins plugins{
      provider == nullptr ? nullptr : comparison_.Watch(provider),
      watched_runtime_};
  ExpectOk(scheduler_.AttachPlugins(name, plugins), "AttachPlugins");
  Settle();
}

void World::Queue(absl::string_view name, std::vector<std::string> environments,
                  int priority) {
  JobQueueOptions options;
  options.job_queue_name = std::string(name);
  options.priority = priority;
  Queue(std::move(options), std::move(environments));
}

namespace {
SchedulingPolicy PolicyOf(absl::string_view queue, FairsharePolicy policy) {
  SchedulingPolicyOptions options;
  options.name = absl::StrCat(queue, "-policy");
  options.fairshare_policy = std::move(policy);
  auto result = SchedulingPolicy::Create(std::move(options));
  ExpectOk(result.status(), "SchedulingPolicy::Create");
  return result.ok() ? *std::move(result) : SchedulingPolicy();
}
}  // namespace

void World::FairQueue(absl::string_view name,
                      std::vector<std::string> environments,
                      FairsharePolicy policy, int priority) {
  SchedulingPolicy made = PolicyOf(name, std::move(policy));
  JobQueueOptions options;
  options.job_queue_name = std::string(name);
  options.priority = priority;
  options.scheduling_policy = made.name();
  ExpectOk(scheduler_.CreateSchedulingPolicy(std::move(made), now()),
           "CreateSchedulingPolicy");
  Queue(std::move(options), std::move(environments));
}

void World::ChangeFairQueue(absl::string_view name, FairsharePolicy policy) {
  ExpectOk(scheduler_.UpdateSchedulingPolicy(PolicyOf(name, std::move(policy)),
                                             now()),
           "UpdateSchedulingPolicy");
}

std::string World::QuotaPolicy() {
  constexpr char kPolicy[] = "quotas";
  if (scheduler_.DescribeSchedulingPolicy(kPolicy) == nullptr) {
    SchedulingPolicyOptions policy;
    policy.name = kPolicy;
    policy.quota_share_policy.emplace();
    auto made = SchedulingPolicy::Create(std::move(policy));
    ExpectOk(made.status(), "SchedulingPolicy::Create");
    if (!made.ok()) return kPolicy;
    ExpectOk(scheduler_.CreateSchedulingPolicy(*std::move(made), now()),
             "CreateSchedulingPolicy");
  }
  return kPolicy;
}

void World::QuotaQueue(absl::string_view name,
                       std::vector<std::string> environments, int priority) {
  JobQueueOptions options;
  options.job_queue_name = std::string(name);
  options.priority = priority;
  options.scheduling_policy = QuotaPolicy();
  Queue(std::move(options), std::move(environments));
}

void World::Queue(JobQueueOptions options,
                  std::vector<std::string> environments) {
  for (std::string& environment : environments) {
    const int order =
        static_cast<int>(options.compute_environment_order.size()) + 1;
    options.compute_environment_order.push_back(
        {order, std::move(environment)});
  }
  auto queue = JobQueue::Create(std::move(options), options_.scheduler.limits);
  ExpectOk(queue.status(), "JobQueue::Create");
  if (!queue.ok()) return;
  ExpectOk(scheduler_.CreateJobQueue(*std::move(queue), now()),
           "CreateJobQueue");
  Settle();
}

void World::Service(absl::string_view name, std::vector<CapacityLimit> limits) {
  ServiceEnvironmentOptions options;
  options.service_environment_name = std::string(name);
  options.capacity_limits = std::move(limits);
  auto environment = ServiceEnvironment::Create(std::move(options));
  ExpectOk(environment.status(), "ServiceEnvironment::Create");
  if (!environment.ok()) return;
  ExpectOk(scheduler_.CreateServiceEnvironment(*std::move(environment), now()),
           "CreateServiceEnvironment");
  ExpectOk(scheduler_.AttachServiceProvider(name, &service_),
           "AttachServiceProvider");
  Settle();
}

void World::UpdateService(const UpdateServiceEnvironmentRequest& request) {
  ExpectOk(scheduler_.UpdateServiceEnvironment(request, now()),
           "UpdateServiceEnvironment");
  Settle();
}

void World::ServiceQueue(JobQueueOptions options,
                         absl::string_view environment) {
  options.service_environment_order = {{1, std::string(environment)}};
  options.job_queue_type = JobQueueType::kSagemakerTraining;
  Queue(std::move(options), {});
}

void World::ServiceQueue(absl::string_view name, absl::string_view environment,
                         int priority) {
  JobQueueOptions options;
  options.job_queue_name = std::string(name);
  options.priority = priority;
  ServiceQueue(std::move(options), environment);
}

void World::FairServiceQueue(absl::string_view name,
                             absl::string_view environment,
                             FairsharePolicy policy) {
  SchedulingPolicy made = PolicyOf(name, std::move(policy));
  JobQueueOptions options;
  options.job_queue_name = std::string(name);
  options.scheduling_policy = made.name();
  ExpectOk(scheduler_.CreateSchedulingPolicy(std::move(made), now()),
           "CreateSchedulingPolicy");
  ServiceQueue(std::move(options), environment);
}

void World::QuotaServiceQueue(absl::string_view name,
                              absl::string_view environment) {
  JobQueueOptions options;
  options.job_queue_name = std::string(name);
  options.scheduling_policy = QuotaPolicy();
  ServiceQueue(std::move(options), environment);
}

void World::Consumable(absl::string_view name, int64_t total,
                       ConsumableResourceType type) {
  ConsumableResourceOptions options;
  options.consumable_resource_name = std::string(name);
  options.total_quantity = total;
  options.resource_type = type;
  auto resource = ConsumableResource::Create(std::move(options));
  ExpectOk(resource.status(), "ConsumableResource::Create");
  if (!resource.ok()) return;
  ExpectOk(scheduler_.CreateConsumableResource(*std::move(resource), now()),
           "CreateConsumableResource");
}

void World::UpdateQueue(const UpdateJobQueueRequest& request) {
  ExpectOk(scheduler_.UpdateJobQueue(request, now()), "UpdateJobQueue");
  Settle();
}

void World::DisableQueue(absl::string_view name) {
  UpdateJobQueueRequest request;
  request.job_queue = std::string(name);
  request.state = ResourceState::kDisabled;
  UpdateQueue(request);
}

void World::DeleteQueue(absl::string_view name) {
  DisableQueue(name);
  ExpectOk(scheduler_.DeleteJobQueue(name, now()), "DeleteJobQueue");
}

void World::MakeQuotaShare(absl::string_view queue, absl::string_view name,
                           std::vector<ShareWord> words) {
  QuotaShareOptions options;
  options.job_queue = std::string(queue);
  options.quota_share_name = std::string(name);
  for (const ShareWord& word : words) word(options);
  auto share = embatch::QuotaShare::Create(std::move(options));
  ExpectOk(share.status(), "QuotaShare::Create");
  if (!share.ok()) return;
  ExpectOk(scheduler_.CreateQuotaShare(*std::move(share), now()),
           "CreateQuotaShare");
  Settle();
}

void World::Define(JobDefinitionOptions options) {
  auto definition =
      JobDefinition::Create(std::move(options), options_.scheduler.limits);
  ExpectOk(definition.status(), "JobDefinition::Create");
  if (!definition.ok()) return;
  ExpectOk(
      scheduler_.RegisterJobDefinition(*std::move(definition), now()).status(),
      "RegisterJobDefinition");
}

void World::MakeDefaults(const std::string& queue,
                         const std::string& definition) {
  if (queue == kDefaultQueue && !scheduler_.DescribeJobQueue(queue).ok()) {
    if (providers_.count(kDefaultEnvironment) == 0) {
      Managed(kDefaultEnvironment);
    }
    Queue(kDefaultQueue, {kDefaultEnvironment});
  }
  if (definition == kDefaultDefinition &&
      !scheduler_.DescribeJobDefinition(definition).ok()) {
    JobDefinitionOptions options;
    options.job_definition_name = definition;
    options.container_properties.image = "simulated";
    options.container_properties.resources = Resources::Of(1, 512);
    Define(std::move(options));
  }
  absl::string_view main_node = definition;
  int32_t index = 0;
  if (absl::ConsumePrefix(&main_node, kNodesDefinition) &&
      absl::SimpleAtoi(main_node, &index) &&
      !scheduler_.DescribeJobDefinition(definition).ok()) {
    JobDefinitionOptions options;
    options.job_definition_name = definition;
    options.type = JobDefinitionType::kMultinode;
    NodeProperties& nodes = options.node_properties.emplace();
    nodes.num_nodes = index + 1;
    nodes.main_node = index;
    nodes.node_range_properties.resize(1);
    nodes.node_range_properties[0].target_nodes = ":";
    nodes.node_range_properties[0].container.image = "simulated";
    nodes.node_range_properties[0].container.resources = Resources::Of(1, 512);
    Define(std::move(options));
  }
}

bool World::HasNodes(JobId job) const {
  const auto plan = plans_.find(job.Parent());
  return plan != plans_.end() && plan->second.request.node_overrides;
}

InstanceId World::Join(absl::string_view environment, int64_t vcpus,
                       int64_t memory_mib) {
  SimulatedProvider& host = provider(environment);
  const std::string name = absl::StrCat("host-", host.counts().joined + 1);
  return host.Join(environment, Resources::Of(vcpus, memory_mib), name, now());
}

InstanceId World::FirstInstance(absl::string_view environment) {
  const auto instances = provider(environment).Instances();
  EXPECT_FALSE(instances.empty()) << environment << " has no instance";
  return instances.empty() ? InstanceId() : instances.front().instance;
}

void World::LoseInstance(absl::string_view environment) {
  provider(environment).Lose(FirstInstance(environment), now());
}

void World::InterruptInstance(absl::string_view environment) {
  provider(environment).Interrupt(FirstInstance(environment), now());
}

SimulatedProvider& World::provider(absl::string_view environment) {
  const auto found = providers_.find(std::string(environment));
  if (found != providers_.end()) return *found->second;
  ADD_FAILURE() << "there is no environment " << environment;
  auto& provider = providers_[std::string(environment)];
  provider = std::make_unique<SimulatedProvider>();
  return *provider;
}

absl::StatusOr<JobId> World::SubmitPlan(absl::string_view name,
                                        std::vector<JobWord> words) {
  JobPlan plan;
  plan.fates.fate = options_.fate;
  plan.request.job_name = std::string(name);
  plan.request.job_queue = kDefaultQueue;
  plan.request.job_definition = kDefaultDefinition;
  for (const JobWord& word : words) word(plan);
  // What the job needs is said for each range of nodes.
  std::optional<NodeOverrides>& nodes = plan.request.node_overrides;
  ContainerOverrides& overrides = plan.request.container_overrides;
  if (nodes && overrides != ContainerOverrides()) {
    auto& entries = nodes->node_property_overrides;
    if (entries.empty()) entries.emplace_back().target_nodes = ":";
    entries[0].container_overrides = overrides;
    overrides = ContainerOverrides();
  }
  MakeDefaults(plan.request.job_queue, plan.request.job_definition);
  const absl::StatusOr<JobId> job = scheduler_.SubmitJob(plan.request, now());
  if (job.ok()) {
    comparison_.Submitted(*job);
    invariants_.Submitted(*job);
    plans_[*job] = std::move(plan);
  }
  return job;
}

JobId World::MustSubmit(absl::string_view name, std::vector<JobWord> words) {
  const absl::StatusOr<JobId> job = SubmitPlan(name, std::move(words));
  ExpectOk(job.status(), absl::StrCat("SubmitJob ", name));
  return job.ok() ? *job : JobId();
}

absl::StatusOr<JobId> World::SubmitTraining(absl::string_view name,
                                            std::vector<ServiceJobWord> words) {
  ServiceJobPlan plan;
  plan.request.job_name = std::string(name);
  plan.request.job_queue = "training";
  plan.request.service_request_payload = "{}";
  for (const ServiceJobWord& word : words) word(plan);
  if (plan.request.capacity_usage.empty()) Uses(1)(plan);
  const absl::StatusOr<JobId> job =
      scheduler_.SubmitServiceJob(plan.request, now());
  if (job.ok()) {
    invariants_.Submitted(*job);
    plans_[*job].request.job_name = plan.request.job_name;
    trainings_[*job] = std::move(plan);
  }
  return job;
}

JobId World::MustTrain(absl::string_view name,
                       std::vector<ServiceJobWord> words) {
  const absl::StatusOr<JobId> job = SubmitTraining(name, std::move(words));
  ExpectOk(job.status(), absl::StrCat("SubmitServiceJob ", name));
  return job.ok() ? *job : JobId();
}

void World::TerminateTraining(JobId job, absl::string_view reason) {
  ExpectOk(scheduler_.TerminateServiceJob(job, reason, now()),
           "TerminateServiceJob");
}

ServiceJobView World::DescribeTraining(JobId job) const {
  const auto view = scheduler_.DescribeServiceJob(job);
  ExpectOk(view.status(), "DescribeServiceJob");
  return view.ok() ? *view : ServiceJobView();
}

ServiceFate World::FateOf(const ServiceJobSpec& spec) {
  const auto found = trainings_.find(spec.attempt.job);
  if (found == trainings_.end()) return ServiceFate();
  const ServiceJobPlan& plan = found->second;
  ServiceFate fate = plan.fate;
  fate.no_capacity = ++tries_[spec.attempt.job] <= plan.no_capacity_tries;
  if (!plan.fails.empty()) {
    const size_t attempt = static_cast<size_t>(spec.attempt.number) - 1;
    fate.fails = plan.fails[std::min(attempt, plan.fails.size() - 1)];
  }
  return fate;
}

void World::Cancel(JobId job, absl::string_view reason) {
  ExpectOk(scheduler_.CancelJob(job, reason, now()), "CancelJob");
}

void World::Terminate(JobId job, absl::string_view reason) {
  ExpectOk(scheduler_.TerminateJob(job, reason, now()), "TerminateJob");
}

ContainerFate World::FateOf(const ContainerSpec& spec) {
  const AttemptId& attempt = spec.container.attempt;
  const auto found = plans_.find(attempt.job.Parent());
  if (found == plans_.end()) return options_.fate;  // not submitted by us
  const JobPlan& plan = found->second;
  const auto container =
      plan.container_fates.find(std::string(spec.container_name));
  if (container != plan.container_fates.end()) {
    return container->second.Of(attempt.number);
  }
  const auto child = plan.child_fates.find(attempt.job.child);
  const FatePlan& fates =
      child == plan.child_fates.end() ? plan.fates : child->second;
  ContainerFate fate = fates.Of(attempt.number);
  if (++tries_[attempt.job] <= fates.tries_without_capacity) {
    fate.start_fails = fate.no_capacity = true;
  }
  return fate;
}

Simulation::Observer World::Observer() {
  return [this](const Event& event) {
    events_.push_back({event, std::string(scheduler_.Text(event.reason))});
    comparison_.Happened(event, events_.back().reason);
    if (options_.check_invariants) invariants_.Observe(scheduler_, event);
  };
}

void World::AfterRun(const absl::Status& status) {
  ExpectOk(status, "Advance");
  if (!options_.check_invariants || !status.ok()) return;
  InstancesByEnvironment instances;
  for (const auto& [name, provider] : providers_) {
    instances[name] = provider->Instances();
  }
  invariants_.Check(scheduler_, instances);
}

void World::RunUntilIdle() {
  AfterRun(simulation_.RunUntilIdle(scheduler_, Observer()));
}

void World::RunUntil(absl::Time time) {
  AfterRun(simulation_.RunUntil(scheduler_, time, Observer()));
}

void World::RunFor(absl::Duration duration) { RunUntil(now() + duration); }

void World::Settle() { RunUntil(now()); }

std::string World::StatusesOf(JobId job) const {
  std::vector<absl::string_view> statuses;
  statuses.push_back(JobStatusName(job.child < 0   ? JobStatus::kSubmitted
                                   : HasNodes(job) ? JobStatus::kRunnable
                                                   : JobStatus::kPending));
  for (const WorldEvent& event : EventsOf(job)) {
    if (event.event.from == event.event.to) continue;  // found blocked
    statuses.push_back(JobStatusName(event.event.to));
  }
  return absl::StrJoin(statuses, " ");
}

JobView World::Describe(JobId job) const {
  const absl::StatusOr<JobView> view = scheduler_.DescribeJob(job);
  ExpectOk(view.status(), "DescribeJob");
  return view.ok() ? *view : JobView();
}

JobStatus World::StatusOf(JobId job) const { return Describe(job).status; }

std::string World::ReasonOf(JobId job) const {
  return std::string(Describe(job).status_reason);
}

absl::Time World::StartTimeOf(JobId job) const {
  const std::optional<absl::Time> time = Describe(job).started_at;
  EXPECT_TRUE(time.has_value()) << job << " has not started";
  return time.value_or(absl::InfiniteFuture());
}

absl::Time World::StopTimeOf(JobId job) const {
  const std::optional<absl::Time> time = Describe(job).stopped_at;
  EXPECT_TRUE(time.has_value()) << job << " has not stopped";
  return time.value_or(absl::InfiniteFuture());
}

std::vector<AttemptView> World::AttemptsOf(JobId job) const {
  const auto attempts = scheduler_.DescribeAttempts(job);
  ExpectOk(attempts.status(), "DescribeAttempts");
  return attempts.ok() ? *attempts : std::vector<AttemptView>();
}

std::vector<WorldEvent> World::EventsOf(JobId job) const {
  std::vector<WorldEvent> events;
  for (const WorldEvent& event : events_) {
    if (IsAbout(event.event, job)) events.push_back(event);
  }
  return events;
}

std::string World::Line(const WorldEvent& world_event) const {
  const Event& event = world_event.event;
  const auto plan = plans_.find(event.job.Parent());
  std::string line =
      absl::StrCat(absl::FormatDuration(event.time() - start_), " ",
                   plan == plans_.end() ? "?" : plan->second.request.job_name);
  if (event.job.child >= 0) {
    absl::StrAppend(&line, HasNodes(event.job) ? "#" : ":", event.job.child);
  }
  if (event.count > 1) {
    absl::StrAppend(&line, "..", event.job.child + event.count - 1);
  }
  absl::StrAppend(&line, " ", JobStatusName(event.from), " -> ",
                  JobStatusName(event.to));
  if (event.attempt > 0) absl::StrAppend(&line, " attempt ", event.attempt);
  if (!world_event.reason.empty()) {
    absl::StrAppend(&line, ": ", world_event.reason);
  }
  return line;
}

std::vector<std::string> World::Log() const {
  std::vector<std::string> lines;
  for (const WorldEvent& event : events_) lines.push_back(Line(event));
  return lines;
}

std::vector<std::string> World::LogOf(JobId job) const {
  std::vector<std::string> lines;
  for (const WorldEvent& event : EventsOf(job)) lines.push_back(Line(event));
  return lines;
}

void World::CheckReplay() const {
  SchedulerOptions options = options_.scheduler;
  options.log = nullptr;
  Scheduler replayed(options);
  size_t seen = 0;
  for (const std::string& input : log_.inputs()) {
    const Step step = replayed.Replay(input);
    ASSERT_TRUE(step.status.ok()) << "replay: " << step.status;
    for (const Event& event : step.events) {
      ASSERT_LT(seen, events_.size()) << "replay has one more: " << event;
      ASSERT_EQ(event, events_[seen].event) << "replay differs";
      ASSERT_EQ(replayed.Text(event.reason), events_[seen].reason)
          << "replay gives another reason for: " << event;
      ++seen;
    }
  }
  EXPECT_EQ(seen, events_.size()) << "replay has fewer events";
  EXPECT_TRUE(replayed.EncodeState() == scheduler_.EncodeState())
      << "replay ends in another state";
}

// The reference scheduler does in one turn all that there is to do.
void World::CheckTwin() {
  if (options_.scheduler.max_transitions < SchedulerOptions().max_transitions) {
    return;
  }
  const std::string difference = comparison_.CatchUp(log_.inputs());
  if (comparison_.twin().understands()) {
    EXPECT_EQ(difference, "");
  }
}

std::ostream& operator<<(std::ostream& out, const WorldEvent& event) {
  return out << event.event << " \"" << event.reason << "\"";
}

}  // namespace embatch
