// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/jobs/retry.h.
#include "lib/jobs/retry.h"

#include "gtest/gtest.h"

namespace embatch {
namespace {

TEST(RetryTest, AttemptsCountAllTries) {
  EXPECT_FALSE(IsRetryDue(RetryStrategy{1}, 1, StopCause::kNone, false));
  EXPECT_TRUE(IsRetryDue(RetryStrategy{2}, 1, StopCause::kNone, false));
  EXPECT_FALSE(IsRetryDue(RetryStrategy{2}, 2, StopCause::kNone, false));
}

TEST(RetryTest, WhatTheCallerEndedOrRanIntoItsTimeoutIsNot) {
  EXPECT_FALSE(IsRetryDue(RetryStrategy{3}, 1, StopCause::kTimedOut, false));
  EXPECT_FALSE(IsRetryDue(RetryStrategy{3}, 1, StopCause::kTerminated, false));
  // A cancel while it ran stops nothing, but forbids the next attempt.
  EXPECT_FALSE(IsRetryDue(RetryStrategy{3}, 1, StopCause::kNone, true));
}

TEST(RetryTest, AllSmallCases) {
  for (int attempts = 1; attempts <= 12; ++attempts) {
    for (int made = 1; made <= 12; ++made) {
      for (StopCause stop :
           {StopCause::kNone, StopCause::kTerminated, StopCause::kTimedOut}) {
        for (bool ended_by_caller : {false, true}) {
          bool want = true;
          if (ended_by_caller || stop == StopCause::kTerminated) want = false;
          if (stop == StopCause::kTimedOut) want = false;
          if (made >= attempts) want = false;
          EXPECT_EQ(
              IsRetryDue(RetryStrategy{attempts}, made, stop, ended_by_caller),
              want)
              << attempts << " " << made << " " << static_cast<int>(stop) << " "
              << ended_by_caller;
        }
      }
    }
  }
}

}  // namespace
}  // namespace embatch
