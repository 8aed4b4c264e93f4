// SPDX-License-Identifier: Apache-2.0
//
// Tests of the ledger of consumable resources.
#include "lib/capacity/consumables.h"

#include <string>

#include "gtest/gtest.h"

namespace embatch {
namespace {

class ConsumablesTest : public testing::Test {
 protected:
  void Add(
      const char* name, int64_t total,
      ConsumableResourceType type = ConsumableResourceType::kReplenishable) {
    ConsumableResourceOptions options;
    options.consumable_resource_name = name;
    options.total_quantity = total;
    options.resource_type = type;
    ledger_.Add(*ConsumableResource::Create(options), 7);
  }
  int64_t Available(const char* name) {
    return ledger_.Find(name)->available();
  }

  Consumables ledger_;
};

TEST_F(ConsumablesTest, TakesAndGivesBack) {
  Add("a", 3);
  Add("b", 2);
  EXPECT_TRUE(ledger_.HasAll({}));
  EXPECT_TRUE(ledger_.HasAll({{"a", 3}, {"b", 2}}));
  EXPECT_FALSE(ledger_.HasAll({{"a", 3}, {"b", 3}}));
  EXPECT_FALSE(ledger_.HasAll({{"c", 1}}));
  ledger_.Take(5, {{"a", 2}, {"b", 1}});
  EXPECT_TRUE(ledger_.is_any_held());
  EXPECT_EQ(Available("a"), 1);
  EXPECT_EQ(Available("b"), 1);
  const uint64_t epoch = ledger_.epoch();
  ledger_.GiveBack(4);  // holds nothing
  EXPECT_EQ(ledger_.epoch(), epoch);
  ledger_.GiveBack(5);
  EXPECT_NE(ledger_.epoch(), epoch);
  ledger_.GiveBack(5);
  EXPECT_EQ(Available("a"), 3);
  EXPECT_EQ(Available("b"), 2);
  EXPECT_FALSE(ledger_.is_any_held());
}

TEST_F(ConsumablesTest, NonReplenishableShrinks) {
  Add("a", 3, ConsumableResourceType::kNonReplenishable);
  ledger_.Take(1, {{"a", 2}});
  EXPECT_EQ(ledger_.Find("a")->total, 3);
  EXPECT_EQ(Available("a"), 1);
  ledger_.SetTotal("a", 1);
  EXPECT_EQ(Available("a"), 0);
  ledger_.GiveBack(1);
  EXPECT_EQ(ledger_.Find("a")->total, 0);  // not below
  EXPECT_EQ(ledger_.Find("a")->in_use, 0);
}

// Choice: D58.
TEST_F(ConsumablesTest, AnOlderOneOfThatNameIsAnotherOne) {
  Add("a", 1);
  ledger_.Take(1, {{"a", 1}});
  ledger_.Remove("a");
  EXPECT_FALSE(ledger_.HasAll({{"a", 1}}));
  Add("a", 1);
  ledger_.Take(2, {{"a", 1}});
  ledger_.GiveBack(1);
  EXPECT_EQ(Available("a"), 0);
  ledger_.GiveBack(2);
  EXPECT_EQ(Available("a"), 1);
}

TEST_F(ConsumablesTest, EveryRaiseIsANewEpoch) {
  const uint64_t before = ledger_.epoch();
  Add("a", 0);
  const uint64_t added = ledger_.epoch();
  EXPECT_NE(added, before);
  ledger_.SetTotal("a", 1);
  EXPECT_NE(ledger_.epoch(), added);
}

using ConsumablesDeathTest = ConsumablesTest;

TEST_F(ConsumablesDeathTest, OverdrawingIsOurOwnMistake) {
  Add("a", 1);
  EXPECT_DEATH(ledger_.Take(1, {{"a", 2}}), "check failed");
}

}  // namespace
}  // namespace embatch
