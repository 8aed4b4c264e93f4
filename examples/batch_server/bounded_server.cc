// SPDX-License-Identifier: Apache-2.0
#include "bounded_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include "chunked_body.h"

namespace batch_server {
namespace {

// The request that this thread answers. httplib tells its handlers nothing of
// the connection.
struct Exchange {
  Connection* connection = nullptr;
  bool understood = false;  // its head
  bool last = false;        // of its connection
  bool chunked = false;     // its body
};
thread_local Exchange exchange;

// A connection as httplib reads and writes it.
class ConnectionStream : public httplib::Stream {
 public:
  explicit ConnectionStream(Connection* connection)
      : connection_(*connection), chunks_(connection) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* data, size_t size) override {
    return exchange.chunked ? chunks_.Read(data, size)
                            : connection_.Read(data, size);
  }
  ssize_t write(const char* data, size_t size) override {
    return connection_.Write({data, size}) ? static_cast<ssize_t>(size) : -1;
  }
  // Nobody asks for addresses, and the socket is none of httplib's business.
  void get_remote_ip_and_port(std::string& /*ip*/,
                              int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/,
                             int& /*port*/) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

 private:
  Connection& connection_;
  ChunkedBody chunks_;
};

}  // namespace

void BoundedServer::Stop() {
  stopping_ = true;
  stop();
}

void BoundedServer::CutOff() {
  absl::MutexLock lock(&mutex_);
  for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
}

void BoundedServer::CloseWhenSent(httplib::Response& response) {
  response.set_header("Connection", "close");
  exchange.last = true;
}

void BoundedServer::ExpectChunks() { exchange.chunked = true; }

Connection::Outcome BoundedServer::outcome() {
  return exchange.connection->outcome();
}

bool BoundedServer::process_and_close_socket(socket_t socket) {
  {
    absl::MutexLock lock(&mutex_);
    sockets_.insert(socket);
  }
  Connection connection(socket, bounds_, stopping_);
  Serve(connection);
  {
    absl::MutexLock lock(&mutex_);
    sockets_.erase(socket);
  }
  close(socket);
  return true;
}

void BoundedServer::Serve(Connection& connection) {
  for (;;) {
    switch (connection.ReadHead()) {
      case Connection::Outcome::kDone:
        if (ServeNext(connection)) continue;
        return;
      case Connection::Outcome::kGone:
        return;
      case Connection::Outcome::kTooLate:
        connection.Write(refusal_(408));
        return connection.End();
      case Connection::Outcome::kTooLong:
        connection.Write(refusal_(431));
        return connection.End();
    }
  }
}

// Whether the connection may have another request.
bool BoundedServer::ServeNext(Connection& connection) {
  exchange = Exchange();
  exchange.connection = &connection;
  ConnectionStream stream(&connection);
  bool closed = false;
  const bool answered = process_request(stream, /*close_connection=*/false,
                                        closed, [](httplib::Request& request) {
                                          exchange.understood = true;
                                          // httplib would apply them to every
                                          // response, as often as they are
                                          // named.
                                          request.ranges.clear();
                                        });
  if (answered && exchange.understood && !exchange.last && !closed) {
    return connection.Flush();
  }
  connection.End();
  return false;
}

}  // namespace batch_server
