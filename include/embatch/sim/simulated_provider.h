// SPDX-License-Identifier: Apache-2.0
//
// A SimulatedProvider is a ResourceProvider on virtual time: instances boot,
// fail to launch, join, are interrupted and get lost when they are told to.
//
//   SimulatedRuntime runtime;
//   SimulatedProviderOptions options;
//   options.boot_delay = absl::Minutes(2);
//   options.capacity["c5.large"] = 10;  // an eleventh can't be had
//   options.runtime = &runtime;         // containers die with their instances
//   SimulatedProvider provider(options);
//
// Example:   examples/quickstart/main.cc.
// Time:      the `now` of the latest Poll() is the present in which requests
//            are carried out.
// Threads:   as ResourceProvider.
// Ownership: as ResourceProvider. Borrows `runtime`.
// Errors:    a type that is not on offer is a LaunchFailed report.
#ifndef EMBATCH_SIM_SIMULATED_PROVIDER_H_
#define EMBATCH_SIM_SIMULATED_PROVIDER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/ids.h"
#include "embatch/resource_provider.h"
#include "embatch/resources.h"
#include "embatch/sim/simulated_runtime.h"

namespace embatch {

// Twelve On-Demand types: c5, m5 and r5, large to 4xlarge (2 to 16 vCPUs with
// about 2, 4 and 8 GiB each), with the memory that an instance registers and
// EC2's price in Northern Virginia.
std::vector<InstanceType> SimulatedInstanceTypes();

struct SimulatedProviderOptions {
  std::vector<InstanceType> instance_types = SimulatedInstanceTypes();

  // From the request to Ready: `boot_delay`, and up to `boot_delay_spread`
  // more, which depends on the seed and the instance's number alone.
  absl::Duration boot_delay = absl::Minutes(1);
  absl::Duration boot_delay_spread = absl::ZeroDuration();

  // From the request to LaunchFailed.
  absl::Duration launch_failure_delay = absl::ZeroDuration();

  // How many instances of a type can be held at once, booting ones included.
  // A type that is not named here is unlimited.
  std::map<std::string, int> capacity;

  // What instances of a type register, where that differs from what the
  // catalogue says.
  std::map<std::string, Resources> registered;

  // Launches that fail for want of capacity, so many in a million, drawn from
  // the seed and the instance's number.
  int launch_failures_per_million = 0;
  uint64_t seed = 0;

  // Spot Instances are taken back by chance: as many of a million as their type
  // says (InstanceType::interruptions_per_million) are lost at some time within
  // this long after they were ready, announced two minutes before. Which ones
  // and when depends on the seed and the instance's number alone.
  absl::Duration interruption_period = absl::Hours(24 * 30);

  // If set, is asked about every launch first: an answer makes it fail.
  std::function<std::optional<LaunchFailure>(const LaunchRequest&)> script;

  // If set, what runs on an instance dies when the instance is lost. Borrowed.
  SimulatedRuntime* runtime = nullptr;
};

// An instance that is held: it boots, or is up.
struct SimulatedInstance {
  InstanceId instance;
  std::string name;           // "i-00000000000000007"; a joined one's own
  std::string instance_type;  // "": it joined
  std::string compute_environment;
  Resources resources;
  absl::Time ready_at;  // when it was up, or will be
  bool up = false;      // reported as Ready
  bool spot = false;
};

// What a provider has done so far.
struct SimulatedProviderCounts {
  uint64_t launches = 0;  // asked for, repetitions left out
  uint64_t launches_failed = 0;
  uint64_t joined = 0;
  uint64_t terminated = 0;  // let go on request
  uint64_t lost = 0;
};

class SimulatedProvider : public ResourceProvider {
 public:
  explicit SimulatedProvider(SimulatedProviderOptions options = {});
  ~SimulatedProvider() override;

  // An id that it ever knew is not launched again. With `after_restart` it
  // reports once more how that instance stands.
  void Launch(const LaunchRequest& request) noexcept override;
  void Terminate(InstanceId instance) noexcept override;

  // The first call makes a Catalogue report, without an environment's name: it
  // is for every environment that the provider serves.
  void Poll(absl::Time now, int max,
            std::vector<InstanceReport>& out) noexcept override;
  absl::Time NextReportTime() const noexcept override;

  // Lets go of launched instances whose launch was not repeated. Those that
  // joined stay: nobody asked for them.
  void Recovered() noexcept override;

  // The script of the world. A time that has passed means now.

  // An instance joins an UNMANAGED environment.
  InstanceId Join(absl::string_view compute_environment,
                  const Resources& resources, absl::string_view name,
                  absl::Time at);

  // An instance is announced to be lost, or is lost, together with all that
  // runs on it. Nothing happens if it is not held, now or when the time comes.
  void Interrupt(InstanceId instance, absl::Time at);
  void Lose(InstanceId instance, absl::Time at);

  // Says that an environment can't work as it is configured.
  void Invalidate(absl::string_view compute_environment,
                  absl::string_view message, absl::Time at);

  // Changes SimulatedProviderOptions::capacity; absent: unlimited. Instances
  // that are held stay.
  void SetCapacity(absl::string_view instance_type,
                   std::optional<int> instances);

  // What can be launched from now on; makes a Catalogue report.
  void SetInstanceTypes(std::vector<InstanceType> instance_types);

  std::vector<SimulatedInstance> Instances() const;  // held; by number
  const SimulatedProviderCounts& counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace embatch

#endif  // EMBATCH_SIM_SIMULATED_PROVIDER_H_
