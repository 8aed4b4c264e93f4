// SPDX-License-Identifier: Apache-2.0
#include "tests/support/reference/comparison.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "embatch/input.h"
#include "tests/support/reference/lines.h"

namespace embatch::reference {

class Comparison::Provider : public ResourceProvider {
 public:
  Provider(ResourceProvider* inner, std::vector<std::string>* lines)
      : inner_(inner), lines_(lines) {}

  void Launch(const LaunchRequest& request) noexcept override {
    lines_->push_back(LaunchLine(request.compute_environment, request.instance,
                                 request.instance_type, request.spot));
    inner_->Launch(request);
  }
  void Terminate(InstanceId instance) noexcept override {
    lines_->push_back(TerminateLine(instance));
    inner_->Terminate(instance);
  }
  void Poll(absl::Time now, int max,
            std::vector<InstanceReport>& out) noexcept override {
    inner_->Poll(now, max, out);
  }
  absl::Time NextReportTime() const noexcept override {
    return inner_->NextReportTime();
  }
  void Recovered() noexcept override { inner_->Recovered(); }

 private:
  ResourceProvider* const inner_;
  std::vector<std::string>* const lines_;
};

class Comparison::Runtime : public ContainerRuntime {
 public:
  Runtime(ContainerRuntime* inner, std::vector<std::string>* lines)
      : inner_(inner), lines_(lines) {}

  void Start(const ContainerSpec& spec) noexcept override {
    lines_->push_back(StartLine(spec.container, spec.compute_environment,
                                spec.instance, spec.resources));
    inner_->Start(spec);
  }
  void Stop(ContainerId container, absl::Duration grace) noexcept override {
    lines_->push_back(StopLine(container, grace));
    inner_->Stop(container, grace);
  }
  void Poll(absl::Time now, int max,
            std::vector<ContainerReport>& out) noexcept override {
    inner_->Poll(now, max, out);
  }
  absl::Time NextReportTime() const noexcept override {
    return inner_->NextReportTime();
  }
  void Recovered() noexcept override { inner_->Recovered(); }

 private:
  ContainerRuntime* const inner_;
  std::vector<std::string>* const lines_;
};

ResourceProvider* Comparison::Watch(ResourceProvider* provider) {
  providers_.push_back(
      std::make_unique<Provider>(provider, &library_said_.requests));
  return providers_.back().get();
}

ContainerRuntime* Comparison::Watch(ContainerRuntime* runtime) {
  runtimes_.push_back(
      std::make_unique<Runtime>(runtime, &library_said_.requests));
  return runtimes_.back().get();
}

void Comparison::Happened(const Event& event, absl::string_view reason) {
  AppendEventLines(event, reason, library_said_.events);
}

std::string Comparison::CatchUp(const std::vector<std::string>& inputs) {
  for (; inputs_seen_ < inputs.size(); ++inputs_seen_) {
    const absl::StatusOr<Input> input = DecodeInput(inputs[inputs_seen_]);
    if (!input.ok()) return input.status().ToString();
    JobId submitted;
    if (absl::holds_alternative<SubmitJobRequest>(input->command)) {
      if (submitted_.empty()) return "nobody said which id a job was given";
      submitted = submitted_.front();
      submitted_.pop_front();
    }
    const Output said = twin_.Apply(*input, submitted);
    twin_said_.events.insert(twin_said_.events.end(), said.events.begin(),
                             said.events.end());
    twin_said_.requests.insert(twin_said_.requests.end(), said.requests.begin(),
                               said.requests.end());
  }
  return absl::StrCat(
      Difference("events", library_said_.events, twin_said_.events),
      Difference("requests", library_said_.requests, twin_said_.requests));
}

std::string Comparison::CheckQuietUntil(absl::Time next) const {
  const absl::Time latest = twin_.now() + absl::Hours(24 * 30);
  const absl::Time moment =
      std::min(std::max(next - absl::Nanoseconds(1), twin_.now()), latest);
  ReferenceScheduler twin = twin_;
  const Output said = twin.Apply({absl::ToUnixNanos(moment), Turn()});
  return absl::StrCat(Difference("events before `next`", {}, said.events),
                      Difference("requests before `next`", {}, said.requests));
}

}  // namespace embatch::reference
