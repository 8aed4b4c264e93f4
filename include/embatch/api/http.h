// SPDX-License-Identifier: Apache-2.0
// AWS Batch's API as HTTP requests and responses, without a transport: a host
// reads a request from whatever server it has, and sends what it gets back.
//
//   HttpRequest request{"POST", "/v1/submitjob", body};
//   HttpResponse response = Serve(service, request, NewRequestId(),
//   absl::Now());
//
// Threads: as Service::CallJson().
// Errors:  every answer is a response. A path that AWS Batch does not have is
//          answered 404, another method than its own 405, both in JSON.
// Source:  AWS Batch's service model (protocol rest-json).
#ifndef EMBATCH_API_HTTP_H_
#define EMBATCH_API_HTTP_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/api/error.h"
#include "embatch/api/service.h"

namespace embatch {
namespace api {

// Views of a request.
struct HttpRequest {
  absl::string_view method;  // POST
  // As it stands in the request's first line, percent-encoding included: an
  // encoded slash belongs to an ARN, any other divides the path.
  absl::string_view target;
  absl::string_view body;
};

struct HttpResponse {
  int status = 200;
  // Names in lower case, and values. Content-Length is the host's to add.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Carries out the operation that the request's method and path stand for.
// `request_id` is any text that tells this request from others; AWS's clients
// show it.
HttpResponse Serve(Service& service, const HttpRequest& request,
                   absl::string_view request_id, absl::Time now);

// An error that the host itself has found.
HttpResponse ResponseOf(const Error& error, absl::string_view request_id);

// The region that a request is signed for, which is the only place where it is
// named: "eu-central-1" of "AWS4-HMAC-SHA256 Credential=<key>/<day>/
// eu-central-1/batch/aws4_request, ...". Empty when the header names none.
// Valid as long as `authorization`.
absl::string_view RegionOf(absl::string_view authorization);

// The partition that a region is in, as ARNs have it: "aws", "aws-cn",
// "aws-us-gov". Source: AWS General Reference, "ARN format".
absl::string_view PartitionOf(absl::string_view region);

// What percent-encoding stands for: "a b" of "a%20b". False when a '%' is not
// followed by two hexadecimal digits; `decoded` then holds what came before.
bool PercentDecode(absl::string_view text, std::string& decoded);

}  // namespace api
}  // namespace embatch

#endif  // EMBATCH_API_HTTP_H_
