// SPDX-License-Identifier: Apache-2.0
#include "caller.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace batch_server {
namespace {

// A Host without its port, and without the root's dot.
absl::string_view NameOf(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "[")) return host.substr(0, host.find(']'));
  return absl::StripSuffix(host.substr(0, host.find(':')), ".");
}

bool IsAddress(absl::string_view name) {
  const std::string text(name);
  in6_addr ignored;
  return inet_pton(AF_INET, text.c_str(), &ignored) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

bool IsOurs(absl::string_view name, const std::vector<std::string>& names) {
  return IsAddress(name) || absl::EqualsIgnoreCase(name, "localhost") ||
         std::any_of(names.begin(), names.end(), [&](const std::string& ours) {
           return absl::EqualsIgnoreCase(name, ours);
         });
}

}  // namespace

absl::Status CheckCaller(const Caller& caller,
                         const std::vector<std::string>& names) {
  for (const std::string& origin : caller.origins) {
    return absl::PermissionDeniedError(absl::StrCat(
        "Origin is \"", origin, "\"; pages in a browser are not served"));
  }
  for (const std::string& site : caller.fetch_sites) {
    if (site == "none" || site == "same-origin") continue;
    return absl::PermissionDeniedError(absl::StrCat(
        "Sec-Fetch-Site is \"", site, "\"; pages in a browser are not served"));
  }
  for (const std::string& host : caller.hosts) {
    if (IsOurs(NameOf(host), names)) continue;
    return absl::PermissionDeniedError(absl::StrCat(
        "Host is \"", host,
        "\"; must be an IP address, localhost or a name that --bind or "
        "--allow-host says"));
  }
  return absl::OkStatus();
}

}  // namespace batch_server
