// SPDX-License-Identifier: Apache-2.0
//
// What happens to containers when their host is killed.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/local/local_fixture.h"

namespace embatch {
namespace {

using ::testing::SizeIs;

class HostDeathTest : public LocalFixture {
 protected:
  void SetUp() override { runtime_.reset(); }

  void TearDown() override {
    if (host_ > 0) KillHost();
  }

  // Starts local_test_host; its standard output is a FIFO that says how its
  // containers are limited.
  void StartHost(const std::vector<std::string>& words) {
    output_ = MakeFifo("output");
    std::vector<char*> arguments;
    const std::string logs = folder_ + "/logs";
    arguments.push_back(const_cast<char*>(EMBATCH_TEST_HOST));
    arguments.push_back(const_cast<char*>(logs.c_str()));
    for (const std::string& word : words) {
      arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    host_ = fork();
    if (host_ == 0) {
      dup2(open(output_.c_str(), O_RDWR), 1);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    ASSERT_GT(host_, 0);
    limits_text_ = ReadLine(output_);
  }

  void KillHost() {
    kill(host_, SIGKILL);
    EXPECT_EQ(waitpid(host_, nullptr, 0), host_);
    host_ = -1;
  }

  // The pidfds of processes whose numbers are in a line.
  std::vector<OwnedDescriptor> Processes(const std::string& line) {
    std::vector<OwnedDescriptor> pidfds;
    for (absl::string_view word : absl::StrSplit(line, ' ')) {
      pid_t pid = 0;
      EXPECT_TRUE(absl::SimpleAtoi(word, &pid)) << line;
      pidfds.emplace_back(OpenPidfd(pid));
      EXPECT_TRUE(pidfds.back().ok()) << "no process " << pid;
    }
    return pidfds;
  }

  pid_t host_ = -1;
  std::string output_;
  std::string limits_text_;
};

TEST_F(HostDeathTest, NoProcessOfAJobOutlivesAKilledHost) {
  const std::string fifo = MakeFifo("fifo");
  StartHost({"off",
             "trap '' TERM HUP INT\n"
             "sh -c 'trap \"\" TERM; sleep 300 & echo $! > " +
                 fifo + "; wait' &\necho $$ $! > " + fifo + "; wait"});
  // The lines come from two processes, in either order.
  std::vector<OwnedDescriptor> processes =
      Processes(ReadLine(fifo) + " " + ReadLine(fifo));
  ASSERT_THAT(processes, SizeIs(3));
  // The host's children too, of which one is the guardian.
  const std::vector<pid_t> children = ChildrenOf(host_);
  ASSERT_THAT(children, SizeIs(2));
  for (const pid_t child : children) {
    processes.emplace_back(OpenPidfd(child));
  }

  KillHost();

  for (const OwnedDescriptor& process : processes) {
    EXPECT_TRUE(WaitForProcessEnd(process.get()));
  }
}

TEST_F(HostDeathTest, CgroupFindsThoseThatLeftTheGroup) {
  const std::string fifo = MakeFifo("fifo");
  StartHost(
      {"auto", "setsid sh -c 'echo $$ > " + fifo + "; sleep 300' & sleep 300"});
  const std::vector<OwnedDescriptor> processes = Processes(ReadLine(fifo));
  const bool enforced = !absl::StartsWith(limits_text_, "not enforced");

  KillHost();

  if (enforced) {
    EXPECT_TRUE(WaitForProcessEnd(processes[0].get()));
  } else {
    // Documented: without a cgroup it can't be found. Don't leave it behind.
    EXPECT_EQ(SendSignal(processes[0].get(), SIGKILL), 0);
    GTEST_SKIP() << limits_text_;
  }
}

TEST_F(HostDeathTest, KilledGuardianIsNotNeededForTheMainProcess) {
  const std::string fifo = MakeFifo("fifo");
  StartHost({"off", "echo $$ > " + fifo + "; while :; do sleep 0.01; done"});
  const std::string line = ReadLine(fifo);
  const std::vector<OwnedDescriptor> main_process = Processes(line);
  for (const pid_t child : ChildrenOf(host_)) {
    if (absl::StrCat(child) != line) kill(child, SIGKILL);
  }

  KillHost();

  EXPECT_TRUE(WaitForProcessEnd(main_process[0].get()));
}

TEST_F(HostDeathTest, NextRuntimeClearsUpAfterAHostWhoseGuardianWasKilled) {
  const std::string fifo = MakeFifo("fifo");
  StartHost(
      {"auto", "setsid sh -c 'echo $$ > " + fifo + "; sleep 300' & sleep 300"});
  const std::vector<OwnedDescriptor> processes = Processes(ReadLine(fifo));
  if (absl::StartsWith(limits_text_, "not enforced")) {
    EXPECT_EQ(SendSignal(processes[0].get(), SIGKILL), 0);
    GTEST_SKIP() << limits_text_;
  }
  for (const pid_t child : ChildrenOf(host_)) kill(child, SIGKILL);

  KillHost();
  LocalRuntimeOptions options = Options();
  options.limits = LocalRuntimeOptions::Limits::kAuto;
  CreateRuntime(options);

  EXPECT_TRUE(WaitForProcessEnd(processes[0].get()));
}

TEST_F(HostDeathTest, ChildrenOutliveTheHostIfToldTo) {
  const std::string fifo = MakeFifo("fifo");
  const std::string question = MakeFifo("question");
  StartHost({"auto", "outlive",
             "echo $$ > " + fifo + "; read word < " + question +
                 "; echo answer to $word > " + fifo});
  const std::vector<OwnedDescriptor> processes = Processes(ReadLine(fifo));
  EXPECT_THAT(ChildrenOf(host_), SizeIs(1));  // no guardian

  KillHost();
  // A new runtime clears up after dead hosts, but not after this one.
  LocalRuntimeOptions options = Options();
  options.limits = LocalRuntimeOptions::Limits::kAuto;
  CreateRuntime(options);
  std::ofstream(question) << "somebody\n";

  EXPECT_EQ(ReadLine(fifo), "answer to somebody");
  EXPECT_TRUE(WaitForProcessEnd(processes[0].get()));
}

}  // namespace
}  // namespace embatch
