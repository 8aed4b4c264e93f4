// SPDX-License-Identifier: Apache-2.0
#include "replay.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"
#include "trace_runtime.h"

namespace trace_replay {
namespace {

constexpr char kEnvironment[] = "machine";
constexpr char kQueue[] = "batch";
constexpr char kDefinition[] = "job";
constexpr char kGang[] = "gang";
constexpr char kInstanceType[] = "processor";

// Traces have no memory worth the name; each job takes the least there is.
constexpr int64_t kMemoryMib = 4;

// AWS's shortest timeout is a minute, and a trace's jobs ask for seconds. So a
// second of the trace is a minute here: all figures are ratios or are turned
// back.
constexpr absl::Duration kTraceSecond = absl::Minutes(1);

class Replayer {
 public:
  Replayer(absl::Span<const TraceJob> jobs, const ReplayOptions& options)
      : jobs_(jobs),
        options_(options),
        provider_(ProviderOptions()),
        runtime_(options.one_event_at_a_time
                     ? 1
                     : std::numeric_limits<size_t>::max()),
        scheduler_(OptionsOf(options)) {
    schedule_.jobs.resize(jobs.size());
  }

  // Makes the machine, the queue over it, and the one job definition.
  absl::Status Furnish();

  absl::Status Run();

  Schedule Finish() {
    schedule_.stopped = runtime_.stopped();
    return std::move(schedule_);
  }

 private:
  static embatch::SchedulerOptions OptionsOf(const ReplayOptions& options) {
    embatch::SchedulerOptions scheduler_options;
    scheduler_options.limits = options.limits;
    // No job is forgotten before the end: nothing wakes the loop in vain.
    scheduler_options.finished_job_retention = absl::Hours(24 * 36500);
    return scheduler_options;
  }

  // What can be launched, at once.
  static embatch::SimulatedProviderOptions ProviderOptions() {
    embatch::SimulatedProviderOptions provider_options;
    provider_options.instance_types = {
        {kInstanceType, embatch::Resources::Of(1, kMemoryMib), 1}};
    provider_options.boot_delay = absl::ZeroDuration();
    return provider_options;
  }

  absl::Status MakeMachine();
  absl::Status MakeQueue();
  absl::Status Define(embatch::JobDefinitionOptions options);

  absl::Time TimeOf(int64_t trace_s) const {
    return absl::UnixEpoch() + (trace_s - jobs_[0].submit_s) * kTraceSecond;
  }
  int64_t TraceSecondOf(absl::Time time) const {
    return (time - absl::UnixEpoch()) / kTraceSecond + jobs_[0].submit_s;
  }
  absl::Time NextArrival() const {
    return submitted_ < jobs_.size() ? TimeOf(jobs_[submitted_].submit_s)
                                     : absl::InfiniteFuture();
  }

  absl::Status SubmitNext();

  // Advances until the scheduler is at rest, and notes what happened.
  absl::Status ComeToRest();
  void Note(const embatch::Event& event);

  absl::Span<const TraceJob> jobs_;
  const ReplayOptions& options_;
  embatch::SimulatedProvider provider_;
  TraceRuntime runtime_;
  embatch::Scheduler scheduler_;
  absl::Time now_ = absl::UnixEpoch();
  absl::Time next_ = absl::UnixEpoch();
  embatch::SubmitJobRequest request_;
  size_t submitted_ = 0;
  int64_t ended_ = 0;
  std::vector<size_t> job_of_slot_;  // by JobId::slot: an index of jobs_
  Schedule schedule_;
};

absl::Status Replayer::Furnish() {
  absl::Status status = MakeMachine();
  if (!status.ok()) return status;
  status = MakeQueue();
  if (!status.ok()) return status;
  request_.job_queue = kQueue;

  embatch::ContainerProperties container;
  container.image = "none";
  container.resources = embatch::Resources::Of(1, kMemoryMib);
  embatch::JobDefinitionOptions single;
  single.job_definition_name = kDefinition;
  single.container_properties = container;
  status = Define(std::move(single));
  if (!status.ok() || !options_.gangs) return status;

  embatch::JobDefinitionOptions gang;
  gang.job_definition_name = kGang;
  gang.type = embatch::JobDefinitionType::kMultinode;
  gang.node_properties.emplace();
  gang.node_properties->num_nodes = 2;  // each job says its own number
  embatch::NodeRangeProperty all_nodes;
  all_nodes.target_nodes = "0:";
  all_nodes.container = container;
  gang.node_properties->node_range_properties = {all_nodes};
  return Define(std::move(gang));
}

absl::Status Replayer::MakeMachine() {
  embatch::ComputeEnvironmentOptions environment;
  environment.compute_environment_name = kEnvironment;
  if (options_.gangs) {
    environment.compute_resources = embatch::ComputeResources{};
    environment.compute_resources->max_vcpus = options_.processors;
    environment.compute_resources->instance_types = {kInstanceType};
    environment.compute_resources->allocation_strategy =
        embatch::AllocationStrategy::kBestFitProgressive;
  } else {
    environment.type = embatch::ComputeEnvironmentType::kUnmanaged;
  }
  auto created = embatch::ComputeEnvironment::Create(std::move(environment),
                                                     options_.limits);
  if (!created.ok()) return created.status();
  absl::Status status =
      scheduler_.CreateComputeEnvironment(*std::move(created), now_);
  if (!status.ok()) return status;
  status = scheduler_.AttachPlugins(kEnvironment, {&provider_, &runtime_});
  if (!status.ok()) return status;
  const int64_t each = options_.processors / options_.instances;
  for (int64_t i = 0; i < options_.instances && !options_.gangs; ++i) {
    provider_.Join(kEnvironment,
                   embatch::Resources::Of(each, each * kMemoryMib),
                   absl::StrCat("node-", i), now_);
  }
  return ComeToRest();  // what was CREATING is VALID, and the machine there
}

absl::Status Replayer::MakeQueue() {
  embatch::JobQueueOptions queue;
  queue.job_queue_name = kQueue;
  queue.compute_environment_order = {{1, kEnvironment}};
  queue.dispatch_order = options_.dispatch_order;
  queue.backfill_ends_before_start = options_.backfill_ends_before_start;
  auto created = embatch::JobQueue::Create(std::move(queue), options_.limits);
  if (!created.ok()) return created.status();
  const absl::Status status =
      scheduler_.CreateJobQueue(*std::move(created), now_);
  return status.ok() ? ComeToRest() : status;
}

absl::Status Replayer::Define(embatch::JobDefinitionOptions options) {
  auto created =
      embatch::JobDefinition::Create(std::move(options), options_.limits);
  if (!created.ok()) return created.status();
  return scheduler_.RegisterJobDefinition(*std::move(created), now_).status();
}

absl::Status Replayer::Run() {
  while (ended_ < static_cast<int64_t>(jobs_.size())) {
    const absl::Time time = std::min(NextArrival(), next_);
    if (time == absl::InfiniteFuture()) {
      return absl::InternalError("jobs are left, and nothing is due");
    }
    now_ = std::max(now_, time);
    while (NextArrival() <= now_) {
      absl::Status status = SubmitNext();
      if (status.ok() && options_.one_event_at_a_time) {
        runtime_.HoldEnds(true);
        status = ComeToRest();
        runtime_.HoldEnds(false);
      }
      if (!status.ok()) return status;
    }
    const absl::Status status = ComeToRest();
    if (!status.ok()) return status;
    if (options_.progress) options_.progress(ended_);
  }
  return absl::OkStatus();
}

absl::Status Replayer::SubmitNext() {
  const TraceJob& job = jobs_[submitted_];
  request_.job_name = absl::StrCat("job-", job.number);
  request_.job_definition = kDefinition;
  request_.container_overrides.vcpu_milli.reset();
  request_.node_overrides.reset();
  if (!options_.gangs) {
    request_.container_overrides.vcpu_milli = job.processors * 1000;
  } else if (job.processors > 1) {
    request_.job_definition = kGang;
    request_.node_overrides.emplace();
    request_.node_overrides->num_nodes = static_cast<int32_t>(job.processors);
  }
  if (options_.dispatch_order == embatch::DispatchOrder::kBackfill) {
    const int64_t estimate_s =
        options_.estimates_are_exact ? job.run_s : job.requested_s;
    request_.timeout = embatch::JobTimeout{estimate_s * kTraceSecond};
  }
  const absl::StatusOr<embatch::JobId> id =
      scheduler_.SubmitJob(request_, now_);
  if (!id.ok()) return id.status();
  runtime_.SetRunTime(*id, job.run_s * kTraceSecond);
  if (id->slot >= job_of_slot_.size()) job_of_slot_.resize(id->slot + 1);
  job_of_slot_[id->slot] = submitted_++;
  return absl::OkStatus();
}

absl::Status Replayer::ComeToRest() {
  do {
    const embatch::Step step = scheduler_.Advance(now_);
    if (!step.status.ok()) return step.status;
    ++schedule_.steps;
    for (const embatch::Event& event : step.events) Note(event);
    next_ = step.next;
  } while (next_ <= now_);
  return absl::OkStatus();
}

void Replayer::Note(const embatch::Event& event) {
  if (event.job.child >= 0) return;  // a node: its job tells enough
  ReplayedJob& job = schedule_.jobs[job_of_slot_[event.job.slot]];
  if (event.to == embatch::JobStatus::kStarting) {
    job.start_s = TraceSecondOf(event.time());
  } else if (embatch::IsTerminal(event.to)) {
    job.end_s = TraceSecondOf(event.time());
    ++ended_;
  }
}

}  // namespace

absl::StatusOr<Schedule> Replay(absl::Span<const TraceJob> jobs,
                                const ReplayOptions& options) {
  if (jobs.empty()) return Schedule();
  Replayer replayer(jobs, options);
  absl::Status status = replayer.Furnish();
  if (status.ok()) status = replayer.Run();
  if (!status.ok()) return status;
  return replayer.Finish();
}

}  // namespace trace_replay
