// SPDX-License-Identifier: Apache-2.0
#include "replay.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "arrays.h"
#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"

namespace workflow_replay {
namespace {

constexpr char kEnvironment[] = "machine";
constexpr char kQueue[] = "workflow";
constexpr char kDefinition[] = "task";
constexpr int64_t kMemoryMib = 4;  // of each task: memory decides nothing here

class Replayer {
 public:
  Replayer(const Workflow& workflow, const ReplayOptions& options)
      : tasks_(workflow.tasks),
        options_(options),
        plan_(PlanJobs(workflow, options.submit == Submit::kArrays)),
        runtime_(RuntimeOptions()),
        scheduler_(OptionsOf(options)) {}

  // Makes the machine, the queue over it, and the one job definition.
  absl::Status Furnish();

  absl::Status RunAtOnce();
  absl::Status RunWhenReady();

  Result result() const { return result_; }

 private:
  static embatch::SchedulerOptions OptionsOf(const ReplayOptions& options) {
    embatch::SchedulerOptions scheduler_options;
    scheduler_options.limits = options.limits;
    scheduler_options.finished_job_retention = absl::Hours(24 * 36500);
    return scheduler_options;
  }

  // Each container runs for as long as its task ran.
  embatch::SimulatedRuntimeOptions RuntimeOptions() const {
    embatch::SimulatedRuntimeOptions options;
    options.script = [this](const embatch::ContainerSpec& spec) {
      embatch::ContainerFate fate;
      fate.start_delay = absl::ZeroDuration();
      fate.run_time = tasks_[TaskOf(spec.container.attempt.job)].run_time;
      return fate;
    };
    return options;
  }

  size_t TaskOf(embatch::JobId job) const {
    const PlannedJob& planned = plan_[job_of_slot_[job.slot]];
    return planned.tasks[static_cast<size_t>(std::max(job.child, 0))];
  }

  absl::Status Submit(size_t index);

  // Advances until the scheduler is at rest, now or at the next moment at which
  // something is due, and notes which jobs are over.
  absl::Status ComeToRest();
  absl::Status GoOn();

  const std::vector<Task>& tasks_;
  const ReplayOptions& options_;
  const std::vector<PlannedJob> plan_;
  embatch::SimulatedRuntime runtime_;
  embatch::SimulatedProvider provider_;
  embatch::Scheduler scheduler_;
  absl::Time now_ = absl::UnixEpoch();
  absl::Time next_ = absl::UnixEpoch();
  embatch::SubmitJobRequest request_;
  std::vector<embatch::JobId> ids_;  // by the index of the plan
  std::vector<size_t> job_of_slot_;  // by JobId::slot
  std::vector<size_t> just_done_;    // jobs of the plan, since last asked
  size_t done_ = 0;                  // the same
  Result result_;
};

absl::Status Replayer::Furnish() {
  ids_.resize(plan_.size());
  embatch::ComputeEnvironmentOptions environment;
  environment.compute_environment_name = kEnvironment;
  environment.type = embatch::ComputeEnvironmentType::kUnmanaged;
  auto created_environment = embatch::ComputeEnvironment::Create(
      std::move(environment), options_.limits);
  if (!created_environment.ok()) return created_environment.status();
  absl::Status status = scheduler_.CreateComputeEnvironment(
      *std::move(created_environment), now_);
  if (!status.ok()) return status;
  status = scheduler_.AttachPlugins(kEnvironment, {&provider_, &runtime_});
  if (!status.ok()) return status;
  provider_.Join(
      kEnvironment,
      embatch::Resources::Of(options_.cores, options_.cores * kMemoryMib),
      "machine", now_);
  status = ComeToRest();  // what was CREATING is VALID, and the machine there
  if (!status.ok()) return status;

  embatch::JobQueueOptions queue;
  queue.job_queue_name = kQueue;
  queue.compute_environment_order = {{1, kEnvironment}};
  auto created_queue =
      embatch::JobQueue::Create(std::move(queue), options_.limits);
  if (!created_queue.ok()) return created_queue.status();
  status = scheduler_.CreateJobQueue(*std::move(created_queue), now_);
  if (!status.ok()) return status;

  embatch::JobDefinitionOptions definition;
  definition.job_definition_name = kDefinition;
  definition.container_properties.image = "none";
  definition.container_properties.resources =
      embatch::Resources::Of(1, kMemoryMib);
  auto created_definition =
      embatch::JobDefinition::Create(std::move(definition), options_.limits);
  if (!created_definition.ok()) return created_definition.status();
  status =
      scheduler_.RegisterJobDefinition(*std::move(created_definition), now_)
          .status();
  if (!status.ok()) return status;
  request_.job_queue = kQueue;
  request_.job_definition = kDefinition;
  return ComeToRest();
}

absl::Status Replayer::Submit(size_t index) {
  const PlannedJob& job = plan_[index];
  request_.job_name = absl::StrCat("job-", index);
  request_.array_size.reset();
  if (job.tasks.size() > 1) {
    request_.array_size = static_cast<int32_t>(job.tasks.size());
    ++result_.arrays;
  }
  request_.container_overrides.vcpu_milli = tasks_[job.tasks[0]].cores * 1000;
  request_.depends_on.clear();
  if (options_.submit != Submit::kWhenReady) {
    for (const JobDependency& dependency : job.depends_on) {
      embatch::JobId id = ids_[dependency.job];
      if (dependency.child >= 0) id = id.Child(dependency.child);
      request_.depends_on.push_back(
          {id, dependency.n_to_n ? embatch::DependencyType::kNToN
                                 : embatch::DependencyType::kPlain});
    }
  }
  const absl::StatusOr<embatch::JobId> id =
      scheduler_.SubmitJob(request_, now_);
  if (!id.ok()) return id.status();
  ids_[index] = *id;
  if (id->slot >= job_of_slot_.size()) job_of_slot_.resize(id->slot + 1);
  job_of_slot_[id->slot] = index;
  ++result_.jobs;
  next_ = now_;
  return absl::OkStatus();
}

absl::Status Replayer::RunAtOnce() {
  for (size_t i = 0; i < plan_.size(); ++i) {
    const absl::Status status = Submit(i);
    if (!status.ok()) return status;
  }
  while (done_ < plan_.size()) {
    const absl::Status status = GoOn();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Replayer::RunWhenReady() {
  std::vector<std::vector<size_t>> dependents(plan_.size());
  std::vector<size_t> waits_for(plan_.size());
  std::vector<size_t> ready;
  for (size_t i = 0; i < plan_.size(); ++i) {
    waits_for[i] = plan_[i].depends_on.size();
    for (const JobDependency& dependency : plan_[i].depends_on) {
      dependents[dependency.job].push_back(i);
    }
    if (waits_for[i] == 0) ready.push_back(i);
  }
  for (;;) {
    // Of those that are ready together the first of the file first.
    std::sort(ready.begin(), ready.end(), [this](size_t a, size_t b) {
      return plan_[a].tasks[0] < plan_[b].tasks[0];
    });
    for (size_t job : ready) {
      const absl::Status status = Submit(job);
      if (!status.ok()) return status;
    }
    ready.clear();
    if (done_ == plan_.size()) return absl::OkStatus();
    const absl::Status status = GoOn();
    if (!status.ok()) return status;
    for (size_t job : std::exchange(just_done_, {})) {
      for (size_t dependent : dependents[job]) {
        if (--waits_for[dependent] == 0) ready.push_back(dependent);
      }
    }
  }
}

absl::Status Replayer::GoOn() {
  if (next_ == absl::InfiniteFuture()) {
    return absl::InternalError("jobs are left, and nothing is due");
  }
  now_ = next_;
  return ComeToRest();
}

absl::Status Replayer::ComeToRest() {
  do {
    const embatch::Step step = scheduler_.Advance(now_);
    if (!step.status.ok()) return step.status;
    for (const embatch::Event& event : step.events) {
      // An array is over when its last child is.
      if (event.job.child >= 0 || !embatch::IsTerminal(event.to)) continue;
      just_done_.push_back(job_of_slot_[event.job.slot]);
      ++done_;
      result_.makespan = event.time() - absl::UnixEpoch();
    }
    next_ = step.next;
  } while (next_ <= now_);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Result> Replay(const Workflow& workflow,
                              const ReplayOptions& options) {
  for (const Task& task : workflow.tasks) {
    if (task.cores > options.cores) {
      return absl::InvalidArgumentError(
          absl::StrCat("task '", task.id, "' needs ", task.cores,
                       " cores, and the machine has ", options.cores));
    }
  }
  Replayer replayer(workflow, options);
  absl::Status status = replayer.Furnish();
  if (status.ok()) {
    status = options.submit == Submit::kWhenReady ? replayer.RunWhenReady()
                                                  : replayer.RunAtOnce();
  }
  if (!status.ok()) return status;
  return replayer.result();
}

}  // namespace workflow_replay
