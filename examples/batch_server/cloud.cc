// SPDX-License-Identifier: Apache-2.0
#include "cloud.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace batch_server {
namespace {

using embatch::api::Error;
using embatch::api::HttpRequest;
using embatch::api::HttpResponse;

// Events that nobody takes must not fill the memory.
constexpr size_t kEventBytesMax = size_t{256} << 20;

// Turns of one region at one moment, before it counts as endless.
constexpr int kTurnsAtOneMomentMax = 1000000;
// How often it is looked meanwhile whether the server is to end.
constexpr int kTurnsBetweenLooks = 1000;

// A scheduler's time ends with the year 2200.
constexpr absl::Time kLatest = absl::FromUnixSeconds(7258118400);

absl::Status Stopped() {
  return absl::CancelledError("the server is about to end");
}

// With stepped time a run must show the same ids as the run before. Otherwise
// ids must not come again, as logs are kept by them.
uint64_t SeedFor(const Options& options, absl::string_view region) {
  if (!options.stepped()) {
    std::random_device chance;
    return (uint64_t{chance()} << 32) | chance();
  }
  uint64_t seed = 14695981039346656037u;  // FNV-1a
  for (const char c : region) {
    seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return seed;
}

}  // namespace

Cloud::Cloud(const Options& options, embatch::Waker* waker,
             std::function<bool()> stop)
    : options_(options),
      waker_(waker),
      stop_(std::move(stop)),
      clock_(options.speed) {}

absl::Status Cloud::Begin() {
  if (!options_.events.empty()) {
    events_file_.open(options_.events, std::ios::app | std::ios::binary);
    if (!events_file_) {
      return absl::PermissionDeniedError(
          absl::StrCat("--events is ", options_.events, ": can't be written"));
    }
  }
  return FindRegion("").status();
}

absl::StatusOr<Region*> Cloud::FindRegion(absl::string_view name) {
  const std::string wanted =
      name.empty() ? options_.regions.front() : std::string(name);
  if (std::find(options_.regions.begin(), options_.regions.end(), wanted) ==
      options_.regions.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("region is \"", wanted, "\"; must be one of ",
                     absl::StrJoin(options_.regions, ", ")));
  }
  std::unique_ptr<Region>& region = regions_[wanted];
  if (region == nullptr) {
    // Events that nobody takes are not worth being printed.
    embatch::api::EventSink sink;
    if (!options_.events.empty() || clock_.stepped()) {
      sink = [this](absl::string_view event) { Keep(event); };
    }
    absl::StatusOr<std::unique_ptr<Region>> made = Region::Create(
        options_, wanted, SeedFor(options_, wanted), waker_, std::move(sink));
    if (!made.ok()) {
      regions_.erase(wanted);
      return made.status();
    }
    region = *std::move(made);
  }
  return region.get();
}

HttpResponse Cloud::Serve(absl::string_view authorization,
                          const HttpRequest& request,
                          absl::string_view request_id) {
  const absl::StatusOr<Region*> region =
      FindRegion(embatch::api::RegionOf(authorization));
  if (!region.ok()) {
    return embatch::api::ResponseOf(embatch::api::ErrorOf(region.status()),
                                    request_id);
  }
  return (*region)->Serve(request, request_id, clock_.Now());
}

absl::Time Cloud::DoWhatIsDue() {
  const absl::Time now = clock_.Now();
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [name, region] : regions_) {
    // A process that ended has woken us, but says nothing of when.
    if (region->next() <= now || !options_.simulated) {
      const absl::Status status =
          clock_.stepped() ? ComeToRest(*region) : region->Turn(now);
      if (!status.ok()) {
        std::cerr << "batch_server: " << name << ": " << status << std::endl;
      }
    }
    next = std::min(next, region->next());
  }
  return clock_.SystemTimeOf(next);
}

absl::Status Cloud::ComeToRest(Region& region) {
  const absl::Time now = clock_.Now();
  for (int turn = 1; turn <= kTurnsAtOneMomentMax; ++turn) {
    const absl::Status status = region.Turn(now);
    if (!status.ok() || region.next() > now) return status;
    if (turn % kTurnsBetweenLooks == 0 && stop_()) return Stopped();
  }
  region.GiveUp();
  return absl::ResourceExhaustedError("does not come to rest");
}

absl::Status Cloud::AdvanceTo(absl::Time until) {
  if (until < now() || until > kLatest) {
    return absl::InvalidArgumentError(absl::StrCat(
        "until is ", absl::ToUnixMillis(until), "; must be between ",
        absl::ToUnixMillis(now()), " and ", absl::ToUnixMillis(kLatest)));
  }
  for (;;) {
    absl::Time due = absl::InfiniteFuture();
    for (const auto& [name, region] : regions_) {
      due = std::min(due, region->next());
    }
    if (due > until) break;
    if (stop_()) return Stopped();
    clock_.Set(std::max(now(), due));
    for (const auto& [name, region] : regions_) {
      if (region->next() > now()) continue;
      const absl::Status status = ComeToRest(*region);
      if (!status.ok()) return status;
    }
  }
  clock_.Set(until);
  return absl::OkStatus();
}

// After a failure the file is opened anew for the next event, in a line of its
// own: a piece of the last one may have been written.
void Cloud::WriteToFile(absl::string_view event) {
  if (!events_file_.is_open()) {
    events_file_.open(options_.events, std::ios::app | std::ios::binary);
    events_file_ << '\n';
  }
  events_file_ << event << '\n';
  events_file_.flush();
  const bool fails = !events_file_;
  if (fails) {
    if (!events_are_lost_) {
      std::cerr << "batch_server: --events is " << options_.events
                << ": can't be written; events are lost" << std::endl;
    }
    events_file_.close();
    events_file_.clear();
  }
  events_are_lost_ = fails;
}

void Cloud::Keep(absl::string_view event) {
  if (!options_.events.empty()) WriteToFile(event);
  if (!clock_.stepped()) return;
  events_.texts.emplace_back(event);
  events_.bytes += event.size();
  while (events_.bytes > kEventBytesMax) {
    events_.bytes -= events_.texts.front().size();
    events_.texts.pop_front();
    ++events_.dropped;
  }
}

Events Cloud::TakeEvents() { return std::exchange(events_, Events()); }

void Cloud::Reset() {
  regions_.clear();
  events_ = Events();
  clock_.Set(kSteppedStart);
}

absl::StatusOr<std::string> Cloud::LogPath(absl::string_view stream) const {
  absl::Status status = absl::NotFoundError("there is no such log");
  for (const auto& [name, region] : regions_) {
    absl::StatusOr<std::string> path = region->back_end().LogPath(stream);
    if (!path.ok()) {
      status = path.status();
      continue;
    }
    std::error_code error;
    if (std::filesystem::is_regular_file(*path, error)) return path;
  }
  return status;
}

void Cloud::TerminateJobs(absl::string_view reason) {
  for (const auto& [name, region] : regions_) {
    region->TerminateJobs(reason, clock_.Now());
  }
}

int Cloud::running() const {
  int sum = 0;
  for (const auto& [name, region] : regions_) {
    sum += region->back_end().running();
  }
  return sum;
}

}  // namespace batch_server
