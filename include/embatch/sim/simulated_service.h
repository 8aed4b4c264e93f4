// SPDX-License-Identifier: Apache-2.0
//
// A SimulatedService is a ServiceProvider on virtual time: nothing is trained,
// but every job waits for capacity, starts, ends or fails when and as its fate
// says.
//
//   SimulatedServiceOptions options;
//   options.capacity["ml.m5.large"] = 4;  // the service has no more than that
//   SimulatedService service(options);
//   scheduler.AttachServiceProvider("training", &service);
//
// Time:      the `now` of the latest Poll() is the present in which requests
//            are carried out.
// Threads:   as ServiceProvider. Copy nothing, share nothing.
// Ownership: as ServiceProvider.
#ifndef EMBATCH_SIM_SIMULATED_SERVICE_H_
#define EMBATCH_SIM_SIMULATED_SERVICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "embatch/capacity_limit.h"
#include "embatch/ids.h"
#include "embatch/service_provider.h"

namespace embatch {

// What becomes of one attempt of a service job. An infinite duration means
// never.
struct ServiceFate {
  // From the request to Starting, or to NoCapacity.
  absl::Duration capacity_delay = absl::ZeroDuration();
  bool no_capacity = false;

  // From Starting to Running.
  absl::Duration start_delay = absl::Seconds(1);
  // It fails there, and never runs.
  bool start_fails = false;

  // From Running to Succeeded, or to Failed.
  absl::Duration run_time = absl::Seconds(10);
  bool fails = false;
  std::string status_reason;  // empty: one in SageMaker's words

  // How long it takes to obey Stop().
  absl::Duration stop_delay = absl::ZeroDuration();
};

// Makes the fate of an attempt. Called once for each that is submitted.
using ServiceFateScript = std::function<ServiceFate(const ServiceJobSpec&)>;

struct SimulatedServiceOptions {
  ServiceFate default_fate;
  ServiceFateScript script;  // if set, decides instead of `default_fate`

  // How much the service has of a unit; others are unlimited. What finds too
  // little left when its capacity_delay is over is told NoCapacity.
  std::map<std::string, int64_t> capacity;

  // What the ARNs of its training jobs begin with.
  std::string arn_prefix = "arn:aws:sagemaker:local:000000000000:";
};

struct SimulatedServiceCounts {
  uint64_t submitted = 0;
  uint64_t no_capacity = 0;
  uint64_t succeeded = 0;
  uint64_t failed = 0;  // stopped ones included
  int64_t held = 0;     // submitted and not over
};

class SimulatedService : public ServiceProvider {
 public:
  explicit SimulatedService(SimulatedServiceOptions options = {})
      : options_(std::move(options)) {}

  void Submit(const ServiceJobSpec& spec) noexcept override;
  void Stop(AttemptId attempt) noexcept override;
  void Poll(absl::Time now, int max,
            std::vector<ServiceReport>& out) noexcept override;
  absl::Time NextReportTime() const noexcept override;

  const SimulatedServiceCounts& counts() const { return counts_; }

 private:
  using Key = std::pair<JobId, uint16_t>;
  enum class Phase : uint8_t { kWaiting, kStarting, kRunning };
  struct Training {
    ServiceFate fate;
    Phase phase = Phase::kWaiting;
    bool stopped = false;
    std::vector<CapacityUsage> usage;
    std::string resource_id;
    std::pair<absl::Time, uint64_t> due;  // its entry in `agenda_`
  };
  using Trainings = std::map<Key, Training>;

  void Schedule(Trainings::iterator training, absl::Time time);
  bool HasCapacityFor(const Training& training) const;
  void Hold(const Training& training, int64_t times);
  ServiceReport Happen(Trainings::iterator training, absl::Time time);
  ServiceReport End(Trainings::iterator training, absl::Time time);

  const SimulatedServiceOptions options_;
  absl::Time now_ = absl::InfinitePast();
  uint64_t next_entry_ = 1;  // 0 is that of one that has none yet
  Trainings trainings_;
  std::map<std::pair<absl::Time, uint64_t>, Key> agenda_;
  std::map<std::string, int64_t> in_use_;
  SimulatedServiceCounts counts_;
};

}  // namespace embatch

#endif  // EMBATCH_SIM_SIMULATED_SERVICE_H_
