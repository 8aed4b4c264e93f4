// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <algorithm>
#include <iostream>
#include <random>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace batch_server {
namespace {

// How long jobs have for their end when the server is asked to stop.
constexpr absl::Duration kStopSeconds = absl::Seconds(10);

// After which nobody waits for clients any more.
constexpr absl::Duration kClientSeconds = absl::Seconds(1);

// How often it is looked whether the end has come.
constexpr absl::Duration kStopInterval = absl::Milliseconds(20);

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(const Options& options) {
  absl::StatusOr<std::unique_ptr<embatch::Waker>> waker =
      embatch::Waker::Create();
  if (!waker.ok()) return waker.status();
  std::unique_ptr<Server> server(new Server(options, *std::move(waker)));
  // What is wrong with account, regions or machine is better said now.
  absl::Status status = server->cloud_.Begin();
  if (!status.ok()) return status;
  status = server->WatchBucket(options);
  if (!status.ok()) return status;
  FrontOptions front;
  front.bind = options.bind;
  front.port = options.port;
  front.head_duration_max = options.head_duration_max;
  front.new_request_id = [raw = server.get()] { return raw->NewRequestId(); };
  absl::StatusOr<std::unique_ptr<HttpFront>> made =
      HttpFront::Create(front, [raw = server.get()](const Incoming& incoming) {
        return raw->Answer(incoming);
      });
  if (!made.ok()) return made.status();
  server->front_ = *std::move(made);
  return server;
}

Server::Server(const Options& options, std::unique_ptr<embatch::Waker> waker)
    : names_(options.hosts),
      waker_(std::move(waker)),
      first_request_(std::random_device()()),
      handover_(waker_.get()),
      cloud_(options, waker_.get(), [this] { return stopping_.load(); }),
      admin_(&cloud_, &handover_) {}

std::string Server::NewRequestId() {
  const uint64_t number = requests_++;
  return absl::StrFormat("%08x-%04x-4000-8000-%012x", first_request_,
                         number >> 48, number & 0xffffffffffff);
}

embatch::api::HttpResponse Server::Answer(const Incoming& incoming) {
  const std::string request_id = NewRequestId();
  const absl::Status status = CheckCaller(incoming.caller, names_);
  if (!status.ok()) {
    return embatch::api::ResponseOf(
        {"AccessDeniedException", 403, std::string(status.message())},
        request_id);
  }
  if (Admin::Serves(incoming.request.target)) {
    embatch::api::HttpResponse response = admin_.Answer(incoming.request);
    response.headers.emplace_back("x-amzn-requestid", request_id);
    return response;
  }
  embatch::api::HttpResponse response;
  bool served = false;
  const bool done = handover_.Run([&] {
    // What came after the jobs' end would never be ended.
    served = !stopping_;
    if (!served) return;
    response =
        cloud_.Serve(incoming.authorization, incoming.request, request_id);
  });
  return done && served ? response : Ending(request_id);
}

absl::Status Server::WatchBucket(const Options& options) {
  if (options.bucket.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<Trigger>> trigger =
      Trigger::Create(options.bucket, options.trigger);
  if (!trigger.ok()) return trigger.status();
  trigger_ = *std::move(trigger);
  return waker_->Watch(trigger_->event_fd());
}

void Server::CheckBucket() {
  if (trigger_ == nullptr) return;
  const absl::Status status = trigger_->Check([this](const std::string& body) {
    return cloud_.Serve("", {"POST", "/v1/submitjob", body}, NewRequestId());
  });
  if (status.ok()) return;
  std::cerr << "batch_server: " << status.message() << std::endl;
  waker_->Unwatch(trigger_->event_fd());
  trigger_ = nullptr;
}

absl::Status Server::Run() {
  while (!stopping_) {
    handover_.Work();
    CheckBucket();
    // What came in meanwhile is seen: it has woken the waker.
    waker_->WaitUntil(cloud_.DoWhatIsDue());
  }
  EndEverything();
  return absl::OkStatus();
}

void Server::EndEverything() {
  front_->Stop();
  const absl::Time begin = absl::Now();
  if (!cloud_.options().simulated) EndJobs();
  while (!front_->over()) {
    handover_.Work();
    if (absl::Now() > begin + kClientSeconds) front_->CutOff();
    waker_->WaitUntil(absl::Now() + kStopInterval);
  }
  handover_.Close();
  front_.reset();
}

// What does not end in time is killed with its runtime.
void Server::EndJobs() {
  cloud_.TerminateJobs("The server was stopped");
  const absl::Time deadline = absl::Now() + kStopSeconds;
  do {
    handover_.Work();
    const absl::Time next = cloud_.DoWhatIsDue();
    if (cloud_.running() == 0) break;
    waker_->WaitUntil(std::min(next, absl::Now() + kStopInterval));
  } while (absl::Now() < deadline);
}

void Server::Stop() {
  stopping_ = true;
  waker_->Wake();
}

}  // namespace batch_server
