// SPDX-License-Identifier: Apache-2.0
#include "embatch/api/service.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "embatch/api/operation.h"
#include "embatch/api/validate.h"
#include "google/protobuf/arena.h"
#include "lib/api/arn.h"
#include "lib/api/service/event_printer.h"
#include "lib/api/service/handlers.h"
#include "lib/api/service/own_texts.h"
#include "lib/api/service/wording.h"

namespace embatch {
namespace api {
namespace {

using google::protobuf::Message;

// Enough for what SubmitJob answers.
constexpr size_t kArenaBeginningBytes = 1024;

Answer AnswerOf(Error error) {
  Answer answer;
  answer.http_status = error.http_status;
  answer.body = BodyOf(error);
  answer.error = std::move(error);
  return answer;
}

// The operation whose request this is, made by the generated code; else null.
const Operation* OperationOf(const Message& request) {
  absl::string_view name = request.GetDescriptor()->name();
  if (!absl::ConsumeSuffix(&name, "Request")) return nullptr;
  const Operation* operation = FindOperation(name);
  return operation != nullptr &&
                 operation->request->GetReflection() == request.GetReflection()
             ? operation
             : nullptr;
}

}  // namespace

struct Service::Impl {
  Scheduler& scheduler;
  ArnScope scope;
  JsonLimits json_limits;
};

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() = default;
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;

absl::StatusOr<Service> Service::Create(Scheduler& scheduler,
                                        const ServiceOptions& options) {
  absl::StatusOr<ArnScope> scope =
      MakeArnScope(options.region, options.account);
  if (!scope.ok()) return scope.status();
  return Service(std::unique_ptr<Impl>(
      new Impl{scheduler, *std::move(scope), options.json_limits}));
}

const JsonLimits& Service::json_limits() const { return impl_->json_limits; }

absl::Status Service::Call(const Message& request, absl::Time now,
                           Message& response) {
  const Operation* operation = OperationOf(request);
  if (operation == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.GetTypeName(), " is no request of AWS Batch"));
  }
  if (operation->response->GetReflection() != response.GetReflection()) {
    return absl::InvalidArgumentError(absl::StrCat(response.GetTypeName(),
                                                   " is not the response to ",
                                                   request.GetTypeName()));
  }
  response.Clear();
  absl::Status status = Validate(request);
  if (!status.ok()) return status;
  const Handler handler = FindHandler(request.GetDescriptor());
  if (handler == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat(operation->name, " is not carried out by this library"));
  }
  status = handler({impl_->scheduler, impl_->scope, now}, request, response);
  if (status.ok()) return status;
  response.Clear();
  const std::string message(status.message());
  return absl::Status(status.code(),
                      OwnText(message).value_or(InWordsOfAws(message)));
}

Answer Service::CallForJson(const Message& request, absl::Time now) {
  const Operation* operation = OperationOf(request);
  if (operation == nullptr) {
    return AnswerOf(UnknownOperation(request.GetTypeName()));
  }
  // A response is thousands of small parts, or three: an arena frees the ones
  // at once, and has room for the others from the beginning.
  alignas(8) char beginning[kArenaBeginningBytes];
  google::protobuf::ArenaOptions arena_options;
  arena_options.initial_block = beginning;
  arena_options.initial_block_size = sizeof(beginning);
  google::protobuf::Arena arena(arena_options);
  Message* const response = operation->response->New(&arena);
  const absl::Status status = Call(request, now, *response);
  if (!status.ok()) return AnswerOf(ErrorOf(status));
  Answer answer;
  answer.body = PrintJson(*response);
  return answer;
}

Answer Service::CallJson(absl::string_view name, absl::string_view json,
                         absl::Time now) {
  const Operation* operation = FindOperation(name);
  if (operation == nullptr) return AnswerOf(UnknownOperation(name));
  const std::unique_ptr<Message> request(operation->request->New());
  const absl::Status status = ParseJson(json, impl_->json_limits, *request);
  if (!status.ok()) return AnswerOf(ErrorOfParsing(status));
  return CallForJson(*request, now);
}

void Service::PrintEvents(const Step& step, const EventSink& sink) const {
  const Context context = {impl_->scheduler, impl_->scope,
                           impl_->scheduler.now()};
  EventPrinter printer(context, sink);
  uint64_t sequence = step.first_sequence;
  for (const Event& event : step.events) printer.Print(event, sequence++);
}

}  // namespace api
}  // namespace embatch
