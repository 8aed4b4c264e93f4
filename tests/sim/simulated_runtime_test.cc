// SPDX-License-Identifier: Apache-2.0
#include "embatch/sim/simulated_runtime.h"

#include <cstdint>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/runtime_driver.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SimulatedRuntimeOptions With(const ContainerFate& fate) {
  SimulatedRuntimeOptions options;
  options.default_fate = fate;
  return options;
}

ContainerFate RunsFor(absl::Duration run_time) {
  ContainerFate fate;
  fate.run_time = run_time;
  return fate;
}

TEST(SimulatedRuntimeTest, ContainerStartsAndExitsAsItsFateSays) {
  ContainerFate fate;
  fate.start_delay = absl::Seconds(2);
  fate.run_time = absl::Seconds(30);
  fate.exit_code = 3;
  fate.reason = "ate too much";
  RuntimeDriver driver(With(fate));

  driver.Start(1);

  EXPECT_EQ(driver.NextReport(), 2);
  EXPECT_THAT(driver.PollAt(1.999), IsEmpty());
  EXPECT_THAT(driver.PollAt(2), ElementsAre("2s 1 Started"));
  EXPECT_EQ(driver.NextReport(), 32);
  EXPECT_THAT(driver.PollAt(31.999), IsEmpty());
  EXPECT_THAT(driver.PollAt(32), ElementsAre("32s 1 Exited 3 (ate too much)"));
  EXPECT_EQ(driver.NextReport(), -1);
}

TEST(SimulatedRuntimeTest, LatePollReportsTheTimesAtWhichThingsHappened) {
  RuntimeDriver driver(With(RunsFor(absl::Seconds(10))));
  driver.Start(1);
  driver.Start(2);

  EXPECT_THAT(driver.PollAt(100),
              ElementsAre("1s 1 Started", "1s 2 Started", "11s 1 Exited 0",
                          "11s 2 Exited 0"));
}

TEST(SimulatedRuntimeTest, WhatExceedsTheMaximumWaits) {
  RuntimeDriver driver(With(RunsFor(absl::Seconds(10))));
  for (uint32_t i = 1; i <= 3; ++i) driver.Start(i);

  EXPECT_THAT(driver.PollAt(1, 0), IsEmpty());
  EXPECT_THAT(driver.PollAt(1, 2), ElementsAre("1s 1 Started", "1s 2 Started"));
  EXPECT_EQ(driver.NextReport(), 1);
  EXPECT_THAT(driver.PollAt(12, 2),
              ElementsAre("1s 3 Started", "11s 1 Exited 0"));
  EXPECT_THAT(driver.PollAt(12, 2),
              ElementsAre("11s 2 Exited 0", "11s 3 Exited 0"));
}

TEST(SimulatedRuntimeTest, StartFailureIsTheOnlyReport) {
  ContainerFate fate;
  fate.start_fails = true;
  fate.reason = "CannotPullContainerError: no such image";
  RuntimeDriver driver(With(fate));
  driver.Start(1);

  EXPECT_THAT(driver.RunUntil(1000),
              ElementsAre("1s 1 StartFailed "
                          "(CannotPullContainerError: no such image)"));
  EXPECT_EQ(driver.counts().start_failed, 1u);
  EXPECT_EQ(driver.counts().held, 0);
}

TEST(SimulatedRuntimeTest, InfiniteDurationsAreNeverDue) {
  RuntimeDriver forever(With(RunsFor(absl::InfiniteDuration())));
  forever.Start(1);
  EXPECT_THAT(forever.RunUntil(1e9), ElementsAre("1s 1 Started"));
  EXPECT_EQ(forever.counts().running, 1);

  ContainerFate fate;
  fate.start_delay = absl::InfiniteDuration();
  RuntimeDriver never(With(fate));
  never.Start(1);
  EXPECT_THAT(never.RunUntil(1e9), IsEmpty());
  EXPECT_EQ(never.counts().held, 1);
}

TEST(SimulatedRuntimeTest, FateWithoutDelaysIsReportedAtOnce) {
  ContainerFate fate;
  fate.start_delay = absl::ZeroDuration();
  fate.run_time = absl::ZeroDuration();
  RuntimeDriver driver(With(fate));
  EXPECT_THAT(driver.PollAt(5), IsEmpty());
  driver.Start(1);

  EXPECT_EQ(driver.NextReport(), 5);
  EXPECT_THAT(driver.PollAt(5), ElementsAre("5s 1 Started", "5s 1 Exited 0"));
}

TEST(SimulatedRuntimeTest, ScriptDecidesForEachContainer) {
  SimulatedRuntimeOptions options;
  options.script = [](const ContainerSpec& spec) {
    ContainerFate fate;
    fate.exit_code = static_cast<int>(spec.container.attempt.job.slot);
    return fate;
  };
  RuntimeDriver driver(options);
  driver.Start(7);
  driver.Start(9);

  EXPECT_THAT(driver.RunUntil(60),
              ElementsAre("1s 7 Started", "1s 9 Started", "11s 7 Exited 7",
                          "11s 9 Exited 9"));
}

TEST(SimulatedRuntimeTest, KnownContainerIsNotStartedAgain) {
  RuntimeDriver driver;
  driver.Start(1);
  driver.Start(1);
  EXPECT_THAT(driver.PollAt(1), ElementsAre("1s 1 Started"));
  driver.Start(1);

  EXPECT_THAT(driver.RunUntil(60), ElementsAre("11s 1 Exited 0"));
  EXPECT_EQ(driver.counts().requested, 1u);
}

TEST(SimulatedRuntimeTest, AttemptsOfOneJobAreDifferentContainers) {
  RuntimeDriver driver;
  ContainerSpec spec;
  spec.container = ContainerOf(1);
  driver.runtime().Start(spec);
  spec.container.attempt.number = 2;
  driver.runtime().Start(spec);
  spec.container.attempt.job.child = 0;
  driver.runtime().Start(spec);

  EXPECT_EQ(driver.counts().requested, 3u);
  EXPECT_EQ(driver.PollAt(1).size(), 3u);
}

TEST(SimulatedRuntimeTest, StopIsObeyedOrEnforced) {
  struct Case {
    const char* name;
    absl::Duration stop_delay;
    absl::Duration grace;
    const char* want;
  };
  const Case kCases[] = {
      {"obeys at once", absl::ZeroDuration(), absl::Seconds(30),
       "5s 1 Exited 143"},
      {"obeys in time", absl::Seconds(4), absl::Seconds(30), "9s 1 Exited 143"},
      {"obeys as the grace ends", absl::Seconds(30), absl::Seconds(30),
       "35s 1 Exited 143"},
      {"takes too long", absl::Seconds(31), absl::Seconds(30),
       "35s 1 Exited 137"},
      {"ignores it", absl::InfiniteDuration(), absl::Seconds(30),
       "35s 1 Exited 137"},
      {"has no grace", absl::Seconds(1), absl::ZeroDuration(),
       "5s 1 Exited 137"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    ContainerFate fate = RunsFor(absl::Hours(1));
    fate.reason = "of the natural end";
    fate.stop_delay = c.stop_delay;
    RuntimeDriver driver(With(fate));
    driver.Start(1);
    driver.PollAt(5);
    driver.Stop(1, c.grace);

    EXPECT_THAT(driver.RunUntil(7200), ElementsAre(c.want));
  }
}

TEST(SimulatedRuntimeTest, ContainerThatEndsBeforeItsStopKeepsItsExitCode) {
  ContainerFate fate = RunsFor(absl::Seconds(10));
  fate.exit_code = 5;
  fate.stop_delay = absl::Seconds(8);
  RuntimeDriver driver(With(fate));
  driver.Start(1);
  driver.PollAt(5);
  driver.Stop(1, absl::Seconds(30));

  EXPECT_THAT(driver.RunUntil(60), ElementsAre("11s 1 Exited 5"));
}

TEST(SimulatedRuntimeTest, SecondStopMayOnlyShorten) {
  ContainerFate fate = RunsFor(absl::InfiniteDuration());
  fate.stop_delay = absl::InfiniteDuration();
  RuntimeDriver driver(With(fate));
  driver.Start(1);
  driver.PollAt(5);
  driver.Stop(1, absl::Seconds(30));
  driver.Stop(1, absl::Seconds(60));
  driver.Stop(1, absl::Seconds(10));

  EXPECT_EQ(driver.NextReport(), 15);
  EXPECT_THAT(driver.RunUntil(100), ElementsAre("15s 1 Exited 137"));
}

TEST(SimulatedRuntimeTest, StopBeforeTheStartEndsAtOnceWithoutExitCode) {
  ContainerFate fate;
  fate.start_delay = absl::Minutes(5);
  fate.start_fails = true;
  RuntimeDriver driver(With(fate));
  driver.Start(1);
  driver.PollAt(5);
  driver.Stop(1, absl::Seconds(30));
  driver.Stop(1, absl::Seconds(30));

  EXPECT_THAT(driver.RunUntil(1000), ElementsAre("5s 1 Exited"));
  EXPECT_EQ(driver.counts().running, 0);
  EXPECT_EQ(driver.counts().held, 0);
}

TEST(SimulatedRuntimeTest, StopOfUnknownOrFinishedContainerIsIgnored) {
  RuntimeDriver driver;
  driver.Stop(1, absl::Seconds(30));
  driver.Start(2);
  driver.PollAt(60);
  driver.Stop(2, absl::Seconds(30));

  EXPECT_EQ(driver.NextReport(), -1);
  EXPECT_THAT(driver.PollAt(1000), IsEmpty());
}

TEST(SimulatedRuntimeTest, CountsFollowTheContainers) {
  RuntimeDriver driver(With(RunsFor(absl::Seconds(10))));
  driver.Start(1);
  driver.Start(2);
  driver.PollAt(5);
  driver.Start(3);
  EXPECT_EQ(driver.counts().held, 3);
  EXPECT_EQ(driver.counts().running, 2);
  driver.RunUntil(60);

  EXPECT_EQ(driver.counts().requested, 3u);
  EXPECT_EQ(driver.counts().started, 3u);
  EXPECT_EQ(driver.counts().exited, 3u);
  EXPECT_EQ(driver.counts().held, 0);
  EXPECT_EQ(driver.counts().running, 0);
  EXPECT_EQ(driver.counts().running_peak, 3);
}

// Stopped containers leave their ends far in the future behind; those may
// neither be announced nor pile up.
TEST(SimulatedRuntimeTest, ManyStoppedContainersLeaveNothingBehind) {
  RuntimeDriver driver(With(RunsFor(absl::Hours(10000))));
  double now = 0;
  for (uint32_t round = 0; round < 20; ++round) {
    for (uint32_t i = 0; i < 500; ++i) driver.Start(round * 500 + i);
    EXPECT_EQ(driver.PollAt(now + 1).size(), 500u);
    for (uint32_t i = 0; i < 500; ++i) {
      driver.Stop(round * 500 + i, absl::Seconds(30));
    }
    EXPECT_EQ(driver.NextReport(), now + 1);
    EXPECT_EQ(driver.PollAt(now + 1).size(), 500u);
    EXPECT_EQ(driver.NextReport(), -1);
    now += 10;
  }
  EXPECT_EQ(driver.counts().exited, 10000u);
}

}  // namespace
}  // namespace embatch
