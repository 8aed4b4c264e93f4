// SPDX-License-Identifier: Apache-2.0
//
// What a runtime does with the containers of an instance that is lost.
#include <optional>

#include "embatch/sim/simulated_runtime.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/runtime_driver.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Containers start after 1 s and run for 10 s.
class InstanceLossTest : public ::testing::Test {
 protected:
  static SimulatedRuntimeOptions Late(absl::Duration delay) {
    SimulatedRuntimeOptions options;
    options.late_report_delay = delay;
    return options;
  }

  static void Lose(RuntimeDriver& driver, double seconds,
                   uint64_t instance = 1) {
    driver.runtime().LoseInstance("machines", {instance},
                                  kBeginning + absl::Seconds(seconds));
  }

  static RuntimeDriver::StartOptions On(uint64_t instance) {
    RuntimeDriver::StartOptions options;
    options.instance = {instance};
    return options;
  }

  RuntimeDriver driver_;
};

TEST_F(InstanceLossTest, NothingMoreIsHeardOfItsContainers) {
  driver_.Start(1);
  driver_.Start(2, On(2));
  EXPECT_THAT(driver_.PollAt(5), ElementsAre("1s 1 Started", "1s 2 Started"));
  Lose(driver_, 5);

  EXPECT_THAT(driver_.RunUntil(60), ElementsAre("11s 2 Exited 0"));
  EXPECT_EQ(driver_.counts().lost, 1u);
  EXPECT_EQ(driver_.counts().held, 0);
  EXPECT_EQ(driver_.counts().running, 0);
}

TEST_F(InstanceLossTest, WhatHappensBeforeTheLossIsReported) {
  driver_.Start(1);
  Lose(driver_, 11);  // the moment of its end: the end comes first
  driver_.Start(2);
  driver_.PollAt(3);
  driver_.Start(3);
  EXPECT_EQ(driver_.counts().running, 2);

  EXPECT_THAT(driver_.PollAt(60),
              ElementsAre("4s 3 Started", "11s 1 Exited 0", "11s 2 Exited 0"));
  EXPECT_EQ(driver_.counts().lost, 1u);
  EXPECT_EQ(driver_.counts().running, 0);
}

TEST_F(InstanceLossTest, LossIsNoReport) {
  driver_.Start(1);
  driver_.PollAt(1);
  Lose(driver_, 5);

  EXPECT_EQ(driver_.NextReport(), -1);
  driver_.PollAt(4.999);
  EXPECT_EQ(driver_.counts().running, 1);
  EXPECT_THAT(driver_.PollAt(5), IsEmpty());
  EXPECT_EQ(driver_.counts().running, 0);
}

TEST_F(InstanceLossTest, ContainerThatHasNotStartedDiesToo) {
  driver_.Start(1);
  Lose(driver_, 0.5);

  EXPECT_THAT(driver_.RunUntil(60), IsEmpty());
  EXPECT_EQ(driver_.counts().lost, 1u);
  EXPECT_EQ(driver_.counts().started, 0u);
}

TEST_F(InstanceLossTest, NothingRunsOnAnInstanceThatIsLost) {
  Lose(driver_, 2);
  driver_.PollAt(3);
  driver_.Start(1);

  EXPECT_THAT(driver_.RunUntil(60), IsEmpty());
  EXPECT_EQ(driver_.counts().held, 0);
  EXPECT_EQ(driver_.counts().lost, 1u);
}

TEST_F(InstanceLossTest, TheEarlierOfTwoLossesCounts) {
  driver_.Start(1);
  Lose(driver_, 20);
  Lose(driver_, 5);
  Lose(driver_, 8);
  EXPECT_THAT(driver_.RunUntil(60), ElementsAre("1s 1 Started"));
  EXPECT_EQ(driver_.counts().lost, 1u);
}

TEST_F(InstanceLossTest, InstancesOfTwoEnvironmentsMayShareAnId) {
  driver_.Start(1);
  RuntimeDriver::StartOptions elsewhere;
  elsewhere.compute_environment = "elsewhere";
  driver_.Start(2, elsewhere);
  Lose(driver_, 5);

  EXPECT_THAT(driver_.RunUntil(60),
              ElementsAre("1s 1 Started", "1s 2 Started", "11s 2 Exited 0"));
}

TEST_F(InstanceLossTest, StoppedContainerMayStillEndBeforeTheLoss) {
  ContainerFate fate;
  fate.run_time = absl::Hours(1);
  SimulatedRuntimeOptions options;
  options.default_fate = fate;
  RuntimeDriver driver(options);
  driver.Start(1);
  driver.PollAt(5);
  Lose(driver, 20);
  driver.Stop(1, absl::Seconds(30));

  EXPECT_THAT(driver.RunUntil(60), ElementsAre("5s 1 Exited 143"));
  EXPECT_EQ(driver.counts().lost, 0u);
}

TEST_F(InstanceLossTest, LateReportsComeAfterTheLoss) {
  RuntimeDriver driver(Late(absl::Seconds(3)));
  driver.Start(1);
  driver.PollAt(4);
  driver.Start(2);
  Lose(driver, 4.5);

  EXPECT_EQ(driver.NextReport(), 7.5);
  EXPECT_THAT(driver.RunUntil(60),
              ElementsAre("7.5s 1 Exited 137", "7.5s 2 Exited 137"));
  EXPECT_EQ(driver.counts().lost, 2u);
  EXPECT_EQ(driver.counts().exited, 2u);
  EXPECT_EQ(driver.counts().held, 0);
  EXPECT_EQ(driver.counts().running, 0);
}

TEST_F(InstanceLossTest, LateReportNeverComesAtTheMomentOfTheLoss) {
  RuntimeDriver driver(Late(absl::ZeroDuration()));
  driver.Start(1);
  driver.PollAt(4);
  Lose(driver, 4);

  EXPECT_THAT(driver.PollAt(4), IsEmpty());
  EXPECT_EQ(driver.counts().running, 0);
  EXPECT_THAT(driver.PollAt(5), ElementsAre("4.000000001s 1 Exited 137"));
}

TEST_F(InstanceLossTest, ContainerStartedOnALostInstanceIsReportedLate) {
  RuntimeDriver driver(Late(absl::Seconds(3)));
  Lose(driver, 2);
  driver.PollAt(10);
  driver.Start(1);

  EXPECT_THAT(driver.RunUntil(60), ElementsAre("13s 1 Exited 137"));
  EXPECT_EQ(driver.counts().lost, 1u);
}

}  // namespace
}  // namespace embatch
