// SPDX-License-Identifier: Apache-2.0
#include "lib/scheduler/plugin_set.h"

#include <algorithm>
#include <iterator>
#include <optional>
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

// Keeps what is beyond the first `max` reports for another turn. Answers how
// many are left.
template <typename Report>
size_t KeepBeyond(size_t max, std::vector<Report>& reports,
                  std::vector<Report>& kept) {
  if (reports.size() <= max) return reports.size();
  const auto end = reports.begin() + static_cast<std::ptrdiff_t>(max);
  kept.assign(std::make_move_iterator(end),
              std::make_move_iterator(reports.end()));
  reports.erase(end, reports.end());
  return max;
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
  if (first >= reports.size()) return 0;
  auto kept = reports.begin() + static_cast<std::ptrdiff_t>(first);
  for (auto report = kept; report != reports.end(); ++report) {
    if (!IsValidEnum(report->kind) || !IsValidEnum(report->failure)) continue;
    if (report->reason.size() > kContainerReasonLengthMax) {
      report->reason.resize(kContainerReasonLengthMax);
    }
    if (kept != report) *kept = std::move(*report);
    ++kept;
  }
  const auto dropped = reports.end() - kept;
  reports.erase(kept, reports.end());
  return static_cast<size_t>(dropped);
}

}  // namespace

// What the starts of one turn tell a runtime. Children of an array that start
// one after the other differ in their names and places alone, so what was said
// of the one before is said again.
class PluginSet::StartSpecs {
 public:
  // `spec` may hold anything; it is where each is written.
  StartSpecs(const State& state, ContainerSpec* spec)
      : state_(state), spec_(*spec) {}
  // It keeps no document alive.
  ~StartSpecs() { spec_.document = spec_.job_document = Document(); }

  // Valid until the next call.
  const ContainerSpec& SpecOf(const Request& request) {
    const LiveAttempt& attempt = state_.jobs.live(request.live);
    if (attempt.job.is_child() && attempt.job.slot == array_ &&
        attempt.environment == environment_) {
      spec_.container = request.container;
      spec_.instance = InstanceId{attempt.instance_number};
      return spec_;
    }
    SetSpecOfAttempt(state_, request.live, request.container.container, &spec_);
    const bool is_array =
        attempt.job.is_child() && !attempt.is_node && attempt.task == kNoIndex;
    array_ = is_array ? attempt.job.slot : kNoIndex;
    environment_ = attempt.environment;
    return spec_;
  }

 private:
  const State& state_;
  ContainerSpec& spec_;
  uint32_t array_ = kNoIndex;  // whose child `spec_` is of, and which
  uint32_t environment_ = 0;   // environment that runs in
};

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

// Adds a report to those of a turn, and fills in which environment it is about,
// so that the turn says it all.
void PluginSet::Address(const Fleet& fleet, Entry<ResourceProvider>& entry,
                        InstanceReport report,
                        std::vector<InstanceReport>& reports) {
  if (!report.compute_environment.empty()) {
    reports.push_back(std::move(report));
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
      reports.push_back(report);
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
  reports.push_back(std::move(report));
}

// Takes over what a provider reported.
void PluginSet::TakeScratch(const Fleet& fleet, Entry<ResourceProvider>& entry,
                            std::vector<InstanceReport>& reports) {
  for (InstanceReport& report : scratch_) {
    if (MakesSense(report)) {
      Address(fleet, entry, std::move(report), reports);
    } else {
      ++dropped_;
    }
  }
  scratch_.clear();
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
  if (!services_.empty() || state.fleet.deleted_count() != deleted_) {
    ForgetDeleted(state);
  }
  const auto left = [turn, max] {
    return std::max(0, max - static_cast<int>(CountReports(*turn)));
  };
  turn->instance_reports.clear();
  turn->container_reports.clear();
  turn->service_reports.clear();
  int room = std::max(0, max);
  if (keeps_reports()) {
    // They count against this call's.
    turn->instance_reports.swap(instance_reports_);
    turn->container_reports.swap(container_reports_);
    turn->service_reports.swap(service_reports_);
    room = left();
  }
  // A plug-in for whose reports there is no room is asked all the same: that is
  // how it learns the time. Most have nothing to say.
  for (Entry<ResourceProvider>& entry : providers_) {
    entry.plugin->Poll(now, room, scratch_);
    entry.is_quiet = room > 0 && scratch_.empty();
    if (scratch_.empty()) continue;
    TakeScratch(state.fleet, entry, turn->instance_reports);
    room = left();
  }
  std::vector<ContainerReport>& reports = turn->container_reports;
  for (Entry<ContainerRuntime>& entry : runtimes_) {
    const size_t before = reports.size();
    entry.plugin->Poll(now, room, reports);
    const size_t after = reports.size();
    entry.is_quiet = room > 0 && after <= before;
    if (after == before) continue;
    dropped_ += Tidy(reports, before);
    room = std::max(0, room - static_cast<int>(reports.size() - before));
  }
  for (Entry<ServiceProvider>& entry : services_) {
    PollService(entry, now, room, turn->service_reports);
    room = left();
  }
  if (room > 0) return;
  size_t free = static_cast<size_t>(max);
  free -= KeepBeyond(free, turn->instance_reports, instance_reports_);
  free -= KeepBeyond(free, turn->container_reports, container_reports_);
  KeepBeyond(free, turn->service_reports, service_reports_);
}

void PluginSet::PollService(Entry<ServiceProvider>& entry, absl::Time now,
                            int max, std::vector<ServiceReport>& reports) {
  const size_t before = reports.size();
  entry.plugin->Poll(now, max, reports);
  entry.is_quiet = max > 0 && reports.size() <= before;
  size_t kept = std::min(before, reports.size());
  for (size_t i = kept; i < reports.size(); ++i) {
    ServiceReport& report = reports[i];
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
    if (kept != i) reports[kept] = std::move(report);
    ++kept;
  }
  reports.resize(kept);
}

void PluginSet::PassOn(const State& state,
                       const std::vector<Request>& requests) {
  // A start reads its attempt, which may have left the caches since it was
  // made.
  constexpr size_t kAhead = 8;
  const size_t size = requests.size();
  if (size == 0) return;
  StartSpecs specs(state, &start_spec_);
  for (size_t i = 0; i < size; ++i) {
    if (i + kAhead < size) {
      state.jobs.FetchLive(requests[i + kAhead].live);
    }
    PassOne(state, requests[i], specs);
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

void PluginSet::PassOne(const State& state, const Request& request,
                        StartSpecs& specs) {
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
    entry->plugin->Start(specs.SpecOf(request));
  }
}

int64_t PluginSet::NextReportNanos(int64_t now_ns) const {
  if (keeps_reports()) return now_ns;
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
