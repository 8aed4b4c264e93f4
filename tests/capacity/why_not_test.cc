// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/capacity/why_not.h.
#include "lib/capacity/why_not.h"

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "lib/capacity/allocation.h"
#include "tests/capacity/site.h"

namespace embatch {
namespace {

constexpr int64_t kNow = 1000;

// A managed environment with a small and a large type, and what happened there.
struct Situation {
  std::string name;
  std::function<void(Site&)> make;  // environment 0
  Resources need;
  WhyNot why_not;
  bool can_grow;
};

const InstanceType kSmall = Type("small", 2, 4096);
const InstanceType kLarge = Type("large", 8, 16384);

SiteOptions MaxVcpus(int64_t max_vcpus, int64_t min_vcpus = 0) {
  SiteOptions options;
  options.max_vcpus = max_vcpus;
  options.min_vcpus = min_vcpus;
  return options;
}

void BackOff(Site& site, uint32_t type, int64_t until_ns,
             LaunchFailure failure) {
  TypeRecord& record = site.fleet.environment(0).types[type];
  record.back_off_until_ns = until_ns;
  record.failure = failure;
}

const Resources kOne = Resources::Of(1, 512);
const Resources kFive = Resources::Of(5, 512);
const Resources kNine = Resources::Of(9, 512);

std::vector<Situation> Situations() {
  return {
      {"nothing has been launched yet",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
       },
       kFive, WhyNot::kMayLater, true},
      {"no catalogue yet",
       [](Site& site) {
         site.Managed({});
         site.fleet.environment(0).has_catalogue = false;
       },
       kFive, WhyNot::kMayLater, false},
      {"the provider offers nothing", [](Site& site) { site.Managed({}); },
       kOne, WhyNot::kNothingFits, false},
      {"no type is large enough",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
       },
       kNine, WhyNot::kNothingFits, false},
      {"no type has the memory",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
       },
       {1000, 16385, 0},
       WhyNot::kNothingFits,
       false},
      {"no type has a GPU",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
       },
       {1000, 512, 1},
       WhyNot::kNothingFits,
       false},
      {"maxvCpus is what the job needs",
       [](Site& site) {
         site.Managed({kSmall, kLarge}, MaxVcpus(5));
       },
       kFive, WhyNot::kMayLater, true},
      {"maxvCpus is less than the job needs",
       [](Site& site) {
         site.Managed({kSmall, kLarge}, MaxVcpus(4));
       },
       kFive, WhyNot::kMaxVcpus, false},
      {"the same, although the overshoot has room",
       [](Site& site) {
         site.Managed({kLarge}, MaxVcpus(4));
         site.Ready(0, 0);
       },
       kFive, WhyNot::kMaxVcpus, false},
      {"full, and the instance that could hold it is busy",
       [](Site& site) {
         site.Managed({kSmall, kLarge}, MaxVcpus(8));
         site.fleet.Place(site.Ready(0, 1), Resources::Of(8, 512));
       },
       kFive, WhyNot::kMayLater, false},
      {"full, and the instance that could hold it boots",
       [](Site& site) {
         site.Managed({kSmall, kLarge}, MaxVcpus(8));
         site.Boot(0, 1);
       },
       kFive, WhyNot::kMayLater, true},
      {"full of instances that are too small, but can go",
       [](Site& site) {
         site.Managed({kSmall, kLarge}, MaxVcpus(8));
         for (int i = 0; i < 4; ++i) site.Ready(0, 0);
       },
       kFive, WhyNot::kMayLater, false},
      {"full of instances that are too small, and minvCpus keeps them",
       [](Site& site) {
         site.Managed({kSmall, kLarge}, MaxVcpus(8, 8));
         for (int i = 0; i < 4; ++i) site.Ready(0, 0);
       },
       kFive, WhyNot::kUnknown, false},
      {"one below maxvCpus may overshoot",
       [](Site& site) {
         site.Managed({kSmall, kLarge}, MaxVcpus(9));
         site.Ready(0, 1);
       },
       kFive, WhyNot::kMayLater, true},
      {"the only type that fits backs off",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         BackOff(site, 1, kNow + 1, LaunchFailure::kCapacity);
       },
       kFive, WhyNot::kNoCapacity, false},
      {"its back-off is over",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         BackOff(site, 1, kNow, LaunchFailure::kCapacity);
       },
       kFive, WhyNot::kMayLater, true},
      {"it backs off, but an instance of it runs",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         site.fleet.Place(site.Ready(0, 1), kFive);
         BackOff(site, 1, kNow + 1, LaunchFailure::kCapacity);
       },
       kFive, WhyNot::kMayLater, false},
      {"a smaller need has another type",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         BackOff(site, 1, kNow + 1, LaunchFailure::kCapacity);
       },
       kOne, WhyNot::kMayLater, true},
      {"the type can't be launched as configured",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         BackOff(site, 1, kNow + 1, LaunchFailure::kConfiguration);
       },
       kFive, WhyNot::kMisconfigured, false},
      {"launching is not allowed",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         BackOff(site, 0, kNow + 1, LaunchFailure::kPermission);
         BackOff(site, 1, kNow + 1, LaunchFailure::kPermission);
       },
       kOne, WhyNot::kNotPermitted, false},
      {"of several failures capacity counts first",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         BackOff(site, 0, kNow + 1, LaunchFailure::kCapacity);
         BackOff(site, 1, kNow + 1, LaunchFailure::kConfiguration);
       },
       kOne, WhyNot::kNoCapacity, false},
      {"the type is not offered any more",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         site.fleet.SetCatalogue(0, {kSmall});
       },
       kFive, WhyNot::kNothingFits, false},
      {"not offered any more, but an instance of it runs",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         site.fleet.Place(site.Ready(0, 1), kFive);
         site.fleet.SetCatalogue(0, {kSmall});
       },
       kFive, WhyNot::kMayLater, false},
      {"the instance that could hold it is interrupted",
       [](Site& site) {
         site.Managed({kSmall, kLarge});
         site.fleet.StopPlacing(site.Ready(0, 1), InstanceState::kInterrupted);
         site.fleet.SetCatalogue(0, {kSmall});
       },
       kFive, WhyNot::kNothingFits, false},
      {"disabled",
       [](Site& site) {
         SiteOptions options;
         options.state = ResourceState::kDisabled;
         site.Managed({kSmall, kLarge}, options);
       },
       kFive, WhyNot::kDisabled, false},
      {"disabled, and no catalogue yet",
       [](Site& site) {
         SiteOptions options;
         options.state = ResourceState::kDisabled;
         site.Managed({}, options);
         site.fleet.environment(0).has_catalogue = false;
       },
       kFive, WhyNot::kDisabled, false},
      {"disabled, and nothing fits either",
       [](Site& site) {
         SiteOptions options;
         options.state = ResourceState::kDisabled;
         site.Managed({kSmall, kLarge}, options);
       },
       kNine, WhyNot::kNothingFits, false},
      {"invalid",
       [](Site& site) {
         SiteOptions options;
         options.status = ResourceStatus::kInvalid;
         site.Managed({kSmall, kLarge}, options);
       },
       kNine, WhyNot::kInvalid, false},
      {"being updated",
       [](Site& site) {
         SiteOptions options;
         options.status = ResourceStatus::kUpdating;
         site.Managed({kSmall, kLarge}, options);
       },
       kFive, WhyNot::kMayLater, true},
      {"unmanaged, and nobody has joined", [](Site& site) { site.Unmanaged(); },
       kOne, WhyNot::kUnknown, false},
      {"unmanaged, and full",
       [](Site& site) {
         site.Unmanaged();
         site.fleet.Place(site.Join(0, Resources::Of(2, 4096)),
                          Resources::Of(2, 512));
       },
       kOne, WhyNot::kMayLater, false},
      {"unmanaged, and all too small",
       [](Site& site) {
         site.Unmanaged();
         site.Join(0, Resources::Of(2, 4096));
       },
       kFive, WhyNot::kNothingFits, false},
      {"unmanaged and disabled",
       [](Site& site) {
         SiteOptions options;
         options.state = ResourceState::kDisabled;
         site.Unmanaged(options);
         site.Join(0, Resources::Of(2, 4096));
       },
       kOne, WhyNot::kDisabled, false},
  };
}

TEST(WhyNotTest, SaysWhyAJobDoesNotStart) {
  for (const Situation& situation : Situations()) {
    SCOPED_TRACE(situation.name);
    Site site;
    situation.make(site);
    EXPECT_EQ(WhyNotIn(site.fleet, 0, situation.need, kNow), situation.why_not);
  }
}

TEST(WhyNotTest, SaysWhetherTheEnvironmentCanGrowForIt) {
  for (const Situation& situation : Situations()) {
    SCOPED_TRACE(situation.name);
    Site site;
    situation.make(site);
    EXPECT_EQ(CanGrowFor(site.fleet, 0, situation.need, kNow),
              situation.can_grow);
  }
}

// --- Which type -------------------------------------------------------------

std::string BestType(const std::vector<InstanceType>& types,
                     const Resources& need) {
  Site site;
  site.Managed(types);
  const EnvironmentRecord& environment = site.fleet.environment(0);
  const uint32_t best = BestTypeFor(environment, need, kNow);
  return best == Fleet::kNone ? "none" : environment.types[best].type.name;
}

TEST(BestTypeTest, IsTheCheapestVcpuOfThoseThatFit) {
  const std::vector<InstanceType> types = {Type("a", 2, 4096, 21),
                                           Type("b", 8, 8192, 80),
                                           Type("c", 16, 65536, 170, 1)};
  EXPECT_EQ(BestType(types, kOne), "b");
  EXPECT_EQ(BestType(types, kNine), "c");
  EXPECT_EQ(BestType(types, {1000, 8193, 0}), "c");
  EXPECT_EQ(BestType(types, {1000, 512, 1}), "c");
  EXPECT_EQ(BestType(types, {1000, 512, 2}), "none");
  EXPECT_EQ(BestType(types, {}), "b");
  EXPECT_EQ(BestType({}, {}), "none");
}

TEST(BestTypeTest, TiesGoToFewerVcpusThenLessMemoryThenTheName) {
  EXPECT_EQ(BestType({Type("a", 8, 1024, 80), Type("b", 4, 2048, 40)}, kOne),
            "b");
  EXPECT_EQ(BestType({Type("a", 4, 2048, 40), Type("b", 4, 1024, 40)}, kOne),
            "b");
  EXPECT_EQ(BestType({Type("b", 4, 1024, 40), Type("a", 4, 1024, 40)}, kOne),
            "a");
  EXPECT_EQ(BestType({Type("a", 8, 1024, 0), Type("b", 4, 2048, 0)}, kOne),
            "b");
}

// Half a millionth of a cent less for three vCPUs, where a quotient would
// round.
TEST(BestTypeTest, ComparesPricesExactly) {
  constexpr int64_t kPrice = int64_t{1} << 61;
  EXPECT_EQ(BestType({{"a", {3000, 1024, 0}, kPrice + 1},
                      {"b", {6000, 1024, 0}, 2 * kPrice + 1}},
                     kOne),
            "b");
}

// Choice: beyond D22; a type is doubtful from a failed launch on until one of
// its instances becomes ready.
TEST(IsWorthWaitingForTest, NotWhileAllByWhichItCouldGrowIsDoubtful) {
  Site site;
  site.Managed({Type("a", 2, 4096, 10), Type("b", 2, 4096, 20)});
  TypeRecord& a = site.fleet.environment(0).types[0];
  const auto is_worth_it = [&site](int64_t now_ns) {
    return IsWorthWaitingFor(site.fleet, 0, kOne, now_ns);
  };
  EXPECT_TRUE(is_worth_it(kNow));
  a.is_doubtful = true;
  EXPECT_FALSE(is_worth_it(kNow));
  EXPECT_TRUE(CanGrowFor(site.fleet, 0, kOne, kNow));
  // While it is left alone, the other type would be launched.
  BackOff(site, 0, kNow + 1, LaunchFailure::kCapacity);
  EXPECT_TRUE(is_worth_it(kNow));
  EXPECT_FALSE(is_worth_it(kNow + 1));
  // One that boots is no better than its type; that of another type is.
  const uint32_t boots = site.Boot(0, 0);
  EXPECT_FALSE(is_worth_it(kNow + 1));
  const uint32_t other = site.Boot(0, 1);
  EXPECT_TRUE(is_worth_it(kNow + 1));
  EXPECT_FALSE(IsWorthWaitingFor(site.fleet, 0, kFive, kNow + 1));
  site.Remove(other);
  EXPECT_FALSE(is_worth_it(kNow + 1));
  site.fleet.BecomeReady(boots, "", a.type.resources, kNow);
  EXPECT_FALSE(a.is_doubtful);
  EXPECT_TRUE(is_worth_it(kNow + 1));
}

TEST(BestTypeTest, LeavesOutWhatBacksOffOrIsNotOffered) {
  Site site;
  site.Managed(
      {Type("a", 2, 4096, 10), Type("b", 2, 4096, 20), Type("c", 2, 4096, 30)});
  site.fleet.SetCatalogue(0, {Type("b", 2, 4096, 20), Type("c", 2, 4096, 30)});
  EXPECT_EQ(BestTypeFor(site.fleet.environment(0), kOne, kNow), 1u);
  BackOff(site, 1, kNow + 1, LaunchFailure::kCapacity);
  EXPECT_EQ(BestTypeFor(site.fleet.environment(0), kOne, kNow), 2u);
  EXPECT_EQ(BestTypeFor(site.fleet.environment(0), kOne, kNow + 1), 1u);
}

}  // namespace
}  // namespace embatch
