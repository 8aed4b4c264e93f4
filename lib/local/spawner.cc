// SPDX-License-Identifier: Apache-2.0
//
// ChildMain() runs in the host's memory while the host's thread stands still.
// It makes no calls but to the kernel: the C library's own would change the
// state of the host, and a sanitizer's or profiler's would be surprised.
#include "lib/local/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/local/close_from.h"
#include "lib/local/system.h"

namespace embatch {
namespace {

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EMBATCH_NOT_SANITIZED __attribute__((no_sanitize("address", "thread")))
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EMBATCH_NOT_SANITIZED \
  __attribute__((no_sanitize_address, no_sanitize_thread))
#endif
#ifndef EMBATCH_NOT_SANITIZED
#define EMBATCH_NOT_SANITIZED
#endif

constexpr int kSignals = 64;

struct Child {
  const SpawnRequest* request;
  Spawner::Failure* failure;
};

EMBATCH_NOT_SANITIZED int Fail(const Child& child, SpawnStep step) {
  child.failure->error = errno;
  child.failure->step = step;
  return 127;
}

// Handlers would be reset by execve(), but what the host ignores would not; and
// until then no handler of the host may run here.
EMBATCH_NOT_SANITIZED void ResetSignals() {
  // The kernel's struct sigaction is at most this large everywhere; all zero
  // is the default action.
  const uint64_t by_default[8] = {};
  for (int signal = 1; signal <= kSignals; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    syscall(SYS_rt_sigaction, signal, by_default, nullptr, sizeof(uint64_t));
  }
}

// Descriptors 0, 1 and 2. The log file is opened here rather than in the host,
// which saves the host a call and a descriptor.
EMBATCH_NOT_SANITIZED bool OpenStreams(const SpawnRequest& request) {
  long log = syscall(SYS_openat, AT_FDCWD, request.log_path,
                     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log < 0) return false;
  // A host may have closed its own 0, 1 or 2.
  if (log <= 2) log = syscall(SYS_fcntl, log, F_DUPFD_CLOEXEC, 3);
  if (log < 0) return false;
  // So that the process may open its /dev/stdout anew.
  if (request.user != nullptr) {
    syscall(SYS_fchown, log, request.user->uid, request.user->gid);
  }
  return syscall(SYS_dup3, request.null_fd, 0, 0) >= 0 &&
         syscall(SYS_dup3, log, 1, 0) >= 0 && syscall(SYS_dup3, log, 2, 0) >= 0;
}

EMBATCH_NOT_SANITIZED bool JoinCgroups(const char* const* files) {
  for (; *files != nullptr; ++files) {
    const long file =
        syscall(SYS_openat, AT_FDCWD, *files, O_WRONLY | O_CLOEXEC, 0);
    if (file < 0 || syscall(SYS_write, file, "0", 1) != 1) return false;
  }
  return true;
}

// The kernel's calls change this thread alone; the C library's would change
// all threads of the host.
EMBATCH_NOT_SANITIZED bool BecomeUser(const User& user) {
  return syscall(SYS_setgroups, user.groups.size(), user.groups.data()) == 0 &&
         syscall(SYS_setresgid, user.gid, user.gid, user.gid) == 0 &&
         syscall(SYS_setresuid, user.uid, user.uid, user.uid) == 0;
}

// Goes on to the next folder of PATH where a shell would. A program that may
// not be run is a better reason than one that is not there.
EMBATCH_NOT_SANITIZED void RunFirst(const SpawnRequest& request) {
  bool denied = false;
  for (const char* const* program = request.programs; *program != nullptr;
       ++program) {
    syscall(SYS_execve, *program, request.arguments, request.environment);
    if (errno == EACCES) denied = true;
    if (errno != EACCES && errno != ENOENT && errno != ENOTDIR) return;
  }
  errno = denied ? EACCES : ENOENT;
}

EMBATCH_NOT_SANITIZED int ChildMain(void* argument) {
  const Child& child = *static_cast<const Child*>(argument);
  const SpawnRequest& request = *child.request;
  const long group = syscall(SYS_setsid);
  request.group->store(static_cast<pid_t>(group), std::memory_order_release);
  ResetSignals();
  if (!OpenStreams(request)) return Fail(child, SpawnStep::kLog);
  if (request.join_files != nullptr && !JoinCgroups(request.join_files)) {
    return Fail(child, SpawnStep::kCgroup);
  }
  if (request.user != nullptr && !BecomeUser(*request.user)) {
    return Fail(child, SpawnStep::kUser);
  }
  // After the change of user, which would undo it.
  if (request.die_with_host) {
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  }
  if (request.working_folder != nullptr &&
      syscall(SYS_chdir, request.working_folder) != 0) {
    return Fail(child, SpawnStep::kWorkingFolder);
  }
  CloseFrom(3);
  const uint64_t no_signals = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr,
          sizeof(no_signals));
  RunFirst(request);
  return Fail(child, SpawnStep::kProgram);
}

// A child that failed is over, or will be in a moment.
void ReapFailed(int pidfd) {
  while (!ReapChild(pidfd).ended) sched_yield();
}

}  // namespace

Spawner::Spawner() {
  void* memory = mmap(nullptr, sizeof(Failure), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) failure_ = static_cast<Failure*>(memory);
}

Spawner::~Spawner() {
  if (failure_ != nullptr) munmap(failure_, sizeof(Failure));
}

SpawnResult Spawner::Spawn(const SpawnRequest& request) {
  *failure_ = {SpawnStep::kNone, 0};
  Child child = {&request, failure_};
  // A process that changes its user gets a copy of the memory: while it shared
  // the host's, other processes of that user might look into it.
  const int memory = request.user == nullptr ? CLONE_VM : 0;
  SpawnResult result;
  {
    const AllSignalsBlocked blocked;
    result.pid = clone(&ChildMain, stack_.top(),
                       memory | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child,
                       &result.pidfd);
    result.error = errno;
  }
  if (result.pid < 0) {
    result.failed = SpawnStep::kProcess;
    return result;
  }
  result.failed = failure_->step;
  result.error = failure_->error;
  if (result.failed != SpawnStep::kNone) {
    ReapFailed(result.pidfd);
    close(result.pidfd);
    request.group->store(0, std::memory_order_release);
    result.pid = -1;
    result.pidfd = -1;
  }
  return result;
}

}  // namespace embatch
