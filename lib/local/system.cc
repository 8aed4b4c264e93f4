// SPDX-License-Identifier: Apache-2.0
#include "lib/local/system.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace embatch {
namespace {

#ifndef P_PIDFD
constexpr idtype_t kPidfd = static_cast<idtype_t>(3);
#else
constexpr idtype_t kPidfd = P_PIDFD;
#endif

// What PIDFD_GET_INFO fills in: the first version of the kernel's struct
// pidfd_info (64 bytes), with the exit code that Linux 6.15 added to it.
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup_id;
  uint32_t ids[11];
  int32_t exit_code;  // as waitpid() has it
};
static_assert(sizeof(PidfdInfo) == 64);

constexpr uint64_t kPidfdInfoExit = uint64_t{1} << 3;

int FromWaitStatus(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::optional<int> ExitCodeOfReaped(int pidfd) {
  PidfdInfo info = {};
  info.mask = kPidfdInfoExit;
  if (ioctl(pidfd, _IOWR(0xFF, 11, PidfdInfo), &info) != 0 ||
      (info.mask & kPidfdInfoExit) == 0) {
    return std::nullopt;
  }
  return FromWaitStatus(info.exit_code);
}

}  // namespace

OwnedDescriptor::~OwnedDescriptor() {
  if (fd_ >= 0) close(fd_);
}

std::string ErrorText(int error) {
  return std::generic_category().message(error);
}

absl::Status ErrorStatus(int error, absl::string_view what) {
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat(what, ": ", ErrorText(error)));
}

std::optional<std::string> ReadWholeFile(const std::string& path) {
  const OwnedDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return std::nullopt;
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = read(file.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

int WriteWholeFile(const std::string& path, absl::string_view text) {
  const OwnedDescriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.ok()) return errno;
  ssize_t count;
  do {
    count = write(file.get(), text.data(), text.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) return errno;
  return static_cast<size_t>(count) == text.size() ? 0 : EIO;
}

int MakeFolders(const std::string& path) {
  // The deepest one first: mostly all but it are there.
  if (mkdir(path.c_str(), 0777) == 0) return 0;
  const int error = errno;
  if (error == ENOENT) {
    const size_t slash = path.find_last_of('/');
    if (slash == std::string::npos || slash == 0) return error;
    const int above = MakeFolders(path.substr(0, slash));
    if (above != 0) return above;
    if (mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return 0;
    return errno;
  }
  if (error != EEXIST) return error;
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return errno;
  return S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
}

std::string AbsolutePath(const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  char* here = getcwd(nullptr, 0);
  if (here == nullptr) return path;
  std::string absolute = absl::StrCat(here, "/", path);
  free(here);
  return absolute;
}

int64_t SteadyNanoseconds() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

ProcessEnd ReapChild(int pidfd) {
  siginfo_t info = {};
  int result;
  do {
    result = waitid(kPidfd, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return {true, ExitCodeOfReaped(pidfd)};
  if (info.si_pid == 0) return {};
  if (info.si_code == CLD_EXITED) return {true, info.si_status};
  return {true, 128 + info.si_status};
}

int OpenPidfd(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

int SendSignal(int pidfd, int signal) {
  return static_cast<int>(
      syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

AllSignalsBlocked::AllSignalsBlocked() {
  const uint64_t all = ~uint64_t{0};
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, sizeof(all));
}

AllSignalsBlocked::~AllSignalsBlocked() {
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof(before_));
}

}  // namespace embatch
