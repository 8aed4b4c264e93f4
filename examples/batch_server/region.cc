// SPDX-License-Identifier: Apache-2.0
#include "region.h"

#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "nlohmann/json.hpp"

namespace batch_server {
namespace {

using embatch::JobStatus;
using embatch::api::HttpRequest;
using embatch::api::HttpResponse;

constexpr absl::string_view kCreateEnvironment = "/v1/createcomputeenvironment";
constexpr absl::string_view kUpdateEnvironment = "/v1/updatecomputeenvironment";
constexpr absl::string_view kCreateServiceEnvironment =
    "/v1/createserviceenvironment";

// Whether nothing can be due after it that was not due before.
bool IsRead(const HttpRequest& request) {
  return request.method == "GET" ||
         absl::StartsWith(request.target, "/v1/describe") ||
         absl::StartsWith(request.target, "/v1/list") ||
         absl::StartsWith(request.target, "/v1/get");
}

embatch::SchedulerOptions OptionsOfScheduler(const Options& options,
                                             uint64_t seed) {
  embatch::SchedulerOptions made;
  made.limits = options.limits;
  made.seed = seed;
  if (!options.simulated) {
    // There is one machine and no second one: further launches are refused for
    // want of capacity, and not asked for again for `capacity_back_off`. The
    // machine is kept longer than that, so that no job waits for the end of
    // the back-off.
    made.idle_time_before_scale_in = 2 * made.capacity_back_off;
  }
  return made;
}

// What a successful response says a member is.
std::string MemberOf(const HttpResponse& response, const char* member) {
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  return body.is_object() ? body.value(member, "") : "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Region>> Region::Create(
    const Options& options, const std::string& name, uint64_t seed,
    embatch::Waker* waker, embatch::api::EventSink sink) {
  absl::StatusOr<std::unique_ptr<BackEnd>> back_end =
      options.simulated ? MakeSimulatedBackEnd(options, name)
                        : MakeLocalBackEnd(options, name, waker);
  if (!back_end.ok()) return back_end.status();
  std::unique_ptr<Region> region(new Region(OptionsOfScheduler(options, seed),
                                            *std::move(back_end),
                                            std::move(sink)));
  embatch::api::ServiceOptions service_options;
  service_options.region = name;
  service_options.account = options.account;
  absl::StatusOr<embatch::api::Service> service =
      embatch::api::Service::Create(region->scheduler_, service_options);
  if (!service.ok()) return service.status();
  region->service_ =
      std::make_unique<embatch::api::Service>(*std::move(service));
  return region;
}

HttpResponse Region::Serve(const HttpRequest& request,
                           absl::string_view request_id, absl::Time now) {
  HttpResponse response =
      embatch::api::Serve(*service_, request, request_id, now);
  if (IsRead(request)) return response;
  next_ = absl::InfinitePast();
  if (response.status == 200) {
    ServeEnvironment(request.target, response, now);
  }
  return response;
}

void Region::ServeEnvironment(absl::string_view target,
                              const HttpResponse& response, absl::Time now) {
  absl::Status status;
  const absl::string_view path = target.substr(0, target.find('?'));
  if (path == kCreateEnvironment) {
    status = back_end_->ServeEnvironment(
        scheduler_, MemberOf(response, "computeEnvironmentName"), now);
  } else if (path == kUpdateEnvironment) {
    status = back_end_->Update(scheduler_,
                               MemberOf(response, "computeEnvironmentName"));
  } else if (path == kCreateServiceEnvironment) {
    status = back_end_->ServeServiceEnvironment(
        scheduler_, MemberOf(response, "serviceEnvironmentName"));
  }
  if (!status.ok()) std::cerr << "batch_server: " << status << std::endl;
}

absl::Status Region::Turn(absl::Time now) {
  const embatch::Step step = scheduler_.Advance(now);
  if (!step.status.ok()) {
    next_ = absl::InfiniteFuture();
    return step.status;
  }
  next_ = step.next;
  if (sink_) service_->PrintEvents(step, sink_);
  return absl::OkStatus();
}

void Region::TerminateJobs(absl::string_view reason, absl::Time now) {
  // Those that wait come first, lest they take the place of those that run.
  for (const JobStatus status :
       {JobStatus::kPending, JobStatus::kSubmitted, JobStatus::kRunnable,
        JobStatus::kStarting, JobStatus::kRunning}) {
    for (const std::string& queue : scheduler_.ListJobQueues()) {
      TerminateJobsOf(queue, status, reason, now);
    }
  }
  next_ = absl::InfinitePast();
}

void Region::TerminateJobsOf(const std::string& queue, JobStatus status,
                             absl::string_view reason, absl::Time now) {
  embatch::ListJobsRequest request;
  request.job_queue = queue;
  request.status = status;
  request.max_results = 1000;
  do {
    const absl::StatusOr<embatch::JobPage> page = scheduler_.ListJobs(request);
    if (!page.ok()) return;  // a queue of service jobs
    for (const embatch::JobId job : page->jobs) {
      // One that ended meanwhile needs no end.
      scheduler_.TerminateJob(job, reason, now).IgnoreError();
    }
    request.next_token = page->next_token;
  } while (!request.next_token.empty());
}

}  // namespace batch_server
