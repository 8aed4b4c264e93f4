// SPDX-License-Identifier: Apache-2.0
//
// A LocalRuntime with a folder of its own, and words to run commands with it.
// Whoever waits here waits for the waker, never longer than kPatience.
#ifndef EMBATCH_TESTS_LOCAL_LOCAL_FIXTURE_H_
#define EMBATCH_TESTS_LOCAL_LOCAL_FIXTURE_H_

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "embatch/local/local_runtime.h"
#include "embatch/local/waker.h"
#include "gtest/gtest.h"
#include "lib/local/system.h"

namespace embatch {

// Machines that run tests can be slow.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

// What to run; Start() makes a ContainerSpec of it.
struct Command {
  std::vector<std::string> words;
  std::vector<EnvironmentVariable> environment;
  Resources resources;
  bool after_restart = false;
};

// `script` for /bin/sh.
Command Shell(const std::string& script);

class LocalFixture : public ::testing::Test {
 protected:
  LocalFixture();
  ~LocalFixture() override;

  // Options that work; limits are off, unless a test is about them.
  LocalRuntimeOptions Options();

  // Makes `runtime_`, which SetUp() does with Options().
  void CreateRuntime(LocalRuntimeOptions options);

  ContainerId Start(const Command& command);
  void StartAs(ContainerId id, const Command& command);

  // Runs the command to its end and answers the report of it.
  ContainerReport Run(const Command& command);

  // Waits until `id` has ended, or was not started.
  ContainerReport WaitForEnd(ContainerId id);

  // Waits until `done` says so; answers whether it did in time.
  bool WaitUntil(const std::function<bool()>& done);

  // Takes what the runtime reports, now.
  void Poll();

  std::string LogOf(ContainerId id) const;
  std::string LogStreamOf(ContainerId id) const;

  // A FIFO in `folder_` through which processes tell something: a real event
  // to wait for. ReadLine() waits for the next line that is written to it.
  std::string MakeFifo(const std::string& name);
  std::string ReadLine(const std::string& fifo);

  // Whether the process with this pidfd, a child or not, ends in time.
  bool WaitForProcessEnd(int pidfd);

  std::string folder_;
  std::unique_ptr<Waker> waker_;
  std::unique_ptr<LocalRuntime> runtime_;
  std::vector<ContainerReport> reports_;  // all so far

 private:
  std::map<std::string, std::unique_ptr<OwnedDescriptor>> fifos_;
  uint32_t started_ = 0;
};

// The processes whose parent is `parent`.
std::vector<pid_t> ChildrenOf(pid_t parent);

// The descriptors that this process has open.
int OpenDescriptors();

}  // namespace embatch

#endif  // EMBATCH_TESTS_LOCAL_LOCAL_FIXTURE_H_
