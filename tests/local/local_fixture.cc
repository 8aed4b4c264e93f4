// SPDX-License-Identifier: Apache-2.0
#include "tests/local/local_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace embatch {
namespace {

namespace fs = std::filesystem;

bool IsReadable(int fd) {
  struct pollfd watched = {fd, POLLIN, 0};
  return poll(&watched, 1, 0) == 1;
}

}  // namespace

Command Shell(const std::string& script) {
  return {{"/bin/sh", "-c", script}, {}, {}, false};
}

LocalFixture::LocalFixture() {
  std::string pattern = absl::StrCat(::testing::TempDir(), "/localXXXXXX");
  const char* made = mkdtemp(pattern.data());
  EXPECT_NE(made, nullptr) << pattern;
  folder_ = fs::canonical(pattern);
  // Tests may run processes as another user.
  EXPECT_EQ(chmod(folder_.c_str(), 0755), 0);
  auto waker = Waker::Create();
  EXPECT_TRUE(waker.ok()) << waker.status();
  waker_ = *std::move(waker);
  CreateRuntime(Options());
}

LocalFixture::~LocalFixture() {
  runtime_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

LocalRuntimeOptions LocalFixture::Options() {
  LocalRuntimeOptions options;
  options.log_folder = folder_ + "/logs";
  options.waker = waker_.get();
  options.limits = LocalRuntimeOptions::Limits::kOff;
  return options;
}

void LocalFixture::CreateRuntime(LocalRuntimeOptions options) {
  runtime_.reset();
  auto runtime = LocalRuntime::Create(std::move(options));
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  runtime_ = *std::move(runtime);
}

ContainerId LocalFixture::Start(const Command& command) {
  ContainerId id;
  id.attempt.job = JobId{++started_, 1, -1};
  id.attempt.number = 1;
  StartAs(id, command);
  return id;
}

void LocalFixture::StartAs(ContainerId id, const Command& command) {
  ContainerSpec spec;
  spec.container = id;
  spec.command = command.words;
  spec.environment = command.environment;
  spec.resources = command.resources;
  spec.stop_timeout = absl::Seconds(30);
  spec.job_definition = "definition";
  spec.job_queue = "queue";
  spec.compute_environment = "this-machine";
  spec.after_restart = command.after_restart;
  runtime_->Start(spec);
}

ContainerReport LocalFixture::Run(const Command& command) {
  return WaitForEnd(Start(command));
}

ContainerReport LocalFixture::WaitForEnd(ContainerId id) {
  ContainerReport end;
  const bool ended = WaitUntil([&] {
    for (const ContainerReport& report : reports_) {
      if (report.container == id &&
          report.kind != ContainerReport::Kind::kStarted) {
        end = report;
        return true;
      }
    }
    return false;
  });
  EXPECT_TRUE(ended) << id << " did not end";
  return end;
}

bool LocalFixture::WaitUntil(const std::function<bool()>& done) {
  const absl::Time deadline = absl::Now() + kPatience;
  for (;;) {
    if (runtime_ != nullptr) Poll();
    if (done()) return true;
    if (absl::Now() >= deadline) return false;
    waker_->WaitUntil(deadline);
  }
}

void LocalFixture::Poll() { runtime_->Poll(absl::Now(), 1000, reports_); }

std::string LocalFixture::LogStreamOf(ContainerId id) const {
  ContainerSpec spec;
  spec.container = id;
  spec.job_definition = "definition";
  return spec.LogStreamName();
}

std::string LocalFixture::LogOf(ContainerId id) const {
  return ReadWholeFile(runtime_->LogPath(LogStreamOf(id))).value_or("(none)");
}

std::string LocalFixture::MakeFifo(const std::string& name) {
  const std::string path = absl::StrCat(folder_, "/", name);
  EXPECT_EQ(mkfifo(path.c_str(), 0600), 0) << path;
  // Opened for writing too, so that it never is at its end.
  auto fifo = std::make_unique<OwnedDescriptor>(
      open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  EXPECT_TRUE(fifo->ok());
  fifos_[path] = std::move(fifo);
  return path;
}

std::string LocalFixture::ReadLine(const std::string& fifo) {
  const int fd = fifos_.at(fifo)->get();
  std::string line;
  EXPECT_TRUE(waker_->Watch(fd).ok());
  const bool read_all = WaitUntil([&] {
    char letter;
    while (read(fd, &letter, 1) == 1) {
      if (letter == '\n') return true;
      line.push_back(letter);
    }
    return false;
  });
  waker_->Unwatch(fd);
  EXPECT_TRUE(read_all) << "only '" << line << "' came through " << fifo;
  return line;
}

bool LocalFixture::WaitForProcessEnd(int pidfd) {
  EXPECT_TRUE(waker_->Watch(pidfd).ok());
  const bool ended = WaitUntil([&] { return IsReadable(pidfd); });
  waker_->Unwatch(pidfd);
  return ended;
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    pid_t pid;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    const std::string text =
        ReadWholeFile((entry.path() / "stat").string()).value_or("");
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) continue;
    // ") S 17 ...": the state, then the parent.
    const std::vector<std::string> fields =
        absl::StrSplit(text.substr(name_end + 2), ' ');
    pid_t found = 0;
    if (absl::SimpleAtoi(fields.at(1), &found) && found == parent) {
      children.push_back(pid);
    }
  }
  return children;
}

int OpenDescriptors() {
  const fs::directory_iterator folder("/proc/self/fd");
  return static_cast<int>(std::distance(begin(folder), end(folder)));
}

}  // namespace embatch
