// SPDX-License-Identifier: Apache-2.0
//
// Limits on memory and CPU by cgroups, for the containers of one runtime.
// Every container has a cgroup of its own, by version 2 or by the memory and
// cpu controllers of version 1; whichever this machine lets us make. They lie
// in a folder that carries the host's process number and start time, by which
// a later runtime knows those that a dead host has left.
#ifndef EMBATCH_LOCAL_CGROUPS_H_
#define EMBATCH_LOCAL_CGROUPS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "embatch/resources.h"
#include "lib/local/cgroup_layout.h"

namespace embatch {

// The cgroup of one container.
struct ContainerCgroup {
  std::vector<std::string> folders;     // memory's first
  std::vector<std::string> join_files;  // a process that writes 0 to all is in
};

class Cgroups {
 public:
  struct Options {
    std::string parent;         // as LocalRuntimeOptions::cgroup
    bool outlive_host = false;  // later runtimes leave what lives
  };

  // Finds a place where all of it works, by trying with a real process, and
  // removes what dead hosts have left there. The status says why there is none.
  static absl::StatusOr<std::unique_ptr<Cgroups>> Create(
      const Options& options);

  // Kills all that is in them, and removes them.
  ~Cgroups();
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  // "cgroup v1 below /sys/fs/cgroup/memory"
  std::string Text() const;

  // The folders that hold the containers' cgroups.
  const std::vector<std::string>& folders() const { return folders_; }

  // Makes a cgroup with these limits; a zero means none.
  absl::StatusOr<ContainerCgroup> Make(const Resources& limits);

  // How many processes of it were killed for want of memory.
  int64_t OomKills(const ContainerCgroup& cgroup) const;

  // Kills what is left in it and removes it. False: ask again later.
  bool Remove(const ContainerCgroup& cgroup) const;

 private:
  Cgroups(int version, std::vector<std::string> folders);
  absl::Status Prepare();
  absl::Status Probe();
  absl::Status SetLimits(const ContainerCgroup& cgroup,
                         const Resources& limits) const;

  const int version_;
  const std::vector<std::string> folders_;  // version 1: memory, cpu
  uint64_t made_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_CGROUPS_H_
