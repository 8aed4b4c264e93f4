// SPDX-License-Identifier: Apache-2.0
#include "connections.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace batch_server {
namespace {

struct End {
  std::string address;
  int port = 0;  // 0: there is none
};

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return 0;
}

// One of a socket's two ends, as httplib writes it.
End EndOf(decltype(&getpeername) end, int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (end(socket, generic, &size) != 0) return {};
  char text[NI_MAXHOST];
  if (getnameinfo(generic, size, text, sizeof(text), nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return {};
  }
  return {text, PortOf(address)};
}

}  // namespace

std::string ClientName(absl::string_view address, int port) {
  return absl::StrCat(address, " ", port);
}

std::vector<Connection> ConnectionsTo(int port) {
  std::vector<Connection> found;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd", error)) {
    int socket = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &socket)) continue;
    if (EndOf(getsockname, socket).port != port) continue;
    const End client = EndOf(getpeername, socket);
    if (client.port == 0) continue;  // it listens, or is closed
    found.push_back({socket, ClientName(client.address, client.port)});
  }
  return found;
}

void CutOff(int socket) {
  // Else a client could wait for room to send into a connection that is no
  // more.
  const linger reset = {1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  shutdown(socket, SHUT_RDWR);
}

}  // namespace batch_server
