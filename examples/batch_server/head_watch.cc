// SPDX-License-Identifier: Apache-2.0
#include "head_watch.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <iterator>
#include <vector>

#include "absl/time/clock.h"

namespace batch_server {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(200);

// Looks for which a client is kept in mind that is not found any more: one that
// has just come may be known by its request first.
constexpr uint64_t kLooksWithout = 2;

// How many bytes were read from a connection in all. What the system holds
// unread is not among them.
uint64_t BytesReadFrom(int socket) {
  tcp_info info = {};
  socklen_t size = sizeof(info);
  int unread = 0;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
      ioctl(socket, FIONREAD, &unread) != 0) {
    return 0;
  }
  const auto held = static_cast<uint64_t>(unread);
  const uint64_t received = info.tcpi_bytes_received;
  return received > held ? received - held : 0;
}

}  // namespace

HeadWatch::HeadWatch(int port, absl::Duration duration_max, uint64_t bytes_max)
    : port_(port), duration_max_(duration_max), bytes_max_(bytes_max) {
  thread_ = std::thread([this] {
    while (!over_.WaitForNotificationWithTimeout(kInterval)) Look();
  });
}

HeadWatch::~HeadWatch() {
  over_.Notify();
  thread_.join();
}

void HeadWatch::Whole(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  Client& client = clients_[name];
  client.answering = true;
  client.look = look_;
}

void HeadWatch::Answered(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  Client& client = clients_[name];
  client = Client();
  client.bytes_before.reset();
  client.look = look_;
}

bool HeadWatch::IsTooMuch(uint64_t bytes, absl::Time now,
                          Client& client) const {
  if (client.answering) return false;
  if (!client.bytes_before.has_value()) client.bytes_before = bytes;
  if (bytes <= *client.bytes_before) return false;  // it has not begun
  if (client.begin == absl::InfiniteFuture()) client.begin = now;
  return now - client.begin > duration_max_ ||
         bytes - *client.bytes_before > bytes_max_;
}

void HeadWatch::Look() {
  const std::vector<Connection> connections = ConnectionsTo(port_);
  const absl::Time now = absl::Now();
  absl::MutexLock lock(&mutex_);
  ++look_;
  for (const Connection& connection : connections) {
    Client& client = clients_[connection.client];
    client.look = look_;
    if (IsTooMuch(BytesReadFrom(connection.socket), now, client)) {
      CutOff(connection.socket);
    }
  }
  for (auto i = clients_.begin(); i != clients_.end();) {
    i = look_ - i->second.look > kLooksWithout ? clients_.erase(i)
                                               : std::next(i);
  }
}

}  // namespace batch_server
