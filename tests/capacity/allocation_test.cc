// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/capacity/allocation.h: which type each strategy takes.
#include "lib/capacity/allocation.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/capacity/site.h"

namespace embatch {
namespace {

constexpr int64_t kNow = 1000;

InstanceType Spot(std::string name, int64_t vcpus, int64_t spot_price,
                  int32_t interruptions_per_million, int64_t capacity = 0) {
  InstanceType type = Type(std::move(name), vcpus, 4096, 1000 * vcpus);
  type.spot_price_microdollars_per_hour = spot_price;
  type.interruptions_per_million = interruptions_per_million;
  type.spot_capacity = capacity;
  return type;
}

SiteOptions With(AllocationStrategy strategy,
                 ComputeResourceType type = ComputeResourceType::kEc2) {
  SiteOptions options;
  options.strategy = strategy;
  options.type = type;
  return options;
}

SiteOptions WithSpot(AllocationStrategy strategy) {
  return With(strategy, ComputeResourceType::kSpot);
}

std::string NameOf(const EnvironmentRecord& environment, uint32_t type) {
  return type == Fleet::kNone ? "none" : environment.types[type].type.name;
}

std::string BestOf(const Site& site, int64_t vcpus = 1) {
  const EnvironmentRecord& environment = site.fleet.environment(0);
  return NameOf(environment,
                BestTypeFor(environment, Resources::Of(vcpus, 4), kNow));
}

std::string BestOf(const std::vector<InstanceType>& types,
                   const SiteOptions& options) {
  Site site;
  site.Managed(types, options);
  return BestOf(site);
}

TEST(AllocationTest, BestFitWaitsForItsTypeTheOthersGoOn) {
  for (AllocationStrategy strategy :
       {AllocationStrategy::kBestFit,
        AllocationStrategy::kBestFitProgressive}) {
    Site site;
    site.Managed({Type("best", 2, 4096, 10), Type("next", 2, 4096, 20)},
                 With(strategy));
    EXPECT_EQ(BestOf(site), "best");
    TypeRecord& best = site.fleet.environment(0).types[0];
    best.back_off_until_ns = kNow + 1;
    EXPECT_EQ(BestOf(site),
              strategy == AllocationStrategy::kBestFit ? "none" : "next");
    best.back_off_until_ns = kNow;
    EXPECT_EQ(BestOf(site), "best");
    best.offered = false;
    EXPECT_EQ(BestOf(site), "next");
  }
}

TEST(AllocationTest, BestFitOnDemandTakesNoTypeAboveTheMaximum) {
  const std::vector<InstanceType> types = {Type("big", 8, 4096, 8),
                                           Type("small", 4, 4096, 400)};
  SiteOptions options = With(AllocationStrategy::kBestFit);
  options.max_vcpus = 7;
  EXPECT_EQ(BestOf(types, options), "small");
  options.max_vcpus = 8;
  EXPECT_EQ(BestOf(types, options), "big");
  options.max_vcpus = 7;
  options.type = ComputeResourceType::kSpot;
  EXPECT_EQ(BestOf(types, options), "big");
  options = With(AllocationStrategy::kBestFitProgressive);
  options.max_vcpus = 7;
  EXPECT_EQ(BestOf(types, options), "big");
}

TEST(AllocationTest, OnSpotTheSpotPriceCounts) {
  const std::vector<InstanceType> types = {Spot("a", 2, 900, 0),
                                           Spot("b", 2, 800, 0)};
  EXPECT_EQ(BestOf(types, WithSpot(AllocationStrategy::kBestFitProgressive)),
            "b");
  EXPECT_EQ(BestOf(types, With(AllocationStrategy::kBestFitProgressive)), "a");
}

TEST(AllocationTest, CapacityOptimizedTakesTheLeastRiskThenTheDeepestPool) {
  const SiteOptions options =
      WithSpot(AllocationStrategy::kSpotCapacityOptimized);
  EXPECT_EQ(
      BestOf({Spot("cheap", 2, 100, 2), Spot("safe", 2, 900, 1)}, options),
      "safe");
  EXPECT_EQ(BestOf({Spot("cheap", 2, 100, 1, 5), Spot("deep", 2, 900, 1, 6)},
                   options),
            "deep");
  EXPECT_EQ(BestOf({Spot("dear", 2, 900, 1, 5), Spot("cheap", 2, 100, 1, 5)},
                   options),
            "cheap");
}

TEST(AllocationTest, PriceCapacityOptimizedWeighsPriceWithinABandOfRisk) {
  const SiteOptions options =
      WithSpot(AllocationStrategy::kSpotPriceCapacityOptimized);
  EXPECT_EQ(
      BestOf({Spot("safe", 2, 900, 0), Spot("cheap", 2, 100, 49999)}, options),
      "cheap");
  EXPECT_EQ(
      BestOf({Spot("safe", 2, 900, 0), Spot("cheap", 2, 100, 50000)}, options),
      "safe");
  // From 20 per cent on there is one band.
  EXPECT_EQ(BestOf({Spot("bad", 2, 900, 200000), Spot("worse", 2, 100, 990000)},
                   options),
            "worse");
  EXPECT_EQ(BestOf({Spot("a", 2, 100, 2, 9), Spot("b", 2, 100, 1)}, options),
            "b");
  EXPECT_EQ(BestOf({Spot("a", 2, 100, 1), Spot("b", 2, 100, 1, 9)}, options),
            "b");
}

TEST(AllocationTest, EqualTypesGoByVcpusMemoryAndName) {
  for (AllocationStrategy strategy :
       {AllocationStrategy::kBestFit,
        AllocationStrategy::kSpotCapacityOptimized,
        AllocationStrategy::kSpotPriceCapacityOptimized}) {
    const SiteOptions options = WithSpot(strategy);
    EXPECT_EQ(BestOf({Type("a", 4, 4096), Type("b", 2, 4096)}, options), "b");
    EXPECT_EQ(BestOf({Type("a", 2, 4096), Type("b", 2, 2048)}, options), "b");
    EXPECT_EQ(BestOf({Type("b", 2, 4096), Type("a", 2, 4096)}, options), "a");
  }
}

// Source: API ComputeResource.bidPercentage.
TEST(AllocationTest, ASpotPriceMustBeBelowTheBid) {
  const struct {
    std::optional<int> bid;
    int64_t price;  // of 2,000 On-Demand
    std::string want;
  } kCases[] = {{std::nullopt, 1999, "a"}, {std::nullopt, 2000, "none"},
                {100, 1999, "a"},          {20, 399, "a"},
                {20, 400, "none"},         {20, 0, "a"}};
  for (const auto& [bid, price, want] : kCases) {
    SiteOptions options = WithSpot(AllocationStrategy::kBestFitProgressive);
    options.bid_percentage = bid;
    Site site;
    site.Managed({Spot("a", 2, price, 0)}, options);
    EXPECT_EQ(BestOf(site), want) << price;
    const EnvironmentRecord& environment = site.fleet.environment(0);
    EXPECT_EQ(
        NameOf(environment, TypeInDemand(environment, Resources::Of(1, 4))),
        "a");
  }
  SiteOptions on_demand = With(AllocationStrategy::kBestFitProgressive);
  on_demand.bid_percentage = 20;
  EXPECT_EQ(BestOf({Spot("a", 2, 1999, 0)}, on_demand), "a");
}

}  // namespace
}  // namespace embatch
