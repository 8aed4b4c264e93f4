// SPDX-License-Identifier: Apache-2.0
#include "embatch/api/http.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "embatch/api/json.h"
#include "embatch/api/operation.h"
#include "embatch/api/tag.pb.h"
#include "lib/api/json_text.h"

namespace embatch {
namespace api {
namespace {

constexpr absl::string_view kTagsPath = "/v1/tags/";
constexpr absl::string_view kCredential = "Credential=";

// What stands before the first `separator`, and what behind it.
std::pair<absl::string_view, absl::string_view> SplitOnce(
    absl::string_view text, char separator) {
  return absl::StrSplit(text, absl::MaxSplits(separator, 1));
}

// Operations with a path of their own, by that path: all but those of tags.
const Operation* OperationAt(absl::string_view path) {
  static const auto* const paths = [] {
    auto* made = new absl::flat_hash_map<absl::string_view, const Operation*>;
    for (const Operation& operation : Operations()) {
      if (absl::StrContains(operation.path, '{')) continue;
      made->emplace(operation.path, &operation);
    }
    return made;
  }();
  const auto found = paths->find(path);
  return found == paths->end() ? nullptr : found->second;
}

HttpResponse ResponseOfAnswer(Answer answer, absl::string_view request_id) {
  if (answer.error.has_value()) return ResponseOf(*answer.error, request_id);
  HttpResponse response;
  response.status = answer.http_status;
  response.headers = {{"content-type", "application/json"},
                      {"x-amzn-requestid", std::string(request_id)}};
  response.body = std::move(answer.body);
  return response;
}

// Not 404, so that a client sees that the path is right.
HttpResponse WrongMethod(const HttpRequest& request, absl::string_view path,
                         absl::string_view allowed,
                         absl::string_view request_id) {
  const Error error = {
      "UnknownOperationException", 405,
      absl::StrCat("method ", Quote(request.method), " is not one of ",
                   Quote(path), "; must be ", allowed)};
  HttpResponse response = ResponseOf(error, request_id);
  response.headers.emplace_back("allow", allowed);
  return response;
}

HttpResponse Malformed(absl::string_view what, absl::string_view request_id) {
  return ResponseOf(ErrorOfParsing(absl::InvalidArgumentError(absl::StrCat(
                        what,
                        ": a '%' must be followed by two hexadecimal "
                        "digits"))),
                    request_id);
}

// ?tagKeys=a&tagKeys=b. In a query '+' stands for a space.
bool ReadTagKeys(absl::string_view query, TagKeysList& keys) {
  for (const absl::string_view parameter :
       absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const auto [name, value] = SplitOnce(parameter, '=');
    if (name != "tagKeys") continue;
    const std::string spaced = absl::StrReplaceAll(value, {{"+", "%20"}});
    if (!PercentDecode(spaced, *keys.add_items())) return false;
  }
  return true;
}

// The whole ARN is one segment of the path, its slashes encoded.
// Source: the model, TagResource (requestUri "/v1/tags/{resourceArn}").
HttpResponse ServeTags(Service& service, const HttpRequest& request,
                       absl::string_view path, absl::string_view query,
                       absl::string_view request_id, absl::Time now) {
  std::string arn;
  if (!PercentDecode(absl::StripPrefix(path, kTagsPath), arn)) {
    return Malformed("resourceArn", request_id);
  }
  if (request.method == "GET") {
    ListTagsForResourceRequest list;
    list.set_resource_arn(arn);
    return ResponseOfAnswer(service.CallForJson(list, now), request_id);
  }
  if (request.method == "DELETE") {
    UntagResourceRequest untag;
    untag.set_resource_arn(arn);
    if (!ReadTagKeys(query, *untag.mutable_tag_keys())) {
      return Malformed("tagKeys", request_id);
    }
    return ResponseOfAnswer(service.CallForJson(untag, now), request_id);
  }
  if (request.method != "POST") {
    return WrongMethod(request, path, "GET, POST, DELETE", request_id);
  }
  TagResourceRequest tag;
  const absl::Status status =
      ParseJson(request.body, service.json_limits(), tag);
  if (!status.ok()) return ResponseOf(ErrorOfParsing(status), request_id);
  tag.set_resource_arn(arn);
  return ResponseOfAnswer(service.CallForJson(tag, now), request_id);
}

}  // namespace

HttpResponse Serve(Service& service, const HttpRequest& request,
                   absl::string_view request_id, absl::Time now) {
  const auto [path, query] = SplitOnce(request.target, '?');
  if (absl::StartsWith(path, kTagsPath)) {
    return ServeTags(service, request, path, query, request_id, now);
  }
  const Operation* operation = OperationAt(path);
  if (operation == nullptr) {
    return ResponseOf(UnknownOperation(path), request_id);
  }
  if (request.method != operation->method) {
    return WrongMethod(request, path, operation->method, request_id);
  }
  return ResponseOfAnswer(service.CallJson(operation->name, request.body, now),
                          request_id);
}

HttpResponse ResponseOf(const Error& error, absl::string_view request_id) {
  HttpResponse response;
  response.status = error.http_status;
  response.headers = HeadersOf(error, request_id);
  response.body = BodyOf(error);
  return response;
}

absl::string_view RegionOf(absl::string_view authorization) {
  const size_t begin = authorization.find(kCredential);
  if (begin == absl::string_view::npos) return {};
  const absl::string_view credential =
      authorization.substr(begin + kCredential.size());
  // <key id>/<day>/<region>/<service>/aws4_request
  const absl::string_view after_key = SplitOnce(credential, '/').second;
  const absl::string_view after_day = SplitOnce(after_key, '/').second;
  const auto [region, service] = SplitOnce(after_day, '/');
  return service.empty() ? absl::string_view() : region;
}

bool PercentDecode(absl::string_view text, std::string& decoded) {
  decoded.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const absl::string_view digits = text.substr(i + 1, 2);
    if (digits.size() < 2 || !absl::ascii_isxdigit(digits[0]) ||
        !absl::ascii_isxdigit(digits[1])) {
      return false;
    }
    decoded += absl::HexStringToBytes(digits);
    i += 2;
  }
  return true;
}

}  // namespace api
}  // namespace embatch
