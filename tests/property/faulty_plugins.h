// SPDX-License-Identifier: Apache-2.0
//
// Plug-ins that wrap honest ones and add what a scheduler must not mind:
// reports repeated at once, repeated late, about things that never were, or
// that contradict what came before; and more of them than were asked for.
// Nothing honest is left out or changed.
//
// What is added depends on the seed and the honest report alone, never on how
// often a plug-in is asked.
#ifndef EMBATCH_TESTS_PROPERTY_FAULTY_PLUGINS_H_
#define EMBATCH_TESTS_PROPERTY_FAULTY_PLUGINS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/time/time.h"
#include "embatch/container_runtime.h"
#include "embatch/resource_provider.h"

namespace embatch {

class FaultyRuntime : public ContainerRuntime {
 public:
  // Borrows `honest`.
  FaultyRuntime(ContainerRuntime* honest, uint64_t seed)
      : honest_(honest), seed_(seed) {}

  void Start(const ContainerSpec& spec) noexcept override {
    honest_->Start(spec);
  }
  void Stop(ContainerId container, absl::Duration grace) noexcept override {
    honest_->Stop(container, grace);
  }
  void Poll(absl::Time now, int max,
            std::vector<ContainerReport>& out) noexcept override;
  absl::Time NextReportTime() const noexcept override;

 private:
  void Add(const ContainerReport& honest, std::vector<ContainerReport>& out);

  ContainerRuntime* const honest_;
  const uint64_t seed_;
  std::multimap<absl::Time, ContainerReport> late_;
};

class FaultyProvider : public ResourceProvider {
 public:
  // Borrows `honest`.
  FaultyProvider(ResourceProvider* honest, uint64_t seed)
      : honest_(honest), seed_(seed) {}

  void Launch(const LaunchRequest& request) noexcept override {
    honest_->Launch(request);
  }
  void Terminate(InstanceId instance) noexcept override {
    honest_->Terminate(instance);
  }
  void Poll(absl::Time now, int max,
            std::vector<InstanceReport>& out) noexcept override;
  absl::Time NextReportTime() const noexcept override;

 private:
  void Add(const InstanceReport& honest, std::vector<InstanceReport>& out);

  ResourceProvider* const honest_;
  const uint64_t seed_;
  std::multimap<absl::Time, InstanceReport> late_;
};

}  // namespace embatch

#endif  // EMBATCH_TESTS_PROPERTY_FAULTY_PLUGINS_H_
