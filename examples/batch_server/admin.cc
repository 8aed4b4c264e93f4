// SPDX-License-Identifier: Apache-2.0
#include "admin.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"

namespace batch_server {
namespace {

using embatch::api::Error;
using embatch::api::HttpRequest;
using embatch::api::HttpResponse;
using nlohmann::json;

constexpr absl::string_view kRoot = "/_embatch/";
constexpr absl::string_view kLogs = "/_embatch/logs/";

// Of a longer log the end is shown: all connections may ask for one at once.
constexpr std::streamoff kLogBytesMax = std::streamoff{4} << 20;

HttpResponse Json(std::string body) {
  HttpResponse response;
  response.headers = {{"content-type", "application/json"}};
  response.body = std::move(body);
  return response;
}

HttpResponse Refusal(int http_status, std::string message) {
  return embatch::api::ResponseOf(
      Error{"ClientException", http_status, std::move(message)}, "");
}

std::string LastBytesOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = in ? static_cast<std::streamoff>(in.tellg()) : 0;
  const std::streamoff shown = std::min(size, kLogBytesMax);
  std::string content(static_cast<size_t>(std::max<std::streamoff>(shown, 0)),
                      '\0');
  in.seekg(size - shown);
  in.read(content.data(), shown);
  content.resize(static_cast<size_t>(in.gcount()));
  return content;
}

// A value as a message shows it. What holds other values could hold them to any
// depth, and would be printed by recursion.
std::string Shown(const json& value) {
  return value.is_structured() ? value.type_name() : value.dump();
}

// {"until": <milliseconds since 1970>} or {"seconds": <number>}.
absl::StatusOr<absl::Time> ReadUntil(absl::string_view body, absl::Time now) {
  const json request =
      json::parse(body.begin(), body.end(), nullptr, false, false);
  const bool has_until = request.is_object() && request.contains("until");
  const bool has_seconds = request.is_object() && request.contains("seconds");
  if (has_until == has_seconds) {
    return absl::InvalidArgumentError(
        "body must be {\"until\": <milliseconds since 1970>} or {\"seconds\": "
        "<number>}");
  }
  if (has_until) {
    const json& until = request["until"];
    if (until.is_number_integer()) {
      return absl::FromUnixMillis(until.get<int64_t>());
    }
    return absl::InvalidArgumentError(
        absl::StrCat("until is ", Shown(until), "; must be an integer"));
  }
  const json& seconds = request["seconds"];
  if (seconds.is_number() && seconds.get<double>() >= 0) {
    return now + absl::Seconds(seconds.get<double>());
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "seconds is ", Shown(seconds), "; must be a number, 0 or more"));
}

}  // namespace

HttpResponse Ending(absl::string_view request_id) {
  return embatch::api::ResponseOf(
      Error{"ServerException", 503, "the server is about to end"}, request_id);
}

bool Admin::Serves(absl::string_view target) {
  return absl::StartsWith(target, kRoot);
}

HttpResponse Admin::Answer(const HttpRequest& request) {
  const absl::string_view path =
      request.target.substr(0, request.target.find('?'));
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  const bool is_log = absl::StartsWith(path, kLogs);
  const bool reads = is_log || path == "/_embatch/health";
  if (!reads && path != "/_embatch/advance" && path != "/_embatch/reset") {
    return embatch::api::ResponseOf(embatch::api::UnknownOperation(path), "");
  }
  if (reads ? !get : !post) {
    return Refusal(405, absl::StrCat(path, " takes ", reads ? "GET" : "POST"));
  }
  if (is_log) return Log(absl::StripPrefix(path, kLogs));
  if (reads) return Health();
  return path == "/_embatch/reset" ? Reset() : Advance(request.body);
}

HttpResponse Admin::Health() {
  const Options& options = cloud_.options();
  json health = {{"status", "ok"},
                 {"backend", options.simulated ? "simulated" : "local"},
                 {"clock", options.stepped() ? "stepped" : "real"},
                 {"account", options.account},
                 {"regions", options.regions}};
  if (!options.stepped()) health["speed"] = options.speed;
  const bool done =
      handover_.Run([&] { health["now"] = absl::ToUnixMillis(cloud_.now()); });
  return done ? Json(health.dump()) : Ending("");
}

HttpResponse Admin::Log(absl::string_view stream) {
  std::string name;
  if (!embatch::api::PercentDecode(stream, name)) {
    return Refusal(400, "the log stream's name is not percent-encoded");
  }
  absl::StatusOr<std::string> path;
  if (!handover_.Run([&] { path = cloud_.LogPath(name); })) return Ending("");
  if (!path.ok()) return Refusal(404, std::string(path.status().message()));
  HttpResponse response;
  response.headers = {{"content-type", "text/plain"}};
  response.body = LastBytesOf(*path);
  return response;
}

HttpResponse Admin::Advance(absl::string_view body) {
  if (!cloud_.options().stepped()) {
    return Refusal(400, "time moves by itself; start with --clock=stepped");
  }
  absl::StatusOr<std::string> answer;
  const bool done = handover_.Run([&] { answer = AdvanceAndTell(body); });
  if (!done || absl::IsCancelled(answer.status())) return Ending("");
  if (answer.ok()) return Json(*std::move(answer));
  return embatch::api::ResponseOf(embatch::api::ErrorOf(answer.status()), "");
}

absl::StatusOr<std::string> Admin::AdvanceAndTell(absl::string_view body) {
  const absl::StatusOr<absl::Time> until = ReadUntil(body, cloud_.now());
  if (!until.ok()) return until.status();
  const absl::Status status = cloud_.AdvanceTo(*until);
  if (!status.ok()) return status;
  const Events events = cloud_.TakeEvents();
  std::string answer =
      absl::StrCat("{\"now\":", absl::ToUnixMillis(cloud_.now()));
  if (events.dropped > 0) {
    absl::StrAppend(&answer, ",\"eventsDropped\":", events.dropped);
  }
  absl::StrAppend(&answer, ",\"events\":[", absl::StrJoin(events.texts, ","),
                  "]}");
  return answer;
}

HttpResponse Admin::Reset() {
  if (!cloud_.options().allow_reset) {
    return Refusal(403, "not allowed; start with --allow-reset");
  }
  if (!handover_.Run([&] { cloud_.Reset(); })) return Ending("");
  return Json("{}");
}

}  // namespace batch_server
