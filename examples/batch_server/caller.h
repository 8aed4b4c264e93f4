// SPDX-License-Identifier: Apache-2.0
//
// Who asks: a program of the user's, or a page in the user's browser? Nothing
// is signed here that the server could check, and a browser lets any page of
// the web send requests to this machine. What gives such a page away is in the
// head of its requests.
#ifndef BATCH_SERVER_CALLER_H_
#define BATCH_SERVER_CALLER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace batch_server {

// The headers of a request that tell, with each of their values.
struct Caller {
  std::vector<std::string> hosts;        // Host
  std::vector<std::string> origins;      // Origin
  std::vector<std::string> fetch_sites;  // Sec-Fetch-Site
};

// kPermissionDenied: a page could have sent it. That is what
//   - has an Origin: browsers name the page there, no client of AWS's does;
//   - has a Sec-Fetch-Site that is neither "none" nor "same-origin";
//   - is addressed to a name that is not ours: an attacker may let a name of
//     his own lead to this machine ("DNS rebinding"), which makes his page one
//     of the same origin. An IP address can't be redirected so, and neither
//     can localhost; all other names must be among `names`.
// Ports are not compared, as the way here may lead through a tunnel.
absl::Status CheckCaller(const Caller& caller,
                         const std::vector<std::string>& names);

}  // namespace batch_server

#endif  // BATCH_SERVER_CALLER_H_
