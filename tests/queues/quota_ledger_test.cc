// SPDX-License-Identifier: Apache-2.0
//
// Source: §15.2, §15.3. Choice: D28, D29.
#include "lib/queues/quota_ledger.h"

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace embatch {
namespace {

constexpr ResourceSharingStrategy kReserve = ResourceSharingStrategy::kReserve;
constexpr ResourceSharingStrategy kLend = ResourceSharingStrategy::kLend;
constexpr ResourceSharingStrategy kBoth =
    ResourceSharingStrategy::kLendAndBorrow;

QuotaShareOptions Terms(int64_t capacity, ResourceSharingStrategy strategy,
                        int borrow_limit = -1) {
  QuotaShareOptions options;
  options.capacity_limits = {{capacity, "VCPU"}};
  options.resource_sharing.strategy = strategy;
  if (borrow_limit != -1) options.resource_sharing.borrow_limit = borrow_limit;
  return options;
}

class QuotaLedgerTest : public ::testing::Test {
 protected:
  // So many vCPUs.
  static Amounts Vcpus(int64_t count) { return {count * 1000}; }
  int64_t MayUse(uint32_t share) { return ledger_.Allowance(share, 0) / 1000; }

  QuotaLedger ledger_;
};

TEST_F(QuotaLedgerTest, OwnCapacityIsUsedUpToItsLimit) {
  const uint32_t a = ledger_.AddShare(Terms(4, kReserve));
  EXPECT_TRUE(ledger_.FitsOwn(a, Vcpus(4)));
  EXPECT_FALSE(ledger_.FitsOwn(a, Vcpus(5)));
  ledger_.Take(a, Vcpus(3));
  EXPECT_TRUE(ledger_.FitsOwn(a, Vcpus(1)));
  EXPECT_FALSE(ledger_.FitsOwn(a, Vcpus(2)));
  ledger_.Give(a, Vcpus(3));
  EXPECT_TRUE(ledger_.FitsOwn(a, Vcpus(4)));
}

TEST_F(QuotaLedgerTest, PartsOfAVcpuCount) {
  const uint32_t a = ledger_.AddShare(Terms(1, kReserve));
  ledger_.Take(a, {250});
  EXPECT_TRUE(ledger_.FitsOwn(a, {750}));
  EXPECT_FALSE(ledger_.FitsOwn(a, {751}));
}

// The guide's example: A may use its own 4 and the 4 of B.
TEST_F(QuotaLedgerTest, BorrowsWhatOthersLend) {
  const uint32_t a = ledger_.AddShare(Terms(4, kBoth));
  const uint32_t b = ledger_.AddShare(Terms(4, kLend));
  EXPECT_EQ(MayUse(a), 8);
  EXPECT_EQ(MayUse(b), 4) << "LEND alone does not borrow";
  ledger_.Take(b, Vcpus(3));
  EXPECT_EQ(MayUse(a), 5);
}

TEST_F(QuotaLedgerTest, WhatIsReservedIsNotLent) {
  const uint32_t a = ledger_.AddShare(Terms(4, kBoth));
  ledger_.AddShare(Terms(4, kReserve));
  EXPECT_EQ(MayUse(a), 4);
}

TEST_F(QuotaLedgerTest, TheSameIsNotLentTwice) {
  const uint32_t a = ledger_.AddShare(Terms(4, kBoth));
  const uint32_t b = ledger_.AddShare(Terms(4, kBoth));
  ledger_.AddShare(Terms(4, kLend));
  ledger_.Take(a, Vcpus(4 + 3));
  EXPECT_EQ(MayUse(a), 12);
  EXPECT_EQ(MayUse(b), 5);
  ledger_.Take(a, Vcpus(2));
  EXPECT_EQ(MayUse(b), 4) << "all is lent, and its own capacity as well";
}

TEST_F(QuotaLedgerTest, BorrowLimitIsPercentOfTheOwnCapacity) {
  const uint32_t a = ledger_.AddShare(Terms(2, kBoth, 100));
  const uint32_t b = ledger_.AddShare(Terms(2, kBoth, 0));
  ledger_.AddShare(Terms(50, kLend));
  EXPECT_EQ(MayUse(a), 4);
  EXPECT_EQ(MayUse(b), 2);
  ledger_.UpdateShare(a, Terms(2, kBoth, 200));
  EXPECT_EQ(MayUse(a), 6);
  ledger_.UpdateShare(a, Terms(2, kBoth, 1000000));
  EXPECT_EQ(MayUse(a), 54);
  ledger_.UpdateShare(a, Terms(2, kBoth));
  EXPECT_EQ(MayUse(a), 54);
}

TEST_F(QuotaLedgerTest, WhatIsHeldIsKeptForItsHolder) {
  const uint32_t a = ledger_.AddShare(Terms(4, kLend));
  const uint32_t b = ledger_.AddShare(Terms(4, kBoth));
  ledger_.Hold(a, Vcpus(3));
  EXPECT_EQ(MayUse(b), 5);
  EXPECT_FALSE(ledger_.FitsOwn(a, Vcpus(2)));
  EXPECT_TRUE(ledger_.FitsOwn(a, Vcpus(3), Vcpus(3)));
  ledger_.Unhold(a, Vcpus(3));
  EXPECT_EQ(MayUse(b), 8);
}

TEST_F(QuotaLedgerTest, ExcessIsWhatIsUsedBeyondTheOwnCapacity) {
  const uint32_t a = ledger_.AddShare(Terms(4, kBoth));
  ledger_.AddShare(Terms(4, kLend));
  ledger_.Take(a, Vcpus(4));
  EXPECT_FALSE(ledger_.IsOver(a));
  ledger_.Take(a, Vcpus(2));
  EXPECT_TRUE(ledger_.IsOver(a));
  EXPECT_EQ(ledger_.Excess(a), Vcpus(2));
  ledger_.UpdateShare(a, Terms(1, kReserve));
  EXPECT_EQ(ledger_.Excess(a), Vcpus(5));
}

TEST_F(QuotaLedgerTest, EveryUnitMustFit) {
  QuotaShareOptions terms = Terms(4, kReserve);
  terms.capacity_limits.push_back({100, "MEMORY"});
  const uint32_t a = ledger_.AddShare(terms);
  EXPECT_TRUE(ledger_.FitsOwn(a, {4000, 100000}));
  EXPECT_FALSE(ledger_.FitsOwn(a, {4000, 100001}));
  EXPECT_FALSE(ledger_.FitsOwn(a, {4001, 100000}));
}

TEST_F(QuotaLedgerTest, AUnitThatIsNotNamed) {
  const uint32_t a = ledger_.AddShare(Terms(4, kBoth));
  const size_t gpu = ledger_.UnitIndex("GPU");
  Amounts need(gpu + 1);
  need[gpu] = 1000;
  EXPECT_TRUE(ledger_.FitsOwn(a, need));
  EXPECT_EQ(ledger_.Judge(a, need), QuotaVerdict::kMayFit);
  ledger_.set_unnamed_is_unlimited(false);
  EXPECT_FALSE(ledger_.FitsOwn(a, need));
  EXPECT_EQ(ledger_.Judge(a, need), QuotaVerdict::kOverBorrowable);
}

TEST_F(QuotaLedgerTest, SaysWhatCanNeverFit) {
  const uint32_t reserve = ledger_.AddShare(Terms(4, kReserve));
  const uint32_t lend = ledger_.AddShare(Terms(6, kLend));
  const uint32_t limited = ledger_.AddShare(Terms(4, kBoth, 50));
  const uint32_t free = ledger_.AddShare(Terms(4, kBoth));
  ledger_.Take(lend, Vcpus(6));  // what is in use just now does not matter
  EXPECT_EQ(ledger_.Judge(reserve, Vcpus(4)), QuotaVerdict::kMayFit);
  EXPECT_EQ(ledger_.Judge(reserve, Vcpus(5)), QuotaVerdict::kOverLimits);
  EXPECT_EQ(ledger_.Judge(lend, Vcpus(7)), QuotaVerdict::kOverLimits);
  EXPECT_EQ(ledger_.Judge(limited, Vcpus(6)), QuotaVerdict::kMayFit);
  EXPECT_EQ(ledger_.Judge(limited, Vcpus(7)),
            QuotaVerdict::kOverLimitsAndBorrow);
  EXPECT_EQ(ledger_.Judge(free, Vcpus(4 + 6 + 4)), QuotaVerdict::kMayFit);
  EXPECT_EQ(ledger_.Judge(free, Vcpus(4 + 6 + 4 + 1)),
            QuotaVerdict::kOverBorrowable);
}

TEST_F(QuotaLedgerTest, AnIndexIsUsedAgain) {
  const uint32_t a = ledger_.AddShare(Terms(4, kLend));
  const uint32_t b = ledger_.AddShare(Terms(4, kBoth));
  ledger_.RemoveShare(a);
  EXPECT_EQ(MayUse(b), 4);
  EXPECT_EQ(ledger_.AddShare(Terms(2, kLend)), a);
  EXPECT_EQ(MayUse(b), 6);
}

}  // namespace
}  // namespace embatch
