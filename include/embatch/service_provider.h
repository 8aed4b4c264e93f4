// SPDX-License-Identifier: Apache-2.0
//
// A ServiceProvider hands service jobs to an external service, such as
// SageMaker training, and tells what becomes of them.
//
// Example:    include/embatch/sim/simulated_service.h.
// Time:       the scheduler passes `now`; an implementation need not own a
//             clock. Reports carry the time at which a thing happened.
// Threads:    every method is called from inside Scheduler::Advance(), one at
//             a time. An implementation with threads of its own guards its
//             queue of reports. It must not call the scheduler back.
// Ownership:  borrowed by the scheduler; must outlive it, or be detached.
// Errors:     a request answers nothing: a refusal is a Failed report. Reports
//             that are late, repeated or about unknown attempts are ignored
//             and counted.
// Source:     API SubmitServiceJob, ServiceJobAttemptDetail; guide "Service
//             jobs"; §19.
#ifndef EMBATCH_SERVICE_PROVIDER_H_
#define EMBATCH_SERVICE_PROVIDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "embatch/capacity_limit.h"
#include "embatch/fields.h"
#include "embatch/ids.h"

namespace embatch {

// One attempt of a service job, to be handed to the service. A view, valid
// during the call to Submit().
struct ServiceJobSpec {
  AttemptId attempt;
  absl::string_view job_name;
  absl::string_view job_queue;
  absl::string_view service_environment;
  absl::string_view service_request_payload;  // the service's own JSON
  absl::Span<const CapacityUsage> capacity_usage;
  const std::map<std::string, std::string>* tags = nullptr;
  uint64_t id_seed = 0;        // SchedulerOptions::seed
  bool after_restart = false;  // may have been asked before

  // The job's id as AWS's users see it.
  std::string JobIdText() const;
};

// What a provider tells the scheduler. Make one with the functions below.
struct ServiceReport {
  enum class Kind : uint8_t {
    kStarting,    // the service has got the capacity
    kRunning,     // the job runs
    kSucceeded,   // it is over
    kFailed,      // it is over, or was refused
    kNoCapacity,  // the service has no capacity now; the job is to wait again
  };
  friend constexpr bool IsValidEnum(Kind value) {
    return value <= Kind::kNoCapacity;
  }

  Kind kind = Kind::kStarting;
  int64_t time_ns = 0;  // since the Unix epoch
  AttemptId attempt;
  // The service's own name for what runs, its TrainingJobArn; empty: not known
  // yet, or said before. At most 1,024 characters are kept.
  std::string service_resource_id;
  // The attempt's statusReason, as the service words it, e.g. "Received status
  // from SageMaker: ...". At most 1,024 characters are kept.
  std::string status_reason;

  static ServiceReport Starting(absl::Time time, AttemptId attempt,
                                std::string service_resource_id = "");
  // Without a Starting report before, the job counts as starting at the same
  // time; likewise with Succeeded.
  static ServiceReport Running(absl::Time time, AttemptId attempt,
                               std::string service_resource_id = "");
  static ServiceReport Succeeded(absl::Time time, AttemptId attempt,
                                 std::string status_reason = "");
  static ServiceReport Failed(absl::Time time, AttemptId attempt,
                              std::string status_reason);
  // Only of an attempt that is not starting yet, and once: the provider forgets
  // the attempt with it. When the job's turn comes again it is submitted anew,
  // under the same number.
  static ServiceReport NoCapacity(absl::Time time, AttemptId attempt);

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.kind, self.time_ns, self.attempt,
                 self.service_resource_id, self.status_reason);
  }
};

class ServiceProvider {
 public:
  virtual ~ServiceProvider() = default;

  // Begins to hand one attempt of a service job to the service. Returns at
  // once. A known attempt is not submitted twice; one that was turned away for
  // want of capacity is no longer known.
  virtual void Submit(const ServiceJobSpec& spec) noexcept = 0;

  // Asks for an attempt to end. Its end is reported as Succeeded or Failed.
  // Unknown or finished ones are ignored.
  virtual void Stop(AttemptId attempt) noexcept = 0;

  // Appends to `out` what happened since the last call, oldest first, none
  // later than `now`, at most `max` reports; the rest waits for the next call.
  virtual void Poll(absl::Time now, int max,
                    std::vector<ServiceReport>& out) noexcept = 0;

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

#endif  // EMBATCH_SERVICE_PROVIDER_H_
