// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/capacity/fleet.h: environments, their types, and the life of an
// instance. Counters are compared with recounts in fleet_model_test.cc.
#include "lib/capacity/fleet.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/encoding.h"
#include "tests/capacity/site.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FleetTest : public testing::Test, protected Site {
 protected:
  std::vector<std::string> OfferedTypes(uint32_t environment) {
    std::vector<std::string> names;
    for (const TypeRecord& type : fleet.environment(environment).types) {
      if (type.offered) names.push_back(type.type.name);
    }
    return names;
  }
  uint64_t NumberOf(uint32_t slot) { return fleet.instance(slot).number; }
};

TEST_F(FleetTest, FindsEnvironmentsByName) {
  const uint32_t a = Managed({});
  const uint32_t b = Unmanaged();
  EXPECT_EQ(fleet.environment_count(), 2u);
  EXPECT_EQ(fleet.FindEnvironment("environment0"), a);
  EXPECT_EQ(fleet.FindEnvironment("environment1"), b);
  EXPECT_EQ(fleet.FindEnvironment("environment"), std::nullopt);
  EXPECT_EQ(fleet.FindEnvironment(""), std::nullopt);
}

TEST_F(FleetTest, OnlyAnEnabledAndValidEnvironmentPlacesJobs) {
  for (int i = 0; i <= static_cast<int>(ResourceStatus::kInvalid); ++i) {
    const ResourceStatus status = static_cast<ResourceStatus>(i);
    SiteOptions options;
    options.status = status;
    const uint32_t enabled = Managed({}, options);
    options.state = ResourceState::kDisabled;
    const uint32_t disabled = Managed({}, options);
    // One that is being updated goes on.
    EXPECT_EQ(fleet.environment(enabled).places_jobs(),
              status == ResourceStatus::kValid ||
                  status == ResourceStatus::kUpdating);
    EXPECT_FALSE(fleet.environment(disabled).places_jobs());
  }
}

// --- Types ------------------------------------------------------------------

TEST_F(FleetTest, AnEnvironmentTakesTheTypesAndFamiliesItNames) {
  const std::vector<InstanceType> types = {
      Type("c5.large", 2, 3800),    Type("c5.xlarge", 4, 7600),
      Type("c5.metal", 96, 190000), Type("c5n.large", 2, 5000),
      Type("c5", 1, 1000),          Type("m5.large", 2, 7600),
      Type("c5.", 1, 1000)};
  const struct {
    std::vector<std::string> allowed;
    std::vector<std::string> want;
  } kCases[] = {
      {{"c5"}, {"c5.large", "c5.xlarge", "c5", "c5."}},
      {{"c5.large"}, {"c5.large"}},
      {{"c5.metal"}, {"c5.metal"}},
      {{"m5", "c5n"}, {"c5n.large", "m5.large"}},
      {{"c"}, {}},
      {{"C5"}, {}},
      {{"c5.large.x"}, {}},
  };
  for (const auto& [allowed, want] : kCases) {
    SiteOptions options;
    options.allowed_types = allowed;
    EXPECT_EQ(OfferedTypes(Managed(types, options)), want);
  }
}

TEST_F(FleetTest, TypesThatMakeNoSenseAreLeftOut) {
  const uint32_t environment = Managed({Type("", 1, 1),
                                        {"zero", {0, 1024, 0}, 5},
                                        {"negative", {-1000, 1024, 0}, 5},
                                        Type("paid", 1, 1, -7),
                                        {"priced", {1000, 1024, 0}, -1},
                                        Type("free", 1, 1, 0)});
  EXPECT_THAT(OfferedTypes(environment), ElementsAre("paid", "free"));
}

TEST_F(FleetTest, WhatATypePromisesIsHeldWithinBounds) {
  const uint32_t environment =
      Managed({{"huge", {int64_t{1} << 60, int64_t{1} << 60, 1 << 30}, 5},
               {"odd", {1000, -5, -1}, 5}});
  const std::vector<TypeRecord>& types = fleet.environment(environment).types;
  EXPECT_EQ(types[0].type.resources,
            (Resources{int64_t{1} << 40, int64_t{1} << 40, 4096}));
  EXPECT_EQ(types[1].type.resources, (Resources{1000, 0, 0}));
}

TEST_F(FleetTest, ANewCatalogueReplacesTheOldOne) {
  const uint32_t environment = Managed({Type("a", 1, 100), Type("b", 2, 200)});
  fleet.SetCatalogue(environment, {Type("c", 4, 400), Type("b", 2, 250, 7)});
  EXPECT_THAT(OfferedTypes(environment), ElementsAre("b", "c"));
  const std::vector<TypeRecord>& types = fleet.environment(environment).types;
  ASSERT_EQ(types.size(), 3u);  // instances still refer to "a"
  EXPECT_EQ(types[0].type.name, "a");
  EXPECT_EQ(types[1].type.resources, Resources::Of(2, 250));
  EXPECT_EQ(types[1].type.price_microdollars_per_hour, 7);
}

TEST_F(FleetTest, AnUnmanagedEnvironmentHasNoCatalogue) {
  const uint32_t environment = Unmanaged();
  fleet.SetCatalogue(environment, {Type("a", 1, 100)});
  EXPECT_FALSE(fleet.environment(environment).has_catalogue);
  EXPECT_THAT(OfferedTypes(environment), IsEmpty());
}

// --- Instances --------------------------------------------------------------

TEST_F(FleetTest, ALaunchedInstanceBootsAndThenTakesJobs) {
  const uint32_t environment = Managed({Type("a", 2, 4096)});
  const uint32_t slot = Boot(environment, 0);
  const EnvironmentRecord& record = fleet.environment(environment);
  EXPECT_EQ(fleet.instance(slot).state, InstanceState::kBooting);
  EXPECT_EQ(record.vcpu_milli, 2000);
  EXPECT_EQ(record.instances, 1);
  EXPECT_EQ(record.booting, 1);
  EXPECT_EQ(record.types[0].booting, 1);
  EXPECT_EQ(fleet.BestFit(environment, Resources::Of(1, 1)), Fleet::kNone);

  fleet.BecomeReady(slot, "i-0abc", Resources::Of(2, 4096), 77);
  EXPECT_EQ(fleet.instance(slot).state, InstanceState::kReady);
  EXPECT_EQ(fleet.instance(slot).name, "i-0abc");
  EXPECT_EQ(fleet.instance(slot).idle_since_ns, 77);
  EXPECT_EQ(record.booting, 0);
  EXPECT_EQ(record.types[0].booting, 0);
  EXPECT_EQ(fleet.BestFit(environment, Resources::Of(1, 1)), slot);
}

TEST_F(FleetTest, NumbersRiseAndNameInstances) {
  const uint32_t environment = Managed({Type("a", 2, 4096)});
  const uint32_t first = Boot(environment, 0);
  const uint32_t second = Boot(environment, 0);
  EXPECT_EQ(NumberOf(first), 1u);
  EXPECT_EQ(NumberOf(second), 2u);
  EXPECT_EQ(fleet.FindInstance(environment, InstanceId{2}), second);
  EXPECT_EQ(fleet.FindInstance(environment, InstanceId{3}), Fleet::kNone);
  EXPECT_EQ(fleet.FindInstance(environment, InstanceId{0}), Fleet::kNone);
  Remove(first);
  EXPECT_EQ(fleet.FindInstance(environment, InstanceId{1}), Fleet::kNone);
  EXPECT_EQ(NumberOf(Boot(environment, 0)), 3u);
}

TEST_F(FleetTest, ANumberThatWasLaunchedIsKnownForEver) {
  const uint32_t environment = Managed({Type("a", 2, 4096)});
  EXPECT_FALSE(fleet.WasLaunched(InstanceId{1}));
  Remove(Boot(environment, 0));
  EXPECT_TRUE(fleet.WasLaunched(InstanceId{1}));
  EXPECT_FALSE(fleet.WasLaunched(InstanceId{0}));
  EXPECT_FALSE(fleet.WasLaunched(InstanceId{2}));
  EXPECT_FALSE(fleet.WasLaunched(InstanceId::Joined(1)));
}

TEST_F(FleetTest, AnInstanceWithoutANameGetsOneInEc2sForm) {
  const uint32_t managed = Managed({Type("a", 2, 4096)});
  const uint32_t unmanaged = Unmanaged();
  EXPECT_EQ(fleet.instance(Ready(managed, 0)).name, "i-00000000000000001");
  EXPECT_EQ(fleet.instance(Join(unmanaged, Resources::Of(1, 1))).name,
            "i-00000000000000001");
}

// So that no instance is launched for ever for a job that does not fit it.
TEST_F(FleetTest, ATypeThatRegistersLessCountsAsThatSmall) {
  const uint32_t environment = Managed({Type("a", 2, 4096, 5, 1)});
  const uint32_t slot = Boot(environment, 0);
  fleet.BecomeReady(slot, "", {2000, 4000, 2}, 0);
  const TypeRecord& type = fleet.environment(environment).types[0];
  EXPECT_EQ(type.type.resources, (Resources{2000, 4000, 1}));
  EXPECT_EQ(fleet.instance(slot).total, (Resources{2000, 4000, 2}));
  EXPECT_EQ(fleet.environment(environment).free_sum,
            (Resources{2000, 4000, 2}));
}

TEST_F(FleetTest, OnlyANewPromiseUndoesWhatWasLearntOfAType) {
  const uint32_t environment = Managed({Type("a", 2, 4096)});
  fleet.BecomeReady(Boot(environment, 0), "", Resources::Of(2, 4000), 0);
  const TypeRecord& type = fleet.environment(environment).types[0];
  fleet.SetCatalogue(environment, {Type("a", 2, 4096, 9)});
  EXPECT_EQ(type.type.resources, Resources::Of(2, 4000));
  EXPECT_EQ(type.type.price_microdollars_per_hour, 9);
  fleet.SetCatalogue(environment, {Type("a", 2, 4050)});
  EXPECT_EQ(type.type.resources, Resources::Of(2, 4050));
}

TEST_F(FleetTest, WhatAnInstanceRegistersIsHeldWithinBounds) {
  const uint32_t environment = Unmanaged();
  const uint32_t slot = Join(environment, {-1, int64_t{1} << 62, -7});
  EXPECT_EQ(fleet.instance(slot).total, (Resources{0, int64_t{1} << 40, 0}));
}

TEST_F(FleetTest, JoinedInstancesAreKnownWithinTheirEnvironment) {
  const uint32_t a = Unmanaged();
  const uint32_t b = Unmanaged();
  const InstanceId id = InstanceId::Joined(4);
  const uint32_t in_a = fleet.Join(a, id, "x", Resources::Of(1, 1), 0);
  const uint32_t in_b = fleet.Join(b, id, "y", Resources::Of(1, 1), 0);
  EXPECT_EQ(fleet.FindInstance(a, id), in_a);
  EXPECT_EQ(fleet.FindInstance(b, id), in_b);
  fleet.Remove(in_a);
  EXPECT_EQ(fleet.FindInstance(a, id), Fleet::kNone);
  EXPECT_EQ(fleet.FindInstance(b, id), in_b);
  EXPECT_TRUE(fleet.HasDeparted(a, id));
  EXPECT_FALSE(fleet.HasDeparted(b, id));
  EXPECT_FALSE(fleet.HasDeparted(a, InstanceId::Joined(5)));
}

TEST_F(FleetTest, AJobTakesRoomAndGivesItBack) {
  const uint32_t environment = Managed({Type("a", 2, 4096)});
  const uint32_t slot = Ready(environment, 0);
  const Resources need = {1500, 1000, 0};
  fleet.Place(slot, need);
  EXPECT_EQ(fleet.instance(slot).free, (Resources{500, 3096, 0}));
  EXPECT_TRUE(fleet.environment(environment).idle.empty());
  EXPECT_EQ(fleet.BestFit(environment, need), Fleet::kNone);
  fleet.Release(slot, need, 99);
  EXPECT_EQ(fleet.instance(slot).free, Resources::Of(2, 4096));
  EXPECT_EQ(fleet.instance(slot).idle_since_ns, 99);
  EXPECT_EQ(fleet.BestFit(environment, need), slot);
}

// Choice: D26 says what counts as a change.
TEST_F(FleetTest, OfEqualInstancesTheOneThatChangedLastIsTaken) {
  const uint32_t environment = Managed({Type("a", 2, 4096)});
  const uint32_t first = Ready(environment, 0);
  const uint32_t second = Ready(environment, 0);
  const Resources need = Resources::Of(1, 1);
  EXPECT_EQ(fleet.BestFit(environment, need), second);  // became ready last
  fleet.Place(second, need);
  fleet.Place(first, need);
  EXPECT_EQ(fleet.BestFit(environment, need), first);  // a job came last
  fleet.Release(second, need, 0);
  fleet.Release(first, need, 0);
  EXPECT_EQ(fleet.BestFit(environment, need), first);  // a job ended last
}

TEST_F(FleetTest, AnInterruptedInstanceTakesNothingMore) {
  const uint32_t environment = Managed({Type("a", 2, 4096)});
  const uint32_t slot = Ready(environment, 0);
  const Resources need = Resources::Of(1, 1);
  fleet.Place(slot, need);
  fleet.StopPlacing(slot, InstanceState::kInterrupted);
  const EnvironmentRecord& record = fleet.environment(environment);
  EXPECT_EQ(fleet.BestFit(environment, need), Fleet::kNone);
  EXPECT_EQ(record.vcpu_milli, 2000);  // it is still there
  EXPECT_EQ(record.instances, 1);
  fleet.Release(slot, need, 5);
  EXPECT_EQ(fleet.BestFit(environment, need), Fleet::kNone);
  EXPECT_TRUE(record.idle.empty());
  fleet.StopPlacing(slot, InstanceState::kLost);
  EXPECT_EQ(record.vcpu_milli, 0);
  EXPECT_EQ(record.instances, 0);
}

// An environment with maxvCpus below the job's vCPUs never serves it, also
// where the overshoot of one instance would make room. Choice: D47.
TEST_F(FleetTest, AJobLargerThanMaxvCpusFitsNowhere) {
  SiteOptions options;
  options.max_vcpus = 3;
  const uint32_t environment = Managed({Type("a", 4, 4096)}, options);
  const uint32_t slot = Ready(environment, 0);
  EXPECT_EQ(fleet.BestFit(environment, Resources::Of(3, 1)), slot);
  EXPECT_EQ(fleet.BestFit(environment, Resources{3001, 1, 0}), Fleet::kNone);
}

TEST_F(FleetTest, ACopyHasTheSameBytesAndAnswers) {
  const uint32_t environment = Managed({Type("a", 2, 4096)});
  Ready(environment, 0);
  const uint32_t busy = Ready(environment, 0);
  fleet.Place(busy, Resources::Of(1, 1));
  Fleet copy = fleet;
  EXPECT_EQ(Encoded(copy), Encoded(fleet));
  for (Fleet* one : {&copy, &fleet}) {
    one->Release(busy, Resources::Of(1, 1), 4);
    EXPECT_EQ(one->BestFit(environment, Resources::Of(2, 1)), busy);
    if (one == &copy) {
      EXPECT_NE(Encoded(copy), Encoded(fleet));
    }
  }
  EXPECT_EQ(Encoded(copy), Encoded(fleet));
}

}  // namespace
}  // namespace embatch
