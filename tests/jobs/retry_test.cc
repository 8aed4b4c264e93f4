// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/jobs/retry.h.
#include "lib/jobs/retry.h"

#include <string>

#include "gtest/gtest.h"

namespace embatch {
namespace {

const FailedAttempt kExitedWithOne = {"Essential container in task exited", "",
                                      1};
const FailedAttempt kHostLost = {"Host EC2 (instance i-1) terminated.", "",
                                 std::nullopt};
const FailedAttempt kNotPulled = {"Task failed to start",
                                  "CannotPullContainerError: x", std::nullopt};

EvaluateOnExit OnStatusReason(std::string pattern, RetryAction action) {
  return {pattern, std::nullopt, std::nullopt, action};
}
EvaluateOnExit OnReason(std::string pattern, RetryAction action) {
  return {std::nullopt, pattern, std::nullopt, action};
}
EvaluateOnExit OnExitCode(std::string pattern, RetryAction action) {
  return {std::nullopt, std::nullopt, pattern, action};
}
constexpr RetryAction kRetry = RetryAction::kRetry;
constexpr RetryAction kExit = RetryAction::kExit;

bool IsDue(int attempts, int made, StopCause stop = StopCause::kNone,
           bool ended_by_caller = false) {
  return IsRetryDue(RetryStrategy{attempts}, made, stop, ended_by_caller,
                    kExitedWithOne);
}

TEST(RetryTest, AttemptsCountAllTries) {
  EXPECT_FALSE(IsDue(1, 1));
  EXPECT_TRUE(IsDue(2, 1));
  EXPECT_FALSE(IsDue(2, 2));
}

TEST(RetryTest, WhatTheCallerEndedOrRanIntoItsTimeoutIsNot) {
  EXPECT_FALSE(IsDue(3, 1, StopCause::kTimedOut));
  EXPECT_FALSE(IsDue(3, 1, StopCause::kTerminated));
  // A cancel while it ran stops nothing, but forbids the next attempt.
  EXPECT_FALSE(IsDue(3, 1, StopCause::kNone, true));
}

TEST(RetryTest, AllSmallCases) {
  for (int attempts = 1; attempts <= 12; ++attempts) {
    for (int made = 1; made <= 12; ++made) {
      for (StopCause stop :
           {StopCause::kNone, StopCause::kTerminated, StopCause::kTimedOut}) {
        for (bool ended_by_caller : {false, true}) {
          for (RetryAction action : {kRetry, kExit}) {
            bool want = action == kRetry;
            if (ended_by_caller || stop == StopCause::kTerminated) want = false;
            if (stop == StopCause::kTimedOut) want = false;
            if (made >= attempts) want = false;
            EXPECT_EQ(
                IsRetryDue(RetryStrategy{attempts, {OnExitCode("*", action)}},
                           made, stop, ended_by_caller, kExitedWithOne),
                want)
                << attempts << " " << made << " " << static_cast<int>(stop)
                << " " << ended_by_caller;
          }
        }
      }
    }
  }
}

TEST(ExitPatternTest, MatchesTheWholeTextOrItsBeginning) {
  const struct {
    const char* pattern;
    const char* text;
    bool want;
  } kCases[] = {
      {"137", "137", true},
      {"137", "1371", false},
      {"137", "13", false},
      {"13*", "137", true},
      {"13*", "13", true},
      {"13*", "1", false},
      {"*", "anything", true},
      {"*", "", true},
      {"", "", true},
      {"", "x", false},
      {"Host EC2*", "Host EC2 (instance i-1) terminated.", true},
      {"host EC2*", "Host EC2 (instance i-1) terminated.", false},
      {"Host EC2", "Host EC2 (instance i-1) terminated.", false},
      {"CannotPullContainerError:*", "CannotPullContainerError: x", true},
      {"*capacity*", "no capacity today", true},
      {"*capacity", "no capacity today", false},
      {"*today", "no capacity today", true},
      {"no*to*ay", "no capacity today", true},
      {"no*no", "no", false},
      {"*a*a*", "a", false},
      {"**", "", true},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(MatchesExitPattern(test.pattern, test.text), test.want)
        << test.pattern << " on " << test.text;
  }
}

// Source: §6.3, the recipe for Spot: retry what the host's loss ended, and
// nothing else.
TEST(EvaluateOnExitTest, SpotRecipe) {
  const RetryStrategy recipe = {
      5, {OnStatusReason("Host EC2*", kRetry), OnReason("*", kExit)}};
  EXPECT_EQ(ActionOnExit(recipe, kHostLost), kRetry);
  EXPECT_EQ(ActionOnExit(recipe, kExitedWithOne), kExit);
  EXPECT_EQ(ActionOnExit(recipe, kNotPulled), kExit);
}

TEST(EvaluateOnExitTest, FirstMatchDecides) {
  const RetryStrategy strategy = {
      5, {OnExitCode("1", kRetry), OnExitCode("1", kExit)}};
  EXPECT_EQ(ActionOnExit(strategy, kExitedWithOne), kRetry);
}

TEST(EvaluateOnExitTest, NoMatchRetries) {
  const RetryStrategy strategy = {5, {OnExitCode("2", kExit)}};
  EXPECT_EQ(ActionOnExit(strategy, kExitedWithOne), kRetry);
}

TEST(EvaluateOnExitTest, AllConditionsOfARuleMustHold) {
  EvaluateOnExit rule = OnExitCode("1", kExit);
  rule.on_reason = "OutOfMemoryError:*";
  EXPECT_EQ(ActionOnExit({5, {rule}}, kExitedWithOne), kRetry);
  FailedAttempt attempt = kExitedWithOne;
  attempt.reason = "OutOfMemoryError: Container killed due to memory usage";
  EXPECT_EQ(ActionOnExit({5, {rule}}, attempt), kExit);
}

// Choice: D19.
TEST(EvaluateOnExitTest, StarMatchesWhatIsMissing) {
  EXPECT_EQ(ActionOnExit({5, {OnExitCode("*", kExit)}}, kHostLost), kExit);
  EXPECT_EQ(ActionOnExit({5, {OnExitCode("0*", kExit)}}, kHostLost), kRetry);
  EXPECT_EQ(ActionOnExit({5, {OnReason("*", kExit)}}, kHostLost), kExit);
}

}  // namespace
}  // namespace embatch
