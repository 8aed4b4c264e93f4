// SPDX-License-Identifier: Apache-2.0
//
// Tests of lib/capacity/gang.h and of the plan for multi-node jobs, rule by
// rule of lib/capacity/README.md.
#include "lib/capacity/gang.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/capacity/scaling.h"
#include "tests/capacity/site.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kNow = 1000;

Requirement Nodes(int32_t nodes, int64_t vcpus, std::string type = "") {
  Requirement need(Resources::Of(vcpus, 512));
  need.nodes = nodes;
  need.instance_type = std::move(type);
  return need;
}

class GangTest : public testing::Test, protected Site {
 protected:
  uint32_t Cluster(int64_t max_vcpus = 1000) {
    SiteOptions options;
    options.max_vcpus = max_vcpus;
    return Managed({Type("duo", 2, 4096), Type("quad", 4, 8192)}, options);
  }
  // Launches and lettings-go for jobs in one queue on environment 0.
  struct Answer {
    std::vector<std::pair<uint32_t, int64_t>> launches;  // type, how many
    size_t terminations = 0;
  };
  Answer PlanFor(const std::vector<ClassDemand>& classes) {
    const Consumables none;
    ScalingPlan plan(fleet, none, kNow, 0);
    plan.AddQueue({0}, classes);
    Answer answer;
    for (const ScalingPlan::Launch& launch : plan.TopUp()) {
      answer.launches.emplace_back(launch.type, launch.instances);
    }
    answer.terminations = plan.Terminations().size();
    return answer;
  }
};

TEST_F(GangTest, NodesTakeTheSmallestEmptyInstancesTheNewestFirst) {
  const uint32_t cluster = Cluster();
  const uint32_t large = Ready(cluster, 1);
  const uint32_t old = Ready(cluster, 0);
  const uint32_t young = Ready(cluster, 0);
  const uint32_t busy = Ready(cluster, 0);
  fleet.Place(busy, Resources::Of(1, 4));
  EXPECT_THAT(FindNodes(fleet, cluster, Nodes(2, 1)), ElementsAre(young, old));
  EXPECT_THAT(FindNodes(fleet, cluster, Nodes(3, 1)),
              ElementsAre(young, old, large));
  EXPECT_THAT(FindNodes(fleet, cluster, Nodes(4, 1)), IsEmpty());
  EXPECT_THAT(FindNodes(fleet, cluster, Nodes(1, 3)), ElementsAre(large));
  EXPECT_THAT(FindNodes(fleet, cluster, Nodes(1, 1, "quad")),
              ElementsAre(large));
  EXPECT_THAT(FindNodes(fleet, cluster, Nodes(1, 1, "octo")), IsEmpty());
}

TEST_F(GangTest, AnnouncedToBeLostIsNotEmpty) {
  const uint32_t cluster = Cluster();
  const uint32_t slot = Ready(cluster, 0);
  fleet.StopPlacing(slot, InstanceState::kInterrupted);
  EXPECT_THAT(FindNodes(fleet, cluster, Nodes(1, 1)), IsEmpty());
}

TEST_F(GangTest, InstancesOfMinvCpusAreForOthers) {
  const uint32_t cluster = Cluster(5);
  const uint32_t slot = fleet.Launch(cluster, 0, /*for_minimum=*/true);
  EXPECT_TRUE(CanGrowForNodes(fleet, cluster, Nodes(2, 1)));
  fleet.BecomeReady(slot, "", Resources::Of(2, 4096), 0);
  EXPECT_THAT(FindNodes(fleet, cluster, Nodes(1, 1)), IsEmpty());
  EXPECT_THAT(PlanFor({{Nodes(2, 1), 1}}).launches,
              ElementsAre(std::make_pair(0u, int64_t{2})));
  EXPECT_FALSE(CanGrowForNodes(fleet, cluster, Nodes(3, 1)));
  EXPECT_EQ(WhyNotIn(fleet, cluster, Nodes(3, 1), kNow), WhyNot::kMayLater);
}

TEST_F(GangTest, UnmanagedEnvironmentsRunNone) {
  const uint32_t hosts = Unmanaged();
  Join(hosts, Resources::Of(4, 4096));
  EXPECT_THAT(FindNodes(fleet, hosts, Nodes(1, 1)), IsEmpty());
  EXPECT_FALSE(CanGrowFor(fleet, hosts, Nodes(1, 1), kNow));
  EXPECT_EQ(WhyNotIn(fleet, hosts, Nodes(1, 1), kNow), WhyNot::kMisconfigured);
}

TEST_F(GangTest, MaxvCpusBoundsAllNodesTogether) {
  const uint32_t cluster = Cluster(5);
  // The third instance would pass the maximum, as the last one may.
  EXPECT_TRUE(CanGrowFor(fleet, cluster, Nodes(3, 1), kNow));
  EXPECT_EQ(WhyNotIn(fleet, cluster, Nodes(3, 1), kNow), WhyNot::kMayLater);
  EXPECT_FALSE(CanGrowFor(fleet, cluster, Nodes(4, 1), kNow));
  EXPECT_EQ(WhyNotIn(fleet, cluster, Nodes(4, 1), kNow), WhyNot::kMaxVcpus);
  // D47: their own vCPUs are more than the maximum.
  EXPECT_EQ(WhyNotIn(fleet, cluster, Nodes(3, 2), kNow), WhyNot::kMaxVcpus);
  EXPECT_EQ(WhyNotIn(fleet, cluster, Nodes(1, 5), kNow), WhyNot::kNothingFits);
  EXPECT_EQ(WhyNotIn(fleet, cluster, Nodes(1, 1, "octo"), kNow),
            WhyNot::kMisconfigured);
}

TEST_F(GangTest, OutOfCapacityIsWaitedFor) {
  const uint32_t cluster = Cluster();
  const uint32_t slot = Ready(cluster, 0);
  TypeRecord& duo = fleet.environment(cluster).types[0];
  duo.back_off_until_ns = kNow + 1;
  EXPECT_TRUE(CanGrowFor(fleet, cluster, Nodes(2, 1), kNow));
  EXPECT_EQ(WhyNotIn(fleet, cluster, Nodes(2, 1), kNow), WhyNot::kNoCapacity);
  // What is there already is enough for one node.
  EXPECT_EQ(WhyNotIn(fleet, cluster, Nodes(1, 1), kNow), WhyNot::kMayLater);
  const Answer answer = PlanFor({{Nodes(2, 1), 1}, {Resources::Of(1, 4), 5}});
  EXPECT_THAT(answer.launches, IsEmpty());
  EXPECT_EQ(answer.terminations, 0u);  // it is kept meanwhile
  EXPECT_EQ(fleet.instance(slot).running, 0u);
}

TEST_F(GangTest, PlanCountsWhatIsSoonEmpty) {
  const uint32_t cluster = Cluster();
  const uint32_t closing = Ready(cluster, 0);
  fleet.Place(closing, Resources::Of(2, 4096));
  Boot(cluster, 0);
  Ready(cluster, 0);
  EXPECT_THAT(PlanFor({{Nodes(4, 1), 1}}).launches,
              ElementsAre(std::make_pair(0u, int64_t{2})));
  fleet.Close(closing);
  EXPECT_THAT(PlanFor({{Nodes(4, 1), 1}}).launches,
              ElementsAre(std::make_pair(0u, int64_t{1})));
  EXPECT_THAT(PlanFor({{Nodes(3, 1), 1}}).launches, IsEmpty());
  // A single job can't count on it.
  EXPECT_THAT(PlanFor({{Resources::Of(2, 4), 3}}).launches,
              ElementsAre(std::make_pair(0u, int64_t{1})));
  fleet.Release(closing, Resources::Of(2, 4096), kNow);
  EXPECT_EQ(fleet.environment(cluster).types[0].closing, 0);
}

TEST_F(GangTest, LostWhileItCloses) {
  const uint32_t cluster = Cluster();
  const uint32_t slot = Ready(cluster, 0);
  fleet.Place(slot, Resources::Of(2, 4096));
  fleet.Close(slot);
  EXPECT_EQ(fleet.environment(cluster).types[0].closing, 1);
  fleet.StopPlacing(slot, InstanceState::kLost);
  EXPECT_EQ(fleet.environment(cluster).types[0].closing, 0);
}

TEST_F(GangTest, EachJobOfAClassHasInstancesOfItsOwn) {
  const uint32_t cluster = Cluster(12);
  Ready(cluster, 0);
  EXPECT_THAT(PlanFor({{Nodes(2, 1), 2}}).launches,
              ElementsAre(std::make_pair(0u, int64_t{1}),
                          std::make_pair(0u, int64_t{2})));
  // There is no room for a fourth, and none of it is launched.
  EXPECT_THAT(PlanFor({{Nodes(2, 1), 4}}).launches,
              ElementsAre(std::make_pair(0u, int64_t{1}),
                          std::make_pair(0u, int64_t{2}),
                          std::make_pair(0u, int64_t{2})));
}

TEST_F(GangTest, WhatFindsNoPlaceEndsTheQueueAndKeepsNothing) {
  const uint32_t cluster = Cluster(4);
  fleet.Place(Ready(cluster, 0), Resources::Of(1, 4));
  Ready(cluster, 0);
  const Answer answer = PlanFor({{Nodes(2, 1), 1}, {Resources::Of(1, 4), 9}});
  EXPECT_THAT(answer.launches, IsEmpty());
  EXPECT_EQ(answer.terminations, 1u);
}

TEST_F(GangTest, JobsBehindUseWhatIsLeft) {
  const uint32_t cluster = Cluster(8);
  Ready(cluster, 0);
  Ready(cluster, 0);
  const Answer answer = PlanFor({{Nodes(2, 1), 1}, {Resources::Of(1, 4), 2}});
  EXPECT_THAT(answer.launches, ElementsAre(std::make_pair(0u, int64_t{1})));
  EXPECT_EQ(answer.terminations, 0u);
}

}  // namespace
}  // namespace embatch
