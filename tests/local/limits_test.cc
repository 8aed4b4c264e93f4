// SPDX-License-Identifier: Apache-2.0
//
// Limits on memory and CPU. Where no cgroup is writable, that the runtime says
// so; the rest has nothing to test there.
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/local/cgroup_layout.h"
#include "lib/local/cgroups.h"
#include "tests/local/local_fixture.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Limits = LocalRuntimeOptions::Limits;

// The cgroups that hosts with this process's number have made.
std::vector<std::string> OwnCgroups() {
  const CgroupLayout layout = ReadCgroupLayout();
  const std::string number = absl::StrCat("-", getpid(), "-");
  std::vector<std::string> found;
  for (const CgroupHierarchy* hierarchy :
       {&layout.unified, &layout.memory, &layout.cpu}) {
    for (const std::string& folder : hierarchy->OwnAndAbove()) {
      for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename();
        if (absl::StartsWith(name, "embatch-") &&
            absl::StrContains(name, number)) {
          found.push_back(entry.path());
        }
      }
    }
  }
  return found;
}

class LimitsTest : public LocalFixture {
 protected:
  void SetUp() override {
    LocalRuntimeOptions options = Options();
    options.limits = Limits::kAuto;
    CreateRuntime(options);
    if (!runtime_->limits_enforced()) {
      EXPECT_THAT(runtime_->LimitsText(), StartsWith("not enforced: "));
      GTEST_SKIP() << runtime_->LimitsText();
    }
  }

  static Command WithMemory(Command command, int64_t mib) {
    command.resources = Resources::Of(1, mib);
    return command;
  }
};

// Takes 200 MiB and uses them.
constexpr char kHungry[] =
    "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null";

TEST_F(LimitsTest, TextSaysHow) {
  EXPECT_THAT(runtime_->LimitsText(),
              StartsWith("memory and CPU limits by cgroup v"));
}

TEST_F(LimitsTest, ContainerOverItsMemoryIsReportedAsAwsDoes) {
  const ContainerReport end =
      Run(WithMemory(Shell(absl::StrCat("exec ", kHungry)), 32));

  EXPECT_EQ(end.exit_code, 137);
  EXPECT_EQ(end.reason,
            "OutOfMemoryError: Container killed due to memory usage");
}

TEST_F(LimitsTest, ChildOverTheMemoryCountsToo) {
  const ContainerReport end =
      Run(WithMemory(Shell(absl::StrCat(kHungry, "; exit $?")), 32));

  EXPECT_EQ(end.exit_code, 137);
  EXPECT_THAT(end.reason, StartsWith("OutOfMemoryError"));
}

TEST_F(LimitsTest, EnoughMemoryIsEnough) {
  EXPECT_EQ(Run(WithMemory(Shell(kHungry), 400)).exit_code, 0);
}

TEST_F(LimitsTest, KillThatWasNotForMemoryIsNotCalledSo) {
  const ContainerReport end = Run(WithMemory(Shell("kill -KILL $$"), 32));

  EXPECT_EQ(end.exit_code, 137);
  EXPECT_EQ(end.reason, "");
}

TEST_F(LimitsTest, CpuTimeIsRationed) {
  // The shell counts and says how much CPU that took, e.g. "0m0.120s 0m0.000s".
  Command command =
      Shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; times");
  command.resources = {200, 64, 0};
  const ContainerId id = Start(command);

  const ContainerReport end = WaitForEnd(id);

  const std::string log = LogOf(id);
  double user_seconds = 0;
  ASSERT_TRUE(absl::SimpleAtod(log.substr(2, log.find('s') - 2), &user_seconds))
      << log;
  const double wall_seconds =
      static_cast<double>(end.time_ns - reports_[0].time_ns) / 1e9;
  // A fifth of a core, and something for what a period lets pass.
  EXPECT_GT(wall_seconds, 3 * (user_seconds - 0.02)) << log;
}

TEST_F(LimitsTest, ProcessThatLeavesItsGroupIsFoundByItsCgroup) {
  const std::string fifo = MakeFifo("fifo");
  const ContainerId id =
      Start(Shell("setsid sh -c 'echo $$ > " + fifo +
                  "; sleep 300' & read x < " + MakeFifo("never")));
  pid_t pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(ReadLine(fifo), &pid));
  const OwnedDescriptor escaped(OpenPidfd(pid));
  ASSERT_TRUE(escaped.ok());

  runtime_->Stop(id, absl::ZeroDuration());

  EXPECT_EQ(WaitForEnd(id).exit_code, 137);
  EXPECT_TRUE(WaitForProcessEnd(escaped.get()));
}

TEST_F(LimitsTest, CgroupsGoWithTheirRuntime) {
  const std::string fifo = MakeFifo("fifo");
  EXPECT_EQ(Run(WithMemory(Shell("exit 0"), 32)).exit_code, 0);
  Start(WithMemory(Shell("echo ready > " + fifo + "; sleep 300"), 32));
  EXPECT_EQ(ReadLine(fifo), "ready");

  runtime_.reset();

  EXPECT_THAT(OwnCgroups(), IsEmpty());
}

TEST_F(LimitsTest, FailedStartsLeaveNoCgroup) {
  const std::vector<std::string> folders = OwnCgroups();
  ASSERT_FALSE(folders.empty());

  EXPECT_EQ(Run(WithMemory({{"/no/such/program"}, {}, {}, false}, 32)).kind,
            ContainerReport::Kind::kStartFailed);

  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      EXPECT_FALSE(entry.is_directory()) << entry.path();
    }
  }
}

TEST_F(LimitsTest, WorksForAProcessOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another";
  LocalRuntimeOptions options = Options();
  options.limits = Limits::kRequired;
  options.user = "4711:4711";
  CreateRuntime(options);

  EXPECT_THAT(Run(WithMemory(Shell(kHungry), 32)).reason,
              StartsWith("OutOfMemoryError"));
}

using LimitsOptionsTest = LocalFixture;

TEST_F(LimitsOptionsTest, OffIsOff) {
  EXPECT_FALSE(runtime_->limits_enforced());
  EXPECT_EQ(runtime_->LimitsText(),
            "not enforced: limits are off by the options");
  Command command = Shell(kHungry);
  command.resources = Resources::Of(1, 32);
  EXPECT_EQ(Run(command).exit_code, 0);
}

TEST_F(LimitsOptionsTest, CgroupThatIsNotThere) {
  LocalRuntimeOptions options = Options();
  options.cgroup = "/no/such/cgroup";
  options.limits = Limits::kAuto;
  CreateRuntime(options);
  EXPECT_THAT(runtime_->LimitsText(),
              StartsWith("not enforced: no writable cgroup ("));

  options.limits = Limits::kRequired;
  const absl::Status status = LocalRuntime::Create(options).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("limits are required, but not enforced"));
}

}  // namespace
}  // namespace embatch
