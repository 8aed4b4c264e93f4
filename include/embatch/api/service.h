// SPDX-License-Identifier: Apache-2.0
// AWS Batch's API over a Scheduler, without a transport: an operation's name
// and its JSON in, AWS's JSON or AWS's error out; or typed messages in and out.
//
//   absl::StatusOr<Service> service = Service::Create(scheduler, options);
//   Answer answer = service->CallJson("SubmitJob", body, absl::Now());
//   http_response.status = answer.http_status;
//   http_response.body = answer.body;
//
// One Service is one account in one region, over one Scheduler. It has no state
// of its own: all that an answer tells is the scheduler's, so a checkpoint, a
// Fork() or a replay misses nothing, and any number of services may be made
// over one scheduler.
//
// Threads:   calls that change something need the scheduler for themselves, as
//            the scheduler's own; Describe..., List... and Get... may run
//            beside each other.
// Ownership: the scheduler is borrowed. It may be used directly as well: what
//            was made without this API is described as far as the core knows.
// Errors:    see Call(). Nothing half done: a call that fails changed nothing.
// Source:    API model 2016-08-10.
#ifndef EMBATCH_API_SERVICE_H_
#define EMBATCH_API_SERVICE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/api/error.h"
#include "embatch/api/event_bridge.h"
#include "embatch/api/json.h"
#include "embatch/event.h"
#include "embatch/scheduler.h"
#include "google/protobuf/message.h"

namespace embatch {
namespace api {

struct ServiceOptions {
  std::string region = "us-east-1";
  std::string account = "000000000000";  // 12 digits
  JsonLimits json_limits;
};

// What a call came to, in the form in which AWS's clients read it.
struct Answer {
  int http_status = 200;
  std::string body;            // JSON, of an error too
  std::optional<Error> error;  // for HeadersOf(); absent: all went well
};

class Service {
 public:
  // kInvalidArgument: no account, or no region.
  static absl::StatusOr<Service> Create(Scheduler& scheduler,
                                        const ServiceOptions& options);
  ~Service();
  Service(Service&&) noexcept;
  Service& operator=(Service&&) noexcept;

  // Carries out the operation whose request this is, checked against AWS's
  // limits first (Validate()). `response` is of that operation, and cleared
  // before.
  //
  // Errors: those of the scheduler's commands, in AWS's words; ErrorOf() makes
  // an answer of them. kInvalidArgument too when `request` is no request of
  // batch.proto, or `response` not the one that goes with it.
  absl::Status Call(const google::protobuf::Message& request, absl::Time now,
                    google::protobuf::Message& response);

  // The same as JSON. An unknown operation is an error like any other.
  Answer CallJson(absl::string_view operation, absl::string_view json,
                  absl::Time now);

  // For hosts that have a message already, from a path or a query:
  Answer CallForJson(const google::protobuf::Message& request, absl::Time now);

  // Gives the sink every event of a step, in order, before the next call that
  // changes something (event_bridge.h).
  void PrintEvents(const Step& step, const EventSink& sink) const;

  // What CallJson() takes at most.
  const JsonLimits& json_limits() const;

 private:
  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_API_SERVICE_H_
