// SPDX-License-Identifier: Apache-2.0
//
// A Guardian is a small process that kills all containers when the host goes
// away: killed, crashed, or replaced by exec. It learns which process groups
// there are from memory that it shares with the host, so that starting a
// container costs the host no message to it.
#ifndef EMBATCH_LOCAL_GUARDIAN_H_
#define EMBATCH_LOCAL_GUARDIAN_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/local/helper_process.h"
#include "lib/local/system.h"

namespace embatch {

// The process groups of the containers, by slot; 0: none. Shared memory: the
// guardian and processes being started see it too.
class GroupTable {
 public:
  // No system has more processes (PID_MAX_LIMIT). Memory that is never
  // written to is never taken.
  static constexpr uint32_t kSlots = uint32_t{1} << 22;

  GroupTable();
  ~GroupTable();
  GroupTable(const GroupTable&) = delete;
  GroupTable& operator=(const GroupTable&) = delete;

  bool ok() const { return groups_ != nullptr; }

  // Where the group of a slot stands. The process itself writes it, before it
  // becomes the job's program: a host that dies just then leaves no stranger.
  std::atomic<pid_t>* Group(uint32_t slot);

  // Sends SIGKILL to all groups. Safe after fork.
  void KillAll() const;

 private:
  std::atomic<pid_t>* groups_ = nullptr;
  std::atomic<uint32_t>* used_ = nullptr;  // slots below this were in use
};

class Guardian {
 public:
  // Watches this process on behalf of `table` and the cgroups below `cgroups`.
  static absl::StatusOr<std::unique_ptr<Guardian>> Start(
      const GroupTable* table, const std::vector<std::string>& cgroups);

  // Dismisses the guardian; the containers are the host's again.
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

 private:
  Guardian() = default;

  HelperProcess process_;
  OwnedDescriptor host_end_;  // of a pipe: closed when the host is gone
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_GUARDIAN_H_
