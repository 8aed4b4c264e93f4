// SPDX-License-Identifier: Apache-2.0
//
// All small worlds: two or three jobs of every kind, with every outcome, with
// every disturbance at every moment that matters, on one instance or two. In
// each of them the library and the reference scheduler must tell the same.
//
// All worlds of two jobs on one instance are run, and some of those of three
// jobs; EMBATCH_WORLDS=n runs n of these. A failure says what is in its world.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/property/random_world.h"
#include "tests/property/world_plan.h"

namespace embatch {
namespace {

enum class Shape {
  kSingle,
  kArray,
  kChain,
  kDependent,
  kPaired,
  kTask,
  kAfterFailure,
  kAfterAnyEnd,
};
constexpr int kFirstShapes = 3;  // those that need no other job
constexpr int kShapes = 8;
constexpr int kPlainShapes = 5;  // without extensions, of one container

enum class Line { kStrict, kFirstFit, kBackfill, kQuotaShares };
constexpr int kLines = 4;

enum class Ending { kSucceeds, kFails, kFailsOnce, kTimesOut };
constexpr int kEndings = 4;

enum class Mishap { kNone, kCancel, kTerminate, kLose };

// Jobs come at 0 s and 5 s and 10 s, instances boot in 10 s, containers start
// in 5 s and run for 20 s: these are a moment before anything runs, one with
// everything that can happen at once, two while jobs run.
constexpr int kMoments[] = {5, 10, 20, 40};

struct SmallJob {
  Shape shape = Shape::kSingle;
  Ending ending = Ending::kSucceeds;
};

struct SmallWorld {
  std::vector<SmallJob> jobs;
  Mishap mishap = Mishap::kNone;
  int victim = 0;  // a job
  int moment = 0;  // of kMoments
  int instances = 1;
  Line line = Line::kStrict;
};

std::string Text(const SmallWorld& world) {
  static constexpr const char* kShapeNames[] = {
      "single", "array", "chain",         "dependent",
      "paired", "task",  "after failure", "after any end"};
  static constexpr const char* kEndingNames[] = {"succeeds", "fails",
                                                 "fails once", "times out"};
  static constexpr const char* kMishapNames[] = {"no mishap", "cancel",
                                                 "terminate", "loss"};
  static constexpr const char* kLineNames[] = {"strict", "first fit",
                                               "backfill", "quota shares"};
  std::string text = absl::StrCat(kLineNames[static_cast<int>(world.line)],
                                  "; ", world.instances, " instances; ");
  for (const SmallJob& job : world.jobs) {
    absl::StrAppend(&text, kShapeNames[static_cast<int>(job.shape)], " ",
                    kEndingNames[static_cast<int>(job.ending)], "; ");
  }
  absl::StrAppend(&text, kMishapNames[static_cast<int>(world.mishap)]);
  if (world.mishap != Mishap::kNone) {
    absl::StrAppend(&text, " of ", world.victim, " at ",
                    kMoments[world.moment]);
  }
  return text;
}

// Takes a digit of base `base` from a number.
int Digit(int64_t& number, int base) {
  const int digit = static_cast<int>(number % base);
  number /= base;
  return digit;
}

constexpr int kMomentCount = 4;

int MishapCount(int jobs) { return 1 + kMomentCount * (2 * jobs + 1); }

int64_t WorldCount(int jobs, int shapes, int lines) {
  int64_t count = 2 * MishapCount(jobs) * kFirstShapes * kEndings * lines;
  for (int i = 1; i < jobs; ++i) count *= shapes * kEndings;
  return count;
}

SmallWorld WorldOf(int jobs, int shapes, int lines, int64_t number) {
  SmallWorld world;
  int mishap = Digit(number, MishapCount(jobs));
  if (mishap-- > 0) {
    world.moment = mishap % kMomentCount;
    mishap /= kMomentCount;
    world.victim = mishap / 2;
    world.mishap = mishap == 2 * jobs ? Mishap::kLose
                   : mishap % 2 == 0  ? Mishap::kCancel
                                      : Mishap::kTerminate;
  }
  for (int i = 0; i < jobs; ++i) {
    SmallJob job;
    job.shape =
        static_cast<Shape>(Digit(number, i == 0 ? kFirstShapes : shapes));
    job.ending = static_cast<Ending>(Digit(number, kEndings));
    world.jobs.push_back(job);
  }
  world.line = static_cast<Line>(Digit(number, lines));
  world.instances = 1 + Digit(number, 2);
  return world;
}

bool IsArray(Shape shape) {
  return shape == Shape::kArray || shape == Shape::kChain ||
         shape == Shape::kPaired;
}

PlannedAction Submission(const SmallWorld& world, int number) {
  const SmallJob& job = world.jobs[number];
  PlannedAction action;
  action.at = absl::Seconds(5 * number);
  action.request.job_name = absl::StrCat(number);
  action.request.job_queue = "queue";
  action.request.job_definition = "definition";
  action.request.timeout = JobTimeout{absl::Seconds(60)};
  if (job.ending == Ending::kFailsOnce) {
    action.request.retry_strategy = RetryStrategy{2};
  }
  if (world.line == Line::kQuotaShares) {
    action.request.quota_share_name = number % 2 == 0 ? "borrows" : "lends";
    action.request.scheduling_priority_override = number;
  }
  const bool after_array = number > 0 && IsArray(world.jobs[number - 1].shape);
  switch (job.shape) {
    case Shape::kSingle:
      break;
    case Shape::kTask:
      action.request.job_definition = "task";
      break;
    case Shape::kAfterFailure:
      action.dependencies.push_back({number - 1, -1, DependencyType::kPlain,
                                     DependencyCondition::kFailure});
      break;
    case Shape::kAfterAnyEnd:
      action.dependencies.push_back({number - 1, -1, DependencyType::kPlain,
                                     DependencyCondition::kCompletion});
      break;
    case Shape::kChain:
      action.dependencies.push_back({-1, -1, DependencyType::kSequential});
      action.request.array_size = 2;
      break;
    case Shape::kArray:
      action.request.array_size = 2;
      break;
    case Shape::kDependent:
      action.dependencies.push_back({number - 1, -1, DependencyType::kPlain});
      break;
    case Shape::kPaired:
      action.request.array_size = 2;
      action.dependencies.push_back(
          {number - 1, -1,
           after_array ? DependencyType::kNToN : DependencyType::kPlain});
      break;
  }
  return action;
}

PlannedAction Disturbance(const SmallWorld& world) {
  PlannedAction action;
  action.kind = world.mishap == Mishap::kCancel ? PlannedAction::Kind::kCancel
                : world.mishap == Mishap::kTerminate
                    ? PlannedAction::Kind::kTerminate
                    : PlannedAction::Kind::kLose;
  action.at = absl::Seconds(kMoments[world.moment]);
  action.job = world.victim;
  return action;
}

// The first child of an array ends as its ending says, the second succeeds.
ContainerFate FateIn(const SmallWorld& world, absl::string_view name,
                     const AttemptId& attempt) {
  int number = 0;
  (void)absl::SimpleAtoi(name, &number);
  ContainerFate fate;
  fate.start_delay = absl::Seconds(5);
  fate.run_time = absl::Seconds(20);
  fate.stop_delay = absl::Seconds(5);
  if (attempt.job.child > 0) return fate;
  switch (world.jobs[number].ending) {
    case Ending::kSucceeds:
      break;
    case Ending::kFails:
      fate.exit_code = 1;
      break;
    case Ending::kFailsOnce:
      fate.exit_code = attempt.number == 1 ? 1 : 0;
      break;
    case Ending::kTimesOut:
      fate.run_time = absl::InfiniteDuration();
      break;
  }
  return fate;
}

// A container beside another one for which it waits.
JobDefinitionOptions TwoContainers() {
  JobDefinitionOptions definition;
  definition.job_definition_name = "task";
  TaskContainerProperties main;
  main.name = "main";
  main.image = "image";
  main.resources = Resources::Of(1, 300);
  TaskContainerProperties beside = main;
  beside.name = "beside";
  beside.essential = false;
  beside.resources = {0, 200, 0};
  main.depends_on = {{"beside", ContainerCondition::kSuccess}};
  definition.ecs_properties.emplace().task_properties = {{{main, beside}, {}}};
  return definition;
}

// One share has a vCPU and lends it, one has none and borrows.
void AddQuotas(WorldPlan& plan) {
  SchedulingPolicyOptions& policy = plan.policies.emplace_back();
  policy.name = "quotas";
  policy.quota_share_policy.emplace();
  plan.queues.front().scheduling_policy = "quotas";
  QuotaShareOptions quota;
  quota.job_queue = "queue";
  quota.quota_share_name = "lends";
  quota.capacity_limits = {{1, "VCPU"}};
  quota.resource_sharing.strategy = ResourceSharingStrategy::kLend;
  quota.in_share_preemption = InSharePreemption::kEnabled;
  plan.quotas.push_back(quota);
  quota.quota_share_name = "borrows";
  quota.capacity_limits = {{0, "VCPU"}};
  quota.resource_sharing.strategy = ResourceSharingStrategy::kLendAndBorrow;
  plan.quotas.push_back(quota);
}

WorldPlan PlanOf(const SmallWorld& world) {
  WorldPlan plan;
  PlannedEnvironment& environment = plan.environments.emplace_back();
  environment.options.compute_environment_name = "machines";
  ComputeResources& resources = environment.options.compute_resources.emplace();
  resources.max_vcpus = world.instances;
  resources.instance_types = {"optimal"};
  resources.allocation_strategy = AllocationStrategy::kBestFitProgressive;
  environment.provider.instance_types = {
      {"tiny.1", Resources::Of(1, 1000), 10000}};
  environment.provider.boot_delay = absl::Seconds(10);
  JobQueueOptions& queue = plan.queues.emplace_back();
  queue.job_queue_name = "queue";
  queue.compute_environment_order = {{1, "machines"}};
  if (world.line == Line::kFirstFit) {
    queue.dispatch_order = DispatchOrder::kFirstFit;
  } else if (world.line == Line::kBackfill) {
    queue.dispatch_order = DispatchOrder::kBackfill;
  } else if (world.line == Line::kQuotaShares) {
    AddQuotas(plan);
  }
  plan.definitions.push_back(TwoContainers());
  const PlannedAction disturbance = Disturbance(world);
  bool disturbed = world.mishap == Mishap::kNone;
  for (int i = 0; i < static_cast<int>(world.jobs.size()); ++i) {
    PlannedAction submission = Submission(world, i);
    if (!disturbed && disturbance.at < submission.at) {
      plan.actions.push_back(disturbance);
      disturbed = true;
    }
    plan.actions.push_back(std::move(submission));
  }
  if (!disturbed) plan.actions.push_back(disturbance);
  plan.fate = [world](absl::string_view name, const AttemptId& attempt) {
    return FateIn(world, name, attempt);
  };
  return plan;
}

void Compare(const SmallWorld& world) {
  SCOPED_TRACE(Text(world));
  RunOptions options;
  options.checks_twin = true;
  RandomWorld(PlanOf(world), options).Run();
}

// All of `count` worlds, or so many as are wanted, spread evenly over them.
template <typename World>
void CompareSome(int64_t wanted, int64_t count, World world_of) {
  wanted = std::min(wanted, count);
  for (int64_t i = 0; i < wanted && !testing::Test::HasFailure(); ++i) {
    Compare(world_of(i * count / wanted));
  }
}

int64_t Wanted(int64_t worlds) {
  if (const char* text = std::getenv("EMBATCH_WORLDS")) {
    (void)absl::SimpleAtoi(text, &worlds);
  }
  return worlds;
}

TEST(SmallWorldsTest, AllOfTwoJobsOnOneInstance) {
  const int64_t count = WorldCount(2, kPlainShapes, 1) / 2;
  CompareSome(count, count,
              [](int64_t i) { return WorldOf(2, kPlainShapes, 1, i); });
}

TEST(SmallWorldsTest, SomeOfThreeJobs) {
  CompareSome(Wanted(600), WorldCount(3, kPlainShapes, 1),
              [](int64_t i) { return WorldOf(3, kPlainShapes, 1, i); });
}

TEST(SmallWorldsTest, SomeOfThreeJobsOfAllKindsInAllKindsOfQueues) {
  CompareSome(Wanted(900), WorldCount(3, kShapes, kLines),
              [](int64_t i) { return WorldOf(3, kShapes, kLines, i); });
}

}  // namespace
}  // namespace embatch
