// SPDX-License-Identifier: Apache-2.0
//
// A ContainerRuntime starts and stops containers on instances: processes,
// Docker, a simulation, ...
//
// Example:    include/embatch/sim/simulation.h; include/embatch/local/.
// Time:       the scheduler passes `now`; an implementation need not own a
//             clock. Reports carry the time at which a thing happened.
// Threads:    every method is called from inside Scheduler::Advance(), one at
//             a time. An implementation with threads of its own guards its
//             queue of reports. It must not call the scheduler back.
// Ownership:  borrowed by the scheduler; must outlive it, or be detached.
// Errors:     a request answers nothing: a refusal is a StartFailed report, all
//             that goes wrong later an Exited report. Reports that are late,
//             repeated or about unknown containers are ignored and counted.
// Source:     API ContainerDetail, AttemptDetail; guide "Job states", "Job
//             environment variables".
#ifndef EMBATCH_CONTAINER_RUNTIME_H_
#define EMBATCH_CONTAINER_RUNTIME_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "embatch/fields.h"
#include "embatch/ids.h"
#include "embatch/job_definition.h"
#include "embatch/resources.h"

namespace embatch {

// One container to start. A view, valid during the call to Start().
struct ContainerSpec {
  ContainerId container;
  InstanceId instance;  // where it is placed
  absl::string_view image;
  absl::Span<const std::string> command;
  // The job's own variables. AppendEnvironment() adds AWS_BATCH_*.
  absl::Span<const EnvironmentVariable> environment;
  Resources resources;
  absl::Duration stop_timeout;  // between the polite and the hard signal
  // Of several containers its name in the job definition.
  absl::string_view container_name = "default";
  absl::string_view job_name;
  absl::string_view job_definition;
  absl::string_view job_queue;
  absl::string_view compute_environment;
  int32_t array_size = 0;  // of the array that the job is a child of; else 0
  // Of the multi-node job that this is a node of; else 0. Its index is that of
  // the job's child.
  int32_t num_nodes = 0;
  int32_t main_node = 0;
  // Where the other nodes find the main node: its instance's private address,
  // or, if the provider told none, the instance's name. Empty on the main node.
  absl::string_view main_node_address;
  uint64_t id_seed = 0;  // SchedulerOptions::seed
  // With propagateTags: the tags of the definition and of the job, merged; else
  // nullptr.
  const std::map<std::string, std::string>* tags = nullptr;
  Document document;           // the job definition's
  Document job_document;       // the submission's
  bool after_restart = false;  // may have been asked before

  // The job's id as AWS's users see it; a child's with ":<index>",
  // a node's with "#<index>".
  std::string JobIdText() const;

  // Where the container's output belongs:
  // "<definition, 200 characters>/<container>/<task id>".
  // Source: guide "Using the awslogs log driver" (§6.1).
  std::string LogStreamName() const;

  // Appends the whole environment: the job's own variables, then AWS's, which
  // win because they come last.
  // Source: guide "Job environment variables" (§11).
  void AppendEnvironment(std::vector<EnvironmentVariable>& out) const;
};

// Why a container did not start.
enum class StartFailure : uint8_t {
  kTask,      // it can't: the image is missing, ... The attempt has failed.
  kCapacity,  // FARGATE, FARGATE_SPOT: there is no capacity now. The attempt
              // never was; the same id may be asked for again later.
};
constexpr bool IsValidEnum(StartFailure value) {
  return value <= StartFailure::kCapacity;
}

// What a runtime tells the scheduler. Make one with the functions below.
struct ContainerReport {
  enum class Kind : uint8_t {
    kStarted,      // the container is up
    kExited,       // it ended, for whatever reason
    kStartFailed,  // it will never run
    kInterrupted,  // FARGATE_SPOT: its capacity was taken back; it is over
  };
  friend constexpr bool IsValidEnum(Kind value) {
    return value <= Kind::kInterrupted;
  }

  Kind kind = Kind::kStarted;
  bool has_exit_code = false;
  StartFailure failure = StartFailure::kTask;  // kStartFailed
  int32_t exit_code = 0;  // kExited; 128 + n where signal n ended it
  int64_t time_ns = 0;    // since the Unix epoch
  ContainerId container;
  std::string reason;  // of the container; at most 255 characters are kept

  static ContainerReport Started(absl::Time time, ContainerId container);
  // Without a Started report before, the container counts as started at the
  // same time. No exit code: it is not known.
  static ContainerReport Exited(absl::Time time, ContainerId container,
                                std::optional<int> exit_code,
                                std::string reason = "");
  // `reason` as AWS words it, e.g. "CannotPullContainerError: ...".
  static ContainerReport StartFailed(absl::Time time, ContainerId container,
                                     std::string reason);
  // FARGATE, FARGATE_SPOT: no capacity to be had now.
  static ContainerReport NoCapacity(absl::Time time, ContainerId container);
  // FARGATE_SPOT.
  static ContainerReport Interrupted(absl::Time time, ContainerId container);

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.kind, self.has_exit_code, self.failure, self.exit_code,
                 self.time_ns, self.container, self.reason);
  }
};

class ContainerRuntime {
 public:
  virtual ~ContainerRuntime() = default;

  // Begins to start one container of one attempt. Returns at once. A known id
  // is not started twice.
  virtual void Start(const ContainerSpec& spec) noexcept = 0;

  // Asks a container to end: a polite signal, then after `grace` a hard one.
  // Its end is reported as Exited. Unknown or finished ones are ignored.
  virtual void Stop(ContainerId container, absl::Duration grace) noexcept = 0;

  // Appends to `out` what happened since the last call, oldest first, none
  // later than `now`, at most `max` reports; the rest waits for the next call.
  virtual void Poll(absl::Time now, int max,
                    std::vector<ContainerReport>& out) noexcept = 0;

  // When Poll() will next have something to say. InfiniteFuture() means that
  // the implementation wakes the host program by its own means.
  virtual absl::Time NextReportTime() const noexcept {
    return absl::InfiniteFuture();
  }

  // After a restart all requests that still matter have been repeated:
  // whatever runs beyond them is to be stopped.
  virtual void Recovered() noexcept {}
};

}  // namespace embatch

#endif  // EMBATCH_CONTAINER_RUNTIME_H_
