// SPDX-License-Identifier: Apache-2.0
#include "lib/local/helper_process.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/local/child_stack.h"

namespace embatch {
namespace {

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

constexpr idtype_t kPidfd = static_cast<idtype_t>(3);  // P_PIDFD

}  // namespace

absl::StatusOr<HelperProcess> HelperProcess::Start(int (*main)(void*),
                                                   void* argument) {
  const ChildStack stack;
  if (!stack.ok()) return ErrorStatus(ENOMEM, "can't start a helper process");
  int pidfd = -1;
  pid_t pid;
  int error;
  {
    const AllSignalsBlocked blocked;
    // The low byte of the flags is the signal of its end: none.
    pid = clone(main, stack.top(), CLONE_PIDFD, argument, &pidfd);
    error = errno;
  }
  if (pid < 0) return ErrorStatus(error, "can't start a helper process");
  HelperProcess helper;
  helper.pidfd_ = OwnedDescriptor(pidfd);
  return helper;
}

int HelperProcess::Wait() {
  siginfo_t info = {};
  int result;
  do {
    result = waitid(kPidfd, static_cast<id_t>(pidfd_.get()), &info,
                    WEXITED | __WALL);
  } while (result != 0 && errno == EINTR);
  pidfd_ = OwnedDescriptor();
  return result == 0 && info.si_code == CLD_EXITED ? info.si_status : -1;
}

}  // namespace embatch
