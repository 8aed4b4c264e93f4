// SPDX-License-Identifier: Apache-2.0
#include "embatch/sim/simulated_provider.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/sim/runtime_driver.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Text(const InstanceReport& report) {
  std::string text =
      absl::FormatDuration(absl::FromUnixNanos(report.time_ns) - kBeginning);
  const uint64_t number = report.instance.number & ~InstanceId::kJoinedBit;
  switch (report.kind) {
    case InstanceReport::Kind::kCatalogue:
      return absl::StrCat(text, " Catalogue of ", report.instance_types.size());
    case InstanceReport::Kind::kReady:
      return absl::StrCat(text, " ", number, " Ready ", report.name);
    case InstanceReport::Kind::kLaunchFailed:
      return absl::StrCat(text, " ", number, " LaunchFailed ",
                          static_cast<int>(report.failure));
    case InstanceReport::Kind::kInterruption:
      return absl::StrCat(text, " ", number, " Interruption");
    case InstanceReport::Kind::kLost:
      return absl::StrCat(text, " ", number, " Lost");
    case InstanceReport::Kind::kInvalid:
      return absl::StrCat(text, " Invalid ", report.message);
  }
  return "";
}

// Drives a provider as a scheduler would, in seconds since the beginning.
class ProviderDriver {
 public:
  explicit ProviderDriver(SimulatedProviderOptions options = {},
                          bool take_catalogue = true)
      : provider_(std::move(options)) {
    if (take_catalogue) PollAt(0);
  }

  void Launch(uint64_t number, absl::string_view type = "c5.large",
              bool after_restart = false) {
    LaunchRequest request;
    request.instance = {number};
    request.compute_environment = "machines";
    request.instance_type = type;
    request.after_restart = after_restart;
    provider_.Launch(request);
  }

  std::vector<InstanceReport> ReportsAt(double seconds, int max = 1000) {
    std::vector<InstanceReport> reports;
    provider_.Poll(At(seconds), max, reports);
    for (const InstanceReport& report : reports) {
      EXPECT_LE(report.time_ns, absl::ToUnixNanos(At(seconds)));
    }
    return reports;
  }

  std::vector<std::string> PollAt(double seconds, int max = 1000) {
    std::vector<std::string> texts;
    for (const InstanceReport& report : ReportsAt(seconds, max)) {
      texts.push_back(Text(report));
    }
    return texts;
  }

  double NextReport() const {
    const absl::Time next = provider_.NextReportTime();
    if (next == absl::InfiniteFuture()) return -1;
    return absl::ToDoubleSeconds(next - kBeginning);
  }

  static absl::Time At(double seconds) {
    return kBeginning + absl::Seconds(seconds);
  }

  SimulatedProvider& provider() { return provider_; }
  const SimulatedProviderCounts& counts() const { return provider_.counts(); }

 private:
  SimulatedProvider provider_;
};

TEST(SimulatedProviderTest, FirstPollTellsTheCatalogue) {
  ProviderDriver driver({}, /*take_catalogue=*/false);
  EXPECT_EQ(driver.provider().NextReportTime(), absl::InfinitePast());

  const std::vector<InstanceReport> reports = driver.ReportsAt(3);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(Text(reports[0]), "3s Catalogue of 12");
  EXPECT_EQ(reports[0].compute_environment, "");
  EXPECT_EQ(reports[0].instance_types, SimulatedInstanceTypes());
  EXPECT_EQ(driver.NextReport(), -1);
}

TEST(SimulatedProviderTest, StandardTypesRegisterLessThanTheirNominalMemory) {
  const std::vector<InstanceType> types = SimulatedInstanceTypes();
  EXPECT_EQ(types.front().name, "c5.large");
  EXPECT_EQ(types.front().resources, Resources::Of(2, 4096 * 97 / 100 - 32));
  EXPECT_EQ(types.front().price_microdollars_per_hour, 85000);
  EXPECT_EQ(types.back().name, "r5.4xlarge");
  EXPECT_EQ(types.back().resources.vcpu_milli, 16000);
  EXPECT_EQ(types.back().price_microdollars_per_hour, 1008000);
}

TEST(SimulatedProviderTest, NewTypesMakeANewCatalogue) {
  ProviderDriver driver;
  driver.PollAt(5);
  driver.provider().SetInstanceTypes({{"tiny", Resources::Of(1, 512), 1}});
  EXPECT_THAT(driver.PollAt(5), ElementsAre("5s Catalogue of 1"));

  driver.Launch(1, "tiny");
  driver.Launch(2, "c5.large");
  EXPECT_THAT(
      driver.PollAt(65),
      ElementsAre("5s 2 LaunchFailed 1", "1m5s 1 Ready i-00000000000000001"));
}

TEST(SimulatedProviderTest, InstanceIsReadyWhenItHasBooted) {
  ProviderDriver driver;
  driver.PollAt(10);
  driver.Launch(255, "m5.xlarge");
  EXPECT_EQ(driver.NextReport(), 70);
  EXPECT_THAT(driver.PollAt(69.9), IsEmpty());
  EXPECT_FALSE(driver.provider().Instances().front().up);

  const std::vector<InstanceReport> reports = driver.ReportsAt(70);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(Text(reports[0]), "1m10s 255 Ready i-000000000000000ff");
  EXPECT_EQ(reports[0].compute_environment, "machines");
  EXPECT_EQ(reports[0].resources, Resources::Of(4, 16384 * 97 / 100 - 32));
  ASSERT_EQ(driver.provider().Instances().size(), 1u);
  EXPECT_TRUE(driver.provider().Instances().front().up);
  EXPECT_EQ(driver.provider().Instances().front().instance_type, "m5.xlarge");
}

TEST(SimulatedProviderTest, BootDelaySpreadsByNumber) {
  SimulatedProviderOptions options;
  options.boot_delay_spread = absl::Seconds(30);
  ProviderDriver driver(options);
  ProviderDriver same(options);
  for (uint64_t i = 1; i <= 20; ++i) driver.Launch(i);
  for (uint64_t i = 20; i >= 1; --i) same.Launch(i);

  std::set<absl::Time> times;
  const auto instances = driver.provider().Instances();
  for (size_t i = 0; i < instances.size(); ++i) {
    EXPECT_GE(instances[i].ready_at, ProviderDriver::At(60));
    EXPECT_LE(instances[i].ready_at, ProviderDriver::At(90));
    EXPECT_EQ(instances[i].ready_at, same.provider().Instances()[i].ready_at);
    times.insert(instances[i].ready_at);
  }
  EXPECT_EQ(times.size(), 20u);
}

TEST(SimulatedProviderTest, RegisteredResourcesMayDifferFromTheCatalogue) {
  SimulatedProviderOptions options;
  options.registered["c5.large"] = Resources::Of(2, 1000);
  ProviderDriver driver(options);
  driver.Launch(1);

  EXPECT_EQ(driver.ReportsAt(60).front().resources, Resources::Of(2, 1000));
}

TEST(SimulatedProviderTest, KnownIdIsNotLaunchedAgain) {
  ProviderDriver driver;
  driver.Launch(1);
  driver.Launch(1);
  EXPECT_THAT(driver.PollAt(60), ElementsAre("1m 1 Ready i-00000000000000001"));
  driver.Launch(1);
  driver.provider().Terminate({1});
  driver.Launch(1);

  EXPECT_EQ(driver.NextReport(), -1);
  EXPECT_THAT(driver.provider().Instances(), IsEmpty());
  EXPECT_EQ(driver.counts().launches, 1u);
  EXPECT_EQ(driver.counts().terminated, 1u);
}

TEST(SimulatedProviderTest, CapacityLimitsWhatIsHeldAtOnce) {
  SimulatedProviderOptions options;
  options.capacity["c5.large"] = 2;
  options.launch_failure_delay = absl::Seconds(5);
  ProviderDriver driver(options);
  for (uint64_t i = 1; i <= 3; ++i) driver.Launch(i);
  driver.Launch(4, "m5.large");  // another type is not limited
  EXPECT_THAT(driver.PollAt(59), ElementsAre("5s 3 LaunchFailed 0"));

  driver.provider().Terminate({1});
  driver.Launch(5);
  driver.Launch(6);
  EXPECT_THAT(driver.PollAt(64), ElementsAre("1m 2 Ready i-00000000000000002",
                                             "1m 4 Ready i-00000000000000004",
                                             "1m4s 6 LaunchFailed 0"));
  driver.provider().SetCapacity("c5.large", std::nullopt);
  driver.Launch(7);
  driver.provider().SetCapacity("c5.large", 0);
  driver.Launch(8);
  EXPECT_EQ(driver.counts().launches_failed, 2u);
  EXPECT_THAT(driver.PollAt(69), ElementsAre("1m9s 8 LaunchFailed 0"));
  EXPECT_EQ(driver.counts().launches_failed, 3u);
}

TEST(SimulatedProviderTest, FailureSaysWhichTypeAndWhy) {
  struct Case {
    LaunchFailure failure;
    const char* want;
  };
  for (const Case& c :
       {Case{LaunchFailure::kCapacity, "InsufficientInstanceCapacity"},
        Case{LaunchFailure::kConfiguration, "InvalidParameterValue"},
        Case{LaunchFailure::kPermission, "UnauthorizedOperation"}}) {
    SCOPED_TRACE(c.want);
    SimulatedProviderOptions options;
    options.script = [&](const LaunchRequest& request) {
      return request.instance_type == "c5.large"
                 ? std::optional<LaunchFailure>(c.failure)
                 : std::nullopt;
    };
    ProviderDriver driver(options);
    driver.Launch(1);
    driver.Launch(2, "m5.large");

    const std::vector<InstanceReport> reports = driver.ReportsAt(0);
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].failure, c.failure);
    EXPECT_THAT(reports[0].message, HasSubstr(c.want));
    EXPECT_THAT(reports[0].message, HasSubstr("c5.large"));
    EXPECT_EQ(driver.NextReport(), 60);
  }
}

TEST(SimulatedProviderTest, LaunchesFailByChanceFromTheSeed) {
  SimulatedProviderOptions options;
  options.launch_failures_per_million = 250000;
  const auto failures = [&options](uint64_t seed) {
    options.seed = seed;
    ProviderDriver driver(options);
    for (uint64_t i = 1; i <= 400; ++i) driver.Launch(i);
    return driver.PollAt(0);
  };
  EXPECT_NEAR(static_cast<double>(failures(1).size()), 100, 40);
  EXPECT_EQ(failures(1), failures(1));
  EXPECT_NE(failures(1), failures(2));
}

TEST(SimulatedProviderTest, InstancesJoinUnasked) {
  ProviderDriver driver;
  SimulatedProvider& provider = driver.provider();
  const InstanceId first =
      provider.Join("rack", Resources::Of(8, 1024), "host-a", driver.At(10));
  const InstanceId second =
      provider.Join("rack", Resources::Of(8, 1024), "host-b", driver.At(-5));
  EXPECT_TRUE(first.joined());
  EXPECT_NE(first, second);

  const std::vector<InstanceReport> reports = driver.ReportsAt(10);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(Text(reports[0]), "0 2 Ready host-b");  // a past time means now
  EXPECT_EQ(Text(reports[1]), "10s 1 Ready host-a");
  EXPECT_EQ(reports[1].instance, first);
  EXPECT_EQ(reports[1].compute_environment, "rack");
  EXPECT_EQ(reports[1].resources, Resources::Of(8, 1024));
  EXPECT_EQ(driver.counts().joined, 2u);
}

TEST(SimulatedProviderTest, InterruptionIsAnnouncedBeforeTheLoss) {
  ProviderDriver driver;
  driver.Launch(1);
  driver.PollAt(60);
  driver.provider().Interrupt({1}, driver.At(100));
  driver.provider().Lose({1}, driver.At(220));
  driver.provider().Interrupt({1}, driver.At(300));

  EXPECT_EQ(driver.NextReport(), 100);
  EXPECT_THAT(driver.PollAt(100), ElementsAre("1m40s 1 Interruption"));
  EXPECT_EQ(driver.provider().Instances().size(), 1u);
  EXPECT_THAT(driver.PollAt(400), ElementsAre("3m40s 1 Lost"));
  EXPECT_THAT(driver.provider().Instances(), IsEmpty());
  EXPECT_EQ(driver.NextReport(), -1);
  EXPECT_EQ(driver.counts().lost, 1u);
}

TEST(SimulatedProviderTest, InstanceLostWhileItBootsIsNeverReady) {
  ProviderDriver driver;
  driver.Launch(1);
  driver.provider().Lose({1}, driver.At(30));

  EXPECT_THAT(driver.PollAt(1000), ElementsAre("30s 1 Lost"));
}

TEST(SimulatedProviderTest, NothingIsReportedOfAnInstanceThatWasLetGo) {
  ProviderDriver driver;
  driver.Launch(1);
  driver.Launch(2);
  driver.provider().Lose({1}, driver.At(100));
  driver.provider().Terminate({1});
  driver.provider().Terminate({77});

  EXPECT_THAT(driver.PollAt(1000),
              ElementsAre("1m 2 Ready i-00000000000000002"));
}

TEST(SimulatedProviderTest, UnknownInstanceIsNeitherLostNorInterrupted) {
  ProviderDriver driver;
  driver.provider().Lose({1}, driver.At(5));
  driver.provider().Interrupt({1}, driver.At(5));
  EXPECT_EQ(driver.NextReport(), -1);
}

TEST(SimulatedProviderTest, ContainersDieWithTheirInstance) {
  RuntimeDriver containers;
  SimulatedProviderOptions options;
  options.runtime = &containers.runtime();
  ProviderDriver driver(options);
  driver.Launch(1);
  driver.Launch(2);
  driver.PollAt(60);
  containers.PollAt(60);
  RuntimeDriver::StartOptions on_second;
  on_second.instance = {2};
  containers.Start(1);
  containers.Start(2, on_second);
  driver.provider().Lose({1}, driver.At(65));

  EXPECT_THAT(
      containers.RunUntil(100),
      ElementsAre("1m1s 1 Started", "1m1s 2 Started", "1m11s 2 Exited 0"));
}

TEST(SimulatedProviderTest, WhatExceedsTheMaximumWaits) {
  ProviderDriver driver;
  for (uint64_t i = 1; i <= 3; ++i) driver.Launch(i);

  EXPECT_THAT(driver.PollAt(60, 0), IsEmpty());
  EXPECT_EQ(driver.PollAt(60, 2).size(), 2u);
  EXPECT_EQ(driver.NextReport(), 60);
  EXPECT_THAT(driver.PollAt(61, 2),
              ElementsAre("1m 3 Ready i-00000000000000003"));
}

// What a scheduler that was brought back hears when it asks again.
class ProviderRestartTest : public ::testing::Test {
 protected:
  void LaunchAgain(uint64_t number) {
    driver_.Launch(number, "c5.large", /*after_restart=*/true);
  }
  ProviderDriver driver_;
};

TEST_F(ProviderRestartTest, UnknownInstanceIsLaunched) {
  LaunchAgain(1);
  EXPECT_THAT(driver_.PollAt(60),
              ElementsAre("1m 1 Ready i-00000000000000001"));
}

TEST_F(ProviderRestartTest, BootingInstanceGoesOn) {
  driver_.Launch(1);
  driver_.PollAt(30);
  LaunchAgain(1);
  EXPECT_THAT(driver_.PollAt(100),
              ElementsAre("1m 1 Ready i-00000000000000001"));
}

TEST_F(ProviderRestartTest, InstanceReportsOnceMoreHowItStands) {
  driver_.Launch(1);
  driver_.Launch(2);
  driver_.PollAt(60);
  driver_.provider().Interrupt({1}, driver_.At(70));
  driver_.PollAt(80);
  LaunchAgain(1);
  LaunchAgain(2);

  EXPECT_THAT(driver_.PollAt(90), ElementsAre("1m 1 Ready i-00000000000000001",
                                              "1m 2 Ready i-00000000000000002",
                                              "1m10s 1 Interruption"));
}

TEST_F(ProviderRestartTest, EndThatMayNotHaveBeenHeardIsReportedOnceMore) {
  driver_.provider().SetCapacity("c5.large", 1);
  driver_.Launch(1);
  driver_.Launch(2);
  driver_.PollAt(0);  // the failure of 2
  LaunchAgain(2);
  EXPECT_THAT(driver_.PollAt(1), ElementsAre("0 2 LaunchFailed 0"));

  driver_.provider().Lose({1}, driver_.At(5));
  driver_.PollAt(5);
  LaunchAgain(1);
  EXPECT_THAT(driver_.PollAt(9), ElementsAre("5s 1 Lost"));
  EXPECT_EQ(driver_.counts().lost, 1u);
}

TEST_F(ProviderRestartTest, WhatIsLongGoneIsReportedAsLost) {
  driver_.Launch(1);
  driver_.PollAt(60);
  driver_.provider().Terminate({1});
  driver_.PollAt(100);
  LaunchAgain(1);

  EXPECT_THAT(driver_.PollAt(200), ElementsAre("1m40s 1 Lost"));
}

TEST_F(ProviderRestartTest, RecoveredLetsGoOfWhatWasNotAskedForAgain) {
  driver_.Launch(1);
  driver_.Launch(2);
  const InstanceId joined = driver_.provider().Join(
      "rack", Resources::Of(8, 1024), "host-a", driver_.At(0));
  driver_.PollAt(10);
  LaunchAgain(2);
  driver_.provider().Recovered();

  const auto instances = driver_.provider().Instances();
  ASSERT_EQ(instances.size(), 2u);
  EXPECT_EQ(instances[0].instance, (InstanceId{2}));
  EXPECT_EQ(instances[1].instance, joined);
  EXPECT_EQ(driver_.counts().terminated, 1u);
  EXPECT_THAT(driver_.PollAt(100),
              ElementsAre("1m 2 Ready i-00000000000000002"));
}

}  // namespace
}  // namespace embatch
