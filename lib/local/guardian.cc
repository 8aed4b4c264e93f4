// SPDX-License-Identifier: Apache-2.0
//
// Two things tell of the host's end: its pidfd, and the end of a pipe whose
// other end the host holds. The pidfd alone would be too early, since a process
// that the host was just starting may not be in the table yet; it holds the
// pipe until it is. The pipe alone might never end, since any process that the
// host forks holds it too.
#include "lib/local/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/local/cgroup_tree.h"
#include "lib/local/close_from.h"

namespace embatch {
namespace {

constexpr size_t kTableBytes =
    sizeof(std::atomic<pid_t>) * (size_t{GroupTable::kSlots} + 1);

// How long the guardian waits for the pipe's end after the host's, and for
// cgroups to become empty.
constexpr int kPipeMilliseconds = 2'000;
constexpr int kCgroupMilliseconds = 10'000;

constexpr int kHierarchiesMax = 2;

struct Watch {
  const GroupTable* table;
  const char* cgroups[kHierarchiesMax];  // null: none
  int pipe;
  int host;  // pidfd
};

// Answers whether `fd` has something to say within `milliseconds` (-1: ever).
bool WaitFor(int fd, int milliseconds) {
  struct pollfd watched = {fd, POLLIN, 0};
  struct timespec limit = {milliseconds / 1000,
                           milliseconds % 1000 * 1'000'000L};
  return syscall(SYS_ppoll, &watched, 1, milliseconds < 0 ? nullptr : &limit,
                 nullptr, 0) == 1;
}

void WaitForEnd(int pipe, int host) {
  for (;;) {
    struct pollfd watched[2] = {{pipe, POLLIN, 0}, {host, POLLIN, 0}};
    const long count = syscall(SYS_ppoll, watched, 2, nullptr, nullptr, 0);
    if (count > 0) return;
    if (errno != EINTR) return;
  }
}

// Descriptors of the host would keep its files and sockets open, a terminal
// would pass on its signals, a working folder would pin a file system.
void LeaveHostBehind(int* pipe, int* host) {
  syscall(SYS_setsid);
  syscall(SYS_chdir, "/");
  prctl(PR_SET_NAME, "embatch-guard", 0, 0, 0);
  const int high_pipe =
      static_cast<int>(syscall(SYS_fcntl, *pipe, F_DUPFD, 16));
  const int high_host =
      static_cast<int>(syscall(SYS_fcntl, *host, F_DUPFD, 16));
  syscall(SYS_dup3, high_pipe, 0, 0);
  syscall(SYS_dup3, high_host, 1, 0);
  CloseFrom(2);
  *pipe = 0;
  *host = 1;
}

int GuardianMain(void* argument) {
  Watch watch = *static_cast<Watch*>(argument);
  LeaveHostBehind(&watch.pipe, &watch.host);
  WaitForEnd(watch.pipe, watch.host);
  watch.table->KillAll();
  for (int waited = 0; waited < kPipeMilliseconds; ++waited) {
    if (WaitFor(watch.pipe, 1)) break;
    watch.table->KillAll();
  }
  watch.table->KillAll();
  for (const char* cgroup : watch.cgroups) {
    if (cgroup == nullptr) continue;
    RemoveCgroupTreeWithin(cgroup, true, kCgroupMilliseconds);
  }
  return 0;
}

}  // namespace

GroupTable::GroupTable() {
  void* memory = mmap(nullptr, kTableBytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  // Fresh memory is zero, and a lock-free atomic of zero is all zero bytes.
  static_assert(std::atomic<pid_t>::is_always_lock_free);
  static_assert(sizeof(std::atomic<pid_t>) == sizeof(std::atomic<uint32_t>));
  used_ = static_cast<std::atomic<uint32_t>*>(memory);
  groups_ = static_cast<std::atomic<pid_t>*>(memory) + 1;
}

GroupTable::~GroupTable() {
  if (ok()) munmap(used_, kTableBytes);
}

std::atomic<pid_t>* GroupTable::Group(uint32_t slot) {
  if (slot >= used_->load(std::memory_order_relaxed)) {
    used_->store(slot + 1, std::memory_order_relaxed);
  }
  return &groups_[slot];
}

void GroupTable::KillAll() const {
  const uint32_t used = used_->load(std::memory_order_acquire);
  for (uint32_t slot = 0; slot < used; ++slot) {
    const pid_t group = groups_[slot].load(std::memory_order_acquire);
    if (group > 1) syscall(SYS_kill, -group, SIGKILL);
  }
}

absl::StatusOr<std::unique_ptr<Guardian>> Guardian::Start(
    const GroupTable* table, const std::vector<std::string>& cgroups) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return ErrorStatus(errno, "can't make a pipe for the guardian");
  }
  const OwnedDescriptor guardian_end(ends[0]);
  std::unique_ptr<Guardian> guardian(new Guardian);
  guardian->host_end_ = OwnedDescriptor(ends[1]);
  const OwnedDescriptor host(OpenPidfd(getpid()));
  if (!host.ok()) return ErrorStatus(errno, "can't watch the host");

  Watch watch = {table, {}, guardian_end.get(), host.get()};
  for (size_t i = 0; i < cgroups.size() && i < kHierarchiesMax; ++i) {
    watch.cgroups[i] = cgroups[i].c_str();
  }
  absl::StatusOr<HelperProcess> process =
      HelperProcess::Start(&GuardianMain, &watch);
  if (!process.ok()) return process.status();
  guardian->process_ = *std::move(process);
  return guardian;
}

Guardian::~Guardian() {
  if (!process_.started()) return;
  SendSignal(process_.pidfd(), SIGKILL);
  process_.Wait();
}

}  // namespace embatch
