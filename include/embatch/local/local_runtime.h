// SPDX-License-Identifier: Apache-2.0
//
// A LocalRuntime runs containers as processes of this machine (Linux 5.4 or
// newer). A container is a process group with a log file and, where cgroups
// allow, limits on memory and CPU. There is no image: `command` is run as it
// stands, in the file system of the host.
//
//   auto waker = embatch::Waker::Create();
//   embatch::LocalRuntimeOptions options;
//   options.log_folder = "/var/log/batch";
//   options.waker = waker->get();
//   auto runtime = embatch::LocalRuntime::Create(std::move(options));
//   ...
//   scheduler.AttachPlugins("this-machine", {provider.get(), runtime->get()});
//
// What a process gets: descriptors 0 (/dev/null), 1 and 2 (the log file; one
// that opens /dev/stdout anew with ">" rather than ">>" empties it) and no
// other; default signal handling; a session of its own; the environment of
// the options, then that of the job.
//
// How it ends: when the main process ends, what is left of its group, and of
// its cgroup, is killed. Stop() sends SIGTERM to the group, after the grace
// SIGKILL. When the host goes away, however it does, a small guardian process
// kills all containers. A process that leaves its group (setsid) is found only
// where limits are in force.
//
// Time:      reports carry the system clock's time at which the runtime saw a
//            thing, cut to whole microseconds, and never one later than the
//            `now` of the Poll() that gives them out.
// Threads:   as ContainerRuntime: one call at a time, from any thread. Starts
//            no thread and installs no signal handler.
// Ownership: owned by the host, which detaches it from the scheduler before it
//            destroys it. Borrows the waker.
// Errors:    a container that can't be started is a StartFailed report whose
//            reason begins with "CannotStartContainerError: ".
// Host:      may wait for children of any kind, or ignore SIGCHLD: containers
//            whose exit code is lost that way are reported without one. The
//            guardian is a copy of the host as it is at Create(), so create
//            runtimes while the host is small.
// Source:    guide "Job timeouts" (SIGTERM, then SIGKILL); ECS stopped-task
//            error codes for the reasons.
#ifndef EMBATCH_LOCAL_LOCAL_RUNTIME_H_
#define EMBATCH_LOCAL_LOCAL_RUNTIME_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/ids.h"
#include "embatch/job_definition.h"
#include "embatch/local/waker.h"

namespace embatch {

struct LocalRuntimeOptions {
  // Where logs go: <log_folder>/<log stream>, folders made as needed; a log
  // that exists is continued. Required.
  std::string log_folder;

  // Wakes the host when a container ends. Required.
  Waker* waker = nullptr;

  // Where processes start. Empty: where the host is at that moment.
  std::string working_folder;

  // Given to every process; variables of the job win over these, and these
  // over inherited ones.
  std::vector<EnvironmentVariable> environment = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};

  // Whether processes get the host's own environment, as it is at Create().
  bool inherit_environment = false;

  // Who processes run as: "name", "uid", "name:group" or "uid:gid". Empty: as
  // the host. Another user than the host's needs root.
  std::string user;

  // Whether processes live on when the host dies. There is no guardian then.
  // The destructor stops them in any case.
  bool children_outlive_host = false;

  enum class Limits : uint8_t {
    kAuto,      // enforced where a writable cgroup is found; vCPUs as a quota
    kOff,       // not enforced; containers start faster
    kRequired,  // Create() fails where they can't be enforced
  };
  Limits limits = Limits::kAuto;

  // The cgroup below which containers' own are made, as a path in each
  // hierarchy, e.g. "/batch". Empty: the host's own, else one above it.
  std::string cgroup;
};

class LocalRuntime : public ContainerRuntime {
 public:
  // kInvalidArgument: an option is wrong; the message names it. Else the
  // system's reason why a folder, guardian or cgroup can't be made.
  static absl::StatusOr<std::unique_ptr<LocalRuntime>> Create(
      LocalRuntimeOptions options);

  // Kills and reaps all that runs. A host that wants a polite end terminates
  // its jobs first.
  ~LocalRuntime() override;
  LocalRuntime(const LocalRuntime&) = delete;
  LocalRuntime& operator=(const LocalRuntime&) = delete;

  // Whether memory and CPU limits are enforced, and how or why not in a line:
  // "memory and CPU limits by cgroup v1 below /sys/fs/cgroup/memory" or "not
  // enforced: ...".
  bool limits_enforced() const;
  const std::string& LimitsText() const;

  // Where the output of a container goes. What a path may not hold ("..", an
  // empty part) is replaced, so that no log lies outside of `log_folder`.
  std::string LogPath(absl::string_view log_stream) const;

  // How many containers run.
  int running() const;

  // A container of before a restart that this runtime does not know is not
  // started: nobody can say whether it ran. It is reported as Exited, without
  // an exit code.
  void Start(const ContainerSpec& spec) noexcept override;
  // A grace of zero or less sends SIGKILL at once.
  void Stop(ContainerId container, absl::Duration grace) noexcept override;
  void Poll(absl::Time now, int max,
            std::vector<ContainerReport>& out) noexcept override;
  // The waker wakes the host for all but reports that Poll() had no room for
  // and those that Start() made.
  absl::Time NextReportTime() const noexcept override;
  // Stops the containers that were not asked for again.
  void Recovered() noexcept override;

 private:
  struct Impl;
  explicit LocalRuntime(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_LOCAL_RUNTIME_H_
