// SPDX-License-Identifier: Apache-2.0
#include "embatch/local/local_provider.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace embatch {

// All that runs here finds all else that does.
constexpr char kLoopbackAddress[] = "127.0.0.1";

LocalProvider::LocalProvider(LocalProviderOptions options)
    : options_(std::move(options)),
      resources_(options_.resources.has_value() ? *options_.resources
                                                : ResourcesOfThisMachine()),
      instance_type_(options_.instance_type) {
  // Times are filled in when the reports are given out.
  if (options_.join) {
    up_ = InstanceId::Joined(1);
    up_type_ = instance_type_;
    ReportReady();
  } else {
    ReportCatalogue();
  }
}

void LocalProvider::ReportCatalogue() {
  reports_.push_back(InstanceReport::Catalogue(
      absl::UnixEpoch(), {InstanceType{instance_type_, resources_}}));
}

void LocalProvider::SetInstanceType(std::string name) {
  if (options_.join || name == instance_type_) return;
  instance_type_ = std::move(name);
  ReportCatalogue();
}

void LocalProvider::Launch(const LaunchRequest& request) noexcept {
  if (request.instance.number == 0) return;
  const auto refuse = [&](LaunchFailure failure, std::string message) {
    reports_.push_back(InstanceReport::LaunchFailed(
        absl::UnixEpoch(), request.instance, failure, std::move(message)));
  };
  if (request.instance == up_) {
    // Before a restart the answer may have been lost.
    if (!request.after_restart) return;
    asked_again_ = true;
  } else if (request.instance == next_) {
    next_asked_again_ = next_asked_again_ || request.after_restart;
    return;
  } else if (options_.join) {
    return refuse(LaunchFailure::kConfiguration,
                  "this machine joins an UNMANAGED environment by itself");
  } else if (request.instance_type != instance_type_) {
    return refuse(LaunchFailure::kConfiguration,
                  absl::StrCat("no instance type \"", request.instance_type,
                               "\"; this machine is \"", instance_type_, "\""));
  } else if (up_.number != 0 && up_type_ != instance_type_ &&
             next_.number == 0) {
    // The one that is up is of the type before, and will be replaced.
    next_ = request.instance;
    next_type_ = std::string(request.instance_type);
    next_asked_again_ = request.after_restart;
    return;
  } else if (up_.number != 0) {
    return refuse(LaunchFailure::kCapacity, "there is only one this machine");
  } else {
    up_ = request.instance;
    up_type_ = std::string(request.instance_type);
    asked_again_ = request.after_restart;
  }
  ReportReady();
}

void LocalProvider::ReportReady() {
  reports_.push_back(InstanceReport::Ready(absl::UnixEpoch(), up_, up_type_,
                                           resources_, kLoopbackAddress));
}

void LocalProvider::LetGo() {
  up_ = std::exchange(next_, InstanceId());
  up_type_ = std::exchange(next_type_, "");
  asked_again_ = std::exchange(next_asked_again_, false);
  if (up_.number != 0) ReportReady();
}

void LocalProvider::Terminate(InstanceId instance) noexcept {
  if (instance.number == 0) return;
  if (instance == next_) next_ = InstanceId();
  if (instance == up_) LetGo();
}

void LocalProvider::Poll(absl::Time now, int max,
                         std::vector<InstanceReport>& out) noexcept {
  for (; max > 0 && !reports_.empty(); --max) {
    reports_.front().time_ns = absl::ToUnixNanos(now);
    out.push_back(std::move(reports_.front()));
    reports_.pop_front();
  }
}

absl::Time LocalProvider::NextReportTime() const noexcept {
  return reports_.empty() ? absl::InfiniteFuture() : absl::InfinitePast();
}

void LocalProvider::Recovered() noexcept {
  // A machine that joined by itself is there whoever asks.
  if (options_.join) return;
  if (!next_asked_again_) next_ = InstanceId();
  if (!asked_again_) LetGo();
  asked_again_ = next_asked_again_ = false;
}

}  // namespace embatch
