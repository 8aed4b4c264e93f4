// SPDX-License-Identifier: Apache-2.0
//
// A Cluster is a scheduler with a queue and a MANAGED environment whose
// instances are all up, on virtual time, and the loop of a host program that
// reads every event.
//
//   Cluster cluster(options);
//   for (int64_t i = 0; i < 1000; ++i) cluster.SubmitNext();
//   cluster.RunUntilEnded(1000);
#ifndef EMBATCH_BENCHMARKS_CLUSTER_H_
#define EMBATCH_BENCHMARKS_CLUSTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "benchmarks/simulator_stream.h"
#include "benchmarks/workload.h"
#include "embatch/job_queue.h"
#include "embatch/scheduler.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"

namespace embatch {

// Ends the program if a call failed: its figures would mean nothing.
void MustSucceed(const absl::Status& status);
template <typename T>
T MustSucceed(absl::StatusOr<T> answer) {
  MustSucceed(answer.status());
  return *std::move(answer);
}

struct ClusterOptions {
  int instances = 1000;
  // The environment may ask for this many more, and never gets them.
  int instances_refused = 0;
  DispatchOrder dispatch_order = DispatchOrder::kStrict;
  // If not 0, the queue is a fair-share one and the jobs take turns among so
  // many shares.
  int shares = 0;
  WorkloadOptions workload;
  absl::Duration finished_job_retention = absl::Hours(24);
  int max_transitions = SchedulerOptions().max_transitions;

  // Instead of the simulated runtime. Borrowed.
  ContainerRuntime* runtime = nullptr;

  // If set, all that the simulated runtime is asked is written here.
  SimulatorStream* stream = nullptr;
};

class Cluster {
 public:
  explicit Cluster(const ClusterOptions& options);

  Scheduler& scheduler() { return scheduler_; }
  const Workload& workload() const { return workload_; }
  absl::Time now() const { return now_; }

  // The request that the calls below submit; what they do not set, such as
  // array_size and depends_on, can be set here.
  SubmitJobRequest& request() { return request_; }

  // Submits the workload's next job. The next Step() is then due at once.
  JobId SubmitNext() {
    PrepareNext();
    return SubmitPrepared();
  }
  // The same in two steps, for who measures the submission alone.
  void PrepareNext() {
    if (!shares_.empty()) {
      request_.share_identifier =
          shares_[static_cast<size_t>(submitted_) % shares_.size()];
    }
    workload_.MakeJob(submitted_++, request_);
    next_ = now_;
  }
  JobId SubmitPrepared() {
    return MustSucceed(scheduler_.SubmitJob(request_, now_));
  }

  // Advances once, at the next moment at which something is due, and reads all
  // events. Answers how many jobs ended, array children included and array
  // parents left out.
  int64_t Step();

  // Whether the next call of Advance() is due later than now.
  bool IsAtRest() const { return next_ > now_; }

  // Steps until the scheduler is at rest.
  void Settle();

  // Steps until so many jobs have ended since the beginning.
  void RunUntilEnded(int64_t jobs);

  // As Step(), but at so long after the last one, whatever is due.
  int64_t StepAfter(absl::Duration duration) {
    next_ = now_ + duration;
    return Step();
  }

  int64_t submitted() const { return submitted_; }
  int64_t ended() const { return ended_; }
  int64_t steps() const { return steps_; }

  // Something that depends on every event, for benchmark::DoNotOptimize().
  uint64_t digest() const { return digest_; }

 private:
  void Furnish(const ClusterOptions& options, ContainerRuntime* runtime);
  void CreateQueue(const ClusterOptions& options);

  Workload workload_;
  SimulatedRuntime simulated_runtime_;
  std::unique_ptr<StreamRecorder> recorder_;
  SimulatedProvider provider_;
  Scheduler scheduler_;
  SubmitJobRequest request_;
  std::vector<std::string> shares_;
  absl::Time now_;
  absl::Time next_;
  int64_t submitted_ = 0;
  int64_t ended_ = 0;
  int64_t steps_ = 0;
  uint64_t digest_ = 0;
};

}  // namespace embatch

#endif  // EMBATCH_BENCHMARKS_CLUSTER_H_
