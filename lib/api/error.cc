// SPDX-License-Identifier: Apache-2.0
#include "embatch/api/error.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "lib/api/json_text.h"

namespace embatch {
namespace api {
namespace {

// Sending the request once more, unchanged, could not help.
constexpr absl::StatusCode kCallersFaults[] = {
    absl::StatusCode::kInvalidArgument,    absl::StatusCode::kNotFound,
    absl::StatusCode::kAlreadyExists,      absl::StatusCode::kPermissionDenied,
    absl::StatusCode::kUnauthenticated,    absl::StatusCode::kResourceExhausted,
    absl::StatusCode::kFailedPrecondition, absl::StatusCode::kOutOfRange,
    absl::StatusCode::kUnimplemented,
};

bool IsCallersFault(absl::StatusCode code) {
  return std::find(std::begin(kCallersFaults), std::end(kCallersFaults),
                   code) != std::end(kCallersFaults);
}

}  // namespace

Error ErrorOf(const absl::Status& status) {
  const bool callers = IsCallersFault(status.code());
  return {callers ? "ClientException" : "ServerException", callers ? 400 : 500,
          std::string(status.message())};
}

Error ErrorOfParsing(const absl::Status& status) {
  Error error = ErrorOf(status);
  if (status.code() == absl::StatusCode::kInvalidArgument) {
    error.code = "SerializationException";
  } else if (status.code() == absl::StatusCode::kResourceExhausted) {
    error.code = "RequestEntityTooLargeException";
    error.http_status = 413;
  }
  return error;
}

Error UnknownOperation(absl::string_view what) {
  return {"UnknownOperationException", 404,
          absl::StrCat(Quote(what), " is not an operation of AWS Batch")};
}

std::string BodyOf(const Error& error) {
  std::string body = "{\"__type\":";
  AppendJsonString(error.code, body);
  body += ",\"message\":";
  AppendJsonString(error.message, body);
  body += '}';
  return body;
}

std::vector<std::pair<std::string, std::string>> HeadersOf(
    const Error& error, absl::string_view request_id) {
  return {{"content-type", "application/json"},
          {"x-amzn-errortype", error.code},
          {"x-amzn-requestid", std::string(request_id)}};
}

}  // namespace api
}  // namespace embatch
