// SPDX-License-Identifier: Apache-2.0
// An error in the form in which AWS's clients read it.
//
// Example: http_response.status = error.http_status;
//          http_response.headers = HeadersOf(error, request_id);
//          http_response.body = BodyOf(error);
//
// Source: AWS Batch's service model, ClientException and ServerException; what
//         clients look at: header before body, so both say the same.
#ifndef EMBATCH_API_ERROR_H_
#define EMBATCH_API_ERROR_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace embatch {
namespace api {

struct Error {
  std::string code;  // ClientException
  int http_status = 500;
  std::string message;
};

// What a status that is not OK is to a client.
//
// The caller's fault becomes a ClientException (400). What is ours, or passes
// by itself, becomes a ServerException (500), which clients send again: a
// request that answers so must not have been carried out.
Error ErrorOf(const absl::Status& status);

// The same for what ParseJson() refuses. AWS's services answer
// SerializationException where a body can't be read at all, and
// RequestEntityTooLargeException where it is too long; a word that is none of
// its enum's is a ClientException like any other bad value.
Error ErrorOfParsing(const absl::Status& status);

// For a path or an operation that AWS Batch does not have (404).
Error UnknownOperation(absl::string_view what);

// {"__type": ..., "message": ...}
std::string BodyOf(const Error& error);

// Names in lower case, and values.
std::vector<std::pair<std::string, std::string>> HeadersOf(
    const Error& error, absl::string_view request_id);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_API_ERROR_H_
