// SPDX-License-Identifier: Apache-2.0
//
// Small helpers over the kernel's calls: descriptors, files, time, and the
// words for what went wrong.
#ifndef EMBATCH_LOCAL_SYSTEM_H_
#define EMBATCH_LOCAL_SYSTEM_H_

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace embatch {

// Owns a descriptor; -1 is none.
class OwnedDescriptor {
 public:
  OwnedDescriptor() = default;
  explicit OwnedDescriptor(int fd) : fd_(fd) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedDescriptor();

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// "No such file or directory" for ENOENT.
std::string ErrorText(int error);

// `error` as a status whose message is "<what>: <ErrorText>".
absl::Status ErrorStatus(int error, absl::string_view what);

// The whole of a small file, such as those of /proc; nothing if it can't be
// read.
std::optional<std::string> ReadWholeFile(const std::string& path);

// Writes `text` with one call, as the files of a cgroup want it. Answers 0 or
// the errno.
int WriteWholeFile(const std::string& path, absl::string_view text);

// mkdir -p. Answers 0 or the errno.
int MakeFolders(const std::string& path);

// `path`, made absolute by the present working folder.
std::string AbsolutePath(const std::string& path);

// Nanoseconds of a clock that nobody sets.
int64_t SteadyNanoseconds();

// A process that ended.
struct ProcessEnd {
  bool ended = false;            // false: it still runs
  std::optional<int> exit_code;  // 128 + n for signal n; nothing: not known
};

// Reaps the child behind `pidfd` if it has ended. If somebody else has reaped
// it, the kernel is asked for the exit code in another way, which kernels
// before 6.15 don't know.
ProcessEnd ReapChild(int pidfd);

// Calls that the C library of Debian 11 lacks.
int OpenPidfd(pid_t pid);
int SendSignal(int pidfd, int signal);

// Blocks every signal, those of the C library included, for as long as it
// lives: no handler of the host may run in a child that shares its memory.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked();
  ~AllSignalsBlocked();
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  uint64_t before_ = 0;  // the kernel's own form of a signal set
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_SYSTEM_H_
