// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/capacity/service_capacity.h.
#include "lib/capacity/service_capacity.h"

#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

using Usage = std::vector<CapacityUsage>;

TEST(ServiceCapacityTest, NumInstancesCountsAllTypes) {
  ServiceCapacity capacity;
  capacity.SetLimits({{3, kUnitInstances}});
  EXPECT_TRUE(capacity.Fits(Usage{{"a", 1}, {"b", 2}}));
  EXPECT_FALSE(capacity.MayEverFit(Usage{{"a", 2}, {"b", 2}}));
  capacity.Take(Usage{{"a", 2}});
  EXPECT_EQ(capacity.InUse(kUnitInstances), 2);
  EXPECT_EQ(capacity.Left(kUnitInstances), 1);
  EXPECT_TRUE(capacity.Fits(Usage{{"b", 1}}));
  EXPECT_FALSE(capacity.Fits(Usage{{"b", 2}}));
  EXPECT_FALSE(capacity.Fits(Usage{{"b", 1}}, Usage{{"c", 1}}))
      << "the last one is kept for others";
  capacity.Give(Usage{{"a", 2}});
  EXPECT_TRUE(capacity.Fits(Usage{{"b", 3}}));
}

TEST(ServiceCapacityTest, EachTypeHasItsLimitAndOthersMayNotBeUsed) {
  ServiceCapacity capacity;
  capacity.SetLimits({{3, "a"}, {1, "b"}});
  EXPECT_FALSE(capacity.MayEverFit(Usage{{"c", 1}}));
  EXPECT_EQ(capacity.Left("c"), 0);
  EXPECT_TRUE(capacity.Fits(Usage{{"a", 3}, {"b", 1}}));
  capacity.Take(Usage{{"b", 1}});
  EXPECT_TRUE(capacity.Fits(Usage{{"a", 3}}));
  EXPECT_FALSE(capacity.Fits(Usage{{"a", 1}, {"b", 1}}));
  EXPECT_TRUE(capacity.MayEverFit(Usage{{"a", 1}, {"b", 1}}));
}

TEST(ServiceCapacityTest, LimitsMayChangeWhileSomeIsUsed) {
  ServiceCapacity capacity;
  capacity.SetLimits({{3, kUnitInstances}});
  capacity.Take(Usage{{"a", 3}});
  capacity.SetLimits({{2, "a"}, {1, "b"}});
  EXPECT_EQ(capacity.Left("a"), -1);
  EXPECT_FALSE(capacity.Fits(Usage{{"a", 1}}));
  EXPECT_TRUE(capacity.Fits(Usage{{"b", 1}})) << "a is not its business";
}

TEST(ServiceCapacityTest, BacksOffByType) {
  ServiceCapacity capacity;
  capacity.BackOff(Usage{{"a", 1}}, 10);
  capacity.BackOff(Usage{{"a", 1}}, 5);  // no earlier
  EXPECT_TRUE(capacity.IsBackingOff(Usage{{"a", 9}, {"b", 1}}));
  EXPECT_FALSE(capacity.IsBackingOff(Usage{{"b", 1}}));
  capacity.EndBackOff(9);
  EXPECT_TRUE(capacity.IsBackingOff(Usage{{"a", 1}}));
  capacity.EndBackOff(10);
  EXPECT_FALSE(capacity.IsBackingOff(Usage{{"a", 1}}));
}

}  // namespace
}  // namespace embatch
