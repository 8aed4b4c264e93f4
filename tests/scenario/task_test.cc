// SPDX-License-Identifier: Apache-2.0
//
// Jobs of several containers: ECS tasks and EKS pods.
// Source: API EcsProperties, EksProperties; §3.3, §5.2, §6.1, §7. Choice: D56.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "embatch/input.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scenario/scenario.h"
#include "tests/support/world.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kEssential[] = "Essential container in task exited";
constexpr char kNoStart[] = "Task failed to start";

TaskContainerProperties Main() {
  TaskContainerProperties container;
  container.name = "main";
  container.image = "image";
  container.resources = Resources::Of(1, 100);
  return container;
}

TaskContainerProperties Beside(std::string name) {
  TaskContainerProperties container = Main();
  container.name = std::move(name);
  container.essential = false;
  return container;
}

TaskContainerProperties After(TaskContainerProperties container,
                              std::string other, ContainerCondition condition) {
  container.depends_on.push_back({std::move(other), condition});
  return container;
}

// On hosts that are there at once; a container starts in 1 s and runs for 10 s.
class TaskTest : public ScenarioTest {
 protected:
  TaskTest() { Hosts({8}); }

  void DefineTask(std::vector<TaskContainerProperties> containers) {
    JobDefinitionOptions options;
    options.job_definition_name = "task";
    options.ecs_properties.emplace();
    options.ecs_properties->task_properties = {{std::move(containers), {}}};
    world_.Define(std::move(options));
  }

  void DefinePod(const std::vector<std::string>& init,
                 const std::vector<std::string>& containers) {
    JobDefinitionOptions options;
    options.job_definition_name = "task";
    options.eks_properties.emplace();
    const auto add = [](const std::vector<std::string>& names,
                        std::vector<EksContainer>& list) {
      for (const std::string& name : names) {
        EksContainer container;
        container.name = name;
        container.image = "image";
        container.resources.limits = {1000, 100, std::nullopt};
        list.push_back(container);
      }
    };
    add(init, options.eks_properties->pod_properties.init_containers);
    add(containers, options.eks_properties->pod_properties.containers);
    world_.Define(std::move(options));
  }

  template <typename... Words>
  JobId Submit(Words... words) {
    return world_.Submit("a", OfDefinition("task"), words...);
  }

  // "main exited 0, logs started", of a job's latest attempt.
  std::string ContainersOf(JobId job) {
    std::string text;
    for (const ContainerView& container : world_.Describe(job).containers) {
      if (!text.empty()) text += ", ";
      text += std::string(container.name);
      if (container.exit_code.has_value()) {
        text += " exited " + std::to_string(*container.exit_code);
      } else {
        text += container.started ? " started" : " waits";
      }
    }
    return text;
  }
};

// --- start_timeout -----------------------------------------------------------

TaskContainerProperties Within(TaskContainerProperties container,
                               absl::Duration start_timeout) {
  container.start_timeout = start_timeout;
  return container;
}

TEST_F(TaskTest, WhoWaitsTooLongForAnotherNeverStarts) {
  DefineTask({After(Main(), "load", ContainerCondition::kSuccess),
              Within(Beside("load"), absl::Seconds(60))});
  const JobId a = Submit(
      Attempts(2),
      ContainerNamed("load", RunsFor(absl::Seconds(100), absl::Seconds(20))));
  world_.RunFor(absl::Seconds(60) - absl::Nanoseconds(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  EXPECT_EQ(ContainersOf(a), "main waits, load started");
  world_.RunFor(absl::Nanoseconds(1) + absl::Minutes(1));
  // "load" was stopped, and was quicker in the second attempt.
  const std::vector<AttemptView> attempts = world_.AttemptsOf(a);
  ASSERT_THAT(attempts, SizeIs(2));
  EXPECT_EQ(attempts[0].status_reason, kNoStart);
  EXPECT_FALSE(attempts[0].started_at.has_value());
  EXPECT_EQ(attempts[0].reason,
            "A container that this one depends on did not meet its condition");
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

// It is counted from when the other was asked to start, and no more once the
// other has come as far.
TEST_F(TaskTest, AStartTimeoutIsCountedForEachContainer) {
  DefineTask({After(After(Main(), "two", ContainerCondition::kStart), "one",
                    ContainerCondition::kComplete),
              Within(Beside("one"), absl::Seconds(12)),
              Within(After(Beside("two"), "one", ContainerCondition::kComplete),
                     absl::Seconds(5))});
  const JobId a = Submit(
      ContainerNamed("two", StartsAfter(absl::Seconds(4)), RunsForever()),
      ContainerNamed("main", RunsFor(absl::Minutes(5))));
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(ContainersOf(a), "main started, one exited 0, two started");
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

// One that does not start in time, and a container beside that can do without
// the one that gives up.
TEST_F(TaskTest, WhatIsNotEssentialGivesUpAlone) {
  DefineTask({Main(), After(Beside("logs"), "slow", ContainerCondition::kStart),
              Within(Beside("slow"), absl::Seconds(3))});
  const JobId a = Submit(ContainerNamed("slow", StartsAfter(absl::Seconds(6))));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  world_.RunFor(absl::Seconds(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(ContainersOf(a), "main started, logs waits, slow started");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
}

TEST_F(TaskTest, AnAttemptThatIsStoppedHasNoStartTimeout) {
  DefineTask({After(Main(), "load", ContainerCondition::kSuccess),
              Within(Beside("load"), absl::Seconds(60))});
  const JobId a = Submit(ContainerNamed("load", RunsForever(), IgnoresStop()));
  world_.RunFor(absl::Seconds(50));
  world_.Terminate(a);
  world_.RunFor(absl::Minutes(5));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "ended by the test");
}

// --- Order -------------------------------------------------------------------

TEST_F(TaskTest, StartsAllThatWaitForNothing) {
  DefineTask({Main(), Beside("logs")});
  const JobId a = Submit(ContainerNamed("logs", StartsAfter(absl::Seconds(3))));
  world_.RunFor(absl::Seconds(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  EXPECT_EQ(ContainersOf(a), "main started, logs waits");
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(world_.Describe(a).instance, InstanceId::Joined(1));
  EXPECT_EQ(ContainersOf(a), "main started, logs started");
}

TEST_F(TaskTest, NeedsRoomForAllItsContainers) {
  DefineTask({Main(), Beside("logs"), Beside("proxy")});
  const JobId a = Submit(RunsFor(absl::Minutes(1)));
  const JobId b = Submit(RunsFor(absl::Minutes(1)));
  const JobId c = Submit(RunsFor(absl::Minutes(1)));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(world_.Describe(a).resources, Resources::Of(3, 300));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kRunnable);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kSucceeded);
}

// An essential container that exits with 0 ends the task, and the job has
// succeeded, though its siblings had to be stopped.
TEST_F(TaskTest, EndsWithItsEssentialContainer) {
  DefineTask({Main(), Beside("logs")});
  const JobId a = Submit(
      ContainerNamed("logs", RunsForever(), StopsAfter(absl::Seconds(4))));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(world_.ReasonOf(a), kEssential);
  EXPECT_EQ(ContainersOf(a), "main exited 0, logs exited 143");
  EXPECT_EQ(world_.Describe(a).exit_code, 0);
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Seconds(14));
}

TEST_F(TaskTest, FailsWithItsEssentialContainer) {
  DefineTask({Main(), Beside("logs")});
  const JobId a = Submit(ContainerNamed("main", Exits(3), WithReason("why")),
                         ContainerNamed("logs", RunsForever()));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), kEssential);
  EXPECT_EQ(world_.Describe(a).exit_code, 3);
  EXPECT_EQ(world_.Describe(a).reason, "why");
}

TEST_F(TaskTest, WhatBecomesOfTheOthersDoesNotMatter) {
  DefineTask({Main(), Beside("logs"), Beside("proxy")});
  const JobId a =
      Submit(ContainerNamed("logs", Exits(1), RunsFor(absl::Seconds(2))),
             ContainerNamed("proxy", StartFails("no image")));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(ContainersOf(a), "main exited 0, logs exited 1, proxy waits");
  EXPECT_EQ(world_.Describe(a).containers[2].reason, "no image");
}

TEST_F(TaskTest, FirstEssentialContainerToEndDecides) {
  TaskContainerProperties second = Main();
  second.name = "second";
  DefineTask({Main(), second});
  const JobId a = Submit(ContainerNamed("main", RunsFor(absl::Seconds(20))),
                         ContainerNamed("second", Exits(0)));
  const JobId b = Submit(ContainerNamed("main", RunsFor(absl::Seconds(20))),
                         ContainerNamed("second", Exits(9)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kFailed);
  EXPECT_EQ(world_.Describe(b).exit_code, 9);
}

TEST_F(TaskTest, EssentialContainerThatDoesNotStartFailsTheAttempt) {
  DefineTask({Beside("logs"), Main()});
  const JobId a = Submit(ContainerNamed("logs", RunsForever()),
                         ContainerNamed("main", StartFails("no image")));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE STARTING FAILED");
  EXPECT_EQ(world_.ReasonOf(a), kNoStart);
  EXPECT_EQ(world_.Describe(a).reason, "no image");
  EXPECT_FALSE(world_.Describe(a).started_at.has_value());
}

// Waits are spent in STARTING.
TEST_F(TaskTest, WaitsForAnotherContainerToStart) {
  DefineTask(
      {After(Main(), "proxy", ContainerCondition::kStart), Beside("proxy")});
  const JobId a =
      Submit(ContainerNamed("proxy", StartsAfter(absl::Seconds(5))));
  world_.RunFor(absl::Seconds(4));
  EXPECT_EQ(ContainersOf(a), "main waits, proxy waits");
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(ContainersOf(a), "main waits, proxy started");
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Seconds(10));
}

TEST_F(TaskTest, WaitsForAnotherContainerToComplete) {
  DefineTask(
      {After(Main(), "setup", ContainerCondition::kComplete), Beside("setup")});
  const JobId a = Submit(ContainerNamed("setup", Exits(1)));
  world_.RunFor(absl::Seconds(11));
  EXPECT_EQ(ContainersOf(a), "main waits, setup exited 1");
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(TaskTest, WaitsForAnotherContainerToSucceed) {
  DefineTask(
      {After(Main(), "setup", ContainerCondition::kSuccess), Beside("setup")});
  const JobId a = Submit(ContainerNamed("setup", Exits(0)));
  const JobId b = Submit(ContainerNamed("setup", Exits(1)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusesOf(b), "SUBMITTED RUNNABLE STARTING FAILED");
  EXPECT_EQ(world_.ReasonOf(b), kNoStart);
  EXPECT_EQ(world_.Describe(b).reason,
            "A container that this one depends on did not meet its condition");
}

// One that never starts may be waited for by another one.
TEST_F(TaskTest, UnmetConditionReachesThoseThatWaitForTheWaiting) {
  DefineTask({Main(), After(Beside("late"), "mid", ContainerCondition::kStart),
              After(Beside("mid"), "setup", ContainerCondition::kSuccess),
              Beside("setup")});
  const JobId a = Submit(ContainerNamed("setup", Exits(1)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(ContainersOf(a),
            "main exited 0, late waits, mid waits, setup exited 1");
}

// Essential main is over before slow is up: the job was RUNNING for no time.
TEST_F(TaskTest, EssentialContainerMayEndBeforeAllAreUp) {
  DefineTask({Main(), Beside("slow")});
  const JobId a = Submit(ContainerNamed("main", RunsFor(absl::Seconds(2))),
                         ContainerNamed("slow", NeverStarts()));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(world_.StartTimeOf(a), world_.StopTimeOf(a));
}

TEST_F(TaskTest, EachContainerHasItsStopTimeout) {
  TaskContainerProperties patient = Beside("patient");
  patient.stop_timeout = absl::Seconds(90);
  TaskContainerProperties hasty = Beside("hasty");
  hasty.stop_timeout = absl::Seconds(2);
  DefineTask({Main(), patient, hasty});
  const JobId a =
      Submit(IgnoresStop(), ContainerNamed("patient", RunsForever()),
             ContainerNamed("hasty", RunsForever()));
  world_.RunFor(absl::Seconds(13));
  EXPECT_EQ(ContainersOf(a),
            "main exited 0, patient started, hasty exited 137");
  world_.RunUntilIdle();
  EXPECT_EQ(ContainersOf(a),
            "main exited 0, patient exited 137, hasty exited 137");
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Seconds(100));
}

TEST_F(TaskTest, AttemptsKeepTheirContainers) {
  DefineTask({Main(), Beside("logs")});
  const JobId a =
      Submit(Attempts(2), ContainerNamed("main", Exits(5, 0)),
             ContainerNamed("logs", Exits(0), RunsFor(absl::Seconds(1))));
  world_.RunUntilIdle();
  const std::vector<AttemptView> attempts = world_.AttemptsOf(a);
  ASSERT_THAT(attempts, SizeIs(2));
  EXPECT_EQ(attempts[0].exit_code, 5);
  ASSERT_THAT(attempts[0].containers, SizeIs(2));
  EXPECT_EQ(attempts[0].containers[0].name, "main");
  EXPECT_EQ(attempts[0].containers[0].exit_code, 5);
  EXPECT_EQ(attempts[0].containers[1].exit_code, 0);
  EXPECT_EQ(attempts[1].containers[0].exit_code, 0);
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(TaskTest, TimeoutStopsAllContainers) {
  DefineTask({Main(), Beside("logs")});
  const JobId a = Submit(
      Attempts(3), TimesOutAfter(absl::Minutes(1)), RunsForever(),
      StopsAfter(absl::Seconds(5)),
      ContainerNamed("main", RunsForever(), StopsAfter(absl::Seconds(2))));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "Job attempt duration exceeded timeout");
  EXPECT_EQ(ContainersOf(a), "main exited 143, logs exited 143");
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Seconds(65));
  EXPECT_THAT(world_.AttemptsOf(a), SizeIs(1));
}

// Choice: D56.
TEST_F(TaskTest, TerminatedInStartingEndsAtOnce) {
  DefineTask(
      {After(Main(), "setup", ContainerCondition::kComplete), Beside("setup")});
  const JobId a = Submit(RunsFor(absl::Hours(1)));
  world_.RunFor(absl::Seconds(5));
  world_.Terminate(a, "enough");
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "enough");
  EXPECT_FALSE(world_.Describe(a).exit_code.has_value());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.runtime().counts().held, 0);
}

TEST_F(TaskTest, TerminatedWhileItsOthersAreStoppedFails) {
  DefineTask({Main(), Beside("logs")});
  const JobId a = Submit(ContainerNamed("logs", RunsForever(), IgnoresStop()));
  world_.RunFor(absl::Seconds(15));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  world_.Terminate(a, "enough");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), "enough");
}

// In a call that comes late the attempt has started when its last container
// gave up, which is before another one exited.
TEST_F(TaskTest, WhoGivesUpLetsTheAttemptStartAtThatTime) {
  TaskContainerProperties setup = Beside("setup");
  setup.start_timeout = absl::Seconds(5);
  DefineTask({Main(),
              After(Beside("late"), "setup", ContainerCondition::kComplete),
              setup});
  const absl::Time begin = world_.now();
  const JobId a = Submit(RunsForever());
  world_.RunFor(absl::Seconds(2));
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  Turn turn;
  turn.container_reports = {
      ContainerReport::Exited(begin + absl::Seconds(10), {{a, 1}, 0}, 0)};
  fork->Replay(
      EncodeInput({absl::ToUnixNanos(begin + absl::Seconds(20)), turn}));
  EXPECT_EQ(fork->DescribeJob(a)->started_at, begin + absl::Seconds(5));
}

// What is being stopped is not asked again, and has no more time for it.
TEST_F(TaskTest, TerminationGivesThoseThatAreStoppedNoMoreTime) {
  DefineTask({Main(), Beside("logs")});
  const JobId a = Submit(RunsForever());
  world_.RunFor(absl::Seconds(5));
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  const absl::Time now = world_.now();
  Turn turn;
  turn.container_reports = {ContainerReport::Exited(now, {{a, 1}, 0}, 0)};
  const absl::Time overdue =
      fork->Replay(EncodeInput({absl::ToUnixNanos(now), turn})).next;
  const absl::Time later = now + absl::Seconds(7);
  ASSERT_TRUE(fork->TerminateJob(a, "enough", later).ok());
  EXPECT_EQ(fork->Advance(later).next, overdue);
  fork->Advance(overdue);
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kFailed);
  EXPECT_EQ(fork->DescribeJob(a)->status_reason, "enough");
}

TEST_F(TaskTest, LossOfTheHostEndsAllContainers) {
  DefineTask({Main(), Beside("logs")});
  const JobId a = Submit(Attempts(2), RunsForever());
  world_.RunFor(absl::Seconds(5));
  world_.LoseInstance("hosts");
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  const std::vector<AttemptView> attempts = world_.AttemptsOf(a);
  ASSERT_THAT(attempts, SizeIs(1));
  EXPECT_EQ(attempts[0].status_reason,
            "Host EC2 (instance host-1) terminated.");
  ASSERT_THAT(attempts[0].containers, SizeIs(2));
  EXPECT_FALSE(attempts[0].containers[0].exit_code.has_value());
}

// A runtime that hears nothing: a fork has none.
TEST_F(TaskTest, ContainersWhoseEndIsNeverReportedHoldNothingUp) {
  DefineTask({Main(), Beside("logs")});
  const JobId a = Submit(RunsForever());
  world_.RunFor(absl::Seconds(5));
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  Turn turn;
  turn.container_reports = {
      ContainerReport::Exited(world_.now(), {{a, 1}, 0}, 0)};
  const Step step =
      fork->Replay(EncodeInput({absl::ToUnixNanos(world_.now()), turn}));
  EXPECT_EQ(step.next, world_.now() + absl::Seconds(40));  // grace and margin
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kRunning);
  fork->Advance(step.next);
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kSucceeded);
}

TEST_F(TaskTest, ChildrenOfAnArrayAreTasksToo) {
  DefineTask({Main(), Beside("logs")});
  const JobId a =
      Submit(Array(6), Attempts(2), ContainerNamed("main", Exits(2)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_THAT(world_.AttemptsOf(a.Child(5)), SizeIs(2));
  EXPECT_EQ(ContainersOf(a.Child(5)), "main exited 2, logs exited 0");
  EXPECT_EQ(ContainersOf(a), "main waits, logs waits");
}

TEST_F(TaskTest, ReportsThatMakeNoSenseAreIgnoredAndCounted) {
  DefineTask(
      {After(Main(), "setup", ContainerCondition::kSuccess), Beside("setup")});
  const JobId a = Submit(RunsForever());
  world_.RunFor(absl::Seconds(5));
  const std::unique_ptr<Scheduler> fork = world_.scheduler().Fork();
  const absl::Time now = world_.now();
  const auto id = [a](uint16_t container) {
    return ContainerId{{a, 1}, container};
  };
  Turn turn;
  turn.container_reports = {
      ContainerReport::Started(now, id(0)),    // it waits
      ContainerReport::Exited(now, id(0), 0),  // it waits
      ContainerReport::Started(now, id(1)),    // repeated
      ContainerReport::StartFailed(now, id(1), "late"),
      ContainerReport::Started(now, id(2)),  // there is none
  };
  const std::string before = fork->EncodeState();
  fork->Replay(EncodeInput({absl::ToUnixNanos(now), turn}));
  EXPECT_EQ(fork->ignored_reports().late_or_repeated, 4u);
  EXPECT_EQ(fork->ignored_reports().unknown, 1u);
  EXPECT_EQ(fork->DescribeJob(a)->status, JobStatus::kStarting);
}

TEST_F(TaskTest, OneTransitionACallIsEnough) {
  WorldOptions options;
  options.scheduler.max_transitions = 1;
  World world(options);
  world.Unmanaged("hosts");
  world.Queue("queue", {"hosts"});
  world.Join("hosts", 8, 8000);
  JobDefinitionOptions definition;
  definition.job_definition_name = "task";
  definition.ecs_properties.emplace();
  definition.ecs_properties->task_properties = {{{Main(), Beside("slow")}, {}}};
  world.Define(definition);
  const JobId a =
      world.Submit("a", OfDefinition("task"), RunsFor(absl::Seconds(2)),
                   ContainerNamed("slow", NeverStarts()));
  world.RunUntilIdle();
  EXPECT_EQ(world.StatusesOf(a), kStraight);
}

// --- Pods -------------------------------------------------------------------

TEST_F(TaskTest, InitContainersRunFirstOneAfterAnother) {
  DefinePod({"one", "two"}, {"main", "logs"});
  const JobId a = Submit();
  world_.RunFor(absl::Seconds(12));
  EXPECT_EQ(ContainersOf(a),
            "one exited 0, two started, main waits, logs waits");
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  world_.RunFor(absl::Seconds(11));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(ContainersOf(a),
            "one exited 0, two exited 0, main started, logs started");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
}

TEST_F(TaskTest, FailedInitContainerFailsThePod) {
  DefinePod({"one", "two"}, {"main"});
  const JobId a = Submit(ContainerNamed("one", Exits(7)));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE STARTING FAILED");
  EXPECT_EQ(world_.ReasonOf(a), kNoStart);
  EXPECT_EQ(world_.Describe(a).exit_code, 7);
  EXPECT_EQ(ContainersOf(a), "one exited 7, two waits, main waits");
}

// Nobody is stopped because another one failed.
TEST_F(TaskTest, PodEndsWithItsLastContainer) {
  DefinePod({}, {"main", "logs"});
  const JobId a = Submit(ContainerNamed("main", RunsFor(absl::Seconds(2))),
                         ContainerNamed("logs", RunsFor(absl::Seconds(20))));
  const JobId b =
      Submit(ContainerNamed("main", Exits(4), RunsFor(absl::Seconds(2))),
             ContainerNamed("logs", RunsFor(absl::Seconds(20))));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StopTimeOf(a) - world_.StartTimeOf(a), absl::Seconds(20));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kFailed);
  EXPECT_EQ(world_.Describe(b).exit_code, 4);
  EXPECT_EQ(ContainersOf(b), "main exited 4, logs exited 0");
}

TEST_F(TaskTest, PodContainerThatDoesNotStartFailsThePod) {
  DefinePod({}, {"main", "logs"});
  const JobId a =
      Submit(RunsForever(), ContainerNamed("logs", StartFails("no image")));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kFailed);
  EXPECT_EQ(world_.ReasonOf(a), kNoStart);
  EXPECT_EQ(world_.Describe(a).reason, "no image");
}

// --- Nodes -------------------------------------------------------------------

// Each node of a multi-node job is a task of its own; the main node's
// containers are those that the job shows.
TEST(TaskOfANodeTest, NodesMayHaveSeveralContainers) {
  World world;
  world.Managed("cluster", MaxVcpus(4), Offers("duo", 2, 4096));
  world.Queue("queue", {"cluster"});
  NodeRangeProperty range;
  range.target_nodes = "0:";
  range.ecs_properties.emplace();
  range.ecs_properties->task_properties = {{{Main(), Beside("logs")}, {}}};
  JobDefinitionOptions options;
  options.job_definition_name = "nodes";
  options.type = JobDefinitionType::kMultinode;
  options.node_properties.emplace();
  options.node_properties->num_nodes = 2;
  options.node_properties->node_range_properties = {range};
  world.Define(options);
  const JobId a = world.Submit("a", OfDefinition("nodes"),
                               ContainerNamed("logs", RunsForever()));
  world.RunUntilIdle();
  EXPECT_EQ(world.StatusesOf(a), kStraight);
  const std::vector<AttemptView> attempts = world.AttemptsOf(a.Child(1));
  ASSERT_THAT(attempts, SizeIs(1));
  EXPECT_THAT(attempts[0].containers, SizeIs(2));
  const JobView view = world.Describe(a);
  ASSERT_THAT(view.containers, SizeIs(2));
  EXPECT_EQ(view.containers[0].exit_code, 0);
  EXPECT_EQ(view.containers[1].exit_code, 143);
}

// --- What can't be launched -------------------------------------------------

class LaunchTest : public ScenarioTest {
 protected:
  LaunchTest() { Hosts({2}); }
};

TEST_F(LaunchTest, TooLongOverridesFailFromRunnable) {
  const JobId a = world_.Submit("a", Attempts(3), [](JobPlan& plan) {
    plan.request.container_overrides.command = {std::string(9000, 'c')};
  });
  const JobId b = world_.Submit("b", DependsOn(a));
  const JobId c = world_.Submit("c");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE FAILED");
  EXPECT_EQ(world_.ReasonOf(a),
            "Container Overrides length must be at most 8192");
  EXPECT_THAT(world_.AttemptsOf(a), IsEmpty());
  EXPECT_EQ(world_.ReasonOf(b), "Dependent Job failed");
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kSucceeded);
}

TEST_F(LaunchTest, MoreThanFiftyTagsFailFromRunnable) {
  JobDefinitionOptions options;
  options.job_definition_name = "tagged";
  options.container_properties.image = "image";
  options.container_properties.resources = Resources::Of(1, 100);
  options.propagate_tags = true;
  for (int i = 0; i < 50; ++i) options.tags[std::to_string(i)] = "";
  world_.Define(options);
  const auto tag = [](std::string key) {
    return [key](JobPlan& plan) { plan.request.tags = {{key, "job"}}; };
  };
  const JobId a = world_.Submit("a", OfDefinition("tagged"), tag("7"));
  const JobId b =
      world_.Submit("b", OfDefinition("tagged"), Array(3), tag("51st"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusesOf(b.Child(2)), "PENDING RUNNABLE FAILED");
  EXPECT_THAT(world_.ReasonOf(b.Child(2)), HasSubstr("at most 50"));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kFailed);
}

// --- What a runtime is told -------------------------------------------------

TEST(ContainerOfATaskTest, RuntimeHearsOfEachContainer) {
  std::map<std::string, std::string> seen;
  SimulatedRuntimeOptions runtime_options;
  runtime_options.script = [&seen](const ContainerSpec& spec) {
    std::string& text = seen[std::string(spec.container_name)];
    text = std::string(spec.image);
    for (const std::string& word : spec.command) text += " " + word;
    if (spec.tags != nullptr) text += " team=" + spec.tags->at("team");
    EXPECT_THAT(spec.LogStreamName(),
                HasSubstr("task/" + std::string(spec.container_name) + "/"));
    return ContainerFate();
  };
  SimulatedRuntime runtime(runtime_options);
  SimulatedProvider provider;
  Simulation simulation;
  simulation.WaitFor(runtime);
  Scheduler scheduler;
  ComputeEnvironmentOptions environment;
  environment.compute_environment_name = "hosts";
  environment.type = ComputeEnvironmentType::kUnmanaged;
  const absl::Time now = simulation.now();
  ASSERT_TRUE(scheduler
                  .CreateComputeEnvironment(
                      ComputeEnvironment::Create(environment).value(), now)
                  .ok());
  ASSERT_TRUE(scheduler.AttachPlugins("hosts", {&provider, &runtime}).ok());
  scheduler.Advance(now);
  JobQueueOptions queue;
  queue.job_queue_name = "queue";
  queue.compute_environment_order = {{1, "hosts"}};
  ASSERT_TRUE(
      scheduler.CreateJobQueue(JobQueue::Create(queue).value(), now).ok());
  JobDefinitionOptions options;
  options.job_definition_name = "task";
  options.tags = {{"team", "blue"}};
  options.propagate_tags = true;
  TaskContainerProperties main = Main();
  main.command = {"run", "it"};
  options.ecs_properties.emplace();
  options.ecs_properties->task_properties = {{{main, Beside("logs")}, {}}};
  ASSERT_TRUE(
      scheduler
          .RegisterJobDefinition(JobDefinition::Create(options).value(), now)
          .ok());
  provider.Join("hosts", Resources::Of(4, 4000), "host-1", now);
  scheduler.Advance(now);
  SubmitJobRequest request;
  request.job_name = "a";
  request.job_queue = "queue";
  request.job_definition = "task";
  ASSERT_TRUE(scheduler.SubmitJob(request, now).ok());
  ASSERT_TRUE(simulation.RunUntilIdle(scheduler, [](const Event&) {}).ok());
  EXPECT_EQ(seen["main"], "image run it team=blue");
  EXPECT_EQ(seen["logs"], "image team=blue");
}

// --- Fargate -----------------------------------------------------------------

class FargateTaskTest : public ::testing::Test {
 protected:
  FargateTaskTest() {
    world_.Managed("tasks", OfType(ComputeResourceType::kFargate));
    world_.Queue("queue", {"tasks"});
    JobDefinitionOptions options;
    options.job_definition_name = "task";
    options.platform_capabilities = {PlatformCapability::kFargate};
    options.ecs_properties.emplace();
    TaskContainerProperties main = Main();
    TaskContainerProperties logs = Beside("logs");
    main.resources = {500, 1024, 0};
    logs.resources = {500, 1024, 0};
    options.ecs_properties->task_properties = {{{main, logs}, {}}};
    world_.Define(std::move(options));
  }
  World world_;
};

// Source: §16.4, the attempt never was.
TEST_F(FargateTaskTest, WithoutCapacityTheTaskNeverWas) {
  const JobId a = world_.Submit("a", OfDefinition("task"), FindsNoCapacity(2));
  world_.RunFor(absl::Seconds(30));
  EXPECT_EQ(world_.StatusesOf(a), "SUBMITTED RUNNABLE STARTING RUNNABLE");
  EXPECT_EQ(world_.Describe(a).attempts, 0);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(world_.AttemptsOf(a), SizeIs(1));
  EXPECT_EQ(world_.runtime().counts().start_failed, 2u);
  EXPECT_EQ(world_.runtime().counts().started, 2u);
}

// The others are asked for when the first one is up: there is capacity.
TEST_F(FargateTaskTest, TheFirstContainerBringsTheCapacity) {
  const JobId a = world_.Submit("a", OfDefinition("task"),
                                ContainerNamed("logs", RunsForever()));
  world_.RunFor(absl::Milliseconds(500));
  EXPECT_EQ(world_.runtime().counts().held, 1);
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(world_.runtime().counts().held, 2);
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

}  // namespace
}  // namespace embatch
