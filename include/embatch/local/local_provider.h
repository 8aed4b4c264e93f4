// SPDX-License-Identifier: Apache-2.0
//
// A LocalProvider offers this machine as the one instance of a compute
// environment.
//
//   embatch::LocalProvider provider;               // MANAGED
//
//   embatch::LocalProviderOptions options;         // UNMANAGED
//   options.join = true;
//   embatch::LocalProvider provider(options);
//
// In a MANAGED environment it has one instance type, and one instance of it:
// while that is up, a further Launch is answered LaunchFailed (capacity). Only
// when the type has got another name meanwhile, the Launch that is to replace
// the instance waits until that is terminated. In an UNMANAGED environment the
// machine joins as InstanceId::Joined(1).
//
// Time:      reports carry the `now` of the Poll() that gives them out.
// Threads:   as ResourceProvider: one call at a time, from any thread.
// Ownership: owned by the host; serves one environment. Two environments on
//            one machine need two providers, each with a share of it as
//            `resources`.
#ifndef EMBATCH_LOCAL_LOCAL_PROVIDER_H_
#define EMBATCH_LOCAL_LOCAL_PROVIDER_H_

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "embatch/ids.h"
#include "embatch/resource_provider.h"
#include "embatch/resources.h"

namespace embatch {

// What this machine has for jobs: the cores that the calling thread may run
// on, or the CPU quota of its cgroup if that is less; the memory of the machine
// or of its cgroup, less what the system itself needs.
// Source: §16.6 (97 % of the nominal memory, less 32 MiB).
Resources ResourcesOfThisMachine();

struct LocalProviderOptions {
  std::optional<Resources> resources;   // absent: ResourcesOfThisMachine()
  std::string instance_type = "local";  // name of type and instance
  bool join = false;                    // joins an UNMANAGED environment
};

class LocalProvider : public ResourceProvider {
 public:
  explicit LocalProvider(LocalProviderOptions options = {});

  // What the instance offers.
  const Resources& resources() const { return resources_; }

  // From now on the instance type has this name: that of the environment may
  // have been updated. An instance that is up, or joined, keeps its own.
  void SetInstanceType(std::string name);

  void Launch(const LaunchRequest& request) noexcept override;
  void Terminate(InstanceId instance) noexcept override;
  void Poll(absl::Time now, int max,
            std::vector<InstanceReport>& out) noexcept override;
  absl::Time NextReportTime() const noexcept override;
  // Lets the instance go if it was not asked for again.
  void Recovered() noexcept override;

 private:
  void ReportCatalogue();
  void ReportReady();
  // The instance that is up makes room for the next one, if one waits.
  void LetGo();

  const LocalProviderOptions options_;
  const Resources resources_;
  std::string instance_type_;
  InstanceId up_;             // null: none is up
  std::string up_type_;       // the name it came up with
  bool asked_again_ = false;  // `up_`, since the restart
  InstanceId next_;           // waits for the end of `up_`; or null
  std::string next_type_;
  bool next_asked_again_ = false;
  std::deque<InstanceReport> reports_;  // not given out yet; without a time
};

}  // namespace embatch

#endif  // EMBATCH_LOCAL_LOCAL_PROVIDER_H_
