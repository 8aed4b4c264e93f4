// SPDX-License-Identifier: Apache-2.0
//
// Texts that claim to be HTTP requests to AWS Batch, one after the other over
// one scheduler: every answer is a success or the caller's fault, in JSON, and
// the scheduler goes on.
//
// An input is requests with a line "---" between them. The first line of each
// is method and target, behind it stands the body: see corpus/dispatch.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "embatch/api/http.h"
#include "embatch/api/service.h"
#include "embatch/scheduler.h"

namespace {

using embatch::api::HttpResponse;
using embatch::api::Service;

// Requests beyond these are left out, so that an input is soon over.
constexpr int kRequestsMax = 32;

std::pair<absl::string_view, absl::string_view> SplitOnce(
    absl::string_view text, char separator) {
  return absl::StrSplit(text, absl::MaxSplits(separator, 1));
}

void Check(const HttpResponse& response) {
  if (response.status != 200 &&
      (response.status < 400 || response.status >= 500)) {
    std::abort();
  }
  if (!absl::StartsWith(response.body, "{")) std::abort();
  if (!absl::EndsWith(response.body, "}")) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  absl::Time now = absl::FromUnixSeconds(1767225600);
  embatch::Scheduler scheduler;
  absl::StatusOr<Service> service = Service::Create(scheduler, {});
  if (!service.ok()) std::abort();
  int requests = 0;
  for (const absl::string_view request : absl::StrSplit(input, "\n---\n")) {
    if (++requests > kRequestsMax) break;
    const auto [line, body] = SplitOnce(request, '\n');
    const auto [method, target] = SplitOnce(line, ' ');
    (void)embatch::api::RegionOf(line);
    Check(embatch::api::Serve(*service, {method, target, body}, "", now));
    now += absl::Milliseconds(100);
    if (!scheduler.Advance(now).status.ok()) std::abort();
  }
  return 0;
}
