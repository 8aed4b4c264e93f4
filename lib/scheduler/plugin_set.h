// SPDX-License-Identifier: Apache-2.0
//
// The plug-ins of a scheduler: asks them what happened and tells them what to
// do. Nothing here is part of the state.
#ifndef EMBATCH_SCHEDULER_PLUGIN_SET_H_
#define EMBATCH_SCHEDULER_PLUGIN_SET_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/input.h"
#include "embatch/resource_provider.h"
#include "embatch/scheduler.h"
#include "embatch/service_provider.h"
#include "lib/scheduler/state.h"
#include "lib/scheduler/turn_runner.h"

namespace embatch {

class PluginSet {
 public:
  void Attach(const Fleet& fleet, uint32_t environment, Plugins plugins);

  void AttachService(uint32_t environment, ServiceProvider* provider);

  // Asks each plug-in once, in the order of first attachment, and fills `turn`
  // with at most `max` reports. What a plug-in gives beyond what it was asked
  // for is kept for the next call.
  void Poll(const State& state, absl::Time now, int max, Turn* turn);

  // Passes requests on, in order. Those of an environment without plug-ins are
  // dropped.
  void PassOn(const State& state, const std::vector<Request>& requests);

  // Reports that made no sense, so far.
  uint64_t dropped() const { return dropped_; }

  // When the first plug-in will have something to say. One that says "now" but
  // had nothing to say, and was asked for nothing since, is asked again a
  // millisecond later.
  int64_t NextReportNanos(int64_t now_ns) const;

 private:
  template <typename Plugin>
  struct Entry {
    Plugin* plugin = nullptr;
    std::vector<uint32_t> environments;  // that it serves, in order
    bool is_quiet = false;               // nothing reported, nothing requested
    // A provider's latest catalogue for all that it serves: environments that
    // are attached later hear of it too.
    std::vector<InstanceReport> catalogue;
  };

  template <typename Plugin>
  static void Drop(std::vector<Entry<Plugin>>& entries, uint32_t environment);
  template <typename Plugin>
  static void Add(std::vector<Entry<Plugin>>& entries, Plugin* plugin,
                  uint32_t environment);
  template <typename Plugin>
  static Entry<Plugin>* Find(std::vector<Entry<Plugin>>& entries,
                             uint32_t environment);
  class StartSpecs;

  void TakeScratch(const Fleet& fleet, Entry<ResourceProvider>& entry,
                   std::vector<InstanceReport>& reports);
  void Address(const Fleet& fleet, Entry<ResourceProvider>& entry,
               InstanceReport report, std::vector<InstanceReport>& reports);
  void PollService(Entry<ServiceProvider>& entry, absl::Time now, int max,
                   std::vector<ServiceReport>& reports);
  void PassOne(const State& state, const Request& request, StartSpecs& specs);
  void PassToService(const State& state, const Request& request);

  void ForgetDeleted(const State& state);

  bool keeps_reports() const {
    return !instance_reports_.empty() || !container_reports_.empty() ||
           !service_reports_.empty();
  }

  uint64_t dropped_ = 0;
  size_t deleted_ = 0;  // deleted environments that were forgotten
  std::vector<Entry<ResourceProvider>> providers_;
  std::vector<Entry<ContainerRuntime>> runtimes_;
  // By service environments.
  std::vector<Entry<ServiceProvider>> services_;
  // Reported beyond what a turn had room for: part of the next one.
  std::vector<InstanceReport> instance_reports_;
  std::vector<ContainerReport> container_reports_;
  std::vector<ServiceReport> service_reports_;
  std::vector<InstanceReport> scratch_;  // empty between two polls
  ContainerSpec start_spec_;             // of the latest start
};

}  // namespace embatch

#endif  // EMBATCH_SCHEDULER_PLUGIN_SET_H_
