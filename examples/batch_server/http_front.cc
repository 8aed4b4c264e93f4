// SPDX-License-Identifier: Apache-2.0
#include "http_front.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "connections.h"
#include "embatch/api/error.h"
#include "head_watch.h"

namespace batch_server {
namespace {

using embatch::api::Error;
using embatch::api::HttpResponse;
using std::chrono::steady_clock;

// A connection has a thread while it lives. More than these wait in line for
// one that ends, or that was idle for kIdleSeconds.
constexpr size_t kConnectionsMax = 160;
constexpr int kIdleSeconds = 5;

// Of one connection.
constexpr size_t kRequestsMax = 1000000000;

// Connections that wait to be taken up.
constexpr int kBacklog = 1024;

// Between two pieces of a request or of a response, and for a whole body.
constexpr int kPieceSeconds = 10;
constexpr std::chrono::seconds kBodySecondsMax{30};

// Of what a connection that is closed has sent already.
constexpr int kDroppedPiecesMax = 1024;

// httplib compares a path with regular expressions by recursion.
constexpr size_t kPathBytesMax = 2048;
constexpr char kAnyPath[] = R"([\s\S]*)";

Error ErrorOfStatus(int status) {
  switch (status) {
    case 408:
      return {"RequestTimeoutException", 408,
              absl::StrCat("the body took longer than ",
                           kBodySecondsMax.count(), " s")};
    case 413:
      return {"RequestEntityTooLargeException", 413,
              "the body is longer than the server takes"};
    case 414:
      return {"RequestUriTooLongException", 414,
              "the path is longer than the server takes"};
    case 415:
      return {"UnsupportedMediaTypeException", 415,
              "the body's type or encoding is none that the server takes"};
    default:
      return {"SerializationException", status,
              "the request is no HTTP that the server understands"};
  }
}

void Send(HttpResponse from, httplib::Response& to) {
  to.status = from.status;
  std::string type = "application/json";
  for (const auto& [name, value] : from.headers) {
    if (name == "content-type") {
      type = value;
    } else if (!value.empty()) {
      to.set_header(name, value);
    }
  }
  to.body = std::move(from.body);
  to.set_header("Content-Type", type);
}

void SendError(int status, absl::string_view request_id,
               httplib::Response& to) {
  const Error error = ErrorOfStatus(status);
  HttpResponse response = embatch::api::ResponseOf(error, request_id);
  Send(std::move(response), to);
  to.status = status;
}

std::vector<std::string> ValuesOf(const httplib::Request& request,
                                  const char* header) {
  std::vector<std::string> values;
  const auto [begin, end] = request.headers.equal_range(header);
  for (auto i = begin; i != end; ++i) values.push_back(i->second);
  return values;
}

bool MayHaveBody(const httplib::Request& request) {
  const bool method = request.method == "POST" || request.method == "PUT" ||
                      request.method == "PATCH" || request.method == "DELETE";
  // Without either there is none; httplib would wait for the connection's end.
  return method && (request.has_header("Content-Length") ||
                    request.has_header("Transfer-Encoding"));
}

// Whether the connection of this thread ends with the present response. httplib
// gives the connection to nobody, and goes on reading whatever it says.
thread_local bool close_when_sent = false;

void CloseWhenSent(httplib::Response& response) {
  response.set_header("Connection", "close");
  close_when_sent = true;
}

// Whether bytes follow that an answer without a look at them leaves behind.
bool HasUnreadBody(const httplib::Request& request) {
  const std::string length = request.get_header_value("Content-Length");
  return request.has_header("Transfer-Encoding") ||
         !(length.empty() || length == "0");
}

std::string ClientOf(const httplib::Request& request) {
  return ClientName(request.remote_addr, request.remote_port);
}

// Ends a connection. What came already would still be read, by httplib as a
// request.
void Close(int socket) {
  char dropped[1 << 12];
  for (int pieces = 0; pieces < kDroppedPiecesMax; ++pieces) {
    if (recv(socket, dropped, sizeof(dropped), MSG_DONTWAIT) <= 0) break;
  }
  shutdown(socket, SHUT_RDWR);
}

// Several addresses of one server would share the port, which is no help.
void SetSocketOptions(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

}  // namespace

struct HttpFront::Impl {
  Impl(const FrontOptions& front_options, Handler front_handler)
      : options(front_options), handler(std::move(front_handler)) {}

  void Configure();
  bool Bind();
  httplib::Server::HandlerResponse Preview(const httplib::Request& request,
                                           httplib::Response& response);
  void ReadAndAnswer(const httplib::Request& request,
                     httplib::Response& response,
                     const httplib::ContentReader& read);
  void Answer(const httplib::Request& request, const std::string& body,
              httplib::Response& response);
  void Refuse(int status, httplib::Response& response);

  const FrontOptions options;
  const Handler handler;
  socket_t listener = INVALID_SOCKET;
  int port = 0;
  std::atomic<bool> over{false};
  std::unique_ptr<HeadWatch> watch;
  httplib::Server server;
  std::thread thread;
};

void HttpFront::Impl::Configure() {
  server.new_task_queue = [] {
    return new httplib::ThreadPool(kConnectionsMax);
  };
  server.set_keep_alive_max_count(kRequestsMax);
  server.set_keep_alive_timeout(kIdleSeconds);
  server.set_read_timeout(kPieceSeconds);
  server.set_write_timeout(kPieceSeconds);
  server.set_payload_max_length(options.body_bytes_max);
  server.set_tcp_nodelay(true);
  server.set_socket_options([this](socket_t socket) {
    listener = socket;
    SetSocketOptions(socket);
  });
  server.set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        return Preview(request, response);
      });
  const auto read_and_answer = [this](const httplib::Request& request,
                                      httplib::Response& response,
                                      const httplib::ContentReader& read) {
    ReadAndAnswer(request, response, read);
  };
  server.Post(kAnyPath, read_and_answer);
  server.Put(kAnyPath, read_and_answer);
  server.Patch(kAnyPath, read_and_answer);
  server.Delete(kAnyPath, read_and_answer);
  // Called when a response is sent.
  server.set_logger([this](const httplib::Request& request,
                           const httplib::Response& /*response*/) {
    const std::string client = ClientOf(request);
    watch->Answered(client);
    if (!std::exchange(close_when_sent, false)) return;
    for (const Connection& connection : ConnectionsTo(port)) {
      if (connection.client == client) Close(connection.socket);
    }
  });
  server.set_error_handler(
      [this](const httplib::Request&, httplib::Response& response) {
        if (response.body.empty()) Refuse(response.status, response);
      });
}

bool HttpFront::Impl::Bind() {
  if (options.port == 0) {
    port = server.bind_to_any_port(options.bind);
  } else {
    port = server.bind_to_port(options.bind, options.port) ? options.port : -1;
  }
  if (port <= 0) return false;
  // httplib's own backlog is 5.
  listen(listener, kBacklog);
  watch = std::make_unique<HeadWatch>(port, options.head_duration_max,
                                      options.head_bytes_max);
  return true;
}

// All that needs no body is answered here.
httplib::Server::HandlerResponse HttpFront::Impl::Preview(
    const httplib::Request& request, httplib::Response& response) {
  using httplib::Server;
  watch->Whole(ClientOf(request));
  close_when_sent = false;
  if (request.path.size() > kPathBytesMax) {
    Refuse(414, response);
  } else if (request.is_multipart_form_data()) {
    Refuse(415, response);
  } else if (MayHaveBody(request)) {
    return Server::HandlerResponse::Unhandled;
  } else {
    Answer(request, "", response);
  }
  // What is left unread must not count as the next request.
  if (HasUnreadBody(request)) CloseWhenSent(response);
  return Server::HandlerResponse::Handled;
}

void HttpFront::Impl::ReadAndAnswer(const httplib::Request& request,
                                    httplib::Response& response,
                                    const httplib::ContentReader& read) {
  std::string body;
  bool too_late = false;
  bool too_long = false;
  const auto begin = steady_clock::now();
  const bool whole = read([&](const char* data, size_t size) {
    too_late = steady_clock::now() - begin > kBodySecondsMax;
    too_long = size > options.body_bytes_max - body.size();
    if (too_late || too_long) return false;
    body.append(data, size);
    return true;
  });
  if (whole) return Answer(request, body, response);
  if (too_late) response.status = 408;
  if (too_long) response.status = 413;
  Refuse(response.status >= 400 ? response.status : 400, response);
  CloseWhenSent(response);
}

void HttpFront::Impl::Answer(const httplib::Request& request,
                             const std::string& body,
                             httplib::Response& response) {
  Incoming incoming;
  incoming.request = {request.method, request.target, body};
  incoming.authorization = request.get_header_value("Authorization");
  incoming.caller = {ValuesOf(request, "Host"), ValuesOf(request, "Origin"),
                     ValuesOf(request, "Sec-Fetch-Site")};
  Send(handler(incoming), response);
}

void HttpFront::Impl::Refuse(int status, httplib::Response& response) {
  SendError(status, options.new_request_id ? options.new_request_id() : "",
            response);
}

HttpFront::HttpFront(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<HttpFront>> HttpFront::Create(
    const FrontOptions& options, Handler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  impl->Configure();
  if (!impl->Bind()) {
    return absl::UnavailableError(
        absl::StrCat("can't listen at ", options.bind, ":", options.port,
                     ": in use, not this machine's, or not allowed"));
  }
  Impl* const raw = impl.get();
  std::unique_ptr<HttpFront> front(new HttpFront(std::move(impl)));
  raw->thread = std::thread([raw] {
    raw->server.listen_after_bind();
    raw->over = true;
  });
  // Before that a Stop() would be lost.
  while (!raw->server.is_running() && !raw->over) std::this_thread::yield();
  return front;
}

HttpFront::~HttpFront() {
  Stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

int HttpFront::port() const { return impl_->port; }

void HttpFront::Stop() { impl_->server.stop(); }

void HttpFront::CutOff() {
  for (const Connection& connection : ConnectionsTo(impl_->port)) {
    Close(connection.socket);
  }
}

bool HttpFront::over() const { return impl_->over; }

}  // namespace batch_server
