// SPDX-License-Identifier: Apache-2.0
//
// What a runtime answers a scheduler that was brought back and asks again.
#include "embatch/sim/simulated_runtime.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/runtime_driver.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Containers start after 1 s and run for 10 s.
class RestartTest : public ::testing::Test {
 protected:
  void StartAgain(uint32_t number) {
    RuntimeDriver::StartOptions again;
    again.after_restart = true;
    driver_.Start(number, again);
  }

  RuntimeDriver driver_;
};

TEST_F(RestartTest, UnknownContainerIsStarted) {
  StartAgain(1);
  EXPECT_THAT(driver_.RunUntil(60),
              ElementsAre("1s 1 Started", "11s 1 Exited 0"));
}

TEST_F(RestartTest, StartingContainerGoesOn) {
  driver_.Start(1);
  StartAgain(1);
  EXPECT_THAT(driver_.RunUntil(60),
              ElementsAre("1s 1 Started", "11s 1 Exited 0"));
  EXPECT_EQ(driver_.counts().requested, 1u);
}

TEST_F(RestartTest, RunningContainerIsReportedAsStartedOnceMore) {
  driver_.Start(1);
  driver_.PollAt(5);
  StartAgain(1);
  StartAgain(1);

  EXPECT_EQ(driver_.NextReport(), 5);
  EXPECT_THAT(driver_.PollAt(6), ElementsAre("1s 1 Started"));
  EXPECT_THAT(driver_.RunUntil(60), ElementsAre("11s 1 Exited 0"));
  EXPECT_EQ(driver_.counts().started, 1u);
}

TEST_F(RestartTest, EndThatMayNotHaveBeenHeardIsReportedOnceMore) {
  driver_.Start(1);
  driver_.Start(2);
  EXPECT_EQ(driver_.PollAt(11).size(), 4u);
  StartAgain(2);
  StartAgain(1);

  EXPECT_THAT(driver_.PollAt(20, 1), ElementsAre("11s 2 Exited 0"));
  EXPECT_THAT(driver_.PollAt(20, 1), ElementsAre("11s 1 Exited 0"));
  EXPECT_EQ(driver_.NextReport(), -1);
  EXPECT_EQ(driver_.counts().requested, 2u);
  EXPECT_EQ(driver_.counts().exited, 2u);
}

TEST_F(RestartTest, RepeatedReportsAreTheOldest) {
  driver_.Start(1);
  driver_.PollAt(2);
  driver_.Start(2);
  driver_.PollAt(4);
  StartAgain(2);
  StartAgain(1);

  EXPECT_THAT(driver_.PollAt(60),
              ElementsAre("1s 1 Started", "3s 2 Started", "11s 1 Exited 0",
                          "13s 2 Exited 0"));
}

TEST_F(RestartTest, RecoveredStopsWhatWasNotAskedForAgain) {
  driver_.Start(1);
  driver_.Start(2);
  driver_.PollAt(0.5);
  driver_.Start(3);
  driver_.PollAt(1);
  StartAgain(1);
  driver_.runtime().Recovered();

  EXPECT_THAT(driver_.PollAt(1), ElementsAre("1s 1 Started"));
  EXPECT_THAT(driver_.RunUntil(60), ElementsAre("11s 1 Exited 0"));
  EXPECT_EQ(driver_.counts().held, 0);
  EXPECT_EQ(driver_.counts().running, 0);
  EXPECT_EQ(driver_.counts().lost, 2u);
}

TEST_F(RestartTest, EachRestartAsksAnew) {
  driver_.Start(1);
  driver_.PollAt(1);
  StartAgain(1);
  driver_.runtime().Recovered();
  driver_.PollAt(1);
  driver_.runtime().Recovered();  // a second restart, which wants nothing

  EXPECT_THAT(driver_.RunUntil(60), IsEmpty());
  EXPECT_EQ(driver_.counts().held, 0);
}

TEST_F(RestartTest, RepetitionIsDroppedWhenTheInstanceIsLost) {
  driver_.Start(1);
  driver_.PollAt(1);
  StartAgain(1);
  driver_.runtime().LoseInstance("machines", {1}, kBeginning);
  EXPECT_THAT(driver_.PollAt(2, 0), IsEmpty());

  EXPECT_THAT(driver_.RunUntil(60), IsEmpty());
}

}  // namespace
}  // namespace embatch
