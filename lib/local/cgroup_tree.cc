// SPDX-License-Identifier: Apache-2.0
//
// All calls go through syscall(), because this code runs in the guardian, a
// copy of the host in which some other thread may have held any lock.
#include "lib/local/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

namespace embatch {
namespace {

// A job may make cgroups within its own; deeper ones than this are left.
constexpr int kDepthMax = 16;

int OpenAt(int folder, const char* name, int flags) {
  return static_cast<int>(
      syscall(SYS_openat, folder, name, flags | O_CLOEXEC, 0));
}

void Close(int fd) { syscall(SYS_close, fd); }

// Sends SIGKILL to each process whose number is in cgroup.procs.
void KillListed(int folder) {
  const int file = OpenAt(folder, "cgroup.procs", O_RDONLY);
  if (file < 0) return;
  char buffer[4096];
  long number = 0;
  for (;;) {
    const long count = syscall(SYS_read, file, buffer, sizeof(buffer));
    if (count <= 0) break;
    for (long i = 0; i < count; ++i) {
      if (buffer[i] >= '0' && buffer[i] <= '9') {
        number = number * 10 + (buffer[i] - '0');
        continue;
      }
      // A process of another namespace is listed as 0, which kill() would
      // take for the caller's own group.
      if (number > 1) syscall(SYS_kill, static_cast<pid_t>(number), SIGKILL);
      number = 0;
    }
  }
  Close(file);
}

// Version 2 kills a whole tree at once, against which nobody can fork.
void KillIn(int folder) {
  const int file = OpenAt(folder, "cgroup.kill", O_WRONLY);
  if (file < 0) {
    KillListed(folder);
    return;
  }
  syscall(SYS_write, file, "1", 1);
  Close(file);
}

struct FolderEntry {  // as getdents64() writes it
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[1];
};

bool IsSubfolder(const FolderEntry& entry) {
  const char* name = entry.name;
  if (entry.type != DT_DIR) return false;
  return !(name[0] == '.' &&
           (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')));
}

void EmptyFolder(int folder, bool kill, int depth) {
  if (kill) KillIn(folder);
  if (depth >= kDepthMax) return;
  alignas(FolderEntry) char buffer[2048];
  for (;;) {
    const long count = syscall(SYS_getdents64, folder, buffer, sizeof(buffer));
    if (count <= 0) return;
    for (long at = 0; at < count;) {
      const auto& entry = *reinterpret_cast<const FolderEntry*>(buffer + at);
      at += entry.size;
      if (!IsSubfolder(entry)) continue;
      const int below = OpenAt(folder, entry.name, O_RDONLY | O_DIRECTORY);
      if (below < 0) continue;
      EmptyFolder(below, kill, depth + 1);
      Close(below);
      syscall(SYS_unlinkat, folder, entry.name, AT_REMOVEDIR);
    }
  }
}

}  // namespace

void KillCgroup(const char* path) {
  const int folder = OpenAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  if (folder < 0) return;
  KillIn(folder);
  Close(folder);
}

bool RemoveCgroupTree(const char* path, bool kill) {
  // The usual case: nothing is left in it.
  if (syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR) == 0) return true;
  if (errno == ENOENT) return true;
  const int folder = OpenAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  if (folder < 0) return errno == ENOENT;
  EmptyFolder(folder, kill, 0);
  Close(folder);
  return syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR) == 0 ||
         errno == ENOENT;
}

bool RemoveCgroupTreeWithin(const char* path, bool kill, int milliseconds) {
  for (int waited = 0;; ++waited) {
    if (RemoveCgroupTree(path, kill)) return true;
    if (waited >= milliseconds) return false;
    const struct timespec pause = {0, 1'000'000};
    syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, nullptr);
  }
}

}  // namespace embatch
