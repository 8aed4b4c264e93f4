// SPDX-License-Identifier: Apache-2.0
//
// Machines come and go with the work. Source: §16.2, §16.4 to §16.6. Choice:
// D24, D25, D45 to D48, D71.
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;

class ScalingTest : public ScenarioTest {
 protected:
  explicit ScalingTest(WorldOptions options = {})
      : ScenarioTest(std::move(options)) {}

  int64_t VcpusOf(const std::string& environment) {
    return world_.scheduler().DescribeComputeEnvironment(environment)->vcpus;
  }
  std::vector<std::string> TypesOf(const std::string& environment) {
    std::vector<std::string> types;
    for (const SimulatedInstance& instance :
         world_.provider(environment).Instances()) {
      types.push_back(instance.instance_type);
    }
    return types;
  }
};

TEST_F(ScalingTest, NoMachineWithoutWork) {
  world_.Managed("machines");
  world_.Queue("queue", {"machines"});
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(world_.provider("machines").counts().launches, 0u);
}

TEST_F(ScalingTest, MachinesComeForWhatWaitsAndGoWhenItIsDone) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  const JobId a = world_.Submit("a", Array(5));
  world_.Settle();
  EXPECT_EQ(VcpusOf("machines"), 6);  // three machines for five jobs
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(VcpusOf("machines"), 0);
  EXPECT_EQ(world_.provider("machines").counts().launches, 3u);
  EXPECT_EQ(world_.provider("machines").counts().terminated, 3u);
}

TEST_F(ScalingTest, ViewCountsWhatBoots) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  world_.Submit("a", Array(4), RunsForever());
  world_.Settle();
  auto view = world_.scheduler().DescribeComputeEnvironment("machines");
  EXPECT_EQ(view->instances, 2);
  EXPECT_EQ(view->booting, 2);
  EXPECT_EQ(view->desired_vcpus, 4);
  EXPECT_EQ(view->free, Resources());
  world_.RunFor(absl::Minutes(1));
  view = world_.scheduler().DescribeComputeEnvironment("machines");
  EXPECT_EQ(view->booting, 0);
  EXPECT_EQ(view->free, (Resources{0, 2 * 4000 - 4 * 512, 0}));
}

TEST_F(ScalingTest, BootingMachinesAreCountedOnce) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  world_.Submit("a");
  world_.RunFor(absl::Seconds(30));
  world_.Submit("b");  // has room beside a
  world_.RunFor(absl::Seconds(10));
  EXPECT_EQ(world_.provider("machines").counts().launches, 1u);
  world_.Submit("c");
  world_.Settle();
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
}

TEST_F(ScalingTest, MaximumMayBePassedByLessThanOneMachine) {
  world_.Managed("machines", MaxVcpus(5), Offers("t.4", 4, 8000),
                 Progressive());
  world_.Submit("a", Array(20));
  world_.Settle();
  EXPECT_EQ(VcpusOf("machines"), 8);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
}

// Choice: D65.
TEST_F(ScalingTest, BestFitNeverPassesTheMaximumOnDemand) {
  world_.Managed("machines", MaxVcpus(5), Offers("t.4", 4, 8000));
  const JobId a = world_.Submit("a", Array(20));
  world_.Settle();
  EXPECT_EQ(VcpusOf("machines"), 4);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.provider("machines").counts().launches, 1u);
}

TEST_F(ScalingTest, BestFitMayPassTheMaximumOnSpot) {
  world_.Managed("machines", MaxVcpus(5), Offers("t.4", 4, 8000),
                 OfType(ComputeResourceType::kSpot));
  world_.Submit("a", Array(20));
  world_.Settle();
  EXPECT_EQ(VcpusOf("machines"), 8);
}

// A type that is larger than maxvCpus is none for BEST_FIT.
TEST_F(ScalingTest, BestFitTakesATypeThatFitsUnderTheMaximum) {
  world_.Managed("machines", MaxVcpus(4), Offers("big.16", 16, 32000, 100),
                 Offers("small.2", 2, 4000, 900000));
  world_.Submit("a");
  world_.Settle();
  EXPECT_THAT(TypesOf("machines"), ElementsAre("small.2"));
}

TEST_F(ScalingTest, EnvironmentBelowTheJobsVcpusNeverServesIt) {
  world_.Managed("machines", MaxVcpus(3), Offers("t.4", 4, 8000));
  const JobId a = world_.Submit("a", Needs(4, 512));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.provider("machines").counts().launches, 0u);
}

TEST_F(ScalingTest, MinimumIsKeptWithoutWork) {
  world_.Managed("machines", MinVcpus(3), Offers("t.2", 2, 4000));
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(VcpusOf("machines"), 4);  // whole machines
  world_.Queue("queue", {"machines"});
  world_.Submit("a", Array(8));
  world_.RunUntilIdle();
  EXPECT_EQ(VcpusOf("machines"), 4);
}

TEST_F(ScalingTest, MinimumIsFilledWithTheCheapestTypePerVcpu) {
  world_.Managed("machines", MinVcpus(4), Offers("dear.4", 4, 8000, 400000),
                 Offers("cheap.2", 2, 4000, 100000));
  world_.RunFor(absl::Minutes(5));
  EXPECT_THAT(TypesOf("machines"), ElementsAre("cheap.2", "cheap.2"));
}

TEST_F(ScalingTest, LostMachineOfTheMinimumIsReplaced) {
  world_.Managed("machines", MinVcpus(2), Offers("t.2", 2, 4000));
  world_.RunFor(absl::Minutes(5));
  world_.LoseInstance("machines");
  world_.RunFor(absl::Minutes(5));
  EXPECT_EQ(VcpusOf("machines"), 2);
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
}

// --- Which type
// -----------------------------------------------------------------

TEST_F(ScalingTest, CheapestTypePerVcpuOfThoseThatFit) {
  world_.Managed("machines", Offers("tiny.1", 1, 1000, 10000),
                 Offers("dear.4", 4, 8000, 500000),
                 Offers("good.8", 8, 16000, 800000));
  world_.Submit("a", Needs(2, 2000));
  world_.Settle();
  EXPECT_THAT(TypesOf("machines"), ElementsAre("good.8"));
}

TEST_F(ScalingTest, OfEqualPriceTheSmallerTypeThenTheName) {
  world_.Managed("machines", Offers("b.4", 4, 8000, 400000),
                 Offers("z.2", 2, 4000, 200000),
                 Offers("y.2", 2, 4000, 200000));
  world_.Submit("a");
  world_.Settle();
  EXPECT_THAT(TypesOf("machines"), ElementsAre("y.2"));
}

TEST_F(ScalingTest, OnlyAllowedTypesAreLaunched) {
  world_.Managed("machines", Offers("c.2", 2, 4000, 1),
                 Offers("m.2", 2, 4000, 9), Offers("m.4", 4, 8000, 19),
                 UsesTypes("m"));
  world_.Submit("a");
  world_.Settle();
  EXPECT_THAT(TypesOf("machines"), ElementsAre("m.2"));
}

TEST_F(ScalingTest, NextTypeIsTakenWhenTheBestIsNotToBeHad) {
  world_.Managed("machines", Offers("best.2", 2, 4000, 100000),
                 Offers("next.2", 2, 4000, 200000), HasOnly(1, "best.2"),
                 Progressive());
  const JobId a = world_.Submit("a", Array(4));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StopTimeOf(a.Child(0)), world_.StopTimeOf(a.Child(3)));
}

// Source: API CRAllocationStrategy, BEST_FIT ("waits").
TEST_F(ScalingTest, BestFitWaitsForTheBestType) {
  world_.Managed("machines", Offers("best.2", 2, 4000, 100000),
                 Offers("next.2", 2, 4000, 200000), HasOnly(1, "best.2"));
  const JobId a = world_.Submit("a", Array(4));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_LT(world_.StopTimeOf(a.Child(0)), world_.StopTimeOf(a.Child(3)));
}

// While BEST_FIT waits, the next environment may serve the job (§13.4).
TEST_F(ScalingTest, WhereBestFitWaitsTheNextEnvironmentServes) {
  world_.Managed("first", Offers("best.2", 2, 4000, 100000),
                 Offers("next.2", 2, 4000, 200000), HasOnly(0, "best.2"));
  // Ready before the first is asked again.
  world_.Managed("second", Offers("t.2", 2, 4000), BootsIn(absl::Seconds(30)));
  world_.Queue("queue", {"first", "second"});
  const JobId a = world_.Submit("a");
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.provider("second").counts().launches, 1u);
}

// Choice: beyond D22. The second environment's machine is ready at the moment
// at which the first, which never has any, may be asked again. Whatever the
// first may still promise, its last launch failed: the job does not wait.
TEST_F(ScalingTest, AnEnvironmentWithoutCapacityHoldsNobodyUpForEver) {
  world_.Managed("first", Offers("f.2", 2, 4000),
                 RefusesLaunches(LaunchFailure::kCapacity));
  world_.Managed("second", Offers("s.2", 2, 4000), BootsIn(absl::Minutes(1)));
  world_.Queue("queue", {"first", "second"});
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.provider("second").counts().launches, 1u);
}

// Its launches fail late, so that it is asked again while the second
// environment's machine boots, and has not said no when that is ready.
TEST_F(ScalingTest, NorWhenItTakesLongToSayNo) {
  world_.Managed("first", Offers("f.2", 2, 4000),
                 RefusesLaunches(LaunchFailure::kCapacity),
                 [](EnvironmentPlan& plan) {
                   plan.provider.launch_failure_delay = absl::Seconds(20);
                 });
  world_.Managed("second", Offers("s.2", 2, 4000), BootsIn(absl::Seconds(70)));
  world_.Queue("queue", {"first", "second"});
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_EQ(world_.provider("second").counts().launches, 1u);
}

// One that had capacity again is waited for again. Choice: D22.
TEST_F(ScalingTest, AnEnvironmentIsTrustedOnceItHadCapacity) {
  int launches = 0;
  world_.Managed("first", Offers("f.2", 2, 4000), BootsIn(absl::Seconds(20)),
                 [&launches](EnvironmentPlan& plan) {
                   plan.provider.script = [&launches](const LaunchRequest&) {
                     return ++launches == 1 ? std::optional<LaunchFailure>(
                                                  LaunchFailure::kCapacity)
                                            : std::nullopt;
                   };
                 });
  world_.Managed("second", Offers("s.8", 8, 16000), BootsIn(absl::Seconds(70)));
  world_.Queue("queue", {"first", "second"});
  world_.Submit("a", RunsFor(absl::Minutes(10)), Needs(2, 512));
  world_.Submit("b", RunsFor(absl::Minutes(10)), Needs(2, 512));
  world_.RunFor(absl::Minutes(3));
  // Asked for two at once, and had one of them; a minute later asked again, and
  // waited for, though the second environment's machine was ready before.
  EXPECT_EQ(launches, 3);
  EXPECT_EQ(world_.scheduler().DescribeComputeEnvironment("second")->instances,
            0);
}

TEST_F(ScalingTest, TypeThatIsNotToBeHadIsLeftAloneForAWhile) {
  world_.Managed("machines", Offers("t.2", 2, 4000), HasOnly(0, "t.2"));
  world_.Submit("a");
  world_.RunFor(absl::Seconds(59));
  EXPECT_EQ(world_.provider("machines").counts().launches, 1u);
  world_.RunFor(absl::Seconds(1));
  EXPECT_EQ(world_.provider("machines").counts().launches, 2u);
}

// A machine registers less than its type promised, and the job does not fit.
TEST_F(ScalingTest, NoMachineIsLaunchedForEverForAJobThatDoesNotFitIt) {
  world_.Managed("machines", Offers("t.2", 2, 8192),
                 Registers("t.2", Resources::Of(2, 7985)));
  const JobId a = world_.Submit("a", Needs(1, 8192));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.provider("machines").counts().launches, 1u);
  EXPECT_EQ(world_.provider("machines").Instances().size(), 0u);
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_THAT(
      world_.ReasonOf(a),
      ::testing::StartsWith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"));
}

// --- Letting go
// -------------------------------------------------------------------

// Small idle machines fill the environment; the head needs a large one.
TEST_F(ScalingTest, SmallIdleMachinesMakeRoomForALargeOne) {
  world_.Managed("machines", MaxVcpus(4), Offers("t.2", 2, 4000, 100000),
                 Offers("t.4", 4, 8000, 900000));
  world_.Queue("queue", {"machines"});
  world_.Submit("small", Array(4));
  world_.RunFor(absl::Minutes(1));
  const JobId large = world_.Submit("large", Needs(3, 512));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(large), JobStatus::kSucceeded);
  EXPECT_EQ(world_.provider("machines").counts().launches, 3u);
}

TEST_F(ScalingTest, MachineWithAJobStays) {
  world_.Managed("machines", Offers("t.4", 4, 8000));
  world_.Submit("short", Needs(2, 512));
  const JobId a = world_.Submit("long", RunsFor(absl::Hours(5)));
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(VcpusOf("machines"), 4);
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
}

WorldOptions Patient() {
  WorldOptions options;
  options.scheduler.idle_time_before_scale_in = absl::Minutes(10);
  return options;
}

class IdleTimeTest : public ScalingTest {
 protected:
  IdleTimeTest() : ScalingTest(Patient()) {}
};

TEST_F(IdleTimeTest, IdleMachineStaysForTheSetTime) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  const JobId a = world_.Submit("a");
  world_.RunFor(absl::Minutes(5));
  const absl::Time stop = world_.StopTimeOf(a);
  world_.RunUntil(stop + absl::Minutes(10) - absl::Nanoseconds(1));
  EXPECT_EQ(VcpusOf("machines"), 2);
  world_.RunUntil(stop + absl::Minutes(10));
  EXPECT_EQ(VcpusOf("machines"), 0);
}

TEST_F(IdleTimeTest, NewJobStartsTheTimeAgain) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  world_.Submit("a");
  world_.RunFor(absl::Minutes(8));
  const JobId b = world_.Submit("b");
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kStarting);  // no waiting for boot
  world_.RunFor(absl::Minutes(8));
  EXPECT_EQ(VcpusOf("machines"), 2);
  world_.RunFor(absl::Minutes(4));
  EXPECT_EQ(VcpusOf("machines"), 0);
}

}  // namespace
}  // namespace embatch
