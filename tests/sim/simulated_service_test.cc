// SPDX-License-Identifier: Apache-2.0
//
// Tests of SimulatedService, asked as a scheduler would ask.
#include "embatch/sim/simulated_service.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Kind = ServiceReport::Kind;

class SimulatedServiceTest : public ::testing::Test {
 protected:
  static absl::Time At(int64_t seconds) {
    return absl::FromUnixSeconds(seconds);
  }
  static AttemptId Attempt(uint32_t job) { return {{job, 1, -1}, 1}; }

  void Submit(SimulatedService& service, uint32_t job, int64_t quantity = 1) {
    const std::vector<CapacityUsage> usage = {{"type", quantity}};
    ServiceJobSpec spec;
    spec.attempt = Attempt(job);
    spec.capacity_usage = usage;
    service.Submit(spec);
  }
  std::vector<Kind> Poll(SimulatedService& service, int64_t seconds,
                         int max = 100) {
    std::vector<ServiceReport> reports;
    service.Poll(At(seconds), max, reports);
    std::vector<Kind> kinds;
    for (const ServiceReport& report : reports) {
      EXPECT_LE(report.time_ns, absl::ToUnixNanos(At(seconds)));
      kinds.push_back(report.kind);
    }
    return kinds;
  }
};

TEST_F(SimulatedServiceTest, TellsEachStepAtItsTime) {
  SimulatedServiceOptions options;
  options.default_fate.capacity_delay = absl::Seconds(5);
  SimulatedService service(options);
  Poll(service, 0);
  Submit(service, 1);
  Submit(service, 1);  // known: not submitted twice
  EXPECT_EQ(service.NextReportTime(), At(5));
  EXPECT_THAT(Poll(service, 4), IsEmpty());
  EXPECT_THAT(Poll(service, 5), ElementsAre(Kind::kStarting));
  EXPECT_THAT(Poll(service, 6), ElementsAre(Kind::kRunning));
  EXPECT_EQ(service.counts().held, 1);
  EXPECT_THAT(Poll(service, 16), ElementsAre(Kind::kSucceeded));
  EXPECT_EQ(service.NextReportTime(), absl::InfiniteFuture());
  EXPECT_EQ(service.counts().submitted, 1u);
  EXPECT_EQ(service.counts().held, 0);
}

TEST_F(SimulatedServiceTest, TrainingJobsAreOfItsRegion) {
  SimulatedServiceOptions options;
  options.arn_prefix = "arn:aws:sagemaker:us-east-1:123456789012:";
  SimulatedService service(options);
  Poll(service, 0);
  Submit(service, 1);
  std::vector<ServiceReport> reports;
  service.Poll(At(0), 1, reports);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_THAT(
      reports[0].service_resource_id,
      StartsWith("arn:aws:sagemaker:us-east-1:123456789012:training-job/"));
}

TEST_F(SimulatedServiceTest, GivesNoMoreReportsThanAskedFor) {
  SimulatedService service;
  Poll(service, 0);
  Submit(service, 1);
  EXPECT_THAT(Poll(service, 100, 2),
              ElementsAre(Kind::kStarting, Kind::kRunning));
  EXPECT_EQ(service.NextReportTime(), At(11));
  EXPECT_THAT(Poll(service, 100, 2), ElementsAre(Kind::kSucceeded));
}

TEST_F(SimulatedServiceTest, TurnsAwayWhatItHasNoCapacityFor) {
  SimulatedServiceOptions options;
  options.capacity["type"] = 2;
  SimulatedService service(options);
  Poll(service, 0);
  Submit(service, 1, 2);
  Submit(service, 2, 1);
  EXPECT_THAT(Poll(service, 0),
              ElementsAre(Kind::kStarting, Kind::kNoCapacity));
  Poll(service, 100);
  Submit(service, 2, 1);
  EXPECT_THAT(Poll(service, 100), ElementsAre(Kind::kStarting));
  EXPECT_EQ(service.counts().no_capacity, 1u);
}

TEST_F(SimulatedServiceTest, StopsWhenAsked) {
  SimulatedServiceOptions options;
  options.default_fate.run_time = absl::InfiniteDuration();
  options.default_fate.stop_delay = absl::Seconds(3);
  SimulatedService service(options);
  Poll(service, 0);
  Submit(service, 1);
  Poll(service, 50);
  EXPECT_EQ(service.NextReportTime(), absl::InfiniteFuture());
  service.Stop(Attempt(1));
  service.Stop(Attempt(1));
  service.Stop(Attempt(7));  // unknown
  EXPECT_EQ(service.NextReportTime(), At(53));
  EXPECT_THAT(Poll(service, 53), ElementsAre(Kind::kFailed));
  EXPECT_EQ(service.counts().failed, 1u);
}

TEST_F(SimulatedServiceTest, FailsAsTheScriptSays) {
  SimulatedServiceOptions options;
  options.script = [](const ServiceJobSpec& spec) {
    ServiceFate fate;
    fate.start_fails = spec.attempt.job.slot == 1;
    fate.fails = true;
    return fate;
  };
  SimulatedService service(options);
  Poll(service, 0);
  Submit(service, 1);
  EXPECT_THAT(Poll(service, 100), ElementsAre(Kind::kStarting, Kind::kFailed));
  Submit(service, 2);
  EXPECT_THAT(Poll(service, 200),
              ElementsAre(Kind::kStarting, Kind::kRunning, Kind::kFailed));
}

}  // namespace
}  // namespace embatch
