// SPDX-License-Identifier: Apache-2.0
//
// A ResourceProvider launches and terminates the instances of compute
// environments: EC2, this machine, a simulation, ...
//
// Example:    include/embatch/sim/simulation.h; include/embatch/local/.
// Time:       the scheduler passes `now`; an implementation need not own a
//             clock. Reports carry the time at which a thing happened.
// Threads:    every method is called from inside Scheduler::Advance(), one at
//             a time. An implementation with threads of its own guards its
//             queue of reports. It must not call the scheduler back.
// Ownership:  borrowed by the scheduler; must outlive it, or be detached.
// Errors:     a request answers nothing: every answer is a report. Reports
//             that are late, repeated or about unknown instances are ignored
//             and counted.
// Source:     guide "Managed compute environments".
#ifndef EMBATCH_RESOURCE_PROVIDER_H_
#define EMBATCH_RESOURCE_PROVIDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/fields.h"
#include "embatch/ids.h"
#include "embatch/resources.h"

namespace embatch {

// Source: API RuntimePlatform.cpuArchitecture; guide "Compute resources".
enum class CpuArchitecture : uint8_t { kX8664, kArm64 };
constexpr bool IsValidEnum(CpuArchitecture value) {
  return value <= CpuArchitecture::kArm64;
}

// A kind of instance that a provider can launch.
struct InstanceType {
  std::string name;  // "c5.large": before the dot its family
  // What jobs can use: the memory that an instance registers, which is less
  // than its nominal size (§16.6).
  Resources resources;
  int64_t price_microdollars_per_hour = 0;  // On-Demand
  CpuArchitecture architecture = CpuArchitecture::kX8664;

  // As a Spot Instance.
  int64_t spot_price_microdollars_per_hour =
      0;  // 0: as On-Demand, no bid holds
  // How many of a million instances are taken back within 30 days.
  int32_t interruptions_per_million = 0;
  // How many more there are to be had; the deeper the pool the better.
  int64_t spot_capacity = 0;

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.name, self.resources, self.price_microdollars_per_hour,
                 self.architecture, self.spot_price_microdollars_per_hour,
                 self.interruptions_per_million, self.spot_capacity);
  }
};

// Views, valid during the call.
struct LaunchRequest {
  InstanceId instance;
  absl::string_view compute_environment;
  absl::string_view instance_type;
  bool after_restart = false;  // may have been asked before
  bool spot = false;           // a Spot Instance is wanted
};

enum class LaunchFailure : uint8_t {
  kCapacity,       // none of this type to be had now; other types are tried
  kConfiguration,  // this type can't be launched as configured
  kPermission,     // not allowed to launch
};
constexpr bool IsValidEnum(LaunchFailure value) {
  return value <= LaunchFailure::kPermission;
}

// What a provider tells the scheduler. Make one with the functions below.
struct InstanceReport {
  enum class Kind : uint8_t {
    kCatalogue,     // what can be launched; replaces what was said before
    kReady,         // an instance takes jobs from now on
    kLaunchFailed,  // it will never be ready
    kInterruption,  // it is going to be lost: place nothing more on it
    kLost,          // it is gone, and all that ran on it
    kInvalid,       // the environment can't work as it is configured
  };
  friend constexpr bool IsValidEnum(Kind value) {
    return value <= Kind::kInvalid;
  }

  Kind kind = Kind::kCatalogue;
  LaunchFailure failure = LaunchFailure::kCapacity;  // kLaunchFailed
  int64_t time_ns = 0;                               // since the Unix epoch
  InstanceId instance;  // all but kCatalogue and kInvalid
  // Only needed where one provider serves several environments, for kCatalogue,
  // kInvalid and an instance that joins on its own; the scheduler fills in the
  // rest.
  std::string compute_environment;
  std::string name;     // kReady: the instance's own name, e.g. "i-0abc"
  Resources resources;  // kReady: what it registers
  // kReady: where other instances find it. Empty: the provider does not know;
  // nodes of multi-node jobs are then told its name.
  std::string private_ipv4_address;
  std::string message;  // kLaunchFailed, kInvalid: why, in its own words
  std::vector<InstanceType> instance_types;  // kCatalogue

  static InstanceReport Catalogue(absl::Time time,
                                  std::vector<InstanceType> instance_types);
  // Answers a LaunchRequest; or, for an InstanceId::Joined(), tells of an
  // instance that joins an UNMANAGED environment.
  static InstanceReport Ready(absl::Time time, InstanceId instance,
                              std::string name, Resources resources,
                              std::string private_ipv4_address = "");
  static InstanceReport LaunchFailed(absl::Time time, InstanceId instance,
                                     LaunchFailure failure,
                                     std::string message);
  static InstanceReport Interruption(absl::Time time, InstanceId instance);
  static InstanceReport Lost(absl::Time time, InstanceId instance);
  // A role is bad, no instance joined the cluster, ... The environment becomes
  // INVALID: it takes no jobs until it is updated. Empty `message`: no instance
  // joined. Source: guide "Compute environment is INVALID" (§16.3).
  static InstanceReport Invalid(absl::Time time, std::string message);

  template <typename Self, typename Visitor>
  static auto VisitFields(Self& self, Visitor&& visit) {
    return visit(self.kind, self.failure, self.time_ns, self.instance,
                 self.compute_environment, self.name, self.resources,
                 self.private_ipv4_address, self.message, self.instance_types);
  }
};

class ResourceProvider {
 public:
  virtual ~ResourceProvider() = default;

  // Begins to launch an instance; answered by a Ready or a LaunchFailed report.
  // A known id is not launched twice.
  virtual void Launch(const LaunchRequest& request) noexcept = 0;

  // Lets go of an instance on which nothing runs; it may still boot. Unknown
  // ones are ignored. No answer.
  virtual void Terminate(InstanceId instance) noexcept = 0;

  // Appends to `out` what happened since the last call, oldest first, none
  // later than `now`, at most `max` reports; the rest waits for the next call.
  // The first call is the occasion for a Catalogue report.
  virtual void Poll(absl::Time now, int max,
                    std::vector<InstanceReport>& out) noexcept = 0;

  // When Poll() will next have something to say. InfiniteFuture() means that
  // the implementation wakes the host program by its own means.
  virtual absl::Time NextReportTime() const noexcept {
    return absl::InfiniteFuture();
  }

  // After a restart all requests that still matter have been repeated:
  // whatever is held beyond them is to be let go.
  virtual void Recovered() noexcept {}
};

}  // namespace embatch

#endif  // EMBATCH_RESOURCE_PROVIDER_H_
