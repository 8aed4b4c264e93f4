// SPDX-License-Identifier: Apache-2.0
//
// Starting a process as a container's main process. The new process shares the
// host's memory until it runs the job's program (as vfork does), which costs
// the same however large the host is.
#ifndef EMBATCH_LOCAL_SPAWNER_H_
#define EMBATCH_LOCAL_SPAWNER_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "lib/local/child_stack.h"
#include "lib/local/user.h"

namespace embatch {

// Pointers only, all set but where null is allowed: the new process may not
// take memory.
struct SpawnRequest {
  int null_fd = -1;  // open for reading and writing
  const char* log_path = nullptr;
  const char* working_folder = nullptr;     // null: the host's
  const char* const* join_files = nullptr;  // cgroups; null or ends with null
  const User* user = nullptr;               // null: the host's
  const char* const* programs = nullptr;    // ends with null
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  std::atomic<pid_t>* group = nullptr;  // the new process writes its own
  bool die_with_host = false;
};

// What failed first.
enum class SpawnStep : int32_t {
  kNone,
  kProcess,  // there could be no new process
  kLog,
  kCgroup,
  kUser,
  kWorkingFolder,
  kProgram,
};

struct SpawnResult {
  SpawnStep failed = SpawnStep::kNone;
  int error = 0;   // errno
  pid_t pid = -1;  // these two only if nothing failed
  int pidfd = -1;  // close-on-exec; the caller's to close
};

class Spawner {
 public:
  Spawner();
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  bool ok() const { return failure_ != nullptr && stack_.ok(); }

  // Returns when the new process runs its program, or has failed to and been
  // reaped.
  SpawnResult Spawn(const SpawnRequest& request);

  // What the new process tells. Also for one that is a copy of the host, so
  // it lies in shared memory.
  struct Failure {
    SpawnStep step;
    int error;
  };

 private:
  Failure* failure_ = nullptr;
  ChildStack stack_;
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_SPAWNER_H_
