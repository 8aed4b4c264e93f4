// SPDX-License-Identifier: Apache-2.0
//
// How containers end, what is reported, and what is left behind.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/local/local_fixture.h"

namespace embatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = ContainerReport::Kind;

class LocalRuntimeTest : public LocalFixture {
 protected:
  // The pidfd of the process whose number comes through `fifo`.
  OwnedDescriptor ReadProcess(const std::string& fifo) {
    pid_t pid = 0;
    EXPECT_TRUE(absl::SimpleAtoi(ReadLine(fifo), &pid));
    OwnedDescriptor pidfd(OpenPidfd(pid));
    EXPECT_TRUE(pidfd.ok()) << "no process " << pid;
    return pidfd;
  }
};

TEST_F(LocalRuntimeTest, EndIsReportedAsAShellWould) {
  struct Case {
    const char* script;
    int want;
  };
  const Case kCases[] = {
      {"exit 0", 0},          {"exit 3", 3},
      {"exit 255", 255},      {"kill -TERM $$", 128 + SIGTERM},
      {"kill -KILL $$", 137}, {"kill -SEGV $$", 128 + SIGSEGV},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.script);
    const ContainerReport end = Run(Shell(c.script));
    EXPECT_EQ(end.kind, Kind::kExited);
    EXPECT_TRUE(end.has_exit_code);
    EXPECT_EQ(end.exit_code, c.want);
    EXPECT_EQ(end.reason, "");
  }
}

// Two containers of one attempt are two processes: each starts, is stopped and
// ends by itself.
TEST_F(LocalRuntimeTest, ContainersOfOneAttemptAreToldApartByTheirNumber) {
  const ContainerId first{{{7, 1, -1}, 1}, 0};
  const ContainerId second{{{7, 1, -1}, 1}, 1};
  StartAs(first, Shell("exec sleep 1000"));
  StartAs(second, Shell("exit 4"));
  EXPECT_EQ(WaitForEnd(second).exit_code, 4);
  EXPECT_EQ(runtime_->running(), 1);
  runtime_->Stop(first, absl::Seconds(30));
  EXPECT_EQ(WaitForEnd(first).exit_code, 128 + SIGTERM);
}

TEST_F(LocalRuntimeTest, StartedComesFirstAndTimesAreWholeMicroseconds) {
  const absl::Time before =
      absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
  Run(Shell("exit 0"));

  ASSERT_EQ(reports_.size(), 2u);
  EXPECT_EQ(reports_[0].kind, Kind::kStarted);
  EXPECT_EQ(reports_[1].kind, Kind::kExited);
  EXPECT_EQ(reports_[0].time_ns % 1000, 0);
  EXPECT_GE(reports_[0].time_ns, absl::ToUnixNanos(before));
  EXPECT_LE(reports_[0].time_ns, reports_[1].time_ns);
  EXPECT_LE(reports_[1].time_ns, absl::ToUnixNanos(absl::Now()));
}

TEST_F(LocalRuntimeTest, ReportIsNeverLaterThanThePollThatGivesIt) {
  Start(Shell("exit 0"));
  const absl::Time past = absl::FromUnixSeconds(1'000);

  runtime_->Poll(past, 1000, reports_);

  ASSERT_FALSE(reports_.empty());
  EXPECT_EQ(reports_[0].time_ns, absl::ToUnixNanos(past));
}

TEST_F(LocalRuntimeTest, PollGivesAtMostWhatIsAskedFor) {
  for (int i = 0; i < 3; ++i) Start(Shell("exit 0"));
  EXPECT_LE(runtime_->NextReportTime(), absl::Now());

  std::vector<ContainerReport> all;
  ASSERT_TRUE(WaitUntil([&] {
    const size_t before = all.size();
    runtime_->Poll(absl::Now(), 1, all);
    EXPECT_LE(all.size(), before + 1);
    return all.size() + reports_.size() == 6;
  }));
  EXPECT_EQ(runtime_->NextReportTime(), absl::InfiniteFuture());
  EXPECT_EQ(runtime_->running(), 0);
}

TEST_F(LocalRuntimeTest, KnownContainerIsNotStartedTwice) {
  const std::string fifo = MakeFifo("fifo");
  const ContainerId id = Start(Shell("echo once; read line < " + fifo));
  StartAs(id, Shell("echo twice"));
  EXPECT_EQ(runtime_->running(), 1);

  runtime_->Stop(id, absl::ZeroDuration());

  EXPECT_EQ(WaitForEnd(id).exit_code, 137);
  EXPECT_EQ(reports_.size(), 2u);
}

TEST_F(LocalRuntimeTest, StopIsPoliteToTheWholeGroup) {
  const std::string fifo = MakeFifo("fifo");
  // The child too must hear it: the shell waits for the child's farewell.
  const ContainerId id = Start(
      Shell("trap '' TERM\n"
            "(trap 'echo child was told; exit 0' TERM; echo ready > " +
            fifo + "; while :; do sleep 0.01; done) &\nwait $!; exit 42"));
  EXPECT_EQ(ReadLine(fifo), "ready");

  runtime_->Stop(id, kPatience);

  EXPECT_EQ(WaitForEnd(id).exit_code, 42);
  EXPECT_THAT(LogOf(id), HasSubstr("child was told"));
}

TEST_F(LocalRuntimeTest, WhoIgnoresSigtermIsKilledAfterTheGrace) {
  const std::string fifo = MakeFifo("fifo");
  const ContainerId id = Start(Shell("trap '' TERM; echo ready > " + fifo +
                                     "; while :; do sleep 0.01; done"));
  EXPECT_EQ(ReadLine(fifo), "ready");
  const absl::Time stopped = absl::Now();

  runtime_->Stop(id, absl::Milliseconds(200));

  EXPECT_EQ(WaitForEnd(id).exit_code, 137);
  EXPECT_GE(absl::Now() - stopped, absl::Milliseconds(200));
}

TEST_F(LocalRuntimeTest, SecondStopHastensTheEnd) {
  const std::string fifo = MakeFifo("fifo");
  const ContainerId id = Start(Shell("trap '' TERM; echo ready > " + fifo +
                                     "; while :; do sleep 0.01; done"));
  EXPECT_EQ(ReadLine(fifo), "ready");

  runtime_->Stop(id, absl::InfiniteDuration());
  runtime_->Stop(id, 10 * kPatience);
  runtime_->Stop(id, absl::Milliseconds(1));
  runtime_->Stop(id, 10 * kPatience);

  EXPECT_EQ(WaitForEnd(id).exit_code, 137);
}

TEST_F(LocalRuntimeTest, StopOfUnknownOrFinishedContainerIsIgnored) {
  const ContainerId id = Start(Shell("exit 7"));
  EXPECT_EQ(WaitForEnd(id).exit_code, 7);

  runtime_->Stop(id, absl::ZeroDuration());
  runtime_->Stop(ContainerId(), absl::Seconds(1));

  Poll();
  EXPECT_EQ(reports_.size(), 2u);
}

TEST_F(LocalRuntimeTest, WhatAMainProcessLeavesBehindIsKilled) {
  const std::string fifo = MakeFifo("fifo");
  const ContainerId id =
      Start(Shell("sleep 300 & echo $! > " + fifo + "; exit 5"));
  const OwnedDescriptor left = ReadProcess(fifo);

  EXPECT_EQ(WaitForEnd(id).exit_code, 5);

  EXPECT_TRUE(WaitForProcessEnd(left.get()));
}

TEST_F(LocalRuntimeTest, KilledByAStrangerIsNoMemoryError) {
  const std::string fifo = MakeFifo("fifo");
  const ContainerId id =
      Start(Shell("echo $$ > " + fifo + "; while :; do sleep 0.01; done"));
  const OwnedDescriptor process = ReadProcess(fifo);

  ASSERT_EQ(SendSignal(process.get(), SIGKILL), 0);

  const ContainerReport end = WaitForEnd(id);
  EXPECT_EQ(end.exit_code, 137);
  EXPECT_EQ(end.reason, "");
}

TEST_F(LocalRuntimeTest, DestructorKillsAndReapsEverything) {
  const std::string fifo = MakeFifo("fifo");
  Start(Shell("trap '' TERM; sleep 300 & echo $! > " + fifo + "; wait"));
  const OwnedDescriptor grandchild = ReadProcess(fifo);

  runtime_.reset();

  EXPECT_TRUE(WaitForProcessEnd(grandchild.get()));
  EXPECT_THAT(ChildrenOf(getpid()), IsEmpty());
}

TEST_F(LocalRuntimeTest, DestructorInAForkedCopyKillsNothing) {
  const std::string fifo = MakeFifo("fifo");
  const ContainerId id =
      Start(Shell("echo ready > " + fifo + "; while :; do sleep 0.01; done"));
  EXPECT_EQ(ReadLine(fifo), "ready");
  const pid_t copy = fork();
  if (copy == 0) {
    runtime_.reset();
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(copy, &status, 0), copy);
  ASSERT_EQ(status, 0);

  runtime_->Stop(id, kPatience);

  // SIGTERM ended it, not the copy's SIGKILL.
  EXPECT_EQ(WaitForEnd(id).exit_code, 128 + SIGTERM);
}

TEST_F(LocalRuntimeTest, ManyContainersLeaveNothingBehind) {
  Run(Shell("exit 0"));
  const int descriptors = OpenDescriptors();
  const size_t children = ChildrenOf(getpid()).size();

  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Run({{"true"}, {}, {}, false}).exit_code, 0);
  }

  EXPECT_EQ(OpenDescriptors(), descriptors);
  EXPECT_EQ(ChildrenOf(getpid()).size(), children);
  EXPECT_EQ(runtime_->running(), 0);
}

TEST_F(LocalRuntimeTest, ManyContainersAtOnceEachGiveTheirOwnCode) {
  std::vector<ContainerId> ids;
  for (int i = 0; i < 100; ++i)
    ids.push_back(Start(Shell(absl::StrCat("exit ", i))));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(WaitForEnd(ids[i]).exit_code, i);
}

TEST_F(LocalRuntimeTest, ContainerOfBeforeARestartIsNotRunAgain) {
  Command command = Shell("echo again");
  command.after_restart = true;

  const ContainerId id = Start(command);

  const ContainerReport end = WaitForEnd(id);
  EXPECT_EQ(end.kind, Kind::kExited);
  EXPECT_FALSE(end.has_exit_code);
  EXPECT_THAT(end.reason, HasSubstr("restart"));
  EXPECT_EQ(LogOf(id), "(none)");
}

TEST_F(LocalRuntimeTest, RecoveredStopsWhatWasNotAskedForAgain) {
  const std::string fifo = MakeFifo("fifo");
  Command wait =
      Shell("echo ready > " + fifo + "; while :; do sleep 0.01; done");
  const ContainerId wanted = Start(wait);
  const ContainerId unwanted = Start(wait);
  EXPECT_EQ(ReadLine(fifo), "ready");
  EXPECT_EQ(ReadLine(fifo), "ready");

  wait.after_restart = true;
  StartAs(wanted, wait);
  runtime_->Recovered();

  EXPECT_EQ(WaitForEnd(unwanted).exit_code, 128 + SIGTERM);
  EXPECT_EQ(runtime_->running(), 1);
}

// --- Hosts with habits of their own ------------------------------------------

TEST_F(LocalRuntimeTest, HostThatWaitsForAnyChildDoesNotMeetTheGuardian) {
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_EQ(ChildrenOf(getpid()).size(), 1u);  // though it is there
}

TEST_F(LocalRuntimeTest, GuardianHoldsNoDescriptorOfTheHost) {
  const std::vector<pid_t> children = ChildrenOf(getpid());
  ASSERT_EQ(children.size(), 1u);
  const std::string comm = absl::StrCat("/proc/", children[0], "/comm");
  const std::string folder = absl::StrCat("/proc/", children[0], "/fd");
  // It closes them in its own time; reading /proc lets time pass.
  int count = -1;
  const absl::Time deadline = absl::Now() + kPatience;
  do {
    count = 0;
    for (int fd = 0; fd < 64; ++fd) {
      char target[16];
      count += readlink(absl::StrCat(folder, "/", fd).c_str(), target,
                        sizeof(target)) >= 0;
    }
  } while (count != 2 && absl::Now() < deadline);
  EXPECT_EQ(count, 2);
  EXPECT_EQ(ReadWholeFile(comm), "embatch-guard\n");
}

// Where the kernel still tells the code of a process that is gone, it is
// reported; else the report says why there is none.
void ExpectLostOrKnown(const ContainerReport& end, int code) {
  EXPECT_EQ(end.kind, Kind::kExited);
  if (end.has_exit_code) {
    EXPECT_EQ(end.exit_code, code);
  } else {
    EXPECT_THAT(end.reason, HasSubstr("exit code is not known"));
  }
}

TEST_F(LocalRuntimeTest, HostThatReapsEveryChildStillHearsOfTheEnd) {
  const ContainerId id = Start(Shell("exit 3"));
  ASSERT_GT(waitpid(-1, nullptr, 0), 0);

  ExpectLostOrKnown(WaitForEnd(id), 3);
}

TEST_F(LocalRuntimeTest, HostThatIgnoresSigchldStillHearsOfTheEnd) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before;
  ASSERT_EQ(sigaction(SIGCHLD, &ignore, &before), 0);

  const ContainerReport end = Run(Shell("exit 3"));
  const ContainerReport refused = Run({{"/no/such/program"}, {}, {}, false});

  ASSERT_EQ(sigaction(SIGCHLD, &before, nullptr), 0);
  ExpectLostOrKnown(end, 3);
  EXPECT_EQ(refused.kind, Kind::kStartFailed);
}

}  // namespace
}  // namespace embatch
