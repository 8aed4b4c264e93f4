// SPDX-License-Identifier: Apache-2.0
//
// Closing all descriptors from one on. Safe after fork: makes no calls but to
// the kernel.
#ifndef EMBATCH_LOCAL_CLOSE_FROM_H_
#define EMBATCH_LOCAL_CLOSE_FROM_H_

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace embatch {

inline void CloseFrom(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
#endif
  // Linux before 5.9: one after the other. A limit that was lowered after
  // descriptors were opened is rare enough to be passed over.
  struct rlimit limit = {};
  syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit);
  for (rlim_t fd = static_cast<rlim_t>(first); fd < limit.rlim_cur; ++fd) {
    syscall(SYS_close, fd);
  }
}

}  // namespace embatch

#endif  // EMBATCH_LOCAL_CLOSE_FROM_H_
