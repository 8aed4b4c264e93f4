// SPDX-License-Identifier: Apache-2.0
//
// What a process finds when it starts: environment, working folder, user,
// descriptors, signals, and where its output goes.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/local/local_fixture.h"

namespace embatch {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ProcessEnvironmentTest : public LocalFixture {
 protected:
  // What a command prints.
  std::string OutputOf(const Command& command) {
    const ContainerId id = Start(command);
    const ContainerReport end = WaitForEnd(id);
    EXPECT_EQ(end.exit_code, 0) << end.reason << LogOf(id);
    return LogOf(id);
  }

  std::vector<std::string> LinesOf(const Command& command) {
    return absl::StrSplit(OutputOf(command), '\n', absl::SkipEmpty());
  }
};

TEST_F(ProcessEnvironmentTest,
       JobsVariablesWinOverTheOptionsAndThoseOverTheHosts) {
  ASSERT_EQ(setenv("HOST_ONLY", "host", 1), 0);
  ASSERT_EQ(setenv("BOTH", "host", 1), 0);
  LocalRuntimeOptions options = Options();
  options.inherit_environment = true;
  options.environment.push_back({"BOTH", "options"});
  options.environment.push_back({"ALL", "options"});
  CreateRuntime(options);
  Command command{{"env"}, {{"ALL", "job"}, {"ALL", "job, last"}}, {}, false};

  const std::vector<std::string> lines = LinesOf(command);

  EXPECT_THAT(lines, Contains("HOST_ONLY=host"));
  EXPECT_THAT(lines, Contains("BOTH=options"));
  EXPECT_THAT(lines, Contains("ALL=job, last"));
  EXPECT_THAT(lines, Contains(StartsWith("ALL=")).Times(1));
  EXPECT_THAT(lines, Contains("AWS_BATCH_CE_NAME=this-machine"));
}

TEST_F(ProcessEnvironmentTest, HostsVariablesStayAtHomeUnlessAsked) {
  ASSERT_EQ(setenv("HOST_ONLY", "host", 1), 0);

  const std::vector<std::string> lines = LinesOf({{"env"}, {}, {}, false});

  EXPECT_THAT(lines, Not(Contains(StartsWith("HOST_ONLY="))));
  EXPECT_THAT(lines, Contains(StartsWith("PATH=")));
}

TEST_F(ProcessEnvironmentTest, ProgramIsLookedUpInTheJobsOwnPath) {
  const std::string folder = folder_ + "/bin";
  ASSERT_TRUE(std::filesystem::create_directory(folder));
  const std::string program = folder + "/my-own-name";
  std::ofstream(program) << "#!/bin/sh\necho $1 $2\n";
  ASSERT_EQ(chmod(program.c_str(), 0755), 0);

  EXPECT_EQ(OutputOf({{"my-own-name", "it", "is"},
                      {{"PATH", "/no/such/folder:" + folder}},
                      {},
                      false}),
            "it is\n");
}

TEST_F(ProcessEnvironmentTest, StartsInTheWorkingFolder) {
  LocalRuntimeOptions options = Options();
  options.working_folder = folder_;
  CreateRuntime(options);

  EXPECT_EQ(OutputOf(Shell("pwd")), folder_ + "\n");
}

TEST_F(ProcessEnvironmentTest, BothOutputsGoToOneFileInOrder) {
  EXPECT_EQ(OutputOf(Shell("echo one; echo two >&2; echo three")),
            "one\ntwo\nthree\n");
}

TEST_F(ProcessEnvironmentTest, LogThatExistsIsContinued) {
  const ContainerId id = Start(Shell("echo first"));
  WaitForEnd(id);
  reports_.clear();
  StartAs(id, Shell("echo second"));
  WaitForEnd(id);

  EXPECT_EQ(LogOf(id), "first\nsecond\n");
}

TEST_F(ProcessEnvironmentTest, LogFoldersThatWereRemovedAreMadeAgain) {
  Run(Shell("exit 0"));
  std::filesystem::remove_all(folder_ + "/logs");

  EXPECT_EQ(OutputOf(Shell("echo here")), "here\n");
}

TEST_F(ProcessEnvironmentTest, InputIsEmpty) {
  EXPECT_EQ(OutputOf(Shell("cat; echo end")), "end\n");
}

TEST_F(ProcessEnvironmentTest, NoDescriptorOfTheHostLeaks) {
  const int plain = open("/dev/null", O_RDONLY);  // without close-on-exec
  ASSERT_GE(plain, 0);
  ASSERT_GE(fcntl(plain, F_DUPFD, 200), 0);

  EXPECT_EQ(OutputOf(Shell("ls /proc/$$/fd")), "0\n1\n2\n");

  close(plain);
  close(200);
}

TEST_F(ProcessEnvironmentTest, WorksInAHostWithoutStandardStreams) {
  const int saved[3] = {fcntl(0, F_DUPFD_CLOEXEC, 100),
                        fcntl(1, F_DUPFD_CLOEXEC, 100),
                        fcntl(2, F_DUPFD_CLOEXEC, 100)};
  for (int fd = 0; fd < 3; ++fd) close(fd);
  CreateRuntime(Options());
  const ContainerId id = Start(Shell("ls /proc/$$/fd; echo error >&2"));
  const ContainerReport end = WaitForEnd(id);
  const std::string log = LogOf(id);
  runtime_.reset();
  for (int fd = 0; fd < 3; ++fd) dup2(saved[fd], fd);
  for (int fd : saved) close(fd);

  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(log, "0\n1\n2\nerror\n");
}

TEST_F(ProcessEnvironmentTest, SignalsAreAsInANewLogin) {
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before;
  ASSERT_EQ(sigaction(SIGPIPE, &ignore, &before), 0);
  sigset_t blocked, blocked_before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &blocked_before), 0);

  const std::string output = OutputOf(
      {{"grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status"}, {}, {}, false});

  sigset_t still;
  pthread_sigmask(SIG_SETMASK, &blocked_before, &still);
  sigaction(SIGPIPE, &before, nullptr);
  EXPECT_EQ(output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  EXPECT_TRUE(sigismember(&still, SIGUSR1));  // the host's own is untouched
}

TEST_F(ProcessEnvironmentTest, ProcessLeadsASessionOfItsOwn) {
  // The fields after the name: state, parent, group, session.
  EXPECT_EQ(OutputOf(Shell("set -- $(cat /proc/$$/stat); "
                           "[ $5 = $$ ] && [ $6 = $$ ] && echo leads")),
            "leads\n");
}

TEST_F(ProcessEnvironmentTest, RunsAsTheUserThatIsAskedFor) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another";
  LocalRuntimeOptions options = Options();
  options.user = "4711:4712";
  CreateRuntime(options);

  EXPECT_EQ(OutputOf(Shell("id -u; id -g; id -G; echo x >> /proc/self/fd/2")),
            "4711\n4712\n4712\nx\n");
  EXPECT_EQ(geteuid(), 0u);
}

TEST_F(ProcessEnvironmentTest, OnlyRootMayAskForAnotherUser) {
  if (geteuid() == 0) GTEST_SKIP() << "this is root";
  LocalRuntimeOptions options = Options();
  options.user = absl::StrCat(geteuid());
  EXPECT_TRUE(LocalRuntime::Create(options).status().ok() ||
              getegid() != geteuid());
  options.user = "0";
  const absl::Status status = LocalRuntime::Create(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("user is \"0\""));
}

}  // namespace
}  // namespace embatch
