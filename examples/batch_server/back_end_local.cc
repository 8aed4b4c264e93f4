// SPDX-License-Identifier: Apache-2.0
//
// Jobs as processes of this machine. Each compute environment has the machine
// as its one instance, whatever instance types it asks for; service jobs have
// nobody to hand them to.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "back_end.h"
#include "embatch/local/local_provider.h"
#include "embatch/local/local_runtime.h"

namespace batch_server {
namespace {

class LocalBackEnd : public BackEnd {
 public:
  LocalBackEnd(embatch::Resources offer,
               std::unique_ptr<embatch::LocalRuntime> runtime)
      : offer_(offer), runtime_(std::move(runtime)) {}

  absl::Status ServeEnvironment(embatch::Scheduler& scheduler,
                                const std::string& environment,
                                absl::Time now) override;

  absl::Status Update(embatch::Scheduler& scheduler,
                      const std::string& environment) override;

  absl::StatusOr<std::string> LogPath(
      absl::string_view log_stream) const override {
    return runtime_->LogPath(log_stream);
  }

  int running() const override { return runtime_->running(); }

 private:
  const embatch::Resources offer_;
  const std::unique_ptr<embatch::LocalRuntime> runtime_;
  // A scheduler may know one until its environment is forgotten, so they stay.
  std::vector<std::unique_ptr<embatch::LocalProvider>> providers_;
  // The one of each environment, by its name.
  std::map<std::string, embatch::LocalProvider*> provider_of_;
};

// A type that the environment allows, so that this machine may be one of it.
std::string InstanceTypeFor(const embatch::ComputeEnvironment& environment) {
  const auto& resources = environment.options().compute_resources;
  if (!resources.has_value() || resources->instance_types.empty()) {
    return "local";
  }
  const std::string& wanted = resources->instance_types.front();
  if (wanted == "optimal" || absl::StartsWith(wanted, "default_")) {
    return "local";
  }
  return absl::StrContains(wanted, '.') ? wanted
                                        : absl::StrCat(wanted, ".local");
}

absl::Status LocalBackEnd::ServeEnvironment(embatch::Scheduler& scheduler,
                                            const std::string& environment,
                                            absl::Time /*now*/) {
  const absl::StatusOr<embatch::ComputeEnvironmentView> view =
      scheduler.DescribeComputeEnvironment(environment);
  if (!view.ok()) return view.status();
  embatch::LocalProviderOptions options;
  options.resources = offer_;
  options.join = view->compute_environment->options().type ==
                 embatch::ComputeEnvironmentType::kUnmanaged;
  options.instance_type = InstanceTypeFor(*view->compute_environment);
  providers_.push_back(std::make_unique<embatch::LocalProvider>(options));
  provider_of_[environment] = providers_.back().get();
  return scheduler.AttachPlugins(environment,
                                 {providers_.back().get(), runtime_.get()});
}

absl::Status LocalBackEnd::Update(embatch::Scheduler& scheduler,
                                  const std::string& environment) {
  const absl::StatusOr<embatch::ComputeEnvironmentView> view =
      scheduler.DescribeComputeEnvironment(environment);
  if (!view.ok()) return view.status();
  const auto provider = provider_of_.find(environment);
  if (provider != provider_of_.end()) {
    provider->second->SetInstanceType(
        InstanceTypeFor(*view->compute_environment));
  }
  return absl::OkStatus();
}

embatch::Resources Offer(const Options& options) {
  embatch::Resources offer = embatch::ResourcesOfThisMachine();
  if (options.vcpus > 0) offer.vcpu_milli = options.vcpus * 1000;
  if (options.memory_mib > 0) offer.memory_mib = options.memory_mib;
  // Half a core, as containers may have, still runs one job at a time.
  offer.vcpu_milli = std::max<int64_t>(offer.vcpu_milli, 1000);
  return offer;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BackEnd>> MakeLocalBackEnd(
    const Options& options, const std::string& region, embatch::Waker* waker) {
  embatch::LocalRuntimeOptions processes;
  // Ids are unique in a region only.
  processes.log_folder = absl::StrCat(options.logs, "/", region);
  processes.working_folder = "/";
  processes.waker = waker;
  absl::StatusOr<std::unique_ptr<embatch::LocalRuntime>> runtime =
      embatch::LocalRuntime::Create(std::move(processes));
  if (!runtime.ok()) return runtime.status();
  return std::unique_ptr<BackEnd>(
      std::make_unique<LocalBackEnd>(Offer(options), *std::move(runtime)));
}

}  // namespace batch_server
