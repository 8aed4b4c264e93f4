// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/plugin_set.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/base/time.h"
#include "lib/model/limits.h"
#include "lib/scheduler/reads.h"
#include "lib/scheduler/service_jobs.h"

namespace embatch {
namespace {

// A plug-in that says "now" but had nothing to say is asked again after this
// long: it may have got its report just after it was asked, but one that is
// wrong must not keep the host program spinning.
constexpr int64_t kDoubtNanos = 1000000;

// Moves the first `max` reports of `from` to `to`, whose old content goes.
template <typename Report>
void MoveFirst(std::vector<Report>& from, size_t max, std::vector<Report>& to) {
  to.clear();
  if (from.size() <= max) {
    to.swap(from);
    return;
  }
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(max);
  to.insert(to.end(), std::make_move_iterator(from.begin()),
            std::make_move_iterator(end));
  from.erase(from.begin(), end);
}

// A kind that is none can't be logged; such a report says nothing.
bool MakesSense(const InstanceReport& report) {
  return IsValidEnum(report.kind) && IsValidEnum(report.failure) &&
         std::all_of(report.instance_types.begin(), report.instance_types.end(),
                     [](const InstanceType& type) {
                       return IsValidEnum(type.architecture);
                     });
}

// Drops reports from `first` on that make no sense, and cuts reasons to the
// length that is kept. Answers how many were dropped.
size_t Tidy(std::vector<ContainerReport>& reports, size_t first) {
  size_t kept = std::min(first, reports.size());
  for (size_t i = kept; i < reports.size(); ++i) {
    if (!IsValidEnum(reports[i].kind) || !IsValidEnum(reports[i].failure)) {
      continue;
    }
    if (reports[i].reason.size() > kContainerReasonLengthMax) {
      reports[i].reason.resize(kContainerReasonLengthMax);
    }
    if (kept != i) reports[kept] = std::move(reports[i]);
    ++kept;
  }
  const size_t dropped = reports.size() - kept;
  reports.resize(kept);
  return dropped;
}

}  // namespace

template <typename Plugin>
void PluginSet::Drop(std::vector<Entry<Plugin>>& entries,
                     uint32_t environment) {
  for (Entry<Plugin>& entry : entries) {
    entry.environments.erase(std::remove(entry.environments.begin(),
                                         entry.environments.end(), environment),
                             entry.environments.end());
  }
  entries.erase(std::remove_if(entries.begin(), entries.end(),
                               [](const Entry<Plugin>& entry) {
                                 return entry.environments.empty();
                               }),
                entries.end());
}

template <typename Plugin>
void PluginSet::Add(std::vector<Entry<Plugin>>& entries, Plugin* plugin,
                    uint32_t environment) {
  if (plugin == nullptr) return;
  for (Entry<Plugin>& entry : entries) {
    if (entry.plugin != plugin) continue;
    entry.environments.push_back(environment);
    return;
  }
  entries.push_back({plugin, {environment}, false, {}});
}

template <typename Plugin>
PluginSet::Entry<Plugin>* PluginSet::Find(std::vector<Entry<Plugin>>& entries,
                                          uint32_t environment) {
  for (Entry<Plugin>& entry : entries) {
    for (uint32_t served : entry.environments) {
      if (served == environment) return &entry;
    }
  }
  return nullptr;
}

void PluginSet::AttachService(uint32_t environment, ServiceProvider* provider) {
  Drop(services_, environment);
  Add(services_, provider, environment);
}

void PluginSet::Attach(const Fleet& fleet, uint32_t environment,
                       Plugins plugins) {
  Drop(providers_, environment);
  Drop(runtimes_, environment);
  Add(providers_, plugins.provider, environment);
  Add(runtimes_, plugins.runtime, environment);
  const Entry<ResourceProvider>* entry = Find(providers_, environment);
  if (entry == nullptr) return;
  for (InstanceReport report : entry->catalogue) {
    report.compute_environment =
        fleet.environment(environment).config.compute_environment_name();
    instance_reports_.push_back(std::move(report));
  }
}

// Fills in which environment a report is about, so that the turn says it all.
void PluginSet::Address(const Fleet& fleet, Entry<ResourceProvider>& entry,
                        InstanceReport report) {
  if (!report.compute_environment.empty()) {
    instance_reports_.push_back(std::move(report));
    return;
  }
  const auto name = [&fleet](uint32_t environment) {
    return fleet.environment(environment).config.compute_environment_name();
  };
  if (report.kind == InstanceReport::Kind::kCatalogue ||
      report.kind == InstanceReport::Kind::kInvalid) {
    if (report.kind == InstanceReport::Kind::kCatalogue) {
      entry.catalogue = {report};
    }
    for (uint32_t environment : entry.environments) {
      report.compute_environment = name(environment);
      instance_reports_.push_back(report);
    }
    return;
  }
  // Launched instances are found by their number. One that joined belongs to
  // the first environment of the kind that takes such.
  uint32_t environment = entry.environments.front();
  for (uint32_t served : entry.environments) {
    if (fleet.environment(served).config.managed() !=
        report.instance.joined()) {
      environment = served;
      break;
    }
  }
  report.compute_environment = name(environment);
  instance_reports_.push_back(std::move(report));
}

void PluginSet::PollProvider(const Fleet& fleet, Entry<ResourceProvider>& entry,
                             absl::Time now, int max) {
  scratch_.clear();
  entry.plugin->Poll(now, max, scratch_);
  entry.is_quiet = max > 0 && scratch_.empty();
  for (InstanceReport& report : scratch_) {
    if (MakesSense(report)) {
      Address(fleet, entry, std::move(report));
    } else {
      ++dropped_;
    }
  }
}

// The plug-ins of a deleted environment are let go.
void PluginSet::ForgetDeleted(const State& state) {
  for (size_t i = services_.size(); i-- > 0;) {
    // Dropping one may let the provider go, so each is looked at by itself.
    const std::vector<uint32_t> served = services_[i].environments;
    for (uint32_t environment : served) {
      if (state.service_environments[environment].status ==
          ResourceStatus::kDeleted) {
        Drop(services_, environment);
      }
    }
  }
  const Fleet& fleet = state.fleet;
  if (fleet.deleted_count() == deleted_) return;
  deleted_ = fleet.deleted_count();
  for (uint32_t i = 0; i < fleet.environment_count(); ++i) {
    if (fleet.environment(i).status != ResourceStatus::kDeleted) continue;
    Drop(providers_, i);
    Drop(runtimes_, i);
  }
}

void PluginSet::Poll(const State& state, absl::Time now, int max, Turn* turn) {
  ForgetDeleted(state);
  // Reports kept from the last call count against this one's.
  const auto left = [this, max] {
    return std::max(0, max - static_cast<int>(instance_reports_.size() +
                                              container_reports_.size() +
                                              service_reports_.size()));
  };
  // A plug-in for whose reports there is no room is asked all the same: that is
  // how it learns the time.
  for (Entry<ResourceProvider>& entry : providers_) {
    PollProvider(state.fleet, entry, now, left());
  }
  for (Entry<ContainerRuntime>& entry : runtimes_) {
    const int room = left();
    const size_t before = container_reports_.size();
    entry.plugin->Poll(now, room, container_reports_);
    entry.is_quiet = room > 0 && container_reports_.size() <= before;
    dropped_ += Tidy(container_reports_, before);
  }
  for (Entry<ServiceProvider>& entry : services_) {
    PollService(entry, now, left());
  }
  MoveFirst(instance_reports_, static_cast<size_t>(max),
            turn->instance_reports);
  MoveFirst(container_reports_,
            static_cast<size_t>(max) - turn->instance_reports.size(),
            turn->container_reports);
  MoveFirst(service_reports_,
            static_cast<size_t>(max) - turn->instance_reports.size() -
                turn->container_reports.size(),
            turn->service_reports);
}

void PluginSet::PollService(Entry<ServiceProvider>& entry, absl::Time now,
                            int max) {
  const size_t before = service_reports_.size();
  entry.plugin->Poll(now, max, service_reports_);
  entry.is_quiet = max > 0 && service_reports_.size() <= before;
  size_t kept = std::min(before, service_reports_.size());
  for (size_t i = kept; i < service_reports_.size(); ++i) {
    ServiceReport& report = service_reports_[i];
    if (!IsValidEnum(report.kind)) {
      ++dropped_;
      continue;
    }
    for (std::string* text :
         {&report.service_resource_id, &report.status_reason}) {
      if (text->size() > kServiceTextLengthMax) {
        text->resize(kServiceTextLengthMax);
      }
    }
    if (kept != i) service_reports_[kept] = std::move(report);
    ++kept;
  }
  service_reports_.resize(kept);
}

void PluginSet::PassOn(const State& state,
                       const std::vector<Request>& requests) {
  // A start reads its attempt, which may have left the caches since it was
  // made.
  constexpr size_t kAhead = 8;
  for (size_t i = 0; i < requests.size(); ++i) {
    if (i + kAhead < requests.size()) {
      state.jobs.FetchLive(requests[i + kAhead].live);
    }
    PassOne(state, requests[i]);
  }
}

void PluginSet::PassToService(const State& state, const Request& request) {
  Entry<ServiceProvider>* entry = Find(services_, request.environment);
  if (entry == nullptr) return;
  entry->is_quiet = false;
  if (request.kind == Request::Kind::kStopInService) {
    entry->plugin->Stop(request.container.attempt);
  } else if (state.jobs.IsLive(request.live, request.live_generation)) {
    entry->plugin->Submit(SpecOfServiceAttempt(state, request.live));
  }
}

void PluginSet::PassOne(const State& state, const Request& request) {
  if (request.kind == Request::Kind::kSubmitToService ||
      request.kind == Request::Kind::kStopInService) {
    PassToService(state, request);
    return;
  }
  const bool is_instance = request.kind == Request::Kind::kLaunch ||
                           request.kind == Request::Kind::kTerminate;
  if (is_instance) {
    Entry<ResourceProvider>* entry = Find(providers_, request.environment);
    if (entry == nullptr) return;
    entry->is_quiet = false;
    if (request.kind == Request::Kind::kTerminate) {
      entry->plugin->Terminate(request.instance);
      return;
    }
    const EnvironmentRecord& environment =
        state.fleet.environment(request.environment);
    entry->plugin->Launch({request.instance,
                           environment.config.compute_environment_name(),
                           environment.types[request.type].type.name, false,
                           environment.config.is_spot()});
    return;
  }
  Entry<ContainerRuntime>* entry = Find(runtimes_, request.environment);
  if (entry == nullptr) return;
  entry->is_quiet = false;
  if (request.kind == Request::Kind::kStop) {
    entry->plugin->Stop(request.container, request.grace);
  } else if (state.jobs.IsLive(request.live, request.live_generation)) {
    entry->plugin->Start(
        SpecOfAttempt(state, request.live, request.container.container));
  }
}

int64_t PluginSet::NextReportNanos(int64_t now_ns) const {
  if (!instance_reports_.empty() || !container_reports_.empty() ||
      !service_reports_.empty()) {
    return now_ns;
  }
  int64_t next_ns = kNanosInfiniteFuture;
  const auto consider = [&next_ns, now_ns](const auto& entries) {
    for (const auto& entry : entries) {
      const absl::Time time = entry.plugin->NextReportTime();
      if (time == absl::InfiniteFuture()) continue;
      int64_t time_ns = ToNanos(time);
      // Not before the report is there: a fraction of a nanosecond counts.
      if (time_ns != kNanosInfiniteFuture && FromNanos(time_ns) < time) {
        ++time_ns;
      }
      if (time_ns <= now_ns && entry.is_quiet) time_ns = now_ns + kDoubtNanos;
      next_ns = std::min(next_ns, time_ns);
    }
  };
  consider(providers_);
  consider(runtimes_);
  consider(services_);
  return next_ns;
}

}  // namespace embatch
