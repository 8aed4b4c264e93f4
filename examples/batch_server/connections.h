// SPDX-License-Identifier: Apache-2.0
//
// The connections to a port, which httplib keeps to itself.
#ifndef BATCH_SERVER_CONNECTIONS_H_
#define BATCH_SERVER_CONNECTIONS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace batch_server {

struct Connection {
  int socket = -1;
  std::string client;  // see ClientName()
};

// Of the other end; no two connections to one port have the same.
std::string ClientName(absl::string_view address, int port);

// All that this process has.
std::vector<Connection> ConnectionsTo(int port);

// Ends a connection at once. What is on its way is lost; a client that goes on
// sending is told so.
void CutOff(int socket);

}  // namespace batch_server

#endif  // BATCH_SERVER_CONNECTIONS_H_
