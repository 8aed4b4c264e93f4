// SPDX-License-Identifier: Apache-2.0
//
// Tests of the small public values: resources, statuses, events, reports.
#include <optional>
#include <sstream>
#include <string>

#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/event.h"
#include "embatch/job.h"
#include "embatch/resource_provider.h"
#include "embatch/resources.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace embatch {
namespace {

template <typename T>
std::string Shown(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

TEST(ResourcesTest, FitsInLooksAtEachAmount) {
  const Resources room = {1000, 512, 1};
  EXPECT_TRUE((Resources{1000, 512, 1}).FitsIn(room));
  EXPECT_TRUE(Resources().FitsIn(room));
  EXPECT_FALSE((Resources{1001, 512, 1}).FitsIn(room));
  EXPECT_FALSE((Resources{1000, 513, 1}).FitsIn(room));
  EXPECT_FALSE((Resources{1000, 512, 2}).FitsIn(room));
}

TEST(ResourcesTest, AddsSubtractsAndMultipliesEachAmount) {
  const Resources a = {250, 100, 1};
  const Resources b = {1000, 30, 2};
  EXPECT_EQ(a + b, (Resources{1250, 130, 3}));
  EXPECT_EQ(a - b, (Resources{-750, 70, -1}));
  EXPECT_EQ(3 * a, (Resources{750, 300, 3}));
  EXPECT_EQ(Resources::Of(2, 4096, 1), (Resources{2000, 4096, 1}));
}

TEST(ResourcesTest, PrintsWhatThereIs) {
  EXPECT_EQ(Shown(Resources::Of(2, 4096)), "2 vCPU, 4096 MiB");
  EXPECT_EQ(Shown(Resources::Of(2, 4096, 1)), "2 vCPU, 4096 MiB, 1 GPU");
  EXPECT_EQ(Shown(Resources{250, 4, 0}), "0.25 vCPU, 4 MiB");
}

TEST(JobStatusTest, HasAwssNames) {
  EXPECT_EQ(JobStatusName(JobStatus::kSubmitted), "SUBMITTED");
  EXPECT_EQ(JobStatusName(JobStatus::kPending), "PENDING");
  EXPECT_EQ(JobStatusName(JobStatus::kRunnable), "RUNNABLE");
  EXPECT_EQ(JobStatusName(JobStatus::kStarting), "STARTING");
  EXPECT_EQ(JobStatusName(JobStatus::kRunning), "RUNNING");
  EXPECT_EQ(JobStatusName(JobStatus::kSucceeded), "SUCCEEDED");
  EXPECT_EQ(JobStatusName(JobStatus::kFailed), "FAILED");
  EXPECT_EQ(Shown(JobStatus::kRunnable), "RUNNABLE");
}

TEST(JobStatusTest, OnlySucceededAndFailedAreTerminal) {
  for (int i = 0; i < kJobStatusCount; ++i) {
    const JobStatus status = static_cast<JobStatus>(i);
    EXPECT_EQ(IsTerminal(status),
              status == JobStatus::kSucceeded || status == JobStatus::kFailed);
  }
}

TEST(EventTest, PrintsTheChange) {
  Event event;
  event.job = {4, 1, 0};
  event.from = JobStatus::kRunnable;
  event.to = JobStatus::kStarting;
  event.attempt = 1;
  EXPECT_EQ(Shown(event), "job 4.1:0 RUNNABLE -> STARTING attempt 1");
  event.attempt = 0;
  event.from = JobStatus::kPending;
  event.to = JobStatus::kRunnable;
  event.count = 7;
  EXPECT_EQ(Shown(event), "job 4.1:0 PENDING -> RUNNABLE x7");
}

TEST(EventTest, TellsItsTime) {
  Event event;
  event.time_ns = 1500000001;
  EXPECT_EQ(event.time(), absl::FromUnixNanos(1500000001));
}

class ReportTest : public testing::Test {
 protected:
  const absl::Time time_ = absl::FromUnixNanos(5);
  const ContainerId container_ = {{{4, 1, 0}, 2}, 0};
};

TEST_F(ReportTest, ContainerReportsSayWhatTheyWereGiven) {
  const ContainerReport started = ContainerReport::Started(time_, container_);
  EXPECT_EQ(started.kind, ContainerReport::Kind::kStarted);
  EXPECT_EQ(started.time_ns, 5);
  EXPECT_EQ(started.container, container_);

  const ContainerReport exited =
      ContainerReport::Exited(time_, container_, 137, "OutOfMemoryError");
  EXPECT_EQ(exited.kind, ContainerReport::Kind::kExited);
  EXPECT_TRUE(exited.has_exit_code);
  EXPECT_EQ(exited.exit_code, 137);
  EXPECT_EQ(exited.reason, "OutOfMemoryError");

  const ContainerReport vanished =
      ContainerReport::Exited(time_, container_, std::nullopt);
  EXPECT_FALSE(vanished.has_exit_code);
  EXPECT_EQ(vanished.exit_code, 0);
  EXPECT_EQ(vanished.reason, "");

  const ContainerReport failed =
      ContainerReport::StartFailed(time_, container_, "CannotPull");
  EXPECT_EQ(failed.kind, ContainerReport::Kind::kStartFailed);
  EXPECT_FALSE(failed.has_exit_code);
  EXPECT_EQ(failed.reason, "CannotPull");
  EXPECT_EQ(failed.container, container_);
}

TEST_F(ReportTest, InstanceReportsSayWhatTheyWereGiven) {
  const InstanceReport catalogue =
      InstanceReport::Catalogue(time_, {{"c5.large", {2000, 3800, 0}, 85000}});
  EXPECT_EQ(catalogue.kind, InstanceReport::Kind::kCatalogue);
  EXPECT_EQ(catalogue.time_ns, 5);
  ASSERT_EQ(catalogue.instance_types.size(), 1u);
  EXPECT_EQ(catalogue.instance_types[0].name, "c5.large");

  const InstanceReport ready = InstanceReport::Ready(
      time_, InstanceId{7}, "i-7", Resources::Of(2, 3800));
  EXPECT_EQ(ready.kind, InstanceReport::Kind::kReady);
  EXPECT_EQ(ready.instance, InstanceId{7});
  EXPECT_EQ(ready.name, "i-7");
  EXPECT_EQ(ready.resources, Resources::Of(2, 3800));

  const InstanceReport failed = InstanceReport::LaunchFailed(
      time_, InstanceId{7}, LaunchFailure::kConfiguration, "no subnet");
  EXPECT_EQ(failed.kind, InstanceReport::Kind::kLaunchFailed);
  EXPECT_EQ(failed.failure, LaunchFailure::kConfiguration);
  EXPECT_EQ(failed.message, "no subnet");

  EXPECT_EQ(InstanceReport::Interruption(time_, InstanceId{7}).kind,
            InstanceReport::Kind::kInterruption);
  const InstanceReport lost = InstanceReport::Lost(time_, InstanceId{7});
  EXPECT_EQ(lost.kind, InstanceReport::Kind::kLost);
  EXPECT_EQ(lost.instance, InstanceId{7});
}

// Reports from before 1970 or from the far future keep their order.
TEST_F(ReportTest, TimesAreWholeNanosecondsWithinTheirRange) {
  EXPECT_EQ(
      ContainerReport::Started(absl::InfinitePast(), container_).time_ns,
      -ContainerReport::Started(absl::InfiniteFuture(), container_).time_ns);
  EXPECT_EQ(
      ContainerReport::Started(time_ + absl::Nanoseconds(1) / 2, container_)
          .time_ns,
      5);
}

}  // namespace
}  // namespace embatch
