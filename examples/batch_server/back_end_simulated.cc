// SPDX-License-Identifier: Apache-2.0
//
// Nothing runs, but everything happens when and as a job's environment says.
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "back_end.h"
#include "embatch/api/http.h"
#include "embatch/sim/environment_fates.h"
#include "embatch/sim/simulated_provider.h"
#include "embatch/sim/simulated_runtime.h"
#include "embatch/sim/simulated_service.h"

namespace batch_server {
namespace {

// Unless a job says otherwise.
constexpr absl::Duration kRunTime = absl::Seconds(1);

embatch::SimulatedRuntimeOptions RuntimeOptions(const Options& options) {
  embatch::ContainerFate fate;
  fate.start_delay = options.start_delay;
  fate.run_time = kRunTime;
  embatch::SimulatedRuntimeOptions runtime;
  runtime.default_fate = fate;
  runtime.script = embatch::EnvironmentFates(fate);
  return runtime;
}

embatch::SimulatedProviderOptions ProviderOptions(
    const Options& options, embatch::SimulatedRuntime* runtime) {
  embatch::SimulatedProviderOptions provider;
  provider.instance_types = options.instance_types;
  provider.boot_delay = options.boot_delay;
  provider.runtime = runtime;
  return provider;
}

embatch::SimulatedServiceOptions ServiceOptions(const Options& options,
                                                const std::string& region) {
  embatch::SimulatedServiceOptions service;
  service.default_fate.start_delay = options.start_delay;
  service.default_fate.run_time = kRunTime;
  service.arn_prefix =
      absl::StrCat("arn:", embatch::api::PartitionOf(region),
                   ":sagemaker:", region, ":", options.account, ":");
  return service;
}

class SimulatedBackEnd : public BackEnd {
 public:
  SimulatedBackEnd(const Options& options, const std::string& region)
      : instance_types_(options.instance_types),
        runtime_(RuntimeOptions(options)),
        provider_(ProviderOptions(options, &runtime_)),
        service_(ServiceOptions(options, region)) {}

  absl::Status ServeEnvironment(embatch::Scheduler& scheduler,
                                const std::string& environment,
                                absl::Time now) override {
    const absl::StatusOr<embatch::ComputeEnvironmentView> view =
        scheduler.DescribeComputeEnvironment(environment);
    if (!view.ok()) return view.status();
    if (view->compute_environment->options().type ==
        embatch::ComputeEnvironmentType::kUnmanaged) {
      // Somebody must have put an instance there.
      provider_.Join(environment, instance_types_.back().resources,
                     "unmanaged-" + environment, now);
    }
    // What was told of the catalogue is gone with the environments before.
    provider_.SetInstanceTypes(instance_types_);
    return scheduler.AttachPlugins(environment, {&provider_, &runtime_});
  }

  absl::Status ServeServiceEnvironment(
      embatch::Scheduler& scheduler, const std::string& environment) override {
    return scheduler.AttachServiceProvider(environment, &service_);
  }

  absl::StatusOr<std::string> LogPath(
      absl::string_view /*log_stream*/) const override {
    return absl::NotFoundError("simulated jobs have no output");
  }

 private:
  const std::vector<embatch::InstanceType> instance_types_;
  embatch::SimulatedRuntime runtime_;
  embatch::SimulatedProvider provider_;
  embatch::SimulatedService service_;
};

}  // namespace

std::unique_ptr<BackEnd> MakeSimulatedBackEnd(const Options& options,
                                              const std::string& region) {
  return std::make_unique<SimulatedBackEnd>(options, region);
}

}  // namespace batch_server
