// SPDX-License-Identifier: Apache-2.0
#include "embatch/local/local_provider.h"

#include <sys/sysinfo.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = InstanceReport::Kind;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

std::vector<InstanceReport> PollAll(LocalProvider& provider) {
  std::vector<InstanceReport> reports;
  provider.Poll(kNow, 1000, reports);
  return reports;
}

LaunchRequest Request(uint64_t number, absl::string_view type = "local") {
  LaunchRequest request;
  request.instance = InstanceId{number};
  request.instance_type = type;
  return request;
}

LocalProviderOptions TwoCores() {
  LocalProviderOptions options;
  options.resources = Resources::Of(2, 4096);
  return options;
}

class ManagedTest : public ::testing::Test {
 protected:
  ManagedTest() { PollAll(provider_); }

  // What is reported after a launch: one thing.
  InstanceReport Launch(const LaunchRequest& request) {
    provider_.Launch(request);
    const std::vector<InstanceReport> reports = PollAll(provider_);
    EXPECT_THAT(reports, SizeIs(1));
    return reports.empty() ? InstanceReport() : reports[0];
  }

  LocalProvider provider_{TwoCores()};
};

TEST(LocalProviderTest, OffersThisMachineUnlessToldOtherwise) {
  struct sysinfo machine;
  ASSERT_EQ(sysinfo(&machine), 0);

  const Resources resources = ResourcesOfThisMachine();

  EXPECT_GT(resources.vcpu_milli, 0);
  EXPECT_LE(resources.vcpu_milli, get_nprocs_conf() * 1000);
  EXPECT_GT(resources.memory_mib, 0);
  EXPECT_LT(resources.memory_mib, static_cast<int64_t>(machine.totalram) *
                                      machine.mem_unit / (1024 * 1024));
  EXPECT_EQ(LocalProvider().resources(), resources);
}

TEST(LocalProviderTest, FirstReportIsTheCatalogue) {
  LocalProvider provider(TwoCores());
  EXPECT_LE(provider.NextReportTime(), kNow);

  const std::vector<InstanceReport> reports = PollAll(provider);

  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, Kind::kCatalogue);
  EXPECT_EQ(reports[0].time_ns, absl::ToUnixNanos(kNow));
  ASSERT_THAT(reports[0].instance_types, SizeIs(1));
  EXPECT_EQ(reports[0].instance_types[0].name, "local");
  EXPECT_EQ(reports[0].instance_types[0].resources, Resources::Of(2, 4096));
  EXPECT_THAT(PollAll(provider), IsEmpty());
  EXPECT_EQ(provider.NextReportTime(), absl::InfiniteFuture());
}

TEST(LocalProviderTest, TypeMayGetAnotherName) {
  LocalProvider provider(TwoCores());
  PollAll(provider);
  provider.SetInstanceType("local");
  EXPECT_THAT(PollAll(provider), IsEmpty());
  provider.SetInstanceType("c5.large");

  const std::vector<InstanceReport> reports = PollAll(provider);

  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, Kind::kCatalogue);
  ASSERT_THAT(reports[0].instance_types, SizeIs(1));
  EXPECT_EQ(reports[0].instance_types[0].name, "c5.large");
  EXPECT_EQ(reports[0].instance_types[0].resources, Resources::Of(2, 4096));
  provider.Launch(Request(1));  // of the old one
  const std::vector<InstanceReport> refused = PollAll(provider);
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].failure, LaunchFailure::kConfiguration);
}

TEST(LocalProviderTest, JoinsAnUnmanagedEnvironmentUnasked) {
  LocalProviderOptions options = TwoCores();
  options.join = true;
  LocalProvider provider(options);

  const std::vector<InstanceReport> reports = PollAll(provider);

  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, Kind::kReady);
  EXPECT_EQ(reports[0].instance, InstanceId::Joined(1));
  EXPECT_EQ(reports[0].resources, Resources::Of(2, 4096));

  provider.Launch(Request(1));
  const std::vector<InstanceReport> refused = PollAll(provider);
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].failure, LaunchFailure::kConfiguration);
}

TEST_F(ManagedTest, FirstLaunchIsReady) {
  const InstanceReport report = Launch(Request(7));
  EXPECT_EQ(report.kind, Kind::kReady);
  EXPECT_EQ(report.instance, InstanceId{7});
  EXPECT_EQ(report.name, "local");
  EXPECT_EQ(report.resources, Resources::Of(2, 4096));
}

TEST_F(ManagedTest, OneIsAllThereIsUntilItIsTerminated) {
  Launch(Request(1));
  const InstanceReport second = Launch(Request(2));
  EXPECT_EQ(second.kind, Kind::kLaunchFailed);
  EXPECT_EQ(second.failure, LaunchFailure::kCapacity);

  provider_.Terminate(InstanceId{2});  // is not up: ignored
  EXPECT_EQ(Launch(Request(3)).kind, Kind::kLaunchFailed);

  provider_.Terminate(InstanceId{1});
  EXPECT_EQ(Launch(Request(4)).kind, Kind::kReady);
}

// The type was renamed while an instance was up.
TEST_F(ManagedTest, LaunchOfANewTypeWaitsForTheEndOfTheOld) {
  Launch(Request(1));
  provider_.SetInstanceType("c5.large");
  PollAll(provider_);  // the catalogue
  provider_.Launch(Request(2, "c5.large"));
  provider_.Launch(Request(2, "c5.large"));  // known
  EXPECT_THAT(PollAll(provider_), IsEmpty());
  EXPECT_EQ(Launch(Request(3, "c5.large")).failure, LaunchFailure::kCapacity);

  provider_.Terminate(InstanceId{1});

  const std::vector<InstanceReport> reports = PollAll(provider_);
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, Kind::kReady);
  EXPECT_EQ(reports[0].instance, InstanceId{2});
  EXPECT_EQ(reports[0].name, "c5.large");
  // It is of the type that is wanted: there is no other.
  EXPECT_EQ(Launch(Request(4, "c5.large")).failure, LaunchFailure::kCapacity);
}

TEST_F(ManagedTest, LaunchThatWaitsMayBeTerminated) {
  Launch(Request(1));
  provider_.SetInstanceType("c5.large");
  PollAll(provider_);
  provider_.Launch(Request(2, "c5.large"));
  provider_.Terminate(InstanceId{2});
  provider_.Terminate(InstanceId{1});
  EXPECT_THAT(PollAll(provider_), IsEmpty());
  EXPECT_EQ(Launch(Request(3, "c5.large")).kind, Kind::kReady);
}

TEST_F(ManagedTest, LaunchThatWaitsIsKeptOverARestartIfAskedForAgain) {
  for (const bool old_is_kept : {true, false}) {
    for (const bool next_is_kept : {true, false}) {
      LocalProvider provider(TwoCores());
      provider.Launch(Request(1));
      provider.SetInstanceType("c5.large");
      provider.Launch(Request(2, "c5.large"));
      PollAll(provider);
      LaunchRequest again = Request(1);
      again.after_restart = true;
      if (old_is_kept) provider.Launch(again);
      again = Request(2, "c5.large");
      again.after_restart = true;
      if (next_is_kept) provider.Launch(again);
      PollAll(provider);

      provider.Recovered();
      if (old_is_kept) {
        EXPECT_THAT(PollAll(provider), IsEmpty());
        provider.Terminate(InstanceId{1});
      }

      const std::vector<InstanceReport> reports = PollAll(provider);
      ASSERT_THAT(reports, SizeIs(next_is_kept ? 1 : 0));
      if (next_is_kept) {
        EXPECT_EQ(reports[0].instance, InstanceId{2});
        EXPECT_EQ(reports[0].kind, Kind::kReady);
      }
    }
  }
}

TEST_F(ManagedTest, UnknownTypeIsAMatterOfConfiguration) {
  const InstanceReport report = Launch(Request(1, "c5.large"));
  EXPECT_EQ(report.failure, LaunchFailure::kConfiguration);
  EXPECT_THAT(report.message, HasSubstr("c5.large"));
}

TEST_F(ManagedTest, KnownInstanceIsNotLaunchedTwice) {
  Launch(Request(1));
  provider_.Launch(Request(1));
  EXPECT_THAT(PollAll(provider_), IsEmpty());
}

TEST_F(ManagedTest, InstanceAskedForAgainAfterARestartIsKept) {
  Launch(Request(1));
  LaunchRequest again = Request(1);
  again.after_restart = true;
  EXPECT_EQ(Launch(again).kind, Kind::kReady);

  provider_.Recovered();

  EXPECT_EQ(Launch(Request(2)).kind, Kind::kLaunchFailed);
}

TEST_F(ManagedTest, InstanceNotAskedForAgainAfterARestartIsLetGo) {
  Launch(Request(1));

  provider_.Recovered();

  EXPECT_EQ(Launch(Request(2)).kind, Kind::kReady);
}

TEST_F(ManagedTest, PollGivesAtMostWhatIsAskedFor) {
  provider_.Launch(Request(1));
  provider_.Launch(Request(2));
  std::vector<InstanceReport> reports;

  provider_.Poll(kNow, 1, reports);

  EXPECT_THAT(reports, SizeIs(1));
  EXPECT_LE(provider_.NextReportTime(), kNow);
  EXPECT_THAT(PollAll(provider_), SizeIs(1));
}

}  // namespace
}  // namespace embatch
