// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/base/check.h.

#include "lib/base/check.h"

#include "gtest/gtest.h"

namespace embatch {
namespace {

TEST(CheckDeathTest, NamesThePlaceAndTheCondition) {
  const int slots = 3;
  EXPECT_DEATH(EMBATCH_CHECK(slots == 4),
               "check_test.cc:[0-9]+: check failed: slots == 4");
}

TEST(CheckTest, EvaluatesATrueConditionOnce) {
  int calls = 0;
  EMBATCH_CHECK(++calls == 1);
  EXPECT_EQ(calls, 1);
}

TEST(CheckTest, DebugCheckRunsInDebugBuildsOnly) {
  int calls = 0;
  EMBATCH_DCHECK(++calls == 1);
#ifdef NDEBUG
  EXPECT_EQ(calls, 0);
#else
  EXPECT_EQ(calls, 1);
#endif
}

}  // namespace
}  // namespace embatch
