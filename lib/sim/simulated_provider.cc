// SPDX-License-Identifier: Apache-2.0
//
// Everything that will be reported lies in `scheduled_`, by time. What an
// instance had still to report goes when the instance goes, so that the first
// entry is always the next report.
#include "embatch/sim/simulated_provider.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "lib/sim/mix.h"

namespace embatch {
namespace {

using Kind = InstanceReport::Kind;

std::string FailureMessage(LaunchFailure failure,
                           absl::string_view instance_type) {
  switch (failure) {
    case LaunchFailure::kCapacity:
      return absl::StrCat("InsufficientInstanceCapacity: there is no ",
                          instance_type, " to be had at the moment");
    case LaunchFailure::kConfiguration:
      return absl::StrCat("InvalidParameterValue: ", instance_type,
                          " can't be launched");
    case LaunchFailure::kPermission:
      return absl::StrCat("UnauthorizedOperation: not allowed to launch ",
                          instance_type);
  }
  return "";
}

// In 10.0.0.0/8, by the instance's number.
std::string AddressOf(InstanceId instance) {
  const uint64_t number = instance.number;
  return absl::StrCat("10.", number >> 16 & 0xff, ".", number >> 8 & 0xff, ".",
                      number & 0xff);
}

}  // namespace

class SimulatedProvider::Impl {
 public:
  explicit Impl(SimulatedProviderOptions options)
      : options_(std::move(options)) {}

  void Launch(const LaunchRequest& request);
  void Terminate(InstanceId instance);
  void Poll(absl::Time now, size_t max, std::vector<InstanceReport>& out);
  absl::Time NextReportTime() const;
  void Recovered();

  InstanceId Join(absl::string_view environment, const Resources& resources,
                  absl::string_view name, absl::Time at);
  void Interrupt(InstanceId instance, absl::Time at);
  void Lose(InstanceId instance, absl::Time at);
  void Invalidate(absl::string_view environment, absl::string_view message,
                  absl::Time at);
  void SetCapacity(absl::string_view type, std::optional<int> instances);
  void SetInstanceTypes(std::vector<InstanceType> types);

  std::vector<SimulatedInstance> Instances() const;
  const SimulatedProviderCounts& counts() const { return counts_; }

 private:
  struct Held {
    SimulatedInstance instance;
    bool repeated = false;  // asked for again after a restart
    int scheduled = 0;      // reports to come
    std::optional<absl::Time> interrupted_at;
  };
  using HeldById = std::map<uint64_t, Held>;

  const InstanceType* FindType(absl::string_view name) const;
  std::optional<LaunchFailure> WhyNot(const LaunchRequest& request) const;
  absl::Duration BootDelay(InstanceId instance) const;
  void Boot(const LaunchRequest& request);
  void PlanInterruption(const SimulatedInstance& instance,
                        const InstanceType& type);
  void Repeat(InstanceId instance);
  void Schedule(absl::Time at, InstanceReport report);
  InstanceReport ReadyReport(const SimulatedInstance& instance) const;
  void TakeEffect(const InstanceReport& report);
  HeldById::iterator Drop(HeldById::iterator entry);
  absl::Time NotBeforeNow(absl::Time at) const { return std::max(at, now_); }

  SimulatedProviderOptions options_;
  SimulatedProviderCounts counts_;
  absl::Time now_ = absl::InfinitePast();
  bool catalogue_told_ = false;
  HeldById held_;
  absl::flat_hash_set<uint64_t> gone_;  // ids that were known once
  std::multimap<absl::Time, InstanceReport> scheduled_;
  std::vector<InstanceReport> farewells_;  // last words in the latest Poll()
};

const InstanceType* SimulatedProvider::Impl::FindType(
    absl::string_view name) const {
  for (const InstanceType& type : options_.instance_types) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

std::optional<LaunchFailure> SimulatedProvider::Impl::WhyNot(
    const LaunchRequest& request) const {
  if (options_.script) {
    const std::optional<LaunchFailure> answer = options_.script(request);
    if (answer.has_value()) return answer;
  }
  if (FindType(request.instance_type) == nullptr) {
    return LaunchFailure::kConfiguration;
  }
  const uint64_t chance = Mix(options_.seed, request.instance.number);
  if (HappensInAMillion(options_.launch_failures_per_million, chance)) {
    return LaunchFailure::kCapacity;
  }
  const auto limit = options_.capacity.find(std::string(request.instance_type));
  if (limit == options_.capacity.end()) return std::nullopt;
  const auto held =
      std::count_if(held_.begin(), held_.end(), [&](const auto& entry) {
        return entry.second.instance.instance_type == request.instance_type;
      });
  if (held < limit->second) return std::nullopt;
  return LaunchFailure::kCapacity;
}

absl::Duration SimulatedProvider::Impl::BootDelay(InstanceId instance) const {
  const int64_t spread_ns = std::max<int64_t>(
      0, absl::ToInt64Nanoseconds(options_.boot_delay_spread));
  const uint64_t chance = Mix(~options_.seed, instance.number);
  return options_.boot_delay +
         absl::Nanoseconds(static_cast<int64_t>(
             Below(static_cast<uint64_t>(spread_ns) + 1, chance)));
}

void SimulatedProvider::Impl::Launch(const LaunchRequest& request) {
  const uint64_t number = request.instance.number;
  if (held_.count(number) > 0 || gone_.contains(number)) {
    if (request.after_restart) Repeat(request.instance);
    return;
  }
  ++counts_.launches;
  const std::optional<LaunchFailure> failure = WhyNot(request);
  if (!failure.has_value()) return Boot(request);
  gone_.insert(number);
  const absl::Time at = now_ + options_.launch_failure_delay;
  Schedule(at, InstanceReport::LaunchFailed(
                   at, request.instance, *failure,
                   FailureMessage(*failure, request.instance_type)));
}

void SimulatedProvider::Impl::Boot(const LaunchRequest& request) {
  const InstanceType& type = *FindType(request.instance_type);
  const auto registered = options_.registered.find(type.name);
  Held& held = held_[request.instance.number];
  held.repeated = request.after_restart;
  held.instance.instance = request.instance;
  held.instance.name = absl::StrFormat("i-%017x", request.instance.number);
  held.instance.instance_type = type.name;
  held.instance.compute_environment = std::string(request.compute_environment);
  held.instance.resources = registered == options_.registered.end()
                                ? type.resources
                                : registered->second;
  held.instance.ready_at = now_ + BootDelay(request.instance);
  held.instance.spot = request.spot;
  Schedule(held.instance.ready_at, ReadyReport(held.instance));
  if (request.spot) PlanInterruption(held.instance, type);
}

// Source: EC2 "Spot Instance interruption notices" (two minutes).
void SimulatedProvider::Impl::PlanInterruption(
    const SimulatedInstance& instance, const InstanceType& type) {
  constexpr uint64_t kSalt = 0x5b07;
  const uint64_t number = instance.instance.number;
  if (!HappensInAMillion(type.interruptions_per_million,
                         Mix(options_.seed ^ kSalt, number))) {
    return;
  }
  const uint64_t period_ns = static_cast<uint64_t>(std::max<int64_t>(
      1, absl::ToInt64Nanoseconds(options_.interruption_period)));
  const absl::Time at = instance.ready_at +
                        absl::Nanoseconds(static_cast<int64_t>(Below(
                            period_ns, Mix(~(options_.seed ^ kSalt), number))));
  Interrupt(instance.instance, at);
  Lose(instance.instance, at + absl::Minutes(2));
}

InstanceReport SimulatedProvider::Impl::ReadyReport(
    const SimulatedInstance& instance) const {
  InstanceReport report =
      InstanceReport::Ready(instance.ready_at, instance.instance, instance.name,
                            instance.resources, AddressOf(instance.instance));
  report.compute_environment = instance.compute_environment;
  return report;
}

void SimulatedProvider::Impl::Schedule(absl::Time at, InstanceReport report) {
  const auto held = held_.find(report.instance.number);
  if (held != held_.end()) ++held->second.scheduled;
  scheduled_.emplace(at, std::move(report));
}

// A scheduler that was brought back asks again for what it may not have heard
// of. What it may have missed is in the latest Poll(), or still to come.
void SimulatedProvider::Impl::Repeat(InstanceId instance) {
  const auto held = held_.find(instance.number);
  if (held != held_.end()) {
    held->second.repeated = true;
    if (!held->second.instance.up) return;
    const std::optional<absl::Time> interrupted = held->second.interrupted_at;
    Schedule(held->second.instance.ready_at,
             ReadyReport(held->second.instance));
    if (interrupted.has_value()) {
      Schedule(*interrupted,
               InstanceReport::Interruption(*interrupted, instance));
    }
    return;
  }
  for (const auto& [time, report] : scheduled_) {
    if (report.instance == instance) return;
  }
  for (const InstanceReport& farewell : farewells_) {
    if (farewell.instance != instance) continue;
    return Schedule(absl::FromUnixNanos(farewell.time_ns), farewell);
  }
  Schedule(now_, InstanceReport::Lost(now_, instance));
}

SimulatedProvider::Impl::HeldById::iterator SimulatedProvider::Impl::Drop(
    HeldById::iterator entry) {
  gone_.insert(entry->first);
  for (auto i = scheduled_.begin();
       entry->second.scheduled > 0 && i != scheduled_.end();) {
    if (i->second.instance.number == entry->first) {
      i = scheduled_.erase(i);
      --entry->second.scheduled;
    } else {
      ++i;
    }
  }
  return held_.erase(entry);
}

void SimulatedProvider::Impl::Terminate(InstanceId instance) {
  const auto held = held_.find(instance.number);
  if (held == held_.end()) return;
  ++counts_.terminated;
  Drop(held);
}

void SimulatedProvider::Impl::Poll(absl::Time now, size_t max,
                                   std::vector<InstanceReport>& out) {
  now_ = std::max(now_, now);
  farewells_.clear();
  if (!catalogue_told_) {
    catalogue_told_ = true;
    Schedule(now_, InstanceReport::Catalogue(now_, options_.instance_types));
  }
  for (size_t i = 0; i < max && NextReportTime() <= now; ++i) {
    out.push_back(std::move(scheduled_.begin()->second));
    scheduled_.erase(scheduled_.begin());
    TakeEffect(out.back());
  }
}

void SimulatedProvider::Impl::TakeEffect(const InstanceReport& report) {
  const auto held = held_.find(report.instance.number);
  if (held != held_.end()) --held->second.scheduled;
  switch (report.kind) {
    case Kind::kCatalogue:
    case Kind::kInvalid:
      return;
    case Kind::kReady:
      held->second.instance.up = true;
      return;
    case Kind::kLaunchFailed:
      ++counts_.launches_failed;
      farewells_.push_back(report);
      return;
    case Kind::kInterruption:
      held->second.interrupted_at = absl::FromUnixNanos(report.time_ns);
      return;
    case Kind::kLost:
      farewells_.push_back(report);
      if (held == held_.end()) return;  // told once more
      ++counts_.lost;
      Drop(held);
      return;
  }
}

absl::Time SimulatedProvider::Impl::NextReportTime() const {
  if (!catalogue_told_) return absl::InfinitePast();
  return scheduled_.empty() ? absl::InfiniteFuture()
                            : scheduled_.begin()->first;
}

void SimulatedProvider::Impl::Recovered() {
  for (auto i = held_.begin(); i != held_.end();) {
    const bool wanted =
        i->second.repeated || i->second.instance.instance.joined();
    i->second.repeated = false;
    if (wanted) {
      ++i;
    } else {
      ++counts_.terminated;
      i = Drop(i);
    }
  }
}

InstanceId SimulatedProvider::Impl::Join(absl::string_view environment,
                                         const Resources& resources,
                                         absl::string_view name,
                                         absl::Time at) {
  at = NotBeforeNow(at);
  const InstanceId id = InstanceId::Joined(++counts_.joined);
  SimulatedInstance& instance = held_[id.number].instance;
  instance.instance = id;
  instance.name = std::string(name);
  instance.compute_environment = std::string(environment);
  instance.resources = resources;
  instance.ready_at = at;
  Schedule(at, ReadyReport(instance));
  return id;
}

void SimulatedProvider::Impl::Interrupt(InstanceId instance, absl::Time at) {
  if (held_.count(instance.number) == 0) return;
  at = NotBeforeNow(at);
  Schedule(at, InstanceReport::Interruption(at, instance));
}

void SimulatedProvider::Impl::Lose(InstanceId instance, absl::Time at) {
  const auto held = held_.find(instance.number);
  if (held == held_.end()) return;
  at = NotBeforeNow(at);
  Schedule(at, InstanceReport::Lost(at, instance));
  if (options_.runtime == nullptr) return;
  options_.runtime->LoseInstance(held->second.instance.compute_environment,
                                 instance, at);
}

void SimulatedProvider::Impl::Invalidate(absl::string_view environment,
                                         absl::string_view message,
                                         absl::Time at) {
  at = NotBeforeNow(at);
  InstanceReport report = InstanceReport::Invalid(at, std::string(message));
  report.compute_environment = std::string(environment);
  Schedule(at, std::move(report));
}

void SimulatedProvider::Impl::SetCapacity(absl::string_view type,
                                          std::optional<int> instances) {
  if (instances.has_value()) {
    options_.capacity[std::string(type)] = *instances;
  } else {
    options_.capacity.erase(std::string(type));
  }
}

void SimulatedProvider::Impl::SetInstanceTypes(
    std::vector<InstanceType> types) {
  options_.instance_types = std::move(types);
  if (!catalogue_told_) return;  // the first Poll() tells it
  Schedule(now_, InstanceReport::Catalogue(now_, options_.instance_types));
}

std::vector<SimulatedInstance> SimulatedProvider::Impl::Instances() const {
  std::vector<SimulatedInstance> instances;
  for (const auto& [number, held] : held_) instances.push_back(held.instance);
  return instances;
}

SimulatedProvider::SimulatedProvider(SimulatedProviderOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

SimulatedProvider::~SimulatedProvider() = default;

void SimulatedProvider::Launch(const LaunchRequest& request) noexcept {
  impl_->Launch(request);
}

void SimulatedProvider::Terminate(InstanceId instance) noexcept {
  impl_->Terminate(instance);
}

void SimulatedProvider::Poll(absl::Time now, int max,
                             std::vector<InstanceReport>& out) noexcept {
  impl_->Poll(now, std::max(max, 0), out);
}

absl::Time SimulatedProvider::NextReportTime() const noexcept {
  return impl_->NextReportTime();
}

void SimulatedProvider::Recovered() noexcept { impl_->Recovered(); }

InstanceId SimulatedProvider::Join(absl::string_view compute_environment,
                                   const Resources& resources,
                                   absl::string_view name, absl::Time at) {
  return impl_->Join(compute_environment, resources, name, at);
}

void SimulatedProvider::Interrupt(InstanceId instance, absl::Time at) {
  impl_->Interrupt(instance, at);
}

void SimulatedProvider::Lose(InstanceId instance, absl::Time at) {
  impl_->Lose(instance, at);
}

void SimulatedProvider::Invalidate(absl::string_view compute_environment,
                                   absl::string_view message, absl::Time at) {
  impl_->Invalidate(compute_environment, message, at);
}

void SimulatedProvider::SetCapacity(absl::string_view instance_type,
                                    std::optional<int> instances) {
  impl_->SetCapacity(instance_type, instances);
}

void SimulatedProvider::SetInstanceTypes(
    std::vector<InstanceType> instance_types) {
  impl_->SetInstanceTypes(std::move(instance_types));
}

std::vector<SimulatedInstance> SimulatedProvider::Instances() const {
  return impl_->Instances();
}

const SimulatedProviderCounts& SimulatedProvider::counts() const {
  return impl_->counts();
}

}  // namespace embatch
