// SPDX-License-Identifier: Apache-2.0
//
// What a LocalRuntime is made of. local_runtime.cc creates it and serves the
// interface; container_start.cc and container_end.cc do the two halves of the
// work. The runtime's own epoll descriptor holds the pidfd of every container
// and one timer; the host's waker watches that descriptor.
#ifndef EMBATCH_LOCAL_LOCAL_RUNTIME_IMPL_H_
#define EMBATCH_LOCAL_LOCAL_RUNTIME_IMPL_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/local/local_runtime.h"
#include "lib/local/cgroups.h"
#include "lib/local/guardian.h"
#include "lib/local/log_files.h"
#include "lib/local/process_image.h"
#include "lib/local/spawner.h"
#include "lib/local/system.h"
#include "lib/local/user.h"

namespace embatch {

inline constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

// What the timer's event carries in place of a slot.
inline constexpr uint64_t kTimerEvent = ~uint64_t{0};

// A container whose main process has not been reaped yet.
struct RunningContainer {
  ContainerId id;
  pid_t pid = -1;  // also its process group and session
  OwnedDescriptor pidfd;
  std::optional<ContainerCgroup> cgroup;
  absl::Duration stop_timeout;
  int64_t kill_at_ns = kNoDeadline;  // by the steady clock
  bool asked_again = false;          // since the restart
};

struct LocalRuntime::Impl {
  explicit Impl(LocalRuntimeOptions given)
      : options(std::move(given)),
        logs(AbsolutePath(options.log_folder)),
        working_folder(AbsolutePath(options.working_folder)),
        host(getpid()) {}
  ~Impl();

  absl::Status Prepare();
  absl::Status PrepareLimits();

  void Start(const ContainerSpec& spec);
  bool MakeProcess(const ContainerSpec& spec, RunningContainer& running,
                   uint32_t slot);
  SpawnResult Spawn(const SpawnRequest& request, const std::string& log_path);
  std::string WhyNot(const SpawnResult& result, const ContainerSpec& spec,
                     const std::string& log_path) const;
  void Refuse(ContainerId id, absl::string_view why);
  uint32_t TakeSlot();
  void LeaveSlot(uint32_t slot);

  void Stop(uint32_t slot, absl::Duration grace);
  void SendToGroup(const RunningContainer& running, int signal) const;
  void KillOverdue();
  void RetryRemovals();
  void SetTimer();

  void Collect(int max);
  bool CollectOne(uint32_t slot);
  void RemoveCgroup(std::optional<ContainerCgroup> cgroup);
  void KillEverything();

  // Never earlier than the last one, though the clock may be set back.
  absl::Time ReportTime();

  const LocalRuntimeOptions options;
  LogFiles logs;
  const std::string working_folder;
  const pid_t host;  // a copy of it that runs our destructor must kill nobody
  std::optional<User> user;
  BaseEnvironment base_environment;
  std::string limits_text;

  OwnedDescriptor null_device;
  OwnedDescriptor events;  // epoll
  OwnedDescriptor timer;
  bool watched = false;

  Spawner spawner;
  ProcessImage image;
  GroupTable groups;
  std::unique_ptr<Cgroups> cgroups;    // null: limits are not enforced
  std::unique_ptr<Guardian> guardian;  // destroyed before what it watches

  absl::flat_hash_map<ContainerId, uint32_t> slots;
  std::vector<RunningContainer> table;  // by slot
  std::vector<uint32_t> free_slots;     // of `table`
  std::deque<ContainerReport> reports;  // not given out yet
  absl::Time last_time = absl::InfinitePast();

  // When to kill whom; one that has ended by then is passed over.
  using Deadline = std::pair<int64_t, uint32_t>;
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<Deadline>>
      deadlines;
  std::vector<ContainerCgroup> removals;  // not empty yet
  int64_t retry_at_ns = kNoDeadline;
  int64_t timer_at_ns = kNoDeadline;  // what `timer` is set to
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_LOCAL_RUNTIME_IMPL_H_
